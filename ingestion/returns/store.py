"""The originals: every file as it was sent, encrypted, outside the database.

One package a submission, accepted or rejected, so that history can be re-checked without the sender. Pieces are
encrypted one by one: a file of any size passes through in little memory.
"""

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ingestion.returns.files import ReturnFile
from ingestion.returns.privacy import DecryptionError, Pseudonymiser

_MARK = b"WFR1"
_PIECE = 4 * 1024 * 1024


class StoreError(Exception):
    """An original is not there or cannot be opened; the message says which and why."""


@dataclass(frozen=True)
class Original:
    """One file to be kept: its name as sent, its size and hash when it was looked at, and how to open it."""

    name: str
    size: int
    sha256: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True)
class Store:
    """Encrypted packages in a folder, by collection, authority, period and hash."""

    folder: Path
    keys: Pseudonymiser

    def keep(self, key: str, originals: Sequence[Original]) -> None:
        """Keep files under a key, whole or not at all; what was there under it is replaced.

        Raises:
            StoreError: a file changed while it was read.
        """
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, incoming = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")  # mode 600
        try:
            with os.fdopen(descriptor, "wb") as package:
                package.write(_MARK)
                for number, piece in enumerate(_pieces(originals)):
                    sealed = self.keys.encrypt(piece, f"{key}:{number}")
                    package.write(len(sealed).to_bytes(4, "big") + sealed)
                package.flush()
                os.fsync(package.fileno())
            Path(incoming).replace(path)
        finally:
            Path(incoming).unlink(missing_ok=True)

    def holds(self, key: str) -> bool:
        """Whether there is a package under a key."""
        return self._path(key).exists()

    def size(self, key: str) -> int:
        """Bytes of a package; 0 where there is none."""
        return self._path(key).stat().st_size if self.holds(key) else 0

    def open(self, key: str, at_most: int) -> list[ReturnFile]:
        """The files of a package, of each no more than so many bytes and one: enough to tell that it is too large.

        Raises:
            StoreError: there is none, it is damaged, or another key encrypted it.
        """
        try:
            with self._path(key).open("rb") as package:
                if package.read(len(_MARK)) != _MARK:
                    raise StoreError(f"The kept original {self._path(key)} is damaged.")
                pieces = self._opened(package, key)
                listed = json.loads(next(pieces))
                return [ReturnFile(each["name"], _taken(pieces, each["size"], at_most + 1)) for each in listed]
        except FileNotFoundError:
            raise StoreError(f"The kept original {self._path(key)} is not there.") from None
        except (DecryptionError, StopIteration, ValueError) as error:
            reason = str(error) if isinstance(error, DecryptionError) else "It is not whole."
            raise StoreError(f"The kept original {self._path(key)} cannot be opened. {reason}") from None

    def _opened(self, package: BinaryIO, key: str) -> Iterator[bytes]:
        number = 0
        while header := package.read(4):
            yield self.keys.decrypt(package.read(int.from_bytes(header, "big")), f"{key}:{number}")
            number += 1

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.sealed"


def _pieces(originals: Sequence[Original]) -> Iterator[bytes]:
    """First the list of files, then each file's bytes; no piece holds bytes of two files."""
    yield json.dumps([{"name": each.name, "size": each.size} for each in originals]).encode()
    for original in originals:
        content = hashlib.sha256()
        with original.open() as file:
            while piece := file.read(_PIECE):
                content.update(piece)
                yield piece
        if content.hexdigest() != original.sha256:
            raise StoreError("A file changed while it was read.")


def _taken(pieces: Iterator[bytes], size: int, at_most: int) -> bytes:
    # Unlike a list or an array of bytes, this gives its content away without a copy.
    taken = io.BytesIO()
    left = size
    while left:
        piece = next(pieces)
        left -= len(piece)
        taken.write(piece[: at_most - taken.tell()])
    return taken.getvalue()
