"""Templates: what an authority opens is the period's return, explains itself, and comes back without problems."""

import io
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from lxml import etree
from openpyxl import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner

from expectations.returns_gate import check_returns
from ingestion.returns.commands import app
from ingestion.returns.files import ReturnFile
from ingestion.returns.periods import parse_period
from ingestion.returns.read import read_return
from ingestion.returns.senders import Sender, find_sender
from ingestion.returns.specification import Item, Specification, load_collection, load_specification
from ingestion.returns.templates import template, template_name

TABLES = [
    ("agency_quarterly", "2024/25-Q4"),
    ("agency_quarterly", "2025/26-Q3"),
    ("leadership_in_colour", "2025"),
    ("ep_workforce", "2025/26-Q4"),
]
CENSUS_YEARS = ["2021", "2022", "2023", "2024", "2025"]


def sender(code: str) -> Sender:
    found = find_sender(code)
    assert found is not None
    return found


CAMDEN = sender("202")


def specification(collection: str, period: str) -> Specification:
    return load_specification(collection, parse_period(period, load_collection(collection).frequency))


def workbook(collection: str, period: str, authority: Sender | None = CAMDEN) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(template(specification(collection, period), authority)))


def headings(sheet: Worksheet) -> list[object]:
    return [cell.value for cell in sheet[1]]


def column_of(sheet: Worksheet, name: str) -> str:
    return next(cell.column_letter for cell in sheet[1] if cell.value == name)


def validation_of(sheet: Worksheet, name: str) -> DataValidation:
    place = f"{column_of(sheet, name)}2"
    return next(each for each in sheet.data_validations.dataValidation if place in each.sqref)


def choices(book: Workbook, validation: DataValidation) -> list[object]:
    """What a person sees in the cell's list."""
    source = str(validation.formula1)
    if source.startswith('"'):
        return list(source.strip('"').split(","))
    sheet, cells = source.split("!")
    return [cell.value for (cell,) in book[sheet][cells.replace("$", "")]]


def read_me(book: Workbook) -> str:
    return "\n".join(f"{first.value or ''}: {second.value or ''}" for first, second in book["Read me"]["A1:B60"])


@pytest.mark.parametrize(("collection", "period"), TABLES)
def test_a_template_has_a_sheet_for_each_record_with_its_items_as_headings(collection: str, period: str) -> None:
    book, expected = workbook(collection, period), specification(collection, period)
    assert book.sheetnames == ["Read me", *(record.sheet for record in expected.records), "Codes"]
    for record in expected.records:
        assert headings(book[str(record.sheet)]) == list(record.names)
        assert book[str(record.sheet)].freeze_panes == "A2"


def test_items_on_price_caps_are_there_from_the_quarter_they_came_into_force_and_not_before() -> None:
    on_caps = {"cap_exceeded", "cap_signoff_dcs", "cap_signoff_ce"}
    assert on_caps.isdisjoint(headings(workbook("agency_quarterly", "2025/26-Q2")["assignments"]))
    assert on_caps <= set(headings(workbook("agency_quarterly", "2025/26-Q3")["assignments"]))
    assert "rule_r2_status" in headings(workbook("agency_quarterly", "2026/27-Q1")["authority_summary"])


@pytest.mark.parametrize(("collection", "period"), TABLES)
def test_every_heading_explains_itself_in_a_note(collection: str, period: str) -> None:
    book = workbook(collection, period)
    for record in specification(collection, period).records:
        for cell, item in zip(book[str(record.sheet)][1], record.items, strict=True):
            assert cell.comment is not None
            note = cell.comment.text
            assert item.meaning in note
            assert all(f"{code} = {meaning}" in note for code, meaning in item.codes.items())
            assert item.unit is None or item.unit in note


@pytest.mark.parametrize(("collection", "period"), TABLES)
def test_what_must_be_filled_in_is_marked_by_its_look(collection: str, period: str) -> None:
    book = workbook(collection, period)
    for record in specification(collection, period).records:
        looks: dict[bool, set[str]] = {True: set(), False: set()}
        for cell, item in zip(book[str(record.sheet)][1], record.items, strict=True):
            looks[item.required].add(cell.fill.fgColor.rgb)
        assert len(looks[True]) == 1
        assert looks[True].isdisjoint(looks[False])


@pytest.mark.parametrize(("collection", "period"), TABLES)
def test_coded_items_offer_exactly_their_codes(collection: str, period: str) -> None:
    book = workbook(collection, period)
    for record in specification(collection, period).records:
        for item in record.items:
            if item.codes:
                validation = validation_of(book[str(record.sheet)], item.name)
                assert validation.type == "list" and validation.showErrorMessage
                assert choices(book, validation) == list(item.codes)


def test_numbers_and_dates_are_held_to_what_the_return_allows() -> None:
    sheet = workbook("agency_quarterly", "2025/26-Q3")["assignments"]
    assert (lambda v: (v.type, v.operator, v.formula1, v.formula2))(validation_of(sheet, "notice_weeks")) == (
        "whole", "between", "0", "26",
    )  # fmt: skip
    fte = validation_of(sheet, "fte")
    assert (fte.type, fte.operator, fte.formula1, fte.formula2) == ("decimal", "between", "0", "1.2")
    rate = validation_of(sheet, "hourly_rate")
    assert (rate.type, rate.operator, rate.formula1) == ("decimal", "greaterThanOrEqual", "0")
    starts = validation_of(sheet, "start_date")
    assert (starts.type, starts.operator) == ("date", "between")
    # 46022 is 31 December 2025 as spreadsheets count days.
    ends = validation_of(sheet, "period_end")
    assert (ends.type, ends.operator, ends.formula1) == ("date", "equal", "46022")


def test_codes_stay_text_and_dates_show_as_dates() -> None:
    sheet = workbook("agency_quarterly", "2025/26-Q3")["assignments"]
    for name, shown in {"la_code": "@", "swe_number": "@", "start_date": "dd/mm/yyyy", "hourly_rate": "0.00"}.items():
        assert sheet.column_dimensions[column_of(sheet, name)].number_format == shown


def test_authority_and_period_are_filled_in() -> None:
    summary = workbook("agency_quarterly", "2025/26-Q3")["authority_summary"]
    assert [summary["A2"].value, summary["B2"].value] == ["202", datetime(2025, 12, 31)]


def test_a_table_that_may_be_empty_is_and_says_what_to_write() -> None:
    sheet = workbook("agency_quarterly", "2025/26-Q3")["assignments"]
    assert sheet.max_row == 1
    assert validation_of(sheet, "la_code").prompt == "This return is for Camden: 202."
    assert validation_of(sheet, "period_end").prompt == "This return is for the period that ends on 31/12/2025."


def test_without_an_authority_its_code_is_chosen_from_all_33() -> None:
    book = workbook("agency_quarterly", "2025/26-Q3", None)
    assert book["authority_summary"]["A2"].value is None
    offered = choices(book, validation_of(book["assignments"], "la_code"))
    assert len(offered) == 33
    assert {"201", "202", "314", "320"} <= set(offered)


def test_leadership_in_colour_comes_with_every_tier_and_ethnic_group() -> None:
    sheet = workbook("leadership_in_colour", "2025")["representation"]
    rows = [tuple(cell.value for cell in row[:5]) for row in sheet.iter_rows(min_row=2) if row[2].value]
    # DfE's six roles; 16 ethnic groups and "not stated".
    assert len(rows) == len(set(rows)) == 6 * 17
    assert {row[:2] for row in rows} == {("202", datetime(2025, 9, 30))}
    assert {row[4] for row in rows} == {None}


def test_the_instructions_say_where_it_goes_whom_to_ask_and_what_is_new() -> None:
    made = template(specification("agency_quarterly", "2025/26-Q3"), CAMDEN, desk_email="desk@liia.example")
    text = read_me(openpyxl.load_workbook(io.BytesIO(made)))
    assert "agency_quarterly/2025-26-Q3/E09000007" in text
    assert "desk@liia.example" in text
    assert "1 October 2025 to 31 December 2025 (Q4 2025 by the calendar)" in text
    assert "Price caps are in force from 1 October 2025" in text
    assert "New this time: Nothing: the same as the period before. The last change came with 2025/26 Q3." in read_me(
        workbook("agency_quarterly", "2025/26-Q4")
    )
    assert "New this time: This is the first return of its kind." in read_me(workbook("ep_workforce", "2025/26-Q3"))


@pytest.mark.parametrize(("collection", "period"), TABLES)
def test_a_template_holds_no_formula_and_names_no_user(collection: str, period: str) -> None:
    book = workbook(collection, period)
    assert book.properties.creator == "London Innovation and Improvement Alliance"
    assert {cell.comment.author for sheet in book for row in sheet for cell in row if cell.comment} == {"LIIA"}
    assert "f" not in {cell.data_type for sheet in book for row in sheet for cell in row}


# Filled in and sent back.


def value_of(item: Item) -> str | int | float | date | None:
    """The specification's example as a person would type it."""
    if item.example is None:
        return None
    if item.kind in ("date", "birth_date"):
        return date.fromisoformat(item.example)
    return float(item.example) if item.kind in ("integer", "decimal") else item.example


def filled_in(collection: str, period: str, *, but_not: str | None = None) -> bytes:
    """The template with every cell of its rows filled, and one row where there was none."""
    expected, book = specification(collection, period), workbook(collection, period)
    for record in expected.records:
        sheet = book[str(record.sheet)]
        if record.sheet == but_not:
            continue
        for row in range(2, max(sheet.max_row, 2) + 1):
            for column, item in enumerate(record.items, start=1):
                if sheet.cell(row, column).value is None:
                    sheet.cell(row, column).value = expected.period.end if item.name == "period_end" else value_of(item)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(("collection", "period"), TABLES)
def test_a_template_filled_in_is_read_without_problems_and_accepted(collection: str, period: str) -> None:
    expected = specification(collection, period)
    read = read_return([ReturnFile("return.xlsx", filled_in(collection, period))], expected)
    assert read.problems == []
    assert {name: len(record.frame) for name, record in read.records.items()} == {
        "agency_quarterly": {"assignment": 1, "authority_quarter": 1},
        "leadership_in_colour": {"representation": 102},
        "ep_workforce": {"agency_use": 1, "establishment": 6},
    }[collection]
    assert read.claim.dfe_codes == ("202",)
    assert check_returns([read]).findings == [[]]


def test_an_authority_with_no_agency_work_leaves_that_sheet_as_it_is() -> None:
    expected = specification("ep_workforce", "2025/26-Q4")
    content = filled_in("ep_workforce", "2025/26-Q4", but_not="agency_use")
    read = read_return([ReturnFile("return.xlsx", content)], expected)
    assert read.problems == []
    assert len(read.records["agency_use"].frame) == 0
    assert check_returns([read]).findings == [[]]


# The sample XML.


def sample(year: str, authority: Sender | None = None) -> etree._Element:
    return etree.fromstring(template(specification("csww_census", year), authority))


@pytest.mark.parametrize("year", CENSUS_YEARS)
def test_the_sample_of_every_census_year_passes_every_rule(year: str) -> None:
    expected = specification("csww_census", year)
    read = read_return([ReturnFile("census.xml", template(expected))], expected)
    assert read.problems == []
    assert check_returns([read]).findings == [[]]


def test_the_sample_is_an_employee_a_leaver_and_an_agency_worker_nobody_knows() -> None:
    workers = sample("2025").findall("CSWWWorker")
    assert [(worker.findtext("AgencyWorker"), worker.findtext("RoleEndDate")) for worker in workers] == [
        ("0", None),
        ("0", "2025-03-31"),
        ("1", None),
    ]
    assert all(str(worker.findtext("SWENo")).startswith("SY") for worker in workers)


def test_the_sample_has_the_layout_of_its_year() -> None:
    # Domain notes on the return, 2.5: Sex from 2024; LALevel, allowances and pay from 2025, without QualInst.
    before, after, newest = sample("2023"), sample("2024"), sample("2025")
    assert before.find("CSWWWorker/GenderCurrent") is not None and before.find("CSWWWorker/Sex") is None
    assert after.find("CSWWWorker/Sex") is not None and after.find("CSWWWorker/GenderCurrent") is None
    assert after.find("LALevelVacancies") is not None and after.find("CSWWWorker/QualInst") is not None
    assert newest.find("LALevelVacancies") is None and newest.find("CSWWWorker/QualInst") is None
    assert newest.find("LALevel/RecruitmentBonus") is not None and newest.find("CSWWWorker/BaseSalary") is not None


def test_the_sample_says_whose_and_for_when_it_is() -> None:
    root = sample("2024", sender("E09000019"))
    assert root.findtext("Header/Source/LEA") == "206"
    assert root.findtext("Header/CollectionDetails/Year") == "2024"
    assert root.findtext("Header/CollectionDetails/ReferenceDate") == "2024-09-30"


# The command.


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_writes_the_template_to_a_pipe(here: Path) -> None:
    result = CliRunner().invoke(app, ["template", "agency_quarterly", "2025/26-Q3", "--authority", "CAM"])
    assert result.exit_code == 0
    book = openpyxl.load_workbook(io.BytesIO(result.stdout_bytes))
    assert book["authority_summary"]["A2"].value == "202"
    assert list(here.iterdir()) == []


def test_the_command_never_writes_over_a_file(here: Path) -> None:
    first = CliRunner().invoke(app, ["template", "csww_census", "2025", "--out", "sample.xml"])
    assert (first.exit_code, "sample.xml" in first.output) == (0, True)
    (here / "sample.xml").write_text("somebody's work")
    again = CliRunner().invoke(app, ["template", "csww_census", "2025", "--out", "sample.xml"])
    assert again.exit_code == 1
    assert "is there already" in again.output
    assert (here / "sample.xml").read_text() == "somebody's work"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["agency", "2025/26-Q3"], "agency_quarterly, csww_census, ep_workforce, leadership_in_colour"),
        (["csww_census", "2019"], "begins with 2021"),
        (["csww_census", "2031"], "the newest is 2025"),
        (["agency_quarterly", "2025"], "A quarter is written like 2025/26-Q3"),
        (["agency_quarterly", "2025/26-Q3", "--authority", "E06000001"], "No authority has the code"),
    ],
)
def test_wrong_usage_is_answered_with_what_there_is(here: Path, arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(app, ["template", *arguments])
    assert result.exit_code == 2
    assert says in result.output
    assert "Traceback" not in result.output


def test_files_are_named_for_what_they_are() -> None:
    assert template_name(specification("agency_quarterly", "2025/26-Q3"), CAMDEN) == (
        "agency_quarterly-2025-26-Q3-E09000007.xlsx"
    )
    assert template_name(specification("csww_census", "2024")) == "csww_census-2024.xml"
