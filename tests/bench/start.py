"""`make run` on a clean clone with a warm package cache, and a second time."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ingestion.settings import ROOT
from tests.bench.figures import Figure, at_most
from tests.conftest import free_port


def measure_start() -> Iterator[Figure]:
    """Clone what is committed, start it, stop it, start it again."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        environment = {name: value for name, value in os.environ.items() if name != "WORKFORCE_HOME"}
        for port in ("POSTGRES_PORT", "AIRFLOW_PORT", "SUPERSET_PORT"):
            environment[port] = str(free_port())

        def make(*arguments: str) -> float:
            started = time.monotonic()
            subprocess.run(["make", *arguments], cwd=clone, env=environment, check=True, stdout=subprocess.DEVNULL)
            return time.monotonic() - started

        try:
            first = make("run", "DETACH=1")
            make("stop")
            second = make("run", "DETACH=1")
        finally:
            make("stop")
    yield at_most("`make run` on a clean clone, warm package cache", 300, first, " s")
    yield at_most("`make run` a second time", 60, second, " s")
