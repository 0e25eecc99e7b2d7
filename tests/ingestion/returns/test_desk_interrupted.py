"""Stopped at any moment and started again, the desk loses nothing and does nothing twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingestion.returns import desk, landing, submissions
from ingestion.returns.store import Store
from tests.ingestion.returns.conftest import Desk
from tests.ingestion.returns.sent_files import census, land

CAMDEN, HACKNEY = "csww_census/2024/CAM", "csww_census/2024/HAC"


class PowerCut(BaseException):
    """Nothing in the desk catches this."""


def cut(*_: Any, **__: Any) -> Any:
    raise PowerCut


def cut_after(function: Callable[..., Any]) -> Callable[..., Any]:
    def then_cut(*arguments: Any, **named: Any) -> Any:
        function(*arguments, **named)
        raise PowerCut

    return then_cut


@pytest.mark.parametrize(
    ("owner", "name", "replacement"),
    [
        (Store, "keep", cut),
        (Store, "keep", cut_after(Store.keep)),
        (submissions, "enter", cut),
        (submissions, "enter", cut_after(submissions.enter)),
        (landing.LandedFile, "is_unchanged", cut),
        (desk, "_examine", cut),
        (desk, "load", cut),
        (desk, "load", cut_after(desk.load)),
        (submissions, "record_decision", cut_after(submissions.record_decision)),
        (desk, "write_receipts", cut),
        (landing, "write_answers", cut),
        (submissions, "note_receipt_written", cut),
    ],
)
def test_after_a_power_cut_at_any_point_the_next_start_finishes_the_work(
    returns_desk: Desk, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, replacement: Callable[..., Any]
) -> None:
    land(returns_desk.root, CAMDEN, census())
    monkeypatch.setattr(owner, name, replacement)
    with pytest.raises(PowerCut):
        returns_desk.work("csww_census")
    monkeypatch.undo()
    (outcome,) = returns_desk.work("csww_census")
    assert outcome.status == "accepted", "whoever waits for what was decided is told, also by the second start"
    assert returns_desk.statuses() == [(1, "accepted", "accepted")]
    assert returns_desk.rows("select count(*) from raw.csww_census__worker") == [(3,)]
    assert returns_desk.receipt(CAMDEN).startswith("ACCEPTED")
    assert not (returns_desk.root / CAMDEN / "return.xml").exists()


def test_a_submission_that_was_taken_in_is_decided_by_the_next_start(returns_desk: Desk) -> None:
    land(returns_desk.root, CAMDEN, census())
    waiting = desk.take_in(returns_desk.settings, returns_desk.root, "csww_census")
    assert desk.take_in(returns_desk.settings, returns_desk.root, "csww_census") == waiting, "it still waits"
    assert [each.status for each in desk.decide(returns_desk.settings, returns_desk.root, "csww_census")] == [
        "accepted"
    ]
    assert desk.take_in(returns_desk.settings, returns_desk.root, "csww_census") == []


def test_a_file_replaced_while_it_was_taken_in_is_the_next_version(
    returns_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = land(returns_desk.root, CAMDEN, census())
    real = submissions.enter

    def enter_while_somebody_sends(*arguments: Any, **named: Any) -> Any:
        path.write_bytes(census(cases=17))
        return real(*arguments, **named)

    monkeypatch.setattr(submissions, "enter", enter_while_somebody_sends)
    desk.take_in(returns_desk.settings, returns_desk.root, "csww_census")
    monkeypatch.undo()
    assert path.exists()
    returns_desk.work("csww_census")
    assert returns_desk.rows("select version, status from ledger.submissions order by version") == [
        (1, "superseded"),
        (2, "accepted"),
    ]


def test_an_original_that_is_gone_keeps_only_its_own_return_waiting(
    returns_desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    land(returns_desk.root, CAMDEN, census())
    desk.take_in(returns_desk.settings, returns_desk.root, "csww_census")
    (package,) = (returns_desk.settings.home / "submissions").rglob("*.sealed")
    package.unlink()
    land(returns_desk.root, HACKNEY, census("HAC"))
    assert [outcome.authority_name for outcome in returns_desk.work("csww_census")] == ["Hackney"]
    assert "Submission 1 stays undecided" in caplog.text
    assert returns_desk.statuses() == [(1, None, "received"), (1, "accepted", "accepted")]
    # Sent again, it is kept again and decided.
    returns_desk.send(CAMDEN, census())
    assert returns_desk.statuses() == [(1, "accepted", "accepted")] * 2


def test_a_receipt_that_cannot_be_written_is_written_the_next_time(
    returns_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(landing, "write_answers", refuse)
    (outcome,) = returns_desk.send(CAMDEN, census())
    assert outcome.status == "accepted"
    monkeypatch.undo()
    assert desk.take_in(returns_desk.settings, returns_desk.root, "csww_census") == [outcome.submission_id]
    returns_desk.work("csww_census")
    assert returns_desk.receipt(CAMDEN).startswith("ACCEPTED")
    assert desk.take_in(returns_desk.settings, returns_desk.root, "csww_census") == []


def test_a_file_that_cannot_be_read_does_not_keep_the_others_waiting(
    returns_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(returns_desk.root, CAMDEN, census())
    land(returns_desk.root, HACKNEY, census("HAC"))
    real = landing.hash_of

    def unreadable(files: list[landing.LandedFile]) -> Any:
        if "CAM" in Path(str(files[0].path)).parts:
            raise PermissionError(13, "Permission denied")
        return real(files)

    monkeypatch.setattr(landing, "hash_of", unreadable)
    assert [outcome.authority_name for outcome in returns_desk.work("csww_census")] == ["Hackney"]
    assert (returns_desk.root / CAMDEN / "return.xml").exists()
