"""Leadership in Colour: domain notes, sections 2.2 to 2.8."""

import math

import pandas as pd

from tests.dbt_project.independent.raw import AREAS, Raw, complete, coverage, in_every_place, seed
from tests.dbt_project.independent.statistics import (
    cochran_armitage,
    fisher,
    katz,
    likelihood_ratio,
    newcombe,
    wilson,
)

GROUPS = {
    "Total": "total",
    "Known": "known",
    "Not known": "not_known",
    "White": "white",
    "Mixed / Multiple ethnic groups": "mixed",
    "Asian / Asian British": "asian",
    "Black / African / Caribbean / Black British": "black",
    "Other ethnic group": "other",
}
ALL_GROUPS = ["total", "known", "not_known", "white", "global_majority", "mixed", "asian", "black", "other"]
TIERS = {
    "Senior manager": "senior_manager",
    "Middle manager": "middle_manager",
    "First line manager": "first_line_manager",
    "Senior practitioner": "senior_practitioner",
    "Case holder": "case_holder",
    "Qualified without cases": "qualified_without_cases",
}
POOLED = {
    "managers": ["senior_manager", "middle_manager", "first_line_manager"],
    "frontline": ["case_holder", "qualified_without_cases"],
    "upper": ["senior_manager", "middle_manager"],
    "middle": ["first_line_manager", "senior_practitioner"],
    "lower": ["case_holder", "qualified_without_cases"],
}
FIVE = ["white", "mixed", "asian", "black", "other"]
# From the lowest tier up; Qualified without cases is left out (section 2.6).
LADDER = ["case_holder", "senior_practitioner", "first_line_manager", "middle_manager", "senior_manager"]
# event / out of whom (section 2.9; all but the first are out of everybody in post)
RACE_EQUALITY = {
    "appointed_from_shortlisting": ("appointed", "shortlisted"),
    "entered_disciplinary": ("entered_disciplinary", "headcount"),
    "leavers": ("leavers", "headcount"),
    "funded_development": ("funded_development", "headcount"),
}
KEYS = ["place", "year", "source", "tier"]


def _with_pooled_tiers(counts: pd.DataFrame) -> pd.DataFrame:
    """`counts` by place, year, tier and group (six tiers) with the pooled ones; missing where a part is."""
    tiers = counts.headcount.unstack("tier")
    for name, parts in POOLED.items():
        tiers[name] = tiers[parts].sum(axis=1, skipna=False)
    return tiers.stack(future_stack=True).rename("headcount").to_frame()


def population() -> pd.Series:
    """Share of London's residents (Census 2021) by group, per cent; Global Majority is everyone but White."""
    residents = seed("population_by_ethnicity").astype({"residents": float}).set_index("ethnic_group").residents
    shares = 100 * residents / residents.sum()
    shares["global_majority"] = 100 - shares["white"]
    return shares


def headcounts_returned(raw: Raw) -> pd.DataFrame:
    """Index place, year, tier, group; column headcount."""
    rows = raw.representation.assign(
        tier=raw.representation.tier.str.lower(), group=raw.representation.group.map(GROUPS)
    )
    covered = coverage(raw, "leadership_in_colour")
    sums = in_every_place(rows).groupby(["place", "period", "tier", "group"])[["headcount"]].sum()
    codes = {"tier": list(TIERS.values()), "group": [*FIVE, "not_known"]}
    counts = complete(sums, covered, codes).headcount.unstack("group")
    counts["known"] = counts[FIVE].sum(axis=1, skipna=False)
    counts["total"] = counts.known + counts.not_known
    counts["global_majority"] = counts.known - counts.white
    long = counts.stack(future_stack=True).rename("headcount").to_frame()
    long = long.rename_axis(index={"period": "year"})
    long.index = long.index.set_levels(long.index.levels[1].astype(int), level="year")
    tiers = long.headcount.unstack("tier")
    tiers["all"] = tiers[list(TIERS.values())].sum(axis=1, skipna=False)
    return _with_pooled_tiers(tiers.stack(future_stack=True).rename("headcount").to_frame())


def headcounts_published(raw: Raw) -> pd.DataFrame:
    """Index place, year, tier, group; column headcount, as DfE published it; pooled tiers are sums of the published."""
    rows = raw.published("dfe_census__role_by_characteristics", "role_by_ethnicity")
    rows = rows.assign(tier=rows.role.map({"Total": "all", **TIERS}), group=rows.breakdown.map(GROUPS))
    counts = rows.set_index(["place", "year", "tier", "group"]).inpost_headcount.unstack("group")
    counts["global_majority"] = counts.known - counts.white
    published = counts.stack(future_stack=True)
    # Nobody's ethnicity is known: the five groups are x beside a printed 0, and add nobody to a pooled tier.
    without_known = counts.known == 0
    filled = counts.apply(lambda group: group.mask(group.isna() & without_known, 0.0))
    pooled = _with_pooled_tiers(filled.stack(future_stack=True).rename("headcount").to_frame()).headcount
    is_pooled = pooled.index.get_level_values("tier").isin(list(POOLED))
    as_published = published.reorder_levels(pooled.index.names).reindex(pooled.index)
    return pooled.where(is_pooled, as_published).to_frame()


def headcounts(raw: Raw) -> pd.Series:
    """Headcount by place, year, source, tier and group."""
    both = pd.concat(
        {"dfe": headcounts_published(raw), "returns": headcounts_returned(raw)}, names=["source"]
    ).headcount
    return both.reorder_levels([*KEYS, "group"]).sort_index()


def carried_forward(raw: Raw) -> set[tuple[str, int]]:
    """Units and years whose published rows repeat those of the year before, all of them."""
    rows = raw.published("dfe_census__role_by_characteristics", "role_by_ethnicity")
    cells = rows.set_index(["place", "role", "breakdown", "year"]).inpost_headcount.unstack("year")
    repeats = set()
    for place, own in cells.groupby(level="place"):
        for year in cells.columns[1:]:
            now, before = own[year], own[year - 1]
            if now.notna().any() and now.equals(before):
                repeats.add((str(place), int(year)))
    return repeats


def representation(raw: Raw, counts: pd.Series) -> pd.DataFrame:
    """Every figure of the mart, unrounded, percentages as per cent: index place, year, source, tier, group.

    Args:
        raw: the warehouse's rows.
        counts: headcount by place, year, source, tier and group, exact or rounded.
    """
    table = counts.unstack("group")
    workforce = table.xs("all", level="tier")
    frames = []
    residents = population()
    for group in ALL_GROUPS:
        whole = table.total if group in ("total", "known", "not_known") else table.known
        frame = pd.DataFrame({"headcount": table[group], "whole": whole})
        over = workforce.total if group in ("total", "known", "not_known") else workforce.known
        everybody = (100 * workforce[group] / over.where(over > 0)).rename("everybody")
        frame["share"] = 100 * frame.headcount / whole.where(whole > 0)
        frame = frame.join(everybody, on=["place", "year", "source"])
        frame["gap"] = frame.share - frame.everybody
        frame["index"] = frame.share / frame.everybody.where(frame.everybody > 0)
        frame["population"] = residents.get(group, math.nan)
        frame["index_population"] = frame.share / residents.get(group, math.nan)
        intervals = [wilson(part, n) for part, n in zip(frame.headcount, frame.whole, strict=True)]
        frame["low"] = [100 * low for low, _ in intervals]
        frame["high"] = [100 * high for _, high in intervals]
        frame["everyone"] = table.total
        frame["declaration"] = 100 * table.known / table.total.where(table.total > 0)
        frame = _with_change_since_2019(frame)
        frames.append(pd.concat({group: frame}, names=["group"]))
    return pd.concat(frames).reorder_levels([*KEYS, "group"]).sort_index()


def _with_change_since_2019(frame: pd.DataFrame) -> pd.DataFrame:
    first = frame.xs(2019, level="year")[["headcount", "whole"]].rename(columns=lambda name: f"{name}_2019")
    frame = frame.join(first, on=["place", "source", "tier"])
    later = frame.index.get_level_values("year") > 2019
    frame["change"] = (frame.share - 100 * frame.headcount_2019 / frame.whole_2019.where(frame.whole_2019 > 0)).where(
        later
    )
    rows = frame[["headcount", "whole", "headcount_2019", "whole_2019"]].itertuples(index=False)
    intervals = [newcombe(*row) for row in rows]
    frame["change_low"] = pd.Series([100 * low for low, _ in intervals], index=frame.index).where(later)
    frame["change_high"] = pd.Series([100 * high for _, high in intervals], index=frame.index).where(later)
    return frame


def likelihood(raw: Raw) -> pd.DataFrame:
    """Index place, year, source, tier, focus; ratio of being in the tier, against White, its interval, Fisher's p."""
    table = headcounts(raw).unstack("group")
    workforce = table.xs("all", level="tier")
    records = []
    for key, row in table.iterrows():
        place, year, source, tier = key  # type: ignore[misc]
        if tier == "all":
            continue
        everybody = workforce.loc[(place, year, source)]
        for focus in ("global_majority", "mixed", "asian", "black", "other"):
            counts = (row[focus], everybody[focus], row.white, everybody.white)
            low, high = katz(*counts)
            records.append(
                {
                    "place": place,
                    "year": year,
                    "source": source,
                    "tier": tier,
                    "focus": focus,
                    "x_focus": counts[0],
                    "n_focus": counts[1],
                    "x_white": counts[2],
                    "n_white": counts[3],
                    "ratio": likelihood_ratio(*counts),
                    "low": low,
                    "high": high,
                    "fisher": fisher(*counts) if place in AREAS or focus == "global_majority" else math.nan,
                }
            )
    return pd.DataFrame(records).set_index([*KEYS, "focus"]).sort_index()


def disparity(raw: Raw) -> pd.DataFrame:
    """Index place, year, source; race disparity ratios between levels, and the Cochran-Armitage trend."""
    table = headcounts(raw).unstack("group")[["global_majority", "white"]]
    records = []
    for key, own in table.groupby(level=["place", "year", "source"]):
        tiers = own.droplevel(["place", "year", "source"])

        def ratio(low: str, high: str, tiers: pd.DataFrame = tiers) -> float:
            counts = tiers.loc[[low, high]]
            if not (counts > 0).all(axis=None):
                return math.nan
            focus, white = counts.global_majority, counts.white
            return float((focus[low] / focus[high]) / (white[low] / white[high]))

        ladder = tiers.loc[LADDER]
        z, p = cochran_armitage(list(ladder.global_majority), list(ladder.sum(axis=1, skipna=False)))
        records.append(
            dict(
                zip(("place", "year", "source"), key, strict=True),
                lower_to_middle=ratio("lower", "middle"),
                middle_to_upper=ratio("middle", "upper"),
                lower_to_upper=ratio("lower", "upper"),
                trend_z=z,
                trend_p=p,
            )
        )
    return pd.DataFrame(records).set_index(["place", "year", "source"]).sort_index()


def race_equality(raw: Raw) -> pd.DataFrame:
    """Index place, year, measure; the ratio Global Majority to White among the units that gave the counts."""
    rows = raw.representation
    # Voluntary counts: fewer units are enough than elsewhere.
    minimum = seed("race_equality_measures").astype({"minimum_coverage_pct": float}).set_index("measure")
    records = []
    for measure, (event, base) in RACE_EQUALITY.items():
        gave = rows[rows[event].notna() & rows[base].notna()]
        covered = coverage(raw, "leadership_in_colour", gave)
        covered["is_enough"] = covered.counted * 100 >= covered.expected * minimum.minimum_coverage_pct[measure]
        counted = in_every_place(gave[gave.group != "Not known"])
        focus = counted[counted.group != "White"].groupby(["place", "period"])[[event, base]].sum()
        white = counted[counted.group == "White"].groupby(["place", "period"])[[event, base]].sum()
        for place, period in covered.index:
            if (place, period) not in focus.index or not covered.loc[(place, period), "is_enough"]:
                counts = (math.nan,) * 4
            else:
                own, other = focus.loc[(place, period)], white.loc[(place, period)]
                counts = (own[event], own[base], other[event], other[base])
            low, high = katz(*counts)
            records.append(
                {
                    "place": place,
                    "year": int(period),
                    "measure": measure,
                    "x_focus": counts[0],
                    "n_focus": counts[1],
                    "x_white": counts[2],
                    "n_white": counts[3],
                    "ratio": likelihood_ratio(*counts),
                    "low": low,
                    "high": high,
                    "units_counted": covered.loc[(place, period), "counted"],
                }
            )
    return pd.DataFrame(records).set_index(["place", "year", "measure"]).sort_index()
