"""What a gate found, and how it goes into the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from psycopg import Connection

from expectations.checking import Answer
from expectations.rules import Severity

if TYPE_CHECKING:
    import pandas as pd

Gate = Literal["release", "mart", "submission", "disclosure"]
Outcome = Literal["passed", "passed_with_queries", "failed"]

# A finding names this many of its places and counts the rest, of so many failing rows looked at.
PLACES_SHOWN = 12
ROWS_DESCRIBED = 1000


@dataclass(frozen=True)
class Finding:
    """One failed rule, at one field: where it shows first, how often, and what to do.

    `source_row` is the row as a spreadsheet shows it (header = 1), for findings about a file's rows.
    """

    rule_code: str
    severity: Severity
    field: str | None
    source_row: int | None
    occurrences: int
    message: str
    fix: str
    owner: str


@dataclass(frozen=True)
class GateResult:
    """One run of a gate on one subject. `errors` and `queries` count findings; `reason` says why it failed."""

    gate_run_id: int
    gate: Gate
    subject: str
    outcome: Outcome
    errors: int
    queries: int
    reason: str | None


def findings_of(answers: Iterable[Answer], frames: Mapping[str, "pd.DataFrame"]) -> list[Finding]:
    """Failing rows grouped into one finding per rule and field, errors first, in the order of the rules."""
    findings = []
    for answer in answers:
        if not answer.failing:
            continue
        rule = answer.question.rule
        rows = frames[rule.frame].iloc[list(answer.failing)]
        if rule.field_column is not None:
            for field, part in rows.groupby(rule.field_column, sort=False):
                findings.append(_finding(answer, str(field), part))
        elif rule.group_by is not None:
            for group, part in rows.groupby(rule.group_by, sort=False):
                findings.append(_finding(answer, answer.question.field, part, str(group)))
        else:
            findings.append(_finding(answer, answer.question.field, rows))
    return sorted(findings, key=lambda finding: finding.severity != "error")


def _finding(answer: Answer, field: str | None, rows: "pd.DataFrame", group: str = "") -> Finding:
    rule = answer.question.rule
    message = rule.message.replace("{group}", group)
    if rule.shows is not None:
        # `{value}` is the failing column itself, so that one template serves every column a rule is asked of.
        column = answer.question.kwargs.get("column")
        described = rows.head(ROWS_DESCRIBED)
        described = described if column is None else described.assign(value=described[column])
        places = list(dict.fromkeys(rule.shows.format_map(row) for row in described.to_dict("records")))
        shown = "; ".join(places[:PLACES_SHOWN])
        left = len(places) - PLACES_SHOWN
        more = "; and more" if len(rows) > ROWS_DESCRIBED else f"; and {left} more" if left > 0 else ""
        message = f"{message}: {shown}{more}."
    else:
        message = f"{message}."
    return Finding(
        rule_code=rule.code,
        severity=rule.severity,
        field=field,
        source_row=int(rows["source_row"].min()) if "source_row" in rows else None,
        occurrences=len(rows),
        message=message,
        fix=rule.fix,
        owner=rule.owner,
    )


def outcome_of(findings: Sequence[Finding]) -> Outcome:
    """Failed on any error, passed with queries on any query."""
    severities = {finding.severity for finding in findings}
    return "failed" if "error" in severities else "passed_with_queries" if severities else "passed"


def record(
    connection: Connection[Any],
    *,
    gate: Gate,
    subject: str,
    findings: Sequence[Finding],
    rules_run: int,
    started_at: datetime,
    release_id: int | None = None,
) -> GateResult:
    """Enter a gate's run and its findings in the ledger, in the caller's transaction.

    Args:
        connection: as the role `loader`.
        gate: which gate ran.
        subject: what it looked at, as people know it.
        findings: all of them; errors make the run a failed one.
        rules_run: how many expectations were evaluated.
        started_at: when the run began.
        release_id: the release the findings are about, for the release gate.
    """
    errors = [finding for finding in findings if finding.severity == "error"]
    queries = len(findings) - len(errors)
    outcome = outcome_of(findings)
    row = connection.execute(
        "insert into ledger.gate_runs (gate, subject, outcome, rules_run, errors, queries, reason, started_at, "
        "finished_at) values (%s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp()) returning gate_run_id",
        [gate, subject, outcome, rules_run, len(errors), queries, _reason(errors), started_at],
    ).fetchone()
    assert row is not None, "an insert that returns its key returns one row"
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ledger.findings (gate_run_id, release_id, rule_code, severity, field, source_row, "
            "occurrences, message, fix, owner) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                [row[0], release_id, each.rule_code, each.severity, each.field, each.source_row, each.occurrences,
                 each.message, each.fix, each.owner]
                for each in findings
            ],
        )  # fmt: skip
    return GateResult(row[0], gate, subject, outcome, len(errors), queries, _reason(errors))


def _reason(errors: Sequence[Finding]) -> str | None:
    if not errors:
        return None
    first = errors[0]
    where = f" ({first.field})" if first.field else ""
    more = f" And {len(errors) - 1} more." if len(errors) > 1 else ""
    return f"{first.rule_code}{where}: {first.message}{more}"


def recorded_findings(connection: Connection[Any], gate_run_id: int) -> list[Finding]:
    """A gate run's findings, read back from the ledger."""
    rows = connection.execute(
        "select rule_code, severity, field, source_row, occurrences, message, fix, owner "
        "from ledger.findings where gate_run_id = %s order by finding_id",
        [gate_run_id],
    ).fetchall()
    return [Finding(*row) for row in rows]


def counted(errors: int, queries: int) -> str:
    """How many findings, in words."""
    return f"{errors} error{'' if errors == 1 else 's'}, {queries} quer{'y' if queries == 1 else 'ies'}"


def described(result: GateResult, findings: Iterable[Finding]) -> str:
    """A gate's result as lines a person reads."""
    lines = [f"{result.subject}: {result.outcome.replace('_', ' ')}, {counted(result.errors, result.queries)}"]
    for each in findings:
        field = f" {each.field}" if each.field else ""
        times = f" ({each.occurrences} times)" if each.occurrences > 1 else ""
        lines.append(f"  {each.severity} {each.rule_code}{field}{times}: {each.message} {each.fix}")
    return "\n".join(lines)
