"""The rules on the marts of the census from returns: each fails where it should, and nowhere else."""

from typing import Any

import pandas as pd
import pytest

from expectations import checking
from expectations.mart_frames import COMPARISONS
from expectations.outcome import Finding, findings_of
from expectations.rules import load_rules, questions

RULES = load_rules("marts_census_returns")

# A row of each frame with which nothing is wrong.
SOUND: dict[str, dict[str, Any]] = {
    "tables": {"table_name": "marts_candidate.mart_census__pay", "is_there": True},
    "records": {"measure": "in_post", "place": "Camden 2024", "difference": 0},
    "matrix": {"table_name": "mart_census__pay", "place": "mart_census__pay 2024", "difference": 0},
    "shown": {"measure": "in_post", "place": "Camden 2024 sex male", "is_the_count": True, "is_small": False},
    "sums": {"measure": "in_post", "place": "Camden 2024 sex", "difference": 0.0},
    "ranges": {"field": "in_post share", "place": "in_post share 2024", "lowest": 0.0, "is_possible": True},
    "changes": {"unit_level": "authority", "place": "Camden 2025", "times_last_year": 1.02},
    "continuity": {"place": "Camden 2025", "gap": 47},
    "published": {"indicator": "inpost_fte", "place": "Camden 2024", "is_within_rounding": True},
    "coverage": {"unit_level": "authority", "place": "Camden 2024", "coverage_pct": 100.0, "is_enough": True},
    "blanks": {"measure": "leavers", "place": "leavers by destination 2024", "not_known_pct": 20.0},
    "pay": {
        "pay_item": "base_salary",
        "place": "Camden 2025 case_holder",
        "median_gbp": 42000.0,
        "was_asked": True,
        "is_in_order": True,
        "are_enough_people": True,
    },
    "allowances": {"allowance": "car_allowance", "place": "Camden 2025", "difference": 0},
}

# code, frame, what is wrong with its row
FAILING: list[tuple[str, str, dict[str, Any]]] = [
    ("CRM-500", "tables", {"is_there": False}),
    ("CRM-510", "records", {"difference": -1}),
    ("CRM-511", "matrix", {"difference": -3}),
    ("CRM-512", "shown", {"is_the_count": False}),
    ("CRM-513", "shown", {"is_small": True}),
    ("CRM-514", "sums", {"difference": 1.0}),
    ("CRM-520", "ranges", {"lowest": -1.0}),
    ("CRM-521", "ranges", {"is_possible": False}),
    ("CRM-530", "changes", {"times_last_year": 0.5}),
    ("CRM-530", "changes", {"times_last_year": 1.7}),
    ("CRM-531", "changes", {"unit_level": "london", "times_last_year": 1.2}),
    ("CRM-532", "continuity", {"gap": 48}),
    ("CRM-533", "published", {"is_within_rounding": False}),
    ("CRM-540", "coverage", {"unit_level": "inner_outer", "coverage_pct": 71.4, "is_enough": False}),
    ("CRM-541", "coverage", {"coverage_pct": 0.0, "is_enough": False}),
    ("CRM-550", "blanks", {"not_known_pct": 21.0}),
    ("CRM-560", "pay", {"is_in_order": False}),
    ("CRM-561", "pay", {"was_asked": False, "are_enough_people": False}),
    ("CRM-562", "pay", {"are_enough_people": False}),
    ("CRM-563", "pay", {"median_gbp": 4200.0}),
    ("CRM-563", "pay", {"median_gbp": 420000.0}),
    ("CRM-570", "allowances", {"difference": 1}),
]


def found_in(rows: dict[str, dict[str, Any]]) -> list[Finding]:
    """What the rules say of one row a frame."""
    frames = {f"census_returns_{name}": pd.DataFrame([row]) for name, row in rows.items()}
    return findings_of(checking.check(frames, questions(RULES, {})), frames)


def test_rows_with_nothing_wrong_are_not_found() -> None:
    assert found_in(SOUND) == []


@pytest.mark.parametrize(
    ("code", "frame", "wrong"), FAILING, ids=[f"{code}-{number}" for number, (code, _, _) in enumerate(FAILING)]
)
def test_a_rule_finds_what_it_is_there_for_and_no_other_does(code: str, frame: str, wrong: dict[str, Any]) -> None:
    (finding,) = found_in({**SOUND, frame: {**SOUND[frame], **wrong}})
    (rule,) = [each for each in RULES if each.code == code]
    assert (finding.rule_code, finding.severity) == (code, rule.severity)
    name = {**SOUND[frame], **wrong}.get("place") or SOUND[frame]["table_name"]
    assert name in finding.message


def test_every_rule_has_a_case_that_fails_it() -> None:
    assert {code for code, _, _ in FAILING} == {rule.code for rule in RULES}


def test_every_query_is_asked_of_and_every_rule_has_its_query() -> None:
    queries = {f"census_returns_{path.stem}" for path in (COMPARISONS / "census_returns").glob("*.sql")}
    assert {rule.frame for rule in RULES} == queries | {"census_returns_tables"}


def test_no_message_names_a_number_of_people() -> None:
    about_people = ("records", "shown", "sums", "continuity")
    shown = [rule.shows for rule in RULES if rule.frame.removeprefix("census_returns_") in about_people]
    assert set(shown) == {"{place}"}
