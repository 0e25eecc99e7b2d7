"""The disclosure audit: attack the candidate marts, and say which hidden counts can be worked out.

It knows what readers know: the published tables together, their sums, the rules of rounding and hiding, and what DfE
publishes itself. It reads no count that is not published and no decision on what to hide, and shares no code with what
decides. Runs after dbt; a hidden count that can be worked out stops publication. See README.md.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from psycopg.types.json import Jsonb

from expectations.disclosure.audit_bounds import AuditError
from expectations.disclosure.audit_family import FamilyAudit, Place, attack_family
from expectations.disclosure.audit_tables import (
    REFERENCE,
    UnreadableError,
    missing_tables,
    read_already_public,
    read_geography,
    read_unit_names,
    read_views,
)
from expectations.disclosure.families import FOLDER, Family, FamilyError, load_families
from expectations.outcome import PLACES_SHOWN, Finding, GateResult, counted, record
from expectations.rules import Severity
from ingestion.settings import Settings, SettingsError


@dataclass(frozen=True)
class Rule:
    """What the audit asks of every family."""

    code: str
    severity: Severity
    message: str
    fix: str
    places: Callable[[FamilyAudit], Sequence[Place]]


UNREADABLE = "DSC-002"
RULES = (
    Rule(
        "DSC-001",
        "error",
        "Hidden counts can be worked out from what is shown",
        "Run `python -m expectations.disclosure_pattern` and build the marts again. If it stays, the family's file "
        "lacks a sum, a percentage or a table; or show less.",
        lambda audited: audited.recoverable,
    ),
    Rule(
        "DSC-003",
        "error",
        "Counts below the threshold are shown",
        "Make the mart's counts with the macro protected_cells, and build it again.",
        lambda audited: audited.small,
    ),
    Rule(
        "DSC-004",
        "error",
        "Sums or percentages fit no numbers, so the attack had to do without them",
        "Correct the mart, or the sums in the family's file.",
        lambda audited: audited.contradictions,
    ),
    Rule(
        "DSC-005",
        "query",
        "Every count of a table is hidden",
        "Run `python -m expectations.disclosure_pattern` and build the marts again: what is hidden was decided for "
        "other counts, or not at all.",
        lambda audited: [Place(table_key, (), "") for table_key in audited.empty],
    ),
)
OWNER = "LIIA analyst"


@dataclass(frozen=True)
class Audit:
    """The attack on some families.

    Attributes:
        families: what was found of each that could be read.
        findings: the same as findings of a gate, those on unreadable tables first.
        unit_names: what units are called.
    """

    families: Sequence[FamilyAudit]
    findings: Sequence[Finding]
    unit_names: Mapping[str, str]


def examine(settings: Settings, families: Sequence[Family]) -> Audit:
    """Attack some families; nothing is entered in the ledger.

    Raises:
        AuditError: a table could not be judged.
        SettingsError: the warehouse cannot be reached.
    """
    audited: list[FamilyAudit] = []
    unreadable: list[Finding] = []
    with settings.connect("transformer") as connection:
        missing = missing_tables(connection, REFERENCE)
        if missing:
            return Audit([], [_unreadable(None, f"{', '.join(missing)} not there")], {})
        geography, names = read_geography(connection), read_unit_names(connection)
        for family in families:
            missing = missing_tables(connection, [shown.table for shown in family.shown])
            if missing:
                unreadable.append(_unreadable(family.family, f"{', '.join(missing)} not there"))
                continue
            try:
                views, stated = read_views(connection, family), read_already_public(connection, family)
            except UnreadableError as error:
                unreadable.append(_unreadable(family.family, str(error)))
                continue
            audited.append(attack_family(family.family, family.dimensions, geography, views, stated))
    found = [_finding(rule, each, names) for rule in RULES for each in audited if rule.places(each)]
    return Audit(audited, [*unreadable, *found], names)


def audit(settings: Settings, families: Path = FOLDER) -> GateResult:
    """Attack all families, enter the outcome in the ledger and write the report.

    Args:
        settings: the process's settings.
        families: the folder of the families' files.

    Raises:
        AuditError: a table could not be judged; nothing is entered, so publication has no audit to go by.
        FamilyError: a family's file does not describe it properly.
        SettingsError: the warehouse cannot be reached.
    """
    return _entered(settings, load_families(families))[1]


def _entered(settings: Settings, families: Sequence[Family]) -> tuple[Audit, GateResult]:
    started_at = datetime.now(UTC)
    found = examine(settings, families)
    with settings.connect("loader") as connection:
        result = record(
            connection,
            gate="disclosure",
            subject=f"Disclosure audit of {len(families)} {'family' if len(families) == 1 else 'families'} of tables",
            findings=found.findings,
            rules_run=len(families) * (1 + len(RULES)),
            started_at=started_at,
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into ledger.disclosure_audits (gate_run_id, family, tables, cells_shown, cells_hidden, "
                "cells_already_public, cells_recoverable, recoverable_places, cells_all_of_their_whole) "
                "values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    [result.gate_run_id, each.family, each.tables, each.shown, each.hidden, each.already_public,
                     len(each.recoverable), Jsonb([_place(place, found.unit_names) for place in each.recoverable]),
                     len(each.whole_groups)]
                    for each in found.families
                ],
            )  # fmt: skip
    folder = settings.home / "disclosure"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [*_lines(found, verbose=True), _last_line(found)]
    (folder / f"audit-{result.gate_run_id}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return found, result


def _unreadable(family: str | None, reason: str) -> Finding:
    return Finding(
        UNREADABLE, "error", family, None, 1, f"Tables that are shown could not be attacked: {reason}.",
        "Build the marts, or correct the family's file.", OWNER,
    )  # fmt: skip


def _finding(rule: Rule, audited: FamilyAudit, names: Mapping[str, str]) -> Finding:
    places = rule.places(audited)
    shown = "; ".join(_place(place, names) for place in places[:PLACES_SHOWN])
    more = f"; and {len(places) - PLACES_SHOWN} more" if len(places) > PLACES_SHOWN else ""
    return Finding(
        rule.code, rule.severity, audited.family, None, len(places), f"{rule.message}: {shown}{more}.", rule.fix, OWNER
    )


def _place(place: Place, names: Mapping[str, str]) -> str:
    """A cell in words: where it is and how it was found, never what it counts."""
    members = ", ".join(names.get(member, member) for member in place.members)
    return place.table_key + (f": {members}" if members else "") + (f" ({place.how})" if place.how else "")


def _lines(found: Audit, verbose: bool) -> list[str]:
    lines = []
    for each in found.families:
        lines.append(
            f"{each.family}: tables {each.tables}, cells shown {each.shown}, hidden {each.hidden}, "
            f"already public {each.already_public}, recoverable {len(each.recoverable)}"
        )
        if verbose:
            lines += [f"  recoverable: {_place(place, found.unit_names)}" for place in each.recoverable]
            lines += [f"  note: {_place(place, found.unit_names)}" for place in each.whole_groups]
    for finding in found.findings:
        if verbose or finding.rule_code != "DSC-001":
            field = f" {finding.field}" if finding.field else ""
            lines.append(f"{finding.severity} {finding.rule_code}{field}: {finding.message} {finding.fix}")
    return lines


def _last_line(found: Audit) -> str:
    errors = sum(finding.severity == "error" for finding in found.findings)
    recoverable = sum(len(each.recoverable) for each in found.families)
    hidden = sum(each.hidden for each in found.families)
    return (
        f"Disclosure audit {'failed' if errors else 'passed'}: {recoverable} of {hidden} hidden counts recoverable; "
        f"{counted(errors, len(found.findings) - errors)}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the audit by hand; exit code 1 when the marts may not be published, 2 when it could not be run."""
    parser = argparse.ArgumentParser(prog="python -m expectations.disclosure_audit", description=__doc__)
    parser.add_argument("--family", help="attack this family only; nothing is entered in the ledger")
    parser.add_argument("--families", type=Path, default=FOLDER, help="the folder of the families' files")
    parser.add_argument("--verbose", action="store_true", help="list the places of recoverable counts")
    options = parser.parse_args(arguments)
    try:
        families = load_families(options.families)
        if options.family is None:
            found, _ = _entered(Settings.load(), families)
        else:
            asked_for = [family for family in families if family.family == options.family]
            if not asked_for:
                known = ", ".join(family.family for family in families)
                sys.stderr.write(f"No family is called {options.family}. There are: {known}\n")
                return 2
            found = examine(Settings.load(), asked_for)
    except (AuditError, FamilyError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("\n".join([*_lines(found, options.verbose), _last_line(found)]) + "\n")
    return int(any(finding.severity == "error" for finding in found.findings))


if __name__ == "__main__":
    sys.exit(main())
