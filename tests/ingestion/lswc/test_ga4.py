"""The client of the Data API against a stand-in of Google on a real socket."""

import json
import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ingestion.lswc.ga4 import DataApi, PullError, ServiceAccount
from ingestion.lswc.web_reports import report_requests
from ingestion.sample.lswc.site import DataApiFigures
from tests.ingestion.lswc.ga4_server import SEED, Answer, FakeGoogle, error, quota_exhausted

ClientOf = Callable[..., DataApi]
REQUESTS = report_requests(date(2023, 9, 1), date(2023, 9, 30))


def rows_of(responses: list[dict[str, object]]) -> list[object]:
    return [response.get("rows") for response in responses]


def truth() -> list[object]:
    return rows_of([DataApiFigures(SEED).run_report(request) for request in REQUESTS.values()])


def test_one_batch_brings_all_reports_of_a_month(google: FakeGoogle, client_of: ClientOf) -> None:
    with client_of(google) as api:
        responses = api.reports(list(REQUESTS.values()))
    assert rows_of(responses) == truth()
    assert [path for path, _ in google.requests] == ["/token", "/v1beta/properties/123456789:batchRunReports"]
    assert all(response["propertyQuota"] for response in responses)


def test_pages_are_put_together_by_row_count(google: FakeGoogle, client_of: ClientOf) -> None:
    google.page_size = 50
    with client_of(google) as api:
        responses = api.reports(list(REQUESTS.values()))
    assert rows_of(responses) == truth()
    # 30 days x 7 events: the first 50 rows came with the batch.
    offsets = [body["offset"] for body in google.asked("runReport")]
    assert offsets == ["50", "100", "150", "200"]


def test_a_report_that_changes_between_its_pages_is_begun_again(google: FakeGoogle, client_of: ClientOf) -> None:
    google.page_size = 100
    request = REQUESTS["event_day"]
    grown = DataApiFigures(SEED).run_report({**request, "offset": "100", "limit": "100"})
    grown["rowCount"] += 1
    google.report_answers = [None, Answer(200, grown)]
    with client_of(google) as api:
        response = api.report(request)
    assert response["rows"] == DataApiFigures(SEED).run_report(request)["rows"]


def test_a_row_that_comes_twice_over_a_page_break_is_never_kept_twice(google: FakeGoogle, client_of: ClientOf) -> None:
    google.page_size = 105
    request = REQUESTS["event_day"]
    overlapping = DataApiFigures(SEED).run_report({**request, "offset": "104", "limit": "105"})
    google.report_answers = [None, Answer(200, overlapping)]
    with client_of(google) as api:
        response = api.report(request)
    assert response["rows"] == DataApiFigures(SEED).run_report(request)["rows"]


def test_a_used_up_quota_is_waited_for_and_nothing_is_doubled(
    google: FakeGoogle, client_of: ClientOf, waits: list[float]
) -> None:
    google.page_size = 50
    google.report_answers = [quota_exhausted(), None, None, quota_exhausted(retry_after="17"), quota_exhausted()]
    with client_of(google) as api:
        responses = api.reports(list(REQUESTS.values()))
    assert rows_of(responses) == truth()
    assert waits == [60, 17, 60]


def test_waiting_for_a_quota_has_a_bound(google: FakeGoogle, client_of: ClientOf, waits: list[float]) -> None:
    google.report_answers = [quota_exhausted()] * 50
    with client_of(google, longest_quota_wait_seconds=150) as api, pytest.raises(PullError) as refused:
        api.reports(list(REQUESTS.values()))
    assert refused.value.problem.code == "LSW-010"
    assert waits == [60, 60]


def test_a_token_the_api_does_not_take_is_renewed_once(google: FakeGoogle, client_of: ClientOf) -> None:
    with client_of(google) as api:
        api.report(REQUESTS["day"])
        google.tokens.clear()
        assert api.report(REQUESTS["day"])["rowCount"] == 30
    assert [path.rpartition(":")[2] for path, _ in google.requests] == [
        "/token", "runReport", "runReport", "/token", "runReport",
    ]  # fmt: skip


def test_an_expired_credential_is_named_after_one_renewal(google: FakeGoogle, client_of: ClientOf) -> None:
    google.report_answers = [error(401, "UNAUTHENTICATED")] * 10
    with client_of(google) as api, pytest.raises(PullError, match="has expired") as refused:
        api.report(REQUESTS["day"])
    assert refused.value.problem.code == "LSW-009"
    assert len(google.requests) == 4


@pytest.mark.parametrize("status", [400, 401])
def test_a_key_the_token_service_refuses_is_named(google: FakeGoogle, client_of: ClientOf, status: int) -> None:
    google.token_answers = [Answer(status, {"error": "invalid_grant"})]
    with client_of(google) as api, pytest.raises(PullError) as refused:
        api.report(REQUESTS["day"])
    assert refused.value.problem.code == "LSW-009"


def test_another_property_is_refused_by_name(google: FakeGoogle, client_of: ClientOf) -> None:
    with client_of(google, property_id="999999999") as api, pytest.raises(PullError, match="999999999") as refused:
        api.report(REQUESTS["day"])
    assert refused.value.problem.code == "LSW-008"


def test_a_broken_service_is_asked_again_a_few_times(
    google: FakeGoogle, client_of: ClientOf, waits: list[float]
) -> None:
    google.report_answers = [error(503, "UNAVAILABLE"), error(500, "INTERNAL")]
    with client_of(google) as api:
        assert api.report(REQUESTS["day"])["rowCount"] == 30
    assert len(waits) == 2
    google.report_answers = [error(503, "UNAVAILABLE")] * 3
    with client_of(google) as api, pytest.raises(PullError, match="503") as refused:
        api.report(REQUESTS["day"])
    assert refused.value.problem.code == "LSW-011"


def test_a_service_that_is_not_there_is_a_plain_message(
    google: FakeGoogle, client_of: ClientOf, waits: list[float]
) -> None:
    api = client_of(google)
    api._url = "http://127.0.0.1:9/v1beta"
    with pytest.raises(PullError, match="could not be reached"):
        api.report(REQUESTS["day"])


def test_a_question_google_does_not_understand_is_not_asked_again(google: FakeGoogle, client_of: ClientOf) -> None:
    google.report_answers = [error(400, "INVALID_ARGUMENT", "Field nonsense is not a valid metric.")]
    with client_of(google) as api, pytest.raises(PullError, match="400, INVALID_ARGUMENT"):
        api.report(REQUESTS["day"])
    assert len(google.asked("runReport")) == 1


@pytest.mark.parametrize("content", ["{}", "not json", json.dumps({"private_key": "x", "client_email": "y"})])
def test_a_file_that_is_no_key_is_named_without_its_content(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(PullError, match="is no service account's key"):
        ServiceAccount.read(path)
    with pytest.raises(PullError, match="cannot be read"):
        ServiceAccount.read(tmp_path / "nothing.json")


def test_neither_key_nor_token_is_logged_or_repeated(
    google: FakeGoogle, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="ingestion")
    google.report_answers = [quota_exhausted(), error(503, "UNAVAILABLE"), error(401, "UNAUTHENTICATED")]
    with client_of(google) as api:
        api.report(REQUESTS["day"])
        secret = google.key.private_numbers().d
        google.report_answers = [error(401, "UNAUTHENTICATED")] * 4
        with pytest.raises(PullError) as refused:
            api.report(REQUESTS["day"])
    said = caplog.text + str(refused.value) + repr(api)
    assert not any(token in said for token in google.tokens)
    assert "BEGIN" not in said
    assert str(secret) not in said
