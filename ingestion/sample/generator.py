"""Write the sample: files in DfE's exact formats about people who do not exist.

The same seed and scale give the same bytes. `SYNTHETIC.json` beside the files says that they are invented.
"""

from collections.abc import Callable
from pathlib import Path

from ingestion.sample.areas import load_geography
from ingestion.sample.assumptions import load_assumptions
from ingestion.sample.figures import figures, tally
from ingestion.sample.manifest import SampleError, SampleFolder
from ingestion.sample.people import census_years
from ingestion.sample.publication import FIRST_YEAR_OF_ROLES, indicators_csv, roles_csv

DEFAULT_SEED = 2030
SMALLEST_SCALE, LARGEST_SCALE = 0.1, 100


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
    target = SampleFolder(folder, [*indicators.values(), roles], {"seed": seed, "scale": scale})

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
    return [*target.write(contents), target.manifest]


def check(seed: int, scale: float) -> None:
    """Refuse a seed or scale that cannot be used.

    Raises:
        SampleError: the seed is negative, or the scale is not between 0.1 and 100.
    """
    if seed < 0:
        raise SampleError(f"The seed is {seed}; give 0 or more.")
    if not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
        raise SampleError(f"The scale is {scale:g}; give a number from {SMALLEST_SCALE:g} to {LARGEST_SCALE:g}.")
