"""The ledger of returns: what arrived, as which version, what was decided and why, and what counts now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from ingestion.returns.findings import Decision, Finding, Outcome, Status
from ingestion.returns.identity import Identity
from ingestion.returns.periods import Period
from ingestion.returns.senders import Sender, find_sender

# In the ledger's column `collection` for what landed outside every collection's folder.
UNKNOWN = "unknown"
# The first of an advisory lock's two keys where the second is a submission's id.
_DECIDING = 0x5245_5455

_COLUMNS = (
    "submission_id, collection, authority_code, period_label, period_start, period_end, version, sha256, file_names, "
    "landing_path, status, decision, is_synthetic, specification_version, key_id, rows_read, rows_loaded, "
    "rows_refused, rows_sha256, errors, queries, received_at, decided_at"
)


@dataclass(frozen=True)
class Submission:
    """A submission as the ledger knows it."""

    submission_id: int
    collection: str
    authority_code: str | None
    period_label: str | None
    period_start: date | None
    period_end: date | None
    version: int
    sha256: str
    file_names: list[str]
    landing_path: str
    status: Status
    decision: Decision | None
    is_synthetic: bool
    specification_version: str | None
    key_id: str
    rows_read: int
    rows_loaded: int
    rows_refused: int
    rows_sha256: str | None
    errors: int
    queries: int
    received_at: datetime
    decided_at: datetime | None

    @property
    def sender(self) -> Sender | None:
        """Whose it is."""
        return find_sender(self.authority_code) if self.authority_code else None

    @property
    def period(self) -> Period | None:
        """For when it is."""
        if self.period_start is None or self.period_end is None or self.period_label is None:
            return None
        return Period(self.period_start, self.period_end, self.period_label)

    @property
    def identity(self) -> Identity:
        """Whose, of which collection and for when."""
        return Identity(None if self.collection == UNKNOWN else self.collection, self.sender, self.period)

    @property
    def store_key(self) -> str:
        """Where its original is kept."""
        return store_key(self.identity, self.sha256)

    @property
    def label(self) -> str:
        """As a person calls it: `Camden 2025/26 Q3`."""
        sender = self.sender
        return f"{sender.name if sender else 'Unknown authority'} {self.period_label or 'unknown period'}"


def store_key(identity: Identity, sha256: str) -> str:
    """Where an original is kept: one place for each row the ledger can have."""
    return "/".join(
        [
            identity.collection or UNKNOWN,
            identity.sender.folder if identity.sender else UNKNOWN,
            identity.period.folder if identity.period else UNKNOWN,
            sha256,
        ]
    )


def enter(
    connection: Connection,
    identity: Identity,
    *,
    sha256: str,
    file_names: Sequence[str],
    landing_path: str,
    is_synthetic: bool,
    key_id: str,
) -> tuple[Submission, bool]:
    """Enter a submission as `received`, as the next version of its authority and period.

    Returns:
        The submission, and whether it is new. The same bytes again, or from somebody else at this moment, are not.
    """
    collection = identity.collection or UNKNOWN
    period = identity.period
    key = {
        "collection": collection,
        "authority_code": identity.sender.code if identity.sender else None,
        "period_label": period.label if period else None,
    }
    with connection.transaction():
        lock_period(connection, collection, key["period_label"])
        row = connection.execute(
            """
            insert into ledger.submissions (
                collection, authority_code, period_label, period_start, period_end, version, sha256, file_names,
                landing_path, is_synthetic, key_id
            )
            select
                %(collection)s, %(authority_code)s, %(period_label)s, %(start)s, %(end)s, coalesce(max(version), 0) + 1,
                %(sha256)s, %(file_names)s, %(landing_path)s, %(is_synthetic)s, %(key_id)s
            from ledger.submissions
            where
                collection = %(collection)s and authority_code is not distinct from %(authority_code)s
                and period_label is not distinct from %(period_label)s
            on conflict (collection, authority_code, period_label, sha256) do nothing
            returning submission_id
            """,
            {
                **key,
                "start": period.start if period else None,
                "end": period.end if period else None,
                "sha256": sha256,
                "file_names": list(file_names),
                "landing_path": landing_path,
                "is_synthetic": is_synthetic,
                "key_id": key_id,
            },
        ).fetchone()
    known = find(connection, identity, sha256)
    assert known is not None, "a row that could not be inserted is there"
    return known, row is not None


def find(connection: Connection, identity: Identity, sha256: str) -> Submission | None:
    """The submission of these bytes for this collection, authority and period, if there is one."""
    found = _select(
        connection,
        "collection = %s and authority_code is not distinct from %s and period_label is not distinct from %s "
        "and sha256 = %s",
        [
            identity.collection or UNKNOWN,
            identity.sender.code if identity.sender else None,
            identity.period.label if identity.period else None,
            sha256,
        ],
    )
    return found[0] if found else None


def get(connection: Connection, submission_id: int) -> Submission:
    """One submission.

    Raises:
        LookupError: there is none of this id.
    """
    found = _select(connection, "submission_id = %s", [submission_id])
    if not found:
        raise LookupError(f"There is no submission {submission_id} in the ledger.")
    return found[0]


def waiting(connection: Connection, collection: str) -> list[int]:
    """Ids of what still has to be decided: the collection's, and what landed outside every collection."""
    rows = connection.execute(
        "select submission_id from ledger.submissions where collection in (%s, %s) and status = 'received' "
        "order by submission_id",
        [collection, UNKNOWN],
    ).fetchall()
    return [int(row[0]) for row in rows]


def claim(connection: Connection, ids: Iterable[int]) -> list[Submission]:
    """Those of the submissions that no other session is deciding on; they are this session's until it ends."""
    mine = []
    for submission_id in ids:
        row = connection.execute("select pg_try_advisory_lock(%s, %s)", [_DECIDING, submission_id]).fetchone()
        if row is not None and row[0]:
            mine.append(submission_id)
    # Read after the lock was got: whoever had it before may have decided.
    return _select(connection, "submission_id = any(%s) order by submission_id", [mine])


def decided(connection: Connection, collection: str | None) -> list[int]:
    """Ids of everything that was decided, in the order of arrival."""
    rows = connection.execute(
        "select submission_id from ledger.submissions where decision is not null "
        "and (%(collection)s::text is null or collection in (%(collection)s, %(unknown)s)) order by submission_id",
        {"collection": collection, "unknown": UNKNOWN},
    ).fetchall()
    return [int(row[0]) for row in rows]


def lock_period(connection: Connection, collection: str, period_label: str | None) -> None:
    """Hold back every other decision on a collection and period until the end of the transaction."""
    connection.execute(
        "select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"returns {collection} {period_label}"]
    )


def is_joint_return_in_force(connection: Connection, submission: Submission) -> bool:
    """Whether a joint return, accepted before this one arrived, covers this one's authority in its period."""
    row = connection.execute(
        "select 1 from ledger.submissions where collection = %s and period_label = %s and is_synthetic = %s "
        "and submission_id < %s and decision in ('accepted', 'accepted_with_queries') and authority_code <> %s "
        "and %s = any(string_to_array(authority_code, ' / ')) limit 1",
        [
            submission.collection, submission.period_label, submission.is_synthetic, submission.submission_id,
            submission.authority_code, submission.authority_code,
        ],
    ).fetchone()  # fmt: skip
    return row is not None


def record_decision(
    connection: Connection,
    submission: Submission,
    decision: Decision,
    *,
    findings: Sequence[Finding],
    gate_run_id: int,
    rows_read: int,
    rows_sha256: str | None,
    specification_version: str | None,
) -> None:
    """Record what was decided and why, and work out anew which submission of this period counts.

    In the caller's transaction, which holds `lock_period` and has loaded or removed the rows.
    """
    loaded = 0 if decision == "rejected" else rows_read
    connection.execute(
        "update ledger.submissions set status = %(decision)s, decision = %(decision)s, rows_read = %(read)s, "
        "rows_loaded = %(loaded)s, rows_refused = %(refused)s, rows_sha256 = %(rows_sha256)s, errors = %(errors)s, "
        "queries = %(queries)s, specification_version = %(specification_version)s, "
        "decided_at = clock_timestamp(), receipt_written_at = null, receipt_sent_at = null "
        "where submission_id = %(submission_id)s",
        {
            "decision": decision,
            "read": rows_read,
            "loaded": loaded,
            "refused": rows_read - loaded,
            "rows_sha256": rows_sha256,
            "errors": sum(each.occurrences for each in findings if each.severity == "error"),
            "queries": sum(each.occurrences for each in findings if each.severity == "query"),
            "specification_version": specification_version,
            "submission_id": submission.submission_id,
        },
    )
    connection.execute("delete from ledger.findings where submission_id = %s", [submission.submission_id])
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy ledger.findings (gate_run_id, submission_id, rule_code, severity, field, sheet, source_row, "
            "source_column, occurrences, message, fix, owner) from stdin"
        ) as copy,
    ):
        for each in findings:
            copy.write_row(
                (
                    gate_run_id, submission.submission_id, each.rule_code, each.severity, each.field, each.sheet,
                    each.row, each.column, each.occurrences, each.message, each.fix, each.owner,
                )
            )  # fmt: skip
    _settle(connection, submission)


def _settle(connection: Connection, submission: Submission) -> None:
    """Of the accepted ones of a period, the newest of each authority counts; a joint return in its members' place.

    Real and synthetic returns each by themselves: an invented one never supersedes a real one.
    """
    connection.execute(
        """
        with accepted as (
            select submission_id, authority_code, version, decision
            from ledger.submissions
            where
                collection = %(collection)s and period_label = %(period_label)s and is_synthetic = %(is_synthetic)s
                and decision in ('accepted', 'accepted_with_queries')
        ),

        standing as (
            select
                accepted.submission_id,
                case
                    when
                        accepted.version = max(accepted.version) over (partition by accepted.authority_code)
                        and not exists (
                            select 1
                            from accepted as joint
                            where
                                joint.authority_code <> accepted.authority_code
                                and accepted.authority_code = any(string_to_array(joint.authority_code, ' / '))
                        )
                        then accepted.decision
                    else 'superseded'
                end as status
            from accepted
        )

        update ledger.submissions
        set status = standing.status
        from standing
        where standing.submission_id = submissions.submission_id and standing.status <> submissions.status
        """,
        {
            "collection": submission.collection,
            "period_label": submission.period_label,
            "is_synthetic": submission.is_synthetic,
        },
    )


def findings_of(connection: Connection, submission_id: int) -> list[Finding]:
    """What the gate found, in its order."""
    with connection.cursor(row_factory=class_row(Finding)) as cursor:
        return cursor.execute(
            "select rule_code, severity, message, fix, field, sheet, source_row as row, source_column as column, "
            "occurrences, owner from ledger.findings where submission_id = %s order by finding_id",
            [submission_id],
        ).fetchall()


def outcome_of(connection: Connection, submission: Submission, *, already_received: bool = False) -> Outcome:
    """What became of a submission, with its findings."""
    current = connection.execute(
        "select version from ledger.current_submissions where collection = %s and authority_code = %s "
        "and period_label = %s",
        [submission.collection, submission.authority_code, submission.period_label],
    ).fetchone()
    identity = submission.identity
    return Outcome(
        submission_id=submission.submission_id,
        collection=identity.collection,
        authority_code=submission.authority_code,
        authority_name=identity.sender.name if identity.sender else None,
        period_label=submission.period_label,
        version=submission.version,
        file_names=tuple(submission.file_names),
        status=submission.decision or "received",
        already_received=already_received,
        rows_read=submission.rows_read,
        rows_loaded=submission.rows_loaded,
        rows_refused=submission.rows_refused,
        findings=findings_of(connection, submission.submission_id),
        is_synthetic=submission.is_synthetic,
        received_at=submission.received_at,
        decided_at=submission.decided_at,
        current_version=None if current is None else current[0],
    )


def without_receipt(connection: Connection, collection: str | None) -> list[int]:
    """Ids of those decided whose receipt does not stand beside the file yet."""
    rows = connection.execute(
        "select submission_id from ledger.submissions where decision is not null and receipt_written_at is null "
        "and (%(collection)s::text is null or collection in (%(collection)s, %(unknown)s))",
        {"collection": collection, "unknown": UNKNOWN},
    ).fetchall()
    return [int(row[0]) for row in rows]


def note_receipt_written(connection: Connection, submission: Submission) -> None:
    """Remember that the receipt of this decision was written; a decision made since needs another."""
    connection.execute(
        "update ledger.submissions set receipt_written_at = clock_timestamp() "
        "where submission_id = %s and decided_at = %s",
        [submission.submission_id, submission.decided_at],
    )


def _select(connection: Connection, condition: str, values: Any) -> list[Submission]:
    with connection.cursor(row_factory=class_row(Submission)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from ledger.submissions where {condition}",
            values,
        ).fetchall()
