"""Read one published statistics file into typed columns, or say plainly why it cannot be read.

Tolerant where it costs nothing: byte order mark, Windows-1252, column order, older column names, columns
nobody has seen before (kept and reported). Strict where figures could go wrong: a missing required column,
a duplicated header, ragged rows and anything that is not CSV are refused by name.
"""

import csv
import gzip
import hashlib
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ingestion.statistics.specification import Layout, Specification

SIZE_LIMIT = 512 * 1024 * 1024
COLUMN_LIMIT = 500
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
BLANK = "blank"
UNRECOGNISED = "unrecognised"
# The file has no such column (an older layout): not the same as a cell left blank.
ABSENT = "absent"

# First bytes of things people send by mistake.
NOT_CSV = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an older Excel or Word file",
    b"{": "JSON",
}


class UnreadableFile(Exception):
    """The file is not a release of this collection; the message names the file, what is wrong and what to do."""


class OtherFile(UnreadableFile):
    """The file is well-formed CSV, but of no layout this collection knows: in a folder it can be passed over."""


@dataclass(frozen=True)
class ReleaseFile:
    """One published file, read and typed.

    `table` holds the raw table's columns in order, without `release_id`; see `raw_tables.raw_columns`.
    """

    file_name: str
    sha256: str
    layout: Layout
    publication_year: int
    unknown_columns: tuple[str, ...]
    table: pa.Table

    @property
    def rows(self) -> int:
        """Number of published rows."""
        return int(self.table.num_rows)


def normalised(header: str) -> str:
    """A published header as it is compared: lower case, underscores, no `%` ending, no byte order mark."""
    name = re.sub(r"[\s\-]+", "_", header.strip().lstrip("\ufeff").lower())
    return re.sub(r"_?%$", "", name)


def content_hash(content: bytes) -> str:
    """The SHA-256 by which a file is known, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_release(
    path: Path, specification: Specification, content: bytes | None = None, sha256: str | None = None
) -> ReleaseFile:
    """Read a published CSV file (or one compressed with gzip).

    Args:
        path: the file; its name is used in messages only, never to decide what it is.
        specification: the collection it should belong to.
        content: the file's bytes, where the caller has read them already.
        sha256: their hash, where the caller knows it already.

    Raises:
        UnreadableFile: it is not a release of this collection.
        OtherFile: it is CSV, but none of the collection's files.
    """
    name = path.name
    content = path.read_bytes() if content is None else content
    text = _as_utf8(name, _decompressed(name, content))
    header = _header(name, text)
    layout, columns, unknown = _recognise(name, header, specification)
    published = _columns(name, text, len(header))
    if published.num_rows == 0:
        raise UnreadableFile(_what_is_wrong(name, text, len(header)))
    table, year = _typed(name, published, layout, columns, unknown, specification)
    return ReleaseFile(name, sha256 or content_hash(content), layout, year, tuple(unknown.values()), table)


def _decompressed(name: str, content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            text = stream.read(SIZE_LIMIT + 1)
    except (OSError, EOFError):
        raise UnreadableFile(f"{name}: is compressed but broken. Download it again.") from None
    return text


def _as_utf8(name: str, content: bytes) -> bytes:
    if not content.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise UnreadableFile(f"{name}: the file is empty. Download it again from Explore Education Statistics.")
    if len(content) > SIZE_LIMIT:
        raise UnreadableFile(f"{name}: is larger than {SIZE_LIMIT // 2**20} MiB, which no release is. Check the file.")
    start = content[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"<":
        raise UnreadableFile(
            f"{name}: is a web page (HTML or XML), not CSV. The download was probably answered by an error page; "
            "download the CSV itself."
        )
    for signature, what in NOT_CSV.items():
        if start.startswith(signature):
            raise UnreadableFile(f"{name}: is {what}, not CSV. Send the CSV file itself.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise UnreadableFile(f"{name}: is damaged UTF-16 text. Download it again.") from None
    if b"\x00" in content:
        raise UnreadableFile(f"{name}: contains null bytes, so it is not CSV text. Download it again.")
    text = content.removeprefix(b"\xef\xbb\xbf")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        text = text.decode("cp1252", errors="replace").encode()
    return text


def _header(name: str, text: bytes) -> list[str]:
    lines = text[:65536].decode("utf-8", errors="replace").splitlines()
    try:
        header = next(csv.reader(lines[:1]), [])
    except csv.Error:
        header = []
    if len(header) < 2:
        raise UnreadableFile(
            f"{name}: the first line is not a comma-separated header, so it is not one of DfE's files."
        )
    if len(header) > COLUMN_LIMIT:
        raise UnreadableFile(
            f"{name}: has {len(header)} columns, more than the {COLUMN_LIMIT} allowed. Check the file."
        )
    return header


def _recognise(
    name: str, header: list[str], specification: Specification
) -> tuple[Layout, dict[str, int], dict[int, str]]:
    """The layout a header belongs to, where each known column stands, and the columns nobody knows."""
    names = [normalised(column) for column in header]
    doubled = sorted({column for column in names if names.count(column) > 1})
    if doubled:
        raise UnreadableFile(f"{name}: the header has {_listed(doubled)} more than once. Keep one of each.")

    best: tuple[float, Layout, dict[str, int]] | None = None
    for layout in specification.layouts:
        places = {
            column.name: names.index(spelling)
            for column in layout.columns
            for spelling in (column.name, *column.aliases)
            if spelling in names
        }
        own = layout.filters + layout.measures
        found = sum(column.name in places for column in own) / len(own)
        if best is None or found > best[0]:
            best = (found, layout, places)
    assert best is not None, "a specification has at least one layout"
    share, layout, places = best
    if share < 0.5:
        titles = "; ".join(each.title for each in specification.layouts)
        raise OtherFile(f"{name}: is none of the files this collection takes ({titles}).")
    missing = [column.name for column in layout.columns if column.required and column.name not in places]
    if missing:
        raise UnreadableFile(
            f"{name}: looks like '{layout.title}' but the column {_listed(missing)} is missing. "
            f"If DfE has renamed it, add the new name to its aliases in {specification.collection}.yml."
        )
    known = set(places.values())
    return layout, places, {place: text for place, text in enumerate(header) if place not in known}


def _columns(name: str, text: bytes, width: int) -> pa.Table:
    labels = [str(position) for position in range(width)]
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(text),
            read_options=arrow_csv.ReadOptions(column_names=labels, skip_rows=1, block_size=4 << 20),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=b'"' in text),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(labels, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        raise UnreadableFile(_what_is_wrong(name, text, width)) from None


def _what_is_wrong(name: str, text: bytes, width: int) -> str:
    """The reason why text could not be read as CSV: slow but exact, and only needed when it failed."""
    rows = csv.reader(io.StringIO(text.decode("utf-8", errors="replace"), newline=""))
    try:
        next(rows)
        for number, row in enumerate(rows, start=2):
            if row and len(row) != width:
                return (
                    f"{name}: row {number} has {len(row)} columns where the header has {width}. "
                    "The file may be cut off; download it again."
                )
    except csv.Error:
        return f"{name}: is not well-formed CSV. Download it again."
    return f"{name}: has a header but no rows. Download it again."


def _typed(
    name: str,
    published: pa.Table,
    layout: Layout,
    columns: dict[str, int],
    unknown: dict[int, str],
    specification: Specification,
) -> tuple[pa.Table, int]:
    # A spreadsheet counts the header as row 1.
    arrays: dict[str, pa.ChunkedArray | pa.Array] = {
        "source_row": pa.array(range(2, published.num_rows + 2), pa.int32())
    }
    extra: dict[int, dict[str, str]] = {}
    for column in layout.dimensions:
        if column.name in columns:
            text = pc.utf8_trim_whitespace(published.column(columns[column.name]))
            arrays[column.name] = pc.if_else(pc.equal(text, ""), None, text)
        else:
            arrays[column.name] = pa.nulls(published.num_rows, pa.string())
    for measure in layout.measures:
        if measure.name in columns:
            number, status, unreadable = _number_and_status(published.column(columns[measure.name]), specification)
            for row, text in unreadable.items():
                extra.setdefault(row, {})[measure.name] = text
        else:
            number = pa.nulls(published.num_rows, pa.string())
            status = pa.array([ABSENT] * published.num_rows, pa.string())
        arrays[measure.name] = number
        arrays[f"{measure.name}_status"] = status
    for position, heading in unknown.items():
        for row, text in enumerate(published.column(position).to_pylist()):
            if text:
                extra.setdefault(row, {})[heading] = text
    kept = [json.dumps(extra[row]) if row in extra else None for row in range(published.num_rows)] if extra else None
    arrays["extra"] = pa.nulls(published.num_rows, pa.string()) if kept is None else pa.array(kept, pa.string())
    years = [
        year for year in pc.unique(arrays["time_period"]).to_pylist() if year and re.fullmatch(r"(19|20)\d\d", year)
    ]
    if not years:
        raise UnreadableFile(
            f"{name}: the column time_period holds no year (such as 2024), so its census year is unknown."
        )
    return pa.table(arrays), max(int(year) for year in years)


def _number_and_status(
    column: pa.ChunkedArray, specification: Specification
) -> tuple[pa.Array, pa.Array, dict[int, str]]:
    """Split published text into numbers, kept as exact decimal text, and statuses.

    Each distinct text is looked at once, so cost follows the number of different values, not of rows.
    """
    encoded = column.combine_chunks().dictionary_encode()
    numbers: list[str | None] = []
    statuses: list[str | None] = []
    for text in encoded.dictionary.to_pylist():
        value = text.strip()
        if NUMBER.fullmatch(value):
            numbers.append(value)
            statuses.append(None)
        else:
            numbers.append(None)
            statuses.append(specification.symbols.get(value.lower(), UNRECOGNISED) if value else BLANK)
    unreadable: dict[int, str] = {}
    if UNRECOGNISED in statuses:
        wrong = {index for index, status in enumerate(statuses) if status == UNRECOGNISED}
        texts = encoded.dictionary.to_pylist()
        for row, index in enumerate(encoded.indices.to_pylist()):
            if index in wrong:
                unreadable[row] = texts[index]
    return (
        pa.array(numbers, pa.string()).take(encoded.indices),
        pa.array(statuses, pa.string()).take(encoded.indices),
        unreadable,
    )


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
