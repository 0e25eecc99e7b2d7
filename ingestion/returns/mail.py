"""Receipts by e-mail, where a mail server is configured: the text as the body, the findings attached."""

import logging
from email.message import EmailMessage

from ingestion.mailing import MailError, MailServer, contacts_of, deliver, is_address, new_message
from ingestion.returns.findings import Outcome
from ingestion.returns.receipts import findings_workbook, receipt_text, subject
from ingestion.settings import Settings

__all__ = ["MailError", "receipt_message", "send_receipt"]

logger = logging.getLogger(__name__)

XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def send_receipt(settings: Settings, outcome: Outcome) -> list[str]:
    """Send one receipt to the authority's contacts, with a copy to LIIA's returns desk.

    Returns:
        The addresses the server took it for; none where no server is configured or nobody is to be written to.

    Raises:
        MailError: it was sent to nobody.
    """
    server = MailServer.from_environment(settings.environment)
    if server is None:
        return []
    contacts = contacts_of(settings, outcome.authority_code, outcome.collection)
    desk = settings.environment.get("RETURNS_DESK_EMAIL", "").strip()
    if desk and not is_address(desk):
        raise MailError("RETURNS_DESK_EMAIL is no e-mail address.", retryable=False)
    copies = [desk] if desk and desk not in contacts else []
    if not contacts and not copies:
        return []
    message = receipt_message(outcome, server.sender, contacts or copies, copies if contacts else [])
    addresses = [*contacts, *copies]
    refused = deliver(server, message, addresses)
    if refused:
        logger.warning("A receipt reached %d of %d addresses.", len(addresses) - len(refused), len(addresses))
    return [address for address in addresses if address not in refused]


def receipt_message(outcome: Outcome, sender: str, to: list[str], copies: list[str]) -> EmailMessage:
    """The receipt as an e-mail message."""
    title = subject(outcome)
    message = new_message(f"SYNTHETIC: {title}" if outcome.is_synthetic else title, sender, to, copies)
    message.set_content(receipt_text(outcome))
    if outcome.findings:
        message.add_attachment(findings_workbook(outcome), maintype=XLSX[0], subtype=XLSX[1], filename="findings.xlsx")
    return message
