"""Keep the bulletins and send them: to each authority once a month, however often it is tried."""

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from psycopg import Connection

from ingestion.lswc import bulletin_reading as reading
from ingestion.lswc.bulletin import Bulletin, authorities, bulletins, write
from ingestion.mailing import MailError, MailServer, contacts_of, deliver, new_message
from ingestion.returns.senders import Sender
from ingestion.settings import Settings

# What the file of contacts calls the bulletin, beside the collections of returns.
CONTACT = "monthly_bulletin"

Outcome = Literal["sent", "already_sent", "kept"]
WORDS: dict[Outcome, str] = {
    "sent": "sent",
    "already_sent": "sent before, nothing done (--again sends it again)",
    "kept": "kept, not sent: no mail server is configured, or the file of contacts has nobody for it",
}


def folder_of(settings: Settings, month: date) -> Path:
    """Where a month's bulletins are kept."""
    return settings.home / "bulletins" / f"{month:%Y-%m}"


def due_month(settings: Settings) -> date | None:
    """The newest complete month, if a bulletin of it is still to be written or sent; older months are past.

    Raises:
        BulletinError: the marts are not published.
        SettingsError: the warehouse cannot be reached.
    """
    with reading.connect(settings) as connection:
        month = reading.newest_complete_month(connection)
        is_synthetic = month is not None and reading.is_synthetic(connection, month)
    if month is None:
        return None
    with settings.connect("loader") as connection:
        written = {
            code
            for (code,) in connection.execute(
                "select authority_code from ledger.bulletins where month = %s and is_synthetic = %s",
                [month, is_synthetic],
            )
        }
    everybody = {authority.code for authority in authorities()}
    return month if everybody - written or to_send(settings, month, is_synthetic) else None


def keep(settings: Settings, month: date) -> list[str]:
    """Write all bulletins of a month into its folder, except those sent already.

    Returns:
        The codes of the authorities that are still to be sent theirs.

    Raises:
        BulletinError: the marts are not published, or have nothing about the month.
        SettingsError: the warehouse cannot be reached.
    """
    is_synthetic = False
    with settings.connect("loader") as connection:
        for bulletin in bulletins(settings, month, authorities()):
            is_synthetic = bulletin.is_synthetic
            with connection.transaction():
                if not _was_sent(connection, bulletin):
                    _keep(connection, settings, bulletin)
    return to_send(settings, month, is_synthetic)


def to_send(settings: Settings, month: date, is_synthetic: bool) -> list[str]:
    """The authorities that can be written to and have not been sent this month's bulletin."""
    if MailServer.from_environment(settings.environment) is None:
        return []
    with settings.connect("loader") as connection:
        sent = {
            code
            for (code,) in connection.execute(
                "select authority_code from ledger.bulletins "
                "where month = %s and is_synthetic = %s and sent_at is not null",
                [month, is_synthetic],
            )
        }
    return [
        authority.code
        for authority in authorities()
        if authority.code not in sent and contacts_of(settings, authority.code, CONTACT)
    ]


def send(settings: Settings, month: date, wanted: Sequence[Sender], *, again: bool = False) -> dict[str, Outcome]:
    """Keep and send bulletins of a month; one that cannot be sent does not keep the others back.

    Args:
        settings: where the warehouse and the mail server are.
        month: its first day.
        wanted: whose.
        again: send what was sent before, too.

    Returns:
        By authority's name: sent; already_sent, nothing done; kept, as nobody is to be written to or no mail server is
        configured.

    Raises:
        BulletinError: the marts are not published, or have nothing about the month.
        MailError: some could not be sent; those that were are noted and not sent again.
        SettingsError: the warehouse cannot be reached.
    """
    server = MailServer.from_environment(settings.environment)
    outcomes: dict[str, Outcome] = {}
    problems: list[MailError] = []
    with settings.connect("loader") as connection:
        for bulletin in bulletins(settings, month, wanted):
            try:
                with connection.transaction():
                    outcomes[bulletin.authority.name] = _send(connection, settings, server, bulletin, again)
            except MailError as error:
                problems.append(error)
    if problems:
        raise MailError(
            f"{len(problems)} of {len(wanted)} bulletins were not sent. {problems[0]}",
            retryable=any(problem.retryable for problem in problems),
        )
    return outcomes


def _send(
    connection: Connection, settings: Settings, server: MailServer | None, bulletin: Bulletin, again: bool
) -> Outcome:
    # The row is locked until the transaction ends: two processes never send the same bulletin.
    if _was_sent(connection, bulletin) and not again:
        return "already_sent"
    _keep(connection, settings, bulletin)
    contacts = contacts_of(settings, bulletin.authority.code, CONTACT) if server else []
    if server is None or not contacts:
        return "kept"
    message = new_message(bulletin.rendered.subject, server.sender, contacts)
    bulletin.rendered.fill(message)
    refused = deliver(server, message, contacts)
    connection.execute(
        "update ledger.bulletins set sent_at = now(), addresses = %s "
        "where month = %s and authority_code = %s and is_synthetic = %s",
        [len(contacts) - len(refused), *_key(bulletin)],
    )
    return "sent"


def _was_sent(connection: Connection, bulletin: Bulletin) -> bool:
    """Whether it was; locks its row, which is made where it is not there."""
    connection.execute(
        "insert into ledger.bulletins (month, authority_code, is_synthetic, sha256) values (%s, %s, %s, %s) "
        "on conflict do nothing",
        [*_key(bulletin), _hash(bulletin)],
    )
    row = connection.execute(
        "select sent_at from ledger.bulletins "
        "where month = %s and authority_code = %s and is_synthetic = %s for update",
        _key(bulletin),
    ).fetchone()
    return row is not None and row[0] is not None


def _keep(connection: Connection, settings: Settings, bulletin: Bulletin) -> None:
    write(bulletin, folder_of(settings, bulletin.month))
    connection.execute(
        "update ledger.bulletins set sha256 = %s, written_at = now() "
        "where month = %s and authority_code = %s and is_synthetic = %s",
        [_hash(bulletin), *_key(bulletin)],
    )


def _key(bulletin: Bulletin) -> list[object]:
    return [bulletin.month, bulletin.authority.code, bulletin.is_synthetic]


def _hash(bulletin: Bulletin) -> str:
    return hashlib.sha256(bulletin.rendered.draft).hexdigest()
