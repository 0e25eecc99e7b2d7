"""Small invented releases for tests: one London authority and the regional rows, whatever the year."""

from pathlib import Path

from ingestion.sources import Offer
from ingestion.statistics.specification import load_specification

GEOGRAPHY = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name,"
    "old_la_code,new_la_code,la_name"
)
MEASURES = [column.name for column in load_specification().layout("indicators").measures]


def write_indicators(path: Path, year: int, figure: str = "10") -> Path:
    """Write an indicators release whose newest year is `year` and whose every figure is the same."""
    figures = ",".join([figure] * len(MEASURES))
    lines = [f"{GEOGRAPHY},{','.join(MEASURES)}"]
    for each in (year, year - 1):
        lines += [
            f"{each},Reporting year,National,E92000001,England,,,,,,{figures}",
            f"{each},Reporting year,Regional,E92000001,England,E12000007,London,,,,{figures}",
            f"{each},Reporting year,Local authority,E92000001,England,E13000001,Inner London,202,E09000007,Camden,"
            + figures,
        ]
    path.write_text("\n".join(lines) + "\n")
    return path


def offer_of(path: Path, *, is_synthetic: bool = False) -> Offer:
    """The offer a folder would make for a file."""
    return Offer(path.name, str(path), "files", None, is_synthetic)
