"""The invented job board: adverts, and what became of each in every month it was live."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

import numpy as np

from ingestion.lswc.reading import month_end, months_between
from ingestion.returns.senders import Sender, senders
from ingestion.sample.lswc.assumptions import assumed, chance, sample_months

FIRST_JOB = 100_001
MEAN_SPREAD = 0.45


@dataclass(frozen=True)
class Advert:
    """One advert on the board. `appeal` says how often it is looked at, against the average."""

    job_id: str
    borough: Sender
    title: str
    role_group: str
    contract_type: str
    salary_min: str
    salary_max: str
    posted: date
    closing: date
    is_featured: bool
    appeal: float


@dataclass(frozen=True)
class JobMonth:
    """One advert in one month in which it was live."""

    month: date
    advert: Advert
    status: str
    views: int
    unique_views: int
    apply_clicks: int


@cache
def adverts(seed: int) -> tuple[Advert, ...]:
    """Every advert, in the order of posting."""
    found: list[Advert] = []
    for month in sample_months():
        random = chance(seed, 1, month.toordinal())
        days = sorted(int(day) for day in random.integers(0, month_end(month).day, _posted_in(month)))
        for day in days:
            job_id = f"LSWC-{FIRST_JOB + len(found)}"
            posted = month + timedelta(days=day)
            found.append(_repost(random, found, job_id, posted) or _new(random, job_id, posted))
    return tuple(found)


def _posted_in(month: date) -> int:
    jobs = assumed()["jobs"]
    if month.year == 2023:
        return int(jobs["posted_2023"][month.month - sample_months()[0].month])
    return int(jobs["posted_by_year"][month.year] * jobs["posted_by_month"][month.month - 1])


def _new(random: np.random.Generator, job_id: str, posted: date) -> Advert:
    jobs = assumed()["jobs"]
    roles = jobs["roles"]
    role = roles[random.choice(len(roles), p=[role["share"] for role in roles])]
    team = jobs["teams"][random.integers(len(jobs["teams"]))]
    contracts = list(jobs["contracts"])
    low, high = (round(pay * random.uniform(0.97, 1.04) * 1.03 ** (posted.year - 2023), -2) for pay in role["pay"])
    salary = _salary(random, int(min(low, high)), int(max(low, high)))
    return Advert(
        job_id=job_id,
        borough=_borough(random),
        title=f"{role['title']} – {team}",
        role_group=role["group"],
        contract_type=contracts[random.choice(len(contracts), p=list(jobs["contracts"].values()))],
        salary_min=salary[0],
        salary_max=salary[1],
        posted=posted,
        closing=posted + timedelta(days=int(random.integers(*jobs["days_open"]))),
        is_featured=bool(random.random() < jobs["featured_share"]),
        appeal=float(random.lognormal(0, MEAN_SPREAD)),
    )


def _repost(random: np.random.Generator, before: list[Advert], job_id: str, posted: date) -> Advert | None:
    """Now and then, an advert that closed a little while ago, under a new number."""
    jobs = assumed()["jobs"]
    if random.random() >= jobs["repost_share"]:
        return None
    closed = [
        advert
        for advert in before
        if timedelta(0) <= posted - advert.closing <= timedelta(days=jobs["repost_within_days"])
    ]
    if not closed:
        return None
    again = closed[random.integers(len(closed))]
    return replace(
        again,
        job_id=job_id,
        posted=posted,
        closing=posted + timedelta(days=int(random.integers(*jobs["days_open"]))),
        appeal=again.appeal * 0.8,
    )


def _borough(random: np.random.Generator) -> Sender:
    single = [sender for sender in senders() if not sender.is_joint]
    (joint,) = (sender for sender in senders() if sender.is_joint)
    # The City of London hardly ever recruits.
    weights = np.array([0.1 if sender.name == "City of London" else 1.0 for sender in single])
    borough = single[random.choice(len(single), p=weights / weights.sum())]
    is_member = borough.unit_code == joint.code
    return joint if is_member and random.random() < assumed()["jobs"]["joint_share"] else borough


def _salary(random: np.random.Generator, low: int, high: int) -> tuple[str, str]:
    """Pay as boards show it: mostly two amounts, sometimes words."""
    way = random.random()
    if way < 0.75:
        return f"£{low:,}", f"£{high:,}"
    if way < 0.87:
        return str(low), str(high)
    if way < 0.93:
        return "", f"Up to £{high / 1000:.0f}k"
    if way < 0.97:
        return f"£{low / (36 * 52.143):.2f} per hour", ""
    return "", "Competitive"


@cache
def job_months(seed: int) -> Mapping[date, tuple[JobMonth, ...]]:
    """Every advert in every month in which it was live, by month."""
    jobs = assumed()["jobs"]
    by = assumed()["milestones"]["by"]
    live = [
        (month, advert, _days_live(advert, month))
        for advert in adverts(seed)
        for month in months_between(advert.posted, min(advert.closing, month_end(sample_months()[-1])))
    ]
    # So many views a day that the first half year comes near the published milestone.
    appeal_before = sum(advert.appeal * days for month, advert, days in live if month_end(month) <= by)
    views_a_day = assumed()["milestones"]["job_views"] / appeal_before
    found: dict[date, list[JobMonth]] = {month: [] for month in sample_months()}
    random = chance(seed, 2)
    for month, advert, days in live:
        views = int(random.poisson(advert.appeal * days * views_a_day * (1.5 if advert.is_featured else 1)))
        closed = "closed" if random.random() < 0.7 else "filled"
        found[month].append(
            JobMonth(
                month=month,
                advert=advert,
                status="live" if advert.closing > month_end(month) else closed,
                views=views,
                unique_views=int(random.binomial(views, jobs["unique_share"])),
                apply_clicks=int(random.binomial(views, jobs["clicks_a_view"])),
            )
        )
    return {month: tuple(rows) for month, rows in found.items()}


def _days_live(advert: Advert, month: date) -> int:
    return (min(advert.closing, month_end(month)) - max(advert.posted, month)).days + 1
