"""A running Superset with published marts, and visitors to it."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion.settings import ROOT, Settings, read_environment_file
from superset_config.assets import Assets, Dashboard, read_assets
from superset_config.client import Superset
from tests.superset_config.measuring import opening_question

SUPERSET_PYTHON = ROOT / "superset_config" / ".venv" / "bin" / "python"


@dataclass(frozen=True)
class RunningSuperset:
    """A Superset that serves the published marts of one warehouse."""

    url: str
    settings: Settings

    @property
    def passwords(self) -> Mapping[str, str]:
        """The embedded stack's accounts."""
        return {name: self.settings.get(f"SUPERSET_{name.upper()}_PASSWORD") for name in ("admin", "analyst", "member")}

    @property
    def is_synthetic(self) -> bool:
        """Whether the published data are the sample."""
        with self.settings.connect("public_reader") as connection:
            row = connection.execute("select is_synthetic from open_data.publication_status").fetchone()
        assert row is not None
        return bool(row[0])

    def newest_year(self) -> int:
        """The newest census year in the published data."""
        with self.settings.connect("public_reader") as connection:
            row = connection.execute("select max(census_year) from open_data.census_indicators").fetchone()
        assert row is not None
        return int(row[0])

    def metadata(self) -> psycopg.Connection[Any]:
        """Superset's own database."""
        return psycopg.connect(self.settings.get("SUPERSET_METADATA_URL").replace("postgresql+psycopg2", "postgresql"))

    def ids(self) -> Mapping[str, int]:
        """Superset's own id of every chart and dataset, by uuid."""
        with self.metadata() as connection:
            rows = connection.execute("select uuid::text, id from slices union all select uuid::text, id from tables")
            return dict(rows.fetchall())

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of superset_config's scripts as the stack runs it."""
        return subprocess.run(
            [str(SUPERSET_PYTHON), str(ROOT / "superset_config" / script), *arguments],
            env={**os.environ, **self.settings.environment}, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip


@pytest.fixture(scope="session")
def superset(request: pytest.FixtureRequest) -> RunningSuperset:
    """The stack's Superset; WORKFORCE_TEST_HOME names the folder of a stack that is up already."""
    home = os.environ.get("WORKFORCE_TEST_HOME")
    if home:
        settings = Settings(read_environment_file(Path(home) / "environment"))
        return RunningSuperset(f"http://127.0.0.1:{settings.get('SUPERSET_PORT')}", settings)
    stack = request.getfixturevalue("stack")
    return RunningSuperset(stack.superset_url, stack.settings)


@pytest.fixture(scope="session")
def visitors(superset: RunningSuperset) -> Mapping[str, Superset]:
    """One session a kind of visitor; `public` has not signed in."""
    signed_in = {name: Superset(superset.url).sign_in(name, password) for name, password in superset.passwords.items()}
    return {**signed_in, "public": Superset(superset.url)}


@pytest.fixture(scope="session")
def assets() -> Assets:
    """The dashboards as the files describe them."""
    return read_assets()


@pytest.fixture(scope="session")
def newest_year(superset: RunningSuperset) -> int:
    """The newest census year in the published data."""
    return superset.newest_year()


@pytest.fixture(scope="session")
def ids(superset: RunningSuperset) -> Mapping[str, int]:
    """Superset's own id of every chart and dataset, by uuid."""
    return superset.ids()


@pytest.fixture(scope="session")
def question(assets: Assets, ids: Mapping[str, int], newest_year: int) -> Callable[[Dashboard, str], dict[str, Any]]:
    """Makes the request a dashboard sends for one of its charts when it is first opened."""

    def ask(dashboard: Dashboard, key: str) -> dict[str, Any]:
        return opening_question(assets, ids, newest_year, dashboard, key)

    return ask


def rows_of(answer: Any) -> list[dict[str, Any]]:
    """The rows of a chart data answer's first query."""
    rows = answer["result"][0]["data"]
    assert isinstance(rows, list)
    return rows


def as_json(text: str) -> Any:
    """A JSON answer."""
    return json.loads(text)
