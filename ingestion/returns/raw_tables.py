"""The raw tables of returns, made from the specifications.

One table per record, for every period: `submission_id`, `source_row` (the spreadsheet's row, header = 1, or the line of
an XML file), every item any period has, and `repeated` with the values of items that stood more than once. A
registration number is its pseudonym, a birth date an age band: neither has a column of its own here.
"""

from psycopg import Connection

from ingestion.raw_tables import make_raw_table
from ingestion.returns.specification import (
    Item,
    Kind,
    collections,
    known_periods,
    load_collection,
    load_specification,
)

COLUMN_TYPES: dict[Kind, str] = {
    "code": "text",
    "text": "text",
    "integer": "integer",
    "decimal": "numeric",
    "date": "date",
    "registration_number": "text",
    "birth_date": "text",
}


def raw_table(collection: str, record: str) -> str:
    """The name, in schema `raw`, of a record's table."""
    return f"{collection}__{record}"


def raw_tables(collection: str) -> list[str]:
    """The names of all raw tables of a collection."""
    newest = load_specification(collection, max(known_periods(collection)))
    return [raw_table(collection, record.name) for record in newest.records]


def raw_columns(collection: str, record: str) -> list[tuple[str, str]]:
    """Name and type of every column of a record's raw table, in order."""
    items = [(item.stored_name, COLUMN_TYPES[item.kind]) for item in items_of_every_period(collection, record)]
    return [
        ("submission_id", "bigint not null"),
        ("source_row", "integer not null"),
        *items,
        ("repeated", "jsonb"),
    ]


def items_of_every_period(collection: str, record: str) -> list[Item]:
    """The items any period knows, as the newest describes each; an item of later years stands where it was added."""
    items: dict[str, Item] = {}
    for period in known_periods(collection):
        before: str | None = None
        for item in load_specification(collection, period).record(record).items:
            if item.name not in items:
                order = list(items)
                order.insert(0 if before is None else order.index(before) + 1, item.name)
                items[item.name] = item
                items = {name: items[name] for name in order}
            items[item.name] = item
            before = item.name
    return list(items.values())


def create_raw_tables(connection: Connection) -> None:
    """Create each record's table, and add columns the specifications have gained since. Changes nothing else."""
    for collection in collections():
        title = load_collection(collection).title
        for record in load_specification(collection, max(known_periods(collection))).records:
            comment = f"{record.grain} {title}; every accepted submission."
            make_raw_table(
                connection, raw_table(collection, record.name), raw_columns(collection, record.name), comment
            )
