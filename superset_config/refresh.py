"""After a publication: make Superset show the new figures at once.

    python superset_config/refresh.py

Imports the dashboards if their files changed, forgets cached figures, and asks every chart for its data once, as a
dashboard asks when it is opened, so that the first visitor does not wait. Prints one line; exits 1 with the reason
when a chart gives no data. It talks to the running Superset and does not start one, so it takes a second or two;
where none runs there is nobody to warm the cache for, and that is no failure.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

if __name__ == "__main__":
    # Run by its path: the package is found from the repository, and its files are not taken for modules of their own.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from superset_config import bootstrap
from superset_config.assets import Assets, Dashboard, default_filters, read_assets
from superset_config.client import NotRunning, Superset, SupersetError
from superset_config.environment import Environment
from superset_config.query_context import filter_values, query_context, with_filters


def forget_cached_figures(environment: Environment) -> None:
    """Empty the cache of query results, and nothing else: filters in people's links are kept."""
    redis_url = environment.variables.get("SUPERSET_REDIS_URL", "")
    if redis_url:
        import redis

        server = redis.Redis.from_url(redis_url)
        for key in server.scan_iter("superset_data_*", count=1000):
            server.unlink(key)
        return
    from cachelib.file import FileSystemCache

    folder = environment.home / "superset" / "cache" / "data"
    if folder.is_dir():
        FileSystemCache(str(folder)).clear()


def _dataset_ids(metadata_url: str) -> dict[str, int]:
    """Superset's own id of each dataset, by uuid."""
    scheme, rest = metadata_url.split("://", 1)
    connection = psycopg2.connect(f"{scheme.split('+')[0]}://{rest}", connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select uuid::text, id from tables where is_managed_externally")
            return dict(cursor.fetchall())
    finally:
        connection.close()


def _values(answer: Any, column: str) -> list[Any]:
    return [row[column] for row in answer["result"][0]["data"]]


def _warm_dashboard(superset: Superset, dashboard: Dashboard, assets: Assets, ids: dict[str, int]) -> Iterator[str]:
    """Ask for everything one dashboard asks when it is opened; yield what was asked, one name a request."""
    newest = {}
    for each in dashboard.filters:
        dataset_id = ids[assets.datasets[each.dataset].uuid]
        answer = superset.post(
            "/api/v1/chart/data", filter_values(each.column, each.sort_by, each.newest_first, dataset_id)
        )
        values = _values(answer, each.column)
        if each.newest_first and values:
            newest[each.id] = values[0]
        yield f"{dashboard.slug}: filter {each.name}"
    if len(newest) < sum(each.newest_first for each in dashboard.filters):
        # Nothing has been published yet: there is nothing to warm.
        return
    for key in dashboard.placed_charts():
        chart = assets.charts[key]
        context = query_context(chart.viz_type, chart.params, ids[assets.datasets[chart.dataset].uuid])
        conditions = default_filters(dashboard, key.split("/")[1], newest)
        answer = superset.post("/api/v1/chart/data", with_filters(context, conditions))
        for result in answer["result"]:
            if result.get("error"):
                raise SupersetError(f"{key} gives no data: {result['error']}")
        yield key


def refresh(environment: Environment) -> str:
    """Do it all; return the line to print.

    Raises:
        SupersetError: Superset does not answer, or a chart gives no data.
    """
    started = time.monotonic()
    bootstrap.apply(environment, quiet=True)
    forget_cached_figures(environment)
    assets = read_assets()
    ids = _dataset_ids(environment.required("SUPERSET_METADATA_URL"))
    username = environment.variables.get("SUPERSET_REFRESH_USER") or "analyst"
    password = environment.variables.get("SUPERSET_REFRESH_PASSWORD") or environment.required(
        "SUPERSET_ANALYST_PASSWORD"
    )
    url = environment.variables.get("SUPERSET_URL") or f"http://127.0.0.1:{environment.required('SUPERSET_PORT')}"
    try:
        superset = Superset(url).sign_in(username, password)
    except NotRunning:
        return f"superset: cached figures forgotten; no Superset runs at {url}, so nothing was warmed"
    asked = sum(
        1 for dashboard in assets.dashboards.values() for _ in _warm_dashboard(superset, dashboard, assets, ids)
    )
    seconds = time.monotonic() - started
    warmed = f"{len(assets.dashboards)} dashboards warmed with {asked} queries"
    return f"superset: figures refreshed, {warmed} ({seconds:.1f} s)"


def main() -> int:
    """The command line."""
    try:
        print(refresh(Environment.load()))
    except SupersetError as error:
        print(f"superset: not refreshed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
