"""Decide which cells of the tables of counts from returns are hidden: between the two steps of dbt.

By hand: `python -m expectations.disclosure_pattern`. Reads every family's cells, writes
`intermediate.disclosure_decisions` whole or not at all, and prints one line a family. The marts take it from there,
through the macro `protected_cells`.

A table whose counts, sums and public figures are those of the last decision keeps it: mostly one quarter is new.
"""

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import Connection, sql

from expectations.disclosure.families import Family, Sum, load_families, london_sums
from ingestion.settings import Settings, SettingsError

if TYPE_CHECKING:
    import pandas as pd

# The solver lets other threads run.
THREADS = 2


@dataclass(frozen=True)
class Decided:
    """What was decided for one family: how many tables and cells, of which small and hidden beside them.

    `kept` counts the tables whose last decision still held.
    """

    family: str
    tables: int
    kept: int
    cells: int
    small: int
    complements: int

    @property
    def line(self) -> str:
        """As people read it."""
        return (
            f"{self.family}: {self.tables} tables ({self.kept} as before), {self.cells:,} cells, "
            f"{self.small:,} small and {self.complements:,} beside them hidden"
        )


@dataclass(frozen=True)
class Task:
    """One table to decide on: its cells, its sums and what the decision stands on besides the counts."""

    label: str
    cells: "pd.DataFrame"
    dimensions: Mapping[str, Sequence[Sum]]
    threshold: int
    decided_from: str


def decide(settings: Settings) -> list[Decided]:
    """Decide on every family and write the decisions, in one transaction.

    Args:
        settings: the process's settings.

    Raises:
        PatternError: cells do not add up, or cannot be protected; the last decisions stay.
        SettingsError: the warehouse cannot be reached.
    """
    import numpy as np
    import pandas as pd

    with settings.connect("transformer") as connection:
        london = london_sums(connection)
        thresholds = [
            row[0]
            for row in connection.execute(
                "select distinct threshold from reference.disclosure_products where product <> 'own' order by 1"
            )
        ]
        families = load_families()
        tasks = [
            task
            for family in families
            if family.decided_with is None
            for task in _tasks(connection, [family, *_followers(family, families)], london, thresholds)
        ]
        before = set(
            connection.execute(
                "select distinct family, threshold, table_key, table_fingerprint, decided_from "
                "from intermediate.disclosure_decisions"
            ).fetchall()
        )
        is_kept = [_marks(task) <= before for task in tasks]
        new = [task for task, kept in zip(tasks, is_kept, strict=True) if not kept]
        made = []
        for task, hidden in zip(new, _hidden(new), strict=True):
            is_small = task.cells["count_in_cell"].fillna(task.threshold).to_numpy() < task.threshold
            reason = np.where(is_small, "small", "complement")
            made.append(
                task.cells.assign(
                    threshold=task.threshold,
                    decided_from=task.decided_from,
                    is_hidden=hidden,
                    reason=pd.Series(reason, index=task.cells.index).where(hidden, None),
                )
            )
        held = {mark for task, kept in zip(tasks, is_kept, strict=True) if kept for mark in _marks(task)}
        _write(connection, made, held)
        return _summary(connection, families, held)


def _followers(family: Family, families: Sequence[Family]) -> list[Family]:
    return [other for other in families if other.decided_with and other.decided_with.family == family.family]


def _tasks(
    connection: Connection[Any], families: Sequence[Family], london: tuple[Sum, ...], thresholds: Sequence[int]
) -> Iterator[Task]:
    """The tables of a family and of those decided with it, laid together."""
    import pandas as pd

    first = families[0]
    sums = {name: list(london if each is None else each) for name, each in first.dimensions.items()}
    frames = []
    for family in families:
        cells = _read_cells(connection, family)
        together = family.decided_with
        if together is not None:
            own, others = together.dimension
            cells = cells.rename(columns={own: others}).replace({others: dict(together.members)})
            for each in family.dimensions[own] or ():
                whole, *parts = (together.members.get(member, member) for member in (each.whole, *each.parts))
                sums[others].append(Sum(whole, tuple(parts)))
        frames.append(cells)
    cells = pd.concat(frames, ignore_index=True)
    structure = hashlib.md5(f"{_method()}{sorted(sums.items())}".encode(), usedforsecurity=False)
    for table_key, rows in cells.groupby("table_key", sort=True):
        stands_on = structure.copy()
        stands_on.update(rows["is_already_public"].to_numpy(dtype=bool).tobytes())
        # What another family of them counts too: all of these hold together or none does.
        stands_on.update("".join(sorted(rows["table_fingerprint"].unique())).encode())
        for threshold in thresholds:
            yield Task(f"{first.family}, {table_key}", rows, sums, threshold, stands_on.hexdigest())


@cache
def _method() -> str:
    return (Path(__file__).parent / "disclosure" / "pattern.py").read_text(encoding="utf-8")


def _read_cells(connection: Connection[Any], family: Family) -> "pd.DataFrame":
    import pandas as pd

    schema, name = family.cells.split(".")
    has_public = connection.execute(
        "select exists (select from information_schema.columns "
        "where table_schema = %s and table_name = %s and column_name = 'is_already_public')",
        [schema, name],
    ).fetchone() == (True,)
    cursor = connection.execute(
        sql.SQL('select table_key, cell_key, {}, count_in_cell::text, {} from {} order by cell_key collate "C"').format(
            sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(each)) for each in family.dimensions),
            sql.SQL("is_already_public" if has_public else "false"),
            sql.Identifier(schema, name),
        )
    )
    columns = ["table_key", "cell_key", *family.dimensions, "count_as_text", "is_already_public"]
    frame = pd.DataFrame(cursor.fetchall(), columns=columns)
    frame["count_in_cell"] = pd.to_numeric(frame["count_as_text"]).astype(float)
    frame["family"] = family.family
    marks = {key: fingerprint(rows) for key, rows in frame.groupby("table_key")}
    frame["table_fingerprint"] = frame["table_key"].map(marks)
    return frame


def fingerprint(rows: "pd.DataFrame") -> str:
    """The fingerprint of a table's counts, as the macro `table_fingerprint` makes it in the database."""
    ordered = rows.sort_values("cell_key")
    texts = (
        f"{key}={_trimmed(count)}" for key, count in zip(ordered["cell_key"], ordered["count_as_text"], strict=True)
    )
    return hashlib.md5(",".join(texts).encode(), usedforsecurity=False).hexdigest()


def _trimmed(count: object) -> str:
    if not isinstance(count, str):
        return ""
    return count.rstrip("0").rstrip(".") if "." in count else count


def _marks(task: Task) -> set[tuple[object, ...]]:
    rows = task.cells[["family", "table_key", "table_fingerprint"]].drop_duplicates()
    return {
        (row.family, task.threshold, row.table_key, row.table_fingerprint, task.decided_from)
        for row in rows.itertuples()
    }


def _hidden(tasks: Sequence[Task]) -> list[Any]:
    """Which cells of each task are hidden."""
    # The largest first, so that both threads end together.
    order = sorted(range(len(tasks)), key=lambda number: -len(tasks[number].cells))
    with ThreadPoolExecutor(THREADS) as pool:
        answers = dict(zip(order, pool.map(_hidden_cells, [tasks[number] for number in order]), strict=True))
    return [answers[number] for number in range(len(tasks))]


def _hidden_cells(task: Task) -> Any:
    from expectations.disclosure.pattern import PatternError, hidden_cells, make_table

    # A cell that two families have stands once in the table; both take its answer.
    places = task.cells[list(task.dimensions)].apply(tuple, axis=1)
    once = ~places.duplicated().to_numpy()
    rows = task.cells[once]
    try:
        table = make_table(rows, task.dimensions, list(rows["is_already_public"]))
        answer = dict(zip(places[once], hidden_cells(table, task.threshold), strict=True))
    except PatternError as error:
        raise PatternError(f"{task.label}: {error}") from None
    return places.map(answer).to_numpy(dtype=bool)


def _write(connection: Connection[Any], made: Sequence["pd.DataFrame"], held: set[tuple[object, ...]]) -> None:
    connection.execute("create temporary table held (family text, threshold integer, table_key text) on commit drop")
    with connection.cursor() as cursor:
        cursor.executemany("insert into held values (%s, %s, %s)", [mark[:3] for mark in held])
    connection.execute(
        "delete from intermediate.disclosure_decisions as decided where not exists ("
        "select from held where held.family = decided.family and held.threshold = decided.threshold "
        "and held.table_key = decided.table_key)"
    )
    columns = [
        "family", "table_key", "cell_key", "threshold", "table_fingerprint", "decided_from", "is_hidden", "reason",
    ]  # fmt: skip
    copying = sql.SQL("copy intermediate.disclosure_decisions ({}) from stdin").format(
        sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(copying) as copy:
        for frame in made:
            for row in frame[columns].itertuples(index=False):
                copy.write_row([*row[:6], bool(row.is_hidden), row.reason if isinstance(row.reason, str) else None])
    connection.execute("analyze intermediate.disclosure_decisions")


def _summary(connection: Connection[Any], families: Sequence[Family], held: set[tuple[object, ...]]) -> list[Decided]:
    counted = {
        row[0]: row[1:]
        for row in connection.execute(
            "select family, count(distinct (table_key, threshold)), count(*), "
            "count(*) filter (where reason = 'small'), count(*) filter (where reason = 'complement') "
            "from intermediate.disclosure_decisions group by family"
        )
    }
    return [
        Decided(
            family.family,
            counted.get(family.family, (0, 0, 0, 0))[0],
            sum(mark[0] == family.family for mark in held),
            *counted.get(family.family, (0, 0, 0, 0))[1:],
        )
        for family in families
    ]


def main() -> int:
    """Decide by hand; exit code 1 when the warehouse cannot be reached or a count cannot be protected."""
    from expectations.disclosure.pattern import PatternError

    try:
        for decided in decide(Settings.load()):
            sys.stdout.write(decided.line + "\n")
    except (PatternError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
