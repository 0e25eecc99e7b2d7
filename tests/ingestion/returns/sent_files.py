"""Returns as senders write them, small enough to see through. Registration numbers begin with SY, which none does."""

from pathlib import Path

from ingestion.returns.periods import parse_period
from ingestion.returns.senders import Sender, find_sender
from ingestion.returns.specification import load_specification
from ingestion.returns.templates import template

# The people in `census`: an employee, a leaver and an agency worker.
NUMBERS = ("SY00000001", "SY00000002", "SY00000003")


def sender(code: str) -> Sender:
    found = find_sender(code)
    assert found is not None
    return found


def census(code: str = "CAM", year: int = 2024, *, cases: int = 14, role: str = "5") -> bytes:
    """A census return of three workers. Role 5 is a case holder; 99 is no code at all."""
    content = template(load_specification("csww_census", parse_period(str(year), "annual")), sender(code)).decode()
    content = content.replace("<Cases30>14<", f"<Cases30>{cases}<").replace("<OrgRole>5<", f"<OrgRole>{role}<")
    return content.encode()


def agency_tables(code: str = "CAM", *, rate: str = "34.50", number: str = "SY00000001") -> dict[str, bytes]:
    """The two CSV files of the quarter from October 2025: one assignment, and the authority's summary."""
    la_code = sender(code).dfe_codes[0]
    assignment = {
        "la_code": la_code, "period_end": "2025-12-31", "assignment_id": "A-0001", "swe_number": number,
        "role_type": "SW", "local_role_title": "Social Worker (Assessment)", "start_date": "2025-10-13", "end_date": "",
        "hourly_rate": rate, "payment_basis": "UMBRELLA", "rate_basis": "WORKER_PAY", "cap_exceeded": "N",
        "cap_signoff_dcs": "", "cap_signoff_ce": "", "hours_per_week": "36", "fte": "1", "is_project_team": "N",
        "pqe_years": "5", "pqe_3plus": "Y", "left_substantive_date": "", "left_la_code": "",
        "cool_off_exemption": "", "notice_weeks": "4", "substantive_notice_weeks": "", "references_received": "Y",
        "covers_vacancy": "Y",
    }  # fmt: skip
    summary = {
        "la_code": la_code, "period_end": "2025-12-31", "month_1_cost": "310000", "month_2_cost": "305000",
        "month_3_cost": "298000", "rule_r2_status": "FULL", "cap_breaches": "0", "rule_r3_status": "FULL",
        "rule_r4_status": "FULL", "rule_r5_status": "FULL", "rule_r6_status": "FULL", "rule_r7_status": "FULL",
        "rule_explanation": "", "agencies_of_concern": "",
    }  # fmt: skip
    return {
        "assignments.csv": _table(assignment),
        "authority_summary.csv": _table(summary),
    }


def _table(row: dict[str, str]) -> bytes:
    return f"{','.join(row)}\n{','.join(row.values())}\n".encode()


def land(root: Path, where: str, content: bytes, name: str = "return.xml") -> Path:
    """Put a file into the landing area, for example at `csww_census/2024/CAM`."""
    path = root / where / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
