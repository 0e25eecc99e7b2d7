"""What the sample takes for granted, read from `assumptions.yml` into arrays the simulation can index."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

ROLES = range(1, 7)


@dataclass(frozen=True)
class Weighted:
    """Codes with the chance of each."""

    codes: NDArray[np.int64]
    cumulative: Numbers

    @classmethod
    def of(cls, weights: Mapping[int, float]) -> "Weighted":
        """From codes and weights; the weights need not add up to anything."""
        share = np.array(list(weights.values()), dtype=float)
        return cls(np.array(list(weights), dtype=np.int64), np.cumsum(share / share.sum()))

    def draw(self, chance: Numbers) -> NDArray[np.int64]:
        """One code for each number between 0 and 1."""
        return self.codes[np.minimum(np.searchsorted(self.cumulative, chance, side="right"), len(self.codes) - 1)]


@dataclass(frozen=True)
class Assumptions:
    """The assumptions as data (`facts`), and as arrays.

    Arrays by role have a place 0 that is never used, so that DfE's codes 1 to 6 index them. Ethnicity codes and
    groups are positions in `ethnicity_codes` and `group_names`.
    """

    facts: Mapping[str, Any]
    years: tuple[int, ...]
    regions: tuple[str, ...]
    group_names: tuple[str, ...]
    ethnicity_codes: tuple[str, ...]
    group_of_ethnicity: NDArray[np.int64]
    ethnicity_within_group: tuple[Weighted, ...]
    role_moves: Numbers

    @property
    def not_known(self) -> int:
        """The position of the group of people whose ethnic group is not known."""
        return len(self.group_names) - 1

    def by_role(self, name: str) -> Numbers:
        """One assumption for roles 1 to 6; a pair gives its first number."""
        values = [self.facts["roles"][role][name] for role in ROLES]
        return np.array([0.0, *(value[0] if isinstance(value, list) else value for value in values)])

    def by_region(self, name: str) -> Numbers:
        """One assumption for each region, in the order of `regions`."""
        return np.array([self.facts["regions"][region][name] for region in self.regions], dtype=float)

    def in_year(self, name: str, year: int) -> float:
        """How a census year differs from a usual one."""
        return float(self.facts["course"][name].get(year, 1))

    def role_and_group_shares(self, year: int) -> Numbers:
        """Regions by 36 cells (role, then ethnic group): the share of those in post, each region adding up to 1."""
        share_of_role = self.by_role("share")[1:]
        not_known = self.by_role("not_known")[1:] / 100
        minorities = []
        for group in ("mixed", "asian", "black", "other"):
            growth = self.in_year("black", year) if group == "black" else 1.0
            minorities.append(np.outer(self.by_region(group) * growth, self.by_role(group)[1:]) / 100)
        known = np.stack([1 - sum(minorities), *minorities], axis=-1)
        groups = np.concatenate(
            [known * (1 - not_known)[None, :, None], np.broadcast_to(not_known[None, :, None], (*known.shape[:2], 1))],
            axis=-1,
        )
        cells = groups * (share_of_role / share_of_role.sum())[None, :, None]
        return np.asarray(cells.reshape(len(self.regions), -1))


@cache
def load_assumptions() -> Assumptions:
    """Read the YAML file beside this module."""
    facts = yaml.safe_load((Path(__file__).parent / "assumptions.yml").read_text(encoding="utf-8"))
    groups: dict[str, dict[str, float]] = facts["ethnic_groups"]
    codes = tuple(code for members in groups.values() for code in members)
    moves = np.eye(len(ROLES) + 1)
    for move in facts["moves_between_roles"]:
        moves[move["from"], move["to"]] += move["percent"] / 100
        moves[move["from"], move["from"]] -= move["percent"] / 100
    return Assumptions(
        facts=facts,
        years=tuple(range(facts["years"]["first"], facts["years"]["last"] + 1)),
        regions=tuple(facts["regions"]),
        group_names=tuple(groups),
        ethnicity_codes=codes,
        group_of_ethnicity=np.array(
            [number for number, members in enumerate(groups.values()) for _ in members], dtype=np.int64
        ),
        ethnicity_within_group=tuple(
            Weighted.of({codes.index(code): weight for code, weight in members.items()}) for members in groups.values()
        ),
        role_moves=moves,
    )
