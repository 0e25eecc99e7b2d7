"""The marts against the files themselves: computed a second time, in pandas, from what DfE and ONS published."""

import calendar

import pandas as pd
import pytest

from ingestion.settings import Settings
from tests.conftest import REAL_DATA, REAL_RELEASES, needs_real_data
from tests.dbt_project.frames import read_frame

pytestmark = needs_real_data

CURRENT = REAL_RELEASES / "csww_indicators_2017_to_2024.csv"
CURRENT_ROLES = REAL_RELEASES / "csww_role_by_characteristics_inpost_2019_to_2024.csv"
JOINT = "E09000021 / E09000027"
ENGLAND, LONDON = "E92000001", "E12000007"

LOW_IS_BETTER = [
    "turnover_rate_fte", "turnover_rate_headcount", "agency_rate_fte", "agency_rate_headcount", "vacancy_rate_fte",
    "caseload_fte", "absence_rate_fte",
]  # fmt: skip

# rate: numerator, denominator, is the numerator part of the denominator, scale, DfE's tolerance for an authority
FORMULAS = {
    "turnover_rate_fte": ("leavers_fte", "inpost_fte", False, 100, 0.15),
    "turnover_rate_headcount": ("leavers_headcount", "inpost_headcount", False, 100, 0.15),
    "agency_rate_fte": ("agency_fte", "inpost_fte", True, 100, 0.15),
    "agency_rate_headcount": ("agency_headcount", "inpost_headcount", True, 100, 0.15),
    "agency_cover_rate_fte": ("agency_cover_fte", "agency_fte", False, 100, 1.0),
    "vacancy_rate_fte": ("vacancy_fte", "inpost_fte", True, 100, 0.15),
    "vacancy_agency_cover_rate_fte": ("agency_cover_fte", "vacancy_fte", False, 100, 1.0),
    "caseload_fte": ("cases", "case_holders_fte", False, 1, 0.15),
    "absence_rate_fte": ("working_days_lost_fte", "inpost_fte", False, 100, 0.15),
}


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    """One row per published cell: area, census_year, indicator, text, number (NaN for a symbol), level, region."""
    wide = pd.read_csv(CURRENT, dtype=str, keep_default_na=False)
    wide["area"] = wide.new_la_code.where(
        wide.new_la_code != "", wide.region_code.where(wide.region_code != "", ENGLAND)
    )
    wide["census_year"] = wide.time_period.astype(int)
    cells = wide.melt(
        id_vars=["area", "census_year", "geographic_level", "region_code"],
        value_vars=list(wide.columns[10:32]), var_name="indicator", value_name="text",
    )  # fmt: skip
    cells["number"] = pd.to_numeric(cells.text, errors="coerce")
    return cells


@pytest.fixture(scope="module")
def mart(built_real_warehouse: Settings) -> pd.DataFrame:
    return read_frame(built_real_warehouse, "select * from marts_candidate.mart_census__indicators")


@pytest.fixture(scope="module")
def by_area(built_real_warehouse: Settings) -> pd.DataFrame:
    return read_frame(built_real_warehouse, "select * from intermediate.int_census__current_by_area")


def test_every_published_cell_of_england_is_in_the_warehouse_and_no_other(
    published: pd.DataFrame, by_area: pd.DataFrame
) -> None:
    held = by_area[by_area.indicator.isin(published.indicator.unique())]
    both = published.merge(
        held,
        left_on=["area", "census_year", "indicator"],
        right_on=["area_code", "census_year", "indicator"],
        how="outer",
    )
    assert len(both) == len(published) == len(held) == 1300 * 22
    is_number = both.number.notna()
    assert (both.value[is_number] == both.number[is_number]).all()
    assert both.value[~is_number].isna().all()
    assert (both.value_status[~is_number] == both.text[~is_number]).all()
    assert both.value_status[is_number].isna().all()


def test_the_mart_has_a_row_for_every_unit_year_and_indicator(mart: pd.DataFrame) -> None:
    assert len(mart) == 44 * 8 * 27
    assert not mart.duplicated(["unit_code", "census_year", "indicator"]).any()
    assert mart.groupby("unit_level").unit_code.nunique().to_dict() == {
        "authority": 32, "inner_outer": 2, "london": 1, "region": 8, "england": 1,
    }  # fmt: skip
    assert set(mart.release_label) == {"2024 release"}
    assert set(mart.is_synthetic) == {False}


def test_ranks_and_quarters_follow_polarity_among_units_with_a_figure(mart: pd.DataFrame) -> None:
    units = mart[(mart.unit_level == "authority") & mart.value.notna() & (mart.indicator_basis == "published")].copy()
    is_low = units.indicator.isin(LOW_IS_BETTER)
    units["score"] = units.value.where(is_low, -units.value)
    groups = units.groupby(["census_year", "indicator"])
    rank = groups.score.rank(method="min").astype(int)
    ranked = groups.score.transform("size").astype(int)
    assert (units.rank_in_london.astype(int) == rank).all()
    assert (units.units_ranked.astype(int) == ranked).all()
    # A quarter of the units stand in each quarter where all 32 have a figure and none share a rank.
    assert (units.quartile_in_london.astype(int) == ((rank - 1) * 4 // ranked) + 1).all()
    full = units[(units.indicator == "inpost_fte") & (units.census_year == 2024)]
    assert full.quartile_in_london.value_counts().to_dict() == {1: 8, 2: 8, 3: 8, 4: 8}
    best = units[(units.indicator == "turnover_rate_fte") & (units.census_year == 2024) & (units.rank_in_london == 1)]
    assert best.unit_name.tolist() == ["Barnet"]
    unranked = mart[(mart.unit_level != "authority") | mart.value.isna()]
    assert unranked.rank_in_london.isna().all()


def test_comparators_are_the_published_figures_of_the_larger_units(mart: pd.DataFrame, published: pd.DataFrame) -> None:
    number = published.set_index(["area", "census_year", "indicator"]).number
    halves = (
        published[published.geographic_level == "Local authority"].drop_duplicates("area").set_index("area").region_code
    )
    rows = mart[(mart.unit_level == "authority") & (mart.indicator_basis == "published")]
    for column, areas in (
        ("inner_outer_value", rows.unit_code.map(halves)),
        ("london_value", pd.Series(LONDON, rows.index)),
        ("england_value", pd.Series(ENGLAND, rows.index)),
    ):
        keys = pd.MultiIndex.from_arrays([areas, rows.census_year, rows.indicator])
        pd.testing.assert_series_equal(
            rows[column].astype(float), pd.Series(number.reindex(keys).to_numpy(), rows.index), check_names=False
        )


def test_the_median_of_statistical_neighbours_counts_those_with_a_figure(
    mart: pd.DataFrame, published: pd.DataFrame
) -> None:
    authorities = pd.read_csv(REAL_DATA / "reference" / "london_local_authorities.csv", dtype=str)
    files = pd.read_csv(CURRENT, dtype=str, keep_default_na=False)
    newest = files[(files.time_period == "2024") & (files.geographic_level == "Local authority")]
    area_of = {
        code: area
        for old, area in zip(newest.old_la_code, newest.new_la_code, strict=True)
        for code in old.split(" / ")
    }

    neighbours: dict[str, set[str]] = {}
    for _, authority in authorities.iterrows():
        unit = authority.ees_reporting_new_la_code
        found = {area_of[authority[f"statistical_neighbour_{n}_dfe_code"]] for n in range(1, 11)}
        neighbours.setdefault(unit, set()).update(found)
    numbers = {
        key: group.set_index("area").number.dropna() for key, group in published.groupby(["indicator", "census_year"])
    }

    checked = 0
    for row in mart[(mart.unit_level == "authority") & (mart.indicator_basis == "published")].itertuples():
        with_figures = numbers[row.indicator, row.census_year]
        found = with_figures[with_figures.index.isin(neighbours[row.unit_code] - {row.unit_code})]
        assert row.neighbours_counted == len(found), row
        if len(found):
            assert row.neighbours_median == pytest.approx(found.median(), abs=0.005001), row
            checked += 1
    assert checked > 5000


def test_the_joint_unit_is_compared_with_the_neighbours_of_both_boroughs(mart: pd.DataFrame) -> None:
    row = mart[(mart.unit_code == JOINT) & (mart.census_year == 2024) & (mart.indicator == "inpost_fte")].iloc[0]
    assert row.value == 148.8
    assert 10 < row.neighbours_counted <= 18
    assert "report together" in row.note


def _days(census_year: int) -> int:
    return 254 if calendar.isleap(census_year) else 253


def _rate(indicator: str, numerator: pd.Series, denominator: pd.Series, years: pd.Series) -> pd.Series:
    _, _, adds, scale, _ = FORMULAS[indicator]
    below = denominator + numerator if adds else denominator
    if indicator == "absence_rate_fte":
        below = below * years.map(_days)
    return scale * numerator / below.where(below != 0)


def test_every_authority_rate_is_recomputed_by_the_formula_and_agrees_within_tolerance(
    published: pd.DataFrame, by_area: pd.DataFrame
) -> None:
    wide = published[published.geographic_level == "Local authority"].pivot(
        index=["area", "census_year"], columns="indicator", values="number"
    )
    years = wide.index.get_level_values("census_year").to_series(index=wide.index)
    held = by_area.set_index(["indicator", "area_code", "census_year"])
    outside = []
    for indicator, (numerator, denominator, _, _, tolerance) in FORMULAS.items():
        expected = _rate(indicator, wide[numerator], wide[denominator], years)
        recomputed = held.loc[indicator].recomputed_value.reindex(wide.index)
        above = expected > 100 if indicator.endswith("cover_rate_fte") else expected.isna()
        pd.testing.assert_series_equal(
            recomputed, expected.where(~above), check_names=False, check_exact=False, atol=0.0001, rtol=0
        )
        difference = (recomputed - wide[indicator]).abs()
        outside += [(indicator, *key) for key in difference.index[difference > tolerance + 1e-9]]
    # The one row that DfE's reference names as not reproducible.
    assert outside == [("caseload_fte", "E06000053", 2023)]


def test_every_regional_and_national_rate_agrees_once_withheld_authorities_are_left_out(
    published: pd.DataFrame, by_area: pd.DataFrame
) -> None:
    larger = published[(published.geographic_level != "Local authority") & published.number.notna()]
    rates = larger[larger.indicator.isin(FORMULAS)]
    joined = rates.merge(
        by_area, left_on=["area", "census_year", "indicator"], right_on=["area_code", "census_year", "indicator"]
    )
    assert len(joined) == 96 * 9 - 1  # East Midlands 2019 has its vacancy cover rate withheld
    assert (joined.recomputed_value - joined.number).abs().max() <= 0.15
    # Without the rule the worst gap would be 16 points, so the rule is what makes them agree.
    assert joined.authorities_left_out.gt(0).sum() == 34


def test_rates_per_10000_children_use_the_same_mid_year_and_both_boroughs_of_the_joint_unit(
    mart: pd.DataFrame, published: pd.DataFrame
) -> None:
    estimates = pd.read_csv(
        REAL_DATA / "reference" / "ons_mid_year_population_0_17_london_2012_to_2024.csv",
        dtype=str,
        keep_default_na=False,
    )
    code = estimates.new_la_code.where(estimates.new_la_code != "", estimates.region_code)
    estimates["area"] = code.where(code != "", ENGLAND).replace(dict.fromkeys(JOINT.split(" / "), JOINT))
    estimates["census_year"] = estimates.time_period.astype(int)
    children = estimates.population_estimate.astype(int).groupby([estimates.area, estimates.census_year]).sum()
    number = published.set_index(["indicator", "area", "census_year"]).number

    derived = mart[mart.indicator_basis == "derived"]
    assert sorted(derived.indicator.unique()) == [
        f"{measure}_per_10000_children"
        for measure in ("agency_fte", "case_holders_fte", "cases", "inpost_fte", "vacancy_fte")
    ]
    for row in derived.itertuples():
        area, year = row.unit_code, row.census_year
        above = number[row.indicator.removesuffix("_per_10000_children"), area, year]
        if row.unit_level == "region":
            assert row.value_status == "x", row
        elif pd.isna(above):
            assert pd.isna(row.value), row
        else:
            # One decimal, like DfE's own rates.
            assert row.value == pytest.approx(10_000 * above / children[area, year], abs=0.0500001), row


def test_changes_are_on_the_year_before_and_only_between_figures(mart: pd.DataFrame) -> None:
    values = mart.set_index(["unit_code", "indicator", "census_year"]).value
    before = pd.MultiIndex.from_arrays([mart.unit_code, mart.indicator, mart.census_year - 1])
    expected = mart.value - values.reindex(before).to_numpy()
    pd.testing.assert_series_equal(mart.change_on_year, expected, check_names=False, atol=1e-9, rtol=0)
    assert ((mart.change_label == "not comparable") == expected.isna()).all()
    assert (mart.change_label.str.startswith("up ") == (expected > 1e-9)).all()
    assert (mart.change_label.str.startswith("down ") == (expected < -1e-9)).all()


def test_role_by_ethnicity_holds_every_published_cell_of_our_units(built_real_warehouse: Settings) -> None:
    held = read_frame(built_real_warehouse, "select * from marts_candidate.mart_census__role_by_ethnicity")
    rows = pd.read_csv(CURRENT_ROLES, dtype=str, keep_default_na=False)
    rows["unit_code"] = rows.new_la_code.where(
        rows.new_la_code != "", rows.region_code.where(rows.region_code != "", ENGLAND)
    )
    rows["census_year"] = rows.time_period.astype(int)
    ours = rows[rows.unit_code.isin(held.unit_code.unique())]
    keys = ["unit_code", "census_year", "role", "ethnic_group"]
    both = ours.rename(columns={"breakdown": "ethnic_group"}).merge(
        held, on=keys, how="outer", suffixes=("_published", "")
    )
    assert len(both) == len(ours) == len(held) == 44 * 6 * 7 * 8
    for text, value, status in (
        ("inpost_headcount", "headcount", "headcount_status"),
        ("inpost_FTE", "fte", "fte_status"),
        ("inpost_headcount_percentage", "share_pct", "share_status"),
    ):
        number = pd.to_numeric(both[text], errors="coerce")
        assert ((both[value] == number) | (both[value].isna() & number.isna())).all()
        assert (both[status][number.isna()] == both[text][number.isna()]).all()
        assert both[status][number.notna()].isna().all()
