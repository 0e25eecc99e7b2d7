"""Blank returns for authorities, made from the specification: a workbook to fill in, or a sample of the XML file."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from xml.etree import ElementTree

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ingestion.returns.periods import Period
from ingestion.returns.senders import Sender, senders
from ingestion.returns.specification import Item, Record, Specification, load_collection
from ingestion.returns.windows import find_window
from ingestion.returns.workbooks import (
    BLUE,
    GREY,
    PALE,
    Value,
    as_bytes,
    fit_to_page_width,
    harmless,
    new_workbook,
    style_heading,
    write_cell,
    write_lines,
    write_table,
)

# The reader passes over the sheets of these names.
READ_ME, CODES = "Read me", "Codes"
ROWS_PREPARED = 2000
EARLIEST_DATE = date(1950, 1, 1)
LIST_OF_AUTHORITIES = "Authorities (DfE number)"
DESK = "LIIA's returns desk"
_FONTS = {
    "required": (BLUE, Font(bold=True, color="FFFFFF")),
    "optional": (PALE, Font(bold=True, color=BLUE)),
    "voluntary": (GREY, Font(italic=True, color="3D3D3D")),
}
_KIND_IN_WORDS = {
    "code": "one of the codes",
    "text": "text",
    "integer": "whole number",
    "decimal": "number",
    "date": "date",
    "registration_number": "two letters, then up to ten digits",
    "birth_date": "date of birth",
}


def template(specification: Specification, authority: Sender | None = None, *, desk_email: str | None = None) -> bytes:
    """The file an authority starts from: a workbook (XLSX), or a sample XML for the census.

    Args:
        specification: the return, for the period it is for.
        authority: whose return it will be; its code is then filled in.
        desk_email: where questions go, named in the instructions.
    """
    if specification.format == "xml":
        return _sample_xml(specification, authority)
    return as_bytes(_workbook(specification, authority, desk_email))


def template_name(specification: Specification, authority: Sender | None = None) -> str:
    """A file name that says what it is: `agency_quarterly-2025-26-Q3-E09000007.xlsx`."""
    parts = [specification.collection, specification.period.folder, *([authority.folder] if authority else [])]
    return "-".join(parts) + (".xml" if specification.format == "xml" else ".xlsx")


def format_in_words(item: Item) -> str:
    """How an item is written: `number (hours a week), 2 decimals at most, 0 to 60`."""
    parts = [_KIND_IN_WORDS[item.kind] + (f" ({item.unit})" if item.unit else "")]
    if item.kind == "decimal" and item.places is not None:
        parts.append(f"{item.places} decimal{'' if item.places == 1 else 's'} at most")
    if item.kind == "text" and item.max_length is not None:
        parts.append(f"{item.max_length:,} letters at most")
    if item.minimum is not None and item.maximum is not None:
        parts.append(f"{item.minimum:g} to {item.maximum:g}")
    elif item.minimum is not None:
        parts.append(f"{item.minimum:g} or more")
    elif item.maximum is not None:
        parts.append(f"{item.maximum:g} at most")
    if item.repeats:
        parts.append("may stand several times")
    return ", ".join(parts)


# The workbook.


def _workbook(specification: Specification, authority: Sender | None, desk_email: str | None) -> Workbook:
    workbook = new_workbook(f"{specification.title}, {specification.period.label}")
    write_lines(workbook.create_sheet(READ_ME), _instructions(specification, authority, desk_email))
    sheets = [(record, workbook.create_sheet(record.sheet or record.name)) for record in specification.records]
    lists = _write_codes(workbook.create_sheet(CODES), specification)
    for record, sheet in sheets:
        _write_record(sheet, record, specification.period, authority, lists)
    return workbook


def _write_record(
    sheet: Worksheet, record: Record, period: Period, authority: Sender | None, lists: Mapping[str, str]
) -> None:
    rows = _rows_filled_in(record, period, authority)
    last = 2 if record.rows == "one" else 1 + max(ROWS_PREPARED, len(rows))
    for column, item in enumerate(record.items, start=1):
        letter = get_column_letter(column)
        heading = write_cell(sheet, 1, column, item.name)
        background, font = _FONTS["required" if item.required else "voluntary" if item.voluntary else "optional"]
        style_heading(heading, background=background, font=font)
        heading.comment = _comment(item)
        sheet.column_dimensions[letter].width = max(12, min(40, len(item.name) + 5))
        if item.max_length is not None and item.max_length > 100:
            sheet.column_dimensions[letter].width = 40
        validation = _validation(item, period, authority, lists)
        if validation is not None:
            validation.add(f"{letter}2:{letter}{last}")
            sheet.add_data_validation(validation)
        # Excel takes a column's format for cells that are not there yet; those that are need their own.
        number_format = _number_format(item)
        sheet.column_dimensions[letter].number_format = number_format
        for row, values in enumerate(rows, start=2):
            cell = write_cell(sheet, row, column, values.get(item.name))
            cell.number_format = number_format
            if item.max_length is not None and item.max_length > 100:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    sheet.row_dimensions[1].height = 30
    fit_to_page_width(sheet)


def _rows_filled_in(record: Record, period: Period, authority: Sender | None) -> list[dict[str, Value]]:
    """The rows that stand in the template: every combination of the codes that tell rows apart, else the first row.

    None where a table may be empty: somebody with nothing to report would send a row that is not one.
    """
    if record.may_be_empty:
        return []
    known: dict[str, Value] = {}
    if "period_end" in record.names:
        known["period_end"] = period.end
    if "la_code" in record.names and authority is not None and not authority.is_joint:
        known["la_code"] = authority.dfe_codes[0]
    keys = [record.item(name) for name in record.key]
    if keys and all(item.kind == "code" for item in keys):
        return [
            {**known, **dict(zip(record.key, codes, strict=True))} for codes in product(*(item.codes for item in keys))
        ]
    return [known]


def _comment(item: Item) -> Comment:
    """What a person needs to know of a column, in the note on its heading."""
    needed = "Must be filled in." if item.required else "Voluntary." if item.voluntary else "Leave blank if not known."
    lines = [item.meaning, f"Format: {format_in_words(item)}.", needed]
    if item.note:
        lines.append(item.note)
    if item.example:
        lines.append(f"Example: {item.example}")
    if item.codes:
        lines += ["", *(f"{code} = {meaning}" for code, meaning in item.codes.items())]
    text = "\n".join(lines)
    comment = Comment(harmless(text), "LIIA")
    comment.width = 380
    comment.height = 24 + 18 * sum(-(-max(1, len(line)) // 52) for line in lines)
    return comment


def _number_format(item: Item) -> str:
    if item.kind in ("date", "birth_date"):
        return "dd/mm/yyyy"
    if item.kind == "integer":
        return "0"
    if item.kind == "decimal":
        return "General" if item.places is None or item.places > 2 else f"0.{'0' * item.places}"
    # As text, `01` stays `01` and a reference such as `3-4` does not become a date.
    return "@"


def _validation(
    item: Item, period: Period, authority: Sender | None, lists: Mapping[str, str]
) -> DataValidation | None:
    """What a spreadsheet lets into a column, said in words when it does not."""
    title = item.name[:32]
    problem = f"{item.meaning} Please write: {format_in_words(item)}."[:225]
    if item.codes or item.name.endswith("la_code"):
        source = lists[_list_key(item)]
        if item.name == "la_code" and authority is not None:
            source = f'"{",".join(authority.dfe_codes)}"'
            problem = f"This return is for {authority.name}: {' or '.join(authority.dfe_codes)}."
        elif item.codes:
            problem = f"Please choose one of the codes. The sheet {CODES} says what each means."
        else:
            problem = f"Please choose a DfE number. The sheet {CODES} lists the authorities."
        found = DataValidation(type="list", formula1=source)
    elif item.name == "period_end":
        # A date as a number: the text of a date means different days in different places.
        found = DataValidation(type="date", operator="equal", formula1=_serial(period.end))
        problem = f"This return is for the period that ends on {period.end:%d/%m/%Y}."
    elif item.kind in ("date", "birth_date"):
        latest = date(period.end.year + 1, 12, 31)
        found = DataValidation(
            type="date", operator="between", formula1=_serial(EARLIEST_DATE), formula2=_serial(latest)
        )
        problem = f"Please write a date, like {period.start:%d/%m/%Y}, not before 1950 and not after {latest.year}."
    elif item.kind in ("integer", "decimal"):
        found = _number_validation(item)
    elif item.max_length is not None:
        found = DataValidation(type="textLength", operator="lessThanOrEqual", formula1=str(item.max_length))
    else:
        return None
    if item.name in ("la_code", "period_end"):
        found.showInputMessage, found.promptTitle, found.prompt = True, title, problem
    found.allow_blank = True
    found.showErrorMessage = True
    found.errorTitle, found.error = title, problem
    return found


def _number_validation(item: Item) -> DataValidation:
    found = DataValidation(type="whole" if item.kind == "integer" else "decimal")
    low, high = item.minimum, item.maximum
    if low is not None and high is not None:
        found.operator, found.formula1, found.formula2 = "between", f"{low:g}", f"{high:g}"
    elif high is not None:
        found.operator, found.formula1 = "lessThanOrEqual", f"{high:g}"
    else:
        # Any number, where the specification sets no least.
        found.operator, found.formula1 = "greaterThanOrEqual", f"{-1e12 if low is None else low:.15g}"
    return found


def _serial(day: date) -> str:
    return str((day - date(1899, 12, 30)).days)


def _list_key(item: Item) -> str:
    """What lists are told apart by: items with the same codes share one."""
    return "|".join(item.codes) if item.codes else LIST_OF_AUTHORITIES


def _write_codes(sheet: Worksheet, specification: Specification) -> dict[str, str]:
    """Write every list of codes beside one another, code and meaning; where each list's codes stand."""
    lists: dict[str, tuple[list[str], Mapping[str, str]]] = {}
    for item in (item for record in specification.records for item in record.items):
        if item.codes or item.name.endswith("la_code"):
            codes = item.codes or {sender.dfe_codes[0]: sender.name for sender in senders() if not sender.is_joint}
            names, _ = lists.setdefault(_list_key(item), ([], codes))
            if item.name not in names:
                names.append(item.name)
    headings: list[tuple[str, float]] = []
    for names, codes in lists.values():
        width = min(52, max(len(meaning) for meaning in codes.values()) + 2)
        headings += [(", ".join(names), max(18, max(len(code) for code in codes) + 4)), ("Meaning", max(18, width))]
    most = max((len(codes) for _, codes in lists.values()), default=0)
    rows: list[list[Value]] = []
    for place in range(most):
        row: list[Value] = []
        for _, codes in lists.values():
            row += list(codes.items())[place] if place < len(codes) else [None, None]
        rows.append(row)
    write_table(sheet, headings, rows, filtered=False)
    return {
        key: f"{CODES}!${(letter := get_column_letter(1 + 2 * place))}$2:${letter}${1 + len(codes)}"
        for place, (key, (_, codes)) in enumerate(lists.items())
    }


def _instructions(
    specification: Specification, authority: Sender | None, desk_email: str | None
) -> list[tuple[str, str]]:
    period = specification.period
    other_name = f" ({period.calendar_label} by the calendar)" if period.calendar_label != period.label else ""
    window = find_window(specification.collection, period.label)
    place = f"{specification.collection}/{period.folder}/{authority.folder if authority else '<authority code>'}"
    ask = f"{DESK}, {desk_email}" if desk_email else f"{DESK}; or reply to a receipt"
    lines = [
        (f"{specification.title}, {period.label}", ""),
        ("Authority", authority.name if authority else "yours: choose its DfE number in the column la_code"),
        ("Period", f"{period.label}: {period.start:%-d %B %Y} to {period.end:%-d %B %Y}{other_name}"),
        ("What it is", specification.description),
        ("New this time", change_in_words(specification)),
        ("Confidentiality", f"{specification.sensitivity}. Write no name of a worker, child or family anywhere."),
        ("", ""),
        ("How to fill it in", ""),
        *((f"Sheet {record.sheet}", f"{record.title}. {record.grain}{_grid_note(record)}")
          for record in specification.records),
        ("Headings", "White on dark blue: must be filled in on every row. Blue on pale: leave blank where it does not "
                     "apply or is not known. Grey italics: voluntary. Point at a heading to read what belongs there."),
        ("Codes", f"Choose from the list in the cell. The sheet {CODES} says what each code means. "
                  "The codes are this project's own, not DfE's."),
        ("Zero and blank", "Write 0 where there were none. A blank is never read as 0."),
        ("Dates", "Day, month, year, as 31/12/2025."),
        ("Copying from elsewhere", "Paste values only (Paste special, Values), so that the lists and formats stay. "
                                   "No formulas are needed; a cell that shows an error is refused."),
        ("la_code, period_end", "Belong on every row you write, always the same: copy them down."),
        ("Please do not", "rename, add or remove headings or sheets. The order of the columns does not matter."),
        ("", ""),
        ("How to send it", ""),
        ("Where", f"Put the saved file in LIIA's landing area, in the folder {place}"),
        *([("When", f"{window.in_words}")] if window else []),
        ("Check it first", "If you have this project's command: workforce check FILE. It says within seconds what is "
                           "wrong, and sends nothing."),
        ("", ""),
        ("What happens next", ""),
        ("Receipt", "A receipt comes back to the same folder: accepted, accepted with queries, or rejected, with a "
                    "workbook that lists every place to look at. It never repeats what you wrote."),
        ("Corrections", "Correct your file and put it in the same folder again, as often as you like. The newest "
                        "accepted version counts; a rejected one changes nothing."),
        ("Whom to ask", ask),
    ]  # fmt: skip
    return lines


def change_in_words(specification: Specification) -> str:
    """What differs from the period before."""
    own = [text for label, text in specification.changes if label == specification.period.label]
    if own:
        return own[0]
    if specification.period == load_collection(specification.collection).first_period:
        return "This is the first return of its kind."
    earlier = f" The last change came with {specification.changes[-1][0]}." if specification.changes else ""
    return f"Nothing: the same as the period before.{earlier}"


def _grid_note(record: Record) -> str:
    if record.may_be_empty:
        return " Where there were none, leave it empty below the headings."
    if record.key and all(record.item(name).kind == "code" for name in record.key):
        return " Every row stands there already: write the figures, 0 where there are none."
    return ""


# The sample XML.


def _sample_xml(specification: Specification, authority: Sender | None) -> bytes:
    """One invented employee, one leaver and one agency worker, in this period's layout, passing every rule."""
    sender = authority or next(each for each in senders() if each.name == "Camden")
    year = specification.period.end.year
    message = ElementTree.Element("Message")
    message.append(
        ElementTree.Comment(
            f" Sample for the census year {year}: an employee, a leaver and an agency worker. All of it is invented; "
            "no registration number begins with SY. "
        )
    )
    header = ElementTree.SubElement(message, "Header")
    _add(
        ElementTree.SubElement(header, "CollectionDetails"),
        [("Collection", "CSWW"), ("Year", str(year)), ("ReferenceDate", specification.period.end.isoformat())],
    )
    _add(
        ElementTree.SubElement(header, "Source"),
        [
            ("SourceLevel", "L"),
            ("LEA", sender.dfe_codes[0]),
            ("SoftwareCode", "sample"),
            ("DateTime", f"{year}-10-14T09:00:00"),
        ],
    )
    for record in specification.records:
        for values in _SAMPLE_AUTHORITY if record.rows == "one" else _sample_workers(year):
            element = ElementTree.SubElement(message, record.element or record.name)
            _add(element, [(item.label, text) for item in record.items if (text := _sample_value(item, values))])
    ElementTree.indent(message, "  ")
    written: bytes = ElementTree.tostring(message, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"


def _add(parent: ElementTree.Element, elements: Sequence[tuple[str, str]]) -> None:
    for name, text in elements:
        ElementTree.SubElement(parent, name).text = text


def _sample_value(item: Item, values: Mapping[str, str]) -> str:
    """The value given for this record; else the specification's example, so that new items appear by themselves."""
    if item.name in values:
        return values[item.name]
    if item.example is not None or not item.required:
        return item.example or next(iter(item.codes), "")
    by_kind = {"text": "Text", "integer": f"{item.minimum or 0:g}", "decimal": f"{item.minimum or 0:g}"}
    return next(iter(item.codes), by_kind.get(item.kind, ""))


# The one agency worker below covers a vacancy. Names are items; an empty text leaves an item out.
_SAMPLE_AUTHORITY = [
    {"number_of_vacancies": "2", "no_agency_fte": "1", "no_agency_headcount": "1", "other_allowances": "None"}
]


def _sample_workers(year: int) -> list[dict[str, str]]:
    stayed = {"role_end_date": "", "leaver_destination": "", "reason_leave": ""}
    present = {"absat30_sept": "0", "reason_absence": ""}
    return [
        # Someone in post all year.
        {
            "agency_worker": "0",
            "swe_no": "SY00000001",
            "fte": "0.8",
            "person_birth_date": f"{year - 36}-04-02",
            "role_start_date": f"{year - 3}-06-07",
            "fte30": "0.8",
            "contract_weeks": "",
            **stayed,
            **present,
        },
        # Someone who left in March: the FTE is 0, FTE30 says what it was.
        {
            "agency_worker": "0",
            "swe_no": "SY00000002",
            "fte": "0",
            "person_birth_date": f"{year - 44}-11-19",
            "role_start_date": f"{year - 6}-09-01",
            "role_end_date": f"{year}-03-31",
            "leaver_destination": "1",
            "reason_leave": "1",
            "fte30": "1",
            "cases30": "",
            "contract_weeks": "",
            "absat30_sept": "",
            "reason_absence": "",
        },
        # An agency worker in post on 30 September.
        {
            "agency_worker": "1",
            "swe_no": "SY00000003",
            "fte": "1",
            "person_birth_date": f"{year - 31}-07-23",
            "start_origin": "",
            "role_start_date": "",
            "fte30": "",
            "contract_weeks": "26",
            "working_days_lost": "",
            "base_salary": "",
            "rr_payments": "",
            "other_payments": "",
            **stayed,
            **present,
        },
    ]
