"""What the tests of the sample share: the seed, and the files as published text."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

SEED = 2030


@dataclass(frozen=True)
class Sample:
    """The generated files, read as text and nothing else."""

    folder: Path
    paths: list[Path]
    indicators: pd.DataFrame
    release_before: pd.DataFrame
    roles: pd.DataFrame


def read_text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)
