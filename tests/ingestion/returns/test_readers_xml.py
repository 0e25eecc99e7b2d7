"""The census reader: what it takes in from XML, and what it will not pass over."""

import re

import pandas as pd
import pytest

from ingestion.returns.files import ReturnFile
from ingestion.returns.read import read_return, recognise
from ingestion.returns.reading import Problem, TypedReturn
from tests.ingestion.returns.files import census_xml, specification


def read(content: bytes, year: int = 2024) -> TypedReturn:
    return read_return([ReturnFile("return.xml", content)], specification("csww_census", str(year)))


def kinds(result: TypedReturn) -> list[str]:
    return [problem.kind for problem in result.problems]


def line_of(content: bytes, text: bytes) -> int:
    return content[: content.index(text)].count(b"\n") + 1


@pytest.mark.parametrize("year", [2021, 2022, 2023, 2024, 2025])
def test_a_valid_return_of_each_year_is_read_without_a_problem(year: int) -> None:
    result = read(census_xml(year), year)

    assert result.problems == []
    assert {name: len(record.frame) for name, record in result.records.items()} == {"authority": 1, "worker": 3}
    assert result.rows_read == 4


def test_every_item_is_typed_by_its_kind() -> None:
    worker = read(census_xml(ContractWeeks="13.5", RoleEndDate="2024-03-28")).records["worker"].frame.iloc[0]

    assert worker["agency_worker"] == "0"
    assert worker["swe_no"] == "SY00000001"
    assert worker["fte"] == 0.8
    assert worker["person_birth_date"] == pd.Timestamp(1988, 4, 2)
    assert worker["sex"] == "F"
    assert worker["role_end_date"] == pd.Timestamp(2024, 3, 28)
    assert worker["cases30"] == 14
    assert worker["contract_weeks"] == 13.5
    assert pd.isna(worker["reason_leave"])


def test_columns_are_the_items_in_order_whatever_the_order_in_the_file() -> None:
    content = census_xml(workers=1)
    first, second = b"    <AgencyWorker>0</AgencyWorker>\n", b"    <SWENo>SY00000001</SWENo>\n"
    result = read(content.replace(first + second, second + first))

    names = specification("csww_census", "2024").record("worker").names
    assert list(result.records["worker"].frame) == ["source_row", *names]
    assert result.problems == []


def test_dtypes_do_not_depend_on_what_is_written() -> None:
    everything_left_out = dict.fromkeys(
        item.label for item in specification("csww_census", "2024").record("worker").items
    )
    full, blank = (read(census_xml(workers=1, **changes)) for changes in ({}, everything_left_out))

    dtypes = [str(dtype) for dtype in full.records["worker"].frame.dtypes]
    assert dtypes == [str(dtype) for dtype in blank.records["worker"].frame.dtypes]
    assert set(dtypes) == {"int64", "str", "float64", "Int64", "datetime64[us]"}


@pytest.mark.parametrize("zero", ["0", "0.0", "0.00"])
def test_zero_is_zero_and_never_blank(zero: str) -> None:
    worker = read(census_xml(FTE=zero, Cases30=zero, WorkingDaysLost="")).records["worker"].frame.iloc[0]

    assert worker["fte"] == 0
    assert worker["cases30"] == 0
    assert pd.isna(worker["working_days_lost"])


def test_an_empty_element_is_blank() -> None:
    content = census_xml(workers=1).replace(b"<QualLevel>2</QualLevel>", b"<QualLevel/>")

    assert pd.isna(read(content).records["worker"].frame["qual_level"][0])


def test_each_row_has_the_line_of_its_record() -> None:
    content = census_xml(workers=2)
    records = read(content).records

    assert records["authority"].frame["source_row"].tolist() == [line_of(content, b"<LALevelVacancies>")]
    lines = [number for number, line in enumerate(content.split(b"\n"), 1) if b"<CSWWWorker>" in line]
    assert records["worker"].frame["source_row"].tolist() == lines


def test_lines_stay_right_beyond_65535_in_a_file_of_10000_workers() -> None:
    content = census_xml(workers=10_000)
    frame = read(content).records["worker"].frame

    lines = [number for number, line in enumerate(content.split(b"\n"), 1) if b"<CSWWWorker>" in line]
    assert lines[-1] > 200_000
    assert frame["source_row"].tolist() == lines


def test_repeating_items_keep_every_value_and_the_table_the_first() -> None:
    content = census_xml(workers=2, Absat30Sept="1", ReasonAbsence="SIC").replace(
        b"<ReasonAbsence>SIC</ReasonAbsence>",
        b"<ReasonAbsence>SIC</ReasonAbsence><ReasonAbsence>MAT</ReasonAbsence><ReasonAbsence>TRN</ReasonAbsence>",
    )
    worker = read(content).records["worker"]

    assert worker.frame["reason_absence"][0] == "SIC"
    assert worker.repeated == {0: {"reason_absence": ["SIC", "MAT", "TRN"]}}


def test_a_second_value_that_cannot_be_typed_is_a_problem_too() -> None:
    content = census_xml(workers=1, ContractWeeks="4").replace(
        b"<ContractWeeks>4</ContractWeeks>", b"<ContractWeeks>4</ContractWeeks><ContractWeeks>long</ContractWeeks>"
    )

    assert [(problem.kind, problem.field) for problem in read(content).problems] == [("not_a_number", "ContractWeeks")]


def test_an_item_given_once_may_not_repeat() -> None:
    content = census_xml(workers=1).replace(b"<FTE>0.8</FTE>", b"<FTE>0.8</FTE>\n<FTE>0.6</FTE>")
    result = read(content)

    assert result.problems == [
        Problem("repeated_item", "worker", "FTE", row=line_of(content, b"<FTE>0.6")),
    ]
    assert result.records["worker"].frame["fte"][0] == 0.8


def test_an_item_of_another_year_is_named_with_its_years() -> None:
    content = census_xml(2023, workers=1, Sex="F")
    result = read(content, 2023)

    assert result.problems == [
        Problem(
            "unknown_element",
            "worker",
            row=line_of(content, b"<Sex>"),
            detail="Sex belongs to the returns of 2024, 2025",
        )
    ]


def test_an_unknown_element_is_not_repeated_but_the_nearest_known_named() -> None:
    content = census_xml(workers=1, Ethnicty="Somebody")

    (problem,) = read(content).problems
    assert (problem.kind, problem.detail) == ("unknown_element", "the nearest known name is Ethnicity")


def test_elements_inside_an_item_are_unknown() -> None:
    content = census_xml(workers=1).replace(b"<FTE>0.8</FTE>", b"<FTE><Value>0.8</Value></FTE>")

    assert kinds(read(content)) == ["unknown_element"]


def test_the_authority_record_has_the_name_of_its_year() -> None:
    renamed = census_xml(2025).replace(b"LALevel>", b"LALevelVacancies>")
    result = read(renamed, 2025)

    assert kinds(result) == ["unknown_element", "missing_table"]
    assert result.problems[0].row == line_of(renamed, b"<LALevelVacancies>")
    assert result.problems[1].record == "authority"
    assert kinds(read(census_xml(2024).replace(b"LALevelVacancies>", b"LALevel>"))) == [
        "unknown_element",
        "missing_table",
    ]


def test_a_return_without_workers_misses_a_part() -> None:
    result = read(census_xml(workers=0))

    assert [(problem.kind, problem.record) for problem in result.problems] == [("missing_table", "worker")]


def test_the_authority_states_itself_once() -> None:
    content = census_xml()
    start, end = content.index(b"  <LALevelVacancies>"), content.index(b"  <CSWWWorker>")
    doubled = content[:end] + content[start:end] + content[end:]
    result = read(doubled)

    assert kinds(result) == ["more_than_one_row"]
    assert len(result.records["authority"].frame) == 2


def test_a_namespace_and_a_prefix_are_tolerated() -> None:
    content = census_xml()
    prefixed = re.sub(rb"<(/?)(?=[A-Z])", rb"<\1c:", content).replace(b"<c:Message>", b'<c:Message xmlns:c="urn:csww">')
    default = content.replace(b"<Message>", b'<Message xmlns="urn:csww" version="1">')

    for variant in (prefixed, default):
        result = read(variant)
        assert result.problems == []
        assert result.claim == read(content).claim
        pd.testing.assert_frame_equal(result.records["worker"].frame, read(content).records["worker"].frame)


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "windows-1252"), ("iso-8859-1", "ISO-8859-1")],
)
def test_the_encoding_is_the_one_declared_or_marked(encoding: str, declared: str) -> None:
    text = census_xml(QualInst="Université de Northmere").decode().replace("UTF-8", declared)

    frame = read(text.encode(encoding)).records["worker"].frame
    assert frame["qual_inst"][0] == "Université de Northmere"


def test_letters_of_another_encoding_than_declared_cannot_be_read() -> None:
    content = census_xml(QualInst="Universite").replace(b"Universite", "Université".encode("cp1252"))
    result = read(content)

    assert result.problems == [Problem("undecodable_text", row=line_of(content, b"<QualInst>"))]
    assert result.records == {}


def test_the_header_says_whose_and_for_when() -> None:
    content = census_xml(2024, lea="202")
    claim = recognise([ReturnFile("return.xml", content)])

    assert (claim.collection, claim.dfe_codes, claim.years, claim.period_ends) == (
        "csww_census",
        ("202",),
        ("2024",),
        ("2024-09-30",),
    )
    assert read(content).claim == claim


def test_two_sources_are_two_claims() -> None:
    content = census_xml(lea="314").replace(b"    </Source>\n", b"    </Source>\n    <Source><LEA>318</LEA></Source>\n")

    assert recognise([ReturnFile("return.xml", content)]).dfe_codes == ("314", "318")


def test_slips_of_older_headers_and_no_header_are_tolerated() -> None:
    content = census_xml()
    slips = content.replace(b">CSWW<", b">CSWWW<").replace(b"DateTime>", b"DataTime>")
    assert read(slips).problems == []
    assert recognise([ReturnFile("return.xml", slips)]).collection == "csww_census"

    without = read(census_xml(header=False))
    assert without.problems == []
    assert (without.claim.collection, without.claim.dfe_codes, without.claim.years) == ("csww_census", (), ())


def test_another_collection_in_the_header_is_no_claim_to_be_the_census() -> None:
    content = census_xml().replace(b">CSWW<", b">CIN<")

    assert recognise([ReturnFile("return.xml", content)]).collection is None
    assert read(content).claim.collection is None


def test_recognising_does_not_need_the_end_of_the_file() -> None:
    content = census_xml(workers=2_000)

    assert recognise([ReturnFile("return.xml", content)]) == recognise([ReturnFile("return.xml", content[:300_000])])


@pytest.mark.parametrize(
    ("element", "text", "kind"),
    [
        ("FTE", "1,5", "not_a_number"),
        ("FTE", "abc", "not_a_number"),
        ("FTE", "0.1234567", "too_many_decimals"),
        ("FTE", "1e0", "not_a_number"),
        ("FTE", "NaN", "not_a_number"),
        ("Cases30", "14.5", "not_whole"),
        ("Cases30", "9999999999", "not_a_number"),
        ("Cases30", "٣", "not_a_number"),
        ("RoleStartDate", "07/06/2021", "not_a_date"),
        ("RoleStartDate", "2021-02-29", "not_a_date"),
        ("RoleStartDate", "0021-02-28", "not_a_date"),
        ("PersonBirthDate", "1988", "not_a_date"),
        ("QualInst", "x" * 301, "too_long"),
    ],
)
def test_what_cannot_be_typed_is_null_and_has_its_line_but_not_its_text(element: str, text: str, kind: str) -> None:
    content = census_xml(**{element: text})
    result = read(content)

    (problem,) = result.problems
    assert (problem.kind, problem.record, problem.field) == (kind, "worker", element)
    assert problem.row == line_of(content, b"<CSWWWorker>")
    assert text not in problem.detail
    item = next(item for item in result.records["worker"].record.items if item.label == element)
    assert pd.isna(result.records["worker"].frame[item.name][0])
    assert not pd.isna(result.records["worker"].frame[item.name][1])


@pytest.mark.parametrize(
    ("element", "text", "value"),
    [
        ("FTE", "0.8000000000", 0.8),
        ("Cases30", "14.0", 14),
        ("RoleStartDate", "2021-06-07T00:00:00", pd.Timestamp(2021, 6, 7)),
        ("Ethnicity", "bcrb", "BCRB"),
        ("OrgRole", "5.0", "5"),
        ("OrgRole", "7", "7"),
        ("SWENo", " sy 00000001 ", "SY00000001"),
    ],
)
def test_what_costs_nothing_to_understand_is_understood(element: str, text: str, value: object) -> None:
    result = read(census_xml(**{element: text}))

    item = next(item for item in result.records["worker"].record.items if item.label == element)
    assert result.problems == []
    assert result.records["worker"].frame[item.name][0] == value


def test_of_many_places_200_are_listed_and_the_rest_counted() -> None:
    content = census_xml(workers=250).replace(b"<FTE>0.8</FTE>", b"<FTE>most</FTE>")
    problems = read(content).problems

    assert len(problems) == 201
    assert all(problem.occurrences == 1 and problem.row for problem in problems[:200])
    assert problems[200] == Problem("not_a_number", "worker", "FTE", occurrences=50)


# Plain records are read by a pattern, all others by the parser; a comment anywhere leaves all of them to the parser.
BY_THE_PARSER = b"<!-- -->"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"", b""),
        (b"\n", b"\r\n"),
        (b"<Sex>F</Sex>", b"<Sex> F </Sex>"),
        (b"<Sex>F</Sex>", b"<Sex/>"),
        (b"<Sex>F</Sex>", b"<Sex>&#70;</Sex>"),
        (b"<Sex>F</Sex>", b"<Sex>\n\nF</Sex>"),
        (b"<Sex>F</Sex>", b"<Sex>F</Sex><Sex>F</Sex>"),
        (b"<Sex>F</Sex>", b"<Sex>F</Sex><Other/>"),
        (b"<CSWWWorker>", b"<CSWWWorker new='1'>"),
    ],
)
@pytest.mark.parametrize("everywhere", [True, False])
def test_a_record_reads_the_same_however_plainly_it_is_written(old: bytes, new: bytes, everywhere: bool) -> None:
    content = census_xml().replace(old, new, -1 if everywhere else 1)
    plain, parsed = read(content), read(content + BY_THE_PARSER)

    assert plain.problems == parsed.problems
    assert list(plain.records) == list(parsed.records) == ["authority", "worker"]
    for name, record in plain.records.items():
        pd.testing.assert_frame_equal(record.frame, parsed.records[name].frame)
        assert record.repeated == parsed.records[name].repeated


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<Header>", b"<Header><CSWWWorker><FTE>1</FTE></CSWWWorker>"),
        (b"</Message>", b"<Unknown><CSWWWorker><FTE>1</FTE></CSWWWorker></Unknown></Message>"),
        (b"</Message>", b"<?plain-record CSWWWorker?></Message>"),
        (b"</Message>", b"</Message><CSWWWorker></CSWWWorker>"),
        (b"<Message>", b"<Message note='<CSWWWorker></CSWWWorker>'>"),
    ],
)
def test_what_looks_like_a_record_counts_only_where_records_stand(old: bytes, new: bytes) -> None:
    content = census_xml().replace(old, new)
    plain, parsed = read(content), read(content + BY_THE_PARSER)

    assert content != census_xml()
    assert plain.problems == parsed.problems
    assert [len(record.frame) for record in plain.records.values()] == [
        len(record.frame) for record in parsed.records.values()
    ]
