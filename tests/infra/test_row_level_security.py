"""An authority's own figures: to whom Postgres shows which rows, and the ways round it that must not lead anywhere."""

import json
from collections.abc import Callable, Iterator
from typing import Any, LiteralString, cast

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from infra.database.row_level_security import ProtectionError, forbid_forging, protect_restricted
from infra.local.postgres import EmbeddedPostgres
from ingestion.settings import Settings

CAMDEN, BARNET, JOINT = "E09000007", "E09000003", "E09000021 / E09000027"
# Rows of each unit in the table of these tests; nobody could take one unit's number for another's.
ROWS = {CAMDEN: 3, BARNET: 5, JOINT: 7}
OWN = "restricted.own_figures"
# The figure only Barnet has.
SECRET = 777
MAKE = (
    "create table {} (unit_code text not null, indicator text not null, figure integer not null, "
    "primary key (unit_code, indicator))"
)


def run(connection: psycopg.Connection[Any], statement: str) -> psycopg.Cursor[Any]:
    """A statement as a person would write it."""
    return connection.execute(cast(LiteralString, statement))


def fill(connection: psycopg.Connection[Any], table: str) -> None:
    run(connection, MAKE.format(table))
    for unit, rows in ROWS.items():
        for number in range(rows):
            figure = SECRET if (unit, number) == (BARNET, 0) else number
            run(connection, f"insert into {table} values ('{unit}', 'figure_{number}', {figure})")


@pytest.fixture(scope="module")
def restricted(new_warehouse: Callable[[str], Settings], postgres: EmbeddedPostgres) -> Settings:
    """A warehouse whose restricted schema holds one protected table."""
    settings = new_warehouse("restricted")
    with settings.connect("transformer") as connection:
        fill(connection, OWN)
        assert protect_restricted(connection) == 1
    with psycopg.connect(make_conninfo(**postgres.admin_arguments, dbname=settings.get("WAREHOUSE_DATABASE"))) as admin:
        forbid_forging(admin)
    return settings


@pytest.fixture
def member(restricted: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A session of the members' login in which nothing is set yet; a failed statement ends nothing but itself."""
    with restricted.connect("members_reader") as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture
def camden(member: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """The same, as the application leaves it for a member from Camden."""
    show(member, CAMDEN)
    return member


def show(connection: psycopg.Connection[Any], *units: str) -> None:
    connection.execute(sql.SQL("set workforce.unit_codes = {}").format(",".join(units)))


def seen(connection: psycopg.Connection[Any], table: str = OWN) -> dict[str, int]:
    """How many rows of which units a session sees."""
    return dict(run(connection, f"select unit_code, count(*) from {table} group by unit_code").fetchall())


def test_without_a_list_of_units_there_are_no_rows(member: psycopg.Connection[Any]) -> None:
    assert seen(member) == {}
    show(member, "")
    assert seen(member) == {}


def test_a_list_that_held_for_one_transaction_leaves_nothing_behind(member: psycopg.Connection[Any]) -> None:
    with member.transaction():
        run(member, f"set local workforce.unit_codes = '{CAMDEN}'")
        assert seen(member) == {CAMDEN: 3}
    assert run(member, "select current_setting('workforce.unit_codes', true)").fetchone() == ("",)
    assert seen(member) == {}


@pytest.mark.parametrize("units", [(CAMDEN,), (JOINT,), (CAMDEN, BARNET), (JOINT, CAMDEN)])
def test_a_member_sees_the_rows_of_the_own_units_and_no_others(
    member: psycopg.Connection[Any], units: tuple[str, ...]
) -> None:
    show(member, *units)
    assert seen(member) == {unit: ROWS[unit] for unit in units}


@pytest.mark.parametrize(
    "codes",
    [
        "E09000021", "E09000027", "E09000021,E09000027", "E09000021/E09000027",  # half of the joint unit is no unit
        f" {CAMDEN}", "e09000007", "E0900000", "%", "*", "all", f"'{CAMDEN}'", f"{CAMDEN};{BARNET}", "{E09000007}",
        f"x') or true or unit_code = any(array['{CAMDEN}",
    ],
)  # fmt: skip
def test_what_is_no_units_code_shows_nothing(member: psycopg.Connection[Any], codes: str) -> None:
    show(member, codes)
    assert seen(member) == {}


def test_a_list_changed_by_the_session_itself_is_believed(camden: psycopg.Connection[Any]) -> None:
    # All members share one login: Postgres cannot tell who asks. The application must set the list, and must not let
    # members write statements of their own.
    show(camden, BARNET)
    assert seen(camden) == {BARNET: 5}


@pytest.mark.parametrize(
    "question",
    [
        f"select set_config('workforce.unit_codes', '{BARNET}', false)",
        f"with forged as materialized (select set_config('workforce.unit_codes', '{BARNET}', true)) "
        f"select * from forged, {OWN}",
        f"select query_to_xml('select set_config(''workforce.unit_codes'', ''{BARNET}'', false)', true, true, '')",
        f"select query_to_xml('set workforce.unit_codes = ''{BARNET}''', true, true, '')",
        f"select (select set_config(name, '{BARNET}', false) from pg_settings limit 1)",
    ],
)
def test_the_list_cannot_be_changed_inside_a_select(camden: psycopg.Connection[Any], question: str) -> None:
    with pytest.raises(psycopg.Error, match=r"permission denied for function set_config|not allowed"):
        run(camden, question)
    assert seen(camden) == {CAMDEN: 3}


def test_the_settings_own_view_changes_nothing(camden: psycopg.Connection[Any]) -> None:
    run(camden, "set default_transaction_read_only = off")
    try:
        run(camden, f"update pg_settings set setting = '{BARNET}' where name = 'workforce.unit_codes'")
    except psycopg.Error as error:
        assert "permission denied" in str(error)
    assert seen(camden) == {CAMDEN: 3}


@pytest.mark.parametrize(
    "statement",
    ["set role transformer", "set role postgres", "set session authorization transformer", "set role analyst",
     "set row_security = off", "reset role"],
)  # fmt: skip
def test_becoming_somebody_else_shows_nothing_more(camden: psycopg.Connection[Any], statement: str) -> None:
    try:
        run(camden, statement)
        found = seen(camden)
    except psycopg.errors.InsufficientPrivilege as error:
        # Row security turned off is refused when the table is read, not passed over.
        assert "row-level security policy" in str(error) or "permission denied" in str(error)
    else:
        assert found == {CAMDEN: 3}


def test_members_write_nothing_even_in_a_session_that_may_write(camden: psycopg.Connection[Any]) -> None:
    run(camden, "set default_transaction_read_only = off")
    for statement in (
        f"insert into {OWN} values ('{CAMDEN}', 'new', 1)", f"update {OWN} set figure = 1", f"delete from {OWN}",
        f"truncate {OWN}", f"alter table {OWN} disable row level security", f"drop policy own_rows on {OWN}",
        f"select * from {OWN} for update", f"create view restricted.mine as select * from {OWN}",
        f"create rule mine as on insert to {OWN} do nothing",
    ):  # fmt: skip
        with pytest.raises(psycopg.Error):
            run(camden, statement)
    assert seen(camden) == {CAMDEN: 3}


def test_a_temporary_table_or_function_cannot_be_made(camden: psycopg.Connection[Any]) -> None:
    run(camden, "set default_transaction_read_only = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="temporary"):
        run(camden, f"create temporary table kept as select * from {OWN}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(camden, "create function pg_temp.spy(integer) returns boolean language sql as 'select true'")


@pytest.mark.parametrize("role", ["loader", "public_reader", "analyst"])
def test_nobody_else_reads_the_table_whatever_is_set(restricted: Settings, role: str) -> None:
    with restricted.connect(role) as connection:  # type: ignore[arg-type]
        connection.autocommit = True
        show(connection, *ROWS)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            seen(connection)


def test_the_owner_itself_is_shown_nothing(restricted: Settings) -> None:
    with restricted.connect("transformer") as connection:
        show(connection, *ROWS)
        assert seen(connection) == {}
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            run(connection, f"insert into {OWN} values ('{CAMDEN}', 'late', 1)")


def test_views_and_functions_of_the_owner_open_no_back_door(restricted: Settings) -> None:
    # The mistake `force` is there for: a dbt view or a helper over the restricted table, readable like any mart.
    with restricted.connect("transformer") as connection:
        run(connection, f"create view marts.careless as select * from {OWN}")
        run(connection, f"create view marts.careful with (security_invoker) as select * from {OWN}")
        run(connection, f"create materialized view marts.kept as select * from {OWN}")
        run(
            connection,
            "create function marts.all_rows() returns bigint language sql stable security definer "
            f"as 'select count(*) from {OWN}'",
        )
        run(
            connection,
            f"create function marts.my_rows() returns bigint language sql stable as 'select count(*) from {OWN}'",
        )
    with restricted.connect("members_reader") as connection:
        show(connection, CAMDEN)
        assert seen(connection, "marts.careless") == {}
        assert seen(connection, "marts.kept") == {}
        assert run(connection, "select marts.all_rows()").fetchone() == (0,)
        assert seen(connection, "marts.careful") == {CAMDEN: 3}
        assert run(connection, "select marts.my_rows()").fetchone() == (3,)


def test_a_prepared_question_is_answered_for_whoever_asks_now(member: psycopg.Connection[Any]) -> None:
    run(member, f"prepare mine as select unit_code, count(*) from {OWN} group by unit_code")
    for _ in range(7):  # Postgres keeps one plan after the fifth time
        show(member, CAMDEN)
        assert run(member, "execute mine").fetchall() == [(CAMDEN, 3)]
        show(member, JOINT)
        assert run(member, "execute mine").fetchall() == [(JOINT, 7)]
    run(member, "reset workforce.unit_codes")
    assert run(member, "execute mine").fetchall() == []


def test_a_cursor_held_open_shows_what_its_opener_could_see_until_everything_is_discarded(
    camden: psycopg.Connection[Any],
) -> None:
    with camden.transaction():
        run(camden, f"declare held cursor with hold for select distinct unit_code from {OWN}")
    show(camden, BARNET)
    assert run(camden, "fetch all from held").fetchall() == [(CAMDEN,)]
    run(camden, "discard all")
    with pytest.raises(psycopg.errors.InvalidCursorName):
        run(camden, "fetch all from held")
    assert seen(camden) == {}


def test_functions_of_the_same_name_earlier_on_the_path_are_not_asked(
    restricted: Settings, camden: psycopg.Connection[Any]
) -> None:
    with restricted.connect("transformer") as connection:
        for body in (
            f"current_setting(text, boolean) returns text language sql stable as 'select ''{BARNET}''::text'",
            f"string_to_array(text, text) returns text[] language sql stable as 'select array[''{BARNET}'']'",
        ):
            run(connection, f"create function marts.{body}")
    run(camden, "set search_path = marts, pg_catalog")
    assert run(camden, "select current_setting('workforce.unit_codes', true)").fetchone() == (BARNET,)
    assert seen(camden) == {CAMDEN: 3}


@pytest.mark.parametrize(
    "question",
    [
        # A condition that fails, or that speaks, on a row the session may not see.
        f"select count(*) from {OWN} where 1 / (figure - {SECRET}) < 1",
        f"select count(*) from {OWN} where (case when figure = {SECRET} then indicator else '1' end)::integer > 0",
        f"select count(*) from {OWN} where exists (select 1 / (figure - {SECRET}))",
    ],
)
def test_a_condition_is_never_tried_on_rows_of_others(camden: psycopg.Connection[Any], question: str) -> None:
    assert run(camden, question).fetchone() is not None
    show(camden, BARNET)
    if "exists" not in question:
        with pytest.raises(psycopg.DataError):
            run(camden, question)


def test_a_chatty_function_hears_of_own_rows_only(restricted: Settings, camden: psycopg.Connection[Any]) -> None:
    with restricted.connect("transformer") as connection:
        run(
            connection,
            "create function marts.tell(integer) returns boolean language plpgsql cost 0.0000001 "
            "as $$ begin raise notice '%', $1; return true; end $$",
        )
    heard: list[str] = []
    camden.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    run(camden, f"select count(*) from {OWN} where marts.tell(figure)")
    assert sorted(heard) == ["0", "1", "2"]


def test_every_way_of_reading_a_table_obeys(camden: psycopg.Connection[Any]) -> None:
    with camden.cursor() as cursor, cursor.copy(cast(LiteralString, f"copy {OWN} to stdout")) as rows:
        assert len(list(rows.rows())) == 3
    assert len(run(camden, f"table {OWN}").fetchall()) == 3
    for function in (
        "query_to_xml('select * from {}'",
        "table_to_xml('{}'",
        "schema_to_xml('restricted'",
        "database_to_xml(",
    ):
        try:
            arguments = ("" if function.endswith("(") else ", ") + "true, true, ''"
            row = run(camden, f"select {function.format(OWN)}{arguments})::text").fetchone()
        except psycopg.errors.FeatureNotSupported:  # a Postgres built without XML has no such way
            continue
        assert row is not None
        assert CAMDEN in row[0]
        assert BARNET not in row[0]
    assert run(camden, f"select count(*) from {OWN} tablesample system (100)").fetchone() == (3,)
    assert run(camden, f"select count(*) from {OWN} as a full join {OWN} as b on true").fetchone() == (9,)
    assert run(camden, f"select count(*) from {OWN} where ctid is not null").fetchone() == (3,)


def test_statistics_tell_nothing(new_warehouse: Callable[[str], Settings]) -> None:
    settings = new_warehouse("statistics")
    with settings.connect("transformer") as connection:
        run(connection, MAKE.format(OWN))
        for unit, rows in ((CAMDEN, 100), (BARNET, 2000), (JOINT, 30000)):
            run(
                connection,
                f"insert into {OWN} select '{unit}', 'figure_' || n, case when n % 10 = 0 then n else {SECRET} end "
                f"from generate_series(1, {rows}) as n",
            )
        protect_restricted(connection)
        run(connection, f"analyze {OWN}")  # as autovacuum does, whenever it likes
    with settings.connect("members_reader") as connection:
        show(connection, CAMDEN)
        for view in ("pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"):
            assert run(connection, f"select count(*) from {view} where schemaname = 'restricted'").fetchone() == (0,)
        # Postgres estimates from nothing: its guess is the same for what is frequent, rare and not there at all.
        units = (CAMDEN, BARNET, JOINT, "E09000099")
        assert len({estimate(connection, f"select * from {OWN} where unit_code = '{unit}'") for unit in units}) == 1
        figures = (10, SECRET, 123456)
        assert len({estimate(connection, f"select * from {OWN} where figure = {figure}") for figure in figures}) == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(connection, "select * from pg_statistic")


def estimate(connection: psycopg.Connection[Any], question: str) -> float:
    row = run(connection, f"explain (format json) {question}").fetchone()
    assert row is not None
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return float(plan[0]["Plan"]["Plan Rows"])


def test_statistics_gathered_too_soon_are_dropped(
    new_warehouse: Callable[[str], Settings], postgres: EmbeddedPostgres
) -> None:
    settings = new_warehouse("too_soon")
    with settings.connect("transformer") as connection:
        fill(connection, OWN)
        run(connection, f"analyze {OWN}")
        protect_restricted(connection)
    with psycopg.connect(make_conninfo(**postgres.admin_arguments, dbname=settings.get("WAREHOUSE_DATABASE"))) as admin:
        gathered = run(admin, f"select count(*) from pg_statistic where starelid = '{OWN}'::regclass").fetchone()
    assert gathered == (0,)


def test_an_explained_question_counts_no_rows_of_others_one_by_one(camden: psycopg.Connection[Any]) -> None:
    # What remains: the number of rows passed over, those of all other units together and the same whatever is asked.
    plans = {
        "\n".join(
            line
            for (line,) in run(
                camden,
                "explain (analyze, costs off, timing off, summary off, buffers off) "
                f"select * from {OWN} where figure = {figure}",
            ).fetchall()
            if "Removed" in line
        )
        for figure in (SECRET, 123456)
    }
    assert len(plans) == 1


def test_protecting_again_changes_nothing_and_closes_what_was_opened_since(
    new_warehouse: Callable[[str], Settings],
) -> None:
    settings = new_warehouse("again")
    with settings.connect("transformer") as connection:
        fill(connection, OWN)
        protect_restricted(connection)
        run(connection, f"create policy everything on {OWN} for select using (true)")
        run(connection, f"grant select on {OWN} to analyst, public")
        run(connection, f"alter table {OWN} no force row level security")
        protect_restricted(connection)
    with settings.connect("members_reader") as connection:
        show(connection, CAMDEN)
        assert seen(connection) == {CAMDEN: 3}
    with settings.connect("analyst") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        seen(connection)


def test_a_new_table_takes_the_protected_ones_place_as_publication_does_it(
    new_warehouse: Callable[[str], Settings],
) -> None:
    settings = new_warehouse("exchange")
    with settings.connect("transformer") as connection:
        fill(connection, "restricted_candidate.own_figures")
    for _ in range(2):
        with settings.connect("transformer") as connection:
            run(connection, f"create table {OWN}__incoming (like restricted_candidate.own_figures including all)")
            run(connection, f"insert into {OWN}__incoming select * from restricted_candidate.own_figures")
            protect_restricted(connection)
            run(connection, f"drop table if exists {OWN}")
            run(connection, f"alter table {OWN}__incoming rename to own_figures")
        with settings.connect("members_reader") as connection:
            assert seen(connection) == {}
            show(connection, JOINT)
            assert seen(connection) == {JOINT: 7}
    for role in ("members_reader", "analyst", "public_reader", "loader"):
        with (
            settings.connect(role) as connection,  # type: ignore[arg-type]
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            seen(connection, "restricted_candidate.own_figures")


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("create table restricted.everybodys (figure integer)", "everybodys has no column unit_code"),
        ("create table restricted.gaps (unit_code text)", "gaps has no column unit_code that is never null"),
        ("create view restricted.seen as select 1 as unit_code", "seen is no plain table"),
        ("create materialized view restricted.kept as select 'E09000007' as unit_code", "kept is no plain table"),
    ],
)
def test_what_no_policy_can_protect_stops_publication(
    new_warehouse: Callable[[str], Settings], statement: str, complaint: str
) -> None:
    settings = new_warehouse("unprotected")
    with settings.connect("transformer") as connection:
        run(connection, statement)
        with pytest.raises(ProtectionError, match=complaint):
            protect_restricted(connection)


def test_readers_who_could_become_the_owner_stop_publication(
    new_warehouse: Callable[[str], Settings], postgres: EmbeddedPostgres
) -> None:
    settings = new_warehouse("too_much")
    admin = psycopg.connect(make_conninfo(**postgres.admin_arguments, dbname="postgres"), autocommit=True)
    with admin:
        run(admin, "alter role members_reader bypassrls")
        try:
            with settings.connect("transformer") as connection, pytest.raises(ProtectionError, match="step over"):
                protect_restricted(connection)
        finally:
            run(admin, "alter role members_reader nobypassrls")
