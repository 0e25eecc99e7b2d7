"""The raw tables of London Social Work for Children, made from the specifications.

One table a dataset: `delivery_id`, `source_row` (the row of the file, header counted; for a pull, the row of the
report) and the dataset's columns. Nothing is deleted when a later delivery restates the same days or months.
"""

from psycopg import Connection

from ingestion.lswc.specification import COLLECTIONS, Dataset, load_specification
from ingestion.raw_tables import make_raw_table


def raw_columns(dataset: Dataset) -> list[tuple[str, str]]:
    """Name and type of every column of a dataset's raw table, in order."""
    return [("delivery_id", "bigint not null"), ("source_row", "integer not null"), *dataset.columns.items()]


def create_raw_tables(connection: Connection) -> None:
    """Create each dataset's table, and add columns the specification has gained since. Changes nothing else."""
    for collection in COLLECTIONS:
        for dataset in load_specification(collection).datasets.values():
            comment = f"One row: {dataset.title}, as delivered."
            make_raw_table(connection, dataset.table, raw_columns(dataset), comment)
