"""The mart gate: are the candidate marts fit to be published?

Runs after dbt, on the marts as Postgres holds them. A failed gate stops publication; the last good marts stay up.
"""

import sys
from datetime import UTC, datetime

from expectations import checking, data_docs
from expectations.mart_frames import read_frames, shown_release
from expectations.outcome import GateResult, described, findings_of, record, recorded_findings
from expectations.rules import SUITES, load_rules, questions
from ingestion.settings import Settings, SettingsError


def check_marts(settings: Settings) -> GateResult:
    """Check the candidate marts and enter the outcome in the ledger.

    Raises:
        CheckingError: a rule could not be evaluated; nothing is entered, so publication has no gate to go by.
        SettingsError: the warehouse cannot be reached.
    """
    started_at = datetime.now(UTC)
    with settings.connect("transformer") as connection:
        frames = read_frames(connection)
    rules = [rule for suite in ("marts", *suites_of_topics()) for rule in load_rules(suite)]
    answers = checking.check(frames, questions(rules, {}))
    findings = findings_of(answers, frames)
    with settings.connect("loader") as connection:
        result = record(
            connection,
            gate="mart",
            subject=f"Regional marts ({shown_release(frames['tables'])})",
            findings=findings,
            rules_run=len(answers),
            started_at=started_at,
        )
    title = "synthetic marts" if "synthetic" in result.subject else "marts"
    data_docs.publish_pages(settings, [data_docs.GatePage("marts", title, result, answers, findings)])
    return result


def suites_of_topics() -> list[str]:
    """The suites about a topic's marts: `marts_<topic>.yml`."""
    return sorted(path.stem for path in SUITES.glob("marts_*.yml"))


def main() -> int:
    """Run the gate by hand; exit code 1 when the marts may not be published."""
    settings = Settings.load()
    try:
        result = check_marts(settings)
        with settings.connect("loader") as connection:
            sys.stdout.write(described(result, recorded_findings(connection, result.gate_run_id)) + "\n")
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return int(result.outcome == "failed")


if __name__ == "__main__":
    sys.exit(main())
