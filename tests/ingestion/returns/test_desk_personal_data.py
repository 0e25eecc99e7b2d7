"""Nothing by which a person could be told leaves the file: not into the database, logs, receipts or the store."""

import logging
import re
import secrets
import zipfile
from pathlib import Path

import pytest

from ingestion.returns import desk
from ingestion.settings import Settings
from tests.ingestion.returns.conftest import Desk
from tests.ingestion.returns.sent_files import agency_tables, census, land

BIRTHS = re.compile(rb"<PersonBirthDate>(.*?)<")
NUMBERS = re.compile(rb"<SWENo>(.*?)<")


def sent() -> tuple[dict[str, bytes], set[str]]:
    """Returns of every fate, and every registration number and birth date in them."""
    prefix = f"SY{secrets.randbelow(10**6):06}"
    people = census().replace(b"SY000000", prefix.encode())
    personal = {found.decode() for pattern in (BIRTHS, NUMBERS) for found in pattern.findall(people)}
    assert len(personal) == 6
    number, other = f"SY{secrets.randbelow(10**8):08}", f"SY{secrets.randbelow(10**8):08}"
    assignments = agency_tables(number=number)["assignments.csv"]
    files = {
        "csww_census/2024/CAM/good.xml": people,
        "csww_census/2024/CAM/bad.xml": people.replace(b"<OrgRole>5<", b"<OrgRole>99<").replace(b"1988-", b"1888-"),
        "csww_census/2024/HAC/wrong authority.xml": people,
        f"csww_census/2024/CAM/{prefix}01.xml": people.replace(b"<Sex>F<", b"<Sex>" + number.encode() + b"<"),
        "csww_census/2024/LAM/broken.xml": people[:-300],
        f"csww_census/2024/{prefix}01/elsewhere.xml": people,
        # Numbers where they do not belong: in a reference, in a remark.
        "agency_quarterly/2025-26-Q3/CAM/assignments.csv": assignments.replace(
            b"A-0001", number.lower().encode()
        ).replace(b"Social Worker (Assessment)", b"covers for " + number.encode()),
        "agency_quarterly/2025-26-Q3/CAM/authority_summary.csv": agency_tables()["authority_summary.csv"],
        "agency_quarterly/2025-26-Q3/HAC/assignments.csv": agency_tables("HAC", number=f"{other}X")["assignments.csv"],
    }
    return files, personal | {number, number.lower(), other, f"{prefix}01", "1888-04-02"}


def database_text(settings: Settings) -> str:
    """Every table and column of the database, as text."""
    with settings.connect("loader") as connection:
        tables = connection.execute(
            "select quote_ident(table_schema) || '.' || quote_ident(table_name) from information_schema.tables "
            "where table_schema not in ('pg_catalog', 'information_schema') "
            "and has_table_privilege(quote_ident(table_schema) || '.' || quote_ident(table_name), 'select')"
        ).fetchall()
        return "\n".join(
            str(row[0])
            for (table,) in tables
            for row in connection.execute(f"select t::text from {table} as t").fetchall()  # type: ignore[call-overload]
        )


def file_texts(folder: Path) -> dict[str, bytes]:
    """Every file with its path; workbooks unpacked."""
    texts = {}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as workbook:
                content = b"\n".join(workbook.read(name) for name in workbook.namelist())
        texts[str(path.relative_to(folder))] = str(path.relative_to(folder)).encode() + content
    return texts


def test_no_registration_number_or_birth_date_is_written_anywhere(
    returns_desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    files, personal = sent()
    caplog.set_level(logging.DEBUG)
    for place, content in files.items():
        land(returns_desk.root, str(Path(place).parent), content, Path(place).name)
    outcomes = returns_desk.work("csww_census") + returns_desk.work("agency_quarterly")
    assert {outcome.status for outcome in outcomes} >= {"rejected"}
    # What is loaded is looked at too.
    assert returns_desk.rows("select count(distinct swe_no) from raw.csww_census__worker") == [(3,)]
    assert desk.recheck(returns_desk.settings, returns_desk.root) == []

    text = database_text(returns_desk.settings)
    assert "E09000007" in text and "age_band" not in text, "the scan sees rows"
    assert [value for value in personal if value in text] == []
    output = capfd.readouterr()
    for told in (caplog.text, output.out, output.err, repr(outcomes)):
        assert [value for value in personal if value in told] == []
    written = file_texts(returns_desk.settings.home)
    assert {Path(name).suffix for name in written} >= {".sealed", ".txt", ".json", ".xlsx", ".html"}
    found = [(name, value) for name, content in written.items() for value in personal if value.encode() in content]
    assert found == []


def test_a_number_in_a_reference_gives_way_to_its_pseudonym(returns_desk: Desk) -> None:
    where = "agency_quarterly/2025-26-Q3/CAM"
    tables = agency_tables(number="SY00000077")
    tables["assignments.csv"] = tables["assignments.csv"].replace(b"A-0001", b"sy 00000077/a")
    for name, content in tables.items():
        land(returns_desk.root, where, content, name)
    (outcome,) = returns_desk.work("agency_quarterly")
    assert outcome.status == "accepted"
    assert returns_desk.rows(
        "select assignment_id = swe_number || '/a', length(swe_number) from raw.agency_quarterly__assignment"
    ) == [(True, 64)]


def test_the_same_worker_has_the_same_pseudonym_in_every_collection(returns_desk: Desk) -> None:
    returns_desk.send("csww_census/2024/CAM", census())
    for name, content in agency_tables(number="sy00000001").items():
        land(returns_desk.root, "agency_quarterly/2025-26-Q3/CAM", content, name)
    returns_desk.work("agency_quarterly")
    assert returns_desk.rows(
        "select count(*) from raw.csww_census__worker as w join raw.agency_quarterly__assignment as a "
        "on a.swe_number = w.swe_no"
    ) == [(1,)]
