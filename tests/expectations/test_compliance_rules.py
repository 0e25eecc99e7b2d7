"""The mart gate on compliance with the agency rules: each rule fails on marts spoilt for it, none on the sample's."""

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

COMPLIANCE = "marts_candidate.mart_agency__compliance"
CAPS = "marts_candidate.mart_agency__caps"
DECLARED = "marts_candidate.mart_agency__declared_compliance"
MARTS = [name.split(".")[1] for name in (COMPLIANCE, CAPS, DECLARED)]
# October to December 2025 is the first quarter with price caps.
BEFORE_CAPS, NEWEST = "2025/26 Q2", "2025/26 Q3"
LONDON = f"unit_code = 'E12000007' and role_type = 'all' and period_label = '{NEWEST}'"
CAMDEN = f"unit_code = 'E09000007' and role_type = 'all' and period_label = '{NEWEST}'"

# These rules are about what disclosure control leaves, so only small counts are hidden here: quicker, and more to see.
ONLY_SMALL_COUNTS_HIDDEN = """
insert into intermediate.disclosure_decisions
    (family, table_key, cell_key, threshold, table_fingerprint, decided_from, is_hidden)
select
    'agency_compliance', cells.table_key, cells.cell_key, products.threshold, tables.fingerprint,
    'small counts only', false
from intermediate.cells_agency_compliance as cells
inner join (
    select
        table_key,
        md5(string_agg(
            cell_key || '=' || coalesce(trim_scale(count_in_cell)::text, ''), ',' order by cell_key collate "C"
        )) as fingerprint
    from intermediate.cells_agency_compliance
    group by table_key
) as tables on cells.table_key = tables.table_key
cross join (
    select distinct threshold from reference.disclosure_products where product <> 'own'
) as products
"""

ERRORS = [
    ("AGC-500", None, f"drop table {DECLARED}"),
    ("AGC-510", None,
     "delete from intermediate.int_agency__rule_outcomes where rule = 'R4' and unit_code = 'E09000007'"),
    # A cap twice in force would double an assignment.
    ("AGC-510", None,
     "insert into intermediate.int_agency__rule_outcomes "
     "select * from intermediate.int_agency__rule_outcomes where unit_code = 'E09000021 / E09000027'"),
    ("AGC-511", None, f"delete from {COMPLIANCE} where rule = 'R7' and {CAMDEN}"),
    ("AGC-511", None, f"delete from {COMPLIANCE} where rule = 'R5_LONDON'"),
    ("AGC-512", "compliant", f"update {COMPLIANCE} set compliant = compliant + 1 where rule = 'R6' and {LONDON}"),
    ("AGC-512", "unknown", f"update {COMPLIANCE} set unknown = unknown + 1 where rule = 'R7' and {LONDON}"),
    ("AGC-513", "in_scope", f"update {COMPLIANCE} set unknown = unknown + 5 where rule = 'R2' and {LONDON}"),
    ("AGC-513", "known", f"update {COMPLIANCE} set compliant = compliant - 5 where rule = 'R2' and {LONDON}"),
    ("AGC-514", "compliance_rate_pct",
     f"update {COMPLIANCE} set compliance_rate_pct = compliance_rate_pct - 0.2 where rule = 'R6' and {LONDON}"),
    # A rate beside a count that is withheld gives it away.
    ("AGC-514", "unknown_pct",
     f"update {COMPLIANCE} set unknown = null, unknown_status = 'c' where rule = 'R6' and {LONDON}"),
    ("AGC-514", "share_above_cap_pct",
     f"update {CAPS} set share_above_cap_pct = share_above_cap_pct + 1 where payment_basis = 'PAYE' and {LONDON}"),
    ("AGC-515", "compliance_rate_pct",
     f"update {COMPLIANCE} set compliance_rate_pct = 100.1 where rule = 'R4' and {LONDON}"),
    ("AGC-520", None,
     f"update {COMPLIANCE} set in_scope = 10, in_scope_status = null "
     f"where rule = 'R2' and period_label = '{BEFORE_CAPS}'"),
    ("AGC-520", None, "update reference.agency_rules set valid_from = '2026-01-01' where rule_code = 'R2'"),
    ("AGC-521", None,
     f"update {COMPLIANCE} set in_scope = null, in_scope_status = 'z' where rule = 'R5' and {CAMDEN}"),
    ("AGC-530", None,
     f"update {CAPS} set cap_gbp = cap_gbp + 1 where role_type = 'SW' and payment_basis = 'LTD'"),
    ("AGC-530", None,
     f"update {CAPS} set cap_source = 'LIIA' where role_type = 'TM' and payment_basis = 'PAYE'"),
    ("AGC-560", None, f"update {DECLARED} set units_full = units_full - 1 where rule = 'R4'"),
]  # fmt: skip

QUERIES = [
    ("AGC-531", None, "delete from reference.price_caps where role_type = 'AP' and payment_basis = 'LTD'"),
    ("AGC-532", None, f"update {CAPS} set is_synthetic = false"),
    ("AGC-540", None, f"update {COMPLIANCE} set change_points = -10.1 where rule = 'R7' and {LONDON}"),
    ("AGC-541", None, f"update {COMPLIANCE} set change_points = 25.1 where rule = 'R7' and {CAMDEN}"),
    ("AGC-542", None, f"update {COMPLIANCE} set unknown_pct = 25.1 where rule = 'R7' and {LONDON}"),
    ("AGC-550", None, f"update {COMPLIANCE} set units_counted = 23 where {LONDON}"),
]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[str], Settings], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The quarter before price caps and the first with them, of the sample, through the desk; the marts built."""
    settings = new_warehouse("compliance_rules")
    landing = tmp_path_factory.mktemp("landing")
    write_returns(landing, collections=["agency_quarterly"], periods=[quarter(2025, 2), quarter(2025, 3)])
    desk.take_in(settings, landing, "agency_quarterly")
    desk.decide(settings, landing, "agency_quarterly")
    build = ("build", "--quiet", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious", "--select")
    run_dbt(settings, *build, "+cells_agency_compliance", "return_windows")
    with settings.connect("transformer") as connection:
        connection.execute(ONLY_SMALL_COUNTS_HIDDEN.encode())
    run_dbt(settings, *build, "int_agency_rules__counts_shown", *MARTS)
    return settings


def found(connection: Connection) -> list[Finding]:
    connection.adapters.register_loader("numeric", FloatLoader)
    frames = read_topic(connection, "compliance")
    return findings_of(check(frames, questions(load_rules("marts_compliance"), {})), frames)


@contextmanager
def spoilt(settings: Settings, statement: str) -> Iterator[Connection]:
    """The candidate marts as if the statement had happened; what touches nothing is a mistaken test."""
    with settings.connect("transformer") as connection:
        assert connection.execute(statement.encode()).rowcount != 0
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def sample_findings(warehouse: Settings) -> set[str]:
    """What is asked of the sample as it is: its rates rose when the rules came to hold for everyone."""
    with warehouse.connect("transformer") as connection:
        findings = found(connection)
    assert {finding.severity for finding in findings} <= {"query"}
    return {finding.rule_code for finding in findings}


def test_the_sample_has_no_error_and_only_the_change_of_october_2025_to_ask_about(sample_findings: set[str]) -> None:
    assert sample_findings <= {"AGC-540", "AGC-541"}


@pytest.mark.parametrize(("code", "field", "statement"), ERRORS, ids=[f"{c}-{n}" for n, (c, _, _) in enumerate(ERRORS)])
def test_an_error_is_found(warehouse: Settings, code: str, field: str | None, statement: str) -> None:
    with spoilt(warehouse, statement) as connection:
        assert (code, "error", field) in {(each.rule_code, each.severity, each.field) for each in found(connection)}


@pytest.mark.parametrize(("code", "field", "statement"), QUERIES, ids=[code for code, _, _ in QUERIES])
def test_a_query_is_found(warehouse: Settings, code: str, field: str | None, statement: str) -> None:
    with warehouse.connect("transformer") as connection:
        before = {each.message for each in found(connection) if each.rule_code == code}
    with spoilt(warehouse, statement) as connection:
        after = {each.message for each in found(connection) if (each.rule_code, each.severity) == (code, "query")}
    assert after - before


def test_every_rule_has_a_failing_case() -> None:
    assert {code for code, _, _ in ERRORS + QUERIES} == {rule.code for rule in load_rules("marts_compliance")}
