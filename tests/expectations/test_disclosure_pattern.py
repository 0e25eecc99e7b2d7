"""What is hidden so that nothing small can be worked out: on invented tables, against every way to fill them."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.disclosure.families import Family, FamilyError, Sum, load_families
from expectations.disclosure.pattern import PatternError, hidden_cells, make_table

THRESHOLD = 5


def with_margins(inner: Mapping[tuple[str, ...], int], wholes: Sequence[str]) -> pd.DataFrame:
    """Every cell of a table, margins included: along each dimension the whole is all its members."""
    members = [sorted({place[axis] for place in inner}) for axis in range(len(wholes))]
    rows = []
    for place in itertools.product(*([whole, *names] for whole, names in zip(wholes, members, strict=True))):
        inside = itertools.product(
            *(names if here == whole else [here] for here, whole, names in zip(place, wholes, members, strict=True))
        )
        rows.append(
            {
                **{f"d{axis}": here for axis, here in enumerate(place)},
                "count_in_cell": sum(map(inner.__getitem__, inside)),
            }
        )
    return pd.DataFrame(rows)


def sums_of(frame: pd.DataFrame, wholes: Sequence[str]) -> dict[str, list[Sum]]:
    return {
        f"d{axis}": [Sum(whole, tuple(sorted(set(frame[f"d{axis}"]) - {whole})))] for axis, whole in enumerate(wholes)
    }


def counts_by_trying(frame: pd.DataFrame, hidden: np.ndarray, wholes: Sequence[str], most: int) -> dict[int, set[int]]:
    """For each hidden cell every count it can have, filling the inside in every way that agrees with what is shown."""
    places = frame[[f"d{axis}" for axis in range(len(wholes))]].to_numpy()
    counts = frame["count_in_cell"].to_numpy()
    inside = [cell for cell, place in enumerate(places) if not set(place) & set(wholes)]
    open_cells = [cell for cell in inside if hidden[cell]]
    tries = np.stack([grid.ravel() for grid in np.meshgrid(*[np.arange(most + 1)] * len(open_cells))])
    filled = {}
    for cell, place in enumerate(places):
        part_of = [
            other for other in inside if all(h in (w, o) for h, w, o in zip(place, wholes, places[other], strict=True))
        ]
        known = sum(counts[other] for other in part_of if not hidden[other])
        filled[cell] = np.full(tries.shape[1], known) + sum(
            tries[open_cells.index(other)] for other in part_of if hidden[other]
        )
    agrees = np.logical_and.reduce([filled[cell] == counts[cell] for cell in filled if not hidden[cell]], axis=0)
    agrees = np.broadcast_to(agrees, tries.shape[1:])
    return {int(cell): set(filled[cell][agrees].tolist()) for cell in np.flatnonzero(hidden)}


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_no_hidden_cell_of_any_small_table_is_proven_small_or_pinned(counts: list[int]) -> None:
    inner = dict(zip(itertools.product(["a", "b"], ["x", "y"]), counts, strict=True))
    frame = with_margins(inner, ["A", "X"])
    hidden = hidden_cells(make_table(frame, sums_of(frame, ["A", "X"])), THRESHOLD)
    small = frame["count_in_cell"].between(1, THRESHOLD - 1).to_numpy()
    assert hidden[small].all()
    if hidden.any():
        for cell, possible in counts_by_trying(frame, hidden, ["A", "X"], most=20).items():
            assert len(possible) > 1 and max(possible) >= THRESHOLD, (cell, possible, hidden)


def london_like(random: np.random.Generator, units: int = 32, tiers: int = 4, groups: int = 3) -> pd.DataFrame:
    # About as many small cells as London's published units by three tiers and three groups (16 %).
    weights = random.gamma(1.5, 12, size=(units, tiers, groups))
    inner = {
        (f"u{u:02}", f"t{t}", f"g{g}"): int(weights[u, t, g])
        for u, t, g in itertools.product(range(units), range(tiers), range(groups))
    }
    return with_margins(inner, ["London", "all", "total"])


@pytest.mark.parametrize("seed", range(3))
def test_a_table_as_large_as_londons_is_protected_without_hiding_most_of_it(seed: int) -> None:
    frame = london_like(np.random.default_rng(seed))
    table = make_table(frame, sums_of(frame, ["London", "all", "total"]))
    hidden = hidden_cells(table, THRESHOLD)
    small = frame["count_in_cell"].between(1, THRESHOLD - 1).to_numpy()
    assert small.sum() > 40 and hidden[small].all()
    # A cell of three dimensions needs at least seven others beside it.
    assert hidden.sum() < 0.4 * len(frame)
    assert not hidden[(frame["d0"] == "London") & (frame["d1"] == "all")].any()


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    frame = with_margins({("a", "x"): 10, ("a", "y"): 0, ("b", "x"): 7, ("b", "y"): 25}, ["A", "X"])
    assert not hidden_cells(make_table(frame, sums_of(frame, ["A", "X"])), THRESHOLD).any()


def test_what_everybody_knows_is_hidden_if_small_but_protects_nothing() -> None:
    """`a` is small and hidden; its neighbour `b` is published elsewhere, so another must be hidden with it."""
    frame = pd.DataFrame({"d0": ["all", "a", "b", "c"], "count_in_cell": [46, 3, 8, 35]})
    sums = {"d0": [Sum("all", ("a", "b", "c"))]}
    assert list(hidden_cells(make_table(frame, sums), THRESHOLD)) == [False, True, True, False]
    known = [False, False, True, False]
    assert list(hidden_cells(make_table(frame, sums, known), THRESHOLD)) == [False, True, False, True]


def test_a_count_that_follows_from_what_everybody_knows_is_no_secret() -> None:
    frame = pd.DataFrame({"d0": ["all", "a", "b"], "count_in_cell": [11, 3, 8]})
    hidden = hidden_cells(make_table(frame, {"d0": [Sum("all", ("a", "b"))]}, [True, False, True]), THRESHOLD)
    assert list(hidden) == [False, True, False]


def test_a_unit_that_sent_nothing_is_in_no_sum() -> None:
    frame = pd.DataFrame({"d0": ["all", "a", "b", "c"], "count_in_cell": [13, 3, 10, np.nan]})
    assert list(hidden_cells(make_table(frame, {"d0": [Sum("all", ("a", "b", "c"))]}), THRESHOLD)) == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("places", "counts", "message"),
    [
        (["all", "a", "b"], [12, 3, 10], "not the sum of their parts, first d0 all"),
        (["all", "a", "a"], [13, 3, 10], "two cells stand at one place"),
    ],
)
def test_cells_that_are_not_what_the_family_says_are_refused(
    places: list[str], counts: list[int], message: str
) -> None:
    frame = pd.DataFrame({"d0": places, "count_in_cell": counts})
    with pytest.raises(PatternError, match=message):
        make_table(frame, {"d0": [Sum("all", ("a", "b"))]})


def test_every_family_says_which_cells_it_has_and_where_they_are_shown() -> None:
    families: list[Family] = load_families()
    assert families
    for family in families:
        assert family.cells == f"intermediate.cells_{family.family}"
        assert family.shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("family: other\ntitle: t\ncells: c\ndimensions: {}\nshown: []\n", "named for it"),
        ("family: one\ntitle: t\ncells: c\ndimensions: {}\nshown: []\nextra: 1\n", "unknown extra"),
        ("family: one\ntitle: t\ncells: c\nshown: []\n", "not described properly"),
        (
            "family: one\ntitle: t\ncells: c\ndimensions: {d: [{whole: a, parts: [a]}]}\nshown: []\n",
            "cannot be the sum",
        ),
    ],
)
def test_a_family_that_is_not_described_properly_is_refused(tmp_path, text: str, message: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "one.yml").write_text(text)
    with pytest.raises(FamilyError, match=message):
        load_families(tmp_path)
