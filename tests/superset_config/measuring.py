"""How long a chart's data and a dashboard take: measured one way, by the tests and by `make bench`."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from superset_config.assets import Assets, Dashboard, default_filters
from superset_config.client import Superset
from superset_config.query_context import query_context, with_filters
from superset_config.screenshots import READY, visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TIMES = 3


def opening_question(
    assets: Assets, ids: Mapping[str, int], newest: Mapping[str, Any], dashboard: Dashboard, key: str
) -> dict[str, Any]:
    """The request a dashboard sends for one of its charts when it is first opened.

    `newest` gives the first value of each filter whose default is the newest.
    """
    chart = assets.charts[key]
    context = query_context(chart.viz_type, chart.params, ids[assets.datasets[chart.dataset].uuid])
    return with_filters(context, default_filters(dashboard, key.split("/")[1], newest))


def uncached_seconds(visitor_session: Superset, question: dict[str, Any]) -> float:
    """The best of three times for a chart's data, none of them from the cache: the machine does other things, too."""
    taken = []
    for _ in range(TIMES):
        started = time.perf_counter()
        answer = visitor_session.post("/api/v1/chart/data", question | {"force": True})
        taken.append(time.perf_counter() - started)
        assert not answer["result"][0]["is_cached"]
    return min(taken)


def usable_seconds(
    chromium: "Browser", url: str, slug: str, who: str, password: str, *, times: int = TIMES, enough: float = 0
) -> float:
    """The best of some times until the headline figures stand and the trend is drawn, each in a browser that was never
    here before. Once a time is good `enough`, no further one is taken."""
    taken: list[float] = []
    while len(taken) < times and min(taken, default=enough + 1) > enough:
        context = visitor(chromium, url, who, password, 1440, 900)
        page = context.new_page()
        started = time.perf_counter()
        page.goto(f"{url}/superset/dashboard/{slug}/", wait_until="commit")
        page.wait_for_selector(READY)
        page.wait_for_selector("canvas, .cw-empty")
        taken.append(time.perf_counter() - started)
        context.close()
    return min(taken)
