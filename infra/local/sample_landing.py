"""The sample's returns and analytics: put once into the landing area of a stack that shows the sample.

The rest is the DAGs' work, as with real ones.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.airflow_api import AirflowApi
from ingestion.lswc.specification import COLLECTIONS as ANALYTICS
from ingestion.returns.landing import MANIFEST
from ingestion.returns.specification import collections
from ingestion.settings import Settings

# Lies in `run/` while this module holds the marts back; an interrupted start leaves it for the next one.
_MARTS_HELD = "marts-held-for-sample-returns"


def landing_folder(settings: Settings) -> Path | None:
    """The landing area where it is a folder of this machine, else nothing."""
    place = settings.environment.get("LANDING_AREA") or str(settings.home / "landing")
    return None if "://" in place else Path(place)


def landed_collections() -> tuple[str, ...]:
    """Everything that comes as files in a folder of the landing area."""
    return (*collections(), *ANALYTICS)


def make_landing_folders(settings: Settings) -> None:
    """One folder a collection, for the owner alone: what lands there is about people."""
    landing = landing_folder(settings)
    if landing is None:
        return
    for collection in landed_collections():
        (landing / collection).mkdir(parents=True, exist_ok=True, mode=0o700)


def are_wanted(settings: Settings) -> bool:
    """Only beside the sample's census, in the stack's own landing area, and when nothing ever came here."""
    if settings.environment.get("CENSUS_SOURCE") != "sample" or settings.environment.get("LANDING_AREA"):
        return False
    landing = settings.home / "landing"
    if any(path.is_file() for collection in landed_collections() for path in (landing / collection).rglob("*")):
        return False
    with settings.connect("loader") as connection:
        row = connection.execute(
            "select exists (select from ledger.submissions) or exists (select from ledger.deliveries)"
        ).fetchone()
    return row is not None and not row[0]


def invent(settings: Settings, progress: Callable[[str], None]) -> list[Path]:
    """Write the sample's returns and analytics into folders beside the landing area; gives those folders."""
    from ingestion.sample.lswc import write_lswc
    from ingestion.sample.returns import write_returns

    returns, analytics = settings.home / "sample-returns", settings.home / "sample-analytics"
    for folder in (returns, analytics):
        shutil.rmtree(folder, ignore_errors=True)
    write_returns(returns, progress=progress)
    write_lswc(analytics, progress=progress)
    return [returns, analytics]


def land(settings: Settings, folder: Path) -> None:
    """Move a sample to where real files would land, the list that says they are synthetic first in every folder."""
    landing = landing_folder(settings)
    assert landing is not None
    for collection in sorted(path for path in folder.iterdir() if path.is_dir()):
        (landing / collection.name).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / MANIFEST, landing / collection.name / MANIFEST)
        for each in sorted(collection.iterdir()):
            each.replace(landing / collection.name / each.name)
    shutil.rmtree(folder)


@contextmanager
def marts_held_back(settings: Settings, api: AirflowApi) -> Iterator[None]:
    """Keep `regional_marts` from starting for each collection: the caller starts it once, afterwards."""
    mark = settings.home / "run" / _MARTS_HELD
    mark.touch()
    api.pause("regional_marts", True)
    try:
        yield
    finally:
        release_marts(settings, api)


def release_marts(settings: Settings, api: AirflowApi) -> None:
    """Let `regional_marts` run again where it was held back; a person's own pause is left alone."""
    mark = settings.home / "run" / _MARTS_HELD
    if mark.exists():
        api.pause("regional_marts", False)
        mark.unlink()
