"""Receipts as the DAGs send them: batches with names people know, each receipt once."""

import hashlib
from pathlib import Path

import pytest

from ingestion.returns import sending
from ingestion.returns.findings import Outcome
from ingestion.returns.mail import MailError
from ingestion.settings import Settings

CAMDEN, BARNET = "E09000007", "E09000003"


def submitted(settings: Settings, authority: str | None, period: str, decision: str) -> int:
    """A decided submission in the ledger; its id."""
    with settings.connect("loader") as connection:
        row = connection.execute(
            "insert into ledger.submissions (collection, authority_code, period_label, version, sha256, file_names, "
            "landing_path, is_synthetic, key_id, status, decision, decided_at) values "
            "('agency_quarterly', %s, %s, 1, %s, '{return.xlsx}', 'x', true, 'key', %s, %s, now()) "
            "returning submission_id",
            [authority, period, hashlib.sha256(f"{authority}{period}".encode()).hexdigest(), decision, decision],
        ).fetchone()
    assert row is not None
    return int(row[0])


def outcome(submission_id: int | None, period: str | None) -> Outcome:
    return Outcome(
        submission_id, "agency_quarterly", CAMDEN, "Camden", period, 1, ("return.xlsx",), "accepted", False, 1, 1, 0,
        (), True,
    )  # fmt: skip


def test_up_to_forty_receipts_are_sent_one_by_one() -> None:
    assert sending.batches([outcome(number, "2025/26 Q3") for number in range(40)]) == [[n] for n in range(40)]


def test_above_forty_a_whole_period_is_one_batch_and_nobody_is_left_out() -> None:
    outcomes = [outcome(number, f"2025/26 Q{number % 3 + 1}" if number else None) for number in range(99)]
    batches = sending.batches(outcomes)
    assert sorted(len(batch) for batch in batches) == [1, 32, 33, 33]
    assert sorted(number for batch in batches for number in batch) == list(range(99))


def test_a_label_says_whose_return_it_is_and_whether_it_was_rejected(warehouse: Settings) -> None:
    accepted = submitted(warehouse, CAMDEN, "2025/26 Q3", "accepted_with_queries")
    rejected = submitted(warehouse, BARNET, "2025/26 Q3", "rejected")
    nobody = submitted(warehouse, None, "2025/26 Q4", "rejected")
    assert sending.label(warehouse, [accepted]) == "Camden 2025/26 Q3"
    assert sending.label(warehouse, [rejected]) == "Barnet 2025/26 Q3: rejected"
    assert sending.label(warehouse, [accepted, rejected]) == "2025/26 Q3: 2 returns, 1 rejected"
    assert sending.label(warehouse, [nobody]) == "Unknown authority 2025/26 Q4: rejected"


def test_only_accepted_returns_wake_the_marts(warehouse: Settings) -> None:
    rejected = submitted(warehouse, BARNET, "2025/26 Q3", "rejected")
    accepted = submitted(warehouse, CAMDEN, "2025/26 Q3", "accepted_with_queries")
    assert not sending.has_accepted(warehouse, [[rejected]])
    assert not sending.has_accepted(warehouse, [])
    assert sending.has_accepted(warehouse, [[rejected], [accepted]])


def test_a_receipt_is_sent_once_and_one_that_fails_does_not_keep_the_others_back(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [submitted(warehouse, CAMDEN, f"2025/26 Q{number}", "accepted") for number in (1, 2, 3)]
    attempts: list[str] = []
    server_is_away_for = {"2025/26 Q2"}

    def send_receipt(settings: Settings, outcome: Outcome) -> list[str]:
        assert outcome.period_label is not None
        attempts.append(outcome.period_label)
        if outcome.period_label in server_is_away_for:
            raise MailError("The mail server did not answer.", retryable=True)
        return ["officer@example.org"]

    monkeypatch.setattr(sending, "send_receipt", send_receipt)
    with pytest.raises(MailError, match="1 of 3 receipts were not sent") as raised:
        sending.send(warehouse, ids)
    assert raised.value.retryable
    server_is_away_for.clear()
    sending.send(warehouse, ids)
    sending.send(warehouse, ids)
    assert attempts == ["2025/26 Q1", "2025/26 Q2", "2025/26 Q3", "2025/26 Q2"]


def test_without_a_mail_server_nothing_is_noted_as_sent(warehouse: Settings, tmp_path: Path) -> None:
    submission_id = submitted(warehouse, CAMDEN, "2025/26 Q3", "accepted")
    sending.send(warehouse, [submission_id])
    with warehouse.connect("loader") as connection:
        assert connection.execute("select receipt_sent_at from ledger.submissions").fetchone() == (None,)
