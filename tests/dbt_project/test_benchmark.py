"""The members' benchmark and authorities' own figures: ranks, quarters and medians once more in pandas."""

import csv
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from ingestion.settings import ROOT, Settings
from tests.dbt_project.frames import read_frame

SEEDS = ROOT / "dbt_project" / "seeds" / "reference"
JOINT, LONDON = "E09000021 / E09000027", "E12000007"
KEYS = ["unit_code", "collection", "period_label", "indicator", "category"]
RANKING = KEYS[1:]
# Amounts that grow with the authority have a better end (less is better), and still no rank.
AMOUNTS = {"gbp", "fte", "assignments", "people"}


def long_frame(settings: Settings) -> pd.DataFrame:
    """Every figure the marts show, one below the other: keys, value, status; made here, not by dbt."""
    columns = ["unit_code", "collection", "period_label", "indicator", "category", "value", "value_status"]
    queries = [
        "select unit_code, 'dfe_census_statistics', census_year::text, indicator, 'all', value, value_status "
        "from marts_candidate.mart_census__indicators",
        "select unit_code, 'csww_census', census_year::text, indicator, 'all', returns_value, returns_status "
        "from marts_candidate.mart_census__from_returns",
        "select unit_code, 'agency_quarterly', period_label, measure, role_type, value, value_status "
        "from marts_candidate.mart_agency__measures",
        "select unit_code, 'agency_quarterly', period_label, 'compliance_' || lower(rule), role_type, "
        "compliance_rate_pct, compliance_status from marts_candidate.mart_agency__compliance",
        "select unit_code, case source when 'dfe' then 'dfe_census_statistics' else 'leadership_in_colour' end, "
        "as_at_year::text, 'global_majority_share_pct', tier, share_of_known_pct, share_status "
        "from marts_candidate.mart_leadership__representation where ethnic_group = 'global_majority'",
        "select unit_code, case source when 'dfe' then 'dfe_census_statistics' else 'leadership_in_colour' end, "
        "as_at_year::text, 'declaration_rate_pct', tier, declaration_rate_pct, share_status "
        "from marts_candidate.mart_leadership__representation where ethnic_group = 'known' and tier = 'all'",
        "select unit_code, 'ep_workforce', period_label, 'vacancy_rate_pct', ep_grade, vacancy_rate_pct, "
        "vacancy_rate_status from marts_candidate.mart_ep__establishment",
    ]
    frames = []
    for query in queries:
        frame = read_frame(settings, query)
        frame.columns = pd.Index(columns)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def sources(warehouse_with_returns: Settings) -> pd.DataFrame:
    return long_frame(warehouse_with_returns)


@pytest.fixture(scope="module")
def benchmark(warehouse_with_returns: Settings) -> pd.DataFrame:
    frame = read_frame(warehouse_with_returns, "select * from marts_candidate.mart_member__benchmark")
    return frame[frame.collection != "lswc_jobs"].reset_index(drop=True)


@pytest.fixture(scope="module")
def own(warehouse_with_returns: Settings) -> pd.DataFrame:
    """Authorities' own figures; analysts may not read them, so as their owner."""
    with warehouse_with_returns.connect("transformer") as connection:
        cursor = connection.execute("select * from restricted_candidate.mart_member__own_figures")
        names = [column.name for column in cursor.description or ()]
        frame = pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)
    return frame.astype({"value": float})


@pytest.fixture(scope="module")
def neighbours() -> dict[str, set[str]]:
    """Unit -> the units of its statistical neighbours, those outside London included; a joint unit has both's."""
    with (SEEDS / "authorities.csv").open() as file:
        unit_of = {row["authority_code"]: row["unit_code"] for row in csv.DictReader(file)}
    with (SEEDS / "statistical_neighbours.csv").open() as file:
        rows = list(csv.DictReader(file))
    newest = max(row["model_year"] for row in rows)
    found = defaultdict(set)
    for row in rows:
        if row["model_year"] == newest and row["authority_code"] in unit_of:
            neighbour = row["neighbour_authority_code"]
            found[unit_of[row["authority_code"]]].add(unit_of.get(neighbour, neighbour))
    return {unit: codes - {unit} for unit, codes in found.items()}


def test_every_collection_is_there_with_one_row_for_each_unit(benchmark: pd.DataFrame) -> None:
    assert set(benchmark.collection) == {
        "dfe_census_statistics", "csww_census", "agency_quarterly", "leadership_in_colour", "ep_workforce",
    }  # fmt: skip
    assert not benchmark.duplicated(KEYS).any()
    assert set(benchmark.groupby(RANKING).size()) == {32}
    assert (benchmark.value.isna() == benchmark.value_status.notna()).all()


def test_values_are_those_the_marts_show(benchmark: pd.DataFrame, sources: pd.DataFrame) -> None:
    both = benchmark.merge(sources, on=KEYS, how="left", suffixes=("", "_of_mart"), validate="1:1", indicator=True)
    assert set(both._merge) == {"both"}
    pd.testing.assert_series_equal(both.value, both.value_of_mart, check_names=False)
    assert (both.value_status.fillna("") == both.value_status_of_mart.fillna("")).all()


def test_no_figure_members_see_of_an_authority_is_left_out(benchmark: pd.DataFrame, sources: pd.DataFrame) -> None:
    kinds = benchmark[["collection", "indicator", "category"]].drop_duplicates()
    units = set(benchmark.unit_code)
    expected = sources[sources.unit_code.isin(units)].merge(kinds, on=["collection", "indicator", "category"])
    assert len(expected) == len(benchmark)
    shown = sources[sources.unit_code.isin(units) & sources.value.notna()]
    left_out = shown.merge(kinds, on=["collection", "indicator", "category"], how="left", indicator=True)
    left_out = left_out[left_out._merge == "left_only"]
    # DfE's single roles are for the leadership dashboard.
    assert set(left_out.indicator) <= {"global_majority_share_pct"}
    assert set(left_out.collection) <= {"dfe_census_statistics"}


def test_areas_stand_beside_their_units(benchmark: pd.DataFrame, sources: pd.DataFrame) -> None:
    with (SEEDS / "reporting_units.csv").open() as file:
        half_of = {row["unit_code"]: row["inner_outer_code"] for row in csv.DictReader(file)}
    values = sources.set_index(KEYS).value.to_dict()
    for column, area in (
        ("london_value", lambda unit: LONDON),
        ("inner_outer_value", half_of.__getitem__),
        ("england_value", lambda unit: "E92000001"),
    ):
        expected = [
            values.get((area(key[0]), *key[1:]), np.nan) for key in benchmark[KEYS].itertuples(index=False, name=None)
        ]
        np.testing.assert_allclose(benchmark[column].astype(float), expected, err_msg=column)
    assert set(benchmark[benchmark.england_value.notna()].collection) == {"dfe_census_statistics"}


def test_ranks_are_those_of_the_figures_that_are_shown(benchmark: pd.DataFrame) -> None:
    ranked = benchmark[
        benchmark.polarity.isin(["low", "high"]) & ~benchmark.indicator_unit.isin(AMOUNTS) & benchmark.value.notna()
    ].copy()
    sign = ranked.polarity.map({"low": 1, "high": -1})
    ranked["better_first"] = ranked.value * sign
    groups = ranked.groupby(RANKING).better_first
    expected = groups.rank(method="min")
    assert (ranked.rank_in_london.astype(float) == expected).all()
    size = groups.transform("size")
    assert (ranked.units_ranked.astype(float) == size).all()
    # So many quarters of the units are strictly better, and one more.
    quarters = np.floor((expected - 1) * 4 / size) + 1
    assert (ranked.quartile_in_london.astype(float).fillna(0) == quarters.where(size >= 4, 0)).all()
    assert set(ranked.quartile_in_london.dropna()) == {1, 2, 3, 4}
    others = benchmark.drop(ranked.index)
    assert others[["rank_in_london", "units_ranked", "quartile_in_london"]].isna().all(axis=None)
    assert {"inpost_fte", "active_fte", "quarter_cost_gbp", "assignments"} <= set(others.indicator)


def test_the_census_mart_ranks_alike(benchmark: pd.DataFrame, warehouse_with_returns: Settings) -> None:
    mart = read_frame(
        warehouse_with_returns,
        "select unit_code, census_year::text as period_label, indicator, rank_in_london, quartile_in_london, "
        "change_label, value_label, neighbours_median, neighbours_counted from marts_candidate.mart_census__indicators "
        "where polarity <> 'none'",
    )
    both = benchmark[benchmark.collection == "dfe_census_statistics"].merge(
        mart, on=["unit_code", "period_label", "indicator"], suffixes=("", "_of_mart")
    )
    assert len(both) > 2000
    for column in ("rank_in_london", "quartile_in_london", "change_label", "value_label", "neighbours_counted"):
        assert (both[column].fillna("") == both[f"{column}_of_mart"].fillna("")).all(), column
    enough = both[both.neighbours_counted >= 3]
    assert len(enough) > 2000
    assert (enough.neighbours_median.fillna(-1) == enough.neighbours_median_of_mart.fillna(-1)).all()


def test_medians_are_those_of_neighbours_members_can_see(
    benchmark: pd.DataFrame, neighbours: dict[str, set[str]]
) -> None:
    # The census mart's own neighbours stand outside London too; see the test above.
    from_mart = set(benchmark[benchmark.england_value.notna()].indicator) - {
        "global_majority_share_pct", "declaration_rate_pct",
    }  # fmt: skip
    rows = benchmark[~((benchmark.collection == "dfe_census_statistics") & benchmark.indicator.isin(from_mart))]
    rows = rows[~rows.indicator.str.endswith("_per_10000_children")]
    shown = defaultdict(dict)
    for *key, unit, value in rows[[*RANKING, "unit_code", "value"]].itertuples(index=False, name=None):
        if not np.isnan(value):
            shown[tuple(key)][unit] = value
    checked = 0
    for row in rows.itertuples():
        figures = shown[row.collection, row.period_label, row.indicator, row.category]
        seen = [figures[code] for code in neighbours[row.unit_code] if code in figures]
        assert row.neighbours_counted == len(seen)
        if len(seen) < 3:
            assert np.isnan(row.neighbours_median)
        else:
            assert row.neighbours_median == pytest.approx(float(np.median(seen)), abs=0.0051)
            checked += 1
    assert checked > 5000
    assert rows.neighbours_median.isna().any()


def test_the_period_before_is_the_one_just_before(benchmark: pd.DataFrame) -> None:
    def before(collection: str, label: str) -> str:
        if collection in ("agency_quarterly", "ep_workforce"):
            year, quarter = int(label[:4]), int(label[-1])
            year, quarter = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
            return f"{year}/{(year + 1) % 100:02d} Q{quarter}"
        return str(int(label) - 1)

    values = benchmark.set_index(KEYS).value.to_dict()
    for row in benchmark.itertuples():
        earlier = before(row.collection, row.period_label)
        expected = values.get((row.unit_code, row.collection, earlier, row.indicator, row.category), np.nan)
        assert row.previous_value == pytest.approx(expected, nan_ok=True)
        assert (row.change_label == "not comparable") == (np.isnan(row.value) or np.isnan(expected))
        if not np.isnan(row.value - expected):
            assert row.change_on_previous == pytest.approx(row.value - expected)
            assert row.change_label.endswith(f" on {earlier}")


def test_the_joint_unit_is_one_and_says_so(benchmark: pd.DataFrame) -> None:
    assert not benchmark.unit_code.isin(["E09000021", "E09000027"]).any()
    notes = benchmark[benchmark.unit_code == JOINT].note
    assert (notes.str.count("cannot be split") == 1).all()


def test_what_is_hidden_from_members_is_seen_by_its_own_authority(benchmark: pd.DataFrame, own: pd.DataFrame) -> None:
    hidden = benchmark[(benchmark.value_status == "c") & benchmark.indicator.isin(own.indicator)]
    both = hidden.merge(
        own[own.breakdown.isin(["all", "role_type", "tier", "ep_grade"])], on=KEYS, suffixes=("", "_own")
    )
    assert len(both) == len(hidden) > 100
    # Nobody in the whole makes no percentage; everything else is a number.
    assert both[both.value_status_own != "z"].value_own.notna().all()
    counts = both[both.indicator == "assignments"].value_own
    assert {1, 2, 3, 4} <= set(counts)


def test_what_members_see_is_what_the_authority_sees(benchmark: pd.DataFrame, own: pd.DataFrame) -> None:
    shown = benchmark[benchmark.value.notna() & (benchmark.collection != "dfe_census_statistics")]
    both = shown.merge(
        own[own.breakdown.isin(["all", "role_type", "tier", "ep_grade"])], on=KEYS, suffixes=("", "_own")
    )
    assert len(both) > 5000
    # Percentages of fewer than 50 are shown without decimals, the others with one.
    rounded = np.where(both.indicator_unit == "percent", 0.51, np.where(both.indicator_unit == "fte", 0.051, 0.001))
    assert ((both.value - both.value_own).abs() <= rounded).all()


def test_own_figures_are_of_single_units_and_withhold_no_count(own: pd.DataFrame) -> None:
    assert own.unit_code.nunique() == 32
    assert JOINT in set(own.unit_code)
    assert not own.duplicated(["unit_code", "collection", "period_label", "indicator", "breakdown", "category"]).any()
    withheld = own[own.value_status == "c"]
    assert withheld.indicator.str.fullmatch(r".*(quartile|median)_gbp").all()
    assert set(own.value_status.dropna()) <= {"x", "z", "u", "c"}


def test_own_parts_make_the_whole(own: pd.DataFrame) -> None:
    def summed(collection: str, indicator: str, breakdown: str) -> tuple[pd.Series, pd.Series]:
        rows = own[(own.collection == collection) & (own.indicator == indicator)]
        keys = ["unit_code", "period_label"]
        parts = rows[rows.breakdown == breakdown].groupby(keys).value.sum(min_count=1)
        return parts.dropna(), rows[rows.breakdown == "all"].set_index(keys).value.dropna()

    for collection, indicator, breakdown in (
        ("agency_quarterly", "assignments", "role_type"),
        ("csww_census", "in_post", "age_band"),
        ("csww_census", "leavers", "destination"),
        ("ep_workforce", "headcount", "ep_grade"),
    ):
        parts, whole = summed(collection, indicator, breakdown)
        assert len(parts) > 100, indicator
        assert parts.to_dict() == whole.loc[parts.index].to_dict(), indicator
