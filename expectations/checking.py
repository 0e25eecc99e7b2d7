"""Ask rules of tables of rows with Great Expectations, and say which rows fail.

Great Expectations runs in memory, without telemetry or progress bars, and is imported on first use: that
costs 5 to 7 seconds, so nothing that does not check anything pays for it.
"""

import gc
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from expectations.rules import Question

if TYPE_CHECKING:
    import pandas as pd

# Great Expectations' own words for how bad a failed expectation is.
GX_SEVERITY = {"error": "critical", "query": "warning"}


class CheckingError(RuntimeError):
    """A rule could not be evaluated at all: a fault of the rule or of this code, never of the data."""


# The name of an exception as a traceback ends with it.
_EXCEPTION = re.compile(r"\b[A-Za-z]\w*(?:Error|Exception|Warning)\b(?=:)")


# The library and what is remembered of it belong to the process, and neither bears two checks at once: one waits.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Answer:
    """What came of one question: the positions (0-based) of the rows that fail it, and how many were looked at."""

    question: Question
    rows_checked: int
    failing: tuple[int, ...]


@cache
def great_expectations() -> ModuleType:
    """The library, imported with the garbage collector off: a million objects are made and none is garbage."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        import great_expectations as gx
        from great_expectations.execution_engine import pandas_execution_engine

        import expectations.whole_numbers  # noqa: F401  # Registers our own expectation.

        # A table larger than this has no fingerprint taken. Nothing here asks for one, and it is taken twice.
        pandas_execution_engine.HASH_THRESHOLD = -1
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
    return gx


@contextmanager
def _configurations_remembered() -> Iterator[None]:
    """For a while, let an expectation work out its configuration once.

    The library does so more than a hundred times for each one it evaluates, which is half of its time; expectations
    do not change once they are made.
    """
    from great_expectations.expectations import expectation

    library: Any = expectation.Expectation
    original = library.configuration
    # The expectation is kept too, so that no other can come by its identity.
    remembered: dict[int, tuple[Any, Any]] = {}

    def configuration(self: Any) -> Any:
        known = remembered.get(id(self))
        if known is None:
            known = remembered[id(self)] = (self, original.fget(self))
        return known[1]

    library.configuration = property(configuration)
    try:
        yield
    finally:
        library.configuration = original


def check(frames: Mapping[str, "pd.DataFrame"], asked: Iterable[Question]) -> list[Answer]:
    """Ask every question of its frame, one Great Expectations validation a frame. Threads take turns.

    Args:
        frames: tables by the name the rules know them by, each with a 0-based index.
        asked: the questions; those about a frame that is not there are left out.

    Raises:
        CheckingError: a rule could not be evaluated.
    """
    by_frame: dict[str, list[Question]] = {}
    for question in asked:
        by_frame.setdefault(question.rule.frame, []).append(question)
    with _ONE_AT_A_TIME:
        return _check(frames, by_frame)


def _check(frames: Mapping[str, "pd.DataFrame"], by_frame: Mapping[str, list[Question]]) -> list[Answer]:
    gx = great_expectations()
    definition = _all_rows()
    answers: list[Answer] = []
    for name, questions_here in by_frame.items():
        if name not in frames:
            continue
        batch = definition.get_batch({"dataframe": _columns_asked_of(frames[name], questions_here)})
        suite = gx.ExpectationSuite(
            name=name, expectations=[_expectation(question, place) for place, question in enumerate(questions_here)]
        )
        # Failing rows come back as index positions: naming columns instead is a hundred times slower on a bad file.
        with _configurations_remembered():
            outcome = batch.validate(suite, result_format={"result_format": "COMPLETE"})
        answers += [
            _answer(questions_here[result.expectation_config.meta["place"]], result) for result in outcome.results
        ]
    return answers


@cache
def _all_rows() -> Any:
    """What stands for every frame in its turn: a context is written out anew with each change to it."""
    context = great_expectations().get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    context.enable_analytics(False)
    return (
        context.data_sources.add_pandas("frames")
        .add_dataframe_asset("frame")
        .add_batch_definition_whole_dataframe("all rows")
    )


def _columns_asked_of(frame: "pd.DataFrame", asked: Iterable[Question]) -> "pd.DataFrame":
    """The frame without columns no question names: Great Expectations copies all of it for each question."""
    named: set[str] = set()
    for question in asked:
        for value in (*question.kwargs.values(), *(question.rule.where or {})):
            named.update(value if isinstance(value, list) else [value] if isinstance(value, str) else [])
    return frame[[column for column in frame.columns if column in named]]


def _expectation(question: Question, place: int) -> Any:
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    from expectations.whole_numbers import ExpectColumnValuesToBeWholeNumbers

    rule = question.rule
    if rule.expectation == ExpectColumnValuesToBeWholeNumbers.__name__:
        kind: Any = ExpectColumnValuesToBeWholeNumbers
    else:
        kind = getattr(gxe, rule.expectation)
    condition: Any = None
    for column, value in (rule.where or {}).items():
        this = Column(column).is_in(value) if isinstance(value, list) else Column(column) == value
        condition = this if condition is None else condition & this
    return kind(
        **question.kwargs,
        row_condition=condition,
        severity=GX_SEVERITY[rule.severity],
        meta={"place": place, "code": rule.code, "fix": rule.fix, "owner": rule.owner},
    )


def _answer(question: Question, outcome: Any) -> Answer:
    about = f"{question.rule.code} ({question.field}, {question.rule.expectation} of {question.rule.frame})"
    if outcome.exception_info and outcome.exception_info.get("raised_exception") is not False:
        # What the library says of its exception may hold values of the rows; which kind it is does not.
        kinds = sorted(set(_EXCEPTION.findall(str(outcome.exception_info))))
        raise CheckingError(f"{about} could not be checked: {', '.join(kinds)}")
    details = outcome.result
    failing = tuple(details.get("unexpected_index_list") or ())
    if not outcome.success and not failing:
        raise CheckingError(f"{about} failed without naming a row of {details.get('element_count')}")
    return Answer(question, int(details.get("element_count", 0)), failing)
