"""The disclosure audit, as an attacker: what it must find, what it must leave in peace, bounds against trying all."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from expectations.disclosure.audit_bounds import attack
from expectations.disclosure.audit_cells import Audience, Geography, Layout, View, ask, knowledge
from expectations.disclosure.audit_family import FamilyAudit, attack_family
from expectations.disclosure.families import Share, Sum
from ingestion.settings import ROOT, Settings

INNER, OUTER = ("Camden", "Hackney", "Islington"), ("Barnet", "Brent", "Kingston and Richmond")
GEOGRAPHY = Geography(
    areas=(
        Sum("London", ("Inner", "Outer")),
        Sum("London", (*INNER, *OUTER)),
        Sum("Inner", INNER),
        Sum("Outer", OUTER),
    ),
    joint=(Sum("Kingston and Richmond", ("Kingston", "Richmond")),),
)
GROUPS = (Sum("all", ("white", "global_majority", "not_known")),)
DIMENSIONS: Mapping[str, tuple[Sum, ...] | None] = {"unit": None, "group": GROUPS}

Counts = Mapping[tuple[str, ...], int]
# What stands in a cell: a number, or a symbol.
Shown = int | str


def rows(
    cells: Mapping[tuple[str, ...], Shown], names: tuple[str, ...] = ("unit", "group"), key: str = "2025"
) -> pd.DataFrame:
    """A published table: numbers, and symbols in place of numbers."""
    return pd.DataFrame(
        [
            {
                "table_key": key,
                **dict(zip(names, place, strict=True)),
                "count": float(value) if isinstance(value, int) else np.nan,
                "status": None if isinstance(value, int) else value,
            }
            for place, value in cells.items()
        ]
    )


def found_in(
    *views: View, dimensions: Mapping[str, tuple[Sum, ...] | None] = DIMENSIONS, **more: object
) -> FamilyAudit:
    """Attack some published tables."""
    return attack_family("family", dimensions, GEOGRAPHY, views, **more)  # type: ignore[arg-type]


def places(audited: FamilyAudit) -> set[tuple[str, ...]]:
    """Where hidden counts were found."""
    return {place.members for place in audited.recoverable}


def line(values: Mapping[str, Shown], unit: str = "Camden", **more: object) -> View:
    """One unit's row of groups."""
    return View("mart", rows({(unit, group): value for group, value in values.items()}), **more)  # type: ignore[arg-type]


def units(values: Mapping[str, Shown], audience: Audience = "members", base: int = 1, group: str = "white") -> View:
    """One group's column of units and areas."""
    return View(f"{audience} mart", rows({(unit, group): value for unit, value in values.items()}), audience, 5, base)


# --- The patterns of the domain notes on disclosure control, section 6 ---


def test_a_total_minus_what_is_shown_gives_the_hidden_count() -> None:
    audited = found_in(line({"all": 40, "white": 25, "global_majority": "c", "not_known": 12}))
    assert places(audited) == {("Camden", "global_majority")}
    assert (audited.tables, audited.shown, audited.hidden) == (1, 3, 1)


def test_two_hidden_counts_of_a_line_are_safe_if_their_sum_leaves_room() -> None:
    assert places(found_in(line({"all": 40, "white": 25, "global_majority": "c", "not_known": "c"}))) == set()


def test_two_hidden_counts_that_together_are_too_few_are_found() -> None:
    """They add up to 4, so neither is more than 4, though neither is known exactly."""
    audited = found_in(line({"all": 40, "white": 36, "global_majority": "c", "not_known": "c"}))
    assert places(audited) == {("Camden", "global_majority"), ("Camden", "not_known")}


def test_a_count_shown_nowhere_is_found_by_subtraction() -> None:
    audited = found_in(line({"all": 40, "white": 25, "not_known": 12}))
    assert places(audited) == {("Camden", "global_majority")}
    assert places(found_in(line({"all": 40, "white": 25, "not_known": 15}))) == set(), "nobody is left"
    assert places(found_in(line({"all": 40, "white": 20, "not_known": 15}))) == set(), "enough people are left"
    assert places(found_in(line({"all": 40, "white": 38}))) == set(), "either of the two may be nobody"


def test_several_counts_shown_nowhere_still_leave_a_hidden_one_what_is_over() -> None:
    """Of 27 people 23 are shown, so nobody of the rest can be more than four: whoever else there may be."""
    groups = (Sum("all", ("white", "asian", "black", "other")),)
    audited = found_in(line({"all": 27, "white": 23, "asian": "c"}), dimensions={"unit": None, "group": groups})
    assert places(audited) == {("Camden", "asian")}
    audited = found_in(line({"all": 40, "white": 23, "asian": "c"}), dimensions={"unit": None, "group": groups})
    assert places(audited) == set()


def test_london_minus_the_other_authorities_gives_the_hidden_one() -> None:
    shown = dict.fromkeys((*INNER, *OUTER), 10) | {"London": 53, "Brent": "c"}
    assert places(found_in(units(shown))) == {("Brent", "white")}
    assert places(found_in(units(shown | {"Camden": "c"}))) == set()


def test_inner_london_against_london_gives_the_hidden_one_away() -> None:
    """Two authorities are hidden, but they are not in the same half."""
    hidden: dict[str, Shown] = dict.fromkeys((*INNER, *OUTER), 10) | {"Camden": "c", "Brent": "c"}
    assert places(found_in(units(hidden | {"London": 53}))) == set()
    assert places(found_in(units(hidden | {"London": 53, "Inner": 23}))) == {("Camden", "white"), ("Brent", "white")}
    assert places(found_in(units(hidden | {"London": 53, "Inner": "c", "Outer": "c"}))) == set()


def test_an_area_is_the_sum_of_the_authorities_that_sent() -> None:
    shown: dict[str, Shown] = dict.fromkeys((*INNER, *OUTER), 10) | {"Hackney": "x", "Brent": "c", "London": 43}
    assert places(found_in(units(shown))) == {("Brent", "white")}


def test_an_area_below_its_coverage_is_unknown_and_not_nought() -> None:
    shown: dict[str, Shown] = dict.fromkeys((*INNER, *OUTER), 10) | {"Outer": "x", "Barnet": "x", "Brent": "x"}
    audited = found_in(units(shown | {"Camden": "c", "Hackney": "c", "Inner": 22, "London": 32}))
    assert (audited.contradictions, places(audited)) == ((), set())
    assert places(found_in(units(shown | {"Camden": "c", "London": 33}))) == {("Camden", "white")}


def test_a_unit_that_sent_nothing_counts_for_nothing_where_only_its_total_says_so() -> None:
    cells: dict[tuple[str, ...], Shown] = {("Brent", "all"): "x", ("London", "white"): 43, ("London", "all"): 50}
    cells |= {(unit, "white"): 10 for unit in (*INNER, *OUTER) if unit != "Brent"} | {("Camden", "white"): "c"}
    cells |= {("Camden", "all"): 20}
    assert ("Camden", "white") in places(found_in(View("mart", rows(cells))))


def test_a_joint_return_minus_one_authority_gives_the_other() -> None:
    assert places(found_in(units({"Kingston and Richmond": 12, "Kingston": 9}))) == {("Richmond", "white")}
    elsewhere = rows({("Kingston", "white"): 9}).drop(columns="status")
    audited = found_in(units({"Kingston and Richmond": 12, "Richmond": "c"}), already_public=elsewhere)
    assert places(audited) == {("Richmond", "white")}
    assert places(found_in(units({"Kingston and Richmond": 12, "Kingston": "c", "Richmond": "c"}))) == set()


def test_a_percentage_of_a_shown_whole_gives_the_hidden_count() -> None:
    """Three of 25 are 12 %; only the hidden row's percentage was forgotten."""
    share = (Share("share_pct", {"group": "all"}),)
    frame = rows({("Camden", "all"): 25, ("Camden", "white"): "c", ("Camden", "global_majority"): "c"})
    frame["share_pct"] = [np.nan, 12.0, np.nan]
    assert places(found_in(View("mart", frame, shares=share))) == {("Camden", "white")}
    frame["share_pct"] = np.nan
    assert places(found_in(View("mart", frame, shares=share))) == set()


def test_a_percentage_gives_a_hidden_whole_away() -> None:
    """21 of whom 87.5 % are white are 24 people, so three are not; no decimals would leave 24 and 25 possible."""
    share = (Share("share_pct", {"group": "all"}),)
    frame = rows({("Camden", "all"): "c", ("Camden", "white"): 21, ("Camden", "global_majority"): "c"})
    frame = pd.concat([frame, rows({("Camden", "not_known"): 0})])
    frame["share_pct"] = [np.nan, 87.5, np.nan, np.nan]
    assert ("Camden", "global_majority") in places(found_in(View("mart", frame, shares=share)))


def test_coarse_percentages_of_large_wholes_leave_room() -> None:
    share = (Share("share_pct", {"group": "all"}),)
    frame = rows({("London", "all"): 4000, ("London", "white"): "c", ("London", "global_majority"): "c"})
    frame["share_pct"] = [np.nan, 30.0, np.nan]
    assert places(found_in(View("mart", frame, shares=share))) == set()


def test_percentages_of_rounded_counts_say_no_more_than_these() -> None:
    share = (Share("share_pct", {"group": "all"}),)
    frame = rows({("London", "all"): 45, ("London", "white"): 30, ("London", "global_majority"): "c"})
    frame["share_pct"] = [np.nan, 67.0, np.nan]
    layout, problem = asked(View("open data", frame, "public", 5, 5, shares=share))
    bounds = attack(problem, exactly=True)
    assert bounds_of(layout, bounds, ("London", "white")) == (28, 32)
    frame["share_pct"] = [np.nan, 64.6, np.nan]  # 31 of 48
    layout, problem = asked(View("open data", frame, "public", 5, 5, shares=share))
    assert problem.at_most.shape[0] == 2, "no rounded count is 64.6 % of 45, so it speaks of the true ones"


def test_a_percentage_beside_a_hidden_rounded_count_gives_the_rounded_count_away() -> None:
    share = (Share("share_pct", {"group": "all"}),)
    frame = rows({("London", "all"): 45, ("London", "white"): "c", ("London", "global_majority"): "c"})
    frame["share_pct"] = [np.nan, np.nan, 0.0]
    assert places(found_in(View("open data", frame, "public", 5, 5, shares=share))) == {("London", "global_majority")}


def test_rounded_open_data_beside_the_members_view_narrow_a_count_down() -> None:
    """Of 20 people members see in London, open data have 18 to 22 in Outer London: Inner London has one or two."""
    members = units({"London": 20, "Inner": "c", "Outer": "c"})
    public = units({"London": 20, "Outer": 20, "Inner": "c"}, "public", 5)
    assert places(found_in(members)) == set()
    assert ("Inner", "white") in places(found_in(members, public))
    assert places(found_in(members, units({"London": 20, "Outer": 15, "Inner": 5}, "public", 5))) == set()


def test_what_open_data_alone_hide_is_attacked_with_open_data_alone() -> None:
    """Members may see it; the public may not, and 3 * 5 people in four boroughs of whom three are shown are few."""
    members = units({"London": 63, "Inner": 60, "Outer": 3}, "members")
    public = View("open", rows({("London", "white"): 63, ("Inner", "white"): 60, ("Outer", "white"): "c"}), "public")
    audited = found_in(members, public)
    assert {(place.members, place.how) for place in audited.recoverable} == {
        (("Outer", "white"), "from open data alone")
    }
    assert {place.members for place in audited.small} == {("Outer", "white")}, "and members should not see it either"


def test_what_dfe_publishes_of_a_cell_is_no_secret_but_helps_to_find_others() -> None:
    view = line({"all": 40, "white": 25, "global_majority": "c", "not_known": "c"})
    stated = rows({("Camden", "not_known"): 11}).drop(columns="status")
    audited = found_in(view, already_public=stated)
    assert places(audited) == {("Camden", "global_majority")}
    assert (audited.hidden, audited.already_public) == (1, 1)


def test_dfes_figures_of_another_count_are_not_believed() -> None:
    """DfE counted 27 white workers where we show 25: its other figures of Camden are of another count, too."""
    view = line({"all": 40, "white": 25, "global_majority": "c", "not_known": "c"})
    stated = rows({("Camden", "white"): 27, ("Camden", "not_known"): 11}).drop(columns="status")
    audited = found_in(view, already_public=stated)
    assert (places(audited), audited.hidden, audited.already_public) == (set(), 2, 0)


def test_dfes_figures_that_fit_no_sum_are_given_up() -> None:
    view = line({"all": 40, "white": 25, "global_majority": "c", "not_known": "c"})
    stated = rows({("Camden", "global_majority"): 9, ("Camden", "not_known"): 9}).drop(columns="status")
    audited = found_in(view, already_public=stated)
    assert audited.contradictions == ()
    assert audited.hidden + audited.already_public == 2


def test_a_hidden_count_is_read_from_the_period_its_row_was_copied_from() -> None:
    """Both years' hidden cells are safe by themselves; but 2025 is 2024 carried forward, where white is shown."""
    wide: dict[str, Shown] = {"all": 90, "white": 30, "global_majority": 20, "not_known": 40}
    groups = (Sum("all", tuple("abcdefgh")),)
    earlier: dict[tuple[str, ...], Shown] = {("Camden", code): 10 + place for place, code in enumerate("abcdefgh")}
    later = earlier | {("Camden", "a"): "c", ("Camden", "b"): "c"}
    earlier = earlier | {("Camden", "b"): "c"}
    frames = [rows(earlier, key="2024"), rows(later, key="2025")]
    audited = found_in(View("mart", pd.concat(frames)), dimensions={"unit": None, "group": groups})
    assert [(place.table_key, place.members, place.how) for place in audited.recoverable] == [
        ("2025", ("Camden", "a"), "its unit's row is a copy of 2024")
    ]
    # A single count that differs shows that it is no copy; nor are four equal counts a sign of one.
    frames[1].loc[frames[1]["group"] == "h", "count"] += 1
    assert places(found_in(View("mart", pd.concat(frames)), dimensions={"unit": None, "group": groups})) == set()
    few = [rows({("Camden", group): value for group, value in wide.items()}, key="2024 Q1")]
    few += [
        rows(
            {("Camden", group): value for group, value in (wide | {"white": "c", "not_known": "c"}).items()},
            key="2024 Q2",
        )
    ]
    assert places(found_in(View("mart", pd.concat(few)))) == set()


def test_equal_counts_of_one_total_are_no_sign_of_a_copy() -> None:
    """Six rules in whose scope all of twelve assignments are: the next quarter has twelve, too, by chance."""
    groups = (Sum("all", ("a", "b")),)
    cells: dict[tuple[str, ...], Shown] = dict.fromkeys([("Camden", f"rule {number}") for number in range(6)], 12)
    frames = [rows(cells | {("Camden", "a"): 9}, key="2024"), rows(cells | {("Camden", "a"): "c"}, key="2025")]
    assert places(found_in(View("mart", pd.concat(frames)), dimensions={"unit": None, "group": groups})) == set()


def test_a_copy_of_a_copy_is_read_from_the_first() -> None:
    groups = (Sum("all", tuple("abcdefgh")),)
    cells: dict[tuple[str, ...], Shown] = {("Camden", code): 10 + place for place, code in enumerate("abcdefgh")}
    hidden = cells | {("Camden", "a"): "c", ("Camden", "b"): "c"}
    frames = [rows(cells, key="2024-25 Q4"), rows(hidden, key="2025-26 Q1"), rows(hidden, key="2025-26 Q2")]
    audited = found_in(View("mart", pd.concat(frames)), dimensions={"unit": None, "group": groups})
    assert {place.table_key for place in audited.recoverable} == {"2025-26 Q1", "2025-26 Q2"}


def test_total_minus_known_gives_not_known() -> None:
    known = (Sum("total", ("known", "not_known")), Sum("known", ("white", "global_majority")))
    audited = found_in(
        line({"total": 50, "known": 47, "not_known": "c", "white": 30, "global_majority": 17}),
        dimensions={"unit": None, "group": known},
    )
    assert places(audited) == {("Camden", "not_known")}


def test_a_group_that_is_all_of_its_whole_is_noted_and_stops_nothing() -> None:
    audited = found_in(line({"all": 40, "white": 40, "global_majority": 0, "not_known": 0}))
    assert [place.members for place in audited.whole_groups] == [("Camden", "white")]
    assert audited.recoverable == ()


def test_roles_differenced_across_two_tables_give_a_count_away() -> None:
    """One dashboard shows all roles, another the managers: all minus managers is a filter anybody can set."""
    dimensions = {"unit": None, "role": (Sum("all", ("managers", "others")),)}
    names = ("unit", "role")
    first = View("one mart", rows({("Camden", "all"): 30, ("Camden", "others"): "c"}, names))
    second = View("another mart", rows({("Camden", "managers"): 28}, names))
    assert places(found_in(first, dimensions=dimensions)) == set()
    assert places(found_in(first, second, dimensions=dimensions)) == {("Camden", "others")}


# --- What else it must see ---


def test_small_counts_that_are_shown_are_reported_apart() -> None:
    audited = found_in(line({"all": 40, "white": 36, "global_majority": 4, "not_known": 0}))
    assert [place.members for place in audited.small] == [("Camden", "global_majority")]
    stated = rows({("Camden", "global_majority"): 4}).drop(columns="status")
    audited = found_in(line({"all": 40, "white": 36, "global_majority": 4, "not_known": 0}), already_public=stated)
    assert audited.small == (), "DfE publishes it"


def test_figures_that_cannot_be_true_together_are_named_and_the_rest_is_still_attacked() -> None:
    cells: dict[tuple[str, ...], Shown] = {("Camden", "all"): 40, ("Camden", "white"): 50, ("Camden", "not_known"): "c"}
    cells |= {
        ("Brent", "all"): 40,
        ("Brent", "white"): 38,
        ("Brent", "global_majority"): 0,
        ("Brent", "not_known"): "c",
    }
    audited = found_in(View("mart", rows(cells)))
    # A sum of areas goes with it, whose groups cannot add up to its units either.
    assert ("Camden", "all") in {place.members for place in audited.contradictions}
    assert not any("Brent" in place.members for place in audited.contradictions)
    assert places(audited) == {("Brent", "not_known")}


def test_two_tables_that_show_different_numbers_of_one_cell_are_named() -> None:
    audited = found_in(units({"Camden": 12}), units({"Camden": 13}))
    assert [place.members for place in audited.contradictions] == [("Camden", "white")]


def test_a_table_that_nobody_decided_on_hides_all_and_gives_nothing_away() -> None:
    audited = found_in(line({"all": "c", "white": "c", "global_majority": "c", "not_known": "c"}))
    assert (audited.empty, audited.recoverable) == (("2025",), ())


def test_a_zero_may_be_hidden_to_protect_another_count() -> None:
    """Five people in two hidden groups may be five and nobody, so nothing is known for sure of either."""
    audited = found_in(line({"all": 40, "white": 35, "global_majority": "c", "not_known": "c"}))
    assert places(audited) == set()
    assert places(found_in(line({"all": 40, "white": 40, "global_majority": "c", "not_known": "c"}))) == {
        ("Camden", "global_majority"),
        ("Camden", "not_known"),
    }, "but here both are nobody for sure, and hiding them hides nothing"


def test_a_symbol_shared_by_a_row_may_hide_a_nought_that_another_table_shows() -> None:
    first = line({"all": 40, "white": 0, "global_majority": "c", "not_known": "c"})
    second = View("ratios", rows({("Camden", "white"): "c", ("Camden", "not_known"): "c"}))
    audited = found_in(first, second)
    assert (audited.contradictions, audited.recoverable, audited.hidden) == ((), (), 2)


# --- Generated tables ---

TIERS = (Sum("all", ("managers", "practitioners", "frontline")),)
NAMES = ("unit", "tier", "group")


def generated(seed: int, names: tuple[str, ...] = (*INNER, *OUTER)) -> Counts:
    """Counts of units by tier and group like London's (domain notes, section 3), with all margins."""
    random = np.random.default_rng(seed)
    tiers, groups = (
        {"managers": 0.2, "practitioners": 0.2, "frontline": 0.6},
        {"white": 0.5, "global_majority": 0.4, "not_known": 0.1},
    )
    inner = {unit for unit in names if unit in INNER}
    counts: dict[tuple[str, ...], int] = {}
    for unit in names:
        size = random.lognormal(4, 0.6)
        for (tier, one), (group, other) in itertools.product(tiers.items(), groups.items()):
            number = int(random.poisson(size * one * other))
            for place in itertools.product(
                (unit, "Inner" if unit in inner else "Outer", "London"), (tier, "all"), (group, "all")
            ):
                counts[place] = counts.get(place, 0) + number
    return counts


def masked(counts: Counts, hidden: set[tuple[str, ...]]) -> dict[tuple[str, ...], Shown]:
    return {place: "c" if place in hidden else number for place, number in counts.items()}


def small(counts: Counts) -> set[tuple[str, ...]]:
    return {place for place, number in counts.items() if 0 < number < 5}


def found_one_by_one(counts: Counts, hidden: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """The same attack in plain words: every sum that holds of the counts written out, two programmes a hidden cell."""
    order = sorted(hidden)
    sums = []
    halves = {"London": ("Inner", "Outer"), "Inner": INNER, "Outer": OUTER}
    for unit, tier, group in counts:
        if unit in halves:
            sums.append(((unit, tier, group), [(part, tier, group) for part in halves[unit]]))
        if tier == "all":
            sums.append(((unit, tier, group), [(unit, part, group) for part in TIERS[0].parts]))
        if group == "all":
            sums.append(((unit, tier, group), [(unit, tier, part) for part in GROUPS[0].parts]))
    matrix, limits = np.zeros((len(sums), len(order))), np.zeros(len(sums))
    for row, (whole, parts) in enumerate(sums):
        for sign, place in [(1, whole), *((-1, part) for part in parts)]:
            if place in hidden:
                matrix[row, order.index(place)] += sign
            else:
                limits[row] -= sign * counts[place]
    found = set()
    for column, place in enumerate(order):
        objective = np.zeros(len(order))
        objective[column] = 1
        low, high = (
            sign * linprog(sign * objective, A_eq=matrix, b_eq=limits, bounds=(0, None)).fun for sign in (1, -1)
        )
        if high < 5 - 1e-6 or np.ceil(low - 1e-6) == np.floor(high + 1e-6):
            found.add(place)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_hiding_small_counts_alone_is_found_out_as_a_second_attacker_finds_it(seed: int) -> None:
    counts = generated(seed)
    hidden = small(counts)
    audited = found_in(
        View("mart", rows(masked(counts, hidden), NAMES)), dimensions={"unit": None, "tier": TIERS, "group": GROUPS}
    )
    assert places(audited) == found_one_by_one(counts, hidden)
    assert audited.recoverable


@pytest.mark.parametrize("seed", range(4))
def test_partly_protected_tables_are_judged_as_a_second_attacker_judges_them(seed: int) -> None:
    counts = generated(seed)
    random = np.random.default_rng(seed)
    hidden = small(counts) | {place for place, number in counts.items() if number and random.random() < 0.4}
    audited = found_in(
        View("mart", rows(masked(counts, hidden), NAMES)), dimensions={"unit": None, "tier": TIERS, "group": GROUPS}
    )
    assert places(audited) == found_one_by_one(counts, hidden)


def test_a_table_hidden_with_complements_passes() -> None:
    """One small count in each of two lines both ways, and large complements at the other corners of the rectangle."""
    counts: dict[tuple[str, ...], int] = {
        (unit, group): 20
        for unit in ("Camden", "Hackney", "Islington")
        for group in ("white", "global_majority", "not_known")
    }
    counts |= {("Camden", "white"): 2, ("Hackney", "global_majority"): 3}
    for unit in ("Camden", "Hackney", "Islington"):
        counts[unit, "all"] = sum(counts[unit, group] for group in GROUPS[0].parts)
    for group in ("white", "global_majority", "not_known", "all"):
        counts["Inner", group] = sum(counts[unit, group] for unit in INNER)
    corners = set(itertools.product(("Camden", "Hackney"), ("white", "global_majority")))
    assert places(found_in(View("mart", rows(masked(counts, corners))))) == set()
    assert places(found_in(View("mart", rows(masked(counts, small(counts)))))) == small(counts)


# --- Bounds, against enumeration ---


def asked(view: View, dimensions: Mapping[str, tuple[Sum, ...] | None] = DIMENSIONS):  # type: ignore[no-untyped-def]
    """The attack's own problem of one table."""
    layout = Layout(dimensions, Geography(()), [view.rows])
    numbered = View(
        view.table, layout.numbered(view.rows), view.audience, view.threshold, view.rounding_base, True, view.shares
    )
    known = knowledge(layout, [numbered], None)
    given_up = np.zeros(layout.sums.matrix.shape[0] + len(known.inequalities_to), dtype=np.bool_)
    return layout, ask(layout, known, known.is_hidden | known.is_shown, given_up, with_unseen=True).problem


def bounds_of(layout: Layout, bounds, place: tuple[str, ...]) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    cell = next(cell for cell in range(layout.size) if layout.place(cell) == place)
    return float(np.ceil(bounds.lower[cell] - 1e-6)), float(np.floor(bounds.upper[cell] + 1e-6))


def fillings(
    counts: Counts, hidden: list[tuple[str, ...]], sums: list[tuple[tuple[str, ...], list[tuple[str, ...]]]]
) -> Iterator[dict[tuple[str, ...], int]]:
    """Every way to fill the hidden cells with any number of people so that all sums hold: by trying."""
    most = max(counts.values())

    def fill(values: dict[tuple[str, ...], int], left: list[tuple[str, ...]]) -> Iterator[dict[tuple[str, ...], int]]:
        for whole, parts in sums:
            if all(place in values for place in (whole, *parts)) and values[whole] != sum(
                values[part] for part in parts
            ):
                return
        if not left:
            yield values
            return
        for number in range(most + 1):
            yield from fill(values | {left[0]: number}, left[1:])

    yield from fill({place: number for place, number in counts.items() if place not in hidden}, hidden)


@st.composite
def small_tables(
    draw: st.DrawFn, layers: int = 1
) -> tuple[Counts, list[tuple[str, ...]], list[tuple[tuple[str, ...], list[tuple[str, ...]]]]]:
    """A table of two or three dimensions with its margins, some cells hidden, and its sums."""
    sizes = [draw(st.integers(2, 3)), 2, *([2] if layers > 1 else [])]
    inside = itertools.product(*(range(size) for size in sizes))
    counts: dict[tuple[str, ...], int] = {}
    for place in inside:
        number = draw(st.integers(0, 6))
        for margins in itertools.product((False, True), repeat=len(sizes)):
            cell = tuple("all" if margin else str(code) for margin, code in zip(margins, place, strict=True))
            counts[cell] = counts.get(cell, 0) + number
    sums = [
        (cell, [(*cell[:axis], str(code), *cell[axis + 1 :]) for code in range(size)])
        for cell in counts
        for axis, size in enumerate(sizes)
        if cell[axis] == "all"
    ]
    hidden = draw(st.lists(st.sampled_from(sorted(counts)), unique=True, max_size=6))
    return counts, hidden, sums


def dimensions_of(counts: Counts) -> dict[str, tuple[Sum, ...] | None]:
    width = len(next(iter(counts)))
    codes = [sorted({cell[axis] for cell in counts} - {"all"}) for axis in range(width)]
    return {f"d{axis}": (Sum("all", tuple(each)),) for axis, each in enumerate(codes)}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_tables())
def test_bounds_hold_the_truth_and_are_those_of_trying_everything(table) -> None:  # type: ignore[no-untyped-def]
    counts, hidden, sums = table
    dimensions = dimensions_of(counts)
    layout, problem = asked(View("mart", rows(masked(counts, set(hidden)), tuple(dimensions))), dimensions)
    bounds = attack(problem, exactly=True)
    found = {place: bounds_of(layout, bounds, place) for place in hidden}
    assert all(low <= counts[place] <= high for place, (low, high) in found.items())
    # Trying ends somewhere, so it can speak only of tables in which all is bounded.
    if all(high <= max(counts.values()) for _, high in found.values()):
        tried = list(fillings(counts, hidden, sums))
        assert found == {
            place: (min(each[place] for each in tried), max(each[place] for each in tried)) for place in hidden
        }


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_tables(layers=2))
def test_in_three_dimensions_bounds_hold_all_that_trying_finds(table) -> None:  # type: ignore[no-untyped-def]
    counts, hidden, sums = table
    dimensions = dimensions_of(counts)
    layout, problem = asked(View("mart", rows(masked(counts, set(hidden)), tuple(dimensions))), dimensions)
    bounds = attack(problem, exactly=True)
    for filling in itertools.islice(fillings(counts, hidden, sums), 2000):
        for place in hidden:
            low, high = bounds_of(layout, bounds, place)
            assert low <= filling[place] <= high


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_tables(layers=2))
def test_the_quick_attack_finds_what_the_exact_one_finds(table) -> None:  # type: ignore[no-untyped-def]
    counts, hidden, _ = table
    dimensions = dimensions_of(counts)
    _, problem = asked(View("mart", rows(masked(counts, set(hidden)), tuple(dimensions))), dimensions)
    assert (attack(problem).is_recoverable == attack(problem, exactly=True).is_recoverable).all()


# --- The command, on a real warehouse ---

FAMILY = """\
family: leaky
title: People by ethnic group
cells: intermediate.cells_leaky
dimensions:
  unit_code: units
  ethnic_group:
    - {whole: all, parts: [white, global_majority]}
shown:
  - table: marts_candidate.mart_leaky
    where: measure = 'people'
    table_key: census_year::text
    columns: {unit_code: unit_code, ethnic_group: "lower(ethnic_group)"}
    count: headcount
    status: headcount_status
    rounding_base: 1
    shares: [{share: share_pct, whole: {ethnic_group: all}}]
"""


@pytest.fixture
def leaky(warehouse: Settings, tmp_path: Path) -> Settings:
    """A warehouse with one mart, in which Camden's hidden count is its total less the other group."""
    reference = ROOT / "dbt_project" / "seeds" / "reference"
    with warehouse.connect("transformer") as connection:
        for seed, columns in {
            "reporting_units": ["unit_code", "unit_name", "unit_level", "inner_outer_code"],
            "authorities": ["authority_code", "authority_name", "unit_code"],
            "disclosure_products": ["product", "threshold", "shows_zeros"],
        }.items():
            frame = pd.read_csv(reference / f"{seed}.csv", dtype=str, keep_default_na=False)[columns]
            types = {"threshold": "integer", "shows_zeros": "boolean"}
            declared = ", ".join(f"{column} {types.get(column, 'text')}" for column in columns)
            connection.execute(f"create table reference.{seed} ({declared})")
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"insert into reference.{seed} values ({', '.join(['%s'] * len(columns))})",
                    frame.to_numpy().tolist(),
                )
        connection.execute(
            "create table marts_candidate.mart_leaky (unit_code text, census_year integer, measure text, "
            "ethnic_group text, headcount numeric, headcount_status text, share_pct numeric)"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into marts_candidate.mart_leaky values (%s, 2025, %s, %s, %s, %s, null)",
                [
                    ["E09000007", "people", "All", 68, None],
                    ["E09000007", "people", "White", 65, None],
                    ["E09000007", "people", "Global_majority", None, "c"],
                    ["E09000007", "posts", "All", 1, None],
                ],
            )
    (tmp_path / "leaky.yml").write_text(FAMILY)
    return warehouse


def command(settings: Settings, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "expectations.disclosure_audit", "--families", str(folder), *arguments],
        cwd=ROOT, env={**os.environ, **settings.environment}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_leaky_mart_fails_the_command_and_stands_in_the_ledger_without_its_count(
    leaky: Settings, tmp_path: Path
) -> None:
    result = command(leaky, tmp_path, "--verbose")
    assert result.returncode == 1, result.stderr
    assert result.stdout.splitlines()[0] == (
        "leaky: tables 1, cells shown 2, hidden 1, already public 0, recoverable 1"
    )
    assert "2025: Camden, global_majority (from sums and percentages)" in result.stdout
    assert result.stdout.splitlines()[-1] == (
        "Disclosure audit failed: 1 of 1 hidden counts recoverable; 1 error, 0 queries"
    )
    with leaky.connect("loader") as connection:
        run = connection.execute(
            "select gate_run_id, outcome, reason from ledger.gate_runs where gate = 'disclosure'"
        ).fetchone()
        assert run is not None
        kept = connection.execute(
            "select family, cells_recoverable, recoverable_places::text from ledger.disclosure_audits "
            "where gate_run_id = %s",
            [run[0]],
        ).fetchone()
    assert kept is not None
    assert (run[1], kept[:2]) == ("failed", ("leaky", 1))
    assert run[2].startswith("DSC-001 (leaky): Hidden counts can be worked out")
    assert json.loads(kept[2]) == ["2025: Camden, global_majority (from sums and percentages)"]
    report = (leaky.home / "disclosure" / f"audit-{run[0]}.txt").read_text()
    assert "Camden" in report
    for text in (result.stdout.split("\n", 1)[1], run[2], kept[2]):
        assert "68" not in text
        assert "65" not in text


def test_a_protected_mart_passes_the_command(leaky: Settings, tmp_path: Path) -> None:
    with leaky.connect("transformer") as connection:
        connection.execute(
            "update marts_candidate.mart_leaky set headcount = null, headcount_status = 'c' "
            "where ethnic_group = 'White'"
        )
    result = command(leaky, tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "0 of 2 hidden counts recoverable" in result.stdout


def test_a_shown_table_that_is_not_there_fails_the_command(leaky: Settings, tmp_path: Path) -> None:
    with leaky.connect("transformer") as connection:
        connection.execute("drop table marts_candidate.mart_leaky")
    result = command(leaky, tmp_path, "--family", "leaky")
    assert result.returncode == 1
    assert (
        "DSC-002 leaky: Tables that are shown could not be attacked: marts_candidate.mart_leaky not there"
        in result.stdout
    )
    with leaky.connect("loader") as connection:
        runs = connection.execute("select count(*) from ledger.gate_runs").fetchone()
    assert runs == (0,), "a part of the audit is no audit"


def test_a_table_that_is_not_as_its_family_says_fails_the_command(leaky: Settings, tmp_path: Path) -> None:
    (tmp_path / "leaky.yml").write_text(FAMILY.replace("count: headcount", "count: heads"))
    result = command(leaky, tmp_path)
    assert result.returncode == 1
    assert (
        "DSC-002 leaky: Tables that are shown could not be attacked: marts_candidate.mart_leaky cannot be read"
        in result.stdout
    )


def test_without_a_warehouse_the_command_says_so_in_one_line(warehouse: Settings, tmp_path: Path) -> None:
    away = Settings({**warehouse.environment, "WAREHOUSE_PORT": "1"})
    result = command(away, tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert "does not answer" in result.stderr
