"""Who may see what, asked of the running Superset: default deny, figures only through a dataset's own permission."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from superset_config.assets import Assets, Dashboard, read_assets
from superset_config.client import Superset, SupersetError
from tests.superset_config.conftest import RunningSuperset, as_json, rows_of

ASSETS = read_assets()
SEES = {
    "public": {"public"},
    "member": {"public", "members"},
    "analyst": {"public", "members"},
    "admin": {"public", "members"},
}
CHARTS = [(dashboard, key) for dashboard in ASSETS.dashboards.values() for key in dashboard.placed_charts()]
# A chart on which the newest data may have nothing to say: no release has changed anything yet.
MAY_BE_EMPTY = {"census/revisions"}

Question = Callable[[Dashboard, str], dict[str, Any]]


def status_of(action: Callable[[], Any]) -> int:
    """The HTTP status an action ends with."""
    try:
        action()
    except SupersetError as error:
        return error.status
    return 200


def test_every_audience_is_one_the_tests_know() -> None:
    assert {dashboard.audience for dashboard in ASSETS.dashboards.values()} <= SEES["admin"]


@pytest.mark.parametrize("who", SEES)
@pytest.mark.parametrize(("dashboard", "key"), CHARTS, ids=[key for _, key in CHARTS])
def test_a_charts_data_comes_to_those_it_is_for_and_to_nobody_else(
    who: str,
    dashboard: Dashboard,
    key: str,
    visitors: Mapping[str, Superset],
    question: Question,
    ids: Mapping[str, int],
) -> None:
    visitor, chart = visitors[who], ASSETS.charts[key]
    saved = f"/api/v1/chart/{ids[chart.uuid]}/data/"
    if dashboard.audience in SEES[who]:
        rows = rows_of(visitor.post("/api/v1/chart/data", question(dashboard, key)))
        assert rows or key in MAY_BE_EMPTY
        # The chart as saved, without a dashboard's filters.
        assert as_json(visitor.get(saved))["result"][0]["error"] is None
    else:
        assert status_of(lambda: visitor.post("/api/v1/chart/data", question(dashboard, key))) in (401, 403)
        assert status_of(lambda: visitor.get(saved)) in (401, 403, 404)


def test_the_public_is_asked_to_sign_in_for_the_members_dashboard(visitors: Mapping[str, Superset]) -> None:
    assert "data-bootstrap" in visitors["public"].get("/superset/dashboard/open_census/")
    # Superset sends a visitor without access to the login page, which holds no figures.
    for slug in ("census", "lswc"):
        assert status_of(lambda slug=slug: visitors["public"].get(f"/api/v1/dashboard/{slug}")) in (401, 403, 404)


def test_the_lists_of_dashboards_hold_what_each_may_open(visitors: Mapping[str, Superset]) -> None:
    def slugs(who: str) -> set[str]:
        return {each["slug"] for each in as_json(visitors[who].get("/api/v1/dashboard/"))["result"]}

    assert slugs("public") == {"open_census"}
    assert slugs("member") == {"open_census", "census", "lswc"}


@pytest.mark.parametrize("who", ["member", "public"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/database/", "/api/v1/dataset/", "/api/v1/query/", "/api/v1/saved_query/", "/api/v1/security/users/",
        "/api/v1/security/roles/", "/api/v1/log/", "/api/v1/rowlevelsecurity/", "/api/v1/dashboard/export/?q=!(1)",
        "/api/v1/chart/export/?q=!(1)", "/api/v1/assets/export/", "/sqllab/", "/users/",
    ],
)  # fmt: skip
def test_members_and_the_public_read_nothing_behind_the_dashboards(
    who: str, path: str, visitors: Mapping[str, Superset]
) -> None:
    try:
        page = visitors[who].get(path)
    except SupersetError as error:
        assert error.status in (401, 403, 404)
    else:
        # The public is sent to the login page instead.
        assert who == "public" and "/login/" in page and '"username": "' not in page


@pytest.mark.parametrize("who", ["member", "public"])
def test_members_and_the_public_run_no_sql(who: str, visitors: Mapping[str, Superset]) -> None:
    body = {"database_id": 1, "sql": "select 1", "client_id": "a1", "runAsync": False}
    assert status_of(lambda: visitors[who].post("/api/v1/sqllab/execute/", body)) in (401, 403)


def test_an_analyst_runs_sql_and_writes_nothing(visitors: Mapping[str, Superset], superset: RunningSuperset) -> None:
    with superset.metadata() as connection:
        row = connection.execute("select id from dbs where database_name = 'Members'' marts'").fetchone()
    assert row is not None

    def run(sql: str, client_id: str) -> Any:
        body = {"database_id": row[0], "sql": sql, "client_id": client_id, "runAsync": False}
        return visitors["analyst"].post("/api/v1/sqllab/execute/", body)

    answer = run("select count(*) as rows from marts.publication_status", f"b{time.time_ns()}"[-8:])
    assert answer["data"] == [{"rows": 1}]
    for number, sql in enumerate(
        [
            "create table marts.mine (a int)",
            "delete from marts.mart_census__indicators",
            "select * from ledger.releases",
        ]
    ):
        assert status_of(lambda sql=sql, number=number: run(sql, f"c{time.time_ns()}{number}"[-10:])) >= 400, sql


@pytest.mark.parametrize("who", ["member", "public"])
def test_members_and_the_public_change_nothing(
    who: str, visitors: Mapping[str, Superset], ids: Mapping[str, int]
) -> None:
    chart = ids[ASSETS.charts["open_census/map"].uuid]
    for method, path, body in (
        ("PUT", f"/api/v1/chart/{chart}", {"slice_name": "mine"}),
        (
            "POST",
            "/api/v1/chart/",
            {"slice_name": "mine", "viz_type": "table", "datasource_id": 1, "datasource_type": "table"},
        ),
        ("POST", "/api/v1/dashboard/", {"dashboard_title": "mine"}),
        ("DELETE", f"/api/v1/chart/{chart}", {}),
        ("POST", "/api/v1/dataset/", {"database": 1, "table_name": "pg_roles", "schema": "pg_catalog"}),
    ):
        assert status_of(lambda m=method, p=path, b=body: visitors[who].send(m, p, b)) in (401, 403), path


def test_a_query_of_ones_own_reaches_no_other_table(
    visitors: Mapping[str, Superset], question: Question, assets: Assets
) -> None:
    dashboard = assets.dashboards["open_census"]
    body = question(dashboard, "open_census/map")
    stolen = {
        "expressionType": "SQL",
        "label": "stolen",
        "sqlExpression": "(select count(*) from marts.mart_census__indicators)",
    }
    queries = [query | {"columns": ["unit_name", stolen]} for query in body["queries"]]
    assert status_of(lambda: visitors["public"].post("/api/v1/chart/data", body | {"queries": queries})) >= 400


def test_figures_of_the_open_dashboard_can_be_downloaded_by_anybody(
    visitors: Mapping[str, Superset], ids: Mapping[str, int]
) -> None:
    chart = ids[ASSETS.charts["open_census/table"].uuid]
    header = visitors["public"].get(f"/api/v1/chart/{chart}/data/?format=csv").splitlines()[0]
    assert "Reporting unit" in header and "Value" in header


def test_quality_reports_are_for_administrators_and_analysts(
    visitors: Mapping[str, Superset], superset: RunningSuperset
) -> None:
    there = (superset.settings.home / "data_docs" / "index.html").exists()
    for who in ("admin", "analyst"):
        assert status_of(lambda who=who: visitors[who].get("/data-docs/")) == (200 if there else 404)
    assert status_of(lambda: visitors["member"].get("/data-docs/")) == 403
    assert 'id="csrf_token"' in visitors["public"].get("/data-docs/"), "the public is sent to the login page"


@pytest.mark.parametrize("path", ["../environment", "..%2fenvironment", "%2e%2e/environment", "/etc/passwd"])
def test_quality_reports_lead_nowhere_else(path: str, visitors: Mapping[str, Superset]) -> None:
    assert status_of(lambda: visitors["admin"].get(f"/data-docs/{path}")) == 404


def test_a_wrong_password_is_refused(superset: RunningSuperset) -> None:
    with pytest.raises(SupersetError, match="could not sign in"):
        Superset(superset.url).sign_in("member", "not the password")


def test_pages_come_with_a_strict_policy_and_cookies_scripts_cannot_read(superset: RunningSuperset) -> None:
    from urllib.request import urlopen

    with urlopen(f"{superset.url}/login/") as response:
        policy, cookies = response.headers["Content-Security-Policy"], response.headers.get_all("Set-Cookie")
    assert (
        "default-src 'self'" in policy
        and "object-src 'none'" in policy
        and "'unsafe-inline'" not in policy.split("style-src")[0]
    )
    assert "http" not in policy.replace("https_", "")
    session = next(cookie for cookie in cookies if cookie.startswith("session="))
    assert "HttpOnly" in session and "SameSite=Lax" in session
