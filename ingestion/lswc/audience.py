"""Registrations by month, LinkedIn's follower export (XLS), X's account overview (CSV), dated follower totals (YAML).

What a file is, it shows itself: by its sheets and headings. Nothing that is not recognised is kept, because it may be
a list of people.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import yaml

from ingestion.lswc.files import DeliveryFile
from ingestion.lswc.headings import find_headings, heading_row
from ingestion.lswc.personal import E_MAIL, PERSONAL_DATA, turn_away_people
from ingestion.lswc.reading import Part, Period, Problem, ReadDelivery, Row, Unreadable, month_end
from ingestion.lswc.specification import Specification, load_specification, normalised
from ingestion.lswc.tables import CONTINENTAL_FILE, Sheet, as_text, read_sheets
from ingestion.lswc.values import (
    Cell,
    ContinentalNumber,
    NotAValue,
    date_order,
    read_date,
    read_month,
    text,
    whole_number,
)

ReadPeriod = Callable[[Cell], date | None]


def read_audience(file: DeliveryFile, as_of: date) -> ReadDelivery:
    """Read one file of this collection.

    Args:
        file: its bytes.
        as_of: today; a day or month that is not over by then is incomplete.

    Raises:
        Unreadable: it is none of the collection's files, or not one whose figures can be trusted. Nothing of it may be
            kept unless it was recognised first.
    """
    specification = load_specification("lswc_audience")
    try:
        if file.name.lower().endswith((".yml", ".yaml")):
            return _follower_totals(file, as_of, specification)
        sheets = read_sheets(file.content)
        for sheet in sheets:
            turn_away_people(sheet.rows, look_for_phones=True)
        return _recognised(file, as_of, specification, sheets)
    except Unreadable as refusal:
        raise Unreadable(refusal.problem, may_be_kept=False) from None


def _recognised(file: DeliveryFile, as_of: date, specification: Specification, sheets: Sequence[Sheet]) -> ReadDelivery:
    wanted = normalised(specification.described["linkedin"]["sheet"])
    for sheet in sheets:
        if normalised(sheet.name) == wanted:
            return _linkedin(file, as_of, specification, sheet)
    headings = {normalised(str(cell)) for cell in heading_row(sheets[0].rows) if cell is not None}
    if "unfollows" in headings:
        return _x(file, as_of, specification, sheets[0])
    if any(normalised(str(cell)).startswith("date") for cell in heading_row(sheets[0].rows)):
        raise Unreadable(
            Problem(
                "LSW-001",
                "The file has dates but is neither LinkedIn's follower export nor X's account overview",
                "Export 'New followers' from LinkedIn, or the account overview from X.",
            )
        )
    return _registrations(file, as_of, specification, sheets[0])


def _registrations(file: DeliveryFile, as_of: date, specification: Specification, sheet: Sheet) -> ReadDelivery:
    rows = _rows(specification, "registrations", sheet, "month", read_month)
    periods = tuple(Period(row["month"], month_end(row["month"]), month_end(row["month"]) < as_of) for row in rows)
    return _delivery(file, as_of, "registrations", Part("registration_month", rows, _once(periods)))


def _linkedin(file: DeliveryFile, as_of: date, specification: Specification, sheet: Sheet) -> ReadDelivery:
    expected = specification.described["linkedin"]["date_order"]
    dates = [row[0] for row in sheet.rows if row]
    if date_order(dates) not in ("none", "unclear", expected):
        raise Unreadable(
            Problem(
                "LSW-006",
                "Dates are not in LinkedIn's order (month/day/year), so days would be confused",
                "Send the export as LinkedIn made it, without saving it from a spreadsheet.",
                field="day",
            )
        )
    rows = _rows(specification, "linkedin", sheet, "day", lambda cell: read_date(cell, expected))
    return _delivery(file, as_of, "linkedin_followers", Part("linkedin_day", rows, _days(rows, as_of)))


def _x(file: DeliveryFile, as_of: date, specification: Specification, sheet: Sheet) -> ReadDelivery:
    rows = _rows(specification, "x", sheet, "day", _x_date)
    return _delivery(file, as_of, "x_overview", Part("x_day", rows, _days(rows, as_of)))


def _x_date(cell: Cell) -> date | None:
    """`Fri, Apr 26, 2024`; the weekday must be the date's own.

    Raises:
        NotAValue: it is written otherwise.
    """
    written = text(cell)
    if written is None:
        return None
    try:
        day = datetime.strptime(written, "%a, %b %d, %Y").date()  # noqa: DTZ007  # A day, not a moment.
    except ValueError:
        return read_date(cell, "none")
    if f"{day:%a}" != written[:3]:
        raise NotAValue
    return day


def _follower_totals(file: DeliveryFile, as_of: date, specification: Specification) -> ReadDelivery:
    written = as_text(file.content)
    if E_MAIL.search(written):
        raise Unreadable(PERSONAL_DATA, may_be_kept=False)
    rows: list[Row] = []
    try:
        described = yaml.safe_load(written)
        for number, item in enumerate(described["follower_totals"], start=1):
            platform, as_at, followers = item["platform"], item["as_at"], item["followers"]
            if (
                platform not in specification.described["platforms"]
                or not isinstance(as_at, date)
                or isinstance(followers, bool)
                or not isinstance(followers, int)
                or set(item) - {"platform", "as_at", "followers", "note"}
            ):
                raise NotAValue
            rows.append({"source_row": number, "platform": platform, "as_at": as_at, "followers": followers})
    except (yaml.YAMLError, KeyError, TypeError, NotAValue, RecursionError):
        platforms = ", ".join(specification.described["platforms"])
        raise Unreadable(
            Problem(
                "LSW-004",
                "The file does not list follower totals as platform, as_at and followers",
                f"Write under 'follower_totals:' one line each: platform ({platforms}), as_at (2026-09-30), followers.",
            )
        ) from None
    if not rows:
        raise Unreadable(Problem("LSW-001", "The file lists no follower totals", "Add one, or do not send it."))
    parts = []
    for platform in dict.fromkeys(row["platform"] for row in rows):
        own = [row for row in rows if row["platform"] == platform]
        periods = _once([Period(row["as_at"], row["as_at"], row["as_at"] <= as_of) for row in own])
        parts.append(Part("follower_total", own, periods, series=platform))
    return _delivery(file, as_of, "follower_totals", *parts)


def _rows(specification: Specification, kind: str, sheet: Sheet, period: str, read_period: ReadPeriod) -> list[Row]:
    """A sheet's rows. These files come from machines: a single cell that is not understood stops the file."""
    places, first_row = find_headings(sheet.rows, specification.headings(kind), name_unknown=False)
    dataset = specification.datasets[
        {"registrations": "registration_month", "linkedin": "linkedin_day", "x": "x_day"}[kind]
    ]
    rows: list[Row] = []
    for number, cells in enumerate(sheet.rows[first_row:], start=first_row + 1):
        if all(text(cell) is None for cell in cells):
            continue
        by_name = {name: cells[place] if place < len(cells) else None for name, place in places.items()}
        row = _row(by_name, dataset.columns, period, read_period)
        required = [name for name, needed in specification.headings(kind).values() if needed]
        if row is None or any(row[name] is None for name in required):
            raise Unreadable(
                Problem(
                    "LSW-007",
                    "A row has a date or a count that is missing or not understood",
                    "Send the export as it came: one row a day or month, whole numbers only.",
                    row=number,
                )
            )
        rows.append({"source_row": number, **row})
    if not rows:
        raise Unreadable(Problem("LSW-001", "The file has headings but no rows", "Export it again."))
    return rows


def _row(
    cells: Mapping[str, Cell], columns: Mapping[str, str], period: str, read_period: ReadPeriod
) -> dict[str, Any] | None:
    try:
        return {
            name: read_period(cells.get(name)) if name == period else whole_number(cells.get(name)) for name in columns
        }
    except ContinentalNumber:
        raise Unreadable(CONTINENTAL_FILE) from None
    except NotAValue:
        return None


def _days(rows: Sequence[Row], as_of: date) -> tuple[Period, ...]:
    """The days that have a row: for one that is missing, what an earlier export said stays."""
    return tuple(Period(day, day, day < as_of) for day in sorted({row["day"] for row in rows}))


def _once(periods: Sequence[Period]) -> tuple[Period, ...]:
    return tuple(dict.fromkeys(periods))


def _delivery(file: DeliveryFile, as_of: date, dataset: str, *parts: Part) -> ReadDelivery:
    return ReadDelivery(
        collection="lswc_audience",
        dataset=dataset,
        file_name=file.name,
        sha256=file.sha256,
        parts=parts,
        rows_read=sum(len(part.rows) for part in parts),
        as_of=as_of,
    )
