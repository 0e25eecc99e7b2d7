"""Receipts: the answer first, then where, what and what to do; nothing a spreadsheet could run."""

import io
import json
import re
import zipfile
from dataclasses import replace

import openpyxl
import pytest
from openpyxl import Workbook

from ingestion.returns.receipts import findings_workbook, receipt_files, receipt_json, receipt_text, subject
from ingestion.returns.workbooks import harmless
from tests.ingestion.returns.outcomes import ACCEPTED, REJECTED, UNUSUAL, WRONG_CODE, outcome, wrong_codes


def opened(content: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_first_line_is_the_answer() -> None:
    first = [
        receipt_text(each).splitlines()[0]
        for each in (
            REJECTED,
            ACCEPTED,
            outcome(status="accepted_with_queries", findings=(UNUSUAL,)),
            outcome(submission_id=None, version=None, status="rejected"),
        )
    ]
    assert first[0] == "REJECTED: nothing of it was loaded. 1 error, 1 query."
    assert first[1] == "ACCEPTED: every row was loaded. No problem was found."
    assert first[2] == "ACCEPTED WITH QUERIES: every row was loaded. 1 query."
    assert first[3].startswith("REJECTED: 1 error, 1 query. This was a check: nothing has been sent")


def test_a_receipt_says_whose_return_it_is_and_that_every_row_is_accounted_for() -> None:
    text = one_line(receipt_text(REJECTED))
    assert "Authority Camden (E09000007)" in text
    assert "Period 2025/26 Q3 (1 October 2025 to 31 December 2025)" in text
    assert "Rows 48 read = 0 loaded + 48 refused" in text


def test_times_are_those_of_a_clock_in_london() -> None:
    # 13:03 in Greenwich on a day in July.
    assert "2, received 5 July 2026 at 14:03" in one_line(receipt_text(REJECTED))


def test_a_rejected_correction_says_that_the_accepted_version_still_counts() -> None:
    assert "What counts now version 1, accepted before and left as it was" in one_line(receipt_text(REJECTED))
    assert "What counts now version 2, this one" in one_line(receipt_text(ACCEPTED))


def test_the_same_bytes_again_are_answered_with_what_became_of_them_then() -> None:
    text = one_line(receipt_text(outcome(already_received=True)))
    assert text.startswith(
        "ALREADY RECEIVED: exactly this file came as version 2 on 5 July 2026 at 14:03; it was rejected. "
        "Nothing has changed."
    )


def test_findings_of_one_rule_are_told_once_with_their_first_places() -> None:
    many = outcome(findings=(*wrong_codes(*range(2, 42)), replace(WRONG_CODE, row=None, column=None, occurrences=160)))
    text = one_line(receipt_text(many))
    assert text.count(WRONG_CODE.message) == 1
    assert "Where: sheet assignments, cells E2, E3, E4, E5, E6, E7 and 194 more." in text
    assert text.startswith("REJECTED: nothing of it was loaded. 200 errors.")


def test_errors_come_before_queries() -> None:
    text = receipt_text(outcome(findings=(UNUSUAL, WRONG_CODE)))
    assert text.index("WHAT IS WRONG") < text.index(WRONG_CODE.message)
    assert text.index(WRONG_CODE.message) < text.index("WHAT NEEDS A LOOK") < text.index(UNUSUAL.message)


def test_places_in_an_xml_file_are_lines() -> None:
    findings = tuple(replace(WRONG_CODE, sheet=None, column=None, row=line) for line in (12, 30))
    assert "Where: lines 12, 30." in receipt_text(outcome(findings=findings))


def test_a_rejected_return_is_to_be_sent_again_to_the_same_place() -> None:
    text = one_line(receipt_text(REJECTED))
    assert "send it again to the same place (agency_quarterly/2025-26-Q3/E09000007)" in text


def test_a_check_asks_for_another_check_and_not_for_sending_again() -> None:
    text = one_line(receipt_text(outcome(submission_id=None, version=None)))
    assert "correct the file and check it again before you send it" in text
    assert "send it again" not in text


def test_a_file_that_could_not_be_matched_has_a_receipt_too() -> None:
    nobodys = outcome(collection=None, authority_code=None, authority_name=None, period_label=None, version=None)
    assert "Authority could not be made out" in re.sub(" +", " ", receipt_text(nobodys).replace("\n", " "))
    assert subject(nobodys) == "Rejected: a file that could not be matched to a return"
    assert set(receipt_files(nobodys, "x.xlsx")) == {
        "x.xlsx.receipt.txt",
        "x.xlsx.receipt.json",
        "x.xlsx.findings.xlsx",
    }


def test_an_invented_return_is_marked_so() -> None:
    synthetic = outcome(is_synthetic=True)
    assert "SYNTHETIC: invented data" in receipt_text(synthetic)
    summary = opened(findings_workbook(synthetic))["Summary"]
    assert any("SYNTHETIC" in str(cell.value) for cell in summary["B"])


def test_the_json_receipt_has_what_programs_rely_on() -> None:
    receipt = json.loads(receipt_files(REJECTED, "agency.xlsx")["agency.xlsx.receipt.json"])
    assert receipt == receipt_json(REJECTED)
    assert {key: value for key, value in receipt.items() if key != "findings"} == {
        "status": "rejected", "collection": "agency_quarterly", "authority_code": "E09000007", "authority": "Camden",
        "period": "2025/26 Q3", "version": 2, "files": ["agency.xlsx"], "already_received": False, "synthetic": False,
        "rows_read": 48, "rows_loaded": 0, "rows_refused": 48, "errors": 1, "queries": 1,
    }  # fmt: skip
    assert receipt["findings"][0] == {
        "rule_code": "AGQ-901", "severity": "error", "sheet": "assignments", "row": 5, "column": "E",
        "field": "role_type", "message": WRONG_CODE.message, "fix": WRONG_CODE.fix, "occurrences": 1,
    }  # fmt: skip


def test_the_workbook_lists_each_place_and_can_be_filtered() -> None:
    workbook = opened(findings_workbook(outcome(findings=(UNUSUAL, *wrong_codes(5, 6)))))
    assert workbook.sheetnames == ["Summary", "Findings"]
    findings = workbook["Findings"]
    assert [cell.value for cell in findings[1]] == [
        "Rule", "Severity", "Sheet", "Row or line", "Column", "Item", "What is wrong", "What to do", "How many",
    ]  # fmt: skip
    assert [[cell.value for cell in row[:6]] for row in findings.iter_rows(min_row=2)] == [
        ["AGQ-901", "error", "assignments", 5, "E", "role_type"],
        ["AGQ-901", "error", "assignments", 6, "E", "role_type"],
        ["AGQ-902", "query", "assignments", 7, "I", "hourly_rate"],
    ]
    assert findings.freeze_panes == "A2"
    assert findings.auto_filter.ref == "A1:I4"


def test_a_return_without_findings_has_no_workbook() -> None:
    assert set(receipt_files(ACCEPTED, "agency.xlsx")) == {"agency.xlsx.receipt.txt", "agency.xlsx.receipt.json"}


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "\u202e=1", "\x00=1"]
)
def test_text_that_could_become_a_formula_is_made_harmless(text: str) -> None:
    assert harmless(text).startswith("'")
    hostile = outcome(
        authority_name=text, file_names=(text,), findings=(replace(WRONG_CODE, message=text, sheet=text, field=text),)
    )
    workbook = opened(findings_workbook(hostile))
    for sheet in workbook:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type not in ("f", "e")
                assert not str(cell.value).lstrip().startswith(("=", "+", "-", "@"))


def test_no_sheet_holds_a_formula_or_an_error_cell() -> None:
    content = findings_workbook(outcome(findings=(replace(WRONG_CODE, message="#N/A", fix="=1+1"),)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 2
    assert not any("<f>" in sheet or 't="e"' in sheet for sheet in sheets)


def test_ordinary_text_and_negative_numbers_are_left_alone() -> None:
    assert harmless("Café – 3 = 4, per-day") == "Café – 3 = 4, per-day"
    workbook = opened(findings_workbook(outcome(findings=(replace(WRONG_CODE, row=-1),))))
    assert workbook["Findings"]["D2"].value == -1


def test_workbooks_name_no_user() -> None:
    properties = opened(findings_workbook(REJECTED)).properties
    assert {properties.creator, properties.lastModifiedBy} == {"London Innovation and Improvement Alliance"}


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("re\u202exslx.exe", "re_xslx.exe"),
        ("a\nb.xlsx", "a_b.xlsx"),
        ("..", "file"),
        (".hidden.csv", "hidden.csv"),
        ("x" * 300 + ".xlsx", "x" * 90 + ".xlsx"),
    ],
)
def test_a_hostile_file_name_stays_a_name(sent: str, written: str) -> None:
    assert set(receipt_files(outcome(file_names=(sent,), findings=()), sent)) == {
        f"{written}.receipt.txt",
        f"{written}.receipt.json",
    }
    assert "\u202e" not in receipt_text(outcome(file_names=(sent,)))
