"""Cells to values: numbers as they are written in Britain, dates whose order is beyond doubt."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal

Cell = str | int | float | bool | date | datetime | None
DateOrder = Literal["none", "day first", "month first", "unclear", "mixed"]

_SPACES = "\u00a0\u202f\u2009 "
_WHOLE = re.compile(r"-?(?:\d+|[1-9]\d{0,2}(?:,\d{3})+)(?:\.0{1,2})?")
# 1.234,5 or 12,5 or 1 234: thousands and decimals as on the Continent.
_CONTINENTAL = re.compile(
    rf"-?(?:\d{{1,3}}(?:\.\d{{3}})+(?:,\d+)?|\d+,\d{{1,2}}|\d+,\d{{4,}}|0,\d+|\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?:,\d+)?)"
)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class NotAValue(ValueError):
    """The cell is not what its column holds. Says nothing of what it is."""


class ContinentalNumber(ValueError):
    """The cell is a number with the decimal comma, so no number of the file can be trusted."""


def text(cell: Cell) -> str | None:
    """A cell's text, trimmed; None where it is empty. A whole number from a workbook loses its `.0`."""
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip(_SPACES + "\t\r\n") or None


def whole_number(cell: Cell) -> int | None:
    """A count, with or without thousands separators.

    Raises:
        ContinentalNumber: it is written with a decimal comma, or with dots or spaces between thousands.
        NotAValue: it is no whole number.
    """
    if isinstance(cell, bool):
        raise NotAValue
    if isinstance(cell, int):
        return cell
    if isinstance(cell, float):
        if not cell.is_integer():
            raise NotAValue
        return int(cell)
    written = text(cell)
    if written is None:
        return None
    if _WHOLE.fullmatch(written):
        return int(written.replace(",", "").partition(".")[0])
    if _CONTINENTAL.fullmatch(written):
        raise ContinentalNumber
    raise NotAValue


def date_order(cells: Iterable[Cell]) -> DateOrder:
    """In which order the dates of a column stand, by those that can be read in one way only."""
    day_first = month_first = slashed = False
    for cell in cells:
        found = _SLASHED.fullmatch(cell.strip()) if isinstance(cell, str) else None
        if found is None:
            continue
        slashed = True
        day_first = day_first or int(found[1]) > 12
        month_first = month_first or int(found[2]) > 12
    if not slashed:
        return "none"
    if day_first and month_first:
        return "mixed"
    return "day first" if day_first else "month first" if month_first else "unclear"


def read_date(cell: Cell, order: DateOrder) -> date | None:
    """A date: a workbook's own, `2026-09-30`, or with slashes in the column's order.

    Raises:
        NotAValue: it is no date.
    """
    if isinstance(cell, date):
        return _this_century(cell.date() if isinstance(cell, datetime) else cell)
    written = text(cell)
    if written is None:
        return None
    try:
        if found := _ISO.fullmatch(written):
            return _this_century(date(int(found[1]), int(found[2]), int(found[3])))
        if found := _SLASHED.fullmatch(written):
            first, second, year = int(found[1]), int(found[2]), int(found[3])
            if order == "day first":
                return _this_century(date(year, second, first))
            if order == "month first":
                return _this_century(date(year, first, second))
    except ValueError:
        raise NotAValue from None
    raise NotAValue


def _this_century(day: date) -> date:
    if not 2000 <= day.year < 2100:
        raise NotAValue
    return day


def read_month(cell: Cell) -> date | None:
    """A month as its first day: `2026-09`, `202609`, `2026-09-01`, `Sep 2026`, `September 2026`, or a workbook's date.

    Raises:
        NotAValue: it is no month.
    """
    if isinstance(cell, date):
        return _this_century(date(cell.year, cell.month, 1))
    written = text(cell)
    if written is None:
        return None
    try:
        if found := re.fullmatch(r"(\d{4})-?(\d{2})(?:-\d{2})?(?:[T ].*)?", written):
            return _this_century(date(int(found[1]), int(found[2]), 1))
        if (found := re.fullmatch(r"([A-Za-z]{3,9})[ -](\d{4})", written)) and found[1][:3].lower() in _MONTH_NAMES:
            return _this_century(date(int(found[2]), _MONTH_NAMES.index(found[1][:3].lower()) + 1, 1))
    except ValueError:
        pass
    raise NotAValue


def yes_or_no(cell: Cell) -> bool | None:
    """A flag: 1 and 0, yes and no, true and false.

    Raises:
        NotAValue: it is none of these.
    """
    written = text(cell)
    if written is None:
        return None
    if written.lower() in ("1", "yes", "y", "true"):
        return True
    if written.lower() in ("0", "no", "n", "false"):
        return False
    raise NotAValue
