"""Columns the rules on the workforce census return ask for (domain notes on the DfE census, sections 2 and 3)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from expectations.returns_columns.made import Column, Frame

if TYPE_CHECKING:
    from expectations.returns_frames import Array, Rows, Truths, Version

CASE_HOLDER = "5"
MOST_CONTRACT_WEEKS = 500


def _is_permanent(_: "Version", rows: "Rows") -> "Truths":
    return rows.is_one_of("agency_worker", "0")


def _is_agency(rows: "Rows") -> "Truths":
    return rows.is_one_of("agency_worker", "1")


def _is_leaver(rows: "Rows") -> "Truths":
    return rows.given("role_end_date")


def _is_permanent_in_post(version: "Version", rows: "Rows") -> "Truths":
    return _is_permanent(version, rows) & ~_is_leaver(rows)


def _age(_: "Version", rows: "Rows") -> "Array":
    """Whole years on the last day of the census year."""
    born = pd.DatetimeIndex(rows.date("person_birth_date"))
    day = pd.DatetimeIndex(rows.last_day)
    had_birthday = (born.month * 100 + born.day) <= (day.month * 100 + day.day)
    return np.asarray(day.year - born.year - np.where(had_birthday, 0, 1), dtype="float64")


def _repeats_spell_and_role(_: "Version", rows: "Rows") -> "Array":
    parts = rows.frame[["submission", "swe_no", "role_start_date", "org_role"]]
    repeated: Truths = parts.duplicated(keep=False).to_numpy()
    return rows.known("swe_no") & repeated


def _missing_partner(one: str, other: str) -> Column:
    """The name of the item that is missing where only one of the two is given."""

    def make(_: "Version", rows: "Rows") -> "Array":
        has_one, has_other = rows.given(one), rows.given(other)
        missing = np.full(len(rows), None, dtype=object)
        missing[has_one & ~has_other] = other
        missing[has_other & ~has_one] = one
        return missing

    return Column((one, other), make)


def _leaver_fte_is_not_zero(_: "Version", rows: "Rows") -> "Array":
    # One that could not be read is a problem already.
    not_zero: Truths = (rows.number("fte") != 0) & (rows.known("fte") | ~rows.given("fte"))
    return _is_leaver(rows) & not_zero


def _leaves_outside_the_year(_: "Version", rows: "Rows") -> "Array":
    left = rows.date("role_end_date")
    return (left < rows.first_day) | (left > rows.last_day)


def _cases_of_case_holders(_: "Version", rows: "Rows") -> "Array":
    """Cases of case holders in post, none given counted as 0; NaN for all others."""
    cases = np.where(rows.given("cases30"), rows.number("cases30"), 0.0)
    about = rows.is_one_of("org_role", CASE_HOLDER) & ~_is_leaver(rows)
    return np.where(about, cases, np.nan)


def _contract_weeks_not_as_expected(_: "Version", rows: "Rows") -> "Array":
    weeks = rows.number("contract_weeks")
    return _is_agency(rows) & (~rows.given("contract_weeks") | (weeks > MOST_CONTRACT_WEEKS))


def _agency_fte(version: "Version", rows: "Rows") -> "Array":
    """The sum of FTE over the return's agency workers, to the two decimals the authority's own figure has."""
    workers = version.records.get("worker")
    if workers is None:
        return np.full(len(rows), np.nan)
    return np.round(version.total("worker", np.where(_is_agency(workers), workers.number("fte"), 0.0), rows), 2)


COLUMNS: Mapping[str, Mapping[str, Column]] = {
    "authority": {"agency_fte_of_the_return": Column(("worker.agency_worker", "worker.fte"), _agency_fte)},
    "worker": {
        "is_permanent": Column(("agency_worker",), _is_permanent),
        "is_permanent_in_post": Column(("agency_worker", "role_end_date"), _is_permanent_in_post),
        "is_in_post": Column(("role_end_date",), lambda _, rows: ~_is_leaver(rows)),
        "age_at_reference_date": Column(("person_birth_date",), _age),
        "repeats_spell_and_role": Column(("swe_no", "role_start_date", "org_role"), _repeats_spell_and_role),
        "missing_of_start": _missing_partner("role_start_date", "start_origin"),
        "missing_of_reason": _missing_partner("role_end_date", "reason_leave"),
        "missing_of_destination": _missing_partner("role_end_date", "leaver_destination"),
        "leaver_fte_is_not_zero": Column(("role_end_date", "fte"), _leaver_fte_is_not_zero),
        "leaves_outside_the_year": Column(("role_end_date",), _leaves_outside_the_year),
        "cases_of_case_holders_in_post": Column(("org_role", "role_end_date", "cases30"), _cases_of_case_holders),
        "contract_weeks_not_as_expected": Column(("agency_worker", "contract_weeks"), _contract_weeks_not_as_expected),
    },
}
FRAMES: Mapping[str, Frame] = {}
