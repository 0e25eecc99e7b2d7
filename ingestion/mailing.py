"""E-mail through the server the settings name (`SMTP_…`), and who is written to.

Addresses are personal data. They live in a file outside the repository (setting `RETURNS_CONTACTS`, default
`contacts.csv` in the stack's folder: `authority_code,collection,email`, a blank collection means all) and stand in no
log and no exception.
"""

import csv
import logging
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from pathlib import Path

from ingestion.returns.senders import find_sender
from ingestion.settings import Settings

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20
PORTS = {"starttls": 587, "tls": 465, "none": 25}


class MailError(Exception):
    """A message could not be sent; the text says why without naming an address.

    `retryable`: the same message may go through later without anybody changing a setting.
    """

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


@dataclass(frozen=True)
class MailServer:
    """The mail server as the settings give it."""

    host: str
    port: int
    security: str
    sender: str
    user: str | None
    password: str | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "MailServer | None":
        """Read the settings; None where `SMTP_HOST` is not set and nothing is to be sent.

        Raises:
            MailError: one of them is missing or makes no sense.
        """
        host = environment.get("SMTP_HOST", "").strip()
        if not host:
            return None
        security = environment.get("SMTP_SECURITY", "").strip().lower() or "starttls"
        if security not in PORTS:
            raise MailError(f"SMTP_SECURITY is none of {', '.join(PORTS)}.", retryable=False)
        port = environment.get("SMTP_PORT", "").strip() or str(PORTS[security])
        if not port.isdecimal() or not 0 < int(port) < 65_536:
            raise MailError("SMTP_PORT is no port number.", retryable=False)
        sender = environment.get("SMTP_FROM", "").strip()
        if not is_address(sender):
            raise MailError("SMTP_FROM is not set to an e-mail address: whom messages come from.", retryable=False)
        user, password = environment.get("SMTP_USER") or None, environment.get("SMTP_PASSWORD") or None
        return cls(host, int(port), security, sender, user, password)

    def connect(self) -> smtplib.SMTP:
        """Open the connection, encrypted and logged in as configured."""
        context = ssl.create_default_context()
        if self.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            if self.security == "starttls":
                connection.starttls(context=context)
            if self.user is not None:
                connection.login(self.user, self.password or "")
        except BaseException:
            connection.close()
            raise
        return connection


def new_message(subject: str, sender: str, to: Sequence[str], copies: Sequence[str] = ()) -> EmailMessage:
    """A message with its headers and no body yet."""
    message = EmailMessage()
    # Only words of ours stand in a subject; a header is one line all the same.
    message["Subject"] = " ".join(subject.split())
    message["From"] = address_of(sender)
    message["To"] = [address_of(each) for each in to]
    if copies:
        message["Cc"] = [address_of(each) for each in copies]
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = make_msgid(domain=address_of(sender).domain)
    # Out-of-office replies to a message of a program's help nobody (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    return message


def contacts_of(settings: Settings, authority_code: str | None, collection: str | None) -> list[str]:
    """The addresses that want to hear of this collection for this authority, each once.

    Those of both authorities of a joint return; none where the contacts' file is not there.

    Raises:
        MailError: the file cannot be read as what it should be.
    """
    path = Path(settings.environment.get("RETURNS_CONTACTS") or settings.home / "contacts.csv")
    sender = find_sender(authority_code) if authority_code else None
    if sender is None or not path.exists():
        return []
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeError, csv.Error):
        raise MailError(
            "The file of contacts cannot be read. Is it UTF-8 text, and yours to read?", retryable=False
        ) from None
    if rows and not {"authority_code", "email"} <= set(rows[0]):
        raise MailError("The file of contacts lacks its headings: authority_code,collection,email.", retryable=False)
    found = []
    for line, row in enumerate(rows, start=2):
        who, address = find_sender(row["authority_code"] or ""), (row["email"] or "").strip()
        wanted = (row.get("collection") or "").strip()
        if who is None or not set(who.dfe_codes) & set(sender.dfe_codes) or wanted not in ("", collection):
            continue
        if is_address(address):
            found.append(address)
        else:
            logger.warning("The file of contacts: line %d holds no e-mail address; it is passed over.", line)
    return list(dict.fromkeys(found))


def deliver(server: MailServer, message: EmailMessage, addresses: list[str]) -> set[str]:
    """Hand the message over; the addresses the server refused, where it took others.

    What smtplib raises may quote addresses, so nothing of it is passed on but its code.
    """
    try:
        with server.connect() as connection:
            return set(connection.send_message(message, server.sender, addresses))
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        problem = MailError(
            f"The mail server refused all of {len(codes)} address(es) (code {codes[0] if codes else 'unknown'}).",
            retryable=bool(codes) and all(400 <= code < 500 for code in codes),
        )
    except smtplib.SMTPAuthenticationError as error:
        problem = MailError(
            f"The mail server did not accept SMTP_USER and SMTP_PASSWORD (code {error.smtp_code}).",
            retryable=400 <= error.smtp_code < 500,
        )
    except smtplib.SMTPNotSupportedError:
        problem = MailError(
            "The mail server does not offer what the settings ask for: STARTTLS, or a login. See SMTP_SECURITY.",
            retryable=False,
        )
    except smtplib.SMTPResponseException as error:
        problem = MailError(
            f"The mail server did not take the message (code {error.smtp_code}).", retryable=error.smtp_code < 500
        )
    except ssl.SSLCertVerificationError:
        problem = MailError("The mail server's certificate is not one this machine trusts.", retryable=False)
    except (OSError, smtplib.SMTPException) as error:
        problem = MailError(
            f"The mail server (SMTP_HOST, SMTP_PORT) did not answer properly ({type(error).__name__}).", retryable=True
        )
    except MessageError:
        problem = MailError("The message could not be put together.", retryable=False)
    # Raised here, so that what smtplib said is not even its context.
    raise problem


def address_of(text: str) -> Address:
    """An address as a header holds it."""
    return Address(addr_spec=text)


def is_address(text: str) -> bool:
    """Whether a text is one e-mail address and nothing else."""
    try:
        address = address_of(text)
    except (ValueError, MessageError, IndexError):
        return False
    return bool(address.username and address.domain) and text.isascii() and text.isprintable() and " " not in text
