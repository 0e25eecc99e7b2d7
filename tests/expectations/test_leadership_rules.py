"""The gate's rules on Leadership in Colour: for each, one row that is sound and one that fails it, and nothing else."""

from typing import Any

import pandas as pd
import pytest

from expectations.checking import check
from expectations.outcome import Finding, findings_of
from expectations.rules import load_rules, questions

RULES = load_rules("marts_leadership")

# One sound row of every frame, as the queries of expectations/comparisons/leadership make them.
SOUND: dict[str, dict[str, Any]] = {
    "leadership_tables": {"table_name": "marts_candidate.mart_leadership__representation", "is_there": True},
    "leadership_units": {
        "source": "returns", "unit_level": "authority", "place": "Camden 2024", "expected_rows": 14, "mart_rows": 14,
        "units_counted": 1, "is_carried_forward": False, "repeats_last_year": False, "tiers_sent": 6.0,
    },
    "leadership_published": {"place": "Camden 2024", "cells_compared": 35, "cells_different": 0},
    "leadership_returned": {
        "place": "London 2024, Managers, White", "unit_level": "london", "shown_headcount": 900.0, "difference": 0.0,
    },
    "leadership_events": {"place": "London 2024, Left, white", "measure": "leavers", "shown_people": 180.0,
                          "difference": 0.0},
    "leadership_ranges": {"field": "ratio", "place": "mart_leadership__likelihood, dfe 2024", "lowest": 0.3,
                          "highest": 1.5, "is_possible": True},
    "leadership_coverage": {
        "place": "London 2024", "units_counted": 31, "units_expected": 32, "units_returned": 31, "figures_shown": 108,
        "is_enough": True,
    },
    "leadership_changes": {
        "source": "returns", "unit_level": "authority", "place": "Camden 2024, returns", "is_newest": True,
        "is_large": True, "share_pct": 58.0, "previous_share_pct": 57.0, "points_changed": 1.0, "total": 200.0,
        "previous_total": 190.0, "times_last_year": 200 / 190, "declaration_rate_pct": 86.0,
    },
    "leadership_both_sources": {
        "place": "Camden 2024", "unit_level": "authority", "returned_headcount": 200.0, "published_headcount": 201.0,
        "times_published": 200 / 201,
    },
    "leadership_open_data": {"place": "dfe 2024", "rows_different": 0, "rows_absent": 0},
    "leadership_definitions": {"place": "returns 2024", "gm_definition": "gm_not_white", "definitions_used": 1,
                               "codes_without_side": 0},
}  # fmt: skip

# (code, field of the finding, frame, what is wrong in its row, words of the message)
FAILING: list[tuple[str, str | None, str, dict[str, Any], str]] = [
    ("LDR-500", None, "leadership_tables", {"is_there": False}, "mart_leadership__representation"),
    ("LDR-510", "returns", "leadership_units", {"mart_rows": 13}, "Camden 2024: 13 of 14 rows"),
    ("LDR-510", "returns", "leadership_units", {"mart_rows": 15}, "Camden 2024: 15 of 14 rows"),
    ("LDR-511", "returns", "leadership_units", {"units_counted": 0}, "Camden 2024"),
    ("LDR-512", None, "leadership_units", {"source": "dfe", "is_carried_forward": True}, "Camden 2024"),
    ("LDR-513", None, "leadership_units", {"repeats_last_year": True}, "Camden 2024"),
    ("LDR-514", None, "leadership_units", {"tiers_sent": 5.0}, "Camden 2024: 5 of 6 tiers"),
    ("LDR-520", None, "leadership_published", {"cells_different": 2}, "Camden 2024: 2 of 35 cells"),
    ("LDR-521", None, "leadership_returned", {"difference": -1.0}, "London 2024, Managers, White: shows 900"),
    ("LDR-521", None, "leadership_returned", {"difference": 7.0}, "London 2024, Managers, White: shows 900"),
    ("LDR-522", "leavers", "leadership_events", {"difference": 1.0}, "London 2024, Left, white: shows 180"),
    ("LDR-530", "ratio", "leadership_ranges", {"highest": 154.0, "is_possible": False}, "0.3 to 154"),
    ("LDR-540", None, "leadership_coverage", {"units_returned": 32}, "counts 31, 32 have returned"),
    ("LDR-541", None, "leadership_coverage",
     {"units_counted": 20, "units_returned": 20, "is_enough": False}, "20 of 32 units"),
    ("LDR-542", None, "leadership_coverage",
     {"units_counted": 20, "units_returned": 20, "is_enough": False, "figures_shown": 0}, "20 of 32 units"),
    ("LDR-550", "returns", "leadership_changes",
     {"unit_level": "london", "place": "London 2024, returns", "share_pct": 62.1, "points_changed": 5.1},
     "London 2024, returns: 62.1%, 57.0% the year before"),
    ("LDR-551", "returns", "leadership_changes", {"share_pct": 75.0, "points_changed": 18.0}, "75.0%, 57.0%"),
    ("LDR-552", None, "leadership_changes", {"total": 80.0, "times_last_year": 80 / 190}, "80, 190 the year before"),
    ("LDR-553", "returns", "leadership_changes", {"declaration_rate_pct": 71.5}, "Camden 2024, returns: 71.5%"),
    ("LDR-560", None, "leadership_both_sources",
     {"returned_headcount": 290.0, "times_published": 290 / 201}, "290 returned, 201 published"),
    ("LDR-570", None, "leadership_open_data", {"rows_different": 3}, "dfe 2024: 3 rows"),
    ("LDR-571", None, "leadership_open_data", {"rows_absent": 9}, "dfe 2024: 9 rows"),
    ("LDR-580", None, "leadership_definitions", {"codes_without_side": 1}, "gm_not_white: 1 codes"),
    ("LDR-581", None, "leadership_definitions", {"definitions_used": 2}, "2 definitions"),
]  # fmt: skip

# Rows that look like a failing case and are none.
PASSING: list[tuple[str, dict[str, Any]]] = [
    # DfE's rows say nothing of what was sent.
    ("leadership_units", {"source": "dfe", "repeats_last_year": None, "tiers_sent": float("nan")}),
    # Of fewer than 50 people one is two points.
    ("leadership_changes", {"is_large": False, "points_changed": 30.0, "times_last_year": 2.0}),
    # Nothing is shown, so nothing is compared.
    ("leadership_changes", {
        "share_pct": float("nan"), "points_changed": float("nan"), "times_last_year": float("nan"),
        "declaration_rate_pct": float("nan"),
    }),
    # DfE's workforce has its own rule (DCS-560).
    ("leadership_changes", {"source": "dfe", "times_last_year": 1.7}),
]  # fmt: skip


def ask(**changed: list[dict[str, Any]]) -> list[Finding]:
    """What the rules say of the sound rows and, beside them in their frames, of changed ones."""
    frames = {
        name: pd.DataFrame([row, *({**row, **change} for change in changed.get(name, []))])
        for name, row in SOUND.items()
    }
    return findings_of(check(frames, questions(RULES, {})), frames)


@pytest.fixture(scope="module")
def found() -> list[list[Finding]]:
    """The findings of each failing case. Cases of different rules may share a run; those of one rule may not."""
    rounds: list[dict[str, list[dict[str, Any]]]] = []
    placed: list[int] = []
    taken: list[set[str]] = []
    for code, _, frame, wrong, _ in FAILING:
        number = next((n for n, used in enumerate(taken) if code not in used and frame not in used), len(taken))
        if number == len(taken):
            taken.append(set())
            rounds.append({})
        taken[number] |= {code, frame}
        rounds[number].setdefault(frame, []).append(wrong)
        placed.append(number)
    answers = [ask(**each) for each in rounds]
    return [
        [finding for finding in answers[number] if finding.rule_code in _rules_on(FAILING[case][2])]
        for case, number in enumerate(placed)
    ]


def _rules_on(frame: str) -> set[str]:
    return {rule.code for rule in RULES if rule.frame == frame}


@pytest.mark.parametrize("case", range(len(FAILING)), ids=[f"{code}-{n}" for n, (code, *_) in enumerate(FAILING)])
def test_a_failing_row_is_the_only_finding_of_its_rule(found: list[list[Finding]], case: int) -> None:
    code, field, _, _, words = FAILING[case]
    # Too few units with figures in spite of it are too few units as well.
    expected = {code, "LDR-542"} if code == "LDR-541" else {code}
    assert {finding.rule_code for finding in found[case]} == expected
    (finding,) = [each for each in found[case] if each.rule_code == code]
    assert finding.field == field
    assert words in finding.message
    assert finding.severity == next(rule.severity for rule in RULES if rule.code == code)


def test_sound_rows_and_rows_that_only_look_wrong_pass() -> None:
    passing: dict[str, list[dict[str, Any]]] = {}
    for frame, change in PASSING:
        passing.setdefault(frame, []).append(change)
    assert ask(**passing) == []


def test_nothing_returned_and_nothing_published_passes() -> None:
    frames = {name: pd.DataFrame([row]).head(0) for name, row in SOUND.items()}
    assert findings_of(check(frames, questions(RULES, {})), frames) == []


def test_every_rule_has_a_case_that_fails_it() -> None:
    assert {code for code, *_ in FAILING} == {rule.code for rule in RULES}
