"""From worker records to unrounded figures: counts for every unit, then counts and rates for every unit and area.

Counts are whole hundredths throughout (a head counts 100), so sums are exact and rates come from unrounded values.
Formulas and the treatment of withheld and unavailable values: DfE's methodology as summarised in the census's
definitions (rates; the `u` denominator rule for national and regional rates).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestion.sample.areas import Geography
from ingestion.sample.assumptions import load_assumptions
from ingestion.sample.awkward_cases import cases_with
from ingestion.sample.people import CensusYear, People, first_day

Amounts = NDArray[np.int64]
Symbols = NDArray[np.str_]
Mask = NDArray[np.bool_]

HEAD = 100
COUNTS = (
    "inpost_fte",
    "inpost_headcount",
    "starters_fte",
    "starters_headcount",
    "leavers_fte",
    "leavers_headcount",
    "agency_fte",
    "agency_headcount",
    "agency_cover_fte",
    "vacancy_fte",
    "case_holders_fte",
    "cases",
    "working_days_lost_fte",
)
WHOLE_NUMBERS = ("inpost_headcount", "starters_headcount", "leavers_headcount", "agency_headcount", "cases")
_POSITION = {name: number for number, name in enumerate(COUNTS)}


@dataclass(frozen=True)
class Rate:
    """One published ratio: the numerator over the sum of the denominators, times 100 for a percentage."""

    name: str
    numerator: str
    denominators: tuple[str, ...]
    percentage: bool = True
    over_working_days: bool = False
    withheld_above_100: bool = False


RATES = (
    Rate("turnover_rate_fte", "leavers_fte", ("inpost_fte",)),
    Rate("turnover_rate_headcount", "leavers_headcount", ("inpost_headcount",)),
    Rate("agency_rate_fte", "agency_fte", ("agency_fte", "inpost_fte")),
    Rate("agency_rate_headcount", "agency_headcount", ("agency_headcount", "inpost_headcount")),
    Rate("agency_cover_rate_fte", "agency_cover_fte", ("agency_fte",), withheld_above_100=True),
    Rate("vacancy_rate_fte", "vacancy_fte", ("vacancy_fte", "inpost_fte")),
    Rate("vacancy_agency_cover_rate_fte", "agency_cover_fte", ("vacancy_fte",), withheld_above_100=True),
    Rate("caseload_fte", "cases", ("case_holders_fte",), percentage=False),
    Rate("absence_rate_fte", "working_days_lost_fte", ("inpost_fte",), over_working_days=True),
)


def working_days(year: int) -> int:
    """Working days DfE counts in a census year: 253, or 254 where it contains 29 February."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 254 if leap else 253


@dataclass(frozen=True)
class Tally:
    """What one census year's records add up to, by unit.

    `counts`: units by `COUNTS`. `roles`: units by six roles by six ethnic groups by two (FTE, head count).
    All in hundredths.
    """

    year: int
    counts: Amounts
    roles: Amounts


def tally(census: CensusYear, geography: Geography) -> Tally:
    """Add up a census year's records by unit."""
    people, items = census.people, census.items
    units = len(geography.units)
    unit_of_authority = geography.unit_of_authority
    unit = unit_of_authority[people.authority]
    in_post = people.in_post
    begin = first_day(census.year)
    # Who started and left in the same census year is neither a starter nor a leaver.
    starters = in_post & (people.start_day >= begin)
    leavers = people.leaver & (people.start_day < begin)
    holders = (people.cases >= 1) & (people.fte > 0)

    def added(which: Mask, amount: NDArray[np.generic] | None = None) -> Amounts:
        weights = None if amount is None else amount[which].astype(np.float64)
        total = np.bincount(unit[which], weights=weights, minlength=units)
        return np.rint(total).astype(np.int64) * (HEAD if amount is None else 1)

    def stated(amount: Amounts) -> Amounts:
        total = np.bincount(unit_of_authority, weights=amount.astype(np.float64), minlength=units)
        return np.rint(total).astype(np.int64)

    counts = {
        "inpost_fte": added(in_post, people.fte),
        "inpost_headcount": added(in_post),
        "starters_fte": added(starters, people.fte),
        "starters_headcount": added(starters),
        "leavers_fte": added(leavers, people.fte30),
        "leavers_headcount": added(leavers),
        "agency_fte": added(people.agency_worker, people.fte),
        "agency_headcount": added(people.agency_worker),
        "agency_cover_fte": stated(items.agency_cover),
        "vacancy_fte": stated(items.vacancies),
        "case_holders_fte": added(holders, people.fte),
        "cases": added(holders, people.cases) * HEAD,
        "working_days_lost_fte": added(~people.agency_worker, people.days_lost),
    }
    return Tally(census.year, np.stack([counts[name] for name in COUNTS], axis=1), _roles(people, in_post, unit, units))


def _roles(people: People, in_post: Mask, unit: Amounts, units: int) -> Amounts:
    """People in post by unit, role and ethnic group."""
    assumptions = load_assumptions()
    groups = len(assumptions.group_names)
    group = assumptions.group_of_ethnicity[people.ethnicity[in_post]]
    cell = (unit[in_post] * 6 + people.role[in_post] - 1) * groups + group
    cells = units * 6 * groups
    fte = np.bincount(cell, weights=people.fte[in_post].astype(np.float64), minlength=cells)
    heads = np.bincount(cell, minlength=cells) * HEAD
    return np.stack([np.rint(fte).astype(np.int64), heads], axis=-1).reshape(units, 6, groups, 2)


@dataclass(frozen=True)
class Figures:
    """One release's unrounded figures, with what is withheld and why.

    years by units by `COUNTS`: `counts` (hundredths), `symbols` (empty where the number stands), `counted` (whether
    the areas' figures include it). years by units by `RATES`: `left_out` of the areas' rates.
    years by units: `missing` (the whole row is x).
    """

    years: tuple[int, ...]
    counts: Amounts
    symbols: Symbols
    counted: Mask
    left_out: Mask
    missing: Mask


def figures(tallies: list[Tally], geography: Geography, release: int, newest: int) -> Figures:
    """The figures of one release: the census years to `release`, as known then (`newest`: the current release)."""
    years = tuple(item.year for item in tallies if item.year <= release)
    counts = np.stack([item.counts for item in tallies if item.year <= release])
    symbols = np.full(counts.shape, "", dtype="U3")
    counted = np.ones(counts.shape, dtype=bool)
    left_out = np.zeros((*counts.shape[:2], len(RATES)), dtype=bool)
    missing = np.zeros(counts.shape[:2], dtype=bool)
    earlier = release < newest

    for case in cases_with("revised"):
        unit = geography.unit_position(case.unit_code)
        for year in set(case.years) & set(years) if earlier else ():
            for name in case.measures:
                where = (years.index(year), unit, _POSITION[name])
                if case.earlier_percent is not None:
                    counts[where] = _revised(int(counts[where]), case.earlier_percent)
                if case.earlier_symbol is not None:
                    symbols[where] = case.earlier_symbol
                    counted[where] = False

    for case in cases_with("carried_forward", "missing"):
        unit = geography.unit_position(case.unit_code)
        for year in sorted(set(case.years) & set(years)):
            counts[years.index(year), unit] = counts[years.index(year) - 1, unit]
            missing[years.index(year), unit] = case.effect == "missing"

    for case in cases_with("withheld", "unavailable", "suppressed"):
        unit = geography.unit_position(case.unit_code)
        symbol = {"withheld": "u", "unavailable": "x", "suppressed": "c"}[case.effect]
        for year in set(case.years) & set(years) if case.in_release_before or not earlier else ():
            row = years.index(year)
            for name in case.measures:
                symbols[row, unit, _POSITION[name]] = symbol
                counted[row, unit, _POSITION[name]] = symbol != "x"
            for number, rate in enumerate(RATES):
                if symbol == "u" and set(case.measures) & {rate.numerator, *rate.denominators}:
                    left_out[row, unit, number] = True
                if rate.name in case.left_out_of:
                    left_out[row, unit, number] = True

    # Nobody in post can lose no working day.
    nobody = counts[..., _POSITION["inpost_headcount"]] == 0
    symbols[nobody, _POSITION["working_days_lost_fte"]] = "z"
    return Figures(years, counts, symbols, counted, left_out, missing)


def _revised(amount: int, percent: int) -> int:
    """An earlier amount: whole, and never the same as the later one."""
    change = round(amount * percent / 100 / HEAD) * HEAD
    return max(amount + (change or (HEAD if percent > 0 else -HEAD)), 0)


def amounts_of(rate: Rate, year: int, counts: Amounts) -> tuple[Amounts, Amounts]:
    """A rate's numerator and denominator from counts (any shape ending in `COUNTS`)."""
    numerator = counts[..., _POSITION[rate.numerator]]
    denominator = np.sum([counts[..., _POSITION[name]] for name in rate.denominators], axis=0)
    return numerator, denominator * (working_days(year) if rate.over_working_days else 1)


def inputs_symbol(rate: Rate, symbols: Symbols) -> Symbols:
    """The symbol a rate takes from its inputs: the first that has one, u before x before c."""
    inputs = np.stack([symbols[..., _POSITION[name]] for name in (rate.numerator, *rate.denominators)])
    symbol = np.full(inputs.shape[1:], "", dtype="U3")
    for strongest_last in ("z", "c", "x", "u"):
        symbol[(inputs == strongest_last).any(axis=0)] = strongest_last
    return symbol
