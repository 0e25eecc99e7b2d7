"""Tables of records as the files an authority would send: the census's XML, a workbook, or CSV files."""

import csv
import io
from collections.abc import Mapping
from xml.sax.saxutils import escape

import pandas as pd

from ingestion.returns.senders import Sender
from ingestion.returns.specification import Record, Specification
from ingestion.sample.returns.cells import columns_of
from ingestion.sample.returns.workbook import workbook

Tables = Mapping[str, pd.DataFrame]


def file_names(specification: Specification, sender: Sender, *, as_csv: bool) -> dict[str, str]:
    """The names of a return's files, by the record each holds; a file that holds all records has the name ``."""
    stem = f"{specification.collection}_{'_'.join(sender.dfe_codes)}_{specification.period.folder}"
    if specification.format == "xml":
        return {"": f"{stem}.xml"}
    if as_csv:
        return {record.name: f"{stem}_{record.sheet}.csv" for record in specification.records}
    return {"": f"{stem}.xlsx"}


def files(specification: Specification, sender: Sender, tables: Tables, *, as_csv: bool) -> dict[str, bytes]:
    """A return's files by name."""
    names = file_names(specification, sender, as_csv=as_csv)
    if specification.format == "xml":
        return {names[""]: _xml(specification, sender, tables)}
    if as_csv:
        return {name: _csv(specification.record(record), tables[record]) for record, name in names.items()}
    return {names[""]: workbook((record, tables[record.name]) for record in specification.records)}


def _csv(record: Record, table: pd.DataFrame) -> bytes:
    """Headings as in the specification, dates as YYYY-MM-DD; with a byte order mark, as spreadsheets write it."""
    columns = columns_of(record, table)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(["" if cell is None else cell for cell in row] for row in zip(*columns.values(), strict=True))
    return text.getvalue().encode("utf-8-sig")


def _xml(specification: Specification, sender: Sender, tables: Tables) -> bytes:
    """The layout of the census's XML schemas: a message with a header, then each record's elements."""
    # A joint return bears the number of the first authority (domain notes of the census, section 9, point 3).
    lea, period = sender.dfe_codes[0], specification.period
    header = f"""<?xml version="1.0" encoding="UTF-8"?>
<Message>
  <Header>
    <CollectionDetails>
      <Collection>CSWW</Collection>
      <Year>{period.end.year}</Year>
      <ReferenceDate>{period.end:%Y-%m-%d}</ReferenceDate>
    </CollectionDetails>
    <Source>
      <SourceLevel>L</SourceLevel>
      <LEA>{lea}</LEA>
      <SoftwareCode>SYNTHETIC</SoftwareCode>
      <DateTime>{period.end.year}-10-14T09:00:00</DateTime>
    </Source>
  </Header>
"""
    elements = [element for record in specification.records for element in _elements(record, tables[record.name])]
    return "".join([header, *elements, "</Message>\n"]).encode()


def _elements(record: Record, table: pd.DataFrame) -> list[str]:
    """One element per row, one line per item; items without a value are left out."""
    lines: list[list[str]] = []
    for item, texts in zip(record.items, columns_of(record, table).values(), strict=True):
        written = {
            text: "" if text is None else f"    <{item.element}>{escape(text)}</{item.element}>\n"
            for text in set(texts)
        }
        lines.append([written[text] for text in texts])
    return [f"  <{record.element}>\n{''.join(row)}  </{record.element}>\n" for row in zip(*lines, strict=True)]
