"""From a file or from Google Analytics to `raw`: what the command line and the DAG both call."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from psycopg import Connection

from expectations.lswc_gate import findings_of_reader
from expectations.outcome import Finding, counted
from ingestion.lswc import deliveries as ledger
from ingestion.lswc.files import DeliveryFile, Source, files_at
from ingestion.lswc.ga4 import DataApi, PullError
from ingestion.lswc.loading import LoadedDelivery, load_deliveries
from ingestion.lswc.pulling import Stretch, data_api, property_id, pull, stretches, today_in_london
from ingestion.lswc.reading import Problem, ReadDelivery
from ingestion.lswc.specification import Collection, load_specification
from ingestion.settings import Settings


def load_path(
    settings: Settings,
    collection: Collection,
    path: Path,
    *,
    source: Source = "files",
    as_of: date | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[LoadedDelivery]:
    """Load a file, or every file of a folder; one result a file, in the order of their names.

    Loading the same bytes again changes nothing. The marts change with the next build.

    Args:
        settings: where the warehouse is.
        collection: what the files are.
        path: a file or a folder.
        source: `sample` makes everything there synthetic.
        as_of: today; the day in London if not given.
        say: told in plain words what is being done.

    Raises:
        SourceError: there is nothing usable at the path.
        SettingsError: the warehouse cannot be reached.
    """
    files = files_at(path, source)
    with settings.connect("loader") as connection:
        return load_deliveries(
            connection,
            collection,
            files,
            as_of=as_of or today_in_london(),
            quarantine=settings.quarantine,
            property_id=_property_if_set(settings),
            say=say,
        )


def pull_web(
    settings: Settings,
    *,
    as_of: date | None = None,
    months: Sequence[date] | None = None,
    api: DataApi | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[LoadedDelivery]:
    """Ask Google Analytics for what is missing or may have changed, and load it, one delivery a month.

    What was pulled before a failure is loaded; the failure stands last among the results, as a refused delivery with
    its finding, and the next run goes on from there.

    Args:
        settings: where the warehouse is, and LSWC_GA4_PROPERTY, LSWC_GA4_CREDENTIALS, LSWC_GA4_URL.
        as_of: today in London.
        months: first days of months to ask for again whole; none means what is needed.
        api: the client; made from the settings if not given.
        say: told in plain words what is being done.

    Raises:
        SettingsError: the warehouse cannot be reached, or a setting is missing.
    """
    as_of = as_of or today_in_london()
    described = load_specification("lswc_web").described
    with settings.connect("loader") as connection:
        settled = ledger.settled_days(connection, described["restatement_days"])
        wanted = stretches(settled, as_of, months)
        files: list[DeliveryFile] = []
        failed: Problem | None = None
        try:
            number = property_id(settings)
            with api or data_api(settings) as asked:
                for file in pull(asked, number, as_of, wanted):
                    say(f"Pulled {file.name}")
                    files.append(file)
        except PullError as failure:
            failed = failure.problem
        results = load_deliveries(
            connection,
            "lswc_web",
            files,
            as_of=as_of,
            quarantine=settings.quarantine,
            property_id=_property_if_set(settings),
            say=say,
        )
        if failed is not None:
            results.append(_record_failure(connection, failed, as_of, wanted[len(files) :]))
    return results


def described(results: Iterable[LoadedDelivery]) -> list[tuple[bool, str]]:
    """Each result as lines a person reads; True with those of a refused delivery."""
    lines = []
    for number, result in enumerate(results, start=1):
        # Of a file that was turned away not even the name is repeated.
        name = result.file_name or f"file {number}"
        if result.outcome == "already_loaded":
            lines.append((False, f"{name}: already loaded, nothing changed"))
            continue
        refused = result.outcome == "refused"
        stretch = f", {_stretch(result)}" if result.period_start else ""
        synthetic = ", synthetic" if result.is_synthetic else ""
        errors = sum(each.severity == "error" for each in result.findings)
        found = f", {counted(errors, len(result.findings) - errors)}" if result.findings else ""
        rows = f", {result.rows_loaded:,} of {result.rows_read:,} rows" if result.rows_read else ""
        lines.append((refused, f"{name}: {'refused' if refused else 'loaded'}{rows}{stretch}{synthetic}{found}"))
        for each in result.findings:
            field = f" {each.field}" if each.field else ""
            lines.append((refused, f"  {each.severity} {each.rule_code}{field}: {each.message} {each.fix}"))
    return lines


def _stretch(result: LoadedDelivery) -> str:
    return f"{result.period_start:%d %B %Y} to {result.period_end:%d %B %Y}"


def _property_if_set(settings: Settings) -> str | None:
    number = settings.environment.get("LSWC_GA4_PROPERTY", "").removeprefix("properties/")
    return number or None


def _record_failure(connection: Connection, problem: Problem, as_of: date, left: Sequence[Stretch]) -> LoadedDelivery:
    """Enter a pull that brought nothing, so that the ledger says why figures are missing."""
    moment = datetime.now(UTC).isoformat()
    delivery = ReadDelivery(
        collection="lswc_web",
        dataset="pull",
        file_name=None,
        sha256=hashlib.sha256(f"{problem.code} {moment}".encode()).hexdigest(),
        parts=(),
        rows_read=0,
        as_of=as_of,
        details={"not_pulled_from": left[0].start.isoformat(), "not_pulled_to": left[-1].end.isoformat()}
        if left
        else {},
        problems=(problem,),
    )
    findings: list[Finding] = findings_of_reader(delivery.problems)
    with connection.transaction():
        delivery_id = ledger.add_delivery(
            connection, delivery, source="live", is_synthetic=False, status="rejected", rows_loaded=0
        )
        assert delivery_id is not None, "no other pull fails at this very moment"
        ledger.replace_findings(connection, delivery_id, findings)
    connection.commit()
    return LoadedDelivery(
        "pull from Google Analytics",
        "refused",
        "rejected",
        delivery_id,
        "pull",
        None,
        None,
        0,
        0,
        0,
        False,
        tuple(findings),
    )
