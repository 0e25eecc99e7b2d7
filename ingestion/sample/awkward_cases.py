"""The awkward cases the sample holds on purpose, read from `awkward_cases.yml`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class AwkwardCase:
    """One awkward thing about one unit in some years; `awkward_cases.yml` says what each effect does."""

    name: str
    effect: str
    unit_code: str
    unit_name: str
    years: tuple[int, ...]
    description: str
    measures: tuple[str, ...] = ()
    left_out_of: tuple[str, ...] = ()
    in_release_before: bool = True
    earlier_percent: int | None = None
    earlier_symbol: str | None = None
    vacancies_fte: int | None = None
    headcount: int | None = None
    headcounts: Mapping[int, int] = field(default_factory=dict)
    agency_headcount: int | None = None


def _case(described: Mapping[str, Any]) -> AwkwardCase:
    lists = {name: tuple(described.get(name, ())) for name in ("years", "measures", "left_out_of")}
    return AwkwardCase(**{**described, **lists})


AWKWARD_CASES: tuple[AwkwardCase, ...] = tuple(
    _case(described)
    for described in yaml.safe_load((Path(__file__).parent / "awkward_cases.yml").read_text(encoding="utf-8"))
)


def cases_with(*effects: str) -> Iterator[AwkwardCase]:
    """The cases with one of these effects, in the file's order."""
    return (case for case in AWKWARD_CASES if case.effect in effects)


def awkward_case(name: str) -> AwkwardCase:
    """The case of that name."""
    return next(case for case in AWKWARD_CASES if case.name == name)
