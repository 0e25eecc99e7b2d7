"""Make or bring up to date the warehouse's roles, database, schemas, ledger and raw tables.

Safe to run at any time: every step changes nothing where it is already done.
"""

from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from infra.database.row_level_security import forbid_forging
from ingestion.lswc import raw_tables as lswc_tables
from ingestion.returns import raw_tables as returns_tables
from ingestion.statistics import raw_tables as statistics_tables

HERE = Path(__file__).parent
ROLES = ("loader", "transformer", "members_reader", "public_reader", "analyst")


def create_database(admin: psycopg.Connection, name: str, owner: str | None = None) -> None:
    """Create a database where there is none. `admin` must be in autocommit mode."""
    if admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is None:
        statement = sql.SQL("create database {}").format(sql.Identifier(name))
        if owner is not None:
            statement += sql.SQL(" owner {}").format(sql.Identifier(owner))
        admin.execute(statement)


def set_password(admin: psycopg.Connection, role: str, password: str) -> None:
    """Give a role its password; the server stores only its SCRAM verifier."""
    admin.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password)))


def set_up_warehouse(admin_arguments: Mapping[str, str], database: str, passwords: Mapping[str, str]) -> None:
    """Bring one warehouse database to the state this code expects.

    Args:
        admin_arguments: libpq arguments of a superuser, without `dbname`.
        database: the warehouse database's name.
        passwords: one password per role in `ROLES`.
    """
    with psycopg.connect(make_conninfo(**admin_arguments, dbname="postgres"), autocommit=True) as admin:
        admin.execute((HERE / "roles.sql").read_text())
        for role in ROLES:
            set_password(admin, role, passwords[role])
        create_database(admin, database)
    with psycopg.connect(make_conninfo(**admin_arguments, dbname=database)) as warehouse:
        warehouse.execute((HERE / "schemas.sql").read_text())
        # dbt compares schemas in temporary tables, and asks for a schema before it looks whether it is there.
        warehouse.execute(
            sql.SQL("grant create, temporary on database {} to transformer").format(sql.Identifier(database))
        )
        forbid_forging(warehouse)
        warehouse.execute("set role loader")
        warehouse.execute((HERE / "ledger.sql").read_text())
        statistics_tables.create_raw_tables(warehouse)
        returns_tables.create_raw_tables(warehouse)
        warehouse.execute((HERE / "analytics.sql").read_text())
        warehouse.execute((HERE / "bulletins.sql").read_text())
        lswc_tables.create_raw_tables(warehouse)
        warehouse.execute("set role transformer")
        warehouse.execute((HERE / "disclosure.sql").read_text())
