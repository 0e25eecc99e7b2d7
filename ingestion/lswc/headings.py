"""Which column stands where: headings in any order and any known spelling; unknown ones stop the file."""

from collections.abc import Mapping, Sequence

from ingestion.lswc.reading import Problem, Unreadable
from ingestion.lswc.specification import normalised
from ingestion.lswc.values import Cell, text

# Titles and notes people put above their headings.
MOST_ROWS_ABOVE = 10


def heading_row(rows: Sequence[Sequence[Cell]]) -> Sequence[Cell]:
    """The first of the first rows with three cells or more that are all text."""
    for row in rows[:MOST_ROWS_ABOVE]:
        filled = [cell for cell in row if text(cell) is not None]
        if len(filled) >= 3 and all(isinstance(cell, str) for cell in filled):
            return row
    return rows[0] if rows else ()


def find_headings(
    rows: Sequence[Sequence[Cell]], known: Mapping[str, tuple[str, bool]], *, name_unknown: bool = True
) -> tuple[dict[str, int], int]:
    """Column name to place, and how many rows stand above the first row of data.

    Args:
        rows: all rows of a sheet.
        known: spelling to column name and whether it must be there.
        name_unknown: whether the message may repeat a heading that is not known. A file without headings has values
            in their place, which must not be repeated where they could be about people.

    Raises:
        Unreadable: a heading is unknown, missing, or there twice.
    """
    headings = heading_row(rows)
    above = next((number for number, row in enumerate(rows) if row is headings), 0)
    places: dict[str, int] = {}
    unknown: list[str] = []
    for place, cell in enumerate(headings):
        heading = text(cell)
        if heading is None:
            continue
        name, _ = known.get(normalised(heading), (None, False))
        if name is None:
            unknown.append(f"'{heading[:60]}'" if name_unknown else f"column {place + 1}")
        elif name in places:
            raise Unreadable(
                Problem("LSW-003", f"The heading of {name} stands more than once", "Keep one of each.", field=name)
            )
        else:
            places[name] = place
    missing = list(dict.fromkeys(name for name, required in known.values() if required and name not in places))
    if missing:
        raise Unreadable(
            Problem(
                "LSW-004",
                f"The heading {', '.join(missing)} is missing",
                "Check that it is the export you meant, in English; if a heading has a new name, add it to the "
                "collection's YAML file.",
                field=missing[0],
            )
        )
    if unknown:
        raise Unreadable(
            Problem(
                "LSW-003",
                f"Headings this warehouse does not know: {', '.join(unknown)}",
                "Take the column out, or add its name to the collection's YAML file.",
            )
        )
    return places, above + 1
