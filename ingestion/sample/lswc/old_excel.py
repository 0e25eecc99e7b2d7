"""The old binary `.xls`, as LinkedIn still exports it: text and numbers on plain sheets, the same bytes every time.

Records: [MS-XLS] (BIFF8). Container: [MS-CFB] version 3, one FAT, one stream. No maintained library writes this format.
"""

import struct
from collections.abc import Mapping, Sequence

SECTOR = 512
SMALLEST_STREAM = 4096
END_OF_CHAIN, FAT_SECTOR, FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
ENTRIES_A_SECTOR = SECTOR // 4
# A record holds so much; what is longer would have to go on in CONTINUE records, which nothing here needs.
LARGEST_RECORD = 8224
CELL_FORMAT = 15

BOF, EOF, BOUNDSHEET, SST, LABELSST, NUMBER = 0x0809, 0x000A, 0x0085, 0x00FC, 0x00FD, 0x0203
DIMENSIONS, FONT, XF, CODEPAGE, WINDOW1, WINDOW2 = 0x0200, 0x0031, 0x00E0, 0x0042, 0x003D, 0x023E

Cell = str | int


def old_workbook(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """An `.xls` file with these sheets, in their order.

    Raises:
        ValueError: there is more text than fits.
    """
    return _container(_workbook(sheets))


def _workbook(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    cells = [cell for rows in sheets.values() for row in rows for cell in row]
    texts = list(dict.fromkeys(cell for cell in cells if isinstance(cell, str)))
    places = {text: place for place, text in enumerate(texts)}
    bodies = [_sheet(rows, places) for rows in sheets.values()]
    strings = struct.pack("<II", sum(isinstance(cell, str) for cell in cells), len(texts))
    strings += b"".join(_text(text, "<H") for text in texts)
    font = struct.pack("<HHHHHBBBB", 220, 0, 0x7FFF, 400, 0, 0, 0, 0, 0) + _text("Arial", "<B")
    head = (
        _beginning(5)
        + _record(CODEPAGE, struct.pack("<H", 1200))
        + _record(WINDOW1, struct.pack("<9H", 0, 0, 16000, 9000, 0x38, 0, 0, 1, 600))
        + _record(FONT, font) * 4
        + b"".join(
            _record(XF, struct.pack("<HHHBBBBIIH", 0, 0, style, 0x20, 0, 0, 0, 0, 0, 0x20C0))
            for style in [0xFFF5] * CELL_FORMAT + [0x0001]
        )
    )
    names = [_text(name, "<B") for name in sheets]
    tail = _record(SST, strings) + _record(EOF, b"")
    place = len(head) + sum(4 + 6 + len(name) for name in names) + len(tail)
    listed = b""
    for name, body in zip(names, bodies, strict=True):
        listed += _record(BOUNDSHEET, struct.pack("<IBB", place, 0, 0) + name)
        place += len(body)
    return head + listed + tail + b"".join(bodies)


def _sheet(rows: Sequence[Sequence[Cell]], places: Mapping[str, int]) -> bytes:
    width = max((len(row) for row in rows), default=0)
    records = [_beginning(0x10), _record(DIMENSIONS, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))]
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            where = struct.pack("<HHH", number, column, CELL_FORMAT)
            if isinstance(cell, str):
                records.append(_record(LABELSST, where + struct.pack("<I", places[cell])))
            else:
                records.append(_record(NUMBER, where + struct.pack("<d", cell)))
    records += [_record(WINDOW2, struct.pack("<HHHIHHI", 0x00B6, 0, 0, 64, 0, 0, 0)), _record(EOF, b"")]
    return b"".join(records)


def _beginning(kind: int) -> bytes:
    return _record(BOF, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 0x0600))


def _record(kind: int, content: bytes) -> bytes:
    if len(content) > LARGEST_RECORD:
        raise ValueError(f"a record of {len(content)} bytes does not fit into an .xls file")
    return struct.pack("<HH", kind, len(content)) + content


def _text(text: str, length: str) -> bytes:
    # Flag 0: one byte a character, flag 1: two.
    try:
        return struct.pack(length, len(text)) + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return struct.pack(length, len(text)) + b"\1" + text.encode("utf-16-le")


def _container(stream: bytes) -> bytes:
    size = max(len(stream), SMALLEST_STREAM)
    stream = stream.ljust(-(-size // SECTOR) * SECTOR, b"\0")
    of_stream = len(stream) // SECTOR
    of_fat = 1
    while of_fat * ENTRIES_A_SECTOR < of_fat + 1 + of_stream:
        of_fat += 1
    first = of_fat + 1
    fat = [FAT_SECTOR] * of_fat + [END_OF_CHAIN] + [*range(first + 1, first + of_stream), END_OF_CHAIN]
    fat += [FREE] * (of_fat * ENTRIES_A_SECTOR - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack(
        "<5H6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, of_fat, of_fat, 0, SMALLEST_STREAM, END_OF_CHAIN, 0, END_OF_CHAIN, 0
    )
    header += struct.pack("<109I", *range(of_fat), *[FREE] * (109 - of_fat))
    directory = (
        _entry("Root Entry", 5, 1, END_OF_CHAIN, 0)
        + _entry("Workbook", 2, FREE, first, size)
        + _entry("", 0, FREE, 0, 0) * 2
    )
    return header + struct.pack(f"<{len(fat)}I", *fat) + directory + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    coded = (name + "\0").encode("utf-16-le") if name else b""
    return (
        coded.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(coded), kind, 1, FREE, FREE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
