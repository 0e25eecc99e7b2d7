"""Loading and the ledger, on a real Postgres: whole or not at all, once, and never out of order."""

import threading
from pathlib import Path

import psycopg
import pytest

from ingestion import ledger
from ingestion.settings import Settings
from ingestion.statistics import loader
from ingestion.statistics.loader import LoadResult, load_file
from tests.conftest import REAL_RELEASES, needs_real_data
from tests.ingestion.releases import offer_of, write_indicators

COLLECTION = "dfe_census_statistics"
EVERYTHING = (
    "select (select count(*) from raw.dfe_census__indicators), (select count(*) from ledger.releases), "
    "(select count(*) from ledger.refused_files), (select max(xmin::text::bigint) from ledger.releases)"
)


def load(settings: Settings, path: Path, *, is_synthetic: bool = False) -> LoadResult:
    with settings.connect("loader") as connection:
        return load_file(connection, COLLECTION, path, offer_of(path, is_synthetic=is_synthetic), settings.quarantine)


def accept(settings: Settings, *releases: LoadResult) -> None:
    with settings.connect("loader") as connection:
        for release in releases:
            assert release.release_id is not None
            ledger.decide_release(connection, release.release_id, "accepted")


def current(settings: Settings) -> list[tuple[object, ...]]:
    with settings.connect("loader") as connection:
        return connection.execute(
            "select file_name, publication_year from ledger.current_releases where is_current order by dataset"
        ).fetchall()


def rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with settings.connect("loader") as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload]


def test_a_release_is_loaded_with_its_ledger_row(warehouse: Settings, tmp_path: Path) -> None:
    result = load(warehouse, write_indicators(tmp_path / "a.csv", 2025))
    assert (result.outcome, result.rows, result.publication_year) == ("loaded", 6, 2025)
    assert rows(warehouse, "select status, rows_read, rows_loaded, rows_refused from ledger.releases") == [
        ("received", 6, 6, 0)
    ]
    assert rows(
        warehouse, "select distinct la_name, inpost_fte from raw.dfe_census__indicators where la_name <> ''"
    ) == [("Camden", 10)]


def test_the_same_bytes_twice_change_nothing(warehouse: Settings, tmp_path: Path) -> None:
    load(warehouse, write_indicators(tmp_path / "a.csv", 2025))
    before = rows(warehouse, EVERYTHING)
    # Under another name too: a file is known by its bytes.
    assert load(warehouse, write_indicators(tmp_path / "a.csv", 2025)).outcome == "already_loaded"
    assert load(warehouse, write_indicators(tmp_path / "renamed.csv", 2025)).outcome == "already_loaded"
    assert rows(warehouse, EVERYTHING) == before


def test_two_copies_at_the_same_moment_are_loaded_once(warehouse: Settings, tmp_path: Path) -> None:
    path = write_indicators(tmp_path / "a.csv", 2025)
    outcomes: list[str] = []
    threads = [threading.Thread(target=lambda: outcomes.append(load(warehouse, path).outcome)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already_loaded"] * 3 + ["loaded"]
    assert rows(warehouse, "select count(*) from raw.dfe_census__indicators") == [(6,)]


def test_an_older_release_that_arrives_later_does_not_become_current(warehouse: Settings, tmp_path: Path) -> None:
    newer = load(warehouse, write_indicators(tmp_path / "newer.csv", 2025))
    older = load(warehouse, write_indicators(tmp_path / "older.csv", 2024))
    accept(warehouse, newer, older)
    assert current(warehouse) == [("newer.csv", 2025)]


def test_a_correction_within_a_publication_year_becomes_current(warehouse: Settings, tmp_path: Path) -> None:
    first = load(warehouse, write_indicators(tmp_path / "first.csv", 2025))
    corrected = load(warehouse, write_indicators(tmp_path / "corrected.csv", 2025, figure="11"))
    accept(warehouse, first, corrected)
    assert current(warehouse) == [("corrected.csv", 2025)]
    assert rows(warehouse, "select count(*) from raw.dfe_census__indicators") == [(12,)], "every release is kept"


def test_a_release_that_waits_for_the_gate_is_not_current(warehouse: Settings, tmp_path: Path) -> None:
    load(warehouse, write_indicators(tmp_path / "a.csv", 2025))
    assert current(warehouse) == []


def test_real_data_outrank_the_synthetic_sample(warehouse: Settings, tmp_path: Path) -> None:
    invented = load(warehouse, write_indicators(tmp_path / "invented.csv", 2026, figure="1"), is_synthetic=True)
    accept(warehouse, invented)
    assert current(warehouse) == [("invented.csv", 2026)]
    accept(warehouse, load(warehouse, write_indicators(tmp_path / "real.csv", 2024)))
    assert current(warehouse) == [("real.csv", 2024)]


def test_a_rejected_release_leaves_the_last_good_one_current(warehouse: Settings, tmp_path: Path) -> None:
    accept(warehouse, load(warehouse, write_indicators(tmp_path / "good.csv", 2024)))
    bad = load(warehouse, write_indicators(tmp_path / "bad.csv", 2025))
    assert bad.release_id is not None
    with warehouse.connect("loader") as connection:
        ledger.decide_release(connection, bad.release_id, "rejected")
    assert current(warehouse) == [("good.csv", 2024)]
    assert rows(
        warehouse, "select rows_read, rows_loaded, rows_refused from ledger.releases where file_name = 'bad.csv'"
    ) == [(6, 0, 6)]
    assert rows(warehouse, f"select count(*) from raw.dfe_census__indicators where release_id = {bad.release_id}") == [
        (0,)
    ]


def test_a_rejected_release_may_be_sent_again_after_the_rules_changed(warehouse: Settings, tmp_path: Path) -> None:
    path = write_indicators(tmp_path / "a.csv", 2025)
    first = load(warehouse, path)
    assert first.release_id is not None
    with warehouse.connect("loader") as connection:
        ledger.decide_release(connection, first.release_id, "rejected")
    again = load(warehouse, path)
    assert (again.outcome, again.release_id) == ("loaded", first.release_id)
    assert rows(warehouse, "select status, rows_loaded from ledger.releases") == [("received", 6)]


def test_an_unreadable_file_leaves_only_its_reason(warehouse: Settings, tmp_path: Path) -> None:
    path = tmp_path / "page.csv"
    path.write_text("<html><body>Service unavailable</body></html>")
    for _ in range(2):
        result = load(warehouse, path)
        assert result.outcome == "refused"
        assert "page.csv: is a web page" in str(result.reason)
    assert rows(warehouse, "select count(*) from ledger.releases") == [(0,)]
    assert rows(warehouse, "select file_name, reason from ledger.refused_files") == [("page.csv", result.reason)]
    kept = list(warehouse.quarantine.rglob("page.csv"))
    assert [file.read_bytes() for file in kept] == [path.read_bytes()]


def test_a_failure_in_the_middle_leaves_nothing_behind(
    warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_indicators(tmp_path / "a.csv", 2025)
    real_copy = loader.copy_rows

    def copy_then_fail(connection: psycopg.Connection, *rest: object) -> None:
        real_copy(connection, *rest)  # type: ignore[arg-type]
        raise RuntimeError("the power went out")

    monkeypatch.setattr(loader, "copy_rows", copy_then_fail)
    with pytest.raises(RuntimeError, match="power"):
        load(warehouse, path)
    assert rows(warehouse, EVERYTHING) == [(0, 0, 0, None)]
    monkeypatch.undo()
    assert load(warehouse, path).outcome == "loaded"


@needs_real_data
def test_all_five_published_files_load_and_a_second_time_change_no_row(warehouse: Settings) -> None:
    count = (
        "select (select count(*) from raw.dfe_census__indicators), "
        "(select count(*) from raw.dfe_census__role_by_characteristics), "
        "(select count(*) from raw.dfe_census__role_by_ethnicity_wide)"
    )
    files = sorted(REAL_RELEASES.glob("*.csv"))
    assert [load(warehouse, file).outcome for file in files] == ["loaded"] * 5
    before = rows(warehouse, count)
    assert before == [(978 + 1137 + 1300, 54208, 4578)]  # domain reference, section 4.3
    assert [load(warehouse, file).outcome for file in files] == ["already_loaded"] * 5
    assert rows(warehouse, count) == before


def test_each_role_can_do_only_its_own_work(warehouse: Settings, tmp_path: Path) -> None:
    load(warehouse, write_indicators(tmp_path / "a.csv", 2025))
    refused = {
        "transformer": ["delete from raw.dfe_census__indicators", "insert into ledger.findings default values"],
        "members_reader": [
            "select * from raw.dfe_census__indicators",
            "select * from open_data.x",
            "create table marts.x ()",
        ],
        "public_reader": ["select * from marts.x", "select * from ledger.releases", "create table open_data.x ()"],
        "analyst": ["create table marts.x ()", "delete from ledger.releases"],
        "loader": ["create table marts.x ()"],
    }
    for role, statements in refused.items():
        for statement in statements:
            with (
                pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)),
                warehouse.connect(role) as connection,  # type: ignore[arg-type]
            ):
                connection.execute(statement)  # type: ignore[call-overload]
    with warehouse.connect("analyst") as connection:
        assert connection.execute("select count(*) from dfe_census__indicators").fetchone() == (6,)
