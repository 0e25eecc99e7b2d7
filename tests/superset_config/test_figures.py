"""The figures the dashboards show are the published ones, and they come quickly."""

import re
import statistics
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from superset_config.assets import Assets, Dashboard
from superset_config.client import Superset
from tests.superset_config.conftest import RunningSuperset, rows_of
from tests.superset_config.measuring import uncached_seconds

# DfE, 2024 release, London: in post FTE, turnover, agency, vacancy, caseload, absence.
LONDON_2024 = {
    "inpost_fte": 5869.9,
    "turnover_rate_fte": 15.3,
    "agency_rate_fte": 21.9,
    "vacancy_rate_fte": 22.7,
    "caseload_fte": 13.8,
    "absence_rate_fte": 2.7,
}
MOST_SECONDS_A_CHART = 0.5

Question = Callable[[Dashboard, str], dict[str, Any]]


@pytest.mark.parametrize(("who", "slug"), [("public", "open_census"), ("member", "census")])
def test_the_headline_tiles_show_londons_published_figures(
    who: str, slug: str, visitors: Mapping[str, Superset], question: Question, assets: Assets,
    superset: RunningSuperset, newest_year: int,
) -> None:  # fmt: skip
    rows = rows_of(visitors[who].post("/api/v1/chart/data", question(assets.dashboards[slug], f"{slug}/headlines")))
    shown = {row["indicator"]: row["value_label"] for row in rows}
    if superset.is_synthetic or newest_year != 2024:
        with superset.settings.connect("members_reader") as connection:
            expected = dict(
                connection.execute(
                    "select indicator, value from marts.mart_census__indicators "
                    "where unit_code = 'E12000007' and census_year = %s and is_headline",
                    [newest_year],
                ).fetchall()
            )
    else:
        expected = LONDON_2024
    assert list(shown) == list(LONDON_2024), "six tiles in headline order"
    assert {name: float(label.rstrip("%").replace(",", "")) for name, label in shown.items()} == pytest.approx(
        {name: float(value) for name, value in expected.items()}
    )


def test_the_ranking_holds_the_32_units_in_order(
    visitors: Mapping[str, Superset], question: Question, assets: Assets
) -> None:
    body = question(assets.dashboards["open_census"], "open_census/ranking")
    rows = rows_of(visitors["public"].post("/api/v1/chart/data", body))
    ranks = [row["rank_in_london"] for row in rows]
    ranked = [rank for rank in ranks if rank is not None]
    assert len(rows) == len({row["unit_name"] for row in rows}) == 32
    assert ranked == sorted(ranked) and ranks[: len(ranked)] == ranked, "units without a figure come last"
    assert all(row["value_label"] for row in rows), "never blank"


def test_the_map_has_a_tile_of_its_own_for_each_unit(
    visitors: Mapping[str, Superset], question: Question, assets: Assets
) -> None:
    rows = rows_of(
        visitors["public"].post("/api/v1/chart/data", question(assets.dashboards["open_census"], "open_census/map"))
    )
    places = {(row["grid_row"], row["grid_column"]) for row in rows}
    assert len(rows) == len(places) == 32 and all(None not in place for place in places)


def test_comparators_are_drawn_beside_rates_and_not_beside_counts(
    visitors: Mapping[str, Superset], question: Question, assets: Assets
) -> None:
    def beside(indicator: str, unit: str) -> list[dict[str, Any]]:
        body = question(assets.dashboards["open_census"], "open_census/trend")
        for query in body["queries"]:
            for each in query["filters"]:
                each["val"] = [indicator] if each["col"] == "indicator_label" else [unit]
        rows = visitors["public"].post("/api/v1/chart/data", body)["result"][1]["data"]
        assert isinstance(rows, list)
        return rows

    assert all({"london_beside", "england_beside"} <= row.keys() for row in beside("Turnover rate (FTE)", "Camden"))
    assert all("london_beside" not in row for row in beside("Turnover rate (FTE)", "London"))
    assert not any(
        value
        for row in beside("Social workers in post (FTE)", "Camden")
        for name, value in row.items()
        if "beside" in name
    )


def test_a_withheld_figure_is_shown_as_its_symbol(
    visitors: Mapping[str, Superset], question: Question, assets: Assets, superset: RunningSuperset, newest_year: int
) -> None:
    with superset.settings.connect("public_reader") as connection:
        withheld = connection.execute(
            "select unit_name, indicator_label, value_status from open_data.census_indicators "
            "where census_year = %s and value is null and unit_level = 'authority' limit 1",
            [newest_year],
        ).fetchone()
    assert withheld is not None, "the newest year has a figure that was not published"
    body = question(assets.dashboards["open_census"], "open_census/table")
    (indicator,) = (each for each in body["queries"][0]["filters"] if each["col"] == "indicator_label")
    indicator["val"] = [withheld[1]]
    rows = {row["unit_name"]: row for row in rows_of(visitors["public"].post("/api/v1/chart/data", body))}
    assert rows[withheld[0]]["value_label"] == rows[withheld[0]]["Symbol"] == withheld[2]


# --- London Social Work for Children ----------------------------------------------------------------------
TILES = ["visitors", "jobs_posted", "jobs_live", "job_views", "apply_clicks", "registrations", "followers"]


def in_the_mart(superset: RunningSuperset, query: str, *values: Any) -> list[Any]:
    """What the published marts hold, read past Superset."""
    with superset.settings.connect("members_reader") as connection:
        return connection.execute(query, list(values)).fetchall()


def shown(
    visitors: Mapping[str, Superset], question: Question, assets: Assets, chart: str, **chosen: str
) -> list[dict[str, Any]]:
    """The rows of a chart of the jobs site's dashboard as a member sees it, its filters as given else as it opens."""
    body = question(assets.dashboards["lswc"], f"lswc/{chart}")
    for query in body["queries"]:
        for each in query["filters"]:
            if each["col"] in chosen:
                each["val"] = [chosen[each["col"]]]
    return rows_of(visitors["member"].post("/api/v1/chart/data", body))


def newest_month(superset: RunningSuperset) -> Any:
    return in_the_mart(superset, "select max(month) from marts.mart_lswc__monthly")[0][0]


def number_of(label: str) -> float | None:
    return None if label == "x" else float(label.replace(",", ""))


def test_the_tiles_show_the_months_figures_and_the_twelve_months_before(
    visitors: Mapping[str, Superset], question: Question, assets: Assets, superset: RunningSuperset
) -> None:
    month = newest_month(superset)
    expected = in_the_mart(
        superset,
        "select kpi, to_char(month, 'YYYY-MM'), value::float from marts.mart_lswc__monthly "
        "where kpi <> 'sessions' and month between %s::date - interval '12 months' and %s "
        "order by kpi_order, month desc",
        month, month,
    )  # fmt: skip
    rows = shown(visitors, question, assets, "headlines")
    assert list(dict.fromkeys(row["kpi"] for row in rows)) == TILES
    assert any(value is not None for kpi, _, value in expected if kpi == "visitors"), "the site has visitors"
    assert [
        (
            row["kpi"],
            datetime.fromtimestamp(row["recent_month"] / 1000, UTC).strftime("%Y-%m"),
            number_of(row["value_label"]),
        )
        for row in rows
    ] == expected


def test_a_tile_says_how_the_month_changed(
    visitors: Mapping[str, Superset], question: Question, assets: Assets, superset: RunningSuperset
) -> None:
    changes = in_the_mart(
        superset,
        "select kpi, change_on_month::float, change_on_year::float from marts.mart_lswc__monthly where month = %s",
        newest_month(superset),
    )
    expected = {kpi: (on_month, on_year) for kpi, on_month, on_year in changes}
    assert any(on_month for on_month, _ in expected.values())

    def said(words: str) -> float | None:
        if words.startswith("no "):
            return None if words.startswith("no comparison") else 0
        direction, number = words.split()[:2]
        return float(number.replace(",", "")) * {"up": 1, "down": -1}[direction]

    for row in shown(visitors, question, assets, "headlines"):
        if row["months_before"] == 0:
            assert (said(row["change_label"]), said(row["year_change_label"])) == expected[row["kpi"]], row["kpi"]


def test_the_funnel_shows_the_months_steps_and_rates(
    visitors: Mapping[str, Superset], question: Question, assets: Assets, superset: RunningSuperset
) -> None:
    names = (
        "visits", "job_views_in_analytics", "apply_clicks_in_analytics", "clicks_per_100_visits", "job_views",
        "apply_clicks", "click_through_pct", "registrations",
    )  # fmt: skip
    (expected,) = in_the_mart(
        superset,
        f"select {', '.join(f'{name}::float' for name in names)} from marts.mart_lswc__funnel where month = %s",
        newest_month(superset),
    )
    (row,) = shown(visitors, question, assets, "funnel")
    assert tuple(row[name] for name in names) == pytest.approx(expected)
    assert row["longest"] == max(expected[:3])
    assert row["clicks_per_100_visits"] == pytest.approx(
        100 * row["apply_clicks_in_analytics"] / row["visits"], abs=0.0001
    )


def test_channels_make_up_all_visits_of_the_month(
    visitors: Mapping[str, Superset], question: Question, assets: Assets, superset: RunningSuperset
) -> None:
    rows = shown(visitors, question, assets, "channels")
    expected = in_the_mart(
        superset,
        "select channel, sessions from marts.mart_lswc__channels where month = %s",
        newest_month(superset),
    )
    assert {row["channel"]: row["sessions"] for row in rows} == dict(expected)
    assert [row["sessions"] for row in rows] == sorted((row["sessions"] for row in rows), reverse=True)
    assert sum(row["share_of_sessions_pct"] for row in rows) == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize("role_group", ["All role groups", "Social worker"])
def test_the_authorities_jobs_add_up_to_londons(
    role_group: str, visitors: Mapping[str, Superset], question: Question, assets: Assets, superset: RunningSuperset
) -> None:
    rows = shown(visitors, question, assets, "jobs_by_authority", role_group=role_group)
    (london,) = shown(visitors, question, assets, "jobs_chosen", role_group=role_group)
    assert len({row["unit_name"] for row in rows}) == len(rows) == 32
    assert [row["job_views"] for row in rows] == sorted((row["job_views"] for row in rows), reverse=True)
    for name in ("jobs_posted", "jobs_live", "job_views", "apply_clicks"):
        assert sum(row[name] for row in rows) == london[name], name
    assert london["click_through_pct"] == pytest.approx(100 * london["apply_clicks"] / london["job_views"], abs=0.0001)
    if role_group == "All role groups":
        monthly = in_the_mart(
            superset,
            "select value::float from marts.mart_lswc__monthly where month = %s and kpi = 'job_views'",
            newest_month(superset),
        )
        assert [(london["job_views"],)] == monthly


def test_month_authority_and_role_group_together_choose_one_row_of_the_mart(
    visitors: Mapping[str, Superset], question: Question, assets: Assets, superset: RunningSuperset
) -> None:
    chosen = in_the_mart(
        superset,
        "select unit_name, role_group, to_char(month, 'FMMonth YYYY'), jobs_shown, job_views, apply_clicks "
        "from marts.mart_lswc__jobs where unit_level = 'authority' and role_group <> 'All role groups' "
        "and month < (select max(month) from marts.mart_lswc__jobs where jobs_shown > 0) order by job_views desc "
        "nulls last limit 1",
    )[0]
    unit, role_group, month = chosen[:3]
    (row,) = shown(
        visitors, question, assets, "jobs_chosen", unit_name=unit, role_group=role_group, month_label=month
    )  # fmt: skip
    assert (row["unit_name"], row["role_group"], row["month_label"]) == (unit, role_group, month)
    assert (row["jobs_shown"], row["job_views"], row["apply_clicks"]) == chosen[3:]


def test_a_month_nothing_arrived_for_is_shown_with_symbols_and_not_as_zero(
    visitors: Mapping[str, Superset], question: Question, assets: Assets, superset: RunningSuperset
) -> None:
    missing = in_the_mart(
        superset,
        "select to_char(month, 'FMMonth YYYY') from marts.mart_lswc__monthly "
        "where kpi = 'visitors' and value_status = 'x' order by month limit 1",
    )
    if not missing:
        pytest.skip("Every month of the site's visitors has arrived in this stack.")
    rows = shown(visitors, question, assets, "headlines", month_label=missing[0][0])
    (visits,) = (row for row in rows if row["kpi"] == "visitors" and row["months_before"] == 0)
    assert (visits["value_label"], visits["value_status"]) == ("x", "x")
    channels = shown(visitors, question, assets, "channels", month_label=missing[0][0])
    assert channels and {row["share_status"] for row in channels} == {"x"}
    months = shown(visitors, question, assets, "trend")
    gap = next(row for row in months if f"{datetime.fromtimestamp(row['month'] / 1000, UTC):%B %Y}" == missing[0][0])
    assert set(gap.values()) == {gap["month"], None}, "the line breaks at the month"
    (banner,) = shown(visitors, question, assets, "banner", month_label=missing[0][0])
    assert re.search(r"Google Analytics by month[^:]*: Nothing has arrived", banner["incomplete_note"])


def test_every_chart_answers_within_half_a_second_uncached(
    visitors: Mapping[str, Superset], question: Question, assets: Assets
) -> None:
    seconds: dict[str, float] = {}
    for dashboard in assets.dashboards.values():
        for key in dashboard.placed_charts():
            seconds[key] = uncached_seconds(visitors["member"], question(dashboard, key))
    print(f"\nchart data, uncached: median {statistics.median(seconds.values()) * 1000:.0f} ms")
    for key, taken_best in sorted(seconds.items(), key=lambda each: -each[1]):
        print(f"  {taken_best * 1000:4.0f} ms  {key}")
    assert max(seconds.values()) <= MOST_SECONDS_A_CHART, seconds
