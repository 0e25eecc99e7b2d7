"""A returns desk on a real Postgres, with a landing area in which nothing has to settle."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingestion.returns import desk
from ingestion.returns.findings import Outcome
from ingestion.returns.raw_tables import raw_tables
from ingestion.returns.specification import collections
from ingestion.settings import Settings
from tests.ingestion.returns.sent_files import land


@dataclass(frozen=True)
class Desk:
    """A warehouse, its landing area, and what is done with them in most tests."""

    settings: Settings

    @property
    def root(self) -> Path:
        return self.settings.home / "landing"

    def send(self, where: str, content: bytes, name: str = "return.xml") -> list[Outcome]:
        """Land a file, take in what waits, and decide."""
        land(self.root, where, content, name)
        return self.work(where.split("/")[0])

    def work(self, collection: str) -> list[Outcome]:
        desk.take_in(self.settings, self.root, collection)
        return desk.decide(self.settings, self.root, collection)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.settings.connect("loader") as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload]

    def statuses(self) -> list[tuple[object, ...]]:
        """Version, decision and status of every submission, in the order of arrival."""
        return self.rows("select version, decision, status from ledger.submissions order by submission_id")

    def current(self) -> list[tuple[object, ...]]:
        return self.rows(
            "select authority_code, period_label, version from ledger.current_submissions order by submission_id"
        )

    def receipt(self, where: str, name: str = "return.xml") -> str:
        return (self.root / where / f"{name}.receipt.txt").read_text()

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every ledger table and raw table, to tell that nothing has changed."""
        tables = self.rows(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_schema in ('raw', 'ledger') and table_type = 'BASE TABLE' order by 1"
        )
        return {str(table): self.rows(f"select t::text from {table} as t order by 1") for (table,) in tables}


@pytest.fixture(scope="session")
def returns_warehouse(new_warehouse: Callable[[str], Settings]) -> Settings:
    return at_once(new_warehouse("desk"))


@pytest.fixture
def returns_desk(returns_warehouse: Settings, tmp_path: Path) -> Desk:
    """A desk nothing was ever sent to."""
    found = Desk(Settings({**returns_warehouse.environment, "WORKFORCE_HOME": str(tmp_path / "home")}))
    tables = ", ".join(f"raw.{table}" for key in collections() for table in raw_tables(key))
    with found.settings.connect("loader") as connection:
        connection.execute(
            "truncate ledger.submissions, ledger.findings, ledger.gate_runs, ledger.publications, "
            f"ledger.disclosure_audits, {tables} restart identity"  # type: ignore[arg-type]
        )
    return found


def at_once(settings: Settings) -> Settings:
    """The same settings, with nothing to wait for in the landing area."""
    return Settings({**settings.environment, "RETURNS_SETTLE_SECONDS": "0", "RETURNS_PARTNER_SECONDS": "0"})
