"""Under the running stack: from a release arriving to fresh marts, and how quickly dashboards answer."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.airflow_api import AirflowApi, Run
from ingestion.sample import generate
from ingestion.settings import Settings, read_environment_file
from superset_config.assets import read_assets
from superset_config.client import Superset
from tests.bench.figures import Figure, at_most
from tests.conftest import REAL_RELEASES, free_port, stack_command
from tests.superset_config.browser import open_dashboard_seconds
from tests.superset_config.charts import chart_data

REPEATS = 3


def measure_flow() -> Iterator[Figure]:
    """Start the stack on last year's release, let this year's arrive, then read the dashboards."""
    with tempfile.TemporaryDirectory() as folder:
        source, home = Path(folder) / "source", Path(folder) / "home"
        source.mkdir()
        earlier, arriving = releases(Path(folder))
        for path in earlier:
            shutil.copy(path, source)
        ports = {name: str(free_port()) for name in ("POSTGRES_PORT", "AIRFLOW_PORT", "SUPERSET_PORT")}
        try:
            started = stack_command(home, "up", "--detach", "--source", str(source), **ports)
            assert started.returncode == 0, started.stdout
            settings = Settings(read_environment_file(home / "environment"))
            for path in arriving:
                shutil.copy(path, source)
            yield from arrival(settings, f"http://127.0.0.1:{ports['AIRFLOW_PORT']}")
            yield from dashboards(settings, f"http://127.0.0.1:{ports['SUPERSET_PORT']}")
        finally:
            stack_command(home, "down")


def releases(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files of an earlier release and those that arrive: DfE's own where they are, else the sample's."""
    if REAL_RELEASES.exists():
        newest = sorted(REAL_RELEASES.glob("*_to_2024.csv"))
        return [path for path in sorted(REAL_RELEASES.glob("*.csv")) if path not in newest], newest
    files = [path for path in generate(folder / "sample") if path.suffix == ".csv"]
    return [files[0]], files[1:]


def seconds_between(earlier: str, later: str) -> float:
    """Between two moments as Airflow writes them."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def arrival(settings: Settings, airflow_url: str) -> Iterator[Figure]:
    """From the trigger that finds the new files to the exchange of the marts."""
    api = AirflowApi(airflow_url, "engineer", settings.get("AIRFLOW_ADMIN_PASSWORD"))
    census = api.trigger("dfe_census")
    begun = datetime.fromisoformat(census.run_after)
    marts = finished(api, "regional_marts", begun)
    tasks = {task["task_id"]: task for task in api.tasks(marts)}
    total = seconds_between(census.run_after, tasks["publish"]["end_date"])
    dbt = [task for task in tasks.values() if task["task_id"].startswith("dbt.") and task["start_date"]]
    first, last = min(task["start_date"] for task in dbt), max(task["end_date"] for task in dbt)
    yield at_most("a release arriving to fresh marts, under the scheduler", 60, total, " s")
    yield at_most("  of which dbt, first of its tasks to last", 20, seconds_between(first, last), " s")


def finished(api: AirflowApi, dag_id: str, since: datetime) -> Run:
    """The run that an asset sets off after a moment, when it is over."""
    run = api.wait_for_run(dag_id, since, seconds=180)
    assert run is not None, f"{dag_id} was not woken"
    while not run.is_over:
        time.sleep(0.5)
        run = api.run(run)
    assert run.state == "success", f"{dag_id} ended as {run.state}"
    return run


def dashboards(settings: Settings, url: str) -> Iterator[Figure]:
    """Every chart's data past the cache, and each dashboard in Chromium."""
    member = Superset(url)
    member.sign_in("member", settings.get("SUPERSET_MEMBER_PASSWORD"))
    assets: Any = read_assets()
    times: dict[str, float] = {}
    for key in assets.charts:
        visitor = Superset(url) if key.startswith("open_census/") else member
        runs = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            chart_data(visitor, assets, key, force=True)
            runs.append(time.perf_counter() - started)
        times[key] = statistics.median(runs)
    slowest = max(times, key=lambda key: times[key])
    yield at_most(f"the slowest of {len(times)} charts' data, uncached", 500, times[slowest] * 1000, " ms", slowest)
    for slug, name in (("census", "the members' dashboard"), ("open-census", "the public dashboard")):
        password = settings.get("SUPERSET_MEMBER_PASSWORD") if slug == "census" else None
        yield at_most(f"{name} usable in Chromium", 5, open_dashboard_seconds(url, slug, password), " s")
