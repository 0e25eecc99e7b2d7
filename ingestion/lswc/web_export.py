"""The CSV that Google Analytics' screen exports: a preamble, and one or several blocks with headings of their own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ingestion.lswc.files import DeliveryFile
from ingestion.lswc.personal import turn_away_people
from ingestion.lswc.reading import (
    Part,
    Period,
    Problem,
    ReadDelivery,
    Row,
    Unreadable,
    days_between,
    month_end,
    months_between,
)
from ingestion.lswc.specification import Specification, load_specification, normalised
from ingestion.lswc.tables import CONTINENTAL_FILE, as_text, read_csv
from ingestion.lswc.values import Cell, ContinentalNumber, NotAValue, read_date, read_month, text, whole_number
from ingestion.lswc.web_kinds import event_kind, page_kind

PREAMBLE = re.compile(r"#\s*(Property|Start date|End date)\s*:\s*(.+?)\s*$", re.IGNORECASE)
GRAND_TOTAL = "grand total"
MOST_DAYS = 366


@dataclass(frozen=True)
class Block:
    """One table of an export: its days, its headings, its rows with their numbers in the file."""

    start: date
    end: date
    headings: Sequence[str]
    rows: Sequence[tuple[int, Sequence[Cell]]]


def read_screen_export(file: DeliveryFile, as_of: date) -> ReadDelivery:
    """Read one export.

    Args:
        file: its bytes.
        as_of: the day it is loaded; Google's last days are incomplete.

    Raises:
        Unreadable: it is no such export, has headings that are not known, or figures that cannot be trusted.
    """
    specification = load_specification("lswc_web")
    rows = read_csv(as_text(file.content))
    turn_away_people(rows)
    property_name, blocks = _blocks(rows)
    parts = [_part(specification, block, as_of) for block in blocks]
    twice = {part.dataset for part in parts if sum(part.dataset == other.dataset for other in parts) > 1}
    if twice:
        raise Unreadable(
            Problem(
                "LSW-013",
                f"The export holds {', '.join(sorted(twice))} more than once",
                "Export one month and report a file.",
            )
        )
    return ReadDelivery(
        collection="lswc_web",
        dataset="screen_export",
        file_name=file.name,
        sha256=file.sha256,
        parts=tuple(parts),
        rows_read=sum(len(part.rows) for part in parts),
        as_of=as_of,
        counting_rule=specification.described["counting_rule"],
        details={"property_name": property_name},
    )


def _blocks(rows: Sequence[Sequence[Cell]]) -> tuple[str | None, list[Block]]:
    """The property's name and the blocks; a block ends at a blank line or where a new preamble begins."""
    said: dict[str, str] = {}
    blocks: list[Block] = []
    headings: list[str] | None = None
    found: list[tuple[int, Sequence[Cell]]] = []

    def close() -> None:
        nonlocal headings, found
        if headings is not None:
            blocks.append(Block(*_stretch(said), headings, found))
        headings, found = None, []

    for number, row in enumerate(rows, start=1):
        first = text(row[0]) if row else None
        if first is not None and first.startswith("#"):
            close()
            # A name with a comma in it is two cells.
            if comment := PREAMBLE.match(",".join(str(cell) for cell in row).rstrip(", ")):
                said[comment[1].lower()] = comment[2]
        elif all(text(cell) is None for cell in row):
            close()
        elif headings is None:
            headings = [text(cell) or "" for cell in row]
        else:
            found.append((number, row))
    close()
    if not blocks:
        raise Unreadable(Problem("LSW-001", "The file holds no table", "Export the report as CSV again."))
    return said.get("property"), blocks


def _stretch(said: Mapping[str, str]) -> tuple[date, date]:
    try:
        start, end = (
            read_date(f"{said[name][:4]}-{said[name][4:6]}-{said[name][6:]}", "none")
            for name in ("start date", "end date")
        )
        if start is None or end is None or start > end or (end - start).days > 20 * MOST_DAYS:
            raise NotAValue
    except (KeyError, NotAValue):
        raise Unreadable(
            Problem(
                "LSW-012",
                "The lines '# Start date: 20260901' and '# End date: 20260930' are missing or not understood, so "
                "nobody can say what the figures are for",
                "Send the export as Google made it, with its first lines.",
            )
        ) from None
    return start, end


def _part(specification: Specification, block: Block, as_of: date) -> Part:
    described = specification.described
    dimensions = {normalised(label): item for label, item in described["screen_dimensions"].items()}
    dimension = dimensions.get(normalised(block.headings[0]))
    if dimension is None:
        raise _unknown([block.headings[0]])
    dataset = specification.datasets[dimension["dataset"]]
    labels = {
        normalised(label): column for column in dataset.counts for label in described["metrics"][column]["labels"]
    }
    ignored = {normalised(label) for label in described["screen_columns_not_used"]}
    # A metric other reports have is no mistake here, only not used.
    ignored |= {normalised(label) for metric in described["metrics"].values() for label in metric["labels"]}
    places: dict[str, int] = {}
    unknown = []
    for place, heading in enumerate(block.headings[1:], start=1):
        column = labels.get(normalised(heading))
        if column is not None and column not in places:
            places[column] = place
        elif column is None and normalised(heading) not in ignored:
            unknown.append(heading)
    if unknown:
        raise _unknown(unknown)
    if not places:
        raise Unreadable(
            Problem(
                "LSW-004",
                f"The table by {block.headings[0]} has none of the figures that are loaded",
                "Add Views, Users or Sessions to the report.",
            )
        )
    if dimension["dataset"] not in ("day", "month"):
        _refuse_unless_one_month(block)
    rows = [
        {"source_row": number, **_row(specification, dimension, block, cells, places, dataset.counts)}
        for number, cells in _without_total(block)
    ]
    return Part(dataset.name, rows, _periods(specification, dataset.grain, rows, block, as_of))


def _without_total(block: Block) -> list[tuple[int, Sequence[Cell]]]:
    """The rows without the grand total: the first row if its first cell is empty, or one that says so."""
    return [
        (number, cells)
        for place, (number, cells) in enumerate(block.rows)
        if not (place == 0 and text(cells[0]) is None)
        and not any(isinstance(cell, str) and cell.strip().lower() == GRAND_TOTAL for cell in cells)
    ]


def _row(
    specification: Specification,
    dimension: Mapping[str, object],
    block: Block,
    cells: Sequence[Cell],
    places: Mapping[str, int],
    counts: Sequence[str],
) -> Row:
    described = specification.described
    if len(cells) < len(block.headings):
        raise Unreadable(
            Problem("LSW-013", "A row is shorter than its headings, so the file may be cut off", "Export it again.")
        )
    first = text(cells[0]) or ""
    column = str(dimension["column"])
    try:
        value: date | str | None
        if dimension.get("index"):
            value = _of_index(column, first, block)
        elif column == "day":
            value = read_date(
                f"{first[:4]}-{first[4:6]}-{first[6:]}" if re.fullmatch(r"\d{8}", first) else first, "none"
            )
        elif column == "month":
            value = read_month(first)
        else:
            value = first
        if column in ("day", "month") and value is None:
            raise NotAValue
        row: Row = {column: value} | dict.fromkeys(counts)
        row |= {name: whole_number(cells[place]) for name, place in places.items()}
    except ContinentalNumber:
        raise Unreadable(CONTINENTAL_FILE) from None
    except NotAValue:
        raise Unreadable(
            Problem(
                "LSW-007",
                "A row has a date or a count that is not understood",
                "Export it again in English (United Kingdom).",
            )
        ) from None
    if column in ("event_name", "page_path", "channel"):
        row["month"] = block.start.replace(day=1)
    if column == "event_name":
        row["event_kind"] = event_kind(first, described["event_kinds"])
    if column == "page_path":
        row["page_kind"] = page_kind(first, described["page_kinds"])
    return row


def _of_index(column: str, index: str, block: Block) -> date:
    """`0000` is the first day (or month) of the export."""
    if not re.fullmatch(r"\d{1,5}", index):
        raise NotAValue
    if column == "day":
        day = block.start + timedelta(days=int(index))
        if day > block.end:
            raise NotAValue
        return day
    months = months_between(block.start, block.end)
    if int(index) >= len(months):
        raise NotAValue
    return months[int(index)]


def _refuse_unless_one_month(block: Block) -> None:
    if block.start.day != 1 or block.end > month_end(block.start):
        raise Unreadable(
            Problem(
                "LSW-012",
                f"The table by {block.headings[0]} is not for one calendar month, and its figures cannot be divided",
                "Export it with the first and the last day of one month.",
            )
        )


def _periods(
    specification: Specification, grain: str, rows: Sequence[Row], block: Block, as_of: date
) -> tuple[Period, ...]:
    settled = as_of - timedelta(days=specification.described["complete_after_days"])
    if grain == "day":
        return tuple(Period(day, day, day <= settled) for day in days_between(block.start, block.end))
    periods = []
    for month in months_between(block.start, block.end):
        whole = block.start <= month and month_end(month) <= block.end
        periods.append(Period(month, min(month_end(month), block.end), whole and month_end(month) <= settled))
    return tuple(periods)


def _unknown(headings: Sequence[str]) -> Unreadable:
    named = ", ".join(f"'{heading[:60]}'" for heading in headings)
    return Unreadable(
        Problem(
            "LSW-003",
            f"Headings this warehouse does not know: {named}",
            "If Google has renamed one, add it to the labels in web.yml; else export the report in English.",
        )
    )
