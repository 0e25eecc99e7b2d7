"""Small, sound, invented releases in DfE's formats, for tests to break one thing at a time.

Every London reporting unit, the regions and England, one authority outside London; figures repeat by design,
because the release gate looks at each row on its own.
"""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

REFERENCE = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "reference"

GEOGRAPHY = [
    "time_period", "time_identifier", "geographic_level", "country_code", "country_name", "region_code",
    "region_name", "old_la_code", "new_la_code", "la_name",
]  # fmt: skip
# Published headers, written out: the specification under test is not asked what they are.
INDICATORS = {
    "inpost_fte": "100.5", "inpost_headcount": "105", "starters_fte": "10.2", "starters_headcount": "11",
    "leavers_fte": "12.3", "leavers_headcount": "13", "turnover_rate_fte": "12.2", "turnover_rate_headcount": "12.4",
    "agency_fte": "20.4", "agency_headcount": "21", "agency_rate_fte": "16.9", "agency_rate_headcount": "16.7",
    "agency_cover_fte": "18.1", "agency_cover_rate_fte": "88.7", "vacancy_fte": "22.6", "vacancy_rate_fte": "18.4",
    "vacancy_agency_cover_rate_fte": "80.1", "case_holders_fte": "90.3", "cases": "1400", "caseload_fte": "15.5",
    "working_days_lost_fte": "700.4", "absence_rate_fte": "2.8",
}  # fmt: skip
ROLES = [
    "Total", "Senior manager", "Middle manager", "First line manager", "Senior practitioner", "Case holder",
    "Qualified without cases",
]  # fmt: skip
GROUPS = [
    "Total", "Known", "Not known", "White", "Mixed / Multiple ethnic groups", "Asian / Asian British",
    "Black / African / Caribbean / Black British", "Other ethnic group",
]  # fmt: skip

Row = dict[str, str]


@dataclass
class Published:
    """A release as rows of text, to be changed and then written."""

    header: list[str]
    rows: list[Row] = field(default_factory=list)

    def where(self, **wanted: str) -> list[Row]:
        """The rows with these values; at least one, or the test is mistaken."""
        found = [row for row in self.rows if all(row[name] == value for name, value in wanted.items())]
        assert found, f"no row has {wanted}"
        return found

    def remove(self, unwanted: Iterable[Row]) -> None:
        """Take rows out."""
        gone = {id(row) for row in unwanted}
        self.rows = [row for row in self.rows if id(row) not in gone]

    def source_row(self, row: Row) -> int:
        """The row's number as a spreadsheet shows it."""
        return next(place for place, each in enumerate(self.rows, start=2) if each is row)

    def write(self, path: Path) -> Path:
        """Write the CSV file."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self.header, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
        return path


Change = Callable[[Published], object]


def areas(year: int) -> list[Row]:
    """The geography columns of every area, for one census year."""
    with (REFERENCE / "reporting_units.csv").open(encoding="utf-8", newline="") as file:
        units = list(csv.DictReader(file))
    names = {unit["unit_code"]: unit["unit_name"] for unit in units}
    rows = []
    for unit in units:
        row = dict.fromkeys(GEOGRAPHY, "") | {
            "time_period": str(year),
            "time_identifier": "Reporting year",
            "country_code": "E92000001",
            "country_name": "England",
        }
        match unit["unit_level"]:
            case "england":
                row |= {"geographic_level": "National"}
            case "authority":
                row |= {
                    "geographic_level": "Local authority",
                    "region_code": unit["inner_outer_code"],
                    "region_name": names[unit["inner_outer_code"]],
                    "old_la_code": unit["dfe_code"],
                    "new_la_code": unit["unit_code"],
                    "la_name": unit["unit_name"],
                }
            case _:
                row |= {
                    "geographic_level": "Regional",
                    "region_code": unit["unit_code"],
                    "region_name": unit["unit_name"],
                }
        rows.append(row)
    outside = next(row for row in rows if row["geographic_level"] == "Local authority") | {
        "region_code": "E12000009", "region_name": "South West", "old_la_code": "420", "new_la_code": "E06000053",
        "la_name": "Isles of Scilly",
    }  # fmt: skip
    return [*rows, outside]


def indicators(*years: int) -> Published:
    """A sound indicators release."""
    rows = [area | INDICATORS for year in sorted(years, reverse=True) for area in areas(year)]
    return Published([*GEOGRAPHY, *INDICATORS], rows)


def role_by_characteristics(*years: int) -> Published:
    """A sound release of role by characteristics, its ethnicity rows."""
    rows = [
        area
        | {"role": role, "breakdown_topic": "Ethnicity major", "breakdown": group}
        | {"inpost_FTE": "9.5", "inpost_FTE_percentage": "50", "inpost_headcount": "10"}
        | {"inpost_headcount_percentage": "50.1"}
        for year in sorted(years, reverse=True)
        for area in areas(year)
        for role in ROLES
        for group in GROUPS
    ]
    return Published([*GEOGRAPHY, *list(rows[0])[len(GEOGRAPHY) :]], rows)


def role_by_ethnicity_wide(*years: int) -> Published:
    """A sound release in the wide layout of 2022."""
    figures = {"known_headcount": "50"} | dict.fromkeys(["white", "mixed", "asian", "black", "other"], "10")
    shares = dict.fromkeys(["white_perc", "mixed_perc", "asian_perc", "black_perc", "other_perc"], "20")
    rows = [
        area | {"OrgRole": role} | figures | shares
        for year in sorted(years, reverse=True)
        for area in areas(year)
        for role in ["All children and family social workers", *ROLES[1:]]
    ]
    return Published([*GEOGRAPHY, "OrgRole", *figures, *shares], rows)


def with_figure(name: str, value: str, **where: str) -> Change:
    """A change: one figure of one row, Camden's newest unless said otherwise."""

    def change(release: Published) -> None:
        release.where(**(where or {"la_name": "Camden"}))[0][name] = value

    return change
