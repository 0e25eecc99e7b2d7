"""Row-level security of the schema `restricted`: an authority's own figures, shown to that authority alone.

What the database guarantees, for every session of `members_reader` and whatever it asks:

- A session sees the rows of the units that its setting `workforce.unit_codes` names: codes joined by commas, without
  blanks, `E09000007` or `E09000021 / E09000027,E09000003`. Not set or empty, it sees none; an unknown code adds none.
- Nobody else reads the tables: neither the public, nor analysts, nor the loader.
- The owner is held to the policies too (`force`), and has none. A view or a function of the owner's, made over these
  tables by mistake, shows nothing to anybody, where without `force` it would show everything to everybody. The price:
  the owner cannot read or fill a table any more once it is protected, so publication fills a new table first, protects
  it, and then exchanges it for the old one. Candidates, which only their owner reads, stay unprotected.
- The tables have no statistics, which could tell of other units' rows through the planner's estimates.

What the database cannot know is who is asking, because all members share one login. So the application must

- set the list itself, from the member's approved authorities, before every statement (`set local` in the transaction of
  the statement, so that a pooled connection forgets it), and set it to nothing where there is no member;
- let members run no SQL of their own through this login: whoever may write `set workforce.unit_codes = …` may write
  any unit's code. In a `select` it cannot be written: see `forbid_forging`;
- keep one member's answers apart from another's wherever it caches them (the list belongs to the cache's key).
"""

from typing import Any

from psycopg import Connection, sql

SCHEMA = "restricted"
READER = "members_reader"
# Roles that may call set_config and make temporary tables in the warehouse: all but those people look through.
OTHER_ROLES = ("loader", "transformer", "analyst")
POLICY = "own_rows"

CREATE_POLICY = """
create policy {policy} on {table} as permissive for select to {reader}
using (unit_code = any(string_to_array(current_setting('workforce.unit_codes', true), ',')))
"""


class ProtectionError(Exception):
    """Something in the restricted schema cannot be protected; the message says what and why."""


def protect_restricted(connection: Connection[Any], schema: str = SCHEMA) -> int:
    """Put every table of the schema under row-level security; done again, it changes nothing.

    Publication calls it on tables it has filled and not yet analysed, in the transaction that shows them.

    Args:
        connection: as the tables' owner, the role `transformer`.
        schema: the schema people read.

    Returns:
        The number of tables protected.

    Raises:
        ProtectionError: the schema holds something that no policy can protect, or the reader could get round them.
    """
    _refuse_readers_who_are_more(connection)
    relations = connection.execute(
        "select relname, relkind from pg_class where relnamespace = to_regnamespace(%s) and relkind in "
        "('r', 'p', 'v', 'm', 'f') order by relname",
        [schema],
    ).fetchall()
    for name, kind in relations:
        if kind not in ("r", b"r"):
            raise ProtectionError(f"{schema}.{name} is no plain table, and row-level security holds for tables only.")
        _protect(connection, schema, name)
    connection.execute(sql.SQL("grant usage on schema {} to {}").format(sql.Identifier(schema), sql.Identifier(READER)))
    return len(relations)


def forbid_forging(admin: Connection[Any]) -> None:
    """Take from `members_reader` what could change the list of units inside a question, or outlive one.

    `set_config` changes a setting in the middle of a `select`, the one kind of statement the dashboards let through;
    a temporary table keeps rows for whoever gets the connection next.

    Args:
        admin: as the superuser, in the warehouse's database. Done again, it changes nothing.
    """
    others = sql.SQL(", ").join(map(sql.Identifier, OTHER_ROLES))
    admin.execute("revoke execute on function pg_catalog.set_config(text, text, boolean) from public")
    admin.execute(sql.SQL("grant execute on function pg_catalog.set_config(text, text, boolean) to {}").format(others))
    database = sql.Identifier(admin.info.dbname)
    admin.execute(sql.SQL("revoke temporary on database {} from public").format(database))
    admin.execute(sql.SQL("grant temporary on database {} to {}").format(database, others))


def _protect(connection: Connection[Any], schema: str, name: str) -> None:
    table = sql.Identifier(schema, name)
    columns = dict(
        connection.execute(
            "select attname, attnotnull from pg_attribute "
            "where attrelid = %s::regclass and attnum > 0 and not attisdropped",
            [table.as_string(connection)],
        ).fetchall()
    )
    if not columns.get("unit_code"):
        raise ProtectionError(f"{schema}.{name} has no column unit_code that is never null: nobody's own rows in it.")
    _forget_statistics(connection, schema, name, list(columns))
    policies = connection.execute(
        "select policyname from pg_policies where schemaname = %s and tablename = %s", [schema, name]
    ).fetchall()
    for (policy,) in policies:  # permissive policies add up, so that a stranger would open what this one closes
        connection.execute(sql.SQL("drop policy {} on {}").format(sql.Identifier(policy), table))
    connection.execute(
        sql.SQL(CREATE_POLICY).format(policy=sql.Identifier(POLICY), table=table, reader=sql.Identifier(READER))
    )
    connection.execute(sql.SQL("alter table {} enable row level security").format(table))
    connection.execute(sql.SQL("alter table {} force row level security").format(table))
    grantees = connection.execute(
        "select distinct grantee::regrole::text from pg_class, aclexplode(relacl) "
        "where oid = %s::regclass and grantee not in (0, relowner)",
        [table.as_string(connection)],
    ).fetchall()
    for (grantee,) in grantees:
        connection.execute(sql.SQL("revoke all on {} from {}").format(table, sql.SQL(grantee)))
    connection.execute(sql.SQL("revoke all on {} from public").format(table))
    connection.execute(sql.SQL("grant select on {} to {}").format(table, sql.Identifier(READER)))


def _forget_statistics(connection: Connection[Any], schema: str, name: str, columns: list[str]) -> None:
    """Keep the planner, autovacuum included, from gathering any, and drop what a hasty `analyze` left."""
    table = sql.Identifier(schema, name)
    none = sql.SQL(", ").join(
        sql.SQL("alter column {} set statistics 0").format(sql.Identifier(column)) for column in columns
    )
    connection.execute(sql.SQL("alter table {} {}").format(table, none))
    gathered = connection.execute(
        "select pg_stats.attname, format_type(atttypid, atttypmod) from pg_stats "
        "inner join pg_attribute on attrelid = %s::regclass and pg_attribute.attname = pg_stats.attname "
        "where schemaname = %s and tablename = %s",
        [table.as_string(connection), schema, name],
    ).fetchall()
    for column, data_type in gathered:
        # The way to drop a column's statistics that every version of Postgres has: give it its own type again.
        connection.execute(
            sql.SQL("alter table {} alter column {} type {}").format(table, sql.Identifier(column), sql.SQL(data_type))
        )


def _refuse_readers_who_are_more(connection: Connection[Any]) -> None:
    """The policies hold for a role that is neither superuser nor exempt, nor may become the owner."""
    row = connection.execute(
        "select rolsuper or rolbypassrls, pg_has_role(oid, current_user::regrole::oid, 'member') "
        "from pg_roles where rolname = %s",
        [READER],
    ).fetchone()
    if row is None or any(row):
        raise ProtectionError(f"The role {READER} is not there, or may step over row-level security.")
