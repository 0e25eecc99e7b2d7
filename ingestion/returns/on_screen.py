"""A return's answer on a terminal: to be read in ten seconds."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion.returns.findings import Finding, Outcome
from ingestion.returns.receipts import SYNTHETIC, places_in_words
from ingestion.returns.specification import load_collection

RULES_SHOWN = 20
PLACES_SHOWN = 4
_STYLES = {"accepted": "bold green", "accepted_with_queries": "bold yellow", "rejected": "bold red"}


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Print the status, whose return it is, the counts, and what to do about each rule that failed."""
    status = outcome.status.replace("_", " ").upper()
    counts = f"{_counted(outcome.errors, 'error', 'errors')}, {_counted(outcome.queries, 'query', 'queries')}"
    console.print(f"[{_STYLES.get(outcome.status, 'bold')}]{status}[/]  {counts}")
    if outcome.already_received:
        console.print(f"Already received, as version {outcome.version}: nothing has changed.")
    console.print(escape(_whose(outcome)))
    rows = f"{outcome.rows_read:,} rows read"
    if outcome.submission_id is not None:
        rows += f" = {outcome.rows_loaded:,} loaded + {outcome.rows_refused:,} refused"
    console.print(f"{escape(', '.join(outcome.file_names))}: {rows}")
    if outcome.is_synthetic:
        console.print(SYNTHETIC)
    if outcome.findings:
        _print_findings(console, outcome.findings)


def _whose(outcome: Outcome) -> str:
    title = load_collection(outcome.collection).title if outcome.collection else "Collection not known"
    version = "" if outcome.version is None else f", version {outcome.version}"
    authority = outcome.authority_name or "authority not known"
    return f"{title}: {authority}, {outcome.period_label or 'period not known'}{version}"


def _print_findings(console: Console, findings: Sequence[Finding]) -> None:
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda each: each.severity != "error"):
        groups.setdefault((finding.rule_code, finding.message, finding.fix), []).append(finding)
    table = Table(show_lines=True)
    table.add_column("where", ratio=2)
    table.add_column("what is wrong", ratio=3)
    table.add_column("what to do", ratio=3)
    for (code, message, fix), found in list(groups.items())[:RULES_SHOWN]:
        severity = found[0].severity
        place = places_in_words(found, PLACES_SHOWN) or "the file"
        table.add_row(escape(place), f"{escape(message)} [dim]{severity} {escape(code)}[/]", escape(fix))
    console.print(table)
    if len(groups) > RULES_SHOWN:
        console.print(f"and {len(groups) - RULES_SHOWN} more kinds of finding")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
