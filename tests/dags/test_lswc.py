"""The two flows of London Social Work for Children, their tasks run as a worker runs them."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ingestion.settings import Settings
from tests.ingestion.lswc.bulletin_figures import MONTH, publish
from tests.ingestion.lswc.files import jobs, write_csv


@pytest.fixture
def run(bag: Any, warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs one task against an empty warehouse; its context is kept in `run.context`."""
    settings = Settings({**warehouse.environment, "RETURNS_SETTLE_SECONDS": "0"})
    context: dict[str, Any] = {"dag_run": SimpleNamespace(start_date=datetime.now(UTC))}
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: settings))
    monkeypatch.setattr("airflow.sdk.get_current_context", lambda: context)

    def task(dag_id: str, task_id: str, **arguments: object) -> Any:
        task = bag.dags[dag_id].get_task(task_id)
        return (getattr(task, "python_callable", None) or task.partial_kwargs["python_callable"])(**arguments)

    task.context = context  # type: ignore[attr-defined]
    return task


def test_without_credentials_google_is_not_asked_and_the_task_says_so(run: Callable[..., Any]) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException, match="LSWC_GA4_PROPERTY and LSWC_GA4_CREDENTIALS not set"):
        run("lswc_analytics", "pull")


def test_a_landed_file_wakes_the_marts_and_a_refused_one_fails_its_task_alone(
    run: Callable[..., Any], warehouse: Settings
) -> None:
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    folder = warehouse.home / "landing" / "lswc_jobs"
    folder.mkdir(parents=True)
    with pytest.raises(AirflowSkipException, match="Nothing was accepted"):
        run("lswc_analytics", "wake_marts")
    with pytest.raises(AirflowSkipException, match="Nothing waits"):
        run("lswc_analytics", "load_waiting", collection="lswc_jobs")
    write_csv(folder / "a.csv", jobs(20))
    (folder / "b.csv").write_text("nothing,of,ours\n1,2,3\n")
    with pytest.raises(AirflowFailException, match="refused") as failed:
        run("lswc_analytics", "load_waiting", collection="lswc_jobs")
    assert "a.csv" not in str(failed.value)
    assert run.context["label"] == "lswc_jobs"  # type: ignore[attr-defined]
    run("lswc_analytics", "wake_marts")


def test_the_bulletins_of_a_new_month_are_kept_once(run: Callable[..., Any], warehouse: Settings) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException, match="are not published yet"):
        run("monthly_bulletin", "find_month")
    publish(warehouse)
    month = run("monthly_bulletin", "find_month")
    assert month == MONTH.isoformat()
    assert run("monthly_bulletin", "write_bulletins", month=month) == [], "no mail server is configured"
    assert len(list((warehouse.home / "bulletins" / "2026-09").glob("*.eml"))) == 33
    run("monthly_bulletin", "send_bulletin", authority="E09000007", month=month)
    assert run.context["label"] == "Camden, September 2026"  # type: ignore[attr-defined]
    with pytest.raises(AirflowSkipException, match="No complete month waits"):
        run("monthly_bulletin", "find_month")
