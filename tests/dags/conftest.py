"""Airflow as the dag-processor and the triggerer have it, in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingestion.settings import ROOT

DAGS = ROOT / "dags"


@pytest.fixture(scope="session", autouse=True)
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where Airflow keeps its files; set before anything of it is imported, so tests import it inside."""
    home = tmp_path_factory.mktemp("dags")
    environment = {
        "WORKFORCE_HOME": str(home),
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/unused.db",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield home


@pytest.fixture(scope="module")
def bag(airflow_home: Path) -> Any:
    """The DAGs as the dag-processor sees them."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(DAGS))
