"""Educational psychologists on the whole sample: what the marts show, beside the returns themselves."""

from itertools import pairwise

import pandas as pd
import pytest

from ingestion.settings import Settings
from tests.dbt_project.frames import read_frame

GRADES = ["AEP", "TEP", "EP", "SEP", "DPEP", "PEP"]
AREAS = {"E13000001": 14, "E13000002": 18, "E12000007": 32}
LONDON = "E12000007"
PERIODS = ["2025/26 Q3", "2025/26 Q4", "2026/27 Q1", "2026/27 Q2"]


def mart(settings: Settings, name: str) -> pd.DataFrame:
    return read_frame(settings, f"select * from marts_candidate.mart_ep__{name}")


def returned(settings: Settings, table: str) -> pd.DataFrame:
    """Raw rows of the returns that count, with their unit and period; joint units as one."""
    return read_frame(
        settings,
        "select s.period_label, s.period_end as quarter_end, coalesce(a.unit_code, s.authority_code) as unit_code, t.* "
        f"from raw.ep_workforce__{table} as t join ledger.current_submissions as s using (submission_id) "
        "left join reference.authorities as a on s.authority_code = a.authority_code",
    )


def units_sent(settings: Settings) -> pd.Series:
    """Units that sent, by period: Kingston and Richmond send separately here, and always both."""
    rows = read_frame(
        settings,
        "select s.period_label, coalesce(a.unit_code, s.authority_code) as unit_code "
        "from ledger.current_submissions as s "
        "left join reference.authorities as a on s.authority_code = a.authority_code "
        "where s.collection = 'ep_workforce'",
    )
    return rows.groupby("period_label").unit_code.nunique()


def test_every_quarter_has_every_unit_and_area_whether_or_not_it_has_sent(warehouse_with_returns: Settings) -> None:
    for name in ("establishment", "agency"):
        rows = mart(warehouse_with_returns, name)
        totals = rows[rows.ep_grade == "all"]
        assert sorted(totals.period_label.unique()) == PERIODS
        assert (totals.groupby("period_label").unit_code.nunique() == 35).all()
        london = totals[totals.unit_code == LONDON].set_index("period_label")
        assert london.units_counted.astype(int).to_dict() == units_sent(warehouse_with_returns).to_dict()
        assert (london.units_expected == 32).all()
        sent = london.loc["2026/27 Q1"]
        assert sent.coverage_label == f"{sent.units_counted} of 32 units"
        # Greenwich has not sent: not there, and not nobody.
        greenwich = totals[(totals.unit_name == "Greenwich") & (totals.period_label == "2026/27 Q1")]
        status = "headcount_status" if name == "establishment" else "engagements_status"
        assert list(greenwich[status]) == ["x"]


def test_grades_are_for_areas_and_an_authority_has_its_main_grade(warehouse_with_returns: Settings) -> None:
    rows = mart(warehouse_with_returns, "establishment")
    found = rows.groupby("unit_level").ep_grade.agg(set)
    assert found["authority"] == {"all", "EP"}
    assert found["inner_outer"] == found["london"] == {"all", *GRADES}
    assert rows[rows.unit_level != "authority"].headcount.notna().all()


def test_londons_establishment_by_grade_is_the_sum_of_the_returns(warehouse_with_returns: Settings) -> None:
    raw = returned(warehouse_with_returns, "establishment").groupby(["period_label", "ep_grade"])
    sums = raw[["headcount", "fte", "vacancies_fte"]].sum().astype(float)
    rows = mart(warehouse_with_returns, "establishment")
    london = rows[(rows.unit_code == LONDON) & (rows.ep_grade != "all")].set_index(["period_label", "ep_grade"])
    shown = london[["headcount", "fte", "vacancy_fte"]].astype(float).sort_index()
    assert (shown.to_numpy() == sums.sort_index().to_numpy()).all()
    rate = 100 * sums.vacancies_fte / (sums.vacancies_fte + sums.fte)
    # No decimals below 50 posts.
    assert ((london.vacancy_rate_pct.astype(float).sort_index() - rate.sort_index()).abs() <= 0.5).all()


def test_small_counts_are_hidden_with_their_fte_and_vacancies_are_not(warehouse_with_returns: Settings) -> None:
    rows = mart(warehouse_with_returns, "establishment")
    assert not rows.headcount.astype(float).between(1, 4).any()
    hidden = rows[rows.headcount_status == "c"]
    assert len(hidden) > 0
    assert hidden[["headcount", "fte", "vacancy_rate_pct"]].isna().all(axis=None)
    assert hidden.vacancy_fte.notna().all()


def test_engagements_of_an_authority_are_a_total_and_nothing_is_told_of_them(warehouse_with_returns: Settings) -> None:
    rows = mart(warehouse_with_returns, "agency")
    units = rows[rows.unit_level == "authority"]
    assert set(units.ep_grade) == {"all"}
    assert not units.engagements.astype(float).between(1, 4).any()
    told = ["remote", "remote_pct", "hcpc_registered", "hcpc_registered_pct", "pqe_known", "pqe_median_years"]
    assert units[told].isna().all(axis=None)
    assert set(units.remote_status) == set(units.pqe_median_status) == {"z"}


def test_londons_engagements_and_remote_share_are_those_of_the_returns(warehouse_with_returns: Settings) -> None:
    raw = returned(warehouse_with_returns, "agency_use")
    rows = mart(warehouse_with_returns, "agency")
    london = rows[(rows.unit_code == LONDON) & (rows.ep_grade == "all")].set_index("period_label")
    for period, engagements in raw.groupby("period_label"):
        remote = (engagements.work_mode == "REMOTE").sum()
        shown = london.loc[str(period)]
        assert (shown.engagements, shown.remote) == (len(engagements), remote)
        assert shown.remote_pct == pytest.approx(100 * remote / len(engagements), abs=0.05)
        assert shown.pqe_median_years == pytest.approx(engagements.pqe_years.astype(float).median(), abs=0.051)


def test_pay_is_londons_by_pay_unit_and_rests_on_enough(warehouse_with_returns: Settings) -> None:
    rows = mart(warehouse_with_returns, "pay")
    assert set(rows.unit_code) == {LONDON}
    assert set(rows.ep_grade) == {"all", "EP"}
    assert len(rows) == len(PERIODS) * 2 * 3
    raw = returned(warehouse_with_returns, "agency_use")
    shown = 0
    for row in rows.itertuples():
        of = raw[(raw.period_label == row.period_label) & (raw.pay_unit == row.pay_unit)]
        of = of if row.ep_grade == "all" else of[of.ep_grade == row.ep_grade]
        if pd.notna(row.mean_gbp):
            shown += 1
            assert row.engagements == len(of) >= 8
            assert float(row.mean_gbp) == pytest.approx(of.rate.mean(), abs=0.0051)
            assert float(row.median_gbp) == pytest.approx(of.rate.median(), abs=0.0051)
        if pd.notna(row.lower_quartile_gbp):
            assert len(of) >= 12
            quartiles = [row.lower_quartile_gbp, row.upper_quartile_gbp]
            assert [float(each) for each in quartiles] == pytest.approx(
                list(of.rate.quantile([0.25, 0.75])), abs=0.0051
            )
    assert shown > 0


def test_without_the_pledges_values_every_outcome_is_unknown(warehouse_with_returns: Settings) -> None:
    rows = mart(warehouse_with_returns, "compliance")
    assert len(rows) == len(PERIODS) * len(AREAS) * 3
    assert not rows.is_value_known.any()
    assert rows.compliance_rate_pct.isna().all()
    assert not rows[["compliant", "non_compliant"]].fillna(0).any(axis=None)
    shown = rows[rows.unknown.notna()]
    assert len(shown) > 0
    assert (shown.unknown == shown.in_scope).all()
    assert (shown.unknown_pct == 100).all()
    assert rows.note.str.contains("not known").all()
    # An engagement over before 1 November 2025 is in nobody's scope.
    raw = returned(warehouse_with_returns, "agency_use")
    first = raw[raw.period_label == PERIODS[0]]
    in_scope = first.end_date.isna() | (pd.to_datetime(first.end_date) >= pd.Timestamp(2025, 11, 1))
    london = rows[(rows.unit_code == LONDON) & (rows.period_label == PERIODS[0])]
    assert set(london.in_scope.dropna()) <= {in_scope.sum()}


def test_quarters_follow_one_another_without_a_gap(warehouse_with_returns: Settings) -> None:
    rows = mart(warehouse_with_returns, "establishment")
    ends = sorted({(row.period_start, row.period_end) for row in rows.itertuples()})
    for (_, end), (start, _) in pairwise(ends):
        assert (start - end).days == 1
    labels = dict(zip(rows.period_label, rows.calendar_label, strict=True))
    assert labels["2025/26 Q3"] == "Q4 2025"


def test_every_row_says_that_the_sample_is_invented(warehouse_with_returns: Settings) -> None:
    for name in ("establishment", "agency", "pay", "compliance"):
        assert mart(warehouse_with_returns, name).is_synthetic.all()
