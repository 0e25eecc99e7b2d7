"""How closely can each secret be bounded? Linear programmes with HiGHS, for the disclosure audit.

Numbers of people are whole: a secret bounded by 4.3 and 5.2 is 5. What the programmes find is what an attacker with the
same means finds; one who solves for whole numbers may do better still in tables of three and more dimensions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

# What a cell is to the attack: no secret; hidden behind a symbol; shown nowhere, but part of a sum.
OPEN, HIDDEN, UNSEEN = 0, 1, 2

# A solver's solution is this exact; far less than any whole number.
TOLERANCE = 1e-6
# Rounds in which one programme tries to prove many cells safe at once, before each is asked alone.
ROUNDS = 24
# How often bounds are tightened row by row.
PASSES = 50
# A contradiction is laid to what DfE states before it is laid to a sum of our own.
WEIGHT_OF_A_SUM = 1000.0


class AuditError(RuntimeError):
    """A programme could not be solved: a fault of the audit, never of the tables."""


@dataclass
class Problem:
    """What is known of one table's cells: bounds, sums and inequalities.

    Attributes:
        lower, upper: what is known of each cell by itself; `upper` may be infinite.
        kind: OPEN, HIDDEN or UNSEEN, for each cell.
        threshold: below which a count is a secret, for each cell.
        equal, equal_to: rows of sums, `equal @ cells = equal_to`.
        at_most, at_most_to: rows of inequalities, `at_most @ cells <= at_most_to`.
    """

    lower: Floats
    upper: Floats
    kind: Ints
    threshold: Floats
    equal: sparse.csr_matrix
    equal_to: Floats
    at_most: sparse.csr_matrix
    at_most_to: Floats


@dataclass
class Bounds:
    """What the attack found. Bounds are of solutions met on the way, and exact for recoverable cells."""

    lower: Floats
    upper: Floats
    is_recoverable: Flags
    # Rows of `equal` and `at_most` (after those of `equal`) in parts of the table where no numbers fit.
    contradictory: Ints


def is_found(lower: Floats, upper: Floats, kind: Ints, threshold: Floats) -> Flags:
    """Whether bounds give a secret away: surely below the threshold, or one number only.

    A cell that is shown nowhere gives nothing away while it may be nobody; nor does one that is surely large enough.
    """
    least, most = np.ceil(lower - TOLERANCE), np.floor(upper + TOLERANCE)
    below = most < threshold
    found: Flags = np.where(kind == HIDDEN, below | (least == most), (kind == UNSEEN) & below & (least >= 1))
    return found


def attack(problem: Problem, exactly: bool = False) -> Bounds:
    """Bound every secret of a problem.

    Args:
        problem: what the attacker knows.
        exactly: bound every secret as closely as can be, instead of only until it is proved safe. Slow; for tests.
    """
    number_of_sums = problem.equal.shape[0]
    says_nothing = _says_nothing(problem)
    problem = _tightened(problem)
    lower, upper = problem.lower.copy(), problem.upper.copy()
    is_recoverable = is_found(lower, upper, problem.kind, problem.threshold)
    problem, contradictory = _without_what_is_known(problem)
    for cells, equal, at_most in _parts(problem):
        if says_nothing[np.concatenate([equal, at_most + number_of_sums])].all():
            continue
        part = _Part(problem, cells, equal, at_most)
        if not part.is_possible():
            contradictory = np.concatenate([contradictory, equal, at_most + number_of_sums])
            continue
        lower[cells], upper[cells] = part.bound_each() if exactly else part.bound()
        is_recoverable[cells] = is_found(lower[cells], upper[cells], problem.kind[cells], problem.threshold[cells])
    return Bounds(lower, upper, is_recoverable, contradictory)


def _says_nothing(problem: Problem) -> Flags:
    """Which rows are about cells only of which nothing is known."""
    is_known = (problem.lower > 0) | np.isfinite(problem.upper) | (problem.kind == HIDDEN)
    rows = sparse.vstack([problem.equal, problem.at_most]).tocsr()
    says_nothing: Flags = abs(rows) @ is_known.astype(np.float64) == 0
    return says_nothing


def _tightened(problem: Problem) -> Problem:
    """The problem with bounds that follow from one row at a time, over and over: what a patient reader finds by hand.

    It settles most of a leaky table, and leaves the programmes less to do. Where it finds that nothing fits, it says
    nothing: the programmes find out what does not.
    """
    rows = sparse.vstack([problem.equal, problem.at_most]).tocoo()
    row, cell, sign = rows.row, rows.col, rows.data
    sums = problem.equal.shape[0]
    limit = np.concatenate([problem.equal_to, problem.at_most_to])[row]
    is_sum, is_positive = row < sums, sign > 0
    lower, upper = problem.lower.copy(), problem.upper.copy()
    for _ in range(PASSES):
        # Of each term, the least and the most it can be; of each row without the term, likewise.
        low, high = sign * lower[cell], sign * upper[cell]
        least, most = np.where(is_positive, low, high), np.where(is_positive, high, low)
        rest_least, rest_most = _rest(row, least, rows.shape[0]), _rest(row, most, rows.shape[0])
        at_most, at_least = (limit - rest_least) / sign, np.where(is_sum, limit - rest_most, -np.inf) / sign
        new_upper, new_lower = upper.copy(), lower.copy()
        np.minimum.at(new_upper, cell, np.floor(np.where(is_positive, at_most, at_least) + TOLERANCE))
        np.maximum.at(new_lower, cell, np.ceil(np.where(is_positive, at_least, at_most) - TOLERANCE))
        if (new_lower > new_upper).any():
            return problem
        if (new_lower == lower).all() and (new_upper == upper).all():
            break
        lower, upper = new_lower, new_upper
    return replace(problem, lower=lower, upper=upper)


def _rest(row: Ints, terms: Floats, number_of_rows: int) -> Floats:
    """For each term, the sum of the other terms of its row."""
    is_infinite = np.isinf(terms)
    finite = np.where(is_infinite, 0.0, terms)
    total = np.bincount(row, finite, number_of_rows)
    infinities = np.bincount(row, is_infinite, number_of_rows)
    other_infinities = infinities[row] - is_infinite
    sign_of_infinity = np.bincount(row, np.where(is_infinite, np.sign(terms), 0.0), number_of_rows)[row]
    rest: Floats = np.where(other_infinities > 0, np.copysign(np.inf, sign_of_infinity), total[row] - finite)
    return rest


def _without_what_is_known(problem: Problem) -> tuple[Problem, Ints]:
    """The problem with known cells as constants, and the rows that known cells alone contradict."""
    is_known = problem.lower == problem.upper
    constants = np.where(is_known, problem.lower, 0.0)
    rest = sparse.diags_array((~is_known).astype(np.float64))
    equal, at_most = sparse.csr_matrix(problem.equal @ rest), sparse.csr_matrix(problem.at_most @ rest)
    equal.eliminate_zeros()
    at_most.eliminate_zeros()
    equal_to = problem.equal_to - problem.equal @ constants
    at_most_to = problem.at_most_to - problem.at_most @ constants
    wrong = np.concatenate(
        [
            (np.diff(equal.indptr) == 0) & (np.abs(equal_to) > TOLERANCE),
            (np.diff(at_most.indptr) == 0) & (at_most_to < -TOLERANCE),
        ]
    )
    kind = np.where(is_known, OPEN, problem.kind)
    rest_problem = Problem(
        problem.lower, problem.upper, kind, problem.threshold, equal, equal_to, at_most, at_most_to
    )  # fmt: skip
    return rest_problem, np.flatnonzero(wrong)


def _parts(problem: Problem) -> list[tuple[Ints, Ints, Ints]]:
    """Groups of cells that nothing links to each other: their columns, rows of sums and rows of inequalities."""
    rows = sparse.vstack([problem.equal, problem.at_most]).tocsr()
    number_of_rows = rows.shape[0]
    if number_of_rows == 0:
        return []
    links = sparse.bmat([[None, rows], [rows.T, None]]).tocsr()
    _, labels = connected_components(links, directed=False)
    row_labels, cell_labels = labels[:number_of_rows], labels[number_of_rows:]
    with_secrets = np.unique(cell_labels[problem.kind != OPEN])
    with_rows = np.intersect1d(with_secrets, row_labels)
    sums = problem.equal.shape[0]
    cell_order, row_order = np.argsort(cell_labels, kind="stable"), np.argsort(row_labels, kind="stable")
    cell_starts, row_starts = cell_labels[cell_order], row_labels[row_order]
    found = []
    for label in with_rows:
        cells = cell_order[np.searchsorted(cell_starts, label) : np.searchsorted(cell_starts, label, "right")]
        these = row_order[np.searchsorted(row_starts, label) : np.searchsorted(row_starts, label, "right")]
        found.append((cells, these[these < sums], these[these >= sums] - sums))
    return found


class _Part:
    """One group of linked cells, and the least and most each has been seen to be in a solution."""

    def __init__(self, problem: Problem, cells: Ints, equal: Ints, at_most: Ints) -> None:
        self.equal = problem.equal[equal][:, cells]
        self.equal_to = problem.equal_to[equal]
        self.at_most = problem.at_most[at_most][:, cells]
        self.at_most_to = problem.at_most_to[at_most]
        self.lower = problem.lower[cells]
        self.upper = problem.upper[cells]
        # Something to stop at where nothing else does: more people than the sums speak of.
        ceiling = 1000 + 10 * (np.abs(self.equal_to).sum() + np.abs(self.lower).sum())
        self.highest = np.minimum(self.upper, ceiling)
        self.kind = problem.kind[cells]
        self.threshold = problem.threshold[cells]
        self.size = len(cells)
        self.least = np.full(self.size, np.inf)
        self.most = np.full(self.size, -np.inf)

    def is_possible(self) -> bool:
        """Whether any numbers fit; if so, the first solution is noted."""
        return self._solve(np.where(self.kind == UNSEEN, 1.0, 0.0), np.empty(0, dtype=np.int64), np.empty(0))

    def bound(self) -> tuple[Floats, Floats]:
        """Bounds good enough to tell which secrets are safe."""
        fruitless = 0
        for turn in range(ROUNDS):
            open_cells = np.flatnonzero(~self._is_safe())
            if len(open_cells) <= 2 or fruitless >= 2:
                break
            self._try_together(open_cells, upwards=turn % 2 == 0)
            proved = len(open_cells) - int((~self._is_safe()).sum())
            # Few proofs for a programme of all cells are worth no more than as many programmes of one cell.
            fruitless = fruitless + 1 if proved < 3 else 0
        is_safe = self._is_safe()
        for cell in np.flatnonzero(~is_safe):
            # What was found for another cell may have settled this one.
            if is_safe[cell]:
                continue
            self.most[cell] = self._furthest(cell, -1.0)
            is_safe = self._is_safe()
            if not is_safe[cell]:
                self.least[cell] = self._furthest(cell, 1.0)
                is_safe = self._is_safe()
        return self.least, self.most

    def bound_each(self) -> tuple[Floats, Floats]:
        """The closest bounds of every secret."""
        for cell in np.flatnonzero(self.kind != OPEN):
            self.most[cell] = self._furthest(cell, -1.0)
            self.least[cell] = self._furthest(cell, 1.0)
        return self.least, np.where((self.most >= self.highest) & np.isinf(self.upper), np.inf, self.most)

    def _is_safe(self) -> Flags:
        safe: Flags = ~is_found(self.least, self.most, self.kind, self.threshold)
        return safe

    def _try_together(self, cells: Ints, upwards: bool) -> None:
        """One solution in which as many of the cells as possible are large enough, and others than they were."""
        hidden = cells[self.kind[cells] == HIDDEN]
        objective = np.zeros(self.size)
        objective[cells[self.kind[cells] == UNSEEN]] = 1.0
        too_low = np.floor(self.most[hidden] + TOLERANCE) < self.threshold[hidden]
        if not upwards:
            objective[hidden[~too_low]] = 1.0
            hidden = hidden[too_low]
        wanted = np.maximum(self.threshold[hidden], np.ceil(self.least[hidden] - TOLERANCE) + 1)
        self._solve(objective, hidden, wanted)

    def _furthest(self, cell: np.intp, direction: float) -> float:
        objective = np.zeros(self.size)
        objective[cell] = direction
        self._solve(objective, np.empty(0, dtype=np.int64), np.empty(0))
        return float(self.least[cell] if direction > 0 else self.most[cell])

    def _solve(self, objective: Floats, raised: Ints, wanted: Floats) -> bool:
        """Minimise `objective`, and by how much each of `raised` stays short of what is wanted; note the solution."""
        extra = len(raised)
        equal, at_most, at_most_to = self.equal, self.at_most, self.at_most_to
        lower, highest = self.lower, self.highest
        if extra:
            short = sparse.eye_array(extra)
            raise_cells = sparse.csr_matrix((np.ones(extra), (np.arange(extra), raised)), shape=(extra, self.size))
            equal = sparse.hstack([equal, sparse.csr_matrix((equal.shape[0], extra))])
            at_most = sparse.bmat([[at_most, None], [-raise_cells, -short]])
            at_most_to = np.concatenate([at_most_to, -wanted])
            objective = np.concatenate([objective, np.ones(extra)])
            lower, highest = np.concatenate([lower, np.zeros(extra)]), np.concatenate([highest, np.maximum(wanted, 0)])
        solution = _minimise(objective, equal, self.equal_to, at_most, at_most_to, lower, highest)
        if solution is None:
            return False
        self.least = np.minimum(self.least, solution[: self.size])
        self.most = np.maximum(self.most, solution[: self.size])
        return True


def _minimise(
    objective: Floats,
    equal: sparse.csr_matrix,
    equal_to: Floats,
    at_most: sparse.csr_matrix,
    at_most_to: Floats,
    lower: Floats,
    upper: Floats,
) -> Floats | None:
    """The solution of one linear programme; None where nothing fits."""
    for method in ("highs", "highs-ipm"):
        answer = linprog(
            objective,
            A_eq=equal if equal.shape[0] else None,
            b_eq=equal_to if equal.shape[0] else None,
            A_ub=at_most if at_most.shape[0] else None,
            b_ub=at_most_to if at_most.shape[0] else None,
            bounds=np.column_stack([lower, upper]),
            method=method,
        )
        if answer.status == 0:
            return np.asarray(answer.x, dtype=np.float64)
        if answer.status == 2:
            return None
    raise AuditError(f"A linear programme of {len(objective)} cells could not be solved: {answer.message}")


def mend(problem: Problem, stated: Floats) -> tuple[Flags, Flags]:
    """Which statements must be given up so that numbers fit all the others.

    Args:
        problem: one in which nothing fits once cells are what `stated` says.
        stated: what somebody else states each cell to be; not a number where nobody does.

    Returns:
        flags of the cells whose stated count is given up, and of the rows (sums, then inequalities) given up.
    """
    sums, others, size = problem.equal.shape[0], problem.at_most.shape[0], len(problem.lower)
    cells = np.flatnonzero(~np.isnan(stated))
    said = len(cells)
    states = sparse.csr_matrix((np.ones(said), (np.arange(said), cells)), shape=(said, size))
    # Columns: the cells; how far each sum is over and under, each inequality passed, each statement over and under.
    widths = (size, sums, sums, others, said, said)
    equal = sparse.vstack(
        [
            _row(widths, {0: problem.equal, 1: sparse.eye_array(sums), 2: -sparse.eye_array(sums)}),
            _row(widths, {0: states, 4: sparse.eye_array(said), 5: -sparse.eye_array(said)}),
        ],
        format="csr",
    )
    at_most = _row(widths, {0: problem.at_most, 3: -sparse.eye_array(others)})
    weights = np.repeat([0.0, WEIGHT_OF_A_SUM, WEIGHT_OF_A_SUM, WEIGHT_OF_A_SUM, 1.0, 1.0], widths)
    ceiling = 1000 + 10 * (np.abs(problem.equal_to).sum() + np.abs(problem.lower).sum() + np.nansum(stated))
    gaps = sum(widths) - size
    solution = _minimise(
        weights,
        equal,
        np.concatenate([problem.equal_to, stated[cells]]),
        at_most,
        problem.at_most_to,
        np.concatenate([problem.lower, np.zeros(gaps)]),
        np.concatenate([np.minimum(problem.upper, ceiling), np.full(gaps, 10 * ceiling)]),
    )
    if solution is None:
        raise AuditError("No numbers fit a table even with all its sums given up")
    _, over, under, excess, above, beneath = np.split(solution, np.cumsum(widths)[:-1])
    given_up = np.zeros(size, dtype=np.bool_)
    given_up[cells[above + beneath > TOLERANCE]] = True
    return given_up, np.concatenate([over + under > TOLERANCE, excess > TOLERANCE])


def _row(widths: Sequence[int], blocks: Mapping[int, sparse.csr_matrix]) -> sparse.csr_matrix:
    height = next(iter(blocks.values())).shape[0]
    return sparse.hstack(
        [blocks.get(place, sparse.csr_matrix((height, width))) for place, width in enumerate(widths)], format="csr"
    )
