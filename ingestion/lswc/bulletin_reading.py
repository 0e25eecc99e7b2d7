"""Read a bulletin's figures from the published marts, and an authority's own jobs from the models behind them."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, LiteralString

from psycopg import Connection, errors

from ingestion.lswc.bulletin_figures import Advert, Jobs, Kpi, OwnJobs, Region, Series
from ingestion.lswc.bulletin_wording import month_before, month_name
from ingestion.returns.senders import Sender, senders
from ingestion.settings import Settings

MONTHS_SHOWN = 13
LONDON = "E12000007"
ALL_ROLES = "All role groups"
UNKNOWN = Jobs(None, None, None, None)

_JOBS_OF_AUTHORITIES = """
select
    jobs.month, delivered.authority_code, delivered.job_title, jobs.role_group, jobs.posted_date, jobs.closing_date,
    jobs.is_featured, jobs.is_reposted, jobs.is_posted::integer, jobs.is_live_at_month_end::integer, jobs.views,
    jobs.apply_clicks
from intermediate.int_lswc__job_months as jobs
inner join staging.stg_lswc_jobs__job_month as delivered
    on
        jobs.month = delivered.month
        and jobs.job_id = delivered.job_id
        and jobs.counting_rule = delivered.counting_rule
where delivered.authority_code = any(%s) and jobs.month <= %s
order by jobs.views desc nulls last, delivered.job_title, jobs.job_id
"""


class BulletinError(Exception):
    """There is no bulletin to be had; the message says why and what to do."""


def connect(settings: Settings) -> Connection:
    """Reach the warehouse as the role that may read single adverts. Members may not: they see each other's figures.

    Raises:
        SettingsError: the warehouse cannot be reached.
    """
    connection = settings.connect("transformer")
    connection.read_only = True
    return connection


def newest_complete_month(connection: Connection) -> date | None:
    """The newest month in which no figure is missing that the month before it had; None where there is none.

    Raises:
        BulletinError: the marts are not published.
    """
    rows = _rows(
        connection,
        "select month, bool_or(kpi = 'visitors' and value is not null) "
        "and not bool_or(value is null and had_value) "
        "from (select month, kpi, value, lag(value) over (partition by kpi order by month) is not null as had_value "
        "from marts.mart_lswc__monthly) as figures group by month order by month desc",
    )
    return next((month for month, is_complete in rows if is_complete), None)


def is_synthetic(connection: Connection, month: date) -> bool:
    """Whether the figures of a month are, or hold, invented ones."""
    rows = _rows(
        connection, "select bool_or(is_synthetic) from marts.mart_lswc__data_quality where month = %s", [month]
    )
    return bool(rows[0][0])


def read_region(connection: Connection, month: date) -> Region:
    """What every authority may know about a month.

    Raises:
        BulletinError: the marts are not published, or have nothing about the month.
    """
    kpis = {
        kpi: Kpi(label, definition, kind == "stock", *map(_whole, figures))
        for kpi, label, definition, kind, *figures in _rows(
            connection,
            "select kpi, kpi_label, definition, measure_kind, value, change_on_month, change_on_year, since_launch "
            "from marts.mart_lswc__monthly where month = %s order by kpi_order",
            [month],
        )
    }
    if all(kpi.value is None for kpi in kpis.values()):
        newest = newest_complete_month(connection)
        raise BulletinError(
            f"There are no published figures for {month_name(month)}. "
            + (
                f"The newest complete month is {month_name(newest)}."
                if newest
                else "Load deliveries of London Social Work for Children (`workforce load lswc_web …`), "
                "then run `workforce build`."
            )
        )
    quality = _rows(
        connection,
        "select source_label, note, taken_on from marts.mart_lswc__data_quality where month = %s order by source_order",
        [month],
    )
    return Region(
        month=month,
        kpis=kpis,
        visitors=_visitors(connection, month),
        channels=tuple(
            (channel, int(sessions))
            for channel, sessions in _rows(
                connection,
                "select channel, sessions from marts.mart_lswc__channels where month = %s and sessions > 0 "
                "order by sessions desc, channel",
                [month],
            )
        ),
        steps=_steps(connection, month),
        jobs=_unit_jobs(connection, LONDON, month),
        notes=tuple(f"{source}: {note}" for source, note, _ in quality if note),
        data_as_at=max((taken_on for *_, taken_on in quality if taken_on), default=None),
        is_synthetic=is_synthetic(connection, month),
    )


def read_own_jobs(connection: Connection, authority: Sender, month: date) -> OwnJobs:
    """What became of one authority's adverts up to a month; a joint advert is each partner's own.

    Raises:
        BulletinError: the marts are not published, or were published before the job figures changed.
    """
    members = [sender for sender in senders() if sender.unit_code == authority.unit_code and not sender.is_joint]
    partners = [sender for sender in members if sender != authority]
    joint = [authority.unit_code] if partners else []
    of_unit = _adverts(connection, [*(member.code for member in members), *joint], month)
    total = _together(advert.jobs for when, _, advert in of_unit if when == month)
    published = _unit_jobs(connection, authority.unit_code, month)
    if published != total and (published, total) != (UNKNOWN, Jobs()):
        raise BulletinError(
            f"{authority.name}: the figures about jobs have changed since the marts were published. "
            "Run `workforce build`, or let the DAG regional_marts finish, and try again."
        )
    own = [(when, advert) for when, code, advert in of_unit if code in (authority.code, *joint)]
    first = month_before(month, MONTHS_SHOWN - 1)
    months = [month_before(month, back) for back in reversed(range(MONTHS_SHOWN))]
    # Only months of which the board's extract is there: without one, nothing is known, which is not nothing.
    known = {
        each
        for (each,) in _rows(
            connection,
            "select distinct month from marts.mart_lswc__jobs "
            "where unit_code = %s and role_group = %s and value_status is null and month between %s and %s",
            [authority.unit_code, ALL_ROLES, first, month],
        )
    }
    return OwnJobs(
        authority=authority,
        partners=" and ".join(partner.name for partner in partners),
        is_known=month in known,
        adverts=tuple(advert for when, advert in own if when == month),
        history=tuple(
            (each, _together(advert.jobs for when, advert in own if when == each) if each in known else UNKNOWN)
            for each in months
        ),
        last_month=max((when for when, _ in own), default=None),
    )


def _together(jobs: Iterable[Jobs]) -> Jobs:
    return sum(jobs, Jobs())


def _adverts(connection: Connection, codes: Sequence[str], month: date) -> list[tuple[date, str, Advert]]:
    """Month, authority and advert of all adverts with one of these codes, joint ones by their unit's."""
    return [
        (when, code, Advert(title, role_group, posted, closing, "/" in code, is_featured, is_repost, Jobs(*figures)))
        for when, code, title, role_group, posted, closing, is_featured, is_repost, *figures in _rows(
            connection, _JOBS_OF_AUTHORITIES, [list(codes), month]
        )
    ]


def _unit_jobs(connection: Connection, unit_code: str, month: date) -> Jobs:
    rows = _rows(
        connection,
        "select jobs_posted, jobs_live, job_views, apply_clicks from marts.mart_lswc__jobs "
        "where unit_code = %s and role_group = %s and month = %s",
        [unit_code, ALL_ROLES, month],
    )
    return Jobs(*rows[0]) if rows else UNKNOWN


def _visitors(connection: Connection, month: date) -> Series:
    values = dict(
        _rows(
            connection,
            "select month, value from marts.mart_lswc__monthly where kpi = 'visitors' and month between %s and %s",
            [month_before(month, MONTHS_SHOWN - 1), month],
        )
    )
    return tuple((each, _whole(values[each])) for each in sorted(values))


def _steps(connection: Connection, month: date) -> tuple[tuple[str, int], ...]:
    """From visit to click, all three as Google Analytics saw them: other rules make other numbers."""
    rows = _rows(
        connection,
        "select visits, job_views_in_analytics, apply_clicks_in_analytics from marts.mart_lswc__funnel "
        "where month = %s",
        [month],
    )
    if not rows or None in rows[0]:
        return ()
    return tuple(zip(("Visits", "Job views", "Apply clicks"), map(int, rows[0]), strict=True))


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else int(value)


def _rows(connection: Connection, query: LiteralString, arguments: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(query, arguments).fetchall()
    except (errors.UndefinedTable, errors.UndefinedColumn):
        raise BulletinError(
            "The marts of London Social Work for Children are not published yet. Load its deliveries "
            "(`workforce load lswc_web …`, lswc_jobs, lswc_audience), then run `workforce build`."
        ) from None
