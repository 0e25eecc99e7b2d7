"""The watcher of the landing area: it announces what waits, once, and touches nothing."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ingestion.returns.specification import collections
from ingestion.settings import Settings

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

    from ingestion.returns.watcher import LandingTrigger, Watch

CAMDEN = "2024/E09000007/census.xml"
BARNET = "2024/E09000003/census.xml"


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty landing area, as the triggerer's settings name it."""
    monkeypatch.setenv("WORKFORCE_HOME", str(tmp_path))
    monkeypatch.delenv("LANDING_AREA", raising=False)
    return tmp_path / "landing"


def drop(landing: Path, path: str, text: str = "<CSWWReturn/>") -> Path:
    file = landing / "csww_census" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def waiting_in(landing: Path, collection: str = "csww_census") -> list[str]:
    from airflow.sdk import ObjectStoragePath

    from ingestion.returns.watcher import files_waiting

    return sorted(files_waiting(ObjectStoragePath(landing), collection))


def new_watch(**options: float) -> "Watch":
    from ingestion.returns.watcher import Watch

    return Watch(**options)


def events(trigger: "LandingTrigger", *happenings: Callable[[], object], expected: int) -> list[dict[str, Any]]:
    """What a running trigger fires: the next happening takes place at each event, the last is given time to be seen."""

    async def collect() -> list[dict[str, Any]]:
        fired: list[dict[str, Any]] = []
        left = list(happenings)

        async def listen() -> None:
            async for event in trigger.run():
                fired.append(event.payload)
                if left:
                    left.pop(0)()

        listening = asyncio.create_task(listen())
        deadline = time.monotonic() + 15
        while len(fired) < expected and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        listening.cancel()
        return fired

    return asyncio.run(collect())


def quick(collection: str = "csww_census", **options: float) -> "LandingTrigger":
    from ingestion.returns.watcher import LandingTrigger

    return LandingTrigger(collection, look_seconds=0.05, settle_seconds=0.02, **options)


def test_a_file_is_announced_once_and_stays_where_it_is(landing: Path) -> None:
    file = drop(landing, CAMDEN)
    assert events(quick(), expected=1) == [{"collection": "csww_census", "files": 1}]
    assert file.read_text() == "<CSWWReturn/>"


def test_nothing_waiting_fires_nothing_not_even_without_a_folder(landing: Path) -> None:
    assert events(quick(), expected=0) == []
    assert not landing.exists()


def test_a_corrected_file_of_the_same_name_is_announced_again(landing: Path) -> None:
    drop(landing, CAMDEN)
    fired = events(quick(), lambda: drop(landing, CAMDEN, "<CSWWReturn>2</CSWWReturn>"), expected=2)
    assert [event["files"] for event in fired] == [1, 1]


def test_files_of_other_collections_are_others_business(landing: Path) -> None:
    drop(landing, CAMDEN)
    assert events(quick("ep_workforce"), expected=0) == []


def test_a_new_watcher_announces_what_still_waits(landing: Path) -> None:
    drop(landing, CAMDEN)
    assert [len(events(quick(), expected=1)) for _ in range(2)] == [1, 1]


def test_the_event_loop_is_not_held_up_by_a_slow_store(landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = quick()
    monkeypatch.setattr(type(trigger), "_look", lambda _: time.sleep(1) or {})

    async def loop_is_free_again_after() -> float:
        running = asyncio.create_task(anext(trigger.run()))
        started = time.monotonic()
        await asyncio.sleep(0.1)
        seconds = time.monotonic() - started
        running.cancel()
        return seconds

    assert asyncio.run(loop_is_free_again_after()) < 0.8


def test_an_unreachable_store_is_looked_at_again_and_complained_of_once(
    landing: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from ingestion.returns.watcher import LandingTrigger

    drop(landing, CAMDEN)
    reachable = LandingTrigger._look
    looks: list[int] = []

    def look(trigger: "LandingTrigger") -> dict[str, str]:
        looks.append(1)
        if len(looks) < 4:
            raise ConnectionError("the store does not answer")
        return reachable(trigger)

    monkeypatch.setattr(LandingTrigger, "_look", look)
    assert events(quick(), expected=1) == [{"collection": "csww_census", "files": 1}]
    assert sum("cannot be read" in record.message for record in caplog.records) == 1


def test_the_same_file_sent_again_after_it_was_taken_is_announced_again() -> None:
    watch = new_watch()
    looks: list[dict[str, str]] = [{CAMDEN: "1"}, {CAMDEN: "1"}, {}, {CAMDEN: "1"}, {CAMDEN: "1"}]
    assert [watch.look(waiting, now) for now, waiting in enumerate(looks)] == [0, 1, 0, 0, 1]


@pytest.mark.parametrize(
    "name",
    [
        "2024/E09000007/census.xml.receipt.txt",
        "2024/E09000007/census.xml.receipt.json",
        "2024/E09000007/census.xml.findings.xlsx",
        "2024/E09000007/census.xml.part",
        "2024/E09000007/.census.xml.swp",
        "2024/.hidden/census.xml",
        "2024/SYNTHETIC.json",
    ],
)
def test_receipts_hidden_and_half_written_files_are_not_waiting(landing: Path, name: str) -> None:
    drop(landing, name)
    assert waiting_in(landing) == []
    drop(landing, CAMDEN)
    assert waiting_in(landing) == [f"csww_census/{CAMDEN}"]


def test_links_are_not_followed(landing: Path, tmp_path: Path) -> None:
    drop(landing, CAMDEN)
    (landing / "csww_census" / "2024" / "link.xml").symlink_to(tmp_path)
    (landing / "csww_census" / "2024" / "E09000007" / "link.xml").symlink_to(landing / "csww_census" / CAMDEN)
    assert waiting_in(landing) == [f"csww_census/{CAMDEN}"]


def test_what_lands_outside_every_collection_is_noticed_by_one_of_them_and_the_census_is_left_alone(
    landing: Path,
) -> None:
    strays = "stray.xml", "no_such_collection/2024/E09000007/census.xml"
    for path in (*strays, "dfe_census_statistics/abc/release.csv", "lswc_jobs/2026-09.csv", "lswc_web/pages.csv"):
        (landing / path).parent.mkdir(parents=True, exist_ok=True)
        (landing / path).touch()
    noticed = {key: waiting_in(landing, key) for key in collections()}
    assert sorted(noticed.values()) == [[], [], [], ["no_such_collection/2024/E09000007/census.xml", "stray.xml"]]


def test_a_file_that_is_still_being_written_is_not_announced_yet() -> None:
    watch = new_watch()
    assert watch.look({CAMDEN: "10 bytes"}, 0) == 0
    assert watch.look({CAMDEN: "20 bytes", BARNET: "5 bytes"}, 2) == 0
    assert not watch.is_settled
    assert watch.look({CAMDEN: "20 bytes", BARNET: "5 bytes"}, 4) == 2
    assert watch.is_settled


def test_the_second_csv_of_a_return_keeps_the_first_back() -> None:
    assignments, summary = "2025-26-Q3/202/assignments.csv", "2025-26-Q3/202/summary.csv"
    watch = new_watch()
    watch.look({assignments: "a"}, 0)
    assert watch.look({assignments: "a", summary: "b", BARNET: "x"}, 2) == 0
    assert watch.look({assignments: "a", summary: "b", BARNET: "x"}, 4) == 3


def test_one_authority_that_keeps_writing_does_not_keep_the_others_back() -> None:
    watch = new_watch()
    watch.look({CAMDEN: "1", BARNET: "1"}, 0)
    assert watch.look({CAMDEN: "2", BARNET: "1"}, 2) == 1


def test_what_stays_is_announced_again_and_ever_more_rarely() -> None:
    watch = new_watch(remind_seconds=60)
    announced_at = [now for now in range(0, 14_400, 2) if watch.look({CAMDEN: "1"}, now)]
    assert announced_at[:5] == [2, 62, 182, 422, 902]
    assert announced_at[-1] - announced_at[-2] == 3600


@pytest.fixture
def store() -> Iterator["ObjectStoragePath"]:
    """A landing area in an object store that lives in memory."""
    from airflow.sdk import ObjectStoragePath
    from airflow.sdk.io import attach
    from fsspec.implementations.memory import MemoryFileSystem

    file_system = MemoryFileSystem()
    attach("memory", fs=file_system)
    root = ObjectStoragePath("memory://returns/landing")
    yield root
    file_system.store.clear()


def test_an_object_store_is_watched_by_the_same_code(store: "ObjectStoragePath") -> None:
    from ingestion.returns.watcher import files_waiting

    assert files_waiting(store, "csww_census") == {}
    file = store / "csww_census" / CAMDEN
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"<CSWWReturn/>")
    (file.parent / "census.xml.receipt.txt").write_bytes(b"rejected")
    first = files_waiting(store, "csww_census")
    assert list(first) == [f"csww_census/{CAMDEN}"]
    assert files_waiting(store, "csww_census") == first
    file.write_bytes(b"<CSWWReturn> </CSWWReturn>")
    assert files_waiting(store, "csww_census") != first


def test_the_landing_area_is_a_setting_with_a_folder_of_ours_as_default() -> None:
    from ingestion.returns.watcher import stored_landing_area

    default = stored_landing_area(Settings({"WORKFORCE_HOME": "/srv/workforce"}))
    assert (default.path, default.protocol or "file") == ("/srv/workforce/landing", "file")
    bucket = stored_landing_area(Settings({"LANDING_AREA": "s3://returns_store@liia/landing"}))
    assert (bucket.protocol, bucket.conn_id, bucket.path) == ("s3", "returns_store", "liia/landing")


def test_the_triggerer_can_make_the_trigger_again_from_what_is_stored() -> None:
    from importlib import import_module

    from airflow.serialization.encoders import encode_trigger
    from airflow.triggers.base import BaseEventTrigger

    from ingestion.returns.watcher import LandingTrigger

    stored = encode_trigger(LandingTrigger("csww_census"))
    module, _, name = stored["classpath"].rpartition(".")
    made = getattr(import_module(module), name)(**stored["kwargs"])
    assert isinstance(made, BaseEventTrigger)
    assert made.serialize() == LandingTrigger("csww_census").serialize()
    # No folder of this machine and no secret is stored in Airflow's database.
    assert os.sep not in str(stored["kwargs"])
