"""Tables as people keep them: which sheet is which record, where the heading stands, which column is which item.

Tolerant of titles above the heading, blank rows and columns, notes below the data, other spellings and another order
of the headings. What cannot be placed without a guess is a problem.
"""

import re
from collections.abc import Collection as AnyOf
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Literal

from ingestion.returns.dates import parse_dates
from ingestion.returns.files import HIDDEN
from ingestion.returns.problems import ProblemList
from ingestion.returns.reading import Claim, Problem, ProblemKind, ReadReturn, RecordText
from ingestion.returns.specification import (
    Record,
    Specification,
    collections,
    known_periods,
    load_collection,
    load_specification,
)

# The project's own templates have these beside the data.
IGNORED_SHEETS = frozenset({"readme", "notes", "codes"})

_ROWS_TO_HEADING = 20
_FEWEST_HEADINGS = 2
_LONGEST_HEADING = 200
_MOST_CLAIMED = 20
_ERRORS = frozenset(
    {"#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!",
     "#CONNECT!", "#UNKNOWN!", "#GETTING_DATA", "#PYTHON!", "#BUSY!", "#EXTERNAL!"}
)  # fmt: skip
# What a spreadsheet may run: the four signs, as they are or full width, and the blanks that hide them. A number with a
# sign is none, nor is a dash that stands alone.
_FORMULA_START = re.compile(r"[ \u00a0]*[=@+\-\t\r＝＠＋－]")
_NO_FORMULA = re.compile(r"[-+\s]*|\s*[+-]? ?£? ?(?:\d[\d,]*(?:\.\d*)?|\.\d+)%?\s*")

Row = tuple[int, list[str | None]]


@dataclass
class Sheet:
    """The filled rows of a sheet or CSV file: each with its number (the first is 1) and its cells from column A on."""

    name: str | None
    rows: list[Row]


@dataclass(frozen=True)
class _Heading:
    """Where a record's heading was found: position among the rows, and the column of each item."""

    position: int
    columns: dict[str, int]
    duplicated: tuple[tuple[str, int], ...]
    unknown: tuple[int, ...]


def fold(text: str) -> str:
    """A heading without case, blanks, underscores and punctuation."""
    return "".join(character for character in text.casefold() if character.isalnum())


def known_headings() -> frozenset[str]:
    """Every heading of every table of every collection, folded."""
    return frozenset(
        heading for _, specification in _table_specifications() for record in specification.records
        for heading in _headings(record)
    )  # fmt: skip


def recognised_headings(row: Iterable[str | None], known: AnyOf[str]) -> int:
    """How many different headings of a row are known."""
    return len({folded for cell in row if cell and (folded := _spelling(cell, known))})


def read_tables(sheets: Sequence[Sheet], specification: Specification) -> ReadReturn:
    """Read the sheets of a workbook, or the CSV files sent together, as the records of a specification."""
    problems = ProblemList()
    sheets = [sheet for sheet in sheets if sheet.rows]
    found, others = _placed(sheets, specification, problems)
    records: dict[str, RecordText] = {}
    unplaced_file = any(sheet.name is None for sheet in others)
    for number, sheet in enumerate(sheets, 1):
        if sheet in others and sheet.name is None:
            problems.add(Problem("header_not_found", detail=f"file {number}" if len(sheets) > 1 else ""))
        elif sheet in others and fold(sheet.name or "") not in IGNORED_SHEETS:
            problems.add(Problem("extra_table", sheet=f"number {number}"))
    for record in specification.records:
        if record.name in found:
            read = _read_record(found[record.name], record, specification, problems)
            if read is not None:
                records[record.name] = read
        elif record.required and not unplaced_file:
            problems.add(Problem("missing_table", record.name, detail=f"{record.title} ({record.sheet})"))
    return ReadReturn(specification, _claim(specification.collection, records.values()), records, problems.all())


def claim_of_tables(sheets: Sequence[Sheet]) -> Claim:
    """The collection whose headings these sheets have, and whose return they say they are."""
    best: tuple[int, str, Specification] | None = None
    for key, specification in _table_specifications():
        score = sum(max((_score(sheet, record) for sheet in sheets), default=0) for record in specification.records)
        if score and (best is None or score > best[0]):
            best = (score, key, specification)
    if best is None:
        return Claim()
    specification = best[2]
    found, _ = _placed([sheet for sheet in sheets if sheet.rows], specification, ProblemList())
    ignored = ProblemList()
    read = [_read_record(sheet, specification.record(name), specification, ignored) for name, sheet in found.items()]
    return _claim(best[1], [record for record in read if record])


@cache
def _table_specifications() -> tuple[tuple[str, Specification], ...]:
    """The newest specification of each collection of tables; later ones only add to earlier ones."""
    keys = [key for key in collections() if load_collection(key).format == "tables"]
    return tuple((key, load_specification(key, known_periods(key)[-1])) for key in keys)


def _headings(record: Record) -> dict[str, str]:
    """The record's items by folded name and alias."""
    aliases = {fold(alias): item.name for item in record.items for alias in item.aliases}
    return {**aliases, **{fold(item.name): item.name for item in record.items}}


def _spelling(cell: str, known: AnyOf[str]) -> str | None:
    """The known heading a cell holds, also with a remark in brackets behind it."""
    if len(cell) > _LONGEST_HEADING:
        return None
    for text in (cell, re.sub(r"\(.*?\)", "", cell)):
        if (folded := fold(text)) in known:
            return folded
    return None


def _score(sheet: Sheet, record: Record) -> int:
    """How many of a record's items a sheet has; 0 where too few to be it."""
    heading = _find_heading(sheet, record)
    return 0 if heading is None or 2 * len(heading.columns) < _required(record) else len(heading.columns)


def _required(record: Record) -> int:
    return sum(item.required for item in record.items)


def _placed(
    sheets: Sequence[Sheet], specification: Specification, problems: ProblemList
) -> tuple[dict[str, Sheet], list[Sheet]]:
    """Each record's sheet, by the sheet's name or else by its headings, and the sheets that are none's."""
    found: dict[str, Sheet] = {}
    others = list(sheets)
    for record in specification.records:
        names = {fold(record.sheet or record.name), fold(record.name), fold(record.title)}
        for sheet in [sheet for sheet in others if sheet.name is not None and fold(sheet.name) in names]:
            if record.name not in found:
                found[record.name] = sheet
                others.remove(sheet)
    for sheet in [sheet for sheet in others if fold(sheet.name or "") not in IGNORED_SHEETS]:
        scores = {record.name: _score(sheet, record) for record in specification.records}
        best = max(scores, key=lambda name: scores[name])
        if not scores[best]:
            continue
        if best not in found:
            found[best] = sheet
            others.remove(sheet)
        elif sheet.name is None:
            # Two files with the same table: which of them counts is not ours to say.
            others.remove(sheet)
            problems.add(Problem("unreadable_file", best, detail=f"two files hold the table {best}"))
    return found, others


def _find_heading(sheet: Sheet, record: Record) -> _Heading | None:
    """The row among the first with the most of a record's headings."""
    known = _headings(record)
    rows = sheet.rows[:_ROWS_TO_HEADING]
    counts = [len({known[folded] for cell in row if cell and (folded := _spelling(cell, known))}) for _, row in rows]
    if not counts or max(counts) < min(_FEWEST_HEADINGS, len(record.items)):
        return None
    position = counts.index(max(counts))
    columns: dict[str, int] = {}
    duplicated: list[tuple[str, int]] = []
    unknown: list[int] = []
    for place, cell in enumerate(rows[position][1]):
        folded = _spelling(cell, known) if cell else None
        if folded is None:
            if cell:
                unknown.append(place)
        elif known[folded] in columns:
            duplicated.append((known[folded], place))
        else:
            columns[known[folded]] = place
    return _Heading(position, columns, tuple(duplicated), tuple(unknown))


def _read_record(
    sheet: Sheet, record: Record, specification: Specification, problems: ProblemList
) -> RecordText | None:
    heading = _find_heading(sheet, record)
    _check_cells(sheet, record, heading, problems)
    if heading is None:
        problems.add(Problem("header_not_found", record.name, sheet=record.sheet, detail=record.title))
        return None
    rows = _without_notes(sheet.rows[heading.position + 1 :])
    _check_headings(sheet.rows[heading.position], rows, heading, record, specification, problems)
    if not rows and not record.may_be_empty:
        problems.add(Problem("no_rows", record.name, sheet=record.sheet, detail=record.title))
    elif record.rows == "one" and len(rows) > 1:
        again = rows[1][0]
        problems.add(Problem("more_than_one_row", record.name, sheet=record.sheet, row=again, detail=record.title))
    text = {item.name: _column(rows, heading.columns.get(item.name)) for item in record.items}
    letters = {name: column_letter(place) for name, place in heading.columns.items()}
    return RecordText(record, text, [number for number, _ in rows], record.sheet, letters)


def _column(rows: Sequence[Row], place: int | None) -> list[str | None]:
    """The cells of one column; error cells, which are problems already, are blank like those not there."""
    if place is None:
        return [None] * len(rows)
    cells = (row[place] if place < len(row) else None for _, row in rows)
    return [None if cell is None or cell in _ERRORS else cell.strip() for cell in cells]


def _check_headings(
    heading_row: Row,
    rows: Sequence[Row],
    heading: _Heading,
    record: Record,
    specification: Specification,
    problems: ProblemList,
) -> None:
    number, headings = heading_row

    def add(kind: ProblemKind, item: str | None, place: int | None, detail: str = "") -> None:
        label = None if item is None else record.item(item).label
        column = None if place is None else column_letter(place)
        problems.add(Problem(kind, record.name, label, record.sheet, number, column, detail))

    used = {*heading.columns.values(), *(place for _, place in heading.duplicated)}
    # A column without a heading is blank, or holds something nobody can place.
    filled = {place for _, row in rows for place, cell in enumerate(row) if cell is not None}
    for place in sorted({*heading.unknown, *(filled - used)}):
        text = headings[place] if place < len(headings) else None
        add("unknown_column", None, place, _hint(text, record, specification) if text else "it has no heading")
    for name, place in heading.duplicated:
        add("duplicated_column", name, place)
    for item in record.items:
        if item.required and item.name not in heading.columns:
            add("missing_column", item.name, None)


def _check_cells(sheet: Sheet, record: Record, heading: _Heading | None, problems: ProblemList) -> None:
    """Find cells that hide something, that a spreadsheet could run, or that show a formula's error."""
    labels = {place: record.item(name).label for name, place in heading.columns.items()} if heading else {}
    checked: dict[str, ProblemKind | None] = {}
    for number, row in sheet.rows:
        for place, cell in enumerate(row):
            if cell is None:
                continue
            if cell not in checked:
                checked[cell] = "formula_error" if cell in _ERRORS else unsafe(cell)
            kind = checked[cell]
            if kind is not None and (place in labels or kind != "formula_error"):
                problems.add(
                    Problem(kind, record.name, labels.get(place), record.sheet, number, column_letter(place))
                )  # fmt: skip


def unsafe(text: str) -> Literal["hidden_characters", "formula_text"] | None:
    """Why a text may not be taken in: `hidden_characters`, `formula_text`, or nothing."""
    # Quick for the many that are plain: what is hidden is never printable.
    if not text.isprintable() and HIDDEN.search(text):
        return "hidden_characters"
    return "formula_text" if _FORMULA_START.match(text) and not _NO_FORMULA.fullmatch(text) else None


def _without_notes(rows: Sequence[Row]) -> list[Row]:
    """The rows without those at the end that hold one cell of several words: notes, not data."""
    last = len(rows)
    while last and (cells := [cell for cell in rows[last - 1][1] if cell is not None]):
        if len(cells) > 1 or not re.search(r"\S\s+\S", cells[0]):
            break
        last -= 1
    return list(rows[:last])


def _hint(text: str, record: Record, specification: Specification) -> str:
    """What an unknown heading may have been meant for, in the specification's words."""
    folded = fold(text[:_LONGEST_HEADING])
    for period in known_periods(specification.collection):
        other = load_specification(specification.collection, period)
        elsewhere = _headings(other.record(record.name))
        if folded in elsewhere:
            return f"{elsewhere[folded]} belongs to returns of other periods (from {period.label})"
    known = _headings(record)
    nearest = get_close_matches(folded, list(known), 1)
    return f"the nearest known heading is {known[nearest[0]]}" if nearest else ""


def _claim(collection: str, records: Iterable[RecordText]) -> Claim:
    codes: dict[str, None] = {}
    ends: dict[str, None] = {}
    for record in records:
        for text in _distinct(record.text.get("la_code", [])):
            codes.setdefault(re.sub(r"\.0+$", "", text))
        texts = _distinct(record.text.get("period_end", []))
        for read in parse_dates(texts, iso_only=False).values():
            if not isinstance(read, str):
                ends.setdefault(read.isoformat())
    return Claim(collection, tuple(codes)[:_MOST_CLAIMED], (), tuple(ends)[:_MOST_CLAIMED])


def _distinct(column: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(text for text in column if text is not None))


def column_letter(place: int) -> str:
    """The letter of a column counted from 0: A, B, … Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
