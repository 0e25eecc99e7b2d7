"""Frames the rules on a Leadership in Colour return ask for: the return as a whole, and what is missing from it."""

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from expectations.returns_columns.made import Column, Frame

if TYPE_CHECKING:
    from expectations.returns_frames import Version

RECORD = "representation"
NOT_STATED = "NOT_STATED"
TIERS_AND_GROUPS = (f"{RECORD}.tier", f"{RECORD}.ethnic_group")
HEADCOUNT = f"{RECORD}.headcount"


def _combinations(version: "Version") -> pd.DataFrame:
    """One row for every tier and ethnic group of every return that has rows; `rows`: how many it has, or null."""
    rows = version.records[RECORD]
    tiers, groups = rows.record.item("tier").codes, rows.record.item("ethnic_group").codes
    given = rows.frame.groupby(["submission", "tier", "ethnic_group"]).size()
    returns = sorted(set(rows.submission.tolist()))
    index = pd.MultiIndex.from_tuples(list(product(returns, tiers, groups)), names=["submission", "tier", "group"])
    frame = pd.DataFrame({"rows": given.reindex(index).to_numpy(dtype="float64")}, index=index).reset_index()
    return frame.assign(detail=[f"{tiers[t]}, {groups[g]}" for t, g in zip(frame["tier"], frame["group"], strict=True)])


def _totals(version: "Version") -> pd.DataFrame:
    """One row a return that has rows: people in post, and the percentage whose ethnicity is not stated."""
    rows = version.records[RECORD]
    headcount = np.nan_to_num(rows.number("headcount"))
    stated = ~rows.is_one_of("ethnic_group", NOT_STATED)
    sums = (
        pd.DataFrame({"submission": rows.submission, "people": headcount, "unknown": np.where(stated, 0.0, headcount)})
        .groupby("submission", as_index=False)
        .sum()
    )
    return sums.assign(not_stated_percent=100 * sums["unknown"] / sums["people"].where(sums["people"] > 0))


def _voluntary(version: "Version") -> pd.DataFrame:
    """One row a return and voluntary item: whether it is given in some rows and blank in others."""
    rows = version.records[RECORD]
    parts = []
    for item in rows.record.items:
        if item.voluntary:
            given = pd.DataFrame({"submission": rows.submission, "given": rows.given(item.name)})
            shares = given.groupby("submission", as_index=False)["given"].mean()
            partly = shares["given"].between(0, 1, inclusive="neither")
            parts.append(
                pd.DataFrame({"submission": shares["submission"], "item": item.name, "is_partly_given": partly})
            )
    return pd.concat(parts, ignore_index=True)


COLUMNS: Mapping[str, Mapping[str, Column]] = {}
FRAMES: Mapping[str, Frame] = {
    "combinations": Frame(RECORD, TIERS_AND_GROUPS, ("rows",), _combinations),
    "totals": Frame(RECORD, (HEADCOUNT, f"{RECORD}.ethnic_group"), ("people", "not_stated_percent"), _totals),
    "voluntary_items": Frame(RECORD, (f"{RECORD}.shortlisted",), ("item", "is_partly_given"), _voluntary),
}
