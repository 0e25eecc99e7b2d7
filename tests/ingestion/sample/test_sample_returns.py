"""The returns as files: where they lie, that they are said to be invented, and that a seed always gives the same."""

import hashlib
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from ingestion.cli import app
from ingestion.returns.periods import parse_period
from ingestion.returns.senders import senders
from ingestion.returns.specification import Item, load_collection, load_specification
from ingestion.sample import SampleError
from ingestion.sample.returns import write_returns
from ingestion.sample.returns.assumptions import facts
from tests.ingestion.sample.generated_sample import SEED
from tests.ingestion.sample.returned_files import Returns, read_sheet

PERIODS = {
    "csww_census": ["2021", "2022", "2023", "2024", "2025"],
    "agency_quarterly": [
        "2024-25-Q3", "2024-25-Q4", "2025-26-Q1", "2025-26-Q2", "2025-26-Q3", "2025-26-Q4", "2026-27-Q1", "2026-27-Q2",
    ],
    "leadership_in_colour": ["2023", "2024", "2025"],
    "ep_workforce": ["2025-26-Q3", "2025-26-Q4", "2026-27-Q1", "2026-27-Q2"],
}  # fmt: skip
TABLES = ("agency_quarterly", "leadership_in_colour", "ep_workforce")


def test_returns_lie_where_authorities_land_theirs(returns: Returns) -> None:
    assert {path.relative_to(returns.folder).parts[0] for path in returns.paths[:-1]} == set(PERIODS)
    folders = {sender.folder for sender in senders()}
    for collection, periods in PERIODS.items():
        places = returns.folders(collection)
        assert sorted({place.parent.name for place in places}) == periods
        assert {place.name for place in places} <= folders
        assert all(any(place.iterdir()) for place in places)


def test_the_manifest_lists_every_file_with_its_hash(returns: Returns) -> None:
    manifest = json.loads((returns.folder / "SYNTHETIC.json").read_text())
    assert manifest["synthetic"] is True
    assert "Nothing here is about anyone" in manifest["notice"]
    assert manifest["files"] == {
        path.relative_to(returns.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in returns.folder.rglob("*")
        if path.is_file() and path.name != "SYNTHETIC.json"
    }
    assert returns.paths[-1] == returns.folder / "SYNTHETIC.json"


def test_everybody_sends_but_those_who_are_named_with_a_reason(returns: Returns) -> None:
    away = {
        (case["collection"], parse_period(case["period"], load_collection(case["collection"]).frequency).folder): set()
        for case in facts()["not_sent"]
    }
    for case in facts()["not_sent"]:
        assert case["reason"]
        period = parse_period(case["period"], load_collection(case["collection"]).frequency).folder
        away[case["collection"], period].add(case["authority"])
    everyone = {sender.code for sender in senders() if not sender.is_joint}
    for collection in TABLES:
        for period in PERIODS[collection]:
            sent = {place.name for place in returns.folders(collection) if place.parent.name == period}
            assert sent == everyone - away.get((collection, period), set())
    assert {collection for collection, _ in away} == set(TABLES), "the census is complete"
    assert max(len(names) for names in away.values()) <= 4


@pytest.mark.parametrize("collection", TABLES)
def test_every_cell_is_what_the_specification_of_its_period_allows(returns: Returns, collection: str) -> None:
    dfe_code = {sender.code: sender.dfe_codes[0] for sender in senders()}
    for folder in PERIODS[collection]:
        period = parse_period(folder, load_collection(collection).frequency)
        for record in load_specification(collection, period).records:
            sheet = record.sheet or record.name
            table = returns.table(collection, sheet, folder)
            places = [place for place in returns.folders(collection) if place.parent.name == folder]
            assert {tuple(read_sheet(place, sheet).columns) for place in places} == {record.names}
            assert (table["la_code"] == table["sender"].map(dfe_code)).all()
            assert set(table["period_end"]) == {period.end.isoformat()}
            key = ["sender", *record.key] if record.rows == "many" else ["sender"]
            assert not table.duplicated(key).any()
            for item in record.items:
                assert wrong(item, table[item.name]) == [], (folder, item.name)


def wrong(item: Item, cells: pd.Series) -> list[str]:
    """The cells of an item that its specification does not allow."""
    filled = cells[cells != ""]
    if item.kind == "code":
        bad = filled[~filled.isin(list(item.codes))]
    elif item.kind in ("integer", "decimal"):
        places = rf"(\.\d{{1,{item.places}}})?" if item.kind == "decimal" else ""
        number = pd.to_numeric(filled)
        least = item.minimum if item.minimum is not None else number
        most = item.maximum if item.maximum is not None else number
        bad = filled[~filled.str.fullmatch(rf"\d+{places}") | (number < least) | (number > most)]
    elif item.kind == "date":
        bad = filled[~filled.str.fullmatch(r"20\d\d-\d\d-\d\d")]
    elif item.kind == "registration_number":
        bad = filled[~filled.str.fullmatch(r"SY\d{8}")]
    else:
        bad = filled[filled.str.len() > (item.max_length or 10_000)]
    return [*bad, *(["" for _ in cells[cells == ""]] if item.required else [])]


def test_a_workbook_opens_in_a_spreadsheet_with_real_dates_and_numbers(returns: Returns) -> None:
    place = returns.folder / "agency_quarterly/2025-26-Q3/E09000007"
    book = openpyxl.load_workbook(next(place.iterdir()))
    assert book.sheetnames == ["assignments", "authority_summary"]
    sheet = book["assignments"]
    column = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.cell(2, column["period_end"]).is_date
    assert isinstance(sheet.cell(2, column["hourly_rate"]).value, int | float)
    assert sheet.cell(2, column["la_code"]).value == "202"


def test_a_few_send_csv_files_one_for_each_record(returns: Returns) -> None:
    assert {path.suffix for place in returns.folders("csww_census") for path in place.iterdir()} == {".xml"}
    for collection in TABLES:
        by_csv = {place.name for place in returns.folders(collection) if any(place.glob("*.csv"))}
        assert 2 <= len(by_csv) <= 5
    pair = sorted(path.name for path in (returns.folder / "agency_quarterly/2025-26-Q3/E09000010").iterdir())
    assert pair == [
        "agency_quarterly_308_2025-26-Q3_assignments.csv",
        "agency_quarterly_308_2025-26-Q3_authority_summary.csv",
    ]


def test_the_same_seed_gives_the_same_bytes_however_much_is_written(returns: Returns, tmp_path: Path) -> None:
    # A joint sender, one of the few who send CSV files, one who sends workbooks.
    part = write_returns(tmp_path, seed=SEED, authorities=["E09000021", "E09000018", "E09000033"])
    names = [path.relative_to(tmp_path).as_posix() for path in part[:-1]]
    assert {Path(name).parts[0] for name in names} == set(PERIODS)
    assert {Path(name).suffix for name in names} == {".xml", ".xlsx", ".csv"}
    for name in names:
        assert (tmp_path / name).read_bytes() == (returns.folder / name).read_bytes(), name


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    first, second = (
        write_returns(
            tmp_path / str(seed), seed=seed, scale=0.1, collections=["agency_quarterly"], authorities=["E09000007"]
        )
        for seed in (1, 2)
    )
    assert all(one.read_bytes() != other.read_bytes() for one, other in zip(first, second, strict=True))


def test_only_what_is_asked_for_is_written(tmp_path: Path) -> None:
    written = write_returns(
        tmp_path,
        scale=0.1,
        collections=["csww_census", "ep_workforce"],
        periods=[parse_period("2025", "annual"), parse_period("2025/26 Q4", "quarterly")],
        authorities=["E09000021", "E09000033"],
    )
    assert [path.relative_to(tmp_path).parent.as_posix() for path in written] == [
        "csww_census/2025/E09000033",
        "csww_census/2025/E09000021-E09000027",
        "ep_workforce/2025-26-Q4/E09000021",
        "ep_workforce/2025-26-Q4/E09000033",
        ".",
    ]


def test_a_file_the_sample_did_not_make_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "csww_census/2024/E09000007/csww_census_202_2024.xml"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("a real return")
    with pytest.raises(SampleError, match="the sample did not make it"):
        write_returns(tmp_path, scale=0.1)
    assert theirs.read_text() == "a real return"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [theirs]


def test_an_unknown_collection_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="no returns of surveys"):
        write_returns(tmp_path, collections=["surveys"])


def test_the_command_writes_returns_when_asked(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["sample", str(tmp_path), "--scale", "0.1", "--returns"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "csww_indicators_2017_to_2025.csv").exists()
    assert (tmp_path / "returns/SYNTHETIC.json").exists()
    assert (tmp_path / "returns/csww_census/2025/E09000007/csww_census_202_2025.xml").exists()
