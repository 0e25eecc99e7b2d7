"""The specification of a published statistics collection, read from its YAML file."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Column:
    """One published column: its name here, its other spellings, and whether a file must have it."""

    name: str
    aliases: tuple[str, ...]
    required: bool


@dataclass(frozen=True)
class Layout:
    """One file layout of a collection.

    `geography` and `filters` are text columns; every column of `measures` is a number or a symbol.
    """

    name: str
    dataset: str
    title: str
    file_name: str
    table: str
    key: tuple[str, ...]
    geography: tuple[Column, ...]
    filters: tuple[Column, ...]
    measures: tuple[Column, ...]

    @property
    def dimensions(self) -> tuple[Column, ...]:
        """The text columns, geography first."""
        return self.geography + self.filters

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column the specification knows."""
        return self.dimensions + self.measures


@dataclass(frozen=True)
class Specification:
    """A collection: its layouts and what each of DfE's symbols means."""

    collection: str
    title: str
    symbols: Mapping[str, str]
    layouts: tuple[Layout, ...]

    def layout(self, name: str) -> Layout:
        """The layout of that name."""
        return next(layout for layout in self.layouts if layout.name == name)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets, each in the order it first appears."""
        return tuple(dict.fromkeys(layout.dataset for layout in self.layouts))


def _columns(described: Mapping[str, Mapping[str, Any]]) -> tuple[Column, ...]:
    return tuple(
        Column(name, tuple(item.get("aliases", ())), bool(item.get("required", True)))
        for name, item in described.items()
    )


@cache
def load_specification(collection: str = "dfe_census_statistics") -> Specification:
    """Read a collection's specification from the YAML file beside this module."""
    described = yaml.safe_load((HERE / f"{collection}.yml").read_text(encoding="utf-8"))
    geography = _columns(described["geography"])
    layouts = tuple(
        Layout(
            name=name,
            dataset=item["dataset"],
            title=item["title"],
            file_name=item["file_name"],
            table=item["table"],
            key=tuple(item["key"]),
            geography=geography,
            filters=_columns(item["filters"]),
            measures=_columns(item["measures"]),
        )
        for name, item in described["layouts"].items()
    )
    return Specification(described["collection"], described["title"], described["symbols"], layouts)
