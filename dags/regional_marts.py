"""Regional marts: dbt builds the candidates, disclosure control and the gates look at them, publication shows them.

Woken by accepted data, not by the clock. A failed step leaves the last published marts as they are.
"""

from pathlib import Path

from airflow.sdk import AssetAny, dag, task
from cosmos import DbtBuildLocalOperator, ProfileConfig
from cosmos.constants import InvocationMode

from dags.assets import CENSUS_RELEASES, LSWC_ANALYTICS, REGIONAL_MARTS, RETURNS
from dags.defaults import DEFAULTS, START

DBT_PROJECT = Path(__file__).parent.parent / "dbt_project"


@dag(
    # What arrives while a run goes on waits and is one run together afterwards, however much it is.
    schedule=AssetAny(CENSUS_RELEASES, *RETURNS.values(), LSWC_ANALYTICS),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["marts", "dbt"],
    doc_md=__doc__,
)
def regional_marts() -> None:
    # One dbt process a step, data tests included: see infra/adr/0006-one-dbt-process.md and 0010-disclosure-control.md.
    dbt_cells, dbt_marts = (
        DbtBuildLocalOperator(
            task_id=f"dbt_{step}",
            selector=step,
            project_dir=DBT_PROJECT,
            profile_config=ProfileConfig("workforce", "warehouse", profiles_yml_filepath=DBT_PROJECT / "profiles.yml"),
            invocation_mode=InvocationMode.DBT_RUNNER,
            # Made by `dbt parse` before the stack starts, so that a run parses nothing again.
            manifest_filepath=str(DBT_PROJECT / "target" / "manifest.json"),
            # Unit tests are about the code, not the data: they run with the checks.
            dbt_cmd_flags=["--exclude-resource-type", "unit_test"],
            install_deps=False,
            emit_datasets=False,
            retries=0,
        )
        for step in ("cells", "marts")
    )

    @task(retries=0)
    def disclosure_pattern() -> None:
        """Decide which counts are hidden; fails where one cannot be protected."""
        from expectations.disclosure_pattern import decide
        from ingestion.settings import Settings

        decide(Settings.load())

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

    @task(retries=0)
    def disclosure_audit() -> int:
        """Attack the candidate marts; a count that can be worked out fails here, and its place stands in the ledger."""
        from airflow.sdk.exceptions import AirflowFailException

        from expectations.disclosure_audit import audit
        from ingestion.settings import Settings

        audited = audit(Settings.load())
        if audited.outcome == "failed":
            raise AirflowFailException(audited.reason)
        return audited.gate_run_id

    @task(outlets=[REGIONAL_MARTS])
    def publish(gate_run_id: int, audit_run_id: int) -> None:
        """Exchange the published marts for the candidates, all at once."""
        from ingestion.publication import publish
        from ingestion.settings import Settings

        publish(Settings.load(), gate_run_id, audit_run_id)

    gate, audited = mart_gate(), disclosure_audit()
    dbt_cells >> disclosure_pattern() >> dbt_marts >> [gate, audited]
    publish(gate, audited)  # type: ignore[arg-type]  # at parse time these are the tasks' future results


regional_marts()
