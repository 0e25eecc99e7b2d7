"""Measures and pay of agency social workers on the sample: joint unit, people at two authorities, coverage, bases."""

import numpy as np
import pandas as pd
import pytest

from ingestion.settings import Settings
from tests.dbt_project.frames import read_frame

JOINT = "E09000021 / E09000027"
HALVES = ("E09000021", "E09000027")
INNER, OUTER, LONDON = "E13000001", "E13000002", "E12000007"
# Quarters in which somebody has not sent, and how many units have.
INCOMPLETE = {"2024/25 Q3": 30, "2025/26 Q2": 31, "2026/27 Q2": 29}
THRESHOLD, GROUP_FOR_AVERAGES = 5, 8
COUNTS = {
    "assignments": "is_there",
    "active_assignments": "is_active",
    "project_team_assignments": "is_team",
    "over_3_months": "over_3",
    "over_6_months": "over_6",
    "over_12_months": "over_12",
}


@pytest.fixture(scope="module")
def mart(warehouse_with_returns: Settings) -> pd.DataFrame:
    return read_frame(warehouse_with_returns, "select * from marts_candidate.mart_agency__measures")


@pytest.fixture(scope="module")
def pay(warehouse_with_returns: Settings) -> pd.DataFrame:
    return read_frame(warehouse_with_returns, "select * from marts_candidate.mart_agency__pay")


@pytest.fixture(scope="module")
def public(warehouse_with_returns: Settings) -> pd.DataFrame:
    return read_frame(warehouse_with_returns, "select * from open_data_candidate.agency_measures")


@pytest.fixture(scope="module")
def raw(warehouse_with_returns: Settings) -> pd.DataFrame:
    """The raw assignments that count, with their sender, and their place in Inner or Outer London."""
    rows = read_frame(
        warehouse_with_returns,
        "select sent.authority_code, sent.period_label, sent.period_end as quarter_end, raw.* "
        "from raw.agency_quarterly__assignment as raw "
        "join ledger.current_submissions as sent using (submission_id)",
    )
    units = read_frame(
        warehouse_with_returns,
        "select authority_code, unit_code, inner_outer_code from marts_candidate.dim_authority",
    ).set_index("authority_code")
    rows["unit_code"] = rows.authority_code.map(units.unit_code)
    rows["half"] = rows.authority_code.map(units.inner_outer_code)
    for name in ("quarter_end", "start_date", "end_date"):
        rows[name] = pd.to_datetime(rows[name])
    last = rows.end_date.fillna(rows.quarter_end).clip(upper=rows.quarter_end)
    rows["is_there"] = True
    rows["is_active"] = rows.end_date.isna() | (rows.end_date >= rows.quarter_end)
    rows["is_team"] = rows.is_project_team == "Y"
    for months in (3, 6, 12):
        rows[f"over_{months}"] = last > rows.start_date + pd.DateOffset(months=months)
    # A half of the joint unit alone is no unit.
    senders = rows.groupby(["unit_code", "period_label"]).authority_code.transform("nunique")
    return rows[(rows.unit_code != JOINT) | (senders == 2)]


def values(mart: pd.DataFrame, measure: str, role: str = "all") -> pd.DataFrame:
    rows = mart[(mart.measure == measure) & (mart.role_type == role)]
    return rows.set_index(["unit_code", "period_label"]).sort_index()


def test_every_combination_has_a_row_with_a_figure_or_a_symbol(mart: pd.DataFrame, pay: pd.DataFrame) -> None:
    assert len(mart) == 35 * 8 * 6 * 17
    assert (mart.value.isna() == mart.value_status.notna()).all()
    assert set(mart.value_status.dropna()) == {"c", "x", "z"}
    assert set(mart.is_synthetic) == {True}
    # A unit has pay groups over all roles only.
    assert len(pay) == 8 * 12 * (32 + 3 * 6)
    assert set(pay[pay.unit_level == "authority"].role_type) == {"all"}


def test_counts_are_those_of_the_raw_rows_or_withheld(mart: pd.DataFrame, raw: pd.DataFrame) -> None:
    for measure, flag in COUNTS.items():
        shown = values(mart, measure)
        units = raw.groupby(["unit_code", "period_label"])[flag].sum()
        halves = raw.groupby(["half", "period_label"])[flag].sum().rename_axis(units.index.names)
        london = pd.concat({LONDON: raw.groupby("period_label")[flag].sum()}, names=["unit_code"])
        true = pd.concat([units, halves, london]).reindex(shown.index)
        there = shown.value.notna()
        assert (shown.value[there] == true[there]).all(), measure
        assert there.sum() > 150, measure
        assert not ((true > 0) & (true < THRESHOLD) & there).any(), measure


def test_kingston_and_richmond_are_one_unit_with_the_rows_of_both(mart: pd.DataFrame, raw: pd.DataFrame) -> None:
    assert not set(mart.unit_code) & set(HALVES)
    both = raw[raw.authority_code.isin(HALVES)].groupby("period_label")
    assert (both.authority_code.nunique() == 2).all()
    shown = values(mart, "assignments").loc[JOINT]
    there = shown.value.notna()
    assert there.sum() >= 4
    assert (shown.value[there] == both.size()[there.index[there]]).all()
    assert shown.note[there].str.startswith("Kingston upon Thames and Richmond upon Thames count as one").all()


def test_london_counts_somebody_at_two_authorities_once(mart: pd.DataFrame, raw: pd.DataFrame) -> None:
    shown = values(mart, "people").loc[LONDON].value
    assert (shown == raw.groupby("period_label").swe_number.nunique()).all()
    each_unit = raw.groupby(["period_label", "unit_code"]).swe_number.nunique().groupby("period_label").sum()
    more = each_unit - shown
    assert (more >= 0).all()
    assert more["2025/26 Q3"] > 0
    inner = raw[raw.half == INNER].groupby("period_label").swe_number.nunique()
    assert (values(mart, "people").loc[INNER].value == inner).all()


def test_a_unit_that_did_not_send_is_unavailable_and_london_says_how_many_did(
    mart: pd.DataFrame, raw: pd.DataFrame
) -> None:
    shown = values(mart, "assignments")
    sent = raw.groupby("period_label").unit_code.nunique()
    for quarter, label in shown.loc[LONDON].coverage_label.items():
        assert label == f"{INCOMPLETE.get(quarter, 32)} of 32 units"
        assert sent[quarter] == INCOMPLETE.get(quarter, 32)
    units = shown[shown.unit_level == "authority"]
    missing = {(unit, quarter) for unit, quarter in units.index if (units.value_status == "x")[unit, quarter]}
    there = set(zip(raw.unit_code, raw.period_label, strict=True))
    assert missing == set(units.index) - there
    assert units.note[units.value_status == "x"].str.contains("No return of the quarter").all()
    assert set(mart[(mart.value_status == "x")].unit_level) == {"authority"}


def test_the_agency_rate_is_of_fte_in_post_at_the_newest_census(
    warehouse_with_returns: Settings, mart: pd.DataFrame, raw: pd.DataFrame
) -> None:
    published = read_frame(
        warehouse_with_returns,
        "select unit_code, census_year, value from marts_candidate.mart_census__indicators "
        "where indicator = 'inpost_fte' and unit_level = 'authority'",
    ).set_index(["census_year", "unit_code"]).value  # fmt: skip
    returned = read_frame(
        warehouse_with_returns,
        "select unit_code, census_year, inpost_fte from intermediate.int_returns__census_measures",
    ).set_index(["census_year", "unit_code"]).inpost_fte  # fmt: skip
    in_post = published.fillna(returned.reindex(published.index))
    agency = raw[raw.is_active].groupby(["period_label", "unit_code"]).fte.sum()
    shown = values(mart, "agency_rate_fte").loc[LONDON]
    assert shown.value.notna().all()
    for quarter, row in shown.iterrows():
        year = 2024 if row.period_end < pd.Timestamp(2025, 9, 30).date() else 2025
        assert str(row.in_post_as_at) == f"{year}-09-30"
        units = raw[raw.period_label == quarter].unit_code.unique()
        expected = 100 * agency[quarter].sum() / (agency[quarter].sum() + in_post[year][units].sum())
        assert row.value == pytest.approx(expected, abs=0.051)
    # One unit's census of 2025 is not published; its own return stands in.
    assert published[2025].isna().sum() == 1


def test_the_lowest_yet_is_lower_than_every_earlier_quarter_with_a_figure(mart: pd.DataFrame) -> None:
    for measure in ("agency_rate_fte", "active_fte"):
        for _, rows in values(mart, measure).reset_index().groupby("unit_code"):
            history = rows.sort_values("period_end")
            for place, row in enumerate(history.itertuples()):
                earlier = history.iloc[:place].dropna(subset=["value"])
                if pd.isna(row.value) or earlier.empty:
                    assert row.is_lowest_since_start is None
                    continue
                is_lower = row.value < earlier.value.min() and row.units_counted >= earlier.units_counted.max()
                assert row.is_lowest_since_start == is_lower
                assert row.quarters_compared == len(earlier)
    assert set(mart[~mart.measure.isin(["agency_rate_fte", "active_fte"])].is_lowest_since_start) == {None}
    rate = values(mart, "agency_rate_fte").loc[LONDON]
    assert rate.is_lowest_since_start[["2025/26 Q3", "2025/26 Q4", "2026/27 Q1"]].tolist() == [True, False, True]


def test_changes_are_between_the_quarters_shown(mart: pd.DataFrame) -> None:
    table = mart.set_index(["unit_code", "role_type", "measure", "period_end"]).value.unstack().sort_index(axis=1)
    for quarters, value, change in (
        (1, "previous_value", "change_on_quarter"),
        (4, "year_ago_value", "change_on_year"),
    ):
        earlier = table.shift(quarters, axis=1)
        keys = pd.MultiIndex.from_frame(mart[["unit_code", "role_type", "measure", "period_end"]])
        expected = earlier.stack(future_stack=True).reindex(keys).to_numpy(dtype=float)
        np.testing.assert_allclose(mart[value].to_numpy(dtype=float), expected)
        np.testing.assert_allclose(
            mart[change].to_numpy(dtype=float), mart.value.to_numpy(dtype=float) - expected, atol=1e-9
        )


def test_cost_goes_with_the_number_of_assignments(mart: pd.DataFrame) -> None:
    hidden = values(mart, "assignments").value_status == "c"
    assert hidden.any()
    for measure in ("quarter_cost_gbp", "monthly_cost_gbp", "people"):
        assert (values(mart, measure).value_status[hidden] == "c").all()
    quarter, month = values(mart, "quarter_cost_gbp").value, values(mart, "monthly_cost_gbp").value
    assert (quarter.dropna() / 3 - month.dropna()).abs().max() < 0.01
    active = values(mart, "active_assignments").value_status == "c"
    assert (values(mart, "active_fte").value_status[active] == "c").all()


def test_agencies_of_concern_are_a_number_of_authorities_of_an_area(
    mart: pd.DataFrame, public: pd.DataFrame, warehouse_with_returns: Settings
) -> None:
    named = read_frame(
        warehouse_with_returns,
        "select period_label, count(*)::numeric as authorities from raw.agency_quarterly__authority_quarter "
        "join ledger.current_submissions using (submission_id) where agencies_of_concern is not null group by 1",
    ).set_index("period_label").authorities  # fmt: skip
    shown = values(mart, "authorities_naming_agencies")
    london = shown.loc[LONDON].value
    assert (london == named.reindex(london.index).fillna(0)).all()
    assert set(shown[shown.unit_level == "authority"].value_status) == {"z"}
    assert "authorities_naming_agencies" not in set(public.measure)


def test_pay_of_different_bases_is_never_mixed(pay: pd.DataFrame, raw: pd.DataFrame) -> None:
    assert set(pay.payment_basis) == {"PAYE", "UMBRELLA", "LTD", "UNKNOWN"}
    assert set(pay.rate_basis) == {"WORKER_PAY", "INC_ONCOST", "CHARGE"}
    keys = ["period_label", "role_type", "payment_basis", "rate_basis"]
    both = pd.concat([raw, raw.assign(role_type="all")])
    rates = both.assign(paid=both.hourly_rate * both.hours_per_week).groupby(keys)
    expected = pd.DataFrame(
        {
            "mean_gbp": rates.hourly_rate.mean(),
            "weighted_mean_gbp": rates.paid.sum() / rates.hours_per_week.sum(),
            "median_gbp": rates.hourly_rate.median(),
            "lower_quartile_gbp": rates.hourly_rate.quantile(0.25),
            "upper_quartile_gbp": rates.hourly_rate.quantile(0.75),
            "people": rates.swe_number.nunique(),
            "assignments": rates.size(),
        }
    )
    shown = pay[pay.unit_code == LONDON].set_index(keys).sort_index()
    assert shown.mean_gbp.notna().sum() > 100
    for name in ("mean_gbp", "weighted_mean_gbp", "median_gbp", "lower_quartile_gbp", "upper_quartile_gbp"):
        there = shown[name].dropna()
        assert (there - expected[name].reindex(there.index).astype(float)).abs().max() <= 0.0051, name
        least = 12 if "quartile" in name else GROUP_FOR_AVERAGES
        assert (expected.people.reindex(there.index) >= least).all(), name
    counted = shown.assignments[shown.assignments > 0]
    assert (counted == expected.assignments.reindex(counted.index)).all()
    assert shown.mean_gbp[shown.assignments.isna()].isna().all()
    assert set(shown.average_status[shown.assignments == 0]) == {"z"}


def worked_out(shown: pd.DataFrame, halves: pd.Series) -> list[tuple[str, str]]:
    """The places and roles whose hidden mean follows from the others; sums of pay are means times numbers.

    Args:
        shown: the mart's rows of one quarter and pair of bases, by unit_code and role_type.
        halves: Inner or Outer London, by unit_code.
    """
    roles = ["SW", "SSW", "AP", "TM", "IRO_CPC"]
    places = [LONDON, INNER, OUTER, *halves.index]
    sums = [((place, "all"), [(place, role) for role in roles]) for place in places]
    for role in ["all", *roles]:
        sums.append(((LONDON, role), [(INNER, role), (OUTER, role)]))
        for half in (INNER, OUTER):
            sums.append(((half, role), [(unit, role) for unit in halves.index[halves == half]]))
    # Nobody and who did not send count for nothing; of a single role of a unit there is no row.
    is_known = shown.mean_gbp.notna() | (shown.assignments == 0) | (shown.average_status == "x")
    absent = set(shown.index[shown.average_status == "x"].get_level_values(0))
    unknown = [
        (place, role)
        for place in places
        for role in ["all", *roles]
        if place not in absent and not is_known.get((place, role), default=False)
    ]
    column = {cell: number for number, cell in enumerate(unknown)}
    equations = np.zeros((len(sums), len(unknown)))
    for number, (whole, parts) in enumerate(sums):
        for sign, cell in [(1, whole), *((-1, part) for part in parts)]:
            if cell in column:
                equations[number, column[cell]] += sign
    # A mean follows where no direction that the sums leave open moves it.
    _, sizes, directions = np.linalg.svd(equations, full_matrices=True)
    left_open = np.abs(directions[int((sizes > 1e-9).sum()) :]).max(axis=0, initial=0)
    return [cell for cell, how_far in zip(unknown, left_open, strict=True) if how_far < 1e-9]


def test_no_mean_of_fewer_people_than_the_threshold_can_be_worked_out(pay: pd.DataFrame, raw: pd.DataFrame) -> None:
    halves = raw.drop_duplicates("unit_code").set_index("unit_code").half
    everywhere = pd.concat([raw.assign(place=place) for place in (raw.unit_code, raw.half, LONDON)])
    everyone = pd.concat([everywhere, everywhere.assign(role_type="all")])
    bases = ["period_label", "payment_basis", "rate_basis"]
    people = everyone.groupby([*bases, "place", "role_type"]).swe_number.nunique()
    for key, rows in pay.groupby(bases):
        for cell in worked_out(rows.set_index(["unit_code", "role_type"]), halves):
            assert people.get((*key, *cell), 0) not in range(1, THRESHOLD)


def test_a_mean_that_is_alone_in_its_sum_would_be_worked_out(pay: pd.DataFrame, raw: pd.DataFrame) -> None:
    halves = raw.drop_duplicates("unit_code").set_index("unit_code").half
    key = (pay.period_label == "2025/26 Q3") & (pay.payment_basis == "UMBRELLA") & (pay.rate_basis == "WORKER_PAY")
    shown = pay[key].set_index(["unit_code", "role_type"])
    shown.loc[shown.average_status == "c", ["mean_gbp", "average_status"]] = [35.0, None]
    alone = (halves.index[0], "all")
    shown.loc[[alone], ["mean_gbp", "average_status"]] = [np.nan, "c"]
    assert alone in worked_out(shown, halves)


def test_the_public_see_areas_rounded_to_five(mart: pd.DataFrame, public: pd.DataFrame) -> None:
    assert set(public.unit_code) == {INNER, OUTER, LONDON}
    counts = public[public.measure.isin([*COUNTS, "people"]) & public.value.notna()]
    assert len(counts) > 500
    assert (counts.value % 5 == 0).all()
    keys = ["unit_code", "period_label", "role_type", "measure"]
    exact = mart.set_index(keys).value.reindex(pd.MultiIndex.from_frame(counts[keys])).to_numpy()
    assert np.abs(counts.value.to_numpy() - exact).max() <= 2.5
    # Percentages are made of the rounded counts.
    wide = public[public.role_type == "all"].set_index(["unit_code", "period_label", "measure"]).value.unstack()
    share = (100 * wide.over_12_months / wide.assignments).dropna()
    assert (wide.over_12_months_pct.reindex(share.index) - share).abs().max() <= 0.0501
