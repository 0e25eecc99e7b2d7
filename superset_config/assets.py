"""The dashboards as code: read them, check them without credentials, and turn them into what Superset imports.

A dashboard is a folder in `assets/` with `dashboard.yaml` and one file a chart. What a column means is said once,
in dbt's own YAML; a dataset here only names the table and adds labels.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from superset_config import query_context as derive
from superset_config.environment import READER_ROLES, ROOT
from superset_config.look import PALETTE

ASSETS = ROOT / "superset_config" / "assets"
DBT_MODELS = ROOT / "dbt_project" / "models"
SCHEMAS = ("marts", "open_data")
GRID_COLUMNS = 12
LONGEST_TITLE_WORDS = 10
# What templates may call: Handlebars' own, and those Superset's chart registers. Any other leaves an error in the page.
TEMPLATE_HELPERS = frozenset(
    {
        "if", "unless", "each", "with", "lookup", "else",
        "group", "dateFormat", "formatNumber", "sprintf", "concat", "lowercase", "uppercase", "capitalizeFirst",
        "eq", "neq", "gt", "gte", "lt", "lte", "and", "or", "not", "sum", "difference", "multiplication", "division",
    }
)  # fmt: skip
ROW_LIMIT = 10_000

Node = dict[str, Any]

# dbt's `data_type` (PostgreSQL) to the type Superset shows and filters by.
COLUMN_TYPES = {
    "text": "TEXT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "numeric": "NUMERIC",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
}


class AssetError(Exception):
    """An asset file cannot be read; the message says which and what to do."""


@dataclass(frozen=True)
class Connection:
    """One connection to the warehouse, as one reader role; the password comes from the environment at import."""

    key: str
    uuid: str
    name: str
    role: str


@dataclass(frozen=True)
class Column:
    """One column of a dataset."""

    name: str
    type: str
    description: str
    label: str
    # A column worked out in the dataset from columns of the table; none for the table's own.
    expression: str | None = None


@dataclass(frozen=True)
class Dataset:
    """One physical table that charts may read."""

    key: str
    uuid: str
    connection: str
    schema: str
    table: str
    description: str
    columns: tuple[Column, ...]
    metrics: tuple[dict[str, Any], ...]

    @property
    def column_names(self) -> set[str]:
        """Every column a chart may name."""
        return {column.name for column in self.columns}

    @property
    def metric_names(self) -> set[str]:
        """Every metric a chart may name."""
        return {metric["name"] for metric in self.metrics}


@dataclass(frozen=True)
class Chart:
    """One chart: its type, its dataset and Superset's own parameters."""

    key: str
    uuid: str
    title: str
    viz_type: str
    dataset: str
    description: str
    params: dict[str, Any]

    def queries(self) -> list[dict[str, Any]]:
        """What the chart asks of its dataset."""
        return derive.queries(self.viz_type, self.params)


@dataclass(frozen=True)
class Filter:
    """One filter of a dashboard, and the charts it acts on."""

    id: str
    name: str
    description: str
    dataset: str
    column: str
    charts: tuple[str, ...]
    default: tuple[str, ...]
    newest_first: bool
    multiple: bool
    sort_by: str | None


@dataclass(frozen=True)
class Dashboard:
    """One dashboard: what it is for, its filters and its rows of charts."""

    slug: str
    uuid: str
    title: str
    description: str
    audience: str
    css: str
    filters: tuple[Filter, ...]
    rows: tuple[dict[str, Any], ...]
    label_colors: dict[str, str]

    def placed_charts(self) -> list[str]:
        """Keys of the charts on the page, in reading order."""
        cells = [cell for row in self.rows for cell in row.get("charts", [])]
        return [f"{self.slug}/{each['chart']}" for cell in cells for each in cell.get("stack", [cell])]


@dataclass(frozen=True)
class Assets:
    """Everything Superset is to hold, by key."""

    connections: dict[str, Connection] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    charts: dict[str, Chart] = field(default_factory=dict)
    dashboards: dict[str, Dashboard] = field(default_factory=dict)

    def datasets_of(self, connection: str) -> list[Dataset]:
        """The datasets read through one connection."""
        return [dataset for dataset in self.datasets.values() if dataset.connection == connection]


# --- Reading ----------------------------------------------------------------------------------------------
def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise AssetError(f"{path}: cannot be read ({error}).") from None
    if not isinstance(content, dict):
        raise AssetError(f"{path}: must be a YAML mapping.")
    return content


def _read_model_descriptions(folder: Path) -> dict[str, dict[str, Any]]:
    """dbt's YAML of every model, by model name, with `{{ doc('…') }}` filled in from its Markdown files."""
    blocks = dict(
        block
        for path in sorted(folder.rglob("*.md"))
        for block in re.findall(
            r"{%\s*docs\s+(\w+)\s*%}(.*?){%\s*enddocs\s*%}", path.read_text(encoding="utf-8"), re.DOTALL
        )
    )

    def filled(text: str) -> str:
        return re.sub(r"{{\s*doc\(['\"](\w+)['\"]\)\s*}}", lambda found: blocks.get(found.group(1), ""), text)

    models: dict[str, dict[str, Any]] = {}
    for path in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
        for model in _read_yaml(path).get("models") or []:
            columns = [
                column | {"description": filled(column.get("description", ""))} for column in model.get("columns", [])
            ]
            models[model["name"]] = model | {"description": filled(model.get("description", "")), "columns": columns}
    return models


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _read_dataset(key: str, content: dict[str, Any], models: Mapping[str, dict[str, Any]]) -> Dataset:
    model_name = content.get("model")
    model = models.get(model_name, {}) if model_name else content
    if model_name and not model:
        raise AssetError(f"datasets/{key}.yaml: dbt has no described model named {model_name}.")
    labels = content.get("labels", {})
    columns = tuple(
        Column(
            name=column["name"],
            type=COLUMN_TYPES.get(str(column.get("data_type", "text")).lower(), "TEXT"),
            description=_one_line(column.get("description", "")),
            label=labels.get(column["name"]) or column["name"].replace("_", " ").capitalize(),
        )
        for column in model.get("columns", [])
    )
    computed = tuple(
        Column(
            name=column["name"],
            type=COLUMN_TYPES[column["type"]],
            description=_one_line(column.get("description", "")),
            label=column["label"],
            expression=_one_line(column["expression"]),
        )
        for column in content.get("computed", [])
    )
    return Dataset(
        key=key,
        uuid=content["uuid"],
        connection=content["connection"],
        schema=key.split("/")[0],
        table=key.split("/")[1],
        description=_one_line(model.get("description", "")),
        columns=columns + computed,
        metrics=tuple(content.get("metrics", [])),
    )


def _template(text: str) -> str:
    """A template as Superset needs it, on one line: it reads the result as Markdown, where an indented line is code
    and an empty one, such as a condition that does not hold leaves behind, ends the HTML."""
    return " ".join(text.split())


def _condition(condition: dict[str, Any]) -> dict[str, Any]:
    """One `where:` line as Superset's own filter."""
    filled = {
        "clause": "WHERE",
        "expressionType": "SIMPLE",
        "isExtra": False,
        "isNew": False,
        "subject": condition["column"],
        "operator": condition["is"],
    }
    if "value" in condition:
        filled["comparator"] = condition["value"]
    return filled


def _read_chart(key: str, contents: Mapping[str, dict[str, Any]]) -> Chart:
    content = contents[key]
    if "like" in content:
        # The public twin of a members' chart: the same in all it does not say anew.
        if content["like"] not in contents:
            raise AssetError(f"{key}.yaml: like: {content['like']} names no chart.")
        model = contents[content["like"]]
        content = model | content | {"params": model.get("params", {}) | content.get("params", {})}
    params = {"row_limit": ROW_LIMIT, "adhoc_filters": [_condition(each) for each in content.get("where", [])]}
    params |= content.get("params", {})
    if "order" in content:
        params["order_by_cols"] = [
            json.dumps([name, direction == "ascending"])
            for each in content["order"]
            for name, direction in each.items()
        ]
    if "template" in content:
        params["handlebarsTemplate"] = _template(content["template"])
    return Chart(
        key=key,
        uuid=content["uuid"],
        title=content["title"],
        viz_type=content["viz_type"],
        dataset=content["dataset"],
        description=_one_line(content.get("description", "")),
        params=params | {"viz_type": content["viz_type"]},
    )


def _read_filter(slug: str, content: dict[str, Any]) -> Filter:
    default = content.get("default", "newest")
    return Filter(
        id=f"NATIVE_FILTER-{slug}-{content['id']}",
        name=content["name"],
        description=_one_line(content.get("description", "")),
        dataset=content["dataset"],
        column=content["column"],
        charts=tuple(content["charts"]),
        default=() if default == "newest" else tuple(default),
        newest_first=default == "newest",
        multiple=content.get("multiple", False),
        sort_by=content.get("sort_by"),
    )


def read_assets(folder: Path = ASSETS, dbt_models: Path = DBT_MODELS) -> Assets:
    """Read every asset file.

    Raises:
        AssetError: a file cannot be read or lacks a key.
    """
    models = _read_model_descriptions(dbt_models)
    connections, datasets, dashboards = {}, {}, {}
    try:
        for path in sorted((folder / "connections").glob("*.yaml")):
            content = _read_yaml(path)
            connections[path.stem] = Connection(path.stem, content["uuid"], content["name"], content["role"])
        for path in sorted((folder / "datasets").glob("*/*.yaml")):
            key = f"{path.parent.name}/{path.stem}"
            datasets[key] = _read_dataset(key, _read_yaml(path), models)
        chart_files = {
            f"{path.parts[-3]}/{path.stem}": _read_yaml(path) for path in sorted(folder.glob("*/charts/*.yaml"))
        }
        charts = {key: _read_chart(key, chart_files) for key in chart_files}
        style = (folder / "style.css").read_text(encoding="utf-8")
        for path in sorted(folder.glob("*/dashboard.yaml")):
            content, slug = _read_yaml(path), path.parent.name
            dashboards[slug] = Dashboard(
                slug=slug,
                uuid=content["uuid"],
                title=content["title"],
                description=_one_line(content["description"]),
                audience=content["audience"],
                css=style,
                filters=tuple(_read_filter(slug, each) for each in content.get("filters", [])),
                rows=tuple(content["rows"]),
                label_colors=content.get("label_colors", {}),
            )
    except KeyError as error:
        raise AssetError(f"{path}: the key {error} is missing.") from None
    return Assets(connections, datasets, charts, dashboards)


# --- Checking, without any credential ---------------------------------------------------------------------
def _named_columns(chart: Chart) -> Iterator[str]:
    """Every column a chart names in its queries, template included."""
    for query in chart.queries():
        for column in query["columns"]:
            if isinstance(column, str):
                yield column
            elif column.get("columnType") == "BASE_AXIS":
                yield column["sqlExpression"]
        yield from (each["col"] for each in query["filters"])
    for pair in chart.params.get("order_by_cols", []):
        name = json.loads(pair)[0]
        if isinstance(name, str):
            yield name


def _computed_labels(chart: Chart) -> set[str]:
    return {column["label"] for column in chart.params.get("all_columns", []) if isinstance(column, dict)}


def _check_chart(chart: Chart, assets: Assets) -> Iterator[str]:
    dataset = assets.datasets.get(chart.dataset)
    if dataset is None:
        yield f"{chart.key}: there is no dataset {chart.dataset}"
        return
    if len(chart.title.split()) > LONGEST_TITLE_WORDS:
        yield f"{chart.key}: the title has more than {LONGEST_TITLE_WORDS} words: {chart.title}"
    for name in sorted(set(_named_columns(chart)) - dataset.column_names - _computed_labels(chart)):
        yield f"{chart.key}: {chart.dataset} has no column {name}"
    for query in chart.queries():
        for metric in query.get("metrics", []):
            if isinstance(metric, str) and metric not in dataset.metric_names:
                yield f"{chart.key}: {chart.dataset} has no metric {metric}"
    if chart.viz_type == "handlebars":
        if "handlebarsTemplate" not in chart.params:
            yield f"{chart.key}: a handlebars chart needs a template"
        elif re.search(r"<\s*(script|style|iframe)", chart.params["handlebarsTemplate"], re.IGNORECASE):
            yield f"{chart.key}: the template may hold no script, style or iframe (put CSS in assets/style.css)"
        called = re.findall(r"(?:{{#?|\()\s*(\w+)\s+(?=[\w.\"'(\[])", chart.params.get("handlebarsTemplate", ""))
        for helper in sorted(set(called) - TEMPLATE_HELPERS):
            yield f"{chart.key}: the template calls {helper}, which Superset's handlebars charts do not have"


def _check_dashboard(dashboard: Dashboard, assets: Assets) -> Iterator[str]:
    placed = dashboard.placed_charts()
    own = {key for key in assets.charts if key.startswith(f"{dashboard.slug}/")}
    yield from (f"{dashboard.slug}: {key} is on the page and has no file" for key in placed if key not in assets.charts)
    yield from (f"{dashboard.slug}: {key} has a file and is not on the page" for key in sorted(own - set(placed)))
    yield from (f"{dashboard.slug}: {key} is on the page twice" for key, times in Counter(placed).items() if times > 1)
    for row in dashboard.rows:
        width = sum(cell["width"] for cell in row.get("charts", []))
        if width > GRID_COLUMNS:
            yield f"{dashboard.slug}: a row is {width} columns wide, more than {GRID_COLUMNS}"
    for each in dashboard.filters:
        dataset = assets.datasets.get(each.dataset)
        if dataset is None or each.column not in dataset.column_names:
            yield f"{dashboard.slug}: filter {each.name}: {each.dataset} has no column {each.column}"
            continue
        if each.sort_by and each.sort_by not in dataset.metric_names:
            yield f"{dashboard.slug}: filter {each.name}: {each.dataset} has no metric {each.sort_by}"
        for slug in each.charts:
            chart = assets.charts.get(f"{dashboard.slug}/{slug}")
            if chart is None:
                yield f"{dashboard.slug}: filter {each.name}: there is no chart {slug}"
            elif chart.dataset in assets.datasets and each.column not in assets.datasets[chart.dataset].column_names:
                yield f"{dashboard.slug}: filter {each.name} acts on {slug}, whose dataset has no {each.column}"
    if dashboard.audience == "public":
        for key in placed:
            if key in assets.charts and not assets.charts[key].dataset.startswith("open_data/"):
                yield f"{dashboard.slug}: {key} reads {assets.charts[key].dataset}, which is not open data"


def check(assets: Assets) -> list[str]:
    """Everything that is wrong with the assets, in plain words; empty when all is well."""
    problems: list[str] = []
    identified: list[tuple[str, str]] = [
        *((f"connection {each.key}", each.uuid) for each in assets.connections.values()),
        *((f"dataset {each.key}", each.uuid) for each in assets.datasets.values()),
        *((f"chart {each.key}", each.uuid) for each in assets.charts.values()),
        *((f"dashboard {each.slug}", each.uuid) for each in assets.dashboards.values()),
    ]
    owners: dict[str, str] = {}
    for owner, identifier in identified:
        try:
            UUID(identifier)
        except (ValueError, AttributeError, TypeError):
            problems.append(f"{owner}: {identifier} is not a uuid")
            continue
        if identifier in owners:
            problems.append(f"{owner} has the same uuid as {owners[identifier]}")
        owners[identifier] = owner
    for connection in assets.connections.values():
        if connection.role not in READER_ROLES:
            problems.append(f"connection {connection.key}: {connection.role} is not a reader role")
    for dataset in assets.datasets.values():
        if dataset.connection not in assets.connections:
            problems.append(f"dataset {dataset.key}: there is no connection {dataset.connection}")
        if dataset.schema not in SCHEMAS:
            problems.append(f"dataset {dataset.key}: charts may read {' and '.join(SCHEMAS)} only")
        for column in dataset.columns:
            if not column.description:
                problems.append(f"dataset {dataset.key}: column {column.name} has no description")
        for metric in dataset.metrics:
            if not metric.get("description"):
                problems.append(f"dataset {dataset.key}: metric {metric['name']} has no description")
    for chart in assets.charts.values():
        try:
            problems.extend(_check_chart(chart, assets))
        except (derive.UnknownChartType, KeyError) as error:
            problems.append(f"{chart.key}: {error}")
    for dashboard in assets.dashboards.values():
        problems.extend(_check_dashboard(dashboard, assets))
    return problems


# --- What Superset imports --------------------------------------------------------------------------------
def connection_config(connection: Connection, url: Callable[[str], str]) -> dict[str, Any]:
    """A connection as Superset imports it; `url` gives a role's address with its password."""
    return {
        "database_name": connection.name,
        "uuid": connection.uuid,
        "sqlalchemy_uri": url(connection.role),
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "impersonate_user": False,
        "cache_timeout": None,
        "extra": {"allows_virtual_table_explore": True, "cancel_query_on_windows_unload": True},
        "is_managed_externally": True,
        "version": "1.0.0",
    }


def dataset_config(dataset: Dataset, connection_id: int) -> dict[str, Any]:
    """A dataset as Superset imports it."""
    return {
        "table_name": dataset.table,
        "schema": dataset.schema,
        "catalog": None,
        "uuid": dataset.uuid,
        "description": dataset.description,
        "database_id": connection_id,
        "main_dttm_col": None,
        "sql": None,
        "filter_select_enabled": True,
        "is_managed_externally": True,
        "version": "1.0.0",
        "columns": [
            {
                "column_name": column.name,
                "verbose_name": column.label,
                "description": column.description,
                "type": column.type,
                "is_dttm": False,
                "is_active": True,
                "groupby": True,
                "filterable": True,
                "expression": column.expression,
            }
            for column in dataset.columns
        ],
        "metrics": [
            {
                "metric_name": metric["name"],
                "verbose_name": metric.get("label", metric["name"]),
                "description": _one_line(metric["description"]),
                "expression": _one_line(metric["expression"]),
                "metric_type": None,
                "d3format": None,
            }
            for metric in dataset.metrics
        ],
    }


def chart_config(chart: Chart, dataset_id: int) -> dict[str, Any]:
    """A chart as Superset imports it, its query context derived."""
    params = chart.params | {"datasource": f"{dataset_id}__table"}
    context = derive.query_context(chart.viz_type, params, dataset_id)
    return {
        "slice_name": chart.title,
        "description": chart.description,
        "viz_type": chart.viz_type,
        "uuid": chart.uuid,
        "params": params,
        "query_context": json.dumps(context, sort_keys=True),
        "cache_timeout": None,
        "datasource_id": dataset_id,
        "datasource_type": "table",
        "is_managed_externally": True,
        "version": "1.0.0",
    }


def default_filters(dashboard: Dashboard, chart: str, newest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The conditions a dashboard puts on one of its charts when it is first opened.

    `newest` gives the first value of each filter whose default is the newest.
    """
    found = []
    for each in dashboard.filters:
        if chart in each.charts:
            values = [newest[each.id]] if each.newest_first else list(each.default)
            found.append({"col": each.column, "op": "IN", "val": values})
    return found


def _filter_config(each: Filter, dashboard: Dashboard, chart_ids: Mapping[str, int], dataset_id: int) -> dict[str, Any]:
    all_ids = [chart_ids[key] for key in dashboard.placed_charts()]
    acts_on = [chart_ids[f"{dashboard.slug}/{slug}"] for slug in each.charts]
    mask: dict[str, Any] = {"extraFormData": {}, "filterState": {}, "ownState": {}}
    if each.default:
        values = list(each.default)
        mask["extraFormData"] = {"filters": [{"col": each.column, "op": "IN", "val": values}]}
        mask["filterState"] = {"value": values, "label": ", ".join(values), "validateStatus": False}
    control: dict[str, Any] = {
        "enableEmptyFilter": True,
        "defaultToFirstItem": each.newest_first,
        "multiSelect": each.multiple,
        "searchAllOptions": False,
        "inverseSelection": False,
        "sortAscending": not each.newest_first,
    }
    if each.sort_by:
        control["sortMetric"] = each.sort_by
    return {
        "id": each.id,
        "name": each.name,
        "description": each.description,
        "type": "NATIVE_FILTER",
        "filterType": "filter_select",
        "targets": [{"datasetId": dataset_id, "column": {"name": each.column}}],
        "sortMetric": each.sort_by,
        "controlValues": control,
        "defaultDataMask": mask,
        # Charts wait for a filter that picks its own first value, instead of drawing everything first; they would wait
        # for ever on a table without rows.
        "requiredFirst": each.newest_first,
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": [each_id for each_id in all_ids if each_id not in acts_on]},
        "chartsInScope": acts_on,
        "tabsInScope": [],
    }


def _chart_node(dashboard: Dashboard, chart: Chart, chart_id: int, parents: list[str], size: tuple[int, int]) -> Node:
    return {
        "id": f"CHART-{chart.key.replace('/', '-')}",
        "type": "CHART",
        "children": [],
        "parents": parents,
        "meta": {
            "chartId": chart_id,
            "uuid": chart.uuid,
            "sliceName": chart.title,
            "width": size[0],
            "height": size[1],
        },
    }


def _position(dashboard: Dashboard, assets: Assets, chart_ids: Mapping[str, int]) -> dict[str, Any]:
    """The page as Superset's tree of rows, columns and charts; heights are in steps of 8 pixels."""
    grid: Node = {"id": "GRID_ID", "type": "GRID", "children": [], "parents": ["ROOT_ID"]}
    nodes: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": grid,
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": dashboard.title}},
    }

    def add(node: Node, parent: Node) -> Node:
        nodes[node["id"]] = node
        parent["children"].append(node["id"])
        return node

    def container(kind: str, number: str, parent: Node, meta: dict[str, Any]) -> Node:
        return {
            "id": f"{kind}-{dashboard.slug}-{number}",
            "type": kind,
            "children": [],
            "parents": [*parent["parents"], parent["id"]],
            "meta": meta | {"background": "BACKGROUND_TRANSPARENT"},
        }

    for row_number, content in enumerate(dashboard.rows, start=1):
        row = add(container("ROW", str(row_number), grid, {}), grid)
        for cell_number, cell in enumerate(content["charts"], start=1):
            holder = row
            if "stack" in cell:
                number = f"{row_number}-{cell_number}"
                holder = add(container("COLUMN", number, row, {"width": cell["width"]}), row)
            for each in cell.get("stack", [cell]):
                chart = assets.charts[f"{dashboard.slug}/{each['chart']}"]
                parents = [*holder["parents"], holder["id"]]
                size = (cell["width"], each["height"])
                add(_chart_node(dashboard, chart, chart_ids[chart.key], parents, size), holder)
    return nodes


def dashboard_config(
    dashboard: Dashboard, assets: Assets, chart_ids: Mapping[str, int], dataset_ids: Mapping[str, int]
) -> dict[str, Any]:
    """A dashboard as Superset imports it: its page, its filters and its colours."""
    return {
        "dashboard_title": dashboard.title,
        "description": dashboard.description,
        "slug": dashboard.slug,
        "uuid": dashboard.uuid,
        "css": dashboard.css,
        "published": True,
        "certified_by": "London Innovation and Improvement Alliance",
        "certification_details": "Kept as code; checked against the published statistics",
        "is_managed_externally": True,
        "version": "1.0.0",
        "position": _position(dashboard, assets, chart_ids),
        "metadata": {
            "color_scheme": "workforce",
            "label_colors": dashboard.label_colors,
            "shared_label_colors": [],
            "map_label_colors": {},
            "color_scheme_domain": list(PALETTE),
            # One way to choose a unit: the filter bar. A click that filtered on top of it would leave empty charts.
            "cross_filters_enabled": False,
            "chart_configuration": {},
            "global_chart_configuration": {"scope": {"rootPath": ["ROOT_ID"], "excluded": []}, "chartsInScope": []},
            "filter_bar_orientation": "HORIZONTAL",
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
            "expanded_slices": {},
            "default_filters": "{}",
            "native_filter_configuration": [
                _filter_config(each, dashboard, chart_ids, dataset_ids[each.dataset]) for each in dashboard.filters
            ],
        },
    }


def main() -> int:
    """Check the assets and say what is wrong: `python -m superset_config.assets`."""
    try:
        assets = read_assets()
    except AssetError as error:
        print(error)
        return 1
    problems = check(assets)
    for problem in problems:
        print(problem)
    if not problems:
        counts = f"{len(assets.dashboards)} dashboards, {len(assets.charts)} charts, {len(assets.datasets)} datasets"
        print(f"{counts}: in order")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
