"""Educational psychologists: domain notes on agency workers, section 6."""

import pandas as pd

from tests.dbt_project.independent.agency import with_all_roles
from tests.dbt_project.independent.raw import Raw, complete, coverage, in_every_place

GRADES = ["all", "AEP", "TEP", "EP", "SEP", "DPEP", "PEP"]
PAY_UNITS = ["HOUR", "DAY", "PER_ADVICE"]
KEYS = ["place", "period", "ep_grade"]


def establishment(raw: Raw) -> pd.DataFrame:
    """Index place, period, grade: people, FTE, vacancies, and vacancies as a share of vacancies and FTE in post."""
    rows = in_every_place(with_all_roles(raw.establishment, "ep_grade"))
    sums = rows.groupby(KEYS)[["headcount", "fte", "vacancies_fte"]].sum()
    table = complete(sums, coverage(raw, "ep_workforce"), {"ep_grade": GRADES})
    posts = table.fte + table.vacancies_fte
    return table.assign(vacancy_rate=100 * table.vacancies_fte / posts.where(posts > 0))


def agency(raw: Raw) -> pd.DataFrame:
    """Index place, period, grade: engagements and what they are."""
    rows = raw.engagements
    rows = rows[(rows.start_date <= rows.period_end) & ~(rows.end_date < rows.period_start)]
    rows = in_every_place(with_all_roles(rows, "ep_grade"))
    flags = rows.assign(
        engagements=1.0,
        remote=(rows.work_mode == "REMOTE").astype(float),
        hybrid=(rows.work_mode == "HYBRID").astype(float),
        in_person=(rows.work_mode == "IN_PERSON").astype(float),
        pqe_known=rows.pqe_years.notna().astype(float),
        hcpc_registered=(rows.hcpc_registered == "Y").astype(float),
        hcpc_known=rows.hcpc_registered.isin(["Y", "N"]).astype(float),
        statutory=(rows.activity == "EHCNA_STATUTORY").astype(float),
    )
    names = ["engagements", "remote", "hybrid", "in_person", "pqe_known", "hcpc_registered", "hcpc_known", "statutory"]
    table = complete(flags.groupby(KEYS)[names].sum(), coverage(raw, "ep_workforce"), {"ep_grade": GRADES})
    whole = table.engagements.where(table.engagements > 0)
    for name in ("remote", "hybrid", "in_person", "statutory"):
        table[f"{name}_pct"] = 100 * table[name] / whole
    table["hcpc_pct_of_known"] = 100 * table.hcpc_registered / table.hcpc_known.where(table.hcpc_known > 0)
    table["hcpc_registered_pct"] = 100 * table.hcpc_registered / whole
    return table.join(flags.groupby(KEYS).pqe_years.median().rename("pqe_median"))


def pay(raw: Raw) -> pd.DataFrame:
    """Index place, period, grade, pay_unit: engagements and their rates, never across units of pay."""
    rows = in_every_place(with_all_roles(raw.engagements, "ep_grade")).assign(engagements=1.0)
    grouped = rows.groupby([*KEYS, "pay_unit"])
    codes = {"ep_grade": GRADES, "pay_unit": PAY_UNITS}
    table = complete(grouped[["engagements"]].sum(), coverage(raw, "ep_workforce"), codes)
    table["mean"] = grouped.rate.mean()
    for name, share in (("lower_quartile", 0.25), ("median", 0.5), ("upper_quartile", 0.75)):
        table[name] = grouped.rate.quantile(share)
    return table


def engagements_by_place(raw: Raw) -> pd.Series:
    """All engagements of a place and period: no principle has a value yet, so the outcome of each is unknown."""
    return agency(raw).engagements.xs("all", level="ep_grade")
