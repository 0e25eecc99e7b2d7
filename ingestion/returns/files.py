"""One file as it was sent: whether its name and size can be trusted, and what it is by its content, never its name."""

import re
from dataclasses import dataclass
from typing import Literal

from ingestion.returns.problems import UnreadableError

MOST_BYTES = 100 * 1024 * 1024
MOST_ROWS = 200_000
MOST_COLUMNS = 500
# What bounds the memory of one return: the cells of a table up to the last filled one of each row, or items of XML. All
# of London's workforce is a quarter of it.
MOST_CELLS = 1_000_000

Format = Literal["xml", "workbook", "csv"]

# Control characters other than tab and line ends, invisible ones, and those that change the direction of writing: text
# that shows something other than what it is.
HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)

_LONGEST_NAME = 200
_UNSAFE_NAME = re.compile(r"[/\\:\t\r\n]|\.\.|^[.\s]*$")
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OTHER_FORMATS = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"{\\rtf": "a text document",
    b"\x1f\x8b": "a compressed file",
    b"7z\xbc\xaf": "a compressed file",
    b"Rar!": "a compressed file",
    b"PK\x05\x06": "an empty compressed file",
    b"MZ": "a program",
    b"\x7fELF": "a program",
}


@dataclass(frozen=True)
class ReturnFile:
    """A file's name and its bytes."""

    name: str
    content: bytes


def format_of(file: ReturnFile) -> Format:
    """What a file is, by its first bytes; text that is not XML is taken for CSV.

    Raises:
        UnreadableError: its name is unsafe, or it is empty, too large, encrypted, or no text, XML or workbook at all.
    """
    content = file.content
    if len(file.name) > _LONGEST_NAME:
        raise UnreadableError("unsafe_file_name", detail=f"it is longer than {_LONGEST_NAME} characters")
    if HIDDEN.search(file.name):
        raise UnreadableError("unsafe_file_name", detail="it holds hidden characters")
    if _UNSAFE_NAME.search(file.name):
        raise UnreadableError("unsafe_file_name", detail="it is no plain name, or holds folders")
    if not content:
        raise UnreadableError("empty_file")
    if len(content) > MOST_BYTES:
        raise UnreadableError("too_large", detail=f"at most {MOST_BYTES // 1024**2} MB")
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise UnreadableError("encrypted_workbook")
        raise UnreadableError("not_this_format", detail="a workbook in the old Excel format (.xls)")
    if content.startswith(b"PK\x03\x04"):
        return "workbook"
    for start, what in _OTHER_FORMATS.items():
        if content.startswith(start):
            raise UnreadableError("not_this_format", detail=what)
    mark, encoding = encoding_by_mark(content)
    if encoding != "utf-16" and b"\0" in content:
        raise UnreadableError("null_bytes")
    start = content[mark : mark + 4096]
    if encoding == "utf-16":
        start = content[:4096].decode("utf-16", "ignore").encode("utf-8", "ignore")
        start = start.removeprefix(b"\xef\xbb\xbf")
    start = start.lstrip()
    if not start and not content.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe\0"):
        raise UnreadableError("empty_file")
    return "xml" if start.startswith(b"<") else "csv"


def encoding_by_mark(content: bytes) -> tuple[int, str | None]:
    """The length of a byte order mark and the encoding it stands for."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return len(mark), encoding
    return 0, None
