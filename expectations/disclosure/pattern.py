"""Which cells of a table must be hidden so that no small count can be worked out from what is shown.

Small counts are hidden first. Then a linear programme for each finds the cheapest other cells that must be hidden for
it to be possible that it is not small; regions and totals cost most. At the end all sums are looked at together once
more, and more is hidden while they give anything away.

The audit (`expectations.disclosure_audit`) is written independently of this and checks what is published.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack, identity
from scipy.sparse.csgraph import connected_components

from expectations.disclosure.families import Sum

if TYPE_CHECKING:
    import pandas as pd

# Two figures that differ by less are the same to the solver.
TOLERANCE = 1e-6
# So often many cells are tried at once before the rest are tried one by one.
ROUNDS_TOGETHER = 6
# A cell costs so much more for each sum that it is the whole of.
WHOLE_COSTS = 10.0
# A hidden cell moves for next to nothing: enough that none moves without need.
MOVES_FREELY = 1e-4
OPTIMAL = "HighsModelStatus.kOptimal"
# Bounds are followed from sum to sum so often at most; a few times is usual.
BOUNDING_ROUNDS = 60


class PatternError(RuntimeError):
    """A table of cells is not what its family says; the message names the table and the place, never a count."""


@dataclass(frozen=True)
class Table:
    """The counts of one table and the sums they stand in.

    Attributes:
        counts: one a cell; NaN where there is none.
        wholes: the cell that is the sum, one a line.
        parts: lines by cells, 1 where the cell is a part of the line's sum.
        is_known: cells that everybody knows from elsewhere.
    """

    counts: "np.ndarray[Any, np.dtype[np.float64]]"
    wholes: "np.ndarray[Any, np.dtype[np.int64]]"
    parts: csr_matrix
    is_known: "np.ndarray[Any, np.dtype[np.bool_]]"


def make_table(
    cells: "pd.DataFrame", dimensions: Mapping[str, Sequence[Sum]], is_known: Sequence[bool] | None = None
) -> Table:
    """The lines of one table, from its cells and the sums along each dimension.

    Args:
        cells: a row a cell; a column a dimension, and `count_in_cell`.
        dimensions: the sums along each.
        is_known: for each cell, whether everybody knows it from elsewhere.

    Raises:
        PatternError: two cells stand at one place, or a whole is not the sum of its parts.
    """
    names = list(dimensions)
    counts = cells["count_in_cell"].to_numpy(dtype=float, na_value=np.nan)
    codes, members = [], []
    for name in names:
        categories = sorted(cells[name].astype(str).unique())
        place = {member: number for number, member in enumerate(categories)}
        codes.append(cells[name].astype(str).map(place).to_numpy())
        members.append(place)
    index = np.full([len(member) for member in members], -1, dtype=np.int64)
    if len(np.unique(np.ravel_multi_index(tuple(codes), index.shape))) != len(cells):
        raise PatternError("two cells stand at one place")
    index[tuple(codes)] = np.arange(len(cells))

    wholes: list[np.ndarray[Any, Any]] = []
    rows: list[np.ndarray[Any, Any]] = []
    columns: list[np.ndarray[Any, Any]] = []
    lines = 0
    for axis, name in enumerate(names):
        for each in dimensions[name]:
            there = [members[axis][part] for part in each.parts if part in members[axis]]
            if each.whole not in members[axis] or not there:
                continue
            whole = np.take(index, members[axis][each.whole], axis=axis).ravel()
            parts = np.moveaxis(np.take(index, there, axis=axis), axis, 0).reshape(len(there), -1)
            # A whole that is not there or has no count is no sum; a part without a count adds nothing.
            with_whole = whole >= 0
            with_whole[with_whole] = ~np.isnan(counts[whole[with_whole]])
            whole, parts = whole[with_whole], parts[:, with_whole]
            counted = parts >= 0
            counted[counted] = ~np.isnan(counts[parts[counted]])
            some = counted.any(axis=0)
            whole, parts, counted = whole[some], parts[:, some], counted[:, some]
            place_in_line = np.broadcast_to(np.arange(lines, lines + len(whole)), parts.shape)
            wholes.append(whole)
            rows.append(place_in_line[counted])
            columns.append(parts[counted])
            lines += len(whole)
    matrix = csr_matrix(
        (np.ones(sum(map(len, rows))), (_joined(rows), _joined(columns))),
        shape=(lines, len(cells)),
    )
    all_wholes = _joined(wholes)
    sums = matrix @ np.nan_to_num(counts)
    wrong = np.flatnonzero(np.abs(sums - counts[all_wholes]) > TOLERANCE)
    if len(wrong):
        where = cells.iloc[all_wholes[wrong[0]]]
        raise PatternError(
            f"{len(wrong)} wholes are not the sum of their parts, first "
            + ", ".join(f"{name} {where[name]}" for name in names)
        )
    known = np.zeros(len(cells), dtype=bool) if is_known is None else np.asarray(is_known, dtype=bool)
    return Table(counts, all_wholes, matrix, known)


def _joined(arrays: "list[np.ndarray[Any, Any]]") -> "np.ndarray[Any, np.dtype[np.int64]]":
    return np.concatenate([np.zeros(0, dtype=np.int64), *arrays]).astype(np.int64)


def hidden_cells(table: Table, threshold: int) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Which cells to hide, so that nobody can tell that a hidden count is below the threshold, nor what it is.

    A zero may be hidden to protect another cell, so nobody can take a hidden count to be at least 1. What everybody
    knows from elsewhere protects nothing, and cells without a count are in no sum.

    Raises:
        PatternError: some count cannot be protected, because what is known from elsewhere gives it away.
    """
    table = _with_what_follows(table)
    hidden = (table.counts > 0) & (table.counts < threshold)
    if (hidden & ~table.is_known).any():
        _hide_the_cheapest(table, hidden, threshold)
    while (hidden & ~table.is_known).any():
        told_by = _given_away(table, hidden, threshold)
        if not told_by:
            break
        if not sum(_hide_more(table, hidden, lines, threshold) for lines in told_by):
            raise PatternError("what is known from elsewhere gives a hidden count away, and nothing is left to hide")
    return hidden


def _with_what_follows(table: Table) -> Table:
    """The table with everything known that follows from what is: the last unknown of a sum of knowns."""
    known = table.is_known.copy()
    while known.any():
        unknown_parts = table.parts @ ~known
        unknown_whole = ~known[table.wholes]
        for line in np.flatnonzero(unknown_parts + unknown_whole == 1):
            cells = table.parts.indices[table.parts.indptr[line] : table.parts.indptr[line + 1]]
            known[cells] = True
            known[table.wholes[line]] = True
        if not (unknown_parts + unknown_whole == 1).any():
            break
    return replace(table, is_known=known)


def _hide_the_cheapest(table: Table, hidden: "np.ndarray[Any, Any]", threshold: int) -> None:
    """For each small count, hide the cheapest cells that let it be as much as the threshold. Changes `hidden`.

    The programme moves the small count up to the threshold and lets other cells move, up or down to nought, so that all
    sums still hold: hidden cells for nothing, shown ones at their cost. What has to move is what has to be hidden. The
    solver starts from its last solution, as two programmes differ by little.
    """
    counts = np.nan_to_num(table.counts)
    lines = np.arange(len(table.wholes))
    balance = table.parts - csr_matrix((np.ones(len(lines)), (lines, table.wholes)), shape=table.parts.shape)
    cells = np.flatnonzero(~np.isnan(table.counts) & ~table.is_known)
    balance = balance.tocsc()[:, cells]
    truth, costs, number = counts[cells], _costs(table)[cells], len(cells)
    place = np.full(len(counts), -1)
    place[cells] = np.arange(number)
    # One variable for each cell's way up and one for its way down.
    solver = _solver(hstack([balance, -balance]).tocsc(), np.concatenate([costs, costs]), truth)
    small = np.flatnonzero(hidden[cells])
    for cell in small:
        solver.changeColCost(int(cell), MOVES_FREELY)
        solver.changeColCost(int(cell + number), MOVES_FREELY)
    is_safe = np.zeros(number, dtype=bool)
    for cell in small[np.argsort(-truth[small], kind="stable")]:
        if is_safe[cell]:
            continue
        solver.changeColBounds(int(cell), float(threshold - truth[cell]), float("inf"))
        solver.changeColBounds(int(cell + number), 0.0, 0.0)
        solver.run()
        values = np.asarray(solver.getSolution().col_value)
        if str(solver.getModelStatus()) != OPTIMAL:
            raise PatternError("what is known from elsewhere gives a hidden count away")
        solver.changeColBounds(int(cell), 0.0, float("inf"))
        solver.changeColBounds(int(cell + number), 0.0, float(truth[cell]))
        move = values[:number] - values[number:]
        for other in np.flatnonzero((np.abs(move) > TOLERANCE) & ~hidden[cells]):
            hidden[cells[other]] = True
            solver.changeColCost(int(other), MOVES_FREELY)
            solver.changeColCost(int(other + number), MOVES_FREELY)
        is_safe |= hidden[cells] & (truth + move >= threshold - TOLERANCE)


def _solver(equations: csr_matrix, costs: "np.ndarray[Any, Any]", truth: "np.ndarray[Any, Any]") -> Any:
    """A HiGHS model in which every sum holds, cells move up without end and down to nought."""
    import highspy

    rows, columns = equations.shape
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = columns, rows
    model.col_cost_ = costs
    model.col_lower_ = np.zeros(columns)
    model.col_upper_ = np.concatenate([np.full(len(truth), highspy.kHighsInf), truth])
    model.row_lower_ = model.row_upper_ = np.zeros(rows)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = equations.indptr
    model.a_matrix_.index_ = equations.indices
    model.a_matrix_.value_ = equations.data
    solver: Any = highspy.Highs  # Untyped.
    solver = solver()
    solver.silent()
    solver.setOptionValue("threads", 1)
    solver.passModel(model)
    return solver


def _costs(table: Table) -> "np.ndarray[Any, Any]":
    """What is lost with each cell: more with each sum that it is the whole of, as regions and totals are read most."""
    return 1 + WHOLE_COSTS * np.bincount(table.wholes, minlength=len(table.counts))


def _hide_more(table: Table, hidden: "np.ndarray[Any, Any]", lines: "np.ndarray[Any, Any]", threshold: int) -> bool:
    """Hide the smallest shown count of the sums that give a cell away, or, failing that, of the whole table.

    Returns:
        Whether there was one.
    """
    counts, costs = np.nan_to_num(table.counts), _costs(table)
    can_hide = ~hidden & ~table.is_known & ~np.isnan(table.counts)
    told_by = np.unique(np.concatenate([table.parts[lines].indices, table.wholes[lines]]))
    told_by = told_by[can_hide[told_by]]
    everywhere = np.flatnonzero(can_hide)
    for candidates in (told_by[counts[told_by] >= threshold], told_by, everywhere[counts[everywhere] > 0], everywhere):
        if len(candidates):
            hidden[candidates[int(np.argmin(costs[candidates]))]] = True
            return True
    return False


def _given_away(table: Table, hidden: "np.ndarray[Any, Any]", threshold: int) -> "list[np.ndarray[Any, Any]]":
    """For each hidden cell that the sums show to be below the threshold, or to be one count: the sums that do so.

    First what follows from one sum after another, which is quick and finds most; only when that finds nothing, what
    follows from all of them at once.
    """
    secret = np.flatnonzero(hidden & ~table.is_known)
    counts = np.nan_to_num(table.counts)
    place = np.full(len(counts), -1)
    place[secret] = np.arange(len(secret))
    whole_columns = place[table.wholes]
    with_whole = np.flatnonzero(whole_columns >= 0)
    equations = table.parts[:, secret] - csr_matrix(
        (np.ones(len(with_whole)), (with_whole, whole_columns[with_whole])), shape=(len(table.wholes), len(secret))
    )
    lines = np.flatnonzero(np.diff(equations.indptr))
    equations = equations[lines]
    by_column = equations.tocsc()
    lowest, highest = _bounds_one_after_another(equations, equations @ counts[secret])
    followed = np.flatnonzero((highest < threshold - TOLERANCE) | (highest - lowest < TOLERANCE))
    if len(followed):
        return [lines[by_column[:, [cell]].indices] for cell in followed]

    _, piece_of = connected_components(equations.T @ equations, directed=False)
    order = np.argsort(piece_of, kind="stable")
    failing: list[np.ndarray[Any, Any]] = []
    for cells in np.split(order, np.flatnonzero(np.diff(piece_of[order])) + 1):
        columns = by_column[:, cells]
        rows = np.unique(columns.indices)
        if len(rows):  # A cell in no sum is given away by none.
            told_by = _told_by(columns.tocsr()[rows], counts[secret[cells]], threshold)
            failing += [lines[rows[binding]] for binding in told_by]
    return failing


def _bounds_one_after_another(
    equations: csr_matrix, known: "np.ndarray[Any, Any]"
) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]":
    """What each unknown can be at least and at most, from each equation with the bounds that the others give.

    An equation's unknowns with their signs come to what is known of it.
    """
    lines, unknowns = equations.shape
    coo = equations.tocoo()
    row, column, plus = coo.row, coo.col, coo.data > 0
    lowest, highest = np.zeros(unknowns), np.full(unknowns, np.inf)
    for _ in range(BOUNDING_ROUNDS):
        # What each term of an equation comes to at least and at most.
        term_low = np.where(plus, lowest[column], -highest[column])
        term_high = np.where(plus, highest[column], -lowest[column])
        rest_low = _sum_of_others(term_low, row, lines)
        rest_high = _sum_of_others(term_high, row, lines)
        term_high = np.minimum(term_high, known[row] - rest_low)
        term_low = np.maximum(term_low, known[row] - rest_high)
        new_lowest, new_highest = lowest.copy(), highest.copy()
        np.maximum.at(new_lowest, column, np.where(plus, term_low, -term_high))
        np.minimum.at(new_highest, column, np.where(plus, term_high, -term_low))
        if np.array_equal(new_lowest, lowest) and np.array_equal(new_highest, highest):
            break
        lowest, highest = new_lowest, new_highest
    return lowest, highest


def _sum_of_others(terms: "np.ndarray[Any, Any]", row: "np.ndarray[Any, Any]", lines: int) -> "np.ndarray[Any, Any]":
    """For each term the sum of the other terms of its line; infinite where one of these is."""
    infinite = np.isinf(terms)
    finite_sum = np.bincount(row, np.where(infinite, 0.0, terms), minlength=lines)[row] - np.where(infinite, 0.0, terms)
    others_infinite = np.bincount(row, infinite, minlength=lines)[row] - infinite > 0
    # All terms of a kind are infinite on the same side: lower bounds downwards, upper bounds upwards.
    sign = np.sign(terms[infinite][0]) if infinite.any() else 1.0
    return np.where(others_infinite, sign * np.inf, finite_sum)


def _told_by(equations: csr_matrix, truth: "np.ndarray[Any, Any]", threshold: int) -> "list[np.ndarray[Any, Any]]":
    """For each unknown of a connected set of equations that is proven small or one count: the equations that prove it.

    The truth satisfies the equations. A solution in which an unknown is at least the
    threshold and not the truth proves it safe. First many are raised at once, as far as they go together; what that
    leaves is tried one by one.
    """
    number = equations.shape[1]
    known = equations @ truth
    is_open = np.ones(number, dtype=bool)

    def learn(solution: "np.ndarray[Any, Any]") -> None:
        is_open[(solution >= threshold - TOLERANCE) & (np.abs(solution - truth) > 1 - TOLERANCE)] = False

    def solve(objective: "np.ndarray[Any, Any]") -> Any:
        return linprog(objective, A_eq=equations, b_eq=known, bounds=(0, None), method="highs")

    aims = np.maximum(threshold, truth + 1)
    for _ in range(ROUNDS_TOGETHER):
        # Beside the unknowns x one y for each that is open, y <= x and y <= its aim; as much y as can be.
        open_cells = np.flatnonzero(is_open)
        many = len(open_cells)
        if many == 0:
            return []
        picks = csr_matrix((np.ones(many), (np.arange(many), open_cells)), shape=(many, number))
        objective = np.concatenate([np.zeros(number), -1 / aims[open_cells]])
        result = linprog(
            objective,
            A_ub=hstack([-picks, identity(many)]).tocsr(),
            b_ub=np.zeros(many),
            A_eq=hstack([equations, csr_matrix((equations.shape[0], many))]).tocsr(),
            b_eq=known,
            bounds=[(0, None)] * number + [(0, aim) for aim in aims[open_cells]],
            method="highs",
        )
        if result.x is None:
            raise PatternError(f"the sums of a table cannot all hold (the solver says {result.status})")
        learn(result.x[:number])
        if is_open.sum() == many:
            break
    told: list[np.ndarray[Any, Any]] = []
    for cell in np.flatnonzero(is_open):
        if not is_open[cell]:
            continue
        objective = np.zeros(number)
        objective[cell] = -1
        largest = solve(objective)
        if largest.status == 3:  # Without a bound: it could be anything.
            continue
        learn(largest.x)
        if is_open[cell] and largest.x[cell] >= threshold - TOLERANCE:
            # As large as it can be is what it is; safe if it could be less.
            smallest = solve(-objective)
            is_open[cell] = truth[cell] - smallest.x[cell] < 1 - TOLERANCE
        if is_open[cell]:
            told.append(np.flatnonzero(np.abs(largest.eqlin.marginals) > TOLERANCE))
    return told
