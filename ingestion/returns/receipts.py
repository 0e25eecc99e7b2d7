"""The answer to a return: a text to read, the same as JSON, and a workbook of findings to work through.

None of them holds a value of the file that was sent: findings say where it stands and what is wrong with it.
"""

import json
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.returns.findings import Finding, Outcome
from ingestion.returns.periods import PeriodError, parse_period
from ingestion.returns.senders import find_sender
from ingestion.returns.specification import SpecificationError, load_collection
from ingestion.returns.workbooks import Value, as_bytes, new_workbook, safe_file_name, write_lines, write_table

WIDTH = 78
PLACES_SHOWN = 6
LONDON = ZoneInfo("Europe/London")
SYNTHETIC = "SYNTHETIC: invented data from this project's own sample. No person and no authority stands behind it."

_IN_WORDS = {
    "received": "received",
    "accepted": "accepted",
    "accepted_with_queries": "accepted with queries",
    "rejected": "rejected",
    "superseded": "accepted, and since replaced by a newer version",
}


def receipt_files(outcome: Outcome, file_name: str) -> dict[str, bytes]:
    """The files that are written beside a landed file, by name; the workbook only where there are findings."""
    name = safe_file_name(file_name)
    files = {
        f"{name}.receipt.txt": receipt_text(outcome).encode(),
        f"{name}.receipt.json": (json.dumps(receipt_json(outcome), indent=2, ensure_ascii=False) + "\n").encode(),
    }
    if outcome.findings:
        files[f"{name}.findings.xlsx"] = findings_workbook(outcome)
    return files


def receipt_text(outcome: Outcome) -> str:
    """The receipt as a person reads it: the answer in its first line, then what to do about it."""
    sections = [textwrap.fill(_headline(outcome), WIDTH), _particulars(outcome)]
    if outcome.is_synthetic:
        sections.insert(1, textwrap.fill(SYNTHETIC, WIDTH))
    number = 0
    for severity, heading in (("error", "WHAT IS WRONG"), ("query", "WHAT NEEDS A LOOK")):
        groups = [group for group in _grouped(outcome.findings) if group.severity == severity]
        if groups:
            sections.append(heading)
        for group in groups:
            number += 1
            sections.append(_paragraph(number, group))
    sections.append("WHAT HAPPENS NEXT\n" + textwrap.fill(_next_step(outcome), WIDTH))
    return "\n\n".join(sections) + "\n"


def receipt_json(outcome: Outcome) -> dict[str, Any]:
    """The receipt for programs, and for `workforce check --format json`."""
    return {
        "status": outcome.status,
        "collection": outcome.collection,
        "authority_code": outcome.authority_code,
        "authority": outcome.authority_name,
        "period": outcome.period_label,
        "version": outcome.version,
        "files": [safe_file_name(name) for name in outcome.file_names],
        "already_received": outcome.already_received,
        "synthetic": outcome.is_synthetic,
        "rows_read": outcome.rows_read,
        "rows_loaded": outcome.rows_loaded,
        "rows_refused": outcome.rows_refused,
        "errors": outcome.errors,
        "queries": outcome.queries,
        "findings": [
            {
                "rule_code": finding.rule_code,
                "severity": finding.severity,
                "sheet": finding.sheet,
                "row": finding.row,
                "column": finding.column,
                "field": finding.field,
                "message": finding.message,
                "fix": finding.fix,
                "occurrences": finding.occurrences,
            }
            for finding in outcome.findings
        ],
    }


def findings_workbook(outcome: Outcome) -> bytes:
    """A workbook of two sheets: what came of the return, and every finding with its place."""
    workbook = new_workbook(f"Findings: {subject(outcome)}")
    summary = workbook.create_sheet("Summary")
    lines = [(subject(outcome), ""), ("Answer", _headline(outcome))]
    if outcome.is_synthetic:
        lines.append(("Synthetic", SYNTHETIC))
    lines += [*_facts(outcome), ("What happens next", _next_step(outcome))]
    lines += [
        ("", ""),
        ("How to work through the findings", ""),
        ("", "Each line of the sheet Findings is one place in your file. Filter it by rule or by column."),
        ("", "Start with the errors: each has to be put right. A query needs a look; where the figure is right, "
         "nothing need change."),
        ("", "Nothing that stands in your file is repeated here, so this workbook may be passed on to whoever puts "
         "the figures right."),
    ]  # fmt: skip
    write_lines(summary, lines)
    headings = [
        ("Rule", 18), ("Severity", 10), ("Sheet", 20), ("Row or line", 9), ("Column", 9), ("Item", 24),
        ("What is wrong", 58), ("What to do", 58), ("How many", 10),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [each.rule_code, each.severity, each.sheet, each.row, each.column, each.field, each.message, each.fix,
         each.occurrences]
        for each in sorted(outcome.findings, key=lambda each: each.severity != "error")
    ]  # fmt: skip
    write_table(workbook.create_sheet("Findings"), headings, rows)
    return as_bytes(workbook)


def subject(outcome: Outcome) -> str:
    """The receipt's title: `Rejected: Agency … quarterly return, Camden, 2025/26 Q3 (version 2)`."""
    status = "Already received" if outcome.already_received else _IN_WORDS[outcome.status].capitalize()
    about = ", ".join(part for part in (_title(outcome), outcome.authority_name, outcome.period_label) if part)
    version = f" (version {outcome.version})" if outcome.version is not None else ""
    return f"{status}: {about or 'a file that could not be matched to a return'}{version}"


def _headline(outcome: Outcome) -> str:
    if outcome.already_received:
        version = f"as version {outcome.version}" if outcome.version is not None else "before"
        when = f" on {_moment(outcome.received_at)}" if outcome.received_at else ""
        then = "still waits to be checked" if outcome.status == "received" else f"was {_IN_WORDS[outcome.status]}"
        return f"ALREADY RECEIVED: exactly this file came {version}{when}; it {then}. Nothing has changed."
    errors, queries = _counted(outcome.errors, "error", "errors"), _counted(outcome.queries, "query", "queries")
    if outcome.submission_id is None:
        checked = {
            "accepted": "ACCEPTED: no problem was found",
            "accepted_with_queries": f"ACCEPTED WITH QUERIES: {queries}",
            "rejected": f"REJECTED: {errors}" + (f", {queries}" if outcome.queries else ""),
        }
        return f"{checked.get(outcome.status, outcome.status)}. This was a check: nothing has been sent or kept."
    if outcome.status == "rejected":
        return f"REJECTED: nothing of it was loaded. {errors}" + (f", {queries}" if outcome.queries else "") + "."
    if outcome.status == "accepted_with_queries":
        return f"ACCEPTED WITH QUERIES: every row was loaded. {queries}."
    if outcome.status == "accepted":
        return "ACCEPTED: every row was loaded. No problem was found."
    return "RECEIVED: it is safe, and waits to be checked."


def _particulars(outcome: Outcome) -> str:
    facts = _facts(outcome)
    indent = max(len(label) for label, _ in facts) + 2
    return "\n".join(
        textwrap.fill(text, WIDTH, initial_indent=label.ljust(indent), subsequent_indent=" " * indent)
        for label, text in facts
    )


def _facts(outcome: Outcome) -> list[tuple[str, str]]:
    not_known = "could not be made out"
    whose = outcome.authority_name or not_known
    if outcome.authority_name and outcome.authority_code:
        whose = f"{outcome.authority_name} ({outcome.authority_code})"
    facts = [
        ("Return", _title(outcome) or not_known),
        ("Authority", whose),
        ("Period", _period(outcome) or not_known),
    ]
    if outcome.version is not None:
        when = f", received {_moment(outcome.received_at)}" if outcome.received_at else ""
        facts.append(("Version", f"{outcome.version}{when}"))
    files = [safe_file_name(name) for name in outcome.file_names]
    facts.append(("File" if len(files) == 1 else "Files", ", ".join(files) or not_known))
    if outcome.submission_id is None:
        facts.append(("Rows", f"{outcome.rows_read:,} read"))
    else:
        rows = f"{outcome.rows_read:,} read = {outcome.rows_loaded:,} loaded + {outcome.rows_refused:,} refused"
        facts += [("Rows", rows), ("What counts now", _what_counts(outcome))]
    return facts


def _what_counts(outcome: Outcome) -> str:
    if outcome.current_version is not None:
        this = outcome.version == outcome.current_version
        return f"version {outcome.current_version}" + (", this one" if this else ", accepted before and left as it was")
    if outcome.status in ("accepted", "accepted_with_queries") and not outcome.already_received:
        return "this version" if outcome.version is None else f"version {outcome.version}, this one"
    if outcome.status == "rejected" and not outcome.already_received:
        return "what was accepted before, if anything was; this file changed nothing"
    return "what counted before"


def _next_step(outcome: Outcome) -> str:
    again = "correct the file and send it again to the same place"
    folder = _landing_folder(outcome)
    if folder and outcome.submission_id is not None:
        again += f" ({folder})"
    again += ". The newest accepted version counts; nothing sent earlier is lost."
    if outcome.status == "received":
        return "Nothing to do now. A receipt with the answer follows."
    if outcome.status == "rejected":
        if outcome.submission_id is None:
            return "Please correct the file and check it again before you send it."
        return f"Please {again}"
    if outcome.status == "accepted_with_queries":
        if outcome.submission_id is None:
            return "It can be sent as it is. Look at the queries first: where a figure is wrong, correct it."
        return f"Please look at the queries. Where the figures are right, there is nothing to do; where not, {again}"
    if outcome.submission_id is None:
        return "It is ready to be sent."
    return f"Nothing to do. Should you find a mistake later, {again}"


def _landing_folder(outcome: Outcome) -> str | None:
    sender = find_sender(outcome.authority_code) if outcome.authority_code else None
    if outcome.collection is None or outcome.period_label is None or sender is None:
        return None
    return f"{outcome.collection}/{outcome.period_label.replace('/', '-').replace(' ', '-')}/{sender.folder}"


def _title(outcome: Outcome) -> str | None:
    if outcome.collection is None:
        return None
    try:
        return load_collection(outcome.collection).title
    except SpecificationError:
        return None


def _period(outcome: Outcome) -> str | None:
    if outcome.collection is None or outcome.period_label is None:
        return outcome.period_label
    try:
        period = parse_period(outcome.period_label, load_collection(outcome.collection).frequency)
    except (PeriodError, SpecificationError):
        return outcome.period_label
    return f"{period.label} ({period.start:%-d %B %Y} to {period.end:%-d %B %Y})"


def _moment(when: datetime) -> str:
    local = when.astimezone(LONDON) if when.tzinfo else when
    return f"{local:%-d %B %Y at %H:%M}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


@dataclass(frozen=True)
class _Group:
    """What one rule says about the file, with all its places."""

    rule_code: str
    severity: str
    message: str
    fix: str
    findings: tuple[Finding, ...]


def _grouped(findings: Iterable[Finding]) -> list[_Group]:
    groups: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule_code, finding.severity, finding.message, finding.fix), []).append(finding)
    return [_Group(*key, tuple(members)) for key, members in groups.items()]


def _paragraph(number: int, group: _Group) -> str:
    lead = f"{number}. "
    indent = " " * len(lead)
    fields = list(dict.fromkeys(finding.field for finding in group.findings if finding.field))
    # A message that does not name the item it is about gets the name before it.
    named = f"{', '.join(fields)}: " if fields and not all(field in group.message for field in fields) else ""
    parts = [
        textwrap.fill(
            f"{named}{group.message} [{group.rule_code}]", WIDTH, initial_indent=lead, subsequent_indent=indent
        ),
        textwrap.fill(f"What to do: {group.fix}", WIDTH, initial_indent=indent, subsequent_indent=indent),
    ]
    where = places_in_words(group.findings)
    if where:
        parts.append(textwrap.fill(f"Where: {where}.", WIDTH, initial_indent=indent, subsequent_indent=indent))
    return "\n".join(part for part in parts if part)


def places_in_words(findings: Sequence[Finding], shown: int = PLACES_SHOWN) -> str:
    """The first places of one rule's findings, sheet by sheet, and how many more there are."""
    total = sum(finding.occurrences for finding in findings)
    sheets: dict[str, list[str]] = {}
    listed = 0
    for finding in findings:
        if listed == shown or not finding.place:
            continue
        prefix = f"sheet {finding.sheet}, " if finding.sheet else ""
        sheets.setdefault(prefix, []).append(finding.place.removeprefix(prefix))
        listed += 1
    if not listed:
        return f"in {total:,} places" if total > 1 else ""
    words = "; ".join(f"{prefix}{', '.join(_once_named(places))}" for prefix, places in sheets.items())
    return words + (f" and {total - listed:,} more" if total > listed else "")


def _once_named(places: Sequence[str]) -> list[str]:
    """`cell A1`, `cell A2` as `cells A1`, `A2`: the word once where all places are of one kind."""
    kinds = {place.split(" ")[0] for place in places if " " in place}
    if len(places) < 2 or len(kinds) != 1 or not all(" " in place for place in places):
        return list(places)
    kind = kinds.pop()
    names = [place.split(" ", 1)[1] for place in places]
    return [f"{kind}s {names[0]}", *names[1:]]
