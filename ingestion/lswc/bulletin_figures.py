"""The figures of a bulletin: what the site did for London, and what it did for one authority's jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ingestion.returns.senders import Sender

Series = tuple[tuple[date, int | None], ...]


@dataclass(frozen=True)
class Kpi:
    """One KPI of the site in the bulletin's month; figures are None where there are none.

    A stock (such as jobs live) is counted on the month's last day.
    """

    label: str
    definition: str
    is_stock: bool
    value: int | None
    change_on_month: int | None
    change_on_year: int | None
    since_launch: int | None


@dataclass(frozen=True)
class Jobs:
    """What became of a number of jobs in one month; figures are None where there are none, and add nothing."""

    posted: int | None = 0
    live: int | None = 0
    views: int | None = 0
    clicks: int | None = 0

    def __add__(self, other: "Jobs") -> "Jobs":
        return Jobs(
            _sum(self.posted, other.posted),
            _sum(self.live, other.live),
            _sum(self.views, other.views),
            _sum(self.clicks, other.clicks),
        )


@dataclass(frozen=True)
class Region:
    """What every authority may know about one month.

    `kpis` stand in the order they are shown in; `visitors` are the last 13 months; `channels` the visits (sessions) by
    channel, most first; `steps` the funnel from visit to click; `notes` what a reader should know about the data;
    `data_as_at` the day the newest of them were taken.
    """

    month: date
    kpis: Mapping[str, Kpi]
    visitors: Series
    channels: Sequence[tuple[str, int]]
    steps: Sequence[tuple[str, int]]
    jobs: Jobs
    notes: Sequence[str]
    data_as_at: date | None
    is_synthetic: bool


@dataclass(frozen=True)
class Advert:
    """One job of an authority in one month. `is_joint`: together with another authority; `jobs` are its own figures."""

    title: str
    role_group: str
    posted: date
    closing: date | None
    is_joint: bool
    is_featured: bool
    is_repost: bool
    jobs: Jobs


@dataclass(frozen=True)
class OwnJobs:
    """What became of one authority's own jobs, joint ones included, most viewed first.

    `partners` are those it advertises jointly with; `is_known` says whether the month's figures are there; `history`
    holds the last 13 months of all its jobs; `last_month` is the newest month up to the bulletin's in which it had one.
    """

    authority: Sender
    partners: str
    is_known: bool
    adverts: Sequence[Advert]
    history: Sequence[tuple[date, Jobs]]
    last_month: date | None

    @property
    def total(self) -> Jobs:
        """All of them."""
        return sum((advert.jobs for advert in self.adverts), Jobs())

    @property
    def joint(self) -> Jobs:
        """Those of adverts together with another authority."""
        return sum((advert.jobs for advert in self.adverts if advert.is_joint), Jobs())


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None and other is None else (one or 0) + (other or 0)
