"""What a delivery may hold, read from `web.yml`, `jobs.yml` and `audience.yml` beside this module."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import yaml

HERE = Path(__file__).parent

Collection = Literal["lswc_web", "lswc_jobs", "lswc_audience"]
Grain = Literal["day", "month"]
COLLECTIONS: tuple[Collection, ...] = ("lswc_web", "lswc_jobs", "lswc_audience")


@dataclass(frozen=True)
class Dataset:
    """One kind of rows: its raw table, its columns with their types, and the periods it is restated by.

    `period_column` holds the day or month a row belongs to; `key` tells the rows of one delivery apart.
    """

    name: str
    table: str
    title: str
    grain: Grain
    period_column: str
    key: tuple[str, ...]
    columns: Mapping[str, str]

    @property
    def counts(self) -> tuple[str, ...]:
        """The columns that hold counts, none of which can be negative."""
        return tuple(name for name, kind in self.columns.items() if kind == "bigint")


@dataclass(frozen=True)
class Specification:
    """One collection: its datasets, and everything else its YAML file says."""

    collection: Collection
    datasets: Mapping[str, Dataset]
    described: Mapping[str, Any]

    def headings(self, kind: str | None = None) -> dict[str, tuple[str, bool]]:
        """Every spelling of a heading a file may have: to the column's name, and whether the column must be there."""
        described = self.described["headings"] if kind is None else self.described[kind]["headings"]
        return {
            spelling: (name, need == "required")
            for need in ("required", "optional")
            for name, others in described.get(need, {}).items()
            for spelling in (normalised(name), *(normalised(other) for other in others))
        }


def normalised(heading: str) -> str:
    """A heading as it is compared: lower case, single spaces, underscores and hyphens as spaces, no byte order mark."""
    return re.sub(r"[\s_\-]+", " ", heading.replace("\ufeff", "")).strip().lower()


@cache
def load_specification(collection: Collection) -> Specification:
    """Read a collection's YAML file."""
    described = yaml.safe_load((HERE / f"{collection.removeprefix('lswc_')}.yml").read_text(encoding="utf-8"))
    datasets = {
        name: Dataset(
            name,
            item["table"],
            item["title"],
            cast(Grain, item["grain"]),
            item["period_column"],
            tuple(item["key"]),
            item["columns"],
        )
        for name, item in described["datasets"].items()
    }
    return Specification(collection, datasets, described)
