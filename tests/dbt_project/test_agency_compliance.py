"""Compliance with the agency rules on the whole sample: every assignment judged again from the rows as loaded."""

import pandas as pd
import pytest

from ingestion.settings import Settings
from tests.dbt_project.frames import read_frame

RULES = ("R2", "R4", "R5", "R5_LONDON", "R6", "R7")
# Domain notes on agency workers, 2.2, 4.4 and 9.2, written out: in force for new assignments, then for all.
RULES_BEGAN, FULL_RULES, PLEDGE_BEGAN = pd.Timestamp(2024, 10, 31), pd.Timestamp(2025, 10, 1), pd.Timestamp(2022, 6, 1)
NOTICE_WEEKS, PQE_YEARS = 4, 3
COOL_OFF = {"R5": 3, "R5_LONDON": 6}
# The sample's invented caps, GBP an hour; the limited company's is the umbrella's.
UMBRELLA = {"SW": 36, "SSW": 39, "AP": 42, "TM": 46, "IRO_CPC": 44}
PAYE = {"SW": 30, "SSW": 33, "AP": 36, "TM": 40, "IRO_CPC": 38}
CAPS = {"UMBRELLA": UMBRELLA, "LTD": UMBRELLA, "PAYE": PAYE}

SMALLEST_SHOWN = 5
COUNTS = ("in_scope", "known", "compliant", "non_compliant", "approved_breaches", "unknown")


@pytest.fixture(scope="module")
def judged(warehouse_with_returns: Settings) -> pd.DataFrame:
    """What the warehouse says: one row an assignment and quarter, one column a rule."""
    outcomes = read_frame(
        warehouse_with_returns,
        "select submission_id, assignment_id, rule, outcome from intermediate.int_agency__rule_outcomes",
    )
    return outcomes.pivot(index=["submission_id", "assignment_id"], columns="rule", values="outcome")


@pytest.fixture(scope="module")
def loaded(warehouse_with_returns: Settings) -> pd.DataFrame:
    """The assignments as loaded, of the returns that count; dates as dates."""
    rows = read_frame(
        warehouse_with_returns,
        "select assignments.*, current.period_end as quarter_end from raw.agency_quarterly__assignment as assignments "
        "inner join ledger.current_submissions as current on assignments.submission_id = current.submission_id",
    )
    for name in ("start_date", "end_date", "left_substantive_date", "quarter_end"):
        rows[name] = pd.to_datetime(rows[name])
    return rows.set_index(["submission_id", "assignment_id"])


def outcome(row: "pd.Series", rule: str) -> str:
    """One assignment by one rule, as a careful person would judge it."""
    last_day = row.quarter_end if pd.isna(row.end_date) else min(row.end_date, row.quarter_end)
    if rule == "R5_LONDON":
        in_force = last_day >= PLEDGE_BEGAN
    elif rule == "R2":
        in_force = last_day >= FULL_RULES
    else:
        in_force = last_day >= FULL_RULES or (last_day >= RULES_BEGAN and row.start_date >= RULES_BEGAN)
    exempt = row.cool_off_exemption in ("REDUNDANCY", "OTHER_REGION", "PROBATION")
    if rule in COOL_OFF and pd.isna(row.left_substantive_date) and not row.left_la_code and not exempt:
        in_force = False
    if not in_force:
        return "out_of_scope"
    if rule == "R2":
        cap = CAPS.get(row.payment_basis, {}).get(row.role_type)
        if cap is None or row.rate_basis == "CHARGE":
            return "unknown"
        if row.hourly_rate <= cap:
            return "compliant"
        return "approved_breach" if row.cap_signoff_dcs and row.cap_signoff_ce else "non_compliant"
    if rule == "R4":
        weeks = (
            NOTICE_WEEKS if pd.isna(row.substantive_notice_weeks) else min(NOTICE_WEEKS, row.substantive_notice_weeks)
        )
        return "unknown" if pd.isna(row.notice_weeks) else kept(row.notice_weeks >= weeks)
    if rule in COOL_OFF:
        if exempt:
            return "compliant"
        free = row.left_substantive_date + pd.DateOffset(months=COOL_OFF[rule])
        return "unknown" if pd.isna(free) else kept(row.start_date >= free)
    if rule == "R6":
        if pd.isna(row.pqe_years) and row.pqe_3plus == "U":
            return "unknown"
        return kept(row.pqe_years >= PQE_YEARS or row.pqe_3plus == "Y")
    return {"Y": "compliant", "N": "non_compliant"}.get(row.references_received, "unknown")


def kept(is_kept: object) -> str:
    return "compliant" if is_kept else "non_compliant"


@pytest.fixture(scope="module")
def expected(loaded: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({rule: [outcome(row, rule) for row in loaded.itertuples()] for rule in RULES}, loaded.index)


@pytest.mark.parametrize("rule", RULES)
def test_every_assignment_is_judged_as_a_careful_person_would(
    judged: pd.DataFrame, expected: pd.DataFrame, rule: str
) -> None:
    assert len(expected) > 15_000
    both = expected[[rule]].join(judged[[rule]], rsuffix="_judged", how="outer")
    apart = both[both[rule] != both[f"{rule}_judged"]]
    assert apart.empty, apart.head()


def test_the_sample_has_every_outcome_but_an_unknown_notice_or_cooling_off(expected: pd.DataFrame) -> None:
    """Otherwise the comparison would prove nothing."""
    for rule in RULES:
        possible = {"compliant", "non_compliant", "out_of_scope"} | (
            {"unknown"} if rule in ("R2", "R6", "R7") else set()
        )
        assert set(expected[rule]) == possible | ({"approved_breach"} if rule == "R2" else set()), rule


def test_every_rule_together_is_known_once_each_in_scope_is(judged: pd.DataFrame) -> None:
    each = judged[list(RULES)]
    wanted = pd.Series("compliant", index=each.index)
    wanted = wanted.mask(each.isin(["non_compliant", "approved_breach"]).any(axis=1), "non_compliant")
    wanted = wanted.mask((each == "unknown").any(axis=1), "unknown")
    wanted = wanted.mask((each == "out_of_scope").all(axis=1), "out_of_scope")
    assert (judged["all"] == wanted).all()
    assert set(wanted) == {"compliant", "non_compliant", "unknown", "out_of_scope"}


def test_no_count_of_a_few_assignments_is_shown_and_every_gap_has_its_symbol(warehouse_with_returns: Settings) -> None:
    figures = read_frame(warehouse_with_returns, "select * from marts_candidate.mart_agency__compliance")
    for name in COUNTS:
        shown = figures[name].dropna().astype(int)
        assert not shown.between(1, SMALLEST_SHOWN - 1).any(), name
        assert (figures[name].isna() == figures[f"{name}_status"].notna()).all(), name
        assert set(figures[f"{name}_status"].dropna()) <= {"c", "x", "z"}, name
    assert (figures.compliance_rate_pct.isna() == figures.compliance_status.notna()).all()


def test_before_october_2025_there_is_no_price_cap(warehouse_with_returns: Settings) -> None:
    caps = read_frame(warehouse_with_returns, "select * from marts_candidate.mart_agency__compliance where rule = 'R2'")
    before = caps[pd.to_datetime(caps.period_end) < FULL_RULES]
    assert set(before.in_scope_status) == set(before.compliance_status) == {"z"}
    assert "z" not in set(caps[~caps.index.isin(before.index)].in_scope_status)


def test_london_shows_how_far_every_rule_is_kept_or_why_not(warehouse_with_returns: Settings) -> None:
    """Disclosure control must not take the region's own figures away: only cooling off is about a few people."""
    london = read_frame(
        warehouse_with_returns,
        "select period_label, rule, compliance_rate_pct from marts_candidate.mart_agency__compliance "
        "where unit_level = 'london' and role_type = 'all' and period_start >= '2025-10-01'",
    )
    rates = london.pivot(index="period_label", columns="rule", values="compliance_rate_pct")
    assert rates[["R2", "R4", "R6", "R7", "all"]].notna().all(axis=None)
