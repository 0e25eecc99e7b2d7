"""`workforce status`: where things stand, from the ledger."""

from rich.console import Console
from rich.table import Table

from ingestion.settings import Settings


def print_status(settings: Settings) -> None:
    """Print releases, refused files, the latest gate runs and the last publication.

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
    for gate, subject, outcome, errors, queries, reason, finished in gates:
        line = f"{gate} gate, {finished:%d %b %Y %H:%M}: {outcome} ({errors} errors, {queries} queries) {subject}"
        console.print(line + (f": {reason}" if reason else ""))
    if published is None:
        console.print("Nothing is published yet. `make build` builds, checks and publishes.")
    else:
        console.print(f"Last published {published[0]:%d %b %Y %H:%M}: {published[1]} tables.")
