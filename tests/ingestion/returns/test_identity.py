"""Whose return, of which collection and for when: from the folders, the options, and the content."""

from datetime import date
from pathlib import PurePosixPath

import pytest

from ingestion.returns.identity import (
    Identity,
    IdentityError,
    disagreements,
    identity_from_claim,
    identity_from_folders,
    identity_from_options,
    identity_from_path,
)
from ingestion.returns.periods import census_year, quarter
from ingestion.returns.reading import Claim
from tests.ingestion.returns.sent_files import sender

TODAY = date(2026, 11, 25)
CAMDEN = Identity("csww_census", sender("CAM"), census_year(2024))
CAMDEN_QUARTER = Identity("agency_quarterly", sender("CAM"), quarter(2025, 3))


@pytest.mark.parametrize("code", ["E09000007", "202", "CAM", "cam", "e09000007"])
def test_an_authority_is_named_by_any_of_its_three_codes(code: str) -> None:
    assert identity_from_folders(["csww_census", "2024", code]) == CAMDEN


@pytest.mark.parametrize("period", [["2025-26-Q3"], ["2025-26-q3"], ["2025/26-Q3"], ["2025", "26-Q3"], ["2025-26 Q3"]])
def test_a_quarter_is_one_folder_or_two(period: list[str]) -> None:
    assert identity_from_folders(["agency_quarterly", *period, "202"]) == CAMDEN_QUARTER


@pytest.mark.parametrize("code", ["314-318", "318-314", "E09000021-E09000027", "KUT+RUT"])
def test_a_joint_return_is_named_by_both_codes(code: str) -> None:
    found = identity_from_folders(["csww_census", "2024", code])
    assert found.sender is not None
    assert found.sender.name == "Kingston upon Thames and Richmond upon Thames"
    assert found.folders == ("csww_census", "2024", "E09000021-E09000027")


@pytest.mark.parametrize(
    ("folders", "kinds"),
    [
        ([], ["unknown_collection"]),
        (["census"], ["unknown_collection"]),
        (["csww_census"], ["unknown_authority", "unknown_period"]),
        (["csww_census", "2024"], ["unknown_authority"]),
        (["csww_census", "202"], ["unknown_authority", "unknown_period"]),
        (["csww_census", "2024", "999"], ["unknown_authority"]),
        (["csww_census", "2024", "202", "old"], ["unknown_authority"]),
        (["csww_census", "2025-26-Q3", "202"], ["unknown_period"]),
        (["agency_quarterly", "2025-27-Q3", "202"], ["unknown_period"]),
        (["csww_census", "2019", "202"], ["no_specification"]),
        (["csww_census", "2026", "202"], ["no_specification"]),
        (["agency_quarterly", "2024-25-Q2", "202"], ["no_specification"]),
        (["csww_census", "2031", "202"], ["future_period"]),
        (["agency_quarterly", "2026-27-Q4", "202"], ["future_period"]),
        (["agency_quarterly", "2026-27-Q3", "202"], []),
    ],
)
def test_a_folder_that_names_nothing_known_is_a_problem(folders: list[str], kinds: list[str]) -> None:
    assert [problem.kind for problem in identity_from_folders(folders).problems(TODAY)] == kinds


def test_a_file_anywhere_is_known_by_the_folders_above_it() -> None:
    assert identity_from_path(PurePosixPath("/data/csww_census/2024/202/return.xml")) == CAMDEN
    assert identity_from_path(PurePosixPath("/csww_census/agency_quarterly/2025-26-Q3/202/a.csv")) == CAMDEN_QUARTER
    assert identity_from_path(PurePosixPath("/home/somebody/return.xml")) == Identity()


def test_a_file_alone_is_known_by_what_it_says() -> None:
    assert identity_from_claim(Claim("csww_census", ("202",), ("2024",), ("2024-09-30",))).period == census_year(2024)
    assert identity_from_claim(Claim("csww_census", ("202",), ("2024",))) == CAMDEN
    assert identity_from_claim(Claim("agency_quarterly", ("202",), (), ("2025-12-31",))) == CAMDEN_QUARTER
    joint = identity_from_claim(Claim("agency_quarterly", ("314", "318")))
    assert joint.sender == sender("314-318")
    assert identity_from_claim(Claim("agency_quarterly", ("202", "203"), (), ("2025-12-30",))) == Identity(
        "agency_quarterly"
    )


def test_options_come_first_and_what_they_leave_open_is_looked_for() -> None:
    assert identity_from_options(None, "CAM", None, Identity("csww_census", sender("201"), census_year(2024))) == CAMDEN
    # A period belongs to its collection: a folder of another collection says nothing about when.
    assert identity_from_options("agency_quarterly", None, None, CAMDEN) == Identity("agency_quarterly", sender("CAM"))
    assert identity_from_options("agency_quarterly", "CAM", "2025/26-Q3", Identity()) == CAMDEN_QUARTER


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("census", None, None), "There is no collection 'census'"),
        ((None, "999", None), "There is no London authority '999'"),
        (("csww_census", None, "2025/26-Q3"), "A census year is written like 2024"),
        ((None, None, "2024"), "A period needs its collection"),
    ],
)
def test_an_option_that_names_nothing_is_refused(options: tuple[str | None, ...], reason: str) -> None:
    with pytest.raises(IdentityError, match=reason):
        identity_from_options(*options, otherwise=Identity())


@pytest.mark.parametrize(
    ("identity", "claim", "kinds"),
    [
        (CAMDEN, Claim("csww_census", ("202",), ("2024",), ("2024-09-30",)), []),
        (CAMDEN, Claim(), []),
        (CAMDEN, Claim("csww_census", ("203",), ("2024",)), ["wrong_authority"]),
        (CAMDEN, Claim("csww_census", ("202",), ("2023",)), ["wrong_period"]),
        (CAMDEN, Claim("csww_census", ("202",), ("2024",), ("2023-09-30",)), ["wrong_period"]),
        (CAMDEN, Claim("csww_census", ("202", "203"), ("2024", "2023")), ["wrong_authority", "wrong_period"]),
        (CAMDEN, Claim("agency_quarterly", ("203",)), ["wrong_collection"]),
        (CAMDEN_QUARTER, Claim("agency_quarterly", ("202",), (), ("2025-12-31", "2025-09-30")), ["wrong_period"]),
        (Identity("csww_census", sender("314-318"), census_year(2024)), Claim("csww_census", ("318",)), []),
        (Identity("csww_census", sender("314-318"), census_year(2024)), Claim("csww_census", ("314", "318")), []),
        (
            Identity("csww_census", sender("314"), census_year(2024)),
            Claim("csww_census", ("318",)),
            ["wrong_authority"],
        ),
    ],
)
def test_content_that_says_something_else_than_the_folder_is_a_problem(
    identity: Identity, claim: Claim, kinds: list[str]
) -> None:
    assert [problem.kind for problem in disagreements(identity, claim)] == kinds
