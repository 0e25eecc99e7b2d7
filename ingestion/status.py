"""`workforce status`: where things stand, from the ledger."""

from psycopg import Connection
from rich.console import Console
from rich.table import Table

from ingestion.returns.senders import senders
from ingestion.settings import Settings

# A joint return is current for each of its members. The newest of each sender tells who has something to put right.
_RETURNS = """
with newest as (
    select distinct on (collection, authority_code, period_label) collection, period_label, status
    from ledger.submissions
    order by collection, authority_code, period_label, version desc
),

counted as (
    select
        collection,
        period_label,
        count(*) filter (where status = 'received') as waiting,
        count(*) filter (where status = 'rejected') as rejected
    from newest
    group by collection, period_label
),

counting as (
    select
        collection,
        period_label,
        sum(cardinality(string_to_array(authority_code, ' / '))) as authorities,
        count(*) filter (where status = 'accepted_with_queries') as with_queries,
        bool_or(is_synthetic) as is_synthetic
    from ledger.current_submissions
    group by collection, period_label
)

select
    counted.collection,
    counted.period_label,
    coalesce(counting.authorities, 0)::integer,
    coalesce(counting.with_queries, 0),
    counted.waiting,
    counted.rejected,
    coalesce(counting.is_synthetic, false)
from counted
left join counting using (collection, period_label)
order by counted.collection, counted.period_label
"""


def print_status(settings: Settings) -> None:
    """Print releases, refused files, returns, the latest gate runs and the last publication.

    Raises:
        SettingsError: the warehouse cannot be reached.
    """
    console = Console()
    with settings.connect("loader") as connection:
        releases = connection.execute(
            "select r.release_id, r.dataset, r.publication_year, r.file_name, r.status, r.rows_loaded, "
            "coalesce(c.is_current, false), r.is_synthetic, r.received_at "
            "from ledger.releases as r left join ledger.current_releases as c using (release_id) "
            "order by r.dataset, r.publication_year, r.received_at"
        ).fetchall()
        refused = connection.execute(
            "select file_name, reason, refused_at from ledger.refused_files order by refused_at desc limit 10"
        ).fetchall()
        gates = connection.execute(
            "select distinct on (gate) gate, subject, outcome, errors, queries, reason, finished_at "
            "from ledger.gate_runs order by gate, gate_run_id desc"
        ).fetchall()
        returns = _returns_table(connection)
        published = connection.execute(
            "select published_at, tables_published from ledger.publications order by publication_id desc limit 1"
        ).fetchone()

    table = Table(title="Releases received")
    for heading in ("id", "data set", "to year", "file", "status", "rows", "current", "received"):
        table.add_column(heading)
    for identity, dataset, year, name, status, rows, current, synthetic, received in releases:
        table.add_row(
            str(identity), dataset, str(year), name + (" (synthetic)" if synthetic else ""), status, f"{rows:,}",
            "yes" if current else "", f"{received:%d %b %Y %H:%M}",
        )  # fmt: skip
    console.print(table)
    for name, reason, at in refused:
        console.print(f"refused {at:%d %b %Y %H:%M} {name}: {reason}", style="red")
    if returns is not None:
        console.print(returns)
    for gate, subject, outcome, errors, queries, reason, finished in gates:
        line = f"{gate} gate, {finished:%d %b %Y %H:%M}: {outcome} ({errors} errors, {queries} queries) {subject}"
        console.print(line + (f": {reason}" if reason else ""))
    if published is None:
        console.print("Nothing is published yet. `make build` builds, checks and publishes.")
    else:
        console.print(f"Last published {published[0]:%d %b %Y %H:%M}: {published[1]} tables.")


def _returns_table(connection: Connection) -> Table | None:
    rows = connection.execute(_RETURNS).fetchall()
    if not rows:
        return None
    everyone = sum(not sender.is_joint for sender in senders())
    table = Table(title="Returns of the authorities")
    for heading in ("collection", "period", "current", "with queries", "waiting", "rejected"):
        table.add_column(heading, no_wrap=heading == "collection")
    for collection, period, authorities, with_queries, waiting, rejected, synthetic in rows:
        table.add_row(
            collection, (period or "unknown") + (" (synthetic)" if synthetic else ""), f"{authorities} of {everyone}",
            str(with_queries or ""), str(waiting or ""), str(rejected or ""),
        )  # fmt: skip
    return table
