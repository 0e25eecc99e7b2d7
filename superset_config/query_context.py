"""The queries behind a chart, derived from its parameters as Superset's own pages derive them.

A chart saved without a query context cannot be fetched by the chart data API; one written by hand drifts from
the chart. So it is derived here, for the chart types the dashboards use (the rules are those of the
`buildQuery` functions of Superset 6.1's chart plugins).
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

Params = dict[str, Any]
Query = dict[str, Any]


# As many values as Superset asks for by default.
FILTER_VALUES = 1000


class UnknownChartType(Exception):
    """A chart type whose queries nobody has described yet."""


def _filters(params: Params) -> list[Query]:
    """The chart's own conditions (`adhoc_filters`), in the shape a query carries."""
    found = []
    for condition in params.get("adhoc_filters", []):
        query_filter = {"col": condition["subject"], "op": condition["operator"]}
        if "comparator" in condition:
            query_filter["val"] = condition["comparator"]
        found.append(query_filter)
    return found


def _order(params: Params) -> list[Any]:
    return [json.loads(pair) for pair in params.get("order_by_cols", [])]


def _base(params: Params, columns: Iterable[Any], metrics: Iterable[Any] | None, order: list[Any]) -> Query:
    query: Query = {
        "filters": _filters(params),
        "extras": {"having": "", "where": ""},
        "applied_time_extras": {},
        "columns": list(columns),
        "orderby": order,
        "annotation_layers": [],
        "row_limit": params["row_limit"],
        "series_limit": 0,
        "group_others_when_limit_reached": False,
        "order_desc": params.get("order_desc", True),
        "url_params": {},
        "custom_params": {},
        "custom_form_data": {},
    }
    if metrics is not None:
        query["metrics"] = list(metrics)
    return query


def _is_raw(params: Params) -> bool:
    return params.get("query_mode", "aggregate") == "raw"


def _handlebars(params: Params) -> list[Query]:
    if _is_raw(params):
        return [_base(params, params["all_columns"], None, _order(params))]
    metrics = params.get("metrics", [])
    order = [[metrics[0], not params.get("order_desc", True)]] if metrics else []
    return [_base(params, params.get("groupby", []), metrics, order)]


def _table(params: Params) -> list[Query]:
    (query,) = _handlebars(params)
    return [query | {"post_processing": [], "time_offsets": []}]


def _metric_label(metric: Any) -> str:
    return metric if isinstance(metric, str) else metric["label"]


def _series(params: Params) -> Query:
    """One query of a chart over an axis: pivoted, so that every series is a column."""
    axis, groups, metrics = params["x_axis"], params.get("groupby", []), params["metrics"]
    axis_column = {
        "timeGrain": params.get("time_grain_sqla"),
        "columnType": "BASE_AXIS",
        "sqlExpression": axis,
        "label": axis,
        "expressionType": "SQL",
        "isColumnReference": True,
    }
    query = _base(params, [axis_column, *groups], metrics, [[metrics[0], not params.get("order_desc", True)]])
    query["extras"] = {"time_grain_sqla": params.get("time_grain_sqla")} | query["extras"]
    del query["order_desc"]
    pivot = {
        "operation": "pivot",
        "options": {
            "index": [axis],
            "columns": groups,
            "aggregates": {_metric_label(metric): {"operator": "mean"} for metric in metrics},
            # Also decides about axis points without any value: kept, a line breaks there instead of running on.
            "drop_missing_columns": not params.get("show_empty_columns", False),
        },
    }
    steps: list[Query] = [pivot]
    if groups and len(metrics) == 1 and params.get("truncate_metric"):
        steps.append(
            {
                "operation": "rename",
                "options": {"columns": {_metric_label(metrics[0]): None}, "level": 0, "inplace": True},
            }
        )
    steps.append({"operation": "flatten"})
    return query | {"series_columns": groups, "time_offsets": [], "post_processing": steps}


def _mixed(params: Params) -> list[Query]:
    suffix = "_b"
    shared = {name: value for name, value in params.items() if not name.endswith(suffix)}
    own = {name.removesuffix(suffix): value for name, value in params.items() if name.endswith(suffix)}
    # The second query takes nothing from the first where it has no setting of its own.
    second = {name: value for name, value in shared.items() if name + suffix not in params}
    for name in ("groupby", "metrics", "adhoc_filters", "order_desc", "truncate_metric"):
        second.pop(name, None)
    return [_series(shared), _series(second | own)]


BUILDERS: dict[str, Callable[[Params], list[Query]]] = {
    "handlebars": _handlebars,
    "table": _table,
    "mixed_timeseries": _mixed,
}


def queries(viz_type: str, params: Params) -> list[Query]:
    """The queries one chart asks, without any dashboard filter.

    Raises:
        UnknownChartType: add a builder above for a chart type that is new to the dashboards.
    """
    if viz_type not in BUILDERS:
        raise UnknownChartType(
            f"no query is described for chart type {viz_type}; add it to superset_config/query_context.py"
        )
    return BUILDERS[viz_type](params)


def query_context(viz_type: str, params: Params, dataset_id: int) -> Query:
    """The body that `/api/v1/chart/data` takes for one chart."""
    return {
        "datasource": {"id": dataset_id, "type": "table"},
        "force": False,
        "queries": queries(viz_type, params),
        "form_data": params | {"datasource": f"{dataset_id}__table", "viz_type": viz_type},
        "result_format": "json",
        "result_type": "full",
    }


def with_filters(context: Query, filters: list[Query]) -> Query:
    """The same body with more conditions on every query, as a dashboard's filters add them: before the chart's own."""
    return context | {"queries": [query | {"filters": [*filters, *query["filters"]]} for query in context["queries"]]}


def filter_values(column: str, sort_metric: str | None, descending: bool, dataset_id: int) -> Query:
    """The body that asks for the values a dashboard's filter offers."""
    order = [[sort_metric or column, not descending]]
    query = _base({"row_limit": FILTER_VALUES}, [column], [sort_metric] if sort_metric else [], order)
    return {
        "datasource": {"id": dataset_id, "type": "table"},
        "force": False,
        "queries": [query],
        "form_data": {"viz_type": "filter_select", "type": "NATIVE_FILTER"},
        "result_format": "json",
        "result_type": "full",
    }
