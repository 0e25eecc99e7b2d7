"""Publication: all at once, only past a passed gate, and never at the readers' cost."""

import threading
from datetime import date
from pathlib import Path

import psycopg
import pytest

from ingestion import ledger
from ingestion.publication import PublicationRefused, next_update, publish
from ingestion.settings import Settings
from ingestion.statistics.loader import load_file
from tests.ingestion.releases import offer_of, write_indicators


def with_release(settings: Settings, folder: Path, year: int, *, is_synthetic: bool = False) -> None:
    path = write_indicators(folder / f"{year}.csv", year)
    with settings.connect("loader") as connection:
        offer = offer_of(path, is_synthetic=is_synthetic)
        result = load_file(connection, "dfe_census_statistics", path, offer)
        assert result.release_id is not None
        ledger.decide_release(connection, result.release_id, "accepted")


def with_candidates(settings: Settings, figure: int) -> None:
    """Candidate marts as dbt would leave them."""
    with settings.connect("transformer") as connection:
        for schema in ("marts_candidate", "open_data_candidate"):
            connection.execute(f"drop table if exists {schema}.figures")
            connection.execute(f"create table {schema}.figures as select {figure} as figure")
            connection.execute(f"comment on table {schema}.figures is 'One row.'")


def with_run(settings: Settings, gate: str, outcome: str, reason: str | None = None) -> int:
    with settings.connect("loader") as connection:
        row = connection.execute(
            "insert into ledger.gate_runs (gate, subject, outcome, rules_run, errors, queries, reason, started_at) "
            "values (%s, 'marts', %s, 1, 0, 2, %s, now()) returning gate_run_id",
            [gate, outcome, reason],
        ).fetchone()
    assert row is not None
    return int(row[0])


def with_gate(settings: Settings, outcome: str, reason: str | None = None) -> int:
    """A run of the mart gate, after a disclosure audit that passed."""
    with_run(settings, "disclosure", "passed")
    return with_run(settings, "mart", outcome, reason)


def seen_by(settings: Settings, role: str, query: str) -> list[tuple[object, ...]]:
    with settings.connect(role) as connection:  # type: ignore[arg-type]
        return connection.execute(query).fetchall()  # type: ignore[call-overload]


def test_marts_past_the_gate_are_what_readers_see(warehouse: Settings, tmp_path: Path) -> None:
    with_release(warehouse, tmp_path, 2025)
    with_candidates(warehouse, 1)
    publication = publish(warehouse, with_gate(warehouse, "passed_with_queries"))
    assert publication.tables == 2
    assert seen_by(warehouse, "members_reader", "select figure from marts.figures") == [(1,)]
    assert seen_by(warehouse, "public_reader", "select figure from open_data.figures") == [(1,)]
    assert seen_by(warehouse, "analyst", "select obj_description('marts.figures'::regclass)") == [("One row.",)]
    status = (
        "select data_as_at::text, release_label, is_synthetic, gate_outcome, gate_queries from {}.publication_status"
    )
    for role, schema in (("members_reader", "marts"), ("public_reader", "open_data")):
        assert seen_by(warehouse, role, status.format(schema)) == [
            ("2025-09-30", "2025 release", False, "passed_with_queries", 2)
        ]
    assert seen_by(warehouse, "analyst", "select tables_published from ledger.publications") == [(2,)]


def test_synthetic_data_say_so(warehouse: Settings, tmp_path: Path) -> None:
    with_release(warehouse, tmp_path, 2025, is_synthetic=True)
    with_candidates(warehouse, 1)
    publish(warehouse, with_gate(warehouse, "passed"))
    ((is_synthetic, notice),) = seen_by(
        warehouse, "public_reader", "select is_synthetic, notice from open_data.publication_status"
    )
    assert is_synthetic
    assert str(notice).startswith("SYNTHETIC SAMPLE DATA")


def test_the_next_update_is_said_as_it_stands_today() -> None:
    assert next_update(2024, date(2025, 6, 1)) == "DfE's 2025 statistics, usually late February 2026"
    assert next_update(2024, date(2026, 11, 23)).startswith("due: DfE's 2025 statistics")


def test_a_failed_gate_leaves_the_last_good_marts_up(warehouse: Settings, tmp_path: Path) -> None:
    with_release(warehouse, tmp_path, 2025)
    with_candidates(warehouse, 1)
    publish(warehouse, with_gate(warehouse, "passed"))
    with_candidates(warehouse, 2)
    with_gate(warehouse, "failed", "London is missing.")
    with pytest.raises(PublicationRefused, match=r"last good marts stay up: London is missing\."):
        publish(warehouse)
    assert seen_by(warehouse, "members_reader", "select figure from marts.figures") == [(1,)]


def test_nothing_is_published_that_no_gate_has_seen(warehouse: Settings, tmp_path: Path) -> None:
    with_release(warehouse, tmp_path, 2025)
    with_candidates(warehouse, 1)
    with pytest.raises(PublicationRefused, match="No mart gate"):
        publish(warehouse)


def test_marts_that_nobody_has_attacked_or_that_gave_something_away_are_not_published(
    warehouse: Settings, tmp_path: Path
) -> None:
    with_release(warehouse, tmp_path, 2025)
    with_candidates(warehouse, 1)
    gate = with_run(warehouse, "mart", "passed")
    with pytest.raises(PublicationRefused, match="No disclosure audit has looked"):
        publish(warehouse, gate)
    with_run(warehouse, "disclosure", "failed", "a hidden count can be worked out")
    with pytest.raises(PublicationRefused, match="disclosure audit failed, so the last good marts stay up: a hidden"):
        publish(warehouse, gate)
    assert seen_by(warehouse, "analyst", "select count(*) from pg_tables where schemaname = 'marts'") == [(0,)]


def test_an_authoritys_own_figures_are_published_for_its_own_eyes_alone(warehouse: Settings, tmp_path: Path) -> None:
    with_release(warehouse, tmp_path, 2025)
    with_candidates(warehouse, 1)
    with warehouse.connect("transformer") as connection:
        connection.execute("drop table if exists restricted_candidate.own")
        connection.execute("create table restricted_candidate.own (unit_code text not null, figure integer)")
        connection.execute("insert into restricted_candidate.own values ('A', 3), ('B', 4)")
    publish(warehouse, with_gate(warehouse, "passed"))
    own = "select figure from restricted.own"
    assert seen_by(warehouse, "members_reader", own) == []
    with warehouse.connect("members_reader") as connection:
        connection.execute("set local workforce.unit_codes = 'A'")
        assert connection.execute(own).fetchall() == [(3,)]
    for role in ("public_reader", "analyst"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            seen_by(warehouse, role, own)


def test_publishing_again_changes_no_figure_and_a_mart_no_longer_made_goes(warehouse: Settings, tmp_path: Path) -> None:
    with_release(warehouse, tmp_path, 2025)
    with_candidates(warehouse, 1)
    with warehouse.connect("transformer") as connection:
        connection.execute("create table marts_candidate.retired as select 1 as figure")
    gate = with_gate(warehouse, "passed")
    publish(warehouse, gate)
    with warehouse.connect("transformer") as connection:
        connection.execute("drop table marts_candidate.retired")
    publish(warehouse, gate)
    tables = seen_by(warehouse, "analyst", "select tablename from pg_tables where schemaname = 'marts' order by 1")
    assert tables == [("figures",), ("publication_status",)]
    assert seen_by(warehouse, "members_reader", "select figure from marts.figures") == [(1,)]


def test_a_failure_in_the_middle_publishes_nothing(warehouse: Settings, tmp_path: Path) -> None:
    with_release(warehouse, tmp_path, 2025)
    with_candidates(warehouse, 1)
    publish(warehouse, with_gate(warehouse, "passed"))
    with_candidates(warehouse, 2)
    with warehouse.connect("loader") as connection:  # the last step, the ledger row, cannot be written
        connection.execute("revoke insert on ledger.publications from transformer")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        publish(warehouse, with_gate(warehouse, "passed"))
    assert seen_by(warehouse, "members_reader", "select figure from marts.figures") == [(1,)]


def test_readers_are_served_throughout(warehouse: Settings, tmp_path: Path) -> None:
    with_release(warehouse, tmp_path, 2025)
    with_candidates(warehouse, 0)
    publish(warehouse, with_gate(warehouse, "passed"))
    stop = threading.Event()
    seen: list[object] = []
    errors: list[Exception] = []

    def read() -> None:
        with warehouse.connect("members_reader") as connection:
            connection.autocommit = True
            while not stop.is_set():
                try:
                    row = connection.execute("select figure from marts.figures").fetchone()
                    seen.append(row and row[0])
                except psycopg.Error as error:
                    errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for figure in range(1, 6):
        with_candidates(warehouse, figure)
        publish(warehouse, with_gate(warehouse, "passed"))
    stop.set()
    reader.join()
    assert errors == []
    assert seen == sorted(seen, key=int)  # type: ignore[type-var, call-overload]
    assert len(seen) > 10
