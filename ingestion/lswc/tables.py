"""Files to rows of cells: CSV, XLSX (by the returns desk's own wary reader) and the older XLS."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from python_calamine import CalamineError, CalamineWorkbook

from ingestion.lswc.reading import Problem, Unreadable
from ingestion.lswc.values import Cell
from ingestion.returns.problems import UnreadableError
from ingestion.returns.workbook_reader import read_workbook

ZIP_START = b"PK\x03\x04"
OLD_EXCEL_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_COLUMNS = 300


@dataclass(frozen=True)
class Sheet:
    """One sheet, or a CSV file as one. Row 1 is the first."""

    name: str
    rows: Sequence[Sequence[Cell]]


def read_sheets(content: bytes) -> list[Sheet]:
    """Every sheet of a workbook, hidden ones included, or a CSV file as the only one.

    Raises:
        Unreadable: it is neither.
    """
    if content.startswith(ZIP_START):
        return _workbook(content)
    if content.startswith(OLD_EXCEL_START):
        return _old_workbook(content)
    return [Sheet("", read_csv(as_text(content)))]


def as_text(content: bytes) -> str:
    """A text file's text, whatever encoding a spreadsheet program saved it in.

    Raises:
        Unreadable: it is empty, or no text.
    """
    if not content.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise _unreadable("The file is empty", "Export it again.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16").removeprefix("\ufeff")
        except UnicodeDecodeError:
            raise _unreadable("The file is damaged text", "Export it again.") from None
    if b"\x00" in content:
        raise _unreadable("The file is not text", "Send a CSV or Excel file, as exported.")
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        decoded = content.decode("cp1252", errors="replace")
    if decoded.lstrip().startswith("<"):
        raise _unreadable("The file is a web page, not an export", "Log in first, then export it again.")
    return decoded


def read_csv(written: str) -> list[list[Cell]]:
    """Comma-separated rows, blank lines kept as empty rows so that row numbers are those of the file.

    Raises:
        Unreadable: it is not well-formed, or it is separated by semicolons as on the Continent.
    """
    head = [line for line in written.splitlines()[:50] if line and not line.startswith("#")]
    if head and "," not in head[0] and head[0].count(";") >= 1:
        raise Unreadable(CONTINENTAL_FILE)
    rows: list[list[Cell]] = []
    try:
        reader = csv.reader(io.StringIO(written, newline=""), strict=True)
        for row in reader:
            # A value with a line break in it takes several lines of the file.
            while len(rows) < reader.line_num - 1:
                rows.append([])
            rows.append(list(row))
    except csv.Error:
        raise _unreadable("The file is not well-formed CSV", "Export it again, and do not edit it by hand.") from None
    return rows


CONTINENTAL_FILE = Problem(
    code="LSW-005",
    message="The numbers or separators are written as on the Continent (1.234,5, or semicolons between columns), so no "
    "figure of the file can be trusted",
    fix="Set the language and region to English (United Kingdom), and export it again.",
)


def _workbook(content: bytes) -> list[Sheet]:
    try:
        sheets = read_workbook(content)
    except UnreadableError:
        raise _unreadable(
            "The workbook is damaged, protected, too large, or holds something that runs",
            "Save it as a plain workbook without a password, or export it again.",
        ) from None
    found = []
    for sheet in sheets:
        filled = dict(sheet.rows)
        found.append(
            Sheet(sheet.name or "", [filled.get(number, []) for number in range(1, max(filled, default=0) + 1)])
        )
    return found


def _old_workbook(content: bytes) -> list[Sheet]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [
            Sheet(name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False))  # type: ignore[arg-type]
            for name in workbook.sheet_names
        ]
    except (CalamineError, OSError, ValueError):
        raise _unreadable("The workbook is damaged or protected", "Export it again.") from None
    if any(len(sheet.rows[0]) > MOST_COLUMNS for sheet in sheets if sheet.rows):
        raise _unreadable("A sheet has more columns than any export has", "Send the export as it came.")
    return sheets


def _unreadable(message: str, fix: str) -> Unreadable:
    return Unreadable(Problem("LSW-001", message, fix))
