"""What the warehouse adds to Superset's own pages: the synthetic mark, the way in, the quality reports."""

import logging
from pathlib import Path

from flask import Blueprint, Flask, g, redirect, request
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.wrappers import Response

from superset_config.environment import Environment
from superset_config.publication_notice import PublicationNotice

HERE = Path(__file__).resolve().parent

# Where people land: what their role is there for.
PUBLIC_HOME = "/superset/dashboard/open_census/"
MEMBER_HOME = "/superset/dashboard/census/"


def home_for_visitor() -> Response | None:
    """Send a visitor of the bare address to the dashboard that is theirs; members, too, from Superset's own welcome
    page, which is made for people who build charts."""
    if request.path not in ("/", "/superset/welcome/"):
        return None
    from superset import security_manager

    user = getattr(g, "user", None)
    if user is None or user.is_anonymous:
        return redirect(PUBLIC_HOME)
    if request.path != "/" and security_manager.can_access("can_write", "Dashboard"):
        return None
    return redirect(MEMBER_HOME)


def add_pages(app: Flask) -> None:
    """Superset's FLASK_APP_MUTATOR: add our templates, static files and views to the finished application."""
    # Superset can only be imported once its application is being made.
    from superset.extensions import appbuilder

    from superset_config.data_docs import DataDocsView

    # Superset's event log says this of every anonymous visitor, who has no row to add.
    logging.getLogger().addFilter(lambda record: "Failed to add user to db session" not in record.getMessage())

    environment = Environment.load()
    notice = PublicationNotice(environment)

    app.jinja_loader = ChoiceLoader([FileSystemLoader(HERE / "templates"), app.jinja_loader])
    app.context_processor(lambda: {"publication_notice": notice.current})
    app.register_blueprint(
        Blueprint("workforce", __name__, static_folder=str(HERE / "static"), static_url_path="/workforce-static")
    )
    app.before_request(home_for_visitor)

    DataDocsView.folder = environment.home / "data_docs"
    appbuilder.add_view(
        DataDocsView, "Data quality reports", href="/data-docs/", category="Data quality", category_label="Data quality"
    )
