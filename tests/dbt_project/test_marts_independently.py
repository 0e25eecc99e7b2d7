"""Every figure of the regional marts on the sample, computed a second time in pandas from the formulas, not the SQL."""

import pandas as pd
import pytest

from ingestion.settings import Settings
from tests.dbt_project.frames import read_frame
from tests.dbt_project.independent.comparing import Figure, Held, Mart, Outcome, compare
from tests.dbt_project.independent.marts import MARTS
from tests.dbt_project.independent.raw import AREAS, seed
from tests.dbt_project.independent.statistics import cochran_armitage, fisher, katz, likelihood_ratio, wilson

every_mart = pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)


def _found(outcomes: dict[str, Outcome], kind: str) -> dict[str, list[str]]:
    return {column: getattr(outcome, kind) for column, outcome in outcomes.items() if getattr(outcome, kind)}


@every_mart
def test_every_number_shown_equals_the_independent_one(mart: Mart, held: Held) -> None:
    outcomes = held.outcomes(mart)
    assert _found(outcomes, "wrong") == {}
    # No shown number stands beside nothing.
    assert _found(outcomes, "no_truth") == {}


@every_mart
def test_every_figure_and_measure_was_compared(mart: Mart, held: Held) -> None:
    outcomes = held.outcomes(mart)
    for column, outcome in outcomes.items():
        assert outcome.cells > 0, column
        figure = next(figure for figure in mart.figures if figure.column == column)
        assert (outcome.shown > 0) != figure.never_shown, column
    # Every measure of a long table, every group, every rule.
    first = outcomes[mart.figures[0].column]
    assert not [code for code, shown in first.compared_by.items() if shown == 0]
    assert bool(first.compared_by) == (mart.every is not None)


@every_mart
def test_every_place_has_the_same_rows_each_once(mart: Mart, held: Held) -> None:
    rows = held.shown(mart).reset_index()
    assert not rows.duplicated(list(mart.keys)).any()
    expected = {"authority": 32, "inner_outer": 2, "london": 1}
    if set(mart.levels) <= set(AREAS) and mart.levels:
        expected = {level: places for level, places in expected.items() if level != "authority"}
    level = rows.unit_level if "unit_level" in rows else rows.unit_code.map(lambda code: "authority")
    others = [key for key in mart.keys if key != "unit_code"]
    # An absent row would reveal a zero or a hidden count: every combination stands for every place of a level.
    counted = rows.groupby([level.rename("level"), *others]).unit_code.nunique()
    for name, places in counted.groupby(level="level"):
        assert name in expected
        assert set(places) == {expected[str(name)]}


@every_mart
def test_a_figure_is_a_number_or_says_why_not(mart: Mart, held: Held) -> None:
    outcomes = held.outcomes(mart)
    assert _found(outcomes, "neither_or_both") == {}
    assert _found(outcomes, "missing_without_cause") == {}


@every_mart
def test_every_count_of_one_to_four_is_hidden(mart: Mart, held: Held) -> None:
    assert _found(held.outcomes(mart), "small_and_shown") == {}


@every_mart
def test_a_zero_is_shown_but_where_it_would_give_a_small_count_away(mart: Mart, held: Held) -> None:
    # That a hidden one stands in a table with a small count is the next test's; how few they are is this one's.
    for column, outcome in held.outcomes(mart).items():
        if outcome.zeros:
            assert 100 * outcome.zeros_hidden / outcome.zeros <= mart.zeros_hidden_at_most_pct, column


@every_mart
def test_a_hidden_count_is_small_or_stands_in_a_table_with_one(mart: Mart, held: Held) -> None:
    assert _found(held.outcomes(mart), "hidden_without_cause") == {}


@every_mart
def test_averages_quartiles_and_ratios_rest_on_enough_people(mart: Mart, held: Held) -> None:
    assert _found(held.outcomes(mart), "too_few") == {}


@every_mart
def test_no_more_is_hidden_than_was_measured(mart: Mart, held: Held) -> None:
    for figure in mart.figures:
        outcome = held.outcomes(mart)[figure.column]
        if figure.counts_people:
            share = 100 * outcome.hidden / outcome.cells
            print(f"{mart.name} {figure.column}: {share:.1f} % of {outcome.cells} hidden")
            assert share <= mart.hidden_at_most_pct, figure.column


def test_neighbours_and_ranks_are_of_figures_that_members_see(warehouse_with_returns: Settings) -> None:
    rows = read_frame(
        warehouse_with_returns,
        "select * from marts_candidate.mart_member__benchmark where collection <> 'dfe_census_statistics'",
    )
    of_authority = seed("authorities").set_index("authority_code").unit_code
    pairs = seed("statistical_neighbours")
    pairs = pd.DataFrame(
        {
            "unit_code": pairs.authority_code.map(of_authority),
            "neighbour": pairs.neighbour_authority_code.map(of_authority),
        }
    ).dropna()
    pairs = pairs[pairs.unit_code != pairs.neighbour].drop_duplicates()
    keys = ["collection", "period_label", "indicator", "category"]
    shown = rows.dropna(subset=["value"]).rename(columns={"unit_code": "neighbour"})
    beside = pairs.merge(shown[["neighbour", *keys, "value"]], on="neighbour")
    medians = beside.groupby(["unit_code", *keys]).value.agg(["median", "size"])
    own = rows.set_index(["unit_code", *keys])
    medians = medians.reindex(own.index)
    counted = medians["size"].fillna(0)
    assert (own.neighbours_counted.astype(float) == counted).all()
    enough = counted >= 3
    assert (own.neighbours_median.notna() == enough).all()
    assert ((own.neighbours_median - medians["median"])[enough].abs() < 0.006).all()

    ranked = own[own.rank_in_london.notna()]
    assert len(ranked) > 0
    assert ranked.value.notna().all()
    better = ranked.value.astype(float) * ranked.polarity.map({"low": 1, "high": -1})
    ranks = better.groupby(level=keys).rank(method="min")
    assert (ranks == ranked.rank_in_london.astype(float)).all()
    assert (ranked.units_ranked.astype(float) == better.groupby(level=keys).transform("size")).all()


def test_the_lowest_since_the_start_is_lower_than_every_earlier_figure(warehouse_with_returns: Settings) -> None:
    rows = read_frame(
        warehouse_with_returns,
        "select unit_code, role_type, measure, period_label, value, units_counted, quarters_compared,"
        " is_lowest_since_start from marts_candidate.mart_agency__measures"
        " where measure in ('agency_rate_fte', 'active_fte') order by period_end",
    )
    marked = 0
    for key, own in rows.groupby(["unit_code", "role_type", "measure"]):
        for at, row in enumerate(own.itertuples()):
            earlier = own.iloc[:at].dropna(subset=["value"])
            if pd.isna(row.value) or earlier.empty:
                assert row.is_lowest_since_start is None
                continue
            # A figure of fewer units may be lower for want of the others.
            is_lowest = (row.value < earlier.value).all() and (row.units_counted >= earlier.units_counted).all()
            assert row.is_lowest_since_start == is_lowest, (key, row.period_label)
            assert row.quarters_compared == len(earlier)
            marked += is_lowest
    assert marked > 0


# --- The comparison itself: it notices what it is there to notice ---------------------------------------------------

SMALL_MART = Mart(
    table="none",
    keys=["unit_code"],
    figures=[Figure("people", "people_status", "people", counts_people=True, rests_on="people", at_least=5)],
    truth=lambda raw: pd.DataFrame(),
)


def _compare_with(people: float | None, status: str | None, truth: float) -> Outcome:
    """One cell beside another that is rightly shown."""
    units = pd.Index(["E1", "E2"], name="unit_code")
    shown = pd.DataFrame({"people": [people, 40.0], "people_status": [status, None]}, units)
    return compare(shown, pd.DataFrame({"people": [truth, 40.0]}, units), SMALL_MART, SMALL_MART.figures[0])


def test_the_comparison_notices_each_kind_of_mistake() -> None:
    assert _compare_with(7, None, 8).wrong
    assert _compare_with(7, None, float("nan")).no_truth
    assert _compare_with(None, None, 7).neither_or_both
    assert _compare_with(7, "c", 7).neither_or_both
    assert _compare_with(3, None, 3).small_and_shown
    assert _compare_with(3, None, 3).too_few
    assert _compare_with(None, "x", 3).small_and_shown
    assert _compare_with(None, "c", 0).zeros_hidden == 1
    assert _compare_with(None, "c", 9).hidden_without_cause
    assert _compare_with(None, "x", 9).missing_without_cause
    right = _compare_with(None, "c", 3)
    assert (right.hidden, right.shown) == (1, 1)
    assert not any(value for value in vars(right).values() if isinstance(value, list))


def test_the_statistics_give_the_check_values_of_the_domain_notes() -> None:
    # Invented counts, Global Majority and White (domain notes on Leadership in Colour, section 2.6).
    counts = {"case_holder": (700, 300), "senior_practitioner": (300, 250), "first_line_manager": (200, 220),
              "middle_manager": (60, 90), "senior_manager": (15, 40)}  # fmt: skip
    expected = {
        "case_holder": (67.1, 72.8, 1.647, 1.483, 1.829, 1.6e-23),
        "senior_practitioner": (50.4, 58.7, 0.847, 0.733, 0.979, 0.028),
        "first_line_manager": (42.9, 52.4, 0.642, 0.541, 0.762, 4.8e-7),
        "middle_manager": (32.5, 48.0, 0.471, 0.343, 0.645, 2.8e-6),
        "senior_manager": (17.3, 40.2, 0.265, 0.147, 0.476, 2.4e-6),
    }
    for tier, (focus, white) in counts.items():
        low, high = wilson(focus, focus + white)
        ratio = (focus, 1275, white, 900)
        found = (100 * low, 100 * high, likelihood_ratio(*ratio), *katz(*ratio))
        assert found == pytest.approx(expected[tier][:5], abs=0.06), tier
        assert found[2:] == pytest.approx(expected[tier][2:5], abs=0.0006), tier
        assert fisher(*ratio) == pytest.approx(expected[tier][5], rel=0.03), tier
    ladder = list(counts.values())
    z, _ = cochran_armitage([float(a) for a, _ in ladder], [float(a + b) for a, b in ladder])
    assert z == pytest.approx(-10.847, abs=0.0005)
