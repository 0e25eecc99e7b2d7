"""Where published statistics come from: files, the project's own sample, or DfE's service.

A source says cheaply what it has on offer and fetches one offer's bytes. It never reads into them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

SourceName = Literal["sample", "live", "files"]


class SourceError(Exception):
    """A source cannot be reached or holds nothing usable; the message says which, why and what to do."""


@dataclass(frozen=True)
class Offer:
    """One file a source has.

    `reference` (a URL or a path) changes with every release, so that what was seen before is known without
    fetching it.
    """

    file_name: str
    reference: str
    source: SourceName
    data_set_version: str | None
    is_synthetic: bool


class Source(Protocol):
    """What every source can do."""

    def offers(self) -> list[Offer]:
        """What there is to fetch now, newest release last.

        Raises:
            SourceError: the source cannot be reached or is not there.
        """
        ...

    def fetch(self, offer: Offer, folder: Path) -> Path:
        """Write an offer's bytes into `folder` and return the file's path.

        Raises:
            SourceError: the bytes cannot be had, or are not a CSV file at all.
        """
        ...
