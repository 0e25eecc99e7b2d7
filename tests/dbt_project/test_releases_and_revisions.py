"""Every release is kept, and what changed between them can be read."""

import pandas as pd
import pytest

from ingestion.settings import Settings
from tests.conftest import needs_real_data
from tests.dbt_project.frames import read_cells, read_frame

pytestmark = needs_real_data


def test_the_2024_release_changed_48_cells_of_the_2023_release(built_real_warehouse: Settings) -> None:
    revisions = read_frame(
        built_real_warehouse,
        "select * from intermediate.int_census__revisions "
        "where from_publication_year = 2023 and to_publication_year = 2024",
    )
    assert len(revisions) == 48
    assert not revisions.change_kind.isin(["appeared", "disappeared"]).any()
    assert revisions.census_year.max() == 2023, "a year that only the later release has is new, not revised"


def test_the_2022_release_differs_from_the_2024_release_as_the_reference_says(built_real_warehouse: Settings) -> None:
    # The joint row of the 2024 release is matched with Kingston's row of the 2022 release, which has its figures.
    # North Yorkshire and Somerset became unitary authorities with new codes in 2023, so they are matched by hand.
    changed = read_frame(
        built_real_warehouse,
        """
        with cells as (
            select
                releases.publication_year,
                case cells.area_code
                    when 'E10000023' then 'E06000065'
                    when 'E10000027' then 'E06000066'
                    else cells.area_code
                end as area_code,
                cells.census_year,
                cells.indicator,
                cells.value,
                cells.value_status
            from intermediate.int_census__indicators_by_area as cells
            inner join staging.stg_dfe_census__releases as releases using (release_id)
        )

        select
            earlier.indicator,
            count(*) as matching,
            count(*) filter (
                where (earlier.value, earlier.value_status) is distinct from (later.value, later.value_status)
            ) as differing
        from cells as earlier
        inner join cells as later using (area_code, census_year, indicator)
        where earlier.publication_year = 2022 and later.publication_year = 2024
        group by earlier.indicator
        """,
    ).set_index("indicator")
    assert set(changed.matching) == {972}
    assert changed.differing.to_dict() == {
        "leavers_headcount": 648, "turnover_rate_headcount": 685, "inpost_headcount": 242, "working_days_lost_fte": 144,
        "agency_rate_headcount": 136, "turnover_rate_fte": 124, "leavers_fte": 100, "cases": 97, "inpost_fte": 67,
        "absence_rate_fte": 53, "caseload_fte": 45, "agency_cover_rate_fte": 39, "agency_rate_fte": 37,
        "vacancy_agency_cover_rate_fte": 34, "vacancy_rate_fte": 33, "agency_headcount": 26, "agency_fte": 10,
        "case_holders_fte": 9, "agency_cover_fte": 3, "vacancy_fte": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "year", "indicator", "before", "after"),
    [
        ("London", 2023, "agency_fte", 1674, 1679),
        ("London", 2023, "agency_rate_fte", 22.8, 23.2),
        ("London", 2023, "agency_cover_rate_fte", 92.5, 91.2),
        ("England", 2022, "leavers_headcount", 5795, 5796),
        ("England", 2022, "turnover_rate_headcount", 17.2, 17.3),
        ("England", 2022, "turnover_rate_fte", 17.1, 17.2),
    ],
)
def test_a_restated_figure_is_listed_with_both_values(
    built_real_warehouse: Settings, unit: str, year: int, indicator: str, before: float, after: float
) -> None:
    row = read_frame(
        built_real_warehouse,
        "select from_value, to_value, change, change_kind from marts_candidate.mart_census__revisions "
        "where unit_name = %s and census_year = %s and indicator = %s and to_publication_year = 2024",
        unit, year, indicator,
    )  # fmt: skip
    assert row.values.tolist() == [[before, after, pytest.approx(after - before), "value_changed"]]


def test_a_value_can_change_kind(built_real_warehouse: Settings) -> None:
    kinds = read_cells(
        built_real_warehouse,
        "select area_code, census_year, indicator, from_value, change_kind from intermediate.int_census__revisions "
        "where to_publication_year = 2024",
    )
    assert kinds["E08000024", 2023, "agency_fte"] == (0, "number_to_symbol")  # Sunderland: 0, then low
    assert kinds["E08000024", 2023, "agency_cover_rate_fte"] == (None, "symbol_to_number")  # z, then 100
    assert kinds["E10000003", 2023, "working_days_lost_fte"] == (300, "number_to_symbol")  # Cambridgeshire: u


def test_richmonds_empty_rows_do_not_hide_the_joint_units_figures(built_real_warehouse: Settings) -> None:
    rows = read_frame(
        built_real_warehouse,
        "select census_year, count(value) as figures, count(*) as cells "
        "from intermediate.int_census__indicators_by_area "
        "where area_code = 'E09000021 / E09000027' "
        "and release_id = (select release_id from staging.stg_dfe_census__releases "
        "where dataset = 'indicators' and publication_year = 2022) group by census_year",
    )
    assert sorted(rows.census_year) == [2017, 2018, 2019, 2020, 2021, 2022]
    assert (rows.cells == 20).all()
    assert (rows.figures >= 17).all()  # 2017 has no agency cover


def test_the_wide_layout_gives_the_same_headcounts_as_its_successor_where_nothing_was_restated(
    built_real_warehouse: Settings,
) -> None:
    both = read_frame(
        built_real_warehouse,
        """
        select earlier.area_code, earlier.ethnic_group, earlier.headcount as wide, later.headcount as long
        from intermediate.int_census__role_by_ethnicity as earlier
        inner join intermediate.int_census__role_by_ethnicity as later
            using (area_code, census_year, role, ethnic_group)
        where not earlier.is_current and later.is_current and earlier.headcount is not null
        """,
    )
    assert set(both.ethnic_group) == {
        "Known", "White", "Mixed / Multiple ethnic groups", "Asian / Asian British",
        "Black / African / Caribbean / Black British", "Other ethnic group",
    }  # fmt: skip
    assert "E09000021 / E09000027" in set(both.area_code)
    assert (both.wide == both.long).mean() > 0.9


def test_open_data_has_the_public_columns_and_the_same_figures(built_real_warehouse: Settings) -> None:
    keys = ["unit_code", "census_year", "indicator"]
    members = read_frame(built_real_warehouse, "select * from marts_candidate.mart_census__indicators")
    public = read_frame(built_real_warehouse, "select * from open_data_candidate.census_indicators")
    kept = list(public.columns)
    assert set(members.columns) - set(kept) == {
        "recomputed_value", "recomputed_status", "recomputed_difference", "release_id",
    }  # fmt: skip
    pd.testing.assert_frame_equal(
        public.sort_values(keys, ignore_index=True), members[kept].sort_values(keys, ignore_index=True)
    )
