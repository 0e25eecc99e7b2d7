"""The job board's monthly extract, in CSV or XLSX, to typed rows with pay as a yearly full-time range."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ingestion.lswc.files import DeliveryFile
from ingestion.lswc.headings import find_headings, heading_row
from ingestion.lswc.personal import turn_away_people
from ingestion.lswc.reading import Part, Period, Problem, ReadDelivery, Row, Unreadable, month_end
from ingestion.lswc.salaries import annual_fte_range
from ingestion.lswc.specification import Specification, load_specification, normalised
from ingestion.lswc.tables import CONTINENTAL_FILE, Sheet, read_sheets
from ingestion.lswc.values import (
    Cell,
    ContinentalNumber,
    DateOrder,
    NotAValue,
    date_order,
    read_date,
    read_month,
    text,
    whole_number,
    yes_or_no,
)
from ingestion.returns.senders import senders

DATASET = "job_month"
DATES = ("posted_date", "closing_date")
COUNTS = ("views", "unique_views", "apply_clicks", "applications")
REQUIRED_VALUES = ("borough", "job_id", "posted_date", "views", "apply_clicks")


def read_jobs(file: DeliveryFile, as_of: date) -> ReadDelivery:
    """Read one extract.

    Args:
        file: its bytes.
        as_of: today; a month that is not over by then is incomplete.

    Raises:
        Unreadable: it is no job extract, or not one whose figures can be trusted.
    """
    specification = load_specification("lswc_jobs")
    sheet = _sheet_of_jobs(file, specification)
    places, first_row = find_headings(sheet.rows, specification.headings())
    rows = [
        (number, row)
        for number, row in enumerate(sheet.rows[first_row:], start=first_row + 1)
        if any(text(cell) is not None for cell in row)
    ]
    if not rows:
        raise Unreadable(Problem("LSW-001", "The extract has headings but no rows", "Export it again."))
    order = _order_of_dates(rows, places)
    read: list[Row] = []
    problems: list[Problem] = []
    for number, cells in rows:
        by_name = {name: cells[place] if place < len(cells) else None for name, place in places.items()}
        row, wrong = _job(by_name, order, specification)
        if wrong:
            problems.append(_unreadable_cell(number, wrong))
        else:
            read.append({"source_row": number, **row})
    months = sorted({row["month"] for row in read})
    periods = tuple(Period(month, month_end(month), month_end(month) < as_of) for month in months)
    counting_rule = _one_counting_rule(read)
    return ReadDelivery(
        collection="lswc_jobs",
        dataset=DATASET,
        file_name=file.name,
        sha256=file.sha256,
        parts=(Part(DATASET, read, periods, series=counting_rule or ""),),
        rows_read=len(rows),
        as_of=as_of,
        counting_rule=counting_rule,
        problems=tuple(problems),
    )


def _sheet_of_jobs(file: DeliveryFile, specification: Specification) -> Sheet:
    sheets = read_sheets(file.content)
    for sheet in sheets:
        turn_away_people(sheet.rows)
    known = specification.headings()
    return max(sheets, key=lambda sheet: sum(normalised(str(cell)) in known for cell in heading_row(sheet.rows)))


def _order_of_dates(rows: Sequence[tuple[int, Sequence[Cell]]], places: Mapping[str, int]) -> DateOrder:
    cells = [row[places[name]] for _, row in rows for name in DATES if places[name] < len(row)]
    order = date_order(cells)
    if order in ("none", "day first"):
        return order
    seen = {
        "month first": "Dates are in US order (month/day/year)",
        "mixed": "Some dates are in British order (day/month/year) and some in US order (month/day/year)",
        "unclear": "Dates are written with slashes and may be in British or in US order",
    }[order]
    raise Unreadable(
        Problem(
            "LSW-006",
            f"{seen}, so posting and closing dates would be wrong",
            "Export it again with dates as 2026-09-30 (year, month, day).",
            field="posted_date",
        )
    )


def _job(cells: Mapping[str, Cell], order: DateOrder, specification: Specification) -> tuple[Row, list[str]]:
    """One job's columns, and the headings whose cells could not be understood."""
    described = specification.described
    wrong: list[str] = []

    def value(name: str, read: Any) -> Any:
        try:
            return read(cells.get(name))
        except ContinentalNumber:
            raise Unreadable(CONTINENTAL_FILE) from None
        except NotAValue:
            wrong.append(name)
            return None

    low, high, words = (text(cells.get(name)) for name in ("salary_min", "salary_max", "salary_text"))
    salary = annual_fte_range(low, high, words, described["salary"])
    borough = text(cells.get("borough"))
    counting_rule = text(cells.get("counting_rule")) or described["default_counting_rule"]
    row: Row = {
        "month": value("month", read_month),
        "borough": borough,
        "authority_code": authority_code(borough or "", described["boroughs"]),
        "job_id": text(cells.get("job_id")),
        "job_title": text(cells.get("job_title")),
        "role_group": text(cells.get("role_group")),
        "contract_type": text(cells.get("contract_type")),
        "salary_min_text": low,
        "salary_max_text": high,
        "salary_text": words,
        "salary_basis": salary.basis,
        "salary_annual_fte_min_gbp": salary.low,
        "salary_annual_fte_max_gbp": salary.high,
        **{name: value(name, lambda cell: read_date(cell, order)) for name in DATES},
        "status": (text(cells.get("status")) or "").lower() or None,
        **{name: value(name, whole_number) for name in COUNTS},
        "is_featured": value("is_featured", yes_or_no),
        "counting_rule": counting_rule,
        "apply_counting_rule": text(cells.get("apply_counting_rule")) or counting_rule,
    }
    wrong += [name for name in ("month", *REQUIRED_VALUES) if row[name] is None and name not in wrong]
    known_rules = described["counting_rules"]
    wrong += [name for name in ("counting_rule", "apply_counting_rule") if row[name] not in known_rules]
    return row, wrong


def authority_code(borough: str, aliases: Mapping[str, Sequence[str]]) -> str | None:
    """The code of a borough by its name, code or another name; of Kingston and Richmond together by theirs."""
    meant = normalised(borough).removeprefix("london borough of ").removeprefix("royal borough of ")
    meant = meant.removesuffix(" council").replace(" & ", " and ")
    for sender in senders():
        names = (sender.code, sender.name, *aliases.get(sender.code, ()))
        if meant in (normalised(name) for name in names):
            return sender.code
    return None


def _one_counting_rule(rows: Sequence[Row]) -> str | None:
    rules = sorted({row["counting_rule"] for row in rows})
    if len(rules) > 1:
        raise Unreadable(
            Problem(
                "LSW-014",
                f"The extract mixes counting rules ({', '.join(rules)}), whose figures cannot be added or compared",
                "Send one extract for each counting rule.",
                field="counting_rule",
            )
        )
    return rules[0] if rules else None


def _unreadable_cell(number: int, wrong: Sequence[str]) -> Problem:
    return Problem(
        "LSW-007",
        f"The row has {', '.join(wrong)} missing or not understood, and was left out",
        "Give months as 2026-09, dates as 2026-09-30, counts as whole numbers, and a known counting rule.",
        field=wrong[0],
        row=number,
        refuses_row=True,
    )
