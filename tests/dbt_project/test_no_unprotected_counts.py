"""No column of a candidate mart holds an unprotected count from returns: every column of every table is looked at.

A number column is either a count of people or assignments from returns, and then it is held against the independent
computation wherever the true count is 1 to 4; or it goes with such a count, and then it is hidden with it; or it stands
in a list here with the reason why it is neither. A column in no list fails, so that a new one is thought about.
"""

import json
import re

import pandas as pd
import pytest

from ingestion.settings import Settings
from tests.dbt_project.frames import read_frame
from tests.dbt_project.independent import census_returns
from tests.dbt_project.independent.comparing import LARGEST_SMALL_COUNT, Figure, Held, Mart
from tests.dbt_project.independent.marts import MARTS

SCHEMAS = ("marts_candidate", "open_data_candidate")
NUMBER_TYPES = ("smallint", "integer", "bigint", "numeric", "real", "double precision")

# Tables in which nothing of a return stands.
AS_PUBLISHED = "DfE's statistics, as published"
RECRUITMENT = "aggregates of the recruitment site: adverts, visits, followers"
REFERENCE = "places: names, codes, which authority belongs where"
NOT_FROM_RETURNS = {
    "marts_candidate.bridge_authority_reporting_unit": REFERENCE,
    "marts_candidate.dim_authority": REFERENCE,
    "marts_candidate.dim_reporting_unit": REFERENCE,
    "marts_candidate.fct_census_indicator": AS_PUBLISHED,
    "marts_candidate.mart_census__indicators": AS_PUBLISHED,
    "marts_candidate.mart_census__revisions": AS_PUBLISHED,
    "marts_candidate.mart_census__role_by_ethnicity": AS_PUBLISHED,
    "open_data_candidate.census_indicators": AS_PUBLISHED,
    "open_data_candidate.census_role_by_ethnicity": AS_PUBLISHED,
    **{
        f"marts_candidate.mart_lswc__{name}": RECRUITMENT
        for name in (
            "channels", "data_quality", "followers", "funnel", "jobs", "month_status", "monthly", "recent_months",
        )
    },
}  # fmt: skip

# Numbers that are no counts of people or assignments, by the reason why, in whatever table of returns they stand.
REASONS = {
    "a place in a list": [
        "allowance_order", "breakdown_order", "category_order", "display_order", "ep_grade_order", "ethnic_group_order",
        "focus_group_order", "measure_order", "pay_item_order", "role_order", "role_type_order", "rule_order",
        "tier_order",
    ],
    "a year": ["as_at_year", "census_year"],
    "decimals to show": ["decimals"],
    "reporting units or authorities, not people": [
        "authorities_in_unit", "authorities_returned", "neighbours_counted", "units_counted", "units_expected",
        "units_full", "units_late", "units_none", "units_not_applicable", "units_not_offering", "units_overdue",
        "units_partial", "units_partly", "units_ranked", "units_to_all", "units_to_some",
    ],
    "quarters": ["quarters_compared"],
    "files received, findings about them, and days": [
        "days_after_deadline", "findings_errors", "findings_queries", "version", "versions_received",
    ],
    "coverage of units, per cent": ["coverage_pct", "minimum_coverage_pct"],
    "a percentage, made of protected counts and hidden with them": [
        "change_points", "compliance_rate_pct", "declaration_rate_pct", "full_pct", "hcpc_registered_pct",
        "previous_rate_pct", "remote_pct", "share_above_cap_pct", "share_of_known_pct", "share_offering_pct",
        "share_pct", "unknown_pct", "vacancy_rate_pct",
    ],
    "an interval, a ratio, a difference of percentages or a test of protected counts": [
        "change_high_points", "change_low_points", "change_since_2019_points", "fisher_p", "gap_to_workforce_points",
        "lower_to_middle", "lower_to_upper", "middle_to_upper", "ratio", "ratio_high", "ratio_low",
        "representation_index", "representation_index_population", "share_high_pct", "share_low_pct", "trend_p",
        "trend_z",
    ],
    "money: rates of pay of a group that is large enough, and caps": [
        "cap_gbp", "change_in_median_gbp", "lower_quartile_gbp", "mean_gbp", "median_gbp", "median_headroom_gbp",
        "previous_median_gbp", "upper_quartile_gbp", "weighted_mean_gbp",
    ],
    "years of experience, of a group that is large enough": ["pqe_median_years"],
    "FTE of a protected headcount, hidden with it": ["fte"],
    "posts, not people": ["vacancy_fte"],
    "published by DfE or ONS": ["england_value", "population_share_pct", "published_value"],
    "made of figures that the mart itself shows": [
        "change_on_previous", "change_on_quarter", "change_on_year", "inner_outer_value", "london_value",
        "neighbours_median", "previous_value", "quartile_in_london", "rank_in_london", "returns_difference",
        "year_ago_value",
    ],
}  # fmt: skip
WHY_NO_COUNT = {column: reason for reason, columns in REASONS.items() for column in columns}


def _columns(settings: Settings) -> pd.DataFrame:
    """Every column of every candidate table: table_schema.table_name, column_name, data_type."""
    return read_frame(
        settings,
        "select table_schema || '.' || table_name as place, column_name, data_type from information_schema.columns"
        " where table_schema in ('marts_candidate', 'open_data_candidate') order by 1, ordinal_position",
    )


def _of_returns(settings: Settings) -> pd.DataFrame:
    columns = _columns(settings)
    return columns[~columns.place.isin(NOT_FROM_RETURNS)]


def _parents(settings: Settings) -> dict[str, set[str]]:
    """Everything that stands behind each candidate table, by dbt's own account: {schema.table: unique ids}."""
    manifest = json.loads((settings.home / "dbt" / "manifest.json").read_text())
    found = {}
    for name, node in manifest["nodes"].items():
        if node["resource_type"] == "model" and node["schema"] in SCHEMAS:
            behind: set[str] = set()
            waiting = [name]
            while waiting:
                one = waiting.pop()
                if one not in behind:
                    behind.add(one)
                    waiting += manifest["parent_map"].get(one, [])
            found[f"{node['schema']}.{node['alias']}"] = behind
    return found


FIGURES: list[tuple[Mart, Figure]] = [(mart, figure) for mart in MARTS for figure in mart.figures]
COUNTS = [(mart, figure) for mart, figure in FIGURES if figure.counts_people]
every_count = pytest.mark.parametrize(
    ("mart", "figure"), COUNTS, ids=[f"{mart.name} {figure.column}" for mart, figure in COUNTS]
)


def _small(held: Held, mart: Mart, figure: Figure) -> pd.DataFrame:
    """The mart's rows where the true count is 1 to 4, with that count as `is_truly`."""
    shown = held.shown(mart)
    own = held.truth(mart)[figure.counted or figure.truth].reindex(shown.index).astype(float)
    return shown.assign(is_truly=own)[own.between(1, LARGEST_SMALL_COUNT)]


def test_every_number_column_of_every_table_is_looked_at(warehouse_with_returns: Settings) -> None:
    columns = _of_returns(warehouse_with_returns)
    # Whatever is neither a number nor one of these might hold one.
    assert set(columns.data_type) <= {*NUMBER_TYPES, "text", "boolean", "date"}
    numbers = columns[columns.data_type.isin(NUMBER_TYPES)]
    counted = {(mart.table, figure.column) for mart, figure in COUNTS}
    left = [
        (place, column)
        for place, column in zip(numbers.place, numbers.column_name, strict=True)
        if (place, column) not in counted and column not in WHY_NO_COUNT
    ]
    assert left == [], "say in this test why these are no counts of people, or compare them (independent/marts.py)"


def test_the_lists_name_only_what_is_there(warehouse_with_returns: Settings) -> None:
    columns = _columns(warehouse_with_returns)
    there = set(zip(columns.place, columns.column_name, strict=True))
    assert set(NOT_FROM_RETURNS) <= set(columns.place)
    assert set(WHY_NO_COUNT) <= set(_of_returns(warehouse_with_returns).column_name)
    for mart, figure in FIGURES:
        assert (mart.table, figure.column) in there
    # Nothing that is compared as a count of people is also said to be none.
    assert not {figure.column for _, figure in COUNTS} & set(WHY_NO_COUNT)


def test_tables_said_to_hold_nothing_of_returns_do_not_stand_on_any(warehouse_with_returns: Settings) -> None:
    behind = _parents(warehouse_with_returns)
    for table in NOT_FROM_RETURNS:
        assert not [name for name in behind[table] if name.startswith("source.workforce.returns")], table
    # And each of the others does, so the list is complete.
    for table in set(_of_returns(warehouse_with_returns).place):
        assert [name for name in behind[table] if name.startswith("source.workforce.returns")], table


@every_count
def test_a_true_count_of_one_to_four_is_null_with_a_status(mart: Mart, figure: Figure, held: Held) -> None:
    rows = _small(held, mart, figure)
    assert figure.status
    assert rows[figure.column].isna().all()
    assert (rows[figure.status] == "c").all()


@every_count
def test_what_goes_with_a_hidden_count_is_hidden_too(mart: Mart, figure: Figure, held: Held) -> None:
    rows = held.shown(mart)
    hidden = rows[rows[figure.status] == "c"]
    for other in mart.figures:
        if other.goes_with == figure.column:
            assert hidden[other.column].isna().all(), other.column


def test_fte_and_rates_of_the_census_are_hidden_with_their_headcount(held: Held) -> None:
    rows = read_frame(held.settings, "select * from marts_candidate.mart_census__from_returns")
    wide = rows.set_index(["unit_code", "census_year", "indicator"])
    status, value = wide.returns_status.unstack(), wide.returns_value.unstack()
    hidden = 0
    for headcount, others in {
        "inpost_headcount": ["inpost_fte"],
        "starters_headcount": ["starters_fte"],
        "leavers_headcount": ["leavers_fte", "turnover_rate_fte", "turnover_rate_headcount"],
        "agency_headcount": ["agency_fte", "agency_rate_fte", "agency_rate_headcount", "agency_cover_rate_fte"],
    }.items():
        is_hidden = status[headcount] == "c"
        hidden += int(is_hidden.sum())
        assert value.loc[is_hidden, others].isna().all(axis=None), headcount
    assert hidden > 0


def test_few_workers_behind_a_census_figure_hide_it(held: Held) -> None:
    # Figures that are no headcount, and the people behind them that no indicator counts.
    of = census_returns.people(held.raw)
    holders = of["case_holders"].groupby(["unit_code", "year"]).swe_no.nunique()
    cover = held.raw.stated.groupby(["unit_code", "year"]).no_agency_headcount.sum().astype(float)
    rows = read_frame(held.settings, "select * from marts_candidate.mart_census__from_returns where returns_value > 0")
    shown = rows.set_index(["unit_code", "census_year"])
    for people, indicators in (
        (holders, ["case_holders_fte", "cases", "caseload_fte"]),
        (cover, ["agency_cover_fte", "agency_cover_rate_fte", "vacancy_agency_cover_rate_fte"]),
    ):
        few = people[people.between(1, LARGEST_SMALL_COUNT)].index
        for indicator in indicators:
            assert not set(few) & set(shown.index[shown.indicator == indicator]), indicator
    assert cover.between(1, LARGEST_SMALL_COUNT).any()


def test_agency_fte_and_rate_are_hidden_with_the_assignments_they_are_of(held: Held) -> None:
    rows = read_frame(held.settings, "select * from marts_candidate.mart_agency__measures")
    wide = rows.set_index(["unit_code", "period_label", "role_type", "measure"])
    status, value = wide.value_status.unstack(), wide.value.unstack()
    is_hidden = status.active_assignments == "c"
    assert is_hidden.any()
    assert value.loc[is_hidden, ["active_fte", "agency_rate_fte"]].isna().all(axis=None)
    assert value.loc[status.assignments == "c", ["monthly_cost_gbp", "quarter_cost_gbp"]].isna().all(axis=None)
    for count in ("project_team", "over_3_months", "over_6_months", "over_12_months"):
        names = [name for name in (f"{count}_assignments", count) if name in status]
        assert value.loc[status[names[0]] == "c", f"{count}_pct"].isna().all(), count


@every_count
def test_no_words_beside_a_small_count_say_it(mart: Mart, figure: Figure, held: Held) -> None:
    rows = _small(held, mart, figure)
    for column in rows.columns.intersection(["value_label", "note", "direction", "change_label"]):
        # "Below 1 is worse" is about a ratio.
        texts = rows[column].fillna("").str.replace(r"(?i)\b(below|above|side of) 1\b", "", regex=True)
        for text, count in zip(texts, rows.is_truly, strict=True):
            assert not re.search(rf"(?<![\w./]){int(count)}(?![\w./%])", text), (column, text)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_small_counts_there_are_to_protect(schema: str, held: Held) -> None:
    small = 0
    for mart, figure in COUNTS:
        if mart.table.startswith(schema):
            small += len(_small(held, mart, figure))
    assert small > 0
