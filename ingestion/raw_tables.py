"""How a raw table is made, whatever it holds: from a list of columns that may only grow."""

from collections.abc import Sequence

from psycopg import Connection, sql


def make_raw_table(connection: Connection, name: str, columns: Sequence[tuple[str, str]], comment: str) -> None:
    """Create a table of the schema `raw`, and add columns it has gained since. Changes nothing else.

    Args:
        connection: as the role `loader`.
        name: the table's name.
        columns: names and types; the first is the id of what was loaded, the second the row's place in it.
        comment: the table's grain.
    """
    table, identity = sql.Identifier("raw", name), columns[0][0]
    written = [sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind)) for column, kind in columns]
    connection.execute(sql.SQL("create table if not exists {} ({})").format(table, sql.SQL(", ").join(written)))
    for column in written[2:]:
        connection.execute(sql.SQL("alter table {} add column if not exists {}").format(table, column))
    # What is loaded at once is one unbroken run of rows, so a block-range index finds it and costs COPY next to nothing
    # (a primary key would add two thirds to its time); the loaders number the rows, so they are unique.
    connection.execute(
        sql.SQL("create index if not exists {} on {} using brin ({})").format(
            sql.Identifier(f"{name}_{identity}"), table, sql.Identifier(identity)
        )
    )
    connection.execute(sql.SQL("comment on table {} is {}").format(table, sql.Literal(comment)))
