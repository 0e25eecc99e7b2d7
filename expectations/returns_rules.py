"""Every rule asked of a return: those its specification makes, those written for its collection, those on any file.

The specification makes: required items, code sets, ranges, keys, registration numbers, and one authority and period
throughout. `suites/returns_<collection>.yml` holds the business rules, `suites/returns_files.yml` one rule for every
kind of problem a reader finds. A written rule's `frame` is a record of the specification, or one of the frames in
`returns_columns`; it may name items, columns made from them there, and for every item `<item>_or_blank`. A rule, or one
of the columns in its `for_each`, is left out where the specification of the period lacks an item it needs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from expectations.returns_columns import columns_of, frames_of
from expectations.rules import SUITES, Rule, RuleError, load_rules
from ingestion.returns.specification import (
    Item,
    Record,
    Specification,
    SpecificationError,
    known_periods,
    load_specification,
)

# How the codes of a collection's rules begin; a new collection's are its key in capitals until it is given one here.
PREFIXES = {"csww_census": "CSWW", "agency_quarterly": "AGQ", "leadership_in_colour": "LIC", "ep_workforce": "EPW"}

REGISTRATION_NUMBER = r"^[A-Z]{2}[0-9]{1,10}$"
OWNER = "the authority's data officer"
COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list")


def rules_for(specification: Specification) -> tuple[Rule, ...]:
    """Every rule a return of this specification is asked: on the file, from the specification, written for it.

    Raises:
        RuleError: a suite is badly written, or names an item that no version of the collection has.
    """
    return (*file_rules(), *record_rules(specification))


@cache
def file_rules() -> tuple[Rule, ...]:
    """One rule for every kind of problem a reader finds."""
    return load_rules("returns_files")


def record_rules(specification: Specification) -> tuple[Rule, ...]:
    """The rules on what stands in a return, narrowed to the items of its version."""
    written = tuple(
        narrowed
        for rule in _written_rules(specification.collection)
        if (narrowed := _narrowed(rule, specification)) is not None
    )
    return (*_made_rules(specification, written), *written)


def plain_message(rule: Rule, field: str | None = None, allowed: str = "", detail: str = "") -> str:
    """A rule's message in words, without a full stop: for one place, or in general where nothing is given."""
    message = rule.message.replace("{field}", field or "An item")
    for name, text in (("allowed", allowed), ("detail", detail)):
        message = message.replace(f": {{{name}}}", f": {text}" if text else "")
    return message


def allowed_values(item: Item) -> str:
    """What an item may hold, in words: its codes or its range; empty for any other item."""
    if item.codes:
        *most, last = item.codes
        return f"{', '.join(most)} or {last}" if most else last
    low, high = item.minimum, item.maximum
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"{low:g} or more" if low is not None else f"{high:g} or less" if high is not None else ""


def columns_named(rule: Rule, each: str | None = None) -> set[str]:
    """The columns a rule names, for one of its `for_each` columns."""
    named: list[str] = []
    for argument in COLUMN_ARGUMENTS:
        value = rule.kwargs.get(argument, ())
        named += [value] if isinstance(value, str) else value
    named += [*(rule.where or {}), *([rule.field_column] if rule.field_column else [])]
    return {name.replace("{column}", each or "") for name in named}


def base_record(collection: str, frame: str) -> str:
    """The record a rule's frame is about."""
    made = frames_of(collection).get(frame)
    return frame if made is None else made.record


# --- written rules ---------------------------------------------------------------------------------------------------


@cache
def _written_rules(collection: str) -> tuple[Rule, ...]:
    suite = f"returns_{collection}"
    if not (SUITES / f"{suite}.yml").exists():
        return ()  # A collection may do without business rules.
    rules = load_rules(suite)
    records = _items_of_every_version(collection)
    for rule in rules:
        for each in rule.for_each or (None,):
            unknown = sorted(
                name for name in columns_named(rule, each) if _needs(collection, rule.frame, name, records) is None
            )
            if unknown:
                raise RuleError(
                    f"{suite}.yml, {rule.code}: no version of the return has {', '.join(unknown)} in {rule.frame}."
                )
    return rules


def _items_of_every_version(collection: str) -> Mapping[str, set[str]]:
    items: dict[str, set[str]] = {}
    try:
        periods = known_periods(collection)
    except SpecificationError:
        return items
    for period in periods:
        for record in load_specification(collection, period).records:
            items.setdefault(record.name, set()).update(record.names)
    return items


def _needs(collection: str, frame: str, name: str, records: Mapping[str, Iterable[str]]) -> tuple[str, ...] | None:
    """The items a column is or is made from, as `record.item`; None where nothing has that name."""
    made = frames_of(collection).get(frame)
    if made is not None:
        return made.needs if name in (*made.columns, "submission") else None
    if frame not in records:
        return None
    if name in ("submission", "source_row", "first_day_of_period", "last_day_of_period"):
        return ()
    column = columns_of(collection, frame).get(name)
    if column is not None:
        return tuple(need if "." in need else f"{frame}.{need}" for need in column.needs)
    item = name.removesuffix("_or_blank").removesuffix("_named")
    return (f"{frame}.{item}",) if item in records[frame] else None


def _narrowed(rule: Rule, specification: Specification) -> Rule | None:
    records = {record.name: set(record.names) for record in specification.records}

    def is_here(each: str | None) -> bool:
        for name in columns_named(rule, each):
            needs = _needs(specification.collection, rule.frame, name, records)
            if needs is None:
                return False
            for need in needs:
                record, item = need.split(".")
                if item not in records.get(record, ()):
                    return False
        return True

    if not rule.for_each:
        return rule if is_here(None) else None
    kept = tuple(each for each in rule.for_each if is_here(each))
    return replace(rule, for_each=kept) if kept else None


# --- rules the specification makes -----------------------------------------------------------------------------------


def _made_rules(specification: Specification, written: Iterable[Rule]) -> tuple[Rule, ...]:
    prefix = PREFIXES.get(specification.collection, specification.collection.upper().replace("_", "-"))
    bounded = {
        (rule.frame, column)
        for rule in written
        if rule.expectation == "ExpectColumnValuesToBeBetween" and rule.severity == "error"
        for each in rule.for_each or (None,)
        for column in columns_named(rule, each)
    }
    rules: list[Rule] = []
    for record in specification.records:
        rules += _required(prefix, record, specification.source)
        rules += _code_sets(prefix, record, specification.source)
        rules += _ranges(prefix, record, bounded, specification.source)
        rules += _keys(prefix, record, specification.source)
        rules += _registration_numbers(prefix, record, specification.source)
        rules += _one_authority_and_period(prefix, record, specification.source)
    return tuple(sorted(rules, key=lambda rule: rule.code))


def _made(code: str, record: Record, expectation: str, kwargs: Mapping[str, Any], **more: Any) -> Rule:
    return Rule(
        code=code, severity="error", frame=record.name, expectation=expectation, kwargs=kwargs, owner=OWNER, **more
    )


def _required(prefix: str, record: Record, source: str) -> list[Rule]:
    # A registration number's own rule says when it is missing.
    names = tuple(item.name for item in record.items if item.required and item.kind != "registration_number")
    if not names:
        return []
    return [
        _made(
            f"{prefix}-STRUCT-1", record, "ExpectColumnValuesToNotBeNull", {"column": "{column}"}, for_each=names,
            message="{field} is missing", fix="Fill it in; zero is written as 0.", source=source,
        )
    ]  # fmt: skip


def _code_sets(prefix: str, record: Record, source: str) -> list[Rule]:
    coded = [item for item in record.items if item.codes]
    if not coded:
        return []
    values = [f"{item.name}={code}" for item in coded for code in item.codes]
    return [
        _made(
            f"{prefix}-STRUCT-2", record, "ExpectColumnValuesToBeInSet",
            {"column": "{column}_named", "value_set": values}, for_each=tuple(item.name for item in coded),
            message="{field} is not one of its codes: {allowed}",
            fix="Write one of the codes; the return's documentation says what each means.", source=source,
        )
    ]  # fmt: skip


def _ranges(prefix: str, record: Record, bounded: set[tuple[str, str]], source: str) -> list[Rule]:
    by_bounds: dict[tuple[float | None, float | None], list[str]] = {}
    for item in record.items:
        bounds = (item.minimum, item.maximum)
        if bounds != (None, None) and (record.name, item.name) not in bounded:
            by_bounds.setdefault(bounds, []).append(item.name)
    return [
        _made(
            f"{prefix}-STRUCT-3", record, "ExpectColumnValuesToBeBetween",
            {"column": "{column}", "min_value": low, "max_value": high}, for_each=tuple(names),
            message="{field} is outside what it can be: {allowed}", fix="Correct the number.", source=source,
        )
        for (low, high), names in by_bounds.items()
    ]  # fmt: skip


def _keys(prefix: str, record: Record, source: str) -> list[Rule]:
    # One person may rightly have several rows: a registration number is no key of a file.
    if record.rows == "one" or not record.key or any(record.item(n).kind == "registration_number" for n in record.key):
        return []
    together = " and ".join(record.item(name).label for name in record.key)
    return [
        _made(
            f"{prefix}-STRUCT-4", record, "ExpectCompoundColumnsToBeUnique",
            {"column_list": ["submission", *record.key], "ignore_row_if": "any_value_is_missing"},
            field=record.key[-1], message=f"Two rows or more with the same {together}",
            fix=f"Leave one row for each {together}, or correct it where it is mistyped.", source=source,
        )
    ]  # fmt: skip


def _registration_numbers(prefix: str, record: Record, source: str) -> list[Rule]:
    names = [item for item in record.items if item.kind == "registration_number"]
    return [
        _made(
            f"{prefix}-ID-1", record, "ExpectColumnValuesToMatchRegex",
            {"column": f"{item.name}_or_blank" if item.required else item.name, "regex": REGISTRATION_NUMBER},
            field=item.name, message="{field} is missing, or is not two letters and one to ten digits",
            fix="Write the Social Work England number as it stands on the register.", source=source,
        )
        for item in names
    ]  # fmt: skip


def _one_authority_and_period(prefix: str, record: Record, source: str) -> list[Rule]:
    return [
        _made(
            f"{prefix}-STRUCT-{number}", record, "ExpectColumnValuesToNotBeInSet",
            {"column": f"{name}_differs", "value_set": [True]}, field=name, message=message,
            fix="Send one return for each authority and period.", source=source,
        )
        for number, name, message in (
            (5, "la_code", "{field} is another authority's than in the rest of the return"),
            (6, "period_end", "{field} is another day than in the rest of the return"),
        )
        if name in record.names
    ]  # fmt: skip
