"""What every reader gives back: the text of each record with its places, and what is wrong with the file itself.

Readers say what is wrong as problems of a few kinds; `expectations/suites/returns_files.yml` says how bad each is, in
what words, and what to do. Nothing here repeats a value of the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ingestion.returns.specification import Record, Specification

if TYPE_CHECKING:
    import pandas as pd

ProblemKind = Literal[
    # The file: hostile or not what it should be.
    "empty_file", "unsafe_file_name", "too_large", "not_this_format", "encrypted_workbook", "truncated",
    "unpacks_too_large", "doctype", "not_well_formed", "nested_too_deep", "null_bytes", "too_many_columns",
    "too_many_rows", "undecodable_text", "hidden_characters", "formula_text", "active_content", "unreadable_file",
    # Its structure.
    "missing_table", "no_rows", "more_than_one_row", "missing_column", "unknown_column", "duplicated_column",
    "extra_table", "formula_error", "unknown_element", "repeated_item", "header_not_found",
    # Single cells that could not be typed.
    "not_a_number", "not_whole", "too_many_decimals", "not_a_date", "ambiguous_date", "too_long",
    # Whose and for when it is.
    "unknown_collection", "unknown_authority", "unknown_period", "no_specification", "future_period",
    "wrong_collection", "wrong_authority", "wrong_period", "joint_return_in_force",
]  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """Something a reader could not accept.

    Args:
        kind: which of the known problems.
        record: the record it is about, if one.
        field: the item's label, if one.
        sheet: the sheet or file part it stands in.
        row: the spreadsheet's row (header = 1), or the line of an XML file.
        column: the spreadsheet's column letter.
        detail: more, in words of the specification only: never text from the file.
        occurrences: how many times, where places beyond this one are not listed.
    """

    kind: ProblemKind
    record: str | None = None
    field: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    detail: str = ""
    occurrences: int = 1


@dataclass
class RecordText:
    """One record's rows as text: a list per item, all of one length; `None` where nothing is written.

    `rows` holds each row's place in the file. `columns` maps an item to its column letter. `repeated` holds, by
    position and item, every value of an item that stood more than once in an XML record (`text` holds the first).
    """

    record: Record
    text: dict[str, list[str | None]]
    rows: list[int]
    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    repeated: dict[int, dict[str, list[str]]] = field(default_factory=dict)


@dataclass
class Claim:
    """Whose and for when a file says it is, from its own content; empty where it does not say.

    DfE authority codes as written (`202`); census years and period ends as ISO text, to compare with the landing path.
    """

    collection: str | None = None
    dfe_codes: tuple[str, ...] = ()
    years: tuple[str, ...] = ()
    period_ends: tuple[str, ...] = ()


@dataclass
class ReadReturn:
    """A file as read: text by record, and its problems. A file that could not be read at all has problems only."""

    specification: Specification | None
    claim: Claim
    records: dict[str, RecordText]
    problems: list[Problem]

    @property
    def rows_read(self) -> int:
        """Rows of all its records."""
        return sum(len(record.rows) for record in self.records.values())


@dataclass
class TypedRecord:
    """One record's rows, typed.

    `frame`: `source_row` (int), then one column per item under its name: strings for codes, text and registration
    numbers (upper case, no blanks), `Int64` or float for numbers, `datetime64` for dates; null where nothing is written
    or where the text could not be typed (those cells stand among the problems).
    """

    record: Record
    frame: "pd.DataFrame"
    sheet: str | None
    columns: Mapping[str, str]
    repeated: Mapping[int, Mapping[str, list[str]]]


@dataclass
class TypedReturn:
    """A return ready for the rules: typed records and all problems so far."""

    specification: Specification | None
    claim: Claim
    records: dict[str, TypedRecord]
    problems: list[Problem]

    @property
    def rows_read(self) -> int:
        """Rows of all its records."""
        return sum(len(record.frame) for record in self.records.values())
