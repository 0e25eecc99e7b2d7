"""One pull from Google Analytics as a document, and the document to typed rows.

A document holds, for a stretch of days within one month, each report's request and its response in the Data API's own
shape (pages put together). It is what a live pull loads and what a saved pull is loaded from, so there is one way in.
`propertyQuota` is left out of what the document is known by: it changes with every question.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from ingestion.lswc.files import DeliveryFile
from ingestion.lswc.reading import (
    Part,
    Period,
    Problem,
    Quality,
    ReadDelivery,
    Row,
    Unreadable,
    days_between,
    month_end,
)
from ingestion.lswc.specification import Specification, load_specification
from ingestion.lswc.values import NotAValue, read_date, read_month
from ingestion.lswc.web_kinds import event_kind

KIND = "lswc_web.pull"


def report_requests(start: date, end: date) -> dict[str, dict[str, Any]]:
    """The body of each report's `runReport` for a stretch of days within one month.

    Rows are asked for in the order of their dimensions, so that pages fit together.
    """
    specification = load_specification("lswc_web")
    requests = {}
    for name in specification.described["reports"]:
        first, last, dimensions, metrics = _asked(specification, name, start, end)
        requests[name] = {
            "dateRanges": [{"startDate": first.isoformat(), "endDate": last.isoformat()}],
            "dimensions": [{"name": dimension} for dimension in dimensions],
            "metrics": [{"name": metric} for metric in metrics],
            "dimensionFilter": {
                "filter": {"fieldName": "hostName", "inListFilter": {"values": specification.described["hosts"]}}
            },
            "orderBys": [{"dimension": {"dimensionName": dimension}} for dimension in dimensions],
            "limit": str(specification.described["api"]["rows_a_page"]),
            "offset": "0",
            "keepEmptyRows": False,
            "returnPropertyQuota": True,
        }
    return requests


def pull_document(
    property_id: str, as_of: date, start: date, end: date, reports: Mapping[str, Mapping[str, Any]]
) -> bytes:
    """The bytes of one pull.

    Args:
        property_id: the property's number.
        as_of: the day it was asked, in the property's time zone.
        start, end: the days asked for.
        reports: by name, `request` and `response`.
    """
    document = {
        "kind": KIND,
        "property": f"properties/{property_id}",
        "as_of": as_of.isoformat(),
        "start": start.isoformat(),
        "end": end.isoformat(),
        "reports": reports,
    }
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def read_pull(file: DeliveryFile) -> ReadDelivery:
    """Read one pull.

    Raises:
        Unreadable: it is no pull, or a response is not in the documented shape.
    """
    try:
        document = json.loads(file.content)
        if document["kind"] != KIND:
            raise ValueError
        as_of, start, end = (date.fromisoformat(document[name]) for name in ("as_of", "start", "end"))
        reports = {name: (each["request"], each["response"]) for name, each in document["reports"].items()}
        property_id = str(document["property"]).removeprefix("properties/")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable(
            Problem(
                "LSW-001",
                "The file is no saved pull of web analytics",
                "Pull it again, or send the screen's CSV export.",
            )
        ) from None
    specification = load_specification("lswc_web")
    if (
        start > end
        or start.replace(day=1) != end.replace(day=1)
        or set(reports) != set(specification.described["reports"])
    ):
        raise Unreadable(
            Problem("LSW-013", "The pull does not hold every report for days of one month", "Pull the month again.")
        )
    parts = tuple(
        _part(specification, name, *reports[name], start, end, as_of) for name in specification.described["reports"]
    )
    metadata = [response.get("metadata", {}) for _, response in reports.values()]
    return ReadDelivery(
        collection="lswc_web",
        dataset="pull",
        file_name=file.name,
        sha256=_known_by(document),
        parts=parts,
        rows_read=sum(len(part.rows) for part in parts),
        as_of=as_of,
        counting_rule=specification.described["counting_rule"],
        details={
            "property": property_id,
            # One, unless something is very wrong.
            "time_zone": ", ".join(sorted({str(each["timeZone"]) for each in metadata if "timeZone" in each})) or None,
            "currency": next((each["currencyCode"] for each in metadata if "currencyCode" in each), None),
            "quota": next(
                (each[1]["propertyQuota"] for each in reversed(reports.values()) if "propertyQuota" in each[1]), None
            ),
            "reports": {name: _about(response) for name, (_, response) in reports.items()},
        },
    )


def _known_by(document: Mapping[str, Any]) -> str:
    reports = {
        name: {**each, "response": {key: value for key, value in each["response"].items() if key != "propertyQuota"}}
        for name, each in document["reports"].items()
    }
    return hashlib.sha256(json.dumps({**document, "reports": reports}, sort_keys=True).encode()).hexdigest()


def _about(response: Mapping[str, Any]) -> dict[str, Any]:
    metadata = response.get("metadata", {})
    return {
        "rows": len(response.get("rows", ())),
        "sampling": metadata.get("samplingMetadatas", []),
        "thresholded": bool(metadata.get("subjectToThresholding", False)),
        "other_row_loss": bool(metadata.get("dataLossFromOtherRow", False)),
        "empty_reason": metadata.get("emptyReason") or None,
    }


def _asked(
    specification: Specification, name: str, start: date, end: date
) -> tuple[date, date, dict[str, str], dict[str, str]]:
    """First and last day, dimension to column, metric to column: what a report asks."""
    report = specification.described["reports"][name]
    first = {"own": start, "month": start.replace(day=1), "launch": specification.described["launched"]}[
        report["stretch"]
    ]
    metrics = {
        specification.described["metrics"][column]["api"]: column for column in specification.datasets[name].counts
    }
    return first, end, report["dimensions"], metrics


def _part(
    specification: Specification,
    name: str,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
    start: date,
    end: date,
    as_of: date,
) -> Part:
    first, last, dimensions, metrics = _asked(specification, name, start, end)
    if request.get("dateRanges") != [{"startDate": first.isoformat(), "endDate": last.isoformat()}]:
        raise _other_shape(name, "was asked for other days than the pull is for")
    rows = [
        {"source_row": number, **row}
        for number, row in enumerate(typed_rows(name, response, dimensions, metrics), start=1)
    ]
    kinds = specification.described["event_kinds"]
    for row in rows:
        if name == "event_day":
            row["event_kind"] = event_kind(row["event_name"], kinds)
        if name == "since_launch":
            row |= {"month": end.replace(day=1), "as_at": end}
    if not all(_within(row, first, last) for row in rows):
        raise _other_shape(name, "holds days or months that were not asked for")
    settled = as_of - timedelta(days=specification.described["complete_after_days"])
    if specification.datasets[name].grain == "day":
        periods = tuple(Period(day, day, day <= settled) for day in days_between(start, end))
    else:
        periods = (Period(start.replace(day=1), end, end == month_end(end) and end <= settled),)
    return Part(name, rows, periods, _quality(response))


def typed_rows(
    name: str, response: Mapping[str, Any], dimensions: Mapping[str, str], metrics: Mapping[str, str]
) -> list[Row]:
    """A response's rows as columns and values, by its headers' order and its metrics' types.

    Raises:
        Unreadable: headers, rows or `rowCount` do not fit together, or a metric is not of its type.
    """
    try:
        asked = [header["name"] for header in response.get("dimensionHeaders", [])]
        headers = [(header["name"], header["type"]) for header in response["metricHeaders"]]
        rows = response.get("rows", [])
        if sorted(asked) != sorted(dimensions) or sorted(metric for metric, _ in headers) != sorted(metrics):
            raise _other_shape(name, "holds other dimensions or metrics than were asked for")
        if int(response.get("rowCount", 0)) != len(rows):
            raise _other_shape(name, "is not whole: it holds fewer or more rows than it says")
        typed = []
        for row in rows:
            values = [value["value"] for value in row.get("dimensionValues", [])]
            figures = [value["value"] for value in row["metricValues"]]
            if len(values) != len(asked) or len(figures) != len(headers):
                raise _other_shape(name, "has a row that does not fit its headers")
            typed.append(
                {dimensions[header]: _dimension(header, value) for header, value in zip(asked, values, strict=True)}
                | {
                    metrics[header]: _metric(kind, value)
                    for (header, kind), value in zip(headers, figures, strict=True)
                }
            )
    except (KeyError, TypeError, ValueError, InvalidOperation):
        raise _other_shape(name, "is not in the Data API's shape") from None
    return typed


def _dimension(header: str, value: str) -> date | str | None:
    if header == "date":
        return read_date(f"{value[:4]}-{value[4:6]}-{value[6:]}", "none")
    return read_month(value) if header == "yearMonth" else value


def _metric(kind: str, value: str) -> int | Decimal:
    """Every value arrives as text; its header says what it is."""
    number = Decimal(value)
    if not number.is_finite():
        raise NotAValue
    if kind != "TYPE_INTEGER":
        return number
    if number != number.to_integral_value():
        raise NotAValue
    return int(number)


def _within(row: Row, first: date, last: date) -> bool:
    day: date | None = row.get("day")
    if day is not None:
        return first <= day <= last
    month: date | None = row.get("month")
    return month is None or first.replace(day=1) <= month <= last


def _quality(response: Mapping[str, Any]) -> Quality:
    about = _about(response)
    try:
        read = sum(Decimal(each["samplesReadCount"]) for each in about["sampling"])
        whole = sum(Decimal(each["samplingSpaceSize"]) for each in about["sampling"])
    except (KeyError, InvalidOperation, TypeError):
        read = whole = Decimal(0)
    return Quality(
        is_sampled=bool(about["sampling"]),
        sampled_share=round(read / whole, 4) if whole else None,
        is_thresholded=about["thresholded"],
        has_other_row_loss=about["other_row_loss"],
    )


def _other_shape(name: str, what: str) -> Unreadable:
    return Unreadable(
        Problem(
            "LSW-013",
            f"The report '{name}' {what}",
            "Pull it again; if that does not help, the Data API has changed.",
            field=name,
        )
    )
