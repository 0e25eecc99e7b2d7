"""Reading a published file: what is taken as it comes, what is refused by name."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.statistics.reader import OtherFile, ReleaseFile, UnreadableFile, read_release
from ingestion.statistics.specification import load_specification
from tests.conftest import REAL_RELEASES, needs_real_data

SPECIFICATION = load_specification()
GEOGRAPHY = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name,"
    "old_la_code,new_la_code,la_name"
)
MEASURES = [column.name for column in SPECIFICATION.layout("indicators").measures]
CAMDEN = "2025,Reporting year,Local authority,E92000001,England,E13000001,Inner London,202,E09000007,Camden"


def indicators_file(header: str | None = None, *rows: str) -> bytes:
    """A small indicators file with invented figures."""
    lines = [
        header or f"{GEOGRAPHY},{','.join(MEASURES)}",
        *(rows or (f"{CAMDEN},{','.join(['1.5'] * len(MEASURES))}",)),
    ]
    return "\n".join(lines).encode() + b"\n"


def read(content: bytes, name: str = "file.csv") -> ReleaseFile:
    return read_release(Path(name), SPECIFICATION, content)


def column(file: ReleaseFile, name: str) -> list[object]:
    return list(file.table.column(name).to_pylist())


@needs_real_data
@pytest.mark.parametrize(
    ("name", "layout", "rows", "year"),
    [
        # Rows and years: domain reference, section 4.3.
        ("csww_headline_measures_2017_to_2022.csv", "indicators", 978, 2022),
        ("csww_indicators_2017_to_2023.csv", "indicators", 1137, 2023),
        ("csww_indicators_2017_to_2024.csv", "indicators", 1300, 2024),
        ("csww_workforce_role_by_ethnicity_2019_to_2022.csv", "role_by_ethnicity_wide", 4578, 2022),
        ("csww_role_by_characteristics_inpost_2019_to_2024.csv", "role_by_characteristics", 54208, 2024),
    ],
)
def test_every_published_file_is_read_unchanged(name: str, layout: str, rows: int, year: int) -> None:
    file = read_release(REAL_RELEASES / name, SPECIFICATION)
    assert (file.layout.name, file.rows, file.publication_year) == (layout, rows, year)
    assert file.unknown_columns == ()


@needs_real_data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Symbols by release: domain reference, section 4.7.
        ("csww_headline_measures_2017_to_2022.csv", {"z": 88, "x": 34, "c": 8}),
        ("csww_indicators_2017_to_2023.csv", {"z": 67, "x": 41, "u": 9, "c": 8, "low": 3}),
        ("csww_indicators_2017_to_2024.csv", {"z": 76, "x": 50, "u": 45, "low": 9, "c": 8}),
    ],
)
def test_symbols_become_statuses_beside_nulls(name: str, expected: dict[str, int]) -> None:
    file = read_release(REAL_RELEASES / name, SPECIFICATION)
    found: dict[str, int] = {}
    for measure in MEASURES:
        for value, status in zip(column(file, measure), column(file, f"{measure}_status"), strict=True):
            assert (value is None) == (status is not None)
            if status not in (None, "absent"):
                found[str(status)] = found.get(str(status), 0) + 1
    assert found == expected


def test_a_number_keeps_its_exact_digits_and_zero_is_not_blank() -> None:
    values = ["0", "229", "5869.9", "-1.5", "", "x", "LOW", ":", "~"] + ["1"] * (len(MEASURES) - 9)
    file = read(indicators_file(None, f"{CAMDEN},{','.join(values)}"))
    seen = [(column(file, name)[0], column(file, f"{name}_status")[0]) for name in MEASURES[:9]]
    assert seen == [
        ("0", None), ("229", None), ("5869.9", None), ("-1.5", None), (None, "blank"), (None, "x"), (None, "low"),
        (None, "x"), (None, "low"),
    ]  # fmt: skip


def test_text_that_is_neither_number_nor_symbol_is_kept_and_marked() -> None:
    file = read(indicators_file(None, f"{CAMDEN},about 200,{','.join(['1'] * (len(MEASURES) - 1))}"))
    assert column(file, "inpost_fte_status") == ["unrecognised"]
    assert column(file, "extra") == ['{"inpost_fte": "about 200"}']


def test_columns_may_come_in_any_order_and_spelling() -> None:
    header = ",".join(["Inpost FTE", *[name.upper() for name in MEASURES[1:]], GEOGRAPHY])
    file = read(indicators_file(header, ",".join(["7.5"] * len(MEASURES) + [CAMDEN])))
    assert column(file, "inpost_fte") == ["7.5"]
    assert column(file, "la_name") == ["Camden"]


def test_an_unknown_column_is_kept_and_reported() -> None:
    content = indicators_file(
        f"{GEOGRAPHY},{','.join(MEASURES)},apprentices_fte", f"{CAMDEN},{','.join(['1'] * len(MEASURES))},3.2"
    )
    file = read(content)
    assert file.unknown_columns == ("apprentices_fte",)
    assert column(file, "extra") == ['{"apprentices_fte": "3.2"}']


def test_the_encodings_a_spreadsheet_may_save_are_read_alike() -> None:
    text = indicators_file().decode().replace("Camden", "Camdén")
    for content in (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("cp1252"), text.encode("utf-16")):
        assert column(read(content), "la_name") == ["Camdén"]
    assert column(read(gzip.compress(text.encode())), "la_name") == ["Camdén"]
    assert column(read(text.replace("\n", "\r\n").encode()), "la_name") == ["Camdén"]


@pytest.mark.parametrize("missing", ["inpost_fte", "caseload_fte", "new_la_code", "time_period"])
def test_a_missing_required_column_is_named(missing: str) -> None:
    header = f"{GEOGRAPHY},{','.join(MEASURES)}".replace(f"{missing},", "", 1)
    with pytest.raises(UnreadableFile, match=f"wrong.csv.*'{missing}' is missing"):
        read(indicators_file(header, ",".join(["2025"] * (header.count(",") + 1))), "wrong.csv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (b"\xfe\xff", "not a comma-separated header"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"%PDF-1.7", "PDF"),
        (b'{"error": 404}', "JSON"),
        (indicators_file().splitlines()[0], "no rows"),
        (indicators_file() + b"2025,only,three\n", "row 3 has 3 columns"),
        (indicators_file(f"{GEOGRAPHY},{','.join(MEASURES)},cases"), "'cases' more than once"),
        (indicators_file()[:40] + b"\x00" + indicators_file()[40:], "null bytes"),
        (gzip.compress(indicators_file())[:-20], "broken"),
        (indicators_file(None, f"later{CAMDEN[4:]},{','.join(['1'] * len(MEASURES))}"), "holds no year"),
        (b'"unclosed, quote\nand more', "comma-separated header"),
        (("a," * 600).encode() + b"b\n1", "columns"),
    ],
)
def test_what_is_not_a_release_is_refused_by_name(content: bytes, said: str) -> None:
    with pytest.raises(UnreadableFile, match=f"sent.csv.*({said})"):
        read(content, "sent.csv")


def test_another_csv_is_told_apart_from_a_broken_release() -> None:
    with pytest.raises(OtherFile, match="none of the files this collection takes"):
        read(b"name,age\nNobody,1\n")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: indicators_file() + text.encode()))
def test_whatever_bytes_come_in_an_answer_comes_out(content: bytes) -> None:
    try:
        assert read(content).rows > 0
    except UnreadableFile as refusal:
        assert str(refusal).startswith("file.csv: ")
