"""Whatever bytes come in, an answer comes out: never an exception, never a half-read return, never a value repeated."""

import csv
import io
import zipfile
from datetime import date
from functools import cache

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ingestion.returns.dates import parse_dates
from ingestion.returns.files import ReturnFile
from ingestion.returns.read import read_return, recognise
from ingestion.returns.reading import Claim, TypedReturn
from ingestion.returns.specification import Specification
from tests.ingestion.returns.files import census_xml, csv_files, excel_workbook, specification, workbook

AGENCY = ("agency_quarterly", "2024/25 Q4")
LEADERSHIP = ("leadership_in_colour", "2024")
PARTS = (
    "[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml",
    "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml",
)  # fmt: skip
LABELS = [item.label for item in specification("csww_census", "2024").record("worker").items]

bounded = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    # The fixture only takes a net away; nothing of it has to be made anew for each example.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def no_reader_fails_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The net under the readers would hide their faults: here it is taken away."""

    def fail(error: Exception) -> None:
        raise AssertionError("a reader raised") from error

    monkeypatch.setattr("ingestion.returns.read._log", fail)


@cache
def good(kind: str) -> bytes:
    if kind == "xml":
        return census_xml(2024, workers=2)
    if kind == "workbook":
        return workbook(*AGENCY)
    if kind == "shared":
        return excel_workbook(
            b"<si><t>la_code</t></si><si><t>period_end</t></si>",
            b'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
            b'<row r="2"><c r="A2"><v>202</v></c><c r="B2" s="1"><v>45747</v></c></row>',
            styles=b'<xf numFmtId="14"/>',
        )
    return csv_files(*AGENCY)[0].content


def described(kind: str) -> Specification:
    return specification("csww_census", "2024") if kind == "xml" else specification(*AGENCY)


def answer(content: bytes, which: Specification | None, name: str = "return") -> TypedReturn:
    """Read, and check what every answer must be."""
    file = ReturnFile(name, content)
    assert isinstance(recognise([file]), Claim)
    result = read_return([file], which)
    assert result.records or result.problems or which is None
    for record in result.records.values():
        assert list(record.frame) == ["source_row", *record.record.names]
        assert record.frame["source_row"].is_monotonic_increasing
        assert (record.frame["source_row"] >= 1).all()
    for problem in result.problems:
        assert problem.occurrences >= 1
        assert problem.row is None or problem.row >= 1
    return result


@bounded
@given(st.binary(max_size=400))
def test_any_bytes_have_an_answer(content: bytes) -> None:
    for which in (described("xml"), described("csv"), None):
        answer(content, which)


@bounded
@given(st.text(max_size=60))
def test_any_name_has_an_answer(name: str) -> None:
    result = answer(good("csv"), described("csv"), name)

    assert [problem.kind for problem in result.problems] in (["missing_table"], ["unsafe_file_name"])


@pytest.mark.parametrize("kind", ["xml", "csv", "workbook", "shared"])
@bounded
@given(st.data())
def test_a_good_file_with_damaged_bytes_has_an_answer(kind: str, data: st.DataObject) -> None:
    content = bytearray(good(kind))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        damage = data.draw(st.sampled_from(["flip", "cut", "repeat", "insert"]))
        length = data.draw(st.integers(1, 40))
        if damage == "flip":
            content[place] ^= data.draw(st.integers(1, 255))
        elif damage == "cut":
            del content[place : place + length]
        elif damage == "repeat":
            content[place:place] = content[place : place + length]
        else:
            content[place:place] = data.draw(st.binary(min_size=1, max_size=20))
        assume(content)
    answer(bytes(content), described(kind))


XML_PIECES = st.sampled_from(
    ["<CSWWWorker>", "</CSWWWorker>", "<FTE>", "</FTE>", "<FTE/>", "<LALevelVacancies>", "</LALevelVacancies>",
     "<Header>", "</Header>", "<LEA>", "</LEA>", "<Year>", "</Year>", "<!-- x -->", "<![CDATA[1]]>", "<?x y?>",
     "&amp;", "&#1;", "&x;", "0.5", "\n", "<x:FTE>", "</x:FTE>", "<ReferenceDate>2024-09-30</ReferenceDate>",
     "<!DOCTYPE a>", "é"]
)  # fmt: skip


@bounded
@given(st.lists(XML_PIECES, max_size=30).map("".join))
def test_any_arrangement_of_xml_has_an_answer(inside: str) -> None:
    answer(f"<Message>{inside}</Message>".encode(), described("xml"))


@bounded
@given(st.text(max_size=40), st.sampled_from(LABELS))
def test_any_text_in_any_item_has_an_answer_that_does_not_repeat_it(text: str, label: str) -> None:
    text = f"{text}Qz"
    result = answer(census_xml(workers=1, **{label: text}), described("xml"))

    assert "Qz" not in repr(result.problems)


CELLS = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.sampled_from(
        ["202", "2024-09-30", "03/04/2024", "SENIOR_MANAGER", "£1,000", "12.0", "#REF!", "=1", "la_code", "-"]
    ),
    st.integers().map(str),
    st.floats().map(str),
)


@bounded
@given(
    st.lists(st.lists(CELLS, max_size=7), max_size=8),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.booleans(),
)
def test_any_cells_in_csv_have_an_answer(
    rows: list[list[str | None]], delimiter: str, encoding: str, has_heading: bool
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    if has_heading:
        writer.writerow(["la_code", "period_end", "tier", "ethnic_group", "headcount"])
    writer.writerows(rows)
    answer(text.getvalue().encode(encoding, "replace"), specification(*LEADERSHIP))


@bounded
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.from_regex(r"[A-Z]{1,3}[0-9]{1,6}", fullmatch=True), st.text(max_size=5)),
            st.sampled_from(["n", "s", "str", "b", "e", "d", "inlineStr", "other"]),
            st.sampled_from(["0", "1", "9", "x", ""]),
            st.one_of(st.text(max_size=12), st.floats().map(str)),
        ),
        max_size=12,
    )
)
def test_any_cells_in_a_workbook_have_an_answer(cells: list[tuple[str | None, str, str, str]]) -> None:
    written = b"".join(
        b'<row><c t="%s" s="%s"%s><v>%s</v></c></row>'
        % (kind.encode(), style.encode(), b"" if place is None else b' r="%s"' % _escaped(place), _escaped(value))
        for place, kind, style, value in cells
    )
    content = excel_workbook(b"<si><t>la_code</t></si>", written, styles=b'<xf numFmtId="14"/>')
    answer(content, described("csv"))


def _escaped(text: str) -> bytes:
    """Text as XML may hold it, every character by its number."""
    allowed = (character for character in text if character.isprintable())
    return "".join(f"&#{ord(character)};" for character in allowed).encode()


@bounded
@given(st.dictionaries(st.sampled_from(PARTS), st.binary(max_size=200), min_size=1))
def test_a_workbook_with_any_parts_has_an_answer(parts: dict[str, bytes]) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good("shared"))) as source, zipfile.ZipFile(content, "w") as target:
        for name in PARTS:
            target.writestr(name, parts.get(name, source.read(name)))
    answer(content.getvalue(), described("csv"))


@bounded
@given(st.lists(st.dates(date(1900, 1, 1), date(2100, 12, 31)), min_size=1, max_size=20))
def test_dates_written_day_first_are_read_right_or_not_at_all(days: list[date]) -> None:
    read = parse_dates([f"{day.day}/{day.month}/{day.year}" for day in days], iso_only=False)

    for day in days:
        assert read[f"{day.day}/{day.month}/{day.year}"] in (day, "ambiguous_date")
    if any(day.day > 12 for day in days):
        assert "ambiguous_date" not in read.values()


@bounded
@given(st.lists(st.dates(date(1900, 1, 1), date(2100, 12, 31)), min_size=1, max_size=20))
def test_dates_written_month_first_are_never_read_wrong(days: list[date]) -> None:
    read = parse_dates([f"{day.month}/{day.day}/{day.year}" for day in days], iso_only=False)

    for day in days:
        assert read[f"{day.month}/{day.day}/{day.year}"] in (day, "ambiguous_date")


@bounded
@given(st.decimals(0, 10**9, places=2, allow_nan=False), st.booleans(), st.booleans())
def test_numbers_are_read_as_they_were_meant(number: object, pound: bool, thousands: bool) -> None:
    text = f"{'£' if pound else ''}{format(number, ',.2f' if thousands else '.2f')}"
    files = csv_files(*AGENCY)
    content = files[0].content.replace(b"34.5", f'"{text}"'.encode(), 1)
    frame = read_return([ReturnFile("a.csv", content)], described("csv")).records["assignment"].frame

    assert frame["hourly_rate"][0] == pytest.approx(float(str(number)))
    assert not pd.isna(frame["hourly_rate"][1])
