"""Load deliveries into `raw` with their ledger rows: each whole or not at all, by COPY, in one transaction."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from psycopg import Connection, sql

from expectations.lswc_frames import Expected
from expectations.lswc_gate import CheckedDelivery, check_deliveries
from expectations.outcome import Finding
from ingestion.lswc import deliveries as ledger
from ingestion.lswc.audience import read_audience
from ingestion.lswc.files import DeliveryFile
from ingestion.lswc.jobs import read_jobs
from ingestion.lswc.reading import Part, ReadDelivery, Unreadable
from ingestion.lswc.specification import Collection, load_specification
from ingestion.lswc.web_export import read_screen_export
from ingestion.lswc.web_reports import read_pull
from ingestion.statistics.loader import keep_in_quarantine, release_from_quarantine

Outcome = Literal["loaded", "already_loaded", "refused"]

# Not recognised as a delivery at all, so nobody can say what is in it: the sender has it, and no copy is kept here.
NOT_RECOGNISED = frozenset({"LSW-001", "LSW-004", "LSW-012"})


@dataclass(frozen=True)
class LoadedDelivery:
    """What became of one file or pull. `file_name` is None for one that was turned away at the door."""

    file_name: str | None
    outcome: Outcome
    status: str
    delivery_id: int | None
    dataset: str | None
    period_start: date | None
    period_end: date | None
    rows_read: int
    rows_loaded: int
    rows_refused: int
    is_synthetic: bool
    findings: tuple[Finding, ...] = ()


def read_delivery(collection: Collection, file: DeliveryFile, as_of: date) -> ReadDelivery:
    """Read one file of a collection; what is wrong with it is part of the answer."""
    try:
        if collection == "lswc_jobs":
            return read_jobs(file, as_of)
        if collection == "lswc_audience":
            return read_audience(file, as_of)
        if file.content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
            return read_pull(file)
        return read_screen_export(file, as_of)
    except Unreadable as refusal:
        return ReadDelivery(
            collection=collection,
            dataset=None,
            file_name=file.name if refusal.may_be_kept else None,
            sha256=file.sha256,
            parts=(),
            rows_read=0,
            as_of=as_of,
            problems=(refusal.problem,),
            may_be_kept=refusal.may_be_kept and refusal.problem.code not in NOT_RECOGNISED,
        )


def load_deliveries(
    connection: Connection,
    collection: Collection,
    files: Sequence[DeliveryFile],
    *,
    as_of: date,
    quarantine: Path | None,
    property_id: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[LoadedDelivery]:
    """Read, check and load files of one collection, in their order.

    The same bytes again change nothing. A refused file is kept in `quarantine`, unless nothing of it may be kept.

    Args:
        connection: as the role `loader`, outside a transaction.
        collection: what the files are.
        files: their bytes.
        as_of: today.
        quarantine: the folder for refused files; none keeps nothing.
        property_id: the Google Analytics property this warehouse is set to, if it is set.
        say: told in plain words what is being done.
    """
    results: dict[int, LoadedDelivery] = {}
    new: list[tuple[int, DeliveryFile, ReadDelivery]] = []
    seen: set[str] = set()
    for number, file in enumerate(files):
        say(f"Reading file {number + 1} of {len(files)}")
        delivery = read_delivery(collection, file, as_of)
        known = ledger.find_delivery(connection, collection, delivery.sha256)
        if (known is not None and known.status != "rejected") or delivery.sha256 in seen:
            results[number] = _already(delivery, file, known)
        else:
            seen.add(delivery.sha256)
            new.append((number, file, delivery))
    if new:
        say("Checking the figures (Great Expectations)")
        expected = [_expected(connection, collection, file, property_id) for _, file, _ in new]
        connection.rollback()
        checked = check_deliveries([delivery for _, _, delivery in new], expected)
        for (number, file, _), each in zip(new, checked, strict=True):
            say(f"Loading file {number + 1} of {len(files)}")
            results[number] = _load(connection, file, each, quarantine)
    connection.rollback()
    return [results[number] for number in range(len(files))]


def _expected(connection: Connection, collection: Collection, file: DeliveryFile, property_id: str | None) -> Expected:
    return Expected(
        known_months=ledger.covered_months(connection, collection, file.is_synthetic),
        property_id=None if file.is_synthetic else property_id,
        is_synthetic=file.is_synthetic,
    )


def _load(
    connection: Connection, file: DeliveryFile, checked: CheckedDelivery, quarantine: Path | None
) -> LoadedDelivery:
    delivery = checked.delivery
    with connection.transaction():
        delivery_id = ledger.add_delivery(
            connection,
            delivery,
            source=file.source,
            is_synthetic=file.is_synthetic,
            status=checked.status,
            rows_loaded=checked.rows_loaded,
        )
        if delivery_id is not None:
            ledger.replace_findings(connection, delivery_id, checked.findings)
            ledger.add_periods(connection, delivery_id, checked.parts)
            for part in checked.parts:
                _copy(connection, delivery, delivery_id, part)
    connection.commit()
    if delivery_id is None:  # Another process loaded the same bytes at this moment: it won, nothing is lost.
        return _already(delivery, file, ledger.find_delivery(connection, delivery.collection, delivery.sha256))
    if checked.status != "rejected" and quarantine is not None:
        release_from_quarantine(delivery.sha256, quarantine)
    elif checked.status == "rejected" and delivery.may_be_kept:
        _keep(file, delivery.sha256, quarantine)
    return LoadedDelivery(
        delivery.file_name,
        "refused" if checked.status == "rejected" else "loaded",
        checked.status,
        delivery_id,
        delivery.dataset,
        delivery.period_start,
        delivery.period_end,
        delivery.rows_read,
        checked.rows_loaded,
        delivery.rows_read - checked.rows_loaded,
        file.is_synthetic,
        checked.findings,
    )


def _copy(connection: Connection, delivery: ReadDelivery, delivery_id: int, part: Part) -> None:
    dataset = load_specification(delivery.collection).datasets[part.dataset]
    names = ["delivery_id", "source_row", *dataset.columns]
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier("raw", dataset.table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for row in part.rows:
                copy.write_row([delivery_id, row["source_row"], *(row[name] for name in dataset.columns)])
        if cursor.rowcount != len(part.rows):
            raise RuntimeError(f"{dataset.table}: {len(part.rows)} rows were read but {cursor.rowcount} were loaded.")


def _keep(file: DeliveryFile, sha256: str, quarantine: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="workforce-") as folder:
        path = Path(folder) / Path(file.name).name
        path.write_bytes(file.content)
        keep_in_quarantine(path, sha256, quarantine)


def _already(delivery: ReadDelivery, file: DeliveryFile, known: ledger.KnownDelivery | None) -> LoadedDelivery:
    rows = (known.rows_read, known.rows_loaded, known.rows_refused) if known else (delivery.rows_read, 0, 0)
    return LoadedDelivery(
        delivery.file_name,
        "already_loaded",
        known.status if known else "received",
        known.delivery_id if known else None,
        delivery.dataset,
        delivery.period_start,
        delivery.period_end,
        *rows,
        file.is_synthetic,
    )
