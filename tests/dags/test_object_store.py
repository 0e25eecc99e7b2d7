"""The landing area in an object store: the desk takes in, decides and answers there with the same code."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingestion.returns.periods import census_year
from ingestion.settings import Settings

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

PLACE = "csww_census/2024/E09000007"


@pytest.fixture
def store() -> Iterator["ObjectStoragePath"]:
    """A bucket that lives in memory, reached as Airflow reaches S3, Azure or SFTP."""
    from airflow.sdk import ObjectStoragePath
    from airflow.sdk.io import attach
    from fsspec.implementations.memory import MemoryFileSystem

    file_system = MemoryFileSystem()
    attach("memory", fs=file_system)
    yield ObjectStoragePath("memory://bucket/landing")
    file_system.store.clear()


def test_a_return_in_a_bucket_is_taken_in_decided_and_answered_there(
    store: "ObjectStoragePath", warehouse: Settings, tmp_path: Path
) -> None:
    from ingestion.returns import desk
    from ingestion.sample.returns import write_returns

    (made, _) = write_returns(
        tmp_path, collections=["csww_census"], periods=[census_year(2024)], authorities=["E09000007"]
    )  # fmt: skip
    file = store / PLACE / "census.xml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(made.read_bytes())
    settings = Settings({**warehouse.environment, "RETURNS_SETTLE_SECONDS": "0"})

    (submission_id,) = desk.take_in(settings, store, "csww_census")
    assert not file.exists(), "it is in the encrypted store and the ledger, so it goes"
    (outcome,) = desk.decide(settings, store, "csww_census")

    assert outcome.submission_id == submission_id
    assert outcome.status != "rejected"
    receipt = json.loads((store / PLACE / "census.xml.receipt.json").read_bytes())
    assert (receipt["status"], receipt["authority"], receipt["rows_loaded"]) == (
        outcome.status, "Camden", outcome.rows_read,
    )  # fmt: skip
    assert desk.take_in(settings, store, "csww_census") == [], "answers are not taken for returns"
