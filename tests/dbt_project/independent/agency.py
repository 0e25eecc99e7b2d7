"""The quarterly agency return, measures and pay: domain notes on agency workers, sections 3, 4 and 9.2."""

import numpy as np
import pandas as pd

from tests.dbt_project.independent.raw import AREAS, Raw, complete, coverage, in_every_place

ROLES = ["SW", "SSW", "AP", "TM", "IRO_CPC"]
ALL_ROLES = ["all", *ROLES]
PAYMENT_BASES = ["PAYE", "UMBRELLA", "LTD", "UNKNOWN"]
RATE_BASES = ["WORKER_PAY", "INC_ONCOST", "CHARGE"]
KEYS = ["place", "period", "role"]


def with_all_roles(rows: pd.DataFrame, column: str = "role_type") -> pd.DataFrame:
    """Rows once under their own code and once under `all`."""
    return pd.concat([rows, rows.assign(**{column: "all"})], ignore_index=True)


def active(raw: Raw) -> pd.DataFrame:
    """Assignments active in their quarter, with what is asked of each as 0 and 1."""
    rows = raw.assignments
    rows = rows[(rows.start_date <= rows.period_end) & ~(rows.end_date < rows.period_start)].copy()
    rows["last_day"] = rows[["end_date", "period_end"]].min(axis=1)
    rows["is_active_at_end"] = ~(rows.end_date < rows.period_end)
    for months in (3, 6, 12):
        anniversary = rows.start_date + pd.DateOffset(months=months)
        rows[f"over_{months}_months"] = (rows.last_day > anniversary).astype(float)
    rows["active_assignments"] = rows.is_active_at_end.astype(float)
    rows["active_fte"] = rows.fte.where(rows.is_active_at_end, 0.0)
    rows["project_team_assignments"] = (rows.is_project_team == "Y").astype(float)
    rows["covers"] = (rows.covers_vacancy == "Y").astype(float)
    rows["covers_known"] = rows.covers_vacancy.isin(["Y", "N"]).astype(float)
    rows["assignments"] = 1.0
    return rows


SUMMED = [
    "assignments", "active_assignments", "active_fte", "project_team_assignments", "over_3_months", "over_6_months",
    "over_12_months", "covers", "covers_known",
]  # fmt: skip


def sums(raw: Raw) -> pd.DataFrame:
    """Index place, period, role: the sums that every measure is made of, and people."""
    rows = in_every_place(with_all_roles(active(raw))).rename(columns={"role_type": "role"})
    covered = coverage(raw, "agency_quarterly")
    grouped = rows.groupby(KEYS)
    figures = grouped[SUMMED].sum()
    figures["people"] = grouped.swe_number.nunique()
    return complete(figures, covered, {"role": ALL_ROLES})


def in_post_fte(raw: Raw) -> pd.DataFrame:
    """FTE in post of each unit in each census year: DfE's published figure, else the return's (`source`)."""
    published = raw.published("dfe_census__indicators", "indicators")
    published = published[~published.place.isin(AREAS)].set_index(["place", "year"]).inpost_fte
    workers = raw.workers
    here = workers[(workers.agency_worker == "0") & workers.role_end_date.isna()]
    returned = here.groupby(["unit_code", "year"]).fte.sum().rename_axis(["place", "year"])
    every = published.index.union(returned.index)
    table = pd.DataFrame({"published": published.reindex(every), "returned": returned.reindex(every)})
    table["fte"] = table.published.fillna(table.returned)
    table["source"] = np.where(table.published.notna(), "published", "returned")
    return table


def agency_rates(raw: Raw) -> pd.DataFrame:
    """Index place, period: active agency FTE as a percentage of itself and FTE in post, over the units that sent."""
    rows = active(raw)
    sent = raw.sent[raw.sent.collection == "agency_quarterly"]
    units = sent[["unit_code", "period_label", "period_end"]].drop_duplicates()
    units = units.rename(columns={"period_label": "period"}).set_index(["unit_code", "period"])
    units["agency_fte"] = rows.groupby(["unit_code", "period"]).active_fte.sum()
    units["agency_fte"] = units.agency_fte.fillna(0.0)
    # The newest census at or before the quarter's end: 30 September of that or the year before.
    ends = units.period_end
    in_autumn = (ends.dt.month > 9) | ((ends.dt.month == 9) & (ends.dt.day == 30))
    units["year"] = ends.dt.year.where(in_autumn, ends.dt.year - 1)
    held = in_post_fte(raw).fte
    newest = held.dropna().reset_index().groupby("place").year.max()
    units = units.reset_index()
    units["year"] = np.minimum(units.year, units.unit_code.map(newest))
    units["in_post_fte"] = held.reindex(pd.MultiIndex.from_frame(units[["unit_code", "year"]])).to_numpy()
    both = in_every_place(units.dropna(subset=["in_post_fte"]))
    table = both.groupby(["place", "period"]).agg(
        agency_fte=("agency_fte", "sum"), in_post_fte=("in_post_fte", "sum"), census_year=("year", "max")
    )
    enough = coverage(raw, "agency_quarterly").is_enough
    table["rate"] = 100 * table.agency_fte / (table.agency_fte + table.in_post_fte)
    return table.where(enough.reindex(table.index))


def with_percentages(table: pd.DataFrame) -> pd.DataFrame:
    """The sums with the percentages made of them."""
    table = table.copy()
    assignments = table.assignments.where(table.assignments > 0)
    table["project_team_pct"] = 100 * table.project_team_assignments / assignments
    for months in (3, 6, 12):
        table[f"over_{months}_months_pct"] = 100 * table[f"over_{months}_months"] / assignments
    table["covers_vacancy_pct"] = 100 * table.covers / table.covers_known.where(table.covers_known > 0)
    return table


def measures(raw: Raw) -> pd.DataFrame:
    """Index place, period, role: every measure of the mart, unrounded."""
    table = with_percentages(sums(raw))
    of_authorities = raw.quarters.copy()
    months_cost = ["month_1_cost", "month_2_cost", "month_3_cost"]
    of_authorities["quarter_cost_gbp"] = of_authorities[months_cost].sum(axis=1, skipna=False)
    of_authorities["monthly_cost_gbp"] = of_authorities.quarter_cost_gbp / 3
    named = of_authorities.agencies_of_concern.fillna("").str.strip() != ""
    of_authorities["authorities_naming_agencies"] = named.astype(float)
    costs = ["monthly_cost_gbp", "quarter_cost_gbp", "authorities_naming_agencies"]
    stated = in_every_place(of_authorities).groupby(["place", "period"])[costs].sum()
    rates = agency_rates(raw)
    stated["agency_rate_fte"] = rates.rate
    stated["in_post_fte"] = rates.in_post_fte
    stated["in_post_as_at_year"] = rates.census_year
    stated = stated.where(coverage(raw, "agency_quarterly").is_enough.reindex(stated.index))
    stated = pd.concat({"all": stated}, names=["role"]).reorder_levels(KEYS)
    return table.join(stated).sort_index()


def pay(raw: Raw) -> pd.DataFrame:
    """Index place, period, role, payment_basis, rate_basis: assignments and their hourly rates, within each basis."""
    rows = in_every_place(with_all_roles(active(raw))).rename(columns={"role_type": "role"})
    rows["paid"] = rows.hourly_rate * rows.hours_per_week
    rows["hours"] = rows.hours_per_week.where(rows.hourly_rate.notna())
    keys = [*KEYS, "payment_basis", "rate_basis"]
    grouped = rows.groupby(keys)
    table = grouped[["assignments", "paid", "hours"]].sum()
    table["mean"] = grouped.hourly_rate.mean()
    table["weighted_mean"] = table.paid / table.hours.where(table.hours > 0)
    for name, share in (("lower_quartile", 0.25), ("median", 0.5), ("upper_quartile", 0.75)):
        table[name] = grouped.hourly_rate.quantile(share)
    table["people"] = grouped.swe_number.nunique().astype(float)
    codes = {"role": ALL_ROLES, "payment_basis": PAYMENT_BASES, "rate_basis": RATE_BASES}
    counts = complete(table[["assignments", "people"]], coverage(raw, "agency_quarterly"), codes)
    return counts.join(table.drop(columns=["assignments", "people", "paid", "hours"])).where(counts.assignments.notna())
