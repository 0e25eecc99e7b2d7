"""The tables of rows the mart gate asks its rules of, made by Postgres from the candidate marts.

`tables`: one row a candidate table that must be there. The others are the queries of `comparisons/`, each named
for its file and saying its grain in its first line. A folder in it is a topic, such as `lswc`: its frames are called
`<topic>_<file>`, and `<topic>_tables` has one row for each table that its `tables.txt` says they read.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import Connection, sql
from psycopg.types.numeric import FloatLoader

if TYPE_CHECKING:
    import pandas as pd

COMPARISONS = Path(__file__).parent / "comparisons"

# Each candidate table that shows one release, and the data set whose current release it must show.
TABLES = {
    ("marts_candidate", "mart_census__indicators"): "indicators",
    ("marts_candidate", "mart_census__role_by_ethnicity"): "role_by_ethnicity",
    ("open_data_candidate", "census_indicators"): "indicators",
    ("open_data_candidate", "census_role_by_ethnicity"): "role_by_ethnicity",
}


def read_frames(connection: Connection[Any]) -> "dict[str, pd.DataFrame]":
    """Every frame the rules on marts need; only `tables` where a table is not there at all.

    Args:
        connection: as the role `transformer`.
    """
    connection.adapters.register_loader("numeric", FloatLoader)
    frames = {"tables": _tables(connection)}
    if frames["tables"]["is_there"].all():
        for query in sorted(COMPARISONS.glob("*.sql")):
            frames[query.stem] = _frame(connection, query.read_text(encoding="utf-8"))
        for topic in topics():
            frames |= read_topic(connection, topic)
    return frames


def topics() -> list[str]:
    """The folders of `comparisons/`: one for each group of marts that are empty until something arrives."""
    return sorted(folder.name for folder in COMPARISONS.iterdir() if folder.is_dir())


def read_topic(connection: Connection[Any], topic: str) -> "dict[str, pd.DataFrame]":
    """The frames of one topic; only `<topic>_tables` where a table is not there at all.

    Args:
        connection: as the role `transformer`, with numerics read as floats.
        topic: a folder of `comparisons/`.
    """
    import pandas as pd

    folder = COMPARISONS / topic
    there = {
        name: connection.execute("select to_regclass(%s) is not null", [name]).fetchone() == (True,)
        for name in (folder / "tables.txt").read_text(encoding="utf-8").split()
    }
    tables = pd.DataFrame({"table_name": list(there), "is_there": list(there.values())})
    if not all(there.values()):
        return {f"{topic}_tables": tables}
    return {f"{topic}_tables": tables} | {
        f"{topic}_{query.stem}": _frame(connection, query.read_text(encoding="utf-8"))
        for query in sorted(folder.glob("*.sql"))
    }


def _tables(connection: Connection[Any]) -> "pd.DataFrame":
    import pandas as pd

    current = {
        row[0]: row[1:]
        for row in connection.execute(
            "select dataset, release_id, publication_year, is_synthetic from ledger.current_releases where is_current"
        ).fetchall()
    }
    lines = []
    for (schema, name), dataset in TABLES.items():
        there = connection.execute("select to_regclass(%s)", [f"{schema}.{name}"]).fetchone()
        is_there = there is not None and there[0] is not None
        # Members' marts say which row of the ledger they show; the public tables say the year only.
        has_id = schema == "marts_candidate"
        release = sql.SQL("{}, publication_year, is_synthetic").format(
            sql.SQL("release_id" if has_id else "null::bigint")
        )
        shown = (
            connection.execute(
                sql.SQL("select {}, count(*) from {} group by 1, 2, 3 order by 1, 2").format(
                    release, sql.Identifier(schema, name)
                )
            ).fetchall()
            if is_there
            else []
        )
        expected = current.get(dataset)
        lines.append(
            {
                "table_name": f"{schema}.{name}",
                "is_there": is_there,
                # The indicators are what the warehouse stands on; role by ethnicity may not have been received yet.
                "is_expected": not is_there or expected is not None or dataset == "indicators",
                "table_rows": sum(row[3] for row in shown),
                "shows": " and the ".join(_release_label(*row[:3]) for row in shown) or None,
                "current_release": _release_label(expected[0] if has_id else None, *expected[1:])
                if expected
                else "none",
            }
        )
    return pd.DataFrame(lines)


def _release_label(release_id: int | None, year: int, is_synthetic: bool) -> str:
    number = "" if release_id is None else f" (ledger row {release_id})"
    return f"{'synthetic ' if is_synthetic else ''}{year} release{number}"


def shown_release(tables: "pd.DataFrame") -> str:
    """The release the public indicators show, as people know it."""
    shown = tables.set_index("table_name")["shows"]["open_data_candidate.census_indicators"]
    return shown if isinstance(shown, str) else "no release"


def _frame(connection: Connection[Any], query: str) -> "pd.DataFrame":
    import pandas as pd

    cursor = connection.execute(query.encode())
    names = [column.name for column in cursor.description or ()]
    return pd.DataFrame(cursor.fetchall(), columns=names)
