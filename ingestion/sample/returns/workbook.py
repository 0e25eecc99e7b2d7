"""A plain workbook written the same way every time: one sheet per record, headings in row 1, real numbers and dates.

Written here and not by openpyxl, because openpyxl puts the time of writing into the file and is many times slower.
Names of parts and elements: ECMA-376, Office Open XML, parts 1 (SpreadsheetML) and 2 (packaging).
"""

import io
import zipfile
from collections.abc import Iterable
from datetime import date
from xml.sax.saxutils import escape

import pandas as pd

from ingestion.returns.specification import Item, Record
from ingestion.sample.returns.cells import columns_of

# Excel counts days from here, so that its wrong 29 February 1900 does not matter.
DAY_0 = date(1899, 12, 30)
DATE_STYLE, BOLD_STYLE = 1, 2
WRITTEN_AT = (2026, 1, 1, 0, 0, 0)

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


def workbook(records: Iterable[tuple[Record, pd.DataFrame]]) -> bytes:
    """An XLSX file with a sheet per record."""
    sheets = [(record.sheet or record.name, _sheet(record, table)) for record, table in records]
    numbers = range(1, len(sheets) + 1)
    parts = {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SPREADSHEET}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SPREADSHEET}.styles+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_SPREADSHEET}.worksheet+xml"/>'
            for number in numbers
        )
        + "</Types>",
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(
            f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
            for number, (name, _) in zip(numbers, sheets, strict=True)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in numbers
        )
        + f'<Relationship Id="rId{len(sheets) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": _STYLES,
    }
    parts |= {f"xl/worksheets/sheet{number}.xml": sheet for number, (_, sheet) in zip(numbers, sheets, strict=True)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            # The same bytes on every machine and day: no clock, no operating system.
            entry = zipfile.ZipInfo(name, WRITTEN_AT)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            archive.writestr(entry, text)
    return packed.getvalue()


def _sheet(record: Record, table: pd.DataFrame) -> str:
    letters = [_letter(number) for number in range(len(record.items))]
    heading = "".join(
        f'<c r="{letter}1" t="inlineStr" s="{BOLD_STYLE}"><is><t>{escape(item.name)}</t></is></c>'
        for letter, item in zip(letters, record.items, strict=True)
    )
    columns = [
        _cells(item, texts) for item, texts in zip(record.items, columns_of(record, table).values(), strict=True)
    ]
    rows = []
    for number, row in enumerate(zip(*columns, strict=True), start=2):
        cells = "".join(f'<c r="{letter}{number}"{cell}' for letter, cell in zip(letters, row, strict=True) if cell)
        rows.append(f'<row r="{number}">{cells}</row>')
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<sheetData><row r="1">{heading}</row>{"".join(rows)}</sheetData></worksheet>'
    )


def _cells(item: Item, texts: list[str | None]) -> list[str]:
    """What follows a cell's place, for each value: its type, its style and the value; nothing for an empty cell."""
    written = {text: "" if text is None else _cell(item, text) for text in set(texts)}
    return [written[text] for text in texts]


def _cell(item: Item, text: str) -> str:
    if item.kind in ("integer", "decimal"):
        return f"><v>{text}</v></c>"
    if item.kind in ("date", "birth_date"):
        return f' s="{DATE_STYLE}"><v>{(date.fromisoformat(text) - DAY_0).days}</v></c>'
    return f' t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def _letter(number: int) -> str:
    """The letters of a column, the first (0) being A."""
    first, second = divmod(number, 26)
    return (chr(64 + first) if first else "") + chr(65 + second)
