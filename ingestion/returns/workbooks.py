"""Workbooks made for people: text that can never become a formula, headings that stay in sight, nobody's name in them.

Everything this project writes into a spreadsheet goes through `harmless` and `write_row`.
"""

import io
import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeAlias

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill, Side
from openpyxl.styles.borders import Border
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

CREATOR = "London Innovation and Improvement Alliance"
BLUE, PALE, GREY = "12436D", "E7EDF3", "F2F2F2"
MOST_CHARACTERS = 32_767  # in one cell, by the format
# A spreadsheet that reads them as text from a file takes these, and their full-width twins, for the start of a formula.
FORMULA_STARTS = tuple("=+-@\t\n＝＋－＠")

Value: TypeAlias = str | int | float | date | datetime | None

_TOP = Alignment(vertical="top", wrap_text=True)
_HEADING = Font(bold=True, color="FFFFFF")
_LINE = Border(bottom=Side(style="thin", color="D9D9D9"))


def harmless(text: str) -> str:
    """Text that a spreadsheet shows and never runs, also after a way through CSV.

    Control characters and those that change the direction of writing are left out; what could begin a formula gets
    an apostrophe before it; what no cell can hold is cut.
    """
    kept = "".join(
        character
        for character in text
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    if kept.lstrip(" \u00a0").startswith(FORMULA_STARTS):
        kept = f"'{kept}"
    return kept[:MOST_CHARACTERS]


def new_workbook(title: str) -> Workbook:
    """An empty workbook without sheets, whose properties name the alliance and nobody else."""
    workbook = Workbook()
    del workbook[workbook.sheetnames[0]]
    workbook.properties.creator = CREATOR
    workbook.properties.lastModifiedBy = CREATOR
    workbook.properties.title = harmless(title)
    return workbook


def write_cell(sheet: Worksheet, row: int, column: int, value: Value) -> Cell:
    """Write one value: text as text whatever it begins with, numbers and dates as what they are."""
    cell = sheet.cell(row=row, column=column)
    assert isinstance(cell, Cell), "merged cells are not written to"
    if isinstance(value, str) and value:
        cell.value = harmless(value)
        # Without this a text such as `#N/A` would become an error cell.
        cell.data_type = "s"
    elif value != "":
        cell.value = value
    return cell


def write_table(
    sheet: Worksheet, headings: Sequence[tuple[str, float]], rows: Sequence[Sequence[Value]], *, filtered: bool = True
) -> None:
    """Write headings with their column widths, frozen and with a filter, and the rows below, wrapped."""
    for column, (heading, width) in enumerate(headings, start=1):
        style_heading(write_cell(sheet, 1, column, heading))
        sheet.column_dimensions[get_column_letter(column)].width = width
    for place, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            cell = write_cell(sheet, place, column, value)
            cell.alignment = _TOP
            cell.border = _LINE
    sheet.freeze_panes = "A2"
    if filtered:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(headings))}{len(rows) + 1}"
    fit_to_page_width(sheet)


def style_heading(cell: Cell, *, background: str = BLUE, font: Font = _HEADING) -> None:
    """Make a cell look like a heading."""
    cell.font = font
    cell.fill = PatternFill("solid", fgColor=background)
    cell.alignment = Alignment(vertical="center", wrap_text=True)


def write_lines(sheet: Worksheet, lines: Sequence[tuple[str, str]], widths: tuple[float, float] = (24, 92)) -> None:
    """Write pairs of label and text down two columns; a label without text is a heading over both."""
    for column, width in zip("AB", widths, strict=True):
        sheet.column_dimensions[column].width = width
    for row, (label, text) in enumerate(lines, start=1):
        first, second = write_cell(sheet, row, 1, label), write_cell(sheet, row, 2, text)
        is_heading = bool(label) and not text
        first.font = Font(bold=True, size=14 if row == 1 else 12 if is_heading else 11, color=BLUE)
        # A heading runs on into the empty cell beside it instead of wrapping in the narrow one.
        first.alignment = Alignment(vertical="top", wrap_text=not is_heading)
        second.alignment = _TOP
        if not is_heading:
            # No spreadsheet works out the height of a wrapped row by itself in a file it has not written.
            lines_needed = sum(max(1, -(-len(part) // int(widths[1]))) for part in text.split("\n"))
            sheet.row_dimensions[row].height = 15.5 * max(lines_needed, -(-len(label) // int(widths[0])), 1)
    sheet.sheet_view.showGridLines = False
    fit_to_page_width(sheet)


def fit_to_page_width(sheet: Worksheet) -> None:
    """Print a sheet across one page, headings on each."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    if sheet.freeze_panes:
        sheet.print_title_rows = "1:1"


def as_bytes(workbook: Workbook) -> bytes:
    """The workbook as a file's content."""
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def safe_file_name(name: str) -> str:
    """A sender's file name as it may be shown and written: no folders, no hidden characters, 100 letters at most."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in last).strip(". ")
    if len(kept) > 100:
        stem, dot, ending = kept.rpartition(".")
        kept = stem[:90] + dot + ending[:9] if dot else kept[:100]
    return kept or "file"
