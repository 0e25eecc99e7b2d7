"""The readers of tables: workbooks and CSV files as people keep them, and what is never guessed."""

import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from ingestion.returns.files import ReturnFile
from ingestion.returns.read import read_return, recognise
from ingestion.returns.reading import Problem, TypedReturn
from ingestion.returns.workbook_reader import read_workbook
from tests.ingestion.returns.files import Value, csv_files, excel_workbook, saved, specification, valid_rows, workbook

AGENCY = ("agency_quarterly", "2024/25 Q4")
LEADERSHIP = ("leadership_in_colour", "2024")
EP = ("ep_workforce", "2025/26 Q3")


def read(content: bytes, which: tuple[str, str] = AGENCY, name: str = "return.xlsx") -> TypedReturn:
    return read_return([ReturnFile(name, content)], specification(*which))


def read_csv(text: str | bytes, which: tuple[str, str] = LEADERSHIP) -> TypedReturn:
    return read(text if isinstance(text, bytes) else text.encode(), which, "return.csv")


def changed(change: Callable[[Any], None], which: tuple[str, str] = AGENCY) -> bytes:
    """A valid workbook after a change by its sender."""
    book = load_workbook(io.BytesIO(workbook(*which)))
    change(book)
    return saved(book)


def agency_with(**values: Value) -> bytes:
    """A valid agency workbook whose first assignment has other values."""
    rows = valid_rows(*AGENCY)
    rows["assignment"][0] |= values
    return workbook(*AGENCY, rows)


def leadership_with(item: str, texts: list[str]) -> TypedReturn:
    """A leadership return in CSV with one row for each text of an item."""
    row = {"la_code": "202", "period_end": "2024-09-30", "tier": "SENIOR_MANAGER", "ethnic_group": "WBRI"}
    rows = {"representation": [{**row, "headcount": "1", item: text} for text in texts]}
    return read_return(csv_files(*LEADERSHIP, rows), specification(*LEADERSHIP))


def ep_dates(texts: list[str]) -> TypedReturn:
    """Educational psychologists' engagements in CSV with these start dates."""
    rows = valid_rows(*EP)
    rows["agency_use"] = [rows["agency_use"][0] | {"start_date": text} for text in texts]
    return read_return(csv_files(*EP, rows), specification(*EP))


def cells(result: TypedReturn, record: str, item: str) -> list[Any]:
    return [None if pd.isna(value) else value for value in result.records[record].frame[item]]


def kinds(result: TypedReturn) -> list[str]:
    return [problem.kind for problem in result.problems]


# What is read


@pytest.mark.parametrize("which", [AGENCY, ("agency_quarterly", "2025/26 Q3"), LEADERSHIP, EP])
def test_a_workbook_and_its_csv_files_are_the_same_return(which: tuple[str, str]) -> None:
    from_workbook = read(workbook(*which), which)
    from_csv = read_return(csv_files(*which), specification(*which))

    assert from_workbook.problems == from_csv.problems == []
    assert from_workbook.claim == from_csv.claim
    assert set(from_workbook.records) == {record.name for record in specification(*which).records}
    for name, record in from_workbook.records.items():
        pd.testing.assert_frame_equal(record.frame, from_csv.records[name].frame)


def test_values_are_typed_and_have_their_rows_and_columns() -> None:
    record = read(agency_with(hourly_rate=34.5, notice_weeks=4)).records["assignment"]
    row = record.frame.iloc[0]

    assert record.frame["source_row"].tolist() == [2, 3]
    assert (record.columns["la_code"], record.columns["hourly_rate"], record.columns["covers_vacancy"]) == (
        "A",
        "I",
        "W",
    )
    assert record.sheet == "assignments"
    assert (row["la_code"], row["hourly_rate"], row["notice_weeks"]) == ("202", 34.5, 4)
    assert row["start_date"] == pd.Timestamp(2025, 1, 13)
    assert pd.isna(row["end_date"])


def test_the_authoritys_number_may_be_a_number() -> None:
    result = read(agency_with(la_code=202))

    assert result.records["assignment"].frame["la_code"].tolist() == ["202", "202"]
    assert result.claim.dfe_codes == ("202",)


def test_dates_may_be_date_cells_serial_numbers_or_text() -> None:
    rows = valid_rows(*AGENCY)
    same_day: list[Value] = [date(2025, 1, 13), datetime(2025, 1, 13, 9, 30), 45670, "2025-01-13", "13/01/2025"]
    rows["assignment"] = [rows["assignment"][0] | {"start_date": value} for value in same_day]

    result = read(workbook(*AGENCY, rows))
    assert result.problems == []
    assert cells(result, "assignment", "start_date") == [pd.Timestamp(2025, 1, 13)] * 5


def test_dates_of_a_workbook_that_counts_from_1904_are_right() -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append([date(2025, 1, 13)])

    assert read_workbook(saved(book))[0].rows == [(1, ["2025-01-13"])]


def test_cells_are_read_as_the_fast_library_reads_them() -> None:
    book = Workbook()
    sheet = book.active
    written = ["text", " spaced\u00a0", "Ünïcode", 5, 2.5, -0.125, 1e-7, 123456789012, 34.1 + 0.2, True, False]
    sheet.append([*written, date(2025, 1, 2), datetime(2025, 1, 2, 3, 4, 5)])
    sheet.append([None, "12", None, "line\nbreak"])
    sheet["C5"] = "far"
    content = saved(book)

    read_by_calamine = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    expected = []
    for number, row in enumerate(read_by_calamine, 1):
        texts = [_as_text(value) for value in row]
        while texts and texts[-1] is None:
            texts.pop()
        if texts:
            expected.append((number, texts))
    assert read_workbook(content)[0].rows == expected


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.12f}".rstrip("0").rstrip(".")
    if isinstance(value, date):
        return value.isoformat()
    return value.strip(" \u00a0") or None


def test_a_sheet_as_excel_writes_it_is_read() -> None:
    texts = (
        b"<si><t>plain</t></si>"
        b"<si><r><t>rich </t></r><r><rPr><b/></rPr><t>text</t></r><rPh><t>spoken</t></rPh></si>"
        b'<si><t xml:space="preserve"> two_x000D_\nlines </t></si>'
        b"<si><t/></si>"
    )
    rows = (
        b'<row r="2" spans="1:9"><c r="A2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c><c r="D2" t="s"><v>2</v></c>'
        b'<c r="E2" t="s"><v>3</v></c><c r="F2" t="str"><f>A2</f><v>plain</v></c><c r="G2" t="e"><v>#REF!</v></c>'
        b'<c r="H2" t="b"><v>0</v></c></row>'
        b'<row r="4"><c r="A4" s="1"><v>45670</v></c>'
        b'<c r="B4" s="2"><v>45670.25</v></c><c r="C4" s="3"><v>45670</v></c>'
        b'<c r="D4" s="4"><v>45670</v></c><c r="E4"><v>34.100000000000001</v></c><c r="F4"><v>3.1E+5</v></c>'
        b'<c r="G4" t="d"><v>2025-01-13</v></c><c r="H4" s="1"><v>59</v></c><c r="I4"><f>1</f></c></row>'
    )
    formats = (
        b'<numFmt numFmtId="164" formatCode="[$-809]dd\\ mmmm\\ yyyy;@"/>'
        b'<numFmt numFmtId="165" formatCode="[Red]#,##0&quot; days&quot;"/>'
    )
    styles = b"".join(b'<xf numFmtId="%d"/>' % number for number in (14, 22, 164, 165))

    (sheet,) = read_workbook(excel_workbook(texts, rows, formats=formats, styles=styles))
    assert sheet.name == "assignments"
    assert sheet.rows == [
        (2, ["plain", None, "rich text", "two\r\nlines", None, "plain", "#REF!", "FALSE"]),
        (
            4,
            ["2025-01-13", "2025-01-13T06:00:00", "2025-01-13", "45670", "34.1", "310000", "2025-01-13", "1900-02-28"],
        ),
    ]


def test_titles_blank_rows_and_columns_and_notes_around_the_table_are_left_out() -> None:
    def decorate(book: Workbook) -> None:
        sheet: Worksheet = book["assignments"]
        sheet.insert_rows(1, 4)
        sheet.insert_cols(1)
        sheet.insert_cols(4)
        sheet["B1"] = "Agency social workers, January to March 2025"
        sheet.merge_cells("B1:H1")
        sheet["B2"] = "Restricted"
        sheet.insert_rows(7)
        sheet["B11"] = "Rates exclude VAT"
        sheet["B13"] = "Figures as agreed with finance"

    result = read(changed(decorate))

    assert result.problems == []
    assert result.records["assignment"].frame["source_row"].tolist() == [6, 8]
    assert result.records["assignment"].columns["la_code"] == "B"
    assert result.records["assignment"].columns["assignment_id"] == "E"


def test_a_last_row_with_one_value_is_data_and_not_a_note() -> None:
    def add(book: Workbook) -> None:
        book["assignments"]["C4"] = "A-0003"

    assert read(changed(add)).rows_read == 4


def test_headings_may_be_written_otherwise_and_stand_in_another_order() -> None:
    text = (
        "Ethnic Group,LEADERSHIP TIER,head-count,LA Number,As at (30 September)\nBCRB,SENIOR_MANAGER,2,202,2024-09-30\n"
    )
    result = read_csv(text)

    assert result.problems == []
    assert cells(result, "representation", "ethnic_group") == ["BCRB"]
    assert result.records["representation"].columns == {
        "ethnic_group": "A",
        "tier": "B",
        "headcount": "C",
        "la_code": "D",
        "period_end": "E",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_any_encoding_and_delimiter_of_a_spreadsheet_is_read(encoding: str, delimiter: str, line_end: str) -> None:
    rows = valid_rows(*AGENCY)["assignment"]
    names = list(rows[0])
    rows[0]["local_role_title"] = "Léonie’s team"
    lines = [names, *([("" if row[name] is None else str(row[name])) for name in names] for row in rows)]
    text = line_end.join(delimiter.join(line) for line in lines) + line_end

    result = read_csv(text.encode(encoding), AGENCY)
    assert kinds(result) == ["missing_table"]
    assert cells(result, "assignment", "local_role_title") == ["Léonie’s team", "Social Worker (Assessment)"]


def test_text_may_hold_delimiters_quotation_marks_and_line_breaks() -> None:
    rows = valid_rows(*AGENCY)
    rows["authority_quarter"][0]["rule_explanation"] = 'One, two; "three"\nand four'

    result = read_return(csv_files(*AGENCY, rows), specification(*AGENCY))
    assert result.problems == []
    assert cells(result, "authority_quarter", "rule_explanation") == ['One, two; "three"\nand four']


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("£34.50", 34.5), ("£ 1,234.50", 1234.5), ("1,234,567", 1_234_567.0), ("34", 34.0), (".5", 0.5), ("34.", 34.0),
        ("-3.25", -3.25), ("34.5000", 34.5), ("007", 7.0), ("  12 ", 12.0),
    ],
)  # fmt: skip
def test_numbers_may_be_text(text: str, value: float) -> None:
    result = read(agency_with(hourly_rate=text))

    assert result.problems == []
    assert cells(result, "assignment", "hourly_rate")[0] == value


@pytest.mark.parametrize(
    "text", ["1.234,5", "34,50", "0,800", "1,23,456", "34.50 an hour", "1e3", "n/a", "-", "50%", "1 2"]
)
def test_what_may_be_another_number_is_none(text: str) -> None:
    result = read(agency_with(hourly_rate=text))

    assert result.problems == [Problem("not_a_number", "assignment", "hourly_rate", "assignments", 2, "I")]
    assert cells(result, "assignment", "hourly_rate") == [None, 33.75]


def test_decimals_are_counted_as_written_and_whole_numbers_are_whole() -> None:
    result = leadership_with("headcount", ["3", "3.0", "3.5", "1,200", ""])

    assert cells(result, "representation", "headcount") == [3, 3, None, 1200, None]
    assert [(problem.kind, problem.row) for problem in result.problems] == [("not_whole", 4)]
    assert kinds(read(agency_with(hourly_rate=34.555))) == ["too_many_decimals"]
    assert kinds(read(agency_with(hourly_rate=0.1 + 0.2))) == []


@pytest.mark.parametrize("written", ["senior_manager", "Senior_Manager", " SENIOR_MANAGER "])
def test_codes_are_matched_whatever_their_case(written: str) -> None:
    assert cells(leadership_with("tier", [written]), "representation", "tier") == ["SENIOR_MANAGER"]


def test_what_is_no_code_is_left_for_the_rule_on_codes() -> None:
    result = leadership_with("tier", ["Chief"])

    assert cells(result, "representation", "tier") == ["Chief"]
    assert result.problems == []


def test_registration_numbers_are_compared_without_blanks_and_case() -> None:
    assert cells(read(agency_with(swe_number="sy 0000 0007")), "assignment", "swe_number")[0] == "SY00000007"


def test_text_longer_than_its_item_is_a_problem() -> None:
    result = read(agency_with(local_role_title="x" * 201))

    assert result.problems == [
        Problem("too_long", "assignment", "local_role_title", "assignments", 2, "F", "at most 200 characters")
    ]


# Dates in text


@pytest.mark.parametrize(
    "text",
    ["2025-11-03", "2025-11-03 00:00:00", "2025-11-03T09:15", "2025/11/3", "3 November 2025", "03-Nov-2025",
     "3rd Nov 2025", "November 3, 2025", "45964", "45964.0"],
)  # fmt: skip
def test_dates_without_doubt_are_read(text: str) -> None:
    result = ep_dates([text])

    assert result.problems == []
    assert cells(result, "agency_use", "start_date") == [pd.Timestamp(2025, 11, 3)]


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["03/11/2025", "25/11/2025"], [date(2025, 11, 3), date(2025, 11, 25)]),
        (["03-11-2025", "25.11.2025"], [date(2025, 11, 3), date(2025, 11, 25)]),
        (["11/11/2025"], [date(2025, 11, 11)]),
        (["03/11/2025", "04/12/2025"], [None, None]),
        (["03/11/2025", "11/25/2025"], [None, None]),
        (["25/11/2025", "11/25/2025", "03/11/2025"], [date(2025, 11, 25), None, None]),
        (["03-Nov-25"], [None]),
        (["25/11/25"], [None]),
    ],
)
def test_a_date_that_could_be_two_is_read_only_where_its_column_proves_the_day_first(
    texts: list[str], days: list[date | None]
) -> None:
    result = ep_dates(texts)

    assert cells(result, "agency_use", "start_date") == [None if day is None else pd.Timestamp(day) for day in days]
    assert kinds(result) == ["ambiguous_date"] * days.count(None)


@pytest.mark.parametrize(
    "text", ["31/02/2025", "2025-13-01", "soon", "1025-11-03", "3 Nov", "13/13/2025", "20251103", "3/11", "0/5/2025"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    result = ep_dates([text])

    assert cells(result, "agency_use", "start_date") == [None]
    assert kinds(result) == ["not_a_date"]


# What is not guessed


def test_an_unknown_column_is_named_by_its_letter_and_the_nearest_heading_known() -> None:
    def add(book: Workbook) -> None:
        book["assignments"]["X1"] = "Hourly rates"
        book["assignments"]["Z1"] = "Jane Example"
        book["assignments"]["AA3"] = "scribble"

    assert read(changed(add)).problems == [
        Problem(
            "unknown_column", "assignment", None, "assignments", 1, "X", "the nearest known heading is hourly_rate"
        ),
        Problem("unknown_column", "assignment", None, "assignments", 1, "Z"),
        Problem("unknown_column", "assignment", None, "assignments", 1, "AA", "it has no heading"),
    ]


def test_a_column_of_a_later_period_is_said_to_be_one() -> None:
    def add(book: Workbook) -> None:
        book["assignments"]["X1"] = "Above cap"

    (problem,) = read(changed(add)).problems
    assert problem.detail == "cap_exceeded belongs to returns of other periods (from 2025/26 Q3)"


def test_a_required_column_may_not_be_missing_an_optional_one_may() -> None:
    def rename(book: Workbook) -> None:
        sheet = book["assignments"]
        sheet.delete_cols(9)
        sheet.delete_cols(8)

    result = read(changed(rename))
    assert result.problems == [Problem("missing_column", "assignment", "hourly_rate", "assignments", 1)]
    assert cells(result, "assignment", "end_date") == [None, None]
    assert cells(result, "assignment", "hourly_rate") == [None, None]


def test_a_heading_may_not_stand_twice_by_whatever_name() -> None:
    def rename(book: Workbook) -> None:
        book["assignments"]["X1"] = "Job type"

    assert read(changed(rename)).problems == [
        Problem("duplicated_column", "assignment", "role_type", "assignments", 1, "X")
    ]


def test_a_missing_sheet_and_a_missing_file_of_the_pair_are_missing_parts() -> None:
    def remove(book: Workbook) -> None:
        del book["authority_summary"]

    from_workbook = read(changed(remove))
    from_csv = read_return(csv_files(*AGENCY)[:1], specification(*AGENCY))
    expected = [Problem("missing_table", "authority_quarter", detail="Authority summary (authority_summary)")]
    assert from_workbook.problems == from_csv.problems == expected
    assert set(from_workbook.records) == {"assignment"}


def test_a_renamed_sheet_is_known_by_its_headings() -> None:
    def rename(book: Workbook) -> None:
        book["assignments"].title = "Q4 data"

    assert read(changed(rename)).problems == []


def test_other_sheets_are_queried_but_not_the_templates_own() -> None:
    def add(book: Workbook) -> None:
        for title in ("Read me", "NOTES", "codes", "Empty", "Pivot of Jane Example"):
            sheet = book.create_sheet(title)
            if title != "Empty":
                sheet.append(["some", "text", "here"])

    assert read(changed(add)).problems == [Problem("extra_table", sheet="number 6")]


def test_a_sheet_without_headings_has_none() -> None:
    def clear(book: Workbook) -> None:
        book["assignments"].delete_rows(1)

    result = read(changed(clear))
    assert [(problem.kind, problem.record) for problem in result.problems] == [("header_not_found", "assignment")]


def test_a_csv_file_of_something_else_has_no_headings() -> None:
    assert kinds(read_csv("name,score\nx,1\n", AGENCY)) == ["header_not_found"]


def test_two_files_with_the_same_table_cannot_both_count() -> None:
    files = csv_files(*AGENCY)
    again = ReturnFile("again.csv", files[0].content)
    result = read_return([*files, again], specification(*AGENCY))

    assert [(problem.kind, problem.record) for problem in result.problems] == [("unreadable_file", "assignment")]


def test_a_quarter_may_have_had_no_assignments_but_not_no_summary() -> None:
    rows = valid_rows(*AGENCY)
    assert read(workbook(*AGENCY, {**rows, "assignment": []})).problems == []

    result = read(workbook(*AGENCY, {**rows, "authority_quarter": []}))
    assert [(problem.kind, problem.record) for problem in result.problems] == [("no_rows", "authority_quarter")]
    assert kinds(read_csv("la_code,period_end,tier,ethnic_group,headcount\n")) == ["no_rows"]


def test_the_summary_is_one_row() -> None:
    rows = valid_rows(*AGENCY)
    result = read(workbook(*AGENCY, {**rows, "authority_quarter": rows["authority_quarter"] * 2}))

    assert [(problem.kind, problem.row) for problem in result.problems] == [("more_than_one_row", 3)]


@pytest.mark.parametrize("shown", ["#REF!", "#N/A", "#DIV/0!"])
def test_an_error_cell_is_a_problem_in_a_workbook_and_in_csv(shown: str) -> None:
    def spoil(book: Workbook) -> None:
        cell = book["assignments"]["I3"]
        cell.value = shown
        cell.data_type = "e"

    expected = [Problem("formula_error", "assignment", "hourly_rate", "assignments", 3, "I")]
    assert read(changed(spoil)).problems == expected
    rows = valid_rows(*AGENCY)
    rows["assignment"][1]["hourly_rate"] = shown
    from_csv = read_return(csv_files(*AGENCY, rows), specification(*AGENCY))
    assert from_csv.problems == expected
    assert cells(from_csv, "assignment", "hourly_rate") == [34.5, None]


def test_of_a_formula_the_value_last_computed_counts() -> None:
    content = _with_part(
        agency_with(hourly_rate=34.5), "sheet1.xml", b"<v>34.5</v>", b'<f>SUM(A1:A2)&amp;"|"</f><v>34.5</v>'
    )

    result = read(content)
    assert result.problems == []
    assert cells(result, "assignment", "hourly_rate")[0] == 34.5


def _with_part(content: bytes, part: str, old: bytes, new: bytes) -> bytes:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename.endswith(part):
                assert old in data
                data = data.replace(old, new, 1)
            target.writestr(info.filename, data)
    return out.getvalue()


# Whose and for when


def test_a_table_says_whose_it_is_in_its_columns() -> None:
    claim = recognise([ReturnFile("return.xlsx", workbook(*AGENCY, la_code="301"))])

    assert (claim.collection, claim.dfe_codes, claim.years, claim.period_ends) == (
        "agency_quarterly",
        ("301",),
        (),
        ("2025-03-31",),
    )


def test_rows_of_two_authorities_and_periods_are_two_claims() -> None:
    rows = valid_rows(*AGENCY)
    rows["assignment"][1] |= {"la_code": "203", "period_end": date(2025, 6, 30)}
    claim = read(workbook(*AGENCY, rows)).claim

    assert claim.dfe_codes == ("202", "203")
    assert claim.period_ends == ("2025-03-31", "2025-06-30")


@pytest.mark.parametrize("which", [AGENCY, ("agency_quarterly", "2025/26 Q3"), LEADERSHIP, EP])
def test_the_collection_is_known_by_the_headings_alone(which: tuple[str, str]) -> None:
    for files in ([ReturnFile("x", workbook(*which))], csv_files(*which), csv_files(*which)[:1]):
        assert recognise(files).collection == which[0]


def test_what_is_no_return_claims_nothing() -> None:
    for content in (b"a,b\n1,2\n", b"<other/>", b"", b"%PDF-1.7"):
        assert recognise([ReturnFile("x", content)]).collection is None
    assert recognise([]).collection is None


def test_without_a_specification_only_the_files_are_looked_at() -> None:
    for files in ([ReturnFile("x", workbook(*AGENCY))], [ReturnFile("x", b"a,b\n1,2\n")]):
        result = read_return(files, None)
        assert (result.problems, result.records) == ([], {})
    assert kinds(read_return([ReturnFile("x", b"")], None)) == ["empty_file"]
