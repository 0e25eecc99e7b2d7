"""DfE census statistics: look for new releases, load them, check them, wake the marts.

Daily while DfE publishes (late February, with corrections until spring); cheap when there is nothing new.
"""

from airflow.sdk import CronTriggerTimetable, dag, task

from dags.assets import CENSUS_RELEASES
from dags.defaults import DEFAULTS, START


@dag(
    schedule=CronTriggerTimetable("45 9 * 2-4 *", timezone="Europe/London"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["census", "ingestion"],
    doc_md=__doc__,
)
def dfe_census() -> None:
    @task
    def fetch_new_releases() -> list[str]:
        """Fetch what the source has and the ledger has not: often nothing."""
        from airflow.sdk.exceptions import AirflowFailException

        from ingestion.settings import Settings
        from ingestion.sources import SourceError
        from ingestion.statistics.intake import fetch_new, source_from

        settings = Settings.load()
        try:
            return [
                str(file.path) for file in fetch_new(settings, source_from(settings.get("CENSUS_SOURCE"), settings))
            ]
        except SourceError as error:  # the source has been patient itself; tomorrow's run looks again
            raise AirflowFailException(str(error)) from None

    @task(map_index_template="{{ label }}", retries=0)
    def load_release(path: str) -> None:
        """Load one file whole or not at all; a refused file fails here with its reason, the others go on."""
        from pathlib import Path

        from airflow.sdk import get_current_context
        from airflow.sdk.exceptions import AirflowFailException

        from ingestion.settings import Settings
        from ingestion.statistics.intake import load_landed

        get_current_context()["label"] = Path(path).name  # type: ignore[typeddict-unknown-key]
        result = load_landed(Settings.load(), Path(path))
        if result.outcome == "refused":
            raise AirflowFailException(result.reason)

    @task(outlets=[CENSUS_RELEASES], trigger_rule="all_done", retries=0)
    def check_releases() -> None:
        """Run the release gate on everything that waits, from before too; what is accepted wakes the marts."""
        from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

        from expectations.release_gate import check_releases
        from ingestion.settings import Settings

        results = check_releases(Settings.load())
        if not results:
            raise AirflowSkipException("Nothing waits for the gate.")
        if all(result.outcome == "failed" for result in results):
            raise AirflowFailException("; ".join(f"{result.subject}: {result.reason}" for result in results))

    @task(trigger_rule="none_failed", retries=0)
    def all_is_well() -> None:
        """Fails with the run when a file was refused or a release rejected, so that an engineer sees it."""

    fetched = fetch_new_releases()
    loaded = load_release.expand(path=fetched)
    checked = check_releases()
    loaded >> checked
    [fetched, loaded, checked] >> all_is_well()


dfe_census()
