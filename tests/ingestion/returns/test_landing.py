"""The landing area: what is one return, what has to wait, and what is passed over."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from ingestion.returns import landing
from ingestion.returns.landing import Landed, Patience, SyntheticFiles
from tests.ingestion.returns.sent_files import agency_tables, land

AT_ONCE = Patience(settle_seconds=0, partner_seconds=0)
WHERE = "agency_quarterly/2025-26-Q3/CAM"


def names(found: list[Landed]) -> list[tuple[str, list[str]]]:
    return [("/".join(each.folders), [file.name for file in each.files]) for each in found]


def older(path: Path, seconds: float) -> Path:
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def test_every_file_is_a_return_of_its_own(tmp_path: Path) -> None:
    land(tmp_path, "csww_census/2024/CAM", b"<a/>", "b.xml")
    land(tmp_path, "csww_census/2024/CAM", b"<a/>", "a.xml")
    land(tmp_path, "csww_census/2023/202", b"<a/>", "a.xml")
    land(tmp_path, "ep_workforce/2025-26-Q3/202", b"PK", "a.xlsx")
    assert names(landing.look(tmp_path, "csww_census", AT_ONCE).ready) == [
        ("csww_census/2023/202", ["a.xml"]),
        ("csww_census/2024/CAM", ["a.xml"]),
        ("csww_census/2024/CAM", ["b.xml"]),
    ]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert landing.waiting(tmp_path / "nowhere", "csww_census") == []
    assert landing.waiting(tmp_path, "csww_census") == []


def test_the_csv_files_of_one_folder_are_one_return(tmp_path: Path) -> None:
    for name, content in agency_tables().items():
        land(tmp_path, WHERE, content, name)
    land(tmp_path, WHERE, b"PK", "another.xlsx")
    patient = Patience(settle_seconds=0, partner_seconds=120)
    assert names(landing.look(tmp_path, "agency_quarterly", patient).ready) == [
        (WHERE, ["another.xlsx"]),
        (WHERE, ["assignments.csv", "authority_summary.csv"]),
    ]


def test_a_csv_file_alone_waits_two_minutes_for_its_partner(tmp_path: Path) -> None:
    patient = Patience(settle_seconds=2)
    path = older(land(tmp_path, WHERE, agency_tables()["assignments.csv"], "assignments.csv"), 100)
    assert names(landing.look(tmp_path, "agency_quarterly", patient).ready) == []
    older(path, 121)
    assert names(landing.look(tmp_path, "agency_quarterly", patient).ready) == [(WHERE, ["assignments.csv"])]


def test_two_pairs_are_told_apart_by_their_times(tmp_path: Path) -> None:
    for seconds, prefix in ((60, "old_"), (30, "new_")):
        for name, content in agency_tables().items():
            older(land(tmp_path, WHERE, content, prefix + name), seconds)
    assert names(landing.look(tmp_path, "agency_quarterly", AT_ONCE).ready) == [
        (WHERE, ["old_assignments.csv", "old_authority_summary.csv"]),
        (WHERE, ["new_assignments.csv", "new_authority_summary.csv"]),
    ]


def test_a_csv_file_that_is_no_table_of_the_collection_does_not_wait(tmp_path: Path) -> None:
    older(land(tmp_path, WHERE, b"a,b\n1,2\n", "what.csv"), 10)
    assert names(landing.look(tmp_path, "agency_quarterly").ready) == [(WHERE, ["what.csv"])]


def test_a_file_that_still_grows_waits_and_its_companions_with_it(tmp_path: Path) -> None:
    tables = agency_tables()
    older(land(tmp_path, WHERE, tables["assignments.csv"], "assignments.csv"), 10)
    land(tmp_path, WHERE, tables["authority_summary.csv"], "authority_summary.csv")
    older(land(tmp_path, WHERE, b"PK", "whole.xlsx"), 10)
    found = landing.look(tmp_path, "agency_quarterly", Patience(settle_seconds=5))
    assert (names(found.ready), found.growing) == ([(WHERE, ["whole.xlsx"])], 1)


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.xml", "half.xml.part", "a.xml.receipt.txt", "a.xml.receipt.json", "a.xml.findings.xlsx",
        "SYNTHETIC.json",
    ],
)  # fmt: skip
def test_what_is_no_return_is_passed_over(tmp_path: Path, name: str) -> None:
    land(tmp_path, "csww_census/2024/CAM", b"x", name)
    land(tmp_path, ".hidden/2024/CAM", b"x")
    assert landing.look(tmp_path, "csww_census", AT_ONCE).ready == []
    assert landing.look(tmp_path, None, AT_ONCE).ready == []


def test_a_link_to_somewhere_else_is_not_followed(tmp_path: Path) -> None:
    secret = land(tmp_path, "elsewhere", b"secret")
    folder = land(tmp_path / "landing", "csww_census/2024/CAM", b"x").parent
    (folder / "return.xml").unlink()
    (folder / "link.xml").symlink_to(secret)
    (folder / "folder").symlink_to(secret.parent)
    assert landing.look(tmp_path / "landing", "csww_census", AT_ONCE).ready == []


def test_what_lies_outside_every_collection_is_found(tmp_path: Path) -> None:
    land(tmp_path, ".", b"x", "stray.xml")
    land(tmp_path, "census/2024", b"x")
    land(tmp_path, "csww_census/2024/CAM", b"x")
    land(tmp_path, "dfe_census_statistics/abc", b"x")
    assert names(landing.look(tmp_path, None, AT_ONCE).ready) == [("", ["stray.xml"]), ("census/2024", ["return.xml"])]


def test_a_file_replaced_since_it_was_looked_at_is_noticed(tmp_path: Path) -> None:
    path = land(tmp_path, "csww_census/2024/CAM", b"one")
    looked_at = landing.look_at(path)
    assert looked_at.is_unchanged()
    path.write_bytes(b"another")
    assert not looked_at.is_unchanged()
    path.unlink()
    assert not looked_at.is_unchanged()


def test_a_return_of_several_files_is_known_by_their_hashes_in_any_order(tmp_path: Path) -> None:
    files = [landing.look_at(land(tmp_path, ".", text, name)) for name, text in (("a", b"1"), ("b", b"2"))]
    own = [hashlib.sha256(text).hexdigest() for text in (b"1", b"2")]
    together = hashlib.sha256("".join(sorted(own)).encode()).hexdigest()
    assert landing.hash_of(files) == (together, own)
    assert landing.hash_of(files[::-1]) == (together, own[::-1])
    assert landing.hash_of(files[:1]) == (own[0], own[:1])


def test_only_what_a_list_names_is_synthetic(tmp_path: Path) -> None:
    listed = {"synthetic": True, "files": {"a.xml": "1" * 64, "b.csv": "2" * 64}}
    land(tmp_path, "above", json.dumps(listed).encode(), "SYNTHETIC.json")
    land(tmp_path, "broken", b"{", "SYNTHETIC.json")
    land(tmp_path, "untrue", json.dumps({**listed, "synthetic": False}).encode(), "SYNTHETIC.json")
    lists = SyntheticFiles()
    assert lists.lists([tmp_path, tmp_path / "above"], ["1" * 64, "2" * 64])
    assert not lists.lists([tmp_path / "above"], ["1" * 64, "3" * 64])
    assert not lists.lists([tmp_path, tmp_path / "broken", tmp_path / "untrue"], ["1" * 64])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("return 2024.xml", "return 2024.xml"),
        ("E09000007_census.xml", "E09000007_census.xml"),
        ("../../etc/passwd", "passwd"),
        ("a\u202exml.exe", "a_xml.exe"),
        ("SY00000001 leaver.xml", "(number) leaver.xml"),
        ("...", "file"),
    ],
)
def test_a_name_is_made_safe_before_it_is_stored(name: str, safe: str) -> None:
    assert landing.safe_name(name) == safe


def test_a_receipt_is_written_as_near_as_folders_have_plain_names(tmp_path: Path) -> None:
    assert landing.plain_folders(["csww_census", "2024", "202"]) == ["csww_census", "2024", "202"]
    assert landing.plain_folders(["csww_census", "2024", "SY00000001", "x"]) == ["csww_census", "2024"]
    assert landing.plain_folders(["a\nb"]) == []
