"""Put the assets into Superset, overwriting: what is there already keeps its id and changes only where it differs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from superset_config.assets import (
    Assets,
    chart_config,
    connection_config,
    dashboard_config,
    dataset_config,
)


class ImportIncomplete(Exception):
    """Something the assets name is not in Superset after the import."""


def import_assets(assets: Assets, url: Callable[[str], str]) -> None:
    """Import connections, datasets, charts and dashboards, and remove what the assets no longer hold.

    Needs an application context; the caller commits, so that a failure changes nothing.

    Args:
        assets: checked assets.
        url: gives a reader role's SQLAlchemy address, password included.
    """
    from superset import db
    from superset.commands.chart.importers.v1.utils import import_chart
    from superset.commands.dashboard.importers.v1.utils import import_dashboard
    from superset.commands.database.importers.v1.utils import import_database
    from superset.commands.dataset.importers.v1.utils import import_dataset
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    def ready(config: dict[str, Any]) -> dict[str, Any]:
        # As text, a uuid would look like a change to the object that has it already.
        return config | {"uuid": UUID(config["uuid"])}

    connection_ids = {
        key: import_database(ready(connection_config(connection, url)), overwrite=True, ignore_permissions=True).id
        for key, connection in assets.connections.items()
    }
    dataset_ids = {
        key: import_dataset(
            ready(dataset_config(dataset, connection_ids[dataset.connection])), overwrite=True, ignore_permissions=True
        ).id
        for key, dataset in assets.datasets.items()
    }
    chart_ids = {}
    for key, chart in assets.charts.items():
        config = ready(chart_config(chart, dataset_ids[chart.dataset]))
        chart_ids[key] = import_chart(config, overwrite=True, ignore_permissions=True).id
    for dashboard in assets.dashboards.values():
        config = ready(dashboard_config(dashboard, assets, chart_ids, dataset_ids))
        imported: Dashboard = import_dashboard(config, overwrite=True, ignore_permissions=True)
        placed = {chart_ids[key] for key in dashboard.placed_charts()}
        if {each.id for each in imported.slices} != placed:
            imported.slices = db.session.query(Slice).filter(Slice.id.in_(placed)).all()
    db.session.flush()
    _remove_what_is_gone(assets)


def _remove_what_is_gone(assets: Assets) -> None:
    """Delete objects that came from assets once and are in them no more."""
    from superset import db
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    for model, kept in (
        (Dashboard, assets.dashboards.values()),
        (Slice, assets.charts.values()),
        (SqlaTable, assets.datasets.values()),
    ):
        uuids = {each.uuid for each in kept}
        for found in db.session.query(model).filter(model.is_managed_externally.is_(True)).all():
            if str(found.uuid) not in uuids:
                db.session.delete(found)
        db.session.flush()


def assert_imported(assets: Assets) -> dict[str, int]:
    """Count what is there, by kind.

    Raises:
        ImportIncomplete: Superset's own importer is silent about what it leaves out, so every object is looked up.
    """
    from superset import db
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    counts = {}
    for kind, model, wanted in (
        ("connections", Database, assets.connections),
        ("datasets", SqlaTable, assets.datasets),
        ("charts", Slice, assets.charts),
        ("dashboards", Dashboard, assets.dashboards),
    ):
        present = {str(uuid) for (uuid,) in db.session.query(model.uuid)}
        missing = sorted(key for key, each in wanted.items() if each.uuid not in present)
        if missing:
            raise ImportIncomplete(f"Superset did not take these {kind}: {', '.join(missing)}.")
        counts[kind] = len(wanted)
    for dashboard in assets.dashboards.values():
        found = db.session.query(Dashboard).filter_by(slug=dashboard.slug).one()
        if len(found.slices) != len(dashboard.placed_charts()):
            raise ImportIncomplete(
                f"The dashboard {dashboard.slug} has {len(found.slices)} charts, not all of its own."
            )
    return counts
