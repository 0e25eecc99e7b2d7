"""The submission gate: where findings are, in what order, how many, and that none repeats what stands in a file."""

import re
from pathlib import Path

from expectations import returns_gate
from expectations.data_docs import data_docs_folder
from expectations.returns_findings import PLACES_LISTED
from expectations.returns_gate import check_returns, publish_page
from ingestion.returns.findings import Finding, decision_of
from ingestion.returns.reading import Claim, Problem, TypedReturn
from ingestion.returns.specification import KINDS
from ingestion.settings import Settings
from tests.expectations.returns import Draft, draft, with_value

NEWEST = [
    ("csww_census", "2025"), ("agency_quarterly", "2025/26 Q3"), ("leadership_in_colour", "2025"),
    ("ep_workforce", "2025/26 Q3"),
]  # fmt: skip


def findings_of(changed: Draft) -> list[Finding]:
    """What the gate says of one return."""
    return check_returns([changed.typed()]).findings[0]


def test_a_finding_in_a_sheet_names_sheet_row_and_column_letter() -> None:
    changed = draft("agency_quarterly", "2025/26 Q3")
    changed.rows["assignment"][1]["hourly_rate"] = 0.5
    (finding,) = findings_of(changed)
    assert finding.place == "sheet assignments, cell I3"
    assert (finding.rule_code, finding.field, finding.occurrences) == ("AGQ-RATE-2", "hourly_rate", 1)
    assert finding.message == "hourly_rate is below 20 or above 80 pounds."
    assert finding.fix == "Check that it is an hourly rate, not one for a day; leave it if it is right."


def test_a_finding_in_xml_names_the_line_and_the_element() -> None:
    changed = draft("csww_census", "2024")
    changed.rows["worker"][1]["sex"] = "9"
    (finding,) = findings_of(changed)
    assert finding.place == "line 35"
    assert finding.message == "Sex is not one of its codes: M or F."


def test_what_is_missing_as_a_whole_row_is_named_in_words_of_the_specification() -> None:
    changed = draft("leadership_in_colour", "2025")
    changed.rows["representation"].pop(0)
    (finding,) = findings_of(changed)
    assert finding.message == "There is no row for a tier and ethnic group: Senior manager, White British."
    assert (finding.sheet, finding.row, finding.field) == ("representation", None, None)


def test_errors_come_first_then_sheet_by_sheet_row_by_row_and_column_by_column() -> None:
    changed = draft("agency_quarterly", "2025/26 Q3")
    changed.rows["assignment"][0] |= {"role_type": None, "hourly_rate": 99.0, "la_code": None}
    changed.rows["assignment"][1] |= {"covers_vacancy": "?"}
    changed.rows["authority_quarter"][0] |= {"month_1_cost": -1.0}
    changed.problems.append(Problem("extra_table", sheet="notes"))
    found = [(each.severity, each.sheet, each.row, each.column) for each in findings_of(changed)]
    assert found == [
        ("error", "assignments", 2, "A"),
        ("error", "assignments", 2, "E"),
        ("error", "assignments", 3, "Z"),
        ("error", "authority_summary", 2, "C"),
        ("query", "notes", None, None),
        ("query", "assignments", 2, "I"),
    ]


def test_a_cell_that_cannot_be_read_is_not_missing_as_well() -> None:
    changed = draft("csww_census", "2025")
    first, second, *_ = changed.rows["worker"]
    for row in (first, second):
        row["working_days_lost"] = row["role_start_date"] = None
    place = changed.place("worker", first)
    changed.problems += [
        Problem("not_a_number", "worker", "WorkingDaysLost", row=place),
        Problem("not_a_date", "worker", "RoleStartDate", row=place),
    ]
    found = {(each.rule_code, each.field, each.row) for each in findings_of(changed)}
    other = changed.place("worker", second)
    assert found == {
        ("RET-201", "WorkingDaysLost", place),
        ("RET-204", "RoleStartDate", place),
        ("CSWW-PERM-1", "WorkingDaysLost", other),
        ("CSWW-PERM-1", "RoleStartDate", other),
        ("CSWW-START-1", "RoleStartDate", other),
    }


def test_a_missing_column_is_said_once_not_for_every_row() -> None:
    changed = draft("agency_quarterly", "2025/26 Q3")
    for row in changed.rows["assignment"]:
        row["role_type"] = None
    changed.problems.append(Problem("missing_column", "assignment", "role_type", sheet="assignments"))
    assert [(each.rule_code, each.field) for each in findings_of(changed)] == [("RET-104", "role_type")]


def test_cells_a_reader_only_counted_are_not_missing_as_well() -> None:
    changed = draft("leadership_in_colour", "2025")
    for row in changed.rows["representation"]:
        row["headcount"] = None
    changed.problems += [
        Problem("not_whole", "representation", "headcount", "representation", 2, "E"),
        Problem("not_whole", "representation", "headcount", "representation", occurrences=101),
    ]
    findings = [each for each in findings_of(changed) if each.severity == "error"]
    assert [(each.row, each.column, each.occurrences) for each in findings] == [(2, "E", 1), (None, None, 101)]


def test_a_missing_sheet_is_one_finding_and_what_needs_it_is_not_asked() -> None:
    changed = draft("agency_quarterly", "2025/26 Q3")
    del changed.rows["assignment"]
    changed.problems.append(Problem("missing_table", "assignment", detail="assignments"))
    (finding,) = findings_of(changed)
    assert finding.message == "A part of the return is missing: assignments."


def test_nothing_more_is_said_of_a_file_that_cannot_be_relied_on() -> None:
    kinds = sorted(returns_gate.UNREADABLE)
    drafts = [draft("csww_census", "2025") for _ in kinds]
    for changed, kind in zip(drafts, kinds, strict=True):
        changed.rows["worker"][0]["agency_worker"] = None
        changed.problems.append(Problem(kind))
    run = check_returns([changed.typed() for changed in drafts])
    for kind, findings in zip(kinds, run.findings, strict=True):
        assert [each.rule_code[:5] in ("RET-0", "RET-3") for each in findings] == [True], kind


def test_a_file_that_was_not_read_is_answered_with_the_reason_and_not_with_whose_it_might_be() -> None:
    problems = [Problem("unknown_collection"), Problem("unknown_authority"), Problem("empty_file")]
    (finding,) = check_returns([TypedReturn(None, Claim(), {}, problems)]).findings[0]
    assert finding.message == "The file is empty."


def test_a_return_of_no_known_collection_is_answered() -> None:
    unknown = TypedReturn(None, Claim(), {}, [Problem("unknown_collection", detail="the folder is none")])
    (finding,) = check_returns([unknown]).findings[0]
    assert finding.message == ("It cannot be made out which collection the file belongs to: the folder is none.")
    assert check_returns([]).findings == []


def test_of_a_rule_broken_everywhere_the_first_places_are_listed_and_the_rest_counted_for_each_item() -> None:
    changed = draft("csww_census", "2025")
    people = changed.rows["worker"][0]
    changed.rows["worker"] = [people | {"swe_no": f"SY{number}", "sex": None} for number in range(600)]
    changed.rows["worker"][599] |= {"ethnicity": None}
    findings = [each for each in findings_of(changed) if each.rule_code == "CSWW-PERM-1"]
    listed = [each for each in findings if each.row is not None]
    # The one place of another item is not crowded out.
    assert [(each.field, each.row) for each in listed if each.field == "Ethnicity"] == [("Ethnicity", 599 * 25 + 10)]
    assert len(listed) == PLACES_LISTED == 200
    (rest,) = [each for each in findings if each.row is None]
    assert (rest.field, rest.occurrences) == ("Sex", 600 - 199)
    assert sum(each.occurrences for each in findings) == 601
    assert findings[-1] is rest


def test_each_return_has_its_own_findings_whatever_it_is_checked_with() -> None:
    years = [draft("csww_census", str(year)) for year in (2021, 2022, 2023, 2024, 2025)]
    others = [draft("agency_quarterly", "2025/26 Q2"), draft("ep_workforce", "2025/26 Q3")]
    with_value("worker", {"reason_leave": "5"}, role_end_date="2021-10-01")(years[0])  # Within 2022, not 2021.
    with_value("worker", {"reason_leave": "5"}, role_end_date="2021-10-01")(years[1])
    others[0].problems.append(Problem("wrong_authority"))
    with_value("establishment", headcount=None)(others[1])
    run = check_returns([each.typed() for each in [*years, *others]])
    found = [[(each.rule_code, each.field) for each in findings] for findings in run.findings]
    assert found == [
        [("CSWW-LEAVE-4", "RoleEndDate")], [], [], [], [], [("RET-307", None)], [("EPW-STRUCT-1", "headcount")],
    ]  # fmt: skip
    assert [decision_of(findings) for findings in run.findings][:2] == ["rejected", "accepted"]


def test_a_joint_agency_fte_is_summed_within_each_return() -> None:
    one, other = draft("csww_census", "2025"), draft("csww_census", "2025")
    with_value("authority", no_agency_fte=1.5, no_agency_headcount=2)(one)
    other.rows["worker"].append(other.rows["worker"][-1] | {"swe_no": "SY6"})
    with_value("authority", no_agency_fte=1.5, no_agency_headcount=2)(other)
    run = check_returns([one.typed(), other.typed()])
    assert [[each.rule_code for each in findings] for findings in run.findings] == [["CSWW-LA-1b"], []]


def test_every_value_of_an_item_that_repeats_is_checked() -> None:
    ahead = draft("csww_census", "2025").typed()
    changed = draft("csww_census", "2025")
    changed.rows["worker"][1] |= {"reason_absence": "SIC", "contract_weeks": 4.0}
    typed = changed.typed()
    typed.records["worker"].repeated = {1: {"reason_absence": ["SIC", "mat", "ILL"], "contract_weeks": ["4", "-2"]}}
    findings = check_returns([ahead, typed]).findings
    assert findings[0] == []
    assert [(each.rule_code, each.field, each.row) for each in findings[1]] == [
        ("CSWW-STRUCT-2", "ReasonAbsence", 35),
        ("CSWW-STRUCT-3", "ContractWeeks", 35),
    ]


def test_no_finding_repeats_what_stands_in_the_file() -> None:
    changed = draft("csww_census", "2025")
    for number, row in enumerate(changed.rows["worker"]):
        row |= dict.fromkeys(("swe_no", "ethnicity", "sex", "org_role", "reason_leave"), "ZQX9")
        row |= {
            "fte": 7.77,
            "cases30": 7777,
            "working_days_lost": -77.7,
            "person_birth_date": f"1917-07-{number + 7:02}",
        }
        row |= {"role_end_date": "1977-07-07", "contract_weeks": 777.7, "base_salary": None}
    findings = findings_of(changed)
    assert len({each.rule_code for each in findings}) >= 10
    said = " ".join(f"{each.message} {each.fix} {each.field} {each.sheet}" for each in findings)
    assert not re.search(r"ZQX|77|1917", said)


def test_whatever_stands_in_a_return_there_is_an_answer() -> None:
    drafts = []
    for period in NEWEST:
        for odd in (
            dict.fromkeys(KINDS),
            {"date": "9999-12-31", "birth_date": "9999-12-31", "decimal": 1e15, "integer": 2**31 - 1},
            {"date": "0001-01-01", "birth_date": "0001-01-01", "decimal": -1e15, "integer": -(2**31)},
            {"text": "\u202e=cmd|'{field}%s\n", "code": "\U0001f600", "registration_number": "{detail}"},
        ):
            changed = draft(*period)
            for record in changed.specification.records:
                for row in changed.rows[record.name]:
                    row |= {item.name: odd[item.kind] for item in record.items if item.kind in odd}
            drafts.append(changed)
        drafts.append(draft(*period))
        for rows in drafts[-1].rows.values():
            rows.clear()
    run = check_returns([changed.typed() for changed in drafts])
    for place in range(0, len(drafts), 5):
        assert decision_of(run.findings[place]) == "rejected", "nothing is filled in"
        assert run.findings[place + 4] == [], "there is no row to be wrong"


def test_data_docs_have_one_page_a_collection_with_its_newest_run(tmp_path: Path) -> None:
    settings = Settings({"WORKFORCE_HOME": str(tmp_path)})
    sound, broken, unread = (draft("agency_quarterly", "2025/26 Q3") for _ in range(3))
    for row in broken.rows["assignment"]:
        row["swe_number"] = "ZQX9-7"
    unread.problems.append(Problem("encrypted_workbook"))
    other = draft("ep_workforce", "2025/26 Q3")
    publish_page(settings, "agency_quarterly", check_returns([sound.typed()]))
    publish_page(settings, "agency_quarterly", check_returns([each.typed() for each in (sound, broken, unread, other)]))
    (page,) = data_docs_folder(settings).rglob("agency_quarterly.html")
    html = page.read_text()
    assert "agency_quarterly: 3 returns, 2 rejected" in html
    assert "AGQ-ID-1" in html and "In 1 of 3 returns." in html
    assert "RET-005" in html and "AGQ-CAP-3" in html and "EPW-" not in html
    assert "ZQX" not in html and "{" not in html[html.index("<main>") :]
