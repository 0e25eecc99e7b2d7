"""The attack on one family of tables: what of all that is hidden can be worked out from all that is shown."""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from expectations.disclosure.audit_bounds import AuditError, Flags, Ints, attack, mend
from expectations.disclosure.audit_cells import Geography, Knowledge, Layout, View, ask, knowledge
from expectations.disclosure.families import Sum

# A unit's rows are taken for a copy of another period's when none of their counts differs and there are so many
# different numbers among them: equal rules of one total are one number, and stay the same by chance.
COPIED_COUNTS = 5
# The solver lets other threads run while it works.
THREADS = 2
# How often contradictions are looked for before giving up.
ATTEMPTS = 4


@dataclass(frozen=True)
class Place:
    """A cell: its table, its member of each dimension, and how it was found. Never what it counts."""

    table_key: str
    members: tuple[str, ...]
    how: str


@dataclass(frozen=True)
class FamilyAudit:
    """What the attack on a family found.

    Attributes:
        family: its name.
        tables: tables of cells that add up to each other.
        shown: cells of which a number is shown.
        hidden: cells hidden from an audience, and not public already.
        already_public: hidden cells that DfE publishes itself.
        recoverable: hidden cells, and cells shown nowhere, that can be worked out.
        small: counts below the threshold that are shown openly.
        contradictions: cells whose sums or percentages fit no numbers, left out of the attack.
        whole_groups: shown cells that are all of their whole: what is true of the group is known of each of its people.
        empty: tables in which every count is hidden.
    """

    family: str
    tables: int = 0
    shown: int = 0
    hidden: int = 0
    already_public: int = 0
    recoverable: tuple[Place, ...] = ()
    small: tuple[Place, ...] = ()
    contradictions: tuple[Place, ...] = ()
    whole_groups: tuple[Place, ...] = ()
    empty: tuple[str, ...] = ()


@dataclass
class _Table:
    """One table's part of a family, and what came of it."""

    key: str
    known: Knowledge
    secrets: Flags
    # The public's own attack is on what only the public does not see.
    public: Knowledge | None
    public_secrets: Flags
    found: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    found_by_public: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    contradictory: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def is_secret(self) -> Flags:
        """Whether a cell is hidden from anybody."""
        return self.secrets | self.public_secrets


def attack_family(
    family: str,
    dimensions: Mapping[str, Sequence[Sum] | None],
    geography: Geography,
    views: Sequence[View],
    already_public: pd.DataFrame | None = None,
) -> FamilyAudit:
    """Attack everything hidden in a family's published tables.

    Args:
        family: its name.
        dimensions: the sums along each; None for the geography's.
        geography: how units add up.
        views: the published tables, together.
        already_public: what DfE publishes of the same cells: `table_key`, a column for each dimension, `count`.
    """
    frames = [view.rows for view in views]
    layout = Layout(dimensions, geography, frames if already_public is None else [*frames, already_public])
    tables = _tables(layout, views, already_public)
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda table: _attack_table(layout, table), tables))
    copied = _read_from_copies(layout, tables)
    recoverable = [
        Place(table.key, layout.place(cell), how)
        for table, copies in zip(tables, copied, strict=True)
        for cell, how in sorted(
            (
                dict.fromkeys(table.found_by_public.tolist(), "from open data alone")
                | copies
                | dict.fromkeys(table.found.tolist(), "from sums and percentages")
            ).items()
        )
    ]
    is_stated = [~np.isnan(table.known.stated) for table in tables]
    return FamilyAudit(
        family,
        tables=len(tables),
        shown=sum(int(table.known.is_shown.sum()) for table in tables),
        hidden=sum(int((table.is_secret & ~stated).sum()) for table, stated in zip(tables, is_stated, strict=True)),
        already_public=sum(
            int((table.is_secret & stated).sum()) for table, stated in zip(tables, is_stated, strict=True)
        ),
        recoverable=tuple(recoverable),
        small=_places(layout, tables, [_small(table.known) for table in tables], "shown"),
        contradictions=_places(layout, tables, [table.contradictory for table in tables], "fits no numbers"),
        whole_groups=_places(
            layout, tables, [_whole_groups(layout, table.known) for table in tables], "all of its whole"
        ),
        empty=tuple(table.key for table in tables if table.is_secret.any() and not table.known.is_shown.any()),
    )


def _tables(layout: Layout, views: Sequence[View], already_public: pd.DataFrame | None) -> list[_Table]:
    by_view = [_by_table_key(layout.numbered(view.rows)) for view in views]
    stated = {} if already_public is None else _by_table_key(layout.numbered(already_public))
    tables = []
    for key in sorted(set().union(*by_view)):
        here = [replace(view, rows=rows[key]) for view, rows in zip(views, by_view, strict=True) if key in rows]
        public = [view for view in here if view.audience == "public"]
        known = knowledge(layout, here, stated.get(key))
        members = knowledge(layout, [view for view in here if view.audience == "members"], None)
        # What members are shown is no secret from them, even where another table hides it; from the public it is one.
        from_public = knowledge(layout, public, None).is_hidden & members.is_exact
        tables.append(
            _Table(
                key,
                known,
                known.is_hidden & ~known.is_exact,
                knowledge(layout, public, stated.get(key)) if from_public.any() else None,
                from_public,
            )
        )
    return tables


def _by_table_key(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(key): part for key, part in rows.groupby("table_key", sort=False, observed=True)}


def _attack_table(layout: Layout, table: _Table) -> None:
    table.found, contradictory = _attack(layout, table.known, table.secrets, with_unseen=True)
    if table.public is not None:
        table.found_by_public, more = _attack(layout, table.public, table.public_secrets, with_unseen=False)
        contradictory = np.concatenate([contradictory, more])
    table.contradictory = np.unique(np.concatenate([contradictory, np.flatnonzero(table.known.clashes)]))


def _attack(layout: Layout, known: Knowledge, secrets: Flags, *, with_unseen: bool) -> tuple[Ints, Ints]:
    """The cells that can be worked out, and those whose sums or percentages fit no numbers (they are left out)."""
    number_of_sums = layout.sums.matrix.shape[0]
    given_up = np.zeros(number_of_sums + len(known.inequalities_to), dtype=np.bool_)
    for _ in range(ATTEMPTS):
        asked = ask(layout, known, secrets, given_up, with_unseen=with_unseen)
        bounds = attack(asked.problem)
        if not len(bounds.contradictory):
            return np.flatnonzero(bounds.is_recoverable), _cells_of(layout, known, np.flatnonzero(given_up))
        stated = known.stated
        known.stated = np.full(layout.size, np.nan)
        plain = ask(layout, known, secrets, given_up, with_unseen=with_unseen)
        wrong, rows = mend(plain.problem, stated)
        known.stated = np.where(wrong, np.nan, stated)
        given_up[plain.rows[rows]] = True
    raise AuditError("A table's sums contradict each other in more ways than could be told apart")


def _cells_of(layout: Layout, known: Knowledge, rows: Ints) -> Ints:
    """The cell that stands for a sum (its whole) or for a percentage (its part)."""
    number_of_sums = layout.sums.matrix.shape[0]
    percentages = known.inequalities[rows[rows >= number_of_sums] - number_of_sums]
    parts = [percentages.indices[percentages.indptr[row]] for row in range(percentages.shape[0])]
    return np.concatenate([layout.sums.wholes[rows[rows < number_of_sums]], np.array(parts, dtype=np.int64)])


def _read_from_copies(layout: Layout, tables: Sequence[_Table]) -> list[dict[int, str]]:
    """Hidden cells of a unit whose row is a copy of another period's, in which they are shown (domain, section 6).

    Copies of copies count: a row carried forward for three periods is read from any of them.
    """
    found: list[dict[int, str]] = [{} for _ in tables]
    if layout.units is None:
        return found
    unit = layout.member_of(layout.units)
    for series in _series([table.key for table in tables]):
        for order in (series, series[::-1]):
            read_from = np.full(layout.size, -1)
            for earlier, later in pairwise(order):
                before, after = tables[earlier].known, tables[later].known
                read_from = np.where(before.is_exact & ~before.clashes, earlier, read_from)
                read_from[~_is_copy(layout, before, after)[unit] | layout.is_area] = -1
                secret = tables[later].secrets & ~after.is_exact & np.isnan(after.stated) & (read_from >= 0)
                for cell in np.flatnonzero(secret):
                    found[later].setdefault(int(cell), f"its unit's row is a copy of {tables[read_from[cell]].key}")
    return found


def _is_copy(layout: Layout, before: Knowledge, after: Knowledge) -> Flags:
    """For each unit, whether all counts shown of it in two periods are the same."""
    assert layout.units is not None, "asked of families with units"
    unit, units = layout.member_of(layout.units), layout.shape[layout.units]
    both = before.is_exact & after.is_exact
    same = before.lower == after.lower
    differing = np.bincount(unit, both & ~same, units)
    of_somebody = both & same & (before.lower > 0)
    numbers = np.unique(np.column_stack([unit[of_somebody], before.lower[of_somebody]]), axis=0)
    different = np.bincount(numbers[:, 0].astype(np.int64), minlength=units)
    is_copy: Flags = (differing == 0) & (different >= COPIED_COUNTS)
    return is_copy


def _series(keys: Sequence[str]) -> list[list[int]]:
    """Tables that differ in their period alone, in order of time: positions in `keys`."""
    series: dict[str, list[tuple[list[int], int]]] = {}
    for position, key in enumerate(keys):
        numbers = re.findall(r"\d+", key)
        # A year comes before the number of its quarter, wherever it is written.
        period = sorted((int(number) for number in numbers), key=lambda number: number < 1000)
        series.setdefault(re.sub(r"\d+", "#", key), []).append((period, position))
    return [[position for _, position in sorted(each)] for each in series.values()]


def _small(known: Knowledge) -> Ints:
    is_small = known.is_shown & (known.lower >= 1) & (known.upper < known.threshold)
    return np.flatnonzero(is_small & np.isnan(known.stated))


def _whole_groups(layout: Layout, known: Knowledge) -> Ints:
    sums = layout.sums
    entries = sums.matrix.tocoo()
    rows = np.flatnonzero((sums.along != layout.units) & (np.diff(sums.matrix.indptr) > 2))
    is_part = (entries.data < 0) & np.isin(entries.row, rows)
    part, whole = entries.col[is_part], sums.wholes[entries.row[is_part]]
    count = known.lower[part]
    is_all = known.is_exact[part] & known.is_exact[whole] & (count > 0) & (count == known.lower[whole])
    return np.unique(part[is_all]).astype(np.int64)


def _places(layout: Layout, tables: Sequence[_Table], cells: Sequence[Ints], how: str) -> tuple[Place, ...]:
    return tuple(
        Place(table.key, layout.place(int(cell)), how)
        for table, these in zip(tables, cells, strict=True)
        for cell in these
    )
