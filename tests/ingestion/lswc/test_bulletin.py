"""The monthly bulletin: what it says to whom, and how it looks in a browser."""

import email
import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ingestion.lswc.bulletin import Bulletin, authorities, bulletins, find_authority, write
from ingestion.lswc.bulletin_reading import BulletinError
from ingestion.settings import Settings
from tests.ingestion.lswc.bulletin_figures import ADVERTS, MONTH, publish

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def published(new_warehouse: Callable[[str], Settings]) -> Settings:
    """A warehouse whose published marts hold one month."""
    settings = new_warehouse("bulletin")
    publish(settings)
    return settings


@pytest.fixture(scope="module")
def made(published: Settings) -> dict[str, Bulletin]:
    """Five authorities' bulletins, by LIIA's code."""
    wanted = ("CAM", "ISL", "KUT", "RUT", "BAR")
    return dict(zip(wanted, bulletins(published, MONTH, [find_authority(code) for code in wanted]), strict=True))


class Words(HTMLParser):
    """What a reader of the page gets: its text, and its pictures' alternatives."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.alternatives: list[str] = []
        self._silent = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent = tag in ("style", "title")
        if tag == "img":
            self.alternatives.append(dict(attrs)["alt"] or "")

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.said.append(" ".join(data.split()))


def words_of(bulletin: Bulletin) -> str:
    words = Words(bulletin.rendered.html)
    return "\n".join([*words.said, *words.alternatives])


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_first_page_answers_four_questions(made: dict[str, Bulletin]) -> None:
    said = Words(made["CAM"].rendered.html).said
    first = said.index("How many people came?")
    assert said[first : first + 12] == [
        "How many people came?", "12,345 visitors", "Up 495 (4%) on August 2026",
        "What did they do?", "8,123 job views", "2,274 Apply clicks, 28 for every 100 views",
        "How did your jobs do?", "1,418 job views", "466 Apply clicks; 1 job posted, 1 live at month end",
        "What changed?", "Registrations up 31 (17%)", "The greatest change since August 2026: now 212",
    ]  # fmt: skip
    assert said[0:2] == ["London Social Work for Children: monthly bulletin", "Camden, September 2026"]


def test_each_question_is_answered_at_length_with_its_figures(made: dict[str, Bulletin]) -> None:
    text = one_line(made["CAM"].rendered.text)
    for sentence in (
        "12,345 people visited the site in September 2026: up 495 (4%) on August 2026, "
        "up 2,057 (20%) on September 2025.",
        "Organic Search 10,000 55%",
        "Adverts were viewed 8,123 times and had 2,274 Apply clicks, 28 for every 100 views.",
        "Job views 6,500 36% Apply clicks 1,950 30%",
        "Camden had 2 adverts on the site in September 2026: 1 job posted, 1 live at month end. They were viewed "
        "1,418 times and had 466 Apply clicks. That is 33 clicks for every 100 views; across London it was 28.",
        "down 230 (1%) on August 2026; up 3,134 (21%) on September 2025; 402,345 since the launch",
        "Followers: 4,310 up 61 (1%) on August 2026; up 802 (23%) on September 2025",
        "Data as at 4 October 2026.",
        "Job board extract: A day is out.",
        "Visitors: What Visitors means.",
    ):
        assert sentence in text


def test_html_and_plain_text_say_the_same(made: dict[str, Bulletin]) -> None:
    for bulletin in made.values():
        figures = re.compile(r"\d[\d,]*%?")
        html = set(figures.findall("\n".join(Words(bulletin.rendered.html).said)))
        assert html == set(figures.findall(bulletin.rendered.text))
        assert len(html) > 60


def test_charts_have_alternatives_and_every_figure_of_theirs_is_text(made: dict[str, Bulletin]) -> None:
    alternatives = Words(made["CAM"].rendered.html).alternatives
    assert len(alternatives) == len(made["CAM"].rendered.pictures) == 3
    assert alternatives[0] == (
        "Column chart of visitors by month. Lowest 10,288 in September 2025, highest 12,345 in September 2026; "
        "12,345 in September 2026."
    )
    assert alternatives[1] == "Bar chart. Visits 18,234; Job views 6,500; Apply clicks 1,950."
    assert "Apply clicks: Only September 2026 has a figure: 466." in alternatives[2]
    lines = made["CAM"].rendered.text.splitlines()
    by_month = lines[lines.index("By month") + 1 :][:14]
    assert by_month[1].split() == ["Sep", "2026", "12,345", "1,418", "466"]
    assert [line.split()[2] for line in by_month[3:]] == [f"{10_298 - back:,}" for back in range(11)]


@pytest.mark.parametrize(
    ("code", "own"),
    [
        ("CAM", {"E09000007"}),
        ("ISL", {"E09000019"}),
        ("KUT", {"E09000021", "E09000021 / E09000027"}),
        ("RUT", {"E09000027", "E09000021 / E09000027"}),
        ("BAR", set()),
    ],
)
def test_nothing_of_another_authoritys_jobs_is_in_it(made: dict[str, Bulletin], code: str, own: set[str]) -> None:
    said = one_line("\n".join([words_of(made[code]), made[code].rendered.html, made[code].rendered.text]))
    for authority, _, title, _, _, views, clicks, _ in ADVERTS:
        for told in (title, views, clicks):
            is_there = re.search(rf"(?<![\d,]){told}(?![\d,])", said) is not None
            assert is_there == (authority in own), told


def test_a_joint_advert_stands_in_both_bulletins_and_is_named_so(made: dict[str, Bulletin]) -> None:
    kingston, richmond = one_line(made["KUT"].rendered.text), one_line(made["RUT"].rendered.text)
    assert "Kingston upon Thames had 2 adverts on the site" in kingston
    assert "1 joint advert with Richmond upon Thames, in both authorities’ bulletins: 445 views, 211 Apply" in kingston
    assert "viewed 1,106 times and had 524 Apply clicks" in kingston  # 661 + 445, 313 + 211
    assert "joint with Kingston upon Thames" in richmond
    assert "viewed 1,334 times and had 638 Apply clicks" in richmond  # 889 + 445, 427 + 211


def test_an_authority_without_an_advert_gets_what_is_true_for_it(made: dict[str, Bulletin]) -> None:
    text = one_line(made["BAR"].rendered.text)
    assert "How did your jobs do? No adverts." in text
    assert "Barnet had no advert on the site in September 2026. Across London 64 jobs were posted" in text
    assert "Adverts were viewed 8,123 times and had 2,274 Apply clicks, 28 for every 100 views." in text
    assert sorted(made["BAR"].rendered.pictures) == ["funnel", "visitors"]


def test_every_authority_has_one(published: Settings) -> None:
    everybody = authorities()
    assert len({authority.code for authority in everybody}) == 33
    assert {"Kingston upon Thames", "Richmond upon Thames"} <= {authority.name for authority in everybody}


def test_invented_figures_are_marked_and_real_ones_are_not(
    new_warehouse: Callable[[str], Settings], made: dict[str, Bulletin]
) -> None:
    settings = new_warehouse("synthetic")
    publish(settings, is_synthetic=True)
    (synthetic,) = bulletins(settings, MONTH, [find_authority("CAM")])
    assert synthetic.is_synthetic
    assert synthetic.rendered.subject.startswith("SYNTHETIC: London Social Work for Children, September 2026: Camden")
    assert synthetic.rendered.text.startswith("SYNTHETIC DATA.")
    assert Words(synthetic.rendered.html).said[0].startswith("SYNTHETIC DATA.")
    assert "SYNTHETIC" not in made["CAM"].rendered.draft.decode()


def test_what_is_missing_is_said_and_no_figure_is_made_up(new_warehouse: Callable[[str], Settings]) -> None:
    settings = new_warehouse("missing")
    publish(
        settings,
        without=["visitors", "followers"],
        adverts=[("E09000007", "A1", "<b>x</b> & Sons", MONTH, None, 1, 0, False)],
    )
    (bulletin,) = bulletins(settings, MONTH, [find_authority("CAM")])
    text = one_line(bulletin.rendered.text)
    assert "How many people came? Visitors not available. No figure of August 2026 to compare with." in text
    assert "Followers: not available nothing to compare with" in text
    assert "It was viewed once and had no Apply clicks." in text
    # A title comes from a file: it is text, never part of the page.
    assert "&lt;b&gt;x&lt;/b&gt; &amp; Sons" in bulletin.rendered.html
    assert "<b>x</b> & Sons" in bulletin.rendered.text


def test_figures_that_changed_since_publication_are_not_sent(new_warehouse: Callable[[str], Settings]) -> None:
    settings = new_warehouse("changed")
    publish(settings)
    with settings.connect("transformer") as connection:
        connection.execute("update intermediate.int_lswc__job_months set views = 1 where job_id = 'A1'")
    assert bulletins(settings, MONTH, [find_authority("ISL")])
    with pytest.raises(BulletinError, match=r"Camden: the figures about jobs have changed since .* `workforce build`"):
        bulletins(settings, MONTH, [find_authority("CAM")])


def test_a_month_without_figures_is_a_plain_message(published: Settings, warehouse: Settings) -> None:
    for month in (MONTH.replace(month=10), MONTH.replace(year=2019)):
        with pytest.raises(BulletinError, match=r"no published figures for .*newest complete month is September 2026"):
            bulletins(published, month, authorities())
    with pytest.raises(BulletinError, match="are not published yet"):
        bulletins(warehouse, MONTH, authorities())


def test_an_email_is_alternatives_with_its_pictures_inside(made: dict[str, Bulletin]) -> None:
    message = email.message_from_bytes(made["CAM"].rendered.draft, policy=default)
    assert isinstance(message, EmailMessage)
    assert message.get_content_type() == "multipart/alternative"
    plain, related = message.iter_parts()
    assert (plain.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    html, *pictures = related.iter_parts()
    wanted = set(re.findall(r'src="cid:([^"]+)"', html.get_content()))
    assert wanted == {picture["Content-ID"].strip("<>") for picture in pictures}
    assert all(picture.get_content().startswith(b"\x89PNG") for picture in pictures)
    assert len(made["CAM"].rendered.draft) < 300_000


@pytest.fixture
def command(published: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Runs `workforce bulletin` on the published month."""
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: published))

    def run(*arguments: str) -> tuple[int, str]:
        from ingestion.cli import app

        result = CliRunner().invoke(app, ["bulletin", *arguments])
        return result.exit_code, one_line(result.output)

    return run


def test_the_command_writes_files_and_the_same_bytes_again(
    command: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    arguments = ("2026-09", "--out", str(tmp_path / "out"), "--authority", "202")
    code, said = command(*arguments)
    assert (code, said) == (0, f"3 files of 1 bulletins in {tmp_path / 'out'}; nothing was sent.")
    files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert sorted(files) == [f"2026-09-camden.{kind}" for kind in ("eml", "html", "txt")]
    assert b"data:image/png;base64," in files["2026-09-camden.html"]
    command(*arguments)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == files


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["September"], 2, "Write it as 2026-10"),
        (["2026-13"], 2, "is not a month"),
        (["2026-09", "--authority", "314-318"], 2, "is not the code of one authority"),
        (["2026-09", "--again"], 2, "--send"),
        (["2026-10", "--out", "x"], 1, "The newest complete month is September 2026"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(
    command: Callable[..., tuple[int, str]], arguments: list[str], code: int, says: str
) -> None:
    got, said = command(*arguments)
    assert got == code and says in said


@pytest.fixture(scope="module")
def pages(made: dict[str, Bulletin], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, int], Any]]:
    """Opens a bulletin at a width in Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM))

        def show(code: str, width: int) -> Any:
            page = browser.new_page(viewport={"width": width, "height": 844})
            page.goto(next(path for path in write(made[code], folder) if path.suffix == ".html").as_uri())
            return page

        yield show
        browser.close()


# Of every text: its colour, the colour behind it, and whether it is cut off.
SEEN = """() => [...document.querySelectorAll('p, h1, h2, th, td, dt, dd, caption')]
  .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
  .map(each => {
    let behind = each;
    while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
    return [getComputedStyle(each).color, getComputedStyle(behind).backgroundColor,
            parseFloat(getComputedStyle(each).fontSize), each.scrollWidth > each.clientWidth + 1];
  })"""


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("code", ["KUT", "BAR"])
def test_it_renders_well_on_a_telephone_and_on_a_desk(pages: Callable[[str, int], Any], code: str, width: int) -> None:
    page = pages(code, width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth === 1120)")
    # All four answers are on the first screen.
    answers = page.locator(".answer")
    boxes = [answers.nth(number).bounding_box() for number in range(4)]
    assert max(box["y"] + box["height"] for box in boxes) <= 844
    assert len({round(box["x"]) for box in boxes}) == (1 if width == 390 else 2)
    for colour, behind, size, is_cut_off in page.evaluate(SEEN):
        assert contrast(colour, behind) >= 4.5
        assert size >= 15
        assert not is_cut_off
    page.close()
