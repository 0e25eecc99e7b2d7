"""Every mart made of returns, column by column: which independent figure it must equal."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from tests.dbt_project.independent import (
    agency,
    census_returns,
    compliance,
    educational_psychologists,
    leadership,
    returns_status,
)
from tests.dbt_project.independent.comparing import Figure, Mart, rounded_to_5
from tests.dbt_project.independent.raw import AREAS, LONDON, Raw, units

# Percentages have no decimals where their whole is below this, else one (domain notes on disclosure, section 6).
SMALL_WHOLE = 50
FIRST_PERIOD_WITH_CAPS = "2025/26 Q3"
GROUP_FOR_RATIOS, GROUP_FOR_AVERAGES, GROUP_FOR_QUARTILES = 30, 8, 12


def _share_tolerance(whole: pd.Series) -> pd.Series:
    return pd.Series(np.where(whole < SMALL_WHOLE, 0.5, 0.05), whole.index)


def _renamed(table: pd.DataFrame, **names: str) -> pd.DataFrame:
    return table.rename_axis(index=names)


# --- Leadership in Colour -------------------------------------------------------------------------------------------


def representation(raw: Raw) -> pd.DataFrame:
    """Truth of mart_leadership__representation."""
    return _with_tolerances(leadership.representation(raw, leadership.headcounts(raw)))


def _with_tolerances(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    table["tolerance"] = _share_tolerance(table.whole)
    table["tolerance_of_declaration"] = _share_tolerance(table.everyone)
    table["tolerance_of_change"] = _share_tolerance(table[["whole", "whole_2019"]].min(axis=1))
    return _renamed(table, place="unit_code", year="as_at_year", group="ethnic_group")


def likelihood(raw: Raw) -> pd.DataFrame:
    """Truth of mart_leadership__likelihood."""
    table = leadership.likelihood(raw)
    table["both"] = table.n_focus + table.n_white
    return _renamed(table, place="unit_code", year="as_at_year", focus="focus_group")


def disparity(raw: Raw) -> pd.DataFrame:
    """Truth of mart_leadership__disparity."""
    return _renamed(leadership.disparity(raw), place="unit_code", year="as_at_year")


def race_equality(raw: Raw) -> pd.DataFrame:
    """Truth of mart_leadership__race_equality."""
    table = leadership.race_equality(raw)
    table["both"] = table.n_focus + table.n_white
    return _renamed(table, place="unit_code", year="as_at_year")


def open_representation(raw: Raw) -> pd.DataFrame:
    """Truth of open data: DfE's counts as published, those of returns rounded, percentages from the rounded."""
    exact = leadership.headcounts(raw)
    returned = exact.index.get_level_values("source") == "returns"
    small = exact.between(1, 4) & returned
    # A hidden count leaves nothing to make a percentage of.
    counts = exact.where(~returned, rounded_to_5(exact)).mask(small)
    table = _with_tolerances(leadership.representation(raw, counts))
    exactly = exact.rename_axis(index={"place": "unit_code", "year": "as_at_year", "group": "ethnic_group"})
    table["true_headcount"] = exactly.reindex(table.index)
    return table


def _representation_figures(source: str, counted: str | None = None) -> list[Figure]:
    returned = source == "returns"
    # Returns began in 2023: they have no 2019 to change from.
    change = {"decimals": None, "tolerance": "tolerance_of_change", "never_shown": returned}
    return [
        Figure("headcount", "headcount_status", "headcount", counts_people=returned, counted=counted),
        Figure("share_of_known_pct", "share_status", "share", None, "tolerance", goes_with="headcount"),
        Figure("share_low_pct", None, "low", None, "tolerance", goes_with="headcount"),
        Figure("share_high_pct", None, "high", None, "tolerance", goes_with="headcount"),
        Figure("gap_to_workforce_points", None, "gap", None, "tolerance", goes_with="headcount"),
        Figure("representation_index", None, "index", 3, goes_with="headcount"),
        Figure("population_share_pct", None, "population", 1),
        Figure("representation_index_population", None, "index_population", 3, goes_with="headcount"),
        Figure("declaration_rate_pct", None, "declaration", None, "tolerance_of_declaration"),
        Figure("change_since_2019_points", None, "change", **change),
        Figure("change_low_points", None, "change_low", **change),
        Figure("change_high_points", None, "change_high", **change),
    ]


LEADERSHIP = [
    Mart(
        table="marts_candidate.mart_leadership__representation",
        # A unit has so few people in a tier whose ethnicity is not known that every sixth cell is hidden.
        hidden_at_most_pct=17,
        zeros_hidden_at_most_pct=30,
        where=f"source = '{source}'",
        part="as published" if source == "dfe" else "from returns",
        keys=["unit_code", "as_at_year", "source", "tier", "ethnic_group"],
        tables=["as_at_year"],
        every="ethnic_group",
        truth=representation,
        figures=_representation_figures(source),
    )
    for source in ("dfe", "returns")
] + [
    Mart(
        table="marts_candidate.mart_leadership__likelihood",
        hidden_at_most_pct=17,
        where=f"source = '{source}'",
        part="as published" if source == "dfe" else "from returns",
        keys=["unit_code", "as_at_year", "source", "tier", "focus_group"],
        tables=["as_at_year"],
        every="tier",
        truth=likelihood,
        figures=[
            Figure("ratio", "ratio_status", "ratio", 3, rests_on="both", at_least=GROUP_FOR_RATIOS),
            Figure("ratio_low", None, "low", 3, goes_with="ratio"),
            Figure("ratio_high", None, "high", 3, goes_with="ratio"),
            Figure("fisher_p", None, "fisher", 9),
            *(
                Figure(column, "counts_status", truth, counts_people=source == "returns", hidden_together=True)
                for column, truth in (
                    ("focus_in_tier", "x_focus"),
                    ("focus_in_workforce", "n_focus"),
                    ("reference_in_tier", "x_white"),
                    ("reference_in_workforce", "n_white"),
                )
            ),
        ],
    )
    for source in ("dfe", "returns")
] + [
    Mart(
        table="marts_candidate.mart_leadership__disparity",
        keys=["unit_code", "as_at_year", "source"],
        every="source",
        truth=disparity,
        levels=AREAS,
        figures=[
            Figure("lower_to_middle", "disparity_status", "lower_to_middle", 3),
            Figure("middle_to_upper", "disparity_status", "middle_to_upper", 3),
            Figure("lower_to_upper", "disparity_status", "lower_to_upper", 3),
            Figure("trend_z", "trend_status", "trend_z", 3),
            Figure("trend_p", "trend_status", "trend_p", 9),
        ],
    ),
    Mart(
        table="marts_candidate.mart_leadership__race_equality",
        hidden_at_most_pct=17,
        keys=["unit_code", "as_at_year", "measure"],
        every="measure",
        truth=race_equality,
        levels=AREAS,
        figures=[
            Figure("ratio", "ratio_status", "ratio", 2, rests_on="both", at_least=GROUP_FOR_RATIOS),
            Figure("ratio_low", None, "low", 2, goes_with="ratio"),
            Figure("ratio_high", None, "high", 2, goes_with="ratio"),
            Figure("focus_count", "focus_count_status", "x_focus", counts_people=True),
            Figure("reference_count", "reference_count_status", "x_white", counts_people=True),
        ],
    ),
] + [
    Mart(
        table="open_data_candidate.leadership_representation",
        hidden_at_most_pct=10,
        where=f"source = '{source}'",
        part="as published" if source == "dfe" else "from returns",
        keys=["unit_code", "as_at_year", "source", "tier", "ethnic_group"],
        tables=["as_at_year"],
        every="ethnic_group",
        truth=open_representation,
        levels=() if source == "dfe" else AREAS,
        figures=_representation_figures(source, "true_headcount"),
    )
    for source in ("dfe", "returns")
]  # fmt: skip

# --- Agency workers -------------------------------------------------------------------------------------------------

AGENCY_COUNTS = [
    "assignments", "active_assignments", "people", "project_team_assignments", "over_3_months", "over_6_months",
    "over_12_months",
]  # fmt: skip
# What percentages are made of, and no measure itself.
SUMS_BEHIND = ["covers", "covers_known", "in_post_fte", "in_post_as_at_year"]
AGENCY_PERCENTAGES = {
    "project_team_pct": "assignments",
    "over_3_months_pct": "assignments",
    "over_6_months_pct": "assignments",
    "over_12_months_pct": "assignments",
    "covers_vacancy_pct": "covers_known",
}


def agency_measures(raw: Raw) -> pd.DataFrame:
    """Truth of mart_agency__measures: index unit_code, period_label, role_type, measure; value and earlier values."""
    table = agency.measures(raw)
    place, role = table.index.get_level_values("place"), table.index.get_level_values("role")
    # Of an authority's single roles only assignments and people are shown; agencies of concern only of areas.
    single_roles = ~place.isin(AREAS) & (role != "all")
    kept = ["assignments", "people", *SUMS_BEHIND]
    table.loc[single_roles, [name for name in table if name not in kept]] = math.nan
    table.loc[~place.isin(AREAS), "authorities_naming_agencies"] = math.nan
    return _long_measures(table, table)


def open_agency_measures(raw: Raw) -> pd.DataFrame:
    """Truth of open data: sums rounded to 5, percentages made of the rounded, nothing of a hidden count."""
    exact = agency.measures(raw)
    table = exact.copy()
    counts = [*AGENCY_COUNTS, "covers", "covers_known"]
    for name in counts:
        table[name] = rounded_to_5(exact[name]).mask(exact[name].between(1, 4))
    for name in ("active_fte", "quarter_cost_gbp"):
        table[name] = rounded_to_5(exact[name])
    # What a mean is made of is rounded, not the mean.
    table["monthly_cost_gbp"] = table.quarter_cost_gbp / 3
    table = agency.with_percentages(table)
    rounded_fte = table.active_fte.xs("all", level="role")
    in_post = exact.in_post_fte.xs("all", level="role")
    rate = 100 * rounded_fte / (rounded_fte + in_post)
    table["agency_rate_fte"] = pd.concat({"all": rate}, names=["role"]).reorder_levels(table.index.names)
    return _long_measures(table, exact)


def _long_measures(table: pd.DataFrame, exact: pd.DataFrame) -> pd.DataFrame:
    names = ["unit_code", "period_label", "role_type", "measure"]

    def tall(wide: pd.DataFrame) -> pd.Series:
        wide = wide.rename_axis(index={"place": "unit_code", "period": "period_label", "role": "role_type"})
        return wide.rename_axis(columns="measure").stack(future_stack=True).reorder_levels(names)

    long = tall(table).rename("value").to_frame()
    long["true"] = tall(exact)
    measure = long.index.get_level_values("measure")
    long["tolerance"] = 0.005
    long.loc[measure.isin([*AGENCY_COUNTS, "authorities_naming_agencies"]), "tolerance"] = 0.0
    long.loc[measure.isin(["active_fte", "agency_rate_fte"]), "tolerance"] = 0.05
    for name, whole in AGENCY_PERCENTAGES.items():
        wholes = tall(table[[whole]].rename(columns={whole: name}))
        long.loc[measure == name, "tolerance"] = _share_tolerance(wholes)
    for name, quarters in (("previous", 1), ("year_ago", 4)):
        long[name] = _earlier(long.value, quarters)
        long[f"tolerance_of_{name}"] = _earlier(long.tolerance, quarters)
        long[f"change_on_{name}"] = long.value - long[name]
        long[f"tolerance_of_change_on_{name}"] = long.tolerance + long[f"tolerance_of_{name}"]
    return long.sort_index()


def _earlier(values: pd.Series, quarters: int) -> pd.Series:
    """The value so many quarters before, period by period in order of their labels, which is order in time."""
    by_period = values.unstack("period_label").sort_index(axis=1).shift(quarters, axis=1)
    return by_period.stack(future_stack=True).reorder_levels(values.index.names).reindex(values.index)


def agency_pay(raw: Raw) -> pd.DataFrame:
    """Truth of mart_agency__pay."""
    table = agency.pay(raw)
    median = table["median"].where(table.people >= GROUP_FOR_AVERAGES)
    before = median.unstack("period").shift(1, axis=1).stack(future_stack=True).reorder_levels(table.index.names)
    table["previous_median"] = before
    table["change_in_median"] = median - before
    return _renamed(table, place="unit_code", period="period_label", role="role_type")


def agency_compliance(raw: Raw) -> pd.DataFrame:
    """Truth of mart_agency__compliance."""
    table = compliance.compliance(raw)
    table["tolerance"] = _share_tolerance(table.known)
    table["unknown_tolerance"] = _share_tolerance(table.in_scope)
    table["previous_rate"] = (
        table.rate.unstack("period").shift(1, axis=1).stack(future_stack=True).reorder_levels(table.index.names)
    )
    table["previous_tolerance"] = (
        table.tolerance.unstack("period").shift(1, axis=1).stack(future_stack=True).reorder_levels(table.index.names)
    )
    table["change"] = table.rate - table.previous_rate
    table["change_tolerance"] = table.tolerance + table.previous_tolerance
    # Before the first day of price caps the rule is not there.
    periods = table.index.get_level_values("period")
    early = (table.index.get_level_values("rule") == "R2") & (periods < FIRST_PERIOD_WITH_CAPS)
    table.loc[early] = math.nan
    # Only a price cap can be exceeded with approval.
    table.loc[table.index.get_level_values("rule") != "R2", "approved_breaches"] = math.nan
    return _renamed(table, place="unit_code", period="period_label", role="role_type")


def agency_declared(raw: Raw) -> pd.DataFrame:
    """Truth of mart_agency__declared_compliance."""
    table = compliance.declared(raw)
    table["tolerance"] = _share_tolerance(table.applies)
    return _renamed(table, place="unit_code", period="period_label")


def agency_caps(raw: Raw) -> pd.DataFrame:
    """Truth of mart_agency__caps."""
    table = compliance.against_caps(raw)
    table["tolerance"] = _share_tolerance(table.compared)
    table.loc[table.index.get_level_values("period") < FIRST_PERIOD_WITH_CAPS] = math.nan
    return _renamed(table, place="unit_code", period="period_label", role="role_type")


AGENCY_KEYS = ["unit_code", "period_label", "role_type"]


def _measure_marts(table: str, truth: Callable[[Raw], pd.DataFrame], places: Sequence[str]) -> list[Mart]:
    counts = ", ".join(f"'{name}'" for name in AGENCY_COUNTS)
    return [
        Mart(
            table=table,
            hidden_at_most_pct=15,
            where=f"measure {'' if is_count else 'not '}in ({counts})",
            part="counts" if is_count else "other measures",
            keys=[*AGENCY_KEYS, "measure"],
            tables=["period_label"],
            every="measure",
            truth=truth,
            levels=places,
            figures=[
                Figure("value", "value_status", "value", None, "tolerance", counts_people=is_count, counted="true"),
                Figure("previous_value", None, "previous", None, "tolerance_of_previous"),
                Figure("year_ago_value", None, "year_ago", None, "tolerance_of_year_ago"),
                Figure("change_on_quarter", None, "change_on_previous", None, "tolerance_of_change_on_previous"),
                Figure("change_on_year", None, "change_on_year_ago", None, "tolerance_of_change_on_year_ago"),
            ],
        )
        for is_count in (True, False)
    ]


AGENCY = [
    *_measure_marts("marts_candidate.mart_agency__measures", agency_measures, ()),
    *_measure_marts("open_data_candidate.agency_measures", open_agency_measures, AREAS),
    Mart(
        table="marts_candidate.mart_agency__pay",
        hidden_at_most_pct=23,
        keys=[*AGENCY_KEYS, "payment_basis", "rate_basis"],
        tables=["period_label"],
        every="rate_basis",
        truth=agency_pay,
        figures=[
            Figure("assignments", "assignments_status", "assignments", counts_people=True),
            *(
                Figure(f"{name}_gbp", status, name, 2, rests_on="people", at_least=people, goes_with="assignments")
                for name, status, people in (
                    ("mean", "average_status", GROUP_FOR_AVERAGES),
                    ("median", "average_status", GROUP_FOR_AVERAGES),
                    ("weighted_mean", "weighted_mean_status", GROUP_FOR_AVERAGES),
                    ("lower_quartile", "quartile_status", GROUP_FOR_QUARTILES),
                    ("upper_quartile", "quartile_status", GROUP_FOR_QUARTILES),
                )
            ),
            Figure("previous_median_gbp", None, "previous_median", 2),
            Figure("change_in_median_gbp", None, "change_in_median", 2),
        ],
    ),
    Mart(
        table="marts_candidate.mart_agency__compliance",
        zeros_hidden_at_most_pct=8,
        hidden_at_most_pct=55,
        keys=[*AGENCY_KEYS, "rule"],
        tables=["period_label"],
        every="rule",
        truth=agency_compliance,
        figures=[
            *(
                Figure(name, f"{name}_status", name, counts_people=True)
                for name in ("in_scope", "known", "compliant", "non_compliant", "approved_breaches", "unknown")
            ),
            Figure("compliance_rate_pct", "compliance_status", "rate", None, "tolerance", goes_with="compliant"),
            Figure("unknown_pct", "unknown_pct_status", "unknown_pct", None, "unknown_tolerance", goes_with="unknown"),
            Figure("previous_rate_pct", None, "previous_rate", None, "previous_tolerance"),
            Figure("change_points", None, "change", None, "change_tolerance"),
        ],
    ),
    Mart(
        table="marts_candidate.mart_agency__caps",
        hidden_at_most_pct=37,
        zeros_hidden_at_most_pct=22,
        keys=[*AGENCY_KEYS, "payment_basis"],
        tables=["period_label"],
        every="payment_basis",
        truth=agency_caps,
        levels=AREAS,
        figures=[
            Figure("assignments_compared", "assignments_compared_status", "compared", counts_people=True),
            Figure("assignments_above_cap", "assignments_above_cap_status", "above", counts_people=True),
            Figure(
                "share_above_cap_pct", "share_above_cap_status", "share_above", None, "tolerance",
                goes_with="assignments_above_cap",
            ),
            Figure(
                "median_headroom_gbp", "median_headroom_status", "headroom", 2, rests_on="compared",
                at_least=GROUP_FOR_AVERAGES, goes_with="assignments_compared",
            ),
            Figure("cap_gbp", "cap_status", "cap", 2),
        ],
    ),
    Mart(
        table="marts_candidate.mart_agency__declared_compliance",
        keys=["unit_code", "period_label", "rule"],
        every="rule",
        truth=agency_declared,
        figures=[
            Figure("units_full", "value_status", "FULL"),
            Figure("units_partial", "value_status", "PARTIAL"),
            Figure("units_none", "value_status", "NONE"),
            Figure("units_not_applicable", "value_status", "NA"),
            Figure("full_pct", "full_pct_status", "full_pct", None, "tolerance"),
        ],
    ),
]  # fmt: skip

# --- Educational psychologists --------------------------------------------------------------------------------------


def ep_establishment(raw: Raw) -> pd.DataFrame:
    """Truth of mart_ep__establishment."""
    table = educational_psychologists.establishment(raw)
    table["tolerance"] = _share_tolerance(table.fte + table.vacancies_fte)
    return _renamed(table, place="unit_code", period="period_label")


def ep_compliance(raw: Raw) -> pd.DataFrame:
    """Truth of mart_ep__compliance: no principle has a value yet, so the outcome of every engagement is unknown."""
    engagements = educational_psychologists.engagements_by_place(raw)
    table = pd.DataFrame({"in_scope": engagements, "unknown": engagements})
    none = 0 * engagements
    table = table.assign(compliant=none, non_compliant=none, rate=math.nan)
    table["unknown_pct"] = 100 * table.unknown / table.in_scope.where(table.in_scope > 0)
    table["tolerance"] = _share_tolerance(table.in_scope)
    principles = dict.fromkeys(("LPEP_PAY", "LPEP_PQE", "LPEP_REMOTE"), table)
    whole = pd.concat(principles, names=["principle"]).reorder_levels(["place", "period", "principle"])
    return _renamed(whole, place="unit_code", period="period_label")


def ep_agency(raw: Raw) -> pd.DataFrame:
    """Truth of mart_ep__agency: parts of the engagements are for areas, all but remote working for London alone."""
    table = educational_psychologists.agency(raw)
    place, grade = table.index.get_level_values("place"), table.index.get_level_values("ep_grade")
    of_areas, of_london = place.isin(AREAS) & (grade == "all"), (place == LONDON) & (grade == "all")
    for name in ("remote", "remote_pct"):
        table[name] = table[name].where(of_areas)
    for name in ("hcpc_registered", "hcpc_registered_pct", "pqe_known"):
        table[f"true_{name}"] = table[name]
        table[name] = table[name].where(of_london)
    table["pqe_median"] = table.pqe_median.where(place.isin(AREAS))
    table["tolerance"] = _share_tolerance(table.engagements)
    return _renamed(table, place="unit_code", period="period_label")


def ep_pay(raw: Raw) -> pd.DataFrame:
    """Truth of mart_ep__pay."""
    return _renamed(educational_psychologists.pay(raw), place="unit_code", period="period_label")


EP_KEYS = ["unit_code", "period_label", "ep_grade"]
EDUCATIONAL_PSYCHOLOGISTS = [
    Mart(
        table="marts_candidate.mart_ep__establishment",
        hidden_at_most_pct=5,
        keys=EP_KEYS,
        tables=["period_label"],
        every="ep_grade",
        truth=ep_establishment,
        figures=[
            Figure("headcount", "headcount_status", "headcount", counts_people=True),
            Figure("fte", "fte_status", "fte", 2, goes_with="headcount"),
            Figure("vacancy_fte", "vacancy_fte_status", "vacancies_fte", 2),
            Figure("vacancy_rate_pct", "vacancy_rate_status", "vacancy_rate", None, "tolerance", goes_with="headcount"),
        ],
    ),
    Mart(
        table="marts_candidate.mart_ep__agency",
        hidden_at_most_pct=75,
        keys=EP_KEYS,
        tables=["period_label"],
        truth=ep_agency,
        figures=[
            Figure("engagements", "engagements_status", "engagements", counts_people=True),
            *(
                Figure(name, f"{name}_status", name, counts_people=True)
                for name in ("remote", "hcpc_registered", "pqe_known")
            ),
            Figure("remote_pct", "remote_pct_status", "remote_pct", None, "tolerance", goes_with="remote"),
            Figure(
                "hcpc_registered_pct", "hcpc_registered_pct_status", "hcpc_registered_pct", None, "tolerance",
                goes_with="hcpc_registered",
            ),
            Figure(
                "pqe_median_years", "pqe_median_status", "pqe_median", 1, rests_on="true_pqe_known",
                at_least=GROUP_FOR_AVERAGES, goes_with="pqe_known",
            ),
        ],
    ),
    Mart(
        table="marts_candidate.mart_ep__pay",
        hidden_at_most_pct=45,
        has_parts_not_shown=True,
        keys=[*EP_KEYS, "pay_unit"],
        tables=["period_label"],
        every="pay_unit",
        truth=ep_pay,
        levels=[LONDON],
        figures=[
            Figure("engagements", "engagements_status", "engagements", counts_people=True),
            *(
                Figure(f"{name}_gbp", status, name, 2, rests_on="engagements", at_least=least, goes_with="engagements")
                for name, status, least in (
                    ("mean", "mean_status", GROUP_FOR_AVERAGES),
                    ("median", "median_status", GROUP_FOR_AVERAGES),
                    ("lower_quartile", "quartile_status", GROUP_FOR_QUARTILES),
                    ("upper_quartile", "quartile_status", GROUP_FOR_QUARTILES),
                )
            ),
        ],
    ),
    Mart(
        table="marts_candidate.mart_ep__compliance",
        keys=["unit_code", "period_label", "principle"],
        tables=["period_label"],
        every="principle",
        truth=ep_compliance,
        levels=AREAS,
        figures=[
            *(
                Figure(name, f"{name}_status", name, counts_people=True)
                for name in ("in_scope", "compliant", "non_compliant", "unknown")
            ),
            Figure("unknown_pct", "unknown_pct_status", "unknown_pct", None, "tolerance", goes_with="unknown"),
            Figure("compliance_rate_pct", "compliance_status", "rate", 1, never_shown=True),
        ],
    ),
]  # fmt: skip

# --- The census from returns ----------------------------------------------------------------------------------------

CENSUS_PEOPLE = ["inpost_headcount", "starters_headcount", "leavers_headcount", "agency_headcount"]


def census_from_returns(raw: Raw) -> pd.DataFrame:
    """Truth of mart_census__from_returns: index unit_code, census_year, indicator."""
    table = census_returns.indicators(raw).rename_axis(columns="indicator").stack(future_stack=True).rename("value")
    long = table.to_frame().reset_index()
    long["census_year"] = long.period.astype(int)
    long = long.rename(columns={"place": "unit_code"}).drop(columns="period")
    long = long.set_index(["unit_code", "census_year", "indicator"]).sort_index()
    published = census_returns.published(raw).rename_axis(["unit_code", "census_year", "indicator"])
    long["published"] = published.reindex(long.index)
    long["difference"] = long.value - long.published
    return long


def census_breakdowns(raw: Raw) -> pd.DataFrame:
    """Truth of mart_census__breakdowns."""
    table = census_returns.breakdowns(raw)
    table["tolerance"] = _share_tolerance(table.everybody)
    return _by_census_year(table)


def _by_census_year(table: pd.DataFrame) -> pd.DataFrame:
    names = list(table.index.names)
    table = table.reset_index()
    table["period"] = table.period.astype(int)
    return _renamed(table.set_index(names), place="unit_code", period="census_year")


def census_pay(raw: Raw) -> pd.DataFrame:
    """Truth of mart_census__pay; pay is asked for since 2025."""
    table = _by_census_year(census_returns.pay(raw))
    table = table.rename({"rr_payments": "recruitment_retention"}, level="pay_item")
    # Of the two payments on top, those who had one; of base salaries, everybody in post.
    on_top = table.index.get_level_values("pay_item") != "base_salary"
    for name in ("people", "lower_quartile", "median", "upper_quartile"):
        table[name] = table[name].mask(on_top, table[f"paid_{name}"])
    table.loc[table.index.get_level_values("census_year") < 2025] = math.nan
    return table


def census_allowances(raw: Raw) -> pd.DataFrame:
    """Truth of mart_census__allowances."""
    table = _by_census_year(census_returns.allowances(raw))
    table = table.rename({"cost_swe": "registration_fee", "cost_dbs": "disclosure_check"}, level="allowance")
    table["tolerance"] = _share_tolerance(table.answered)
    # One unit offers it or does not: no share.
    table["share"] = table.share.where(table.index.get_level_values("unit_code").isin(AREAS))
    return table


CENSUS_KEYS = ["unit_code", "census_year"]
CENSUS = [
    Mart(
        table="marts_candidate.mart_census__from_returns",
        hidden_at_most_pct=3,
        where=where,
        part="headcounts" if is_count else "other indicators",
        keys=[*CENSUS_KEYS, "indicator"],
        tables=["census_year"],
        every="indicator",
        truth=census_from_returns,
        figures=[
            Figure("returns_value", "returns_status", "value", 4, counts_people=is_count),
            Figure("published_value", "published_status", "published", 4),
            Figure("returns_difference", None, "difference", 4),
        ],
    )
    for is_count, where in (
        (True, "indicator in ({})".format(", ".join(f"'{name}'" for name in CENSUS_PEOPLE))),
        (False, "indicator not in ({})".format(", ".join(f"'{name}'" for name in CENSUS_PEOPLE))),
    )
] + [
    Mart(
        table="marts_candidate.mart_census__breakdowns",
        hidden_at_most_pct=14,
        keys=[*CENSUS_KEYS, "measure", "breakdown", "category"],
        tables=["census_year", "measure"],
        every="breakdown",
        truth=census_breakdowns,
        figures=[
            Figure("headcount", "headcount_status", "headcount", counts_people=True),
            Figure("share_pct", "share_status", "share", None, "tolerance", goes_with="headcount"),
        ],
    ),
    Mart(
        table="marts_candidate.mart_census__pay",
        hidden_at_most_pct=8,
        keys=[*CENSUS_KEYS, "role", "pay_item"],
        tables=["census_year"],
        every="pay_item",
        truth=census_pay,
        figures=[
            Figure("people", "people_status", "people", counts_people=True),
            *(
                Figure(f"{name}_gbp", status, name, 2, rests_on="people", at_least=least, goes_with="people")
                for name, status, least in (
                    ("median", "median_status", GROUP_FOR_AVERAGES),
                    ("lower_quartile", "quartiles_status", GROUP_FOR_QUARTILES),
                    ("upper_quartile", "quartiles_status", GROUP_FOR_QUARTILES),
                )
            ),
        ],
    ),
    Mart(
        table="marts_candidate.mart_census__allowances",
        keys=[*CENSUS_KEYS, "allowance"],
        every="allowance",
        truth=census_allowances,
        figures=[
            Figure("units_to_all", "units_status", "to_all"),
            Figure("units_to_some", "units_status", "to_some"),
            Figure("units_not_offering", "units_status", "not_offering"),
            Figure("share_offering_pct", "share_status", "share", None, "tolerance"),
        ],
    ),
]

# --- Which returns have come ----------------------------------------------------------------------------------------


def returns_coverage(raw: Raw) -> pd.DataFrame:
    """Truth of mart_returns__coverage."""
    table = returns_status.coverage_of_london(raw)
    table["minimum"] = 75.0
    return _renamed(table, period="period_label")


RETURNS = [
    Mart(
        table=table,
        keys=["collection", "period_label"],
        every="collection",
        truth=returns_coverage,
        levels=[LONDON],
        figures=[
            Figure("units_counted", None, "counted"),
            Figure("units_expected", None, "expected"),
            Figure("coverage_pct", None, "pct", 1),
            Figure("minimum_coverage_pct", None, "minimum"),
        ],
    )
    for table in ("marts_candidate.mart_returns__coverage", "open_data_candidate.returns_coverage")
] + [
    Mart(
        table="marts_candidate.mart_returns__status",
        keys=["collection", "period_label", "unit_code"],
        every="collection",
        truth=returns_status.status,
        figures=[
            Figure("version", None, "version"),
            Figure("versions_received", None, "versions"),
            Figure("findings_queries", None, "queries"),
            Figure("days_after_deadline", None, "days_after"),
            Figure("authorities_returned", None, "authorities"),
        ],
    )
]

# --- The members' benchmark ----------------------------------------------------------------------------------------


def benchmark(raw: Raw) -> pd.DataFrame:
    """Truth of mart_member__benchmark where it is made of returns, by the marts that the figures are from."""
    parts = [*_benchmark_of_agency(raw), *_benchmark_of_census_and_leadership(raw), _benchmark_of_psychologists(raw)]
    names = ["unit_code", "collection", "period_label", "indicator", "category"]
    columns = ["value", "true", "tolerance"]
    table = pd.concat([part.reset_index()[[*names, *columns]] for part in parts]).set_index(names)
    for name, of in (("previous", "value"), ("tolerance_of_previous", "tolerance")):
        earlier = []
        for _, own in table[of].unstack("period_label").sort_index(axis=1).groupby(level="collection"):
            # A collection's own periods only: years and quarters have labels of their own.
            periods = [period for period in own if own[period].notna().any()]
            earlier.append(own[periods].shift(1, axis=1).stack(future_stack=True))
        table[name] = pd.concat(earlier).reorder_levels(names).reindex(table.index)
    table["change"] = table.value - table.previous
    table["tolerance_of_change"] = table.tolerance + table.tolerance_of_previous
    halves = units().set_index("unit_code").inner_outer_code
    rest = table.index.droplevel("unit_code")
    for name, place in (("london", LONDON), ("inner_outer", None)):
        of_unit = table.index.get_level_values("unit_code")
        area = pd.Index([place] * len(table)) if place else of_unit.map(halves)
        there = pd.MultiIndex.from_arrays([area, *(rest.get_level_values(level) for level in rest.names)], names=names)
        table[name] = table.value.reindex(there).to_numpy()
        table[f"tolerance_of_{name}"] = table.tolerance.reindex(there).to_numpy()
    return table


def _benchmark_of_agency(raw: Raw) -> list[pd.DataFrame]:
    figures = agency_measures(raw).reset_index().assign(collection="agency_quarterly")
    rates = agency_compliance(raw).reset_index().assign(collection="agency_quarterly")
    rates = rates.assign(measure="compliance_" + rates.rule.str.lower(), value=rates.rate, true=math.nan)
    return [table.rename(columns={"measure": "indicator", "role_type": "category"}) for table in (figures, rates)]


def _benchmark_of_census_and_leadership(raw: Raw) -> list[pd.DataFrame]:
    census = census_from_returns(raw).reset_index()
    census = census.assign(collection="csww_census", category="all", true=census.value, tolerance=0.00005)
    of_leaders = representation(raw).reset_index()
    of_leaders = of_leaders[of_leaders.source == "returns"].assign(collection="leadership_in_colour", true=math.nan)
    shares = of_leaders[of_leaders.ethnic_group == "global_majority"]
    shares = shares.assign(indicator="global_majority_share_pct", value=shares.share)
    declared = of_leaders[of_leaders.ethnic_group == "total"]
    declared = declared.assign(
        indicator="declaration_rate_pct", value=declared.declaration, tolerance=declared.tolerance_of_declaration
    )
    leaders = [table.rename(columns={"as_at_year": "period_label", "tier": "category"}) for table in (shares, declared)]
    whole = [census.rename(columns={"census_year": "period_label"}), *leaders]
    return [table.assign(period_label=table.period_label.astype(str)) for table in whole]


def _benchmark_of_psychologists(raw: Raw) -> pd.DataFrame:
    table = ep_establishment(raw).reset_index().rename(columns={"ep_grade": "category"})
    return table.assign(
        collection="ep_workforce", indicator="vacancy_rate_pct", value=table.vacancy_rate, true=math.nan
    )


COUNTED_IN_BENCHMARK = [*AGENCY_COUNTS, *CENSUS_PEOPLE]
BENCHMARK = [
    Mart(
        table="marts_candidate.mart_member__benchmark",
        hidden_at_most_pct=32,
        where="collection <> 'dfe_census_statistics' and indicator {}in ({})".format(
            "" if is_count else "not ", ", ".join(f"'{name}'" for name in COUNTED_IN_BENCHMARK)
        ),
        part="counts" if is_count else "other indicators",
        keys=["unit_code", "collection", "period_label", "indicator", "category"],
        tables=["collection", "period_label"],
        every="indicator",
        truth=benchmark,
        levels=["authority"],
        figures=[
            Figure("value", "value_status", "value", None, "tolerance", counts_people=is_count, counted="true"),
            Figure("previous_value", None, "previous", None, "tolerance_of_previous"),
            Figure("change_on_previous", None, "change", None, "tolerance_of_change"),
            Figure("london_value", None, "london", None, "tolerance_of_london"),
            Figure("inner_outer_value", None, "inner_outer", None, "tolerance_of_inner_outer"),
        ],
    )
    for is_count in (True, False)
]

MARTS: list[Mart] = [*LEADERSHIP, *AGENCY, *EDUCATIONAL_PSYCHOLOGISTS, *CENSUS, *RETURNS, *BENCHMARK]

__all__ = ["MARTS", "rounded_to_5"]
