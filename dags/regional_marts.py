"""Regional marts: dbt builds the candidates, the gate looks at them, publication shows them.

Woken by accepted data, not by the clock. A failed step leaves the last published marts as they are.
"""

from pathlib import Path

from airflow.sdk import dag, task
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, SeedRenderingBehavior, TestBehavior

from dags.assets import CENSUS_RELEASES, REGIONAL_MARTS
from dags.defaults import DEFAULTS, START

DBT_PROJECT = Path(__file__).parent.parent / "dbt_project"
# Made by `dbt parse` before the stack starts, so that drawing this DAG costs no dbt run.
MANIFEST = DBT_PROJECT / "target" / "manifest.json"


@dag(
    schedule=[CENSUS_RELEASES],
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["marts", "dbt"],
    doc_md=__doc__,
)
def regional_marts() -> None:
    dbt = DbtTaskGroup(
        group_id="dbt",
        project_config=ProjectConfig(DBT_PROJECT, manifest_path=MANIFEST, install_dbt_deps=False),
        profile_config=ProfileConfig("workforce", "warehouse", profiles_yml_filepath=DBT_PROJECT / "profiles.yml"),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            # Neither tests nor seeds need a box of their own: dbt runs them with the models they belong to.
            test_behavior=TestBehavior.NONE,
            seed_rendering_behavior=SeedRenderingBehavior.NONE,
            emit_datasets=False,
        ),
        # One dbt process for the whole graph, tests included; the other tasks watch their model in it.
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode.WATCHER, invocation_mode=InvocationMode.DBT_RUNNER
        ),
        # Added to the kinds Cosmos lists itself, so that a failing test stops what stands on its model. Unit tests
        # are about the code, not the data: they run with the checks.
        operator_args={"dbt_cmd_flags": ["--resource-type", "test"]},
        default_args={"retries": 0},
    )

    @task(retries=0)
    def mart_gate() -> int:
        """Check the candidate marts; an error fails here with its reason, which also stands in the ledger."""
        from airflow.sdk.exceptions import AirflowFailException

        from expectations.mart_gate import check_marts
        from ingestion.settings import Settings

        gate = check_marts(Settings.load())
        if gate.outcome == "failed":
            raise AirflowFailException(gate.reason)
        return gate.gate_run_id

    @task(outlets=[REGIONAL_MARTS])
    def publish(gate_run_id: int) -> None:
        """Exchange the published marts for the candidates, all at once."""
        from ingestion.publication import publish
        from ingestion.settings import Settings

        publish(Settings.load(), gate_run_id)

    gate = mart_gate()
    dbt >> gate
    publish(gate)  # type: ignore[arg-type]  # at parse time this is the gate's future result


regional_marts()
