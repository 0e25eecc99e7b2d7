"""What each authority is heading for in each census year: its size, turnover, agency use, caseload and absence.

Every authority differs from its region, and every year from the authority's usual year; both differences are drawn
once here, so that an authority with many agency workers in one year has many in the next.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestion.sample.areas import Geography
from ingestion.sample.assumptions import Assumptions, Numbers
from ingestion.sample.awkward_cases import cases_with

# The largest share of agency workers and of leavers that is still believable.
MOST_AGENCY = 0.45
MOST_LEAVERS = 0.6


@dataclass(frozen=True)
class Outlook:
    """One census year, by authority: head counts to reach, and rates as ratios."""

    headcount: NDArray[np.int64]
    leaving: Numbers
    agency_headcount: NDArray[np.int64]
    cover: Numbers
    uncovered: Numbers
    caseload: Numbers
    absence: Numbers
    full_time: Numbers


def outlooks(geography: Geography, assumptions: Assumptions, seed: int, scale: float) -> dict[int, Outlook]:
    """The outlook of every census year, and of the year before the first (to have people to leave)."""
    facts = assumptions.facts
    random = np.random.default_rng([seed, 0])
    count = len(geography.authorities)
    region = np.array([assumptions.regions.index(authority.region_code) for authority in geography.authorities])
    kind = [authority.code[:3] for authority in geography.authorities]
    between, yearly = facts["spread"]["between_authorities"], facts["spread"]["between_years"]
    own = {name: np.exp(between[name] * random.standard_normal(count)) for name in between}
    size = np.array([facts["typical_headcount"][code] for code in kind]) * own["headcount"]
    for case in cases_with("very_small"):
        size[geography.authorities_of(case.unit_code)] = case.headcount
    drift = np.zeros(count)

    by_year: dict[int, Outlook] = {}
    for year in (assumptions.years[0] - 1, *assumptions.years):
        drift += yearly["headcount"] * random.standard_normal(count)

        def rate(name: str, year: int = year) -> Numbers:
            noise = np.exp(yearly[name] * random.standard_normal(count))
            usual = assumptions.by_region(name)[region] * own[name] * assumptions.in_year(name, year)
            return np.asarray(usual * noise)

        headcount = np.rint(size * scale * assumptions.in_year("headcount", year) * np.exp(drift)).astype(np.int64)
        headcount = np.maximum(headcount, facts["smallest_headcount"])
        share = np.minimum(rate("agency") / 100, MOST_AGENCY)
        agency = np.maximum(np.rint(headcount * share / (1 - share)).astype(np.int64), 1)
        outlook = Outlook(
            headcount=headcount,
            leaving=np.minimum(rate("turnover") / 100, MOST_LEAVERS),
            agency_headcount=agency,
            cover=assumptions.by_region("cover")[region] / 100,
            uncovered=rate("uncovered") / 100,
            caseload=rate("caseload"),
            absence=rate("absence") / 100,
            full_time=assumptions.by_region("full_time")[region] / 100,
        )
        _make_awkward(outlook, geography, year)
        by_year[year] = outlook
    return by_year


def _make_awkward(outlook: Outlook, geography: Geography, year: int) -> None:
    """Set the sizes that awkward cases ask for."""
    for case in cases_with("nobody_in_post"):
        where = geography.authorities_of(case.unit_code)
        outlook.headcount[where] = case.headcounts.get(year, 0)
        outlook.agency_headcount[where] = case.agency_headcount or 0
    for case in cases_with("no_agency"):
        if year in case.years:
            outlook.agency_headcount[geography.authorities_of(case.unit_code)] = 0
    for case in cases_with("low_agency"):
        if year in case.years:
            outlook.agency_headcount[geography.authorities_of(case.unit_code)] = 2
