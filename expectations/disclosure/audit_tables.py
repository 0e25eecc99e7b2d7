"""Read what is published of a family, and nothing else: the candidate tables it is shown in, and what DfE publishes."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pandas as pd
import psycopg
from psycopg import Connection

from expectations.disclosure.audit_cells import Audience, Geography, View
from expectations.disclosure.families import Family, Shown, Sum, london_sums

# The reference data an attacker has: London's geography and the rules of the products, which are stated in words.
REFERENCE = ("reference.reporting_units", "reference.authorities", "reference.disclosure_products")
PUBLIC_SCHEMA = "open_data_candidate"


class UnreadableError(Exception):
    """A table that is shown is not there, or not as its family's file describes it."""


def missing_tables(connection: Connection[Any], tables: Sequence[str]) -> list[str]:
    """Which of some tables are not there."""
    return [
        table
        for table in dict.fromkeys(tables)
        if connection.execute("select to_regclass(%s) is null", [table]).fetchone() == (True,)
    ]


def read_geography(connection: Connection[Any]) -> Geography:
    """How London's units add up, and which of them are joint returns of which authorities."""
    joint = connection.execute(
        "select unit_code, array_agg(authority_code order by authority_code) from reference.authorities "
        "group by unit_code having count(*) > 1"
    ).fetchall()
    return Geography(london_sums(connection), tuple(Sum(unit, tuple(authorities)) for unit, authorities in joint))


def read_unit_names(connection: Connection[Any]) -> dict[str, str]:
    """What units, and the authorities of joint returns, are called."""
    return dict(
        connection.execute(
            "select authority_code, authority_name from reference.authorities "
            "union all select unit_code, unit_name from reference.reporting_units"
        ).fetchall()
    )


def read_views(connection: Connection[Any], family: Family) -> list[View]:
    """The published tables of a family, as their readers see them.

    Raises:
        UnreadableError: one cannot be read as the family's file says.
    """
    rules = {
        product: (threshold, shows_zeros)
        for product, threshold, shows_zeros in connection.execute(
            "select product, threshold, shows_zeros from reference.disclosure_products"
        ).fetchall()
    }
    views = []
    for shown in family.shown:
        audience: Audience = "public" if shown.table.startswith(f"{PUBLIC_SCHEMA}.") else "members"
        threshold, shows_zeros = rules[audience]
        rows = _read(connection, shown.table, _query(shown), list(family.dimensions))
        views.append(
            View(shown.table, rows, audience, threshold, shown.rounding_base, shows_zeros, shown.shares)
        )  # fmt: skip
    return views


def read_already_public(connection: Connection[Any], family: Family) -> pd.DataFrame | None:
    """What DfE publishes of a family's cells itself.

    Raises:
        UnreadableError: the query in the family's file does not run.
    """
    if family.already_public is None:
        return None
    columns = ", ".join(f'"{name}"::text' for name in ("table_key", *family.dimensions))
    query = f'select {columns}, "count"::double precision from ({family.already_public.rstrip().rstrip(";")}) as stated'
    return _read(connection, "what DfE already publishes", query, list(family.dimensions))


def _query(shown: Shown) -> str:
    columns = [
        f"({shown.table_key})::text as table_key",
        *(f'({expression})::text as "{name}"' for name, expression in shown.columns.items()),
        f'({shown.count})::double precision as "count"',
        f'({shown.status})::text as "status"',
        *(f'({share})::double precision as "{share}"' for share in dict.fromkeys(each.share for each in shown.shares)),
    ]
    condition = f" where {shown.where}" if shown.where else ""
    return f"select {', '.join(columns)} from {shown.table}{condition}"


def _read(connection: Connection[Any], table: str, query: str, dimensions: Sequence[str]) -> pd.DataFrame:
    text = BytesIO()
    try:
        # As text, because fetching half a million rows one by one takes as long as the attack.
        statement = f"copy ({query}) to stdout (format csv, header)".encode()
        with connection.transaction(), connection.cursor() as cursor, cursor.copy(statement) as copy:
            for data in copy:
                text.write(data)
    except (psycopg.ProgrammingError, psycopg.DataError) as error:
        reason = str(error).splitlines()[0]
        raise UnreadableError(f"{table} cannot be read as its family's file says ({reason})") from None
    text.seek(0)
    codes = ["table_key", *dimensions]
    rows = pd.read_csv(
        text, dtype=dict.fromkeys([*codes, "status"], "category"), keep_default_na=False, na_values=[""]
    )  # fmt: skip
    # A row that is in no place along a dimension shows something else.
    return rows.dropna(subset=codes)
