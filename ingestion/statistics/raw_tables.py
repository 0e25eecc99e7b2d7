"""The raw tables of published statistics, made from the specification.

One table per layout: `release_id`, `source_row` (the row as a spreadsheet shows it, header = 1), the text
columns as published, and for each measure a number beside its status: null for a number, one of DfE's
symbols (`x c z u low`), `blank` for an empty cell, `absent` where the file has no such column, or
`unrecognised` for text that is none of these (the release gate refuses it; the text itself is kept in
`extra`). Columns the specification does not know are kept in `extra`.
"""

from psycopg import Connection

from ingestion.raw_tables import make_raw_table
from ingestion.statistics.specification import Layout, load_specification


def raw_columns(layout: Layout) -> list[tuple[str, str]]:
    """Name and type of every column of a layout's raw table, in order."""
    columns = [("release_id", "bigint not null"), ("source_row", "integer not null")]
    columns += [(column.name, "text") for column in layout.dimensions]
    for measure in layout.measures:
        columns += [(measure.name, "numeric"), (f"{measure.name}_status", "text")]
    return [*columns, ("extra", "jsonb")]


def create_raw_tables(connection: Connection) -> None:
    """Create each layout's table, and add columns the specification has gained since. Changes nothing else."""
    for layout in load_specification().layouts:
        comment = f"One row per published row of a release: {layout.title}."
        make_raw_table(connection, layout.table, raw_columns(layout), comment)
