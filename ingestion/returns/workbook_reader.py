"""XLSX, read part by part as a stream: values only, nothing run, nothing held that was not asked for.

The sheets are read here and not by a library because a return must be refused before it does harm (a few kilobytes can
unpack to gigabytes, two cells can ask for a grid of 17 thousand million), and because error cells, which are a finding
of their own, come out blank from the fast reader at hand.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from xml.parsers import expat

from ingestion.returns.files import MOST_CELLS, MOST_COLUMNS, MOST_ROWS
from ingestion.returns.problems import UnreadableError
from ingestion.returns.tables import Row, Sheet

MOST_UNPACKED = 100 * 1024 * 1024

_MOST_PARTS = 2_000
_TOO_LARGE = f"at most {MOST_UNPACKED // 1024**2} MB"
# All cells' text together; a million cells may name one long text.
_MOST_TEXT = 100_000_000
_CHUNK = 1 << 16
_LONGEST_TOKEN = 1 << 20
_MOST_PIECES = 64
_MOST_NAMES = 2_000
_DEEPEST = 64
_LONGEST_FORMAT = 255

# Parts with something that runs or fetches: macros, links to other files and programs, embedded objects, connections.
_ACTIVE_PARTS = re.compile(r"vbaproject|vbadata|externallinks/|embeddings/|activex/|macrosheets/|connections\.xml")
# DDE (`program|topic!item`), and functions that reach outside the workbook.
_ACTIVE_FORMULA = re.compile(
    r"\||\b(?:WEBSERVICE|RTD|DDE|CALL|EXEC|REGISTER(?:\.ID)?|SQL\.REQUEST)\s*\(", re.IGNORECASE
)  # fmt: skip
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_FORMULAS = frozenset({"f", "formula", "formula1", "formula2", "definedName"})
_OTHER_PACKAGES = {
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "content.xml": "an OpenDocument file",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
}

_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_FORMAT_LITERALS = re.compile(r"\"[^\"]*\"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]", re.IGNORECASE)
_SHORT_NUMBER = re.compile(r"-?\d{1,15}", re.ASCII)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CELL = re.compile(r"([A-Za-z]{1,3})\d{1,7}", re.ASCII)

Attributes = Mapping[str, str]


class _EnoughRowsError(Exception):
    """The rows that were asked for have been read."""


def read_workbook(content: bytes, most_rows: int | None = None) -> list[Sheet]:
    """Read every sheet of a workbook, or the first filled rows of each.

    Raises:
        UnreadableError: it is no XLSX, damaged, encrypted, too large, or holds something that runs.
    """
    try:
        if content.count(b"PK\x01\x02") > _MOST_PARTS:
            raise UnreadableError("unpacks_too_large", detail=_TOO_LARGE)
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return _Package(package).sheets(most_rows)
    except (zipfile.BadZipFile, EOFError, zlib.error):
        raise UnreadableError("truncated") from None


class _Package:
    """The parts of a workbook's zip file, each read at most once and never more than the limit in all."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._parts = {info.filename.lower().lstrip("/"): info for info in package.infolist()}
        self._left = MOST_UNPACKED
        infos = package.infolist()
        if any(info.flag_bits & 1 for info in infos):
            raise UnreadableError("encrypted_workbook")
        for name, what in _OTHER_PACKAGES.items():
            if name in self._parts:
                raise UnreadableError("not_this_format", detail=what)
        if "[content_types].xml" not in self._parts:
            raise UnreadableError("not_this_format", detail="a compressed file")
        if sum(info.file_size for info in infos) > MOST_UNPACKED:
            raise UnreadableError("unpacks_too_large", detail=_TOO_LARGE)
        if any(_ACTIVE_PARTS.search(name) for name in self._parts):
            raise UnreadableError("active_content", detail="macros, links to other files or embedded objects")
        usual = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if len(self._parts) < len(infos) or any(info.compress_type not in usual for info in infos):
            raise UnreadableError("unreadable_file")

    def sheets(self, most_rows: int | None) -> list[Sheet]:
        """Every worksheet in the workbook's order, in full or its first filled rows."""
        main = next((target for kind, target in self._relations("").values() if kind == "officeDocument"), None)
        if main is None:
            raise UnreadableError("not_this_format")
        relations = self._relations(main)
        sheets: list[tuple[str, str]] = []
        is_1904 = False

        def start(name: str, attributes: Attributes) -> None:
            nonlocal is_1904
            if name == "sheet":
                relation = next((value for key, value in attributes.items() if _local(key) == "id"), "")
                sheets.append((attributes.get("name", ""), relation))
            elif name == "workbookPr":
                is_1904 = attributes.get("date1904", "0").lower() in ("1", "true")

        self._parse(main, start)
        of_kind = dict(relations.values())
        texts = self._shared_texts(of_kind["sharedStrings"]) if "sharedStrings" in of_kind else []
        dates = self._date_styles(of_kind["styles"]) if "styles" in of_kind else frozenset()
        epoch = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # noqa: DTZ001
        reader = _SheetReader(texts, dates, epoch, most_rows)
        found = []
        for name, relation in sheets:
            kind, target = relations.get(relation, ("", ""))
            if kind == "worksheet":
                reader.begin()
                with suppress(_EnoughRowsError):
                    self._parse(target, reader.start, reader.end)
                found.append(Sheet(name, sorted(reader.rows, key=lambda row: row[0])))
        return found

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """The kind and the part of each relation of a part, by its id; those to places outside are left out."""
        folder, _, name = part.rpartition("/")
        relations: dict[str, tuple[str, str]] = {}

        def start(element: str, attributes: Attributes) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
                relations[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], target)

        self._parse(posixpath.join(folder, "_rels", f"{name}.rels"), start)
        return relations

    def _shared_texts(self, part: str) -> list[str | None]:
        texts: list[str | None] = []
        current: list[str] = []
        phonetic = 0

        def start(name: str, _: Attributes) -> None:
            nonlocal phonetic
            if name == "si":
                current.clear()
            phonetic += name == "rPh"

        def end(name: str, text: str) -> None:
            nonlocal phonetic
            if name == "t" and not phonetic:
                current.append(text)
            elif name == "si":
                texts.append(_cell_text("".join(current)))
            phonetic -= name == "rPh"

        self._parse(part, start, end)
        return texts

    def _date_styles(self, part: str) -> frozenset[str]:
        """The numbers of the cell styles that show a number as a date."""
        custom: dict[str, bool] = {}
        styles: list[bool] = []
        in_cells = False

        def start(name: str, attributes: Attributes) -> None:
            nonlocal in_cells
            if name == "numFmt":
                code = _FORMAT_LITERALS.sub("", attributes.get("formatCode", "")[:_LONGEST_FORMAT]).partition(";")[0]
                custom[attributes.get("numFmtId", "")] = bool(re.search(r"[dmyhs]", code, re.IGNORECASE))
            elif name == "cellXfs":
                in_cells = True
            elif name == "xf" and in_cells:
                number = attributes.get("numFmtId", "0")
                styles.append(custom.get(number, number.isdecimal() and int(number) in _DATE_FORMATS))

        def end(name: str, _: str) -> None:
            nonlocal in_cells
            if name == "cellXfs":
                in_cells = False

        self._parse(part, start, end)
        return frozenset(str(number) for number, is_date in enumerate(styles) if is_date)

    def _parse(
        self,
        part: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str, str], None] | None = None,
    ) -> None:
        """Read one part: `start` gets each element's local name and attributes, `end` its name and the text before."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        pieces: list[str] = []
        depth = 0

        def started(name: str, attributes: Attributes) -> None:
            nonlocal depth
            depth += 1
            if depth > _DEEPEST:
                raise UnreadableError("nested_too_deep")
            pieces.clear()
            start(_local(name), attributes)

        def ended(name: str) -> None:
            nonlocal depth
            depth -= 1
            local = _local(name)
            text = "".join(pieces)
            pieces.clear()
            if local in _FORMULAS and _ACTIVE_FORMULA.search(_QUOTED.sub("", text)):
                raise UnreadableError("active_content", detail="a formula that runs a program or fetches something")
            if end is not None:
                end(local, text)

        def doctype(*_: object) -> None:
            raise UnreadableError("doctype")

        parser.StartElementHandler = started
        parser.EndElementHandler = ended
        parser.CharacterDataHandler = pieces.append
        parser.StartDoctypeDeclHandler = doctype
        fed = 0
        try:
            for chunk in self._chunks(part):
                parser.Parse(chunk, False)
                fed += len(chunk)
                del pieces[_MOST_PIECES:]
                if fed - parser.CurrentByteIndex > _LONGEST_TOKEN or len(parser.intern) > _MOST_NAMES:
                    raise UnreadableError("unreadable_file")
            parser.Parse(b"", True)
        except (expat.ExpatError, LookupError, ValueError):
            raise UnreadableError("unreadable_file") from None

    def _chunks(self, part: str) -> Iterator[bytes]:
        info = self._parts.get(part.lower())
        if info is None:
            raise UnreadableError("unreadable_file")
        with self._package.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                self._left -= len(chunk)
                if self._left < 0:
                    raise UnreadableError("unpacks_too_large", detail=_TOO_LARGE)
                yield chunk


class _SheetReader:
    """Takes the elements of one worksheet after another and keeps the filled rows."""

    def __init__(self, texts: list[str | None], dates: frozenset[str], epoch: datetime, most_rows: int | None) -> None:
        self._texts = texts
        self._dates = dates
        self._epoch = epoch
        self._most_rows = most_rows
        self._cells = 0
        self._size = 0
        self.begin()

    def begin(self) -> None:
        """Make ready for the next sheet."""
        self.rows: list[Row] = []
        self._row: list[str | None] = []
        self._number = 0
        self._column = -1
        self._kind = "n"
        self._is_date = False
        self._value: str | None = None
        self._inline: list[str] = []
        self._phonetic = 0

    def start(self, name: str, attributes: Attributes) -> None:
        """The beginning of an element."""
        if name == "c":
            place = attributes.get("r")
            self._column = self._column + 1 if place is None else _column(place)
            self._kind = attributes.get("t", "n")
            self._is_date = attributes.get("s") in self._dates
            self._value = None
        elif name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._column = -1
            self._row = []
        elif name == "is":
            self._inline = []
        elif name == "rPh":
            self._phonetic += 1

    def end(self, name: str, text: str) -> None:
        """The end of an element, and the text before it."""
        if name == "v":
            self._value = text
        elif name == "c":
            if self._kind == "inlineStr":
                self._value = "".join(self._inline)
            if self._value:
                self._fill(self._typed(self._value))
            self._inline = []
        elif name == "row":
            if self._row:
                self._cells += len(self._row)
                if self._cells > MOST_CELLS:
                    raise UnreadableError("too_large", detail=f"at most {MOST_CELLS:,} cells")
                self.rows.append((self._number, self._row))
                if len(self.rows) == self._most_rows:
                    raise _EnoughRowsError
        elif name == "t" and not self._phonetic:
            self._inline.append(text)
        elif name == "rPh":
            self._phonetic -= 1

    def _fill(self, text: str | None) -> None:
        if text is None:
            return
        if self._column >= MOST_COLUMNS:
            raise UnreadableError("too_many_columns", detail=f"at most {MOST_COLUMNS}")
        if self._number > MOST_ROWS:
            raise UnreadableError("too_many_rows", detail=f"at most {MOST_ROWS:,}")
        self._size += len(text)
        if self._size > _MOST_TEXT:
            raise UnreadableError("unpacks_too_large", detail=_TOO_LARGE)
        self._row.extend([None] * (self._column + 1 - len(self._row)))
        self._row[self._column] = text

    def _typed(self, value: str) -> str | None:
        """A cell's value as text: numbers without the noise of binary fractions, dates as ISO."""
        if self._kind == "n":
            return _date_text(value, self._epoch) if self._is_date else _number_text(value)
        if self._kind == "s":
            return self._texts[int(value)]
        if self._kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        return _cell_text(value)


def _local(name: str) -> str:
    return name.rpartition(":")[2] if ":" in name else name


def _column(place: str) -> int:
    found = _CELL.fullmatch(place)
    if found is None:
        raise UnreadableError("unreadable_file")
    number = 0
    for letter in found[1].upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _cell_text(text: str) -> str | None:
    if "_x" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return text.strip(" \u00a0") if text.strip() else None


def _number_text(value: str) -> str | None:
    """A number in plain figures, to the 15 digits a spreadsheet keeps."""
    if _SHORT_NUMBER.fullmatch(value):
        return value
    try:
        number = float(value)
        return format(Decimal(format(number, ".15g")).normalize(), "f") if abs(number) < 1e15 else value
    except (ValueError, InvalidOperation):
        return _cell_text(value)


def _date_text(value: str, epoch: datetime) -> str | None:
    """What a date cell shows, as ISO text: a day, with its time where it has one."""
    try:
        # Excel takes 1900 for a leap year: before its 1 March every number is a day too high.
        serial = float(value)
        moment = epoch + timedelta(days=serial + (epoch.year == 1899 and serial < 60))
    except (ValueError, OverflowError):
        return _number_text(value)
    moment = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
    return moment.date().isoformat() if moment.time() == datetime.min.time() else moment.isoformat()
