"""The look before anything is changed: one clear line for each thing that is wrong."""

import os
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from infra.local import preflight
from ingestion.settings import ROOT
from tests.conftest import free_port

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, int]:
    """Free ports and an empty home folder."""
    chosen = {name: free_port() for name in preflight.PORTS}
    for name, port in chosen.items():
        monkeypatch.setenv(name, str(port))
    monkeypatch.setenv("WORKFORCE_HOME", str(tmp_path))
    return chosen


def test_a_machine_that_is_ready_has_no_problems() -> None:
    assert preflight.problems() == []


def test_a_busy_port_is_named_with_another_to_choose(ports: dict[str, int]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports["AIRFLOW_PORT"]))
        taken.listen()
        (line,) = preflight.problems()
    assert f"Port {ports['AIRFLOW_PORT']} on 127.0.0.1 is taken" in line
    assert "make run AIRFLOW_PORT=" in line


def test_a_port_that_is_our_own_running_service_is_no_problem(ports: dict[str, int], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "superset.pid").write_text(f"{os.getpid()} 1")
    (tmp_path / "environment").write_text(f"SUPERSET_PORT={ports['SUPERSET_PORT']}\n")
    with socket.socket() as ours:
        ours.bind(("127.0.0.1", ports["SUPERSET_PORT"]))
        ours.listen()
        assert preflight.problems() == []
        (tmp_path / "run" / "superset.pid").unlink()  # the service is gone, somebody else has its port
        assert len(preflight.problems()) == 1


def test_too_little_disk_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - 5 * 10**8, 5 * 10**8))
    (line,) = preflight.problems()
    assert "only 0.5 GB are free" in line


def test_a_wrong_python_is_one_line_and_nothing_else_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 13, 1, "final", 0))
    (line,) = preflight.problems()
    assert line.startswith("Python 3.11 or 3.12 is needed, this is 3.13.1")


def test_make_run_says_one_line_and_changes_nothing(ports: dict[str, int], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports["POSTGRES_PORT"]))
        taken.listen()
        # As from a person's shell, not as a part of the `make test` that may be running this.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        result = subprocess.run(
            ["make", "run", "DETACH=1"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
    assert result.returncode != 0
    assert result.stdout.strip() == ""
    said = [line for line in result.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1
    assert f"Port {ports['POSTGRES_PORT']}" in said[0]
    assert list(tmp_path.iterdir()) == []
