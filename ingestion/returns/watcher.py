"""Looks into the landing area and wakes a collection's DAG when files wait there.

Runs in Airflow's triggerer as the watcher of the asset `landing_<collection>`. It reads names, sizes and times, never
a file, and deletes nothing: taking a file in is the DAG's work. Why not one of Airflow's own file triggers, or the
clock: `infra/adr/0007-the-landing-watcher.md`.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow.sdk import ObjectStoragePath
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from ingestion.returns.landing import ANSWERS, MANIFEST, OTHER_FOLDERS, landing_area
from ingestion.returns.specification import collections
from ingestion.settings import Settings

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
SETTLE_SECONDS = 2.0
# What still waits after this time is announced again, then after twice as long, at last once an hour.
REMIND_SECONDS = 60.0
_RAREST_SECONDS = 3600.0
# What tells two states of a file apart; each kind of store knows some of these.
_STATE = ("size", "mtime", "created", "ETag", "etag", "LastModified", "last_modified")


def stored_landing_area(settings: Settings) -> ObjectStoragePath:
    """The landing area as Airflow's storage reaches it, a folder of this machine too."""
    return ObjectStoragePath(str(landing_area(settings)))


def files_waiting(root: ObjectStoragePath, collection: str) -> dict[str, str]:
    """Every waiting file of a collection, by its path below the root, with its state.

    The first collection looks after what landed outside every collection's folder, too: somebody waits for an answer
    there as well. A folder that is not there is empty. What a store raises when it cannot be reached goes through.
    """
    store, place = root.fs, root.path.strip("/")
    # A long-lived process would be shown the listing of its first look for ever.
    store.invalidate_cache()
    try:
        tops: list[dict[str, Any]] = store.ls(root.path, detail=True)
    except FileNotFoundError:
        return {}
    found: dict[str, Mapping[str, Any]] = {}
    for top in tops:
        name = top["name"].strip("/").rpartition("/")[2]
        if _is_for(name.lower(), collection):
            found |= {top["name"]: top} if top["type"] == "file" else store.find(top["name"], detail=True)
    below = {path.strip("/")[len(place) :].strip("/"): state for path, state in found.items()}
    return {
        path: " ".join(str(state.get(name)) for name in _STATE)
        for path, state in below.items()
        if not state.get("islink") and not _is_passed_over(path)
    }


def _is_for(top: str, collection: str) -> bool:
    known = collections()
    return top == collection or (collection == known[0] and top not in (*known, *OTHER_FOLDERS))


def _is_passed_over(path: str) -> bool:
    """Whether it is hidden, half written or ours: nothing to be taken in."""
    parts = path.split("/")
    return (
        any(part.startswith(".") for part in parts)
        or parts[-1] == MANIFEST
        or parts[-1].endswith((".part", *ANSWERS))
    )  # fmt: skip


@dataclass
class Watch:
    """What was seen at the last look, and when each waiting file is to be announced next."""

    remind_seconds: float = REMIND_SECONDS
    seen: Mapping[str, str] = field(default_factory=dict)
    due: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    is_settled: bool = True

    def look(self, waiting: Mapping[str, str], now: float) -> int:
        """How many files to announce: those not announced yet, or announced before and still there.

        A file counts once nothing in its folder has changed between two looks: until then somebody may be writing it,
        or its companions (the CSV files of one return).
        """
        unsettled = {_folder(path) for path, _ in waiting.items() ^ self.seen.items() if path in waiting}
        self.seen, self.is_settled = dict(waiting), not unsettled
        earlier, self.due = self.due, {}
        count = 0
        for file in waiting.items():
            at, pause = earlier.get(file, (now, self.remind_seconds))
            if at <= now and _folder(file[0]) not in unsettled:
                count += 1
                at, pause = now + pause, min(2 * pause, _RAREST_SECONDS)
            self.due[file] = (at, pause)
        return count


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


class LandingTrigger(BaseEventTrigger):
    """Fires when files of a collection have come to wait in the landing area."""

    def __init__(
        self,
        collection: str,
        look_seconds: float = LOOK_SECONDS,
        settle_seconds: float = SETTLE_SECONDS,
        remind_seconds: float = REMIND_SECONDS,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.collection = collection
        self.look_seconds = look_seconds
        self.settle_seconds = settle_seconds
        self.remind_seconds = remind_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """How the triggerer makes this trigger again. The landing area itself is a setting of the triggerer's."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "collection": self.collection,
                "look_seconds": self.look_seconds,
                "settle_seconds": self.settle_seconds,
                "remind_seconds": self.remind_seconds,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look for ever; a store that does not answer is looked at again."""
        watch = Watch(self.remind_seconds)
        is_reachable = True
        while True:
            try:
                waiting = await asyncio.to_thread(self._look)
            except Exception:
                # Whatever went wrong, the watch must go on: nobody would notice that it had ended.
                if is_reachable:
                    log.exception("The landing area of %s cannot be read; looking again and again", self.collection)
                is_reachable = False
            else:
                if not is_reachable:
                    log.info("The landing area of %s can be read again", self.collection)
                is_reachable = True
                count = watch.look(waiting, time.monotonic())
                if count:
                    yield TriggerEvent(payload={"collection": self.collection, "files": count})  # type: ignore[no-untyped-call]
            await asyncio.sleep(self.look_seconds if watch.is_settled else self.settle_seconds)

    def _look(self) -> dict[str, str]:
        return files_waiting(stored_landing_area(Settings.load()), self.collection)
