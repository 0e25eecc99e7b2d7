"""Hostile and broken input: one clear problem, no records, little memory, little time."""

import io
import os
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from ingestion.returns.files import MOST_BYTES, ReturnFile
from ingestion.returns.problems import UnreadableError
from ingestion.returns.read import read_return, recognise
from ingestion.returns.reading import TypedReturn
from ingestion.returns.specification import Specification
from tests.ingestion.returns.files import (
    census_xml,
    csv_files,
    excel_workbook,
    saved,
    specification,
    valid_rows,
    workbook,
)

ROOT = Path(__file__).parents[3]
AGENCY = ("agency_quarterly", "2024/25 Q4")
MEGABYTE = 1024**2

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE Message [
<!ENTITY a0 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">
%s
]>
<Message>&a9;</Message>""" % b"\n".join(
    b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10)
)
EXTERNAL = b"""<?xml version="1.0"?>
<!DOCTYPE Message [<!ENTITY secret SYSTEM "file:///etc/hostname">]>
<Message><CSWWWorker><QualInst>&secret;</QualInst></CSWWWorker></Message>"""


def census() -> Specification:
    return specification("csww_census", "2024")


def agency() -> Specification:
    return specification(*AGENCY)


def only_problem(result: TypedReturn) -> str:
    """The kind of the one problem there must be; no records may be kept."""
    assert result.records == {}
    assert result.rows_read == 0
    (problem,) = result.problems
    assert problem.occurrences == 1
    return problem.kind


def problem_of(content: bytes, described: Specification, name: str = "return") -> str:
    kind = only_problem(read_return([ReturnFile(name, content)], described))
    # Whatever it is, looking at it for whose it is does no harm.
    recognise([ReturnFile(name, content)])
    return kind


def with_parts(content: bytes, **parts: bytes) -> bytes:
    """A workbook with more parts, or other ones in their place; two underscores stand for a slash, one for a dot."""
    named = {name.replace("__", "/").replace("_", "."): data for name, data in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            if info.filename not in named:
                target.writestr(info.filename, source.read(info))
        for name, data in named.items():
            target.writestr(name, data)
    return out.getvalue()


def part(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return package.read(name)


def with_sheet(change: Callable[[bytes], bytes]) -> bytes:
    """A valid workbook whose first sheet's XML was changed."""
    content = workbook(*AGENCY)
    changed = change(part(content, "xl/worksheets/sheet1.xml"))
    assert changed != part(content, "xl/worksheets/sheet1.xml")
    return with_parts(content, xl__worksheets__sheet1_xml=changed)


def with_cell(text: str) -> bytes:
    book = load_workbook(io.BytesIO(workbook(*AGENCY)))
    cell = book["assignments"]["F2"]
    cell.value, cell.data_type = text, "s"
    return saved(book)


# The file


def test_no_file_and_empty_files() -> None:
    assert only_problem(read_return([], agency())) == "empty_file"
    for content in (b"", b",,,\n,,,\n", b"\xef\xbb\xbf", b" \r\n\t ", "\ufeff \n".encode("utf-16-le")):
        assert problem_of(content, agency()) == "empty_file"


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "..\\return.xml", "/etc/passwd", "folder/return.xml", "C:\\return.xml", "C:return.xml", "..",
     "return\u202exml.exe", "return\x00.xml", "return\n.xml", "re\u200bturn.xml", "", "   ", "x" * 300],
)  # fmt: skip
def test_an_unsafe_file_name(name: str) -> None:
    assert problem_of(census_xml(), census(), name) == "unsafe_file_name"


@pytest.mark.parametrize("name", ["return.xml", "Camden Q3 (final) – v2.xlsx", "Rückmeldung_2024.csv"])
def test_a_plain_name_is_none_of_these_and_says_nothing_about_the_format(name: str) -> None:
    assert read_return([ReturnFile(name, census_xml())], census()).problems == []


def test_a_file_over_the_limit() -> None:
    assert problem_of(b"a" * (MOST_BYTES + 1), agency()) == "too_large"


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7\n1 0 obj", b"\x89PNG\r\n\x1a\n\x00\x00", b"\xff\xd8\xff\xe0", b"PK\x05\x06" + b"\0" * 18,
     b"\x1f\x8b\x08\0", b"MZ\x90\0", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600],
)  # fmt: skip
def test_another_format_whatever_the_file_is_called(content: bytes) -> None:
    assert problem_of(content, agency(), "return.xlsx") == "not_this_format"


def test_a_return_in_another_collections_format() -> None:
    assert problem_of(workbook(*AGENCY), census()) == "not_this_format"
    assert problem_of(b"a,b\n1,2\n", census()) == "not_this_format"
    assert problem_of(census_xml(), agency()) == "not_this_format"


def test_several_files_that_are_not_the_csv_files_of_one_return() -> None:
    census_file, table = ReturnFile("return.xml", census_xml()), ReturnFile("return.xlsx", workbook(*AGENCY))

    assert only_problem(read_return([census_file, census_file], census())) == "not_this_format"
    assert only_problem(read_return([table, *csv_files(*AGENCY)], agency())) == "not_this_format"


# XML


def test_external_entities_and_entity_bombs_are_refused_with_their_document_type() -> None:
    assert problem_of(EXTERNAL, census()) == "doctype"
    assert problem_of(BOMB, census()) == "doctype"
    assert problem_of(BOMB.decode().encode("utf-16"), census()) == "doctype"
    assert problem_of(b"<!DOCTYPE html><html></html>", census()) == "doctype"
    assert problem_of(b'<!DOCTYPE Message SYSTEM "http://127.0.0.1:9/x.dtd"><Message/>', census()) == "doctype"


def test_an_entity_nobody_declared() -> None:
    assert problem_of(census_xml(QualInst="x").replace(b">x<", b">&secret;<"), census()) == "not_well_formed"


@pytest.mark.parametrize("where", ["root", "record"])
def test_deep_nesting(where: str) -> None:
    deep = b"<a>" * 200_000
    start = b"<Message>" if where == "root" else b"<Message><CSWWWorker><FTE>"

    assert problem_of(start + deep, census()) == "nested_too_deep"


def test_a_file_that_ends_early_or_is_no_xml_at_all() -> None:
    whole = census_xml()
    assert problem_of(whole[: len(whole) // 2], census()) == "truncated"
    assert problem_of(whole.replace(b"</FTE>", b"</FT>", 1), census()) == "not_well_formed"
    assert problem_of(b"<html><body/></html>", census()) == "not_this_format"


def test_null_bytes() -> None:
    assert problem_of(census_xml().replace(b"Northmere", b"North\0mere"), census()) == "null_bytes"
    assert problem_of(b"la_code,period_end\n202,\0\n", agency()) == "null_bytes"


def test_elements_with_endless_names() -> None:
    names = b"".join(b"<x%d/>" % number for number in range(5_000))

    assert problem_of(b"<Message><CSWWWorker>" + names, census()) == "not_this_format"


def test_attributes_with_endless_names() -> None:
    workers = b"".join(b'<CSWWWorker a%d="" b%d=""/>' % (number, number) for number in range(5_000))

    assert problem_of(b"<Message>" + workers + b"</Message>", census()) == "not_this_format"


def test_one_endless_tag() -> None:
    tag = b"<Message>\n<CSWWWorker " + b" ".join(b'a%d=""' % number for number in range(400_000))

    assert problem_of(tag + b"/></Message>", census()) == "not_well_formed"


def test_more_workers_or_items_than_there_are() -> None:
    blank = b"<Message>" + b"<CSWWWorker/>" * 200_001 + b"</Message>"
    items = b"".join(b"<%b/>" % item.label.encode() for item in census().record("worker").items)
    full = b"<Message>" + b"<CSWWWorker>%b</CSWWWorker>" % items * 45_000 + b"</Message>"

    assert problem_of(blank, census()) == "too_many_rows"
    assert problem_of(full, census()) == "too_large"


# Workbooks


def test_a_truncated_workbook() -> None:
    content = workbook(*AGENCY)
    for length in (20, len(content) // 2, len(content) - 30):
        assert problem_of(content[:length], agency()) == "truncated"


def test_a_damaged_part() -> None:
    content = bytearray(workbook(*AGENCY))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as package:
        offset = package.getinfo("xl/worksheets/sheet1.xml").header_offset
    content[offset + 200] ^= 0xFF

    assert problem_of(bytes(content), agency()) == "truncated"


def test_an_encrypted_workbook() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000 + "EncryptedPackage".encode("utf-16-le")
    assert problem_of(ole, agency()) == "encrypted_workbook"

    locked = bytearray(workbook(*AGENCY))
    place = locked.index(b"PK\x01\x02")
    locked[place + 8] |= 1
    assert problem_of(bytes(locked), agency()) == "encrypted_workbook"


@pytest.mark.parametrize("name", ["xl__workbook_bin", "content_xml", "word__document_xml"])
def test_a_package_of_another_kind(name: str) -> None:
    content = with_parts(workbook(*AGENCY), **{name: b"<x/>"})

    assert problem_of(content, agency()) == "not_this_format"


def test_a_zip_file_that_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("return.csv", "la_code")

    assert problem_of(out.getvalue(), agency()) == "not_this_format"


def test_more_parts_than_any_workbook_has() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for number in range(2_001):
            package.writestr(f"{number}", b"")

    assert problem_of(out.getvalue(), agency()) == "unpacks_too_large"


def test_a_workbook_that_says_it_unpacks_to_more_than_the_limit() -> None:
    zeros = with_parts(workbook(*AGENCY), xl__media__a_xml=b"0" * (101 * MEGABYTE))

    assert len(zeros) < MEGABYTE
    assert problem_of(zeros, agency()) == "unpacks_too_large"


def test_a_part_that_unpacks_to_more_than_it_says() -> None:
    sheet = part(workbook(*AGENCY), "xl/worksheets/sheet1.xml")
    content = with_parts(workbook(*AGENCY), xl__worksheets__sheet1_xml=sheet + b" " * (10 * MEGABYTE))
    real, said = (struct.pack("<L", size) for size in (len(sheet) + 10 * MEGABYTE, len(sheet)))
    assert content.count(real) == 2

    assert problem_of(content.replace(real, said), agency()) == "truncated"


def test_a_part_that_is_packed_in_an_unusual_way() -> None:
    out = io.BytesIO()
    content = workbook(*AGENCY)
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as target:
        for info in source.infolist():
            target.writestr(info.filename, source.read(info))

    assert problem_of(out.getvalue(), agency()) == "unreadable_file"


@pytest.mark.parametrize(
    "name",
    ["xl__vbaProject_bin", "xl__externalLinks__externalLink1_xml", "xl__embeddings__oleObject1_bin",
     "xl__connections_xml", "xl__macrosheets__sheet1_xml", "xl__activeX__activeX1_xml"]
)  # fmt: skip
def test_a_workbook_with_something_that_runs(name: str) -> None:
    assert problem_of(with_parts(workbook(*AGENCY), **{name: b"<x/>"}), agency()) == "active_content"


@pytest.mark.parametrize(
    "formula",
    ["cmd|'/C calc'!A0", "cmd&#124;'/C calc'!A0", "<![CDATA[cmd|'/C calc'!A0]]>", "1+MSEXCEL|'x'!A0",
     'WEBSERVICE("http://127.0.0.1/")', "_xlfn.WEBSERVICE(A1)", 'CALL("Kernel32","x")'],
)  # fmt: skip
def test_a_formula_that_reaches_outside(formula: str) -> None:
    content = with_sheet(lambda sheet: sheet.replace(b"<v>34.5</v>", f"<f>{formula}</f><v>1</v>".encode(), 1))

    assert problem_of(content, agency()) == "active_content"


def test_a_name_that_is_such_a_formula() -> None:
    content = workbook(*AGENCY)
    main = part(content, "xl/workbook.xml").replace(
        b"<definedNames", b"<definedNames><definedName name=\"a\">cmd|'/C calc'!A0</definedName></definedNames><x"
    )
    if b"cmd|" not in main:
        main = part(content, "xl/workbook.xml").replace(
            b"</sheets>",
            b"</sheets><definedNames><definedName name=\"a\">cmd|'/C calc'!A0</definedName></definedNames>",
        )

    assert problem_of(with_parts(content, xl__workbook_xml=main), agency()) == "active_content"


def test_a_sheet_with_a_document_type_or_deep_nesting_or_no_end() -> None:
    def before_root(text: bytes) -> Callable[[bytes], bytes]:
        return lambda sheet: sheet.replace(b"<worksheet", text + b"<worksheet", 1)

    assert problem_of(with_sheet(before_root(b'<!DOCTYPE x [<!ENTITY a "b">]>')), agency()) == "doctype"
    assert problem_of(with_sheet(lambda sheet: sheet[:-40]), agency()) == "unreadable_file"
    nested = with_sheet(lambda sheet: sheet.replace(b"<sheetData>", b"<a>" * 1000 + b"<sheetData>"))
    assert problem_of(nested, agency()) == "nested_too_deep"


@pytest.mark.parametrize(
    ("reference", "kind"),
    [("XFD2", "too_many_columns"), ("A1048576", "too_many_rows"), ("A99999999999", "unreadable_file"),
     ("ZZZZZ1", "unreadable_file"), ("-1", "unreadable_file")],
)  # fmt: skip
def test_a_cell_far_outside(reference: str, kind: str) -> None:
    digits = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ-")
    cell = f'<row r="{digits}"><c r="{reference}" t="n"><v>1</v></c></row></sheetData>'.encode()

    assert problem_of(with_sheet(lambda sheet: sheet.replace(b"</sheetData>", cell)), agency()) == kind


def test_empty_formatted_cells_far_outside_are_nothing() -> None:
    row = b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    content = with_sheet(lambda sheet: sheet.replace(b"</sheetData>", row))

    assert read_return([ReturnFile("return.xlsx", content)], agency()).problems == []


def test_a_text_that_is_not_there() -> None:
    content = with_sheet(lambda sheet: sheet.replace(b't="n"><v>34.5</v>', b't="s"><v>99999</v>', 1))

    assert problem_of(content, agency()) == "unreadable_file"


# CSV


def test_a_million_columns_in_one_row() -> None:
    assert problem_of(b"," * 1_000_000, agency()) == "too_many_columns"
    assert problem_of(b"a,b\n" + b"1," * 1_000_000 + b"\n", agency()) == "too_many_columns"
    assert problem_of(b"la_code," + b"x," * 1_000 + b"\n", agency()) == "too_many_columns"


def test_a_million_columns_over_many_lines_of_one_quoted_row() -> None:
    content = (b'"\n",' + b"1," * 5_000) * 200

    assert problem_of(content, agency()) == "too_many_columns"


def test_more_rows_than_any_return() -> None:
    assert problem_of(b"la_code,period_end\n" + b"202,x\n" * 200_001, agency()) == "too_many_rows"


def test_more_cells_than_any_return() -> None:
    assert problem_of((b"1," * 400 + b"\n") * 8_000, agency()) == "too_large"


def test_a_quotation_mark_that_is_never_closed() -> None:
    content = csv_files(*AGENCY)[0].content.replace(b"A-0001", b'"A-0001')

    assert problem_of(content, agency()) == "unreadable_file"


def test_bytes_of_no_encoding() -> None:
    assert problem_of(b"la_code,period_end\n202,\x81\x8d\n", agency()) == "undecodable_text"
    assert problem_of(b"\xff\xfel\0a\0x", agency()) == "undecodable_text"


# Cells


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200b", "\u200f", "\x07", "\x85", "\ufeff", "\U000e0041"])
def test_characters_that_hide_something(character: str) -> None:
    rows = valid_rows(*AGENCY)
    rows["assignment"][0]["local_role_title"] = f"Social{character}worker"
    result = read_return(csv_files(*AGENCY, rows), agency())

    assert only_problem(result) == "hidden_characters"
    place = result.problems[0]
    assert (place.field, place.sheet, place.row, place.column) == ("local_role_title", "assignments", 2, "F")


def test_characters_that_hide_something_in_a_workbook_and_in_xml() -> None:
    assert problem_of(with_cell("rekrow\u202e laicoS"), agency()) == "hidden_characters"
    assert problem_of(census_xml(QualInst="x\u202ey"), census()) == "hidden_characters"
    escaped = with_sheet(lambda sheet: sheet.replace(b">Social Worker", b">Social_x202E_Worker", 1))
    assert problem_of(escaped, agency()) == "hidden_characters"


@pytest.mark.parametrize(
    "text",
    ["=cmd|'/C calc'!A0", "=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd|'x'!A0", "\t=1+1", "\r=1+1", " =1+1",
     "＝1+1", "-x", "+44 20 7946 0000"],
)  # fmt: skip
def test_text_that_begins_like_a_formula(text: str) -> None:
    rows = valid_rows(*AGENCY)
    rows["assignment"][1]["local_role_title"] = text
    result = read_return(csv_files(*AGENCY, rows), agency())

    assert only_problem(result) == "formula_text"
    assert (result.problems[0].row, result.problems[0].column) == (3, "F")
    assert problem_of(with_cell(text.replace("\r", "\t")), agency()) == "formula_text"


def test_text_that_begins_like_a_formula_in_xml() -> None:
    result = read_return([ReturnFile("return.xml", census_xml(QualInst="=HYPERLINK(A1)"))], census())

    assert only_problem(result) == "formula_text"
    assert result.problems[0].field == "QualInst"


@pytest.mark.parametrize("text", ["-5", "+3.5", "-£1,200.50", "-", "--", "a=b", "e-mail @ home", "5 - 3", "- 4", "-.5"])
def test_signed_numbers_and_dashes_are_no_formulas(text: str) -> None:
    rows = valid_rows(*AGENCY)
    rows["assignment"][1]["local_role_title"] = text

    assert read_return(csv_files(*AGENCY, rows), agency()).problems == []


# Memory and time

_MEASURE = """
import re, sys, time
from ingestion.returns.files import ReturnFile
from ingestion.returns.read import read_return, recognise
from ingestion.returns.specification import load_specification
from ingestion.returns.periods import parse_period
key, period, frequency, path = sys.argv[1:]
content = open(path, "rb").read()
started = time.monotonic()
recognise([ReturnFile("return", content)])
result = read_return([ReturnFile("return", content)], load_specification(key, parse_period(period, frequency)))
# Its own peak: what the kernel reports to the parent starts with the parent's.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
print(",".join(problem.kind for problem in result.problems), result.rows_read,
      peak // 1024, round(time.monotonic() - started, 1))
"""


def measured(path: Path, key: str, period: str, frequency: str) -> tuple[str, int, int, float]:
    """The kinds of problems, rows, peak memory in MB and seconds of reading a file in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, key, period, frequency, str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    kinds, rows, memory, seconds = done.stdout.split(" ")
    return kinds, int(rows), int(memory), float(seconds)


def two_gigabytes(path: Path, said: int) -> None:
    """A workbook whose first sheet is 2 GB of cells, whatever size its directory says."""
    content = workbook(*AGENCY)
    start = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush a block stands for itself: the same megabyte packed once and repeated.
    block = packer.compress(b'<row><c t="n"><v>1</v></c></row>' * 32_768) + packer.flush(zlib.Z_FULL_FLUSH)
    packed += block * 2_000 + packer.flush()
    name = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(path, "w") as target:
        for info in source.infolist():
            if info.filename != name:
                target.writestr(info.filename, source.read(info))
        target.writestr(name, packed)
        local = target.getinfo(name).header_offset
    raw = bytearray(path.read_bytes())
    central = raw.rindex(name.encode()) - 46
    # The part was stored as it is: call it deflated, of the size said, in both of its headers.
    for header, method, sizes in ((local, 8, 18), (central, 10, 20)):
        raw[header + method] = zipfile.ZIP_DEFLATED
        assert struct.unpack_from("<LL", raw, header + sizes) == (len(packed), len(packed))
        struct.pack_into("<LL", raw, header + sizes, len(packed), said)
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("said", "kind"), [(2_097_152_000, "unpacks_too_large"), (1024, "truncated"), (90 * MEGABYTE, "too_many_rows")]
)
def test_a_workbook_of_two_gigabytes_takes_little_memory_and_time(tmp_path: Path, said: int, kind: str) -> None:
    path = tmp_path / "bomb.xlsx"
    two_gigabytes(path, said)
    assert path.stat().st_size < 20 * MEGABYTE

    kinds, rows, memory, seconds = measured(path, *AGENCY, "quarterly")
    assert (kinds, rows) == (kind, 0)
    assert memory < 300
    assert seconds < 30


def test_a_long_text_that_many_cells_name_takes_little_memory(tmp_path: Path) -> None:
    cells = b"".join(b'<row r="%d"><c r="H%d" t="s"><v>0</v></c></row>' % (row, row) for row in range(5, 50_000))
    path = tmp_path / "amplified.xlsx"
    path.write_bytes(excel_workbook(b"<si><t>" + b"x" * 500_000 + b"</t></si>", cells))

    kinds, _, memory, seconds = measured(path, *AGENCY, "quarterly")
    assert kinds == "unpacks_too_large"
    assert memory < 300
    assert seconds < 30


def test_an_entity_bomb_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xml"
    path.write_bytes(BOMB)

    kinds, rows, memory, seconds = measured(path, "csww_census", "2024", "annual")
    assert (kinds, rows) == ("doctype", 0)
    assert memory < 200
    assert seconds < 30


@pytest.mark.parametrize(
    ("piece", "kind"),
    [
        (b"<CSWWWorker><FTE>1</FTE><FTE>1</FTE></CSWWWorker>", "too_many_rows"),
        (b"<CSWWWorker><QualInst>" + b"x" * 2_000_000 + b"</QualInst></CSWWWorker>", "too_long"),
    ],
)
def test_the_largest_xml_that_is_taken_stays_under_500_mb(tmp_path: Path, piece: bytes, kind: str) -> None:
    path = tmp_path / "large.xml"
    path.write_bytes(b"<Message>" + piece * ((MOST_BYTES - 100) // len(piece)) + b"</Message>")

    kinds, _, memory, seconds = measured(path, "csww_census", "2024", "annual")
    assert kind in kinds
    assert memory < 500
    assert seconds < 30


@pytest.mark.parametrize("row", [b",\n", b"1234," * 300 + b"\n"])
def test_the_largest_csv_file_that_is_taken_stays_under_500_mb(tmp_path: Path, row: bytes) -> None:
    path = tmp_path / "large.csv"
    path.write_bytes(b"la_code,period_end\n" + row * ((MOST_BYTES - 100) // len(row)))

    _, rows, memory, seconds = measured(path, *AGENCY, "quarterly")
    assert rows == 0
    assert memory < 500
    assert seconds < 30


def test_brackets_without_end_in_a_heading_cost_no_time() -> None:
    started = time.monotonic()
    read_return([ReturnFile("return.csv", b"la_code," + b"(" * 120_000 + b"\n202,1\n")], agency())

    assert time.monotonic() - started < 5


def test_an_error_of_a_reader_itself_repeats_nothing_of_the_file(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("Jane Example")

    monkeypatch.setattr("ingestion.returns.read.read_census", fail)
    assert problem_of(census_xml(), census()) == "unreadable_file"
    assert "KeyError" in caplog.text
    assert "Jane" not in caplog.text
    assert "Jane" not in str(UnreadableError("unreadable_file"))
