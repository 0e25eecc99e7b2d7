"""The invented workers themselves, one census year after another.

A year's records are those of a return: people in post on 30 September, people who left in the year, people who came
and went within it, and agency workers in post on 30 September. Whoever is in post stays on into the next year unless
they leave. All amounts are whole hundredths, so that sums are exact whatever the order they are added in.

The rules of the census followed here (DfE's guide to submitting data, sections 1.9 and 3): FTE is 0 for a leaver,
whose FTE30 says what it was on 30 September of the year before; leaving dates lie within the census year; agency
workers hold cases but have no leaving date, FTE30 or sickness.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.sample.areas import Geography
from ingestion.sample.assumptions import Assumptions, Numbers, Weighted, load_assumptions
from ingestion.sample.awkward_cases import AwkwardCase, cases_with
from ingestion.sample.outlook import Outlook, outlooks

Column = NDArray[Any]
Mask = NDArray[np.bool_]

FULL_TIME = 100
EPOCH = np.datetime64("1970-01-01", "D")
SMALLEST_FTE = 2
CASUAL_FTE = 4
HALF = 50
NEWLY_QUALIFIED, FROM_OTHER_AUTHORITY, FROM_AGENCY = 1, 2, 4
TO_OTHER_AUTHORITY, TO_NO_WORK = 1, 6
RETIRED = 5
CASE_HOLDER = 5
RETIREMENT_AGE = 60
YOUNGEST, OLDEST = 22, 69
DAYS_A_YEAR = 365.25

_TYPES = {
    "person": np.int64,
    "authority": np.int16,
    "agency_worker": np.bool_,
    "fte": np.int16,
    "fte30": np.int16,
    "birth_day": np.int32,
    "ethnicity": np.int8,
    "role": np.int8,
    "start_day": np.int32,
    "origin": np.int8,
    "leaver": np.bool_,
    "end_day": np.int32,
    "destination": np.int8,
    "reason": np.int8,
    "cases": np.int16,
    "days_lost": np.int32,
    "covers_vacancy": np.bool_,
}


@dataclass(frozen=True)
class People:
    """Worker records as columns, all of one length.

    Days count from 1 January 1970; `fte`, `fte30` and `days_lost` are hundredths; `authority` and `ethnicity` are
    positions in the geography and in the assumptions. `end_day`, `destination` and `reason` mean something for
    leavers only.
    """

    person: Column
    authority: Column
    agency_worker: Column
    fte: Column
    fte30: Column
    birth_day: Column
    ethnicity: Column
    role: Column
    start_day: Column
    origin: Column
    leaver: Column
    end_day: Column
    destination: Column
    reason: Column
    cases: Column
    days_lost: Column
    covers_vacancy: Column

    @classmethod
    def of(cls, count: int, **columns: Column) -> "People":
        """People with these columns; those not given are zero."""
        return cls(
            **{
                name: columns[name].astype(kind) if name in columns else np.zeros(count, dtype=kind)
                for name, kind in _TYPES.items()
            }
        )

    @classmethod
    def together(cls, groups: Sequence["People"]) -> "People":
        """Several groups as one, in their order."""
        return cls(**{name: np.concatenate([getattr(group, name) for group in groups]) for name in _TYPES})

    def __len__(self) -> int:
        return len(self.person)

    def take(self, which: Column) -> "People":
        """Those chosen by a mask or by positions."""
        return People(**{item.name: getattr(self, item.name)[which] for item in fields(self)})

    @property
    def in_post(self) -> Mask:
        """Employed on 30 September, agency workers not included."""
        return ~self.agency_worker & ~self.leaver


@dataclass(frozen=True)
class AuthorityItems:
    """What an authority states for itself, by authority: vacancies and agency cover in hundredths of an FTE."""

    vacancies: NDArray[np.int64]
    agency_cover: NDArray[np.int64]
    agency_cover_headcount: NDArray[np.int64]


@dataclass(frozen=True)
class CensusYear:
    """One census year: its worker records and what the authorities state for themselves."""

    year: int
    people: People
    items: AuthorityItems


def first_day(year: int) -> int:
    """1 October that begins a census year."""
    return int((np.datetime64(f"{year - 1}-10-01", "D") - EPOCH).astype(int))


def reference_day(year: int) -> int:
    """30 September that ends a census year."""
    return int((np.datetime64(f"{year}-09-30", "D") - EPOCH).astype(int))


def census_years(geography: Geography, seed: int, scale: float) -> Iterator[CensusYear]:
    """Every census year in turn, from the first to the last."""
    assumptions = load_assumptions()
    prospects = outlooks(geography, assumptions, seed, scale)
    before_first = assumptions.years[0] - 1
    simulation = Simulation(geography, assumptions, seed)
    people = simulation.people_at_the_start(before_first, prospects[before_first])
    for year in assumptions.years:
        census = simulation.next_year(year, people, prospects[year])
        yield census
        people = census.people


class Simulation:
    """Carries the workforce from one census year to the next; remembers only how many people it has invented."""

    def __init__(self, geography: Geography, assumptions: Assumptions, seed: int) -> None:
        self.geography = geography
        self.assumptions = assumptions
        self.seed = seed
        self.people_so_far = 0
        facts = assumptions.facts
        self.region = np.array(
            [assumptions.regions.index(authority.region_code) for authority in geography.authorities]
        )
        decimals = np.zeros(len(geography.authorities), dtype=bool)
        decimals[[a.code in facts["part_time"]["two_decimal_areas"] for a in geography.authorities]] = True
        self.two_decimals = decimals
        self.part_time = (
            Weighted.of(facts["part_time"]["one_decimal"]),
            Weighted.of(facts["part_time"]["two_decimals"]),
        )
        without_cases = facts["case_holders_without_cases"]
        self.all_case_holders_hold_cases = np.array(
            [authority.code not in without_cases["areas"] for authority in geography.authorities]
        )
        self.origins = Weighted.of(facts["start_origin"])
        self.destinations = Weighted.of(facts["leaver_destination"])
        self.reasons = Weighted.of(facts["reason_leave"])
        self.leaving_by_role = assumptions.by_role("leaving")
        self.age_by_role = assumptions.by_role("age")
        self.age_spread_by_role = np.array([0.0, *(facts["roles"][role]["age"][1] for role in range(1, 7))])

    def people_at_the_start(self, year: int, outlook: Outlook) -> People:
        """Those in post on 30 September of the year before the first census year."""
        random = self._random(year)
        authority = np.repeat(np.arange(len(outlook.headcount)), outlook.headcount)
        role, ethnicity = self._roles_and_ethnicity(random, authority, self._wanted(year, outlook))
        birth = self._birth_days(random, role, year)
        served = np.minimum(
            -6 * np.log1p(-random.random(len(authority))),
            (reference_day(year) - birth) / DAYS_A_YEAR - YOUNGEST,
        )
        return People.of(
            len(authority),
            person=self._new_people(len(authority)),
            authority=authority,
            fte=self._ftes(random, authority, outlook.full_time),
            birth_day=birth,
            ethnicity=ethnicity,
            role=role,
            start_day=reference_day(year) - np.maximum((served * DAYS_A_YEAR).astype(np.int64), 0),
            origin=self._origins(random, role),
        )

    def next_year(self, year: int, before: People, outlook: Outlook) -> CensusYear:
        """The year's records, from the records of the year before."""
        random = self._random(year)
        staff = before.take(before.in_post)
        leaving = self._who_leaves(random, staff, year, outlook)
        leavers = self._leavers(random, staff.take(leaving), year)
        stayers = self._stayers(random, staff.take(~leaving), outlook)
        starters = self._starters(random, stayers, leavers, year, outlook)
        passing = self._starters_who_leave(random, year, outlook)
        agency = self._agency(random, before.take(before.agency_worker), year, outlook)
        people = People.together((stayers, starters, leavers, passing, agency))
        self._make_awkward(people, year)
        people.cases[:] = self._cases(random, people, year, outlook)
        people.days_lost[:] = self._days_lost(random, people, year, outlook)
        return CensusYear(year, people, self._authority_items(random, people, year, outlook))

    def _random(self, year: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, year])

    def _new_people(self, count: int) -> Column:
        first = self.people_so_far + 1
        self.people_so_far += count
        return np.arange(first, first + count)

    def _wanted(self, year: int, outlook: Outlook) -> Numbers:
        """Regions by 36 cells of role and ethnic group: how many people there should be."""
        people = np.bincount(self.region, weights=outlook.headcount, minlength=len(self.assumptions.regions))
        return np.asarray(self.assumptions.role_and_group_shares(year) * people[:, None])

    def _roles_and_ethnicity(
        self, random: np.random.Generator, authority: Column, wanted: Numbers
    ) -> tuple[Column, Column]:
        """A role and an ethnicity for each new person, in proportion to what their region wants."""
        share = np.maximum(wanted, 1e-9)
        cumulative = np.cumsum(share / share.sum(axis=1, keepdims=True), axis=1)
        cells = share.shape[1]
        # The rows of all regions end to end, each shifted by its number: one search finds everyone's cell.
        ladder = (cumulative + np.arange(len(share))[:, None]).ravel()
        region = self.region[authority]
        found = np.searchsorted(ladder, random.random(len(authority)) + region, side="right") - region * cells
        cell = np.clip(found, 0, cells - 1)
        group_count = len(self.assumptions.group_names)
        return cell // group_count + 1, self._ethnicities(random, cell % group_count)

    def _ethnicities(self, random: np.random.Generator, group: Column) -> Column:
        chance = random.random(len(group))
        ethnicity = np.zeros(len(group), dtype=np.int64)
        for number, members in enumerate(self.assumptions.ethnicity_within_group):
            inside = group == number
            ethnicity[inside] = members.draw(chance[inside])
        return ethnicity

    def _birth_days(self, random: np.random.Generator, role: Column, year: int) -> Column:
        age = self.age_by_role[role] + self.age_spread_by_role[role] * random.standard_normal(len(role))
        age = np.clip(age, YOUNGEST + random.random(len(role)), OLDEST)
        return (reference_day(year) - age * DAYS_A_YEAR).astype(np.int64)

    def _ftes(self, random: np.random.Generator, authority: Column, full_time: Numbers) -> Column:
        chance = random.random(len(authority))
        one, two = (kind.draw(random.random(len(authority))) for kind in self.part_time)
        part_time = np.where(self.two_decimals[authority], two, one)
        return np.where(chance < full_time[authority], FULL_TIME, part_time)

    def _origins(self, random: np.random.Generator, role: Column) -> Column:
        newly_qualified = self.assumptions.by_role("starters_newly_qualified")[role] / 100
        other = self.origins.draw(random.random(len(role)))
        return np.where(random.random(len(role)) < newly_qualified, NEWLY_QUALIFIED, other)

    def _who_leaves(self, random: np.random.Generator, staff: People, year: int, outlook: Outlook) -> Mask:
        """Leavers by chance, and by necessity where an authority is to have fewer people than would stay."""
        age = (reference_day(year) - staff.birth_day) / DAYS_A_YEAR
        by_age = np.where(age >= RETIREMENT_AGE, 1.8, np.where(age < 30, 1.15, 0.93))
        chance = np.minimum(outlook.leaving[staff.authority] * self.leaving_by_role[staff.role] * by_age, 0.95)
        leaving: Mask = (random.random(len(staff)) < chance) | (age > OLDEST)
        order = random.random(len(staff))
        stays = np.flatnonzero(~leaving)
        surplus = _rank_within(staff.authority[stays], order[stays]) >= outlook.headcount[staff.authority[stays]]
        leaving[stays[surplus]] = True
        return leaving

    def _leavers(self, random: np.random.Generator, people: People, year: int) -> People:
        count = len(people)
        begin, end = first_day(year), reference_day(year)
        retires = ((end - people.birth_day) / DAYS_A_YEAR >= RETIREMENT_AGE) & (random.random(count) < 0.65)
        return replace(
            people,
            fte=np.zeros_like(people.fte),
            fte30=people.fte,
            leaver=np.ones(count, dtype=bool),
            # Nobody leaves on 30 September itself: whether they then count as in post is a question of its own.
            end_day=(begin + np.floor(random.random(count) * (end - begin))).astype(np.int32),
            destination=np.where(retires, TO_NO_WORK, self.destinations.draw(random.random(count))).astype(np.int8),
            reason=np.where(retires, RETIRED, self.reasons.draw(random.random(count))).astype(np.int8),
        )

    def _stayers(self, random: np.random.Generator, people: People, outlook: Outlook) -> People:
        """Those who stay; some change their hours, some their role."""
        count = len(people)
        cumulative = np.cumsum(self.assumptions.role_moves, axis=1)[:, 1:]
        role = 1 + (random.random(count)[:, None] >= cumulative[people.role]).sum(axis=1)
        changes = random.random(count) < 0.05
        fte = np.where(changes, self._ftes(random, people.authority, outlook.full_time), people.fte)
        return replace(people, fte=fte.astype(np.int16), fte30=people.fte, role=np.minimum(role, 6).astype(np.int8))

    def _starters(
        self, random: np.random.Generator, stayers: People, leavers: People, year: int, outlook: Outlook
    ) -> People:
        """Enough starters to bring each authority to its head count.

        Their roles and ethnic groups are those their region is short of, which keeps the workforce's make-up near
        the assumptions however long it runs.
        """
        present = np.bincount(stayers.authority, minlength=len(outlook.headcount))
        authority = np.repeat(np.arange(len(present)), np.maximum(outlook.headcount - present, 0))
        group_count = len(self.assumptions.group_names)
        wanted = self._wanted(year, outlook)
        cell = (stayers.role - 1) * group_count + self.assumptions.group_of_ethnicity[stayers.ethnicity]
        cell += self.region[stayers.authority] * wanted.shape[1]
        there = np.bincount(cell, minlength=wanted.size).reshape(wanted.shape)
        role, ethnicity = self._roles_and_ethnicity(random, authority, wanted - there)
        count = len(authority)
        begin, end = first_day(year), reference_day(year)
        starters = People.of(
            count,
            person=self._new_people(count),
            authority=authority,
            fte=self._ftes(random, authority, outlook.full_time),
            birth_day=self._birth_days(random, role, year),
            ethnicity=ethnicity,
            role=role,
            start_day=begin + np.floor(random.random(count) * (end - begin + 1)),
            origin=self._origins(random, role),
        )
        self._match_moves(random, leavers, starters, year)
        return starters

    def _match_moves(self, random: np.random.Generator, leavers: People, starters: People, year: int) -> None:
        """Make some who left for another authority the people who started from one: same person, two returns."""
        latest = reference_day(year) - 31
        share = self.assumptions.facts["matched_moves"] / 100
        gone = np.flatnonzero((leavers.destination == TO_OTHER_AUTHORITY) & (leavers.end_day < latest))
        come = np.flatnonzero((starters.origin == FROM_OTHER_AUTHORITY) & (random.random(len(starters)) < share))
        places = [
            self._place_in_queue(people.take(which), random.random(len(which)))
            for people, which in ((leavers, gone), (starters, come))
        ]
        _, left, right = np.intersect1d(places[0], places[1], assume_unique=True, return_indices=True)
        gone, come = gone[left], come[right]
        unit = self.geography.unit_of_authority
        apart = unit[leavers.authority[gone]] != unit[starters.authority[come]]
        gone, come = gone[apart], come[apart]
        for name in ("person", "birth_day", "ethnicity"):
            getattr(starters, name)[come] = getattr(leavers, name)[gone]
        starters.start_day[come] = leavers.end_day[gone] + 1 + np.floor(random.random(len(gone)) * 28).astype(np.int32)

    def _place_in_queue(self, people: People, order: Numbers) -> Column:
        """A number that two people share when they are equally far in the queue of one region and role."""
        # Inner and Outer London are one labour market; so are all other regions, each for itself.
        market = self.region[people.authority]
        first_london = self.assumptions.regions.index("E13000001")
        queue = np.where(market >= first_london, first_london, market) * 10 + people.role
        return np.asarray(queue * 1_000_000_000 + _rank_within(queue, order))

    def _starters_who_leave(self, random: np.random.Generator, year: int, outlook: Outlook) -> People:
        """People who come and go within the year: in the return, left out of every figure."""
        expected = outlook.headcount * self.assumptions.facts["same_year_starters_and_leavers"] / 100
        number = np.floor(expected + random.random(len(expected))).astype(np.int64)
        authority = np.repeat(np.arange(len(number)), number)
        count = len(authority)
        role, ethnicity = self._roles_and_ethnicity(random, authority, self._wanted(year, outlook))
        begin, end = first_day(year), reference_day(year)
        start = begin + np.floor(random.random(count) * 270)
        return People.of(
            count,
            person=self._new_people(count),
            authority=authority,
            birth_day=self._birth_days(random, role, year),
            ethnicity=ethnicity,
            role=role,
            start_day=start,
            origin=self._origins(random, role),
            leaver=np.ones(count, dtype=bool),
            end_day=start + 7 + np.floor(random.random(count) * (end - start - 8)),
            destination=self.destinations.draw(random.random(count)),
            reason=self.reasons.draw(random.random(count)),
        )

    def _agency(self, random: np.random.Generator, before: People, year: int, outlook: Outlook) -> People:
        """Agency workers on 30 September: some of last year's, and new ones up to the authority's number."""
        stays = random.random(len(before)) < self.assumptions.facts["agency_workers_who_stay"] / 100
        stays &= (reference_day(year) - before.birth_day) / DAYS_A_YEAR <= OLDEST
        kept = before.take(stays)
        fits = _rank_within(kept.authority, random.random(len(kept))) < outlook.agency_headcount[kept.authority]
        kept = kept.take(fits)
        present = np.bincount(kept.authority, minlength=len(outlook.headcount))
        authority = np.repeat(np.arange(len(present)), outlook.agency_headcount - present)
        count = len(authority)
        roles = Weighted.of({role: facts["agency"] for role, facts in self.assumptions.facts["roles"].items()})
        role = roles.draw(random.random(count))
        _, ethnicity = self._roles_and_ethnicity(random, authority, self._wanted(year, outlook))
        full_time = np.full(len(outlook.headcount), self.assumptions.facts["agency_full_time"] / 100)
        new = People.of(
            count,
            person=self._new_people(count),
            authority=authority,
            agency_worker=np.ones(count, dtype=bool),
            fte=self._ftes(random, authority, full_time),
            birth_day=self._birth_days(random, role, year),
            ethnicity=ethnicity,
            role=role,
            start_day=reference_day(year) - np.floor(random.random(count) * 364),
            origin=np.full(count, FROM_AGENCY),
        )
        # Nobody stays on at the next to no hours that an awkward case gave them.
        kept.fte[kept.fte == SMALLEST_FTE] = FULL_TIME
        everyone = People.together((kept, new))
        covers = random.random(len(everyone)) < outlook.cover[everyone.authority]
        return replace(everyone, covers_vacancy=covers)

    def _cases(self, random: np.random.Generator, people: People, year: int, outlook: Outlook) -> Column:
        """Cases held on 30 September: by role, by hours, fewer for the newly qualified."""
        count = len(people)
        holds_cases = self.assumptions.by_role("holds_cases")[people.role] / 100
        each_does = (people.role == CASE_HOLDER) & self.all_case_holders_hold_cases[people.authority]
        holds = random.random(count) < np.where(each_does, 1.0, holds_cases)
        holds &= ~people.leaver
        newly_qualified = (people.origin == NEWLY_QUALIFIED) & (people.start_day >= first_day(year))
        full = outlook.caseload[people.authority] * self.assumptions.by_role("intensity")[people.role]
        full = full * np.where(newly_qualified, 0.75, 1.0) * people.fte / FULL_TIME
        cases = np.rint(full * (0.55 + 0.9 * random.random(count)))
        return np.asarray(np.where(holds, np.maximum(cases, 1), 0))

    def _days_lost(self, random: np.random.Generator, people: People, year: int, outlook: Outlook) -> Column:
        """Working days lost to sickness in the year, in half days: none for most, months for a few."""
        count = len(people)
        short = np.where(random.random(count) < 0.46, -6.5 * np.log1p(-random.random(count)), 0)
        long = np.where(random.random(count) < 0.04, 30 + 90 * random.random(count), 0)
        # The usual worker of the two lines above loses 6 days, which is 2.37% of 253.
        days = (short + long) * outlook.absence[people.authority] / 0.0237
        days = days * np.where(people.leaver, people.fte30 / 2, people.fte) / FULL_TIME
        halves = np.rint(np.minimum(days, 250) * 2).astype(np.int64) * HALF
        halves[people.agency_worker] = 0
        for case in self._cases_of(year, "low_absence"):
            there = np.isin(people.authority, self.geography.authorities_of(case.unit_code))
            halves[there] = 0
            halves[np.flatnonzero(there & people.in_post)[:1]] = HALF
        return np.asarray(halves)

    def _authority_items(
        self, random: np.random.Generator, people: People, year: int, outlook: Outlook
    ) -> AuthorityItems:
        """Vacancies and agency cover, as each authority states them for itself."""
        covering = people.agency_worker & people.covers_vacancy
        cover = self._hundredths(people, covering)
        cover_headcount = np.bincount(people.authority[covering], minlength=len(cover))
        agency = self._hundredths(people, people.agency_worker)
        for case in self._cases_of(year, "cover_above_agency"):
            for where in self.geography.authorities_of(case.unit_code):
                cover[where] = agency[where] + FULL_TIME
                cover_headcount[where] = outlook.agency_headcount[where] + 1
        uncovered = self._hundredths(people, people.in_post) * outlook.uncovered
        vacancies = cover + np.rint(uncovered / HALF).astype(np.int64) * HALF
        for case in self._cases_of(year, "cover_above_vacancies"):
            for where in self.geography.authorities_of(case.unit_code):
                vacancies[where] = max(cover[where] * 4 // 5 // FULL_TIME * FULL_TIME, HALF)
        for case in self._cases_of(year, "no_vacancies"):
            for where in self.geography.authorities_of(case.unit_code):
                vacancies[where] = cover[where] = cover_headcount[where] = 0
        for case in self._cases_of(year, "unavailable"):
            if case.vacancies_fte is not None:
                vacancies[self.geography.authorities_of(case.unit_code)] = case.vacancies_fte * FULL_TIME
        return AuthorityItems(vacancies, cover, cover_headcount)

    def _hundredths(self, people: People, which: Column) -> NDArray[np.int64]:
        """FTE in hundredths, by authority."""
        totals = np.bincount(
            people.authority[which], weights=people.fte[which], minlength=len(self.geography.authorities)
        )
        return np.rint(totals).astype(np.int64)

    def _cases_of(self, year: int, effect: str) -> Iterator[AwkwardCase]:
        return (case for case in cases_with(effect) if year in case.years)

    def _make_awkward(self, people: People, year: int) -> None:
        """Give the workers of awkward units the hours their case asks for."""
        for case in self._cases_of(year, "low_agency"):
            there = np.isin(people.authority, self.geography.authorities_of(case.unit_code)) & people.agency_worker
            people.fte[there] = SMALLEST_FTE
            people.covers_vacancy[there] = True
        for case in self._cases_of(year, "casual_worker"):
            staff = np.flatnonzero(
                np.isin(people.authority, self.geography.authorities_of(case.unit_code)) & people.in_post
            )
            group = self.assumptions.group_of_ethnicity[people.ethnicity[staff]]
            known = group != self.assumptions.not_known
            cell = people.role[staff].astype(np.int64) * len(self.assumptions.group_names) + group
            alone = staff[known & (np.bincount(cell)[cell] == 1)]
            people.fte[alone[:1]] = CASUAL_FTE


def _rank_within(groups: Column, order: Numbers) -> Column:
    """Each one's place (from 0) within their group, by the order given."""
    arranged = np.lexsort((order, groups))
    sorted_groups = groups[arranged]
    starts = np.flatnonzero(np.r_[True, sorted_groups[1:] != sorted_groups[:-1]]) if len(groups) else arranged
    lengths = np.diff(np.r_[starts, len(groups)])
    rank = np.empty(len(groups), dtype=np.int64)
    rank[arranged] = np.arange(len(groups)) - np.repeat(starts, lengths)
    return rank
