"""History checked again with other rules, without the senders."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from expectations import returns_gate
from ingestion.returns import desk
from ingestion.returns.findings import Finding
from tests.ingestion.returns.conftest import Desk
from tests.ingestion.returns.sent_files import census, land

CAMDEN, KINGSTON, JOINT = "csww_census/2024/CAM", "csww_census/2024/314", "csww_census/2024/314-318"
NEW_RULE = Finding("NEW-001", "error", "Nobody holds 15 cases any more.", "Share them out.", field="Cases30")


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> "Rules":
    return Rules(monkeypatch)


class Rules:
    """The real rules, and what a test changes in them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._real = returns_gate.check_returns

    def refuse_cases(self, number: int, finding: Finding = NEW_RULE) -> None:
        def holds(each: Any) -> bool:
            return "worker" in each.records and bool((each.records["worker"].frame["cases30"] == number).any())

        def check(returns: Sequence[Any]) -> returns_gate.ReturnsRun:
            run = self._real(returns)
            pairs = zip(returns, run.findings, strict=True)
            return replace(run, findings=[[*found, finding] if holds(each) else found for each, found in pairs])

        self._monkeypatch.setattr(returns_gate, "check_returns", check)

    def as_before(self) -> None:
        self._monkeypatch.setattr(returns_gate, "check_returns", self._real)


def recheck(returns_desk: Desk, **options: Any) -> list[tuple[object, ...]]:
    outcomes = desk.recheck(returns_desk.settings, returns_desk.root, **options)
    return [(outcome.authority_name, outcome.version, outcome.status) for outcome in outcomes]


def test_with_the_same_rules_nothing_changes_at_all(returns_desk: Desk) -> None:
    returns_desk.send(CAMDEN, census())
    returns_desk.send(CAMDEN, census(role="99"))
    land(returns_desk.root, "census/x", census())
    returns_desk.work("csww_census")
    before = returns_desk.everything()
    assert recheck(returns_desk) == []
    assert returns_desk.everything() == before


def test_a_new_rule_rejects_what_was_accepted_and_the_version_before_counts_again(
    returns_desk: Desk, rules: Rules
) -> None:
    returns_desk.send(CAMDEN, census())
    returns_desk.send(CAMDEN, census(cases=15))
    rules.refuse_cases(15)
    assert recheck(returns_desk) == [("Camden", 2, "rejected")]
    assert returns_desk.statuses() == [(1, "accepted", "accepted"), (2, "rejected", "rejected")]
    assert returns_desk.rows(
        "select rows_read, rows_loaded, rows_refused, errors from ledger.submissions where version = 2"
    ) == [(4, 0, 4, 1)]
    assert returns_desk.rows("select distinct submission_id from raw.csww_census__worker") == [(1,)]
    assert returns_desk.rows("select rule_code, field from ledger.findings") == [("NEW-001", "Cases30")]
    assert "Nobody holds 15 cases any more" in returns_desk.receipt(CAMDEN)
    assert recheck(returns_desk) == [], "a second time changes nothing"


def test_a_rule_taken_back_accepts_what_was_rejected_and_loads_it(returns_desk: Desk, rules: Rules) -> None:
    rules.refuse_cases(15)
    returns_desk.send(CAMDEN, census(cases=15))
    assert returns_desk.current() == []
    rules.as_before()
    assert recheck(returns_desk) == [("Camden", 1, "accepted")]
    assert returns_desk.current() == [("E09000007", "2024", 1)]
    assert returns_desk.rows("select count(*) from raw.csww_census__worker") == [(3,)]
    assert returns_desk.rows("select count(*) from ledger.findings") == [(0,)]
    assert returns_desk.receipt(CAMDEN).startswith("ACCEPTED")


def test_other_words_for_the_same_decision_bring_the_receipt_up_to_date(returns_desk: Desk, rules: Rules) -> None:
    rules.refuse_cases(15)
    returns_desk.send(CAMDEN, census(cases=15))
    rules.refuse_cases(15, replace(NEW_RULE, fix="Give them to somebody else."))
    assert recheck(returns_desk) == [("Camden", 1, "rejected")]
    assert "Give them to somebody else." in returns_desk.receipt(CAMDEN)


def test_a_dry_run_tells_and_changes_nothing(returns_desk: Desk, rules: Rules) -> None:
    returns_desk.send(CAMDEN, census(cases=15))
    before, receipt = returns_desk.everything(), returns_desk.receipt(CAMDEN)
    rules.refuse_cases(15)
    assert recheck(returns_desk, dry_run=True) == [("Camden", 1, "rejected")]
    assert (returns_desk.everything(), returns_desk.receipt(CAMDEN)) == (before, receipt)


def test_when_a_joint_return_falls_its_members_own_count_again(returns_desk: Desk, rules: Rules) -> None:
    returns_desk.send(KINGSTON, census("314"))
    returns_desk.send(JOINT, census("314", cases=15))
    returns_desk.send(KINGSTON, census("314", cases=16))  # rejected: the joint return is in force
    rules.refuse_cases(15)
    changed = recheck(returns_desk)
    assert ("Kingston upon Thames and Richmond upon Thames", 1, "rejected") in changed
    assert ("Kingston upon Thames", 2, "accepted") in changed
    assert returns_desk.current() == [("E09000021", "2024", 2)]
    assert recheck(returns_desk) == []


def test_only_the_collection_asked_for_is_checked_again(returns_desk: Desk, rules: Rules) -> None:
    returns_desk.send(CAMDEN, census(cases=15))
    rules.refuse_cases(15)
    assert recheck(returns_desk, collection="agency_quarterly") == []
    assert returns_desk.statuses() == [(1, "accepted", "accepted")]
