"""The marts show what DfE published: the check figures of the project's reference on the census."""

from collections.abc import Mapping
from typing import Any

import pytest

from ingestion.settings import Settings
from tests.conftest import needs_real_data
from tests.dbt_project import published_figures as published
from tests.dbt_project.frames import read_cells, read_frame

pytestmark = needs_real_data

Cells = Mapping[tuple[Any, ...], tuple[float | None, str | None]]
ENGLAND, LONDON, INNER, OUTER = "E92000001", "E12000007", "E13000001", "E13000002"


@pytest.fixture(scope="module")
def shown(built_real_warehouse: Settings) -> Cells:
    """(unit name, census year, indicator) -> (value, status) in the mart."""
    return read_cells(
        built_real_warehouse,
        "select unit_name, census_year, indicator, value, value_status from marts_candidate.mart_census__indicators",
    )


@pytest.mark.parametrize(("unit", "table"), [("England", published.ENGLAND), ("London", published.LONDON)])
def test_england_and_london_are_as_published_in_every_year(shown: Cells, unit: str, table: str) -> None:
    expected = {
        (unit, int(year), published.LABELS[label]): published.number_or_symbol(text)
        for label, year, text in published.read_table(table)
    }
    assert len(expected) == 22 * 8
    assert {key: shown[key] for key in expected} == expected


def test_inner_and_outer_london_are_as_published(shown: Cells) -> None:
    expected = {}
    for row, label, text in published.read_table(published.INNER_AND_OUTER):
        half, year = row.split()
        expected[f"{half} London", int(year), published.LABELS[label]] = published.number_or_symbol(text)
    assert len(expected) == 6 * 14
    assert {key: shown[key] for key in expected} == expected


@pytest.mark.parametrize(("year", "table"), [(2024, published.AUTHORITIES_2024), (2023, published.AUTHORITIES_2023)])
def test_the_32_london_units_are_as_published_symbols_included(shown: Cells, year: int, table: str) -> None:
    expected = {
        (unit, year, published.LABELS[label]): published.number_or_symbol(text)
        for unit, label, text in published.read_table(table)
    }
    assert len(expected) == 32 * 13
    assert {key: shown[key] for key in expected} == expected


def test_the_headline_tiles_read_as_a_person_would_write_them(built_real_warehouse: Settings) -> None:
    tiles = read_frame(
        built_real_warehouse,
        "select indicator, value_label, change_label from marts_candidate.mart_census__indicators "
        "where is_headline and unit_code = %s and census_year = 2024 order by headline_order",
        LONDON,
    )
    assert tiles.values.tolist() == [
        ["inpost_fte", "5,869.9", "up 186.7 on 2023"],
        ["turnover_rate_fte", "15.3%", "down 1.2 points on 2023"],
        ["agency_rate_fte", "21.9%", "down 1.3 points on 2023"],
        ["vacancy_rate_fte", "22.7%", "down 2.5 points on 2023"],
        ["caseload_fte", "13.8", "down 0.6 on 2023"],
        ["absence_rate_fte", "2.7%", "up 0.2 points on 2023"],
    ]


@pytest.mark.parametrize(
    ("area", "year", "indicator", "rate", "recomputed"),
    [
        (row.rsplit(" ", 1)[0], int(row.rsplit(" ", 1)[1]), published.LABELS[rate], float(shown), float(again))
        for row, rate, _, shown, again in (
            line.split("|") for line in published.RATES_WITHOUT_WITHHELD_AUTHORITIES.strip().splitlines()[1:]
        )
    ],
)
def test_a_withheld_authority_is_left_out_of_both_sides_of_a_regional_rate(
    built_real_warehouse: Settings, area: str, year: int, indicator: str, rate: float, recomputed: float
) -> None:
    row = read_frame(
        built_real_warehouse,
        "select value, recomputed_value from marts_candidate.mart_census__indicators "
        "where unit_name = %s and census_year = %s and indicator = %s",
        area, year, indicator,
    )  # fmt: skip
    assert row.value[0] == rate
    assert row.recomputed_value[0] == pytest.approx(recomputed, abs=0.00501)


@pytest.mark.parametrize(
    ("area", "year", "indicator", "rate"),
    [
        ("London", 2017, "agency_cover_rate_fte", 74.6),
        ("Outer London", 2017, "agency_cover_rate_fte", 86.6),
        ("South East", 2017, "agency_cover_rate_fte", 78.3),
        ("London", 2018, "vacancy_agency_cover_rate_fte", 84.3),
        ("Outer London", 2018, "vacancy_agency_cover_rate_fte", 87.1),
    ],
)
def test_the_first_cover_rates_leave_out_unavailable_authorities_too(
    built_real_warehouse: Settings, area: str, year: int, indicator: str, rate: float
) -> None:
    row = read_frame(
        built_real_warehouse,
        "select value, recomputed_value from marts_candidate.mart_census__indicators "
        "where unit_name = %s and census_year = %s and indicator = %s",
        area, year, indicator,
    )  # fmt: skip
    assert row.value[0] == rate
    assert row.recomputed_value[0] == pytest.approx(rate, abs=0.05)


def test_london_by_ethnic_group_is_as_published_in_every_year(built_real_warehouse: Settings) -> None:
    groups = {
        "White": "White",
        "Black": "Black / African / Caribbean / Black British",
        "Asian": "Asian / Asian British",
        "Mixed": "Mixed / Multiple ethnic groups",
        "Other": "Other ethnic group",
        "Known (% of total)": "Known",
        "Not known (% of total)": "Not known",
        "Total": "Total",
    }
    expected = {
        (int(year), groups[group]): _headcount_and_share(text)
        for group, year, text in published.read_table(published.LONDON_ETHNICITY)
    }
    shown = read_frame(
        built_real_warehouse,
        "select census_year, ethnic_group, headcount, share_pct from marts_candidate.mart_census__role_by_ethnicity "
        "where unit_code = %s and role = 'Total'",
        LONDON,
    )
    assert len(expected) == 8 * 6
    assert {(y, g): (h, 100.0 if g == "Total" else s) for y, g, h, s in shown.values} == {
        key: (headcount, 100.0 if share is None else share) for key, (headcount, share) in expected.items()
    }


def test_london_roles_by_ethnic_group_are_as_published(built_real_warehouse: Settings) -> None:
    groups = {
        "Black": "Black / African / Caribbean / Black British",
        "Asian": "Asian / Asian British",
        "Mixed": "Mixed / Multiple ethnic groups",
        "Other": "Other ethnic group",
    }
    expected = {
        (role, groups.get(group, group)): _headcount_and_share(text)
        for role, group, text in published.read_table(published.LONDON_ROLES_2024)
    }
    shown = read_frame(
        built_real_warehouse,
        "select role, ethnic_group, headcount, share_pct from marts_candidate.mart_census__role_by_ethnicity "
        "where unit_code = %s and census_year = 2024",
        LONDON,
    )
    cells = {(role, group): (headcount, share) for role, group, headcount, share in shown.values}
    assert len(expected) == 7 * 7
    for key, (headcount, share) in expected.items():
        assert cells[key][0] == headcount, key
        assert share is None or cells[key][1] == share, key


def test_black_staff_are_fewer_with_every_step_up_in_england(built_real_warehouse: Settings) -> None:
    # Press report of DfE's dashboard: 20.5% of case holders, 13.1% of senior practitioners, 10.2% of managers.
    shown = read_frame(
        built_real_warehouse,
        "select role, ethnic_group, headcount from marts_candidate.mart_census__role_by_ethnicity "
        "where unit_code = %s and census_year = 2024 and (ethnic_group = 'Known' or ethnic_group like 'Black%%')",
        ENGLAND,
    ).pivot(index="role", columns="ethnic_group", values="headcount")
    black = shown.columns[0]
    managers = ["Senior manager", "Middle manager", "First line manager"]
    shares = [
        100 * shown.loc[roles, black].sum() / shown.loc[roles, "Known"].sum()
        for roles in (["Case holder"], ["Senior practitioner"], managers)
    ]
    assert [round(share, 1) for share in shares] == [20.5, 13.1, 10.2]


def _headcount_and_share(text: str) -> tuple[float, float | None]:
    headcount, _, share = text.partition(" (")
    return float(headcount), float(share.rstrip(")")) if share else None
