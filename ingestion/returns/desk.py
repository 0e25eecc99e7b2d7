"""The returns desk: from a landed file to accepted rows or a clear answer, whatever happens in between.

Each step can be stopped at any moment and taken up again. A landed file is removed only when it is in the encrypted
store and in the ledger; a submission is decided, and its rows loaded, in one transaction; a receipt that was not
written is written the next time. The command line and Airflow both come this way.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg import Connection

from ingestion.returns import landing, submissions
from ingestion.returns.files import MOST_BYTES, ReturnFile
from ingestion.returns.findings import Finding, Outcome, decision_of
from ingestion.returns.identity import (
    Identity,
    disagreements,
    identity_from_claim,
    identity_from_folders,
    identity_from_options,
    identity_from_path,
)
from ingestion.returns.landing import Landed, LandedFile, LandingPath
from ingestion.returns.loading import EncodedReturn, UnloadableError, encode, load, remove
from ingestion.returns.privacy import Pseudonymiser
from ingestion.returns.reading import Problem, ProblemKind, TypedReturn
from ingestion.returns.senders import senders
from ingestion.returns.store import Original, Store, StoreError
from ingestion.returns.submissions import Submission
from ingestion.settings import Settings

if TYPE_CHECKING:
    from expectations.returns_gate import ReturnsRun

log = logging.getLogger(__name__)

Progress = Callable[[str], None]

# So many bytes of originals are checked in one run of the gate: all that usually waits, and no more than memory takes.
BATCH_BYTES = 24 * 1024 * 1024

# What is met when one collection's return is read as another's.
_LIKE_ANOTHER_RETURN: frozenset[ProblemKind] = frozenset(
    {"not_this_format", "missing_table", "missing_column", "header_not_found"}
)


def _silent(_: str) -> None:
    return None


def store_of(settings: Settings) -> Store:
    """The encrypted originals.

    Raises:
        SettingsError: there is no key.
    """
    return Store(settings.home / "submissions", Pseudonymiser.from_settings(settings))


# Taking in


def take_in(settings: Settings, root: LandingPath, collection: str) -> list[int]:
    """Bring what landed into the encrypted store and the ledger, and remove it from the landing area.

    What landed outside every collection's folder is taken in too, to be rejected.

    Returns:
        Ids of the submissions that now wait for a decision or a receipt, those of earlier times included.

    Raises:
        SettingsError: there is no key, or the warehouse cannot be reached. Nothing was read.
    """
    store = store_of(settings)
    with settings.connect("loader") as connection:
        connection.autocommit = True
        synthetic = landing.SyntheticFiles()
        for landed in _whole_files(settings, root, collection):
            try:
                _take(connection, store, root, landed, synthetic)
            except (OSError, StoreError) as error:
                # It stays where it is and is taken in another time; the others must not wait for it.
                log.warning("A landed file of %s stays where it is: %s", collection, type(error).__name__)
        return sorted(
            {*submissions.waiting(connection, collection), *submissions.without_receipt(connection, collection)}
        )


def _whole_files(settings: Settings, root: LandingPath, collection: str) -> Iterator[Landed]:
    patience = landing.Patience.from_settings(settings)
    for place in (collection, None):
        found = landing.look(root, place, patience)
        if found.growing:
            time.sleep(patience.settle_seconds)
            found = landing.look(root, place, patience)
        yield from found.ready


def _take(
    connection: Connection, store: Store, root: LandingPath, landed: Landed, synthetic: landing.SyntheticFiles
) -> None:
    sha256, own = landing.hash_of(landed.files)
    folders = landing.plain_folders(landed.folders)
    names = [landing.safe_name(file.name) for file in landed.files]
    submission, is_new = _enter(
        connection,
        store,
        identity_from_folders(landed.folders),
        landed.files,
        sha256,
        own,
        is_synthetic=synthetic.lists(landing.folders_above(root, landed.folders), own),
        landing_path="/".join(folders),
    )
    # Entered, not decided, from here: what a stop before the removal left behind, and no second sending.
    is_left_behind = submission.decision is None and (submission.landing_path, submission.file_names) == (
        "/".join(folders),
        names,
    )
    if not is_new and not is_left_behind:
        outcome = submissions.outcome_of(connection, submission, already_received=True)
        # Named and placed as this delivery, not as the first.
        _write_receipt(root, folders, replace(outcome, file_names=names))
    for file in landed.files:
        # Meanwhile a newer file may have been put there under the same name.
        if file.is_unchanged():
            file.path.unlink()


def _enter(
    connection: Connection,
    store: Store,
    identity: Identity,
    files: Sequence[LandedFile],
    sha256: str,
    own: Sequence[str],
    *,
    is_synthetic: bool,
    landing_path: str,
) -> tuple[Submission, bool]:
    """First into the store, then into the ledger: whatever the ledger knows of is kept."""
    key = submissions.store_key(identity, sha256)
    known = submissions.find(connection, identity, sha256)
    if known is None or not store.holds(key):
        originals = zip(files, own, strict=True)
        store.keep(key, [Original(file.name, file.size, digest, file.open) for file, digest in originals])
    if known is not None:
        return known, False
    return submissions.enter(
        connection,
        identity,
        sha256=sha256,
        file_names=[landing.safe_name(file.name) for file in files],
        landing_path=landing_path,
        is_synthetic=is_synthetic,
        key_id=store.keys.key_id,
    )


# Deciding


@dataclass(frozen=True)
class Examined:
    """A submission as the gate saw it. `joint` says whether a joint return was in force then."""

    submission: Submission
    typed: TypedReturn
    joint: bool
    findings: Sequence[Finding]


def decide(settings: Settings, root: LandingPath, collection: str, progress: Progress = _silent) -> list[Outcome]:
    """Check all that wait in one run of the gate, load or reject each in its own transaction, and write the receipts.

    Two that decide at the same moment share the work: what one has begun, the other leaves. A submission whose original
    cannot be opened stays undecided, and the log says so; the others are decided.

    Returns:
        What was decided, and what a stopped run before had decided without telling anybody.

    Raises:
        SettingsError: there is no key, or the warehouse cannot be reached.
        CheckingError: a rule could not be evaluated; nothing is decided.
    """
    from expectations.returns_gate import publish_page

    store = store_of(settings)
    with settings.connect("loader") as connection:
        connection.autocommit = True
        left = submissions.waiting(connection, collection)
        newest_run: ReturnsRun | None = None
        while left:
            claimed = [each for each in submissions.claim(connection, left) if each.status == "received"]
            left = []
            for batch in _batches(store, claimed):
                run, undecided = _decide_batch(connection, store, collection, batch, progress)
                newest_run = run or newest_run
                left += undecided
        # The sender first, then the page for those who look after the rules.
        outcomes = write_receipts(connection, root, collection)
    if newest_run is not None:
        publish_page(settings, collection, newest_run)
    return outcomes


def _decide_batch(
    connection: Connection, store: Store, collection: str, batch: Sequence[Submission], progress: Progress
) -> "tuple[ReturnsRun | None, list[int]]":
    """One run of the gate and its decisions; and what has to be looked at again, because things changed meanwhile."""
    examined, run = _examine(connection, store, batch, [], progress)
    if not examined:
        return None, []
    gate_run_id = _record_run(connection, collection, run, examined)
    progress("Loading")
    return run, [
        each.submission.submission_id for each in examined if not _conclude(connection, store.keys, each, gate_run_id)
    ]


def recheck(
    settings: Settings,
    root: LandingPath,
    collection: str | None = None,
    *,
    dry_run: bool = False,
    progress: Progress = _silent,
) -> list[Outcome]:
    """Read every kept original again, with today's specifications and rules, and decide anew where they differ.

    Who counts is worked out anew, and the receipts beside the files are brought up to date. Where nothing is different,
    nothing is written.

    Args:
        settings: the process's settings.
        root: the landing area.
        collection: one collection; all of them when None.
        dry_run: only tell what would change.
        progress: told what is being done.

    Returns:
        What changed, as it now stands (or would stand).

    Raises:
        SettingsError, CheckingError: as for `decide`.
        StoreError: originals are missing or cannot be opened. All others were checked first.
    """
    store = store_of(settings)
    changed: dict[int, Outcome | None] = {}
    missing: list[str] = []
    with settings.connect("loader") as connection:
        connection.autocommit = True
        left = submissions.decided(connection, collection)
        while left:
            claimed = [each for each in submissions.claim(connection, left) if each.decision is not None]
            left = []
            for batch in _batches(store, claimed):
                examined, run = _examine(connection, store, batch, missing, progress)
                different = [each for each in examined if _is_different(connection, store.keys, each)]
                if dry_run:
                    changed |= {each.submission.submission_id: _would_be(each) for each in different}
                    continue
                if not different:
                    continue
                gate_run_id = _record_run(connection, collection or "returns", run, different)
                progress("Changing what is different")
                for each in different:
                    if _conclude(connection, store.keys, each, gate_run_id):
                        changed[each.submission.submission_id] = None
                    else:
                        left.append(each.submission.submission_id)
                # A joint return that came into force or fell changes the answer to its members' own.
                left += [
                    each.submission.submission_id
                    for each in examined
                    if submissions.is_joint_return_in_force(connection, each.submission) != each.joint
                ]
        if not dry_run:
            write_receipts(connection, root, collection)
        outcomes = [
            outcome or submissions.outcome_of(connection, submissions.get(connection, submission_id))
            for submission_id, outcome in sorted(changed.items())
        ]
    if missing:
        raise StoreError(f"{len(missing)} returns cannot be checked again. {missing[0]}")
    return outcomes


def _batches(store: Store, waiting: Sequence[Submission]) -> Iterator[list[Submission]]:
    batch: list[Submission] = []
    size = 0
    for each in waiting:
        own = min(store.size(each.store_key), MOST_BYTES)
        if batch and size + own > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += own
    if batch:
        yield batch


def _examine(
    connection: Connection, store: Store, batch: Sequence[Submission], missing: list[str], progress: Progress
) -> "tuple[list[Examined], ReturnsRun]":
    from expectations.returns_gate import check_returns

    today = datetime.now(UTC).date()
    read: list[tuple[Submission, TypedReturn, bool]] = []
    for submission in batch:
        progress(f"Reading {submission.label}")
        try:
            files = store.open(submission.store_key, MOST_BYTES)
        except StoreError as error:
            log.error("Submission %d stays undecided. %s", submission.submission_id, error)
            missing.append(f"{submission.label}: {error}")
            continue
        joint = submissions.is_joint_return_in_force(connection, submission)
        typed = read_as(submission.identity, files, submission.identity.problems(today))
        if joint:
            typed.problems.insert(0, _joint_problem(submission))
        read.append((submission, typed, joint))
    progress("Checking the rules (Great Expectations)")
    run = check_returns([typed for _, typed, _ in read])
    examined = [Examined(*each, findings) for each, findings in zip(read, run.findings, strict=True)]
    return examined, run


def read_as(identity: Identity, files: Sequence[ReturnFile], problems: Sequence[Problem]) -> TypedReturn:
    """Read files as the return they were sent as; where the content says another, that is among the problems."""
    from ingestion.returns.read import read_return, recognise

    typed = read_return(files, identity.specification)
    claim = typed.claim
    if any(problem.kind in _LIKE_ANOTHER_RETURN for problem in typed.problems):
        claim = replace(claim, collection=recognise(files).collection)
    differing = disagreements(identity, claim)
    if any(problem.kind == "wrong_collection" for problem in differing):
        # Read as something it is not, everything would be wrong with it.
        typed = read_return(files, None)
    typed.problems[:0] = [*problems, *(_placed(problem, identity, typed) for problem in differing)]
    return typed


def _placed(problem: Problem, identity: Identity, typed: TypedReturn) -> Problem:
    """The problem with the first row of a table that is another authority's or period's, and how many there are."""
    assert identity.sender is not None or problem.kind != "wrong_authority"
    name = {"wrong_authority": "la_code", "wrong_period": "period_end"}.get(problem.kind)
    for record in typed.records.values():
        if name is None or name not in record.frame:
            continue
        values = record.frame[name]
        if name == "la_code" and identity.sender:
            fits = values.isin(identity.sender.dfe_codes)
        elif identity.period:
            fits = values.dt.date == identity.period.end
        wrong = record.frame.loc[values.notna() & ~fits, "source_row"]
        if len(wrong):
            return replace(
                problem,
                record=record.record.name,
                field=record.record.item(name).label,
                sheet=record.sheet,
                row=int(wrong.iloc[0]),
                column=record.columns.get(name),
                occurrences=len(wrong),
            )
    return problem


def _joint_problem(submission: Submission) -> Problem:
    joint = next(
        (each for each in senders() if each.is_joint and (submission.authority_code or "") in each.code.split(" / ")),
        None,
    )
    return Problem("joint_return_in_force", detail=joint.name if joint else "")


def _conclude(connection: Connection, keys: Pseudonymiser, examined: Examined, gate_run_id: int) -> bool:
    """Load or reject one submission, in one transaction; False when things have changed since it was examined."""
    try:
        return _conclude_with(connection, examined, _encoded(keys, examined), gate_run_id)
    except UnloadableError as error:
        log.error("Submission %d cannot be loaded: %s", examined.submission.submission_id, error)
        return _conclude_with(connection, _unloadable(examined), None, gate_run_id)


def _conclude_with(connection: Connection, examined: Examined, encoded: EncodedReturn | None, gate_run_id: int) -> bool:
    submission, typed = examined.submission, examined.typed
    decision = decision_of(examined.findings)
    assert (encoded is not None) == (decision != "rejected")
    with connection.transaction():
        submissions.lock_period(connection, submission.collection, submission.period_label)
        if (
            submissions.get(connection, submission.submission_id).decided_at != submission.decided_at
            or submissions.is_joint_return_in_force(connection, submission) != examined.joint
        ):
            return False
        sha256 = encoded.sha256 if encoded else None
        if sha256 != submission.rows_sha256:
            if submission.rows_sha256 is not None:
                remove(connection, submission.collection, submission.submission_id)
            if encoded is not None:
                load(connection, encoded)
        specification = typed.specification
        submissions.record_decision(
            connection,
            submission,
            decision,
            findings=examined.findings,
            gate_run_id=gate_run_id,
            rows_read=typed.rows_read,
            rows_sha256=sha256,
            specification_version=specification.version if specification else None,
        )
    return True


def _encoded(keys: Pseudonymiser, examined: Examined) -> EncodedReturn | None:
    if decision_of(examined.findings) == "rejected":
        return None
    period = examined.submission.period
    assert period is not None, "a return without a period is rejected"
    return encode(examined.typed, examined.submission.submission_id, period.end, keys)


def _unloadable(examined: Examined) -> Examined:
    """The same, with the finding that it could not be stored in the place of all others."""
    from expectations.returns_gate import check_returns

    problem = Problem("unreadable_file", detail="a value is outside what can be stored")
    run = check_returns([TypedReturn(examined.typed.specification, examined.typed.claim, {}, [problem])])
    return replace(examined, findings=run.findings[0])


def _is_different(connection: Connection, keys: Pseudonymiser, examined: Examined) -> bool:
    """Whether examining a decided submission again says anything else than the ledger."""
    submission, specification = examined.submission, examined.typed.specification
    if decision_of(examined.findings) != submission.decision:
        return True
    if (specification.version if specification else None) != submission.specification_version:
        return True
    if list(examined.findings) != submissions.findings_of(connection, submission.submission_id):
        return True
    encoded = _encoded(keys, examined)
    return (encoded.sha256 if encoded else None) != submission.rows_sha256


def _would_be(examined: Examined) -> Outcome:
    submission, decision = examined.submission, decision_of(examined.findings)
    rows = examined.typed.rows_read
    loaded = 0 if decision == "rejected" else rows
    identity = submission.identity
    return Outcome(
        submission_id=submission.submission_id,
        collection=identity.collection,
        authority_code=submission.authority_code,
        authority_name=identity.sender.name if identity.sender else None,
        period_label=submission.period_label,
        version=submission.version,
        file_names=tuple(submission.file_names),
        status=decision,
        already_received=False,
        rows_read=rows,
        rows_loaded=loaded,
        rows_refused=rows - loaded,
        findings=examined.findings,
        is_synthetic=submission.is_synthetic,
        received_at=submission.received_at,
        decided_at=submission.decided_at,
    )


def _record_run(connection: Connection, subject: str, run: "ReturnsRun", examined: Sequence[Examined]) -> int:
    findings = [finding for each in examined for finding in each.findings]
    errors = sum(finding.severity == "error" for finding in findings)
    rejected = sum(decision_of(each.findings) == "rejected" for each in examined)
    row = connection.execute(
        "insert into ledger.gate_runs (gate, subject, outcome, rules_run, errors, queries, reason, started_at, "
        "finished_at) values ('submission', %s, %s, %s, %s, %s, %s, %s, clock_timestamp()) returning gate_run_id",
        [
            f"{subject}: {len(examined)} return{'' if len(examined) == 1 else 's'}",
            "failed" if rejected else "passed_with_queries" if findings else "passed",
            run.rules_run,
            errors,
            len(findings) - errors,
            f"{rejected} rejected" if rejected else None,
            run.started_at,
        ],
    ).fetchone()
    assert row is not None, "an insert that returns its key returns one row"
    return int(row[0])


# Answers


def write_receipts(connection: Connection, root: LandingPath, collection: str | None) -> list[Outcome]:
    """Write the receipts that do not stand beside their files yet; gives what they say."""
    outcomes = []
    # Another session's are its own to write.
    for submission in submissions.claim(connection, submissions.without_receipt(connection, collection)):
        outcome = submissions.outcome_of(connection, submission)
        outcomes.append(outcome)
        folders = [folder for folder in submission.landing_path.split("/") if folder]
        try:
            _write_receipt(root, folders, outcome)
        except OSError as error:
            log.error("The receipt of submission %d cannot be written: %s", submission.submission_id, error)
            continue
        submissions.note_receipt_written(connection, submission)
    return outcomes


def _write_receipt(root: LandingPath, folders: Sequence[str], outcome: Outcome) -> None:
    from ingestion.returns.receipts import receipt_files

    landing.write_answers(root, folders, receipt_files(outcome, outcome.file_names[0]))


def outcome_of(settings: Settings, submission_id: int) -> Outcome:
    """What became of a submission.

    Raises:
        LookupError: there is none of this id.
    """
    with settings.connect("loader") as connection:
        return submissions.outcome_of(connection, submissions.get(connection, submission_id))


def label_of(settings: Settings, submission_id: int) -> str:
    """What a person calls a submission: `Camden 2025/26 Q3`.

    Raises:
        LookupError: there is none of this id.
    """
    with settings.connect("loader") as connection:
        return submissions.get(connection, submission_id).label


# By hand


def check_files(
    files: Sequence[Path], collection: str | None = None, authority: str | None = None, period: str | None = None
) -> Outcome:
    """Check files that are one return, without sending them: no key, no database, nothing written.

    Raises:
        IdentityError: the collection, authority or period given does not exist.
        OSError: a file cannot be read.
    """
    from expectations.returns_gate import check_returns

    contents = _contents(files)
    identity = _identity_of(files, contents, collection, authority, period)
    today = datetime.now(UTC).date()
    problems = identity.problems(today, "neither the folder nor the content")
    typed = read_as(identity, contents, problems)
    findings = check_returns([typed]).findings[0]
    decision = decision_of(findings)
    loaded = 0 if decision == "rejected" else typed.rows_read
    landed = [landing.look_at(path) for path in files]
    return Outcome(
        submission_id=None,
        collection=identity.collection,
        authority_code=identity.sender.code if identity.sender else None,
        authority_name=identity.sender.name if identity.sender else None,
        period_label=identity.period.label if identity.period else None,
        version=None,
        file_names=tuple(landing.safe_name(path.name) for path in files),
        status=decision,
        already_received=False,
        rows_read=typed.rows_read,
        rows_loaded=loaded,
        rows_refused=typed.rows_read - loaded,
        findings=findings,
        is_synthetic=landing.SyntheticFiles().lists(list(files[0].resolve().parents), landing.hash_of(landed)[1]),
    )


def submit(
    settings: Settings,
    root: LandingPath,
    files: Sequence[Path],
    collection: str | None = None,
    authority: str | None = None,
    period: str | None = None,
    progress: Progress = _silent,
) -> Outcome:
    """Send files that are one return, as if they had landed; they stay where they are.

    Raises:
        IdentityError: the collection, authority or period given does not exist, or cannot be made out.
        OSError: a file cannot be read.
        SettingsError, CheckingError: as for `decide`.
        StoreError: it is kept, and waits for a decision that did not come.
    """
    store = store_of(settings)
    identity = _identity_of(files, _contents(files), collection, authority, period)
    folders = identity.folders
    landed = [landing.look_at(path) for path in files]
    sha256, own = landing.hash_of(landed)
    with settings.connect("loader") as connection:
        connection.autocommit = True
        submission, is_new = _enter(
            connection,
            store,
            identity,
            landed,
            sha256,
            own,
            is_synthetic=landing.SyntheticFiles().lists(list(files[0].resolve().parents), own),
            landing_path="/".join(folders),
        )
        if submission.decision is None:
            decide(settings, root, submission.collection, progress)
            submission = _decided(connection, submission.submission_id)
        elif not is_new:
            _write_receipt(root, folders, submissions.outcome_of(connection, submission, already_received=True))
        return submissions.outcome_of(connection, submission, already_received=not is_new)


def _decided(connection: Connection, submission_id: int) -> Submission:
    """A submission once it is decided, by whoever had begun on it."""
    for _ in range(600):
        submission = submissions.get(connection, submission_id)
        if submission.decision is not None:
            return submission
        time.sleep(0.1)
    raise StoreError("It was received and is safe, but not decided on yet; `workforce status` tells when it is.")


def _contents(files: Sequence[Path]) -> list[ReturnFile]:
    contents = []
    for path in files:
        with path.open("rb") as file:
            contents.append(ReturnFile(path.name, file.read(MOST_BYTES + 1)))
    return contents


def _identity_of(
    files: Sequence[Path],
    contents: Sequence[ReturnFile],
    collection: str | None,
    authority: str | None,
    period: str | None,
) -> Identity:
    """What the options say, else the folders above the file, else the file itself."""
    from ingestion.returns.read import recognise

    found = identity_from_path(files[0].resolve()).completed(identity_from_claim(recognise(contents)))
    return identity_from_options(collection, authority, period, otherwise=found)
