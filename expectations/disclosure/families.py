"""Families of tables whose cells add up to each other, read from `families/*.yml`.

The structure of the sums is declared here once, for the pattern that decides what to hide and for the audit that
attacks what is shown; the two share no other code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from psycopg import Connection

FOLDER = Path(__file__).parent / "families"

# In a family's file, stands for the sums of London's geography, which reference data hold.
UNITS = "units"


class FamilyError(Exception):
    """A family's file does not describe it properly; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Sum:
    """Along one dimension, the cell of `whole` is the sum of the cells of `parts`."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Share:
    """A published percentage of the cell at another place.

    `share` is the column; `whole` says at which member of which dimension the cell stands that it is a percentage of.
    """

    share: str
    whole: Mapping[str, str]


@dataclass(frozen=True)
class Shown:
    """One table that shows cells of a family.

    Attributes:
        table: schema and name.
        where: an SQL condition on its rows, if not all show cells of this family.
        table_key: an SQL expression that names the table a row belongs to, as in the cells.
        columns: an SQL expression for each dimension.
        count: an SQL expression of the count shown.
        status: an SQL expression of the symbol in its place.
        rounding_base: what counts are rounded to; 1 is not at all.
        shares: percentages shown beside the count.
    """

    table: str
    where: str | None
    table_key: str
    columns: Mapping[str, str]
    count: str
    status: str
    rounding_base: int
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class DecidedWith:
    """Another family that counts the same in other ways, so that what is hidden is decided together.

    `dimension` names this family's dimension and the other's that it is; `members` this family's members of it that
    are members of the other. All other dimensions have the same name in both.
    """

    family: str
    dimension: tuple[str, str]
    members: Mapping[str, str]


@dataclass(frozen=True)
class Family:
    """Tables of counts whose cells add up to each other.

    Attributes:
        family: its name.
        title: what it counts, for people.
        cells: the table of the unprotected cells, as schema and name.
        dimensions: the sums along each dimension; None stands for London's geography.
        shown: where it can be read.
        already_public: a query of cells that DfE publishes itself, unprotected: `table_key`, the dimensions, `count`.
        decided_with: the family that this one is decided together with.
    """

    family: str
    title: str
    cells: str
    dimensions: Mapping[str, tuple[Sum, ...] | None]
    shown: tuple[Shown, ...]
    already_public: str | None
    decided_with: DecidedWith | None = None


def load_families(folder: Path = FOLDER) -> list[Family]:
    """Every family of a folder, by name.

    Raises:
        FamilyError: a file lacks something, has something unknown, or is not named for its family.
    """
    return [_family(path) for path in sorted(folder.glob("*.yml"))]


def london_sums(connection: Connection[Any]) -> tuple[Sum, ...]:
    """How London's units add up: London is its units, and Inner and Outer London; each of these its own units."""
    units = connection.execute(
        "select unit_code, unit_level, inner_outer_code from reference.reporting_units "
        "where unit_level in ('authority', 'inner_outer', 'london') order by unit_code"
    ).fetchall()
    members = [(code, part) for code, level, part in units if level == "authority"]
    halves = [code for code, level, _ in units if level == "inner_outer"]
    (london,) = [code for code, level, _ in units if level == "london"]
    return (
        Sum(london, tuple(halves)),
        Sum(london, tuple(code for code, _ in members)),
        *(Sum(half, tuple(code for code, part in members if part == half)) for half in halves),
    )


def _family(path: Path) -> Family:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        unknown = set(content) - {"family", "title", "cells", "dimensions", "shown", "already_public", "decided_with"}
        if unknown:
            raise FamilyError(f"{path.name}: unknown {', '.join(sorted(unknown))}")
        if content["family"] != path.stem:
            raise FamilyError(f"{path.name}: is the family {content['family']}, so the file must be named for it")
        dimensions = {
            name: None if sums == UNITS else tuple(_sum(path, each) for each in sums or ())
            for name, sums in content["dimensions"].items()
        }
        shown = tuple(_shown(path, each, dimensions) for each in content["shown"])
        return Family(
            content["family"],
            content["title"],
            content["cells"],
            dimensions,
            shown,
            content.get("already_public"),
            _decided_with(content["decided_with"]) if "decided_with" in content else None,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise FamilyError(f"{path.name}: is not described properly ({type(error).__name__}: {error})") from None


def _decided_with(content: Mapping[str, Any]) -> DecidedWith:
    ((own, others),) = content["dimension"].items()
    return DecidedWith(content["family"], (own, others), content["members"])


def _sum(path: Path, content: Mapping[str, Any]) -> Sum:
    parts = tuple(str(part) for part in content["parts"])
    whole = str(content["whole"])
    if not parts or whole in parts or len(set(parts)) != len(parts):
        raise FamilyError(f"{path.name}: {whole} cannot be the sum of {', '.join(parts) or 'nothing'}")
    return Sum(whole, parts)


def _shown(path: Path, content: Mapping[str, Any], dimensions: Mapping[str, Any]) -> Shown:
    unknown = set(content) - {
        "table", "where", "table_key", "columns", "count", "status", "rounding_base", "shares"
    }  # fmt: skip
    if unknown:
        raise FamilyError(f"{path.name}: unknown {', '.join(sorted(unknown))}")
    if set(content["columns"]) != set(dimensions):
        raise FamilyError(f"{path.name}: {content['table']} must say where each dimension stands")
    return Shown(
        content["table"],
        content.get("where"),
        str(content["table_key"]),
        {name: str(expression) for name, expression in content["columns"].items()},
        str(content["count"]),
        str(content["status"]),
        int(content.get("rounding_base", 1)),
        tuple(Share(each["share"], each["whole"]) for each in content.get("shares", ())),
    )
