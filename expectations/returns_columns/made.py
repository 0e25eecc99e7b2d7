"""What a made column and a made frame are, and the columns every collection shares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.returns.senders import senders

if TYPE_CHECKING:
    import pandas as pd

    from expectations.returns_frames import Array, Rows, Version


@dataclass(frozen=True)
class Column:
    """A column made from items: those of its own record by name, others as `record.item`."""

    needs: tuple[str, ...]
    make: "Callable[[Version, Rows], Array]"


@dataclass(frozen=True)
class Frame:
    """A table of another grain made from a record.

    `make` gives `submission`, the `columns` rules may name, and where wanted `source_row`, and `detail`: words of the
    specification that tell its rows apart.
    """

    record: str
    needs: tuple[str, ...]
    columns: tuple[str, ...]
    make: "Callable[[Version], pd.DataFrame]"


def _la_code_differs(version: "Version", rows: "Rows") -> "Array":
    # Kingston and Richmond may return as one: what counts is the reporting unit.
    units = {code: sender.unit_code for sender in senders() for code in sender.dfe_codes}

    def unit(each: "Rows") -> "Array":
        return np.array([units.get(code, code) for code in each.text("la_code")], dtype=object)

    return _differs(version, rows, "la_code", unit)


def _period_end_differs(version: "Version", rows: "Rows") -> "Array":
    def day(each: "Rows") -> "Array":
        # A missing date becomes None, as missing text is.
        return each.date("period_end").astype(object)

    return _differs(version, rows, "period_end", day)


def _differs(version: "Version", rows: "Rows", item: str, value_of: "Callable[[Rows], Array]") -> "Array":
    """Whether a row has another value than the first that stands in its return."""
    first: dict[int, object] = {}
    values = None
    for each in version.records.values():
        if item not in each.record.names:
            continue
        here = value_of(each)
        if each is rows:
            values = here
        for submission, value in zip(each.submission.tolist(), here, strict=True):
            if value is not None:
                first.setdefault(submission, value)
    assert values is not None, "the column is only made for records that have the item"
    pairs = zip(rows.submission.tolist(), values, strict=True)
    return np.array([value is not None and value != first[submission] for submission, value in pairs], dtype=bool)


SHARED: Mapping[str, Column] = {
    "first_day_of_period": Column((), lambda _, rows: rows.first_day),
    "last_day_of_period": Column((), lambda _, rows: rows.last_day),
    "la_code_differs": Column(("la_code",), _la_code_differs),
    "period_end_differs": Column(("period_end",), _period_end_differs),
}
