"""The data-quality rules, read from `suites/*.yml`: code, severity, what is expected, and what to tell people.

Nothing here imports Great Expectations (it takes seconds); `checking` turns these rules into expectations.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import yaml

SUITES = Path(__file__).parent / "suites"

Severity = Literal["error", "query"]

REQUIRED = ("code", "severity", "frame", "expectation", "kwargs", "message", "fix", "owner", "source")
OPTIONAL = ("for_each", "where", "field", "field_column", "group_by", "shows")


class RuleError(Exception):
    """A suite file does not describe its rules properly; the message names the file and the rule."""


@dataclass(frozen=True)
class Rule:
    """One rule as written in a suite.

    `expectation` and `kwargs` are Great Expectations' own. `frame` names the table of rows it is asked of.
    `for_each` asks it once for each of these columns, put where `{column}` stands. `where` narrows the rows:
    column to value. `shows` describes one failing row from its columns, for the finding's message.
    `field` is the published column it is about; `field_column` names the column that holds it, where a rule covers
    several, and each field has its own finding. `group_by` names a column whose every value has its own finding,
    and stands where the message says `{group}`.
    """

    code: str
    severity: Severity
    frame: str
    expectation: str
    kwargs: Mapping[str, Any]
    message: str
    fix: str
    owner: str
    source: str
    for_each: tuple[str, ...] = ()
    where: Mapping[str, Any] | None = None
    field: str | None = None
    field_column: str | None = None
    group_by: str | None = None
    shows: str | None = None


@dataclass(frozen=True)
class Question:
    """A rule asked of one field: exactly one expectation."""

    rule: Rule
    field: str | None
    kwargs: Mapping[str, Any]


def load_rules(suite: str) -> tuple[Rule, ...]:
    """The rules of one suite file, in its order.

    Raises:
        RuleError: a rule lacks something, has something unknown, or its code stands twice.
    """
    path = SUITES / f"{suite}.yml"
    described = yaml.safe_load(path.read_text(encoding="utf-8"))
    common = described.get("defaults", {})
    rules = tuple(_rule(path.name, {**common, **item}) for item in described["rules"])
    codes = [rule.code for rule in rules]
    doubled = sorted({code for code in codes if codes.count(code) > 1})
    if doubled:
        raise RuleError(f"{path.name}: {', '.join(doubled)} stands twice. Give each rule its own code.")
    return rules


def load_all_rules() -> tuple[Rule, ...]:
    """The rules of every suite, by code."""
    return tuple(
        sorted((rule for path in SUITES.glob("*.yml") for rule in load_rules(path.stem)), key=lambda rule: rule.code)
    )


def questions(rules: Iterable[Rule], values: Mapping[str, Any]) -> list[Question]:
    """Every rule asked of each of its fields, with `$name` replaced from `values`.

    Raises:
        RuleError: a rule names a value that is not there.
    """
    asked = []
    for rule in rules:
        for column in rule.for_each or (None,):
            kwargs = {
                name: value.replace("{column}", column)
                if isinstance(value, str) and column is not None
                else _value(rule, value, values)
                for name, value in rule.kwargs.items()
            }
            field = rule.field if column is None else (rule.field or "{column}").replace("{column}", column)
            asked.append(Question(rule, field, kwargs))
    return asked


def _value(rule: Rule, value: Any, values: Mapping[str, Any]) -> Any:
    if not (isinstance(value, str) and value.startswith("$")):
        return value
    if value[1:] not in values:
        raise RuleError(f"{rule.code}: there is no value called '{value}'.")
    return values[value[1:]]


def _rule(file_name: str, item: Mapping[str, Any]) -> Rule:
    name = f"{file_name}, {item.get('code', 'a rule without a code')}"
    missing = [key for key in REQUIRED if key not in item]
    unknown = [key for key in item if key not in REQUIRED + OPTIONAL]
    if missing or unknown:
        raise RuleError(f"{name}: missing {missing}, unknown {unknown}.")
    if item["severity"] not in ("error", "query"):
        raise RuleError(f"{name}: severity is '{item['severity']}', not error or query.")
    return Rule(
        code=item["code"],
        severity=cast(Severity, item["severity"]),
        frame=item["frame"],
        expectation=item["expectation"],
        kwargs=item["kwargs"],
        message=" ".join(item["message"].split()),
        fix=" ".join(item["fix"].split()),
        owner=item["owner"],
        source=item["source"],
        for_each=tuple(item.get("for_each", ())),
        where=item.get("where"),
        field=item.get("field"),
        field_column=item.get("field_column"),
        group_by=item.get("group_by"),
        shows=item.get("shows"),
    )
