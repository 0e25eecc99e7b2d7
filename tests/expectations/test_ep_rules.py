"""The mart gate on educational psychologists: each rule fails on marts spoilt for it, and on nothing of the sample."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

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

MARTS = [f"mart_ep__{name}" for name in ("establishment", "agency", "pay", "compliance")]
CELLS = ["cells_ep_establishment", "cells_ep_engagements"]
ESTABLISHMENT = "marts_candidate.mart_ep__establishment"
AGENCY = "marts_candidate.mart_ep__agency"
PAY = "marts_candidate.mart_ep__pay"
COMPLIANCE = "marts_candidate.mart_ep__compliance"
CAMDEN = "unit_code = 'E09000007' and ep_grade = 'all' and period_label = '2025/26 Q4'"
LONDON = "unit_code = 'E12000007' and ep_grade = 'all' and period_label = '2025/26 Q4'"

ERRORS = [
    ("EPM-500", None, f"drop table {PAY}"),
    ("EPM-510", None, f"delete from {ESTABLISHMENT} where {CAMDEN}"),
    ("EPM-511", None, f"delete from {AGENCY} where {LONDON}"),
    ("EPM-512", "headcount", f"update {ESTABLISHMENT} set headcount = headcount + 1 where {LONDON}"),
    ("EPM-512", "fte", f"update {ESTABLISHMENT} set fte = fte - 0.5 where {CAMDEN}"),
    ("EPM-512", "vacancy_fte",
     f"update {ESTABLISHMENT} set vacancy_fte = vacancy_fte + 0.1 where {CAMDEN}"),
    ("EPM-512", "engagements", f"update {AGENCY} set engagements = engagements - 1 where {LONDON}"),
    ("EPM-513", "engagements",
     f"update {AGENCY} set engagements = null, engagements_status = 'x' "
     f"where {CAMDEN}"),
    ("EPM-513", "headcount", f"delete from {ESTABLISHMENT} where {CAMDEN}"),
    ("EPM-514", "engagements", f"update {AGENCY} set units_counted = 31 where {LONDON}"),
    ("EPM-530", "fte", f"update {ESTABLISHMENT} set fte = headcount + 1 where {LONDON}"),
    ("EPM-530", "vacancy_rate_pct",
     f"update {ESTABLISHMENT} set vacancy_rate_pct = 100.1 where {LONDON}"),
    ("EPM-530", "remote", f"update {AGENCY} set remote = engagements + 1 where {LONDON}"),
    ("EPM-530", "lower_quartile_gbp",
     f"update {PAY} set lower_quartile_gbp = median_gbp + 1 where lower_quartile_gbp is not null"),
    ("EPM-530", "in_scope",
     f"update {COMPLIANCE} set in_scope = in_scope + 1 where unknown is not null"),
    ("EPM-550", None, f"delete from {COMPLIANCE} where principle = 'LPEP_REMOTE'"),
    ("EPM-551", None, "update reference.agency_rules set valid_from = '2026-07-01' where rule_code = 'LPEP_PQE'"),
    ("EPM-552", None,
     f"update {COMPLIANCE} set compliant = in_scope, unknown = 0 where unknown is not null"),
]  # fmt: skip

QUERIES = [
    # A grade that no return has a row of: every return leaves one out.
    ("EPM-520", None, "insert into reference.ep_grades (ep_grade) values ('NEW')"),
    ("EPM-531", None, f"update {PAY} set mean_gbp = 20 where mean_gbp is not null"),
    ("EPM-540", "headcount",
     f"update {ESTABLISHMENT} set headcount = 2 * headcount where {LONDON}"),
    ("EPM-540", "engagements",
     f"update {AGENCY} set engagements = engagements / 2 where {LONDON}"),
    ("EPM-560", None,
     f"update {AGENCY} set engagements = null, engagements_status = 'x' "
     f"where {LONDON}"),
]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[str], Settings], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two quarters of the sample through the desk; the marts built, in the two steps of a build."""
    settings = new_warehouse("ep_rules")
    landing = tmp_path_factory.mktemp("landing")
    write_returns(landing, collections=["ep_workforce"], periods=[quarter(2025, 3), quarter(2025, 4)])
    desk.take_in(settings, landing, "ep_workforce")
    desk.decide(settings, landing, "ep_workforce")
    build = ("build", "--quiet", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious", "--select")
    run_dbt(settings, *build, *(f"+{name}" for name in CELLS))
    families = [family for family in load_families() if family.family.startswith("ep_")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disclosure_pattern, "load_families", lambda: families)
        disclosure_pattern.decide(settings)
    run_dbt(settings, *build, *MARTS, "authorities")
    return settings


def found(connection: Connection) -> list[Finding]:
    connection.adapters.register_loader("numeric", FloatLoader)
    frames = read_topic(connection, "ep")
    return findings_of(check(frames, questions(load_rules("marts_ep"), {})), frames)


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


@pytest.mark.parametrize(
    ("code", "field", "statement"), QUERIES, ids=[f"{c}-{n}" for n, (c, _, _) in enumerate(QUERIES)]
)
def test_a_query_is_found(warehouse: Settings, code: str, field: str | None, statement: str) -> None:
    with spoilt(warehouse, statement) as connection:
        assert (code, "query", field) in {(each.rule_code, each.severity, each.field) for each in found(connection)}


def test_every_rule_has_a_case_that_fails_it() -> None:
    assert {code for code, *_ in [*ERRORS, *QUERIES]} == {rule.code for rule in load_rules("marts_ep")}


def test_empty_marts_pass_every_rule(warehouse: Settings) -> None:
    with warehouse.connect("transformer") as connection:
        for name in MARTS:
            connection.execute(f"delete from marts_candidate.{name}".encode())
        frames = {
            name: frame if name == "ep_tables" else frame.iloc[:0]
            for name, frame in read_topic(connection, "ep").items()
        }
        connection.rollback()
    assert findings_of(check(frames, questions(load_rules("marts_ep"), {})), frames) == []
