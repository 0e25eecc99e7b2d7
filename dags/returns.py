"""What authorities send: one DAG per collection, all made here.

A file that lands wakes its collection's DAG within seconds. It is taken in (encrypted store, ledger), all that wait
are decided on together, accepted ones wake the marts, and each sender gets a receipt. A rejected return is a normal
day's work, not a failed run: the label of its receipt says so, and so does `workforce status`.
"""

from airflow.sdk import dag, task

from dags.assets import LANDINGS, RETURNS
from dags.defaults import DEFAULTS, START


def returns(collection: str) -> None:
    """Make the DAG of one collection; its id is the collection's key."""

    @dag(
        dag_id=collection,
        schedule=[LANDINGS[collection]],
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULTS,
        tags=["returns", "ingestion"],
        doc_md=__doc__,
    )
    def flow() -> None:
        @task
        def take_in() -> list[int]:
            """Move what has landed into the store; earlier submissions that still wait for a decision count too."""
            from airflow.sdk.exceptions import AirflowSkipException

            from ingestion.returns import desk
            from ingestion.returns.watcher import stored_landing_area
            from ingestion.settings import Settings

            settings = Settings.load()
            waiting = desk.take_in(settings, stored_landing_area(settings), collection)
            if not waiting:
                raise AirflowSkipException("Nothing waits.")
            return waiting

        # A verdict is a result and is not asked for twice; an exception here is an outage, and is tried again.
        @task
        def decide(waiting: list[int]) -> list[list[int]]:
            """Check all that wait in one run of the gate; load or reject each; write the receipts beside the files."""
            from ingestion.returns import desk, sending
            from ingestion.returns.watcher import stored_landing_area
            from ingestion.settings import Settings

            settings = Settings.load()
            return sending.batches(desk.decide(settings, stored_landing_area(settings), collection))

        @task(outlets=[RETURNS[collection]])
        def wake_marts(decided: list[list[int]]) -> None:
            """Skipped, and the marts sleep on, when nothing was accepted."""
            from airflow.sdk.exceptions import AirflowSkipException

            from ingestion.returns import sending
            from ingestion.settings import Settings

            if not sending.has_accepted(Settings.load(), decided):
                raise AirflowSkipException("Nothing was accepted.")

        @task(map_index_template="{{ label }}")
        def send_receipt(submissions: list[int]) -> None:
            """E-mail receipts: one return's, or where very many came at once, a whole period's."""
            from airflow.sdk import get_current_context
            from airflow.sdk.exceptions import AirflowFailException

            from ingestion.returns import sending
            from ingestion.settings import Settings

            settings = Settings.load()
            get_current_context()["label"] = sending.label(settings, submissions)  # type: ignore[typeddict-unknown-key]
            try:
                sending.send(settings, submissions)
            except sending.MailError as error:
                if error.retryable:
                    raise
                raise AirflowFailException(str(error)) from None

        decided = decide(take_in())
        wake_marts(decided)
        send_receipt.expand(submissions=decided)

    flow()


for key in LANDINGS:
    returns(key)
