"""CSV as spreadsheets and databases write it: whatever the encoding and the delimiter, read to the same rows."""

import codecs
import csv
import io
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import islice

from ingestion.returns.files import MOST_CELLS, MOST_COLUMNS, MOST_ROWS, encoding_by_mark
from ingestion.returns.problems import UnreadableError
from ingestion.returns.tables import Row, Sheet, known_headings, recognised_headings

_DELIMITERS = (",", ";", "\t")
_LINES_TO_CHOOSE_BY = 20
_CHUNK = 1 << 20
# As many as a spreadsheet has: whole sheets are exported with all their blank rows.
_MOST_LINES = 1_048_576
# Commas may stand in text too; so many before one row is complete are columns, or one open quotation mark.
_MOST_DELIMITERS = 20_000


def read_csv(content: bytes, most_rows: int | None = None) -> Sheet:
    """Read a CSV file, or its first rows.

    Raises:
        UnreadableError: nothing in it, no text, too many rows or columns, or a quotation mark that is never closed.
    """
    encoding = _encoding(content)
    delimiter = _delimiter(content, encoding)
    rows: list[Row] = []
    cells = 0
    for number, row in enumerate(_rows(content, encoding, delimiter), 1):
        filled = [_cell(cell) for cell in row]
        while filled and filled[-1] is None:
            filled.pop()
        if number > _MOST_LINES:
            raise UnreadableError("too_many_rows", detail=f"at most {MOST_ROWS:,}")
        if not filled:
            continue
        if len(filled) > MOST_COLUMNS:
            raise UnreadableError("too_many_columns", row=number, detail=f"at most {MOST_COLUMNS}")
        cells += len(filled)
        if len(rows) == MOST_ROWS:
            raise UnreadableError("too_many_rows", detail=f"at most {MOST_ROWS:,}")
        if cells > MOST_CELLS:
            raise UnreadableError("too_large", row=number, detail=f"at most {MOST_CELLS:,} cells")
        rows.append((number, filled))
        if most_rows is not None and len(rows) == most_rows:
            break
    if not rows:
        raise UnreadableError("empty_file")
    return Sheet(None, rows)


def _cell(text: str) -> str | None:
    return text.strip(" \u00a0") or None if text.strip() else None


def _encoding(content: bytes) -> str:
    """UTF-8 or UTF-16 with a mark, UTF-8 without one, or else what Windows writes in Western Europe."""
    _, marked = encoding_by_mark(content)
    for encoding in ("utf-8-sig" if marked == "utf-8" else marked,) if marked else ("utf-8", "cp1252"):
        decoder = codecs.getincrementaldecoder(str(encoding))()
        try:
            for position in range(0, len(content), _CHUNK):
                decoder.decode(content[position : position + _CHUNK])
            decoder.decode(b"", True)
        except UnicodeError:
            continue
        return str(encoding)
    raise UnreadableError("undecodable_text")


def _delimiter(content: bytes, encoding: str) -> str:
    """The delimiter that yields the most known headings in one row; with none of them, the most cells."""
    known = known_headings()
    return max(_DELIMITERS, key=lambda delimiter: _promise(content, encoding, delimiter, known))


def _promise(content: bytes, encoding: str, delimiter: str, known: Collection[str]) -> tuple[int, int]:
    headings = cells = 0
    # What comes before a fault counts; the fault itself is met again when the file is read.
    with suppress(UnreadableError):
        for row in islice(_rows(content, encoding, delimiter), _LINES_TO_CHOOSE_BY):
            headings = max(headings, recognised_headings(row, known))
            cells += len(row)
    return headings, cells


def _rows(content: bytes, encoding: str, delimiter: str) -> Iterator[list[str]]:
    text = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
    pending = 0

    def lines() -> Iterator[str]:
        nonlocal pending
        while line := text.readline(_CHUNK):
            pending += line.count(delimiter)
            if pending > _MOST_DELIMITERS:
                raise UnreadableError("too_many_columns", detail=f"at most {MOST_COLUMNS}")
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            pending = 0
            yield row
    except csv.Error:
        raise UnreadableError("unreadable_file", row=reader.line_num, detail="a quotation mark is not closed") from None
