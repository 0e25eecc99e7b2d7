"""The workforce census: one XML file, read in one pass that keeps nothing but the values of known items.

The parser is the standard library's expat: it tells the line of every element however long the file is (libxml2 keeps
16 bits of it and guesses beyond), stops at a document type before reading what it declares, and builds no tree, so that
memory follows what is kept and not what was sent.

Nearly all of a return is records written in the plainest way: known items in their order, each with a short text. One
pattern takes those out beforehand, which is five times as fast, and leaves a mark in the place of each with as many
lines; the parser reads all else, and tells with each mark whether a record may stand there.
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from xml.parsers import expat

from ingestion.returns.dates import parse_dates
from ingestion.returns.files import MOST_CELLS, MOST_ROWS
from ingestion.returns.problems import ProblemList, UnreadableError
from ingestion.returns.reading import Claim, Problem, ReadReturn, RecordText
from ingestion.returns.specification import Record, Specification, known_periods, load_specification

CENSUS = "csww_census"
ROOT = "Message"
# An older schema spells it with three Ws (domain notes, section 2.1).
COLLECTION_NAMES = ("CSWW", "CSWWW")

_DEEPEST = 16
_CHUNK = 1 << 16
# A tag or comment longer than this is no part of a return; the parser would have to hold it as a whole.
_LONGEST_TOKEN = 1 << 20
_MOST_PIECES = 64
# Different names of elements and attributes; each stays in memory.
_MOST_NAMES = 2_000
_LONGEST_NAME = 100
_MOST_CLAIMED = 20
_LONGEST_CLAIM = 40
_BYTES_TO_RECOGNISE = 1 << 18

_CUT_SHORT = {
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
    )
}
# How a plain record's mark begins: as a processing instruction.
_MARK = "plain-record"
_PlainRows = deque[tuple[bytes | None, ...]]
# Text that means itself in every encoding and needs no parser.
_PLAIN_TEXT = r"[ !-%'-;=?-~]*+"
_DECLARED = re.compile(rb"encoding\s*=\s*[\"']([\w.-]+)")
_INVALID_TOKEN = expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]
_ENCODINGS = {
    expat.errors.codes[message]
    for message in (expat.errors.XML_ERROR_UNKNOWN_ENCODING, expat.errors.XML_ERROR_INCORRECT_ENCODING)
}


@dataclass
class _Table:
    """A record while it is being read: its rows' texts, in the order of `names`, and their lines.

    `names` leads from an item's element to its name.
    """

    record: Record
    names: dict[str, str]
    repeating: frozenset[str]
    texts: list[tuple[str | bytes | None, ...]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    repeated: dict[int, dict[str, list[str]]] = field(default_factory=dict)


class _OutOfPlaceError(Exception):
    """What looks like a plain record stands where none may."""


def read_census(content: bytes, specification: Specification | None) -> ReadReturn:
    """Read a census return; without a specification only look whether it could be read.

    Raises:
        UnreadableError: it is not well-formed, not a census return at all, or hostile.
    """
    try:
        return _read(content, specification, plainly=True)
    except _OutOfPlaceError:
        return _read(content, specification, plainly=False)


def _read(content: bytes, specification: Specification | None, *, plainly: bool) -> ReadReturn:
    problems = ProblemList()
    claim = Claim(collection=CENSUS)
    tables = {} if specification is None else {str(record.element): _table(record) for record in specification.records}
    unknown = None if specification is None else _Unknown(specification, problems)
    rest, plain = _without_plain_records(content, tables) if plainly else (content, {})
    _parse(rest, tables, claim, unknown, problems, plain)
    records = {}
    for table in tables.values():
        if not table.rows:
            problems.add(
                Problem("missing_table", table.record.name, detail=f"{table.record.title} ({table.record.element})")
            )
            continue
        if table.record.rows == "one" and len(table.rows) > 1:
            problems.add(Problem("more_than_one_row", table.record.name, row=table.rows[1], detail=table.record.title))
        text = dict(zip(table.names.values(), map(_column, zip(*table.texts, strict=True)), strict=True))
        records[table.record.name] = RecordText(table.record, text, table.rows, repeated=table.repeated)
    return ReadReturn(specification, claim, records, problems.all())


def claim_of_census(content: bytes) -> Claim:
    """Whose return it says it is: from the beginning of the file alone.

    Raises:
        UnreadableError: that is not well-formed, no census return, or hostile.
    """
    claim = Claim(collection=CENSUS)
    _parse(content[:_BYTES_TO_RECOGNISE], {}, claim, None, ProblemList(), {}, whole=len(content) <= _BYTES_TO_RECOGNISE)
    return claim


class _Unknown:
    """Says where an element stands that this year's return does not have."""

    def __init__(self, specification: Specification, problems: ProblemList) -> None:
        self._specification = specification
        self._problems = problems
        self._details: dict[tuple[str | None, str], str] = {}

    def add(self, name: str, record: Record | None, line: int) -> None:
        """Note one; the detail names only what the specifications know."""
        place = (record.name if record else None, name)
        if place not in self._details:
            self._details[place] = self._detail(name, record)
        self._problems.add(Problem("unknown_element", place[0], row=line, detail=self._details[place]))

    def _detail(self, name: str, record: Record | None) -> str:
        years = [
            period.label
            for period in known_periods(self._specification.collection)
            if name in _names(load_specification(self._specification.collection, period), record)
        ]
        if years:
            return f"{name} belongs to the returns of {', '.join(years)}"
        nearest = get_close_matches(name[:_LONGEST_NAME], _names(self._specification, record), 1)
        return f"the nearest known name is {nearest[0]}" if nearest else ""


def _names(specification: Specification, record: Record | None) -> list[str]:
    if record is None:
        return [str(known.element) for known in specification.records]
    return [item.label for item in specification.record(record.name).items]


def _table(record: Record) -> _Table:
    return _Table(
        record,
        {item.label: item.name for item in record.items},
        frozenset(item.label for item in record.items if item.repeats),
    )


def _without_plain_records(content: bytes, tables: Mapping[str, _Table]) -> tuple[bytes, dict[str, _PlainRows]]:
    """The file with a mark in the place of every plain record, and those records' texts by their element."""
    rest, mark = content, _MARK.encode()
    plain: dict[str, _PlainRows] = {}
    # First the many records, then the one: a small rest is soon looked through.
    for element, table in sorted(tables.items(), key=lambda each: each[1].record.rows == "one"):
        rows = plain[element] = deque()

        def taken(found: re.Match[bytes], element: bytes = element.encode(), rows: _PlainRows = rows) -> bytes:
            rows.append(found.groups())
            return b"<?%b %b%b?>" % (mark, element, b"\n" * found[0].count(b"\n"))

        rest = _plain(element, tuple(table.names)).sub(taken, rest)
    # A comment or CDATA could hold what looks like a record. After a lone CR a new line begins for the parser alone.
    is_sure = b"<!" not in rest and rest.count(mark) == sum(map(len, plain.values()))
    return (rest, plain) if is_sure and content.count(b"\r") == content.count(b"\r\n") else (content, {})


@cache
def _plain(element: str, items: Iterable[str]) -> re.Pattern[bytes]:
    """Such a record, each item in a group. Nothing in it gives way once it is matched: it takes one look at a file."""
    blank = r"[ \t\r\n]*+"
    parts = "".join(rf"(?:<{item}>({_PLAIN_TEXT})</{item}>{blank})?+" for item in map(re.escape, items))
    return re.compile(rf"<{re.escape(element)}>{blank}{parts}</{re.escape(element)}>".encode())


def _column(texts: Sequence[str | bytes | None]) -> list[str | None]:
    """A column's texts without blanks around them: one object for each different one, as most are codes."""
    known = {text: _stripped(text) for text in set(texts)}
    return list(map(known.__getitem__, texts))


def _stripped(text: str | bytes | None) -> str | None:
    if isinstance(text, bytes):
        text = text.decode("ascii")
    return text.strip() or None if text else None


def _parse(
    content: bytes,
    tables: Mapping[str, _Table],
    claim: Claim,
    unknown: _Unknown | None,
    problems: ProblemList,
    plain: Mapping[str, _PlainRows],
    *,
    whole: bool = True,
) -> None:
    # One function with its state in local names: this is called for every element of the file.
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0
    top = ""
    table: _Table | None = None
    known: dict[str, str] = {}
    row: dict[str, str | None] = {}
    pieces: list[str] = []
    cells = 0

    def doctype(*_: object) -> None:
        raise UnreadableError("doctype", row=parser.CurrentLineNumber)

    def start(name: str, _: object) -> None:
        nonlocal depth, row
        depth += 1
        if depth == 3:
            pieces.clear()
        elif depth == 2:
            start_of_part(name.rpartition(":")[2])
        elif depth == 1:
            if name.rpartition(":")[2] != ROOT:
                raise UnreadableError("not_this_format", row=parser.CurrentLineNumber, detail=f"{ROOT} expected")
        else:
            if depth > _DEEPEST:
                raise UnreadableError("nested_too_deep", row=parser.CurrentLineNumber)
            pieces.clear()
            if table is not None:
                met_unknown(name.rpartition(":")[2])

    def start_of_part(name: str) -> None:
        nonlocal top, table, known, row
        top = name
        table = tables.get(name)
        if table is not None:
            known = table.names
            row = {}
            start_of_row(table)
        elif name != "Header":
            met_unknown(name)

    def start_of_row(table: _Table) -> None:
        table.rows.append(parser.CurrentLineNumber)
        if len(table.rows) > MOST_ROWS:
            raise UnreadableError("too_many_rows", row=parser.CurrentLineNumber, detail=f"at most {MOST_ROWS:,}")

    def end_of_row(table: _Table, texts: tuple[str | bytes | None, ...], known: int) -> None:
        nonlocal cells
        table.texts.append(texts)
        cells += known
        if cells > MOST_CELLS:
            raise UnreadableError("too_large", detail=f"at most {MOST_CELLS:,} items")

    def plain_row(target: str, element: str) -> None:
        if target != _MARK:
            return
        if depth != 1:
            raise _OutOfPlaceError
        element = element.rstrip()
        start_of_row(tables[element])
        texts = plain[element].popleft()
        end_of_row(tables[element], texts, len(texts) - texts.count(None))

    def check_names() -> None:
        if len(parser.intern) > _MOST_NAMES:
            raise UnreadableError("not_this_format", row=parser.CurrentLineNumber, detail="it has too many names")

    def met_unknown(name: str) -> None:
        check_names()
        if unknown is not None:
            unknown.add(name, table.record if table else None, parser.CurrentLineNumber)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        if depth == 2:
            if table is None:
                if top == "Header":
                    claimed(name)
                return
            text = "".join(pieces).strip()
            pieces.clear()
            if name not in known:
                name = name.rpartition(":")[2]
                if name not in known:
                    met_unknown(name)
                    return
            if name in row:
                again(table, name, text)
            elif text:
                row[name] = text
            else:
                row[name] = None
        elif depth == 1:
            if table is not None:
                end_of_row(table, tuple(map(row.get, table.names)), len(row))
        elif top == "Header":
            claimed(name)

    def again(table: _Table, name: str, text: str) -> None:
        if name not in table.repeating:
            problems.add(Problem("repeated_item", table.record.name, name, row=parser.CurrentLineNumber))
        elif text:
            first = row[name]
            if first is None:
                row[name] = text
                return
            values = table.repeated.setdefault(len(table.rows) - 1, {})
            values.setdefault(table.names[name], [first]).append(text)

    def claimed(name: str) -> None:
        text = "".join(pieces).strip()[:_LONGEST_CLAIM]
        pieces.clear()
        name = name.rpartition(":")[2]
        if name == "Collection" and text not in COLLECTION_NAMES:
            claim.collection = None
        elif name == "LEA":
            claim.dfe_codes = _with(claim.dfe_codes, text)
        elif name == "Year":
            claim.years = _with(claim.years, text)
        elif name == "ReferenceDate":
            read = parse_dates([text], iso_only=True)[text]
            claim.period_ends = _with(claim.period_ends, text if isinstance(read, str) else read.isoformat())

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = pieces.append
    if plain:
        parser.ProcessingInstructionHandler = plain_row
    try:
        for position in range(0, len(content), _CHUNK):
            parser.Parse(content[position : position + _CHUNK], False)
            del pieces[_MOST_PIECES:]
            check_names()
            if position + _CHUNK - parser.CurrentByteIndex > _LONGEST_TOKEN:
                raise UnreadableError("not_well_formed", row=parser.CurrentLineNumber)
        if whole:
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _refusal(error, content) from None
    except (LookupError, UnicodeError, ValueError):
        raise UnreadableError("undecodable_text") from None


def _with(claimed: tuple[str, ...], text: str) -> tuple[str, ...]:
    return claimed if text in claimed or len(claimed) == _MOST_CLAIMED else (*claimed, text)


def _refusal(error: expat.ExpatError, content: bytes) -> UnreadableError:
    if error.code in _CUT_SHORT:
        return UnreadableError("truncated", row=error.lineno)
    if error.code in _ENCODINGS or (error.code == _INVALID_TOKEN and not _is_utf_8(content)):
        return UnreadableError("undecodable_text", row=error.lineno)
    return UnreadableError("not_well_formed", row=error.lineno, detail=expat.ErrorString(error.code))


def _is_utf_8(content: bytes) -> bool:
    declared = _DECLARED.search(content[:200])
    if declared is not None and declared[1].lower() not in (b"utf-8", b"utf8"):
        # Read by the encoding it names: then the fault lies elsewhere.
        return True
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
