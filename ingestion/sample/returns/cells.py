"""A return's values as text, as its specification says they are written."""

import pandas as pd

from ingestion.returns.specification import Item, Record
from ingestion.sample.manifest import SampleError


def columns_of(record: Record, table: pd.DataFrame) -> dict[str, list[str | None]]:
    """Every item of a record in the specification's order, as text; `None` where nothing is to be written.

    Raises:
        SampleError: the specification asks for an item that the sample does not invent.
    """
    unknown = [item.name for item in record.items if item.name not in table]
    if unknown:
        raise SampleError(
            f"The sample invents no {', '.join(unknown)} ({record.title}). Add it where the sample makes that table, "
            "in ingestion/sample."
        )
    return {item.name: _texts(item, table[item.name]) for item in record.items}


def _texts(item: Item, values: "pd.Series[str]") -> list[str | None]:
    # The same few values come again and again: write each once. Nothing known is place -1.
    places, distinct = pd.factorize(values)
    written = [_text(item, value) for value in distinct]
    return [None if place < 0 else written[place] for place in places.tolist()]


def _text(item: Item, value: object) -> str | None:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if item.kind == "integer":
        return f"{value:.0f}"
    if item.kind == "decimal":
        if item.unit is not None and item.unit.startswith("GBP"):
            return f"{value:.2f}"
        # Fewer decimals than the most allowed are as good: 0.8, not 0.800000.
        text = f"{value:.{item.places}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value) or None
