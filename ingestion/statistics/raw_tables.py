"""The raw tables of published statistics, made from the specification.

One table per layout: `release_id`, `source_row` (the row as a spreadsheet shows it, header = 1), the text
columns as published, and for each measure a number beside its status: null for a number, one of DfE's
symbols (`x c z u low`), `blank` for an empty cell, `absent` where the file has no such column, or
`unrecognised` for text that is none of these (the release gate refuses it; the text itself is kept in
`extra`). Columns the specification does not know are kept in `extra`.
"""

from psycopg import Connection, sql

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
        table = sql.Identifier("raw", layout.table)
        columns = [sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(t)) for n, t in raw_columns(layout)]
        connection.execute(sql.SQL("create table if not exists {} ({})").format(table, sql.SQL(", ").join(columns)))
        # A release is one unbroken run of rows, so a block-range index finds it and costs COPY next to nothing
        # (a primary key would add two thirds to its time); the loader numbers the rows, so they are unique.
        connection.execute(
            sql.SQL("create index if not exists {} on {} using brin (release_id)").format(
                sql.Identifier(f"{layout.table}_release_id"), table
            )
        )
        for column in columns[2:]:
            connection.execute(sql.SQL("alter table {} add column if not exists {}").format(table, column))
        connection.execute(
            sql.SQL("comment on table {} is {}").format(
                table, sql.Literal(f"One row per published row of a release: {layout.title}.")
            )
        )
