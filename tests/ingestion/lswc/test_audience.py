"""Registrations as counts, follower exports as they come, and the door that people do not pass."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from ingestion.lswc.files import DeliveryFile
from ingestion.lswc.intake import described
from ingestion.lswc.loading import read_delivery
from ingestion.lswc.reading import ReadDelivery
from ingestion.sample.lswc.old_excel import old_workbook
from ingestion.settings import Settings
from tests.ingestion.lswc.files import TODAY, codes, current, load, rows

LINKEDIN = ("Date", "Sponsored followers", "Organic followers", "Auto-invited followers", "Total followers")
X = (
    "Date,Impressions,Likes,Engagements,Bookmarks,Shares,New follows,Unfollows,Replies,Reposts,Profile visits,"
    "Create Post,Video views,Media views\n"
)
REGISTRATIONS = (
    "month,registrations,registrations_to_date,alert_subscribers\n2026-08,118,3900,3000\n2026-09,121,4021,3100\n"
)


def read(content: bytes, name: str = "file.csv") -> ReadDelivery:
    return read_delivery("lswc_audience", DeliveryFile(name, content, "files", is_synthetic=False), TODAY)


def linkedin(days: Sequence[Sequence[str | int]], headings: Sequence[str] = LINKEDIN) -> bytes:
    return old_workbook(
        {"New followers": [list(headings), *days], "Location": [["Location", "Total followers"], ["London", 9]]}
    )


def x_line(day: str, follows: int, unfollows: int) -> str:
    return f'"{day}",900,9,30,0,0,{follows},{unfollows},1,2,4,1,0,0\n'


def test_linkedins_total_followers_of_a_day_are_that_days_new_ones(warehouse: Settings, tmp_path: Path) -> None:
    path = tmp_path / "followers.xls"
    path.write_bytes(linkedin([["09/29/2026", 0, 3, 0, 3], ["09/30/2026", 1, 4, 2, 7], ["10/01/2026", 0, 0, 0, 0]]))
    result = load(warehouse, "lswc_audience", path)
    assert (result.status, result.dataset, result.rows_loaded) == ("accepted", "linkedin_followers", 3)
    assert current(warehouse, "lswc_audience__linkedin_day", "linkedin_day", "day")[1] == {
        "day": date(2026, 9, 30), "new_followers": 7, "organic_followers": 4, "sponsored_followers": 1,
        "auto_invited_followers": 2,
    }  # fmt: skip


def test_x_comes_newest_first_with_follows_and_unfollows(warehouse: Settings, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(X + x_line("Thu, Oct 1, 2026", 2, 1) + x_line("Wed, Sep 30, 2026", 5, 0))
    result = load(warehouse, "lswc_audience", path)
    assert (result.status, result.dataset) == ("accepted", "x_overview")
    found = current(warehouse, "lswc_audience__x_day", "x_day", "day")
    assert [(row["day"], row["new_follows"], row["unfollows"]) for row in found] == [
        (date(2026, 9, 30), 5, 0),
        (date(2026, 10, 1), 2, 1),
    ]


def test_x_with_fewer_columns_in_another_order_is_read_too() -> None:
    delivery = read(b'Unfollows,Date,New follows\n1,"Thu, Oct 1, 2026",2\n')
    (row,) = delivery.parts[0].rows
    assert (row["new_follows"], row["unfollows"], row["impressions"]) == (2, 1, None)


def test_overlapping_exports_restate_days_and_add_nothing(warehouse: Settings, tmp_path: Path) -> None:
    for name, days in (
        ("a.xls", [["09/28/2026", 0, 1, 0, 1], ["09/29/2026", 0, 3, 0, 3], ["09/30/2026", 0, 4, 0, 4]]),
        ("b.xls", [["09/30/2026", 0, 6, 0, 6], ["10/01/2026", 0, 2, 0, 2]]),
    ):
        (tmp_path / name).write_bytes(linkedin(days))
        load(warehouse, "lswc_audience", tmp_path / name)
    load(warehouse, "lswc_audience", tmp_path / "a.xls")
    found = current(warehouse, "lswc_audience__linkedin_day", "linkedin_day", "day")
    assert [(row["day"].day, row["new_followers"]) for row in found] == [(28, 1), (29, 3), (30, 6), (1, 2)]


def test_a_day_missing_in_the_middle_keeps_what_was_said_of_it_before(warehouse: Settings, tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_bytes(linkedin([[f"09/{day}/2026", 0, 3, 0, 3] for day in (28, 29, 30)]))
    (tmp_path / "b.xls").write_bytes(linkedin([[f"09/{day}/2026", 0, 4, 0, 4] for day in (28, 30)]))
    load(warehouse, "lswc_audience", tmp_path / "a.xls")
    result = load(warehouse, "lswc_audience", tmp_path / "b.xls")
    assert codes(result) == ["LSW-411"]
    found = current(warehouse, "lswc_audience__linkedin_day", "linkedin_day", "day")
    assert [row["new_followers"] for row in found] == [4, 3, 4]


def test_registrations_are_loaded_as_counts_by_month(warehouse: Settings, tmp_path: Path) -> None:
    path = tmp_path / "registrations.csv"
    path.write_text(REGISTRATIONS)
    result = load(warehouse, "lswc_audience", path)
    assert (result.status, result.dataset, result.rows_loaded) == ("accepted", "registrations", 2)
    assert current(warehouse, "lswc_audience__registration_month", "registration_month", "month")[1] == {
        "month": date(2026, 9, 1), "registrations": 121, "registrations_to_date": 4021, "alert_subscribers": 3100,
        "bulletin_sends": None, "bulletin_opens": None,
    }  # fmt: skip


def test_dated_totals_are_loaded_by_platform_and_day(warehouse: Settings, tmp_path: Path) -> None:
    path = tmp_path / "totals.yml"
    path.write_text(
        "follower_totals:\n  - {platform: linkedin, as_at: 2026-09-30, followers: 2560}\n"
        "  - {platform: x, as_at: 2026-09-30, followers: 390}\n"
    )
    load(warehouse, "lswc_audience", path)
    path.write_text("follower_totals:\n  - {platform: linkedin, as_at: 2026-10-31, followers: 2600}\n")
    load(warehouse, "lswc_audience", path)
    # A total that is corrected leaves the other platform's of that day alone.
    path.write_text("follower_totals:\n  - {platform: linkedin, as_at: 2026-09-30, followers: 2561}\n")
    load(warehouse, "lswc_audience", path)
    found = current(warehouse, "lswc_audience__follower_total", "follower_total", "as_at")
    assert [(row["platform"], row["as_at"].month, row["followers"]) for row in found] == [
        ("linkedin", 9, 2561),
        ("x", 9, 390),
        ("linkedin", 10, 2600),
    ]


PEOPLE: Mapping[str, bytes] = {
    "names and e-mails": b"First name,Surname,Email,Registered\nAnn,Invented,ann.invented@example.org,2026-09-01\n",
    "e-mails alone, without headings": b"ann.invented@example.org,2026-09-01,1\n",
    "counts beside an e-mail": b"month,registrations\n2026-09,12\nann.invented@example.org,\n",
    "telephone numbers": b"month,registrations\n2026-09,020 7946 0958\n",
    "characteristics": b"month,ethnicity,registrations\n2026-09,Invented,4\n",
    "in another encoding": "Full name\tE-mail\nAnn Invented\tann.invented@example.org\n".encode("utf-16"),
    "under a title": b"Export of Ann Invented\n\nName,Date\nAnn Invented,2026-09-01\n",
    "names alone, without headings": b"Ann Invented,2026-09-01,yes\nBo Invented,2026-09-02,no\n",
    "in an old workbook": old_workbook(
        {"Sheet1": [["month", "registrations"], ["2026-09", 4]], "Raw": [["E-mail"], ["ann.invented@example.org"]]}
    ),
    "in a dated list": b"follower_totals:\n- {platform: x, as_at: 2026-09-30, followers: 3, note: ann@invented.org}\n",
}


@pytest.mark.parametrize("kind", PEOPLE)
def test_a_file_about_people_is_turned_away_and_nothing_of_it_is_kept(
    people_warehouse: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level(logging.DEBUG)
    suffix = ".yml" if "dated" in kind else ".csv"
    path = tmp_path / f"ann.invented{suffix}"
    path.write_bytes(PEOPLE[kind])
    result = load(people_warehouse, "lswc_audience", path)
    assert (result.outcome, result.rows_loaded, result.file_name) == ("refused", 0, None)
    assert "LSW-002" in codes(result) or "without headings" in kind
    assert not people_warehouse.quarantine.exists()
    ledger = rows(
        people_warehouse,
        f"select deliveries.*, findings.* from ledger.deliveries left join ledger.findings "
        f"on deliveries.delivery_id = findings.delivery_id where deliveries.delivery_id = {result.delivery_id}",
    )
    said = (str(ledger) + str(described([result])) + caplog.text).lower()
    assert "invented" not in said
    assert rows(people_warehouse, "select count(*) from raw.lswc_audience__registration_month") == [{"count": 0}]


def test_people_in_a_workbook_of_the_job_board_are_turned_away_too(people_warehouse: Settings, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    hidden = book.create_sheet("Applicants")
    hidden.sheet_state = "hidden"
    hidden.append(["ann.invented@example.org"])
    book.save(tmp_path / "jobs.xlsx")
    result = load(people_warehouse, "lswc_jobs", tmp_path / "jobs.xlsx")
    assert (result.outcome, codes(result), result.file_name) == ("refused", ["LSW-002"], None)
    assert not people_warehouse.quarantine.exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (linkedin([["30/09/2026", 0, 3, 0, 3]]), "LSW-006"),
        (linkedin([["09/30/2026", 0, 3, 0, 3]], [*LINKEDIN[:4], "Followers"]), "LSW-004"),
        (linkedin([["09/30/2026", 0, 3, 0, "1.234,5"]]), "LSW-005"),
        (linkedin([["soon", 0, 3, 0, 3]]), "LSW-007"),
        (linkedin([]), "LSW-001"),
        ((X + x_line("Fri, Oct 1, 2026", 2, 1)).encode(), "LSW-007"),
        ((X + x_line("Thu, Oct 1, 2026", 2, 1).replace("900", '"1.234,5"')).encode(), "LSW-005"),
        (b"Date,Post views\n2026-09-01,4\n", "LSW-001"),
        (REGISTRATIONS.replace("121", "about 120").encode(), "LSW-007"),
        (REGISTRATIONS.replace("2026-09", "soon").encode(), "LSW-007"),
        (REGISTRATIONS.replace("alert_subscribers", "favourite colour").encode(), "LSW-003"),
        (REGISTRATIONS.replace(",", ";").encode(), "LSW-005"),
        (b"PK\x03\x04 and then nothing", "LSW-001"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and then nothing", "LSW-001"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_by_name(content: bytes, code: str) -> None:
    delivery = read(content)
    assert [problem.code for problem in delivery.problems] == [code]
    assert delivery.parts == ()


@pytest.mark.parametrize(
    "text",
    [
        "follower_totals: []",
        "follower_totals:\n  - {platform: myspace, as_at: 2026-09-30, followers: 3}",
        "follower_totals:\n  - {platform: x, as_at: yesterday, followers: 3}",
        "follower_totals:\n  - {platform: x, as_at: 2026-09-30, followers: many}",
        "!!python/object/apply:os.system ['true']",
        "- 1",
    ],
)
def test_totals_that_are_not_understood_are_refused(text: str) -> None:
    delivery = read(text.encode(), "totals.yml")
    assert delivery.problems[0].code in ("LSW-001", "LSW-004")
