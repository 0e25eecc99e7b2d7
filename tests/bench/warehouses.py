"""A warehouse of its own to measure in."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.database.setup import ROLES, set_up_warehouse
from infra.local.postgres import EmbeddedPostgres
from ingestion.settings import Settings
from tests.conftest import free_port


@contextmanager
def warehouse(folder: Path) -> Iterator[Settings]:
    """An empty warehouse on a Postgres of its own, as `make run` makes it, stopped at the end."""
    password = secrets.token_urlsafe(12)
    server = EmbeddedPostgres(folder / "server", free_port(), password)
    server.create()
    server.start()
    try:
        set_up_warehouse(server.admin_arguments, "bench", dict.fromkeys(ROLES, password))
        yield Settings(
            {
                "WORKFORCE_HOME": str(folder / "home"),
                "WAREHOUSE_HOST": "127.0.0.1",
                "WAREHOUSE_PORT": str(server.port),
                "WAREHOUSE_DATABASE": "bench",
                "PSEUDONYM_KEY": secrets.token_urlsafe(32),
                **{f"WAREHOUSE_{role.upper()}_PASSWORD": password for role in ROLES},
            }
        )
    finally:
        server.stop()
