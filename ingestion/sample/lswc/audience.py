"""The invented registrations and followers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np

from ingestion.sample.lswc.assumptions import assumed, chance, sample_days, sample_months


@dataclass(frozen=True)
class LinkedInDay:
    """New followers of the page on one day."""

    day: date
    organic: int
    sponsored: int
    invited: int

    @property
    def new(self) -> int:
        """All of them, as the export's 'Total followers' has it."""
        return self.organic + self.sponsored + self.invited


@dataclass(frozen=True)
class XDay:
    """The account on one day."""

    day: date
    impressions: int
    likes: int
    engagements: int
    reposts: int
    replies: int
    profile_visits: int
    posts: int
    new_follows: int
    unfollows: int


@cache
def registrations(seed: int) -> Mapping[date, int]:
    """New registrations by month."""
    audience = assumed()["audience"]
    random = chance(seed, 4)
    counts: dict[date, int] = {}
    for place, month in enumerate(sample_months()):
        known = audience["registrations_2023"]
        usual = None if place < len(known) else audience["registrations_by_year"][month.year]
        counts[month] = known[place] if usual is None else int(random.poisson(usual))
    return counts


@cache
def linkedin(seed: int) -> tuple[LinkedInDay, ...]:
    """Every day of the LinkedIn page."""
    audience = assumed()["audience"]
    random = chance(seed, 5)
    found = []
    for day in sample_days():
        new = int(random.poisson(audience["linkedin_a_day"][day.year] * (1.2 if day.weekday() < 5 else 0.5)))
        sponsored = int(random.binomial(new, audience["linkedin_sponsored_share"]))
        invited = int(random.binomial(new - sponsored, audience["linkedin_invited_share"]))
        found.append(LinkedInDay(day, new - sponsored - invited, sponsored, invited))
    return tuple(found)


@cache
def x_account(seed: int) -> tuple[XDay, ...]:
    """Every day of the X account."""
    audience = assumed()["audience"]
    random = chance(seed, 6)
    return tuple(_x_day(random, day, audience["x_follows_a_day"][day.year]) for day in sample_days())


def _x_day(random: np.random.Generator, day: date, follows: float) -> XDay:
    posts = int(random.poisson(1.4 if day.weekday() < 5 else 0.3))
    impressions = int(random.poisson(90 + 160 * posts))
    engagements = int(random.binomial(impressions, 0.03))
    return XDay(
        day=day,
        impressions=impressions,
        likes=int(random.binomial(engagements, 0.5)),
        engagements=engagements,
        reposts=int(random.binomial(engagements, 0.15)),
        replies=int(random.binomial(engagements, 0.05)),
        profile_visits=int(random.poisson(4)),
        posts=posts,
        new_follows=int(random.poisson(follows)),
        unfollows=int(random.poisson(follows * assumed()["audience"]["x_unfollow_share"])),
    )


def follower_totals(seed: int) -> list[tuple[str, date, int]]:
    """Platform, day and number of followers on the days somebody looked.

    LinkedIn's export does not tell who left, so its totals are a little lower than the new followers together.
    """
    totals = []
    for as_at in assumed()["audience"]["totals_as_at"]:
        linkedin_new = sum(each.new for each in linkedin(seed) if each.day <= as_at)
        x_net = sum(each.new_follows - each.unfollows for each in x_account(seed) if each.day <= as_at)
        totals += [("linkedin", as_at, round(linkedin_new * 0.985)), ("x", as_at, x_net)]
    return totals
