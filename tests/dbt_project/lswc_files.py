"""The sample's files of London Social Work for Children read again with pandas, by nobody's code but this."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from python_calamine import CalamineWorkbook

REPOST_DAYS = 28
FLOWS = ("jobs_posted", "job_views", "apply_clicks", "registrations")


@dataclass(frozen=True)
class SampleFiles:
    """The folder the sample was written to."""

    folder: Path

    @cached_property
    def jobs(self) -> pd.DataFrame:
        """One row a job and month, with what the rules make of it."""
        files = sorted((self.folder / "lswc_jobs").iterdir())
        frames = [pd.read_csv(each) if each.suffix == ".csv" else pd.read_excel(each) for each in files]
        jobs = pd.concat(frames, ignore_index=True)
        jobs["month"] = pd.to_datetime(jobs["month"])
        for column in ("posted_date", "closing_date"):
            jobs[column] = pd.to_datetime(jobs[column])
        month_end = jobs["month"] + pd.offsets.MonthEnd(0)
        jobs["is_posted"] = jobs["posted_date"].dt.to_period("M") == jobs["month"].dt.to_period("M")
        jobs["is_closed"] = jobs["closing_date"].dt.to_period("M") == jobs["month"].dt.to_period("M")
        jobs["is_live"] = (jobs["closing_date"] >= month_end) & ~jobs["status"].isin(["filled", "withdrawn"])
        jobs["days_open"] = (jobs["closing_date"] - jobs["posted_date"]).dt.days + 1
        jobs["is_featured"] = jobs["featured"] == "yes"
        return jobs

    @cached_property
    def reposts(self) -> pd.Series:
        """Number of reposts by month of posting: each advert held against all others of its borough and title."""
        adverts = self.jobs.drop_duplicates("job_id")[["job_id", "borough", "job_title", "posted_date", "closing_date"]]
        pairs = adverts.merge(adverts, on=["borough", "job_title"], suffixes=("", "_earlier"))
        gap = (pairs["posted_date"] - pairs["closing_date_earlier"]).dt.days
        again = pairs[(pairs["posted_date_earlier"] < pairs["posted_date"]) & (gap <= REPOST_DAYS)]
        return again.drop_duplicates("job_id").groupby(again["posted_date"].dt.to_period("M")).size()

    @cached_property
    def pulls(self) -> dict[pd.Timestamp, dict[str, list[dict[str, Any]]]]:
        """Every pulled month: report to rows, each row its dimensions and metrics by their names in the API."""
        return {pd.Timestamp(f"{path.stem[-7:]}-01"): _reports(path) for path in self._files("lswc_web", ".json")}

    def events(self, name: str) -> pd.Series:
        """Count of one event by month."""
        return pd.Series(
            {
                month: sum(row["eventCount"] for row in reports["event_day"] if row["eventName"] == name)
                for month, reports in self.pulls.items()
            }
        )

    @cached_property
    def channels(self) -> pd.DataFrame:
        """Sessions by month (rows) and channel (columns)."""
        return pd.DataFrame(
            {
                month: {row["sessionDefaultChannelGroup"]: row["sessions"] for row in reports["channel_month"]}
                for month, reports in self.pulls.items()
            }
        ).T

    @cached_property
    def registrations(self) -> pd.DataFrame:
        """Registrations by month."""
        frame = pd.read_csv(self.folder / "lswc_audience" / "registrations.csv")
        return frame.set_index(pd.to_datetime(frame["month"]))

    @cached_property
    def follower_changes(self) -> dict[str, pd.Series]:
        """Net change by day and platform."""
        linkedin = pd.concat(
            pd.DataFrame(rows[1:], columns=rows[0])
            for path in self._files("lswc_audience", ".xls")
            for rows in [CalamineWorkbook.from_path(path).get_sheet_by_name("New followers").to_python()]
        )
        x = pd.concat(pd.read_csv(path) for path in self._files("lswc_audience", ".csv") if path.stem.startswith("x_"))
        return {
            "linkedin": pd.Series(
                linkedin["Total followers"].astype(int).to_numpy(),
                pd.to_datetime(linkedin["Date"], format="%m/%d/%Y"),
            ).sort_index(),
            "x": pd.Series(
                (x["New follows"] - x["Unfollows"]).to_numpy(), pd.to_datetime(x["Date"], format="%a, %b %d, %Y")
            ).sort_index(),
        }

    def followers(self, platform: str) -> pd.Series:
        """Followers at each month's end: from the last total before it, else back from the first."""
        totals = {
            pd.Timestamp(each["as_at"]): each["followers"]
            for each in yaml.safe_load((self.folder / "lswc_audience" / "follower_totals.yml").read_text())[
                "follower_totals"
            ]
            if each["platform"] == platform
        }
        changes = self.follower_changes[platform]
        found = {}
        for month in self.pulls:
            end = month + pd.offsets.MonthEnd(0)
            seen = max((day for day in totals if day <= end), default=min(totals))
            later, earlier = max(seen, end), min(seen, end)
            between = int(changes[(changes.index > earlier) & (changes.index <= later)].sum())
            found[month] = totals[seen] + (between if seen <= end else -between)
        return pd.Series(found)

    @cached_property
    def kpis(self) -> pd.DataFrame:
        """Every figure by month."""
        jobs = self.jobs
        whole = {month: reports["month"][0] for month, reports in self.pulls.items()}
        return pd.DataFrame(
            {
                "visitors": {month: row["totalUsers"] for month, row in whole.items()},
                "sessions": {month: row["sessions"] for month, row in whole.items()},
                "jobs_posted": jobs[jobs["is_posted"]].groupby("month").size(),
                "jobs_live": jobs[jobs["is_live"]].groupby("month").size(),
                "job_views": jobs.groupby("month")["views"].sum(),
                "apply_clicks": jobs.groupby("month")["apply_clicks"].sum(),
                "registrations": self.registrations["registrations"],
                "followers": self.followers("linkedin") + self.followers("x"),
            }
        )

    @cached_property
    def since_launch(self) -> pd.DataFrame:
        """What is known of each figure from the launch to each month's end; no column for a stock."""
        whole = {month: reports["since_launch"][0] for month, reports in self.pulls.items()}
        told = pd.DataFrame(
            {
                "visitors": {month: row["totalUsers"] for month, row in whole.items()},
                "sessions": {month: row["sessions"] for month, row in whole.items()},
            }
        )
        return told.join(self.kpis[list(FLOWS)].cumsum())

    def _files(self, collection: str, suffix: str) -> list[Path]:
        return sorted(path for path in (self.folder / collection).iterdir() if path.suffix == suffix)


def _reports(path: Path) -> dict[str, list[dict[str, Any]]]:
    document = json.loads(path.read_text())
    found: dict[str, list[dict[str, Any]]] = {}
    for name, report in document["reports"].items():
        response = report["response"]
        dimensions = [header["name"] for header in response.get("dimensionHeaders", [])]
        metrics = [header["name"] for header in response["metricHeaders"]]
        found[name] = [
            dict(zip(dimensions, [value["value"] for value in row.get("dimensionValues", [])], strict=True))
            | dict(zip(metrics, [int(value["value"]) for value in row["metricValues"]], strict=True))
            for row in response.get("rows", [])
        ]
    return found
