"""What an attacker knows of a family's cells: the published tables laid over each other, ready to be attacked.

The cells of one table are numbered along their dimensions, so that those of all published tables meet in one place and
the sums along a dimension are steps of that numbering.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse

from expectations.disclosure.audit_bounds import HIDDEN, OPEN, UNSEEN, Flags, Floats, Ints, Problem
from expectations.disclosure.families import Share, Sum

Audience = Literal["members", "public"]

# Symbols for a count there is none of. `c` is a secret; any other symbol means that there is a count, but not which.
NOT_THERE = ("x", "z")
CONFIDENTIAL = "c"
# As many decimals as a percentage can have before it is taken for the exact quotient.
DECIMALS = 8
# Percentages of fewer people have no decimals.
SMALL_WHOLE = 50


@dataclass(frozen=True)
class Geography:
    """How units add up: `areas` (London, Inner and Outer), and joint returns of the authorities they are of."""

    areas: tuple[Sum, ...]
    joint: tuple[Sum, ...] = ()


@dataclass(frozen=True, eq=False)
class View:
    """One published table, as its readers see it.

    Attributes:
        table: its name.
        rows: `table_key`, a column for each dimension, `count`, `status`, and the columns that `shares` names.
        audience: who reads it. Members read what the public reads, too.
        threshold: the smallest count it may show, zero apart.
        rounding_base: what its counts are rounded to.
        shows_zeros: whether zeros are shown. A hidden cell may be nobody all the same: now and then a zero is hidden to
            protect another count, and readers are told so.
        shares: its percentages, and what of.
    """

    table: str
    rows: pd.DataFrame
    audience: Audience = "members"
    threshold: int = 5
    rounding_base: int = 1
    shows_zeros: bool = True
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True)
class Sums:
    """Every sum of a table, as positions of cells: one a row, the whole first."""

    wholes: Ints
    matrix: sparse.csr_matrix
    along: Ints


class Layout:
    """The numbering of a family's cells: every combination of every dimension's members."""

    def __init__(
        self,
        dimensions: Mapping[str, Sequence[Sum] | None],
        geography: Geography,
        frames: Iterable[pd.DataFrame],
    ) -> None:
        self.dimensions = tuple(dimensions)
        self.units = next((place for place, sums in enumerate(dimensions.values()) if sums is None), None)
        seen: list[set[str]] = [set() for _ in self.dimensions]
        for frame in frames:
            for place, name in enumerate(self.dimensions):
                seen[place].update(str(code) for code in frame[name].unique())
        self.codes: list[list[str]] = []
        self._sums: list[list[Sum]] = []
        for place, declared in enumerate(dimensions.values()):
            sums = list(declared if declared is not None else geography.areas)
            if declared is None:
                # The halves of a joint return count only where somebody shows one of them.
                sums += [each for each in geography.joint if seen[place].intersection(each.parts)]
            members = seen[place].union(*({each.whole, *each.parts} for each in sums))
            self.codes.append(sorted(members))
            self._sums.append(sums)
        self.shape = tuple(len(codes) for codes in self.codes)
        self.size = int(np.prod(self.shape))
        self.steps = [int(np.prod(self.shape[place + 1 :])) for place in range(len(self.shape))]
        areas = {each.whole for each in geography.areas}
        self.is_area = self._flags(lambda code: code in areas)

    def _flags(self, is_wanted: Callable[[str], bool]) -> Flags:
        if self.units is None:
            return np.zeros(self.size, dtype=np.bool_)
        wanted = np.array([is_wanted(code) for code in self.codes[self.units]], dtype=np.bool_)
        return wanted[self.member_of(self.units)]

    def member_of(self, dimension: int) -> Ints:
        """For each cell, which member of a dimension it belongs to."""
        members: Ints = np.arange(self.size) // self.steps[dimension] % self.shape[dimension]
        return members

    def numbered(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows that have a column for each dimension, with their cell's number in the column `cell`."""
        cell = np.zeros(len(rows), dtype=np.int64)
        for place, name in enumerate(self.dimensions):
            members = rows[name].astype("category").cat
            cell += (
                pd.Index(self.codes[place]).get_indexer(members.categories.astype(str))[members.codes]
                * self.steps[place]
            )
        return rows.assign(cell=cell)

    def elsewhere(self, cells: Ints, at: Mapping[str, str]) -> Ints:
        """The cells at other members of some dimensions, otherwise in the same place; -1 where there is none."""
        found = cells.copy()
        for name, code in at.items():
            place = self.dimensions.index(name)
            if code not in self.codes[place]:
                return np.full(len(cells), -1)
            member = found // self.steps[place] % self.shape[place]
            found += (self.codes[place].index(code) - member) * self.steps[place]
        return found

    def place(self, cell: int) -> tuple[str, ...]:
        """A cell's member of each dimension."""
        return tuple(codes[cell // step % len(codes)] for codes, step in zip(self.codes, self.steps, strict=True))

    @cached_property
    def sums(self) -> Sums:
        """All sums along all dimensions."""
        rows, cells, signs, wholes, along = [], [], [], [], []
        count = 0
        for place, sums in enumerate(self._sums):
            others = np.flatnonzero(self.member_of(place) == 0)
            for each in sums:
                number = np.arange(count, count + len(others))
                count += len(others)
                for code, sign in [(each.whole, 1.0), *((part, -1.0) for part in each.parts)]:
                    rows.append(number)
                    cells.append(others + self.codes[place].index(code) * self.steps[place])
                    signs.append(np.full(len(others), sign))
                wholes.append(others + self.codes[place].index(each.whole) * self.steps[place])
                along.append(np.full(len(others), place))
        if not rows:
            empty = np.empty(0, dtype=np.int64)
            return Sums(empty, sparse.csr_matrix((0, self.size)), empty)
        matrix = sparse.csr_matrix(
            (np.concatenate(signs), (np.concatenate(rows), np.concatenate(cells))), shape=(count, self.size)
        )
        return Sums(np.concatenate(wholes), matrix, np.concatenate(along))


@dataclass
class Knowledge:
    """What an audience knows of one table's cells.

    Attributes:
        lower, upper: bounds of each cell by itself.
        is_shown: whether a number is shown, exact or rounded.
        is_exact: whether it is shown so that nothing is left open: not rounded, or nought.
        is_hidden: whether `c` stands in its place in a table of this audience.
        is_absent: whether there is none (`x`, `z`).
        threshold: of the strictest table that shows or hides the cell.
        stated: what DfE publishes of the same cell itself; not a number where it does not.
        clashes: cells of which tables say different things.
        inequalities: rows that percentages give, at most nought.
    """

    lower: Floats
    upper: Floats
    is_shown: Flags
    is_exact: Flags
    is_hidden: Flags
    is_absent: Flags
    threshold: Floats
    stated: Floats
    clashes: Flags
    inequalities: sparse.csr_matrix
    inequalities_to: Floats


def knowledge(layout: Layout, views: Sequence[View], already_public: pd.DataFrame | None) -> Knowledge:
    """Lay the rows of one table over each other.

    Args:
        layout: the family's numbering.
        views: the published tables, their rows those of one `table_key`, numbered.
        already_public: `cell` and `count`.
    """
    known = Knowledge(
        lower=np.zeros(layout.size),
        upper=np.full(layout.size, np.inf),
        is_shown=np.zeros(layout.size, dtype=np.bool_),
        is_exact=np.zeros(layout.size, dtype=np.bool_),
        is_hidden=np.zeros(layout.size, dtype=np.bool_),
        is_absent=np.zeros(layout.size, dtype=np.bool_),
        threshold=np.zeros(layout.size),
        stated=np.full(layout.size, np.nan),
        clashes=np.zeros(layout.size, dtype=np.bool_),
        inequalities=sparse.csr_matrix((0, layout.size)),
        inequalities_to=np.empty(0),
    )
    for view in views:
        _read(layout, known, view)
    rows = [_percentages(layout, known, view, share) for view in views for share in view.shares]
    if rows:
        known.inequalities = sparse.vstack([matrix for matrix, _ in rows], format="csr")
        known.inequalities_to = np.concatenate([limits for _, limits in rows])
    known.clashes |= known.lower > known.upper
    known.lower[known.clashes] = 0
    known.upper[known.clashes] = np.inf
    _settle_what_is_absent(layout, known)
    if already_public is not None and len(already_public):
        _believe(layout, known, already_public)
    return known


def _read(layout: Layout, known: Knowledge, view: View) -> None:
    cells = view.rows["cell"].to_numpy()
    counts = view.rows["count"].to_numpy(dtype=np.float64, na_value=np.nan)
    is_number = ~np.isnan(counts)
    shown, numbers = cells[is_number], counts[is_number]
    low, high = _meant_by(numbers, view)
    np.maximum.at(known.lower, shown, low)
    np.minimum.at(known.upper, shown, high)
    known.is_shown[shown] = True
    known.is_exact[shown[low == high]] = True
    known.is_hidden[cells[_is_hidden(view.rows)]] = True
    known.is_absent[cells[~is_number & view.rows["status"].isin(NOT_THERE).to_numpy()]] = True
    np.maximum.at(known.threshold, cells, float(view.threshold))


def _is_hidden(rows: pd.DataFrame) -> Flags:
    is_hidden: Flags = (rows["count"].isna() & (rows["status"] == CONFIDENTIAL)).to_numpy(dtype=np.bool_)
    return is_hidden


def _meant_by(numbers: Floats, view: View) -> tuple[Floats, Floats]:
    """The whole numbers a shown number can stand for: halves are rounded up, and small counts would not be shown."""
    if view.rounding_base == 1:
        return numbers, numbers
    low = np.maximum(np.ceil(numbers - view.rounding_base / 2), 0)
    high = np.ceil(numbers + view.rounding_base / 2) - 1
    is_zero = numbers == 0
    if view.shows_zeros:
        allowed = np.maximum(low, view.threshold)
        low = np.where(~is_zero & (allowed <= high), allowed, low)
        high = np.where(is_zero & (high < view.threshold), 0, high)
    return low, high


def _percentages(layout: Layout, known: Knowledge, view: View, share: Share) -> tuple[sparse.csr_matrix, Floats]:
    """What a column of percentages says of its cells and their wholes, as rows of inequalities."""
    values = view.rows[share.share].to_numpy(dtype=np.float64, na_value=np.nan)
    part = view.rows["cell"].to_numpy()
    whole = layout.elsewhere(part, share.whole)
    is_there = ~np.isnan(values) & (whole >= 0) & (whole != part)
    part, whole, values = part[is_there], whole[is_there], values[is_there]
    margin = 0.5 * 10.0 ** -_decimals(values, known.lower[whole], known.upper[whole])
    low, high = np.maximum(values - margin, 0) / 100, (values + margin) / 100
    # How far a count that the percentage speaks of may be from the true one.
    away = np.zeros(len(values))
    if view.rounding_base > 1:
        is_open, away = _rounded_percentages(layout, known, view, part, whole, low, high)
    else:
        is_open = (known.lower[part] < known.upper[part]) | (known.lower[whole] < known.upper[whole])
    part, whole, low, high, away = part[is_open], whole[is_open], low[is_open], high[is_open], away[is_open]
    count = len(part)
    row, cells, ones = np.tile(np.arange(count), 2), np.concatenate([part, whole]), np.ones(count)
    not_more = sparse.csr_matrix((np.concatenate([ones, -high]), (row, cells)), shape=(count, layout.size))
    not_less = sparse.csr_matrix((np.concatenate([-ones, low]), (row, cells)), shape=(count, layout.size))
    return (
        sparse.vstack([not_more, not_less], format="csr"),
        np.concatenate([away * (1 + high), away * (1 + low)]),
    )


def _decimals(values: Floats, least: Floats, most: Floats) -> Floats:
    """How many decimals each percentage was rounded to, as far as the column shows it.

    Small wholes have fewer (domain: disclosure control, section 6), so wholes below and from 50 are looked at apart.
    """
    own = np.full(len(values), float(DECIMALS))
    for places in range(DECIMALS - 1, -1, -1):
        own[np.abs(values - np.round(values, places)) < 1e-9] = places
    small, large = most < SMALL_WHOLE, least >= SMALL_WHOLE
    of_small, of_large = own[small].max(initial=0), own[large].max(initial=0)
    decimals: Floats = np.maximum(own, np.select([small, large], [of_small, of_large], min(of_small, of_large)))
    return decimals


def _rounded_percentages(
    layout: Layout, known: Knowledge, view: View, part: Ints, whole: Ints, low: Floats, high: Floats
) -> tuple[Flags, Floats]:
    """Percentages beside rounded counts speak of the rounded counts; where none fit they were made from the true ones.

    What a percentage and one rounded count say of the other goes into `known` at once.

    Returns:
        flags of the percentages that still say something, and how far the counts they speak of are from the true ones.
    """
    base = view.rounding_base
    shown = np.full(layout.size, np.nan)
    shown[view.rows["cell"].to_numpy()] = view.rows["count"].to_numpy(dtype=np.float64, na_value=np.nan)
    is_open, away = np.ones(len(part), dtype=np.bool_), np.zeros(len(part))
    for place, (of, among) in enumerate(zip(part, whole, strict=True)):
        one, all_ = shown[of], shown[among]
        if np.isnan(one) and np.isnan(all_):
            away[place] = base / 2
            continue
        if not np.isnan(all_):
            other, least, most = of, low[place] * all_, high[place] * all_
        elif one > 0:
            other, least, most = among, one / high[place], one / low[place] if low[place] > 0 else np.inf
        else:
            is_open[place] = False
            continue
        first = np.ceil(least / base - 1e-9) * base
        last = np.floor(most / base + 1e-9) * base
        if not np.isnan(shown[other]):
            is_open[place] = not first <= shown[other] <= last
        elif first <= last:
            is_open[place] = False
            known.lower[other] = max(known.lower[other], np.ceil(first - base / 2))
            known.upper[other] = min(known.upper[other], np.ceil(last + base / 2) - 1)
    return is_open, away


def _settle_what_is_absent(layout: Layout, known: Knowledge) -> None:
    """A unit that sent nothing counts for nothing; an area below its coverage still has the sum of its units."""
    known.is_absent &= ~known.is_shown & ~known.is_hidden & ~layout.is_area
    if layout.units is None:
        return
    unit = layout.member_of(layout.units)
    speaks = np.bincount(unit, known.is_shown | known.is_hidden, layout.shape[layout.units]) > 0
    silent = (np.bincount(unit, known.is_absent, layout.shape[layout.units]) > 0) & ~speaks
    known.is_absent |= silent[unit] & ~layout.is_area


def _believe(layout: Layout, known: Knowledge, already_public: pd.DataFrame) -> None:
    """Note what DfE states, of units where it agrees with all we show: elsewhere it has counted something else."""
    cells = already_public["cell"].to_numpy()
    counts = already_public["count"].to_numpy(dtype=np.float64, na_value=np.nan)
    cells, counts = cells[~np.isnan(counts)], counts[~np.isnan(counts)]
    is_wrong = (counts < known.lower[cells]) | (counts > known.upper[cells])
    if layout.units is not None:
        unit = layout.member_of(layout.units)[cells]
        is_wrong = (np.bincount(unit, is_wrong, layout.shape[layout.units]) > 0)[unit]
    known.stated[cells[~is_wrong]] = counts[~is_wrong]


@dataclass(frozen=True)
class Asked:
    """A problem, and which of the table's sums and (after them) percentages its rows are."""

    problem: Problem
    rows: Ints


def ask(layout: Layout, known: Knowledge, secrets: Flags, given_up: Flags, *, with_unseen: bool) -> Asked:
    """The attack on some hidden cells of a table.

    Cells that are shown nowhere take part where they follow from others, such as a total less what is shown. Where
    several of a sum are shown nowhere they are only what is left of it: with all of them there would be ten times the
    cells, and hardly any more to find.

    Args:
        layout: the family's numbering.
        known: what the audience knows.
        secrets: the hidden cells that are asked for.
        given_up: sums, then percentages, that are known not to hold.
        with_unseen: whether cells that are shown nowhere are secrets, too.
    """
    here = sparse.diags_array((~known.is_absent).astype(np.float64))
    sums = sparse.csr_matrix(layout.sums.matrix @ here)
    sums.eliminate_zeros()
    number_of_sums = sums.shape[0]
    percentages = np.flatnonzero(~given_up[number_of_sums:])
    inequalities = known.inequalities[percentages]
    is_stated = ~np.isnan(known.stated)
    is_unseen = ~known.is_shown & ~known.is_hidden & ~known.is_absent & ~is_stated
    in_percentages = np.bincount(inequalities.indices, minlength=layout.size) > 0
    kept = ~known.is_absent[layout.sums.wholes] & (np.diff(sums.indptr) > 1) & ~given_up[:number_of_sums]
    # A sum that is only a name for other cells says nothing of them.
    while True:
        is_name = is_unseen & ~in_percentages & (np.bincount(sums[kept].indices, minlength=layout.size) == 1)
        dropped = kept & is_name[layout.sums.wholes]
        if not dropped.any():
            break
        kept &= ~dropped
    is_left = is_unseen & ~in_percentages
    while True:
        left_in_row = abs(sums) @ is_left.astype(np.float64)
        follows = np.zeros(layout.size, dtype=np.bool_)
        follows[sums[kept & (left_in_row == 1)].indices] = True
        if not (follows & is_left).any():
            break
        is_left &= ~follows
    whole = kept & (left_in_row == 0)
    # At least what is known of the parts is in the whole.
    partly = kept & (left_in_row > 0) & ~is_left[layout.sums.wholes]
    at_least = sparse.csr_matrix(-sums[partly] @ sparse.diags_array((~is_left).astype(np.float64)))
    at_least.eliminate_zeros()
    says_something = np.diff(at_least.indptr) > 1
    at_most = sparse.vstack([at_least[says_something], inequalities], format="csr")
    equal = sums[whole]
    takes_part = np.bincount(np.concatenate([equal.indices, at_most.indices]), minlength=layout.size) > 0
    return Asked(
        Problem(
            lower=np.where(is_stated, known.stated, known.lower),
            upper=np.where(is_stated, known.stated, known.upper),
            kind=np.select([secrets & ~is_stated, with_unseen & is_unseen & takes_part], [HIDDEN, UNSEEN], OPEN),
            threshold=np.maximum(known.threshold, np.where(is_unseen, known.threshold.max(initial=0), 0)),
            equal=equal,
            equal_to=np.zeros(equal.shape[0]),
            at_most=at_most,
            at_most_to=np.concatenate([np.zeros(int(says_something.sum())), known.inequalities_to[percentages]]),
        ),
        np.concatenate([np.flatnonzero(whole), np.flatnonzero(partly)[says_something], percentages + number_of_sums]),
    )
