"""Educational psychologists: each authority's permanent service by grade, and the agency psychologists it engages."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ingestion.returns.periods import Period
from ingestion.returns.senders import Sender, senders
from ingestion.returns.specification import Specification
from ingestion.sample.returns.assumptions import chance_for, facts, sample_periods
from ingestion.sample.workforce import Workforce

SHORTEST_DAYS = 14
HALF = 2
ASSISTANT = "AEP"

Random = np.random.Generator


class PsychologistReturns:
    """The returns about educational psychologists of one seed; remembers every authority's quarters."""

    def __init__(self, workforce: Workforce) -> None:
        self.services: dict[tuple[str, Period], dict[str, pd.DataFrame]] = {}
        periods = list(sample_periods("ep_workforce"))
        for sender in senders():
            random = chance_for(workforce.seed, "psychologists", sender.code)
            services = [] if sender.is_joint else list(_establishments(random, periods, workforce.scale, sender))
            engagements = _engagements(random, periods, [_vacant(service) for service in services])
            for period, service, used in zip(periods, services, engagements, strict=False):
                self.services[sender.code, period] = {"agency_use": used, "establishment": service}

    def tables(self, specification: Specification, sender: Sender) -> dict[str, pd.DataFrame]:
        """One sender's records for the specification's quarter."""
        period = specification.period
        return {
            record: table.assign(la_code=sender.dfe_codes[0], period_end=pd.Timestamp(period.end))
            for record, table in self.services[sender.code, period].items()
        }


def _establishments(random: Random, periods: Sequence[Period], scale: float, sender: Sender) -> Iterator[pd.DataFrame]:
    """The permanent service by grade on the last day of each quarter; posts stay, vacancies come and go."""
    assumed = facts()["psychologists"]
    size = assumed["typical_posts"] * np.exp(assumed["spread"] * random.standard_normal())
    posts_in_all = scale * assumed["smallest_service"].get(sender.code, size)
    grades = pd.DataFrame.from_dict(assumed["grades"], orient="index").rename_axis("ep_grade").reset_index()
    posts = _to_halves(posts_in_all * grades["share"] / grades["share"].sum())
    # Every service has a principal, and somebody to do the work.
    posts = posts.where(~grades["ep_grade"].isin(["PEP", "EP"]), posts.clip(lower=1))
    vacant = _to_halves(posts * grades["vacant"] / 100 * (0.5 + random.random(len(grades))))
    salary = grades["salary"] * (1 + assumed["salary_spread"] * random.standard_normal())
    for _ in periods:
        step = random.choice(assumed["vacancy_steps"], len(grades))
        # The small grades hold still: a post there is the whole grade.
        vacant = (vacant + np.where(grades["ep_grade"].isin(["EP", "SEP"]), step, 0)).clip(lower=0).clip(upper=posts)
        fte = posts - vacant
        headcount = np.ceil(fte * 100 / grades["fte_each"] - 0.25).clip(lower=np.ceil(fte))
        yield pd.DataFrame(
            {
                "ep_grade": grades["ep_grade"],
                "headcount": headcount.astype(int),
                "fte": fte,
                "vacancies_fte": vacant,
                "average_salary": salary.round().where(headcount > 0),
            }
        )


def _vacant(service: pd.DataFrame) -> float:
    return float(service["vacancies_fte"].sum())


def _engagements(random: Random, periods: Sequence[Period], vacancies: Sequence[float]) -> Iterator[pd.DataFrame]:
    """The engagements of each quarter: those that go on from the quarter before, and new ones for what is vacant."""
    assumed = facts()["psychologists"]
    going_on: list[dict[str, Any]] = []
    so_far = 0
    for period, vacant in zip(periods, vacancies, strict=True):
        wanted = round(vacant * assumed["engagements_per_vacancy"])
        engaged = going_on[:wanted]
        while len(engaged) < wanted:
            so_far += 1
            engaged.append(_new_engagement(random, period, f"E-{so_far:02d}", assumed))
        rows = []
        going_on = []
        for engagement in engaged:
            first = max(engagement["start_date"], pd.Timestamp(period.start))
            days = (pd.Timestamp(period.end) - first).days
            ends = 100 * random.random() >= assumed["stays_next_quarter"] and days > SHORTEST_DAYS
            last = first + pd.Timedelta(days=int(random.integers(SHORTEST_DAYS, days + 1))) if ends else None
            fewest, most = assumed["units"][engagement["pay_unit"]]
            units = fewest + (most - fewest) * random.random() * (0.4 + 0.6 * days / 92)
            rows.append({**engagement, "end_date": last, "units_in_quarter": round(units * HALF) / HALF})
            if not ends:
                going_on.append(engagement)
        yield pd.DataFrame(rows, columns=[*_COLUMNS, "end_date", "units_in_quarter"]).astype(
            {"end_date": "datetime64[s]", "start_date": "datetime64[s]"}
        )


_COLUMNS = (
    "engagement_id",
    "ep_grade",
    "pay_unit",
    "rate",
    "start_date",
    "pqe_years",
    "work_mode",
    "activity",
    "hcpc_registered",
)


def _new_engagement(random: Random, period: Period, name: str, assumed: Mapping[str, Any]) -> dict[str, Any]:
    def drawn(what: str) -> str:
        weights = np.array(list(assumed[what].values()), dtype=float)
        return str(random.choice(list(assumed[what]), p=weights / weights.sum()))

    grade, unit = drawn("grade_of_engagement"), drawn("pay_unit")
    rate = assumed["rates"][unit] * assumed["rate_by_grade"][grade]
    rate *= 1 + assumed["rate_spread"] * random.standard_normal()
    length = (period.end - period.start).days - SHORTEST_DAYS
    fewest, most = assumed["pqe_years"]
    return {
        "engagement_id": name,
        "ep_grade": grade,
        "pay_unit": unit,
        "rate": round(rate / 5) * 5 if unit != "HOUR" else round(rate),
        "start_date": pd.Timestamp(period.start) + pd.Timedelta(days=int(random.integers(0, length))),
        "pqe_years": 0 if grade == ASSISTANT else round(float(fewest + (most - fewest) * random.random()), 1),
        "work_mode": drawn("work_mode"),
        "activity": drawn("activity"),
        "hcpc_registered": drawn("registered"),
    }


def _to_halves(posts: "pd.Series[float]") -> "pd.Series[float]":
    return (posts * HALF).round() / HALF
