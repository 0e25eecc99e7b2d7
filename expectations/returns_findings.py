"""From failing rows to findings: where each is, in words and places of the return, and never a value of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from expectations.checking import Answer
from expectations.returns_frames import Cell
from expectations.returns_rules import allowed_values, plain_message
from expectations.rules import Question, Rule
from ingestion.returns.findings import Finding
from ingestion.returns.reading import TypedReturn

PROBLEMS = "problems"

# Places of one rule listed for one return; those beyond are counted.
PLACES_LISTED = 200


@dataclass
class Asked:
    """The questions of one run, the frames they are asked of, and what stands behind each frame but `problems`.

    `collections` and `records` say what a frame is about; `cells` which columns stand under one another in it, and
    `rules` whose they are: the rules asked together, each with where its rows end.
    """

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    collections: dict[str, str] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)
    cells: dict[str, Sequence[Cell]] = field(default_factory=dict)
    rules: dict[str, Sequence[tuple[Rule, int]]] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """One failing place. `key` names the item, so that no item's places crowd out another's."""

    key: str | None
    label: str | None
    sheet: str | None
    row: int | None
    column: str | None
    allowed: str = ""
    detail: str = ""
    occurrences: int = 1


def findings_of_return(
    asked: Asked, failing: Iterable[tuple[Answer, Sequence[int]]], each: TypedReturn
) -> list[Finding]:
    """All findings on one return, errors first, then by place.

    Args:
        asked: the run.
        failing: every answer with the rows of this return that fail it.
        each: the return.
    """
    sheets: dict[str | None, int] = {}
    for record in each.records.values():
        sheets.setdefault(record.sheet, len(sheets))
    findings: list[tuple[tuple[Any, ...], Finding]] = []
    for answer, positions in failing:
        rule = answer.question.rule
        listed, beyond = _first(_places(asked, answer.question, positions, each))
        for place in listed:
            order = (sheets.get(place.sheet, -1), place.row or 0, len(place.column or ""), place.column or "")
            findings.append(((rule.severity != "error", False, *order, rule.code), _finding(rule, place)))
        for place in beyond:
            order = (sheets.get(place.sheet, -1), 0, 0, "")
            findings.append(((rule.severity != "error", True, *order, rule.code), _finding(rule, place)))
    return [finding for _, finding in sorted(findings, key=lambda found: found[0])]


def _finding(rule: Rule, place: Place) -> Finding:
    message = plain_message(rule, place.label or "A cell", allowed=place.allowed, detail=place.detail)
    return Finding(
        rule_code=rule.code,
        severity=rule.severity,
        message=f"{message}.",
        fix=rule.fix,
        field=place.label,
        sheet=place.sheet,
        row=place.row,
        column=place.column,
        occurrences=place.occurrences,
        owner=rule.owner,
    )


def _first(places: Sequence[Place]) -> tuple[list[Place], list[Place]]:
    """The places to list, and those beyond as one for each item: every item's first before any item's second."""
    seen: dict[str | None, int] = {}
    ranked = []
    beyond: dict[str | None, list[Place]] = {}
    for number, place in enumerate(places):
        if place.occurrences > 1 and place.row is None:  # A reader has counted these already.
            beyond.setdefault(place.key, []).append(place)
        else:
            seen[place.key] = seen.get(place.key, 0) + 1
            ranked.append((seen[place.key], number))
    listed = sorted(number for _, number in sorted(ranked)[:PLACES_LISTED])
    for _, number in sorted(ranked)[PLACES_LISTED:]:
        beyond.setdefault(places[number].key, []).append(places[number])
    return [places[number] for number in listed], [
        replace(same[0], row=None, detail="", occurrences=sum(place.occurrences for place in same))
        for same in beyond.values()
    ]


def _places(asked: Asked, question: Question, positions: Sequence[int], each: TypedReturn) -> list[Place]:
    rule = question.rule
    rows = asked.frames[rule.frame].iloc[list(positions)]
    if rule.frame == PROBLEMS:
        return [
            Place(_text(field), _text(field), _text(sheet), _row(row), _text(column), "", _text(detail) or "", int(n))
            for field, sheet, row, column, detail, n in zip(
                rows["field"], rows["sheet"], rows["source_row"], rows["source_column"], rows["detail"],
                rows["occurrences"], strict=True,
            )
        ]  # fmt: skip
    if rule.frame in asked.cells:
        cells = [asked.cells[rule.frame][number] for number in rows["cell"].tolist()]
        if rule.field_column is not None:
            cells = [replace(cell, item=item) for cell, item in zip(cells, rows["value"].tolist(), strict=True)]
    else:
        record = asked.records[rule.frame]
        items = [rule.field] * len(rows) if rule.field_column is None else rows[rule.field_column].tolist()
        cells = [Cell(record, item) for item in items]
    numbers = rows["source_row"].tolist() if "source_row" in rows else [None] * len(rows)
    details = rows["detail"].tolist() if "detail" in rows else [""] * len(rows)
    known: dict[Cell, Place] = {}
    places = []
    for cell, number, detail in zip(cells, numbers, details, strict=True):
        if cell not in known:
            known[cell] = _place_of(cell, each)
        about = known[cell]
        places.append(
            Place(about.key, about.label, about.sheet, _row(number), about.column, about.allowed, str(detail))
        )
    return places


def _place_of(cell: Cell, each: TypedReturn) -> Place:
    """What is known of an item in this return, whatever the row."""
    typed = each.records[cell.record]
    item = next((item for item in typed.record.items if item.name == cell.item), None)
    if item is None:
        return Place(None, None, typed.sheet, None, None)
    return Place(item.name, item.label, typed.sheet, None, typed.columns.get(item.name), allowed_values(item))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _row(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
