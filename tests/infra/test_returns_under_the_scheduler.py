"""Returns under the running scheduler: what an authority sees within a minute of dropping a file, and LIIA later."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local.airflow_api import AirflowApi, Run
from ingestion.returns.periods import census_year
from ingestion.sample.returns import write_returns
from tests.conftest import RunningStack

RECEIPT_LIMIT_SECONDS = 60
CAMDEN, BARNET, BEXLEY = "E09000007", "E09000003", "E09000004"
BOMB = b"""<?xml version="1.0"?><!DOCTYPE Message [<!ENTITY a "SY99999999"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Message><Header><Source><LEA>303</LEA></Source></Header><CSWWWorker><SWENo>&b;</SWENo></CSWWWorker></Message>"""
REGISTRATION_NUMBER = re.compile(rb"SY\d{8}")


@dataclass
class Desk:
    """The landing area of the running stack, as a sender and an engineer see it."""

    stack: RunningStack
    api: AirflowApi

    def folder(self, authority: str) -> Path:
        return self.stack.home / "landing" / "csww_census" / "2024" / authority

    def drop(self, authority: str, content: bytes, name: str = "census.xml") -> None:
        """Put a file in as a careful sender does: under another name first."""
        folder = self.folder(authority)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.part").write_bytes(content)
        (folder / f"{name}.part").replace(folder / name)

    def receipts(self, *authorities: str, version: int = 1) -> dict[str, dict[str, object]]:
        """Wait for receipts of a version, a minute at most; those that came."""
        came: dict[str, dict[str, object]] = {}
        deadline = time.monotonic() + RECEIPT_LIMIT_SECONDS
        while len(came) < len(authorities) and time.monotonic() < deadline:
            for authority in authorities:
                path = self.folder(authority) / "census.xml.receipt.json"
                if path.exists() and (receipt := _read(path)) and receipt["version"] == version:
                    came[authority] = receipt
            time.sleep(0.5)
        return came

    def ledger(self, query: str) -> list[tuple[object, ...]]:
        with self.stack.settings.connect("loader") as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]

    def marts_woken_by_returns(self, seconds: float = 30, at_least: int = 1) -> list[Run]:
        """The runs of regional_marts that the census's asset set off; they may need a moment to begin."""
        deadline = time.monotonic() + seconds
        while True:
            runs = [run for run in self.api.runs("regional_marts") if "csww_census" in self.api.woken_by(run)]
            if len(runs) >= at_least or time.monotonic() > deadline:
                return runs
            time.sleep(0.5)

    def runs_are_over(self, dag_id: str, seconds: float = 180) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if all(run.is_over for run in self.api.runs(dag_id)):
                return True
            time.sleep(0.5)
        return False


def _read(path: Path) -> dict[str, object] | None:
    try:
        read: dict[str, object] = json.loads(path.read_text())
    except ValueError:  # it is being written
        return None
    return read


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Good census returns of 2024 by authority, from the sample."""
    folder = tmp_path_factory.mktemp("returns")
    files = write_returns(
        folder, collections=["csww_census"], periods=[census_year(2024)], authorities=[CAMDEN, BARNET]
    )  # fmt: skip
    return {path.parent.name: path.read_bytes() for path in files if path.suffix == ".xml"}


@pytest.fixture(scope="module")
def desk(stack: RunningStack) -> Iterator[Desk]:
    """The running stack with its returns' DAG at rest."""
    desk = Desk(stack, AirflowApi(stack.airflow_url, "engineer", stack.settings.get("AIRFLOW_ADMIN_PASSWORD")))
    assert desk.runs_are_over("csww_census")
    assert desk.runs_are_over("regional_marts")
    yield desk


@pytest.fixture(scope="module")
def first_day(desk: Desk, good: dict[str, bytes]) -> dict[str, dict[str, object]]:
    """A good return, one in the wrong authority's folder, and a hostile one, all at once: their receipts."""
    desk.drop(CAMDEN, good[CAMDEN])
    desk.drop(BARNET, good[BARNET].replace(b"<LEA>302</LEA>", b"<LEA>202</LEA>"))
    desk.drop(BEXLEY, BOMB)
    return desk.receipts(CAMDEN, BARNET, BEXLEY)


def test_every_file_has_its_receipt_within_a_minute(desk: Desk, first_day: dict[str, dict[str, object]]) -> None:
    assert {code: receipt["status"] == "rejected" for code, receipt in first_day.items()} == {
        CAMDEN: False, BARNET: True, BEXLEY: True,
    }  # fmt: skip
    for code in first_day:
        left = {path.name for path in desk.folder(code).iterdir()}
        assert "census.xml" not in left, "what is safely stored is gone from the landing area"
        assert "census.xml.receipt.txt" in left


def test_a_hostile_file_gets_one_line(first_day: dict[str, dict[str, object]]) -> None:
    (finding,) = first_day[BEXLEY]["findings"]  # type: ignore[misc]
    assert "DOCTYPE" in finding["message"]


def test_the_good_return_counts_and_its_rows_are_all_there(
    desk: Desk, first_day: dict[str, dict[str, object]], good: dict[str, bytes]
) -> None:
    current = desk.ledger(
        "select authority_code, version, rows_loaded from ledger.current_submissions "
        "where collection = 'csww_census' and period_label = '2024' and not is_synthetic"
    )
    assert [(code, version) for code, version, _ in current] == [(CAMDEN, 1)]
    ((workers,),) = desk.ledger(
        "select count(*) from raw.csww_census__worker join ledger.current_submissions using (submission_id) "
        "where collection = 'csww_census' and not is_synthetic"
    )
    assert workers == good[CAMDEN].count(b"<CSWWWorker>") > 10
    assert first_day[CAMDEN]["rows_read"] == first_day[CAMDEN]["rows_loaded"]


def test_an_engineer_reads_in_airflow_whose_returns_were_answered_and_how(
    desk: Desk, first_day: dict[str, dict[str, object]]
) -> None:
    assert desk.runs_are_over("csww_census")
    runs = desk.api.runs("csww_census")
    assert {run.state for run in runs} == {"success"}, "a rejected return is no failed run"
    assert all(run.run_id.startswith("asset_triggered") for run in runs)
    labels = {task["rendered_map_index"] for run in runs for task in desk.api.tasks(run)}
    assert {"Camden 2024", "Barnet 2024: rejected", "Bexley 2024: rejected"} <= labels


def test_the_accepted_return_woke_the_marts(desk: Desk, first_day: dict[str, dict[str, object]]) -> None:
    assert desk.marts_woken_by_returns()
    assert desk.runs_are_over("regional_marts")
    assert {run.state for run in desk.marts_woken_by_returns()} == {"success"}


def test_a_corrected_return_takes_over_within_a_minute(
    desk: Desk, first_day: dict[str, dict[str, object]], good: dict[str, bytes]
) -> None:
    assert len(desk.marts_woken_by_returns()) == 1, "three files at once are one run of the marts"
    desk.drop(BARNET, good[BARNET])
    receipt = desk.receipts(BARNET, version=2)[BARNET]
    assert receipt["status"] != "rejected"
    history = desk.ledger(
        f"select version, decision = 'rejected' from ledger.submissions where authority_code = '{BARNET}' "
        "and collection = 'csww_census' and not is_synthetic order by version"
    )
    assert history == [(1, True), (2, False)]
    assert len(desk.marts_woken_by_returns(at_least=2)) == 2


def test_the_same_file_again_changes_nothing_and_is_answered(
    desk: Desk, first_day: dict[str, dict[str, object]], good: dict[str, bytes]
) -> None:
    assert desk.runs_are_over("regional_marts")
    before, started = desk.ledger("select count(*), max(decided_at) from ledger.submissions"), datetime.now(UTC)
    desk.drop(CAMDEN, good[CAMDEN])
    deadline = time.monotonic() + RECEIPT_LIMIT_SECONDS
    while (desk.folder(CAMDEN) / "census.xml").exists() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert desk.receipts(CAMDEN)[CAMDEN]["already_received"] is True
    assert desk.runs_are_over("csww_census")
    assert desk.ledger("select count(*), max(decided_at) from ledger.submissions") == before
    later = [run for run in desk.api.runs("regional_marts") if datetime.fromisoformat(run.run_after) > started]
    assert later == [], "nothing new, nothing to build"


def test_no_registration_number_is_left_in_logs_receipts_or_what_airflow_shows(
    desk: Desk, first_day: dict[str, dict[str, object]], good: dict[str, bytes]
) -> None:
    assert REGISTRATION_NUMBER.search(good[CAMDEN]), "or there is nothing to be found"
    home = desk.stack.home
    files = [
        path
        for folder in ("airflow/logs", "logs", "landing", "data_docs", "submissions")
        for path in (home / folder).rglob("*")
        if path.is_file()
    ]
    assert len(files) > 10
    assert [str(path.relative_to(home)) for path in files if REGISTRATION_NUMBER.search(path.read_bytes())] == []
