"""The tables of rows the release gate asks its rules of, made from `raw` and the ledger.

`files`: one row a release. `years`: release x census year. `units`: release x census year x London reporting
unit. `rows`: one row a published row, what all layouts have. `cells`: one row a published figure or symbol, so
that a rule on all measures is one expectation, not forty. And one a layout, named for it: one row a published
row, with its own filters and measures.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from psycopg import Connection, sql

from ingestion.settings import ROOT
from ingestion.statistics.raw_tables import raw_columns
from ingestion.statistics.specification import Layout, Specification

if TYPE_CHECKING:
    import pandas as pd

REFERENCE = ROOT / "dbt_project" / "seeds" / "reference"

LONDON = "E12000007"
ETHNICITY = "ethnicity major"

# What the frame `rows` takes from every layout's own.
COMMON_COLUMNS = [
    "release_id", "source_row", "place", "natural_key", "time_period", "time_identifier", "geographic_level", "level",
    "country_code", "region_code", "expected_region_code", "area_code", "la_name", "has_region", "is_authority",
    "is_london_authority",
]  # fmt: skip


@dataclass(frozen=True)
class WaitingRelease:
    """A release whose gate is still to run."""

    release_id: int
    layout: str
    file_name: str
    publication_year: int
    is_synthetic: bool
    unknown_columns: tuple[str, ...]
    received_at: datetime


@cache
def reference(name: str) -> tuple[Mapping[str, str], ...]:
    """One of the project's reference tables, read from its seed: the warehouse may not have it yet."""
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def london_units() -> Mapping[str, str]:
    """London's reporting units: code to name."""
    return {
        unit["unit_code"]: unit["unit_name"]
        for unit in reference("reporting_units")
        if unit["unit_level"] == "authority" and unit["region_code"] == LONDON
    }


@cache
def london_codes() -> Mapping[str, str]:
    """Every code a London row may carry, an authority's or a joint unit's, to its reporting unit's code."""
    of_units = {code: code for code in london_units()}
    return of_units | {part: code for code in of_units for part in code.split(" / ")}


def inner_and_outer() -> Mapping[str, str]:
    """Inner and Outer London: code to name."""
    return {u["unit_code"]: u["unit_name"] for u in reference("reporting_units") if u["unit_level"] == "inner_outer"}


def region_codes() -> list[str]:
    """Codes of the regions, and of Inner and Outer London."""
    return [
        unit["unit_code"]
        for unit in reference("reporting_units")
        if unit["unit_level"] in ("region", "london", "inner_outer")
    ]


def read_frames(
    connection: Connection[Any], specification: Specification, releases: Sequence[WaitingRelease]
) -> "dict[str, pd.DataFrame]":
    """Every frame the rules on releases need, for these releases together.

    Args:
        connection: as the role `loader`.
        specification: the collection's.
        releases: at least one; all rows of each are in `raw`.
    """
    import pandas as pd

    frames: dict[str, pd.DataFrame] = {}
    years: list[pd.DataFrame] = []
    units: list[pd.DataFrame] = []
    cells: list[pd.DataFrame] = []
    common: list[pd.DataFrame] = []
    absent: dict[int, str] = {}
    for layout in specification.layouts:
        waiting = [release.release_id for release in releases if release.layout == layout.name]
        if not waiting:
            continue
        rows = _published_rows(connection, layout, waiting)
        frames[layout.name] = rows
        common.append(rows[COMMON_COLUMNS])
        cells += _cells(rows, layout)
        counted = rows[rows["is_used"]]
        years.append(_years(counted, waiting))
        units.append(_units(counted, layout, waiting))
        for release_id, part in rows.groupby("release_id"):
            missing = [m.name for m in layout.measures if (part[f"{m.name}_status"] == "absent").all()]
            absent[int(str(release_id))] = ", ".join(missing)
    frames["files"] = _files(releases, absent)
    frames["years"] = pd.concat(years, ignore_index=True)
    frames["units"] = pd.concat(units, ignore_index=True)
    frames["rows"] = pd.concat(common, ignore_index=True)
    frames["cells"] = pd.concat(cells, ignore_index=True)
    return frames


def _files(releases: Sequence[WaitingRelease], absent: Mapping[int, str]) -> "pd.DataFrame":
    import pandas as pd

    files = pd.DataFrame(
        {
            "release_id": [release.release_id for release in releases],
            "file_name": [release.file_name for release in releases],
            "publication_year": [release.publication_year for release in releases],
            "years_ahead": [release.publication_year - release.received_at.year for release in releases],
            "unknown_columns": [", ".join(release.unknown_columns) or None for release in releases],
            "absent_columns": [absent.get(release.release_id) or None for release in releases],
        }
    )
    named = files["file_name"].str.extract(r"_to_(20\d\d)\D", expand=False)
    return files.assign(file_name_year=pd.to_numeric(named))


def _published_rows(connection: Connection[Any], layout: Layout, release_ids: Sequence[int]) -> "pd.DataFrame":
    """The published rows of some releases of one layout, typed, with what the rules need beside them."""
    import pandas as pd
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    columns = raw_columns(layout)
    types = {
        name: pa.float64() if kind == "numeric" else pa.int64() if name in ("release_id", "source_row") else pa.string()
        for name, kind in columns
    }
    statement = sql.SQL(
        "copy (select {} from {} where release_id = any({}) order by release_id, source_row) "
        "to stdout (format csv, header)"
    ).format(
        sql.SQL(", ").join(sql.Identifier(name) for name in types),
        sql.Identifier("raw", layout.table),
        sql.Literal(list(release_ids)),
    )
    text = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            text.write(block)
    table = arrow_csv.read_csv(
        pa.BufferReader(text.getvalue()),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    rows: pd.DataFrame = table.to_pandas()
    names = [column.name for column in layout.dimensions]
    # A missing code is an empty one, so that a pattern can refuse it and two of them are duplicates.
    rows[names] = rows[names].fillna("")
    # As dbt reads them: a level in any case, a joint code with or without spaces round the slash.
    rows["level"] = rows["geographic_level"].str.lower()
    rows["area_code"] = rows["new_la_code"].str.replace(r"\s*/\s*", " / ", regex=True)
    is_authority = rows["level"] == "local authority"
    rows["is_authority"] = is_authority
    rows["is_london_authority"] = is_authority & rows["area_code"].str.startswith("E09")
    rows["has_region"] = is_authority | (rows["level"] == "regional")
    # What the warehouse shows: other authorities' rows reach a page only inside a region's published figure.
    rows["is_shown"] = rows["is_london_authority"] | ~is_authority
    expected = {code: london_region(unit) for code, unit in london_codes().items()}
    rows["expected_region_code"] = rows["area_code"].map(expected).where(rows["is_london_authority"])
    named = rows["la_name"].where(rows["la_name"] != "", rows["region_name"]).replace("", "England")
    rows["place"] = named + " " + rows["time_period"]
    key = [{"geographic_level": "level", "new_la_code": "area_code"}.get(column, column) for column in layout.key]
    rows["natural_key"] = rows[key[0]].str.cat(rows[key[1:]], sep="|")
    if any(column.name == "breakdown_topic" for column in layout.filters):
        # The file may hold further characteristics; the warehouse reads ethnicity.
        rows["is_used"] = rows["breakdown_topic"].str.lower() == ETHNICITY
    else:
        rows["is_used"] = True
    return rows


def _cells(rows: "pd.DataFrame", layout: Layout) -> "list[pd.DataFrame]":
    """The figures and symbols of published rows, one table a measure; text nobody knows stands as its own status."""
    cells = []
    for measure in layout.measures:
        status = rows[f"{measure.name}_status"]
        unreadable = status == "unrecognised"
        if unreadable.any():
            kept = rows.loc[unreadable, "extra"].map(_parsed)
            status = status.where(~unreadable, kept.map(lambda extra, name=measure.name: f"'{extra.get(name, '')}'"))
        of_measure = rows[["release_id", "source_row", "place"]].assign(value=rows[measure.name], status=status)
        of_measure.insert(0, "measure", measure.name)
        cells.append(of_measure)
    return cells


def _parsed(text: Any) -> Mapping[str, str]:
    import json

    return json.loads(text) if isinstance(text, str) else {}


def london_region(unit_code: str) -> str:
    """The code of Inner or Outer London, whichever a reporting unit belongs to."""
    return next(unit["inner_outer_code"] for unit in reference("reporting_units") if unit["unit_code"] == unit_code)


def _years(rows: "pd.DataFrame", release_ids: Sequence[int]) -> "pd.DataFrame":
    """One row per release and census year: which of the rows every page needs are there.

    A release with no row to use at all has one line, of an unnamed year.
    """
    import pandas as pd

    regional = rows["level"] == "regional"
    lines = []
    for release_id in release_ids:
        of_release = rows["release_id"] == release_id
        previous: int | None = None
        for year in sorted(set(rows.loc[of_release, "time_period"])) or ["no year"]:
            this = of_release & (rows["time_period"] == year)
            regions = set(rows.loc[this & regional, "region_code"])
            national = bool((this & (rows["level"] == "national")).any())
            units = rows.loc[this & rows["is_london_authority"], "area_code"].map(london_codes()).nunique()
            absent = [] if national else ["England"]
            absent += [name for code, name in inner_and_outer().items() if code not in regions]
            number = int(year) if year.isdecimal() else None
            lines.append(
                {
                    "release_id": release_id,
                    "place": year,
                    "years_since_previous": None if previous is None or number is None else number - previous,
                    "london_rows": int(LONDON in regions),
                    "london_units": units,
                    "absent_comparators": ", ".join(absent) or None,
                }
            )
            previous = number if number is not None else previous
    return pd.DataFrame(lines).astype({"years_since_previous": "float64"})


def _units(rows: "pd.DataFrame", layout: Layout, release_ids: Sequence[int]) -> "pd.DataFrame":
    """One row per release, census year and London unit, with how many figures are published for it."""
    import pandas as pd

    own = rows[rows["is_london_authority"]]
    figures = own[[measure.name for measure in layout.measures]].notna().sum(axis=1)
    unit = own["area_code"].map(london_codes())
    counted = figures.groupby([own["release_id"], own["time_period"], unit]).sum()
    years = rows.groupby("release_id")["time_period"].unique()
    lines = [
        (release_id, year, code)
        for release_id in release_ids
        if release_id in years.index
        for year in sorted(years[release_id])
        for code in london_units()
    ]
    index = pd.MultiIndex.from_tuples(lines, names=["release_id", "time_period", "unit_code"]) if lines else None
    found = counted.reindex(index, fill_value=0) if index is not None else counted.iloc[:0]
    units = found.rename("figures").reset_index()
    units.columns = pd.Index(["release_id", "time_period", "unit_code", "figures"])
    names = units["unit_code"].map(london_units())
    return units.assign(place=names.astype("object").astype(str) + " " + units["time_period"].astype(str))
