"""The period a return is about: a census year (as at 30 September) or a quarter of the financial year.

Sources name the same quarter in two ways: October to December 2025 is Q4 2025 by the calendar and Q3 2025/26 by the
financial year (domain notes, section 3.1). Here the label is always the financial one, and everything joins on dates.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Frequency = Literal["annual", "quarterly"]

_YEAR = re.compile(r"^(20\d\d)$")
_QUARTER = re.compile(r"^(20\d\d)\s*[/-]\s*(\d\d)[\s_/-]*Q([1-4])$", re.IGNORECASE)


class PeriodError(ValueError):
    """The text is no period of this kind; the message says how one is written."""


@dataclass(frozen=True, order=True)
class Period:
    """One period; both days belong to it. Periods order by time."""

    start: date
    end: date
    label: str

    @property
    def folder(self) -> str:
        """The label as a folder's or file's name: `2024`, `2025-26-Q3`."""
        return self.label.replace("/", "-").replace(" ", "-")

    @property
    def calendar_label(self) -> str:
        """The other name of a quarter: `Q4 2025` for 2025/26 Q3; a year's own label."""
        if " " not in self.label:
            return self.label
        return f"Q{(self.end.month + 2) // 3} {self.end.year}"


def census_year(year: int) -> Period:
    """1 October of the year before to 30 September of the year (DfE's guide to the census)."""
    return Period(date(year - 1, 10, 1), date(year, 9, 30), str(year))


def quarter(first_year: int, number: int) -> Period:
    """A quarter of the financial year that begins in April of `first_year`; Q4 is January to March."""
    month = 4 + 3 * (number - 1)
    start = date(first_year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    following = date(start.year + (start.month + 2) // 12, (start.month + 2) % 12 + 1, 1)
    return Period(start, following - timedelta(days=1), f"{first_year}/{(first_year + 1) % 100:02d} Q{number}")


def parse_period(text: str, frequency: Frequency) -> Period:
    """Read a period as people write it: `2024`; `2025/26 Q3`, `2025-26-Q3`, `2025/26-q3`.

    Raises:
        PeriodError: it is none, or the two years of a quarter do not follow one another.
    """
    if frequency == "annual":
        found = _YEAR.match(text.strip())
        if found is None:
            raise PeriodError("A census year is written like 2024.")
        return census_year(int(found[1]))
    found = _QUARTER.match(text.strip())
    if found is None or (int(found[1]) + 1) % 100 != int(found[2]):
        raise PeriodError("A quarter is written like 2025/26-Q3 (financial year, April to March).")
    return quarter(int(found[1]), int(found[3]))


def next_period(period: Period) -> Period:
    """The period of the same kind that follows."""
    if " " not in period.label:
        return census_year(period.end.year + 1)
    year, number = int(period.label[:4]), int(period.label[-1])
    return quarter(year + number // 4, number % 4 + 1)
