"""From a source to `raw`: find what is new, fetch it into the landing area, load it.

The command line and the Airflow DAG both come this way, so that a file loaded by hand and one fetched by the
schedule meet the same rules.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from psycopg import Connection

from ingestion import ledger
from ingestion.settings import Settings
from ingestion.sources import Offer, Source
from ingestion.statistics.loader import LoadResult, load_file, load_files

COLLECTION = "dfe_census_statistics"


@dataclass(frozen=True)
class Landed:
    """A fetched file waiting in the landing area, beside `offer.json` that says where it came from."""

    path: Path
    offer: Offer


def source_from(setting: str, settings: Settings) -> Source:
    """The source a person means by `SOURCE`: `sample`, `live`, or the path of a folder, CSV or ZIP file."""
    if setting == "live":
        from ingestion.sources.ees import EesSource

        return EesSource()
    from ingestion.sources.files import FileSource

    if setting == "sample":
        from ingestion.sample import generate

        folder = settings.home / "sample"
        if not (folder / "SYNTHETIC.json").exists():
            generate(folder)
        return FileSource(folder, source="sample")
    return FileSource(Path(setting))


def fetch_new(settings: Settings, source: Source) -> list[Landed]:
    """Fetch what the source offers and the ledger has not seen; nothing new costs one look.

    Raises:
        SourceError: the source cannot be reached or a download failed. Files fetched before stay landed.
    """
    with settings.connect("loader") as connection:
        known = ledger.known_references(connection, COLLECTION)
    landing = settings.home / "landing" / COLLECTION
    landed = []
    for offer in source.offers():
        if offer.reference in known:
            continue
        folder = landing / hashlib.sha256(offer.reference.encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        path = source.fetch(offer, folder)
        (folder / "offer.json").write_text(json.dumps(asdict(offer), indent=2))
        landed.append(Landed(path, offer))
    return landed


def landed_file(path: Path) -> Landed:
    """A landed file with its offer, read back from beside it."""
    return Landed(path, Offer(**json.loads((path.parent / "offer.json").read_text())))


def load_landed(settings: Settings, path: Path) -> LoadResult:
    """Load one file of the landing area."""
    landed = landed_file(path)
    with settings.connect("loader") as connection:
        return load_file(connection, COLLECTION, landed.path, landed.offer, settings.quarantine)


def load_source(
    connection: Connection, source: Source, quarantine: Path | None, starting: Callable[[str], None] = lambda _: None
) -> Iterator[LoadResult]:
    """Load everything a source offers, one result a file, without the landing area.

    Raises:
        SourceError: the source cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="workforce-") as folder:

        def fetching(offer: Offer) -> Callable[[], tuple[Path, Offer]]:
            return lambda: (source.fetch(offer, Path(folder)), offer)

        offers = source.offers()
        results = load_files(connection, COLLECTION, (fetching(offer) for offer in offers), quarantine)
        for offer in offers:
            starting(offer.file_name)
            yield next(results)
