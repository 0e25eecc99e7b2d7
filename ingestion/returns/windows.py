"""When a return may be sent: the window of each period, from dbt's reference seed, which has it once for everyone."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache

from ingestion.settings import ROOT

WINDOWS = ROOT / "dbt_project" / "seeds" / "reference" / "return_windows.csv"


@dataclass(frozen=True)
class Window:
    """The days from which and until which a return of one period is asked for, and what that rests on."""

    period_label: str
    opens: date
    closes: date
    basis: str

    @property
    def in_words(self) -> str:
        """`1 January 2026 to 28 February 2026`."""
        return f"{self.opens:%-d %B %Y} to {self.closes:%-d %B %Y}"


@cache
def windows(collection: str) -> tuple[Window, ...]:
    """The windows of a collection that are known, oldest first."""
    with WINDOWS.open(encoding="utf-8", newline="") as file:
        found = [
            Window(
                row["period_label"],
                date.fromisoformat(row["opens"]),
                date.fromisoformat(row["closes"]),
                row["basis"],
            )
            for row in csv.DictReader(file)
            if row["collection"] == collection
        ]
    return tuple(sorted(found, key=lambda window: window.opens))


def find_window(collection: str, period_label: str) -> Window | None:
    """The window of one period; None where it is not known yet."""
    return next((window for window in windows(collection) if window.period_label == period_label), None)
