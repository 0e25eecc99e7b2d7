"""A mart held against the independent computation: what is shown, what is hidden, and whether each is as it must be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ingestion.settings import Settings
from tests.dbt_project.frames import read_frame
from tests.dbt_project.independent.raw import Raw

# Counts from 1 to this are hidden (seed disclosure_products, threshold 5).
LARGEST_SMALL_COUNT = 4


@dataclass(frozen=True)
class Figure:
    """One number column of a mart: where its status stands and which independent column it must equal."""

    column: str
    status: str | None
    truth: str
    # Decimals shown; None where `tolerance` names a column of the truth that says how far a shown number may be off.
    decimals: int | None = 0
    tolerance: str | None = None
    # Whether it counts people or their assignments from returns, so that 1 to 4 must be hidden.
    counts_people: bool = False
    # The independent column with the people a figure rests on, and how many it needs.
    rests_on: str | None = None
    at_least: int = 0
    # The column of a count that this figure is hidden with.
    goes_with: str | None = None
    # Whether the sample has no such figure, such as a rate of outcomes that are all unknown.
    never_shown: bool = False
    # Whether its status stands for several counts, so that it may be hidden for a small one beside it.
    hidden_together: bool = False
    # The independent column with the true count, where `truth` is rounded.
    counted: str | None = None


@dataclass(frozen=True, eq=False)
class Mart:
    """A table people will read, and how to compute it again."""

    table: str
    keys: Sequence[str]
    figures: Sequence[Figure]
    truth: Callable[[Raw], pd.DataFrame]
    # Only these rows are compared (SQL).
    where: str = "true"
    # Keys that tell tables apart that never add up to each other.
    tables: Sequence[str] = ()
    # A column whose every value must have been compared, such as the measure of a long table.
    every: str | None = None
    # The places it has rows for; all 35 where nothing is said.
    levels: Sequence[str] = ()
    # The share of counts that may be hidden, and of true zeros: what was measured on the sample, and a little room.
    hidden_at_most_pct: float = 0.0
    zeros_hidden_at_most_pct: float = 6.0
    # Whether a small count that forces one here to be hidden may stand in a part that the mart does not show: what is
    # left of a whole when its only shown part is taken off.
    has_parts_not_shown: bool = False

    # What these rows are, where a table is compared in parts.
    part: str = ""

    @property
    def name(self) -> str:
        """What the comparison is called in a test's name."""
        schema, table = self.table.split(".")
        return " ".join(filter(None, ["open data" if schema.startswith("open") else "", table, self.part]))


@dataclass
class Outcome:
    """What holding one figure of a mart against its truth found; each list names the places concerned."""

    shown: int = 0
    hidden: int = 0
    cells: int = 0
    compared_by: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    small_and_shown: list[str] = field(default_factory=list)
    zeros: int = 0
    zeros_hidden: int = 0
    hidden_without_cause: list[str] = field(default_factory=list)
    neither_or_both: list[str] = field(default_factory=list)
    no_truth: list[str] = field(default_factory=list)
    missing_without_cause: list[str] = field(default_factory=list)
    too_few: list[str] = field(default_factory=list)


def rounded_to_5(counts: "pd.Series | pd.DataFrame") -> "pd.Series | pd.DataFrame":
    """Counts as open data shows them."""
    # Half goes up, as in Postgres; the inner rounding takes off what floating point adds.
    return np.floor((counts / 5).round(9) + 0.5) * 5


def read_mart(settings: Settings, mart: Mart) -> pd.DataFrame:
    """The mart's rows, indexed by its keys."""
    frame = read_frame(settings, f"select * from {mart.table} where {mart.where}")
    return frame.set_index(list(mart.keys)).sort_index()


def compare(shown: pd.DataFrame, truth: pd.DataFrame, mart: Mart, figure: Figure) -> Outcome:
    """Hold one figure of a mart against the independent computation."""
    outcome = Outcome(cells=len(shown))
    if not len(shown):
        return outcome
    value = shown[figure.column].astype(float)
    status = shown[figure.status] if figure.status else pd.Series(np.where(value.isna(), "-", None), shown.index)
    own = truth.reindex(shown.index)
    expected = own[figure.truth].astype(float)
    is_shown = value.notna()

    def places(where: "pd.Series[bool]", limit: int = 12) -> list[str]:
        found = shown.index[where][:limit]
        return [f"{index}: shows {value[index]} {status[index]}, is {expected[index]}" for index in found]

    if figure.decimals is not None:
        allowed = pd.Series(0.5 * 10.0**-figure.decimals, shown.index)
    else:
        assert figure.tolerance
        allowed = own[figure.tolerance].astype(float)
    apart = ~((value - expected).abs() <= allowed + 1e-6)
    outcome.shown = int(is_shown.sum())
    outcome.wrong = places(is_shown & apart)
    outcome.no_truth = places(is_shown & expected.isna())
    outcome.neither_or_both = places(is_shown == status.notna())
    confidential = status == "c"
    outcome.hidden = int(confidential.sum())
    # Nothing to show is x or z, never a number, and what is there is not withheld as if it were not.
    outcome.missing_without_cause = places(status.isin(["x", "z"]) & expected.notna())
    if figure.rests_on:
        outcome.too_few = places(is_shown & ~(own[figure.rests_on] >= figure.at_least))
    if figure.counts_people:
        true = own[figure.counted].astype(float) if figure.counted else expected
        small = _is_small(true)
        outcome.small_and_shown = places(small & ~confidential)
        if not figure.hidden_together:
            outcome.zeros = int((true == 0).sum())
            outcome.zeros_hidden = int(((true == 0) & confidential).sum())
        counts = [other.counted or other.truth for other in mart.figures if other.counts_people]
        table = truth if mart.has_parts_not_shown else own
        has_small = _in_a_table_with(_is_small(table[counts].astype(float)).any(axis=1), mart).reindex(shown.index)
        outcome.hidden_without_cause = places(confidential & ~small & ~has_small)
    if mart.every:
        by = shown.index.get_level_values(mart.every) if mart.every in shown.index.names else shown[mart.every]
        outcome.compared_by = is_shown.groupby(by).sum().to_dict()
    return outcome


def _is_small(counts: Any) -> Any:
    return (counts >= 1) & (counts <= LARGEST_SMALL_COUNT)


def _in_a_table_with(small: "pd.Series[bool]", mart: Mart) -> "pd.Series[bool]":
    if not mart.tables:
        return pd.Series(bool(small.any()), small.index)
    return small.groupby(level=list(mart.tables)).transform("any")


class Held:
    """A built warehouse's marts held against the truth; each table is read and computed once.

    Attributes:
        settings: of the warehouse.
        raw: its rows as accepted.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.raw = Raw(settings)
        self._shown: dict[Mart, pd.DataFrame] = {}
        self._truth: dict[Callable[[Raw], pd.DataFrame], pd.DataFrame] = {}
        self._outcomes: dict[Mart, dict[str, Outcome]] = {}

    def shown(self, mart: Mart) -> pd.DataFrame:
        """What the mart shows, by its keys."""
        if mart not in self._shown:
            self._shown[mart] = read_mart(self.settings, mart)
        return self._shown[mart]

    def truth(self, mart: Mart) -> pd.DataFrame:
        """The independent figures of the mart."""
        if mart.truth not in self._truth:
            self._truth[mart.truth] = mart.truth(self.raw)
        return self._truth[mart.truth]

    def outcomes(self, mart: Mart) -> dict[str, Outcome]:
        """What holding each figure against its truth found, by column."""
        if mart not in self._outcomes:
            shown, truth = self.shown(mart), self.truth(mart)
            self._outcomes[mart] = {each.column: compare(shown, truth, mart, each) for each in mart.figures}
        return self._outcomes[mart]
