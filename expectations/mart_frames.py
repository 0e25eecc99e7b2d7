"""The tables of rows the mart gate asks its rules of, made by Postgres from the candidate marts.

`tables`: one row a candidate table that must be there. The others are the queries of `comparisons/`, each named
for its file and saying its grain in its first line.
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
    return frames


def _tables(connection: Connection[Any]) -> "pd.DataFrame":
    import pandas as pd

    current = {
        dataset: f"{year} release{' (synthetic)' if is_synthetic else ''}"
        for dataset, year, is_synthetic in connection.execute(
            "select dataset, publication_year, is_synthetic from ledger.current_releases where is_current"
        ).fetchall()
    }
    lines = []
    for (schema, name), dataset in TABLES.items():
        there = connection.execute("select to_regclass(%s)", [f"{schema}.{name}"]).fetchone()
        rows, shows = None, None
        if there is not None and there[0] is not None:
            rows, shows = connection.execute(
                sql.SQL(
                    "select count(*), string_agg(distinct publication_year || ' release' || "
                    "case when is_synthetic then ' (synthetic)' else '' end, ', ') from {}"
                ).format(sql.Identifier(schema, name))
            ).fetchone() or (0, None)
        # The indicators are what the warehouse stands on; role by ethnicity may not have been received yet.
        is_expected = dataset in current or dataset == "indicators"
        lines.append(
            {
                "table_name": f"{schema}.{name}",
                "is_there": rows is not None,
                "is_expected": is_expected,
                "table_rows": rows or 0,
                "shows": shows,
                "current_release": current.get(dataset, "none"),
            }
        )
    return pd.DataFrame(lines)


def _frame(connection: Connection[Any], query: str) -> "pd.DataFrame":
    import pandas as pd

    cursor = connection.execute(query.encode())
    names = [column.name for column in cursor.description or ()]
    return pd.DataFrame(cursor.fetchall(), columns=names)
