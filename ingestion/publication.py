"""Publication: copy the candidate marts to where members and the public read them, if the gate passed.

Everything happens in one transaction: readers see the last published marts until the moment all new ones
stand, and keep them when anything fails.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from psycopg import Connection, sql

from infra.database.row_level_security import protect_restricted
from ingestion.settings import Settings

# Candidate schema of dbt -> schema people read.
SCHEMAS = {"marts_candidate": "marts", "open_data_candidate": "open_data", "restricted_candidate": "restricted"}
# Those that every reader of theirs may read whole, and that begin with the row saying how fresh they are.
SHARED = ("marts", "open_data")
# What a table is called while it is copied beside the published one.
INCOMING = "__incoming"
# One publication at a time; the number is arbitrary, only shared.
LOCK = 20170930


class PublicationRefused(Exception):
    """The marts may not be published; the message says why and what to do."""


@dataclass(frozen=True)
class Publication:
    """What was published."""

    publication_id: int
    tables: int
    release_label: str


def publish(settings: Settings, gate_run_id: int | None = None, audit_run_id: int | None = None) -> Publication:
    """Publish the candidate marts that the mart gate and the disclosure audit have passed.

    Args:
        settings: the process's settings.
        gate_run_id: the run of the mart gate that looked at these marts; the latest one when not given.
        audit_run_id: the run of the disclosure audit that attacked them; the latest one when not given.

    Raises:
        PublicationRefused: no gate or audit has looked at the marts, one failed, or there are no marts.
    """
    with settings.connect("transformer") as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        gate_run = _passed_run(connection, "mart", gate_run_id)
        _passed_run(connection, "disclosure", audit_run_id)
        tables = _copy_tables(connection)
        label = _write_status(connection, gate_run)
        row = connection.execute(
            "insert into ledger.publications (gate_run_id, releases, tables_published) "
            "select %s, coalesce(array_agg(release_id order by release_id), '{}'), %s "
            "from ledger.current_releases where is_current returning publication_id",
            [gate_run, tables],
        ).fetchone()
    assert row is not None, "an insert returns its row"
    return Publication(row[0], tables, label)


# What looks at the candidate marts, as people call it.
GATES = {"mart": "mart gate", "disclosure": "disclosure audit"}


def _passed_run(connection: Connection, gate: str, gate_run_id: int | None) -> int:
    row = connection.execute(
        "select gate_run_id, outcome, reason from ledger.gate_runs "
        "where gate = %(gate)s and (%(id)s::bigint is null or gate_run_id = %(id)s) order by gate_run_id desc limit 1",
        {"gate": gate, "id": gate_run_id},
    ).fetchone()
    if row is None:
        raise PublicationRefused(f"No {GATES[gate]} has looked at these marts yet. Run `make build`, which does.")
    if row[1] == "failed":
        raise PublicationRefused(f"The {GATES[gate]} failed, so the last good marts stay up: {row[2]}")
    return int(row[0])


def _copy_tables(connection: Connection) -> int:
    names = connection.execute(
        "select schemaname, tablename from pg_tables where schemaname = any(%s) order by 1, 2", [list(SCHEMAS)]
    ).fetchall()
    if not any(schema == "marts_candidate" for schema, _ in names):
        raise PublicationRefused("There are no candidate marts. Run `make build`, which makes them.")
    # First the slow part, beside the published tables; then the exchange, which readers hardly notice.
    for schema, name in names:
        candidate, incoming = sql.Identifier(schema, name), sql.Identifier(SCHEMAS[schema], name + INCOMING)
        connection.execute(sql.SQL("create table {} (like {} including all)").format(incoming, candidate))
        connection.execute(sql.SQL("insert into {} select * from {}").format(incoming, candidate))
        comment = connection.execute("select obj_description(%s::regclass)", [f'"{schema}"."{name}"']).fetchone()
        if comment is not None and comment[0]:
            connection.execute(sql.SQL("comment on table {} is {}").format(incoming, sql.Literal(comment[0])))
        connection.execute(sql.SQL("analyze {}").format(incoming))
    published = connection.execute(
        "select schemaname, tablename from pg_tables "
        "where schemaname = any(%s) and right(tablename, length(%s)) <> %s and tablename <> %s",
        [list(SCHEMAS.values()), INCOMING, INCOMING, STATUS_TABLE_NAME],
    ).fetchall()
    for schema, name in published:
        connection.execute(sql.SQL("drop table {}").format(sql.Identifier(schema, name)))
    for schema, name in names:
        incoming = sql.Identifier(SCHEMAS[schema], name + INCOMING)
        connection.execute(sql.SQL("alter table {} rename to {}").format(incoming, sql.Identifier(name)))
    # Before anybody can read them: all of this is one transaction.
    protect_restricted(connection)
    return len(names)


STATUS_TABLE_NAME = "publication_status"
STATUS_TABLE = """
create table if not exists {} (
    data_as_at date not null,
    release_label text not null,
    publication_year integer not null,
    is_synthetic boolean not null,
    notice text not null,
    gate_outcome text not null,
    gate_queries integer not null,
    gate_checked_at timestamptz not null,
    published_at timestamptz not null,
    next_update text not null
)
"""

SYNTHETIC_NOTICE = "SYNTHETIC SAMPLE DATA. Every figure here is invented; none describes a real authority or person."


def next_update(year: int, today: date) -> str:
    """What to expect after the release of a census year, as a person would say it today.

    DfE publishes a census year's statistics in late February, two calendar years after the census year began
    (domain: the releases of 2020 to 2025, section 4.1).
    """
    expected = date(year + 2, 3, 1)
    if today < expected:
        return f"DfE's {year + 1} statistics, usually late February {year + 2}"
    return f"due: DfE's {year + 1} statistics, usual in late February {year + 2}, have not been loaded"


def _write_status(connection: Connection, gate_run_id: int) -> str:
    """Write the one row every dashboard begins with: how fresh the figures are and whether to trust them."""
    release = connection.execute(
        "select publication_year, is_synthetic from ledger.current_releases where dataset = 'indicators' and is_current"
    ).fetchone()
    if release is None:
        raise PublicationRefused("No accepted release of the indicators is in the ledger. Load one first.")
    year, is_synthetic = release
    label = f"{year} release"
    for schema in SHARED:
        table = sql.Identifier(schema, STATUS_TABLE_NAME)
        connection.execute(sql.SQL(STATUS_TABLE).format(table))
        connection.execute(sql.SQL("delete from {}").format(table))
        connection.execute(
            sql.SQL(
                "insert into {} select make_date(%(year)s, 9, 30), %(label)s, %(year)s, %(synthetic)s, %(notice)s, "
                "outcome, queries, finished_at, now(), %(next)s from ledger.gate_runs where gate_run_id = %(gate)s"
            ).format(table),
            {
                "year": year,
                "label": label,
                "synthetic": is_synthetic,
                "notice": SYNTHETIC_NOTICE
                if is_synthetic
                else "Source: Department for Education, "
                "Children's social work workforce. Open Government Licence v3.0.",
                "next": "The sample is not updated." if is_synthetic else next_update(year, datetime.now(UTC).date()),
                "gate": gate_run_id,
            },
        )
    return label
