"""The agency returns agree with the census, with the price caps of the seed, and with themselves."""

import csv
from itertools import pairwise

import pandas as pd
import pytest

from ingestion.settings import ROOT
from tests.ingestion.sample.returned_files import Returns, read_census

SEEDS = ROOT / "dbt_project" / "seeds" / "reference"
FIRST_WITH_CAPS = "2025-26-Q3"
RULES = [f"rule_r{number}_status" for number in range(2, 8)]


@pytest.fixture(scope="module")
def assignments(returns: Returns) -> pd.DataFrame:
    return returns.table("agency_quarterly", "assignments").fillna("")


@pytest.fixture(scope="module")
def summaries(returns: Returns) -> pd.DataFrame:
    return returns.table("agency_quarterly", "authority_summary").fillna("")


def census_agency_workers(returns: Returns, year: int) -> set[tuple[str, ...]]:
    """(Authority, number, FTE, start) of the agency workers of a census; both authorities of a joint return apart."""
    workers = set()
    for place in returns.folders("csww_census"):
        if place.parent.name == str(year):
            table, _ = read_census(place)
            agency = table[table["AgencyWorker"] == "1"]
            workers |= {(place.name, *row) for row in agency[["SWENo", "FTE", "RoleStartDate"]].itertuples(index=False)}
    return workers


@pytest.mark.parametrize(("period", "year"), [("2024-25-Q3", 2024), ("2025-26-Q2", 2025)])
def test_the_assignments_of_30_september_are_the_censuss_agency_workers(
    returns: Returns, assignments: pd.DataFrame, period: str, year: int
) -> None:
    day = f"{year}-09-30"
    there = assignments[(assignments["period"] == period) & (assignments["start_date"] <= day)]
    there = there[(there["end_date"] == "") | (there["end_date"] >= day)]
    active = {tuple(row) for row in there[["sender", "swe_number", "fte", "start_date"]].itertuples(index=False)}
    expected = census_agency_workers(returns, year)
    joint = {"E09000021", "E09000027"}
    if year == 2025:
        active = {("E09000021-E09000027" if row[0] in joint else row[0], *row[1:]) for row in active}
    sent = {row[0] for row in active}
    assert len(sent) >= 30
    assert active == {row for row in expected if row[0] in sent}
    # Who is left out did not send that quarter.
    assert len({row[0] for row in expected} - sent) <= 2


def test_an_assignment_is_the_same_from_quarter_to_quarter(assignments: pd.DataFrame) -> None:
    key = ["sender", "assignment_id"]
    lasting = ["swe_number", "role_type", "start_date", "fte", "payment_basis", "notice_weeks", "left_substantive_date"]
    assert (assignments.groupby(key)[lasting].nunique() == 1).all(axis=None)
    periods = sorted(assignments["period"].unique())
    for before, after in pairwise(periods):
        both = set(assignments.loc[assignments["period"] == before, "sender"]) & set(
            assignments.loc[assignments["period"] == after, "sender"]
        )
        first = assignments[(assignments["period"] == before) & assignments["sender"].isin(both)].set_index(key)
        second = assignments[(assignments["period"] == after) & assignments["sender"].isin(both)].set_index(key)
        # Whoever had no end goes on; whoever had one has gone.
        assert set(first.index[first["end_date"] == ""]) <= set(second.index)
        assert not set(first.index[first["end_date"] != ""]) & set(second.index)


def test_dates_lie_in_the_quarter_they_are_returned_for(assignments: pd.DataFrame) -> None:
    ended = assignments[assignments["end_date"] != ""]
    assert (assignments["start_date"] <= assignments["period_end"]).all()
    assert (ended["end_date"] >= ended["start_date"]).all()
    assert (ended["end_date"] <= ended["period_end"]).all()


def test_rates_keep_to_the_caps_from_october_2025_but_for_a_few(assignments: pd.DataFrame) -> None:
    with (SEEDS / "price_caps.csv").open(encoding="utf-8", newline="") as file:
        caps = {(row["role_type"], row["payment_basis"]): float(row["cap_gbp"]) for row in csv.DictReader(file)}
    key = zip(assignments["role_type"], assignments["payment_basis"], strict=True)
    over = pd.to_numeric(assignments["hourly_rate"]) > pd.Series([caps.get(each, 99.0) for each in key])
    capped = assignments["period"] >= FIRST_WITH_CAPS
    assert (over[capped] == (assignments.loc[capped, "cap_exceeded"] == "Y")).all()
    assert 0.002 < over[capped].mean() < 0.03
    assert over[~capped].mean() > 0.1, "caps change something"
    assert set(assignments.loc[assignments["period"] < FIRST_WITH_CAPS, "cap_exceeded"]) == {""}
    breaches = assignments[assignments["cap_exceeded"] == "Y"]
    both = (breaches["cap_signoff_dcs"] != "") & (breaches["cap_signoff_ce"] != "")
    neither = (breaches["cap_signoff_dcs"] == "") & (breaches["cap_signoff_ce"] == "")
    assert both.any() and neither.any() and (~both & ~neither).any()
    within = assignments[assignments["cap_exceeded"] == "N"]
    assert set(within["cap_signoff_dcs"]) == set(within["cap_signoff_ce"]) == {""}


def test_the_summary_counts_the_breaches_of_its_own_assignments(
    assignments: pd.DataFrame, summaries: pd.DataFrame
) -> None:
    capped = summaries[summaries["period"] >= FIRST_WITH_CAPS].set_index(["period", "sender"])
    breaches = (assignments["cap_exceeded"] == "Y").groupby([assignments["period"], assignments["sender"]]).sum()
    assert (capped["cap_breaches"].astype(int) == breaches.loc[capped.index]).all()
    assert set(capped["rule_r2_status"]) == {"FULL", "PARTIAL"}
    assert ((capped["rule_r2_status"] == "FULL") == (capped["cap_breaches"] == "0")).all()


def test_the_summary_states_the_experience_and_reference_rules_as_its_assignments_say(
    assignments: pd.DataFrame, summaries: pd.DataFrame
) -> None:
    # From October 2025 the rules hold for everyone whatever the tenure.
    stated = summaries[summaries["period"] >= FIRST_WITH_CAPS].set_index(["period", "sender"])
    for item, rule in (("pqe_3plus", "rule_r6_status"), ("references_received", "rule_r7_status")):
        missed = (assignments[item] == "N").groupby([assignments["period"], assignments["sender"]]).sum()
        assert ((stated[rule] == "FULL") == (missed.loc[stated.index] == 0)).all(), rule
    explained = summaries["rule_explanation"] != ""
    assert (explained == summaries[RULES].isin(["PARTIAL", "NONE"]).any(axis=1)).all()


def test_experience_below_three_years_goes_when_the_rule_holds_for_everyone(assignments: pd.DataFrame) -> None:
    below = (assignments["pqe_3plus"] == "N").groupby(assignments["period"]).mean()
    assert below["2025-26-Q2"] > 0.08
    assert 0 < below["2025-26-Q4"] < 0.03


def test_monthly_cost_follows_from_rates_and_hours(assignments: pd.DataFrame, summaries: pd.DataFrame) -> None:
    numbers = assignments[["hourly_rate", "hours_per_week"]].apply(pd.to_numeric)
    begin = pd.to_datetime(assignments["period_end"]) - pd.offsets.QuarterBegin(startingMonth=1)
    start = pd.to_datetime(assignments["start_date"]).where(lambda day: day >= begin, begin)
    end = pd.to_datetime(assignments["end_date"].where(assignments["end_date"] != "", assignments["period_end"]))
    pay = numbers["hourly_rate"] * numbers["hours_per_week"] * ((end - start).dt.days + 1) / 7
    pay = pay.groupby([assignments["period"], assignments["sender"]]).sum()
    months = [f"month_{number}_cost" for number in (1, 2, 3)]
    cost = summaries.set_index(["period", "sender"])[months].apply(pd.to_numeric).sum(axis=1)
    # On-costs and the agency's margin on top, weeks not worked off.
    assert (cost / pay.loc[cost.index]).between(0.85, 1.15).all()


def test_some_work_at_two_authorities_in_one_quarter_part_time(assignments: pd.DataFrame) -> None:
    places = assignments.groupby(["period", "swe_number"])["sender"].nunique()
    two = places[places == 2].index
    assert places.max() == 2
    assert len(two) > 20
    shared = assignments.set_index(["period", "swe_number"]).loc[two]
    assert (pd.to_numeric(shared["fte"]) < 0.7).all()
    assert (pd.to_numeric(shared["fte"]).groupby(level=[0, 1]).sum() <= 1).all()


def test_former_staff_of_london_authorities_are_those_the_census_says_left_for_agency_work(
    returns: Returns, assignments: pd.DataFrame
) -> None:
    left = set()
    for place in returns.folders("csww_census"):
        if place.parent.name in ("2024", "2025"):
            table, _ = read_census(place)
            leavers = table[table["LeaverDestination"] == "3"]
            left |= set(leavers[["SWENo", "RoleEndDate"]].itertuples(index=False, name=None))
    former = assignments[assignments["left_substantive_date"] != ""]
    pairs = set(former[["swe_number", "left_substantive_date"]].itertuples(index=False, name=None))
    assert len(pairs) > 50
    assert pairs <= left
    days = pd.to_datetime(former["start_date"]) - pd.to_datetime(former["left_substantive_date"])
    assert (days.dt.days > 0).all()
    assert days.dt.days.lt(183).any(), "some within the Pledge's six months"


def test_london_uses_no_more_agency_workers_at_the_end_than_at_the_start(assignments: pd.DataFrame) -> None:
    at_end = assignments[(assignments["end_date"] == "") | (assignments["end_date"] == assignments["period_end"])]
    average = at_end.groupby("period").size() / at_end.groupby("period")["sender"].nunique()
    assert 40 < average.min() <= average["2026-27-Q2"] < average["2024-25-Q4"] < 70
