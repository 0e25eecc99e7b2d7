"""Bringing Superset to what the code says: it changes only what differs, and a publication shows at once."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from superset_config.assets import Assets, Dashboard
from superset_config.client import Superset
from tests.superset_config.conftest import RunningSuperset

# What a running Superset writes by itself: its event log, filter states, and the times people signed in.
NOT_OURS = {"logs", "key_value", "cache_keys", "keyvalue"}
NOT_OURS_COLUMNS = {"ab_user": {"last_login", "login_count", "fail_login_count", "changed_on"}}


def everything(superset: RunningSuperset) -> dict[str, list[Any]]:
    """Every row of Superset's database, ids and times of change included."""
    found = {}
    with superset.metadata() as connection:
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = 'public' order by tablename"
        ).fetchall()
        for (table,) in tables:
            if table not in NOT_OURS:
                left_out = " ".join(f"- '{name}'" for name in sorted(NOT_OURS_COLUMNS.get(table, ())))
                query = f"select to_jsonb(t) {left_out} from {table} as t order by to_jsonb(t)::text"
                found[table] = [row[0] for row in connection.execute(query).fetchall()]
    return found


def test_importing_again_changes_no_row(superset: RunningSuperset) -> None:
    before = everything(superset)
    assert before["dashboards"] and before["slices"] and before["ab_permission_view_role"]
    result = superset.run("bootstrap.py", "--force")
    assert result.returncode == 0, result.stderr
    after = everything(superset)
    for table, rows in before.items():
        assert rows == after[table], table


def test_a_second_start_sees_in_a_moment_that_nothing_is_to_be_done(superset: RunningSuperset) -> None:
    assert superset.run("bootstrap.py").returncode == 0
    started = time.perf_counter()
    result = superset.run("bootstrap.py")
    assert result.returncode == 0 and "up to date" in result.stdout
    assert time.perf_counter() - started < 5


SPOILT_BY_HAND = {
    "a dashboard's title": "update dashboards set dashboard_title = 'changed by hand' where slug = 'census'",
    "a chart's parameters": "update slices set params = '{}' where is_managed_externally and viz_type = 'table'",
    "a permission given to the public": (
        "insert into ab_permission_view_role (id, permission_view_id, role_id) "
        "select nextval('ab_permission_view_role_id_seq'), permission.id, role.id from ab_role as role, "
        "ab_permission_view as permission inner join ab_permission on permission_id = ab_permission.id "
        "inner join ab_view_menu on view_menu_id = ab_view_menu.id "
        "where role.name = 'Public' and ab_permission.name = 'can_sqllab' and ab_view_menu.name = 'Superset'"
    ),
}


def test_what_was_changed_by_hand_is_put_right(superset: RunningSuperset) -> None:
    def without_times(rows: dict[str, list[Any]]) -> dict[str, list[str]]:
        return {
            table: sorted(str({name: row[name] for name in row if name not in ("changed_on", "id")}) for row in each)
            for table, each in rows.items()
            if table != "workforce_applied"
        }

    before = everything(superset)
    with superset.metadata() as connection:
        for what, spoil in SPOILT_BY_HAND.items():
            assert connection.execute(spoil).rowcount > 0, what
    result = superset.run("bootstrap.py")
    assert result.returncode == 0 and "imported" in result.stdout, result.stderr
    assert without_times(everything(superset)) == without_times(before)


def test_after_a_publication_the_figures_are_fresh_and_warm(
    superset: RunningSuperset, visitors: Mapping[str, Superset], assets: Assets,
    question: Callable[[Dashboard, str], dict[str, Any]],
) -> None:  # fmt: skip
    def ask(key: str) -> Any:
        return visitors["member"].post("/api/v1/chart/data", question(assets.dashboards["census"], key))["result"][0]

    before = {key: ask(key)["cached_dttm"] for key in assets.dashboards["census"].placed_charts()}
    result = superset.run("refresh.py")
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.strip().splitlines()) == 1 and "figures refreshed" in result.stdout
    for key, cached in before.items():
        answer = ask(key)
        assert answer["is_cached"], f"{key} was not warmed"
        assert cached is None or answer["cached_dttm"] > cached, f"{key} is still the old answer"


def test_a_refresh_without_a_running_superset_is_no_failure(superset: RunningSuperset) -> None:
    lonely = RunningSuperset(
        superset.url,
        type(superset.settings)({**superset.settings.environment, "SUPERSET_URL": "http://127.0.0.1:9"}),
    )
    result = lonely.run("refresh.py")
    assert result.returncode == 0 and "nothing was warmed" in result.stdout


def test_a_wrong_account_makes_the_refresh_fail_with_the_reason(superset: RunningSuperset) -> None:
    wrong = RunningSuperset(
        superset.url,
        type(superset.settings)({**superset.settings.environment, "SUPERSET_REFRESH_PASSWORD": "not the password"}),
    )
    result = wrong.run("refresh.py")
    assert result.returncode == 1
    assert "could not sign in" in result.stderr and "Traceback" not in result.stderr
