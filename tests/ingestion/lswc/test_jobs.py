"""The job board's extract: what is loaded, what is left out, and what stops a file."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from ingestion.lswc.jobs import authority_code
from ingestion.lswc.specification import load_specification
from ingestion.settings import Settings
from tests.ingestion.lswc.files import JOB_HEADINGS, codes, current, everything, job, jobs, load, rows, write_csv


def current_jobs(settings: Settings) -> list[dict[str, object]]:
    return current(settings, "lswc_jobs__job_month", "job_month", "month")


def test_an_extract_is_loaded_with_its_ledger_row(warehouse: Settings, tmp_path: Path) -> None:
    result = load(warehouse, "lswc_jobs", write_csv(tmp_path / "jobs.csv", [job()]))
    assert (result.outcome, result.status, result.findings) == ("loaded", "accepted", ())
    assert rows(
        warehouse,
        "select collection, dataset, period_start, period_end, counting_rule, status, rows_read, rows_loaded, "
        "rows_refused, is_synthetic from ledger.deliveries",
    ) == [
        {
            "collection": "lswc_jobs", "dataset": "job_month", "period_start": date(2026, 9, 1),
            "period_end": date(2026, 9, 30), "counting_rule": "total", "status": "accepted", "rows_read": 1,
            "rows_loaded": 1, "rows_refused": 0, "is_synthetic": False,
        }
    ]  # fmt: skip
    assert rows(warehouse, "select * from raw.lswc_jobs__job_month") == [
        {
            "delivery_id": result.delivery_id, "source_row": 2, "month": date(2026, 9, 1), "borough": "Camden",
            "authority_code": "E09000007", "job_id": "J0001", "job_title": "Social Worker",
            "role_group": "Social worker", "contract_type": "Permanent", "salary_min_text": "38000",
            "salary_max_text": "45000", "salary_text": None, "salary_basis": "annual",
            "salary_annual_fte_min_gbp": Decimal(38000), "salary_annual_fte_max_gbp": Decimal(45000),
            "posted_date": date(2026, 9, 2), "closing_date": date(2026, 9, 30), "status": "live", "views": 60,
            "unique_views": 40, "apply_clicks": 20, "applications": None, "is_featured": None,
            "counting_rule": "total", "apply_counting_rule": "total",
        }
    ]  # fmt: skip


def test_a_workbook_says_the_same_as_a_csv_file(warehouse: Settings, tmp_path: Path) -> None:
    load(warehouse, "lswc_jobs", write_csv(tmp_path / "jobs.csv", jobs(3)))
    from_csv = current_jobs(warehouse)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Jobs on the site"])
    sheet.append([name.replace("_", " ").title() for name in job()])
    for row in jobs(3):
        typed = {**row, "posted_date": date(2026, 9, 2), "closing_date": date(2026, 9, 30), "month": date(2026, 9, 1)}
        sheet.append([value if value != "" else None for value in typed.values()])
    book.save(tmp_path / "jobs.xlsx")
    result = load(warehouse, "lswc_jobs", tmp_path / "jobs.xlsx")
    assert result.outcome == "loaded"
    assert current_jobs(warehouse) == from_csv
    assert rows(
        warehouse, f"select min(source_row) from raw.lswc_jobs__job_month where delivery_id = {result.delivery_id}"
    ) == [{"min": 3}]


def test_the_same_bytes_twice_change_nothing(warehouse: Settings, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "jobs.csv", jobs(3))
    load(warehouse, "lswc_jobs", path)
    before = everything(warehouse)
    assert load(warehouse, "lswc_jobs", path).outcome == "already_loaded"
    assert load(warehouse, "lswc_jobs", path.rename(tmp_path / "renamed.csv")).outcome == "already_loaded"
    assert everything(warehouse) == before


def test_overlapping_extracts_are_restated_month_by_month_never_added(warehouse: Settings, tmp_path: Path) -> None:
    load(
        warehouse,
        "lswc_jobs",
        write_csv(tmp_path / "a.csv", [job(1, month="2026-08", posted_date="2026-08-01"), job(2)]),
    )
    load(warehouse, "lswc_jobs", write_csv(tmp_path / "b.csv", [job(2, views=61), job(3)]))
    assert [(row["month"], row["job_id"], row["views"]) for row in current_jobs(warehouse)] == [
        (date(2026, 8, 1), "J0001", 60),
        (date(2026, 9, 1), "J0002", 61),
        (date(2026, 9, 1), "J0003", 60),
    ]
    # The month the second extract says nothing of is the first one's, and loading that again changes neither.
    before = current_jobs(warehouse)
    load(warehouse, "lswc_jobs", tmp_path / "a.csv")
    assert current_jobs(warehouse) == before
    assert rows(warehouse, "select count(*) from raw.lswc_jobs__job_month") == [{"count": 4}]


def test_rows_that_break_a_rule_are_left_out_and_counted_as_refused(warehouse: Settings, tmp_path: Path) -> None:
    wrong = [
        job(91, closing_date="2026-09-01"),
        job(92, unique_views=61),
        job(93, apply_clicks=61),
        job(94, views=-5, unique_views="", apply_clicks=""),
        job(95, borough="Atlantis"),
        job(96, views="many"),
        job(97, views=-1, apply_clicks=-2, unique_views=-2),
    ]
    result = load(warehouse, "lswc_jobs", write_csv(tmp_path / "jobs.csv", jobs(80) + wrong))
    assert (result.status, result.rows_read, result.rows_loaded, result.rows_refused) == (
        "accepted_with_queries", 87, 80, 7,
    )  # fmt: skip
    assert {row["job_id"] for row in current_jobs(warehouse)} == {f"J{number:04d}" for number in range(1, 81)}
    found = rows(
        warehouse,
        "select rule_code, severity, field, source_row, occurrences from ledger.findings order by rule_code, field",
    )
    assert [(each["rule_code"], each["field"], each["source_row"], each["occurrences"]) for each in found] == [
        ("LSW-007", "apply_clicks", 85, 1),
        ("LSW-007", "views", 87, 1),
        ("LSW-111", "apply_clicks", 88, 1),
        ("LSW-111", "unique_views", 88, 1),
        ("LSW-111", "views", 88, 1),
        ("LSW-301", "borough", 86, 1),
        ("LSW-302", "closing_date", 82, 1),
        ("LSW-303", "unique_views", 83, 1),
        ("LSW-304", "apply_clicks", 84, 1),
    ]
    assert {each["severity"] for each in found} == {"error"}


def test_more_clicks_than_views_is_sound_when_they_are_counted_by_different_rules(
    warehouse: Settings, tmp_path: Path
) -> None:
    extract = [
        {**row, "counting_rule": "unique_24h", "apply_counting_rule": "total", "apply_clicks": 99} for row in jobs(2)
    ]
    result = load(warehouse, "lswc_jobs", write_csv(tmp_path / "jobs.csv", extract))
    assert (result.status, result.rows_refused) == ("accepted", 0)


def test_figures_of_two_counting_rules_stand_beside_each_other_and_never_replace_each_other(
    warehouse: Settings, tmp_path: Path
) -> None:
    for rule, views in (("unique_24h", 40), ("total", 60)):
        extract = [{**row, "counting_rule": rule, "views": views} for row in jobs(1)]
        load(warehouse, "lswc_jobs", write_csv(tmp_path / f"{rule}.csv", extract))
    assert {row["counting_rule"]: row["views"] for row in current_jobs(warehouse)} == {"total": 60, "unique_24h": 40}


def test_too_many_bad_rows_refuse_the_extract_and_the_last_good_month_stays(
    warehouse: Settings, tmp_path: Path
) -> None:
    load(warehouse, "lswc_jobs", write_csv(tmp_path / "good.csv", jobs(20)))
    before = current_jobs(warehouse)
    bad = jobs(10) + jobs(10, first=11, apply_clicks=61)
    result = load(warehouse, "lswc_jobs", write_csv(tmp_path / "bad.csv", bad))
    assert (result.outcome, result.rows_read, result.rows_loaded, result.rows_refused) == ("refused", 20, 0, 20)
    assert "LSW-106" in codes(result)
    assert current_jobs(warehouse) == before
    (kept,) = warehouse.quarantine.rglob("*.csv")
    assert kept.read_bytes() == (tmp_path / "bad.csv").read_bytes()


def test_a_month_that_never_came_is_asked_for(warehouse: Settings, tmp_path: Path) -> None:
    load(warehouse, "lswc_jobs", write_csv(tmp_path / "july.csv", [job(1, month="2026-07", posted_date="2026-07-01")]))
    result = load(warehouse, "lswc_jobs", write_csv(tmp_path / "september.csv", [job(2)]))
    assert (result.status, codes(result)) == ("accepted_with_queries", ["LSW-105"])
    assert "August 2026" in result.findings[0].message


def test_a_rejected_extract_is_taken_when_the_rules_allow_it(warehouse: Settings, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "jobs.csv", jobs(5))
    early = load(warehouse, "lswc_jobs", path, as_of=date(2026, 9, 30))
    assert (early.status, codes(early)) == ("rejected", ["LSW-107"])
    later = load(warehouse, "lswc_jobs", path, as_of=date(2026, 10, 1))
    assert (later.status, later.delivery_id) == ("accepted", early.delivery_id)
    assert rows(warehouse, "select count(*) from ledger.findings") == [{"count": 0}]
    assert not list(warehouse.quarantine.rglob("*.csv"))


def test_a_job_that_stands_twice_in_a_month_is_left_out_both_times(warehouse: Settings, tmp_path: Path) -> None:
    result = load(warehouse, "lswc_jobs", write_csv(tmp_path / "jobs.csv", [*jobs(30), job(31), job(31, views=61)]))
    assert (result.rows_loaded, result.rows_refused, codes(result)) == (30, 2, ["LSW-112"])


@pytest.mark.parametrize(
    ("borough", "code"),
    [
        ("Camden", "E09000007"),
        ("London Borough of Camden", "E09000007"),
        ("camden council", "E09000007"),
        ("Royal Borough of Kensington and Chelsea", "E09000020"),
        ("Hammersmith & Fulham", "E09000013"),
        ("E09000030", "E09000030"),
        ("Kingston upon Thames", "E09000021"),
        ("Kingston upon Thames and Richmond upon Thames", "E09000021 / E09000027"),
        ("Achieving for Children", "E09000021 / E09000027"),
        ("City of Westminster", "E09000033"),
        ("Surrey", None),
        ("", None),
    ],
)
def test_a_borough_is_known_by_its_names(borough: str, code: str | None) -> None:
    assert authority_code(borough, load_specification("lswc_jobs").described["boroughs"]) == code


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"posted_date": "09/23/2026", "closing_date": "09/30/2026"}, "LSW-006", "US order"),
        ({"posted_date": "02/09/2026", "closing_date": "03/09/2026"}, "LSW-006", "may be in British or in US order"),
        ({"posted_date": "23/09/2026", "closing_date": "09/30/2026"}, "LSW-006", "some in US order"),
        ({"views": "1.234,5"}, "LSW-005", "Continent"),
        ({"views": "1.234"}, "LSW-005", "Continent"),
        ({"favourite_colour": "blue"}, "LSW-003", "favourite_colour"),
        ({"email": ""}, "LSW-002", "single people"),
    ],
)
def test_an_extract_that_cannot_be_trusted_is_refused_and_the_last_good_month_stays(
    good_month: Settings, tmp_path: Path, changes: dict[str, object], code: str, says: str
) -> None:
    before = current_jobs(good_month)
    result = load(good_month, "lswc_jobs", write_csv(tmp_path / "jobs.csv", [job(**changes)]))  # type: ignore[arg-type]
    assert (result.outcome, codes(result)) == ("refused", [code])
    assert says in result.findings[0].message
    assert current_jobs(good_month) == before
    assert rows(good_month, f"select status from ledger.deliveries where delivery_id = {result.delivery_id}") == [
        {"status": "rejected"}
    ]


def test_british_dates_are_taken_where_they_are_beyond_doubt(good_month: Settings, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "jobs.csv", [job(posted_date="03/08/2026", closing_date="30/09/2026")])
    result = load(good_month, "lswc_jobs", path)
    assert result.outcome == "loaded"
    assert current_jobs(good_month)[0]["posted_date"] == date(2026, 8, 3)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("month,borough\n2026-09,Camden\n", "LSW-004"),
        (f"{JOB_HEADINGS}\n", "LSW-001"),
        (f"{JOB_HEADINGS},Views\n{'x,' * 15}\n", "LSW-003"),
        ("counting_rule,another\n", "LSW-004"),
    ],
)
def test_a_file_that_is_no_extract_is_refused_by_name(
    good_month: Settings, tmp_path: Path, text: str, code: str
) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text(text)
    assert codes(load(good_month, "lswc_jobs", path)) == [code]


def test_two_counting_rules_in_one_extract_are_refused(good_month: Settings, tmp_path: Path) -> None:
    mixed = [{**job(1), "counting_rule": "total"}, {**job(2), "counting_rule": "unique_24h"}]
    assert codes(load(good_month, "lswc_jobs", write_csv(tmp_path / "jobs.csv", mixed))) == ["LSW-014"]


@pytest.fixture(scope="module")
def good_month(new_warehouse: Callable[[str], Settings], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A warehouse with one good month, which refused extracts leave as it is."""
    settings = new_warehouse("jobs")
    load(settings, "lswc_jobs", write_csv(tmp_path_factory.mktemp("jobs") / "jobs.csv", jobs(3)))
    return settings
