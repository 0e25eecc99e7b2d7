"""The rules on returns: each has a return that breaks it and sound ones that do not; none names what is not there."""

from pathlib import Path
from typing import Any, get_args

import pytest

from expectations import returns_rules, rules
from expectations.returns_columns import agency_quarterly
from expectations.returns_gate import ReturnsRun, check_returns
from expectations.returns_rules import file_rules, plain_message, record_rules, rules_for
from expectations.rules import RuleError
from ingestion.returns.findings import decision_of
from ingestion.returns.periods import census_year
from ingestion.returns.reading import Problem, ProblemKind
from ingestion.returns.specification import Specification, collections, known_periods, load_specification
from tests.expectations.returns import Change, Draft, draft, with_problem, with_value

CENSUS, AGENCY, LEADERSHIP, PSYCHOLOGISTS = "csww_census", "agency_quarterly", "leadership_in_colour", "ep_workforce"

# Every version of every collection, and two periods that share one.
PERIODS = [
    (CENSUS, "2021"), (CENSUS, "2023"), (CENSUS, "2024"), (CENSUS, "2025"), (AGENCY, "2024/25 Q4"),
    (AGENCY, "2025/26 Q3"), (AGENCY, "2026/27 Q1"), (LEADERSHIP, "2023"), (LEADERSHIP, "2025"),
    (PSYCHOLOGISTS, "2025/26 Q3"),
]  # fmt: skip

# A return that breaks a rule: collection, period, change, and all that is then said: the rule, and the item as the
# sender knows it.
Case = tuple[str, str, Change, set[tuple[str, str | None]]]


def worker(**values: Any) -> Change:
    """Other values of the first worker, a permanent case holder."""
    return with_value("worker", **values)


def leaver(**values: Any) -> Change:
    """Other values of the worker who left."""
    return with_value("worker", {"reason_leave": "5"}, **values)


def agency_worker(**values: Any) -> Change:
    """Other values of the agency worker."""
    return with_value("worker", {"agency_worker": "1"}, **values)


def authority(**values: Any) -> Change:
    """Other values the authority states for itself."""
    return with_value("authority", **values)


def assignment(**values: Any) -> Change:
    """Other values of the first assignment."""
    return with_value("assignment", **values)


def summary(**values: Any) -> Change:
    """Other values in the authority's summary of the quarter."""
    return with_value("authority_quarter", **values)


def group(**values: Any) -> Change:
    """Other values of the first tier and ethnic group."""
    return with_value("representation", **values)


def every_group(**values: Any) -> Change:
    """Other values of all tiers and ethnic groups."""
    return lambda changed: [row.update(values) for row in changed.rows["representation"]]


def engagement(**values: Any) -> Change:
    """Other values of the first engagement, paid by the day."""
    return with_value("agency_use", **values)


def grade(**values: Any) -> Change:
    """Other values of the first grade."""
    return with_value("establishment", **values)


def without_first(record: str) -> Change:
    """The first row of a record taken out."""
    return lambda changed: changed.rows[record].pop(0)


def doubled(record: str, **values: Any) -> Change:
    """The first row of a record a second time, other in these values."""
    return lambda changed: changed.rows[record].append(changed.rows[record][0] | values)


CENSUS_CASES: list[Case] = [
    (CENSUS, "2025", worker(agency_worker=None, base_salary=None), {("CSWW-STRUCT-1", "AgencyWorker")}),
    (CENSUS, "2023", authority(number_of_vacancies=None), {("CSWW-STRUCT-1", "NumberOfVacancies")}),
    (CENSUS, "2025", authority(cost_dbs=None), {("CSWW-STRUCT-1", "CostDBS")}),
    (CENSUS, "2024", worker(sex="2"), {("CSWW-STRUCT-2", "Sex")}),
    (CENSUS, "2021", worker(gender_current="F"), {("CSWW-STRUCT-2", "GenderCurrent")}),
    # A code of one item is none of another's.
    (CENSUS, "2025", worker(ethnicity="MAT"), {("CSWW-STRUCT-2", "Ethnicity")}),
    (CENSUS, "2025", authority(retention_bonus="3"), {("CSWW-STRUCT-2", "RetentionBonus")}),
    (CENSUS, "2025", worker(working_days_lost=-0.5), {("CSWW-STRUCT-3", "WorkingDaysLost")}),
    (CENSUS, "2025", authority(number_of_vacancies=-1.0),
     {("CSWW-STRUCT-3", "NumberOfVacancies"), ("CSWW-LA-1a", "NoAgencyFTE")}),
    (CENSUS, "2025", worker(swe_no=None), {("CSWW-ID-1", "SWENo")}),
    (CENSUS, "2025", worker(swe_no="SY"), {("CSWW-ID-1", "SWENo")}),
    (CENSUS, "2025", worker(swe_no="S0000001"), {("CSWW-ID-1", "SWENo")}),
    (CENSUS, "2025", worker(swe_no="SY00000000001"), {("CSWW-ID-1", "SWENo")}),
    (CENSUS, "2025", doubled("worker"), {("CSWW-ID-2", "SWENo")}),
    *[(CENSUS, "2025", worker(**{item: None}), {("CSWW-PERM-1", label)})
      for item, label in [("person_birth_date", "PersonBirthDate"), ("sex", "Sex"), ("ethnicity", "Ethnicity"),
                          ("step_up_grad", "StepUpGrad"), ("org_role", "OrgRole"), ("fte30", "FTE30"),
                          ("working_days_lost", "WorkingDaysLost"), ("frontline_grad", "FrontlineGrad")]],
    (CENSUS, "2023", worker(gender_current=None), {("CSWW-PERM-1", "GenderCurrent")}),
    (CENSUS, "2025", worker(role_start_date=None, start_origin=None),
     {("CSWW-PERM-1", "RoleStartDate"), ("CSWW-PERM-1", "StartOrigin")}),
    (CENSUS, "2025", agency_worker(role_start_date="2025-01-06"), {("CSWW-START-1", "StartOrigin")}),
    (CENSUS, "2025", agency_worker(start_origin="4"), {("CSWW-START-1", "RoleStartDate")}),
    (CENSUS, "2025", leaver(fte=0.2), {("CSWW-LEAVE-1", "FTE")}),
    (CENSUS, "2025", leaver(fte=None), {("CSWW-LEAVE-1", "FTE")}),
    (CENSUS, "2025", leaver(reason_leave=None), {("CSWW-LEAVE-2", "ReasonLeave")}),
    (CENSUS, "2025", agency_worker(reason_leave="1"), {("CSWW-LEAVE-2", "RoleEndDate")}),
    (CENSUS, "2025", leaver(leaver_destination=None), {("CSWW-LEAVE-3", "LeaverDestination")}),
    (CENSUS, "2025", agency_worker(leaver_destination="1"), {("CSWW-LEAVE-3", "RoleEndDate")}),
    (CENSUS, "2025", leaver(role_end_date="2024-09-30"), {("CSWW-LEAVE-4", "RoleEndDate")}),
    (CENSUS, "2025", leaver(role_end_date="2025-10-01"), {("CSWW-LEAVE-4", "RoleEndDate")}),
    (CENSUS, "2025", leaver(role_start_date="2024-10-02"), {("CSWW-LEAVE-5", "RoleEndDate")}),
    (CENSUS, "2025", worker(cases30=0), {("CSWW-CASE-1", "Cases30")}),
    (CENSUS, "2025", worker(cases30=None), {("CSWW-CASE-1", "Cases30")}),
    (CENSUS, "2025", worker(cases30=41), {("CSWW-CASE-2", "Cases30")}),
    (CENSUS, "2025", worker(fte=1.01), {("CSWW-FTE-1", "FTE")}),
    (CENSUS, "2025", worker(fte30=-0.1), {("CSWW-FTE-1", "FTE30")}),
    (CENSUS, "2025", worker(fte=None), {("CSWW-FTE-2", "FTE")}),
    (CENSUS, "2025", agency_worker(contract_weeks=None), {("CSWW-AGY-1", "ContractWeeks")}),
    (CENSUS, "2025", agency_worker(contract_weeks=500.5), {("CSWW-AGY-1", "ContractWeeks")}),
    (CENSUS, "2025", authority(number_of_vacancies=0.99), {("CSWW-LA-1a", "NoAgencyFTE")}),
    (CENSUS, "2025", agency_worker(fte=0.9), {("CSWW-LA-1b", "NoAgencyFTE")}),
    (CENSUS, "2025", authority(no_agency_headcount=0), {("CSWW-LA-1c", "NoAgencyHeadcount")}),
    # The twentieth birthday is the day after the reference date; and the 76th on it.
    (CENSUS, "2025", worker(person_birth_date="2005-10-01"), {("CSWW-AGE-1", "PersonBirthDate")}),
    (CENSUS, "2025", worker(person_birth_date="1949-09-30"), {("CSWW-AGE-1", "PersonBirthDate")}),
    (CENSUS, "2025", worker(base_salary=None), {("CSWW-PAY-1", "BaseSalary")}),
]  # fmt: skip

BEFORE_CAPS, WITH_CAPS = "2025/26 Q2", "2025/26 Q3"
AGENCY_CASES: list[Case] = [
    (AGENCY, BEFORE_CAPS, assignment(role_type=None), {("AGQ-STRUCT-1", "role_type")}),
    (AGENCY, WITH_CAPS, summary(rule_r2_status=None), {("AGQ-STRUCT-1", "rule_r2_status")}),
    (AGENCY, WITH_CAPS, assignment(references_received="YES"), {("AGQ-STRUCT-2", "references_received")}),
    (AGENCY, WITH_CAPS, assignment(notice_weeks=27), {("AGQ-STRUCT-3", "notice_weeks")}),
    (AGENCY, WITH_CAPS, assignment(fte=1.21), {("AGQ-STRUCT-3", "fte"), ("AGQ-FTE-1", "fte")}),
    (AGENCY, WITH_CAPS, assignment(assignment_id="A-2"), {("AGQ-STRUCT-4", "assignment_id")}),
    (AGENCY, WITH_CAPS, assignment(la_code="203"), {("AGQ-STRUCT-5", "la_code")}),
    (AGENCY, WITH_CAPS, summary(period_end="2025-12-30"), {("AGQ-STRUCT-6", "period_end")}),
    (AGENCY, WITH_CAPS, assignment(swe_number="12345"), {("AGQ-ID-1", "swe_number")}),
    (AGENCY, WITH_CAPS, with_value("assignment", {"assignment_id": "A-3"}, start_date="2025-12-31",
                                   end_date="2025-12-30"), {("AGQ-DATE-1", "end_date")}),
    (AGENCY, WITH_CAPS, assignment(start_date="2026-01-01"), {("AGQ-DATE-2", "start_date")}),
    (AGENCY, BEFORE_CAPS, assignment(end_date="2025-06-30"), {("AGQ-DATE-3", "end_date")}),
    (AGENCY, WITH_CAPS, assignment(hourly_rate=0.0), {("AGQ-RATE-1", "hourly_rate"), ("AGQ-RATE-2", "hourly_rate")}),
    (AGENCY, WITH_CAPS, assignment(hourly_rate=19.99), {("AGQ-RATE-2", "hourly_rate")}),
    (AGENCY, BEFORE_CAPS, assignment(hourly_rate=80.01), {("AGQ-RATE-2", "hourly_rate")}),
    (AGENCY, WITH_CAPS, assignment(fte=1.1), {("AGQ-FTE-1", "fte")}),
    (AGENCY, WITH_CAPS, assignment(fte=0.0), {("AGQ-FTE-1", "fte")}),
    (AGENCY, WITH_CAPS, assignment(fte=None, hours_per_week=None), {("AGQ-FTE-2", "fte")}),
    (AGENCY, WITH_CAPS, assignment(pqe_years=2.9), {("AGQ-PQE-1", "pqe_3plus")}),
    (AGENCY, WITH_CAPS, assignment(pqe_3plus="N"), {("AGQ-PQE-1", "pqe_3plus")}),
    (AGENCY, WITH_CAPS, assignment(left_substantive_date="2024-11-05", cool_off_exemption="PROBATION"),
     {("AGQ-COOL-1", "left_substantive_date")}),
    (AGENCY, WITH_CAPS, assignment(left_la_code="420"), {("AGQ-COOL-2", "left_la_code")}),
    (AGENCY, WITH_CAPS, assignment(notice_weeks=3),
     {("AGQ-NOTICE-1", "notice_weeks"), ("AGQ-RULE-2", "rule_r4_status")}),
    (AGENCY, WITH_CAPS, assignment(notice_weeks=2, substantive_notice_weeks=3),
     {("AGQ-NOTICE-1", "notice_weeks"), ("AGQ-RULE-2", "rule_r4_status")}),
    (AGENCY, WITH_CAPS, with_value("assignment", {"assignment_id": "A-3"}, cap_signoff_ce=None),
     {("AGQ-CAP-1", "cap_exceeded")}),
    (AGENCY, WITH_CAPS, assignment(cap_signoff_dcs="2025-10-02"), {("AGQ-CAP-2", "cap_exceeded")}),
    (AGENCY, WITH_CAPS, assignment(hourly_rate=79.0), {("AGQ-CAP-3", "cap_exceeded")}),
    (AGENCY, WITH_CAPS, with_value("assignment", {"assignment_id": "A-3"}, hourly_rate=21.0),
     {("AGQ-CAP-3", "cap_exceeded")}),
    (AGENCY, WITH_CAPS, summary(cap_breaches=2), {("AGQ-CAP-4", "cap_breaches")}),
    (AGENCY, WITH_CAPS, summary(rule_explanation=None), {("AGQ-RULE-1", "rule_explanation")}),
    (AGENCY, BEFORE_CAPS, summary(rule_explanation=None, rule_r3_status="NONE"), {("AGQ-RULE-1", "rule_explanation")}),
    (AGENCY, WITH_CAPS, summary(rule_r2_status="FULL"), {("AGQ-RULE-2", "rule_r2_status")}),
    # Three months after the first of September are over on the first of December.
    (AGENCY, WITH_CAPS,
     assignment(start_date="2025-11-30", left_substantive_date="2025-09-01", cool_off_exemption=None),
     {("AGQ-RULE-2", "rule_r5_status")}),
    (AGENCY, WITH_CAPS, assignment(pqe_years=None, pqe_3plus="N"), {("AGQ-RULE-2", "rule_r6_status")}),
    (AGENCY, WITH_CAPS, assignment(references_received="N"), {("AGQ-RULE-2", "rule_r7_status")}),
    (AGENCY, WITH_CAPS, summary(month_2_cost=0.0), {("AGQ-COST-1", "month_2_cost")}),
]  # fmt: skip

LEADERSHIP_CASES: list[Case] = [
    (LEADERSHIP, "2025", group(headcount=None), {("LIC-STRUCT-1", "headcount")}),
    (LEADERSHIP, "2025", group(ethnic_group="REFU"), {("LIC-STRUCT-2", "ethnic_group"), ("LIC-ROWS-1", None)}),
    (LEADERSHIP, "2025", group(leavers=-1), {("LIC-STRUCT-3", "leavers")}),
    (LEADERSHIP, "2025", doubled("representation"), {("LIC-STRUCT-4", "ethnic_group")}),
    (LEADERSHIP, "2025", group(la_code="203"), {("LIC-STRUCT-5", "la_code")}),
    (LEADERSHIP, "2025", group(period_end="2024-09-30"), {("LIC-STRUCT-6", "period_end")}),
    (LEADERSHIP, "2025", without_first("representation"), {("LIC-ROWS-1", None)}),
    (LEADERSHIP, "2025", every_group(headcount=0, funded_development=0), {("LIC-TOTAL-1", "headcount")}),
    (LEADERSHIP, "2025", every_group(headcount=10), {("LIC-TOTAL-1", "headcount")}),
    (LEADERSHIP, "2025", with_value("representation", {"ethnic_group": "NOT_STATED"}, headcount=400),
     {("LIC-TOTAL-2", "headcount")}),
    (LEADERSHIP, "2025", group(shortlisted=None), {("LIC-PARTS-1", "shortlisted")}),
    (LEADERSHIP, "2025", group(appointed=5), {("LIC-RECRUIT-1", "appointed")}),
    (LEADERSHIP, "2025", group(entered_disciplinary=4), {("LIC-PROCESS-1", "entered_disciplinary")}),
    (LEADERSHIP, "2025", group(funded_development=4), {("LIC-PROCESS-2", "funded_development")}),
]  # fmt: skip

QUARTER = "2025/26 Q3"
PSYCHOLOGIST_CASES: list[Case] = [
    (PSYCHOLOGISTS, QUARTER, engagement(work_mode=None), {("EPW-STRUCT-1", "work_mode")}),
    (PSYCHOLOGISTS, QUARTER, grade(vacancies_fte=None), {("EPW-STRUCT-1", "vacancies_fte")}),
    (PSYCHOLOGISTS, QUARTER, engagement(activity="STATUTORY"), {("EPW-STRUCT-2", "activity")}),
    (PSYCHOLOGISTS, QUARTER, engagement(units_in_quarter=-1.0), {("EPW-STRUCT-3", "units_in_quarter")}),
    (PSYCHOLOGISTS, QUARTER, engagement(engagement_id="E-2"), {("EPW-STRUCT-4", "engagement_id")}),
    (PSYCHOLOGISTS, QUARTER, doubled("establishment"), {("EPW-STRUCT-4", "ep_grade")}),
    (PSYCHOLOGISTS, QUARTER, grade(la_code="320"), {("EPW-STRUCT-5", "la_code")}),
    (PSYCHOLOGISTS, QUARTER, grade(period_end="2025-09-30"), {("EPW-STRUCT-6", "period_end")}),
    (PSYCHOLOGISTS, QUARTER, engagement(end_date="2025-11-02"), {("EPW-DATE-1", "end_date")}),
    (PSYCHOLOGISTS, QUARTER, engagement(start_date="2026-01-05"), {("EPW-DATE-2", "start_date")}),
    (PSYCHOLOGISTS, QUARTER, engagement(start_date="2025-09-01", end_date="2025-09-30"), {("EPW-DATE-3", "end_date")}),
    (PSYCHOLOGISTS, QUARTER, engagement(rate=0.0), {("EPW-RATE-1", "rate"), ("EPW-RATE-3", "rate")}),
    (PSYCHOLOGISTS, QUARTER, engagement(pay_unit="HOUR"), {("EPW-RATE-2", "rate")}),
    (PSYCHOLOGISTS, QUARTER, engagement(rate=75.0), {("EPW-RATE-3", "rate")}),
    (PSYCHOLOGISTS, QUARTER, engagement(rate=55.0, pay_unit="PER_ADVICE"), {("EPW-RATE-4", "rate")}),
    (PSYCHOLOGISTS, QUARTER, engagement(units_in_quarter=67.0), {("EPW-UNITS-1", "units_in_quarter")}),
    (PSYCHOLOGISTS, QUARTER, engagement(ep_grade="PEP", hcpc_registered="N"), {("EPW-HCPC-1", "hcpc_registered")}),
    (PSYCHOLOGISTS, QUARTER, engagement(ep_grade="AEP", hcpc_registered="N"), {("EPW-GRADE-1", "pqe_years")}),
    (PSYCHOLOGISTS, QUARTER, engagement(ep_grade="TEP", pqe_years=0.0), {("EPW-GRADE-2", "ep_grade")}),
    (PSYCHOLOGISTS, QUARTER, without_first("establishment"), {("EPW-GRADE-3", None)}),
    (PSYCHOLOGISTS, QUARTER, grade(fte=3.01), {("EPW-FTE-1", "fte")}),
    (PSYCHOLOGISTS, QUARTER, grade(fte=0.0), {("EPW-FTE-2", "fte")}),
    (PSYCHOLOGISTS, QUARTER, grade(vacancies_fte=30.0), {("EPW-VAC-1", "vacancies_fte")}),
    (PSYCHOLOGISTS, QUARTER, grade(average_salary=5500.0), {("EPW-SAL-1", "average_salary")}),
]  # fmt: skip

CASES = [*CENSUS_CASES, *AGENCY_CASES, *LEADERSHIP_CASES, *PSYCHOLOGIST_CASES]

# What is right as it is, though it looks like what a rule is after.
SOUND: list[tuple[str, str, Change]] = [
    (CENSUS, "2025", worker(person_birth_date="2005-09-30")),
    (CENSUS, "2025", worker(person_birth_date="1949-10-01")),
    (CENSUS, "2025", worker(cases30=0, org_role="6")),
    (CENSUS, "2025", leaver(role_end_date="2025-09-30", cases30=0)),
    (CENSUS, "2025", agency_worker(contract_weeks=500.0)),
    (AGENCY, WITH_CAPS, assignment(notice_weeks=2, substantive_notice_weeks=2)),
    # Nothing known is nothing broken.
    (AGENCY, WITH_CAPS, assignment(payment_basis="UNKNOWN", hourly_rate=79.0)),
    (AGENCY, WITH_CAPS, assignment(pqe_years=None, pqe_3plus="U", notice_weeks=None, references_received="U")),
    (AGENCY, WITH_CAPS, assignment(start_date="2025-12-01", left_substantive_date="2025-09-01")),
    (AGENCY, WITH_CAPS, assignment(start_date="2025-11-30", left_substantive_date="2025-09-01",
                                   cool_off_exemption="REDUNDANCY")),
    # Begun before the rules, judged before they held for all; and no cap was in force.
    (AGENCY, BEFORE_CAPS, assignment(start_date="2024-10-30", notice_weeks=1, pqe_years=None, pqe_3plus="N",
                                     references_received="N", left_substantive_date="2024-10-01", hourly_rate=79.0)),
    (AGENCY, WITH_CAPS, lambda changed: changed.rows["assignment"].clear()
     or summary(cap_breaches=0, month_1_cost=0.0, month_2_cost=0.0, month_3_cost=0.0)(changed)),
    # Kingston and Richmond may return as one.
    (LEADERSHIP, "2025", lambda changed: [row.update(la_code="314" if number % 2 else "318")
                                          for number, row in enumerate(changed.rows["representation"])]),
    (LEADERSHIP, "2025", every_group(shortlisted=None, appointed=None)),
    (PSYCHOLOGISTS, QUARTER, lambda changed: changed.rows["agency_use"].clear()),
]  # fmt: skip


def broken(case: Case) -> Draft:
    """The return of a case."""
    collection, period, change, _ = case
    changed = draft(collection, period)
    change(changed)
    return changed


@pytest.fixture(scope="module")
def broken_run() -> ReturnsRun:
    """The gate's one run over the returns of every case."""
    return check_returns([broken(case).typed() for case in CASES])


@pytest.fixture(scope="module")
def sound_run() -> ReturnsRun:
    """The gate's run over sound returns of every version, and over those that only look wrong."""
    changed = [draft(*period) for period in PERIODS]
    for collection, period, change in SOUND:
        changed.append(draft(collection, period))
        change(changed[-1])
    return check_returns([each.typed() for each in changed])


def test_sound_returns_have_no_findings(sound_run: ReturnsRun) -> None:
    for period, findings in zip([*PERIODS, *SOUND], sound_run.findings, strict=True):
        assert findings == [], period


def test_every_broken_return_is_told_what_is_wrong_and_nothing_else(broken_run: ReturnsRun) -> None:
    for case, findings in zip(CASES, broken_run.findings, strict=True):
        assert {(each.rule_code, each.field) for each in findings} == case[3]


def test_errors_reject_and_queries_do_not(broken_run: ReturnsRun) -> None:
    queries = {"CSWW-ID-2", "CSWW-CASE-1", "CSWW-CASE-2", "CSWW-FTE-2", "CSWW-AGY-1", "CSWW-LA-1a", "CSWW-LA-1b",
               "CSWW-LA-1c", "CSWW-AGE-1"}  # fmt: skip
    for (*_, expected), findings in zip(CASES, broken_run.findings, strict=True):
        codes = {code for code, _ in expected}
        if all(code.startswith("CSWW") for code in codes):
            assert decision_of(findings) == ("accepted_with_queries" if codes <= queries else "rejected"), codes


def test_every_rule_has_a_return_that_breaks_it_and_a_sound_one_it_is_asked_of(sound_run: ReturnsRun) -> None:
    every = {rule.code for key in collections() for each in versions(key) for rule in record_rules(each)}
    assert {code for *_, expected in CASES for code, _ in expected} == every
    assert {result.rule.code for result in sound_run.results if result.places_checked} == every


def test_caps_and_what_a_rule_asks_for_come_from_the_reference_tables_by_date(monkeypatch: pytest.MonkeyPatch) -> None:
    cap = {"region": "LONDON", "role_type": "SW", "payment_basis": "PAYE"}
    asked = {"rule_code": "R4", "authority": "DFE", "parameter": "notice_weeks", "valid_from": "2025-10-01"}
    tables = {
        "price_caps": [
            cap | {"cap_gbp": "24", "valid_from": "2025-10-01", "valid_to": "2025-11-30"},
            cap | {"cap_gbp": "26", "valid_from": "2025-12-01", "valid_to": ""},
            cap | {"region": "NORTH", "cap_gbp": "20", "valid_from": "2025-10-01", "valid_to": ""},
        ],
        "agency_rules": [
            asked | {"value": "6", "scope": "NEW", "valid_to": "2025-11-30"},
            asked | {"value": "5", "scope": "ALL", "valid_to": ""} | {"valid_from": "2025-12-01"},
        ],
    }
    monkeypatch.setattr(agency_quarterly, "reference", tables.__getitem__)
    changed = draft(AGENCY, WITH_CAPS)
    one = changed.rows["assignment"][0]
    # Judged on its last day in the quarter: 24 pounds until November, 26 since; six weeks for what began since October.
    changed.rows["assignment"] = [
        one | {"assignment_id": "ended under 24", "end_date": "2025-11-30"},
        one | {"assignment_id": "under 26"},
        one
        | {"assignment_id": "new, five weeks", "end_date": "2025-11-30", "notice_weeks": 5}
        | {"start_date": "2025-10-01", "hourly_rate": 24.0},
        one | {"assignment_id": "old, no rule yet", "end_date": "2025-11-30", "hourly_rate": 24.0},
    ]
    summary(cap_breaches=0, rule_r4_status="NA")(changed)
    (findings,) = check_returns([changed.typed()]).findings
    assert [(each.rule_code, each.row) for each in findings] == [
        ("AGQ-CAP-3", 2), ("AGQ-NOTICE-1", 3), ("AGQ-NOTICE-1", 4),
    ]  # fmt: skip


def test_every_kind_of_problem_has_exactly_one_rule_and_fails_it() -> None:
    kinds = get_args(ProblemKind)
    drafts = [draft(CENSUS, "2025") for _ in kinds]
    for each, kind in zip(drafts, kinds, strict=True):
        with_problem(Problem(kind, detail="in words of the specification"))(each)
    run = check_returns([each.typed() for each in drafts])
    found = [[finding.rule_code for finding in findings] for findings in run.findings]
    assert [len(codes) for codes in found] == [1] * len(kinds)
    assert sorted(codes[0] for codes in found) == sorted(rule.code for rule in file_rules())


def test_only_a_table_too_many_is_a_query_about_the_file() -> None:
    assert [rule.kwargs["value_set"] for rule in file_rules() if rule.severity == "query"] == [["extra_table"]]


def test_the_census_rules_have_the_ids_of_the_domain_notes() -> None:
    expected = {"CSWW-ID-1", "CSWW-ID-2", "CSWW-PERM-1", "CSWW-START-1", *(f"CSWW-LEAVE-{n}" for n in range(1, 6)),
                "CSWW-CASE-1", "CSWW-CASE-2", "CSWW-FTE-1", "CSWW-AGY-1", "CSWW-LA-1a", "CSWW-LA-1b", "CSWW-LA-1c",
                "CSWW-AGE-1", "CSWW-PAY-1"}  # fmt: skip
    newest = load_specification(CENSUS, census_year(2025))
    assert expected <= {rule.code for rule in record_rules(newest)}
    assert "CSWW-PAY-1" not in {rule.code for rule in record_rules(load_specification(CENSUS, census_year(2024)))}
    assert sum("CSWW-HDR-1" in rule.source for rule in file_rules()) == 2


def test_rules_for_a_return_say_in_words_what_they_ask_and_what_to_do() -> None:
    for key in collections():
        for specification in versions(key):
            for rule in rules_for(specification):
                words = plain_message(rule)
                assert "{" not in words and not words.endswith("."), rule.code
                assert rule.fix.endswith(".") and rule.owner and rule.source, rule.code
                assert rule.shows is None, f"{rule.code}: a finding never repeats a value"


def test_a_rule_that_names_an_item_of_no_version_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "returns_csww_census.yml").write_text(
        """
        rules:
          - {code: T-1, severity: error, frame: worker, expectation: ExpectColumnValuesToNotBeNull,
             for_each: [sex, shoe_size], kwargs: {column: "{column}"}, message: m, fix: f, owner: o, source: s}
        """
    )
    monkeypatch.setattr(rules, "SUITES", tmp_path)
    monkeypatch.setattr(returns_rules, "SUITES", tmp_path)
    returns_rules._written_rules.cache_clear()
    try:
        with pytest.raises(RuleError, match="T-1: no version of the return has shoe_size in worker"):
            record_rules(load_specification(CENSUS, census_year(2025)))
    finally:
        returns_rules._written_rules.cache_clear()


def versions(collection: str) -> list[Specification]:
    """A specification of every version of a collection."""
    return [load_specification(collection, period) for period in known_periods(collection)]
