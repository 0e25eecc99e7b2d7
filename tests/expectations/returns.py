"""Small, sound, invented returns of every collection as typed records, for tests to break one thing at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ingestion.returns.periods import Period, parse_period
from ingestion.returns.reading import Claim, Problem, TypedRecord, TypedReturn
from ingestion.returns.specification import Item, Specification, load_collection, load_specification

Row = dict[str, Any]

# What readers give for each kind of item.
DTYPES = {"integer": "Int64", "decimal": "float64", "date": "datetime64[s]", "birth_date": "datetime64[s]"}

# The first row below the headings of a sheet, and how far apart the workers of an XML file stand.
FIRST_ROW = 2
LINES_APART = 25


@dataclass
class Draft:
    """A return as rows of values, to be changed and then typed. A record taken out of `rows` is not in the file."""

    specification: Specification
    rows: dict[str, list[Row]]
    problems: list[Problem] = field(default_factory=list)

    def first(self, record: str, **wanted: Any) -> Row:
        """The first row of a record with these values; there is one, or the test is mistaken."""
        return next(row for row in self.rows[record] if all(row.get(name) == value for name, value in wanted.items()))

    def place(self, record: str, row: Row) -> int:
        """Where a row stands in the file."""
        number = next(number for number, each in enumerate(self.rows[record]) if each is row)
        return number * LINES_APART + 10 if self.specification.format == "xml" else number + FIRST_ROW

    def typed(self) -> TypedReturn:
        """The return as a reader gives it."""
        records = {}
        for record in self.specification.records:
            if record.name not in self.rows:
                continue
            rows = self.rows[record.name]
            unknown = {name for row in rows for name in row} - set(record.names)
            assert not unknown, f"{record.name} has no {unknown}"
            columns = {item.name: _column(item, rows) for item in record.items}
            frame = pd.DataFrame(
                {"source_row": pd.Series([self.place(record.name, row) for row in rows], dtype="int64")} | columns
            )
            letters = {} if record.sheet is None else {name: letter(place) for place, name in enumerate(record.names)}
            records[record.name] = TypedRecord(record, frame, record.sheet, letters, {})
        return TypedReturn(self.specification, Claim(self.specification.collection), records, self.problems)


Change = Callable[[Draft], object]


def letter(place: int) -> str:
    """A spreadsheet column's letter, `A` for 0."""
    return chr(ord("A") + place)


def draft(collection: str, period: str) -> Draft:
    """A sound return."""
    parsed = parse_period(period, load_collection(collection).frequency)
    specification = load_specification(collection, parsed)
    make = {
        "csww_census": _census,
        "agency_quarterly": _agency,
        "leadership_in_colour": _leadership,
        "ep_workforce": _psychologists,
    }[collection]
    known = {record.name: set(record.names) for record in specification.records}
    return Draft(
        specification,
        {
            record: [{name: value for name, value in row.items() if name in known[record]} for row in rows]
            for record, rows in make(parsed).items()
        },
    )


def with_value(record: str, of: Mapping[str, Any] | None = None, **values: Any) -> Change:
    """A change: other values in the first row of a record, or in the first that is as `of` says."""
    return lambda changed: changed.first(record, **(of or {})).update(values)


def with_problem(problem: Problem) -> Change:
    """A change: a problem its reader found."""
    return lambda changed: changed.problems.append(problem)


def _column(item: Item, rows: list[Row]) -> "pd.Series[Any]":
    return pd.Series([row.get(item.name) for row in rows], dtype=DTYPES.get(item.kind, "str"))


def _census(period: Period) -> dict[str, list[Row]]:
    year = period.end.year
    allowances = ["recruitment_bonus", "retention_bonus", "performance_award", "car_allowance", "relocation_package",
                  "regional_weighting", "cost_swe", "cost_dbs"]  # fmt: skip
    common = {
        "person_birth_date": "1988-04-02", "gender_current": "2", "sex": "F", "ethnicity": "BCRB", "qual_level": "2",
        "step_up_grad": "0", "role_start_date": "2019-06-03", "start_origin": "1", "fte30": 1.0,
        "working_days_lost": 0.0, "frontline_grad": "0", "absat30_sept": "0",
    }  # fmt: skip
    worker = {"agency_worker": "0", "fte": 0.8, "base_salary": 42500.0} | common
    return {
        "authority": [
            {"number_of_vacancies": 2.0, "no_agency_fte": 1.0, "no_agency_headcount": 1}
            | dict.fromkeys(allowances, "1")
        ],
        "worker": [
            worker | {"swe_no": "SY00000001", "org_role": "5", "cases30": 14},
            worker | {"swe_no": "SY00000002", "org_role": "1"},
            # Two posts at once, and one who left and came back: neither is a doubt.
            worker | {"swe_no": "SY00000003", "org_role": "2", "fte": 0.5},
            worker | {"swe_no": "SY00000003", "org_role": "4", "fte": 0.5},
            worker | {"swe_no": "SY00000004", "org_role": "5", "fte": 0.0, "base_salary": None}
            | {"role_end_date": f"{year - 1}-10-01", "leaver_destination": "1", "reason_leave": "5"},
            {"agency_worker": "1", "swe_no": "SY5", "fte": 1.0, "org_role": "5", "cases30": 40, "contract_weeks": 26.0},
        ],
    }  # fmt: skip


def _agency(period: Period) -> dict[str, list[Row]]:
    identity = {"la_code": "202", "period_end": period.end.isoformat()}
    assignment = identity | {
        "swe_number": "SY00000001", "role_type": "SW", "start_date": "2024-11-04", "hourly_rate": 25.0,
        "payment_basis": "PAYE", "rate_basis": "WORKER_PAY", "cap_exceeded": "N", "hours_per_week": 36.0, "fte": 1.0,
        "is_project_team": "N", "pqe_years": 5.0, "pqe_3plus": "Y", "cool_off_exemption": "NONE", "notice_weeks": 4,
        "references_received": "Y", "covers_vacancy": "Y",
    }  # fmt: skip
    breach = {"cap_exceeded": "Y", "cap_signoff_dcs": "2025-10-02", "cap_signoff_ce": "2025-10-02", "hourly_rate": 79.0}
    full = {f"rule_r{number}_status": "FULL" for number in (3, 4, 5, 6, 7)}
    return {
        "assignment": [
            assignment | {"assignment_id": "A-1"},
            assignment | {"assignment_id": "A-2", "left_substantive_date": "2023-12-01", "left_la_code": "301"},
            assignment | breach | {"assignment_id": "A-3", "end_date": period.end.isoformat()},
        ],
        "authority_quarter": [
            identity
            | {"month_1_cost": 20000.0, "month_2_cost": 20000.0, "month_3_cost": 21000.5}
            | full
            | {"rule_r2_status": "PARTIAL", "cap_breaches": 1, "rule_explanation": "One post in court."}
        ],
    }


def _leadership(period: Period) -> dict[str, list[Row]]:
    record = load_specification("leadership_in_colour", period).record("representation")
    identity = {"la_code": "202", "period_end": period.end.isoformat()}
    counts = {"headcount": 3, "shortlisted": 4, "appointed": 1, "entered_disciplinary": 0, "leavers": 5,
              "funded_development": 3}  # fmt: skip
    return {
        "representation": [
            identity | {"tier": tier, "ethnic_group": group} | counts
            for tier in record.item("tier").codes
            for group in record.item("ethnic_group").codes
        ]
    }


def _psychologists(period: Period) -> dict[str, list[Row]]:
    identity = {"la_code": "202", "period_end": period.end.isoformat()}
    engagement = identity | {
        "ep_grade": "EP", "start_date": "2025-11-03", "pqe_years": 4.0, "work_mode": "HYBRID",
        "activity": "EHCNA_STATUTORY", "hcpc_registered": "Y",
    }  # fmt: skip
    grades = load_specification("ep_workforce", period).record("establishment").item("ep_grade").codes
    return {
        "agency_use": [
            engagement | {"engagement_id": "E-1", "pay_unit": "DAY", "rate": 550.0, "units_in_quarter": 24.0},
            engagement | {"engagement_id": "E-2", "pay_unit": "HOUR", "rate": 75.0, "end_date": "2025-12-01"},
            engagement | {"engagement_id": "E-3", "pay_unit": "PER_ADVICE", "rate": 900.0, "units_in_quarter": 90.0},
        ],
        "establishment": [
            identity | {"ep_grade": grade, "headcount": 3, "fte": 2.6, "vacancies_fte": 1.0, "average_salary": 55000.0}
            for grade in grades
        ],
    }
