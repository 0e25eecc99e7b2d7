"""The sample of London Social Work for Children: exact formats, near the milestones, loaded without a complaint."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from ingestion.lswc.intake import load_path
from ingestion.sample.lswc import write_lswc
from ingestion.sample.manifest import SampleError
from ingestion.settings import Settings
from tests.ingestion.lswc.files import everything, rows

COLLECTIONS = ("lswc_web", "lswc_jobs", "lswc_audience")


@pytest.fixture(scope="module")
def lswc_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lswc")
    write_lswc(folder)
    return folder


@pytest.fixture(scope="module")
def lswc_warehouse(new_warehouse: Callable[[str], Settings], lswc_sample: Path) -> Settings:
    """A warehouse with the sample loaded."""
    settings = new_warehouse("lswc")
    for collection in COLLECTIONS:
        for result in load_path(settings, collection, lswc_sample / collection):  # type: ignore[arg-type]
            assert result.outcome == "loaded", result
            assert {finding.severity for finding in result.findings} <= {"query"}, result
    return settings


def test_the_same_seed_gives_the_same_bytes(lswc_sample: Path, tmp_path: Path) -> None:
    again = write_lswc(tmp_path)
    assert {path.relative_to(tmp_path): path.read_bytes() for path in again} == {
        path.relative_to(lswc_sample): path.read_bytes() for path in lswc_sample.rglob("*") if path.is_file()
    }


def test_the_manifest_lists_every_file_by_its_hash(lswc_sample: Path) -> None:
    manifest = json.loads((lswc_sample / "SYNTHETIC.json").read_text())
    assert manifest["synthetic"] is True
    assert manifest["files"] == {
        path.relative_to(lswc_sample).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in lswc_sample.rglob("*")
        if path.is_file() and path.name != "SYNTHETIC.json"
    }


def test_a_file_the_sample_did_not_make_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "lswc_audience").mkdir()
    (tmp_path / "lswc_audience" / "registrations.csv").write_text("mine")
    with pytest.raises(SampleError, match="did not make it"):
        write_lswc(tmp_path)
    assert (tmp_path / "lswc_audience" / "registrations.csv").read_text() == "mine"


def test_every_month_from_july_2023_to_october_2026_is_there(lswc_sample: Path) -> None:
    months = [f"{year}-{month:02}" for year in range(2023, 2027) for month in range(1, 13)]
    expected = months[months.index("2023-07") : months.index("2026-10") + 1]
    assert sorted(path.stem[-7:] for path in (lswc_sample / "lswc_web").glob("*.json")) == expected
    assert sorted(path.stem[-7:] for path in (lswc_sample / "lswc_jobs").iterdir()) == expected


def test_linkedin_and_x_come_in_their_own_formats(lswc_sample: Path) -> None:
    export = min((lswc_sample / "lswc_audience").glob("linkedin_*.xls"))
    assert export.read_bytes()[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    sheet = CalamineWorkbook.from_path(export).get_sheet_by_name("New followers").to_python()
    assert sheet[0] == ["Date", "Sponsored followers", "Organic followers", "Auto-invited followers", "Total followers"]
    assert sheet[1][0] == "07/01/2023"
    overview = min((lswc_sample / "lswc_audience").glob("x_*.csv")).read_text().splitlines()
    assert overview[1].startswith('"Sat, Jun 29, 2024",')
    assert overview[-1].startswith('"Sat, Jul 01, 2023",')


def test_the_first_half_year_comes_near_the_published_milestones(lswc_warehouse: Settings) -> None:
    """Visitors 30k, jobs 356, job views 20k, clicks on Apply 8k, registrations 679, followers 500+ by December 2023."""
    (found,) = rows(
        lswc_warehouse,
        "select (select total_users from raw.lswc_web__since_launch where as_at = '2023-12-31') as visitors, "
        "count(distinct job_id) filter (where posted_date < '2024-01-01') as jobs, "
        "sum(views) filter (where month < '2024-01-01') as views, "
        "sum(apply_clicks) filter (where month < '2024-01-01') as clicks, "
        "(select registrations_to_date from raw.lswc_audience__registration_month where month = '2023-12-01') "
        "as registrations, "
        "(select sum(followers) from raw.lswc_audience__follower_total where as_at = '2023-12-31') as followers "
        "from raw.lswc_jobs__job_month",
    )
    assert found["visitors"] == pytest.approx(30_000, rel=0.03)
    assert found["jobs"] == 356
    assert found["views"] == pytest.approx(20_000, rel=0.05)
    assert found["clicks"] == pytest.approx(8_000, rel=0.05)
    assert found["registrations"] == 679
    assert 500 < found["followers"] < 600


def test_what_is_loaded_is_what_the_files_say(lswc_sample: Path, lswc_warehouse: Settings) -> None:
    """Counted from the files by other means than the readers."""
    pulls = [json.loads(path.read_text()) for path in sorted((lswc_sample / "lswc_web").glob("*.json"))]
    sessions = sum(
        int(row["metricValues"][3]["value"]) for pull in pulls for row in pull["reports"]["day"]["response"]["rows"]
    )
    headers = [header["name"] for header in pulls[0]["reports"]["day"]["response"]["metricHeaders"]]
    assert headers[3] == "sessions"
    assert rows(lswc_warehouse, "select sum(sessions), count(*) from raw.lswc_web__day") == [
        {"sum": sessions, "count": (date(2026, 11, 1) - date(2023, 7, 1)).days}
    ]
    jobs = [
        row
        for path in (lswc_sample / "lswc_jobs").glob("*.csv")
        for row in csv.DictReader(io.StringIO(path.read_text()))
    ]
    assert rows(
        lswc_warehouse, "select count(*), sum(views) as views from raw.lswc_jobs__job_month where month < '2025-01-01'"
    ) == [{"count": len(jobs), "views": sum(int(row["views"]) for row in jobs)}]
    exports = [path.read_text().splitlines() for path in (lswc_sample / "lswc_audience").glob("x_*.csv")]
    follows = sum(int(row["New follows"]) for export in exports for row in csv.DictReader(export))
    assert rows(lswc_warehouse, "select sum(new_follows) from raw.lswc_audience__x_day") == [{"sum": follows}]


def test_the_sample_is_synthetic_and_awkward_where_it_says_so(lswc_warehouse: Settings) -> None:
    assert rows(lswc_warehouse, "select distinct is_synthetic, status <> 'rejected' as ok from ledger.deliveries") == [
        {"is_synthetic": True, "ok": True}
    ]
    assert rows(
        lswc_warehouse,
        "select dataset, period_start::text, sampled_share::text from ledger.current_delivery_periods "
        "where is_sampled order by period_start limit 1",
    ) == [{"dataset": "event_day", "period_start": "2025-03-01", "sampled_share": "0.5000"}]
    assert rows(
        lswc_warehouse,
        "select array_agg(period_start::text order by period_start) as months "
        "from ledger.current_delivery_periods where is_thresholded",
    ) == [{"months": ["2023-07-01", "2024-08-01", "2026-08-01"]}]
    salaries = rows(
        lswc_warehouse,
        "select count(*) filter (where salary_annual_fte_min_gbp is null)::numeric / count(*) as not_understood "
        "from raw.lswc_jobs__job_month",
    )
    assert 0.01 < salaries[0]["not_understood"] < 0.06


def test_users_of_a_month_are_fewer_than_those_of_its_days_together(lswc_warehouse: Settings) -> None:
    assert rows(
        lswc_warehouse,
        "select bool_and(months.active_users < 0.8 * days.users) as fewer, count(*) as months "
        "from raw.lswc_web__month as months inner join ("
        "select date_trunc('month', day)::date as month, sum(active_users) as users from raw.lswc_web__day group by 1"
        ") as days on months.month = days.month",
    ) == [{"fewer": True, "months": 40}]


def test_loading_any_month_again_changes_nothing(lswc_sample: Path, lswc_warehouse: Settings) -> None:
    before = everything(lswc_warehouse)
    for collection in COLLECTIONS:
        results = load_path(lswc_warehouse, collection, lswc_sample / collection)  # type: ignore[arg-type]
        assert {result.outcome for result in results} == {"already_loaded"}
    assert everything(lswc_warehouse) == before
