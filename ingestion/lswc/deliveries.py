"""The ledger of deliveries: what arrived, what was decided, and which days and months are settled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from psycopg import Connection
from psycopg.types.json import Jsonb

from expectations.outcome import Finding
from ingestion.lswc.reading import Part, ReadDelivery
from ingestion.lswc.specification import Collection


@dataclass(frozen=True)
class KnownDelivery:
    """A delivery as the ledger knows it."""

    delivery_id: int
    status: str
    rows_read: int
    rows_loaded: int
    rows_refused: int


def find_delivery(connection: Connection, collection: Collection, sha256: str) -> KnownDelivery | None:
    """The delivery with these bytes, if it was received before."""
    row = connection.execute(
        "select delivery_id, status, rows_read, rows_loaded, rows_refused from ledger.deliveries "
        "where collection = %s and sha256 = %s",
        [collection, sha256],
    ).fetchone()
    return None if row is None else KnownDelivery(*row)


def add_delivery(
    connection: Connection,
    delivery: ReadDelivery,
    *,
    source: str,
    is_synthetic: bool,
    status: str,
    rows_loaded: int,
) -> int | None:
    """Enter a delivery with its decision; None when another process entered the same bytes first.

    A delivery that was rejected before is entered anew under its old id: the rules may have changed since.
    """
    row = connection.execute(
        """
        insert into ledger.deliveries (
            collection, dataset, period_start, period_end, as_of, sha256, file_name, source, is_synthetic,
            counting_rule, details, status, rows_read, rows_loaded, rows_refused, decided_at
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now())
        on conflict (collection, sha256) do update
        set
            dataset = excluded.dataset, period_start = excluded.period_start, period_end = excluded.period_end,
            as_of = excluded.as_of, counting_rule = excluded.counting_rule, details = excluded.details,
            status = excluded.status, rows_read = excluded.rows_read, rows_loaded = excluded.rows_loaded,
            rows_refused = excluded.rows_refused, decided_at = excluded.decided_at
        where deliveries.status = 'rejected'
        returning delivery_id
        """,
        [
            delivery.collection, delivery.dataset, delivery.period_start, delivery.period_end, delivery.as_of,
            delivery.sha256, delivery.file_name, source, is_synthetic, delivery.counting_rule,
            Jsonb(dict(delivery.details)), status, delivery.rows_read, rows_loaded, delivery.rows_read - rows_loaded,
        ],
    ).fetchone()  # fmt: skip
    return None if row is None else int(row[0])


def add_periods(connection: Connection, delivery_id: int, parts: Iterable[Part]) -> None:
    """Enter the days and months an accepted delivery speaks for."""
    rows = []
    for part in parts:
        quality = part.quality
        flags = (
            [None] * 4
            if quality is None
            else [quality.is_sampled, quality.sampled_share, quality.is_thresholded, quality.has_other_row_loss]
        )
        rows += [
            [delivery_id, part.dataset, part.series, period.start, period.end, period.is_complete, *flags]
            for period in part.periods
        ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ledger.delivery_periods (delivery_id, dataset, series, period_start, period_end, is_complete, "
            "is_sampled, sampled_share, is_thresholded, has_other_row_loss) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )


def replace_findings(connection: Connection, delivery_id: int, findings: Sequence[Finding]) -> None:
    """Enter what was found in a delivery, in place of what an earlier attempt at the same bytes found."""
    connection.execute("delete from ledger.findings where delivery_id = %s", [delivery_id])
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ledger.findings (delivery_id, rule_code, severity, field, source_row, occurrences, message, "
            "fix, owner) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                [delivery_id, each.rule_code, each.severity, each.field, each.source_row, each.occurrences,
                 each.message, each.fix, each.owner]
                for each in findings
            ],
        )  # fmt: skip


def findings_of_delivery(connection: Connection, delivery_id: int) -> list[Finding]:
    """What was found in a delivery, errors first."""
    rows = connection.execute(
        "select rule_code, severity, field, source_row, occurrences, message, fix, owner from ledger.findings "
        "where delivery_id = %s order by finding_id",
        [delivery_id],
    ).fetchall()
    return [Finding(*row) for row in rows]


def covered_months(
    connection: Connection, collection: Collection, is_synthetic: bool
) -> dict[tuple[str, str], set[date]]:
    """The months accepted deliveries speak for, by dataset and series; real and synthetic ones are kept apart."""
    covered: dict[tuple[str, str], set[date]] = {}
    for dataset, series, month in connection.execute(
        "select distinct delivery_periods.dataset, delivery_periods.series, "
        "date_trunc('month', delivery_periods.period_start)::date "
        "from ledger.delivery_periods inner join ledger.deliveries "
        "on delivery_periods.delivery_id = deliveries.delivery_id "
        "where deliveries.collection = %s and deliveries.is_synthetic = %s "
        "and deliveries.status in ('accepted', 'accepted_with_queries')",
        [collection, is_synthetic],
    ):
        covered.setdefault((dataset, series), set()).add(month)
    return covered


def settled_days(connection: Connection, restatement_days: int) -> set[date]:
    """The days pulled so long after the day that their figures will not change any more; none that are synthetic."""
    rows = connection.execute(
        "select distinct delivery_periods.period_start from ledger.delivery_periods "
        "inner join ledger.deliveries on delivery_periods.delivery_id = deliveries.delivery_id "
        "where deliveries.collection = 'lswc_web' and deliveries.dataset = 'pull' and not deliveries.is_synthetic "
        "and deliveries.status in ('accepted', 'accepted_with_queries') and delivery_periods.dataset = 'day' "
        "and deliveries.as_of - delivery_periods.period_start >= %s",
        [restatement_days],
    ).fetchall()
    return {row[0] for row in rows}
