"""Loading DfE's files against a bare COPY of the same rows."""

import csv
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from psycopg import Connection, sql

from ingestion.sample import generate
from ingestion.sources import Offer
from ingestion.statistics.loader import load_files
from ingestion.statistics.specification import load_specification
from tests.bench.figures import Figure, at_most
from tests.bench.warehouses import warehouse
from tests.conftest import REAL_RELEASES

PAIRS = 9


def measure_loading() -> Iterator[Figure]:
    """The median ratio over pairs of runs, in turn, after one run of each that does not count."""
    with tempfile.TemporaryDirectory() as folder, warehouse(Path(folder)) as settings:
        if REAL_RELEASES.exists():
            files = sorted(REAL_RELEASES.glob("*.csv"))
        else:
            files = [path for path in generate(Path(folder) / "sample") if path.suffix == ".csv"]
        with settings.connect("loader") as connection:
            make_bare_tables(connection, files)
            pairs = [
                (load(connection, files, settings.quarantine), copy_bare(connection, files)) for _ in range(PAIRS + 1)
            ][1:]
    ours = statistics.median(pair[0] for pair in pairs)
    bare = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
    yield at_most(
        f"loading {len(files)} published files, times a bare COPY of the same rows", 3, ratio, "×",
        f"{ours * 1000:.0f} ms against {bare * 1000:.0f} ms, medians of {PAIRS} pairs",
    )  # fmt: skip


def load(connection: Connection, files: list[Path], quarantine: Path) -> float:
    """Seconds to load all files into an empty warehouse, each committed with its ledger row."""
    tables = [sql.Identifier("raw", layout.table) for layout in load_specification().layouts]
    connection.execute(sql.SQL("truncate ledger.releases cascade"))
    connection.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(tables)))
    connection.commit()
    started = time.perf_counter()
    results = load_files(connection, "dfe_census_statistics", [arriving(path) for path in files], quarantine)
    assert [result.outcome for result in results] == ["loaded"] * len(files)
    return time.perf_counter() - started


def arriving(path: Path) -> Callable[[], tuple[Path, Offer]]:
    """A file that need not be fetched: it is here."""
    return lambda: (path, Offer(path.name, str(path), "files", None, False))


def make_bare_tables(connection: Connection, files: list[Path]) -> None:
    """One plain table a file, every column text."""
    for number, path in enumerate(files):
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file))
        columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in header)
        connection.execute(sql.SQL("create table {} ({})").format(sql.Identifier("raw", f"bare_{number}"), columns))
    connection.commit()


def copy_bare(connection: Connection, files: list[Path]) -> float:
    """Seconds to COPY the same files' bytes into the plain tables, each committed."""
    for number in range(len(files)):
        connection.execute(sql.SQL("truncate {}").format(sql.Identifier("raw", f"bare_{number}")))
    connection.commit()
    started = time.perf_counter()
    for number, path in enumerate(files):
        statement = sql.SQL("copy {} from stdin (format csv, header)").format(sql.Identifier("raw", f"bare_{number}"))
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(path.read_bytes())
        connection.commit()
    return time.perf_counter() - started
