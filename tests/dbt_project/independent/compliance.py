"""Compliance with the agency rules and price caps: domain notes on agency workers, sections 2.2, 4.4, 5.2 and 9.2."""

import numpy as np
import pandas as pd

from tests.dbt_project.independent.agency import ALL_ROLES, KEYS, active, with_all_roles
from tests.dbt_project.independent.raw import Raw, complete, coverage, in_every_place, seed

# The rule as the mart names it: its code and authority among the dated rules.
RULES = {
    "R2": ("R2", "DFE"),
    "R4": ("R4", "DFE"),
    "R5": ("R5", "DFE"),
    "R5_LONDON": ("R5", "LONDON_PLEDGE"),
    "R6": ("R6", "DFE"),
    "R7": ("R7", "DFE"),
}
COMPLIANT, BREACH, APPROVED, UNKNOWN, OUTSIDE = (
    "compliant",
    "non_compliant",
    "approved_breach",
    "unknown",
    "out_of_scope",
)
EXEMPT = ("REDUNDANCY", "OTHER_REGION", "PROBATION")
# Someone for whom no date of leaving a permanent role in London is given is outside the cooling-off rules: the item is
# "blank where they never had one or it is not known", so a blank does not say that the rule is about them.
WITHOUT_DATE_OF_LEAVING = OUTSIDE
CAPPED_BASES = ("PAYE", "UMBRELLA", "LTD")


def _in_force(rows: pd.DataFrame, rule: str) -> pd.Series:
    """The value of the rule that each assignment is judged on; missing where none holds or it is out of scope."""
    code, authority = RULES[rule]
    dated = seed("agency_rules")
    dated = dated[(dated.rule_code == code) & (dated.authority == authority)]
    value = pd.Series(np.nan, index=rows.index, dtype=object)
    for row in dated.itertuples():
        began = pd.Timestamp(str(row.valid_from))
        ended = pd.Timestamp(str(row.valid_to)) if isinstance(row.valid_to, str) else pd.Timestamp.max
        holds = (rows.last_day >= began) & (rows.last_day <= ended)
        if row.scope == "NEW":
            holds &= rows.start_date >= began
        value = value.mask(holds, row.value)
    return value


def caps(rows: pd.DataFrame) -> pd.Series:
    """The London cap of each assignment on its last active day in the quarter; missing where there is none."""
    dated = seed("price_caps")
    dated = dated[dated.region == "LONDON"]
    cap = pd.Series(np.nan, index=rows.index)
    for row in dated.itertuples():
        began = pd.Timestamp(str(row.valid_from))
        ended = pd.Timestamp(str(row.valid_to)) if isinstance(row.valid_to, str) else pd.Timestamp.max
        holds = (rows.role_type == row.role_type) & (rows.payment_basis == row.payment_basis)
        cap = cap.mask(holds & (rows.last_day >= began) & (rows.last_day <= ended), float(str(row.cap_gbp)))
    return cap


def outcomes(raw: Raw) -> pd.DataFrame:
    """The active assignments with one column of outcomes per rule and `all`, and `cap`."""
    rows = active(raw).reset_index(drop=True)
    rows["cap"] = caps(rows)
    verdicts = {
        "R2": _price_cap(rows),
        "R4": _notice(rows),
        "R5": _cool_off(rows, _in_force(rows, "R5")),
        "R5_LONDON": _cool_off(rows, _in_force(rows, "R5_LONDON")),
        "R6": _experience(rows),
        "R7": rows.references_received.map({"Y": COMPLIANT, "N": BREACH}).fillna(UNKNOWN),
    }
    for rule, verdict in verdicts.items():
        rows[rule] = verdict.where(_in_force(rows, rule).notna(), OUTSIDE)
    rows["all"] = _on_every_rule(rows[list(RULES)])
    return rows


def _price_cap(rows: pd.DataFrame) -> pd.Series:
    signed = rows.cap_signoff_dcs.notna() & rows.cap_signoff_ce.notna()
    verdict = pd.Series(
        np.where(rows.hourly_rate <= rows.cap, COMPLIANT, np.where(signed, APPROVED, BREACH)), rows.index
    )
    comparable = rows.cap.notna() & rows.hourly_rate.notna() & (rows.rate_basis != "CHARGE")
    return verdict.where(comparable, UNKNOWN)


def _notice(rows: pd.DataFrame) -> pd.Series:
    # The rule's weeks, or the authority's own notice for permanent staff where shorter.
    needed = pd.to_numeric(_in_force(rows, "R4")).clip(upper=rows.substantive_notice_weeks.fillna(np.inf))
    verdict = pd.Series(np.where(rows.notice_weeks >= needed, COMPLIANT, BREACH), rows.index)
    return verdict.where(rows.notice_weeks.notna(), UNKNOWN)


def _cool_off(rows: pd.DataFrame, months: pd.Series) -> pd.Series:
    free_from = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[s]")
    for value in months.dropna().unique():
        earliest = rows.left_substantive_date + pd.DateOffset(months=int(value))
        free_from = free_from.mask(months == value, earliest)
    verdict = pd.Series(np.where(rows.start_date >= free_from, COMPLIANT, BREACH), rows.index)
    verdict = verdict.where(rows.left_substantive_date.notna(), WITHOUT_DATE_OF_LEAVING)
    return verdict.mask(rows.cool_off_exemption.isin(EXEMPT), COMPLIANT)


def _experience(rows: pd.DataFrame) -> pd.Series:
    years = pd.to_numeric(_in_force(rows, "R6"))
    enough = (rows.pqe_years >= years) | (rows.pqe_3plus == "Y")
    known = rows.pqe_years.notna() | rows.pqe_3plus.isin(["Y", "N"])
    return pd.Series(np.where(enough, COMPLIANT, BREACH), rows.index).where(known, UNKNOWN)


def _on_every_rule(verdicts: pd.DataFrame) -> pd.Series:
    """Compliant on every rule in scope, among assignments in scope of any rule with all values known."""
    unknown = (verdicts == UNKNOWN).any(axis=1)
    breach = verdicts.isin([BREACH, APPROVED]).any(axis=1)
    outside = (verdicts == OUTSIDE).all(axis=1)
    return pd.Series(
        np.select([outside, unknown, breach], [OUTSIDE, UNKNOWN, BREACH], default=COMPLIANT), index=verdicts.index
    )


def compliance(raw: Raw) -> pd.DataFrame:
    """Index place, period, role, rule: assignments by outcome, the rate of the known and the share of the unknown."""
    judged = in_every_place(with_all_roles(outcomes(raw))).rename(columns={"role_type": "role"})
    long = judged.melt(id_vars=KEYS, value_vars=[*RULES, "all"], var_name="rule", value_name="outcome")
    counts = long.groupby([*KEYS, "rule"]).outcome.value_counts().unstack("outcome", fill_value=0)
    counts = counts.reindex(columns=[COMPLIANT, BREACH, APPROVED, UNKNOWN, OUTSIDE], fill_value=0).astype(float)
    table = complete(counts, coverage(raw, "agency_quarterly"), {"role": ALL_ROLES, "rule": [*RULES, "all"]})
    table["non_compliant"] = table[BREACH] + table[APPROVED]
    table["approved_breaches"] = table[APPROVED]
    table["known"] = table.compliant + table.non_compliant
    table["in_scope"] = table.known + table.unknown
    table["rate"] = 100 * table.compliant / table.known.where(table.known > 0)
    table["unknown_pct"] = 100 * table.unknown / table.in_scope.where(table.in_scope > 0)
    return table.drop(columns=[APPROVED, OUTSIDE])


def against_caps(raw: Raw) -> pd.DataFrame:
    """Index place, period, role, payment_basis: assignments that can be compared, share above, median room below."""
    rows = outcomes(raw)
    rows = rows[rows.R2.isin([COMPLIANT, BREACH, APPROVED])].copy()
    rows["above"] = (rows.hourly_rate > rows.cap).astype(float)
    rows["headroom"] = rows.cap - rows.hourly_rate
    grouped = in_every_place(with_all_roles(rows)).rename(columns={"role_type": "role"})
    grouped = grouped.groupby([*KEYS, "payment_basis"])
    table = grouped.agg(compared=("above", "count"), above=("above", "sum"), headroom=("headroom", "median"))
    codes = {"role": ALL_ROLES, "payment_basis": list(CAPPED_BASES)}
    counts = complete(table[["compared", "above"]].astype(float), coverage(raw, "agency_quarterly"), codes)
    counts["share_above"] = 100 * counts.above / counts.compared.where(counts.compared > 0)
    return counts.join(table[["headroom"]]).join(caps_at_quarter_end(raw), on=["period", "role", "payment_basis"])


def caps_at_quarter_end(raw: Raw) -> pd.Series:
    """The London cap in force on the last day of each quarter, by period, role and payment basis."""
    quarters = raw.sent[raw.sent.collection == "agency_quarterly"]
    quarters = quarters.drop_duplicates("period_label").set_index("period_label").period_end
    every = pd.MultiIndex.from_product(
        [quarters.index, ALL_ROLES, CAPPED_BASES], names=["period", "role_type", "payment_basis"]
    )
    rows = every.to_frame(index=False)
    rows["last_day"] = rows.period.map(quarters)
    return caps(rows).set_axis(every.rename(["period", "role", "payment_basis"])).rename("cap")


def declared(raw: Raw) -> pd.DataFrame:
    """Index place, period, rule: units that declare each status; full ones among those it applies to."""
    rows = raw.quarters
    names = {f"rule_{rule.lower()}_status": rule for rule in ("R2", "R3", "R4", "R5", "R6", "R7")}
    long = rows.melt(["unit_code", "period"], list(names), "rule", "status").dropna(subset=["status"])
    long["rule"] = long.rule.map(names)
    by_unit = long.groupby(["unit_code", "period", "rule"]).status.agg(_together).rename("status").reset_index()
    counts = in_every_place(by_unit).groupby(["place", "period", "rule"]).status.value_counts().unstack("status")
    table = counts.reindex(columns=["FULL", "PARTIAL", "NONE", "NA"]).fillna(0.0)
    applies = table.FULL + table.PARTIAL + table.NONE
    table["applies"] = applies
    table["full_pct"] = 100 * table.FULL / applies.where(applies > 0)
    enough = coverage(raw, "agency_quarterly").is_enough.reindex(table.index.droplevel("rule"))
    return table.where(pd.Series(enough.to_numpy(), index=table.index), axis=0)


def _together(statuses: pd.Series) -> str:
    """What the authorities of a joint unit declare together: what both do, and in part where they differ."""
    said = set(statuses) - {"NA"} or {"NA"}
    return said.pop() if len(said) == 1 else "PARTIAL"
