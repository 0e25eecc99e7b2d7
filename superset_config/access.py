"""Who may do what in Superset: roles as data, default deny, re-applied whenever they differ.

People see figures through a dataset's own permission and nothing wider: the public the open data, members the
marts too. Only administrators and analysts may save a chart, write SQL or see the quality reports.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from superset_config.assets import Assets

ADMINISTRATOR = "LIIA administrator"
ANALYST = "LIIA analyst"
MEMBER = "Authority member"
PUBLIC = "Public"

Permission = tuple[str, str]

# What looking at a dashboard takes, and no more.
VIEW_DASHBOARDS: frozenset[Permission] = frozenset(
    {
        ("can_read", "Dashboard"),
        ("can_dashboard", "Superset"),
        ("can_read", "Chart"),
        ("can_read", "DashboardFilterStateRestApi"),
        ("can_write", "DashboardFilterStateRestApi"),
        ("can_read", "DashboardPermalinkRestApi"),
        ("can_write", "DashboardPermalinkRestApi"),
        ("can_dashboard_permalink", "Superset"),
        ("can_read", "CurrentUserRestApi"),
        ("can_read", "CssTemplate"),
        ("can_read", "Theme"),
        ("can_time_range", "Api"),
        ("can_log", "Superset"),
        # Every chart's figures as a table and as a file.
        ("can_view_chart_as_table", "Dashboard"),
        ("can_csv", "Superset"),
        ("can_share_dashboard", "Superset"),
    }
)

# A person with an account also sees the list of dashboards and keeps an own profile and password.
OWN_ACCOUNT: frozenset[Permission] = frozenset(
    {
        ("menu_access", "Dashboards"),
        ("can_userinfo", "UserDBModelView"),
        ("resetmypassword", "UserDBModelView"),
        ("can_this_form_get", "ResetMyPasswordView"),
        ("can_this_form_post", "ResetMyPasswordView"),
        ("can_read", "user"),
    }
)

SEE_QUALITY_REPORTS: frozenset[Permission] = frozenset(
    {("can_read", "DataDocs"), ("menu_access", "Data quality"), ("menu_access", "Data quality reports")}
)

# Analysts explore everything the two connections reach, but change neither connections nor people.
ANALYST_MAY_NOT: frozenset[Permission] = frozenset(
    {
        ("can_upload", "Database"),
        ("can_write", "Database"),
        ("can_import_", "ImportExportRestApi"),
        ("can_read", "security"),
        *((f"can_{what}", "UserRegistrationsRestAPI") for what in ("add", "delete", "edit", "list", "show")),
    }
)

# Superset's pages show the menus for people and roles only to somebody with a role of this very name. It holds no
# permission: what an administrator may do comes from the role ADMINISTRATOR alone.
MENU_MARK = "Admin"


class AccessError(Exception):
    """A role names a permission this version of Superset does not have."""


@dataclass(frozen=True)
class Person:
    """An account of the embedded stack; the password comes from the environment."""

    username: str
    first_name: str
    last_name: str
    email: str
    role: str
    password_variable: str


PEOPLE = (
    Person("admin", "LIIA", "Administrator", "admin@example.org", ADMINISTRATOR, "SUPERSET_ADMIN_PASSWORD"),
    Person("analyst", "LIIA", "Analyst", "analyst@example.org", ANALYST, "SUPERSET_ANALYST_PASSWORD"),
    Person("member", "Sample", "Member", "member@example.org", MEMBER, "SUPERSET_MEMBER_PASSWORD"),
)

# The connections each role may read through, by dataset permission.
READS: Mapping[str, tuple[str, ...]] = {
    PUBLIC: ("open_data",),
    MEMBER: ("open_data", "members"),
}


def apply_roles(assets: Assets) -> None:
    """Give each role exactly its permissions. Needs an application context; the caller commits."""
    from superset import db, security_manager
    from superset.connectors.sqla.models import SqlaTable

    every = {
        (each.permission.name, each.view_menu.name): each
        for each in db.session.query(security_manager.permissionview_model).all()
        if each.permission and each.view_menu
    }
    dataset_permissions = {
        str(uuid): ("datasource_access", perm) for uuid, perm in db.session.query(SqlaTable.uuid, SqlaTable.perm)
    }

    def readable(role: str) -> set[Permission]:
        return {
            dataset_permissions[dataset.uuid]
            for connection in READS[role]
            for dataset in assets.datasets_of(connection)
        }

    # Superset's own rules tell what an administrator's and an analyst's account needs.
    administrator = {name for name, each in every.items() if security_manager._is_admin_pvm(each)}
    analyst = {
        name
        for name, each in every.items()
        if security_manager._is_alpha_pvm(each) or security_manager._is_sql_lab_pvm(each)
    }
    wanted: dict[str, set[Permission]] = {
        ADMINISTRATOR: administrator | SEE_QUALITY_REPORTS,
        ANALYST: (analyst | SEE_QUALITY_REPORTS) - ANALYST_MAY_NOT,
        MEMBER: set(VIEW_DASHBOARDS | OWN_ACCOUNT) | readable(MEMBER),
        PUBLIC: set(VIEW_DASHBOARDS) | readable(PUBLIC),
    }
    wanted[MENU_MARK] = set()
    for role_name, permissions in wanted.items():
        unknown = permissions - every.keys()
        if unknown:
            listed = ", ".join(f"{permission} on {view}" for permission, view in sorted(unknown))
            raise AccessError(f"This version of Superset has no permission {listed} (superset_config/access.py).")
        role = security_manager.add_role(role_name)
        if {each.id for each in role.permissions} != {every[name].id for name in permissions}:
            role.permissions = [every[name] for name in sorted(permissions)]


def apply_people(passwords: Mapping[str, str]) -> list[str]:
    """Make the embedded stack's accounts whose password is given; return their user names. The caller commits."""
    from superset import security_manager
    from werkzeug.security import check_password_hash, generate_password_hash

    made = []
    for person in PEOPLE:
        password = passwords.get(person.password_variable, "")
        if not password:
            continue
        names = [person.role, MENU_MARK] if person.role == ADMINISTRATOR else [person.role]
        roles = [security_manager.find_role(name) for name in names]
        user = security_manager.find_user(username=person.username)
        if user is None:
            security_manager.add_user(
                person.username, person.first_name, person.last_name, person.email, roles, password=password
            )
        else:
            if not check_password_hash(user.password, password):
                user.password = generate_password_hash(password)
            if {each.id for each in user.roles} != {each.id for each in roles}:
                user.roles = roles
        made.append(person.username)
    return made
