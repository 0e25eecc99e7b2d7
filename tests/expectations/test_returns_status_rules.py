"""The mart gate on the status of returns: each rule fails on marts spoilt for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from psycopg import Connection
from psycopg.types.numeric import FloatLoader

from expectations.checking import check
from expectations.mart_frames import read_topic
from expectations.outcome import Finding, findings_of
from expectations.rules import load_rules, questions
from ingestion.build import run_dbt
from ingestion.returns import desk
from ingestion.returns.periods import quarter
from ingestion.sample.returns import write_returns
from ingestion.settings import Settings

STATUS = "marts_candidate.mart_returns__status"
COVERAGE = "marts_candidate.mart_returns__coverage"
OPEN_DATA = "open_data_candidate.returns_coverage"
QUARTER = "collection = 'ep_workforce' and period_label = '2025/26 Q4'"
CAMDEN = f"unit_code = 'E09000007' and {QUARTER}"
DOES_NOT_COUNT = "was_sent = false, received_on = null, days_after_deadline = null"

ERRORS = [
    ("RSM-500", f"drop table {OPEN_DATA}"),
    ("RSM-510", f"delete from {STATUS} where {CAMDEN}"),
    ("RSM-511", f"delete from reference.return_windows where {QUARTER}"),
    ("RSM-512", f"update {STATUS} set status = 'awaited', {DOES_NOT_COUNT} where {CAMDEN}"),
    ("RSM-513", f"update {STATUS} set findings_queries = findings_queries + 1 where {CAMDEN}"),
    ("RSM-520", f"update {COVERAGE} set units_counted = units_counted - 1 where {QUARTER}"),
    ("RSM-520", f"delete from {COVERAGE} where {QUARTER}"),
    ("RSM-521", f"update {OPEN_DATA} set units_counted = units_counted - 1 where {QUARTER}"),
]

QUERIES = [
    ("RSM-501",
     "update staging.stg_returns__submissions set status = 'superseded' "
     "where authority_code = 'E09000007' and collection = 'ep_workforce'"),
    ("RSM-514",
     f"update {STATUS} set received_on = opens - 1, days_after_deadline = opens - 1 - deadline where {CAMDEN}"),
    ("RSM-530", f"update {STATUS} set status = 'not_sent', is_overdue = true, {DOES_NOT_COUNT} where {CAMDEN}"),
    ("RSM-531", f"update {STATUS} set has_refused_version = true where {CAMDEN}"),
    ("RSM-532", f"update {STATUS} set status = 'partly', {DOES_NOT_COUNT} where {CAMDEN}"),
    ("RSM-540", f"update {COVERAGE} set is_enough = false, deadline = '2020-01-31' where {QUARTER}"),
    ("RSM-541", f"update {COVERAGE} set units_counted = 20, deadline = '2020-01-31' where {QUARTER}"),
]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[str], Settings], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two quarters of one return of the sample through the desk; the marts about returns built."""
    settings = new_warehouse("returns_rules")
    landing = tmp_path_factory.mktemp("landing")
    write_returns(landing, collections=["ep_workforce"], periods=[quarter(2025, 3), quarter(2025, 4)])
    desk.take_in(settings, landing, "ep_workforce")
    desk.decide(settings, landing, "ep_workforce")
    run_dbt(
        settings, "build", "--quiet", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious",
        "--select", "+mart_returns__status", "+open_data__returns_coverage",
    )  # fmt: skip
    return settings


def found(connection: Connection) -> list[Finding]:
    connection.adapters.register_loader("numeric", FloatLoader)
    frames = read_topic(connection, "returns")
    return findings_of(check(frames, questions(load_rules("marts_returns"), {})), frames)


@pytest.fixture(scope="module")
def of_the_sample(warehouse: Settings) -> set[tuple[str, str, str]]:
    """What there is to say before anything is spoilt: of the other collections and quarters nothing has been sent."""
    with warehouse.connect("transformer") as connection:
        return {(each.rule_code, each.severity, each.message) for each in found(connection)}


@contextmanager
def spoilt(settings: Settings, statement: str) -> Iterator[Connection]:
    """The candidate marts as if the statement had happened; what touches nothing is a mistaken test."""
    with settings.connect("transformer") as connection:
        assert connection.execute(statement.encode()).rowcount != 0
        yield connection
        connection.rollback()


def test_of_the_sample_only_who_has_not_sent_is_to_be_said(of_the_sample: set[tuple[str, str, str]]) -> None:
    assert {code for code, *_ in of_the_sample} <= {"RSM-530", "RSM-540", "RSM-541"}
    assert all(severity == "query" for _, severity, _ in of_the_sample)


@pytest.mark.parametrize(("code", "statement"), ERRORS, ids=[f"{c}-{n}" for n, (c, _) in enumerate(ERRORS)])
def test_an_error_is_found(
    warehouse: Settings, of_the_sample: set[tuple[str, str, str]], code: str, statement: str
) -> None:
    with spoilt(warehouse, statement) as connection:
        new = {(each.rule_code, each.severity, each.message) for each in found(connection)} - of_the_sample
    assert (code, "error") in {(rule, severity) for rule, severity, _ in new}


@pytest.mark.parametrize(("code", "statement"), QUERIES, ids=[code for code, _ in QUERIES])
def test_a_query_is_found(
    warehouse: Settings, of_the_sample: set[tuple[str, str, str]], code: str, statement: str
) -> None:
    with spoilt(warehouse, statement) as connection:
        new = {(each.rule_code, each.severity, each.message) for each in found(connection)} - of_the_sample
    assert (code, "query") in {(rule, severity) for rule, severity, _ in new}


def test_every_rule_has_a_case_that_fails_it() -> None:
    assert {code for code, *_ in [*ERRORS, *QUERIES]} == {rule.code for rule in load_rules("marts_returns")}
