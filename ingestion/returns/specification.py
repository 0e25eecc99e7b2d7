"""The specification of a return, read from its folder: a base and one small difference per later period.

`<collection>/<first period>.yml` describes the return in full; every later file there (`2024.yml`, `2025-26-Q3.yml`)
adds, changes or removes items. The typing of the readers, the generated expectations, the raw tables, the templates,
the sample and the documentation page all come from what this module returns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from ingestion.returns.periods import Frequency, Period, PeriodError, next_period, parse_period

HERE = Path(__file__).parent

Kind = Literal["code", "text", "integer", "decimal", "date", "registration_number", "birth_date"]
KINDS: tuple[Kind, ...] = ("code", "text", "integer", "decimal", "date", "registration_number", "birth_date")


class SpecificationError(Exception):
    """A specification file is wrong, or there is none for a period; the message says which and what to do."""


@dataclass(frozen=True)
class Item:
    """One item of a record.

    `name` is its column here, in snake case; `element` its name in XML; `aliases` other spellings of its heading.
    `codes` maps each code to its meaning, for items of kind `code`. `places` is the most decimals. `unit` says what a
    number counts. `repeats`: it may stand several times in one XML record.
    """

    name: str
    kind: Kind
    meaning: str
    element: str | None = None
    aliases: tuple[str, ...] = ()
    required: bool = False
    voluntary: bool = False
    repeats: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None
    places: int | None = None
    max_length: int | None = None
    unit: str | None = None
    example: str | None = None
    note: str | None = None
    source: str | None = None

    @property
    def is_personal(self) -> bool:
        """Whether its value may never be written as it is: it becomes a pseudonym or an age band."""
        return self.kind in ("registration_number", "birth_date")

    @property
    def stored_name(self) -> str:
        """Its column in `raw`: the item's own, or `age_band` in the place of a birth date."""
        return "age_band" if self.kind == "birth_date" else self.name

    @property
    def label(self) -> str:
        """What a sender knows it by."""
        return self.element or self.name


@dataclass(frozen=True)
class Record:
    """One table of a return: an XML element, a sheet of a workbook, or a CSV file.

    `rows` is `one` where a return holds exactly one, else `many`. `key` names the items that tell its rows apart.
    `may_be_empty`: the table is there though nobody had anything to write into it.
    """

    name: str
    title: str
    grain: str
    element: str | None
    sheet: str | None
    rows: Literal["one", "many"]
    required: bool
    may_be_empty: bool
    key: tuple[str, ...]
    items: tuple[Item, ...]

    def item(self, name: str) -> Item:
        """The item of that name."""
        return next(item for item in self.items if item.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The items' names, in order."""
        return tuple(item.name for item in self.items)


@dataclass(frozen=True)
class Specification:
    """A return for one period. `version` is the period whose file last changed anything."""

    collection: str
    title: str
    format: Literal["xml", "tables"]
    frequency: Frequency
    version: str
    period: Period
    sensitivity: str
    description: str
    source: str
    records: tuple[Record, ...]
    changes: tuple[tuple[str, str], ...]

    def record(self, name: str) -> Record:
        """The record of that name."""
        return next(record for record in self.records if record.name == name)


@dataclass(frozen=True, eq=False)
class Collection:
    """A collection as its folder describes it, before a period is chosen."""

    key: str
    title: str
    format: Literal["xml", "tables"]
    frequency: Frequency
    described: Mapping[Period, Mapping[str, Any]]
    every_period_listed: bool

    @property
    def first_period(self) -> Period:
        """The period of the base file."""
        return min(self.described)


def collections() -> tuple[str, ...]:
    """The keys of every collection of returns, in alphabetical order."""
    return tuple(sorted(path.name for path in HERE.iterdir() if path.is_dir() and any(path.glob("*.yml"))))


@cache
def load_collection(key: str, folder: Path = HERE) -> Collection:
    """Read a collection's files.

    Raises:
        SpecificationError: there is no such collection, or a file's name is no period of it.
    """
    files = sorted((folder / key).glob("*.yml"))
    if not files:
        raise SpecificationError(f"There is no collection '{key}'. Known: {', '.join(collections())}.")
    read = {file: yaml.safe_load(file.read_text(encoding="utf-8")) or {} for file in files}
    bases = [content for content in read.values() if "collection" in content]
    if len(bases) != 1:
        raise SpecificationError(f"{key}: exactly one file must describe the whole return; {len(bases)} do.")
    base = bases[0]
    described: dict[Period, Mapping[str, Any]] = {}
    for file, content in read.items():
        try:
            described[parse_period(file.stem, base["frequency"])] = content
        except PeriodError as error:
            raise SpecificationError(f"{key}/{file.name}: the file's name is no period. {error}") from None
    if described[min(described)] is not base:
        raise SpecificationError(f"{key}: the file that describes the whole return must be the earliest.")
    return Collection(
        key, base["title"], base["format"], base["frequency"], described, bool(base.get("every_period_listed", False))
    )


def load_specification(key: str, period: Period, folder: Path = HERE) -> Specification:
    """The return of a collection for one period: the base with every difference up to it.

    Raises:
        SpecificationError: the collection did not exist then, or its file for this period is not there yet.
    """
    collection = load_collection(key, folder)
    if period < collection.first_period:
        raise SpecificationError(f"{collection.title} begins with {collection.first_period.label}.")
    if collection.every_period_listed and period not in collection.described:
        raise SpecificationError(
            f"There is no specification of {collection.title} for {period.label} yet "
            f"(the newest is {max(collection.described).label})."
        )
    newest = max(known for known in collection.described if known <= period)
    return replace(_specification(collection, newest), period=period)


def known_periods(key: str, folder: Path = HERE, until: Period | None = None) -> tuple[Period, ...]:
    """Every period with a specification, oldest first: those listed, or all from the first to `until`."""
    collection = load_collection(key, folder)
    if collection.every_period_listed or until is None:
        return tuple(sorted(collection.described))
    periods = [collection.first_period]
    while periods[-1] < until:
        periods.append(next_period(periods[-1]))
    return tuple(periods)


@cache
def _specification(collection: Collection, newest: Period) -> Specification:
    order = [period for period in sorted(collection.described) if period <= newest]
    base = collection.described[order[0]]
    records = tuple(_record(collection.key, name, item, base["codes"]) for name, item in base["records"].items())
    version, changes = order[0].label, []
    for period in order[1:]:
        difference = collection.described[period]
        if difference.get("records"):
            version = period.label
        if difference.get("change"):
            changes.append((period.label, " ".join(difference["change"].split())))
        codes = {**base["codes"], **difference.get("codes", {})}
        where = f"{collection.key}/{period.folder}.yml"
        changed = dict(difference.get("records", {}))
        records = tuple(_changed(where, record, changed.pop(record.name, {}), codes) for record in records)
        if changed:
            raise SpecificationError(f"{where}: there is no record {', '.join(changed)}.")
    return Specification(
        collection=collection.key,
        title=collection.title,
        format=collection.format,
        frequency=collection.frequency,
        version=version,
        period=newest,
        sensitivity=base["sensitivity"],
        description=" ".join(base["description"].split()),
        source=base["source"],
        records=records,
        changes=tuple(changes),
    )


def _record(where: str, name: str, described: Mapping[str, Any], codes: Mapping[str, Any]) -> Record:
    return Record(
        name=name,
        title=described["title"],
        grain=described["grain"],
        element=described.get("element"),
        sheet=described.get("sheet"),
        rows=described.get("rows", "many"),
        required=bool(described.get("required", True)),
        may_be_empty=bool(described.get("may_be_empty", False)),
        key=tuple(described.get("key", ())),
        items=tuple(_item(f"{where}, {name}", item, content, codes) for item, content in described["items"].items()),
    )


_ITEM_KEYS = {
    "kind", "meaning", "element", "aliases", "required", "voluntary", "repeats", "codes", "min", "max", "places",
    "max_length", "unit", "example", "note", "source", "after",
}  # fmt: skip


def _item(where: str, name: str, described: Mapping[str, Any], codes: Mapping[str, Any]) -> Item:
    unknown = set(described) - _ITEM_KEYS
    if unknown or described.get("kind") not in KINDS or not described.get("meaning"):
        raise SpecificationError(
            f"{where}: item {name} needs a kind ({', '.join(KINDS)}) and a meaning; unknown {unknown}"
        )
    own = described.get("codes", {})
    if isinstance(own, str):
        own = codes[own]
    return Item(
        name=name,
        kind=described["kind"],
        meaning=" ".join(described["meaning"].split()),
        element=described.get("element"),
        aliases=tuple(described.get("aliases", ())),
        required=bool(described.get("required", False)),
        voluntary=bool(described.get("voluntary", False)),
        repeats=bool(described.get("repeats", False)),
        codes={str(code): str(meaning) for code, meaning in own.items()},
        minimum=described.get("min"),
        maximum=described.get("max"),
        places=described.get("places"),
        max_length=described.get("max_length"),
        unit=described.get("unit"),
        example=None if described.get("example") is None else str(described["example"]),
        note=described.get("note"),
        source=described.get("source"),
    )


def _changed(where: str, record: Record, difference: Mapping[str, Any], codes: Mapping[str, Any]) -> Record:
    unknown = set(difference) - {"title", "grain", "element", "sheet", "add", "change", "remove"}
    if unknown:
        raise SpecificationError(f"{where}, {record.name}: unknown {', '.join(sorted(unknown))}.")
    items = {item.name: item for item in record.items}
    for name in difference.get("remove", ()):
        if items.pop(name, None) is None:
            raise SpecificationError(f"{where}, {record.name}: {name} is not there to be removed.")
    for name, content in difference.get("change", {}).items():
        if name not in items:
            raise SpecificationError(f"{where}, {record.name}: {name} is not there to be changed.")
        items[name] = _item(where, name, {**_described(items[name]), **content}, codes)
    for name, content in difference.get("add", {}).items():
        if name in items:
            raise SpecificationError(f"{where}, {record.name}: {name} is there already.")
        after = content.get("after")
        if after is not None and after not in items:
            raise SpecificationError(f"{where}, {record.name}: {name} is to stand after {after}, which is not there.")
        order = list(items)
        place = len(order) if after is None else order.index(after) + 1
        order.insert(place, name)
        items[name] = _item(where, name, content, codes)
        items = {key: items[key] for key in order}
    kept = {key: difference[key] for key in ("title", "grain", "element", "sheet") if key in difference}
    return replace(record, items=tuple(items.values()), **kept)


def _described(item: Item) -> dict[str, Any]:
    content = {key: getattr(item, key) for key in _ITEM_KEYS - {"min", "max", "after"}}
    return {**content, "min": item.minimum, "max": item.maximum}
