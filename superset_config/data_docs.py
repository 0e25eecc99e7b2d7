"""The quality reports (Great Expectations' Data Docs), for administrators and analysts only."""

from pathlib import Path

from flask import Response, abort, send_from_directory
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

# The reports are static pages with their own inline scripts; nothing in them may come from elsewhere.
REPORT_POLICY = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'", "data:"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "script-src": ["'self'", "'unsafe-inline'"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'self'"],
}


class DataDocsView(BaseView):
    """Static files of `$WORKFORCE_HOME/data_docs`, behind the permission `can_read on DataDocs`."""

    route_base = "/data-docs"
    class_permission_name = "DataDocs"
    default_view = "report"
    folder = Path()

    @expose("/")
    @expose("/<path:name>")
    @has_access
    @permission_name("read")
    def report(self, name: str = "index.html") -> Response:
        """One file of the reports; a plain 404 while none have been written yet."""
        if not (self.folder / name).is_file():
            abort(404)
        # Reports are rewritten at every gate, so the browser must ask again.
        return send_from_directory(self.folder.resolve(), name, max_age=0)

    report.talisman_view_options = {  # noqa: RUF012  (the attribute of a function, not of the class)
        "content_security_policy": REPORT_POLICY,
        "content_security_policy_nonce_in": [],
    }
