"""Write the sample: files in DfE's exact formats about people who do not exist.

The same seed and scale give the same bytes. `SYNTHETIC.json` beside the files lists their hashes, so that whoever loads
them can tell them from real ones; it is written first, so that there is never a file it does not list.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from ingestion.sample.areas import load_geography
from ingestion.sample.assumptions import load_assumptions
from ingestion.sample.figures import figures, tally
from ingestion.sample.people import census_years
from ingestion.sample.publication import FIRST_YEAR_OF_ROLES, indicators_csv, roles_csv

DEFAULT_SEED = 2030
SMALLEST_SCALE, LARGEST_SCALE = 0.1, 100
MANIFEST = "SYNTHETIC.json"
NOTICE = "Invented figures about invented people, for trying the warehouse. Nothing here is about anyone."


class SampleError(Exception):
    """The sample cannot be made as asked; the message says why and what to do."""


def generate(
    folder: Path,
    *,
    seed: int = DEFAULT_SEED,
    scale: float = 1.0,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write the sample's files and their manifest into a folder, which is made when it is not there.

    Writes the indicators of the current release and of the one before, the role by ethnicity file of the current
    release, and `SYNTHETIC.json`. Earlier sample files of the same names are replaced.

    Args:
        folder: where to write.
        seed: the same seed and scale give the same bytes; not negative.
        scale: how many times as many workers as usual, 0.1 to 100.
        progress: told in plain words what is being done.

    Returns:
        Every file written: the release before, the current release, the manifest last.

    Raises:
        SampleError: the seed or scale cannot be used, or a file of one of these names is there that the sample did
            not make.
    """
    check(seed, scale)
    first, newest = load_assumptions().years[0], load_assumptions().years[-1]
    indicators = {release: f"csww_indicators_{first}_to_{release}.csv" for release in (newest - 1, newest)}
    roles = f"csww_role_by_characteristics_inpost_{FIRST_YEAR_OF_ROLES}_to_{newest}.csv"
    earlier = _check_folder(folder, [*indicators.values(), roles])

    say = progress or (lambda message: None)
    geography = load_geography()
    tallies = []
    for census in census_years(geography, seed, scale):
        say(f"Inventing the workers of {census.year}")
        tallies.append(tally(census, geography))

    contents: dict[str, bytes] = {}
    for release, name in indicators.items():
        say(f"Publishing the {release} release")
        contents[name] = indicators_csv(figures(tallies, geography, release, newest), geography)
    contents[roles] = roles_csv(tallies, geography)
    say(f"Writing to {folder}")
    about = {"synthetic": True, "notice": NOTICE, "seed": seed, "scale": scale}
    return _write(folder, contents, about, earlier)


def check(seed: int, scale: float) -> None:
    """Refuse a seed or scale that cannot be used.

    Raises:
        SampleError: the seed is negative, or the scale is not between 0.1 and 100.
    """
    if seed < 0:
        raise SampleError(f"The seed is {seed}; give 0 or more.")
    if not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
        raise SampleError(f"The scale is {scale:g}; give a number from {SMALLEST_SCALE:g} to {LARGEST_SCALE:g}.")


def _check_folder(folder: Path, names: list[str]) -> dict[str, str]:
    """The earlier sample's files in the folder, once it is sure that nothing else would be overwritten."""
    earlier = _listed(folder / MANIFEST)
    in_the_way = [name for name in names if (folder / name).exists() and name not in earlier]
    if in_the_way:
        raise SampleError(
            f"{folder / in_the_way[0]} is there already and the sample did not make it. "
            "It is left as it is: choose another folder."
        )
    return {name: sha256 for name, sha256 in earlier.items() if (folder / name).exists()}


def _write(folder: Path, contents: dict[str, bytes], about: dict[str, object], earlier: dict[str, str]) -> list[Path]:
    # Sample files of other names (of a version with other years) stay listed for as long as they are there.
    files = earlier | {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).write_text(json.dumps({**about, "files": files}, indent=2) + "\n", encoding="utf-8")
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise SampleError(f"The sample cannot be written to {folder}: {error.strerror or error}.") from None
    return [*(folder / name for name in contents), folder / MANIFEST]


def _listed(manifest: Path) -> dict[str, str]:
    """The files, with their hashes, that an earlier manifest says the sample made."""
    try:
        return dict(json.loads(manifest.read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
