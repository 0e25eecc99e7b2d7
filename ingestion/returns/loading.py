"""Rows of an accepted return into `raw`: pseudonyms and age bands in the place of personal data, then COPY."""

import hashlib
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
from psycopg import Connection, DataError, sql
from pyarrow import csv as arrow_csv

from ingestion.returns.privacy import Pseudonymiser, age_bands
from ingestion.returns.raw_tables import raw_table, raw_tables
from ingestion.returns.reading import TypedRecord, TypedReturn
from ingestion.returns.specification import Item

# Registration numbers are two letters and up to ten digits; one written into a text or a reference is found like this.
_LIKE_A_NUMBER = re.compile(r"[A-Za-z]{2}\s?[0-9]{1,10}")


class UnloadableError(Exception):
    """The database cannot hold a row; nothing of the return is loaded. The message holds no value."""


@dataclass(frozen=True)
class EncodedRecord:
    """One record's rows as COPY takes them."""

    table: str
    columns: tuple[str, ...]
    rows: int
    content: bytes


@dataclass(frozen=True)
class EncodedReturn:
    """A return's rows, ready to load; `sha256` tells whether they differ from those loaded before."""

    records: tuple[EncodedRecord, ...]
    sha256: str

    @property
    def rows(self) -> int:
        """Rows of all records."""
        return sum(record.rows for record in self.records)


def encode(typed: TypedReturn, submission_id: int, period_end: date, keys: Pseudonymiser) -> EncodedReturn:
    """Replace what is personal and write each record as CSV.

    Raises:
        UnloadableError: some text has no place in the database's encoding.
    """
    assert typed.specification is not None, "an accepted return has a specification"
    collection = typed.specification.collection
    numbers = _registration_numbers(typed.records.values())
    try:
        records = tuple(
            _encoded(raw_table(collection, name), record, submission_id, period_end, keys, numbers)
            for name, record in typed.records.items()
        )
    except (pa.ArrowException, UnicodeError):
        raise UnloadableError("Some text cannot be stored.") from None
    content = hashlib.sha256()
    for record in records:
        content.update(f"{record.table} {record.columns} {len(record.content)}\n".encode() + record.content)
    return EncodedReturn(records, content.hexdigest())


def load(connection: Connection, encoded: EncodedReturn) -> None:
    """COPY a return's rows, in the caller's transaction.

    Raises:
        UnloadableError: the database refuses a value, or counts other rows than the return has.
    """
    for record in encoded.records:
        statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(
            sql.Identifier("raw", record.table), sql.SQL(", ").join(map(sql.Identifier, record.columns))
        )
        with connection.cursor() as cursor:
            try:
                with cursor.copy(statement) as copy:
                    copy.write(record.content)
            except DataError as error:
                # The server's own message shows the row.
                raise UnloadableError(f"{record.table}: {type(error).__name__}") from None
            if cursor.rowcount != record.rows:
                raise UnloadableError(f"{record.table}: {record.rows} rows were read, {cursor.rowcount} loaded.")


def remove(connection: Connection, collection: str, submission_id: int) -> None:
    """Take a submission's rows out of `raw`, in the caller's transaction."""
    for table in raw_tables(collection):
        connection.execute(
            sql.SQL("delete from {} where submission_id = %s").format(sql.Identifier("raw", table)), [submission_id]
        )


def _encoded(
    table: str,
    record: TypedRecord,
    submission_id: int,
    period_end: date,
    keys: Pseudonymiser,
    numbers: frozenset[str],
) -> EncodedRecord:
    frame = record.frame
    rows = len(frame)
    columns: dict[str, Any] = {
        "submission_id": pa.repeat(pa.scalar(submission_id, pa.int64()), rows),
        "source_row": pa.array(frame["source_row"], pa.int64()),
    }
    for item in record.record.items:
        if item.name in frame:
            columns[item.stored_name] = _column(item, frame[item.name], period_end, keys, numbers)
    columns["repeated"] = pa.array(_repeated(record, keys, numbers), pa.string())
    encoded = io.BytesIO()
    arrow_csv.write_csv(pa.table(columns), encoded, arrow_csv.WriteOptions(include_header=False))
    return EncodedRecord(table, tuple(columns), rows, encoded.getvalue())


def _column(
    item: Item, values: "pd.Series[Any]", period_end: date, keys: Pseudonymiser, numbers: frozenset[str]
) -> pa.Array:
    if item.kind == "registration_number":
        return pa.array(keys.pseudonyms(values), pa.string(), from_pandas=True)
    if item.kind == "birth_date":
        return pa.array(age_bands(values, period_end), pa.string(), from_pandas=True)
    if item.kind == "text":
        return pa.array(_without_numbers(values, keys, numbers), pa.string(), from_pandas=True)
    if item.kind == "date":
        return pa.array(values, from_pandas=True).cast(pa.date32())
    types = {"code": pa.string(), "integer": pa.int64(), "decimal": pa.float64()}
    return pa.array(values, types[item.kind], from_pandas=True)


def _registration_numbers(records: Iterable[TypedRecord]) -> frozenset[str]:
    return frozenset(
        number
        for record in records
        for item in record.record.items
        if item.kind == "registration_number" and item.name in record.frame
        for number in record.frame[item.name].dropna().unique()
    )


def _without_numbers(values: "pd.Series[str]", keys: Pseudonymiser, numbers: frozenset[str]) -> "pd.Series[str]":
    """Text in which a registration number of this return stands gets the pseudonym in its place.

    Authorities do write them into references and remarks; with the pseudonym a reference still tells its row apart.
    """
    if not numbers or not values.str.contains(_LIKE_A_NUMBER.pattern, na=False).any():
        return values
    return values.map(lambda text: _replaced(text, keys, numbers), na_action="ignore")


def _replaced(text: str, keys: Pseudonymiser, numbers: frozenset[str]) -> str:
    def pseudonym(found: re.Match[str]) -> str:
        number = re.sub(r"\s", "", found[0]).upper()
        return keys.pseudonym(number) if number in numbers else found[0]

    return _LIKE_A_NUMBER.sub(pseudonym, text)


def _repeated(record: TypedRecord, keys: Pseudonymiser, numbers: frozenset[str]) -> list[str | None]:
    items = {item.name: item for item in record.record.items}
    rows: list[str | None] = [None] * len(record.frame)
    for place, values in record.repeated.items():
        kept = {
            items[name].stored_name: [_replaced(text, keys, numbers) for text in texts]
            for name, texts in values.items()
            if not items[name].is_personal
        }
        rows[place] = json.dumps(kept, ensure_ascii=False) if kept else None
    return rows
