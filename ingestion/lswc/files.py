"""The files of a delivery at a path, with their bytes and whether they are invented."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingestion.sources import SourceError
from ingestion.sources.files import MARKER, Marker

SUFFIXES = (".csv", ".json", ".xlsx", ".xls", ".yml", ".yaml")
LARGEST_BYTES = 50_000_000
# A sample folder holds one folder a collection; its marker stands above them.
MARKER_LEVELS = 3

Source = Literal["files", "sample", "live"]


@dataclass(frozen=True)
class DeliveryFile:
    """One file's bytes, or one pull's, and where they came from."""

    name: str
    content: bytes
    source: Source
    is_synthetic: bool

    @property
    def sha256(self) -> str:
        """The hash by which it is known."""
        return hashlib.sha256(self.content).hexdigest()


def files_at(path: Path, source: Source = "files") -> list[DeliveryFile]:
    """The file at a path, or every file of a known kind in a folder, in the order of their names.

    A file is synthetic when a `SYNTHETIC.json` in a folder above it lists its hash or its name.

    Raises:
        SourceError: there is nothing there, or it cannot be read or is too large.
    """
    path = path.expanduser().resolve()
    try:
        if path.is_dir():
            found = sorted(each for each in path.iterdir() if each.is_file() and _is_a_delivery(each))
            if not found:
                raise SourceError(
                    f"There is no file to load in {path}. Give a CSV, Excel or JSON file, or a folder of them."
                )
            return [_read(each, source) for each in found]
        if not path.exists():
            raise SourceError(f"There is nothing at {path}. Give a CSV, Excel or JSON file, or a folder of them.")
        return [_read(path, source)]
    except OSError as error:
        raise SourceError(f"{error.filename or path} cannot be used: {error.strerror or error}.") from None


def _is_a_delivery(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.name != MARKER and not path.name.startswith((".", "~"))


def _read(path: Path, source: Source) -> DeliveryFile:
    if path.stat().st_size > LARGEST_BYTES:
        raise SourceError(f"{path} is larger than {LARGEST_BYTES / 1e6:,.0f} MB, which no delivery is. Check the file.")
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    is_synthetic = source == "sample"
    for folder in path.parents[:MARKER_LEVELS]:
        if not is_synthetic and (folder / MARKER).is_file():
            marker = Marker.read((folder / MARKER).read_bytes(), str(folder / MARKER))
            is_synthetic = marker.lists(path.relative_to(folder).as_posix(), sha256)
    return DeliveryFile(path.name, content, source, is_synthetic)
