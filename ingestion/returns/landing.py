"""The landing area: `<collection>/<period>/<authority code>/<file>`, on a disk or wherever Airflow's storage reaches.

What lies there waits until it is whole; once it is safe elsewhere it is removed, and its receipt takes its place.
"""

import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from ingestion.returns.specification import (
    Specification,
    collections,
    known_periods,
    load_collection,
    load_specification,
)
from ingestion.settings import Settings

MANIFEST = "SYNTHETIC.json"
ANSWERS = (".receipt.txt", ".receipt.json", ".findings.xlsx")
# Folders of the landing area that are no returns'.
OTHER_FOLDERS = ("dfe_census_statistics", "lswc_web", "lswc_jobs", "lswc_audience")

# Two letters and a row of digits: how registration numbers look.
_LIKE_A_NUMBER = re.compile(r"(?<![A-Za-z])[A-Za-z]{2}[0-9]{4,10}(?![0-9])")

_DEEPEST = 6
_PIECE = 1024 * 1024
_HEADINGS_WITHIN = 64 * 1024
_ROWS_TO_LOOK_AT = 30


# A `pathlib.Path`, or Airflow's `ObjectStoragePath`, which has every method that is used here.
LandingPath: TypeAlias = Path


def landing_area(settings: Settings) -> LandingPath:
    """The landing area: a folder, or a URL that Airflow's storage reaches."""
    place = settings.environment.get("LANDING_AREA")
    if place and "://" in place:
        from airflow.sdk import ObjectStoragePath

        return cast(LandingPath, ObjectStoragePath(place))
    return Path(place) if place else settings.home / "landing"


@dataclass(frozen=True)
class LandedFile:
    """One file that waits, as it was when it was looked at."""

    path: LandingPath
    size: int
    modified: float

    @property
    def name(self) -> str:
        """Its name as sent."""
        return self.path.name

    def open(self) -> BinaryIO:
        """Open it for reading."""
        return cast(BinaryIO, self.path.open("rb"))

    def is_unchanged(self) -> bool:
        """Whether what lies there now is what was looked at."""
        try:
            now = look_at(self.path)
        except OSError:
            return False
        return (now.size, now.modified) == (self.size, self.modified)


@dataclass(frozen=True)
class Landed:
    """Files that are one submission: a single one, or the CSV files of one return; `folders` lead there."""

    folders: tuple[str, ...]
    files: tuple[LandedFile, ...]


@dataclass(frozen=True)
class Patience:
    """How long files wait.

    A file changed within the last `settle_seconds` may still be growing. A CSV file waits `partner_seconds` for the
    other one of its return.
    """

    settle_seconds: float = 2.0
    partner_seconds: float = 120.0

    @classmethod
    def from_settings(cls, settings: Settings) -> "Patience":
        """As set by `RETURNS_SETTLE_SECONDS` and `RETURNS_PARTNER_SECONDS`."""
        read = settings.environment.get
        return cls(
            float(read("RETURNS_SETTLE_SECONDS", cls.settle_seconds)),
            float(read("RETURNS_PARTNER_SECONDS", cls.partner_seconds)),
        )


@dataclass
class Look:
    """What a look at the landing area found: what is ready, and how many files may still be growing."""

    ready: list[Landed] = field(default_factory=list)
    growing: int = 0


def waiting(root: LandingPath, collection: str | None) -> list[Landed]:
    """What is ready to be taken in of a collection, or outside every collection's folder (None)."""
    return look(root, collection).ready


def look(root: LandingPath, collection: str | None, patience: Patience = Patience()) -> Look:
    """Look through a collection's folder, or through everything outside the collections' folders (None).

    A folder that is not there holds nothing. Hidden files, `*.part`, links, our own answers and the list of synthetic
    files are passed over.
    """
    found = Look()
    now = time.time()
    for folders, files in _folders_with_files(root, collection):
        whole = [file for file in files if abs(now - file.modified) >= patience.settle_seconds]
        found.growing += len(files) - len(whole)
        tables = [file for file in files if is_csv(file.name)]
        if any(file not in whole for file in tables):
            whole = [file for file in whole if not is_csv(file.name)]
        alone, groups, lonely = grouped(whole, collection)
        groups += [[file] for file in lonely if now - file.modified >= patience.partner_seconds]
        found.ready += [Landed(folders, tuple(group)) for group in (*([file] for file in alone), *groups)]
    return found


def grouped(
    files: Sequence[LandedFile], collection: str | None
) -> tuple[list[LandedFile], list[list[LandedFile]], list[LandedFile]]:
    """Tell returns of one file, returns of several CSV files, and CSV files that lack their companions."""
    names = _tables(collection)
    alone: list[LandedFile] = []
    by_table: dict[str, list[LandedFile]] = {name: [] for name in names}
    for file in files:
        table = _table_in(file, str(collection)) if len(names) > 1 and is_csv(file.name) else None
        (alone if table is None else by_table[table]).append(file)
    for of_table in by_table.values():
        of_table.sort(key=lambda file: (file.modified, file.name))
    count = min((len(of_table) for of_table in by_table.values()), default=0)
    groups = [[by_table[name][place] for name in names] for place in range(count)]
    lonely = [file for of_table in by_table.values() for file in of_table[count:]]
    return alone, groups, lonely


def look_at(path: LandingPath) -> LandedFile:
    """A file with its size and time of last change."""
    state = path.stat()
    modified = state.st_mtime
    return LandedFile(
        path, int(state.st_size), float(modified.timestamp() if hasattr(modified, "timestamp") else modified)
    )


def hash_of(files: Sequence[LandedFile]) -> tuple[str, list[str]]:
    """The hash that a submission is known by, and each file's own."""
    own = []
    for file in files:
        content = hashlib.sha256()
        with file.open() as opened:
            while piece := opened.read(_PIECE):
                content.update(piece)
        own.append(content.hexdigest())
    together = own[0] if len(own) == 1 else hashlib.sha256("".join(sorted(own)).encode()).hexdigest()
    return together, own


@dataclass
class SyntheticFiles:
    """Hashes listed as invented in the `SYNTHETIC.json` of a folder; each list is read once."""

    _lists: dict[str, frozenset[str]] = field(default_factory=dict)

    def lists(self, folders: Sequence[LandingPath], hashes: Sequence[str]) -> bool:
        """Whether lists in these folders name every one of the hashes."""
        known: set[str] = set()
        for folder in folders:
            known |= self._listed(folder)
        return known.issuperset(hashes)

    def _listed(self, folder: LandingPath) -> frozenset[str]:
        place = str(folder)
        if place not in self._lists:
            self._lists[place] = _hashes_in(folder / MANIFEST)
        return self._lists[place]


def _hashes_in(manifest: LandingPath) -> frozenset[str]:
    try:
        with manifest.open("rb") as file:
            content = json.loads(file.read())
        return frozenset(map(str, content["files"].values())) if content.get("synthetic") is True else frozenset()
    except (OSError, ValueError, AttributeError, KeyError):
        return frozenset()


def folders_above(root: LandingPath, folders: Sequence[str]) -> list[LandingPath]:
    """The root and each folder on the way to a file."""
    above = [root]
    for folder in folders:
        above.append(above[-1] / folder)
    return above


def safe_name(name: str) -> str:
    """A file's name as it may be stored and shown: harmless, and without what could be a registration number."""
    from ingestion.returns.workbooks import safe_file_name

    return _LIKE_A_NUMBER.sub("(number)", safe_file_name(name))


def plain_folders(folders: Sequence[str]) -> list[str]:
    """The way to a file as far as its folders' names may be stored as they are; a receipt is written at its end."""
    plain: list[str] = []
    for folder in folders:
        if safe_name(folder) != folder:
            break
        plain.append(folder)
    return plain


def write_answers(root: LandingPath, folders: Sequence[str], answers: Mapping[str, bytes]) -> None:
    """Write receipts into a folder of the landing area; one of the same name gives way."""
    folder = folders_above(root, folders)[-1]
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in answers.items():
        (folder / name).write_bytes(content)


def is_csv(name: str) -> bool:
    """Whether a file's name says that it is a CSV file."""
    return name.lower().endswith((".csv", ".txt", ".tsv"))


def _tables(collection: str | None) -> list[str]:
    if collection is None or load_collection(collection).format != "tables":
        return []
    return [record.name for record in _newest(collection).records]


def _table_in(file: LandedFile, collection: str) -> str | None:
    """Which table of a collection a CSV file's headings belong to."""
    from ingestion.returns.csv_reader import read_csv
    from ingestion.returns.problems import UnreadableError
    from ingestion.returns.tables import read_tables

    with file.open() as opened:
        start = opened.read(_HEADINGS_WITHIN)
    if len(start) == _HEADINGS_WITHIN:
        start = start[: start.rfind(b"\n") + 1]
    try:
        return next(iter(read_tables([read_csv(start, _ROWS_TO_LOOK_AT)], _newest(collection)).records), None)
    except UnreadableError:
        return None


def _newest(collection: str) -> Specification:
    return load_specification(collection, max(known_periods(collection)))


def _folders_with_files(
    root: LandingPath, collection: str | None
) -> Iterator[tuple[tuple[str, ...], list[LandedFile]]]:
    if not root.is_dir():
        return
    known = (*collections(), *OTHER_FOLDERS)
    tops = [
        path
        for path in _sorted(root)
        if path.is_dir() and (path.name.lower() == collection if collection else path.name.lower() not in known)
    ]
    if collection is None and (strays := [look_at(path) for path in _sorted(root) if path.is_file()]):
        yield (), strays
    for top in tops:
        yield from _walk(top, (top.name,))


def _walk(folder: LandingPath, folders: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[LandedFile]]]:
    here = _sorted(folder)
    files = [look_at(path) for path in here if path.is_file()]
    if files:
        yield folders, files
    if len(folders) < _DEEPEST:
        for path in here:
            if path.is_dir():
                yield from _walk(path, (*folders, path.name))


def _sorted(folder: LandingPath) -> list[LandingPath]:
    return sorted(
        (path for path in folder.iterdir() if not _is_passed_over(path)),
        key=lambda path: path.name,
    )


def _is_passed_over(path: LandingPath) -> bool:
    name = path.name
    return (
        name.startswith(".") or name.endswith((".part", *ANSWERS)) or name == MANIFEST or path.is_symlink()
    )  # fmt: skip
