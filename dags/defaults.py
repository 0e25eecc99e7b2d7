"""What every DAG has in common: who is responsible, and how a task is tried again."""

from datetime import datetime, timedelta

START = datetime(2026, 1, 1)

DEFAULTS = {
    "owner": "data-engineering",
    "retries": 2,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
}
