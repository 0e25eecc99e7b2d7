"""The regional marts: a full build of the sample, its gate and audit, and how each mart grows with the returns."""

import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from psycopg import sql

from expectations.disclosure_audit import audit
from expectations.disclosure_pattern import decide
from expectations.mart_gate import check_marts
from ingestion.build import build_candidates, run_dbt
from ingestion.lswc.intake import load_path
from ingestion.lswc.specification import COLLECTIONS
from ingestion.returns import desk
from ingestion.returns.specification import collections
from ingestion.sample import generate
from ingestion.sample.lswc.writing import write_lswc
from ingestion.sample.returns import write_returns
from ingestion.settings import Settings
from tests.bench.figures import Figure, at_most
from tests.bench.warehouses import warehouse
from tests.conftest import load_and_accept

FACTORS = (1, 10, 100)
# Tables with a row for each person, assignment or engagement, and what tells one from another: copies of a person get a
# name of their own. Returns that are counts themselves have the same rows however many people they are about.
PEOPLE = {
    "csww_census__worker": ("swe_no",),
    "agency_quarterly__assignment": ("swe_number", "assignment_id"),
    "ep_workforce__agency_use": ("engagement_id",),
}
# A branch shorter than this is all overhead: its growth says nothing.
LEAST_SECONDS = 0.2


def measure_marts() -> Iterator[Figure]:
    """Everything the regional marts promise."""
    with tempfile.TemporaryDirectory() as name, warehouse(Path(name)) as settings:
        load_whole_sample(settings, Path(name))
        build_candidates(settings, "--quiet")
        yield full_build(settings)
        yield gate_and_audit(settings)
        yield from growth(settings)


def load_whole_sample(settings: Settings, folder: Path) -> None:
    """Census statistics of nine years, the returns of every period, the recruitment site's analytics."""
    generate(folder / "statistics")
    load_and_accept(settings, folder / "statistics")
    write_returns(folder / "landing")
    for collection in collections():
        desk.take_in(settings, folder / "landing", collection)
        desk.decide(settings, folder / "landing", collection)
    write_lswc(folder / "analytics")
    for collection in COLLECTIONS:
        load_path(settings, collection, folder / "analytics" / collection, source="sample")


def full_build(settings: Settings) -> Figure:
    """Both steps of dbt with every data test and unit test, as processes of their own, and the pattern between them."""
    started = time.perf_counter()
    run_dbt(settings, "build", "--selector", "cells", "--quiet")
    cells = time.perf_counter()
    decide(settings)
    decided = time.perf_counter()
    run_dbt(settings, "build", "--selector", "marts", "--quiet")
    ended = time.perf_counter()
    dbt = ended - decided + cells - started
    detail = f"counts {cells - started:.1f} s, marts {ended - decided:.1f} s"
    detail += f"; the disclosure pattern between them, counts unchanged, {decided - cells:.1f} s"
    return at_most("full dbt build of the sample, data and unit tests included", 45, dbt, " s", detail)


def gate_and_audit(settings: Settings) -> Figure:
    """The mart gate and the disclosure audit, one after the other; both must pass."""
    started = time.perf_counter()
    gate = check_marts(settings)
    between = time.perf_counter()
    audited = audit(settings)
    ended = time.perf_counter()
    assert gate.outcome != "failed", gate.reason
    assert audited.outcome != "failed", audited.reason
    detail = f"gate {between - started:.1f} s, audit {ended - between:.1f} s"
    return at_most("mart gate and disclosure audit", 60, ended - started, " s", detail)


def growth(settings: Settings) -> Iterator[Figure]:
    """How much longer each mart takes with 10 and 100 times the people, with all that it alone stands on."""
    seconds = {1: seconds_by_mart(settings)}
    for smaller, larger in itertools.pairwise(FACTORS):
        multiply(settings, larger // smaller, smaller)
        seconds[larger] = seconds_by_mart(settings)
        worst, mart = max(
            (seconds[larger][mart] / max(seconds[smaller][mart], LEAST_SECONDS), mart) for mart in seconds[smaller]
        )
        detail = f"{mart}, {seconds[smaller][mart]:.1f} to {seconds[larger][mart]:.1f} s, the most of {len(seconds[1])}"
        yield at_most(
            f"time of a mart and all it stands on, {larger}× against {smaller}×", larger / smaller, worst, "×", detail
        )


def multiply(settings: Settings, times: int, before: int) -> None:
    """Give every sender so many times the people, each copy another person in a row of its own.

    Args:
        settings: the warehouse's.
        times: how many there are then of each that is there now.
        before: how many there are now of each of the sample's.
    """
    with settings.connect("loader") as connection:
        for table, names in PEOPLE.items():
            columns = [
                row[0]
                for row in connection.execute(
                    "select column_name from information_schema.columns where table_schema = 'raw' and table_name = %s "
                    "order by ordinal_position",
                    [table],
                )
            ]
            copied = dict.fromkeys(names, "{} || '-' || copies.number * %s")
            copied["source_row"] = "{} + copies.number * 1000000 * %s"
            values = [sql.SQL(copied.get(column, "{}")).format(sql.Identifier(column)) for column in columns]
            connection.execute(
                sql.SQL(
                    "insert into raw.{0} ({1}) select {2} from raw.{0} "
                    "cross join generate_series(2, %s) as copies (number)"
                ).format(
                    sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join(values)
                ),
                [*[before] * (len(names) + 1), times],
            )
            connection.execute(sql.SQL("analyze raw.{}").format(sql.Identifier(table)))


def seconds_by_mart(settings: Settings) -> dict[str, float]:
    """For each mart the time of its own model and of every model it stands on."""
    taken: dict[str, float] = {}
    for step in ("cells", "marts"):
        run_dbt(settings, "run", "--selector", step, "--quiet")
        results = json.loads((settings.home / "dbt" / "run_results.json").read_text())["results"]
        taken |= {result["unique_id"]: result["execution_time"] for result in results}
        if step == "cells":
            decide(settings)
    parents = json.loads((settings.home / "dbt" / "manifest.json").read_text())["parent_map"]

    def ancestors(node: str) -> set[str]:
        found: set[str] = set()
        waiting = [node]
        while waiting:
            for parent in parents.get(waiting.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found

    marts = [node for node in taken if node.split(".")[-1].startswith(("mart_", "open_data__"))]
    return {mart.split(".")[-1]: sum(taken.get(node, 0.0) for node in {mart} | ancestors(mart)) for mart in marts}
