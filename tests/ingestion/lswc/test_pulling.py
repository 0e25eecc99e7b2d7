"""Pulling web analytics into `raw`: restated, never added; resumed, never doubled; good days never lost."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion.lswc.ga4 import DataApi
from ingestion.lswc.intake import described, load_path, pull_web
from ingestion.lswc.loading import LoadedDelivery
from ingestion.lswc.pulling import Stretch, stretches
from ingestion.lswc.web_reports import report_requests
from ingestion.sample.lswc.site import DataApiFigures
from ingestion.settings import Settings
from tests.ingestion.lswc.files import codes, current, everything, rows
from tests.ingestion.lswc.ga4_server import SEED, Answer, FakeGoogle, error, quota_exhausted

ClientOf = Callable[..., DataApi]
WithGoogle = Callable[[Settings, FakeGoogle], Settings]
FIRST, LAST = date(2023, 8, 10), date(2023, 8, 25)
DATASETS = (
    ("lswc_web__day", "day", "day"),
    ("lswc_web__event_day", "event_day", "day"),
    ("lswc_web__month", "month", "month"),
    ("lswc_web__channel_month", "channel_month", "month"),
    ("lswc_web__since_launch", "since_launch", "month"),
)


def settled_rows(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """The current rows of days and months that no longer change at the last pull."""
    settled = LAST - timedelta(days=5)
    return {
        dataset: [row for row in current(settings, table, dataset, period) if row[period] <= settled]
        for table, dataset, period in DATASETS[:2]
    } | {
        dataset: [row for row in current(settings, table, dataset, period) if row[period] < date(2023, 8, 1)]
        for table, dataset, period in DATASETS[2:]
    }


def true_events() -> list[dict[str, Any]]:
    """July and August 2023 by day and event, straight from what the site's figures are."""
    request = report_requests(date(2023, 8, 1), date(2023, 8, 31))["event_day"]
    request["dateRanges"] = [{"startDate": "2023-07-01", "endDate": "2023-08-31"}]
    kinds = {"job_view": "job_view", "apply_click": "apply_click", "sign_up": "registration"}
    found = []
    for row in DataApiFigures(SEED).run_report(request)["rows"]:
        (day, name), (count, users) = (
            [value["value"] for value in row[key]] for key in ("dimensionValues", "metricValues")
        )
        found.append(
            {
                "day": date(int(day[:4]), int(day[4:6]), int(day[6:])), "event_name": name,
                "event_kind": kinds.get(name), "event_count": int(count), "active_users": int(users),
            }
        )  # fmt: skip
    return found


def test_what_is_asked_for_is_what_is_missing_or_may_still_change() -> None:
    settled = {date(2023, 7, 1) + timedelta(days=number) for number in range(37)}  # to 6 August
    assert stretches(settled, date(2023, 8, 12)) == [Stretch(date(2023, 8, 7), date(2023, 8, 11))]
    assert stretches(set(), date(2023, 8, 12)) == [
        Stretch(date(2023, 7, 1), date(2023, 7, 31)),
        Stretch(date(2023, 8, 1), date(2023, 8, 11)),
    ]
    # A hole in the middle is asked for again, whatever came after it.
    assert stretches(settled - {date(2023, 7, 15)}, date(2023, 8, 7)) == [Stretch(date(2023, 7, 15), date(2023, 7, 15))]
    assert stretches(settled, date(2023, 9, 9), [date(2023, 7, 1)]) == [Stretch(date(2023, 7, 1), date(2023, 7, 31))]


def test_a_pull_stores_what_google_says_of_its_figures(
    warehouse: Settings, google: FakeGoogle, with_google: WithGoogle, client_of: ClientOf
) -> None:
    settings = with_google(warehouse, google)
    july, august = pull_web(settings, as_of=FIRST, api=client_of(google))
    assert (july.outcome, august.outcome) == ("loaded", "loaded")
    (found,) = rows(
        warehouse, "select * from ledger.deliveries where period_end = '2023-07-31' order by delivery_id limit 1"
    )
    assert (found["dataset"], found["source"], found["is_synthetic"], found["counting_rule"]) == (
        "pull", "live", False, "ga4_event",
    )  # fmt: skip
    assert found["details"]["property"] == "123456789"
    assert found["details"]["time_zone"] == "Europe/London"
    assert found["details"]["quota"]["tokensPerDay"]["remaining"] > 0
    assert found["details"]["reports"]["channel_month"]["thresholded"] is True
    assert rows(
        warehouse,
        "select dataset, count(*), bool_and(is_complete) as complete, bool_or(is_thresholded) as thresholded "
        f"from ledger.delivery_periods where delivery_id = {found['delivery_id']} group by 1 order by 1",
    ) == [
        {"dataset": "channel_month", "count": 1, "complete": True, "thresholded": True},
        {"dataset": "day", "count": 31, "complete": True, "thresholded": False},
        {"dataset": "event_day", "count": 31, "complete": True, "thresholded": False},
        {"dataset": "month", "count": 1, "complete": True, "thresholded": False},
        {"dataset": "since_launch", "count": 1, "complete": True, "thresholded": False},
    ]
    # The two days before the day it was asked are not complete yet, and so is the month they are in.
    assert codes(august) == ["LSW-201"] * 5
    assert rows(
        warehouse,
        "select dataset, period_start from ledger.current_delivery_periods where not is_complete "
        "and dataset in ('day', 'month') order by 1, 2",
    ) == [
        {"dataset": "day", "period_start": date(2023, 8, 9)},
        {"dataset": "month", "period_start": date(2023, 8, 1)},
    ]


def test_a_server_that_throttles_pages_and_restates_gives_the_same_rows_as_one_that_does_not(
    new_warehouse: Callable[[str], Settings], google: FakeGoogle, with_google: WithGoogle, client_of: ClientOf
) -> None:
    calm = with_google(new_warehouse("calm"), google)
    for as_of in (FIRST, LAST):
        pull_web(calm, as_of=as_of, api=client_of(google))

    with FakeGoogle(page_size=40, throttles_every=3, restates=True) as difficult:
        troubled = with_google(new_warehouse("troubled"), difficult)
        for as_of in (FIRST, FIRST, date(2023, 8, 12), date(2023, 8, 14), date(2023, 8, 19), LAST):
            difficult.today = as_of
            pull_web(troubled, as_of=as_of, api=client_of(difficult, longest_quota_wait_seconds=100_000))

    expected = settled_rows(calm)
    assert settled_rows(troubled) == expected
    assert expected["event_day"] == sorted(
        (row for row in true_events() if row["day"] <= date(2023, 8, 20)), key=lambda row: (row["day"], repr(row))
    )
    assert [len(expected[dataset]) for dataset in ("day", "month", "channel_month", "since_launch")] == [51, 1, 8, 1]
    # And it did restate: what was first said of the last days was less.
    assert rows(
        troubled,
        "select count(distinct sessions) > 1 as restated from raw.lswc_web__day where day = '2023-08-09'",
    ) == [{"restated": True}]


def test_pulling_again_on_the_same_day_changes_nothing(
    warehouse: Settings, google: FakeGoogle, with_google: WithGoogle, client_of: ClientOf
) -> None:
    settings = with_google(warehouse, google)
    pull_web(settings, as_of=FIRST, api=client_of(google))
    figures = {dataset: current(warehouse, table, dataset, period) for table, dataset, period in DATASETS}
    # Only the days that may still change are asked for again, and they have not.
    (again,) = pull_web(settings, as_of=FIRST, api=client_of(google))
    assert rows(warehouse, f"select min(day) from raw.lswc_web__day where delivery_id = {again.delivery_id}") == [
        {"min": date(2023, 8, 6)}
    ]
    before = everything(warehouse)
    # The quota Google has left is another every time, and does not make it another delivery.
    assert [result.outcome for result in pull_web(settings, as_of=FIRST, api=client_of(google))] == ["already_loaded"]
    july = [date(2023, 7, 1)]
    assert [result.outcome for result in pull_web(settings, as_of=FIRST, months=july, api=client_of(google))] == [
        "already_loaded"
    ]
    assert everything(warehouse) == before
    assert {dataset: current(warehouse, table, dataset, period) for table, dataset, period in DATASETS} == figures


def test_what_was_pulled_before_the_quota_ended_stays_and_the_next_run_goes_on_from_there(
    warehouse: Settings, google: FakeGoogle, with_google: WithGoogle, client_of: ClientOf
) -> None:
    settings = with_google(warehouse, google)
    google.report_answers = [None] + [quota_exhausted()] * 20
    july, failed = pull_web(settings, as_of=FIRST, api=client_of(google, longest_quota_wait_seconds=100))
    assert (july.outcome, failed.outcome, codes(failed)) == ("loaded", "refused", ["LSW-010"])
    assert rows(warehouse, "select max(day) as last from raw.lswc_web__day") == [{"last": date(2023, 7, 31)}]
    google.report_answers = []
    asked = len(google.asked("batchRunReports"))
    (august,) = pull_web(settings, as_of=FIRST, api=client_of(google))
    assert (august.period_start, august.outcome) == (date(2023, 8, 1), "loaded")
    assert len(google.asked("batchRunReports")) == asked + 1
    assert len(current(warehouse, "lswc_web__day", "day", "day")) == 31 + 9
    assert rows(warehouse, "select count(*), count(distinct day) as days from raw.lswc_web__day") == [
        {"count": 40, "days": 40}
    ]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([error(403, "PERMISSION_DENIED")], "LSW-008"),
        ([error(404, "NOT_FOUND")], "LSW-008"),
        ([error(401, "UNAUTHENTICATED")] * 3, "LSW-009"),
        ([error(503, "UNAVAILABLE")] * 3, "LSW-011"),
        ([Answer(200, {"reports": []})], "LSW-013"),
        ([Answer(200, {"reports": "none"})], "LSW-013"),
    ],
)
def test_a_pull_that_fails_leaves_a_finding_and_the_last_good_days(
    warehouse: Settings, google: FakeGoogle, with_google: WithGoogle, client_of: ClientOf, answers: list[Answer],
    code: str,
) -> None:  # fmt: skip
    settings = with_google(warehouse, google)
    pull_web(settings, as_of=date(2023, 8, 3), api=client_of(google))
    before = current(warehouse, "lswc_web__day", "day", "day")
    google.report_answers = list(answers)
    (failed,) = pull_web(settings, as_of=FIRST, api=client_of(google))
    assert (failed.outcome, codes(failed)) == ("refused", [code])
    assert rows(
        warehouse,
        "select deliveries.status, findings.rule_code from ledger.findings "
        "inner join ledger.deliveries on findings.delivery_id = deliveries.delivery_id where severity = 'error'",
    ) == [{"status": "rejected", "rule_code": code}]
    assert current(warehouse, "lswc_web__day", "day", "day") == before


def test_an_answer_of_another_shape_is_refused_and_the_stretches_after_it_are_loaded(
    warehouse: Settings, google: FakeGoogle, with_google: WithGoogle, client_of: ClientOf
) -> None:
    settings = with_google(warehouse, google)
    google.report_answers = [Answer(200, {"reports": [{"rowCount": 0}] * 5})]
    july, august = pull_web(settings, as_of=FIRST, api=client_of(google))
    assert (july.outcome, codes(july), august.outcome) == ("refused", ["LSW-013"], "loaded")


def changed_pull(path: Path, change: Callable[[dict[str, Any]], None], folder: Path) -> Path:
    """A saved pull with something changed in it."""
    document = json.loads(path.read_text())
    change(document)
    target = folder / "changed.json"
    target.write_text(json.dumps(document))
    return target


def _headed(report: str, metric: str, value: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        response = document["reports"][report]["response"]
        place = [header["name"] for header in response["metricHeaders"]].index(metric)
        response["rows"][3]["metricValues"][place]["value"] = value

    return change


def _without_rows(document: dict[str, Any]) -> None:
    for report in document["reports"].values():
        report["response"].pop("rows", None)
        report["response"]["rowCount"] = 0


def _without_the_month(document: dict[str, Any]) -> None:
    document["reports"]["month"]["response"].pop("rows")
    document["reports"]["month"]["response"]["rowCount"] = 0


def _doubled(document: dict[str, Any]) -> None:
    response = document["reports"]["day"]["response"]
    response["rows"].append(response["rows"][0])
    response["rowCount"] += 1


def _too_many_clicks(document: dict[str, Any]) -> None:
    for row in document["reports"]["event_day"]["response"]["rows"]:
        if row["dimensionValues"][1]["value"] == "apply_click":
            row["metricValues"][0]["value"] = "5000"


@pytest.fixture(scope="module")
def august_2023(new_warehouse: Callable[[str], Settings], pulls: Path) -> Settings:
    """A warehouse set to the sample's property, with one good month."""
    settings = Settings({**new_warehouse("august").environment, "LSWC_GA4_PROPERTY": "100000001"})
    (loaded,) = load_path(settings, "lswc_web", pulls / "lswc_web_2023-08.json")
    assert loaded.outcome == "loaded"
    return settings


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda document: document.update(property="properties/999999999"), "LSW-101"),
        (
            lambda document: document["reports"]["day"]["response"]["metadata"].update(timeZone="America/New_York"),
            "LSW-102",
        ),
        (_without_rows, "LSW-103"),
        (_without_the_month, "LSW-104"),
        (_headed("day", "sessions", "-12"), "LSW-111"),
        (_doubled, "LSW-112"),
        (_too_many_clicks, "LSW-221"),
        (_headed("day", "sessions", "1.234,5"), "LSW-013"),
        (lambda document: document["reports"]["day"]["response"].update(rowCount=99), "LSW-013"),
        (lambda document: document["reports"].pop("month"), "LSW-013"),
        (lambda document: document.update(start="2023-08-02"), "LSW-013"),
        (lambda document: document.update(kind="something else"), "LSW-001"),
    ],
)
def test_a_wrong_pull_is_refused_and_the_last_good_month_stays(
    august_2023: Settings, pulls: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], code: str
) -> None:
    before = {dataset: current(august_2023, table, dataset, period) for table, dataset, period in DATASETS}
    assert len(before["day"]) == 31
    result: LoadedDelivery
    (result,) = load_path(august_2023, "lswc_web", changed_pull(pulls / "lswc_web_2023-08.json", change, tmp_path))
    assert result.outcome == "refused"
    assert code in codes(result)
    assert result.rows_loaded == 0
    assert result.rows_read == result.rows_refused
    assert {dataset: current(august_2023, table, dataset, period) for table, dataset, period in DATASETS} == before
    ((is_refused, line), *_) = described([result])
    assert is_refused
    assert line.startswith("changed.json: refused")


def test_an_older_pull_loaded_late_does_not_stand_in_the_place_of_a_newer_one(
    warehouse: Settings, pulls: Path, tmp_path: Path
) -> None:
    def older(document: dict[str, Any]) -> None:
        document["as_of"] = "2023-09-04"
        _headed("day", "sessions", "1")(document)

    load_path(warehouse, "lswc_web", pulls / "lswc_web_2023-08.json")
    before = current(warehouse, "lswc_web__day", "day", "day")
    load_path(warehouse, "lswc_web", changed_pull(pulls / "lswc_web_2023-08.json", older, tmp_path))
    assert current(warehouse, "lswc_web__day", "day", "day") == before


def test_part_of_a_month_never_stands_in_the_place_of_the_whole(
    warehouse: Settings, pulls: Path, tmp_path: Path
) -> None:
    def partial(document: dict[str, Any]) -> None:
        document["as_of"] = "2023-12-01"
        document["end"] = "2023-08-20"
        for name, report in document["reports"].items():
            report["request"]["dateRanges"][0]["endDate"] = "2023-08-20"
            if name in ("day", "event_day"):
                response = report["response"]
                response["rows"] = [row for row in response["rows"] if row["dimensionValues"][0]["value"] <= "20230820"]
                response["rowCount"] = len(response["rows"])
            for row in report["response"]["rows"] if name == "month" else []:
                row["metricValues"][0]["value"] = "7"

    load_path(warehouse, "lswc_web", pulls / "lswc_web_2023-08.json")
    before = current(warehouse, "lswc_web__month", "month", "month")
    (result,) = load_path(warehouse, "lswc_web", changed_pull(pulls / "lswc_web_2023-08.json", partial, tmp_path))
    assert result.outcome == "loaded"
    assert "LSW-201" in codes(result)
    assert current(warehouse, "lswc_web__month", "month", "month") == before
    assert len(current(warehouse, "lswc_web__day", "day", "day")) == 31
