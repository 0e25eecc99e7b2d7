"""Every DAG file: it imports quickly, names an owner, tries again, is tagged, and holds wiring only."""

import ast
import time
from pathlib import Path
from typing import Any

import pytest

from ingestion.returns.specification import collections
from tests.dags.conftest import DAGS

FILES = sorted(path for path in DAGS.glob("*.py") if path.name not in ("__init__.py", "assets.py", "defaults.py"))
IMPORT_LIMIT_SECONDS = 1.0


def test_every_file_makes_its_dag_without_errors_and_returns_one_a_collection(bag: Any) -> None:
    assert bag.import_errors == {}
    alone = {path.stem for path in FILES} - {"returns"}
    assert set(bag.dags) == alone | set(collections())
    assert {"csww_census", "agency_quarterly", "leadership_in_colour", "ep_workforce"} <= set(bag.dags)


def test_every_task_has_an_owner_and_every_dag_tags_and_a_description(bag: Any) -> None:
    for dag in bag.dags.values():
        assert dag.tags, dag.dag_id
        assert dag.doc_md and len(dag.doc_md) > 80, dag.dag_id
        assert dag.max_active_runs == 1, dag.dag_id
        assert not dag.catchup, dag.dag_id
        for task in dag.tasks:
            assert task.owner == "data-engineering", task.task_id


def test_tasks_that_reach_outside_are_tried_again_and_verdicts_are_not(bag: Any) -> None:
    retries = {task.task_id: task.retries for dag in bag.dags.values() for task in dag.tasks}
    assert retries["fetch_new_releases"] >= 2
    # A rejected return is a result; what these raise is a landing area, a warehouse or a mail server that is away.
    assert min(retries[task] for task in ("take_in", "decide", "send_receipt")) >= 2
    assert min(retries[task] for task in ("pull", "load_waiting", "write_bulletins", "send_bulletin")) >= 2
    assert retries["refresh_superset"] >= 2
    verdicts = ("check_releases", "mart_gate", "disclosure_audit", "disclosure_pattern", "dbt_cells", "dbt_marts")
    assert {retries[task] for task in verdicts} == {0}


def test_data_wake_the_next_dag_not_the_clock(bag: Any) -> None:
    from dags.assets import CENSUS_RELEASES, LSWC_ANALYTICS, REGIONAL_MARTS, RETURNS

    outlets = {
        dag_id: {outlet.name for task in dag.tasks for outlet in task.outlets} for dag_id, dag in bag.dags.items()
    }
    assert outlets["dfe_census"] == {CENSUS_RELEASES.name}
    assert outlets["lswc_analytics"] == {LSWC_ANALYTICS.name}
    assert outlets["regional_marts"] == {REGIONAL_MARTS.name}
    assert {key: outlets[key] for key in collections()} == {key: {asset.name} for key, asset in RETURNS.items()}
    waking = bag.dags["regional_marts"].timetable.asset_condition
    assert type(waking).__name__ == "AssetAny"
    assert {asset.name for asset in waking.objects} == {CENSUS_RELEASES.name, *collections(), LSWC_ANALYTICS.name}
    for woken in ("publish_dashboards", "monthly_bulletin"):
        assert "regional_marts" in repr(bag.dags[woken].timetable.asset_condition)


def test_a_file_in_the_landing_area_wakes_its_collection(bag: Any) -> None:
    for key in collections():
        (landing,) = bag.dags[key].timetable.asset_condition.objects
        (watcher,) = landing.watchers
        assert watcher.trigger.collection == key


def test_marts_are_woken_by_a_decision_and_receipts_wait_for_nothing_else(bag: Any) -> None:
    for key in collections():
        dag = bag.dags[key]
        assert dag.get_task("decide").upstream_task_ids == {"take_in"}
        assert dag.get_task("wake_marts").upstream_task_ids == {"decide"}
        assert dag.get_task("send_receipt").upstream_task_ids == {"decide"}
        assert [task.task_id for task in dag.tasks if task.outlets] == ["wake_marts"]


def test_analytics_that_fail_in_one_place_do_not_keep_the_rest_from_the_marts(bag: Any) -> None:
    dag = bag.dags["lswc_analytics"]
    assert dag.get_task("wake_marts").upstream_task_ids == {"pull", "load_waiting"}
    assert dag.get_task("wake_marts").trigger_rule == "all_done"
    # What comes last decides whether the run succeeded: a refused file must be seen.
    assert [task.task_id for task in dag.leaves] == ["all_is_well"]
    assert dag.get_task("all_is_well").upstream_task_ids == {"pull", "load_waiting", "wake_marts"}
    assert dag.get_task("all_is_well").trigger_rule == "none_failed"


def test_every_collection_of_analytics_has_its_landing_folder(bag: Any) -> None:
    from ingestion.lswc.specification import COLLECTIONS
    from ingestion.returns.landing import OTHER_FOLDERS

    assert bag.dags["lswc_analytics"].get_task("load_waiting").op_kwargs_expand_input.value == {
        "collection": list(COLLECTIONS)
    }
    # To the returns desk these are other people's folders, not strays.
    assert set(COLLECTIONS) <= set(OTHER_FOLDERS)


def test_bulletins_are_kept_before_any_is_sent(bag: Any) -> None:
    dag = bag.dags["monthly_bulletin"]
    assert dag.get_task("write_bulletins").upstream_task_ids == {"find_month"}
    assert dag.get_task("send_bulletin").upstream_task_ids == {"find_month", "write_bulletins"}


def test_mapped_tasks_carry_a_label_a_person_can_read(bag: Any) -> None:
    mapped = [task for dag in bag.dags.values() for task in dag.tasks if task.is_mapped]
    assert {task.task_id for task in mapped} == {"load_release", "send_receipt", "load_waiting", "send_bulletin"}
    assert all(task.map_index_template == "{{ label }}" for task in mapped)


def test_assets_are_named_in_one_place_only() -> None:
    for path in FILES:
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        made = {call.id for call in calls if isinstance(call, ast.Name)}
        assert not made & {"Asset", "AssetAlias", "AssetWatcher"}, path.name


def test_the_gate_stands_between_dbt_and_publication(bag: Any) -> None:
    dag = bag.dags["regional_marts"]
    assert dag.get_task("publish").upstream_task_ids == {"mart_gate", "disclosure_audit"}
    for task in ("mart_gate", "disclosure_audit"):
        assert dag.get_task(task).upstream_task_ids == {"dbt_marts"}
    assert dag.get_task("dbt_marts").upstream_task_ids == {"disclosure_pattern"}
    assert dag.get_task("disclosure_pattern").upstream_task_ids == {"dbt_cells"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_file_is_parsed_in_under_a_second(bag: Any, path: Path) -> None:
    from airflow.dag_processing.dagbag import DagBag

    # Airflow and Cosmos are loaded by now, as they are in the dag-processor, which imports them once.
    times = []
    for _ in range(3):
        started = time.perf_counter()
        assert DagBag(dag_folder=str(path)).import_errors == {}
        times.append(time.perf_counter() - started)
    assert min(times) < IMPORT_LIMIT_SECONDS, f"{path.name}: {times}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_file_holds_wiring_only(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert len(path.read_text().splitlines()) <= 100
    at_import = {
        name.name.split(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")])
    }
    # What takes long to import (Great Expectations, pandas, our own packages) is imported inside the task.
    assert at_import <= {"os", "pathlib", "typing", "datetime", "airflow", "cosmos", "dags"}, at_import
    words = path.read_text().lower()
    assert not any(phrase in words for phrase in ("select ", "insert into", ".execute(", "requests.", "httpx"))
