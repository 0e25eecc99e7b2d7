"""The marts on the project's own sample: the awkward cases it holds are treated as the reference says."""

import pandas as pd
import pytest

from ingestion.sample import awkward_case
from ingestion.settings import Settings
from tests.dbt_project.frames import read_frame


@pytest.fixture(scope="module")
def mart(built_sample_warehouse: Settings) -> pd.DataFrame:
    return read_frame(built_sample_warehouse, "select * from marts_candidate.mart_census__indicators")


def test_the_matrix_is_complete_and_says_that_it_is_synthetic(mart: pd.DataFrame) -> None:
    assert len(mart) == mart.unit_code.nunique() * mart.census_year.nunique() * mart.indicator.nunique()
    assert mart.unit_code.nunique() == 44
    assert set(mart.is_synthetic) == {True}
    assert (mart.value.isna() == mart.value_status.notna()).all()


def test_a_missing_unit_has_rows_without_figures_and_a_note(mart: pd.DataFrame) -> None:
    case = awkward_case("missing_unit")
    rows = mart[(mart.unit_code == case.unit_code) & mart.census_year.isin(case.years)]
    assert set(rows.unit_row_status) == {"missing"}
    assert set(rows.value_label) == {"x"}
    assert set(rows.change_label) == {"not comparable"}
    assert rows.rank_in_london.isna().all()
    assert set(rows.note) == {f"No figures were published for {year}." for year in case.years}


def test_a_row_that_repeats_last_years_is_marked_as_carried_forward(mart: pd.DataFrame) -> None:
    case = awkward_case("carried_forward_unit")
    found = mart[mart.unit_row_status == "carried_forward"].groupby("unit_code").census_year.unique()
    assert {unit: sorted(years) for unit, years in found.items()} == {case.unit_code: list(case.years)}


def test_the_very_small_unit_is_ranked_and_marked(mart: pd.DataFrame) -> None:
    case = awkward_case("very_small_unit")
    assert set(mart[mart.is_very_small].unit_code) == {case.unit_code}
    row = mart[(mart.unit_code == case.unit_code) & (mart.indicator == "inpost_fte")].iloc[-1]
    assert row.rank_in_london == row.units_ranked
    assert "swing" in row.note


def test_a_withheld_authority_is_left_out_of_londons_recomputed_rate(
    built_sample_warehouse: Settings, mart: pd.DataFrame
) -> None:
    case = awkward_case("agency_withheld")
    withheld = mart[(mart.unit_code == case.unit_code) & (mart.indicator == "agency_rate_fte")]
    withheld = withheld[withheld.census_year.isin(case.years)]
    assert set(withheld.value_status) == set(withheld.recomputed_status) == {"u"}
    london = mart[(mart.unit_level == "london") & (mart.indicator == "agency_rate_fte")]
    london = london[london.census_year.isin(case.years)]
    assert london.recomputed_difference.abs().max() <= 0.15
    left_out = read_frame(
        built_sample_warehouse,
        "select authorities_left_out from intermediate.int_census__current_by_area "
        "where area_code = 'E12000007' and indicator = 'agency_rate_fte' and census_year = any(%s)",
        list(case.years),
    )
    assert set(left_out.authorities_left_out) == {1}


def test_a_restated_figure_of_the_sample_is_a_revision(built_sample_warehouse: Settings) -> None:
    case = awkward_case("working_days_revised")
    rows = read_frame(
        built_sample_warehouse,
        "select indicator, from_status, change_kind from marts_candidate.mart_census__revisions "
        "where unit_code = %s and census_year = any(%s) order by indicator",
        case.unit_code, list(case.years),
    )  # fmt: skip
    assert rows.values.tolist() == [
        ["absence_rate_fte", "x", "symbol_to_number"],
        ["working_days_lost_fte", "x", "symbol_to_number"],
    ]


def test_known_and_not_known_make_the_total_and_the_groups_make_known(built_sample_warehouse: Settings) -> None:
    rows = read_frame(built_sample_warehouse, "select * from marts_candidate.mart_census__role_by_ethnicity")
    wide = rows.pivot(index=["unit_code", "census_year", "role"], columns="ethnic_group", values="headcount")
    groups = wide.drop(columns=["Known", "Not known", "Total"])
    complete = wide.notna().all(axis=1)
    assert complete.sum() > 1000
    assert (wide.Known + wide["Not known"] == wide.Total)[complete].all()
    assert (groups.sum(axis=1) == wide.Known)[complete].all()
    assert set(rows.share_basis[rows.ethnic_group.isin(groups.columns)]) == {"known"}


def test_building_again_changes_no_figure(built_sample_warehouse: Settings, mart: pd.DataFrame) -> None:
    from ingestion.build import run_dbt

    run_dbt(built_sample_warehouse, "build", "--quiet", "--exclude-resource-type", "unit_test")
    again = read_frame(built_sample_warehouse, "select * from marts_candidate.mart_census__indicators")
    keys = ["unit_code", "census_year", "indicator"]
    pd.testing.assert_frame_equal(mart.sort_values(keys, ignore_index=True), again.sort_values(keys, ignore_index=True))
