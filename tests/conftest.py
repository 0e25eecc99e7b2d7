"""What the tests stand on: a real Postgres, real databases, the real stack.

Nothing here touches the checkout's own `.local/`: every server has its own folder and a free port.
"""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.database.setup import ROLES, set_up_warehouse
from infra.local.postgres import EmbeddedPostgres
from ingestion.build import run_dbt
from ingestion.settings import ROOT, Settings
from ingestion.sources.files import FileSource
from ingestion.statistics.intake import load_source

REAL_DATA = ROOT.parent / "shared" / "data"
REAL_RELEASES = REAL_DATA / "ees"

needs_real_data = pytest.mark.skipif(
    not REAL_RELEASES.exists(), reason=f"DfE's real releases are not at {REAL_RELEASES.relative_to(ROOT.parent)}"
)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A Postgres server of its own, as `make run` starts it."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres") / "server", free_port(), secrets.token_urlsafe(12))
    server.create()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def new_warehouse(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Settings]:
    """Makes fresh warehouse databases: give a name, get the settings that reach it."""
    passwords = {role: secrets.token_urlsafe(12) for role in ROLES}

    def make(name: str) -> Settings:
        database = f"{name}_{secrets.token_hex(4)}"
        set_up_warehouse(postgres.admin_arguments, database, passwords)
        home = tmp_path_factory.mktemp(database)
        return Settings(
            {
                "WORKFORCE_HOME": str(home),
                "WAREHOUSE_HOST": "127.0.0.1",
                "WAREHOUSE_PORT": str(postgres.port),
                "WAREHOUSE_DATABASE": database,
                "PSEUDONYM_KEY": secrets.token_urlsafe(32),
                **{f"WAREHOUSE_{role.upper()}_PASSWORD": password for role, password in passwords.items()},
            }
        )

    return make


@pytest.fixture
def warehouse(new_warehouse: Callable[[str], Settings]) -> Settings:
    """An empty warehouse."""
    return new_warehouse("empty")


def load_and_accept(settings: Settings, path: Path) -> None:
    """Load a folder or file and run the release gate, as `workforce load` does."""
    from expectations.release_gate import check_releases

    with settings.connect("loader") as connection:
        outcomes = [result.outcome for result in load_source(connection, FileSource(path), settings.quarantine)]
    assert "refused" not in outcomes
    assert all(result.outcome != "failed" for result in check_releases(settings))


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own synthetic sample."""
    from ingestion.sample import generate

    folder = tmp_path_factory.mktemp("sample")
    generate(folder)
    return folder


@pytest.fixture(scope="session")
def built_sample_warehouse(new_warehouse: Callable[[str], Settings], sample_folder: Path) -> Settings:
    """A warehouse with the sample loaded and dbt built."""
    settings = new_warehouse("sample")
    load_and_accept(settings, sample_folder)
    run_dbt(settings, "build", "--quiet")
    return settings


@pytest.fixture(scope="session")
def built_real_warehouse(new_warehouse: Callable[[str], Settings]) -> Settings:
    """A warehouse with DfE's five real files loaded and dbt built."""
    if not REAL_RELEASES.exists():
        pytest.skip(f"DfE's real releases are not at {REAL_RELEASES}")
    settings = new_warehouse("real")
    load_and_accept(settings, REAL_RELEASES)
    run_dbt(settings, "build", "--quiet")
    return settings


@dataclass(frozen=True)
class RunningStack:
    """The whole embedded stack, up and loaded."""

    home: Path
    settings: Settings
    airflow_url: str
    superset_url: str
    is_real_data: bool
    output: str

    def command(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run one of the stack's own commands (`status`, `psql`, …)."""
        return stack_command(self.home, *arguments, timeout=timeout)


def stack_command(
    home: Path, *arguments: str, timeout: float = 600, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run `python -m infra.local.stack` on a home folder."""
    environment = {**os.environ, "WORKFORCE_HOME": str(home), "COLUMNS": "200", **variables}
    return subprocess.run(
        [sys.executable, "-m", "infra.local.stack", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The embedded stack as `make run DETACH=1` starts it, on DfE's real files where they are, else on the sample."""
    home = tmp_path_factory.mktemp("stack")
    ports = {name: str(free_port()) for name in ("POSTGRES_PORT", "AIRFLOW_PORT", "SUPERSET_PORT")}
    is_real = REAL_RELEASES.exists()
    source = str(REAL_RELEASES) if is_real else "sample"
    result = stack_command(home, "up", "--detach", "--source", source, **ports)
    try:
        assert result.returncode == 0, result.stdout + result.stderr
        from ingestion.settings import read_environment_file

        yield RunningStack(
            home,
            Settings(read_environment_file(home / "environment")),
            f"http://127.0.0.1:{ports['AIRFLOW_PORT']}",
            f"http://127.0.0.1:{ports['SUPERSET_PORT']}",
            is_real,
            result.stdout,
        )
    finally:
        stack_command(home, "down")
