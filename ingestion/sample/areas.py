"""The authorities that send a return, the units figures are published for, and the areas above them.

London's authorities and reporting units come from the dbt project's seeds, the one place they are kept. The other
authorities of England are reference facts too (`areas_outside_london.csv`, as they stand in 2024); they have no place
elsewhere, because the warehouse holds no rows of theirs.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingestion.settings import ROOT

SEEDS = ROOT / "dbt_project" / "seeds" / "reference"
HERE = Path(__file__).parent

ENGLAND = "E92000001"
LONDON = "E12000007"


@dataclass(frozen=True)
class Authority:
    """One authority that sends a return, and the unit it is published under."""

    code: str
    dfe_code: str
    name: str
    unit: int
    region_code: str


@dataclass(frozen=True)
class Unit:
    """One row of local authority figures: an authority, or two that report together."""

    code: str
    dfe_code: str
    name: str
    region_code: str


@dataclass(frozen=True)
class Area:
    """One row of national or regional figures, and which units it contains."""

    level: str
    code: str
    name: str
    units: tuple[int, ...]


@dataclass(frozen=True)
class Geography:
    """Every authority, unit and area of the sample, in an order that never changes.

    A London unit's region is Inner or Outer London, as in DfE's files.
    """

    authorities: tuple[Authority, ...]
    units: tuple[Unit, ...]
    areas: tuple[Area, ...]
    region_names: dict[str, str]

    @property
    def unit_of_authority(self) -> NDArray[np.int64]:
        """For each authority, the position of its unit."""
        return np.array([authority.unit for authority in self.authorities], dtype=np.int64)

    @property
    def membership(self) -> NDArray[np.int64]:
        """Areas by units: 1 where the area contains the unit."""
        table = np.zeros((len(self.areas), len(self.units)), dtype=np.int64)
        for row, area in enumerate(self.areas):
            table[row, list(area.units)] = 1
        return table

    def unit_position(self, code: str) -> int:
        """Where a unit stands, by its code (`E09000007`, `E09000021 / E09000027`)."""
        return next(position for position, unit in enumerate(self.units) if unit.code == code)

    def authorities_of(self, unit_code: str) -> list[int]:
        """The positions of the authorities published under a unit."""
        unit = self.unit_position(unit_code)
        return [position for position, authority in enumerate(self.authorities) if authority.unit == unit]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def load_geography() -> Geography:
    """Read the seeds and put every authority, unit and area in DfE's row order (region, then name)."""
    seeded = _rows(SEEDS / "reporting_units.csv")
    names = {row["unit_code"]: row["unit_name"] for row in seeded if row["unit_level"] != "authority"}
    outside = _rows(HERE / "areas_outside_london.csv")
    units = [
        Unit(row["unit_code"], row["dfe_code"], row["unit_name"], row["inner_outer_code"])
        for row in seeded
        if row["unit_level"] == "authority"
    ]
    units += [Unit(row["area_code"], row["dfe_code"], row["area_name"], row["region_code"]) for row in outside]
    units.sort(key=lambda unit: (unit.region_code, unit.name))
    position = {unit.code: number for number, unit in enumerate(units)}

    authorities = [
        Authority(
            row["authority_code"],
            row["dfe_code"],
            row["authority_name"],
            position[row["unit_code"]],
            units[position[row["unit_code"]]].region_code,
        )
        for row in _rows(SEEDS / "authorities.csv")
    ]
    authorities += [
        Authority(unit.code, unit.dfe_code, unit.name, number, unit.region_code)
        for number, unit in enumerate(units)
        if not unit.region_code.startswith("E13")
    ]

    def containing(*regions: str) -> tuple[int, ...]:
        return tuple(number for number, unit in enumerate(units) if unit.region_code in regions)

    inner_outer = tuple(sorted(row["unit_code"] for row in seeded if row["unit_level"] == "inner_outer"))
    regions = sorted(row["unit_code"] for row in seeded if row["unit_level"] in ("region", "london"))
    areas = [Area("National", ENGLAND, names[ENGLAND], tuple(range(len(units))))]
    for code in (*regions, *inner_outer):
        areas.append(Area("Regional", code, names[code], containing(*(inner_outer if code == LONDON else (code,)))))
    return Geography(tuple(authorities), tuple(units), tuple(areas), names)
