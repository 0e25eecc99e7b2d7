"""The reference facts of the returns agree with the specifications, the periods and one another."""

from datetime import date, timedelta

import pandas as pd
import pytest

from ingestion.build import DBT_PROJECT
from ingestion.returns.periods import parse_period
from ingestion.returns.specification import Item, known_periods, load_collection, load_specification

SEEDS = DBT_PROJECT / "seeds" / "reference"


def seed(name: str) -> pd.DataFrame:
    return pd.read_csv(SEEDS / f"{name}.csv", dtype=str, keep_default_na=False)


def item(collection: str, record: str, name: str) -> Item:
    newest = load_specification(collection, max(known_periods(collection)))
    return newest.record(record).item(name)


@pytest.mark.parametrize(
    ("name", "code", "label", "known_to"),
    [
        ("agency_role_types", "role_type", "role_type_label", item("agency_quarterly", "assignment", "role_type")),
        ("ep_grades", "ep_grade", "ep_grade_label", item("ep_workforce", "establishment", "ep_grade")),
        ("leadership_tiers", "tier", "role", item("leadership_in_colour", "representation", "tier")),
        ("leadership_tiers", "org_role", "role", item("csww_census", "worker", "org_role")),
    ],
    ids=["agency_role_types", "ep_grades", "leadership_tiers", "census_roles"],
)
def test_codes_are_those_of_the_specification(name: str, code: str, label: str, known_to: Item) -> None:
    rows = seed(name)
    assert list(rows[code]) == list(known_to.codes)
    # The specification may say more of a code, in brackets.
    for written, meaning in zip(rows[label], known_to.codes.values(), strict=True):
        assert meaning.split(" (")[0] == written


def test_ethnicity_codes_are_those_of_the_census_and_of_leadership_in_colour() -> None:
    rows = seed("ethnicity_codes").set_index("ethnicity_code")
    census = item("csww_census", "worker", "ethnicity").codes
    leadership = item("leadership_in_colour", "representation", "ethnic_group").codes
    assert set(rows.index) == set(census) | set(leadership)
    assert len(census) == 18
    assert dict(rows.ethnicity_label) == dict(census) | dict(leadership)
    assert set(rows.index[rows.is_known == "false"]) == {"REFU", "NOBT", "NOT_STATED"}
    assert set(rows.ethnic_group[rows.is_known == "false"]) == {"Not known"}
    assert rows.groupby("ethnic_group").size().to_dict() == {
        "White": 3, "Mixed / Multiple ethnic groups": 4, "Asian / Asian British": 5,
        "Black / African / Caribbean / Black British": 3, "Other ethnic group": 1, "Not known": 3,
    }  # fmt: skip
    assert "nconfirmed" in rows.note["CHNE"]


def test_every_core_job_type_has_an_invented_cap_on_each_basis_from_october_2025() -> None:
    caps = seed("price_caps")
    assert set(caps.source) == {"SYNTHETIC"}
    assert set(caps.valid_from) == {"2025-10-01"}
    wide = caps.pivot(index="role_type", columns="payment_basis", values="cap_gbp").astype(float)
    assert set(wide.index) == set(item("agency_quarterly", "assignment", "role_type").codes)
    assert wide.LTD.to_dict() == wide.UMBRELLA.to_dict() == {"SW": 36, "SSW": 39, "AP": 42, "TM": 46, "IRO_CPC": 44}
    # Employer's national insurance and holiday pay come off before a PAYE worker is paid.
    assert (wide.PAYE < wide.LTD).all()


def test_the_rules_hold_for_new_assignments_first_and_then_for_all() -> None:
    rules = seed("agency_rules")
    national = rules[(rules.authority == "DFE") & rules.rule_code.isin(["R3", "R4", "R5", "R6", "R7"])]
    for _, rows in national.groupby("rule_code"):
        new, everyone = rows.to_dict("records")
        assert (new["scope"], new["valid_from"], new["valid_to"]) == ("NEW", "2024-10-31", "2025-09-30")
        assert (everyone["scope"], everyone["valid_from"], everyone["valid_to"]) == ("ALL", "2025-10-01", "")
        assert new["value"] == everyone["value"]
    values = rules[rules.scope == "ALL"].set_index(["rule_code", "authority"]).value
    assert values["R4", "DFE"] == "4"
    assert values["R5", "DFE"] == "3"
    assert values["R5", "LONDON_PLEDGE"] == "6"
    assert values["R6", "DFE"] == "3"
    psychologists = rules[rules.authority == "LPEP"]
    assert list(psychologists.rule_code) == ["LPEP_PAY", "LPEP_PQE", "LPEP_REMOTE"]
    assert set(psychologists.value) == {""}
    assert set(psychologists.valid_from) == {"2025-11-01"}


def test_windows_follow_their_periods_and_say_what_is_assumed() -> None:
    windows = seed("return_windows")
    for row in windows.itertuples():
        period = parse_period(row.period_label, load_collection(row.collection).frequency)
        assert (row.period_start, row.period_end) == (period.start.isoformat(), period.end.isoformat())
        assert row.calendar_label == period.calendar_label
        # A window opens on the day after the period, whichever the return.
        assert date.fromisoformat(row.opens) == period.end + timedelta(days=1)
        assert date.fromisoformat(row.closes) > date.fromisoformat(row.opens)
    agency = windows[windows.collection == "agency_quarterly"].set_index("period_label")
    assert list(agency.index) == [
        "2024/25 Q3", "2024/25 Q4", "2025/26 Q1", "2025/26 Q2", "2025/26 Q3", "2025/26 Q4", "2026/27 Q1", "2026/27 Q2",
    ]  # fmt: skip
    assert agency.basis["2024/25 Q3"].startswith("London Pledge only")
    assert agency.closes.to_dict()["2024/25 Q4"] == "2025-05-31"
    others = windows[windows.collection.isin(["leadership_in_colour", "ep_workforce"])]
    assert others.basis.str.startswith("Assumption of the project").all()
