"""Write the sample of London Social Work for Children: every delivery since the launch, in the formats that arrive."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import yaml

from ingestion.lswc.reading import month_end, next_month
from ingestion.lswc.web_reports import pull_document, report_requests
from ingestion.sample.generator import DEFAULT_SEED, check
from ingestion.sample.lswc.assumptions import assumed, sample_days, sample_months
from ingestion.sample.lswc.audience import XDay, follower_totals, linkedin, registrations, x_account
from ingestion.sample.lswc.board import JobMonth, job_months
from ingestion.sample.lswc.old_excel import old_workbook
from ingestion.sample.lswc.site import DataApiFigures
from ingestion.sample.manifest import SampleFolder

# The day of the month after on which a month is pulled: none of its days changes any more.
PULLED_ON = 5
MONTHS_OF_SCREEN_EXPORTS = 3
# LinkedIn gives at most a year at once.
DAYS_AN_EXPORT = 365
WRITTEN_AT = (2026, 11, 5, 0, 0, 0)

JOB_HEADINGS = (
    "month", "borough", "job_id", "job_title", "role_group", "contract_type", "salary_min", "salary_max",
    "posted_date", "closing_date", "status", "views", "unique_views", "apply_clicks", "applications", "featured",
    "counting_rule",
)  # fmt: skip
X_HEADINGS = (
    "Date", "Impressions", "Likes", "Engagements", "Bookmarks", "Shares", "New follows", "Unfollows", "Replies",
    "Reposts", "Profile visits", "Create Post", "Video views", "Media views",
)  # fmt: skip


def write_lswc(folder: Path, *, seed: int = DEFAULT_SEED, progress: Callable[[str], None] | None = None) -> list[Path]:
    """Write the sample's deliveries, one folder a collection, and `SYNTHETIC.json` with their hashes.

    Args:
        folder: where to write; made when it is not there.
        seed: the same seed gives the same bytes; not negative.
        progress: told in plain words what is being done.

    Returns:
        Every file written, the manifest last.

    Raises:
        SampleError: the seed cannot be used, or a file of one of these names is there that the sample did not make.
    """
    check(seed, 1)
    say = progress or (lambda message: None)
    contents: dict[str, bytes] = {}
    say("Inventing the job board")
    for month, rows in job_months(seed).items():
        as_workbook = month >= assumed()["jobs"]["workbooks_from"]
        name = f"lswc_jobs/lswc_jobs_{month:%Y-%m}.{'xlsx' if as_workbook else 'csv'}"
        contents[name] = job_workbook(rows) if as_workbook else job_csv(rows)
    say("Inventing registrations and followers")
    contents |= audience_files(seed)
    say("Inventing visits to the site")
    for month in sample_months():
        contents[f"lswc_web/lswc_web_{month:%Y-%m}.json"] = pulled_month(seed, month)
    for month in sample_months()[-MONTHS_OF_SCREEN_EXPORTS:]:
        contents[f"lswc_web/pages_and_events_{month:%Y-%m}.csv"] = screen_export(seed, month)
    say(f"Writing to {folder}")
    target = SampleFolder(folder, list(contents), {"seed": seed})
    return [*target.write(contents), target.manifest]


def pulled_month(seed: int, month: date) -> bytes:
    """One month as pulled a few days after its end."""
    as_of = next_month(month) + timedelta(days=PULLED_ON - 1)
    figures = DataApiFigures(seed, as_of)
    reports = {
        name: {"request": request, "response": figures.run_report(request)}
        for name, request in report_requests(month, month_end(month)).items()
    }
    return pull_document(assumed()["property"], as_of, month, month_end(month), reports)


def screen_export(seed: int, month: date) -> bytes:
    """Pages and events of a month as the screen exports them: preamble, two blocks, grand totals, a byte order mark."""
    stretch = [f"# Start date: {month:%Y%m%d}", f"# End date: {month_end(month):%Y%m%d}"]
    rule = f"# {'-' * 40}"
    lines = [rule, "# Pages and screens: Page path and screen class", "# Account: LSWC", "# Property: LSWC - GA4", rule]
    lines += ["# All Users", *stretch]
    pages = [(path, views, round(views * 0.71)) for path, views in _pages(seed, month)]
    lines += _block(("Page path and screen class", "Views", "Active users"), pages)
    lines += ["", "# Events: Event name", *stretch]
    request = {
        "dateRanges": [{"startDate": month.isoformat(), "endDate": month_end(month).isoformat()}],
        "dimensions": [{"name": "eventName"}],
        "metrics": [{"name": "eventCount"}, {"name": "activeUsers"}],
    }
    events = [
        (row["dimensionValues"][0]["value"], *(int(value["value"]) for value in row["metricValues"]))
        for row in DataApiFigures(seed).run_report(request)["rows"]
    ]
    lines += _block(("Event name", "Event count", "Total users"), events)
    return "\ufeff".encode() + ("\r\n".join(lines) + "\r\n").encode()


def _block(headings: Sequence[str], rows: Sequence[tuple[str, int, int]]) -> list[str]:
    total = ["", f"{sum(row[1] for row in rows):,}", f"{sum(row[2] for row in rows):,}"]
    return _csv_lines([headings, total, *((row[0], f"{row[1]:,}", f"{row[2]:,}") for row in rows)])


def _pages(seed: int, month: date) -> list[tuple[str, int]]:
    views = [(f"/jobs/{job.advert.job_id.lower()}", job.views) for job in job_months(seed)[month] if job.views]
    together = sum(count for _, count in views)
    shares = {
        "/": 0.9, "/jobs": 0.8, "/why-choose-social-work": 0.11, "/working-in-london": 0.1, "/our-councils": 0.18,
        "/our-councils/camden": 0.05, "/our-councils/newham": 0.04, "/auth/register": 0.07, "/auth/login": 0.09,
        "/news": 0.06, "/privacy-policy": 0.01,
    }  # fmt: skip
    others = [(path, round(together * share)) for path, share in shares.items()]
    return sorted([*views, *others], key=lambda page: (-page[1], page[0]))


def job_csv(rows: Iterable[JobMonth]) -> bytes:
    """The job board's extract of one month as CSV."""
    lines = _csv_lines([JOB_HEADINGS, *([_written(cell) for cell in _job_cells(row)] for row in rows)])
    return ("\r\n".join(lines) + "\r\n").encode()


def job_workbook(rows: Iterable[JobMonth]) -> bytes:
    """The same as a workbook, with real dates and numbers."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Jobs")
    sheet.append(JOB_HEADINGS)
    for row in rows:
        sheet.append(_job_cells(row))
    written = io.BytesIO()
    book.save(written)
    return _without_clock(written.getvalue())


def _without_clock(workbook: bytes) -> bytes:
    """openpyxl writes the time into the file in two places; the sample's bytes must not depend on it."""
    at = f"{datetime(*WRITTEN_AT):%Y-%m-%dT%H:%M:%SZ}".encode()  # noqa: DTZ001  # A fixed text, not a moment.
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            entry = zipfile.ZipInfo(name, WRITTEN_AT)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            content = source.read(name)
            target.writestr(
                entry, re.sub(rb"(?<=W3CDTF\">)[^<]+", at, content) if name == "docProps/core.xml" else content
            )
    return packed.getvalue()


def _job_cells(row: JobMonth) -> list[str | int | date | None]:
    advert = row.advert
    return [
        f"{row.month:%Y-%m}", advert.borough.name, advert.job_id, advert.title, advert.role_group,
        advert.contract_type, advert.salary_min or None, advert.salary_max or None, advert.posted, advert.closing,
        row.status, row.views, row.unique_views, row.apply_clicks, None, "yes" if advert.is_featured else "no", "total",
    ]  # fmt: skip


def _written(cell: str | int | date | None) -> str:
    return "" if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)


def audience_files(seed: int) -> dict[str, bytes]:
    """Registrations, LinkedIn's and X's exports a year at a time, and the dated totals."""
    files = {"lswc_audience/registrations.csv": _registrations(seed)}
    days = sample_days()
    for first in range(0, len(days), DAYS_AN_EXPORT):
        part = slice(first, min(first + DAYS_AN_EXPORT, len(days)))
        stretch = f"{days[part][0]}_{days[part][-1]}"
        files[f"lswc_audience/linkedin_followers_{stretch}.xls"] = _linkedin(seed, part)
        files[f"lswc_audience/x_account_overview_{stretch}.csv"] = _x(seed, part)
    totals = [
        {"platform": platform, "as_at": as_at, "followers": followers}
        for platform, as_at, followers in follower_totals(seed)
    ]
    files["lswc_audience/follower_totals.yml"] = yaml.safe_dump({"follower_totals": totals}, sort_keys=False).encode()
    return files


def _registrations(seed: int) -> bytes:
    rows: list[list[str]] = [["month", "registrations", "registrations_to_date", "alert_subscribers"]]
    to_date = 0
    for month, count in registrations(seed).items():
        to_date += count
        subscribers = round(to_date * assumed()["audience"]["alert_share"])
        rows.append([f"{month:%Y-%m}", str(count), str(to_date), str(subscribers)])
    return ("\n".join(_csv_lines(rows)) + "\n").encode()


def _linkedin(seed: int, part: slice) -> bytes:
    days = linkedin(seed)[part]
    headings: list[str | int] = [
        "Date",
        "Sponsored followers",
        "Organic followers",
        "Auto-invited followers",
        "Total followers",
    ]
    rows: list[list[str | int]] = [
        [f"{each.day:%m/%d/%Y}", each.sponsored, each.organic, each.invited, each.new] for each in days
    ]
    stock = sum(each.new for each in linkedin(seed)[: part.stop])
    places = {"London Area, United Kingdom": 0.82, "Birmingham, England": 0.05, "Manchester, England": 0.04}
    by_place: list[list[str | int]] = [["Location", "Total followers"]]
    by_place += [[name, round(stock * share)] for name, share in places.items()]
    return old_workbook({"New followers": [headings, *rows], "Location": by_place})


def _x(seed: int, part: slice) -> bytes:
    rows = [[f"{each.day:%a, %b %d, %Y}", *map(str, _x_figures(each))] for each in reversed(x_account(seed)[part])]
    return ("\n".join(_csv_lines([X_HEADINGS, *rows])) + "\n").encode()


def _x_figures(day: XDay) -> list[int]:
    """The day's figures in the order of the headings; what the account does not do is 0."""
    return [
        day.impressions, day.likes, day.engagements, 0, 0, day.new_follows, day.unfollows, day.replies, day.reposts,
        day.profile_visits, day.posts, 0, 0,
    ]  # fmt: skip


def _csv_lines(rows: Iterable[Sequence[str]]) -> list[str]:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().splitlines()
