"""Receipts by e-mail, through a real SMTP server of the test's own."""

import email
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ingestion.returns.mail import MailError, send_receipt
from ingestion.settings import Settings
from tests.conftest import free_port
from tests.ingestion.returns.outcomes import ACCEPTED, REJECTED, outcome

CONTACTS = """authority_code,collection,email
E09000007,,officer@camden.example
202,agency_quarterly,Agency.Lead@camden.example
E09000007,csww_census,census@camden.example
E09000019,,officer@islington.example
314,,officer@kingston.example
E09000027,,officer@richmond.example
"""


class Inbox:
    """What the server took; it refuses addresses that begin with `refused`."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("refused"):
            return "550 No such mailbox"
        if address.startswith("busy"):
            return "451 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 Taken"


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Inbox, int]]]:
    """Starts a server with the given manners; gives what it takes and its port."""
    with ExitStack() as stack:

        def start(**manners: Any) -> tuple[Inbox, int]:
            inbox, port = Inbox(), free_port()
            controller = Controller(inbox, hostname="127.0.0.1", port=port, **manners)
            controller.start()
            stack.callback(controller.stop)
            return inbox, port

        yield start


def settings(folder: Path, port: int, **more: str) -> Settings:
    contacts = folder / "contacts.csv"
    if not contacts.exists():
        contacts.write_text(CONTACTS)
    return Settings(
        {
            "WORKFORCE_HOME": str(folder),
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(port),
            "SMTP_SECURITY": "none",
            "SMTP_FROM": "returns@liia.example",
            "RETURNS_DESK_EMAIL": "desk@liia.example",
            **more,
        }
    )


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """What this project logged; the test's own server logs what it is sent."""
    return "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("ingestion"))


def test_a_receipt_goes_to_the_authoritys_contacts_with_a_copy_to_the_desk(
    serve: Callable[..., tuple[Inbox, int]], tmp_path: Path
) -> None:
    inbox, port = serve()
    expected = ["officer@camden.example", "Agency.Lead@camden.example", "desk@liia.example"]
    assert send_receipt(settings(tmp_path, port), REJECTED) == expected
    assert inbox.recipients == [expected]
    message = inbox.messages[0]
    assert message["Subject"] == (
        "Rejected: Agency child and family social workers, quarterly return, Camden, 2025/26 Q3 (version 2)"
    )
    assert message["To"] == "officer@camden.example, Agency.Lead@camden.example"
    assert message["Cc"] == "desk@liia.example"
    assert message["Auto-Submitted"] == "auto-generated"


def test_the_text_is_the_receipt_and_the_findings_are_attached(
    serve: Callable[..., tuple[Inbox, int]], tmp_path: Path
) -> None:
    inbox, port = serve()
    send_receipt(settings(tmp_path, port), REJECTED)
    send_receipt(settings(tmp_path, port), ACCEPTED)
    rejected, accepted = inbox.messages
    body = rejected.get_body(("plain",))
    assert body is not None and body.get_content().startswith("REJECTED: nothing of it was loaded.")
    attachments = list(rejected.iter_attachments())
    assert [each.get_filename() for each in attachments] == ["findings.xlsx"]
    assert attachments[0].get_content()[:2] == b"PK"
    assert list(accepted.iter_attachments()) == []


def test_an_invented_return_is_marked_in_the_subject(serve: Callable[..., tuple[Inbox, int]], tmp_path: Path) -> None:
    inbox, port = serve()
    send_receipt(settings(tmp_path, port), outcome(is_synthetic=True))
    assert inbox.messages[0]["Subject"].startswith("SYNTHETIC: Rejected:")


def test_both_authorities_of_a_joint_return_get_the_receipt(
    serve: Callable[..., tuple[Inbox, int]], tmp_path: Path
) -> None:
    _, port = serve()
    joint = outcome(
        authority_code="E09000021 / E09000027", authority_name="Kingston upon Thames and Richmond upon Thames"
    )
    assert send_receipt(settings(tmp_path, port, RETURNS_DESK_EMAIL=""), joint) == [
        "officer@kingston.example",
        "officer@richmond.example",
    ]


def test_a_file_nobody_can_be_asked_about_goes_to_the_desk_alone(
    serve: Callable[..., tuple[Inbox, int]], tmp_path: Path
) -> None:
    inbox, port = serve()
    nobodys = outcome(authority_code=None, authority_name=None)
    assert send_receipt(settings(tmp_path, port), nobodys) == ["desk@liia.example"]
    assert inbox.messages[0]["To"] == "desk@liia.example"
    assert send_receipt(settings(tmp_path, port, RETURNS_DESK_EMAIL=""), nobodys) == []


def test_nothing_is_sent_where_no_server_is_configured(tmp_path: Path) -> None:
    assert send_receipt(settings(tmp_path, 1, SMTP_HOST=""), REJECTED) == []


def test_a_line_break_in_a_name_cannot_make_a_header(serve: Callable[..., tuple[Inbox, int]], tmp_path: Path) -> None:
    inbox, port = serve()
    crafted = outcome(authority_name="Camden\r\nBcc: thief@evil.example\r\n\r\nHello")
    send_receipt(settings(tmp_path, port), crafted)
    message = inbox.messages[0]
    assert message["Bcc"] is None
    assert "Camden Bcc: thief@evil.example Hello" in message["Subject"]
    assert "thief@evil.example" not in inbox.recipients[0]


def test_a_contact_that_is_no_address_is_passed_over_and_never_logged(
    serve: Callable[..., tuple[Inbox, int]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, port = serve()
    lines = [
        "E09000007,,not an address",
        'E09000007,,"a@b.example\nBcc: c@d.example"',
        "E09000007,,right@camden.example",
    ]
    (tmp_path / "contacts.csv").write_text("\n".join(["authority_code,collection,email", *lines]))
    with caplog.at_level(logging.DEBUG):
        assert "right@camden.example" in send_receipt(settings(tmp_path, port), REJECTED)
    assert "line 2" in logged(caplog)
    assert "not an address" not in logged(caplog) and "@" not in logged(caplog)


def test_a_login_is_used_where_one_is_configured(serve: Callable[..., tuple[Inbox, int]], tmp_path: Path) -> None:
    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"desk", b"right")
        return AuthResult(success=known, handled=False)

    inbox, port = serve(authenticator=authenticate, auth_require_tls=False, auth_required=True)
    send_receipt(settings(tmp_path, port, SMTP_USER="desk", SMTP_PASSWORD="right"), REJECTED)
    assert len(inbox.messages) == 1
    with pytest.raises(MailError, match="SMTP_USER and SMTP_PASSWORD") as refused:
        send_receipt(settings(tmp_path, port, SMTP_USER="desk", SMTP_PASSWORD="wrong"), REJECTED)
    assert not refused.value.retryable


def certificate_for(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody but its own file vouches for, and its key."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "server.pem", folder / "server.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def test_starttls_is_used_and_a_certificate_nobody_vouches_for_is_refused(
    serve: Callable[..., tuple[Inbox, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = certificate_for(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    inbox, port = serve(tls_context=context, require_starttls=True)
    with pytest.raises(MailError, match="certificate") as refused:
        send_receipt(settings(tmp_path, port, SMTP_SECURITY="starttls"), REJECTED)
    assert not refused.value.retryable
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert send_receipt(settings(tmp_path, port, SMTP_SECURITY="starttls"), REJECTED)
    assert len(inbox.messages) == 1


def test_a_server_without_starttls_gets_nothing(serve: Callable[..., tuple[Inbox, int]], tmp_path: Path) -> None:
    inbox, port = serve()
    with pytest.raises(MailError, match="STARTTLS"):
        send_receipt(settings(tmp_path, port, SMTP_SECURITY="starttls"), REJECTED)
    assert inbox.messages == []


def test_a_server_that_does_not_answer_is_tried_again_later(tmp_path: Path) -> None:
    with pytest.raises(MailError) as failed:
        send_receipt(settings(tmp_path, free_port()), REJECTED)
    assert failed.value.retryable


@pytest.mark.parametrize(("name", "retryable"), [("refused", False), ("busy", True)])
def test_refused_addresses_are_counted_and_not_named(
    serve: Callable[..., tuple[Inbox, int]], tmp_path: Path, name: str, retryable: bool
) -> None:
    _, port = serve()
    (tmp_path / "contacts.csv").write_text(f"authority_code,collection,email\nE09000007,,{name}@camden.example\n")
    with pytest.raises(MailError) as failed:
        send_receipt(settings(tmp_path, port, RETURNS_DESK_EMAIL=""), REJECTED)
    assert failed.value.retryable is retryable
    assert "1 address" in str(failed.value)
    said: BaseException | None = failed.value
    while said is not None:
        assert "camden.example" not in repr(said)
        said = said.__context__


def test_those_who_can_be_reached_are_when_another_is_refused(
    serve: Callable[..., tuple[Inbox, int]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, port = serve()
    (tmp_path / "contacts.csv").write_text("authority_code,collection,email\nE09000007,,refused@camden.example\n")
    assert send_receipt(settings(tmp_path, port), REJECTED) == ["desk@liia.example"]
    assert "1 of 2" in logged(caplog) and "@" not in logged(caplog)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SMTP_FROM", ""), ("SMTP_SECURITY", "ssl3"), ("SMTP_PORT", "mail"), ("RETURNS_DESK_EMAIL", "x")],
)
def test_a_setting_that_makes_no_sense_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(MailError, match=name) as failed:
        send_receipt(settings(tmp_path, 25, **{name: value}), REJECTED)
    assert not failed.value.retryable
