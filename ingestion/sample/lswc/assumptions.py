"""The sample's assumptions, read from `assumptions.yml`, and its calendar."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ingestion.lswc.reading import days_between, month_end, months_between


@cache
def assumed() -> dict[str, Any]:
    """Everything taken for granted."""
    described: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    return described


@cache
def sample_months() -> tuple[date, ...]:
    """The first days of the sample's months."""
    return tuple(months_between(assumed()["first_month"], assumed()["last_month"]))


@cache
def sample_days() -> tuple[date, ...]:
    """The sample's days."""
    return tuple(days_between(sample_months()[0], month_end(sample_months()[-1])))


def chance(seed: int, *about: int) -> np.random.Generator:
    """A generator of its own for each thing that is invented, so that one does not move the others."""
    return np.random.default_rng([seed, *about])
