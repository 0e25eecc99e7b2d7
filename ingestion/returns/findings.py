"""What is said about a return: findings, and the status that follows from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "query"]
Decision = Literal["accepted", "accepted_with_queries", "rejected"]


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
