"""The page that documents each return, made from its specification and its rules: `<collection>/README.md`.

`workforce document` writes the pages; a test says when they no longer tell the truth.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.returns.periods import Period
from ingestion.returns.raw_tables import items_of_every_period, raw_table
from ingestion.returns.senders import find_sender, senders
from ingestion.returns.specification import (
    HERE,
    Item,
    Record,
    Specification,
    collections,
    known_periods,
    load_collection,
    load_specification,
)
from ingestion.returns.templates import format_in_words
from ingestion.returns.windows import windows

if TYPE_CHECKING:
    from expectations.rules import Rule

COMMAND = "workforce document"


def write_pages(folder: Path = HERE) -> list[Path]:
    """Write every collection's page; those that changed."""
    changed = outdated_pages(folder)
    for path in changed:
        path.write_text(page(path.parent.name), encoding="utf-8")
    return changed


def outdated_pages(folder: Path = HERE) -> list[Path]:
    """The pages that differ from what the specifications say now, or are not there."""
    paths = [folder / collection / "README.md" for collection in collections()]
    return [path for path in paths if not path.exists() or path.read_text(encoding="utf-8") != page(path.parent.name)]


def page(collection: str) -> str:
    """One collection's page, in Markdown."""
    periods = known_periods(collection)
    newest = load_specification(collection, periods[-1])
    sections = [
        f"# {newest.title}",
        f"<!-- Made by `{COMMAND}` from the specification and the rules: change those, not this page. -->",
        newest.description,
        _particulars(newest, periods[0]),
        "## What differs from period to period",
        _differences(newest, periods[0]),
        "## When it is asked for",
        _table(
            ("Period", "Open", "Rests on"),
            [(window.period_label, window.in_words, window.basis) for window in windows(collection)],
        ),
        "## Items",
        "Names, formats and codes are the project's own reading of public descriptions, not DfE's or LIIA's "
        "specification. **Needed** says whether an item must always be there; the rules below say when others must.",
        *_items(collection, periods),
        "## Codes",
        *_codes(collection, periods),
        *_aliases(newest),
        "## Rules",
        *_rules(collection, periods),
    ]
    return "\n\n".join(sections) + "\n"


@dataclass(frozen=True)
class _Spell:
    """An item with the first and the last period that has it; `last` is None while it goes on."""

    item: Item
    first: Period
    last: Period | None


def _spells(collection: str, record: str, periods: Sequence[Period]) -> list[_Spell]:
    """Every item a record ever had, in order: one that was removed keeps its place."""
    names = {period: load_specification(collection, period).record(record).names for period in periods}
    spells = []
    for item in items_of_every_period(collection, record):
        having = [period for period in periods if item.name in names[period]]
        spells.append(_Spell(item, having[0], None if having[-1] == periods[-1] else having[-1]))
    return spells


def _particulars(newest: Specification, first: Period) -> str:
    example = find_sender("202")
    assert example is not None, "the list of authorities has Camden"
    how_often = "Once a year, as at 30 September" if newest.frequency == "annual" else "Every quarter"
    sheets = " and ".join(f"`{record.sheet}`" for record in newest.records)
    form = (
        "One XML file"
        if newest.format == "xml"
        else f"One XLSX workbook, sheet{'' if len(newest.records) == 1 else 's'} {sheets}; or CSV, one file each"
    )
    joint = next(sender for sender in senders() if sender.is_joint)
    number = sum(not sender.is_joint for sender in senders())
    return _table(
        ("", ""),
        [
            ("Key", f"`{newest.collection}`"),
            (
                "Who sends it",
                f"Each of the {number} authorities; {joint.name} may send one together (`{joint.folder}`)",
            ),
            ("How often", f"{how_often}; the first is {first.label}"),
            ("Format", form),
            ("Where it goes", f"`landing/{newest.collection}/<period>/<authority code>/<file>`"),
            ("For example", f"`landing/{newest.collection}/{newest.period.folder}/{example.folder}/`"),
            ("To start from", f"`workforce template {newest.collection} {newest.period.folder} --authority 202`"),
            ("To check a file", "`workforce check FILE`"),
            ("Confidentiality", newest.sensitivity),
            ("Source", newest.source),
            (
                "Where its rows are",
                ", ".join(f"`raw.{raw_table(newest.collection, record.name)}`" for record in newest.records),
            ),
        ],
    )


def _differences(newest: Specification, first: Period) -> str:
    lines = [f"- **{first.label}**: the first return described here."]
    lines += [f"- **{label}**: {text}" for label, text in newest.changes]
    if not load_collection(newest.collection).every_period_listed:
        lines.append("- Periods not listed are like the one before.")
    else:
        lines.append(
            f"- After {newest.period.label}: not described yet; "
            "[Adding a census year](../README.md#adding-a-census-year) says how."
        )
    return "\n".join(lines)


def _items(collection: str, periods: Sequence[Period]) -> Iterable[str]:
    for record in load_specification(collection, periods[-1]).records:
        yield f"### {record.title} ({_where(record, collection, periods)})"
        key = ", ".join(f"`{record.item(name).label}`" for name in record.key)
        yield record.grain + (f" Rows are told apart by {key}." if key else "")
        rows = []
        for spell in _spells(collection, record.name, periods):
            item = spell.item
            name = f"`{item.label}`" + (f"<br>`{item.name}`" if item.label != item.name else "")
            meaning = item.meaning + (f" {item.note}" if item.note else "")
            needed = "yes" if item.required else "voluntary" if item.voluntary else ""
            rows.append((name, meaning, format_in_words(item), needed, _when(spell, periods)))
        yield _table(("Item", "Meaning", "Format", "Needed", "Periods"), rows)


def _where(record: Record, collection: str, periods: Sequence[Period]) -> str:
    """The sheet, or the XML elements the record has been called by."""
    if record.sheet is not None:
        return f"sheet `{record.sheet}`"
    names = [load_specification(collection, period).record(record.name).element for period in periods]
    return ", later ".join(f"`{name}`" for name in dict.fromkeys(names))


def _when(spell: _Spell, periods: Sequence[Period]) -> str:
    if spell.first == spell.last:
        return f"{spell.first.label} only"
    starts = f"from {spell.first.label}" if spell.first != periods[0] else ""
    ends = f"until {spell.last.label}" if spell.last is not None else ""
    return " ".join(part for part in (starts, ends) if part) or "all"


def _codes(collection: str, periods: Sequence[Period]) -> Iterable[str]:
    lists: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for record in load_specification(collection, periods[-1]).records:
        for spell in _spells(collection, record.name, periods):
            if spell.item.codes:
                labels = lists.setdefault(tuple(spell.item.codes.items()), [])
                if spell.item.label not in labels:
                    labels.append(spell.item.label)
    for codes, labels in lists.items():
        yield f"**{', '.join(f'`{label}`' for label in labels)}**"
        yield _table(("Code", "Meaning"), [(f"`{code}`", meaning) for code, meaning in codes])


def _aliases(newest: Specification) -> Iterable[str]:
    known = {item.name: item.aliases for record in newest.records for item in record.items if item.aliases}
    if known:
        yield "## Other headings that are understood"
        yield "Capital letters, blanks, hyphens and underscores make no difference, nor does the order of columns."
        yield "\n".join(f"- `{name}`: {', '.join(aliases)}" for name, aliases in known.items())


@dataclass
class _Documented:
    """A rule as the page tells it, with the items it is asked of and the periods that have it."""

    rule: "Rule"
    labels: list[str]
    periods: list[Period]


def _rules(collection: str, periods: Sequence[Period]) -> Iterable[str]:
    from expectations.returns_rules import file_rules, record_rules

    documented: dict[tuple[str, str], _Documented] = {}
    for period in periods:
        specification = load_specification(collection, period)
        for rule in record_rules(specification):
            found = documented.setdefault((rule.code, rule.message), _Documented(rule, [], []))
            found.labels += [label for label in _labels(rule, specification) if label not in found.labels]
            if period not in found.periods:
                found.periods.append(period)
    yield (
        "An **error** stops the return: nothing of it is loaded. A **query** does not; it needs a look. The codes are "
        "the project's own: none of them is a rule number of DfE's."
    )
    yield "### On what stands in the return"
    yield _table(
        ("Rule", "What is wrong, and what to do"),
        [_told(each, periods) for each in sorted(documented.values(), key=lambda each: _in_order(each.rule.code))],
    )
    yield "### On the file itself"
    yield "The same for every return."
    yield _table(
        ("Rule", "What is wrong, and what to do"),
        [_told(_Documented(rule, [], list(periods)), periods, sourced=False) for rule in file_rules()],
    )


def _told(documented: _Documented, periods: Sequence[Period], *, sourced: bool = True) -> tuple[str, str]:
    from expectations.returns_rules import plain_message

    rule, labels = documented.rule, documented.labels
    lines = [f"{plain_message(rule, labels[0] if len(labels) == 1 else None)}.", f"*{rule.fix}*"]
    if len(labels) > 1:
        lines.append(f"Items: {', '.join(f'`{label}`' for label in labels)}.")
    if len(documented.periods) < len(periods):
        has_ended = documented.periods[-1] != periods[-1]
        starts = f"from {documented.periods[0].label}" if documented.periods[0] != periods[0] else ""
        ends = f"until {documented.periods[-1].label}" if has_ended else ""
        lines.append(f"Asked {' '.join(part for part in (starts, ends) if part)}.")
    if sourced:
        lines.append(f"Source: {rule.source}.")
    return f"`{rule.code}`<br>{rule.severity}", "<br>".join(lines)


def _labels(rule: "Rule", specification: Specification) -> list[str]:
    """What the sender knows the rule's items by; none for a rule about something else than an item."""
    from expectations.returns_rules import base_record

    items = specification.record(base_record(specification.collection, rule.frame)).items
    named = rule.for_each or ((rule.field,) if rule.field else ())
    return [item.label for name in named for item in items if item.name == name]


def _in_order(code: str) -> tuple[str, ...]:
    """Sort `…-2` before `…-10`."""
    return tuple(part.rjust(6, "0") if part.isdecimal() else part for part in code.split("-"))


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
