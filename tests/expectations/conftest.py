"""What the tests of the gates share: loading a release, and reading what the ledger says of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from expectations.outcome import Finding, recorded_findings
from expectations.release_gate import check_releases
from ingestion.settings import Settings
from ingestion.sources import Offer
from ingestion.statistics.loader import load_file
from tests.expectations.published import Published


@pytest.fixture(scope="module")
def gate_warehouse(new_warehouse: Callable[[str], Settings]) -> Settings:
    """A warehouse for a module's tests; each test's releases are told apart by their ids."""
    return new_warehouse("gates")


def receive(settings: Settings, path: Path) -> int:
    """Load one file; its release id."""
    with settings.connect("loader") as connection:
        result = load_file(connection, "dfe_census_statistics", path, Offer(path.name, str(path), "files", None, False))
    assert result.release_id is not None, result.reason
    return result.release_id


def receive_published(settings: Settings, folder: Path, release: Published, name: str = "release.csv") -> int:
    """Write a release and load it; its release id."""
    return receive(settings, release.write(folder / name))


def findings_of_release(settings: Settings, release_id: int) -> list[Finding]:
    """What the latest gate run said of a release."""
    with settings.connect("loader") as connection:
        row = connection.execute(
            "select max(gate_run_id) from ledger.findings where release_id = %s", [release_id]
        ).fetchone()
        return [] if row is None or row[0] is None else recorded_findings(connection, row[0])


def status_of_release(settings: Settings, release_id: int) -> str:
    """A release's status in the ledger."""
    with settings.connect("loader") as connection:
        row = connection.execute("select status from ledger.releases where release_id = %s", [release_id]).fetchone()
    assert row is not None
    return str(row[0])


def check_all(settings: Settings) -> dict[str, str]:
    """Run the release gate; outcome by file name."""
    return {result.subject.split(" (")[0]: result.outcome for result in check_releases(settings)}
