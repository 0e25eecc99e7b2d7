"""Columns and frames the rules on the return of educational psychologists ask for (domain notes, section 6)."""

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from expectations.returns_columns.made import Column, Frame

if TYPE_CHECKING:
    from expectations.returns_frames import Array, Rows, Truths, Version

# Trainees and assistants are not on the register yet; all others practise under a protected title.
UNQUALIFIED = ("AEP", "TEP")
QUALIFIED = ("EP", "SEP", "DPEP", "PEP")
ESTABLISHMENT = "establishment"


def _is_unqualified(rows: "Rows") -> "Truths":
    return rows.is_one_of("ep_grade", *UNQUALIFIED)


def _not_registered(_: "Version", rows: "Rows") -> "Array":
    return rows.is_one_of("ep_grade", *QUALIFIED) & rows.is_one_of("hcpc_registered", "N", "U")


def _experience_of_unqualified(_: "Version", rows: "Rows") -> "Array":
    return np.where(_is_unqualified(rows), rows.number("pqe_years"), np.nan)


def _agency_trainee(_: "Version", rows: "Rows") -> "Array":
    return rows.is_one_of("ep_grade", "TEP")


def _people_without_fte(_: "Version", rows: "Rows") -> "Array":
    people, fte = rows.number("headcount"), rows.number("fte")
    found: Truths = ((people > 0) & (fte == 0)) | ((people == 0) & (fte > 0))
    return found


def _grades(version: "Version") -> pd.DataFrame:
    """One row for every grade of every return; `rows`: how many the return has, or null."""
    rows = version.records[ESTABLISHMENT]
    grades = rows.record.item("ep_grade").codes
    given = rows.frame.groupby(["submission", "ep_grade"]).size()
    returns = sorted(set(rows.submission.tolist()))
    index = pd.MultiIndex.from_tuples(list(product(returns, grades)), names=["submission", "ep_grade"])
    frame = pd.DataFrame({"rows": given.reindex(index).to_numpy(dtype="float64")}, index=index).reset_index()
    return frame.assign(detail=frame["ep_grade"].map(grades))


def _posts(version: "Version") -> pd.DataFrame:
    """One row a return: vacant posts as a percentage of all posts, null where there are none."""
    rows = version.records[ESTABLISHMENT]
    posts = pd.DataFrame(
        {"submission": rows.submission, "in_post": rows.number("fte"), "vacant": rows.number("vacancies_fte")}
    )
    sums = posts.groupby("submission", as_index=False).sum()
    every = sums["in_post"] + sums["vacant"]
    return sums.assign(vacant_percent=100 * sums["vacant"] / every.where(every > 0))


COLUMNS: Mapping[str, Mapping[str, Column]] = {
    "agency_use": {
        "not_registered": Column(("ep_grade", "hcpc_registered"), _not_registered),
        "experience_of_unqualified": Column(("ep_grade", "pqe_years"), _experience_of_unqualified),
        "is_agency_trainee": Column(("ep_grade",), _agency_trainee),
    },
    ESTABLISHMENT: {"people_without_fte": Column(("headcount", "fte"), _people_without_fte)},
}
FRAMES: Mapping[str, Frame] = {
    "grades": Frame(ESTABLISHMENT, (f"{ESTABLISHMENT}.ep_grade",), ("rows",), _grades),
    "posts": Frame(
        ESTABLISHMENT, (f"{ESTABLISHMENT}.fte", f"{ESTABLISHMENT}.vacancies_fte"), ("vacant_percent",), _posts
    ),
}
