"""The monthly bulletin of London Social Work for Children: one e-mail an authority, once a month.

Woken by published marts; does nothing until they hold a new complete month. All bulletins are kept as files and noted
in the ledger; where a mail server is configured and the file of contacts names somebody, each is sent, and not again.
"""

from airflow.sdk import dag, task

from dags.assets import REGIONAL_MARTS
from dags.defaults import DEFAULTS, START


@dag(
    schedule=[REGIONAL_MARTS],
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["lswc", "bulletin"],
    doc_md=__doc__,
)
def monthly_bulletin() -> None:
    @task
    def find_month() -> str:
        """The newest complete month, if its bulletins are not all written and sent yet."""
        from airflow.sdk.exceptions import AirflowSkipException

        from ingestion.lswc.bulletin_reading import BulletinError
        from ingestion.lswc.bulletin_sending import due_month
        from ingestion.settings import Settings

        try:
            month = due_month(Settings.load())
        except BulletinError as error:  # a warehouse without analytics is none that went wrong
            raise AirflowSkipException(str(error)) from None
        if month is None:
            raise AirflowSkipException("No complete month waits for its bulletins.")
        return month.isoformat()

    @task
    def write_bulletins(month: str) -> list[str]:
        """Keep all authorities' bulletins as files; the codes of those that can be sent theirs."""
        from airflow.sdk.exceptions import AirflowFailException

        from ingestion.lswc.bulletin import parse_month
        from ingestion.lswc.bulletin_reading import BulletinError
        from ingestion.lswc.bulletin_sending import keep
        from ingestion.settings import Settings

        try:
            return keep(Settings.load(), parse_month(month))
        except BulletinError as error:
            raise AirflowFailException(str(error)) from None

    @task(map_index_template="{{ label }}")
    def send_bulletin(authority: str, month: str) -> None:
        """E-mail one authority's bulletin, unless it was sent."""
        from airflow.sdk import get_current_context
        from airflow.sdk.exceptions import AirflowFailException

        from ingestion.lswc.bulletin import find_authority, parse_month
        from ingestion.lswc.bulletin_reading import BulletinError
        from ingestion.lswc.bulletin_sending import send
        from ingestion.mailing import MailError
        from ingestion.settings import Settings

        whose, first_day = find_authority(authority), parse_month(month)
        get_current_context()["label"] = f"{whose.name}, {first_day:%B %Y}"  # type: ignore[typeddict-unknown-key]
        try:
            send(Settings.load(), first_day, [whose])
        except BulletinError as error:
            raise AirflowFailException(str(error)) from None
        except MailError as error:
            if error.retryable:
                raise
            raise AirflowFailException(str(error)) from None

    month = find_month()
    send_bulletin.partial(month=month).expand(authority=write_bulletins(month))  # type: ignore[arg-type]  # the future result


monthly_bulletin()
