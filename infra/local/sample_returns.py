"""The sample's returns: put once into the landing area of a stack that shows the sample, then left to the DAGs."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.airflow_api import AirflowApi
from ingestion.returns.specification import collections
from ingestion.settings import Settings

# Lies in `run/` while this module holds the marts back; an interrupted start leaves it for the next one.
_MARTS_HELD = "marts-held-for-sample-returns"


def landing_folder(settings: Settings) -> Path | None:
    """The landing area where it is a folder of this machine, else nothing."""
    place = settings.environment.get("LANDING_AREA") or str(settings.home / "landing")
    return None if "://" in place else Path(place)


def make_landing_folders(settings: Settings) -> None:
    """One folder a collection, for the owner alone: what lands there is about people."""
    landing = landing_folder(settings)
    if landing is None:
        return
    for collection in collections():
        (landing / collection).mkdir(parents=True, exist_ok=True, mode=0o700)


def are_wanted(settings: Settings) -> bool:
    """Only beside the sample's census, in the stack's own landing area, and when no return ever came here."""
    if settings.environment.get("CENSUS_SOURCE") != "sample" or settings.environment.get("LANDING_AREA"):
        return False
    landing = settings.home / "landing"
    if any(path.is_file() for collection in collections() for path in (landing / collection).rglob("*")):
        return False
    with settings.connect("loader") as connection:
        return connection.execute("select 1 from ledger.submissions limit 1").fetchone() is None


def invent(settings: Settings, progress: Callable[[str], None]) -> Path:
    """Write the sample's returns into a folder beside the landing area; gives that folder."""
    from ingestion.sample.returns import write_returns

    folder = settings.home / "sample-returns"
    shutil.rmtree(folder, ignore_errors=True)
    write_returns(folder, progress=progress)
    return folder


def land(settings: Settings, folder: Path) -> None:
    """Move the sample's returns to where authorities' own would land, the list that says they are synthetic first."""
    landing = landing_folder(settings)
    assert landing is not None
    landing.mkdir(parents=True, exist_ok=True)
    (folder / "SYNTHETIC.json").replace(landing / "SYNTHETIC.json")
    for collection in sorted(path for path in folder.iterdir() if path.is_dir()):
        (landing / collection.name).mkdir(exist_ok=True)
        for period in sorted(collection.iterdir()):
            period.replace(landing / collection.name / period.name)
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
