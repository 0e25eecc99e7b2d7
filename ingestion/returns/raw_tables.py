"""The raw tables of returns, made from the specifications.

One table per record, for every period: `submission_id`, `source_row` (the spreadsheet's row, header = 1, or the line of
an XML file), every item any period has, and `repeated` with the values of items that stood more than once. A
registration number is its pseudonym, a birth date an age band: neither has a column of its own here.
"""

from psycopg import Connection, sql

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
        newest = load_specification(collection, max(known_periods(collection)))
        for record in newest.records:
            name = raw_table(collection, record.name)
            table = sql.Identifier("raw", name)
            columns = [
                sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
                for column, kind in raw_columns(collection, record.name)
            ]
            connection.execute(sql.SQL("create table if not exists {} ({})").format(table, sql.SQL(", ").join(columns)))
            for column in columns[2:]:
                connection.execute(sql.SQL("alter table {} add column if not exists {}").format(table, column))
            # A submission is one unbroken run of rows: a block-range index finds it and costs COPY next to nothing.
            connection.execute(
                sql.SQL("create index if not exists {} on {} using brin (submission_id)").format(
                    sql.Identifier(f"{name}_submission_id"), table
                )
            )
            title = load_collection(collection).title
            connection.execute(
                sql.SQL("comment on table {} is {}").format(
                    table, sql.Literal(f"{record.grain} {title}; every accepted submission.")
                )
            )
