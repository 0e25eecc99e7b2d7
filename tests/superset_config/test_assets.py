"""The dashboards' files, checked without a credential or a server."""

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.settings import ROOT
from superset_config.assets import (
    ASSETS,
    AssetError,
    Assets,
    chart_config,
    check,
    connection_config,
    dashboard_config,
    dataset_config,
    read_assets,
)
from superset_config.look import PALETTE

HEADLINES = [
    "inpost_fte",
    "turnover_rate_fte",
    "agency_rate_fte",
    "vacancy_rate_fte",
    "caseload_fte",
    "absence_rate_fte",
]

CENSUS = ("census", "open_census")


def seed(name: str) -> list[dict[str, str]]:
    path = ROOT / "dbt_project" / "seeds" / "reference" / f"{name}.csv"
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def indicator_seed() -> list[dict[str, str]]:
    return seed("census_indicators")


def test_the_assets_are_in_order(assets: Assets) -> None:
    assert check(assets) == []


def test_every_dashboard_is_there_under_its_name_and_for_its_audience(assets: Assets) -> None:
    assert {each.slug: (each.title, each.audience) for each in assets.dashboards.values()} == {
        "census": ("Children's Social Work Workforce Census", "members"),
        "open_census": ("Open data: Children's Social Work Workforce", "public"),
        "lswc": ("London Social Work for Children", "members"),
    }


def test_no_file_holds_a_credential_or_an_address() -> None:
    for path in ASSETS.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"password|secret|token|://|sqlalchemy", text, re.IGNORECASE), path


def test_every_query_context_reads_the_charts_own_dataset(assets: Assets) -> None:
    for chart in assets.charts.values():
        config = chart_config(chart, 42)
        context = yaml.safe_load(config["query_context"])
        assert context["datasource"] == {"id": 42, "type": "table"}, chart.key
        assert context["queries"], chart.key
        assert context["form_data"]["datasource"] == "42__table", chart.key


def test_a_charts_conditions_reach_its_query(assets: Assets) -> None:
    (query,) = assets.charts["census/headlines"].queries()
    assert query["filters"] == [{"col": "is_headline", "op": "==", "val": True}]
    assert query["orderby"] == [["unit_name", True], ["headline_order", True]]


def test_the_trend_asks_for_the_chosen_units_and_beside_them_for_london_and_england(assets: Assets) -> None:
    chosen, beside = assets.charts["census/trend"].queries()
    assert (chosen["metrics"], chosen["series_columns"]) == (["chosen"], ["unit_name"])
    assert (beside["metrics"], beside["series_columns"]) == (["london_beside", "england_beside"], [])


def test_templates_are_one_line_so_that_markdown_takes_them_as_html(assets: Assets) -> None:
    for chart in assets.charts.values():
        assert "\n" not in chart.params.get("handlebarsTemplate", ""), chart.key


def test_every_figure_that_may_be_withheld_is_shown_with_its_symbol(assets: Assets) -> None:
    for key in ("headlines", "ranking", "map"):
        assert "{{value_label}}" in assets.charts[f"census/{key}"].params["handlebarsTemplate"], key
    assert "{{share_status}}" in assets.charts["census/roles"].params["handlebarsTemplate"]
    assert "value_label" in assets.charts["census/table"].params["all_columns"]


def test_the_default_indicator_is_one_the_marts_have(assets: Assets) -> None:
    labels = {row["indicator_label"] for row in indicator_seed()}
    for slug in CENSUS:
        (indicator,) = (each for each in assets.dashboards[slug].filters if each.column == "indicator_label")
        assert set(indicator.default) <= labels, slug


def test_the_six_headline_figures_are_the_marts_headlines() -> None:
    headlines = sorted(
        (row for row in indicator_seed() if row["is_headline"] == "true"), key=lambda row: int(row["headline_order"])
    )
    assert [row["indicator"] for row in headlines] == HEADLINES


def test_the_year_and_month_filters_take_the_newest_and_name_none(assets: Assets) -> None:
    for slug, column in (*((slug, "census_year") for slug in CENSUS), ("lswc", "month_label")):
        (newest,) = (each for each in assets.dashboards[slug].filters if each.column == column)
        assert newest.newest_first and newest.default == ()
    assert not re.search(r"\b20[12]\d\b", "".join(path.read_text() for path in ASSETS.rglob("dashboard.yaml")))


def test_the_filters_of_the_jobs_site_begin_with_what_the_marts_have(assets: Assets) -> None:
    defaults = {each.column: each.default for each in assets.dashboards["lswc"].filters}
    assert set(defaults["role_group"]) <= {row["role_group"] for row in seed("lswc_role_groups")}
    assert set(defaults["kpi_label"]) <= {row["kpi_label"] for row in seed("lswc_kpis")}


def test_month_authority_and_role_group_act_together_on_the_chosen_jobs(assets: Assets) -> None:
    acting = {each.name for each in assets.dashboards["lswc"].filters if "jobs_chosen" in each.charts}
    assert acting == {"Month", "Authority", "Role group"}


def test_the_month_filter_stands_on_a_table_that_is_never_empty(assets: Assets) -> None:
    # Charts wait for its first value; in a warehouse without deliveries they would wait for ever.
    (month,) = (each for each in assets.dashboards["lswc"].filters if each.column == "month_label")
    assert month.dataset == assets.charts["lswc/banner"].dataset == "marts/mart_lswc__month_status"


def test_a_column_worked_out_in_a_dataset_is_imported_with_its_expression(assets: Assets) -> None:
    config = dataset_config(assets.datasets["marts/mart_lswc__jobs"], 1)
    expressions = {each["column_name"]: each["expression"] for each in config["columns"]}
    assert expressions["month_label"] == "to_char(month, 'FMMonth YYYY')"
    assert expressions["month"] is None


def test_visits_and_clicks_of_the_funnel_are_counted_by_one_rule(assets: Assets) -> None:
    template = assets.charts["lswc/funnel"].params["handlebarsTemplate"]
    bars = re.findall(r"calc\(100% \* {{(\w+)}} / {{longest}}\)", template)
    assert bars == ["visits", "job_views_in_analytics", "apply_clicks_in_analytics"]


def test_colours_come_from_the_palette(assets: Assets) -> None:
    for dashboard in assets.dashboards.values():
        assert set(dashboard.label_colors.values()) <= set(PALETTE)


def test_the_connection_gets_its_password_only_when_it_is_imported(assets: Assets) -> None:
    config = connection_config(
        assets.connections["open_data"], lambda role: f"postgresql://{role}:from-outside@host/db"
    )
    assert config["sqlalchemy_uri"] == "postgresql://public_reader:from-outside@host/db"
    assert config["allow_dml"] is config["allow_file_upload"] is config["allow_ctas"] is False


def test_a_filter_leaves_out_the_charts_it_does_not_act_on(assets: Assets) -> None:
    dashboard = assets.dashboards["census"]
    chart_ids = {key: number for number, key in enumerate(sorted(assets.charts), start=1)}
    config = dashboard_config(dashboard, assets, chart_ids, dict.fromkeys(assets.datasets, 7))
    filters = {each["name"]: each for each in config["metadata"]["native_filter_configuration"]}
    assert chart_ids["census/banner"] in filters["Census year"]["scope"]["excluded"]
    assert chart_ids["census/trend"] in filters["Census year"]["scope"]["excluded"]
    assert chart_ids["census/ranking"] not in filters["Census year"]["scope"]["excluded"]
    assert filters["Unit"]["defaultDataMask"]["filterState"]["value"] == ["London"]


def test_every_chart_on_the_page_hangs_below_the_root(assets: Assets) -> None:
    for dashboard in assets.dashboards.values():
        chart_ids = {key: number for number, key in enumerate(sorted(assets.charts), start=1)}
        position = dashboard_config(dashboard, assets, chart_ids, dict.fromkeys(assets.datasets, 7))["position"]
        reached, waiting = set(), ["ROOT_ID"]
        while waiting:
            node = position[waiting.pop()]
            reached.add(node["id"])
            waiting.extend(node["children"])
        charts = {
            node["meta"]["chartId"] for key, node in position.items() if key.startswith("CHART-") and key in reached
        }
        assert charts == {chart_ids[key] for key in dashboard.placed_charts()}


# --- Each check finds what it is for ----------------------------------------------------------------------
def with_chart(assets: Assets, key: str, **changes: Any) -> Assets:
    return replace(assets, charts={**assets.charts, key: replace(assets.charts[key], **changes)})


def with_params(assets: Assets, key: str, **params: Any) -> Assets:
    return with_chart(assets, key, params=assets.charts[key].params | params)


BROKEN: dict[str, tuple[Callable[[Assets], Assets], str]] = {
    "a column the mart does not have": (
        lambda assets: with_params(assets, "census/map", all_columns=["unit_name", "shoe_size"]),
        "census/map: marts/mart_census__indicators has no column shoe_size",
    ),
    "a metric the dataset does not have": (
        lambda assets: with_params(assets, "census/trend", metrics=["average_mood"]),
        "census/trend: marts/mart_census__indicators has no metric average_mood",
    ),
    "a condition on a column the mart does not have": (
        lambda assets: with_params(
            assets, "census/map", adhoc_filters=[{"subject": "planet", "operator": "==", "comparator": "Mars"}]
        ),
        "census/map: marts/mart_census__indicators has no column planet",
    ),
    "a dataset that is not there": (
        lambda assets: with_chart(assets, "census/map", dataset="marts/nowhere"),
        "census/map: there is no dataset marts/nowhere",
    ),
    "the same uuid twice": (
        lambda assets: with_chart(assets, "census/map", uuid=assets.charts["census/table"].uuid),
        "has the same uuid as",
    ),
    "a uuid that is none": (
        lambda assets: with_chart(assets, "census/map", uuid="map"),
        "map is not a uuid",
    ),
    "a public chart that reads members' marts": (
        lambda assets: with_chart(assets, "open_census/map", dataset="marts/mart_census__indicators"),
        "open_census/map reads marts/mart_census__indicators, which is not open data",
    ),
    "a title of eleven words": (
        lambda assets: with_chart(
            assets, "census/map", title="one two three four five six seven eight nine ten eleven"
        ),
        "the title has more than 10 words",
    ),
    "a script in a template": (
        lambda assets: with_params(assets, "census/map", handlebarsTemplate="<div></div><script>alert(1)</script>"),
        "the template may hold no script",
    ),
    "a helper Superset does not have": (
        lambda assets: with_params(assets, "census/map", handlebarsTemplate="<p>{{#if (isNumeric value)}}1{{/if}}</p>"),
        "census/map: the template calls isNumeric",
    ),
    "a chart type nobody has described": (
        lambda assets: with_chart(assets, "census/map", viz_type="word_cloud"),
        "no query is described for chart type word_cloud",
    ),
    "a chart that is on no page": (
        lambda assets: replace(
            assets, charts={**assets.charts, "census/lost": replace(assets.charts["census/map"], key="census/lost")}
        ),
        "census/lost has a file and is not on the page",
    ),
    "a connection as a role that may write": (
        lambda assets: replace(
            assets,
            connections={**assets.connections, "members": replace(assets.connections["members"], role="transformer")},
        ),
        "transformer is not a reader role",
    ),
    "a table outside the published schemas": (
        lambda assets: replace(
            assets,
            datasets={
                **assets.datasets,
                "raw/x": replace(next(iter(assets.datasets.values())), key="raw/x", schema="raw", uuid="0" * 32),
            },
        ),
        "dataset raw/x: charts may read marts and open_data only",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_the_check_finds(fault: str, assets: Assets) -> None:
    break_it, message = BROKEN[fault]
    assert any(message in problem for problem in check(break_it(assets))), check(break_it(assets))


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "connections").mkdir()
    (tmp_path / "connections" / "broken.yaml").write_text("uuid: [", encoding="utf-8")
    with pytest.raises(AssetError, match=r"broken\.yaml: cannot be read"):
        read_assets(tmp_path)
