"""The monthly bulletin of London Social Work for Children: one e-mail an authority, written as files."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ingestion.lswc import bulletin_reading as reading
from ingestion.lswc.bulletin_content import content_of
from ingestion.lswc.bulletin_message import Rendered, own_pictures, regional_pictures, render
from ingestion.lswc.bulletin_reading import BulletinError
from ingestion.returns.senders import Sender, find_sender, senders
from ingestion.settings import Settings


@dataclass(frozen=True)
class Bulletin:
    """One authority's bulletin of a month, ready to be kept and sent."""

    month: date
    authority: Sender
    is_synthetic: bool
    rendered: Rendered


def authorities() -> list[Sender]:
    """The 33 authorities: Kingston and Richmond each their own."""
    return [sender for sender in senders() if not sender.is_joint]


def find_authority(text: str) -> Sender:
    """The authority a person means by one of its codes.

    Raises:
        BulletinError: there is none; a joint one has no bulletin of its own.
    """
    found = find_sender(text)
    if found is None or found.is_joint:
        raise BulletinError(
            f"'{text}' is not the code of one authority. Give ONS's (E09000007), DfE's (202) or LIIA's (CAM)."
        )
    return found


def parse_month(text: str) -> date:
    """A month as people write it: `2026-10` or `2026-10-01`.

    Raises:
        BulletinError: it is no month.
    """
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}(-01)?", text.strip()):
        try:
            return date.fromisoformat(f"{text.strip()[:7]}-01")
        except ValueError:
            pass
    raise BulletinError(f"'{text}' is not a month. Write it as 2026-10.")


def bulletins(
    settings: Settings, month: date, wanted: Sequence[Sender], say: Callable[[str], None] = lambda _: None
) -> list[Bulletin]:
    """Make the bulletins of a month, from the published marts.

    Raises:
        BulletinError: the marts are not published, have nothing about the month, or do not fit the jobs behind them.
        SettingsError: the warehouse cannot be reached.
    """
    # All are read before any is sent: while the marts are being read they cannot be published anew.
    with reading.connect(settings) as connection:
        region = reading.read_region(connection, month)
        jobs = [reading.read_own_jobs(connection, authority, month) for authority in wanted]
    shared = regional_pictures(region)
    made = []
    for own in jobs:
        say(f"Writing for {own.authority.name}")
        rendered = render(content_of(region, own), {**shared, **own_pictures(own)})
        made.append(Bulletin(month, own.authority, region.is_synthetic, rendered))
    return made


def write(bulletin: Bulletin, folder: Path) -> list[Path]:
    """Write a bulletin as an e-mail to open in a mail program, as a page and as text; earlier files give way."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{bulletin.month:%Y-%m}-{re.sub(r'[^a-z]+', '-', bulletin.authority.name.lower())}"
    contents = {
        folder / f"{name}.eml": bulletin.rendered.draft,
        folder / f"{name}.html": bulletin.rendered.page.encode(),
        folder / f"{name}.txt": bulletin.rendered.text.encode(),
    }
    for path, content in contents.items():
        path.write_bytes(content)
    return list(contents)
