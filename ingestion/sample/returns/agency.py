"""The quarterly agency return: the assignments active in the quarter, and how the authority sums them up.

Whether a rate is above the cap and how far each rule is met is stated as a careful authority would (domain notes on
agency social workers, sections 2.2 and 9.2): an assignment counts where the rule is about it and the answer is known.
"""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from ingestion.returns.periods import Period
from ingestion.returns.senders import Sender
from ingestion.returns.specification import Specification
from ingestion.sample.returns.assignments import dfe_codes, invent_assignments
from ingestion.sample.returns.assumptions import chance_for, facts
from ingestion.sample.returns.rules_in_force import caps_began, price_caps, rule_on
from ingestion.sample.workforce import Workforce

A_DAY = np.timedelta64(1, "D")
DAYS_A_WEEK = 7
NEVER = 99

Answers = tuple["pd.Series[bool]", "pd.Series[bool]"]


class AgencyReturns:
    """The agency returns of a workforce; remembers every assignment, and those of the quarter in hand."""

    def __init__(self, workforce: Workforce) -> None:
        self.seed = workforce.seed
        self.assignments = invent_assignments(workforce)
        self.period: Period | None = None
        self.active: dict[str, pd.DataFrame] = {}

    def tables(self, specification: Specification, sender: Sender) -> dict[str, pd.DataFrame]:
        """One sender's records for the specification's quarter."""
        period = specification.period
        if period != self.period:
            everyone = _as_at(self.assignments, period)
            self.period = period
            self.active = {code: everyone[everyone["authority_code"] == code] for code in dfe_codes()}
        active = self.active[sender.code]
        random = chance_for(self.seed, "agency", sender.code, period.label)
        return {"assignment": active, "authority_quarter": _summary(random, active, period, sender)}


def _as_at(assignments: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The assignments active in a quarter as they stood then: no end not yet reached, the rate of the quarter."""
    assumed = facts()["agency"]
    first, last = _day(period.start), _day(period.end)
    active = assignments[(assignments["start_date"] <= last) & ~(assignments["end_date"] < first)]
    caps = price_caps(period.end)
    cap = pd.Series(
        [caps.get(key, np.nan) for key in zip(active["role_type"], active["payment_basis"], strict=True)],
        index=active.index,
        dtype=float,
    )
    above = active["keeps_above_cap"] & cap.notna()
    on_costs = active["payment_basis"].map(assumed["on_costs"])
    basis = active["authority_code"].map(assumed["rate_basis"]).fillna("WORKER_PAY")
    # What the reported rate holds beside the worker's pay.
    added = on_costs.where(basis != "WORKER_PAY", 1) * np.where(basis == "CHARGE", assumed["agency_margin"], 1)
    # A higher rate agreed before there was a cap is brought down to it.
    rate = (active["pay_rate"] * added).clip(upper=cap.fillna(np.inf)).where(~above, cap + active["above_cap_by"])
    # Approved before the start, or before the caps began.
    began = _day(caps_began())
    approved = active["start_date"].where(active["start_date"] >= began, began) - pd.Timedelta(days=9)
    by_director = above & active["signed_off_by"].isin(["both", "director"])
    by_both = above & (active["signed_off_by"] == "both")
    return active.assign(
        la_code=active["authority_code"].map(dfe_codes()),
        period_end=last,
        end_date=active["end_date"].where(active["end_date"] <= last),
        hourly_rate=rate.round(2),
        rate_basis=basis,
        charge_rate=rate / added * on_costs * assumed["agency_margin"],
        cap_known=cap.notna(),
        cap_exceeded=np.where(above, "Y", "N"),
        cap_signoff_dcs=approved.where(by_director),
        cap_signoff_ce=(approved + pd.Timedelta(days=4)).where(by_both),
    )


def _summary(random: np.random.Generator, active: pd.DataFrame, period: Period, sender: Sender) -> pd.DataFrame:
    """The authority's row: monthly cost, how far each rule is met and why not, agencies of concern."""
    assumed = facts()["agency"]
    row: dict[str, object] = {"la_code": sender.dfe_codes[0], "period_end": _day(period.end)}
    for number, (first, last) in enumerate(_months(period), start=1):
        row[f"month_{number}_cost"] = round(_cost(active, first, last), 2)
    row["cap_breaches"] = int((active["cap_exceeded"] == "Y").sum())
    reasons = []
    for rule, (about, met) in _compliance(random, active, period).items():
        missed, of = int((about & ~met).sum()), int(about.sum())
        row[f"rule_{rule}_status"] = _status(missed, of)
        if missed:
            count = "one worker" if missed == 1 else f"{missed} workers"
            reasons.append(assumed["explanations"][rule].format(count=count))
    row["rule_explanation"] = " ".join(reasons)
    names = assumed["agencies_of_concern"]
    is_concerned = bool(reasons) and 100 * random.random() < assumed["names_an_agency"]
    row["agencies_of_concern"] = names[int(random.random() * len(names))] if is_concerned else ""
    return pd.DataFrame([row])


def _compliance(random: np.random.Generator, active: pd.DataFrame, period: Period) -> dict[str, Answers]:
    """For each rule, which assignments it is about, and which meet it."""
    answers: dict[str, Answers] = {}
    for code in ("R2", "R3", "R4", "R5", "R6", "R7"):
        rule = rule_on(period.end, code)
        if rule is None:
            nobody = pd.Series(False, index=active.index)
            answers[code.lower()] = (nobody, nobody)
            continue
        about, met = _answers(code, rule.value, active)
        answers[code.lower()] = (about & (active["start_date"].dt.date >= rule.since), met)
    # A project team whose costs came as one sum: one assignment stands for it.
    about, met = answers["r3"]
    if about.any() and 100 * random.random() < facts()["agency"]["project_teams"]["in_part"]:
        answers["r3"] = (about, met & (active.index != about.idxmax()))
    return answers


def _answers(code: str, value: str, active: pd.DataFrame) -> Answers:
    """Which assignments a rule could be about, and which meet what it asks for."""
    if code == "R2":
        return active["cap_known"], active["cap_exceeded"] == "N"
    if code == "R3":
        team = active["is_project_team"] == "Y"
        return team, team
    if code == "R4":
        weeks = active["substantive_notice_weeks"].fillna(NEVER).clip(upper=int(value))
        return active["notice_weeks"].notna(), active["notice_weeks"] >= weeks
    if code == "R5":
        left = active["left_substantive_date"]
        again = left + pd.DateOffset(months=int(value))
        return left.notna(), (active["cool_off_exemption"] != "NONE") | (active["start_date"] >= again)
    if code == "R6":
        return active["pqe_3plus"] != "U", active["pqe_3plus"] == "Y"
    return active["references_received"] != "U", active["references_received"] == "Y"


def _status(missed: int, of: int) -> str:
    if not of:
        return "NA"
    if not missed:
        return "FULL"
    return "PARTIAL" if missed <= of / 2 else "NONE"


def _cost(active: pd.DataFrame, first: date, last: date) -> float:
    """What the assignments of the authority cost between two days, in pounds."""
    begin = np.maximum(active["start_date"].to_numpy(), np.datetime64(first, "s"))
    end = np.fmin(active["end_date"].to_numpy(), np.datetime64(last, "s"))
    weeks = np.maximum((end - begin) / A_DAY + 1, 0) / DAYS_A_WEEK * facts()["agency"]["weeks_worked"]
    return float((active["charge_rate"].to_numpy() * active["hours_per_week"].to_numpy() * weeks).sum())


def _months(period: Period) -> Iterator[tuple[date, date]]:
    """First and last day of each month of a quarter."""
    for month in pd.period_range(period.start, period.end, freq="M"):
        yield month.start_time.date(), month.end_time.date()


def _day(day: date) -> pd.Timestamp:
    return pd.Timestamp(day)
