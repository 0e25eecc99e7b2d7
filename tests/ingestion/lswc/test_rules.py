"""Every rule on deliveries has a case that fails it, and sound deliveries fail none."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from expectations.lswc_frames import Expected
from expectations.lswc_gate import SUITES, CheckedDelivery, check_deliveries
from expectations.rules import load_rules
from ingestion.lswc.files import DeliveryFile
from ingestion.lswc.loading import read_delivery
from ingestion.lswc.reading import ReadDelivery
from ingestion.lswc.specification import Collection
from ingestion.sample.lswc.old_excel import old_workbook
from ingestion.sample.lswc.writing import pulled_month
from tests.ingestion.lswc.files import TODAY, job, jobs
from tests.ingestion.lswc.ga4_server import SEED

ALL_CODES = sorted(rule.code for suite in SUITES for rule in load_rules(suite))


def read(collection: Collection, content: bytes) -> ReadDelivery:
    return read_delivery(collection, DeliveryFile("file", content, "files", is_synthetic=False), TODAY)


def extract(*rows: dict[str, object]) -> ReadDelivery:
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    return read("lswc_jobs", "\n".join(lines).encode())


def registrations(*lines: str) -> ReadDelivery:
    headings = "month,registrations,registrations_to_date,bulletin_sends,bulletin_opens"
    return read("lswc_audience", "\n".join([headings, *lines]).encode())


def linkedin(*days: tuple[str, int, int, int, int]) -> ReadDelivery:
    headings = ("Date", "Sponsored followers", "Organic followers", "Auto-invited followers", "Total followers")
    return read("lswc_audience", old_workbook({"New followers": [headings, *days]}))


def pull(change: Callable[[dict[str, Any]], object] = lambda document: None) -> ReadDelivery:
    document = json.loads(pulled_month(SEED, date(2023, 9, 1)))
    change(document)
    return read("lswc_web", json.dumps(document).encode())


def response(document: dict[str, Any], report: str) -> dict[str, Any]:
    return document["reports"][report]["response"]  # type: ignore[no-any-return]


def set_metric(document: dict[str, Any], report: str, metric: str, value: str) -> None:
    place = [header["name"] for header in response(document, report)["metricHeaders"]].index(metric)
    response(document, report)["rows"][0]["metricValues"][place]["value"] = value


def without_first_day(document: dict[str, Any]) -> None:
    response(document, "day")["rows"].pop(0)
    response(document, "day")["rowCount"] -= 1


def without_month(document: dict[str, Any]) -> None:
    response(document, "month").pop("rows")
    response(document, "month")["rowCount"] = 0


def without_rows(document: dict[str, Any]) -> None:
    for name in document["reports"]:
        response(document, name).pop("rows")
        response(document, name)["rowCount"] = 0


def no_visits(document: dict[str, Any]) -> None:
    for metric in ("sessions", "engagedSessions", "activeUsers", "totalUsers"):
        set_metric(document, "month", metric, "0")


def many_clicks(document: dict[str, Any]) -> None:
    for row in response(document, "event_day")["rows"]:
        if row["dimensionValues"][1]["value"] == "apply_click":
            row["metricValues"][0]["value"] = "5000"


OURS = Expected({}, property_id="100000001")
SEPTEMBER = "2026-09"
CASES: dict[str, tuple[ReadDelivery, Expected]] = {
    "LSW-101": (pull(lambda document: document.update(property="properties/5")), OURS),
    "LSW-102": (pull(lambda document: response(document, "day")["metadata"].update(timeZone="UTC")), OURS),
    "LSW-103": (pull(without_rows), OURS),
    "LSW-104": (extract(job(1, month="2026-07", posted_date="2026-07-01"), job(2)), OURS),
    "LSW-105": (extract(job()), Expected({("job_month", "total"): {date(2026, 7, 1)}})),
    "LSW-106": (extract(*jobs(5), *jobs(5, first=6, borough="Atlantis")), OURS),
    "LSW-107": (extract(job(month="2026-11", posted_date="2026-11-01", closing_date="2026-11-30")), OURS),
    "LSW-108": (extract(job(month="2023-06", posted_date="2023-06-01", closing_date="2023-06-30")), OURS),
    "LSW-111": (registrations(f"{SEPTEMBER},-4,,,"), OURS),
    "LSW-112": (registrations(f"{SEPTEMBER},10,,,", f"{SEPTEMBER},11,,,"), OURS),
    "LSW-201": (pull(lambda document: document.update(as_of="2023-10-01")), OURS),
    "LSW-202": (
        pull(
            lambda document: response(document, "day")["metadata"].update(
                samplingMetadatas=[{"samplesReadCount": "1", "samplingSpaceSize": "2"}]
            )
        ),
        OURS,
    ),
    "LSW-203": (pull(lambda document: response(document, "day")["metadata"].update(subjectToThresholding=True)), OURS),
    "LSW-204": (pull(lambda document: response(document, "day")["metadata"].update(dataLossFromOtherRow=True)), OURS),
    "LSW-205": (pull(without_first_day), OURS),
    "LSW-211": (pull(lambda document: set_metric(document, "day", "engagedSessions", "99999")), OURS),
    "LSW-212": (pull(no_visits), OURS),
    "LSW-221": (pull(many_clicks), OURS),
    "LSW-301": (extract(*jobs(20), job(21, borough="Atlantis")), OURS),
    "LSW-302": (extract(*jobs(20), job(21, closing_date="2026-09-01")), OURS),
    "LSW-303": (extract(*jobs(20), job(21, unique_views=61)), OURS),
    "LSW-304": (extract(*jobs(20), job(21, apply_clicks=61)), OURS),
    "LSW-305": (extract(*jobs(20), job(21, posted_date="2026-10-01", closing_date="2026-10-30")), OURS),
    "LSW-311": (extract(job(role_group="Wizard")), OURS),
    "LSW-312": (extract(job(status="paused")), OURS),
    "LSW-313": (extract(job(salary_min="", salary_max="Competitive")), OURS),
    "LSW-401": (registrations("2026-08,10,100,,", f"{SEPTEMBER},10,111,,"), OURS),
    "LSW-402": (registrations(f"{SEPTEMBER},10,,5,6"), OURS),
    "LSW-411": (linkedin(("09/28/2026", 0, 1, 0, 1), ("09/30/2026", 0, 1, 0, 1)), OURS),
    "LSW-412": (
        linkedin(
            ("09/28/2026", 0, 1, 0, 1000),
        ),
        OURS,
    ),
}
# A broken month brings these with it.
TOGETHER = {"LSW-103": {"LSW-104", "LSW-205"}, "LSW-106": {"LSW-301"}}
# Leaves a row out; the rest of the extract counts.
REFUSE_ROWS = {"LSW-301", "LSW-302", "LSW-303", "LSW-304", "LSW-305"}


@pytest.fixture(scope="module")
def checked() -> dict[str, CheckedDelivery]:
    """All cases in one run, each on its own."""
    deliveries, expected = zip(*CASES.values(), strict=True)
    return dict(zip(CASES, check_deliveries(deliveries, expected), strict=True))


def test_every_rule_has_a_case() -> None:
    assert sorted(CASES) == ALL_CODES


@pytest.mark.parametrize("code", CASES)
def test_a_delivery_that_breaks_a_rule_is_told_so_and_of_nothing_else(
    checked: dict[str, CheckedDelivery], code: str
) -> None:
    case = checked[code]
    # The cases before it in the run may lie some months back.
    found = {finding.rule_code for finding in case.findings} - TOGETHER.get(code, set()) - ({"LSW-105"} - {code})
    assert found == {code}
    rule = next(rule for suite in SUITES for rule in load_rules(suite) if rule.code == code)
    if rule.severity == "query":
        assert case.status == "accepted_with_queries"
    elif code in REFUSE_ROWS:
        assert (case.status, case.rows_loaded) == ("accepted_with_queries", case.delivery.rows_read - 1)
    else:
        assert (case.status, case.rows_loaded, case.parts) == ("rejected", 0, ())


def test_sound_deliveries_fail_no_rule(tmp_path: Path) -> None:
    sound = [
        pull(),
        extract(*jobs(3)),
        registrations("2026-08,10,100,50,40", f"{SEPTEMBER},10,110,50,40"),
        linkedin(("09/29/2026", 0, 1, 0, 1), ("09/30/2026", 1, 2, 3, 6)),
    ]
    for each in check_deliveries(sound, [OURS] * len(sound)):
        assert (each.status, each.findings) == ("accepted", ())
        assert each.rows_loaded == each.delivery.rows_read


def test_no_delivery_is_an_empty_list() -> None:
    assert check_deliveries([], []) == []
