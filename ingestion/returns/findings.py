"""What is said about a return: findings, and the status that follows from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Severity = Literal["error", "query"]
Decision = Literal["accepted", "accepted_with_queries", "rejected"]
Status = Literal["received", "accepted", "accepted_with_queries", "rejected", "superseded"]


@dataclass(frozen=True)
class Finding:
    """One failed rule at one place. Holds no value of the file.

    `row` is the spreadsheet's row (header = 1) or the line of an XML file; `column` the spreadsheet's letter.
    `occurrences` above 1 says that so many more places are counted here, not listed.
    """

    rule_code: str
    severity: Severity
    message: str
    fix: str
    field: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    occurrences: int = 1
    owner: str = "the authority's data officer"

    @property
    def place(self) -> str:
        """Where, in words: `sheet assignments, cell G14`, `line 120`, or nothing."""
        where = [f"sheet {self.sheet}"] if self.sheet else []
        if self.row is not None:
            where.append(
                f"cell {self.column}{self.row}" if self.column else f"{'row' if self.sheet else 'line'} {self.row}"
            )
        elif self.column:
            where.append(f"column {self.column}")
        return ", ".join(where)


def decision_of(findings: Iterable[Finding]) -> Decision:
    """Rejected on any error, accepted with queries on any query."""
    severities = {finding.severity for finding in findings}
    return "rejected" if "error" in severities else "accepted_with_queries" if severities else "accepted"


@dataclass(frozen=True)
class Outcome:
    """What became of one submission, or of one check of files that were not sent (`submission_id` is then None).

    `status` is what was decided when it arrived; for files sent before (`already_received`), what had been decided
    then. `version`, `received_at` and `decided_at` are the submission's own. `current_version` is the version that
    counts for this authority and period now, whichever it is; None where none does or nothing was looked up.
    `authority_name`, `authority_code`, `collection` and `period_label` are None where they could not be made out.
    """

    submission_id: int | None
    collection: str | None
    authority_code: str | None
    authority_name: str | None
    period_label: str | None
    version: int | None
    file_names: Sequence[str]
    status: Status
    already_received: bool
    rows_read: int
    rows_loaded: int
    rows_refused: int
    findings: Sequence[Finding]
    is_synthetic: bool
    received_at: datetime | None = None
    decided_at: datetime | None = None
    current_version: int | None = None

    @property
    def errors(self) -> int:
        """Places that stop the return."""
        return sum(finding.occurrences for finding in self.findings if finding.severity == "error")

    @property
    def queries(self) -> int:
        """Places that need a look."""
        return sum(finding.occurrences for finding in self.findings if finding.severity == "query")
