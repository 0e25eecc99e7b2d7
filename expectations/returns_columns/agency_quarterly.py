"""Columns the rules on the quarterly agency return ask for (domain notes on agency workers, sections 2 to 5 and 9).

What a rule asks for, and the price caps, come from the reference tables by date: nothing of either stands here.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from expectations.release_frames import reference
from expectations.returns_columns.made import Column, Frame

if TYPE_CHECKING:
    from expectations.returns_frames import Array, Days, Numbers, Rows, Truths, Version

REGION = "LONDON"
# The rules whose keeping can be seen from the assignments, and what each needs for that.
BREAKABLE = {
    "r2": ("role_type", "payment_basis", "hourly_rate"),
    "r4": ("notice_weeks", "substantive_notice_weeks"),
    "r5": ("left_substantive_date", "cool_off_exemption"),
    "r6": ("pqe_years", "pqe_3plus"),
    "r7": ("references_received",),
}
IN_FORCE = ("start_date", "end_date")


def _judged_on(rows: "Rows") -> "Days":
    """The day an assignment is judged on: its last active day in the quarter."""
    ended = rows.date("end_date")
    return np.where(np.isnat(ended), rows.last_day, np.minimum(ended, rows.last_day))


def _in_force(row: Mapping[str, str], day: "Days") -> "Truths":
    begun = day >= np.datetime64(row["valid_from"], "s")
    return begun & (day <= np.datetime64(row["valid_to"], "s")) if row["valid_to"] else begun


def _asked(rows: "Rows", rule: str, parameter: str, whatever_the_start: bool = False) -> "Numbers":
    """What a statutory rule asks of each assignment, NaN where it does not hold for it; true is 1.

    A rule of scope NEW holds for assignments that began since it did.
    """
    day, start = _judged_on(rows), rows.date("start_date")
    asked = np.full(len(rows), np.nan)
    for row in reference("agency_rules"):
        if (row["rule_code"], row["authority"], row["parameter"]) == (rule.upper(), "DFE", parameter):
            holds = _in_force(row, day)
            if row["scope"] == "NEW" and not whatever_the_start:
                holds &= start >= np.datetime64(row["valid_from"], "s")
            asked[holds] = 1.0 if row["value"] == "true" else float(row["value"])
    return asked


def _cap(rows: "Rows") -> "Numbers":
    """The price cap of each assignment, on its own payment basis; NaN where none is in force or known."""
    day = _judged_on(rows)
    cap = np.full(len(rows), np.nan)
    for row in reference("price_caps"):
        if row["region"] == REGION:
            same = rows.is_one_of("role_type", row["role_type"]) & rows.is_one_of("payment_basis", row["payment_basis"])
            cap[same & _in_force(row, day)] = float(row["cap_gbp"])
    return cap


def _breaks_r2(rows: "Rows") -> "Truths":
    return rows.number("hourly_rate") > _cap(rows)


def _breaks_r4(rows: "Rows") -> "Truths":
    asked, substantive = _asked(rows, "r4", "notice_weeks"), rows.number("substantive_notice_weeks")
    # The authority's own notice for permanent staff counts where it is shorter.
    return ~np.isnan(asked) & (rows.number("notice_weeks") < np.fmin(asked, substantive))


def _breaks_r5(rows: "Rows") -> "Truths":
    months = _asked(rows, "r5", "cool_off_months")
    exempt = rows.known("cool_off_exemption") & ~rows.is_one_of("cool_off_exemption", "NONE")
    left, start = rows.date("left_substantive_date"), rows.date("start_date")
    too_soon = np.zeros(len(rows), dtype=bool)
    for asked in np.unique(months[~np.isnan(months)]):
        free = (pd.DatetimeIndex(left) + pd.DateOffset(months=int(asked))).to_numpy()
        too_soon |= (months == asked) & (start < free)
    return too_soon & ~exempt


def _breaks_r6(rows: "Rows") -> "Truths":
    years = rows.number("pqe_years")
    asked = _asked(rows, "r6", "pqe_years")
    unmet = (years < asked) | (np.isnan(years) & ~np.isnan(asked) & rows.is_one_of("pqe_3plus", "N"))
    broken: Truths = unmet & ~rows.is_one_of("pqe_3plus", "Y")
    return broken


def _breaks_r7(rows: "Rows") -> "Truths":
    broken: Truths = (_asked(rows, "r7", "reference_required") == 1) & rows.is_one_of("references_received", "N")
    return broken


BREAKS = {"r2": _breaks_r2, "r4": _breaks_r4, "r5": _breaks_r5, "r6": _breaks_r6, "r7": _breaks_r7}


def _full_but_broken(rule: str) -> Column:
    """Assignments that break a rule the authority says it meets in full; NaN where it does not say so."""

    def make(version: "Version", rows: "Rows") -> "Array":
        assignments = version.records.get("assignment")
        if assignments is None:
            return np.full(len(rows), np.nan)
        broken = version.total("assignment", BREAKS[rule](assignments), rows)
        return np.where(rows.is_one_of(f"rule_{rule}_status", "FULL"), broken, np.nan)

    items = [f"assignment.{item}" for item in (*IN_FORCE, *BREAKABLE[rule])]
    return Column((f"rule_{rule}_status", *items), make)


def _pqe_disagrees(_: "Version", rows: "Rows") -> "Array":
    years = rows.number("pqe_years")
    asked = _asked(rows, "r6", "pqe_years", whatever_the_start=True)
    return ((years >= asked) & rows.is_one_of("pqe_3plus", "N")) | ((years < asked) & rows.is_one_of("pqe_3plus", "Y"))


def _above_cap(rows: "Rows") -> "Truths":
    return rows.is_one_of("cap_exceeded", "Y")


def _cap_declared_otherwise(_: "Version", rows: "Rows") -> "Array":
    cap, rate = _cap(rows), rows.number("hourly_rate")
    disagrees: Truths = (rate > cap) != _above_cap(rows)
    return disagrees & rows.known("cap_exceeded") & ~np.isnan(cap + rate)


def _breach_without_sign_off(_: "Version", rows: "Rows") -> "Array":
    return _above_cap(rows) & ~(rows.given("cap_signoff_dcs") & rows.given("cap_signoff_ce"))


def _sign_off_without_breach(_: "Version", rows: "Rows") -> "Array":
    return ~_above_cap(rows) & (rows.given("cap_signoff_dcs") | rows.given("cap_signoff_ce"))


def _assignments_above_cap(version: "Version", rows: "Rows") -> "Array":
    assignments = version.records.get("assignment")
    if assignments is None:
        return np.full(len(rows), np.nan)
    return version.total("assignment", _above_cap(assignments), rows)


def _neither_hours_nor_fte(_: "Version", rows: "Rows") -> "Array":
    return ~rows.given("hours_per_week") & ~rows.given("fte")


def _explanation_missing(_: "Version", rows: "Rows") -> "Array":
    short = np.zeros(len(rows), dtype=bool)
    for name in rows.record.names:
        if name.startswith("rule_r") and name.endswith("_status"):
            short |= rows.is_one_of(name, "PARTIAL", "NONE")
    return short & ~rows.given("rule_explanation")


def _cost_with_assignments(month: int) -> Column:
    """The month's cost where an assignment was active in it; NaN where none was."""
    name = f"month_{month}_cost"

    def make(version: "Version", rows: "Rows") -> "Array":
        assignments = version.records.get("assignment")
        if assignments is None:
            return np.full(len(rows), np.nan)
        first = (assignments.first_day.astype("datetime64[M]") + (month - 1)).astype("datetime64[s]")
        following = (first.astype("datetime64[M]") + 1).astype("datetime64[s]")
        ended = assignments.date("end_date")
        active = (assignments.date("start_date") < following) & (np.isnat(ended) | (ended >= first))
        active &= assignments.given("end_date") == ~np.isnat(ended)  # An end nobody can read says nothing.
        return np.where(version.total("assignment", active, rows) > 0, rows.number(name), np.nan)

    return Column((name, "assignment.start_date", "assignment.end_date"), make)


CAP_ITEMS = ("cap_exceeded", "cap_signoff_dcs", "cap_signoff_ce")

COLUMNS: Mapping[str, Mapping[str, Column]] = {
    "assignment": {
        "neither_hours_nor_fte": Column(("hours_per_week", "fte"), _neither_hours_nor_fte),
        "pqe_disagrees": Column(("pqe_years", "pqe_3plus", *IN_FORCE), _pqe_disagrees),
        "notice_is_too_short": Column((*BREAKABLE["r4"], *IN_FORCE), lambda _, rows: _breaks_r4(rows)),
        "cap_declared_otherwise": Column(("cap_exceeded", *BREAKABLE["r2"], *IN_FORCE), _cap_declared_otherwise),
        "breach_without_sign_off": Column(CAP_ITEMS, _breach_without_sign_off),
        "sign_off_without_breach": Column(CAP_ITEMS, _sign_off_without_breach),
    },
    "authority_quarter": {
        "explanation_missing": Column(("rule_explanation",), _explanation_missing),
        "assignments_above_cap": Column(("assignment.cap_exceeded",), _assignments_above_cap),
        **{f"{rule}_full_but_broken": _full_but_broken(rule) for rule in BREAKABLE},
        **{f"month_{month}_cost_with_assignments": _cost_with_assignments(month) for month in (1, 2, 3)},
    },
}
FRAMES: Mapping[str, Frame] = {}
