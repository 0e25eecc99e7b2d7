"""Dashboards take newly published marts: changed dashboards are imported, the cache is emptied and warmed."""

from airflow.sdk import dag, task

from dags.assets import REGIONAL_MARTS
from dags.defaults import DEFAULTS, START


@dag(
    schedule=[REGIONAL_MARTS],
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["dashboards"],
    doc_md=__doc__,
)
def publish_dashboards() -> None:
    @task
    def refresh_superset() -> None:
        """Run the refresh in Superset's own environment."""
        from ingestion.build import refresh_dashboards
        from ingestion.settings import Settings

        refresh_dashboards(Settings.load())

    refresh_superset()


publish_dashboards()
