"""A small published month: the marts' tables by their contracts, with invented rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import yaml
from psycopg import Connection, sql

from ingestion.lswc.bulletin_wording import month_before
from ingestion.settings import ROOT, Settings

MONTH = date(2026, 9, 1)
MARTS = ROOT / "dbt_project" / "models" / "marts" / "lswc"

# What stands behind the marts about single adverts.
BEHIND = {
    "intermediate.int_lswc__job_months": {
        "month": "date", "job_id": "text", "role_group": "text", "posted_date": "date", "closing_date": "date",
        "is_posted": "boolean", "is_reposted": "boolean", "is_live_at_month_end": "boolean", "is_featured": "boolean",
        "views": "bigint", "apply_clicks": "bigint", "counting_rule": "text",
    },
    "staging.stg_lswc_jobs__job_month": {
        "month": "date", "job_id": "text", "authority_code": "text", "job_title": "text", "counting_rule": "text",
    },
}  # fmt: skip

# kpi, label, stock?, this month, the month before, the year before, since launch
KPIS = (
    ("visitors", "Visitors", "people", 12_345, 11_850, 10_288, 201_456),
    ("sessions", "Visits", "flow", 18_234, 18_464, 15_100, 402_345),
    ("jobs_posted", "Jobs posted", "flow", 64, 71, 55, 2_104),
    ("jobs_live", "Jobs live", "stock", 103, 99, 91, None),
    ("job_views", "Job views", "flow", 8_123, 7_611, 7_483, 230_456),
    ("apply_clicks", "Apply clicks", "flow", 2_274, 2_271, 2_326, 81_234),
    ("registrations", "Registrations", "flow", 212, 181, 167, 7_012),
    ("followers", "Followers", "stock", 4_310, 4_249, 3_508, None),
)
# authority's code, id, title, posted, closing, views, clicks, featured; no two figures of the bulletin are alike
ADVERTS: tuple[tuple[str, str, str, date, date | None, int, int, bool], ...] = (
    ("E09000007", "A1", "Senior Social Worker, Camden Town", date(2026, 9, 3), date(2026, 9, 28), 841, 347, False),
    ("E09000007", "A2", "Team Manager in St Pancras", date(2026, 8, 20), date(2026, 10, 9), 577, 119, True),
    ("E09000019", "A3", "Practice Lead at the Angel", date(2026, 9, 1), None, 933, 457, False),
    ("E09000021", "A4", "Adoption Worker, Surbiton", date(2026, 9, 2), date(2026, 10, 2), 661, 313, False),
    ("E09000027", "A5", "Family Support Lead, Twickenham", date(2026, 9, 5), date(2026, 10, 5), 889, 427, False),
    ("E09000021 / E09000027", "A6", "Head of Safeguarding", date(2026, 9, 9), date(2026, 10, 9), 445, 211, False),
)
UNITS = {"E09000021": "E09000021 / E09000027", "E09000027": "E09000021 / E09000027"}


@cache
def contracts() -> dict[str, dict[str, str]]:
    """Every mart's columns and types, as its contract has them."""
    models = [model for path in MARTS.glob("mart_*.yml") for model in yaml.safe_load(path.read_text())["models"]]
    return {
        f"marts.{model['name']}": {column["name"]: column["data_type"] for column in model["columns"]}
        for model in models
    }


def publish(
    settings: Settings,
    *,
    is_synthetic: bool = False,
    without: Sequence[str] = (),
    adverts: Iterable[tuple[str, str, str, date, date | None, int, int, bool]] = ADVERTS,
) -> None:
    """Publish the month, in place of what was published. `without`: KPIs that have no figure in it."""
    adverts = list(adverts)
    with settings.connect("transformer") as connection:
        for table, columns in (contracts() | BEHIND).items():
            name = sql.Identifier(*table.split("."))
            typed = [sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(t)) for n, t in columns.items()]
            connection.execute(sql.SQL("drop table if exists {}").format(name))
            connection.execute(sql.SQL("create table {} ({})").format(name, sql.SQL(", ").join(typed)))
        _publish_site(connection, is_synthetic, without)
        _publish_jobs(connection, adverts)


def _publish_site(connection: Connection, is_synthetic: bool, without: Sequence[str]) -> None:
    for order, (kpi, label, kind, value, before, year_before, since) in enumerate(KPIS):
        common = {"kpi": kpi, "kpi_label": label, "measure_kind": kind, "kpi_order": order}
        common |= {"definition": f"What {label} means."}
        figures: dict[date, int | None] = {month_before(MONTH, 12 - back): year_before + back for back in range(12)}
        figures |= {month_before(MONTH): before, MONTH: None if kpi in without else value}
        for month, figure in figures.items():
            now = month == MONTH and figure is not None
            _insert(connection, "marts.mart_lswc__monthly", common | {
                "month": month, "value": figure, "value_status": None if figure is not None else "x",
                "change_on_month": value - before if now else None,
                "change_on_year": value - year_before if now else None, "since_launch": since if now else None,
                "is_synthetic": is_synthetic,
            })  # fmt: skip
    for channel, sessions in (("Organic Search", 10_000), ("Direct", 6_234), ("Organic Social", 2_000)):
        _insert(connection, "marts.mart_lswc__channels", {"month": MONTH, "channel": channel, "sessions": sessions})
    _insert(connection, "marts.mart_lswc__funnel", {
        "month": MONTH, "visits": 18_234, "job_views_in_analytics": 6_500, "apply_clicks_in_analytics": 1_950,
    })  # fmt: skip
    for order, (label, note) in enumerate(
        (("Google Analytics by month", None), ("Job board extract", "A day is out."))
    ):
        _insert(connection, "marts.mart_lswc__data_quality", {
            "month": MONTH, "source_label": label, "source_order": order, "note": note,
            "taken_on": date(2026, 10, 3 + order), "is_synthetic": is_synthetic,
        })  # fmt: skip


def _publish_jobs(connection: Connection, adverts: Sequence[tuple[Any, ...]]) -> None:
    sums: dict[str, list[int]] = {"E12000007": [64, 103, 8_123, 2_274]}
    for code, job_id, title, posted, closing, views, clicks, is_featured in adverts:
        is_posted, is_live = posted >= MONTH, closing is None or closing > date(2026, 9, 30)
        _insert(connection, "intermediate.int_lswc__job_months", {
            "month": MONTH, "job_id": job_id, "role_group": "Social worker", "posted_date": posted,
            "closing_date": closing, "is_posted": is_posted, "is_reposted": False, "is_live_at_month_end": is_live,
            "is_featured": is_featured, "views": views, "apply_clicks": clicks, "counting_rule": "total",
        })  # fmt: skip
        _insert(connection, "staging.stg_lswc_jobs__job_month", {
            "month": MONTH, "job_id": job_id, "authority_code": code, "job_title": title, "counting_rule": "total",
        })  # fmt: skip
        unit = sums.setdefault(UNITS.get(code, code), [0, 0, 0, 0])
        sums[UNITS.get(code, code)] = [a + b for a, b in zip(unit, (is_posted, is_live, views, clicks), strict=True)]
    for number in range(1, 34):
        code = f"E09{number:06}"
        sums.setdefault(UNITS.get(code, code), [0, 0, 0, 0])
    for unit_code, (posted_in, live, viewed, clicked) in sums.items():
        _insert(connection, "marts.mart_lswc__jobs", {
            "unit_code": unit_code, "month": MONTH, "role_group": "All role groups", "jobs_posted": posted_in,
            "jobs_live": live, "job_views": viewed, "apply_clicks": clicked,
        })  # fmt: skip


def _insert(connection: Connection, table: str, row: Mapping[str, object]) -> None:
    connection.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(*table.split(".")),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join([sql.Placeholder()] * len(row)),
        ),
        list(row.values()),
    )
