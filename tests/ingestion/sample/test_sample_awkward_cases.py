"""The awkward cases are where `awkward_cases.yml` says they are."""

from collections.abc import Callable

import pandas as pd
import pytest

from ingestion.sample import AWKWARD_CASES, awkward_case
from tests.ingestion.sample.generated_sample import Sample

Cell = Callable[..., str]
LONDON, INNER, OUTER, ENGLAND = "E12000007", "E13000001", "E13000002", "E92000001"
KEY = ["time_period", "geographic_level", "region_code", "new_la_code"]


@pytest.mark.parametrize("case", AWKWARD_CASES, ids=lambda case: case.name)
def test_a_case_names_a_published_unit(case: object, sample: Sample) -> None:
    rows = sample.indicators[sample.indicators["new_la_code"] == case.unit_code]
    assert set(rows["la_name"]) == {case.unit_name}
    assert {str(year) for year in case.years} <= set(rows["time_period"])


def test_withheld_agency_fte_leaves_the_headcount_published(cell: Cell) -> None:
    case = awkward_case("agency_withheld")
    for indicator in ("agency_fte", "agency_rate_fte", "agency_cover_rate_fte"):
        assert cell(case.unit_code, 2023, indicator) == "u"
    for indicator in ("agency_headcount", "agency_rate_headcount", "agency_cover_fte", "vacancy_agency_cover_rate_fte"):
        assert float(cell(case.unit_code, 2023, indicator)) > 0


def test_the_withheld_rule_shows_in_outer_londons_agency_rate(cell: Cell) -> None:
    naive = (
        100
        * float(cell(OUTER, 2023, "agency_fte"))
        / (float(cell(OUTER, 2023, "agency_fte")) + float(cell(OUTER, 2023, "inpost_fte")))
    )
    assert abs(float(cell(OUTER, 2023, "agency_rate_fte")) - naive) > 0.15


def test_unavailable_agency_fte_leaves_the_headcount_published(cell: Cell) -> None:
    case = awkward_case("agency_unavailable")
    for year in case.years:
        assert cell(case.unit_code, year, "agency_fte") == cell(case.unit_code, year, "agency_cover_rate_fte") == "x"
        assert int(cell(case.unit_code, year, "agency_headcount")) > 0
    assert float(cell(case.unit_code, 2021, "agency_fte")) > 0


def test_the_missing_unit_is_x_throughout_and_london_holds_its_earlier_figures(sample: Sample, cell: Cell) -> None:
    case = awkward_case("missing_unit")
    rows = sample.indicators[sample.indicators["new_la_code"] == case.unit_code].set_index("time_period")
    assert set(rows.loc["2025"].iloc[9:]) == {"x"}
    assert "x" not in set(rows.loc["2024"].iloc[9:])
    for area in (OUTER, LONDON):
        regions = [OUTER] if area == OUTER else [INNER, OUTER]
        year = sample.indicators[sample.indicators["time_period"] == "2025"]
        others = year[year["region_code"].isin(regions) & ~year["new_la_code"].isin(["", case.unit_code])]
        total = others["inpost_headcount"].astype(int).sum()
        assert int(cell(area, 2025, "inpost_headcount")) == total + int(cell(case.unit_code, 2024, "inpost_headcount"))


def test_the_carried_forward_row_repeats_the_year_before(sample: Sample) -> None:
    case = awkward_case("carried_forward_unit")
    for frame in (sample.indicators, sample.release_before):
        rows = frame[frame["new_la_code"] == case.unit_code].set_index("time_period")
        assert list(rows.loc["2022"].iloc[9:]) == list(rows.loc["2021"].iloc[9:])
        assert list(rows.loc["2023"].iloc[9:]) != list(rows.loc["2022"].iloc[9:])
    roles = sample.roles[sample.roles["new_la_code"] == case.unit_code]
    of_2021, of_2022 = (roles[roles["time_period"] == year].iloc[:, 10:].to_numpy() for year in ("2021", "2022"))
    assert (of_2021 == of_2022).all()


def test_no_other_row_repeats_the_year_before(sample: Sample) -> None:
    london = sample.indicators[sample.indicators["new_la_code"].str.startswith("E09")]
    repeats = london[london.duplicated(list(london.columns[7:]), keep=False)]
    assert set(repeats["la_name"]) == {awkward_case("carried_forward_unit").unit_name}


def test_suppressed_absence(cell: Cell) -> None:
    for name in ("absence_suppressed_in_tiny_authority", "absence_suppressed"):
        case = awkward_case(name)
        for year in case.years:
            assert cell(case.unit_code, year, "working_days_lost_fte") == "c"
            assert cell(case.unit_code, year, "absence_rate_fte") == "c"


def test_nobody_in_post_makes_rates_not_applicable(cell: Cell) -> None:
    case = awkward_case("nobody_in_post")
    for year in case.years:
        assert cell(case.unit_code, year, "inpost_headcount") == "0"
        for indicator in ("turnover_rate_fte", "turnover_rate_headcount", "working_days_lost_fte", "absence_rate_fte"):
            assert cell(case.unit_code, year, indicator) == "z"
        assert cell(case.unit_code, year, "agency_rate_fte") == "100"
    assert cell(case.unit_code, 2021, "leavers_headcount") == "1"


def test_no_agency_and_no_vacancies_are_true_zeros(cell: Cell) -> None:
    city = awkward_case("very_small_unit").unit_code
    assert cell(city, 2019, "agency_fte") == cell(city, 2019, "agency_rate_fte") == "0"
    assert cell(city, 2019, "agency_cover_rate_fte") == "z"
    assert cell(city, 2021, "vacancy_fte") == cell(city, 2021, "vacancy_rate_fte") == "0"
    assert cell(city, 2021, "vacancy_agency_cover_rate_fte") == "z"


def test_what_rounds_to_zero_is_low(sample: Sample, cell: Cell) -> None:
    agency = awkward_case("agency_rounds_to_zero")
    for year in agency.years:
        assert {
            cell(agency.unit_code, year, name) for name in ("agency_fte", "agency_rate_fte", "agency_cover_fte")
        } == {"low"}
        assert cell(agency.unit_code, year, "agency_headcount") == "2"
        assert cell(agency.unit_code, year, "agency_cover_rate_fte") == "100"
    absence = awkward_case("absence_rounds_to_zero")
    assert cell(absence.unit_code, 2021, "working_days_lost_fte") == "0.5"
    assert cell(absence.unit_code, 2021, "absence_rate_fte") == "low"
    casual = awkward_case("casual_worker")
    low = sample.roles[(sample.roles["inpost_FTE"] == "low") & (sample.roles["time_period"] == "2024")]
    assert set(low["la_name"]) == {casual.unit_name}
    assert set(low["inpost_headcount"]) == {"1"}


def test_cover_rates_above_100_are_withheld(cell: Cell) -> None:
    case = awkward_case("agency_cover_above_agency")
    assert cell(case.unit_code, 2019, "agency_cover_rate_fte") == "u"
    assert float(cell(case.unit_code, 2019, "agency_cover_fte")) > float(cell(case.unit_code, 2019, "agency_fte"))
    case = awkward_case("agency_cover_above_vacancies")
    for year in case.years:
        assert cell(case.unit_code, year, "vacancy_agency_cover_rate_fte") == "u"
        assert float(cell(case.unit_code, year, "agency_cover_fte")) > float(cell(case.unit_code, year, "vacancy_fte"))


def test_the_current_release_revises_a_handful_of_cells(sample: Sample) -> None:
    before = sample.release_before.set_index(KEY)
    current = sample.indicators.set_index(KEY).loc[before.index]
    changed = (before.iloc[:, 6:] != current.iloc[:, 6:]).stack()
    places = changed[changed].index.to_frame(index=False, name=[*KEY, "indicator"])
    assert 20 <= len(places) <= 80
    revised = {
        (case.unit_code, str(year))
        for case in AWKWARD_CASES
        if case.effect == "revised" or not case.in_release_before
        for year in case.years
    }
    units = places[places["geographic_level"] == "Local authority"]
    assert set(zip(units["new_la_code"], units["time_period"], strict=True)) == revised
    assert set(places["time_period"]) == {year for _, year in revised}


def test_revisions_change_numbers_and_symbols_both_ways(sample: Sample) -> None:
    def cells(code: str, year: str, indicator: str) -> tuple[str, str]:
        found = [
            frame[(frame["new_la_code"] == code) & (frame["time_period"] == year)][indicator].item()
            for frame in (sample.release_before, sample.indicators)
        ]
        return found[0], found[1]

    earlier, later = cells("E09000005", "2024", "leavers_headcount")
    assert int(earlier) < int(later)
    earlier, later = cells("E06000009", "2024", "leavers_fte")
    assert (float(earlier) > 0, later) == (True, "u")
    earlier, later = cells("E09000029", "2022", "absence_rate_fte")
    assert (earlier, float(later) > 0) == ("x", True)
    england = [
        pd.to_numeric(
            frame[(frame["geographic_level"] == "National") & (frame["time_period"] == "2024")]["cases"]
        ).item()
        for frame in (sample.release_before, sample.indicators)
    ]
    assert england[0] > england[1], "a revision reaches the national row"
