"""A bulletin as an e-mail: HTML and plain text with its charts inside, and as files to look at."""

import base64
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ingestion.lswc.bulletin_charts import months_chart, steps_chart, two_months_charts
from ingestion.lswc.bulletin_content import SITE, Content, Table
from ingestion.lswc.bulletin_figures import OwnJobs, Region

TEMPLATES = Path(__file__).parent / "templates"
LINE = 76


@dataclass(frozen=True)
class Rendered:
    """A bulletin ready to be sent.

    In `html` a picture is `cid:<name>@bulletin`, as e-mails refer to their own parts.
    """

    subject: str
    html: str
    text: str
    pictures: Mapping[str, bytes]

    @property
    def page(self) -> str:
        """The HTML with its pictures inside, to be opened in a browser."""
        page = self.html
        for name, picture in self.pictures.items():
            page = page.replace(_reference(name), f"data:image/png;base64,{base64.b64encode(picture).decode()}")
        return page

    def fill(self, message: EmailMessage) -> None:
        """Make it the body of a message: plain text, or HTML with its pictures."""
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        html = message.get_payload(1)
        assert isinstance(html, EmailMessage)
        for name, picture in self.pictures.items():
            html.add_related(
                picture, "image", "png", cid=f"<{name}@bulletin>", filename=f"{name}.png", disposition="inline"
            )

    @property
    def draft(self) -> bytes:
        """The e-mail as a file, addressed to nobody; the same bulletin gives the same bytes."""
        message = EmailMessage()
        message["Subject"] = self.subject
        message["X-Unsent"] = "1"  # mail programs open it as a draft
        self.fill(message)
        for number, part in enumerate(each for each in message.walk() if each.is_multipart()):
            part.set_boundary(f"=_bulletin_{number}")
        return message.as_bytes()


def regional_pictures(region: Region) -> dict[str, bytes]:
    """The charts that are the same for every authority."""
    pictures = {}
    if region.visitors:
        pictures["visitors"] = months_chart(region.visitors)
    if region.steps:
        pictures["funnel"] = steps_chart(region.steps)
    return pictures


def own_pictures(own: OwnJobs) -> dict[str, bytes]:
    """The chart of one authority's jobs, where it had any."""
    if not own.adverts:
        return {}
    views = tuple((month, jobs.views) for month, jobs in own.history)
    clicks = tuple((month, jobs.clicks) for month, jobs in own.history)
    return {"jobs": two_months_charts(("Views of your jobs", views), ("Apply clicks", clicks))}


def render(content: Content, pictures: Mapping[str, bytes]) -> Rendered:
    """Put the content into the templates."""
    words = {
        "bulletin": content,
        "site": SITE,
        "pictures": {name: _reference(name) for name in pictures},
        "columns": columns,
    }
    html = _environment(escape=True).get_template("bulletin.html.j2").render(words)
    text = _environment(escape=False).get_template("bulletin.txt.j2").render(words)
    return Rendered(content.subject, html, text.replace("\u00a0", " "), pictures)


def columns(table: Table) -> list[str]:
    """A table as lines of plain text, figures under one another; long words of the first column take several lines."""
    rows = [table.headings, *table.rows]
    widths = [max(len(row[place]) for row in rows) for place in range(1, len(table.headings))]
    room = LINE - 2 - sum(width + 2 for width in widths)
    first = min(room, max(len(row[0]) for row in rows))
    lines = []
    for row in rows:
        *above, last = textwrap.wrap(row[0], first, subsequent_indent="  ")
        figures = [cell.rjust(width) for cell, width in zip(row[1:], widths, strict=True)]
        lines += [*above, "  ".join([last.ljust(first), *figures]).rstrip()]
    return lines


def _reference(name: str) -> str:
    return f"cid:{name}@bulletin"


@cache
def _environment(*, escape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escape,  # noqa: S701  # plain text has nothing to escape
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["wrapped"] = lambda text, indent="": textwrap.fill(
        text, LINE, initial_indent=indent, subsequent_indent=indent
    )
    environment.filters["capitalised"] = lambda text: text[:1].upper() + text[1:]
    return environment
