"""Whether anything has to be done at all: a fingerprint of the code and the passwords, and one of Superset's own rows.

Both are kept in Superset's metadata database. Reading them takes a fraction of a second and needs no Superset, so
a second `make run` is quick; a dashboard somebody changed by hand makes them differ, and is put right.
"""

import hashlib
from collections.abc import Mapping
from importlib.metadata import version

import psycopg2

from superset_config.access import PEOPLE
from superset_config.assets import DBT_MODELS, ROOT

TABLE = "workforce_applied"

# The files that decide what the bootstrap writes.
WRITERS = (
    "access.py", "assets.py", "bootstrap.py", "data_docs.py", "importer.py", "look.py", "pages.py", "query_context.py",
    "security.py", "superset_config.py",
)  # fmt: skip

# Everything the bootstrap writes, as text that is the same for the same content.
STATE_QUERIES = (
    """select string_agg(md5(concat_ws('|', uuid, dashboard_title, slug, published, css, position_json, json_metadata)),
       '' order by uuid) from dashboards where is_managed_externally""",
    """select string_agg(md5(concat_ws('|', uuid, slice_name, viz_type, params, query_context)), '' order by uuid)
       from slices where is_managed_externally""",
    """select string_agg(md5(concat_ws('|', tables.uuid, table_name, schema, sql, column_name, verbose_name, expression,
       type)), '' order by tables.uuid, column_name)
       from tables inner join table_columns on tables.id = table_id where is_managed_externally""",
    """select string_agg(md5(concat_ws('|', database_name, sqlalchemy_uri, expose_in_sqllab, allow_dml,
       allow_file_upload)), '' order by database_name) from dbs""",
    """select string_agg(md5(concat_ws('|', ab_role.name, ab_permission.name, ab_view_menu.name)), ''
       order by ab_role.name, ab_permission.name, ab_view_menu.name)
       from ab_role
       left join ab_permission_view_role on ab_role.id = role_id
       left join ab_permission_view on permission_view_id = ab_permission_view.id
       left join ab_permission on permission_id = ab_permission.id
       left join ab_view_menu on view_menu_id = ab_view_menu.id""",
    "select string_agg(version_num, '' order by version_num) from alembic_version",
)  # fmt: skip


def code_fingerprint(environment: Mapping[str, str]) -> str:
    """A digest of everything the bootstrap's result depends on, apart from the database itself."""
    digest = hashlib.sha256(version("apache-superset").encode())
    package = ROOT / "superset_config"
    files = [
        *(package / name for name in WRITERS),
        *(path for path in (package / "assets").rglob("*") if path.is_file()),
        *(path for path in DBT_MODELS.rglob("*") if path.suffix in (".yml", ".yaml", ".md")),
    ]
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    names = [
        "SUPERSET_SECRET_KEY", "WAREHOUSE_HOST", "WAREHOUSE_PORT", "WAREHOUSE_DATABASE",
        "WAREHOUSE_MEMBERS_READER_PASSWORD", "WAREHOUSE_PUBLIC_READER_PASSWORD",
        *(person.password_variable for person in PEOPLE),
    ]  # fmt: skip
    for name in names:
        digest.update(f"{name}={environment.get(name, '')}\0".encode())
    return digest.hexdigest()


def _connect(metadata_url: str) -> "psycopg2.extensions.connection":
    scheme, rest = metadata_url.split("://", 1)
    return psycopg2.connect(f"{scheme.split('+')[0]}://{rest}", connect_timeout=5)


def _state(cursor: "psycopg2.extensions.cursor") -> str:
    digest = hashlib.sha256()
    for query in STATE_QUERIES:
        cursor.execute(query)
        digest.update(str(cursor.fetchone()).encode())
    return digest.hexdigest()


def is_applied(metadata_url: str, wanted: str) -> bool:
    """Whether this very code was applied, and nothing it wrote has changed since."""
    connection = _connect(metadata_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select to_regclass(%s), to_regclass('alembic_version')", [TABLE])
            if None in cursor.fetchone():
                return False
            cursor.execute(f"select code, state from {TABLE}")
            row = cursor.fetchone()
            return row is not None and row == (wanted, _state(cursor))
    finally:
        connection.close()


def remember_applied(metadata_url: str, code: str) -> None:
    """Note that this code has been applied, and what Superset's rows look like now."""
    connection = _connect(metadata_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"create table if not exists {TABLE} (code text not null, state text not null)")
            cursor.execute(f"delete from {TABLE}")
            cursor.execute(f"insert into {TABLE} values (%s, %s)", [code, _state(cursor)])
    finally:
        connection.close()


def forget_applied(metadata_url: str) -> None:
    """Make the next bootstrap do everything, for example because this one was interrupted."""
    connection = _connect(metadata_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"drop table if exists {TABLE}")
    finally:
        connection.close()
