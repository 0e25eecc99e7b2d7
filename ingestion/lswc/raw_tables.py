"""The raw tables of London Social Work for Children, made from the specifications.

One table a dataset: `delivery_id`, `source_row` (the row of the file, header counted; for a pull, the row of the
report) and the dataset's columns. Nothing is deleted when a later delivery restates the same days or months.
"""

from psycopg import Connection, sql

from ingestion.lswc.specification import COLLECTIONS, Dataset, load_specification


def raw_columns(dataset: Dataset) -> list[tuple[str, str]]:
    """Name and type of every column of a dataset's raw table, in order."""
    return [("delivery_id", "bigint not null"), ("source_row", "integer not null"), *dataset.columns.items()]


def create_raw_tables(connection: Connection) -> None:
    """Create each dataset's table, and add columns the specification has gained since. Changes nothing else."""
    for collection in COLLECTIONS:
        for dataset in load_specification(collection).datasets.values():
            table = sql.Identifier("raw", dataset.table)
            columns = [sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(t)) for n, t in raw_columns(dataset)]
            connection.execute(sql.SQL("create table if not exists {} ({})").format(table, sql.SQL(", ").join(columns)))
            # A delivery is one unbroken run of rows, as a release of statistics is.
            connection.execute(
                sql.SQL("create index if not exists {} on {} using brin (delivery_id)").format(
                    sql.Identifier(f"{dataset.table}_delivery_id"), table
                )
            )
            for column in columns[2:]:
                connection.execute(sql.SQL("alter table {} add column if not exists {}").format(table, column))
            connection.execute(
                sql.SQL("comment on table {} is {}").format(
                    table, sql.Literal(f"One row: {dataset.title}, as delivered.")
                )
            )
