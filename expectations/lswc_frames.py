"""The tables of rows the gate of analytics asks its rules of, made from deliveries as read.

`files`: one row a delivery. `rows`: one row a row of any dataset. `counts`: one row a count of a row. For the web,
`reports`: one row a dataset of a delivery, `site`: one row a day or month, `clicks`: one row a month. `jobs`: one row a
job and month. For the audience, `registrations`, `followers` (one row an export), `linkedin` (one row a day). Each has
`delivery`, the place of its delivery in the list; a place in words names rows and months, never a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from ingestion.lswc.reading import Part, ReadDelivery, Row, days_between, month_end, months_between, next_month
from ingestion.lswc.specification import Dataset, load_specification

if TYPE_CHECKING:
    import pandas as pd

# A site in use has rows in every month of these; an export of events or pages may well have none for a while.
EVERY_MONTH = ("day", "month", "job_month", "registration_month", "linkedin_day", "x_day")
# Google says itself what is not complete yet; of the others only whole months are taken.
WHOLE_MONTHS = ("job_month", "registration_month")


@dataclass(frozen=True)
class Expected:
    """What a delivery is measured against.

    `known_months` are the months accepted deliveries speak for, by dataset and series. `property_id` is the property
    this warehouse is set to; None where none is set, or where the figures are invented.
    """

    known_months: Mapping[tuple[str, str], set[date]]
    property_id: str | None = None
    is_synthetic: bool = False


def row_frames(deliveries: Sequence[ReadDelivery]) -> "dict[str, pd.DataFrame]":
    """Every frame but `files`; those without a row are left out."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for number, delivery in enumerate(deliveries):
        for part in delivery.parts:
            dataset = load_specification(delivery.collection).datasets[part.dataset]
            for name, found in _frames_of(part, dataset, delivery.as_of).items():
                rows.setdefault(name, []).extend({"delivery": number, **row} for row in found)
        if delivery.collection == "lswc_web":
            rows.setdefault("clicks", []).extend({"delivery": number, **row} for row in _clicks(delivery))
    for row in rows.get("rows", ()):
        row["natural_key"] = f"{row['delivery']}|{row['natural_key']}"
    return {name: _frame(found) for name, found in rows.items() if found}


def file_frame(
    deliveries: Sequence[ReadDelivery], expected: Sequence[Expected], rows_refused: Sequence[int]
) -> "pd.DataFrame":
    """One row a delivery, in their order; months of earlier deliveries in the list count as known for later ones."""
    known: dict[tuple[bool, str, str], set[date]] = {}
    rows = []
    for number, (delivery, measure, refused) in enumerate(zip(deliveries, expected, rows_refused, strict=True)):
        inside: list[date] = []
        before: list[date] = []
        for part in delivery.parts:
            if part.dataset not in EVERY_MONTH:
                continue
            months = _months_with_rows(part, load_specification(delivery.collection).datasets[part.dataset])
            claimed = _months_claimed(part)
            inside += [month for month in claimed if month not in months]
            key = (measure.is_synthetic, part.dataset, part.series)
            arrived = known.setdefault(key, set(measure.known_months.get(key[1:], ())))
            before += _gap_before(arrived, claimed)
            arrived |= months
        rows.append(
            {
                "delivery": number,
                "rows_read": delivery.rows_read,
                "rows_refused": refused,
                "rows_left": delivery.rows_read - refused,
                "refused_share": refused / delivery.rows_read if delivery.rows_read else 0.0,
                "months_missing_inside": _months(inside),
                "months_missing_before": _months(before),
                "unfinished_months": _months(_unfinished(delivery)),
                "months_before_launch": _months(_before_launch(delivery)),
                "property_is_ours": _property_is_ours(delivery, measure),
                "time_zone_is_ours": _time_zone_is_ours(delivery),
            }
        )
    return _frame(rows)


def _frame(rows: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(rows))


def _frames_of(part: Part, dataset: Dataset, as_of: date) -> dict[str, list[dict[str, Any]]]:
    frames: dict[str, list[dict[str, Any]]] = {
        "rows": [
            {
                "source_row": row["source_row"],
                "place": _place(part, dataset, row),
                "natural_key": "|".join([part.dataset, *(str(row[name]) for name in dataset.key)]),
            }
            for row in part.rows
        ],
        "counts": [
            {"source_row": row["source_row"], "place": _place(part, dataset, row), "column": name, "count": row[name]}
            for row in part.rows
            for name in dataset.counts
            if row.get(name) is not None
        ],
    }
    if part.dataset == "job_month":
        frames["jobs"] = [_job(row) for row in part.rows]
    elif part.dataset == "registration_month":
        frames["registrations"] = _registrations(part.rows)
    elif part.dataset in ("linkedin_day", "x_day"):
        frames["followers"] = [{"days_missing": _days(_days_missing(part, dataset))}]
        if part.dataset == "linkedin_day":
            frames["linkedin"] = [_linkedin(row) for row in part.rows]
    elif part.dataset != "follower_total":
        frames["reports"] = [_report(part, dataset, as_of)]
        if part.dataset in ("day", "month"):
            frames["site"] = [_site(part, dataset, row) for row in part.rows]
    return frames


def _report(part: Part, dataset: Dataset, as_of: date) -> dict[str, Any]:
    quality = part.quality
    incomplete = [period for period in part.periods if not period.is_complete]
    first_days = [period.start for period in incomplete]
    share = quality.sampled_share if quality else None
    return {
        "dataset": part.dataset,
        "incomplete": (_months(first_days) if dataset.grain == "month" else _days(first_days)),
        "is_sampled": bool(quality and quality.is_sampled),
        "sample": f"{share:.0%} of what was visited" if share is not None else "share not stated",
        "is_thresholded": bool(quality and quality.is_thresholded),
        "has_other_row_loss": bool(quality and quality.has_other_row_loss),
        "days_missing": _days(_days_missing(part, dataset)) if part.dataset == "day" else None,
    }


def _site(part: Part, dataset: Dataset, row: Row) -> dict[str, Any]:
    return {
        "source_row": row["source_row"],
        "place": _place(part, dataset, row),
        "sessions": row["sessions"],
        "engaged_sessions": row["engaged_sessions"],
        "has_visits": part.dataset == "day" or any(row[name] for name in ("sessions", "active_users", "total_users")),
    }


def _clicks(delivery: ReadDelivery) -> list[dict[str, Any]]:
    totals: dict[tuple[str, date], dict[str, int]] = {}
    for part in delivery.parts:
        if part.dataset in ("event_day", "event_month"):
            for row in part.rows:
                month = row["day" if part.dataset == "event_day" else "month"].replace(day=1)
                if row["event_kind"] in ("job_view", "apply_click") and row["event_count"] is not None:
                    kinds = totals.setdefault((part.dataset, month), {"job_view": 0, "apply_click": 0})
                    kinds[row["event_kind"]] += row["event_count"]
    return [
        {"place": f"{month:%B %Y}", "job_views": kinds["job_view"], "apply_clicks": kinds["apply_click"]}
        for (_, month), kinds in totals.items()
    ]


def _job(row: Row) -> dict[str, Any]:
    import pandas as pd

    texts = (row["salary_min_text"], row["salary_max_text"], row["salary_text"])
    return {
        "source_row": row["source_row"],
        "place": f"row {row['source_row']}",
        "is_known_borough": row["authority_code"] is not None,
        "posted_date": pd.Timestamp(row["posted_date"]),
        "closing_date": pd.NaT if row["closing_date"] is None else pd.Timestamp(row["closing_date"]),
        "month_end": pd.Timestamp(month_end(row["month"])),
        "views": row["views"],
        "unique_views": row["unique_views"],
        "apply_clicks": row["apply_clicks"],
        "same_counting_rule": row["counting_rule"] == row["apply_counting_rule"],
        "role_group": row["role_group"],
        "status": row["status"],
        "salary_is_understood": row["salary_annual_fte_min_gbp"] is not None or not any(texts),
    }


def _registrations(rows: Sequence[Row]) -> list[dict[str, Any]]:
    to_date = {row["month"]: row["registrations_to_date"] for row in rows}
    before = {next_month(month): total for month, total in to_date.items()}
    return [
        {
            "source_row": row["source_row"],
            "place": f"{row['month']:%B %Y}",
            "registrations_to_date": row["registrations_to_date"],
            "expected_to_date": None
            if before.get(row["month"]) is None
            else before[row["month"]] + row["registrations"],
            "bulletin_sends": row["bulletin_sends"],
            "bulletin_opens": row["bulletin_opens"],
        }
        for row in rows
    ]


def _linkedin(row: Row) -> dict[str, Any]:
    parts = [row[name] for name in ("organic_followers", "sponsored_followers", "auto_invited_followers")]
    return {
        "source_row": row["source_row"],
        "place": f"{row['day']:%d %B %Y}",
        "new_followers": row["new_followers"],
        "parts_together": None if None in parts else sum(parts),
    }


def _place(part: Part, dataset: Dataset, row: Row) -> str:
    where = row.get(dataset.period_column)
    when = f"{where:%B %Y}" if dataset.grain == "month" else f"{where:%d %B %Y}"
    return f"row {row['source_row']} ({when})" if dataset.name == "job_month" else f"{part.dataset} {when}"


def _months_claimed(part: Part) -> list[date]:
    if not part.periods:
        return []
    return months_between(min(p.start for p in part.periods), max(p.end for p in part.periods))


def _months_with_rows(part: Part, dataset: Dataset) -> set[date]:
    return {row[dataset.period_column].replace(day=1) for row in part.rows}


def _days_missing(part: Part, dataset: Dataset) -> list[date]:
    there = {row[dataset.period_column] for row in part.rows}
    days = [period.start for period in part.periods]
    return [day for day in days_between(min(days), max(days)) if day not in there] if days else []


def _gap_before(known: set[date], claimed: Sequence[date]) -> list[date]:
    earlier = [month for month in known if claimed and month < claimed[0]]
    return (
        [month for month in months_between(max(earlier), claimed[0]) if month not in (max(earlier), claimed[0])]
        if earlier
        else []
    )


def _unfinished(delivery: ReadDelivery) -> list[date]:
    return [
        period.start
        for part in delivery.parts
        if part.dataset in WHOLE_MONTHS
        for period in part.periods
        if not period.is_complete
    ]


def _before_launch(delivery: ReadDelivery) -> list[date]:
    launched: date = load_specification("lswc_web").described["launched"]
    return [period.start for part in delivery.parts for period in part.periods if period.end < launched.replace(day=1)]


def _property_is_ours(delivery: ReadDelivery, measure: Expected) -> bool:
    details = delivery.details
    if "property_name" in details:
        return details["property_name"] in load_specification("lswc_web").described["property_names"]
    return measure.property_id is None or details.get("property") in (None, measure.property_id)


def _time_zone_is_ours(delivery: ReadDelivery) -> bool:
    return delivery.details.get("time_zone") in (None, load_specification("lswc_web").described["time_zone"])


def _months(days: Sequence[date]) -> str | None:
    return ", ".join(f"{month:%B %Y}" for month in sorted({day.replace(day=1) for day in days})) or None


def _days(days: Sequence[date], most: int = 10) -> str | None:
    if not days:
        return None
    shown = ", ".join(f"{day:%d %B %Y}" for day in sorted(days)[:most])
    return shown if len(days) <= most else f"{shown} and {len(days) - most} more"
