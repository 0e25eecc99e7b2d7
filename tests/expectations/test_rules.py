"""The suites: read whole, refused when a rule is badly described, and cheap until something is checked."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from expectations import mart_gate, release_gate, rules
from expectations.checking import CheckingError, check
from expectations.rules import Rule, RuleError, load_all_rules, load_rules, questions
from ingestion.settings import Settings
from tests.expectations.conftest import receive_published
from tests.expectations.published import indicators, with_figure

SOUND = """
rules:
  - {code: T-1, severity: error, frame: f, expectation: ExpectColumnValuesToBeNull, kwargs: {column: a}, message: m,
     fix: f, owner: o, source: s}
"""


def a_rule(**changes: object) -> Rule:
    """A rule on the column `a` of the frame `f`."""
    described: dict[str, object] = {
        "code": "T-1", "severity": "error", "frame": "f", "expectation": "ExpectColumnValuesToBeWholeNumbers",
        "kwargs": {"column": "a"}, "message": "m", "fix": "f", "owner": "o", "source": "s",
    }  # fmt: skip
    return Rule(**(described | changes))  # type: ignore[arg-type]


def test_every_rule_has_its_own_code_and_says_what_to_do() -> None:
    found = load_all_rules()
    assert len({rule.code for rule in found}) == len(found)
    for rule in found:
        assert rule.fix.endswith("."), rule.code
        assert not rule.message.endswith("."), f"{rule.code}: the message gets its full stop with the places"


@pytest.mark.parametrize(
    ("suite", "complaint"),
    [
        (SOUND.replace("severity: error", "severity: warning"), "not error or query"),
        (SOUND.replace(", owner: o", ""), "missing \\['owner'\\]"),
        (SOUND.replace("owner: o", "owner: o, colour: red"), "unknown \\['colour'\\]"),
        (SOUND + SOUND.replace("rules:", ""), "T-1 stands twice"),
    ],
)
def test_a_badly_described_rule_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suite: str, complaint: str
) -> None:
    (tmp_path / "bad.yml").write_text(suite)
    monkeypatch.setattr(rules, "SUITES", tmp_path)
    with pytest.raises(RuleError, match=complaint):
        load_rules("bad")


def test_whole_numbers_pass_nulls_and_refuse_fractions() -> None:
    frame = pd.DataFrame({"a": [1.0, None, 2.5, 0.0, -0.1]})
    (answer,) = check({"f": frame}, questions([a_rule()], {}))
    assert answer.failing == (2, 4)


def test_a_rule_that_names_no_column_of_the_frame_is_an_error_of_the_rule_not_of_the_data() -> None:
    with pytest.raises(CheckingError, match="T-1"):
        check({"f": pd.DataFrame({"b": [1.0]})}, questions([a_rule()], {}))


def test_what_is_said_of_a_rule_that_cannot_be_checked_holds_no_value_of_the_rows() -> None:
    frame = pd.DataFrame({"a": ["SY12345678", "SY87654321"]})
    with pytest.raises(CheckingError, match=r"T-1 \(None, ExpectColumnValuesToBeWholeNumbers of f\).*Error") as raised:
        check({"f": frame}, questions([a_rule()], {}))
    assert "SY" not in str(raised.value)


def test_only_the_rows_a_rule_is_about_are_looked_at() -> None:
    frame = pd.DataFrame({"a": [0.5, 0.5, 0.5, 0.5], "shown": [True, False, True, True], "kind": list("pqqr")})
    (answer,) = check({"f": frame}, questions([a_rule(where={"shown": True, "kind": ["p", "r"]})], {}))
    assert answer.failing == (0, 3)


def test_an_empty_frame_fails_nothing() -> None:
    frame = pd.DataFrame({"a": []}, dtype="float64")
    assert check({"f": frame}, questions([a_rule()], {}))[0].failing == ()


def test_gates_cost_nothing_until_something_is_checked() -> None:
    program = (
        "import sys, expectations.release_gate, expectations.mart_gate, expectations.returns_gate; "
        "sys.exit('great_expectations' in sys.modules or 'pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_gates_run_by_hand_print_what_they_found_and_exit_1_when_they_refuse(
    warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Settings, "load", lambda: warehouse)
    assert release_gate.main() == 0
    assert "No release is waiting" in capsys.readouterr().out
    receive_published(warehouse, tmp_path, indicators(2023), "good.csv")
    assert release_gate.main() == 0
    assert capsys.readouterr().out == "good.csv (2023 release): passed, 0 errors, 0 queries\n"
    release = indicators(2024)
    with_figure("agency_rate_fte", "130")(release)
    receive_published(warehouse, tmp_path, release, "bad.csv")
    assert release_gate.main() == 1
    printed = capsys.readouterr().out
    assert "bad.csv (2024 release): failed, 1 error, 0 queries" in printed
    assert "error DCS-101 agency_rate_fte: A share of posts above 100%: Camden 2024 130." in printed
    assert mart_gate.main() == 1
    assert "error DCS-500" in capsys.readouterr().out
