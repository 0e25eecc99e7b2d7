"""Read whatever was sent: recognise it, read it, type it. Bad input gives problems, never an exception."""

import logging
import traceback
from collections.abc import Sequence
from pathlib import Path

from ingestion.returns.csv_reader import read_csv
from ingestion.returns.files import Format, ReturnFile, format_of
from ingestion.returns.problems import UnreadableError
from ingestion.returns.reading import Claim, Problem, ReadReturn, TypedReturn
from ingestion.returns.specification import HERE, Specification
from ingestion.returns.tables import Sheet, claim_of_tables, read_tables
from ingestion.returns.typed import type_return
from ingestion.returns.workbook_reader import read_workbook
from ingestion.returns.xml_reader import claim_of_census, read_census

log = logging.getLogger(__name__)

_ROWS_TO_RECOGNISE = 200


def recognise(files: Sequence[ReturnFile]) -> Claim:
    """Look at the beginning of what was sent for whose return of what it says it is; empty where it does not say."""
    try:
        formats = [format_of(file) for file in files]
        if formats == ["xml"]:
            return claim_of_census(files[0].content)
        if formats == ["workbook"]:
            return claim_of_tables(read_workbook(files[0].content, _ROWS_TO_RECOGNISE))
        if formats and set(formats) == {"csv"}:
            return claim_of_tables([read_csv(file.content, _ROWS_TO_RECOGNISE) for file in files])
    except UnreadableError:
        pass
    except Exception as error:
        _log(error)
    return Claim()


def read_return(files: Sequence[ReturnFile], specification: Specification | None) -> TypedReturn:
    """Read what was sent together as one return: an XML file, a workbook, or CSV files.

    Without a specification only what is wrong with the files themselves is looked for. Never raises for bad input: a
    file that cannot be read gives no records and one problem that says why.
    """
    try:
        return type_return(_read(files, specification))
    except UnreadableError as error:
        problem = error.problem
    except Exception as error:
        # The last resort: its text could hold a value of the file, so only its kind and place are logged.
        _log(error)
        problem = Problem("unreadable_file")
    return TypedReturn(specification, Claim(), {}, [problem])


def _read(files: Sequence[ReturnFile], specification: Specification | None) -> ReadReturn:
    if not files:
        raise UnreadableError("empty_file")
    formats = [format_of(file) for file in files]
    expected: tuple[Format, ...] = ("xml", "workbook", "csv")
    if specification is not None:
        expected = ("xml",) if specification.format == "xml" else ("workbook", "csv")
    if not set(formats) <= set(expected):
        raise UnreadableError("not_this_format", detail=_EXPECTED[expected])
    if len(files) > 1 and set(formats) != {"csv"}:
        raise UnreadableError("not_this_format", detail=_EXPECTED[expected])
    if formats[0] == "xml":
        return read_census(files[0].content, specification)
    sheets: list[Sheet] = []
    for file in files:
        sheets.extend(read_workbook(file.content) if formats[0] == "workbook" else [read_csv(file.content)])
    if specification is None:
        return ReadReturn(None, claim_of_tables(sheets), {}, [])
    return read_tables(sheets, specification)


_EXPECTED: dict[tuple[Format, ...], str] = {
    ("xml",): "one XML file is expected",
    ("workbook", "csv"): "one workbook (.xlsx), or a CSV file for each table, is expected",
    ("xml", "workbook", "csv"): "one XML file, one workbook (.xlsx), or a CSV file for each table, is expected",
}


def _log(error: Exception) -> None:
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent == HERE]
    log.error("A return could not be read: %s in %s, line %d", type(error).__name__, own[-1].name, own[-1].lineno or 0)
