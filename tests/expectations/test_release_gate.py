"""The release gate: what it refuses, what it queries, what it lets through, and what the ledger says of it."""

import csv
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from expectations.data_docs import data_docs_folder
from expectations.release_gate import check_releases
from expectations.rules import load_all_rules
from ingestion.settings import Settings
from tests.conftest import REAL_RELEASES, needs_real_data
from tests.expectations.conftest import check_all, findings_of_release, receive, receive_published, status_of_release
from tests.expectations.published import (
    Change,
    Published,
    Row,
    indicators,
    role_by_characteristics,
    role_by_ethnicity_wide,
    with_figure,
)

YEARS = (2022, 2023, 2024)


def for_every(change: Callable[[Row], object], **where: str) -> Change:
    """A change made to every row with these values."""

    def changed(release: Published) -> None:
        for row in release.where(**where) if where else release.rows:
            change(row)

    return changed


def without(**where: str) -> Change:
    """A change that takes rows out."""
    return lambda release: release.remove(release.where(**where))


def without_units(count: int) -> Change:
    """A change that takes so many London units out of 2024."""

    def changed(release: Published) -> None:
        london = [row for row in release.where(time_period="2024") if row["new_la_code"].startswith("E09")]
        codes = sorted({row["new_la_code"] for row in london})[:count]
        release.remove(row for row in london if row["new_la_code"] in codes)

    return changed


def with_row(**values: str) -> Change:
    """A change that adds a copy of Camden's newest row, other in these values."""
    return lambda release: release.rows.append(release.where(la_name="Camden")[0] | values)


def with_column(name: str) -> Change:
    """A change that adds a column."""

    def changed(release: Published) -> None:
        release.header.append(name)
        for row in release.rows:
            row[name] = "1"

    return changed


def without_column(*names: str) -> Change:
    """A change that takes columns out of the file."""

    def changed(release: Published) -> None:
        release.header = [column for column in release.header if column not in names]
        for row in release.rows:
            for name in names:
                del row[name]

    return changed


def shifted(years: int) -> Change:
    """A change that moves every census year."""
    return for_every(lambda row: row.update(time_period=str(int(row["time_period"]) + years)))


ERRORS: list[tuple[str, str | None, Callable[..., Published], Change]] = [
    ("DCS-001", "time_period", indicators, shifted(-20)),
    ("DCS-002", "time_period", indicators, shifted(50)),
    ("DCS-011", "region_code", indicators, without(region_code="E12000007", time_period="2023")),
    ("DCS-013", "new_la_code", indicators, without_units(9)),
    ("DCS-020", "time_period", indicators, with_row(time_period="2023/24")),
    ("DCS-023", "country_code", indicators, with_row(country_code="W92000004", new_la_code="W06000001")),
    ("DCS-024", "region_code", indicators, with_figure("region_code", "South West", la_name="Isles of Scilly")),
    ("DCS-026", "new_la_code", indicators, with_figure("new_la_code", "420", la_name="Isles of Scilly")),
    ("DCS-029", None, indicators, with_row(inpost_fte="99")),
    ("DCS-030", "agency_fte", indicators, with_figure("agency_fte", "n/a")),
    ("DCS-030", "cases", indicators, with_figure("cases", "1,400 (r)")),
    ("DCS-032", "vacancy_fte", indicators, with_figure("vacancy_fte", "-1")),
    ("DCS-100", "inpost_headcount", indicators, with_figure("inpost_headcount", "105.4")),
    ("DCS-101", "agency_rate_fte", indicators, with_figure("agency_rate_fte", "130")),
    ("DCS-103", "turnover_rate_fte", indicators, with_figure("turnover_rate_fte", "1220")),
    ("DCS-106", "caseload_fte", indicators, with_figure("caseload_fte", "60")),
    ("DCS-108", "absence_rate_fte", indicators, with_figure("absence_rate_fte", "280")),
    ("DCS-200", "role", role_by_characteristics, with_figure("role", "Director")),
    ("DCS-201", "breakdown", role_by_characteristics, with_figure("breakdown", "Chinese")),
    ("DCS-202", "inpost_headcount", role_by_characteristics, with_figure("inpost_headcount", "10.5")),
    ("DCS-203", "inpost_fte_percentage", role_by_characteristics, with_figure("inpost_FTE_percentage", "101")),
    ("DCS-300", "role", role_by_ethnicity_wide, with_figure("OrgRole", "Director")),
    ("DCS-301", "black", role_by_ethnicity_wide, with_figure("black", "10.5")),
    ("DCS-302", "asian_perc", role_by_ethnicity_wide, with_figure("asian_perc", "120")),
]

QUERIES: list[tuple[str, str | None, Callable[..., Published], Change]] = [
    ("DCS-004", None, indicators, with_column("wellbeing_score")),
    ("DCS-005", None, indicators, without_column("starters_fte", "starters_headcount")),
    ("DCS-010", "time_period", indicators, without(time_period="2023")),
    ("DCS-012", "region_code", indicators, without(geographic_level="National", time_period="2024")),
    ("DCS-014", "new_la_code", indicators, without(la_name="Camden", time_period="2023")),
    ("DCS-021", "time_identifier", indicators, for_every(lambda row: row.update(time_identifier="Financial year"))),
    ("DCS-022", "geographic_level", indicators, with_row(geographic_level="Local authority district")),
    ("DCS-025", "region_code", indicators, with_figure("region_code", "E12000099", la_name="Isles of Scilly")),
    ("DCS-027", "new_la_code", indicators, with_row(new_la_code="E09000034", la_name="New Borough")),
    ("DCS-028", "region_code", indicators, with_figure("region_code", "E13000002", la_name="Camden")),
    ("DCS-031", "leavers_fte", indicators, with_figure("leavers_fte", "")),
    ("DCS-102", "turnover_rate_headcount", indicators, with_figure("turnover_rate_headcount", "110")),
    ("DCS-104", "agency_cover_rate_fte", indicators, with_figure("agency_cover_rate_fte", "300")),
    ("DCS-105", "caseload_fte", indicators, with_figure("caseload_fte", "45")),
    ("DCS-107", "absence_rate_fte", indicators, with_figure("absence_rate_fte", "25")),
    ("DCS-109", "inpost_fte", indicators, with_figure("inpost_fte", "105.1")),
]


@pytest.mark.parametrize("make", [indicators, role_by_characteristics, role_by_ethnicity_wide])
def test_a_sound_release_is_accepted_without_a_finding(
    gate_warehouse: Settings, tmp_path: Path, make: Callable[..., Published]
) -> None:
    release_id = receive_published(gate_warehouse, tmp_path, make(*YEARS))
    assert list(check_all(gate_warehouse).values()) == ["passed"]
    assert status_of_release(gate_warehouse, release_id) == "accepted"
    assert findings_of_release(gate_warehouse, release_id) == []


def test_every_error_refuses_its_release_and_says_which_field(gate_warehouse: Settings, tmp_path: Path) -> None:
    received = _receive_changed(gate_warehouse, tmp_path, ERRORS)
    outcomes = check_all(gate_warehouse)
    for (code, field, _, _), (release_id, name) in zip(ERRORS, received, strict=True):
        found = {
            (each.rule_code, each.severity, each.field) for each in findings_of_release(gate_warehouse, release_id)
        }
        assert (code, "error", field) in found, f"{code}: {found}"
        assert outcomes[name] == "failed", code
        assert status_of_release(gate_warehouse, release_id) == "rejected", code


def test_every_query_lets_its_release_through_and_is_the_only_finding(gate_warehouse: Settings, tmp_path: Path) -> None:
    received = _receive_changed(gate_warehouse, tmp_path, QUERIES)
    check_releases(gate_warehouse)
    for (code, field, _, _), (release_id, _) in zip(QUERIES, received, strict=True):
        found = [
            (each.rule_code, each.severity, each.field) for each in findings_of_release(gate_warehouse, release_id)
        ]
        assert found == [(code, "query", field)], code
        assert status_of_release(gate_warehouse, release_id) == "accepted_with_queries", code


def test_every_rule_on_releases_has_a_case_that_fails_it() -> None:
    tried = {code for code, *_ in [*ERRORS, *QUERIES]} | {"DCS-003"}
    assert tried == {rule.code for rule in load_all_rules() if "DCS-" <= rule.code < "DCS-500"}


def _receive_changed(
    settings: Settings, folder: Path, cases: list[tuple[str, str | None, Callable[..., Published], Change]]
) -> list[tuple[int, str]]:
    received = []
    for number, (code, _, make, change) in enumerate(cases):
        release = make(*YEARS)
        # Each file has its own bytes, whatever the change.
        with_figure("inpost_FTE" if make is role_by_characteristics else release.header[-1], f"{number + 1}",
                    la_name="Hackney")(release)  # fmt: skip
        change(release)
        name = f"{code}_{number}.csv"
        received.append((receive_published(settings, folder, release, name), name))
    return received


def test_a_file_named_for_another_year_is_queried(gate_warehouse: Settings, tmp_path: Path) -> None:
    release = indicators(2021, 2022)
    release_id = receive_published(gate_warehouse, tmp_path, release, "csww_indicators_2017_to_2024.csv")
    check_releases(gate_warehouse)
    (finding,) = findings_of_release(gate_warehouse, release_id)
    assert (finding.rule_code, finding.severity) == ("DCS-003", "query")
    assert "csww_indicators_2017_to_2024.csv holds years to 2022" in finding.message


def test_a_refused_release_leaves_raw_and_the_one_before_stays_current(warehouse: Settings, tmp_path: Path) -> None:
    good = receive_published(warehouse, tmp_path, indicators(2022, 2023), "good.csv")
    check_releases(warehouse)
    release = indicators(*YEARS)
    with_figure("agency_rate_fte", "130")(release)
    bad = receive_published(warehouse, tmp_path, release, "bad.csv")

    (result,) = check_releases(warehouse)

    assert (result.outcome, result.errors) == ("failed", 1)
    with warehouse.connect("loader") as connection:
        rows_of = "select release_id, count(*) from raw.dfe_census__indicators group by 1"
        assert connection.execute(rows_of).fetchall() == [(good, 2 * 45)]
        ledger_row = "select status, rows_read, rows_loaded, rows_refused from ledger.releases where release_id = %s"
        assert connection.execute(ledger_row, [bad]).fetchone() == ("rejected", 3 * 45, 0, 3 * 45)
        current = "select release_id from ledger.current_releases where is_current"
        assert connection.execute(current).fetchall() == [(good,)]
        why = "select outcome, reason from ledger.gate_runs order by gate_run_id desc limit 1"
        outcome, reason = connection.execute(why).fetchone() or ("", "")
    assert outcome == "failed"
    assert reason.startswith("DCS-101 (agency_rate_fte): A share of posts above 100%: Camden 2024 130.")


def test_one_bad_release_does_not_pull_down_those_checked_with_it(warehouse: Settings, tmp_path: Path) -> None:
    good = receive_published(warehouse, tmp_path, indicators(2022, 2023), "good.csv")
    release = indicators(*YEARS)
    with_row(inpost_fte="99")(release)
    bad = receive_published(warehouse, tmp_path, release, "bad.csv")
    role = receive_published(warehouse, tmp_path, role_by_characteristics(2024), "role.csv")
    assert check_all(warehouse) == {"good.csv": "passed", "bad.csv": "failed", "role.csv": "passed"}
    assert [status_of_release(warehouse, each) for each in (good, bad, role)] == ["accepted", "rejected", "accepted"]


def test_a_release_is_checked_once(warehouse: Settings, tmp_path: Path) -> None:
    receive_published(warehouse, tmp_path, indicators(2024))
    assert len(check_releases(warehouse)) == 1
    assert check_releases(warehouse) == []


def test_a_wholly_bad_file_is_a_few_findings_that_name_the_first_row(warehouse: Settings, tmp_path: Path) -> None:
    release = indicators(*YEARS)
    for row in release.rows[10:]:
        row["cases"] = "?"
        row["absence_rate_fte"] = "missing"
    release_id = receive_published(warehouse, tmp_path, release)
    check_releases(warehouse)
    findings = {each.field: each for each in findings_of_release(warehouse, release_id)}
    assert set(findings) == {"cases", "absence_rate_fte"}
    assert findings["cases"].source_row == 12
    assert findings["cases"].occurrences == 3 * 45 - 10
    assert "'?'" in findings["cases"].message
    assert findings["absence_rate_fte"].message.endswith("(x z c u low): 'missing'.")


def test_a_finding_names_its_spreadsheet_row(warehouse: Settings, tmp_path: Path) -> None:
    release = indicators(*YEARS)
    wrong = release.where(la_name="Hackney", time_period="2023")[0]
    wrong["vacancy_rate_fte"] = "130"
    release_id = receive_published(warehouse, tmp_path, release)
    check_releases(warehouse)
    (finding,) = findings_of_release(warehouse, release_id)
    assert finding.source_row == release.source_row(wrong)
    assert "Hackney 2023 130" in finding.message


def test_missing_units_are_listed_by_name_and_year(warehouse: Settings, tmp_path: Path) -> None:
    release = indicators(*YEARS)
    without(la_name="Merton", time_period="2022")(release)
    for_every(
        lambda row: row.update({name: "x" for name in row if name in release.header[10:]}),
        la_name="Kingston upon Thames / Richmond upon Thames",
        time_period="2024",
    )(release)
    release_id = receive_published(warehouse, tmp_path, release)
    check_releases(warehouse)
    (finding,) = findings_of_release(warehouse, release_id)
    assert (finding.rule_code, finding.occurrences) == ("DCS-014", 2)
    assert "Merton 2022; Kingston upon Thames / Richmond upon Thames 2024" in finding.message


def test_kingston_and_richmond_may_stand_as_two_rows_one_of_them_empty(warehouse: Settings, tmp_path: Path) -> None:
    release = indicators(2024)
    (joint,) = release.where(new_la_code="E09000021 / E09000027")
    joint |= {"new_la_code": "E09000021", "old_la_code": "314", "la_name": "Kingston upon Thames"}
    empty = dict.fromkeys(release.header[10:], "z")
    release.rows.append(joint | empty | {"new_la_code": "E09000027", "la_name": "Richmond upon Thames"})
    release_id = receive_published(warehouse, tmp_path, release)
    check_releases(warehouse)
    assert findings_of_release(warehouse, release_id) == []


def test_other_characteristics_than_ethnicity_are_let_through(warehouse: Settings, tmp_path: Path) -> None:
    release = role_by_characteristics(2024)
    ages = [row | {"breakdown_topic": "Age group", "breakdown": "20 to 29"} for row in release.where(breakdown="White")]
    release.rows += ages
    release_id = receive_published(warehouse, tmp_path, release)
    check_releases(warehouse)
    assert findings_of_release(warehouse, release_id) == []


def test_a_role_release_without_its_ethnicity_rows_is_refused(warehouse: Settings, tmp_path: Path) -> None:
    release = role_by_characteristics(2024)
    for_every(lambda row: row.update(breakdown_topic="Age group"))(release)
    release_id = receive_published(warehouse, tmp_path, release)
    check_releases(warehouse)
    codes = {each.rule_code for each in findings_of_release(warehouse, release_id) if each.severity == "error"}
    assert codes == {"DCS-011", "DCS-013"}


def test_gross_figures_outside_london_do_not_refuse_a_release(warehouse: Settings, tmp_path: Path) -> None:
    release = indicators(2024)
    (scilly,) = release.where(la_name="Isles of Scilly")
    scilly |= {"caseload_fte": "75", "turnover_rate_fte": "300", "absence_rate_fte": "120"}
    release_id = receive_published(warehouse, tmp_path, release)
    check_releases(warehouse)
    assert status_of_release(warehouse, release_id) == "accepted_with_queries"


@needs_real_data
def test_all_five_real_files_are_accepted(warehouse: Settings) -> None:
    release_ids = {path.name: receive(warehouse, path) for path in sorted(REAL_RELEASES.glob("*.csv"))}
    assert len(release_ids) == 5
    check_releases(warehouse)
    found = {
        name: {(each.rule_code, each.field) for each in findings_of_release(warehouse, release_id)}
        for name, release_id in release_ids.items()
    }
    # Bromley's 188 FTE are 187 people in 2022, in every release; the other two are figures of 2017.
    assert found == {
        "csww_headline_measures_2017_to_2022.csv": {
            ("DCS-005", None),
            ("DCS-109", "inpost_fte"),
            ("DCS-109", "leavers_fte"),
        },
        "csww_indicators_2017_to_2023.csv": {("DCS-109", "inpost_fte"), ("DCS-109", "starters_fte")},
        "csww_indicators_2017_to_2024.csv": {("DCS-109", "inpost_fte"), ("DCS-109", "starters_fte")},
        "csww_role_by_characteristics_inpost_2019_to_2024.csv": set(),
        "csww_workforce_role_by_ethnicity_2019_to_2022.csv": set(),
    }
    assert "rejected" not in {status_of_release(warehouse, release_id) for release_id in release_ids.values()}


@needs_real_data
def test_a_sane_next_release_is_accepted(warehouse: Settings, tmp_path: Path) -> None:
    """The release of 2024 with a year more, a column more, a level more, a new symbol's place and other line ends."""
    with (REAL_RELEASES / "csww_indicators_2017_to_2024.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    newest = [row | {"time_period": "2025"} for row in rows if row["time_period"] == "2024"]
    newest += [newest[0] | {"geographic_level": "Local skills improvement plan area", "la_name": "Somewhere"}]
    for row in newest:
        row["starters_fte"] = "c"
    path = tmp_path / "csww_indicators_2017_to_2025.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "base_salary_median"], restval="42000", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(newest + rows)
    release_id = receive(warehouse, path)
    check_releases(warehouse)
    assert status_of_release(warehouse, release_id) == "accepted_with_queries"
    assert {each.severity for each in findings_of_release(warehouse, release_id)} == {"query"}


def test_data_docs_show_each_release_once_and_need_no_other_server(warehouse: Settings, tmp_path: Path) -> None:
    release = indicators(2024)
    with_figure("agency_rate_fte", "130")(release)
    path = release.write(tmp_path / "CSWW 2024 (final.v2).csv")
    for _ in range(2):  # Refused, and then received and refused again: one page, the newest.
        receive(warehouse, path)
        check_releases(warehouse)
    folder = data_docs_folder(warehouse)
    pages = list(folder.rglob("CSWW 2024 _final_v2_.html"))
    assert len(pages) == 1
    page, index = pages[0].read_text(), (folder / "index.html").read_text()
    assert "DCS-101" in page and "Camden 2024 130" in page
    assert quote(pages[0].relative_to(folder).as_posix()) in index
    for html in (page, index):
        assert "http" not in html and "<script" not in html
