"""Take the screenshots of every dashboard from the running stack, for the README and for looking at.

    .venv/bin/python -m superset_config.screenshots [--into FOLDER]

Runs in the repository's root environment (it has the browser driver). Files are `<dashboard>-<who>-<width>.png`.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from superset_config.assets import Assets, read_assets
from superset_config.environment import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# As wide as a laptop and as a phone; as high as shows what the dashboard is about and keeps the file small.
SIZES = {1440: 1500, 390: 1700}
# Headline figures, or the words that there are none yet.
READY = ".cw-tile-value, .cw-empty"
SECONDS_TO_READY = 60


@dataclass(frozen=True)
class View:
    """One dashboard as one visitor sees it; `username` is empty for somebody who has not signed in."""

    slug: str
    username: str


def views(assets: Assets) -> list[View]:
    """Every dashboard as the people it is for see it."""
    who = {"public": "", "members": "member"}
    return [View(dashboard.slug, who[dashboard.audience]) for dashboard in assets.dashboards.values()]


@contextmanager
def browser() -> Iterator["Browser"]:
    """Debian's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


def visitor(chromium: "Browser", url: str, username: str, password: str, width: int, height: int) -> "BrowserContext":
    """A fresh visitor, signed in through the login page where a user name is given."""
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="en-GB")
    if username:
        page = context.new_page()
        page.goto(f"{url}/login/")
        page.fill('[data-test="username-input"]', username)
        page.fill('[data-test="password-input"]', password)
        page.click('[data-test="login-button"]')
        page.wait_for_url(lambda address: "/login" not in address)
        page.close()
    return context


def open_dashboard(context: "BrowserContext", url: str, slug: str) -> "Page":
    """Open a dashboard and wait until its headline figures stand and every chart is drawn."""
    page = context.new_page()
    page.goto(f"{url}/superset/dashboard/{slug}/", wait_until="commit")
    page.wait_for_selector(READY, timeout=SECONDS_TO_READY * 1000)
    page.wait_for_function(
        "document.querySelectorAll('[data-test=loading-indicator]').length === 0", timeout=SECONDS_TO_READY * 1000
    )
    # Lines are drawn from left to right.
    page.wait_for_timeout(1500)
    return page


def take(chromium: "Browser", url: str, passwords: dict[str, str], folder: Path) -> list[Path]:
    """Write every screenshot; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for view in views(read_assets()):
        for width, height in SIZES.items():
            context = visitor(chromium, url, view.username, passwords.get(view.username, ""), width, height)
            page = open_dashboard(context, url, view.slug)
            path = folder / f"{view.slug}-{view.username or 'public'}-{width}.png"
            page.screenshot(path=path)
            written.append(path)
            context.close()
    return written


def main() -> None:
    """The command line; address and passwords are the running stack's."""
    from ingestion.settings import Settings, SettingsError

    parser = argparse.ArgumentParser(description="Take screenshots of every dashboard from the running stack.")
    parser.add_argument("--into", type=Path, default=ROOT / "superset_config" / "screenshots")
    settings = Settings.load()
    try:
        url = f"http://127.0.0.1:{settings.get('SUPERSET_PORT')}"
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    folder = parser.parse_args().into
    with browser() as chromium:
        for path in take(chromium, url, {"member": settings.get("SUPERSET_MEMBER_PASSWORD")}, folder):
            print(f"{path.stat().st_size / 1000:5.0f} kB  {path}")


if __name__ == "__main__":
    main()
