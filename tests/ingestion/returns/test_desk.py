"""The desk, on a real Postgres and with real files: each return gets its one answer, and the right one counts."""

import hashlib
import json
import threading
from pathlib import Path

import pytest

from ingestion.returns import desk, submissions
from ingestion.returns.identity import identity_from_folders
from ingestion.settings import Settings, SettingsError
from tests.ingestion.returns.conftest import Desk
from tests.ingestion.returns.sent_files import agency_tables, census, land

CAMDEN = "csww_census/2024/CAM"
KINGSTON, RICHMOND, JOINT = "csww_census/2024/314", "csww_census/2024/318", "csww_census/2024/314-318"
BAD = census(role="99")


def codes(outcome: desk.Outcome) -> set[str]:
    return {finding.rule_code for finding in outcome.findings if finding.severity == "error"}


def test_an_accepted_file_is_loaded_answered_and_kept_outside_the_landing_area(returns_desk: Desk) -> None:
    (outcome,) = returns_desk.send(CAMDEN, census())
    assert (outcome.status, outcome.version, outcome.current_version) == ("accepted", 1, 1)
    assert (outcome.rows_read, outcome.rows_loaded, outcome.rows_refused) == (4, 4, 0)
    assert returns_desk.rows("select agency_worker, fte::float, age_band, cases30 from raw.csww_census__worker") == [
        ("0", 0.8, "30 to 39", 14),
        ("0", 0, "40 to 49", None),
        ("1", 1, "30 to 39", 14),
    ]
    assert returns_desk.rows("select number_of_vacancies from raw.csww_census__authority") == [(2,)]
    folder = returns_desk.root / CAMDEN
    assert sorted(path.name for path in folder.iterdir()) == ["return.xml.receipt.json", "return.xml.receipt.txt"]
    assert returns_desk.receipt(CAMDEN).startswith("ACCEPTED: every row was loaded.")
    assert returns_desk.rows("select gate, subject, outcome, errors from ledger.gate_runs") == [
        ("submission", "csww_census: 1 return", "passed", 0)
    ]


def test_a_rejected_file_leaves_no_row_and_says_what_to_do(returns_desk: Desk) -> None:
    (outcome,) = returns_desk.send(CAMDEN, BAD)
    assert (outcome.status, outcome.rows_read, outcome.rows_loaded, outcome.rows_refused) == ("rejected", 4, 0, 4)
    assert outcome.current_version is None
    assert returns_desk.rows("select count(*) from raw.csww_census__worker") == [(0,)]
    assert "REJECTED" in returns_desk.receipt(CAMDEN)
    assert (returns_desk.root / CAMDEN / "return.xml.findings.xlsx").exists()
    # What the ledger says is what the gate said, place by place.
    assert desk.outcome_of(returns_desk.settings, 1).findings == outcome.findings
    lines = {number for number, line in enumerate(BAD.splitlines(), 1) if b"<CSWWWorker>" in line}
    assert {finding.row for finding in outcome.findings if finding.field == "OrgRole"} == lines


def test_a_corrected_file_supersedes_the_first(returns_desk: Desk) -> None:
    returns_desk.send(CAMDEN, census())
    (outcome,) = returns_desk.send(CAMDEN, census(cases=15))
    assert (outcome.version, outcome.current_version) == (2, 2)
    assert returns_desk.statuses() == [(1, "accepted", "superseded"), (2, "accepted", "accepted")]
    assert returns_desk.rows("select submission_id, count(*) from raw.csww_census__worker group by 1 order by 1") == [
        (1, 3), (2, 3),
    ], "nothing is deleted"  # fmt: skip


def test_a_rejected_correction_leaves_the_accepted_version_current(returns_desk: Desk) -> None:
    returns_desk.send(CAMDEN, census())
    (outcome,) = returns_desk.send(CAMDEN, BAD)
    assert (outcome.status, outcome.version, outcome.current_version) == ("rejected", 2, 1)
    assert returns_desk.current() == [("E09000007", "2024", 1)]


def test_the_same_bytes_twice_change_nothing_and_the_receipt_says_so(returns_desk: Desk) -> None:
    returns_desk.send(CAMDEN, census())
    returns_desk.send(CAMDEN, census(cases=15))
    before = returns_desk.everything()
    assert returns_desk.send("csww_census/2024/202", census(), "renamed.xml") == []
    assert returns_desk.everything() == before
    receipt = returns_desk.receipt("csww_census/2024/202", "renamed.xml")
    assert receipt.startswith("ALREADY RECEIVED: exactly this file came as version 1")
    assert not (returns_desk.root / "csww_census/2024/202/renamed.xml").exists()


def test_versions_are_counted_for_each_authority_and_period(returns_desk: Desk) -> None:
    land(returns_desk.root, CAMDEN, census())
    land(returns_desk.root, "csww_census/2023/CAM", census(year=2023))
    land(returns_desk.root, "csww_census/2024/HAC", census("HAC"))
    outcomes = returns_desk.work("csww_census")
    assert {(each.authority_name, each.period_label, each.version) for each in outcomes} == {
        ("Camden", "2024", 1), ("Camden", "2023", 1), ("Hackney", "2024", 1),
    }  # fmt: skip
    assert returns_desk.rows("select subject from ledger.gate_runs") == [("csww_census: 3 returns",)], "one run for all"


def test_versions_that_arrive_together_end_with_the_newest_current(returns_desk: Desk) -> None:
    land(returns_desk.root, CAMDEN, census(), "a.xml")
    land(returns_desk.root, CAMDEN, census(cases=15), "b.xml")
    land(returns_desk.root, CAMDEN, BAD, "c.xml")
    returns_desk.work("csww_census")
    assert returns_desk.statuses() == [
        (1, "accepted", "superseded"), (2, "accepted", "accepted"), (3, "rejected", "rejected"),
    ]  # fmt: skip


def test_two_copies_at_the_same_moment_are_one_submission(returns_desk: Desk) -> None:
    for number in range(6):
        land(returns_desk.root, CAMDEN, census(), f"{number}.xml")
        land(returns_desk.root, "csww_census/2024/202", census(), f"{number}.xml")
    failures: list[BaseException] = []

    def work() -> None:
        try:
            returns_desk.work("csww_census")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert returns_desk.statuses() == [(1, "accepted", "accepted")]
    assert returns_desk.rows("select count(*) from raw.csww_census__worker") == [(3,)]


def test_two_that_decide_at_the_same_moment_share_the_work(returns_desk: Desk) -> None:
    for year in (2021, 2022, 2023, 2024):
        land(returns_desk.root, f"csww_census/{year}/CAM", census(year=year))
    ids = desk.take_in(returns_desk.settings, returns_desk.root, "csww_census")
    decided: list[int | None] = []

    def decide() -> None:
        outcomes = desk.decide(returns_desk.settings, returns_desk.root, "csww_census")
        decided.extend(outcome.submission_id for outcome in outcomes)

    threads = [threading.Thread(target=decide) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(decided) == ids, "each is decided once"  # type: ignore[type-var]
    assert returns_desk.rows("select count(*) from raw.csww_census__worker") == [(12,)]


def test_new_versions_entered_at_the_same_moment_get_different_numbers(returns_desk: Desk) -> None:
    identity = identity_from_folders(CAMDEN.split("/"))

    def enter(number: int) -> None:
        with returns_desk.settings.connect("loader") as connection:
            submissions.enter(
                connection, identity, sha256=f"{number:064x}", file_names=["a.xml"], landing_path=CAMDEN,
                is_synthetic=False, key_id="key",
            )  # fmt: skip

    threads = [threading.Thread(target=enter, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert returns_desk.rows("select array_agg(version order by version) from ledger.submissions") == [
        (list(range(1, 9)),)
    ]


@pytest.mark.parametrize(
    ("where", "content", "code"),
    [
        (CAMDEN, census("HAC"), "RET-307"),
        (CAMDEN, census(year=2023), "RET-308"),
        ("csww_census/2031/CAM", census(), "RET-305"),
        ("csww_census/2019/CAM", census(), "RET-304"),
        ("csww_census/last year/CAM", census(), "RET-303"),
        ("csww_census/2024/Atlantis", census(), "RET-302"),
        ("csww_census", census(), "RET-302"),
    ],
)
def test_a_file_in_the_wrong_place_is_rejected_with_a_receipt_beside_it(
    returns_desk: Desk, where: str, content: bytes, code: str
) -> None:
    (outcome,) = returns_desk.send(where, content)
    assert outcome.status == "rejected"
    assert code in codes(outcome)
    assert code in returns_desk.receipt(where)
    assert returns_desk.current() == []


def test_what_lands_outside_every_collection_is_answered_too(returns_desk: Desk) -> None:
    land(returns_desk.root, "census/2024/CAM", census())
    land(returns_desk.root, ".", census(), "stray.xml")
    outcomes = returns_desk.work("agency_quarterly")
    assert [(outcome.collection, outcome.status) for outcome in outcomes] == [(None, "rejected")], "they are the same"
    assert "RET-301" in codes(outcomes[0])
    places = [returns_desk.root / "census/2024/CAM/return.xml", returns_desk.root / "stray.xml"]
    assert [path.exists() for path in places] == [False, False]
    assert "RET-301" in returns_desk.receipt(".", "stray.xml")
    assert "ALREADY RECEIVED" in returns_desk.receipt("census/2024/CAM")


def test_a_single_row_of_another_authority_is_pointed_at(returns_desk: Desk) -> None:
    tables = agency_tables()
    row = tables["assignments.csv"].splitlines()[1]
    other = row.replace(b"202,", b"203,", 1).replace(b"A-0001", b"A-0002").replace(b"SY00000001", b"SY00000002")
    tables["assignments.csv"] += other + b"\n"
    for name, content in tables.items():
        land(returns_desk.root, "agency_quarterly/2025-26-Q3/CAM", content, name)
    (outcome,) = returns_desk.work("agency_quarterly")
    (finding,) = (finding for finding in outcome.findings if finding.rule_code == "RET-307")
    assert (finding.row, finding.column, finding.field) == (3, "A", "la_code")


def test_another_collections_file_is_told_so_and_nothing_else(returns_desk: Desk) -> None:
    (outcome,) = returns_desk.send("agency_quarterly/2025-26-Q3/CAM", census())
    assert codes(outcome) == {"RET-306"}
    land(returns_desk.root, "ep_workforce/2025-26-Q3/CAM", agency_tables()["assignments.csv"], "a.csv")
    (outcome,) = returns_desk.work("ep_workforce")
    assert codes(outcome) == {"RET-306"}


def test_a_pair_of_csv_files_is_one_return_with_one_receipt(returns_desk: Desk) -> None:
    where = "agency_quarterly/2025-26-Q3/202"
    for name, content in agency_tables().items():
        land(returns_desk.root, where, content, name)
    (outcome,) = returns_desk.work("agency_quarterly")
    assert (outcome.status, outcome.file_names) == ("accepted", ("assignments.csv", "authority_summary.csv"))
    assert returns_desk.rows(
        "select a.hourly_rate::float, q.month_1_cost from raw.agency_quarterly__assignment as a "
        "join raw.agency_quarterly__authority_quarter as q using (submission_id)"
    ) == [(34.5, 310000)]
    assert len(list((returns_desk.root / where).glob("*.receipt.txt"))) == 1


def test_a_csv_file_without_its_partner_is_rejected_for_the_missing_table(returns_desk: Desk) -> None:
    (outcome,) = returns_desk.send(
        "agency_quarterly/2025-26-Q3/202", agency_tables()["assignments.csv"], "assignments.csv"
    )
    assert codes(outcome) == {"RET-101"}


def test_a_joint_return_stands_in_the_place_of_its_members_own(returns_desk: Desk) -> None:
    returns_desk.send(KINGSTON, census("314"))
    returns_desk.send(RICHMOND, census("318"))
    assert len(returns_desk.current()) == 2
    (outcome,) = returns_desk.send(JOINT, census("318", cases=15))
    assert (outcome.status, outcome.authority_name) == ("accepted", "Kingston upon Thames and Richmond upon Thames")
    assert returns_desk.current() == [("E09000021 / E09000027", "2024", 1)]
    assert [status for *_, status in returns_desk.statuses()] == ["superseded", "superseded", "accepted"]


def test_a_members_own_return_is_rejected_while_a_joint_one_is_in_force(returns_desk: Desk) -> None:
    returns_desk.send(JOINT, census("314"))
    (outcome,) = returns_desk.send(KINGSTON, census("314", cases=15))
    assert codes(outcome) == {"RET-309"}
    (outcome,) = returns_desk.send("csww_census/2023/314", census("314", 2023))
    assert outcome.status == "accepted", "another period is another matter"
    assert returns_desk.current() == [("E09000021 / E09000027", "2024", 1), ("E09000021", "2023", 1)]


def test_a_joint_return_and_a_members_own_that_arrive_together_do_not_both_count(returns_desk: Desk) -> None:
    # The joint folder's name sorts before the member's, so the joint return is the earlier one.
    land(returns_desk.root, "csww_census/2024/314-318", census("314"))
    land(returns_desk.root, "csww_census/2024/KUT", census("314", cases=15))
    outcomes = {outcome.authority_code: outcome for outcome in returns_desk.work("csww_census")}
    assert outcomes["E09000021 / E09000027"].status == "accepted"
    assert codes(outcomes["E09000021"]) == {"RET-309"}


def test_a_rejected_joint_return_leaves_its_members_own_current(returns_desk: Desk) -> None:
    returns_desk.send(KINGSTON, census("314"))
    returns_desk.send(JOINT, census("314", role="99"))
    assert returns_desk.current() == [("E09000021", "2024", 1)]


def land_synthetic(root: Path, where: str, content: bytes) -> None:
    land(root, where, content)
    listed = {"synthetic": True, "files": {f"{where}/return.xml": hashlib.sha256(content).hexdigest()}}
    (root / "SYNTHETIC.json").write_text(json.dumps(listed))


def test_real_returns_outrank_synthetic_ones_for_the_whole_collection(returns_desk: Desk) -> None:
    land_synthetic(returns_desk.root, "csww_census/2023/HAC", census("HAC", 2023))
    (outcome,) = returns_desk.work("csww_census")
    assert outcome.is_synthetic
    assert "SYNTHETIC" in returns_desk.receipt("csww_census/2023/HAC")
    assert returns_desk.current() == [("E09000012", "2023", 1)]
    returns_desk.send(CAMDEN, census())
    assert returns_desk.current() == [("E09000007", "2024", 1)]


def test_a_synthetic_return_never_supersedes_a_real_one(returns_desk: Desk) -> None:
    returns_desk.send(CAMDEN, census())
    land_synthetic(returns_desk.root, CAMDEN, census(cases=15))
    (outcome,) = returns_desk.work("csww_census")
    assert (outcome.status, outcome.version, outcome.current_version) == ("accepted", 2, 1)
    assert returns_desk.current() == [("E09000007", "2024", 1)]


def test_a_newer_year_with_other_items_loads_into_the_same_table(returns_desk: Desk) -> None:
    land(returns_desk.root, "csww_census/2021/CAM", census(year=2021))
    land(returns_desk.root, "csww_census/2025/CAM", census(year=2025))
    assert [outcome.status for outcome in returns_desk.work("csww_census")] == ["accepted", "accepted"]
    assert returns_desk.rows(
        "select s.period_label, bool_and(w.sex is null), bool_and(w.gender_current is null), "
        "bool_and(w.qual_inst is null) from raw.csww_census__worker as w "
        "join ledger.submissions as s using (submission_id) group by 1 order by 1"
    ) == [("2021", True, False, False), ("2025", False, True, True)]


def test_a_value_the_database_cannot_hold_rejects_its_return_and_no_other(
    returns_desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    land(returns_desk.root, CAMDEN, census(cases=40_000))
    land(returns_desk.root, "csww_census/2024/HAC", census("HAC"))
    alter = "alter table raw.csww_census__worker alter column cases30 type {}"
    with returns_desk.settings.connect("loader") as connection:
        connection.execute(alter.format("smallint"))  # type: ignore[call-overload]
    try:
        outcomes = {outcome.authority_name: outcome for outcome in returns_desk.work("csww_census")}
    finally:
        with returns_desk.settings.connect("loader") as connection:
            connection.execute(alter.format("integer"))  # type: ignore[call-overload]
    assert codes(outcomes["Camden"]) == {"RET-018"}
    assert (outcomes["Camden"].rows_loaded, outcomes["Camden"].rows_refused) == (0, 4)
    assert outcomes["Hackney"].status == "accepted"
    assert returns_desk.rows("select count(*) from raw.csww_census__worker") == [(3,)]
    assert "40000" not in caplog.text


def test_returns_too_large_for_one_run_are_checked_in_several(
    returns_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "BATCH_BYTES", 10_000)
    for code in ("CAM", "HAC", "LAM", "SOU"):
        land(returns_desk.root, f"csww_census/2024/{code}", census(code))
    assert [outcome.status for outcome in returns_desk.work("csww_census")] == ["accepted"] * 4
    runs = returns_desk.rows("select subject from ledger.gate_runs order by gate_run_id")
    assert len(runs) > 1


@pytest.mark.parametrize("key", [None, "short", "AAAA" * 16])
def test_without_a_strong_key_nothing_is_taken_in(returns_desk: Desk, key: str | None) -> None:
    land(returns_desk.root, CAMDEN, census())
    environment = {name: value for name, value in returns_desk.settings.environment.items() if name != "PSEUDONYM_KEY"}
    settings = Settings(environment if key is None else {**environment, "PSEUDONYM_KEY": key})
    for attempt in (desk.take_in, desk.decide):
        with pytest.raises(SettingsError, match="PSEUDONYM_KEY"):
            attempt(settings, returns_desk.root, "csww_census")
    with pytest.raises(SettingsError, match="PSEUDONYM_KEY"):
        desk.recheck(settings, returns_desk.root)
    assert (returns_desk.root / CAMDEN / "return.xml").exists()
    assert not (returns_desk.settings.home / "submissions").exists()


def test_a_submission_is_called_what_a_person_calls_it(returns_desk: Desk) -> None:
    land(returns_desk.root, "agency_quarterly/2025-26-Q3/CAM", b"nonsense", "a.xlsx")
    (submission_id,) = desk.take_in(returns_desk.settings, returns_desk.root, "agency_quarterly")
    assert desk.label_of(returns_desk.settings, submission_id) == "Camden 2025/26 Q3"
