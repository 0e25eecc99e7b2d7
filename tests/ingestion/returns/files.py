"""Returns for the tests: valid by every rule unless told otherwise, and easy to spoil in one place.

Everybody in them is invented; registration numbers begin with SY, which no real one does.
"""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from xml.sax.saxutils import escape

from openpyxl import Workbook

from ingestion.returns.files import ReturnFile
from ingestion.returns.periods import Period, parse_period
from ingestion.returns.specification import Specification, load_collection, load_specification

Value = str | int | float | date | None
Rows = Mapping[str, Sequence[Mapping[str, Value]]]


def specification(collection: str, period: str) -> Specification:
    """The specification of a collection for a period as people write it."""
    return load_specification(collection, parse_period(period, load_collection(collection).frequency))


def census_xml(
    year: int = 2024,
    lea: str = "202",
    workers: int = 3,
    *,
    header: bool = True,
    authority: Mapping[str, str | None] | None = None,
    **changes: str | None,
) -> bytes:
    """A census return of permanent case holders, pretty-printed.

    `authority` and `changes` set items by their element names, in the authority's record and in the first worker's;
    None leaves an item out. Items the year does not have can be put in too.
    """
    described = specification("csww_census", str(year))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<Message>"]
    if header:
        lines += [
            "  <Header>",
            "    <CollectionDetails>",
            "      <Collection>CSWW</Collection>",
            f"      <Year>{year}</Year>",
            f"      <ReferenceDate>{year}-09-30</ReferenceDate>",
            "    </CollectionDetails>",
            "    <Source>",
            "      <SourceLevel>L</SourceLevel>",
            f"      <LEA>{lea}</LEA>",
            "      <SoftwareCode>tests</SoftwareCode>",
            f"      <DateTime>{year}-10-14T09:00:00</DateTime>",
            "    </Source>",
            "  </Header>",
        ]
    labels = {record.name: {item.label for item in record.items} for record in described.records}
    stated = {label: value for label, value in _AUTHORITY.items() if label in labels["authority"]}
    lines += _record(described.record("authority").element, {**stated, **(authority or {})})
    for number in range(1, workers + 1):
        worker = {label: value for label, value in _worker(number, year).items() if label in labels["worker"]}
        lines += _record("CSWWWorker", {**worker, **changes} if number == 1 else worker)
    return "\n".join([*lines, "</Message>", ""]).encode()


def valid_rows(collection: str, period: str, la_code: str = "202") -> dict[str, list[dict[str, Value]]]:
    """The rows of a valid return of tables, by record, as native values."""
    described = specification(collection, period)
    rows = _TABLES[collection](described.period)
    whose: dict[str, Value] = {"la_code": la_code, "period_end": described.period.end}
    return {
        record.name: [
            {item.name: {**whose, **row}.get(item.name) for item in record.items} for row in rows[record.name]
        ]
        for record in described.records
    }


def workbook(collection: str, period: str, rows: Rows | None = None, la_code: str = "202") -> bytes:
    """A workbook with a sheet for each record and its headings in the first row."""
    described = specification(collection, period)
    given = valid_rows(collection, period, la_code) if rows is None else rows
    book = Workbook()
    del book[book.sheetnames[0]]
    for record in described.records:
        if record.name in given:
            sheet = book.create_sheet(record.sheet)
            sheet.append(record.names)
            for row in given[record.name]:
                sheet.append([row.get(name) for name in record.names])
    return saved(book)


def csv_files(collection: str, period: str, rows: Rows | None = None, la_code: str = "202") -> list[ReturnFile]:
    """The same as CSV files, one for each record, named for its sheet."""
    described = specification(collection, period)
    given = valid_rows(collection, period, la_code) if rows is None else rows
    files = []
    for record in described.records:
        if record.name in given:
            text = io.StringIO()
            writer = csv.writer(text)
            writer.writerow(record.names)
            writer.writerows([row.get(name) for name in record.names] for row in given[record.name])
            files.append(ReturnFile(f"{record.sheet}.csv", text.getvalue().encode()))
    return files


def saved(book: Workbook) -> bytes:
    """A workbook as a file's content."""
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def excel_workbook(shared_texts: bytes, rows: bytes, *, formats: bytes = b"", styles: bytes = b"") -> bytes:
    """A workbook of one sheet as Excel writes it; texts (`<si>`), rows, formats and styles are given as XML."""
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    main = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    packaging = b'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    parts = {
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": b'<Relationships %s><Relationship Id="rId1" Type="%sofficeDocument" Target="xl/workbook.xml"/>'
        b"</Relationships>" % (packaging, kind),
        "xl/workbook.xml": b'<workbook %s xmlns:r="%s"><sheets><sheet name="assignments" sheetId="1" r:id="rId1"/>'
        b"</sheets></workbook>" % (main, kind.rstrip(b"/")),
        "xl/_rels/workbook.xml.rels": b'<Relationships %s><Relationship Id="rId1" Type="%sworksheet" '
        b'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="%sstyles" Target="/xl/styles.xml"/>'
        b'<Relationship Id="rId3" Type="%ssharedStrings" Target="sharedStrings.xml"/></Relationships>'
        % (packaging, kind, kind, kind),
        "xl/styles.xml": b'<styleSheet %s><numFmts>%s</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        b'<cellXfs><xf numFmtId="0"/>%s</cellXfs></styleSheet>' % (main, formats, styles),
        "xl/sharedStrings.xml": b"<sst %s>%s</sst>" % (main, shared_texts),
        "xl/worksheets/sheet1.xml": b"<worksheet %s><sheetData>%s</sheetData></worksheet>" % (main, rows),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return content.getvalue()


def _record(element: str | None, items: Mapping[str, str | None]) -> list[str]:
    written = [f"    <{label}>{escape(value)}</{label}>" for label, value in items.items() if value is not None]
    return [f"  <{element}>", *written, f"  </{element}>"]


_AUTHORITY: dict[str, str] = {
    "NumberOfVacancies": "2.50", "NoAgencyFTE": "0", "NoAgencyHeadcount": "0", "RecruitmentBonus": "0",
    "RetentionBonus": "2", "PerformanceAward": "0", "CarAllowance": "1", "RelocationPackage": "0",
    "RegionalWeighting": "1", "CostSWE": "0", "CostDBS": "1", "OtherAllowances": "None other",
}  # fmt: skip


def _worker(number: int, year: int) -> dict[str, str]:
    return {
        "AgencyWorker": "0", "SWENo": f"SY{number:08d}", "FTE": "0.8", "PersonBirthDate": "1988-04-02",
        "GenderCurrent": "2", "Sex": "F", "Ethnicity": "BCRB", "QualInst": "Northmere University", "QualLevel": "2",
        "StepUpGrad": "0", "OrgRole": "5", "RoleStartDate": f"{year - 3}-06-07", "StartOrigin": "1", "FTE30": "1",
        "Cases30": "14", "WorkingDaysLost": "3.5", "FrontlineGrad": "0", "Absat30Sept": "0", "CFKSSstatus": "2",
        "BaseSalary": "42500.00", "RRPayments": "1500.00", "OtherPayments": "0.00",
    }  # fmt: skip


def _agency(period: Period) -> dict[str, list[dict[str, Value]]]:
    assignment: dict[str, Value] = {
        "assignment_id": "A-0001", "swe_number": "SY00000001", "role_type": "SW",
        "local_role_title": "Social Worker (Assessment)", "start_date": period.start.replace(day=13),
        "hourly_rate": 34.5, "payment_basis": "UMBRELLA", "rate_basis": "WORKER_PAY", "cap_exceeded": "N",
        "hours_per_week": 36, "fte": 1, "is_project_team": "N", "pqe_years": 5, "pqe_3plus": "Y",
        "cool_off_exemption": "NONE", "notice_weeks": 4, "references_received": "Y", "covers_vacancy": "Y",
    }  # fmt: skip
    other = {**assignment, "assignment_id": "A-0002", "swe_number": "SY00000002", "hourly_rate": 33.75}
    summary: dict[str, Value] = {
        "month_1_cost": 310_000, "month_2_cost": 305_000.5, "month_3_cost": 298_000, "cap_breaches": 0,
        **{f"rule_r{number}_status": "FULL" for number in range(2, 8)},
    }  # fmt: skip
    return {"assignment": [assignment, other], "authority_quarter": [summary]}


def _leadership(_: Period) -> dict[str, list[dict[str, Value]]]:
    tiers = ("SENIOR_MANAGER", "MIDDLE_MANAGER", "FIRST_LINE_MANAGER")
    return {
        "representation": [
            {"tier": tier, "ethnic_group": group, "headcount": number}
            for tier in tiers
            for number, group in enumerate(("WBRI", "BCRB", "AIND", "NOT_STATED"))
        ]
    }


def _psychologists(period: Period) -> dict[str, list[dict[str, Value]]]:
    return {
        "agency_use": [
            {
                "engagement_id": "E-01", "ep_grade": "EP", "pay_unit": "DAY", "rate": 550, "units_in_quarter": 24,
                "start_date": period.end.replace(day=3), "pqe_years": 4, "work_mode": "HYBRID",
                "activity": "EHCNA_STATUTORY", "hcpc_registered": "Y",
            }
        ],
        "establishment": [
            {"ep_grade": grade, "headcount": 9, "fte": 7.6, "vacancies_fte": 2, "average_salary": 58_200}
            for grade in ("EP", "SEP", "PEP")
        ],
    }  # fmt: skip


_TABLES = {"agency_quarterly": _agency, "leadership_in_colour": _leadership, "ep_workforce": _psychologists}
