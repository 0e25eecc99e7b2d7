"""The gate of analytics: may a delivery count for its days and months?

All deliveries at hand are checked in one run, before anything is loaded. Row rules leave out single rows of a job
extract; in every other delivery a wrong row means that the whole cannot be trusted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from expectations import checking
from expectations.checking import Answer
from expectations.lswc_frames import Expected, file_frame, row_frames
from expectations.outcome import Finding, findings_of
from expectations.rules import Question, load_rules, questions
from ingestion.ledger import Decision
from ingestion.lswc.reading import Part, Problem, ReadDelivery
from ingestion.lswc.specification import load_specification

if TYPE_CHECKING:
    import pandas as pd

SUITES = ("lswc_deliveries", "lswc_web", "lswc_jobs", "lswc_audience")
OWNER = "data engineer"


@dataclass(frozen=True)
class CheckedDelivery:
    """A delivery with its decision: the parts to load (none when it is rejected), and what was found, errors first."""

    delivery: ReadDelivery
    status: Decision
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...]

    @property
    def rows_loaded(self) -> int:
        """How many rows may be loaded."""
        return sum(len(part.rows) for part in self.parts)


def check_deliveries(deliveries: Sequence[ReadDelivery], expected: Sequence[Expected]) -> list[CheckedDelivery]:
    """Decide about every delivery, in their order; none is an empty list.

    Args:
        deliveries: as read, those that could not be read included.
        expected: for each, what it is measured against.

    Raises:
        CheckingError: a rule could not be evaluated; nothing is decided.
    """
    if not any(delivery.parts for delivery in deliveries):
        return [_decided(delivery, [], set()) for delivery in deliveries]
    asked = delivery_questions()
    frames = row_frames(deliveries)
    answers = checking.check(frames, asked)
    refused = [_refused_rows(number, delivery, answers, frames) for number, delivery in enumerate(deliveries)]
    frames["files"] = file_frame(
        deliveries,
        expected,
        [_problem_rows(delivery) + len(rows) for delivery, rows in zip(deliveries, refused, strict=True)],
    )
    answers += checking.check({"files": frames["files"]}, asked)
    checked = []
    for number, delivery in enumerate(deliveries):
        own = [
            replace(answer, failing=_own(frames[answer.question.rule.frame], answer.failing, number))
            for answer in answers
        ]
        checked.append(_decided(delivery, findings_of(own, frames) if delivery.parts else [], refused[number]))
    return checked


def delivery_questions() -> list[Question]:
    """Every rule on deliveries, asked of every field it covers."""
    jobs = load_specification("lswc_jobs").described
    values: dict[str, Any] = {name: jobs[name] for name in ("most_rows_refused_share", "role_groups", "statuses")}
    return questions((rule for suite in SUITES for rule in load_rules(suite)), values)


def _refused_rows(
    number: int, delivery: ReadDelivery, answers: Iterable[Answer], frames: "dict[str, pd.DataFrame]"
) -> set[int]:
    """The rows of a job extract that an error leaves out."""
    if delivery.collection != "lswc_jobs":
        return set()
    rows: set[int] = set()
    for answer in answers:
        frame = frames[answer.question.rule.frame]
        if answer.question.rule.severity == "error" and "source_row" in frame:
            places = list(_own(frame, answer.failing, number))
            rows.update(int(row) for row in frame["source_row"].iloc[places])
    return rows


def _own(frame: "pd.DataFrame", failing: tuple[int, ...], number: int) -> tuple[int, ...]:
    if not failing:
        return ()
    of_delivery = frame["delivery"].to_numpy()[list(failing)] == number
    return tuple(place for place, own in zip(failing, of_delivery, strict=True) if own)


def _problem_rows(delivery: ReadDelivery) -> int:
    return sum(problem.refuses_row for problem in delivery.problems)


def _decided(delivery: ReadDelivery, found: Sequence[Finding], refused: set[int]) -> CheckedDelivery:
    row_rules = _row_rule_codes() if delivery.collection == "lswc_jobs" else frozenset()
    stops = any(each.severity == "error" and each.rule_code not in row_rules for each in found) or any(
        problem.severity == "error" and not problem.refuses_row for problem in delivery.problems
    )
    findings = sorted([*findings_of_reader(delivery.problems), *found], key=lambda each: each.severity != "error")
    if stops or not delivery.parts:
        return CheckedDelivery(delivery, "rejected", (), tuple(findings))
    parts = tuple(
        replace(part, rows=[row for row in part.rows if row["source_row"] not in refused]) if refused else part
        for part in delivery.parts
    )
    return CheckedDelivery(delivery, "accepted_with_queries" if findings else "accepted", parts, tuple(findings))


def _row_rule_codes() -> frozenset[str]:
    """Rules whose error leaves a row of a job extract out: those asked of its rows."""
    return frozenset(
        rule.code for suite in SUITES for rule in load_rules(suite) if rule.frame in ("jobs", "rows", "counts")
    )


def findings_of_reader(problems: Iterable[Problem]) -> list[Finding]:
    """What the reader could not make out, one finding a code and field."""
    grouped: dict[tuple[str, str | None], list[Problem]] = {}
    for problem in problems:
        grouped.setdefault((problem.code, problem.field), []).append(problem)
    findings = []
    for (code, column), same in grouped.items():
        numbers = [problem.row for problem in same if problem.row is not None]
        where = (
            f": rows {', '.join(map(str, numbers[:12]))}{' and more' if len(numbers) > 12 else ''}" if numbers else ""
        )
        findings.append(
            Finding(
                rule_code=code,
                severity=same[0].severity,
                field=column,
                source_row=min(numbers, default=None),
                occurrences=len(same),
                message=f"{same[0].message}{where}.",
                fix=same[0].fix,
                owner=OWNER,
            )
        )
    return findings
