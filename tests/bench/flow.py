"""Under the running stack: from a release arriving to fresh marts, and how quickly dashboards answer."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from infra.local.airflow_api import AirflowApi, Run
from ingestion.sample import generate
from ingestion.settings import Settings, read_environment_file
from superset_config.assets import read_assets
from superset_config.client import Superset
from superset_config.screenshots import browser, views
from tests.bench.figures import Figure, at_most
from tests.conftest import REAL_RELEASES, free_port, stack_command
from tests.superset_config.conftest import RunningSuperset
from tests.superset_config.measuring import TIMES, opening_question, uncached_seconds, usable_seconds


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
    steps = [tasks["dbt_cells"], tasks["dbt_marts"]]
    dbt = sum(seconds_between(step["start_date"], step["end_date"]) for step in steps)
    yield at_most("a release arriving to fresh marts, under the scheduler", 60, total, " s")
    yield at_most("of which dbt, its two tasks", 20, dbt, " s")


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
    superset = RunningSuperset(url, settings)
    member = Superset(url).sign_in("member", superset.passwords["member"])
    assets, ids = read_assets(), superset.ids()
    newest = superset.newest_values(assets)
    times = {
        key: uncached_seconds(member, opening_question(assets, ids, newest, dashboard, key))
        for dashboard in assets.dashboards.values()
        for key in dashboard.placed_charts()
    }
    slowest = max(times, key=lambda key: times[key])
    median = statistics.median(times.values()) * 1000
    yield at_most(
        f"the slowest of {len(times)} charts' data, uncached", 500, times[slowest] * 1000, " ms",
        f"{slowest}; median {median:.0f} ms; best of {TIMES} each",
    )  # fmt: skip
    with browser() as chromium:
        for view in views(assets):
            seconds = usable_seconds(chromium, url, view.slug, view.username, superset.passwords.get(view.username, ""))
            yield at_most(f"dashboard {view.slug} usable in Chromium", 5, seconds, " s", f"best of {TIMES}")
