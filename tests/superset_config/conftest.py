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

    def newest_values(self, assets: Assets) -> Mapping[str, Any]:
        """The value each filter that begins with the newest begins with, by the filter's id."""
        found = {}
        for dashboard in assets.dashboards.values():
            for each in (each for each in dashboard.filters if each.newest_first):
                dataset = assets.datasets[each.dataset]
                order = {metric["name"]: metric["expression"] for metric in dataset.metrics}.get(each.sort_by or "")
                role = assets.connections[dataset.connection].role
                with self.settings.connect(role) as connection:
                    row = connection.execute(
                        f"select {each.column} from {dataset.schema}.{dataset.table} "
                        f"group by {each.column} order by {order or each.column} desc limit 1"
                    ).fetchone()
                assert row is not None, f"{dataset.key} has a row even in an empty warehouse"
                found[each.id] = row[0]
        return found

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
def superset(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunningSuperset:
    """The stack's Superset; WORKFORCE_TEST_HOME names the folder of a stack that is up already."""
    home = os.environ.get("WORKFORCE_TEST_HOME")
    if home:
        settings = Settings(read_environment_file(Path(home) / "environment"))
        running = RunningSuperset(f"http://127.0.0.1:{settings.get('SUPERSET_PORT')}", settings)
    else:
        stack = request.getfixturevalue("stack")
        running = RunningSuperset(stack.superset_url, stack.settings)
    load_analytics_where_there_are_none(running.settings, tmp_path_factory.mktemp("analytics"))
    return running


# A start brings census releases alone. Enough of the sample for every chart to have something to show, months missing.
MONTHS_OF_ANALYTICS = ("2025-10", "2026-08", "2026-09", "2026-10")


def load_analytics_where_there_are_none(settings: Settings, folder: Path) -> None:
    """Bring some months of the sample of London Social Work for Children into a stack that has none, and publish."""
    from ingestion.build import build_and_publish
    from ingestion.lswc.intake import load_path
    from ingestion.sample.lswc import write_lswc

    with settings.connect("loader") as connection:
        if connection.execute("select 1 from ledger.deliveries limit 1").fetchone() is not None:
            return
    write_lswc(folder)
    for path in [*folder.glob("lswc_web/*"), *folder.glob("lswc_jobs/*")]:
        if not any(month in path.name for month in MONTHS_OF_ANALYTICS):
            path.unlink()
    for collection in ("lswc_web", "lswc_jobs", "lswc_audience"):
        load_path(settings, collection, folder / collection)
    build_and_publish(settings)


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
def question(
    assets: Assets, ids: Mapping[str, int], superset: RunningSuperset
) -> Callable[[Dashboard, str], dict[str, Any]]:
    """Makes the request a dashboard sends for one of its charts when it is first opened."""
    newest = superset.newest_values(assets)

    def ask(dashboard: Dashboard, key: str) -> dict[str, Any]:
        return opening_question(assets, ids, newest, dashboard, key)

    return ask


def rows_of(answer: Any) -> list[dict[str, Any]]:
    """The rows of a chart data answer's first query."""
    rows = answer["result"][0]["data"]
    assert isinstance(rows, list)
    return rows


def as_json(text: str) -> Any:
    """A JSON answer."""
    return json.loads(text)
