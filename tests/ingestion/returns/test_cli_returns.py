"""`workforce check`, `submit`, `recheck` and `status` as people and programs use them."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ingestion.cli import app
from ingestion.settings import ROOT
from tests.ingestion.returns.conftest import Desk
from tests.ingestion.returns.sent_files import agency_tables, census, land

CAMDEN = "csww_census/2024/CAM"
BAD = census(role="99")
QUERIED = census(cases=150)


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of somebody who has no key and no warehouse."""
    for name in list(os.environ):
        if name.startswith(("WAREHOUSE_", "PSEUDONYM_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WORKFORCE_HOME", str(tmp_path / "no home"))
    monkeypatch.setenv("COLUMNS", "120")
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


@pytest.fixture
def with_desk(returns_desk: Desk, outside: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The environment of somebody who runs the desk."""
    for name, value in returns_desk.settings.environment.items():
        monkeypatch.setenv(name, value)
    return returns_desk


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("content", "code", "status"),
    [(census(), 0, "accepted"), (QUERIED, 3, "accepted_with_queries"), (BAD, 4, "rejected"), (b"", 4, "rejected")],
)
def test_check_says_what_would_become_of_a_file_and_writes_nothing(
    outside: Path, content: bytes, code: int, status: str
) -> None:
    path = land(outside, CAMDEN, content)
    result = run("check", path, "--format", "json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["status"]) == (code, status)
    assert answer["rows_read"] == answer["rows_loaded"] + answer["rows_refused"]
    assert (answer["collection"], answer["authority"], answer["period"]) == ("csww_census", "Camden", "2024")
    assert [path.name for path in outside.rglob("*") if path.is_file()] == ["return.xml"]
    assert not (outside.parent / "no home").exists()


def test_check_finds_out_whose_return_it_is_from_the_content(outside: Path) -> None:
    answer = json.loads(run("check", land(outside, ".", census()), "--format", "json").stdout)
    assert (answer["status"], answer["authority"], answer["period"]) == ("accepted", "Camden", "2024")
    tables = [land(outside, ".", content, name) for name, content in agency_tables("HAC").items()]
    answer = json.loads(run("check", *tables, "--format", "json").stdout)
    assert (answer["status"], answer["authority"], answer["period"]) == ("accepted", "Hackney", "2025/26 Q3")
    assert answer["files"] == ["assignments.csv", "authority_summary.csv"]


def test_check_confirms_what_it_is_told_against_the_content(outside: Path) -> None:
    path = land(outside, ".", census())
    told = ("--collection", "csww_census", "--authority", "HAC", "--period", "2023")
    answer = json.loads(run("check", path, *told, "--format", "json").stdout)
    assert answer["status"] == "rejected"
    assert {finding["rule_code"] for finding in answer["findings"]} >= {"RET-307", "RET-308"}


def test_check_is_read_in_ten_seconds(outside: Path) -> None:
    result = run("check", land(outside, CAMDEN, BAD))
    lines = result.stdout.splitlines()
    assert lines[0].startswith("REJECTED")
    assert "Camden, 2024" in lines[1]
    assert "4 rows read" in lines[2]
    assert "where" in result.stdout and "what to do" in result.stdout
    assert len(lines) < 40


def test_several_returns_are_answered_one_by_one(outside: Path) -> None:
    good, bad = land(outside, CAMDEN, census()), land(outside, "csww_census/2023/HAC", BAD)
    result = run("check", good, bad, "--format", "json")
    assert [answer["status"] for answer in json.loads(result.stdout)] == ["accepted", "rejected"]
    assert result.exit_code == 4


@pytest.mark.parametrize(
    "options",
    [
        ["--collection", "census"],
        ["--authority", "999"],
        ["--collection", "csww_census", "--period", "2025/26-Q3"],
        ["--format", "yaml"],
    ],
)
def test_wrong_usage_ends_with_2(outside: Path, options: list[str]) -> None:
    path = land(outside, ".", b"nothing known", "a.txt")
    for command in ("check", "submit"):
        result = run(command, path, *options)
        assert result.exit_code == 2, result.output
        assert "Traceback" not in result.output


def test_a_file_that_is_not_there_is_wrong_usage(outside: Path) -> None:
    for command in ("check", "submit"):
        result = run(command, outside / "missing.xml")
        assert result.exit_code == 2
        assert "missing.xml" in result.output


def test_submit_goes_the_way_of_the_landing_area_and_prints_the_receipt(with_desk: Desk, outside: Path) -> None:
    path = land(outside, ".", census(), "my return.xml")
    result = run("submit", path, "--format", "json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["status"], answer["version"]) == (0, "accepted", 1)
    assert (answer["rows_read"], answer["rows_loaded"], answer["rows_refused"]) == (4, 4, 0)
    assert path.exists(), "the sender's own file stays"
    assert with_desk.receipt("csww_census/2024/E09000007", "my return.xml").startswith("ACCEPTED")
    assert with_desk.current() == [("E09000007", "2024", 1)]

    again = json.loads(run("submit", path, "--format", "json").stdout)
    assert (again["already_received"], again["status"], again["version"]) == (True, "accepted", 1)
    assert run("submit", land(outside, CAMDEN, BAD)).exit_code == 4
    assert with_desk.current() == [("E09000007", "2024", 1)]


def test_submit_knows_synthetic_files_by_the_list_above_them(with_desk: Desk, outside: Path) -> None:
    import hashlib

    path = land(outside, CAMDEN, census())
    listed = {"synthetic": True, "files": {"x": hashlib.sha256(census()).hexdigest()}}
    (outside / "SYNTHETIC.json").write_text(json.dumps(listed))
    result = run("submit", path)
    assert result.exit_code == 0
    assert "SYNTHETIC" in result.stdout
    assert with_desk.rows("select is_synthetic from ledger.submissions") == [(True,)]


def test_submit_asks_whose_return_it_is_when_nothing_says_so(with_desk: Desk, outside: Path) -> None:
    result = run("submit", land(outside, ".", b"\x00\x01", "what.bin"))
    assert result.exit_code == 2
    assert "--collection, --authority and --period" in " ".join(result.output.split())
    assert with_desk.statuses() == []


def test_submit_without_a_key_says_how_to_make_one(
    with_desk: Desk, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSEUDONYM_KEY", "secret")
    result = run("submit", land(outside, CAMDEN, census()))
    assert result.exit_code == 1
    assert "PSEUDONYM_KEY" in result.output and "secrets.token_urlsafe(32)" in " ".join(result.output.split())
    assert with_desk.statuses() == []


def test_recheck_says_what_changes(with_desk: Desk) -> None:
    with_desk.send(CAMDEN, census())
    assert "Nothing changes." in run("recheck", "--dry-run").stdout
    # As if it had been refused by a rule that is no more.
    with with_desk.settings.connect("loader") as connection:
        connection.execute(
            "update ledger.submissions set status = 'rejected', decision = 'rejected', rows_sha256 = null, "
            "rows_loaded = 0, rows_refused = 4"
        )
        connection.execute("truncate raw.csww_census__worker, raw.csww_census__authority")
    would = run("recheck", "--collection", "csww_census", "--dry-run")
    assert "csww_census, Camden, 2024, version 1: would be accepted" in would.stdout
    assert with_desk.current() == []
    assert "is now accepted" in run("recheck").stdout
    assert with_desk.current() == [("E09000007", "2024", 1)]
    assert run("recheck", "--collection", "census").exit_code == 2


def test_status_tells_who_has_sent_what(with_desk: Desk) -> None:
    with_desk.send("csww_census/2024/314-318", census("314"))
    with_desk.send(CAMDEN, QUERIED)
    with_desk.send("csww_census/2024/HAC", BAD)
    result = run("status")
    (line,) = (line for line in result.stdout.splitlines() if "csww_census" in line and "2024" in line)
    assert [cell.strip() for cell in line.split("│")[1:-1]] == ["csww_census", "2024", "3 of 33", "1", "", "1"]


def test_a_check_from_a_cold_start_takes_less_than_eight_seconds(outside: Path) -> None:
    path = land(outside, CAMDEN, census())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "ingestion.cli", "check", str(path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert result.returncode == 0, result.stderr
    # Of the processor, so that whatever else runs at the same time does not count.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 8
