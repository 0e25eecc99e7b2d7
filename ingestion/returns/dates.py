"""Dates as people write them. A day that could be two days is never guessed from one cell.

XML holds ISO dates only. Tables may also hold Excel's serial numbers, `3 April 2025`, and day and month in figures:
those are read day first only where the other dates of the same column show that the sender writes the day first.
"""

import re
from collections.abc import Collection
from datetime import date, timedelta
from typing import Literal

DateProblem = Literal["not_a_date", "ambiguous_date"]

_TIME = r"(?:[T ]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AaPp][Mm])?)?Z?"
_ISO = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d){_TIME}", re.ASCII)
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}", re.ASCII)
_FIGURES = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d\d){_TIME}", re.ASCII)
_NAMED = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[ -]?([A-Za-z]{3,9})\.?,?[ -]?(\d{4}|\d\d)"
    r"|([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})",
    re.ASCII,
)
_SERIAL = re.compile(r"([1-9]\d{4})(?:\.0*)?", re.ASCII)
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_EXCEL_EPOCH = date(1899, 12, 30)
_FIRST, _LAST = date(1900, 1, 1), date(2100, 12, 31)


def parse_dates(texts: Collection[str], *, iso_only: bool) -> dict[str, date | DateProblem]:
    """Read the different texts of one column: for each its date, or why it is none."""
    if iso_only:
        return {text: _iso(text) for text in texts}
    figures = {text: found for text in texts if (found := _FIGURES.fullmatch(text))}
    day_first = any(int(found[1]) > 12 for found in figures.values())
    month_first = any(int(found[1]) <= 12 < int(found[3]) for found in figures.values())
    return {
        text: _in_figures(figures[text], proven=day_first and not month_first) if text in figures else _in_words(text)
        for text in texts
    }


def _iso(text: str) -> date | DateProblem:
    if len(text) == 10 and text[4] == text[7] == "-":
        try:
            return _within(date.fromisoformat(text))
        except ValueError:
            return "not_a_date"
    found = _ISO.fullmatch(text)
    return _date(found[1], found[2], found[3]) if found else "not_a_date"


def _in_words(text: str) -> date | DateProblem:
    if found := _YEAR_FIRST.fullmatch(text):
        return _date(found[1], found[2], found[3])
    if found := _SERIAL.fullmatch(text):
        return _within(_EXCEL_EPOCH + timedelta(days=int(found[1])))
    if found := _NAMED.fullmatch(text):
        name, day_text, year = (found[2], found[1], found[3]) if found[2] else (found[4], found[5], found[6])
        month = _month(name)
        if month is None:
            return "not_a_date"
        return _date(year, month, day_text) if len(year) == 4 else "ambiguous_date"
    return "not_a_date"


def _in_figures(found: re.Match[str], *, proven: bool) -> date | DateProblem:
    first, second, year = int(found[1]), int(found[3]), found[4]
    if max(first, second) > 31 or min(first, second) < 1 or min(first, second) > 12:
        return "not_a_date"
    # Two figures of a year leave its century open.
    if len(year) == 2 or second > 12:
        return "ambiguous_date"
    if proven or first > 12 or first == second:
        return _date(year, second, first)
    return "ambiguous_date"


def _month(name: str) -> int | None:
    lowered = "sep" if name.lower() == "sept" else name.lower()
    return next((number for number, full in enumerate(_MONTHS, 1) if lowered in (full, full[:3])), None)


def _date(year: int | str, month: int | str, day: int | str) -> date | DateProblem:
    try:
        return _within(date(int(year), int(month), int(day)))
    except ValueError:
        return "not_a_date"


def _within(day: date) -> date | DateProblem:
    return day if _FIRST <= day <= _LAST else "not_a_date"
