"""Agency assignments from October 2024 to the end of the series: who works where, from when to when, on what terms.

The censuses of 2024 and 2025 are the fixed points: the assignments active on those two days of 30 September are exactly
their agency workers, with the same registration numbers, FTE and start. Some newcomers are people who, so the census
says, left the permanent staff of a London authority for agency work.

| column | what it holds |
|---|---|
| `authority_code`, `assignment_id`, `swe_number` | whose it is, its reference there, the worker |
| `start_date`, `end_date` | `end_date` null where it goes on beyond the series |
| `role_type`, `local_role_title`, `fte`, `hours_per_week` | the work |
| `payment_basis`, `pay_rate` | pounds an hour paid to the worker before any cap |
| `keeps_above_cap`, `above_cap_by` | whether it may stay above a cap, and by how much |
| `signed_off_by` | `both`, `director` or `nobody`, should it |
| `pqe_years`, `pqe_3plus`, `left_substantive_date`, `left_la_code`, `cool_off_exemption` | the worker's past |
| `notice_weeks`, `substantive_notice_weeks`, `references_received`, `covers_vacancy`, `is_project_team` | the terms |
"""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ingestion.returns.senders import senders
from ingestion.sample.returns.assumptions import chance_for, facts
from ingestion.sample.workforce import Workforce

FIRST_CENSUS, SECOND_CENSUS = 2024, 2025
FIRST_DAY, FULL_RULES, LAST_DAY = (np.datetime64(day, "s") for day in ("2024-10-01", "2025-10-01", "2026-09-30"))
DAY = np.timedelta64(86_400, "s")
LEFT_FOR_AGENCY = 3
REDUNDANCIES = (2, 3)
# Above every number `particulars.registration_numbers` gives to the people of the census.
FIRST_NEW_NUMBER = 90_000_000
QUALIFIED_AT = 23
MOST_PQE = 30
THREE_MONTHS, SIX_MONTHS = 91, 183
SHORTEST_NOTICE = 4

Days = NDArray[np.datetime64]


def invent_assignments(workforce: Workforce) -> pd.DataFrame:
    """Every assignment of London's authorities in the series, one row each."""
    assumed = facts()["agency"]
    random = chance_for(workforce.seed, "agency")
    first, second = (_agency_workers(workforce, year) for year in (FIRST_CENSUS, SECOND_CENSUS))
    known = _of_the_censuses(random, first, second, assumed)
    new = pd.concat(
        [
            _short(random, second, FIRST_DAY, FULL_RULES - 2 * DAY, assumed),
            _short(random, second, FULL_RULES, LAST_DAY, assumed),
            _replacements(random, known, assumed),
        ]
    )
    new = _with_people(random, new, _left_for_agency(workforce), assumed)
    table = pd.concat([known, new, _second_assignments(random, known, assumed)], ignore_index=True)
    table = _with_terms(random, table, assumed)
    table = table.sort_values(["authority_code", "start_date", "swe_number"], ignore_index=True)
    number = table.groupby("authority_code").cumcount() + 1
    return table.assign(assignment_id="A-" + number.astype(str).str.zfill(4))


def _agency_workers(workforce: Workforce, year: int) -> pd.DataFrame:
    """London's agency workers of one census, with whether each covers a vacancy."""
    workers = workforce.workers[year]
    workers = workers[(workers["agency_worker"] == 1) & workers["authority_code"].isin(dfe_codes())]
    table = pd.DataFrame(
        {
            "authority_code": workers["authority_code"].astype(str),
            "swe_number": workers["swe_no"],
            "start_date": workers["role_start_date"],
            "fte": workers["fte"],
            "org_role": workers["org_role"].astype(int),
            "birth_date": workers["person_birth_date"],
        }
    ).reset_index(drop=True)
    # As many cover a vacancy as the authority states in that year's census.
    stated = workforce.authority_items.query("census_year == @year").set_index("authority_code")
    order = pd.Series(chance_for(workforce.seed, "agency", "covers", str(year)).random(len(table)))
    covering = order.groupby(table["authority_code"]).rank() <= table["authority_code"].map(
        stated["no_agency_headcount"]
    )
    return table.assign(covers_vacancy=np.where(covering, "Y", "N"))


def _of_the_censuses(
    random: np.random.Generator, first: pd.DataFrame, second: pd.DataFrame, assumed: Mapping[str, Any]
) -> pd.DataFrame:
    """The assignments of both censuses: those of the first alone end before the second."""
    key = ["authority_code", "swe_number"]
    over = first[~first.set_index(key).index.isin(second.set_index(key).index)]
    end = _days(random, FULL_RULES, LAST_DAY, len(second))
    end[random.random(len(second)) < assumed["stays_to_the_end"] / 100] = np.datetime64("NaT")
    table = pd.concat(
        [
            over.assign(end_date=_days(random, FIRST_DAY, FULL_RULES - 2 * DAY, len(over))),
            second.assign(end_date=end),
        ],
        ignore_index=True,
    )
    table["pqe_years"] = _experience(random, len(table), assumed["pqe_below"], assumed)
    practised = (FIRST_DAY - table["birth_date"]).dt.days / 365.25 - QUALIFIED_AT
    table["pqe_years"] = table["pqe_years"].clip(upper=practised.clip(lower=0.5)).round(1)
    # Most who have not the experience the rule asks for go when it holds for everyone.
    goes = (table["pqe_years"] < 3) & ~(table["end_date"] < FULL_RULES)
    goes &= random.random(len(table)) < assumed["pqe_below_who_go"] / 100
    table.loc[goes, "end_date"] = _days(random, FULL_RULES, FULL_RULES + 60 * DAY, int(goes.sum()))
    return table


def _short(
    random: np.random.Generator,
    like: pd.DataFrame,
    begin: np.datetime64,
    end: np.datetime64,
    assumed: Mapping[str, Any],
) -> pd.DataFrame:
    """Assignments that begin and end between two days, in the authorities that have agency workers."""
    places = like[random.random(len(like)) < assumed["short_assignments"] / 100]
    fewest, most = assumed["short_weeks"]
    length = 7 * random.integers(fewest, most + 1, len(places)) - 1
    latest = (end - begin) / DAY - length
    start = begin + np.floor(random.random(len(places)) * (latest + 1)).astype(int) * DAY
    return pd.DataFrame(
        {
            "authority_code": places["authority_code"].to_numpy(),
            "org_role": random.permutation(places["org_role"].to_numpy()),
            "start_date": start,
            "end_date": start + length * DAY,
        }
    )


def _replacements(random: np.random.Generator, known: pd.DataFrame, assumed: Mapping[str, Any]) -> pd.DataFrame:
    """Who comes for those of the second census who leave."""
    left = known[known["end_date"] >= FULL_RULES]
    left = left[random.random(len(left)) < assumed["replaced"] / 100]
    start = left["end_date"].to_numpy() + (1 + random.integers(0, assumed["gap_days"] + 1, len(left))) * DAY
    fewest, most = assumed["short_weeks"]
    end = start + 7 * random.integers(fewest, 2 * most, len(left)) * DAY
    lasts = random.random(len(left)) < assumed["new_ones_that_last"] / 100
    end[lasts | (end > LAST_DAY)] = np.datetime64("NaT")
    table = pd.DataFrame(
        {
            "authority_code": left["authority_code"].to_numpy(),
            "org_role": left["org_role"].to_numpy(),
            "start_date": start,
            "end_date": end,
        }
    )
    return table[table["start_date"] <= LAST_DAY]


def _left_for_agency(workforce: Workforce) -> pd.DataFrame:
    """People who left the permanent staff of a London authority for agency work, by the day they left."""
    left = pd.concat([workforce.workers[year] for year in (FIRST_CENSUS, SECOND_CENSUS)])
    left = left[(left["leaver_destination"] == LEFT_FOR_AGENCY) & left["authority_code"].isin(dfe_codes())]
    table = pd.DataFrame(
        {
            "swe_number": left["swe_no"],
            "left_substantive_date": left["role_end_date"],
            "left_la_code": left["authority_code"].astype(str).map(dfe_codes()),
            "cool_off_exemption": np.where(left["reason_leave"].isin(REDUNDANCIES), "REDUNDANCY", "NONE"),
        }
    )
    table = table.sort_values(["left_substantive_date", "swe_number"])
    return table.drop_duplicates("swe_number", ignore_index=True)


def _with_people(
    random: np.random.Generator, new: pd.DataFrame, left: pd.DataFrame, assumed: Mapping[str, Any]
) -> pd.DataFrame:
    """Give new assignments to people: to some who left a London authority's staff, to strangers otherwise."""
    new = new.sort_values(["start_date", "authority_code"], kind="stable", ignore_index=True)
    wanted = np.flatnonzero(random.random(len(new)) < assumed["left_london_staff"] / 100)
    people = _who_takes(random, new["start_date"].to_numpy(), wanted, left["left_substantive_date"], assumed)
    past = left.reindex(people).reset_index(drop=True)
    strangers = pd.Series("SY" + (FIRST_NEW_NUMBER + 1 + np.arange(len(new))).astype(str).astype(object))
    part_time = list(assumed["part_time"])
    weights = np.array(list(assumed["part_time"].values()))
    fte = random.choice(part_time, len(new), p=weights / weights.sum())
    full_time = random.random(len(new)) < assumed["full_time"] / 100
    after = new["start_date"].to_numpy() >= FULL_RULES
    below = np.where(after, assumed["pqe_below_after"], assumed["pqe_below"])
    return pd.concat([new, past.drop(columns="swe_number")], axis=1).assign(
        swe_number=past["swe_number"].fillna(strangers),
        fte=np.where(full_time, 1.0, fte),
        pqe_years=_experience(random, len(new), below, assumed),
    )


def _who_takes(
    random: np.random.Generator,
    starts: Days,
    wanted: NDArray[np.int64],
    left_dates: "pd.Series[pd.Timestamp]",
    assumed: Mapping[str, Any],
) -> NDArray[np.int64]:
    """For each new assignment the position of the leaver who takes it, or -1."""
    taken = np.full(len(starts), -1)
    days = left_dates.to_numpy().tolist()
    waiting = list(range(len(days)))
    for position in wanted:
        start = starts[position].item()
        # Those who have left by then stand first.
        ready = bisect_left(days, start)
        if not ready:
            continue
        place = int(random.random() * ready)
        gap, luck = (start - days[place]).days, 100 * random.random()
        if gap < THREE_MONTHS and luck < assumed["too_soon"]["below_3_months"]:
            continue
        if gap < SIX_MONTHS and luck < assumed["too_soon"]["below_6_months"]:
            continue
        taken[position] = waiting.pop(place)
        days.pop(place)
    return taken


def _second_assignments(random: np.random.Generator, known: pd.DataFrame, assumed: Mapping[str, Any]) -> pd.DataFrame:
    """Part-time workers of the second census who, after it, work for another authority too."""
    codes = list(dfe_codes())
    still_there = ~(known["end_date"] < FULL_RULES + 60 * DAY)
    could = still_there & (known["fte"] <= 1 - assumed["second_assignment_fte"])
    table: pd.DataFrame = known[could & (random.random(len(known)) < assumed["second_assignment"] / 100)]
    # Any authority but their own: so many places further along the list.
    further = random.integers(1, len(codes), len(table))
    place = (table["authority_code"].map(codes.index).to_numpy(dtype=int) + further) % len(codes)
    return table.assign(
        authority_code=np.array(codes)[place],
        start_date=_days(random, FULL_RULES, FULL_RULES + 59 * DAY, len(table)),
        fte=assumed["second_assignment_fte"],
        covers_vacancy=None,
    )


def _with_terms(random: np.random.Generator, table: pd.DataFrame, assumed: Mapping[str, Any]) -> pd.DataFrame:
    """Role, pay and the terms that the rules are about."""
    count = len(table)

    def drawn(weights: Mapping[Any, float]) -> NDArray[Any]:
        share = np.array(list(weights.values()), dtype=float)
        return np.asarray(np.array(list(weights))[random.choice(len(share), count, p=share / share.sum())])

    role_type = np.full(count, "", dtype="U8")
    for org_role, weights in assumed["role_types"].items():
        role_type = np.where(table["org_role"] == org_role, drawn(weights), role_type)
    titles = [assumed["local_titles"][role] for role in role_type]
    payment_basis = drawn(assumed["payment_basis"])
    usual = np.array([assumed["usual_rate"][role] for role in role_type])
    usual -= np.where(payment_basis == "PAYE", assumed["paye_less"], 0)
    least, most = assumed["above_cap_by"]
    teams = assumed["project_teams"]
    # Whoever a census names was there before the project team.
    in_team = table["birth_date"].isna() & table["authority_code"].isin(teams["authorities"])
    notice = drawn(assumed["notice_weeks"])
    own_notice = table["authority_code"].map(assumed["own_notice_weeks"]).where(notice < SHORTEST_NOTICE)
    table = table.assign(
        role_type=role_type,
        local_role_title=[
            title[int(place * len(title))] for title, place in zip(titles, random.random(count), strict=True)
        ],
        payment_basis=payment_basis,
        pay_rate=_to_quarters(usual + assumed["rate_spread"] * random.standard_normal(count)),
        keeps_above_cap=random.random(count) < assumed["above_cap"] / 100,
        above_cap_by=_to_quarters(least + (most - least) * random.random(count)),
        signed_off_by=drawn(assumed["signed_off"]),
        hours_per_week=table["fte"] * assumed["full_week_hours"],
        notice_weeks=own_notice.fillna(pd.Series(notice, index=table.index)),
        substantive_notice_weeks=own_notice,
        references_received=drawn(assumed["references"]),
        covers_vacancy=table["covers_vacancy"].fillna(pd.Series(drawn(assumed["covers_vacancy"]), index=table.index)),
        is_project_team=np.where(in_team & (random.random(count) < teams["percent"] / 100), "Y", "N"),
    )
    enough = np.where(table["pqe_years"] >= 3, "Y", "N")
    return table.assign(pqe_3plus=np.where(table["pqe_years"].isna(), "U", enough))


def _experience(
    random: np.random.Generator, count: int, below: "float | NDArray[np.float64]", assumed: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Years of post-qualified experience, one decimal; null where not known."""
    luck, share = random.random(count) * 100, random.random(count)
    years = np.minimum(3 - 5 * np.log1p(-share), MOST_PQE)
    years = np.where(luck < below, 0.5 + 2.4 * share, years)
    return np.where(luck > 100 - assumed["pqe_unknown"], np.nan, np.round(years, 1))


def _days(random: np.random.Generator, first: np.datetime64, last: np.datetime64, count: int) -> Days:
    """Days between two, both included."""
    between = (last - first) / DAY + 1
    return np.asarray(first + np.floor(random.random(count) * between).astype(int) * DAY)


def _to_quarters(pounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounded to 25 pence, as rates are agreed."""
    return np.asarray(np.rint(pounds * 4) / 4)


def dfe_codes() -> dict[str, str]:
    """DfE's number of each of London's authorities, by ONS code."""
    return {sender.code: sender.dfe_codes[0] for sender in senders() if not sender.is_joint}
