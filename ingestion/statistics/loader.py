"""Load one release into `raw` with its ledger row: whole or not at all, by COPY, in one transaction."""

import io
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
from psycopg import Connection, sql
from pyarrow import csv as arrow_csv

from ingestion import ledger
from ingestion.sources import Offer
from ingestion.statistics.reader import OtherFile, ReleaseFile, UnreadableFile, content_hash, read_release
from ingestion.statistics.specification import load_specification

Outcome = Literal["loaded", "already_loaded", "refused", "other_file"]


@dataclass(frozen=True)
class LoadResult:
    """What became of one file. `reason` is set when it was refused or passed over."""

    file_name: str
    outcome: Outcome
    release_id: int | None = None
    rows: int = 0
    layout: str | None = None
    publication_year: int | None = None
    unknown_columns: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Arrival:
    """One file, fetched and read, its fate still open: either a release or the reason why it is none."""

    path: Path
    offer: Offer
    sha256: str
    file: ReleaseFile | None
    refusal: UnreadableFile | None


def read_arrival(path: Path, offer: Offer, collection: str) -> Arrival:
    """Read a fetched file; what is wrong with it is part of the answer."""
    content = path.read_bytes()
    sha256 = content_hash(content)
    try:
        return Arrival(path, offer, sha256, read_release(path, load_specification(collection), content, sha256), None)
    except UnreadableFile as refusal:
        return Arrival(path, offer, sha256, None, refusal)


def load_files(
    connection: Connection,
    collection: str,
    fetches: Iterable[Callable[[], tuple[Path, Offer]]],
    quarantine: Path | None,
) -> Iterator[LoadResult]:
    """Load files one after the other; while the server takes one, the next is fetched and read.

    Args:
        connection: as the role `loader`, outside a transaction.
        collection: the collection's key.
        fetches: each makes one file available and says where it came from.
        quarantine: the folder for refused files; none keeps nothing.
    """
    with ThreadPoolExecutor(max_workers=1) as reader:

        def begin(fetch: Callable[[], tuple[Path, Offer]]) -> Future[Arrival]:
            return reader.submit(lambda: read_arrival(*fetch(), collection))

        waiting: Future[Arrival] | None = None
        for fetch in fetches:
            arriving = begin(fetch)
            if waiting is not None:
                yield load_arrival(connection, collection, waiting.result(), quarantine)
            waiting = arriving
        if waiting is not None:
            yield load_arrival(connection, collection, waiting.result(), quarantine)


def load_file(
    connection: Connection, collection: str, path: Path, offer: Offer, quarantine: Path | None = None
) -> LoadResult:
    """Load a single file: `read_arrival` and `load_arrival`."""
    return load_arrival(connection, collection, read_arrival(path, offer, collection), quarantine)


def load_arrival(
    connection: Connection, collection: str, arrival: Arrival, quarantine: Path | None = None
) -> LoadResult:
    """Commit a file that was read with its ledger row, or record why it is refused.

    The same bytes again change nothing. A file that cannot be read is kept in `quarantine`, and one that was loaded
    is held there until the gate accepts it (`release_from_quarantine`).
    """
    name, sha256, file = arrival.path.name, arrival.sha256, arrival.file
    known = ledger.find_release(connection, collection, sha256)
    if known is not None and known.status != "rejected":
        connection.rollback()
        return LoadResult(
            name, "already_loaded", known.release_id, known.rows_loaded, known.layout, known.publication_year
        )
    if file is None:
        reason = str(arrival.refusal)
        if isinstance(arrival.refusal, OtherFile):
            connection.rollback()
            return LoadResult(name, "other_file", reason=reason)
        keep_in_quarantine(arrival.path, sha256, quarantine)
        ledger.add_refused_file(connection, collection, sha256, arrival.offer, reason)
        connection.commit()
        return LoadResult(name, "refused", reason=reason)

    with connection.transaction():
        release_id = ledger.add_release(connection, collection, file, arrival.offer)
        if release_id is not None:
            copy_rows(connection, file, release_id)
            # Held until the gate has decided: a release it rejects leaves `raw`, and its file must not be lost with it.
            keep_in_quarantine(arrival.path, sha256, quarantine)
    connection.commit()
    if release_id is None:  # Another process loaded the same bytes at this moment: it won, nothing is lost.
        return LoadResult(name, "already_loaded", None, file.rows, file.layout.name, file.publication_year)
    return LoadResult(
        name, "loaded", release_id, file.rows, file.layout.name, file.publication_year, file.unknown_columns
    )


def copy_rows(connection: Connection, file: ReleaseFile, release_id: int) -> None:
    """COPY a file's typed rows into its layout's raw table.

    Raises:
        RuntimeError: the server counted other rows than the file has (the transaction is then undone).
    """
    table = file.table.add_column(0, "release_id", pa.repeat(pa.scalar(release_id, pa.int64()), file.rows))
    encoded = io.BytesIO()
    arrow_csv.write_csv(table, encoded, arrow_csv.WriteOptions(include_header=False))
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(
        sql.Identifier("raw", file.layout.table),
        sql.SQL(", ").join(sql.Identifier(name) for name in table.column_names),
    )
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            copy.write(encoded.getbuffer())
        if cursor.rowcount != file.rows:
            raise RuntimeError(f"{file.file_name}: {file.rows} rows were read but {cursor.rowcount} were loaded.")


def keep_in_quarantine(path: Path, sha256: str, quarantine: Path | None) -> None:
    """Keep a file's bytes under their hash; the same bytes are kept once."""
    if quarantine is None:
        return
    folder = quarantine / sha256[:16]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(path, folder / Path(path.name).name)


def release_from_quarantine(sha256: str, quarantine: Path) -> None:
    """Let go of a file that was held until the gate decided: its rows are in `raw` for good."""
    shutil.rmtree(quarantine / sha256[:16], ignore_errors=True)
