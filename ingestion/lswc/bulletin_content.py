"""What a bulletin says: its sentences, tables and charts, the same in HTML and in plain text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ingestion.lswc.bulletin_figures import Advert, Jobs, Kpi, OwnJobs, Region
from ingestion.lswc.bulletin_wording import (
    change,
    change_since,
    counted,
    day_name,
    month_before,
    month_name,
    number,
    percent,
    range_in_words,
    short_day,
    short_month,
)

SITE = "London Social Work for Children"
SYNTHETIC = "SYNTHETIC DATA. Every figure here is invented; none describes a real authority, person or advert."
# An e-mail is no list of everything; adverts beyond these are summed up in the last row.
MOST_ADVERTS = 30
CONSENT = "Visitors and visits are estimates of Google Analytics, which does not see people who refuse cookies."
# What Google calls a channel, where its own word says nothing to a reader.
CHANNELS = {"(other)": "Other", "(not set)": "Not known", "Unassigned": "Not assigned"}
OWN_DEFINITIONS = (
    (
        "Apply clicks for every 100 views",
        "Apply clicks divided by job views, both counted by the same rule. Most clicks lead to the authority’s own "
        "form, so they are not applications.",
    ),
)
_NO_KPI = Kpi("", "", False, None, None, None, None)


@dataclass(frozen=True)
class Answer:
    """One of the four questions of the first page: its answer in a few words, then in a sentence."""

    question: str
    short: str
    more: str


@dataclass(frozen=True)
class Chart:
    """A chart with its words; `name` is the name of its picture."""

    name: str
    title: str
    alternative: str


@dataclass(frozen=True)
class Table:
    """A table: text in the first column, figures in the others; the last row may be the total."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    has_total: bool = False


@dataclass(frozen=True)
class Section:
    """One question answered at length."""

    title: str
    sentences: Sequence[str]
    chart: Chart | None = None
    tables: Sequence[Table] = ()


@dataclass(frozen=True)
class Changed:
    """One KPI of the last section."""

    label: str
    value: str
    words: str


@dataclass(frozen=True)
class Content:
    """Everything a bulletin says, in its order; `behind` are the figures of the charts by month."""

    subject: str
    authority: str
    month: str
    synthetic: str
    answers: Sequence[Answer]
    came: Section
    did: Section
    jobs: Section
    changed_title: str
    changed: Sequence[Changed]
    as_at: str
    notes: Sequence[str]
    behind: Table
    definitions: Sequence[tuple[str, str]]
    who: str


def content_of(region: Region, own: OwnJobs) -> Content:
    """Say what the figures say."""
    month, name = month_name(region.month), own.authority.name
    return Content(
        subject=f"{'SYNTHETIC: ' if region.is_synthetic else ''}{SITE}, {month}: {name}",
        authority=name,
        month=month,
        synthetic=SYNTHETIC if region.is_synthetic else "",
        answers=_answers(region, own),
        came=_came(region),
        did=_did(region),
        jobs=_jobs(region, own),
        changed_title="What changed?",
        changed=[Changed(kpi.label, number(kpi.value), _change(region, kpi)) for kpi in region.kpis.values()],
        as_at=f"Data as at {day_name(region.data_as_at)}." if region.data_as_at else "",
        notes=(CONSENT, *(region.notes or ("Nothing is known to be missing.",))),
        behind=_behind(region, own),
        definitions=[*((kpi.label, kpi.definition) for kpi in region.kpis.values()), *OWN_DEFINITIONS],
        who=f"This bulletin is for {name}. Figures about one authority’s jobs go to that authority alone; everything "
        "else is about London as a whole.",
    )


def _answers(region: Region, own: OwnJobs) -> list[Answer]:
    visitors, views, clicks = (region.kpis.get(kpi, _NO_KPI) for kpi in ("visitors", "job_views", "apply_clicks"))
    return [
        Answer(
            "How many people came?",
            _figure(visitors.value, "visitor"),
            change_since(visitors.value, visitors.change_on_month, month_before(region.month))
            or f"No figure of {month_name(month_before(region.month))} to compare with",
        ),
        Answer(
            "What did they do?",
            _figure(views.value, "job view"),
            f"{_figure(clicks.value, 'Apply click')}{_for_every_100(clicks.value, views.value)}",
        ),
        Answer("How did your jobs do?", *_own_answer(region, own)),
        Answer("What changed?", *_greatest_change(region)),
    ]


def _own_answer(region: Region, own: OwnJobs) -> tuple[str, str]:
    total = own.total
    if not own.is_known:
        return "not available", f"The job board’s figures for {month_name(region.month)} are not there yet"
    if not own.adverts:
        return "no adverts", f"{own.authority.name} had none on the site in {month_name(region.month)}"
    return _figure(total.views, "job view"), f"{_figure(total.clicks, 'Apply click')}; {_posted_and_live(total)}"


def _figure(value: int | None, singular: str) -> str:
    return f"{singular}s not available" if value is None else counted(value, singular)


def _posted_and_live(jobs: Jobs) -> str:
    return f"{counted(jobs.posted or 0, 'job')} posted, {number(jobs.live)} live at month end"


def _for_every_100(clicks: int | None, views: int | None) -> str:
    share = percent(clicks, views)
    return f", {share.rstrip('%')} for every 100 views" if share else ""


def _greatest_change(region: Region) -> tuple[str, str]:
    """The KPI that changed most since the month before, in proportion."""
    changes = [
        (abs(kpi.change_on_month) / (kpi.value - kpi.change_on_month), kpi)
        for kpi in region.kpis.values()
        if kpi.value is not None and kpi.change_on_month and kpi.value > kpi.change_on_month
    ]
    before = month_name(month_before(region.month))
    if not changes:
        return "nothing", f"No figure differs from {before}, or there is none to compare with"
    kpi = max(changes, key=lambda each: each[0])[1]
    return (
        f"{kpi.label} {change(kpi.value, kpi.change_on_month)}",
        f"The greatest change since {before}: now {number(kpi.value)}",
    )


def _came(region: Region) -> Section:
    visitors, sessions = region.kpis.get("visitors", _NO_KPI), region.kpis.get("sessions", _NO_KPI)
    month = month_name(region.month)
    if visitors.value is None:
        sentences = [f"How many people visited the site in {month} is not available."]
    else:
        sentences = [
            f"{counted(visitors.value, 'person', 'people')} visited the site in {month}"
            + "".join(f"{', ' if place else ': '}{words}" for place, words in enumerate(_changes(region, visitors)))
            + "."
        ]
    if sessions.value is not None:
        sentences.append(f"They made {counted(sessions.value, 'visit')}.")
    together = sum(count for _, count in region.channels)
    rows = [
        (CHANNELS.get(channel, channel), number(count), percent(count, together) or "")
        for channel, count in region.channels
    ]
    chart = None
    if region.visitors:
        chart = Chart(
            "visitors",
            f"Visitors by month, {_stretch(region, region.visitors[0][0])}",
            f"Column chart of visitors by month. {range_in_words(region.visitors)}",
        )
    tables = [Table("Where the visits came from", ("Channel", "Visits", "Share"), rows)] if rows else []
    return Section("How many people came?", sentences, chart, tables)


def _did(region: Region) -> Section:
    views, clicks, registrations, followers = (
        region.kpis.get(kpi, _NO_KPI) for kpi in ("job_views", "apply_clicks", "registrations", "followers")
    )
    sentences = []
    if views.value is not None and clicks.value is not None:
        sentences.append(
            f"Adverts were viewed {_times(views.value)} and had {counted(clicks.value, 'Apply click')}"
            f"{_for_every_100(clicks.value, views.value)}."
        )
    if registrations.value is not None:
        registered = counted(registrations.value, "person", "people")
        sentences.append(f"{registered[0].upper()}{registered[1:]} registered on the site.")
    if followers.value is not None:
        sentences.append(f"The site had {counted(followers.value, 'follower')} at the end of the month.")
    if not region.steps:
        return Section("What did they do?", sentences or ["No figures are available."])
    rows = [
        (step, number(count), (place and percent(count, region.steps[place - 1][1])) or "–")
        for place, (step, count) in enumerate(region.steps)
    ]
    words = "; ".join(f"{step} {number(count)}" for step, count in region.steps)
    return Section(
        "What did they do?",
        sentences,
        Chart("funnel", "From visit to click", f"Bar chart. {words}."),
        [
            Table(
                "From visit to click, as Google Analytics sees it",
                ("Step", "Number", "Of the step before"),
                rows,
                "People who refuse cookies are not in it, so there are fewer views and clicks here than the job board "
                "counts, which all other figures about jobs come from.",
            )
        ],
    )


def _jobs(region: Region, own: OwnJobs) -> Section:
    title = f"How did {own.authority.name}’s jobs do?"
    month = month_name(region.month)
    if not own.is_known:
        return Section(title, [f"The job board’s figures for {month} have not arrived yet."])
    if not own.adverts:
        return Section(title, _no_jobs(region, own))
    total = own.total
    sentences = [
        f"{own.authority.name} had {counted(len(own.adverts), 'advert')} on the site in {month}: "
        f"{_posted_and_live(total)}. {'They were' if len(own.adverts) > 1 else 'It was'} viewed "
        f"{_times(total.views)} and had {_figure(total.clicks, 'Apply click')}."
    ]
    ours, londons = percent(total.clicks, total.views), percent(region.jobs.clicks, region.jobs.views)
    if ours and londons:
        sentences.append(
            f"That is {ours.rstrip('%')} clicks for every 100 views; across London it was {londons.rstrip('%')}."
        )
    if joint := [advert for advert in own.adverts if advert.is_joint]:
        sentences.append(
            f"This includes {counted(len(joint), 'joint advert')} with {own.partners}, in both authorities’ bulletins: "
            f"{_figure(own.joint.views, 'view')}, {_figure(own.joint.clicks, 'Apply click')}."
        )
    views, clicks = ([(month, getattr(jobs, name)) for month, jobs in own.history] for name in ("views", "clicks"))
    return Section(
        title,
        sentences,
        Chart(
            "jobs",
            f"Your jobs by month, {_stretch(region, own.history[0][0])}",
            f"Two column charts by month. Views of your jobs: {range_in_words(views)} Apply clicks: "
            f"{range_in_words(clicks)}",
        ),
        [_adverts_table(own)],
    )


def _adverts_table(own: OwnJobs) -> Table:
    shown = own.adverts[:MOST_ADVERTS]
    rows = [
        (f"{advert.title} ({_particulars(advert, own)})", number(advert.jobs.views), number(advert.jobs.clicks))
        for advert in shown
    ]
    if len(own.adverts) > 1:
        rows.append((f"All {len(own.adverts)} adverts", number(own.total.views), number(own.total.clicks)))
    left_out = len(own.adverts) - len(shown)
    return Table(
        "Your adverts, most viewed first",
        ("Advert", "Views", "Apply clicks"),
        rows,
        f"{counted(left_out, 'further advert')} are in the last row only." if left_out else "",
        has_total=len(own.adverts) > 1,
    )


def _particulars(advert: Advert, own: OwnJobs) -> str:
    words = [f"posted {short_day(advert.posted)}"]
    if advert.closing is not None:
        words.append(f"closing {short_day(advert.closing)}")
    if advert.is_joint:
        words.append(f"joint with {own.partners}")
    if advert.is_featured:
        words.append("featured")
    if advert.is_repost:
        words.append("posted again")
    return ", ".join(words)


def _no_jobs(region: Region, own: OwnJobs) -> list[str]:
    month, london = month_name(region.month), region.jobs
    sentences = [f"{own.authority.name} had no advert on the site in {month}."]
    if own.last_month is not None:
        sentences.append(f"The last month in which it had one was {month_name(own.last_month)}.")
    if london.posted is not None:
        sentences.append(
            f"Across London {counted(london.posted, 'job was', 'jobs were')} posted in {month}. Adverts were viewed "
            f"{_times(london.views)} and had {_figure(london.clicks, 'Apply click')}"
            f"{_for_every_100(london.clicks, london.views)}."
        )
    return sentences


def _changes(region: Region, kpi: Kpi) -> list[str]:
    """The changes that are known: on the month before, and on the year before."""
    words = (
        change_since(kpi.value, kpi.change_on_month, month_before(region.month)),
        change_since(kpi.value, kpi.change_on_year, month_before(region.month, 12)),
    )
    return [each for each in words if each is not None]


def _change(region: Region, kpi: Kpi) -> str:
    words = _changes(region, kpi)
    if not kpi.is_stock and kpi.since_launch is not None:
        words.append(f"{number(kpi.since_launch)} since the launch")
    return "; ".join(words) or "nothing to compare with"


def _times(count: int | None) -> str:
    if count is None:
        return "an unknown number of times"
    return {0: "not once", 1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _stretch(region: Region, first: date) -> str:
    return f"{month_name(first)} to {month_name(region.month)}"


def _behind(region: Region, own: OwnJobs) -> Table:
    visitors = dict(region.visitors)
    rows = [
        (short_month(month), number(visitors.get(month)), number(jobs.views), number(jobs.clicks))
        for month, jobs in reversed(own.history)
    ]
    return Table("By month", ("Month", "Visitors to the site", "Views of your jobs", "Your Apply clicks"), rows)
