"""Analytics files that wait in the landing area: `landing/lswc_web`, `lswc_jobs` and `lswc_audience`.

What counts is moved into the folder `loaded` beside it. What is refused is removed (it is kept in quarantine, unless it
was about single people) and leaves its reasons behind as a text file.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from ingestion.lswc.files import LARGEST_BYTES, SUFFIXES, DeliveryFile
from ingestion.lswc.intake import described
from ingestion.lswc.loading import LoadedDelivery, load_deliveries
from ingestion.lswc.pulling import today_in_london
from ingestion.lswc.specification import Collection
from ingestion.returns.landing import LandedFile, LandingPath, Patience, SyntheticFiles, look_at, safe_name
from ingestion.settings import Settings
from ingestion.sources import SourceError

LOADED = "loaded"
REASONS = ".refused.txt"


def take_in(
    settings: Settings,
    root: LandingPath,
    collection: Collection,
    *,
    as_of: date | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[LoadedDelivery]:
    """Load what waits of a collection; one result a file, in the order of their names.

    Args:
        settings: where the warehouse is.
        root: the landing area.
        collection: what the files are.
        as_of: today; the day in London if not given.
        say: told in plain words what is being done.

    Raises:
        SourceError: a file is larger than any delivery; the others were loaded.
        SettingsError: the warehouse cannot be reached.
        OSError: the landing area cannot be read.
    """
    folder = root / collection
    synthetic = SyntheticFiles()
    landed_files = _waiting(settings, folder)
    too_large = [safe_name(landed.name) for landed in landed_files if landed.size > LARGEST_BYTES]
    waiting = [
        (landed, _read(landed, synthetic, (root, folder))) for landed in landed_files if landed.size <= LARGEST_BYTES
    ]
    results = _load(settings, collection, waiting, as_of or today_in_london(), say)
    for (landed, file), result in zip(waiting, results, strict=True):
        _put_away(folder, landed, file, result)
    if too_large:
        raise SourceError(
            f"{collection}: {', '.join(too_large)}: larger than {LARGEST_BYTES / 1e6:,.0f} MB, which no delivery is. "
            "Take it away from the landing area and check it."
        )
    return results


def _load(
    settings: Settings,
    collection: Collection,
    waiting: Sequence[tuple[LandedFile, DeliveryFile]],
    as_of: date,
    say: Callable[[str], None],
) -> list[LoadedDelivery]:
    if not waiting:
        return []
    number = settings.environment.get("LSWC_GA4_PROPERTY", "").removeprefix("properties/")
    with settings.connect("loader") as connection:
        return load_deliveries(
            connection,
            collection,
            [file for _, file in waiting],
            as_of=as_of,
            quarantine=settings.quarantine,
            property_id=number or None,
            say=say,
        )


def _waiting(settings: Settings, folder: LandingPath) -> list[LandedFile]:
    """Files of a known kind that nobody is still writing."""
    if not folder.is_dir():
        return []
    files = [
        look_at(path)
        for path in folder.iterdir()
        if path.is_file() and path.name.lower().endswith(SUFFIXES) and not path.name.startswith((".", "~", "SYNTHETIC"))
    ]
    settled = time.time() - Patience.from_settings(settings).settle_seconds
    return sorted((each for each in files if each.modified <= settled), key=lambda each: each.name)


def _read(landed: LandedFile, synthetic: SyntheticFiles, folders: tuple[LandingPath, ...]) -> DeliveryFile:
    with landed.open() as opened:
        file = DeliveryFile(landed.name, opened.read(), "files", is_synthetic=False)
    return replace(file, is_synthetic=synthetic.lists(folders, [file.sha256]))


def _put_away(folder: LandingPath, landed: LandedFile, file: DeliveryFile, result: LoadedDelivery) -> None:
    if result.outcome == "refused":
        # Of a file about single people not even the name stays.
        name = safe_name(result.file_name) if result.file_name else f"file-{file.sha256[:12]}"
        lines = [line for _, line in described([result])]
        (folder / f"{name}{REASONS}").write_bytes(("\n".join(lines) + "\n").encode())
    else:
        (folder / LOADED).mkdir(parents=True, exist_ok=True)
        (folder / LOADED / f"{file.sha256[:12]}-{safe_name(landed.name)}").write_bytes(file.content)
    if landed.is_unchanged():  # a newer file of the same name waits for the next run
        landed.path.unlink()


def anything_accepted(settings: Settings, since: datetime) -> bool:
    """Whether a delivery was accepted since a moment, or since the marts were last published.

    Raises:
        SettingsError: the warehouse cannot be reached.
    """
    with settings.connect("loader") as connection:
        row = connection.execute(
            "select 1 from ledger.deliveries where status like 'accepted%%' and (decided_at >= %s or decided_at >= "
            "(select coalesce(max(published_at), '-infinity') from ledger.publications)) limit 1",
            [since],
        ).fetchone()
    return row is not None
