"""Files as a source: a folder, one CSV file, or a ZIP file such as DfE's own release download.

Nothing is unpacked but CSV files, each under its bare name, and no ZIP is opened before its list of contents
has been judged: how many entries, how large, how strongly packed, and under which names.
"""

import hashlib
import json
import logging
import re
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from ingestion.sources import Offer, SourceError

log = logging.getLogger(__name__)

MARKER = "SYNTHETIC.json"
HASH_MARK = "#sha256="
CHUNK_BYTES = 1 << 20
ENCRYPTED = 0x1
# What a damaged or unsupported ZIP raises while it is opened or a member is read (ValueError: a name in no encoding).
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class Readable(Protocol):
    """What bytes can be read from: an open file, or the inside of a packed one."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most so many."""
        ...

    def seek(self, offset: int, /) -> int:
        """Go to a place in the file."""
        ...


@dataclass(frozen=True)
class ZipLimits:
    """What a ZIP may hold. DfE's census files pack about 5 to 20 times; a bomb packs 1,000 times and more."""

    entries: int = 1_000
    unpacked_bytes: int = 2 << 30
    ratio: int = 200
    ratio_from_bytes: int = 1 << 20


class FileSource:
    """The CSV files at a path: a folder (and its direct sub-folders), one CSV file, or one ZIP file.

    A file is synthetic when the `SYNTHETIC.json` beside it lists its hash; one that is listed by name but has been
    edited since stays synthetic, because invented figures must never pass for real ones. Everything from the source
    named 'sample' is synthetic.

    An offer's reference is the absolute path, for a ZIP with the member's name after it, and the hash of the bytes.
    """

    def __init__(
        self, path: Path | str, source: Literal["files", "sample"] = "files", *, limits: ZipLimits | None = None
    ) -> None:
        self.path = Path(path).expanduser().resolve()
        self.source = source
        self.limits = limits or ZipLimits()

    def offers(self) -> list[Offer]:
        """Every CSV file there, the newest release last (by the last year in the file's name).

        Raises:
            SourceError: there is no such path, no CSV file at it, or it cannot be read safely.
        """
        with _plain_file_errors(self.path):
            if not self.path.exists():
                raise SourceError(f"There is nothing at {self.path}. Give a folder, a CSV file or a ZIP file.")
            if self.path.is_dir():
                return self._in_order(self._offers_of_folder())
            match self.path.suffix.lower():
                case ".csv":
                    return [self._offer_of_file(self.path)]
                case ".zip":
                    return self._in_order(self._offers_of_zip())
        raise SourceError(f"{self.path} is neither a CSV file nor a ZIP file, by its name. Give a CSV or a ZIP file.")

    def fetch(self, offer: Offer, folder: Path) -> Path:
        """Copy or unpack an offer into `folder` under its bare name.

        A file of the same name and other bytes that stands there already is left alone: the new one then goes into
        a sub-folder named after its hash.

        Raises:
            SourceError: the file has gone, has changed since it was offered, or cannot be read.
        """
        location, mark, expected = offer.reference.rpartition(HASH_MARK)
        if not mark or not Path(location).is_relative_to(self.path) or ".." in Path(location).parts:
            raise SourceError(f"{offer.reference} was not offered by {self.path}. Ask this source for its offers.")
        target = folder / _inside(offer.file_name).name
        with _plain_file_errors(Path(location)):
            if target.exists() and _sha256_of(target) != expected:
                target = folder / expected[:12] / target.name
            write_whole(_unchanged(self._read(location), location, expected), target)
        return target

    def _in_order(self, offers: list[Offer]) -> list[Offer]:
        return sorted(offers, key=lambda offer: (_last_year(offer.file_name), offer.file_name, offer.reference))

    def _offers_of_folder(self) -> list[Offer]:
        folders = [self.path, *sorted(inside for inside in self.path.iterdir() if inside.is_dir())]
        paths = [
            path
            for folder in folders
            if folder == self.path or _is_visible(folder.name)
            for path in sorted(folder.iterdir())
            if path.is_file() and _is_csv(path.name)
        ]
        if not paths:
            zips = sorted(path.name for path in self.path.iterdir() if path.suffix.lower() == ".zip")
            hint = f" It holds {', '.join(zips)}: give the ZIP file itself." if zips else ""
            raise SourceError(f"There is no CSV file in {self.path}.{hint}")
        return [self._offer_of_file(path) for path in paths]

    def _offer_of_file(self, path: Path) -> Offer:
        beside = path.parent / MARKER
        marker = Marker.read(beside.read_bytes(), str(beside)) if beside.is_file() else Marker()
        return self._offer(path.name, str(path), _sha256_of(path), marker)

    def _offers_of_zip(self) -> list[Offer]:
        members = csv_members(self.path, self.limits)
        if not members:
            raise SourceError(f"There is no CSV file in the ZIP file {self.path}.")
        markers = self._markers_in_zip()
        return [
            self._offer(
                _inside(member).name,
                f"{self.path}/{member}",
                _sha256(read_member(self.path, member)),
                markers.get(_inside(member).parent, Marker()),
            )
            for member in members
        ]

    def _markers_in_zip(self) -> dict[PurePosixPath, "Marker"]:
        with zipfile.ZipFile(self.path) as archive:
            names = [name for name in archive.namelist() if _inside(name).name == MARKER]
        return {
            _inside(name).parent: Marker.read(b"".join(read_member(self.path, name)), f"{self.path}/{name}")
            for name in names
        }

    def _offer(self, file_name: str, location: str, sha256: str, marker: "Marker") -> Offer:
        if marker.has_been_edited(file_name, sha256):
            log.warning("%s is a sample file that has been edited; it is still treated as synthetic.", location)
        return Offer(
            file_name=file_name,
            reference=f"{location}{HASH_MARK}{sha256}",
            source=self.source,
            data_set_version=None,
            is_synthetic=self.source == "sample" or marker.lists(file_name, sha256),
        )

    def _read(self, location: str) -> Iterator[bytes]:
        if self.path.suffix.lower() != ".zip" or self.path.is_dir():
            return _chunks_of(Path(location))
        member = location.removeprefix(f"{self.path}/")
        if member not in csv_members(self.path, self.limits):
            raise SourceError(f"{self.path} no longer holds {member}. Ask this source for its offers again.")
        return read_member(self.path, member)


@dataclass(frozen=True)
class Marker:
    """What a `SYNTHETIC.json` says: file name to hash of the files the sample generator made."""

    files: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: bytes, where: str) -> "Marker":
        """Read the marker file's JSON.

        Raises:
            SourceError: it cannot be understood, so nobody can tell whether the files beside it are real.
        """
        try:
            described = json.loads(text)
            files = {str(name): str(sha256).lower() for name, sha256 in described["files"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SourceError(
                f"{where} cannot be understood, so the files beside it cannot be told from real ones. "
                "Make the sample again with `workforce sample`."
            ) from None
        return cls(files if described.get("synthetic") is True else {})

    def lists(self, file_name: str, sha256: str) -> bool:
        """Whether the file is one of the generator's, as made or edited since."""
        return sha256 in self.files.values() or file_name in self.files

    def has_been_edited(self, file_name: str, sha256: str) -> bool:
        """Whether the file has a generated file's name but not its bytes."""
        return file_name in self.files and sha256 not in self.files.values()


def csv_members(path: Path, limits: ZipLimits | None = None) -> list[str]:
    """The names of the CSV files in a ZIP file, folders included, once its contents have been judged safe.

    Raises:
        SourceError: it is not a readable ZIP file, is encrypted, names a path outside itself, or would unpack to
            more than the limits allow.
    """
    limits = limits or ZipLimits()
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except UNREADABLE:
        raise SourceError(f"{path} is not a ZIP file that can be read. Download it again.") from None
    if len(entries) > limits.entries:
        raise SourceError(f"{path} holds {len(entries):,} entries; a release has at most {limits.entries:,}.")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes:
        raise SourceError(
            f"{path} would unpack to {unpacked / 1e6:,.0f} MB; the limit is {limits.unpacked_bytes / 1e6:,.0f} MB."
        )
    for entry in entries:
        _judge(path, entry, limits)
    names = [entry.filename for entry in entries if _is_csv_member(entry.filename)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SourceError(f"{path} holds {repeated[0]} twice, so nobody can say which one counts.")
    return names


def read_member(path: Path, member: str) -> Iterator[bytes]:
    """One member's bytes, piece by piece.

    Raises:
        SourceError: the member is damaged or packed in a way that cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except (*UNREADABLE, KeyError):
        raise SourceError(f"{member} in {path} is damaged and cannot be unpacked. Download the ZIP again.") from None


def write_whole(chunks: Iterator[bytes], target: Path) -> None:
    """Write a file so that it is either there complete or not there: under another name first, then renamed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.part"
    try:
        with part.open("xb") as file:
            file.writelines(chunks)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def chunks_of(file: Readable) -> Iterator[bytes]:
    """An open file's bytes, piece by piece."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from chunks_of(file)


def _unchanged(chunks: Iterator[bytes], location: str, expected: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != expected:
        raise SourceError(f"{location} changed while it was being read. Load it again once it is complete.")


def _sha256(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _sha256_of(path: Path) -> str:
    return _sha256(_chunks_of(path))


def _judge(path: Path, entry: zipfile.ZipInfo, limits: ZipLimits) -> None:
    name = entry.filename
    if _inside(name).is_absolute() or ".." in _inside(name).parts or re.match("[A-Za-z]:", name):
        raise SourceError(f"{path} names a place outside itself ({name!r}); such a ZIP is not opened.")
    if not _is_csv_member(name) and _inside(name).name != MARKER:
        return  # Never unpacked, so neither its packing nor a password on it matters.
    if entry.flag_bits & ENCRYPTED:
        raise SourceError(f"{name} in {path} is encrypted. Save the ZIP without a password.")
    packed_strongly = entry.file_size > limits.ratio * max(entry.compress_size, 1)
    if packed_strongly and entry.file_size > limits.ratio_from_bytes:
        raise SourceError(
            f"{name} in {path} would unpack to more than {limits.ratio} times its size, as no real release does."
        )


def _is_visible(name: str) -> bool:
    # macOS adds `__MACOSX/` and `._name` copies to the ZIP files it makes.
    return not name.startswith((".", "__MACOSX"))


def _is_csv(name: str) -> bool:
    return _is_visible(name) and name.lower().endswith(".csv")


def _is_csv_member(name: str) -> bool:
    is_folder = name.endswith("/")
    return not is_folder and _is_csv(_inside(name).name) and all(_is_visible(part) for part in _inside(name).parts)


def _inside(name: str) -> PurePosixPath:
    # Some Windows programs write a backslash between folders, against the ZIP standard.
    return PurePosixPath(name.replace("\\", "/"))


def _last_year(file_name: str) -> str:
    return max(re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", file_name), default="")


@contextmanager
def _plain_file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise SourceError(f"{where} cannot be used: {error.strerror or error}.") from None
