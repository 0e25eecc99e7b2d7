"""A small client of the embedded Airflow's REST API: start a DAG run, see how runs go."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx


@dataclass(frozen=True)
class Run:
    """One DAG run."""

    dag_id: str
    run_id: str
    state: str
    run_after: str
    queued_at: str | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen in it."""
        return self.state in ("success", "failed")


class AirflowApi:
    """Signed in once; every call is one request."""

    def __init__(self, url: str, user: str, password: str) -> None:
        token = httpx.post(f"{url}/auth/token", json={"username": user, "password": password}, timeout=30)
        token.raise_for_status()
        self._client = httpx.Client(
            base_url=f"{url}/api/v2", headers={"Authorization": f"Bearer {token.json()['access_token']}"}, timeout=30
        )

    def wait_for_dag(self, dag_id: str, seconds: float = 90) -> None:
        """Wait until the dag-processor has made a DAG known.

        Raises:
            TimeoutError: it is not there in time.
        """
        deadline = time.monotonic() + seconds
        while self._client.get(f"/dags/{dag_id}").status_code != 200:
            if time.monotonic() > deadline:
                raise TimeoutError(f"Airflow does not know the DAG {dag_id} after {seconds:.0f} s.")
            time.sleep(0.5)

    def trigger(self, dag_id: str) -> Run:
        """Start a run now."""
        answer = self._client.post(f"/dags/{dag_id}/dagRuns", json={"logical_date": None})
        answer.raise_for_status()
        return _run(answer.json())

    def pause(self, dag_id: str, is_paused: bool) -> None:
        """Pause a DAG, or let it run again. What would have woken a paused DAG is not made up for."""
        self._client.patch(f"/dags/{dag_id}", json={"is_paused": is_paused}).raise_for_status()

    def run(self, run: Run) -> Run:
        """The run as it stands now."""
        answer = self._client.get(f"/dags/{run.dag_id}/dagRuns/{run.run_id}")
        answer.raise_for_status()
        return _run(answer.json())

    def runs(self, dag_id: str, limit: int = 100) -> list[Run]:
        """The runs of a DAG, the newest first."""
        answer = self._client.get(f"/dags/{dag_id}/dagRuns", params={"order_by": "-run_after", "limit": limit})
        answer.raise_for_status()
        return [_run(described) for described in answer.json()["dag_runs"]]

    def latest_run(self, dag_id: str) -> Run | None:
        """The newest run of a DAG."""
        return next(iter(self.runs(dag_id, limit=1)), None)

    def unfinished_run(self, dag_id: str, queued_since: datetime) -> Run | None:
        """A run that was queued since a moment and is not over yet."""
        for run in self.runs(dag_id):
            if not run.is_over and run.queued_at and datetime.fromisoformat(run.queued_at) >= queued_since:
                return run
        return None

    def woken_by(self, run: Run) -> set[str]:
        """The names of the assets whose events set a run off."""
        answer = self._client.get(f"/dags/{run.dag_id}/dagRuns/{run.run_id}/upstreamAssetEvents")
        answer.raise_for_status()
        return {event["name"] for event in answer.json()["asset_events"]}

    def wait_for_run(self, dag_id: str, since: datetime, seconds: float) -> Run | None:
        """The run another DAG's asset set off at or after a moment; `None` when none comes in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            latest = self.latest_run(dag_id)
            if latest is not None and datetime.fromisoformat(latest.run_after) >= since:
                return latest
            time.sleep(0.5)
        return None

    def tasks(self, run: Run) -> list[dict[str, Any]]:
        """Task instances of a run, as Airflow describes them."""
        answer = self._client.get(f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances", params={"limit": 200})
        answer.raise_for_status()
        instances: list[dict[str, Any]] = answer.json()["task_instances"]
        return instances

    def reason(self, run: Run, task: dict[str, Any]) -> str:
        """Why a task failed, in its own words: the message of the error that ended it."""
        answer = self._client.get(
            f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task['task_id']}/logs/{task['try_number']}",
            params={"map_index": task.get("map_index", -1), "full_content": "true"},
            headers={"Accept": "application/json"},
        )
        answer.raise_for_status()
        lines = answer.json()["content"]
        errors = [detail for line in lines if isinstance(line, dict) for detail in line.get("error_detail") or []]
        return str(errors[0]["exc_value"]) if errors else "its log says more"


def _run(described: dict[str, Any]) -> Run:
    return Run(
        described["dag_id"], described["dag_run_id"], described["state"], described["run_after"], described["queued_at"]
    )  # fmt: skip
