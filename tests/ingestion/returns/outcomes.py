"""Invented outcomes for tests of receipts and e-mail."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ingestion.returns.findings import Finding, Outcome

WRONG_CODE = Finding(
    rule_code="AGQ-901",
    severity="error",
    message="role_type is not one of its codes.",
    fix="Choose a code from the list in the cell.",
    field="role_type",
    sheet="assignments",
    row=5,
    column="E",
)
UNUSUAL = Finding(
    rule_code="AGQ-902",
    severity="query",
    message="The hourly rate is unusual for the role.",
    fix="Check the rate and its basis.",
    field="hourly_rate",
    sheet="assignments",
    row=7,
    column="I",
)
REJECTED = Outcome(
    submission_id=12,
    collection="agency_quarterly",
    authority_code="E09000007",
    authority_name="Camden",
    period_label="2025/26 Q3",
    version=2,
    file_names=("agency.xlsx",),
    status="rejected",
    already_received=False,
    rows_read=48,
    rows_loaded=0,
    rows_refused=48,
    findings=(WRONG_CODE, UNUSUAL),
    is_synthetic=False,
    received_at=datetime(2026, 7, 5, 13, 3, tzinfo=UTC),
    decided_at=datetime(2026, 7, 5, 13, 4, tzinfo=UTC),
    current_version=1,
)
ACCEPTED = replace(REJECTED, status="accepted", rows_loaded=48, rows_refused=0, findings=(), current_version=2)


def wrong_codes(*rows: int) -> tuple[Finding, ...]:
    """The same wrong code on several rows."""
    return tuple(replace(WRONG_CODE, row=row) for row in rows)


def outcome(**changes: Any) -> Outcome:
    """The rejected return with something changed."""
    return replace(REJECTED, **changes)
