"""Deliveries and the warehouse: set up twice, loaded at the same moment, real before synthetic, by hand."""

import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from infra.database.setup import ROLES, set_up_warehouse
from infra.local.postgres import EmbeddedPostgres
from ingestion.cli import app
from ingestion.lswc import loading
from ingestion.lswc.specification import Collection
from ingestion.settings import Settings
from ingestion.sources import SourceError
from tests.ingestion.lswc.files import codes, current, everything, job, jobs, load, rows, write_csv


def test_setting_the_warehouse_up_again_changes_nothing(
    warehouse: Settings, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    load(warehouse, "lswc_jobs", write_csv(tmp_path / "jobs.csv", [job(), job(2, status="paused")]))
    before = everything(warehouse)
    passwords = {role: warehouse.get(f"WAREHOUSE_{role.upper()}_PASSWORD") for role in ROLES}
    set_up_warehouse(postgres.admin_arguments, warehouse.get("WAREHOUSE_DATABASE"), passwords)
    assert everything(warehouse) == before


def test_two_copies_at_the_same_moment_are_loaded_once(warehouse: Settings, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "jobs.csv", jobs(3))
    outcomes: list[str] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(load(warehouse, "lswc_jobs", path).outcome)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already_loaded", "already_loaded", "loaded"]
    assert rows(warehouse, "select count(*) from raw.lswc_jobs__job_month") == [{"count": 3}]


def test_a_load_that_breaks_off_leaves_nothing(
    warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object) -> None:
        raise RuntimeError("the machine was switched off")

    path = write_csv(tmp_path / "jobs.csv", jobs(3))
    monkeypatch.setattr(loading, "_copy", break_off)
    with pytest.raises(RuntimeError):
        load(warehouse, "lswc_jobs", path)
    assert rows(warehouse, "select count(*) from ledger.deliveries") == [{"count": 0}]
    monkeypatch.undo()
    assert load(warehouse, "lswc_jobs", path).outcome == "loaded"


def test_real_figures_take_over_from_synthetic_ones_for_good(warehouse: Settings, tmp_path: Path) -> None:
    def ids() -> list[object]:
        return [row["job_id"] for row in current(warehouse, "lswc_jobs__job_month", "job_month", "month")]

    invented = [job(1), job(2, month="2026-08", posted_date="2026-08-01")]
    load(warehouse, "lswc_jobs", write_csv(tmp_path / "a.csv", invented), source="sample")
    assert ids() == ["J0002", "J0001"]
    load(warehouse, "lswc_jobs", write_csv(tmp_path / "b.csv", [job(3)]))
    assert ids() == ["J0003"]
    load(warehouse, "lswc_jobs", write_csv(tmp_path / "c.csv", [job(4)]), source="sample")
    assert ids() == ["J0003"]


def test_a_file_a_manifest_above_it_lists_is_synthetic(warehouse: Settings, tmp_path: Path) -> None:
    (tmp_path / "lswc_jobs").mkdir()
    path = write_csv(tmp_path / "lswc_jobs" / "jobs.csv", jobs(2))
    (tmp_path / "SYNTHETIC.json").write_text('{"synthetic": true, "files": {"lswc_jobs/jobs.csv": "0"}}')
    # Edited since, and still invented.
    assert load(warehouse, "lswc_jobs", path).is_synthetic


def test_analysts_and_dbt_read_what_is_loaded_and_change_nothing(warehouse: Settings, tmp_path: Path) -> None:
    load(warehouse, "lswc_jobs", write_csv(tmp_path / "jobs.csv", jobs(2)))
    for role in ("analyst", "transformer"):
        with warehouse.connect(role) as connection:  # type: ignore[arg-type]
            for table in ("raw.lswc_jobs__job_month", "ledger.current_delivery_periods", "ledger.deliveries"):
                assert connection.execute(f"select count(*) > 0 from {table}").fetchone() == (True,)  # type: ignore[arg-type]
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
                connection.execute("delete from ledger.deliveries")


def test_a_path_with_nothing_to_load_is_named(warehouse: Settings, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file to load"):
        load(warehouse, "lswc_jobs", tmp_path)
    with pytest.raises(SourceError, match="nothing at"):
        load(warehouse, "lswc_jobs", tmp_path / "nowhere.csv")


@pytest.fixture
def by_hand(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], tuple[int, str]]:
    """Runs `workforce load lswc_jobs PATH`; its exit code and everything it prints."""
    monkeypatch.setattr(Settings, "load", lambda: warehouse)

    def run(path: Path) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["load", "lswc_jobs", str(path)])
        return result.exit_code, result.output

    return run


def test_files_are_loaded_by_hand(by_hand: Callable[[Path], tuple[int, str]], tmp_path: Path) -> None:
    # Months long over, whatever the day of the test.
    row = {"month": "2024-09", "posted_date": "2024-09-02", "closing_date": "2024-09-30"}
    path = write_csv(tmp_path / "jobs.csv", [*jobs(30, **row), job(31, **row | {"views": 1})])  # type: ignore[arg-type]
    code, said = by_hand(path)
    assert code == 0
    assert "jobs.csv: loaded, 30 of 31 rows, 01 September 2024 to 30 September 2024, 2 errors, 0 queries" in said
    assert "error LSW-304 apply_clicks: More clicks on Apply than views, both counted by the same rule: row 32" in said
    assert by_hand(path) == (0, "jobs.csv: already loaded, nothing changed\n")


def test_a_refused_file_ends_the_command_with_its_reason(
    by_hand: Callable[[Path], tuple[int, str]], warehouse: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "jobs"
    folder.mkdir()
    write_csv(folder / "a.csv", jobs(2, month="2024-09", posted_date="2024-09-02", closing_date="2024-09-30"))
    write_csv(folder / "b.csv", jobs(2, posted_date="09/23/2026"))
    code, said = by_hand(folder)
    assert code == 1
    assert "a.csv: loaded, 2 of 2 rows" in said
    assert "b.csv: refused, 1 error, 0 queries" in said
    assert "error LSW-006 posted_date: Dates are in US order (month/day/year)" in said
    assert "Traceback" not in said
    assert codes(load(warehouse, "lswc_jobs", folder / "b.csv")) == ["LSW-006"]


@pytest.mark.parametrize("collection", ["lswc_web", "lswc_jobs", "lswc_audience"])
@pytest.mark.parametrize(
    "content", [b'[{"who": "Ann Invented"}]', b"Ann Invented,2026-09-01\nBo Invented,2026-09-02\n", b"Ann Invented"]
)
def test_nothing_is_kept_of_a_file_that_is_not_recognised(
    nothing_kept: Settings, tmp_path: Path, collection: Collection, content: bytes
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    result = load(nothing_kept, collection, path)
    assert result.outcome == "refused"
    assert not nothing_kept.quarantine.exists()
    assert "Invented" not in str(rows(nothing_kept, "select * from ledger.findings"))


@pytest.fixture(scope="module")
def nothing_kept(new_warehouse: Callable[[str], Settings]) -> Settings:
    return new_warehouse("nothing_kept")
