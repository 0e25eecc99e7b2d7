"""The screen's CSV export: preamble, blocks, totals, separators, indices, and what is refused."""

from datetime import date
from pathlib import Path

import pytest

from ingestion.lswc.files import DeliveryFile
from ingestion.lswc.loading import read_delivery
from ingestion.lswc.reading import ReadDelivery
from ingestion.settings import Settings
from tests.ingestion.lswc.files import TODAY, codes, current, load, rows

PREAMBLE = """\
# ----------------------------------------
# Pages and screens: Page path and screen class
# Account: LSWC
# Property: LSWC - GA4
# ----------------------------------------
# All Users
# Start date: 20260901
# End date: 20260930
"""
PAGES = """\
Page path and screen class,Views,Active users,Views per active user,Average engagement time per active user
,"11,334","2,567",4.415,92.1
/,"10,234","2,000",5.117,80.5
/jobs/lswc-100001,"1,100",567,1.94,100
"""
EVENTS = """\

# Events: Event name
# Start date: 20260901
# End date: 20260930
Event name,Event count,Total users
,"1,500",900
job_view,"1,000",700
apply_click,400,300
(not set),100,50
"""
DAYS = """\
# Property: LSWC - GA4
# Start date: 20260901
# End date: 20260903
Nth day,Active users,New users,Sessions
0000,100,40,120
0001,110,41,130
0002,"1,020",42,140
"""


def read(text: str, name: str = "export.csv") -> ReadDelivery:
    return read_delivery("lswc_web", DeliveryFile(name, text.encode(), "files", is_synthetic=False), TODAY)


def problem(text: str) -> tuple[str, str]:
    (found,) = read(text).problems
    return found.code, found.message


def test_several_blocks_with_totals_separators_and_a_byte_order_mark(warehouse: Settings, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("\ufeff" + PREAMBLE + PAGES + EVENTS, encoding="utf-8")
    result = load(warehouse, "lswc_web", path)
    assert (result.status, result.dataset, result.rows_read, result.rows_loaded) == ("accepted", "screen_export", 5, 5)
    assert current(warehouse, "lswc_web__page_month", "page_month", "month") == [
        {
            "month": date(2026, 9, 1), "page_path": "/", "page_kind": "home", "page_views": 10_234,
            "active_users": 2_000, "event_count": None,
        },
        {
            "month": date(2026, 9, 1), "page_path": "/jobs/lswc-100001", "page_kind": "job", "page_views": 1_100,
            "active_users": 567, "event_count": None,
        },
    ]  # fmt: skip
    assert rows(warehouse, "select event_name, event_kind, event_count, source_row from raw.lswc_web__event_month") == [
        {"event_name": "job_view", "event_kind": "job_view", "event_count": 1_000, "source_row": 19},
        {"event_name": "apply_click", "event_kind": "apply_click", "event_count": 400, "source_row": 20},
        {"event_name": "(not set)", "event_kind": None, "event_count": 100, "source_row": 21},
    ]


def test_day_indices_are_counted_from_the_start_date() -> None:
    (part,) = read(DAYS).parts
    assert part.dataset == "day"
    assert [(row["day"], row["active_users"], row["sessions"]) for row in part.rows] == [
        (date(2026, 9, 1), 100, 120),
        (date(2026, 9, 2), 110, 130),
        (date(2026, 9, 3), 1_020, 140),
    ]


def test_month_indices_are_counted_from_the_start_date() -> None:
    (part,) = read(
        "# Start date: 20251201\n# End date: 20260228\nNth month,Users,Sessions\n0000,5,6\n0001,7,8\n0002,9,10\n"
    ).parts
    assert [(row["month"], row["active_users"]) for row in part.rows] == [
        (date(2025, 12, 1), 5),
        (date(2026, 1, 1), 7),
        (date(2026, 2, 1), 9),
    ]
    assert all(period.is_complete for period in part.periods)


def test_old_and_new_labels_mean_the_same() -> None:
    old = read(DAYS.replace("Active users", "Users"))
    assert old.parts[0].rows == read(DAYS).parts[0].rows


def test_the_last_days_of_an_export_are_not_complete() -> None:
    text = DAYS.replace("20260901", "20261102").replace("20260903", "20261104")
    (part,) = read(text).parts
    assert [(period.start.day, period.is_complete) for period in part.periods] == [(2, True), (3, True), (4, False)]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (PREAMBLE + PAGES.replace("Views,", "Aufrufe,"), "LSW-003", "'Aufrufe'"),
        (PREAMBLE + PAGES.replace("Page path and screen class", "Device model"), "LSW-003", "'Device model'"),
        (PREAMBLE + PAGES.replace('"1,100"', '"1.100,5"'), "LSW-005", "Continent"),
        (PREAMBLE + PAGES.replace('"1,100"', "1.100"), "LSW-005", "Continent"),
        (PREAMBLE + PAGES.replace(",", ";"), "LSW-005", "Continent"),
        (PREAMBLE + PAGES.replace('"1,100"', "many"), "LSW-007", "not understood"),
        (PREAMBLE + PAGES.replace(",567,1.94,100", ""), "LSW-013", "cut off"),
        (PAGES, "LSW-012", "Start date"),
        (PREAMBLE.replace("20260930", "09/30/2026") + PAGES, "LSW-012", "Start date"),
        (PREAMBLE.replace("20260930", "20261015") + PAGES, "LSW-012", "one calendar month"),
        (PREAMBLE.replace("20260901", "20260902") + PAGES, "LSW-012", "one calendar month"),
        (DAYS.replace("0002", "0003"), "LSW-007", "not understood"),
        (PREAMBLE + PAGES + "\n" + PREAMBLE + PAGES, "LSW-013", "more than once"),
        (PREAMBLE, "LSW-001", "no table"),
        ("", "LSW-001", "empty"),
        ("<html><body>Sign in</body></html>", "LSW-001", "web page"),
        (PREAMBLE + PAGES.replace("/jobs/lswc-100001", "/auth/reset/ann@example.org"), "LSW-002", "single people"),
    ],
)
def test_an_export_that_cannot_be_trusted_is_refused_by_name(text: str, code: str, says: str) -> None:
    found, message = problem(text)
    assert found == code
    assert says in message


def test_an_export_of_another_property_is_refused_and_the_last_good_month_stays(
    warehouse: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(PREAMBLE + PAGES)
    load(warehouse, "lswc_web", path)
    before = current(warehouse, "lswc_web__page_month", "page_month", "month")
    path.write_text(PREAMBLE.replace("LSWC - GA4", "Somebody else") + PAGES.replace("10,234", "10,235"))
    result = load(warehouse, "lswc_web", path)
    assert (result.outcome, codes(result)) == ("refused", ["LSW-101"])
    path.write_text(PREAMBLE.replace("# Property: LSWC - GA4\n", "") + PAGES.replace("10,234", "10,236"))
    result = load(warehouse, "lswc_web", path)
    assert (result.outcome, codes(result)) == ("refused", ["LSW-101"])
    assert current(warehouse, "lswc_web__page_month", "page_month", "month") == before


def test_a_part_of_a_month_never_replaces_the_whole(warehouse: Settings, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(PREAMBLE + PAGES)
    load(warehouse, "lswc_web", path)
    before = current(warehouse, "lswc_web__page_month", "page_month", "month")
    path.write_text(PREAMBLE.replace("20260930", "20260915") + PAGES.replace("10,234", "5,000"))
    result = load(warehouse, "lswc_web", path)
    assert (result.status, codes(result)) == ("accepted_with_queries", ["LSW-201"])
    assert current(warehouse, "lswc_web__page_month", "page_month", "month") == before
