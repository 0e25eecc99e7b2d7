"""Keeping and sending bulletins, through a real mail server of the test's own."""

import email
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from ingestion.lswc.bulletin import find_authority
from ingestion.lswc.bulletin_sending import due_month, folder_of, keep, send
from ingestion.mailing import MailError
from ingestion.settings import Settings
from tests.conftest import free_port
from tests.ingestion.lswc.bulletin_figures import MONTH, publish

CONTACTS = """authority_code,collection,email
E09000007,monthly_bulletin,director@camden.example
CAM,,desk@camden.example
CAM,csww_census,census@camden.example
E09000019,monthly_bulletin,director@islington.example
"""
CAMDEN, ISLINGTON, BARNET = (find_authority(code) for code in ("CAM", "ISL", "BAR"))


class Inbox:
    """What the server took; addresses named in `refused` it refuses."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refused: set[str] = set()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 Taken"


@pytest.fixture(scope="module")
def published(new_warehouse: Callable[[str], Settings]) -> Settings:
    settings = new_warehouse("sending")
    publish(settings)
    return settings


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def settings(published: Settings, inbox: Inbox, tmp_path: Path) -> Iterator[Settings]:
    """The published month with a mail server, contacts and nothing sent yet."""
    with published.connect("loader") as connection:
        connection.execute("delete from ledger.bulletins")
    (tmp_path / "contacts.csv").write_text(CONTACTS)
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield Settings(
        {
            **published.environment,
            "WORKFORCE_HOME": str(tmp_path),
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(controller.port),
            "SMTP_SECURITY": "none",
            "SMTP_FROM": "bulletin@liia.example",
        }
    )
    controller.stop()


def noted(settings: Settings) -> dict[str, Any]:
    with settings.connect("analyst") as connection:
        return dict(connection.execute("select authority_code, addresses from ledger.bulletins").fetchall())


def test_a_bulletin_goes_to_the_authoritys_contacts_for_it(settings: Settings, inbox: Inbox) -> None:
    assert send(settings, MONTH, [CAMDEN]) == {"Camden": "sent"}
    assert inbox.recipients == [["director@camden.example", "desk@camden.example"]]
    (message,) = inbox.messages
    assert message["Subject"] == "London Social Work for Children, September 2026: Camden"
    assert (message["From"], message["Auto-Submitted"]) == ("bulletin@liia.example", "auto-generated")
    assert message.get_content_type() == "multipart/alternative"
    parts = [part.get_content_type() for part in message.walk()]
    assert parts == ["multipart/alternative", "text/plain", "multipart/related", "text/html", *["image/png"] * 3]
    assert {part.get_content_disposition() for part in message.walk() if part.get_content_maintype() == "image"} == {
        "inline"
    }
    assert noted(settings) == {"E09000007": 2}


def test_it_is_sent_once_and_again_only_when_asked_to(settings: Settings, inbox: Inbox) -> None:
    send(settings, MONTH, [CAMDEN, ISLINGTON])
    kept = {path: path.read_bytes() for path in folder_of(settings, MONTH).iterdir()}
    assert send(settings, MONTH, [CAMDEN, ISLINGTON]) == {"Camden": "already_sent", "Islington": "already_sent"}
    assert len(inbox.messages) == 2
    assert {path: path.read_bytes() for path in folder_of(settings, MONTH).iterdir()} == kept
    assert send(settings, MONTH, [CAMDEN], again=True) == {"Camden": "sent"}
    assert [each[0] for each in inbox.recipients].count("director@camden.example") == 2


def test_one_that_cannot_be_sent_does_not_keep_the_others_back(settings: Settings, inbox: Inbox) -> None:
    inbox.refused = {"director@camden.example", "desk@camden.example"}
    with pytest.raises(MailError, match="1 of 2 bulletins were not sent") as failed:
        send(settings, MONTH, [CAMDEN, ISLINGTON])
    assert "camden.example" not in str(failed.value)
    assert noted(settings) == {"E09000019": 1}
    inbox.refused = set()
    assert send(settings, MONTH, [CAMDEN, ISLINGTON]) == {"Camden": "sent", "Islington": "already_sent"}


def test_without_contacts_or_a_mail_server_bulletins_are_kept(settings: Settings, inbox: Inbox) -> None:
    assert send(settings, MONTH, [BARNET]) == {"Barnet": "kept"}
    silent = Settings({**settings.environment, "SMTP_HOST": ""})
    assert send(silent, MONTH, [CAMDEN]) == {"Camden": "kept"}
    assert inbox.messages == []
    assert noted(settings) == {"E09000003": None, "E09000007": None}
    assert sorted(path.name for path in folder_of(settings, MONTH).glob("*.eml")) == [
        "2026-09-barnet.eml",
        "2026-09-camden.eml",
    ]


def test_a_month_is_due_until_all_bulletins_are_kept_and_those_that_can_be_are_sent(
    settings: Settings, inbox: Inbox
) -> None:
    assert due_month(settings) == MONTH
    assert keep(settings, MONTH) == ["E09000007", "E09000019"]
    assert len(list(folder_of(settings, MONTH).glob("*.eml"))) == 33
    assert due_month(settings) == MONTH and inbox.messages == []
    send(settings, MONTH, [CAMDEN, ISLINGTON])
    assert due_month(settings) is None
    assert keep(settings, MONTH) == []


def test_a_month_that_still_lacks_a_figure_is_not_due_and_real_data_are_a_new_bulletin(
    new_warehouse: Callable[[str], Settings], warehouse: Settings
) -> None:
    settings = new_warehouse("due")
    publish(settings, without=["registrations"])
    with settings.connect("transformer") as connection:
        connection.execute("delete from marts.mart_lswc__monthly where month < '2026-08-01'")
    # The month before is complete, but it has no bulletin any more: only the newest complete month has.
    assert due_month(settings) == MONTH.replace(month=8)
    publish(settings, is_synthetic=True)
    keep(settings, MONTH)
    assert due_month(settings) is None
    publish(settings)
    assert due_month(settings) == MONTH
