"""Receipts by e-mail as the DAGs send them: in batches a person can read, each receipt once."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from ingestion.returns import submissions as ledger
from ingestion.returns.findings import Outcome
from ingestion.returns.mail import MailError, send_receipt
from ingestion.settings import Settings

# Up to this many receipts are a task each; more would be more processes than a person wants to see or wait for.
ONE_BY_ONE = 40


def batches(outcomes: Iterable[Outcome]) -> list[list[int]]:
    """The decided submissions, one by one, or by period where very many came at once."""
    decided = sorted(
        (outcome.period_label or "", outcome.submission_id) for outcome in outcomes if outcome.submission_id is not None
    )
    if len(decided) <= ONE_BY_ONE:
        return [[submission_id] for _, submission_id in decided]
    return [[submission_id for _, submission_id in group] for _, group in groupby(decided, key=lambda each: each[0])]


def label(settings: Settings, submissions: Sequence[int]) -> str:
    """What a person reads: `Camden 2025/26 Q3`, `Camden 2025/26 Q3: rejected`, `2025/26 Q3: 33 returns, 2 rejected`."""
    with settings.connect("loader") as connection:
        batch = [ledger.get(connection, submission_id) for submission_id in submissions]
    rejected = sum(submission.decision == "rejected" for submission in batch)
    if len(batch) == 1:
        return batch[0].label + (": rejected" if rejected else "")
    period = batch[0].period_label or "Unknown period"
    return f"{period}: {len(batch)} returns" + (f", {rejected} rejected" if rejected else "")


def has_accepted(settings: Settings, submissions: Iterable[Sequence[int]]) -> bool:
    """Whether any of the batches holds an accepted return."""
    ids = [submission_id for batch in submissions for submission_id in batch]
    with settings.connect("loader") as connection:
        row = connection.execute(
            "select 1 from ledger.submissions where submission_id = any(%s) and decision like 'accepted%%' limit 1",
            [ids],
        ).fetchone()
    return row is not None


def send(settings: Settings, submissions: Sequence[int]) -> None:
    """Send the receipts not sent yet; one that cannot be sent does not keep the others back.

    Raises:
        MailError: some could not be sent; what was sent is noted and not sent again.
    """
    problems = []
    for submission_id in _not_sent(settings, submissions):
        with settings.connect("loader") as connection:
            outcome = ledger.outcome_of(connection, ledger.get(connection, submission_id))
        try:
            addresses = send_receipt(settings, outcome)
        except MailError as error:
            problems.append(error)
            continue
        if addresses:
            _note_sent(settings, submission_id)
    if problems:
        raise MailError(
            f"{len(problems)} of {len(submissions)} receipts were not sent. {problems[0]}",
            retryable=any(problem.retryable for problem in problems),
        )


def _not_sent(settings: Settings, submissions: Sequence[int]) -> list[int]:
    with settings.connect("loader") as connection:
        rows = connection.execute(
            "select submission_id from ledger.submissions "
            "where submission_id = any(%s) and receipt_sent_at is null order by submission_id",
            [list(submissions)],
        ).fetchall()
    return [submission_id for (submission_id,) in rows]


def _note_sent(settings: Settings, submission_id: int) -> None:
    with settings.connect("loader") as connection:
        connection.execute(
            "update ledger.submissions set receipt_sent_at = now() where submission_id = %s", [submission_id]
        )
