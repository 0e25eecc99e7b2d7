"""The whole embedded stack, as a newcomer starts it: every part real, on free ports, in a folder of its own."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from infra.local.airflow_api import AirflowApi
from ingestion.settings import ROOT
from tests.conftest import REAL_RELEASES, RunningStack, stack_command
from tests.ingestion.releases import write_indicators

LONDON = (
    "select value from mart_census__indicators where unit_code = 'E12000007' and census_year = {} and indicator = '{}'"
)
# As published in DfE's 2024 release: domain reference, section 7.2.
LONDON_2024 = {
    "inpost_fte": "5869.9",
    "turnover_rate_fte": "15.3",
    "agency_rate_fte": "21.9",
    "vacancy_rate_fte": "22.7",
    "caseload_fte": "13.8",
    "absence_rate_fte": "2.7",
}
SECOND_START_LIMIT_SECONDS = 60


def workforce(stack: RunningStack, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("workforce")), *arguments],
        env={**os.environ, "WORKFORCE_HOME": str(stack.home)}, cwd=stack.home, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def counted(stack: RunningStack) -> str:
    return stack.command(
        "psql",
        "select (select count(*) from raw.dfe_census__indicators), (select count(*) from ledger.releases), "
        "(select count(*) from ledger.publications), (select count(*) from marts.mart_census__indicators)",
    ).stdout


def test_everything_is_up_and_the_end_says_where(stack: RunningStack) -> None:
    status = stack.command("status")
    assert status.returncode == 0, status.stdout
    for service in ("postgres", "airflow-scheduler", "airflow-triggerer", "airflow-dag-processor", "superset"):
        assert f"{service:<22} up" in status.stdout
    for address in (stack.superset_url, stack.airflow_url):
        assert address in stack.output
        assert address.startswith("http://127.0.0.1:")
    assert stack.settings.get("SUPERSET_ADMIN_PASSWORD") in stack.output
    assert "failed" not in stack.output


def test_logins_are_kept_private(stack: RunningStack) -> None:
    for name in ("environment", "airflow-passwords.json"):
        assert stat.S_IMODE((stack.home / name).stat().st_mode) == 0o600


def test_london_is_in_the_mart(stack: RunningStack) -> None:
    if not stack.is_real_data:
        pytest.skip("DfE's real releases are not here")
    for indicator, value in LONDON_2024.items():
        assert stack.command("psql", LONDON.format(2024, indicator)).stdout.strip() == value, indicator


def test_the_flow_ran_under_the_scheduler(stack: RunningStack) -> None:
    api = AirflowApi(stack.airflow_url, "engineer", stack.settings.get("AIRFLOW_ADMIN_PASSWORD"))
    for dag in ("dfe_census", "regional_marts", "publish_dashboards"):
        run = api.latest_run(dag)
        assert run is not None
        assert run.state == "success", dag
    census = api.latest_run("dfe_census")
    assert census is not None
    assert {task["state"] for task in api.tasks(census)} <= {"success", "skipped"}
    marts = api.latest_run("regional_marts")
    assert marts is not None
    assert marts.run_id.startswith("asset_triggered")


def test_airflow_and_the_warehouse_let_nobody_in_without_a_password(stack: RunningStack) -> None:
    assert httpx.get(f"{stack.airflow_url}/api/v2/dags").status_code == 401
    refused = httpx.post(f"{stack.airflow_url}/auth/token", json={"username": "engineer", "password": "engineer"})
    assert refused.status_code == 401
    wrong = {**stack.settings.environment, "WAREHOUSE_LOADER_PASSWORD": "loader"}
    from ingestion.settings import Settings, SettingsError

    with pytest.raises(SettingsError, match="password authentication failed"):
        Settings(wrong).connect("loader")


def test_psql_is_an_analyst_who_cannot_write(stack: RunningStack) -> None:
    result = stack.command("psql", "create table marts.mine ()")
    assert result.returncode != 0
    assert "read-only transaction" in result.stderr
    assert stack.command("psql", "select 1, 'two'").stdout == "1|two\n"


def test_loading_a_file_again_changes_no_row(stack: RunningStack) -> None:
    before = counted(stack)
    folder = REAL_RELEASES if stack.is_real_data else stack.home / "sample"
    result = workforce(stack, "load", "dfe_census_statistics", str(folder))
    assert result.returncode == 0, result.stderr
    assert "already loaded, nothing changed" in result.stdout
    assert counted(stack) == before


def test_bad_input_ends_with_its_reason_and_changes_nothing(stack: RunningStack, tmp_path: Path) -> None:
    before = counted(stack)
    page = tmp_path / "page.csv"
    page.write_text("<html>Not found</html>")
    release = write_indicators(tmp_path / "symbol.csv", 2025)
    release.write_text(release.read_text().replace(",Camden,10", ",Camden,about ten", 1))
    for path, said in (
        (page, "page.csv: is a web page"),
        (release, "symbol.csv"),
        (tmp_path / "nowhere.csv", "nowhere.csv"),
        (Path(__file__), "test_stack.py"),
    ):
        result = workforce(stack, "load", "dfe_census_statistics", str(path))
        assert result.returncode == 1, result.stdout
        assert said in result.stderr
        assert "Traceback" not in result.stderr
    kept = sorted(file.name for file in stack.settings.quarantine.rglob("*.csv"))
    assert kept == ["page.csv", "symbol.csv"], "what was accepted is let go, what was refused is kept"
    after = counted(stack).split("|")
    rejected = stack.command("psql", "select count(*) from ledger.releases where status = 'rejected'").stdout.strip()
    assert rejected == "1"
    assert after == [before.split("|")[0], str(int(before.split("|")[1]) + 1), *before.split("|")[2:]]


def test_build_by_hand_publishes_the_same_figures(stack: RunningStack) -> None:
    figures = (
        "select md5(string_agg(m::text, '' order by unit_code, census_year, indicator)) from mart_census__indicators m"
    )
    before = stack.command("psql", figures).stdout
    result = workforce(stack, "build")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Published" in result.stdout
    assert stack.command("psql", figures).stdout == before


def test_a_second_start_is_quick_and_loses_nothing(stack: RunningStack) -> None:
    before = counted(stack)
    assert stack_command(stack.home, "down").returncode == 0
    assert stack_command(stack.home, "status").returncode == 1
    started = time.monotonic()
    again = stack_command(stack.home, "up", "--detach")
    seconds = time.monotonic() - started
    assert again.returncode == 0, again.stdout
    assert "Nothing new" in again.stdout
    assert counted(stack) == before
    assert seconds < SECOND_START_LIMIT_SECONDS


def test_reset_asks_and_keeps_everything_without_the_word(stack: RunningStack) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "infra.local.stack", "reset"], input="yes\n", cwd=ROOT, text=True, capture_output=True,
        env={**os.environ, "WORKFORCE_HOME": str(stack.home)}, check=False,
    )  # fmt: skip
    assert "Nothing was deleted" in result.stdout
    assert counted(stack).strip()


def test_a_source_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    result = stack_command(tmp_path / "home", "up", "--source", str(tmp_path / "nothing"))
    assert result.returncode == 1
    assert result.stdout.strip().endswith("Use sample, live or a path.")
    assert not (tmp_path / "home").exists()
