"""From text to types, a column at a time: each different text of a column is read once.

What cannot be read as its item's kind is null in the frame and stands among the problems.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ingestion.returns.dates import parse_dates
from ingestion.returns.problems import ProblemList
from ingestion.returns.reading import Problem, ProblemKind, ReadReturn, RecordText, TypedRecord, TypedReturn
from ingestion.returns.specification import Item
from ingestion.returns.tables import unsafe

# What Postgres keeps in an integer.
_LARGEST_INTEGER = 2**31 - 1
_MOST_DIGITS = 15

_EPOCH = date(1970, 1, 1).toordinal()
_NO_DAY = np.iinfo("int64").min

_PLAIN_NUMBER = re.compile(r"([+-]?)(\d+)(?:\.(\d*))?", re.ASCII)
# Thousands stand in threes and never after a lone 0: `0,800` is somebody's 0.8.
_WRITTEN_NUMBER = re.compile(r"([+-]?) ?£? ?([1-9]\d{0,2}(?:,\d{3})+|\d*)(?:\.(\d*))?", re.ASCII)
_WHOLE = re.compile(r"(\d+)\.0*", re.ASCII)
_UNSAFE: tuple[ProblemKind, ...] = ("hidden_characters", "formula_text")


@dataclass(frozen=True)
class _Failure:
    """A text that is not of its item's kind, and why."""

    kind: ProblemKind
    detail: str = ""


def type_return(read: ReadReturn) -> TypedReturn:
    """Type every record of a return; its problems are the reader's and then those of single cells.

    A return with a text that hides or could run something keeps no records, and no more is said about its cells.
    """
    is_table = read.specification is not None and read.specification.format == "tables"
    cells = ProblemList()
    records = {name: _typed(record, cells, is_table) for name, record in read.records.items()}
    problems = [*read.problems, *cells.all()]
    if any(problem.kind in _UNSAFE for problem in problems):
        problems = [*read.problems, *(problem for problem in cells.all() if problem.kind in _UNSAFE)]
        records = {}
    return TypedReturn(read.specification, read.claim, records, problems)


def _typed(record: RecordText, problems: ProblemList, is_table: bool) -> TypedRecord:
    columns: dict[str, Any] = {"source_row": np.array(record.rows, dtype="int64")}
    for item in record.record.items:
        text = record.text[item.name]
        again = {row: values[item.name] for row, values in record.repeated.items() if item.name in values}
        distinct = dict.fromkeys(cell for cell in text if cell is not None)
        distinct.update(dict.fromkeys(cell for values in again.values() for cell in values))
        values, failures = _parsed(item, distinct, is_table)
        if failures:
            for position, cell in enumerate(text):
                failure = failures.get(cell) if cell is not None else None
                if failure is None and position in again:
                    failure = next((failures[value] for value in again[position] if value in failures), None)
                if failure is not None:
                    problems.add(
                        Problem(failure.kind, record.record.name, item.label, record.sheet, record.rows[position],
                                record.columns.get(item.name), failure.detail)
                    )  # fmt: skip
        columns[item.name] = _array(item, text, values)
    return TypedRecord(
        record.record, pd.DataFrame(columns, copy=False), record.sheet, record.columns, record.repeated
    )  # fmt: skip


def _parsed(item: Item, texts: Iterable[str], is_table: bool) -> tuple[dict[str, Any], dict[str, _Failure]]:
    """The value of each text that has one, and why the others have none."""
    texts = list(texts)
    failures: dict[str, _Failure] = {}
    if not is_table:
        # Of a table every cell has been looked at, headings and titles included.
        for text in texts:
            kind = unsafe(text)
            if kind is not None:
                failures[text] = _Failure(kind)
    read: dict[str, Any]
    if item.kind in ("date", "birth_date"):
        read = {
            text: _Failure(day) if isinstance(day, str) else day
            for text, day in parse_dates(texts, iso_only=not is_table).items()
        }
    elif item.kind in ("integer", "decimal"):
        pattern = _WRITTEN_NUMBER if is_table else _PLAIN_NUMBER
        read = {text: _number(text, item, pattern) for text in texts}
    elif item.kind == "code":
        spellings = {code.casefold(): code for code in item.codes}
        read = {text: _code(text, spellings) for text in texts}
    elif item.kind == "registration_number":
        read = {text: "".join(text.split()).upper() for text in texts}
    else:
        read = {text: _text(text, item) for text in texts}
    for text, value in read.items():
        if isinstance(value, _Failure):
            failures.setdefault(text, value)
    return {text: value for text, value in read.items() if text not in failures}, failures


def _text(text: str, item: Item) -> str | _Failure:
    if item.max_length is not None and len(text) > item.max_length:
        return _Failure("too_long", f"at most {item.max_length:,} characters")
    return text


def _code(text: str, spellings: dict[str, str]) -> str:
    """The specification's spelling; a text that is no code stays as it is, for the rule on codes."""
    known = spellings.get(text.casefold())
    if known is None and (whole := _WHOLE.fullmatch(text)):
        known = spellings.get(whole[1])
    return text if known is None else known


def _number(text: str, item: Item, pattern: re.Pattern[str]) -> int | float | _Failure:
    found = pattern.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        return _Failure("not_a_number")
    whole = found[2].replace(",", "").lstrip("0")
    decimals = (found[3] or "").rstrip("0")
    if len(whole) > _MOST_DIGITS:
        return _Failure("not_a_number")
    if item.kind == "integer":
        if decimals:
            return _Failure("not_whole")
        number = int(f"{found[1]}{whole or '0'}")
        return number if abs(number) <= _LARGEST_INTEGER else _Failure("not_a_number")
    if item.places is not None and len(decimals) > item.places:
        return _Failure("too_many_decimals", f"at most {item.places}")
    return float(f"{found[1]}{whole or '0'}.{decimals or '0'}")


def _array(item: Item, text: list[str | None], values: dict[str, Any]) -> Any:
    get = values.get
    cells = [None if cell is None else get(cell) for cell in text]
    if item.kind in ("date", "birth_date"):
        days = np.fromiter((_NO_DAY if day is None else day.toordinal() - _EPOCH for day in cells), "int64", len(cells))
        return days.view("datetime64[D]").astype("datetime64[us]")
    if item.kind == "integer":
        blank = np.fromiter((cell is None for cell in cells), dtype=bool, count=len(cells))
        numbers = np.fromiter((cell or 0 for cell in cells), dtype="int64", count=len(cells))
        return pd.arrays.IntegerArray(numbers, blank)
    if item.kind == "decimal":
        return np.array(cells, dtype="float64")
    return pd.array(cells, dtype="str")
