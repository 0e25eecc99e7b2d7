"""The list of a reader's problems, kept short: so many places of a kind, then only their number."""

from collections import Counter
from dataclasses import replace

from ingestion.returns.reading import Problem, ProblemKind

MOST_PLACES = 200


class UnreadableError(Exception):
    """Nothing of the file can be used, for the one reason given."""

    def __init__(self, kind: ProblemKind, *, row: int | None = None, detail: str = "") -> None:
        super().__init__(kind)
        self.problem = Problem(kind, row=row, detail=detail)


class ProblemList:
    """Problems in the order they were met, at most `MOST_PLACES` of a kind for each record and item."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._met: Counter[tuple[str, str | None, str | None]] = Counter()
        self._first: dict[tuple[str, str | None, str | None], Problem] = {}

    def add(self, problem: Problem) -> None:
        """Keep a problem, or count it where enough of its kind are listed."""
        same = (problem.kind, problem.record, problem.field)
        self._met[same] += problem.occurrences
        if self._met[same] <= MOST_PLACES:
            self._kept.append(problem)
            self._first.setdefault(same, problem)

    def all(self) -> list[Problem]:
        """Those listed, then one without a place for each kind of which there were more."""
        uncounted = [
            replace(self._first[same], row=None, column=None, detail="", occurrences=met - MOST_PLACES)
            for same, met in self._met.items()
            if met > MOST_PLACES
        ]
        return [*self._kept, *uncounted]
