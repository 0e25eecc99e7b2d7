"""The returns desk: a large census return beside a bare load of it, a full landing area, a check by hand."""

import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree
from psycopg import Connection, sql

from ingestion.returns import desk
from ingestion.returns.periods import census_year, quarter
from ingestion.returns.senders import find_sender
from ingestion.returns.specification import Specification, collections, load_specification
from ingestion.sample.returns import write_returns
from ingestion.sample.returns.census import CensusReturns
from ingestion.sample.returns.formats import files
from ingestion.sample.workforce import build_workforce
from ingestion.settings import ROOT, Settings
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.warehouses import warehouse

WORKERS = 10_000
PAIRS = 5
MEGABYTE = 1024 * 1024
YEAR = census_year(2025)
CAMDEN = find_sender("202")
# One period of each collection, in which every authority sends.
PERIODS = (census_year(2024), quarter(2025, 3))


def measure_returns() -> Iterator[Figure]:
    """Everything the returns desk promises."""
    with tempfile.TemporaryDirectory() as name, warehouse(Path(name)) as settings:
        folder = Path(name)
        specification = load_specification("csww_census", YEAR)
        content = large_return(specification, WORKERS)
        yield from large_returns(settings, specification, content)
        yield from memory(folder, specification)
        written = write_returns(folder / "sample", periods=PERIODS)
        yield full_landing_area(settings, folder / "sample")
        yield command_line(next(path for path in written if path.suffix == ".xml"))


def large_return(specification: Specification, workers: int) -> bytes:
    """One authority's census return with so many different workers, all of them the sample's."""
    assert CAMDEN is not None
    workforce = build_workforce(scale=max(1.0, workers / WORKERS))
    everyone = workforce.workers[YEAR.end.year].drop_duplicates("swe_no").head(workers)
    assert len(everyone) == workers
    stated = CensusReturns(workforce).tables(specification, CAMDEN)["authority"]
    made = files(specification, CAMDEN, {"authority": stated, "worker": everyone}, as_csv=False)
    return next(iter(made.values()))


def changed(content: bytes, number: int) -> bytes:
    """The same return under other bytes, as another sending of it."""
    return content.replace(b"T09:00:00<", f"T09:00:{number:02d}<".encode())


def large_returns(settings: Settings, specification: Specification, content: bytes) -> Iterator[Figure]:
    """From the landed file to loaded rows, and the same file by a bare parser and COPY, in turn."""
    pairs = []
    with settings.connect("loader") as connection:
        make_bare_table(connection, specification)
        # The first pair warms both up and does not count.
        for number in range(PAIRS + 1):
            loaded, answered = through_the_desk(settings, changed(content, number))
            pairs.append((loaded, copied_bare(connection, specification, content), answered))
    pairs = pairs[1:]
    loaded, bare, answered = (statistics.median(column) for column in zip(*pairs, strict=True))
    size = f"a census return of {WORKERS:,} workers"
    yield at_least(
        f"{size} read, checked, pseudonymised and loaded", 8000, WORKERS / loaded, " workers/s",
        f"{loaded:.2f} s, with the receipt {answered:.2f} s, medians of {PAIRS}",
    )  # fmt: skip
    yield at_most(
        f"{size}, times a bare lxml iterparse and COPY", 3, statistics.median(pair[0] / pair[1] for pair in pairs), "×",
        f"{loaded * 1000:.0f} ms against {bare * 1000:.0f} ms",
    )  # fmt: skip


def through_the_desk(settings: Settings, content: bytes) -> tuple[float, float]:
    """Seconds from the landed file until its rows are committed, and until its receipt is written."""
    root = settings.home / "landing"
    folder = root / "csww_census" / YEAR.folder / "202"
    folder.mkdir(parents=True, exist_ok=True)
    landed = folder / "return.xml"
    landed.write_bytes(content)
    # A file just written might still grow; that wait is not what is measured.
    long_ago = time.time() - 3600
    os.utime(landed, (long_ago, long_ago))
    moments = []
    write_receipts = desk.write_receipts

    def noting_the_moment(*arguments: Any) -> Any:
        moments.append(time.perf_counter())
        return write_receipts(*arguments)

    desk.write_receipts = noting_the_moment
    try:
        started = time.perf_counter()
        desk.take_in(settings, root, "csww_census")
        outcomes = desk.decide(settings, root, "csww_census")
        moments.append(time.perf_counter())
    finally:
        desk.write_receipts = write_receipts
    assert [(each.status, each.rows_loaded) for each in outcomes] == [("accepted_with_queries", WORKERS + 1)], outcomes
    assert (folder / "return.xml.receipt.txt").exists()
    loaded, answered = moments
    return loaded - started, answered - started


def make_bare_table(connection: Connection, specification: Specification) -> None:
    """One plain table of text, a column per item."""
    names = specification.record("worker").names
    columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in names)
    connection.execute(sql.SQL("create table raw.bare_worker ({})").format(columns))
    connection.commit()


def copied_bare(connection: Connection, specification: Specification, content: bytes) -> float:
    """Seconds for lxml's iterparse and COPY of what it finds, with no check at all."""
    record = specification.record("worker")
    elements = [str(item.element) for item in record.items]
    connection.execute("truncate raw.bare_worker")
    connection.commit()
    started = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy("copy raw.bare_worker from stdin") as copy:
        for _, element in etree.iterparse(io.BytesIO(content), tag=record.element):
            found = {child.tag: child.text for child in element}
            copy.write_row([found.get(name) for name in elements])
            element.clear()
    connection.commit()
    return time.perf_counter() - started


MEMORY = """
import sys
from pathlib import Path
from expectations.checking import great_expectations
from ingestion.returns import desk
great_expectations()
def peak():
    # Not `ru_maxrss`: that begins with what the parent held when it forked.
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024
before = peak()
outcome = desk.check_files([Path(sys.argv[1])])
assert outcome.status != "rejected", outcome.findings[:3]
print(before, peak())
"""


def memory(folder: Path, specification: Specification) -> Iterator[Figure]:
    """Peak memory of a process that loads one return, for returns of different sizes."""
    grown = {}
    peak = 0.0
    for workers in (WORKERS, 4 * WORKERS):
        path = folder / f"{workers}.xml"
        path.write_bytes(large_return(specification, workers))
        before, after = map(float, in_a_process(MEMORY, str(path)).split())
        grown[workers] = (after - before) / (path.stat().st_size / MEGABYTE)
        peak = peak or after
    yield at_most(
        f"peak memory for {WORKERS:,} workers", 400, peak, " MB", "Great Expectations and all imports included"
    )
    yield at_most(
        f"growth of memory per MB of file, {4 * WORKERS:,} workers against {WORKERS:,}", 1,
        grown[4 * WORKERS] / grown[WORKERS], "×", f"{grown[4 * WORKERS]:.1f} MB against {grown[WORKERS]:.1f} MB",
    )  # fmt: skip


def in_a_process(program: str, *arguments: str) -> str:
    """What a Python program of its own prints."""
    result = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def full_landing_area(settings: Settings, sample: Path) -> Figure:
    """A return of each authority in each collection waits; seconds until the last receipt is written."""
    root = settings.home / "landing"
    shutil.copytree(sample, root, dirs_exist_ok=True)
    started = time.perf_counter()
    decided = 0
    for collection in collections():
        desk.take_in(settings, root, collection)
        outcomes = desk.decide(settings, root, collection)
        assert all(outcome.status.startswith("accepted") for outcome in outcomes)
        decided += len(outcomes)
    seconds = time.perf_counter() - started
    return at_most(
        f"{decided} returns of {len(collections())} collections waiting at once, to the last receipt", 30, seconds, " s"
    )


def command_line(path: Path) -> Figure:
    """`workforce check` on one authority's return, in a process of its own."""
    program = Path(sys.executable).with_name("workforce")
    times = []
    for _ in range(3):
        started = time.perf_counter()
        result = subprocess.run([str(program), "check", str(path)], capture_output=True, text=True, check=False)
        times.append(time.perf_counter() - started)
        assert result.returncode in (0, 3), result.stdout
    return at_most("`workforce check` on one authority's census return, cold", 8, statistics.median(times), " s")
