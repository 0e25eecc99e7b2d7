"""Small invented deliveries, and the ledger and raw tables read back."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from ingestion.lswc.intake import load_path
from ingestion.lswc.loading import LoadedDelivery
from ingestion.lswc.specification import Collection
from ingestion.settings import Settings

TODAY = date(2026, 11, 5)
JOB_HEADINGS = (
    "month,borough,job_id,job_title,role_group,contract_type,salary_min,salary_max,posted_date,closing_date,status,"
    "views,unique_views,apply_clicks,applications"
)


def job(number: int = 1, **changes: object) -> dict[str, object]:
    """One row of a job extract."""
    row: dict[str, object] = {
        "month": "2026-09", "borough": "Camden", "job_id": f"J{number:04d}", "job_title": "Social Worker",
        "role_group": "Social worker", "contract_type": "Permanent", "salary_min": "38000", "salary_max": "45000",
        "posted_date": "2026-09-02", "closing_date": "2026-09-30", "status": "live", "views": 60, "unique_views": 40,
        "apply_clicks": 20, "applications": "",
    }  # fmt: skip
    return row | changes


def jobs(count: int = 20, first: int = 1, **changes: object) -> list[dict[str, object]]:
    """Several sound rows."""
    return [job(number, **changes) for number in range(first, first + count)]


def write_csv(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Rows as a CSV file with their keys as headings."""
    rows = list(rows)
    lines = [",".join(rows[0]), *(",".join(_quoted(str(value)) for value in row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


def load(
    settings: Settings, collection: Collection, path: Path, *, as_of: date = TODAY, source: str = "files"
) -> LoadedDelivery:
    """Load one file."""
    (result,) = load_path(settings, collection, path, as_of=as_of, source=source)  # type: ignore[arg-type]
    return result


def rows(settings: Settings, query: str) -> list[dict[str, Any]]:
    """A query's rows, as the loader sees them."""
    with settings.connect("loader") as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()  # type: ignore[call-overload]


EMPTY = "''"
SERIES = {"job_month": "raw_rows.counting_rule", "follower_total": "raw_rows.platform"}


def current(settings: Settings, table: str, dataset: str, period: str) -> list[dict[str, Any]]:
    """The rows of a raw table that count now, as staging picks them, without what tells deliveries apart."""
    found = rows(
        settings,
        f"select raw_rows.* from raw.{table} as raw_rows inner join ledger.current_delivery_periods as periods "
        f"on raw_rows.delivery_id = periods.delivery_id and raw_rows.{period} = periods.period_start "
        f"and periods.dataset = '{dataset}' and periods.series = {SERIES.get(dataset, EMPTY)}",
    )
    own = [{name: value for name, value in row.items() if name not in ("delivery_id", "source_row")} for row in found]
    return sorted(own, key=lambda row: (row[period], repr(row)))


def everything(settings: Settings) -> list[dict[str, Any]]:
    """What would change if a second load changed anything."""
    return rows(
        settings,
        "select delivery_id, status, rows_loaded, decided_at, xmin::text as version from ledger.deliveries order by 1",
    ) + rows(
        settings,
        "select (select count(*) from raw.lswc_jobs__job_month) as jobs, "
        "(select count(*) from raw.lswc_web__day) as days, (select count(*) from raw.lswc_web__event_day) as events, "
        "(select count(*) from raw.lswc_audience__linkedin_day) as linkedin, "
        "(select count(*) from ledger.findings) as findings, "
        "(select count(*) from ledger.delivery_periods) as periods",
    )


def codes(result: LoadedDelivery) -> list[str]:
    """The codes of what was found, errors first."""
    return [finding.rule_code for finding in result.findings]
