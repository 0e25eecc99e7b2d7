"""The mart gate on agency social workers: each rule fails on marts spoilt for it, and the sample only lacks units."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg import Connection
from psycopg.types.numeric import FloatLoader

from expectations import disclosure_pattern
from expectations.checking import check
from expectations.disclosure.families import load_families
from expectations.mart_frames import read_topic
from expectations.outcome import Finding, findings_of
from expectations.rules import load_rules, questions
from ingestion.build import run_dbt
from ingestion.returns import desk
from ingestion.returns.periods import quarter
from ingestion.sample.returns import write_returns
from ingestion.settings import Settings
from tests.conftest import load_and_accept

CELLS = ["cells_agency_assignments", "cells_agency_people"]
MARTS = ["mart_agency__measures", "mart_agency__pay", "open_data__agency_measures"]
MEASURES = "marts_candidate.mart_agency__measures"
PAY = "marts_candidate.mart_agency__pay"
PUBLIC = "open_data_candidate.agency_measures"
RAW = "raw.agency_quarterly__assignment"
NEWEST = "period_label = '2025/26 Q4' and role_type = 'all'"
LONDON = f"unit_code = 'E12000007' and {NEWEST}"
LAMBETH = f"unit_code = 'E09000022' and {NEWEST}"

ERRORS = [
    ("AGM-500", None, f"drop table {PAY}"),
    ("AGM-510", None, f"delete from {MEASURES} where {LAMBETH} and measure = 'people'"),
    ("AGM-510", None, f"delete from {PUBLIC} where {LONDON}"),
    ("AGM-511", "assignments", f"update {MEASURES} set value = value - 1 where {LONDON} and measure = 'assignments'"),
    ("AGM-511", "active_assignments",
     f"update {MEASURES} set value = value + 1 where {LONDON} and measure = 'active_assignments'"),
    ("AGM-511", "people", f"update {MEASURES} set value = value + 1 where {LONDON} and measure = 'people'"),
    ("AGM-511", "active_fte", f"update {MEASURES} set value = value + 0.1 where {LONDON} and measure = 'active_fte'"),
    ("AGM-511", "quarter_cost_gbp",
     f"update {MEASURES} set value = value + 1 where {LONDON} and measure = 'quarter_cost_gbp'"),
    ("AGM-512", "assignments",
     f"update {MEASURES} set value = null, value_status = 'x' where {LAMBETH} and measure = 'assignments'"),
    ("AGM-512", "people", f"delete from {MEASURES} where {LAMBETH}"),
    ("AGM-513", "over_3_months",
     f"update {MEASURES} set value = value + 1 where {LONDON} and measure = 'over_3_months'"),
    ("AGM-514", None,
     "update intermediate.cells_agency_assignments set count_in_cell = count_in_cell + 1 "
     f"where {LONDON} and category = 'pay_LTD_WORKER_PAY'"),
    ("AGM-520", "monthly_cost_gbp",
     f"update {MEASURES} set value = -1 where {LONDON} and measure = 'monthly_cost_gbp'"),
    ("AGM-521", "covers_vacancy_pct",
     f"update {MEASURES} set value = 100.1 where {LONDON} and measure = 'covers_vacancy_pct'"),
    ("AGM-522", "people", f"update {MEASURES} set value = 100 * value where {LONDON} and measure = 'people'"),
    ("AGM-522", "over_12_months",
     f"update {MEASURES} set value = 100 * value where {LONDON} and measure = 'over_12_months'"),
    ("AGM-523", "active_fte",
     f"update {MEASURES} set value = null, value_status = 'c' where {LONDON} and measure = 'active_assignments'"),
    ("AGM-523", "quarter_cost_gbp",
     f"update {MEASURES} set value = null, value_status = 'c' where {LONDON} and measure = 'assignments'"),
    ("AGM-523", "over_6_months_pct",
     f"update {PUBLIC} set value = null, value_status = 'c' where {LONDON} and measure = 'over_6_months'"),
    ("AGM-530", None, f"update {PAY} set assignments = null, assignments_status = 'c' where {LONDON}"),
    ("AGM-530", None,
     "update intermediate.int_agency__pay_groups set people = 7 "
     "where unit_code = 'E12000007' and role_type = 'all' and period_end = '2026-03-31'"),
    ("AGM-531", None,
     f"update {PAY} set lower_quartile_gbp = median_gbp + 1 where {LONDON} and quartile_status is null"),
    ("AGM-560", "people", f"update {PUBLIC} set unit_level = 'authority' where {LONDON} and measure = 'people'"),
    ("AGM-561", "people",
     f"update {MEASURES} set value = null, value_status = 'c' where {LONDON} and measure = 'people'"),
    ("AGM-562", "people", f"update {PUBLIC} set value = value + 5 where {LONDON} and measure = 'people'"),
]  # fmt: skip

QUERIES = [
    ("AGM-532", None, f"update {PAY} set median_gbp = 19.99 where {LONDON} and average_status is null"),
    ("AGM-533", None,
     f"update {PAY} set previous_median_gbp = 30, change_in_median_gbp = 6.5 "
     f"where {LONDON} and payment_basis = 'UMBRELLA' and rate_basis = 'WORKER_PAY'"),
    ("AGM-540", None, f"update {MEASURES} set value = 27.1 where {LONDON} and measure = 'agency_rate_fte'"),
    ("AGM-541", None, f"update {MEASURES} set value = 60.1 where {LAMBETH} and measure = 'agency_rate_fte'"),
    ("AGM-542", None,
     f"update {MEASURES} set change_on_quarter = -10.1 where {LAMBETH} and measure = 'agency_rate_fte'"),
    ("AGM-543", None,
     f"update {MEASURES} set value = value / 3 where {LAMBETH} and measure = 'monthly_cost_gbp'"),
    ("AGM-544", None,
     "update marts_candidate.mart_census__indicators set value = 1.2 * value "
     "where indicator = 'agency_headcount' and unit_level = 'authority' and census_year = 2025"),
    ("AGM-550", None, f"update {MEASURES} set units_counted = 31, coverage_label = '31 of 32 units' where {LONDON}"),
    ("AGM-551", None, f"update {MEASURES} set units_counted = 23, coverage_label = '23 of 32 units' where {LONDON}"),
]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(
    new_warehouse: Callable[[str], Settings], sample_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The census as published and three quarters of returns; the marts built, in the two steps of a build."""
    settings = new_warehouse("agency_rules")
    load_and_accept(settings, sample_folder)
    landing = tmp_path_factory.mktemp("landing")
    write_returns(
        landing, collections=["agency_quarterly"], periods=[quarter(2025, 2), quarter(2025, 3), quarter(2025, 4)]
    )
    desk.take_in(settings, landing, "agency_quarterly")
    desk.decide(settings, landing, "agency_quarterly")
    build = ("build", "--quiet", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious", "--select")
    run_dbt(settings, *build, *(f"+{name}" for name in CELLS))
    families = [family for family in load_families() if family.family in ("agency_assignments", "agency_people")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disclosure_pattern, "load_families", lambda: families)
        disclosure_pattern.decide(settings)
    run_dbt(settings, *build, *(f"+{name}" for name in MARTS), "+mart_census__indicators")
    return settings


def found(connection: Connection) -> list[Finding]:
    connection.adapters.register_loader("numeric", FloatLoader)
    frames = read_topic(connection, "agency")
    return findings_of(check(frames, questions(load_rules("marts_agency"), {})), frames)


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


@pytest.mark.parametrize(("code", "field", "statement"), QUERIES, ids=[code for code, _, _ in QUERIES])
def test_a_query_is_found(warehouse: Settings, code: str, field: str | None, statement: str) -> None:
    with spoilt(warehouse, statement) as connection:
        assert (code, "query", field) in {(each.rule_code, each.severity, each.field) for each in found(connection)}


def test_assignments_without_fte_are_a_query(warehouse: Settings) -> None:
    # Raw rows are the loader's, so one of its own transactions takes the place of a spoilt mart.
    with warehouse.connect("loader") as connection:
        row = connection.execute(
            "select submission_id, source_row, fte from raw.agency_quarterly__assignment where end_date is null limit 1"
        ).fetchone()
        assert row is not None
        where = "where submission_id = %s and source_row = %s"
        connection.execute(f"update {RAW} set fte = null {where}".encode(), row[:2])
    try:
        with warehouse.connect("transformer") as connection:
            findings = found(connection)
    finally:
        with warehouse.connect("loader") as connection:
            connection.execute(f"update {RAW} set fte = %s {where}".encode(), (row[2], *row[:2]))
    assert ("AGM-545", "query") in {(each.rule_code, each.severity) for each in findings}


def test_every_rule_has_a_case_that_fails_it() -> None:
    cases = {code for code, *_ in [*ERRORS, *QUERIES]} | {"AGM-545"}
    assert cases == {rule.code for rule in load_rules("marts_agency")}


def test_empty_marts_pass_every_rule(warehouse: Settings) -> None:
    with warehouse.connect("transformer") as connection:
        frames = {
            name: frame if name == "agency_tables" else frame.iloc[:0]
            for name, frame in read_topic(connection, "agency").items()
        }
    assert findings_of(check(frames, questions(load_rules("marts_agency"), {})), frames) == []
