"""What to ask Google Analytics for next, and one pull a month of it as a document."""

import re
from collections.abc import Collection as Some
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ingestion.lswc.files import DeliveryFile
from ingestion.lswc.ga4 import DataApi, PullError, ServiceAccount
from ingestion.lswc.reading import Problem, days_between, month_end
from ingestion.lswc.specification import load_specification
from ingestion.lswc.web_reports import pull_document, report_requests
from ingestion.settings import Settings


@dataclass(frozen=True)
class Stretch:
    """Days of one month to ask for."""

    start: date
    end: date

    @property
    def file_name(self) -> str:
        """The name a pull is kept under."""
        return f"lswc_web_{self.start}_{self.end}.json"


def today_in_london() -> date:
    """Today, as the property counts days."""
    return datetime.now(ZoneInfo(load_specification("lswc_web").described["time_zone"])).date()


def stretches(settled: Some[date], as_of: date, months: Sequence[date] | None = None) -> list[Stretch]:
    """What to ask for: days that were never asked for, and those asked for while they could still change.

    Args:
        settled: the days that are not expected to change any more.
        as_of: today; the last day asked for is the one before.
        months: first days of the months to ask for whole, settled or not; none means what is needed.
    """
    launched: date = load_specification("lswc_web").described["launched"]
    yesterday = as_of - timedelta(days=1)
    if months is None:
        wanted = [day for day in days_between(launched, yesterday) if day not in settled]
    else:
        wanted = [
            day
            for month in sorted(set(months))
            for day in days_between(max(month, launched), min(month_end(month), yesterday))
        ]
    by_month: dict[date, list[date]] = {}
    for day in wanted:
        by_month.setdefault(day.replace(day=1), []).append(day)
    return [Stretch(days[0], days[-1]) for days in by_month.values()]


def property_id(settings: Settings) -> str:
    """The property's number, from LSWC_GA4_PROPERTY.

    Raises:
        SettingsError: it is not set.
        PullError: it is no property's number.
    """
    number = settings.get("LSWC_GA4_PROPERTY").removeprefix("properties/")
    if not re.fullmatch(load_specification("lswc_web").described["property_id_pattern"], number):
        raise PullError(
            Problem(
                "LSW-008",
                "LSWC_GA4_PROPERTY is not a property's number",
                "Give the number alone, as 123456789; a measurement id (G-…) is something else.",
                field="property",
            )
        )
    return number


def data_api(settings: Settings) -> DataApi:
    """The client the settings describe: LSWC_GA4_PROPERTY, …_CREDENTIALS, and where set …_URL and …_TOKEN_URL.

    Raises:
        SettingsError: a setting is missing.
        PullError: a setting cannot be used.
    """
    api = load_specification("lswc_web").described["api"]
    account = ServiceAccount.read(
        Path(settings.get("LSWC_GA4_CREDENTIALS")).expanduser(), settings.environment.get("LSWC_GA4_TOKEN_URL") or None
    )
    url = settings.environment.get("LSWC_GA4_URL") or api["url"]
    return DataApi(url, property_id(settings), account, api["scope"])


def pull(api: DataApi, property_number: str, as_of: date, wanted: Sequence[Stretch]) -> Iterator[DeliveryFile]:
    """One pull for each stretch, in their order.

    Raises:
        PullError: the figures of a stretch cannot be had; those before it were.
    """
    for stretch in wanted:
        requests = report_requests(stretch.start, stretch.end)
        responses = api.reports(list(requests.values()))
        reports = {
            name: {"request": request, "response": response}
            for (name, request), response in zip(requests.items(), responses, strict=True)
        }
        content = pull_document(property_number, as_of, stretch.start, stretch.end, reports)
        yield DeliveryFile(stretch.file_name, content, "live", is_synthetic=False)
