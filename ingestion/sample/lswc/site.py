"""The invented visits to the site, and the answers the Data API would give about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.lswc.reading import month_end, months_between
from ingestion.sample.lswc.assumptions import assumed, chance, sample_days
from ingestion.sample.lswc.audience import registrations
from ingestion.sample.lswc.board import job_months

Days = NDArray[np.int64]


@dataclass(frozen=True)
class Visits:
    """Each day's figures, in the order of `sample_days`; `events` by name."""

    users: Days
    new_users: Days
    sessions: Days
    engaged_sessions: Days
    events: Mapping[str, Days]


@cache
def visits(seed: int) -> Visits:
    """Every day of the site, when all of it is counted."""
    web = assumed()["web"]
    days = sample_days()
    random = chance(seed, 3)
    level = np.array(
        [
            web["level_by_year"][day.year]
            * web["level_by_month"][day.month - 1]
            * web["level_by_weekday"][day.weekday()]
            for day in days
        ]
    ) * random.normal(1, 0.06, len(days)).clip(0.8, 1.2)
    until = (assumed()["milestones"]["by"] - days[0]).days + 1
    wanted = assumed()["milestones"]["visitors"] / web["total_users_a_user"] / until ** web["coming_back"]
    users = np.rint(level * wanted / level[:until].sum()).astype(np.int64)
    so_far = np.cumsum(users) * np.arange(1, len(days) + 1) ** web["coming_back"]
    new_users = np.minimum(users, np.rint(np.diff(so_far, prepend=0)).astype(np.int64))
    sessions = np.rint(users * web["sessions_a_user"]).astype(np.int64)
    pages = np.rint(sessions * web["pages_a_session"] * random.normal(1, 0.03, len(days))).astype(np.int64)
    engaged = np.rint(sessions * web["engaged_share"]).astype(np.int64)
    events = {
        "first_visit": new_users,
        "page_view": pages,
        "session_start": sessions,
        "user_engagement": engaged + users,
        "job_view": _over_the_days(
            random, {m: sum(job.views for job in jobs) for m, jobs in job_months(seed).items()}, users
        ),
        "apply_click": _over_the_days(
            random, {m: sum(job.apply_clicks for job in jobs) for m, jobs in job_months(seed).items()}, users
        ),
        "sign_up": _over_the_days(random, registrations(seed), users),
    }
    return Visits(users, new_users, sessions, engaged, events)


def _over_the_days(random: np.random.Generator, by_month: Mapping[date, int], users: Days) -> Days:
    """A month's count over its days, as many people were there; only those who consent are seen."""
    counts = np.zeros(len(users), np.int64)
    for month, count in by_month.items():
        at = _places(month, month_end(month))
        seen = round(count * assumed()["web"]["seen_with_consent"])
        counts[at] = random.multinomial(seen, users[at] / users[at].sum())
    return counts


def _places(start: date, end: date) -> list[int]:
    """The places, among the sample's days, of those from one to another."""
    first = sample_days()[0]
    return list(range(max(0, (start - first).days), min(len(sample_days()) - 1, (end - first).days) + 1))


class DataApiFigures:
    """What the Data API says of the invented site, in its documented shapes.

    Args:
        seed: the sample's.
        as_of: the day it is asked; None means long after, when nothing changes any more.
    """

    def __init__(self, seed: int, as_of: date | None = None) -> None:
        self._visits = visits(seed)
        self._shown = np.ones(len(sample_days()))
        if as_of is not None:
            for place, day in enumerate(sample_days()):
                age = (as_of - day).days
                shown = assumed()["web"]["shown_by_age"]
                self._shown[place] = 0.0 if age < 0 else shown[age] if age < len(shown) else 1.0

    def run_report(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """One page of `runReport`: `limit` rows from `offset` on."""
        dimensions = [dimension["name"] for dimension in request.get("dimensions", [])]
        metrics = [metric["name"] for metric in request["metrics"]]
        (days,) = request["dateRanges"]
        start, end = date.fromisoformat(days["startDate"]), date.fromisoformat(days["endDate"])
        rows = [row for row in self._rows(dimensions, start, end) if any(row[1][name] for name in metrics)]
        first = int(request.get("offset", 0))
        page = rows[first : first + int(request.get("limit", 10_000))]
        response: dict[str, Any] = {
            "dimensionHeaders": [{"name": name} for name in dimensions],
            "metricHeaders": [{"name": name, "type": "TYPE_INTEGER"} for name in metrics],
            "rows": [
                {
                    "dimensionValues": [{"value": value} for value in values],
                    "metricValues": [{"value": str(figures[name])} for name in metrics],
                }
                for values, figures in page
            ],
            "rowCount": len(rows),
            "metadata": self._metadata(dimensions, start),
            "kind": "analyticsData#runReport",
        }
        # As the API does: what is empty is not there.
        if not dimensions:
            del response["dimensionHeaders"]
        if not page:
            del response["rows"]
        return response

    def _metadata(self, dimensions: Sequence[str], start: date) -> dict[str, Any]:
        web = assumed()["web"]
        month = start.replace(day=1)
        metadata: dict[str, Any] = {"currencyCode": "GBP", "timeZone": "Europe/London"}
        if dimensions == ["date", "eventName"] and month in web["sampled_months"]:
            metadata["samplingMetadatas"] = [{"samplesReadCount": "500000", "samplingSpaceSize": "1000000"}]
        if "sessionDefaultChannelGroup" in dimensions and month in web["thresholded_months"]:
            metadata["subjectToThresholding"] = True
        if "eventName" in dimensions and month in web["other_row_loss_months"]:
            metadata["dataLossFromOtherRow"] = True
        return metadata

    def _rows(
        self, dimensions: Sequence[str], start: date, end: date
    ) -> list[tuple[tuple[str, ...], Mapping[str, int]]]:
        days = _places(start, end)
        months = [
            (f"{month:%Y%m}", _places(max(month, start), min(month_end(month), end)))
            for month in months_between(start, end)
        ]
        match list(dimensions):
            case []:
                return [((), self._together(days))] if days else []
            case ["date"]:
                return [((f"{sample_days()[place]:%Y%m%d}",), self._together([place])) for place in days]
            case ["yearMonth"]:
                return [((month,), self._together(of_month)) for month, of_month in months if of_month]
            case ["yearMonth", "sessionDefaultChannelGroup"]:
                return [
                    (
                        (month, channel),
                        {name: round(figure * share) for name, figure in self._together(of_month).items()},
                    )
                    for month, of_month in months
                    for channel, share in sorted(assumed()["web"]["channels"].items())
                ]
            case ["date", "eventName"]:
                return [
                    ((f"{sample_days()[place]:%Y%m%d}", name), self._event(name, [place]))
                    for place in days
                    for name in sorted(self._visits.events)
                ]
            case ["eventName"]:
                return [((name,), self._event(name, days)) for name in sorted(self._visits.events)]
        raise KeyError(f"the sample's site cannot be asked by {', '.join(dimensions)}")

    def _together(self, days: Sequence[int]) -> dict[str, int]:
        web = assumed()["web"]
        users = self._people(self._visits.users, days)
        return {
            "activeUsers": users,
            "totalUsers": round(users * web["total_users_a_user"]),
            "newUsers": self._sum(self._visits.new_users, days),
            "sessions": self._sum(self._visits.sessions, days),
            "engagedSessions": self._sum(self._visits.engaged_sessions, days),
            "screenPageViews": self._sum(self._visits.events["page_view"], days),
            "eventCount": sum(self._sum(counts, days) for counts in self._visits.events.values()),
        }

    def _event(self, name: str, days: Sequence[int]) -> dict[str, int]:
        count = self._sum(self._visits.events[name], days)
        return {"eventCount": count, "activeUsers": min(self._people(self._visits.users, days), count)}

    def _sum(self, figures: Days, days: Sequence[int]) -> int:
        return int(np.floor(figures[list(days)] * self._shown[list(days)] + 1e-9).sum())

    def _people(self, users: Days, days: Sequence[int]) -> int:
        """Users of several days: fewer than the days' users together."""
        return round(self._sum(users, days) * len(days) ** assumed()["web"]["coming_back"]) if days else 0
