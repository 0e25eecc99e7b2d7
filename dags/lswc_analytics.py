"""London Social Work for Children: ask Google Analytics, take in the files that wait, wake the marts.

Each morning from the 3rd to the 12th of a month. On the 3rd the last month's days are old enough to be shown; by the
12th Google changes none of them any more, and the job board's and the audience's files have come. Each run asks for
the days that were never asked for and for those that could still change, so one that failed is made up for by the next.
"""

from airflow.sdk import CronTriggerTimetable, dag, task

from dags.assets import LSWC_ANALYTICS
from dags.defaults import DEFAULTS, START

COLLECTIONS = ["lswc_web", "lswc_jobs", "lswc_audience"]


@dag(
    schedule=CronTriggerTimetable("40 6 3-12 * *", timezone="Europe/London"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["lswc", "ingestion"],
    doc_md=__doc__,
)
def lswc_analytics() -> None:
    @task
    def pull() -> None:
        """Ask Google Analytics; what came before a failure is loaded, and the failure stands in the ledger."""
        from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

        from ingestion.lswc.intake import described, pull_web
        from ingestion.settings import Settings

        settings = Settings.load()
        missing = [name for name in ("LSWC_GA4_PROPERTY", "LSWC_GA4_CREDENTIALS") if not settings.environment.get(name)]
        if missing:
            raise AirflowSkipException(f"Google Analytics is not asked: {' and '.join(missing)} not set.")
        results = pull_web(settings, say=print)
        if any(result.outcome == "refused" for result in results):
            raise AirflowFailException("\n".join(line for refused, line in described(results) if refused))

    @task(map_index_template="{{ label }}")
    def load_waiting(collection: str) -> None:
        """Load the files of one landing folder; refused ones leave their reasons there and fail here."""
        from airflow.sdk import get_current_context
        from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

        from ingestion.lswc.intake import described
        from ingestion.lswc.landing import take_in
        from ingestion.returns.landing import landing_area
        from ingestion.settings import Settings
        from ingestion.sources import SourceError

        get_current_context()["label"] = collection  # type: ignore[typeddict-unknown-key]
        settings = Settings.load()
        try:
            results = take_in(settings, landing_area(settings), collection, say=print)  # type: ignore[arg-type]
        except SourceError as error:
            raise AirflowFailException(str(error)) from None
        if not results:
            raise AirflowSkipException("Nothing waits.")
        if any(result.outcome == "refused" for result in results):
            raise AirflowFailException("\n".join(line for refused, line in described(results) if refused))

    @task(outlets=[LSWC_ANALYTICS], trigger_rule="all_done")
    def wake_marts() -> None:
        """Skipped, and the marts sleep on, when nothing was accepted."""
        from airflow.sdk import get_current_context
        from airflow.sdk.exceptions import AirflowSkipException

        from ingestion.lswc.landing import anything_accepted
        from ingestion.settings import Settings

        started = get_current_context()["dag_run"].start_date
        if not anything_accepted(Settings.load(), started):  # type: ignore[arg-type]  # a run that goes on has begun
            raise AirflowSkipException("Nothing was accepted.")

    @task(trigger_rule="none_failed", retries=0)
    def all_is_well() -> None:
        """Fails with the run when a pull failed or a file was refused, so that an engineer sees it."""

    pulled = pull()
    loaded = load_waiting.expand(collection=COLLECTIONS)
    woken = wake_marts()
    [pulled, loaded] >> woken
    [pulled, loaded, woken] >> all_is_well()


lswc_analytics()
