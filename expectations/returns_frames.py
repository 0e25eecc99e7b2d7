"""The tables of rows the submission gate asks its rules of: every return of one specification version together.

`Rows` is one record: `submission` (the return's position in the input), `source_row`, the items, and whatever columns
the rules on it ask for beyond those (`returns_columns`). `stacked` puts several columns under one another, so that a
rule on many items is one expectation. `problem_rows` is what the readers could not accept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.returns_columns import columns_of
from expectations.returns_rules import columns_named
from expectations.rules import Rule
from ingestion.returns.reading import TypedReturn
from ingestion.returns.specification import Record, Specification

Array = npt.NDArray[Any]
Truths = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]

PROBLEM_COLUMNS = (
    "submission", "kind", "record", "field", "detail", "sheet", "source_row", "source_column", "occurrences",
)  # fmt: skip


@dataclass
class Rows:
    """One record's rows of several returns.

    `unreadable` marks, by item, the cells something is written in that could not be read: they are problems already
    and never count as blank. `submissions` are the returns that hold the record at all, be it without a row.
    """

    specification: Specification
    record: Record
    frame: pd.DataFrame
    unreadable: Mapping[str, Truths]
    submissions: frozenset[int]
    # By item, the values after the first where it stood more than once in an XML record: position and text.
    further: Mapping[str, Sequence[tuple[int, str]]]
    periods: Mapping[int, tuple[np.datetime64, np.datetime64]]

    def __len__(self) -> int:
        return len(self.frame)

    def known(self, item: str) -> Truths:
        """Whether each row's cell holds something that could be read."""
        known: Truths = self.frame[item].notna().to_numpy()
        return known

    def given(self, item: str) -> Truths:
        """Whether something is written in each row's cell, readable or not."""
        written = self.known(item)
        return written | self.unreadable[item] if item in self.unreadable else written

    def presence(self, item: str) -> Numbers:
        """The same for an expectation of values: 1, or NaN where nothing is written."""
        return np.where(self.given(item), 1.0, np.nan)

    def text(self, item: str) -> Array:
        """Codes or text, `None` where nothing is written."""
        return self.frame[item].astype(object).where(self.frame[item].notna(), None).to_numpy()

    def is_one_of(self, item: str, *codes: str) -> Truths:
        """Whether each row has one of these codes; false where nothing is written."""
        found: Truths = self.frame[item].isin(codes).to_numpy()
        return found

    def number(self, item: str) -> Numbers:
        """Numbers as floats, NaN where none is written."""
        return self.frame[item].to_numpy(dtype="float64", na_value=np.nan)

    def date(self, item: str) -> Days:
        """Dates, NaT where none is written."""
        return self.frame[item].to_numpy(dtype="datetime64[s]")

    @cached_property
    def submission(self) -> Array:
        """Each row's return."""
        return self.frame["submission"].to_numpy()

    @cached_property
    def first_day(self) -> Days:
        """The first day of the period each row's return is about."""
        return self._per_return(0)

    @cached_property
    def last_day(self) -> Days:
        """The last day of that period."""
        return self._per_return(1)

    def _per_return(self, which: int) -> Days:
        days = np.full(max(self.periods, default=0) + 1, "NaT", dtype="datetime64[s]")
        for submission, period in self.periods.items():
            days[submission] = period[which]
        return days[self.submission]


class Version:
    """All records of the returns of one specification version, with the columns rules ask for made when asked for."""

    def __init__(self, specification: Specification, returns: Mapping[int, TypedReturn]) -> None:
        self.specification = specification
        periods = {}
        for submission, each in returns.items():
            assert each.specification is not None, "only returns with a specification are put together"
            period = each.specification.period
            periods[submission] = (np.datetime64(period.start, "s"), np.datetime64(period.end, "s"))
        self.submissions = tuple(returns)
        self.records = {
            record.name: _rows(specification, record, returns, periods)
            for record in specification.records
            if any(record.name in each.records for each in returns.values())
        }

    def total(self, record: str, values: Array, of: Rows) -> Numbers:
        """The sum over a record's rows of each return, for every row of another; NaN where the return has none of it.

        Args:
            record: the record summed over.
            values: a number or truth a row of it.
            of: the rows the sums stand beside.
        """
        rows = self.records.get(record)
        if rows is None:
            return np.full(len(of), np.nan)
        size = max(self.submissions) + 1
        weights = np.nan_to_num(values.astype("float64"))
        sums = np.bincount(rows.submission, weights=weights, minlength=size).astype("float64")
        here = np.zeros(size, dtype=bool)
        here[list(rows.submissions)] = True
        sums[~here] = np.nan
        return sums[of.submission]


def _rows(
    specification: Specification,
    record: Record,
    returns: Mapping[int, TypedReturn],
    periods: Mapping[int, tuple[np.datetime64, np.datetime64]],
) -> Rows:
    parts = {
        submission: each.records[record.name] for submission, each in returns.items() if record.name in each.records
    }
    lengths = [len(part.frame) for part in parts.values()]
    filled = [part.frame for part in parts.values() if len(part.frame)] or [next(iter(parts.values())).frame]
    frame = filled[0].reset_index(drop=True) if len(filled) == 1 else pd.concat(filled, ignore_index=True)
    frame = frame.assign(submission=np.repeat(np.array(list(parts), dtype="int64"), lengths))
    unreadable = _unreadable(record, frame, {submission: returns[submission] for submission in parts})
    further: dict[str, list[tuple[int, str]]] = {}
    for part, start in zip(parts.values(), np.cumsum([0, *lengths]).tolist(), strict=False):
        for position, values in part.repeated.items():
            for item, texts in values.items():
                further.setdefault(item, []).extend((start + position, text) for text in texts[1:])
    return Rows(specification, record, frame, unreadable, frozenset(parts), further, periods)


def _unreadable(record: Record, frame: pd.DataFrame, returns: Mapping[int, TypedReturn]) -> dict[str, Truths]:
    """By item, the cells that are problems already; all of a column where the problem names no row or not every row."""
    names = {item.label: item.name for item in record.items} | {item.name: item.name for item in record.items}
    columns: dict[str, set[int]] = {}
    cells: dict[str, list[int]] = {}
    for submission, each in returns.items():
        for problem in each.problems:
            if problem.record != record.name or problem.field not in names:
                continue
            item = names[problem.field]
            if problem.row is None or problem.occurrences > 1:
                columns.setdefault(item, set()).add(submission)
            else:
                cells.setdefault(item, []).append(_place(submission, problem.row))
    if not columns and not cells:
        return {}
    submission_of_row = frame["submission"].to_numpy()
    place_of_row = _place(submission_of_row, frame["source_row"].to_numpy(dtype="int64"))
    return {
        item: np.isin(submission_of_row, list(columns.get(item, ()))) | np.isin(place_of_row, cells.get(item, []))
        for item in {*columns, *cells}
    }


def _place(submission: Any, row: Any) -> Any:
    """A row of a return as one number: no file has as many rows."""
    return submission * 2**40 + row


def column_of(version: Version, rows: Rows, name: str) -> Any:
    """A column by the name rules know it by: an item, one made from items, or an item with something beside it."""
    made = columns_of(version.specification.collection, rows.record.name).get(name)
    if made is not None:
        return made.make(version, rows)
    if name == "submission":
        return rows.submission
    if name in rows.record.names:
        kind = rows.record.item(name).kind
        return rows.number(name) if kind in ("integer", "decimal") else rows.frame[name]
    if name.endswith("_named"):
        # With its item's name before it, a code stands in one list with the codes of other items.
        item = name.removesuffix("_named")
        return f"{item}=" + rows.frame[item].astype("str")
    item = name.removesuffix("_or_blank")
    return np.where(rows.given(item), rows.text(item), "")


def columns_for(version: Version, rows: Rows, rules: Iterable[Rule]) -> pd.DataFrame:
    """The columns these rules name, with the rows' returns and places."""
    named = set().union(*(columns_named(rule) for rule in rules)) - {"submission", "source_row"}
    return pd.DataFrame(
        {"submission": rows.submission, "source_row": rows.frame["source_row"].to_numpy()}
        | {name: column_of(version, rows, name) for name in sorted(named)}
    )


def is_about(version: Version, rows: Rows, where: Mapping[str, Any] | None) -> Truths | None:
    """The rows a rule's `where` keeps; None for all."""
    kept: Truths | None = None
    for name, wanted in (where or {}).items():
        values = pd.Series(column_of(version, rows, name))
        this = values.isin(wanted if isinstance(wanted, list) else [wanted]).to_numpy()
        kept = this if kept is None else kept & this
    return kept


def problem_rows(returns: Sequence[TypedReturn]) -> pd.DataFrame:
    """One row for every problem of every return."""
    return pd.DataFrame(
        [
            (submission, p.kind, p.record, p.field, p.detail, p.sheet, p.row, p.column, p.occurrences)
            for submission, each in enumerate(returns)
            for p in each.problems
        ],
        columns=list(PROBLEM_COLUMNS),
    ).astype({"source_row": "Float64"})


@dataclass(frozen=True)
class Cell:
    """Where a stacked column comes from: a record and, if it is about one, an item, by name."""

    record: str
    item: str | None


@dataclass(frozen=True)
class Part:
    """One column to be stacked: where it comes from, and the value at each of these positions of its rows."""

    cell: Cell
    rows: Rows
    positions: npt.NDArray[np.int64]
    values: "pd.Series[Any]"


def parts_of(version: Version, rule: Rule, each: str | None) -> list[Part]:
    """The cells a rule is about, in one of its items if it has several; of an XML item that repeats, every value."""
    rows = version.records[rule.frame]
    name = str(rule.kwargs["column"]).replace("{column}", each or "")
    is_presence = each is not None and rule.expectation == "ExpectColumnValuesToNotBeNull"
    column = pd.Series(rows.presence(name) if is_presence else column_of(version, rows, name))
    about = is_about(version, rows, rule.where)
    positions = np.arange(len(rows)) if about is None else np.flatnonzero(about)
    cell = Cell(rule.frame, rule.field if each is None else (rule.field or "{column}").replace("{column}", each))
    parts = [Part(cell, rows, positions, column if about is None else column.iloc[positions])]
    further = rows.further.get(each, []) if each is not None else []
    if each is not None and further and not is_presence:
        item = rows.record.item(each)
        spellings = {code.casefold(): code for code in item.codes}
        texts = [spellings.get(text.casefold(), text) for _, text in further]
        values = pd.Series(texts, dtype="str")
        typed = f"{each}=" + values if item.codes else pd.to_numeric(values, errors="coerce")
        parts.append(Part(cell, rows, np.array([position for position, _ in further]), typed))
    return parts


def stacked(parts: Sequence[Part]) -> tuple[pd.DataFrame, list[Cell]]:
    """Columns under one another: `submission`, `source_row`, `cell` (which part, by position) and `value`."""
    frame = pd.DataFrame(
        {
            "submission": np.concatenate([part.rows.submission[part.positions] for part in parts]),
            "source_row": np.concatenate([part.rows.frame["source_row"].to_numpy()[part.positions] for part in parts]),
            "cell": np.repeat(np.arange(len(parts)), [len(part.positions) for part in parts]),
            "value": pd.concat([part.values for part in parts], ignore_index=True),
        }
    )
    return frame, [part.cell for part in parts]
