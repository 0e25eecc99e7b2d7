"""The release gate: is a release of DfE statistics fit to become current?

All waiting releases are checked in one run. Each becomes `accepted`, `accepted_with_queries` or `rejected` in
the same transaction as its findings; a rejected one leaves `raw`, and the release before it stays current.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import Connection

from expectations import checking, data_docs
from expectations.outcome import GateResult, described, findings_of, record, recorded_findings
from expectations.release_frames import WaitingRelease, london_codes, read_frames, reference, region_codes
from expectations.rules import Question, load_rules, questions
from ingestion import ledger
from ingestion.ledger import Decision
from ingestion.settings import Settings, SettingsError
from ingestion.statistics.loader import release_from_quarantine
from ingestion.statistics.specification import Specification, load_specification

if TYPE_CHECKING:
    import pandas as pd

COLLECTION = "dfe_census_statistics"
# Frames that hold rows of every release; each layout has its own beside them.
COMMON_FRAMES = ("files", "years", "units", "rows", "cells")
DECISIONS: Mapping[str, Decision] = {
    "passed": "accepted",
    "passed_with_queries": "accepted_with_queries",
    "failed": "rejected",
}


def check_releases(settings: Settings) -> list[GateResult]:
    """Check and decide every release with status `received`; none waiting is an empty list.

    Raises:
        CheckingError: a rule could not be evaluated; nothing is decided and the releases keep waiting.
        SettingsError: the warehouse cannot be reached.
    """
    started_at = datetime.now(UTC)
    specification = load_specification(COLLECTION)
    with settings.connect("loader") as connection:
        releases = _waiting(connection)
        if not releases:
            return []
        frames = read_frames(connection, specification, releases)
        answers = checking.check(frames, release_questions(specification))
        results = []
        accepted = []
        pages = []
        for release in releases:
            own = [
                replace(answer, failing=_own_rows(frames[answer.question.rule.frame], answer.failing, release))
                for answer in answers
                if answer.question.rule.frame in (*COMMON_FRAMES, release.layout)
            ]
            findings = findings_of(own, frames)
            synthetic = "synthetic " if release.is_synthetic else ""
            subject = f"{release.file_name} ({synthetic}{release.publication_year} release)"
            result = record(
                connection,
                gate="release",
                subject=subject,
                findings=findings,
                rules_run=len(own),
                started_at=started_at,
                release_id=release.release_id,
            )
            sha256 = ledger.decide_release(connection, release.release_id, DECISIONS[result.outcome])
            if result.outcome != "failed":
                accepted.append(sha256)
            results.append(result)
            title = synthetic + Path(release.file_name).stem
            pages.append(data_docs.GatePage(f"release_{release.release_id}", title, result, own, findings))
    for sha256 in accepted:
        release_from_quarantine(sha256, settings.quarantine)
    data_docs.publish_pages(settings, pages)
    return results


def release_questions(specification: Specification) -> list[Question]:
    """Every rule on releases, asked of every field it covers, for every layout."""
    values: dict[str, Any] = {
        "london_codes": list(london_codes()),
        "region_codes": region_codes(),
        "published_roles": [role["published_role"] for role in reference("workforce_roles")],
        "ethnic_groups": [group["ethnic_group"] for group in reference("ethnic_groups")],
    }
    suites = ["release", *(f"release_{layout.name}" for layout in specification.layouts)]
    return questions((rule for suite in suites for rule in load_rules(suite)), values)


def _waiting(connection: Connection[Any]) -> list[WaitingRelease]:
    # Another gate run at this moment keeps the releases it has locked; this one takes the rest.
    rows = connection.execute(
        "select release_id, layout, file_name, publication_year, is_synthetic, unknown_columns, received_at "
        "from ledger.releases where collection = %s and status = 'received' order by release_id "
        "for update skip locked",
        [COLLECTION],
    ).fetchall()
    return [WaitingRelease(row[0], row[1], row[2], row[3], row[4], tuple(row[5]), row[6]) for row in rows]


def _own_rows(frame: "pd.DataFrame", failing: tuple[int, ...], release: WaitingRelease) -> tuple[int, ...]:
    if not failing:
        return ()
    of_release = frame["release_id"].to_numpy()[list(failing)] == release.release_id
    return tuple(place for place, own in zip(failing, of_release, strict=True) if own)


def main() -> int:
    """Run the gate by hand; exit code 1 when a release is refused."""
    settings = Settings.load()
    try:
        results = check_releases(settings)
        if not results:
            sys.stdout.write("No release is waiting for the gate.\n")
        with settings.connect("loader") as connection:
            for result in results:
                sys.stdout.write(described(result, recorded_findings(connection, result.gate_run_id)) + "\n")
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return int(any(result.outcome == "failed" for result in results))


if __name__ == "__main__":
    sys.exit(main())
