"""Read the built warehouse as data frames, the way an analyst would."""

from typing import Any

import pandas as pd

from ingestion.settings import Settings


def read_frame(settings: Settings, query: str, *parameters: Any) -> pd.DataFrame:
    """The rows of a query as an analyst sees them; numbers as floats, no number as NaN, no text as None."""
    with settings.connect("analyst") as connection:
        cursor = connection.execute(query.encode(), parameters)
        names = [column.name for column in cursor.description or ()]
        frame = pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)
        numeric = [c.name for c in cursor.description or () if c.type_display == "numeric"]
    return frame.astype(dict.fromkeys(numeric, float))


def read_cells(settings: Settings, query: str, *parameters: Any) -> dict[tuple[Any, ...], tuple[Any, Any]]:
    """Rows of a query as {all columns but the last two: (number or None, status)}."""
    with settings.connect("analyst") as connection:
        rows = connection.execute(query.encode(), parameters).fetchall()
    return {tuple(row[:-2]): (None if row[-2] is None else float(row[-2]), row[-1]) for row in rows}
