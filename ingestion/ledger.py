"""The ledger of releases: what arrived, what was decided, and what counts now."""

from dataclasses import dataclass
from typing import Literal

from psycopg import Connection, sql

from ingestion.sources import Offer
from ingestion.statistics.reader import ReleaseFile
from ingestion.statistics.specification import load_specification

Decision = Literal["accepted", "accepted_with_queries", "rejected"]


@dataclass(frozen=True)
class Release:
    """A release as the ledger knows it."""

    release_id: int
    file_name: str
    dataset: str
    layout: str
    publication_year: int
    status: str
    rows_loaded: int


def find_release(connection: Connection, collection: str, sha256: str) -> Release | None:
    """The release with these bytes, if it was received before."""
    row = connection.execute(
        "select release_id, file_name, dataset, layout, publication_year, status, rows_loaded from ledger.releases "
        "where collection = %s and sha256 = %s",
        [collection, sha256],
    ).fetchone()
    return None if row is None else Release(*row)


def add_release(connection: Connection, collection: str, file: ReleaseFile, offer: Offer) -> int | None:
    """Enter a release as `received` and return its id; `None` when another process entered the same bytes first.

    A release that was rejected before is entered anew under its old id: the rules may have changed since.
    """
    row = connection.execute(
        """
        insert into ledger.releases (
            collection, dataset, layout, publication_year, sha256, file_name, source, source_reference,
            data_set_version, is_synthetic, status, rows_read, rows_loaded, rows_refused, unknown_columns
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'received', %s, %s, 0, %s)
        on conflict (collection, sha256) do update
        set
            status = 'received', rows_read = excluded.rows_read, rows_loaded = excluded.rows_loaded,
            rows_refused = 0, decided_at = null
        where releases.status = 'rejected'
        returning release_id
        """,
        [
            collection, file.layout.dataset, file.layout.name, file.publication_year, file.sha256, file.file_name,
            offer.source, offer.reference, offer.data_set_version, offer.is_synthetic, file.rows, file.rows,
            list(file.unknown_columns),
        ],
    ).fetchone()  # fmt: skip
    return None if row is None else int(row[0])


def decide_release(connection: Connection, release_id: int, status: Decision) -> str:
    """Record the gate's decision and return the hash of the release's file.

    A rejected release keeps its ledger row; its rows leave `raw`.

    The caller's transaction makes the decision and its findings one step.
    """
    row = connection.execute(
        "select collection, layout, sha256 from ledger.releases where release_id = %s for update", [release_id]
    ).fetchone()
    if row is None:
        raise LookupError(f"There is no release {release_id} in the ledger.")
    if status == "rejected":
        table = load_specification(row[0]).layout(row[1]).table
        connection.execute(
            sql.SQL("delete from {} where release_id = %s").format(sql.Identifier("raw", table)), [release_id]
        )
        connection.execute(
            "update ledger.releases set rows_loaded = 0, rows_refused = rows_read where release_id = %s", [release_id]
        )
    connection.execute(
        "update ledger.releases set status = %s, decided_at = now() where release_id = %s", [status, release_id]
    )
    return str(row[2])


def add_refused_file(connection: Connection, collection: str, sha256: str, offer: Offer, reason: str) -> None:
    """Enter a file that could not be read as a release; the same file refused again for the same reason is one row."""
    connection.execute(
        "insert into ledger.refused_files (collection, sha256, file_name, source, source_reference, reason) "
        "values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
        [collection, sha256, offer.file_name, offer.source, offer.reference, reason],
    )


def known_references(connection: Connection, collection: str) -> frozenset[str]:
    """References of everything received or refused before, so that a source's offers can be told apart cheaply."""
    rows = connection.execute(
        "select source_reference from ledger.releases where collection = %(collection)s "
        "union select source_reference from ledger.refused_files where collection = %(collection)s",
        {"collection": collection},
    ).fetchall()
    return frozenset(row[0] for row in rows)
