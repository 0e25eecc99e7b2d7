"""The census from individual returns: domain notes on the census, sections 2.2 to 2.5, 6.1 and 6.2."""

import numpy as np
import pandas as pd

from tests.dbt_project.independent.raw import Raw, complete, coverage, in_every_place, seed

ROLES = {
    "1": "senior_manager",
    "2": "middle_manager",
    "3": "first_line_manager",
    "4": "senior_practitioner",
    "5": "case_holder",
    "6": "qualified_without_cases",
}
# numerator, denominator, whether the denominator holds the numerator too, times (section 6.1)
RATES = {
    "turnover_rate_fte": ("leavers_fte", "inpost_fte", False, 100),
    "turnover_rate_headcount": ("leavers_headcount", "inpost_headcount", False, 100),
    "agency_rate_fte": ("agency_fte", "inpost_fte", True, 100),
    "agency_rate_headcount": ("agency_headcount", "inpost_headcount", True, 100),
    "agency_cover_rate_fte": ("agency_cover_fte", "agency_fte", False, 100),
    "vacancy_rate_fte": ("vacancy_fte", "inpost_fte", True, 100),
    "vacancy_agency_cover_rate_fte": ("agency_cover_fte", "vacancy_fte", False, 100),
    "caseload_fte": ("cases", "case_holders_fte", False, 1),
    "absence_rate_fte": ("working_days_lost_fte", "inpost_fte", False, 100),
}
COVER_RATES = ("agency_cover_rate_fte", "vacancy_agency_cover_rate_fte")
ALLOWANCES = [
    "recruitment_bonus", "retention_bonus", "performance_award", "car_allowance", "relocation_package",
    "regional_weighting", "cost_swe", "cost_dbs",
]  # fmt: skip
# What is asked of whom (contract of the marts), and which item of a worker's record answers it.
BREAKDOWNS = {
    "in_post": ("time_in_post", "age_band", "role", "sex", "qualification_route"),
    "starters": ("origin", "time_in_post", "age_band", "role", "sex", "qualification_route"),
    "leavers": ("destination", "leaving_reason", "time_in_post", "age_band", "role", "sex", "qualification_route"),
    "absent": ("absence_reason", "time_in_post", "age_band", "role", "sex", "qualification_route"),
}
ITEMS = {
    "origin": "start_origin",
    "destination": "leaver_destination",
    "leaving_reason": "reason_leave",
    "absence_reason": "reason_absence",
    "role": "org_role",
    "age_band": "age_band",
}
PAY_ITEMS = ["base_salary", "rr_payments", "other_payments"]


def _census_coverage(raw: Raw) -> pd.DataFrame:
    return coverage(raw, "csww_census")


def people(raw: Raw) -> dict[str, pd.DataFrame]:
    """In post, starters, leavers, agency workers, case holders: the records of each (section 6.2)."""
    rows = raw.workers
    began_in_year = rows.role_start_date.between(rows.period_start, rows.period_end)
    left = rows.role_end_date.between(rows.period_start, rows.period_end)
    employed = rows.agency_worker == "0"
    in_post = rows[employed & rows.role_end_date.isna()]
    return {
        "in_post": in_post,
        "starters": rows[employed & began_in_year & ~left],
        "leavers": rows[employed & left & (rows.role_start_date < rows.period_start)],
        "agency": rows[rows.agency_worker == "1"],
        "case_holders": rows[(rows.cases30 >= 1) & (rows.fte > 0)],
        "employed": rows[employed],
        "absent": in_post[in_post.absat30_sept == "1"],
    }


def indicators(raw: Raw) -> pd.DataFrame:
    """Index place, year; one column per indicator, as section 6.2 makes it from the return's items."""
    of = people(raw)

    def heads(name: str) -> pd.Series:
        # One person counts once in a unit; an area is the sum of its units.
        return of[name].groupby(["unit_code", "period"]).swe_no.nunique().astype(float)

    def total(name: str, item: str) -> pd.Series:
        return of[name].groupby(["unit_code", "period"])[item].sum()

    stated = raw.stated.groupby(["unit_code", "period"])[["no_agency_fte", "number_of_vacancies"]].sum()
    by_unit = pd.DataFrame(
        {
            "inpost_fte": total("in_post", "fte"),
            "inpost_headcount": heads("in_post"),
            "starters_fte": total("starters", "fte"),
            "starters_headcount": heads("starters"),
            "leavers_fte": total("leavers", "fte30"),
            "leavers_headcount": heads("leavers"),
            "agency_fte": total("agency", "fte"),
            "agency_headcount": heads("agency"),
            "agency_cover_fte": stated.no_agency_fte,
            "vacancy_fte": stated.number_of_vacancies,
            "case_holders_fte": total("case_holders", "fte"),
            "cases": total("case_holders", "cases30"),
            "working_days_lost_fte": total("employed", "working_days_lost"),
        }
    ).fillna(0.0)
    sums = in_every_place(by_unit.reset_index()).groupby(["place", "period"])[list(by_unit)].sum()
    table = complete(sums, _census_coverage(raw), {})
    years = table.index.get_level_values("period").astype(int)
    days = pd.Series([254 if year % 4 == 0 else 253 for year in years], index=table.index)
    for rate, (above, below, adds, times) in RATES.items():
        divisor = table[below] + (table[above] if adds else 0)
        divisor = divisor * days if rate == "absence_rate_fte" else divisor
        table[rate] = times * table[above] / divisor.where(divisor > 0)
    for rate in COVER_RATES:
        # DfE withholds a cover rate above 100, and so do we.
        table[rate] = table[rate].where(~(table[rate] > 100))
    return table


def published(raw: Raw) -> pd.Series:
    """DfE's current figures by place, year and indicator."""
    rows = raw.published("dfe_census__indicators", "indicators").set_index(["place", "year"])
    names = [name for name in rows if f"{name}_status" in rows]
    return rows[names].rename_axis(columns="indicator").stack(future_stack=True)


def _marked(rows: pd.DataFrame) -> pd.DataFrame:
    """Workers with the category of every breakdown, in the words of the seed of the return's codes."""
    rows = rows.copy()
    codes = seed("census_return_codes")
    for breakdown, item in ITEMS.items():
        words = codes[(codes["item"] == item) & (codes.breakdown == breakdown)].set_index("code").category
        rows[f"by_{breakdown}"] = rows[item].map(words).fillna("not_known")
    # Sex since 2024, gender before: its two other answers are not known.
    asked = rows.sex.fillna(rows.gender_current.map({"1": "M", "2": "F"}))
    rows["by_sex"] = asked.map({"M": "male", "F": "female"}).fillna("not_known")
    routes = [rows.step_up_grad == "1", rows.frontline_grad == "1"]
    unanswered = rows.step_up_grad.isna() & rows.frontline_grad.isna()
    rows["by_qualification_route"] = np.select([*routes, unanswered], ["step_up", "frontline", "not_known"], "other")
    as_at = rows.role_end_date.fillna(rows.period_end)
    conditions = [as_at < rows.role_start_date + pd.DateOffset(years=years) for years in (1, 2, 5, 10)]
    bands = ["under_1_year", "from_1_to_2_years", "from_2_to_5_years", "from_5_to_10_years"]
    times = pd.Series(np.select(conditions, bands, "from_10_years"), rows.index)
    rows["by_time_in_post"] = times.where(rows.role_start_date.notna(), "not_known")
    rows["role"] = rows.by_role
    return rows


def _heads(marked: pd.DataFrame, covered: pd.DataFrame, categories: list[str]) -> pd.DataFrame:
    """People by place, period and category: each once in a unit, areas as sums of units."""
    by_unit = marked.groupby(["unit_code", "period", "category"]).swe_no.nunique().astype(float)
    by_place = in_every_place(by_unit.rename("headcount").reset_index())
    sums = by_place.groupby(["place", "period", "category"])[["headcount"]].sum()
    return complete(sums, covered, {"category": categories})


def breakdowns(raw: Raw) -> pd.DataFrame:
    """Index place, year, measure, breakdown, category; headcount, and its share of everybody of the measure."""
    of = people(raw)
    codes = seed("census_return_codes").dropna(subset=["breakdown"])
    covered = _census_coverage(raw)
    tables = []
    for measure, names in BREAKDOWNS.items():
        rows = _marked(of[measure])
        for name in names:
            marked = rows.assign(category=rows[f"by_{name}"])
            categories = list(dict.fromkeys([*codes[codes.breakdown == name].category, "not_known"]))
            table = _heads(marked, covered, categories)
            tables.append(pd.concat({(measure, name): table}, names=["measure", "breakdown"]))
        table = _heads(rows.assign(category="all"), covered, ["all"])
        tables.append(pd.concat({(measure, "all"): table}, names=["measure", "breakdown"]))
    whole = pd.concat(tables)
    everybody = whole.headcount.xs("all", level="breakdown").droplevel("category").rename("everybody")
    whole = whole.join(everybody, on=["measure", "place", "period"])
    whole["share"] = 100 * whole.headcount / whole.everybody.where(whole.everybody > 0)
    return whole.reorder_levels(["place", "period", "measure", "breakdown", "category"]).sort_index()


def pay(raw: Raw) -> pd.DataFrame:
    """Index place, year, role, pay_item: permanent staff in post with the amount, and its quartiles.

    `people` and the quartiles are of everyone whose item is given; `paid_…` of those who were paid more than nothing.
    """
    rows = _marked(people(raw)["in_post"])
    rows = pd.concat([rows, rows.assign(role="all")], ignore_index=True)
    long = (
        in_every_place(rows)
        .melt(["place", "period", "role"], PAY_ITEMS, "pay_item", "amount")
        .dropna(subset=["amount"])
    )
    keys = ["place", "period", "role", "pay_item"]
    tables = []
    for prefix, part in (("", long), ("paid_", long[long.amount > 0])):
        grouped = part.groupby(keys).amount
        table = grouped.count().astype(float).rename(f"{prefix}people").to_frame()
        for name, share in (("lower_quartile", 0.25), ("median", 0.5), ("upper_quartile", 0.75)):
            table[f"{prefix}{name}"] = grouped.quantile(share)
        tables.append(table)
    everybody = tables[0].join(tables[1], how="outer")
    codes = {"role": ["all", *ROLES.values(), "not_known"], "pay_item": PAY_ITEMS}
    counts = complete(everybody[["people", "paid_people"]], _census_coverage(raw), codes)
    return counts.join(everybody.drop(columns=["people", "paid_people"]))


def allowances(raw: Raw) -> pd.DataFrame:
    """Index place, year, allowance: units that answered, that offer it to all, to some, to any, and the share."""
    rows = raw.stated.dropna(subset=ALLOWANCES, how="all")
    long = rows.melt(["unit_code", "period"], ALLOWANCES, "allowance", "answer").dropna(subset=["answer"])
    # A joint unit that sent two returns offers what either of its authorities does.
    best = long.assign(rank=long.answer.map({"0": 0, "2": 1, "1": 2}))
    by_unit = best.groupby(["unit_code", "period", "allowance"])[["rank"]].max()
    by_unit["answered"] = 1.0
    for name, rank in (("not_offering", 0), ("to_some", 1), ("to_all", 2)):
        by_unit[name] = (by_unit["rank"] == rank).astype(float)
    grouped = in_every_place(by_unit.reset_index()).groupby(["place", "period", "allowance"])
    table = grouped[["answered", "to_all", "to_some", "not_offering"]].sum()
    table["is_offered"] = table.to_all + table.to_some
    return table.assign(share=100 * table.is_offered / table.answered)
