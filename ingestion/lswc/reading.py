"""What a reader hands on: typed rows by dataset, the periods they cover, and what was wrong with the file.

No value of a file stands in a problem, because a file sent by mistake may hold anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from ingestion.lswc.specification import Collection

Row = dict[str, Any]
Severity = Literal["error", "query"]


@dataclass(frozen=True)
class Problem:
    """Something a reader could not make out. `row` is the row as a spreadsheet shows it.

    With `refuses_row` only that row is left out; an error without it refuses the whole delivery.
    """

    code: str
    message: str
    fix: str
    severity: Severity = "error"
    field: str | None = None
    row: int | None = None
    refuses_row: bool = False


class Unreadable(Exception):
    """The file is no delivery of this collection. With `may_be_kept` off, nothing of it may be kept anywhere."""

    def __init__(self, problem: Problem, *, may_be_kept: bool = True) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.may_be_kept = may_be_kept


@dataclass(frozen=True)
class Period:
    """A day or a month a delivery speaks for, whether or not it has rows for it.

    `is_complete` says that its figures are not expected to grow any more; an incomplete period never stands in the
    place of a complete one.
    """

    start: date
    end: date
    is_complete: bool


@dataclass(frozen=True)
class Quality:
    """What Google Analytics says about a report's reliability."""

    is_sampled: bool = False
    sampled_share: Decimal | None = None
    is_thresholded: bool = False
    has_other_row_loss: bool = False


@dataclass(frozen=True)
class Part:
    """The rows of one dataset. Each row has `source_row` and the dataset's columns.

    `series` keeps figures apart that must never replace each other: the counting rule of jobs, the platform of totals.
    """

    dataset: str
    rows: Sequence[Row]
    periods: tuple[Period, ...]
    quality: Quality | None = None
    series: str = ""


@dataclass(frozen=True)
class ReadDelivery:
    """One delivery, read and typed; its fate is still open.

    `rows_read` counts the rows of the file, those that could not be understood included. A delivery that could not be
    read at all has no parts and one problem. `file_name` is None where not even the name may be kept.
    """

    collection: Collection
    dataset: str | None
    file_name: str | None
    sha256: str
    parts: tuple[Part, ...]
    rows_read: int
    as_of: date
    counting_rule: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    may_be_kept: bool = True

    @property
    def period_start(self) -> date | None:
        """The first day it speaks for."""
        return min((period.start for part in self.parts for period in part.periods), default=None)

    @property
    def period_end(self) -> date | None:
        """The last day it speaks for."""
        return max((period.end for part in self.parts for period in part.periods), default=None)


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return next_month(day) - timedelta(days=1)


def next_month(day: date) -> date:
    """The first day of the month after."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def months_between(first: date, last: date) -> list[date]:
    """The first days of all months from one day's to another's, both included."""
    months = []
    month = first.replace(day=1)
    while month <= last:
        months.append(month)
        month = next_month(month)
    return months


def days_between(first: date, last: date) -> list[date]:
    """All days from one to another, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
