"""What the sample takes for granted about returns, and how its modules draw chance."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ingestion.returns.periods import Period, next_period, parse_period
from ingestion.returns.specification import load_collection


@cache
def facts() -> Mapping[str, Any]:
    """The assumptions beside this module, as data."""
    read: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent / "assumptions.yml").read_text(encoding="utf-8"))
    return read


def sample_periods(collection: str) -> Iterator[Period]:
    """The periods the sample has returns for, oldest first."""
    frequency = load_collection(collection).frequency
    period, last = (parse_period(text, frequency) for text in facts()["periods"][collection])
    while period <= last:
        yield period
        period = next_period(period)


def chance_for(seed: int, *subject: str) -> np.random.Generator:
    """The generator of one subject: the same for the same seed, whatever else is drawn for other subjects."""
    digest = hashlib.sha256("/".join(subject).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])
