"""The submission gate: is a return fit to be accepted, and if not, what does its sender have to do?

All returns given are checked in one Great Expectations run. A return that could not be read at all is answered with
its problems only. Nothing here touches the database, and no finding holds a value of a file.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from expectations.rules import Question, Rule, questions
from ingestion.returns.findings import Finding, decision_of
from ingestion.returns.reading import ProblemKind, TypedReturn
from ingestion.returns.senders import senders
from ingestion.returns.specification import Specification
from ingestion.settings import Settings

if TYPE_CHECKING:
    from expectations.checking import Answer
    from expectations.returns_findings import Asked
    from expectations.returns_frames import Version

# With one of these the file is not read, so nothing more is said of it, not even whose it might be.
NOT_READ: frozenset[ProblemKind] = frozenset({
    "empty_file", "unsafe_file_name", "too_large", "not_this_format", "encrypted_workbook", "truncated",
    "unpacks_too_large", "doctype", "not_well_formed", "nested_too_deep", "null_bytes", "too_many_columns",
    "too_many_rows", "undecodable_text", "active_content", "unreadable_file",
})  # fmt: skip
# With one of these nothing in the file can be relied on, so its records are asked nothing.
UNREADABLE: frozenset[ProblemKind] = NOT_READ | {"unknown_collection", "no_specification"}


@dataclass(frozen=True)
class RuleResult:
    """One rule in one run, on one collection: how many places were looked at and fail, and in which returns."""

    collection: str
    rule: Rule
    places_checked: int
    places_failing: int
    returns_failing: frozenset[int]


@dataclass(frozen=True)
class ReturnsRun:
    """One run of the gate: `findings[i]` belongs to the i-th return; `rules_run` counts the questions answered."""

    findings: list[list[Finding]]
    rules_run: int
    started_at: datetime
    results: tuple[RuleResult, ...]
    collections: tuple[str | None, ...]


def check_returns(returns: Sequence[TypedReturn]) -> ReturnsRun:
    """Ask every rule of every return, in one run.

    Raises:
        CheckingError: a rule could not be evaluated: a fault of the rule, never of a file.
        RuleError: a suite is badly written.
    """
    from expectations import checking
    from expectations.returns_findings import PROBLEMS, Asked, findings_of_return
    from expectations.returns_frames import Version, problem_rows
    from expectations.returns_rules import file_rules, record_rules

    started_at = datetime.now(UTC)
    returns = [_without_afterthoughts(each) for each in returns]
    asked = Asked()
    if any(each.problems for each in returns):
        asked.frames[PROBLEMS] = problem_rows(returns)
        asked.questions += questions(file_rules(), {})
    for specification, members in _versions(returns):
        _ask(asked, Version(specification, members), record_rules(specification))
    answers = [each for answer in checking.check(asked.frames, asked.questions) for each in _by_rule(asked, answer)]

    failing: list[list[tuple[Answer, list[int]]]] = [[] for _ in returns]
    results: list[RuleResult] = []
    for answer in answers:
        by_return = _by_return(asked, answer)
        for submission, positions in by_return.items():
            failing[submission].append((answer, positions))
        results += _results(asked, answer, by_return, returns)
    return ReturnsRun(
        findings=[findings_of_return(asked, own, each) for own, each in zip(failing, returns, strict=True)],
        rules_run=len(answers),
        started_at=started_at,
        results=tuple(results),
        collections=tuple(_collection(each) for each in returns),
    )


def publish_page(settings: Settings, collection: str, run: ReturnsRun) -> None:
    """Put the run in Data Docs as the collection's newest: every rule, and how many returns and places fail it."""
    from expectations import data_docs
    from expectations.checking import Answer
    from expectations.outcome import Finding as PageFinding
    from expectations.outcome import GateResult
    from expectations.returns_rules import plain_message

    own = [found for found, of in zip(run.findings, run.collections, strict=True) if of == collection]
    rejected = sum(decision_of(found) == "rejected" for found in own)
    by_code: dict[str, list[RuleResult]] = {}
    for result in run.results:
        if result.collection == collection:
            by_code.setdefault(result.rule.code, []).append(result)
    answers, findings = [], []
    for code, parts in by_code.items():
        rule = replace(parts[0].rule, message=plain_message(parts[0].rule))
        failing = sum(part.places_failing for part in parts)
        answers.append(
            Answer(Question(rule, None, {}), sum(part.places_checked for part in parts), tuple(range(failing)))
        )
        if failing:
            returns_failing = len(frozenset().union(*(part.returns_failing for part in parts)))
            message = f"{rule.message}. In {returns_failing} of {len(own)} returns."
            findings.append(PageFinding(code, rule.severity, None, None, failing, message, rule.fix, rule.owner))
    findings.sort(key=lambda finding: finding.severity != "error")
    errors = sum(finding.severity == "error" for finding in findings)
    result_of_run = GateResult(
        gate_run_id=0,
        gate="submission",
        subject=f"{collection}: {len(own)} returns, {rejected} rejected",
        outcome="failed" if errors else "passed_with_queries" if findings else "passed",
        errors=errors,
        queries=len(findings) - errors,
        reason=None,
    )
    page = data_docs.GatePage(f"returns_{collection}", collection, result_of_run, answers, findings)
    data_docs.publish_pages(settings, [page])


def _without_afterthoughts(each: TypedReturn) -> TypedReturn:
    """A file that was not read, with the reason alone."""
    reasons = [problem for problem in each.problems if problem.kind in NOT_READ]
    return replace(each, problems=reasons) if reasons else each


def _collection(each: TypedReturn) -> str | None:
    return each.claim.collection if each.specification is None else each.specification.collection


def _versions(returns: Sequence[TypedReturn]) -> Iterator[tuple[Specification, dict[int, TypedReturn]]]:
    """Readable returns by the version of their specification, with their positions."""
    versions: dict[tuple[str, str], tuple[Specification, dict[int, TypedReturn]]] = {}
    for submission, each in enumerate(returns):
        specification = each.specification
        if specification is None or not each.records or any(p.kind in UNREADABLE for p in each.problems):
            continue
        key = (specification.collection, specification.version)
        versions.setdefault(key, (specification, {}))[1][submission] = each
    yield from versions.values()


def _ask(asked: "Asked", version: "Version", rules: Sequence[Rule]) -> None:
    """Add the questions of one version, and the frames they are asked of."""
    from expectations.returns_columns import frames_of
    from expectations.returns_frames import columns_for
    from expectations.returns_rules import base_record

    collection = version.specification.collection
    name = f"{collection} {version.specification.version}"
    made = frames_of(collection)
    values = {"london_dfe_codes": sorted({code for sender in senders() for code in sender.dfe_codes})}
    single: dict[str, list[Rule]] = {}
    several: list[list[Rule]] = []
    alike: dict[str, list[Rule]] = {}
    for rule in rules:
        if base_record(collection, rule.frame) not in version.records:
            continue  # A problem says that it is missing.
        # A cell by itself tells all about its place, unless that stands in another column.
        if "column" in rule.kwargs and rule.frame not in made and rule.field_column in (None, rule.kwargs["column"]):
            kwargs = questions([replace(rule, for_each=())], values)[0].kwargs
            expected = {**kwargs, "column": None}
            alike.setdefault(f"{rule.expectation} {expected}", []).append(replace(rule, kwargs=kwargs))
        else:
            single.setdefault(rule.frame, []).append(rule)
    for same in alike.values():
        if len(same) > 1 or same[0].for_each:
            several.append(same)
        else:
            single.setdefault(same[0].frame, []).append(same[0])
    for frame, rules_here in single.items():
        place = f"{name} {frame}"
        asked.frames[place] = (
            made[frame].make(version) if frame in made else columns_for(version, version.records[frame], rules_here)
        )
        asked.records[place] = base_record(collection, frame)
        asked.collections[place] = collection
        asked.questions += questions([replace(rule, frame=place) for rule in rules_here], values)
    for number, together in enumerate(several):
        place = f"{name} cells {number}"
        asked.collections[place] = collection
        asked.questions.append(_stacked_question(asked, version, together, place))


def _stacked_question(asked: "Asked", version: "Version", rules: Sequence[Rule], place: str) -> Question:
    """One question for all rules that expect the same of single items, asked of all their cells under one another.

    An expectation costs the same whatever it looks at, and far more than the looking.
    """
    from expectations.returns_frames import parts_of, stacked

    by_code: dict[str, list[Rule]] = {}
    for rule in rules:
        by_code.setdefault(rule.code, []).append(rule)
    parts, ends = [], []
    for same in by_code.values():
        parts += [part for rule in same for each in rule.for_each or (None,) for part in parts_of(version, rule, each)]
        ends.append(sum(len(part.positions) for part in parts))
    asked.frames[place], asked.cells[place] = stacked(parts)
    asked.rules[place] = [
        (replace(same[0], frame=place, where=None, for_each=()), end)
        for same, end in zip(by_code.values(), ends, strict=True)
    ]
    rule = replace(asked.rules[place][0][0], code=" and ".join(by_code))
    return Question(rule, None, {**rule.kwargs, "column": "value"})


def _by_rule(asked: "Asked", answer: "Answer") -> "Iterator[Answer]":
    """What came of each rule of those asked together."""
    question = answer.question
    if question.rule.frame not in asked.rules:
        yield answer
        return
    failing = sorted(answer.failing)
    start = 0
    for rule, end in asked.rules[question.rule.frame]:
        own = failing[bisect_left(failing, start) : bisect_left(failing, end)]
        yield replace(answer, question=replace(question, rule=rule), rows_checked=end - start, failing=tuple(own))
        start = end


def _by_return(asked: "Asked", answer: "Answer") -> dict[int, list[int]]:
    """The failing rows of an answer, by the return they are of."""
    by_return: dict[int, list[int]] = {}
    positions = sorted(answer.failing)
    if positions:
        submissions = asked.frames[answer.question.rule.frame]["submission"].to_numpy()[positions].tolist()
        for submission, position in zip(submissions, positions, strict=True):
            by_return.setdefault(submission, []).append(position)
    return by_return


def _results(
    asked: "Asked", answer: "Answer", by_return: Mapping[int, Sequence[int]], returns: Sequence[TypedReturn]
) -> list[RuleResult]:
    rule = answer.question.rule
    if rule.frame in asked.collections:
        failing = sum(len(positions) for positions in by_return.values())
        return [RuleResult(asked.collections[rule.frame], rule, answer.rows_checked, failing, frozenset(by_return))]
    # Problems of all collections stand in one frame.
    looked_at = Counter(_collection(each) for each in returns for _ in each.problems)
    by_collection: dict[str, set[int]] = {}
    for submission, each in enumerate(returns):
        collection = _collection(each)
        if collection is not None:
            by_collection.setdefault(collection, set()).add(submission)
    return [
        RuleResult(
            collection,
            rule,
            looked_at[collection],
            sum(len(by_return[submission]) for submission in members & by_return.keys()),
            frozenset(members & by_return.keys()),
        )
        for collection, members in by_collection.items()
    ]
