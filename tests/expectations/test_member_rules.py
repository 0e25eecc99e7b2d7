"""The mart gate on the members' benchmark: each rule fails on marts spoilt for it, and on nothing of the sample."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg import Connection
from psycopg.types.numeric import FloatLoader

from expectations.checking import check
from expectations.mart_frames import read_topic
from expectations.outcome import Finding, findings_of
from expectations.rules import load_rules, questions
from ingestion.build import run_dbt
from ingestion.returns import desk
from ingestion.returns.periods import census_year, quarter
from ingestion.sample.returns import write_returns
from ingestion.settings import Settings
from tests.conftest import load_and_accept

BENCHMARK = "marts_candidate.mart_member__benchmark"
OWN = "restricted_candidate.mart_member__own_figures"
RETURNS = ("csww_census", "agency_quarterly", "leadership_in_colour", "ep_workforce")
PERIODS = [census_year(2024), quarter(2025, 3)]
AGENCY_RATE = "collection = 'agency_quarterly' and indicator = 'agency_rate_fte'"
CAMDEN = "unit_code = 'E09000007'"
IN_POST = "collection = 'csww_census' and indicator = 'inpost_headcount' and breakdown = 'all'"

ERRORS = [
    ("MBM-500", None, f"drop table {OWN}"),
    ("MBM-510", "agency_rate_fte", f"delete from {BENCHMARK} where {AGENCY_RATE} and {CAMDEN}"),
    ("MBM-511", "agency_rate_fte", f"update {BENCHMARK} set value = value + 0.1 where {AGENCY_RATE} and {CAMDEN}"),
    # A figure the mart hides.
    ("MBM-511", "assignments",
     f"update {BENCHMARK} set value = 3, value_status = null where indicator = 'assignments' and value_status = 'c'"),
    ("MBM-512", "agency_rate_fte", f"update {BENCHMARK} set london_value = 1 where {AGENCY_RATE} and {CAMDEN}"),
    ("MBM-512", "inpost_fte",
     f"update {BENCHMARK} set inner_outer_value = null where indicator = 'inpost_fte' and {CAMDEN}"),
    ("MBM-513", "agency_rate_fte", f"delete from {BENCHMARK} where {AGENCY_RATE} and {CAMDEN}"),
    ("MBM-520", "agency_rate_fte", f"update {BENCHMARK} set rank_in_london = rank_in_london + 1 where {AGENCY_RATE}"),
    ("MBM-520", "agency_rate_fte",
     f"update {BENCHMARK} set rank_in_london = units_ranked + 1 - rank_in_london where {AGENCY_RATE}"),
    ("MBM-520", "agency_rate_fte",
     f"update {BENCHMARK} set units_ranked = units_ranked + 1 where {AGENCY_RATE} and {CAMDEN}"),
    ("MBM-521", "agency_rate_fte", f"update {BENCHMARK} set quartile_in_london = 5 where {AGENCY_RATE} and {CAMDEN}"),
    ("MBM-522", "agency_rate_fte",
     f"update {BENCHMARK} set value = null, value_status = 'c' where {AGENCY_RATE} and {CAMDEN}"),
    ("MBM-522", "inpost_fte",
     f"update {BENCHMARK} set rank_in_london = 1, units_ranked = 1 where indicator = 'inpost_fte' and {CAMDEN}"),
    ("MBM-530", None, f"update {BENCHMARK} set neighbours_counted = 11 where {AGENCY_RATE} and {CAMDEN}"),
    ("MBM-531", None,
     f"update {BENCHMARK} set neighbours_counted = 2 where neighbours_median is not null and {CAMDEN}"),
    ("MBM-540", "inpost_headcount", f"update {OWN} set value = value + 1 where {IN_POST} and {CAMDEN}"),
    ("MBM-540", "agency_rate_fte", f"update {OWN} set value = value + 0.6 where {AGENCY_RATE} and {CAMDEN}"),
    ("MBM-541", "inpost_headcount",
     f"update {OWN} set value = null, value_status = 'x' where {IN_POST} and {CAMDEN}"),
    ("MBM-542", "inpost_headcount", f"delete from {OWN} where {IN_POST} and {CAMDEN}"),
    ("MBM-543", "assignments",
     f"update {OWN} set value = null, value_status = 'c' where indicator = 'assignments' and {CAMDEN}"),
]  # fmt: skip

# Everything decided, and nothing hidden but what is small: these tests are about what is made of the decision.
DECIDE = """
insert into intermediate.disclosure_decisions
(family, table_key, cell_key, threshold, table_fingerprint, decided_from, is_hidden)
select
    %(family)s, cells.table_key, cells.cell_key, products.threshold, fingerprints.fingerprint, 'small counts only',
    coalesce(cells.count_in_cell between 1 and products.threshold - 1, false)
from intermediate.cells_{family} as cells
cross join (select distinct threshold from reference.disclosure_products where product <> 'own') as products
inner join (
    select
        table_key,
        md5(
            string_agg(
                cell_key || '=' || coalesce(trim_scale(count_in_cell)::text, ''), ',' order by cell_key collate "C"
            )
        ) as fingerprint
    from intermediate.cells_{family}
    group by table_key
) as fingerprints
    on cells.table_key = fingerprints.table_key
"""


@pytest.fixture(scope="module")
def warehouse(
    new_warehouse: Callable[[str], Settings], sample_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """One period of every return through the desk; the benchmark and all that it stands on, built."""
    settings = new_warehouse("member_rules")
    load_and_accept(settings, sample_folder)
    landing = tmp_path_factory.mktemp("landing")
    write_returns(landing, periods=PERIODS)
    for collection in RETURNS:
        desk.take_in(settings, landing, collection)
        desk.decide(settings, landing, collection)
    build = ("build", "--quiet", "--exclude-resource-type", "unit_test", "test")
    run_dbt(settings, *build, "--selector", "cells")
    with settings.connect("transformer") as connection:
        families = connection.execute(
            "select substr(tablename, 7) from pg_tables "
            "where schemaname = 'intermediate' and starts_with(tablename, 'cells_')"
        ).fetchall()
        for (family,) in families:
            connection.execute(DECIDE.format(family=family).encode(), {"family": family})
    run_dbt(
        settings, *build, "--select", "+mart_member__benchmark", "+mart_member__own_figures",
        "--exclude", "+tag:disclosure_cells",
    )  # fmt: skip
    return settings


def found(connection: Connection) -> list[Finding]:
    connection.adapters.register_loader("numeric", FloatLoader)
    frames = read_topic(connection, "member")
    return findings_of(check(frames, questions(load_rules("marts_member"), {})), frames)


@contextmanager
def spoilt(settings: Settings, statement: str) -> Iterator[Connection]:
    """The candidate marts as if the statement had happened; what touches nothing is a mistaken test."""
    with settings.connect("transformer") as connection:
        assert connection.execute(statement.encode()).rowcount != 0
        yield connection
        connection.rollback()


def test_the_sample_passes_every_rule(warehouse: Settings) -> None:
    with warehouse.connect("transformer") as connection:
        assert found(connection) == []


@pytest.mark.parametrize(("code", "field", "statement"), ERRORS, ids=[f"{c}-{n}" for n, (c, _, _) in enumerate(ERRORS)])
def test_an_error_is_found(warehouse: Settings, code: str, field: str | None, statement: str) -> None:
    with spoilt(warehouse, statement) as connection:
        assert (code, "error", field) in {(each.rule_code, each.severity, each.field) for each in found(connection)}


def test_every_rule_has_a_case_that_fails_it() -> None:
    assert {code for code, *_ in ERRORS} == {rule.code for rule in load_rules("marts_member")}


def test_empty_marts_pass_every_rule(warehouse: Settings) -> None:
    with warehouse.connect("transformer") as connection:
        frames = {
            name: frame if name == "member_tables" else frame.iloc[:0]
            for name, frame in read_topic(connection, "member").items()
        }
    assert findings_of(check(frames, questions(load_rules("marts_member"), {})), frames) == []
