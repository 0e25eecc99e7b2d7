"""dbt, disclosure control, the gates and publication, one after the other: what Airflow does, by hand."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from ingestion.publication import PublicationRefused, publish
from ingestion.settings import ROOT, Settings

DBT_PROJECT = ROOT / "dbt_project"
SUPERSET_CONFIG = ROOT / "superset_config"


class BuildFailed(Exception):
    """A step failed and nothing was published; the message says which, why and where to read more."""


def dbt_environment(settings: Settings) -> dict[str, str]:
    """The environment dbt runs in: the warehouse's address, and its output outside the checkout."""
    return {
        **os.environ,
        **settings.environment,
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_TARGET_PATH": str(settings.home / "dbt"),
        "DBT_LOG_PATH": str(settings.home / "logs" / "dbt"),
        "DO_NOT_TRACK": "1",
    }


def run_dbt(settings: Settings, *arguments: str) -> None:
    """Run one dbt command in the project, its output to the terminal.

    Raises:
        BuildFailed: dbt ended with an error.
    """
    program = Path(sys.executable).with_name("dbt")
    result = subprocess.run([str(program), *arguments], env=dbt_environment(settings), cwd=DBT_PROJECT, check=False)
    if result.returncode != 0:
        raise BuildFailed(f"dbt {arguments[0]} failed (exit code {result.returncode}); its output above says where.")


def build_candidates(settings: Settings, *arguments: str) -> None:
    """Build the candidate marts: the tables of counts, the decision on what of them is hidden, then everything else.

    Args:
        settings: the process's settings.
        arguments: more for `dbt build`, such as `--quiet`.

    Raises:
        BuildFailed: dbt ended with an error, or a count cannot be protected.
    """
    from expectations.disclosure.families import FamilyError
    from expectations.disclosure.pattern import PatternError
    from expectations.disclosure_pattern import decide

    # Unit tests are about the code, not the data: `make test` runs them.
    flags = ("--exclude-resource-type", "unit_test", *arguments)
    run_dbt(settings, "build", "--selector", "cells", *flags)
    try:
        decide(settings)
    except (FamilyError, PatternError) as error:
        raise BuildFailed(f"Disclosure control failed, so nothing was built of it: {error}") from None
    run_dbt(settings, "build", "--selector", "marts", *flags)


def build_and_publish(settings: Settings) -> None:
    """Build the candidate marts, gate and audit them, publish them and refresh the dashboards.

    Raises:
        BuildFailed: a step failed; the last good marts stay up.
    """
    console = Console(soft_wrap=True, highlight=False)
    build_candidates(settings)
    with console.status("Checking the marts (Great Expectations)"):
        from expectations.mart_gate import check_marts

        gate = check_marts(settings)
    if gate.outcome == "failed":
        raise BuildFailed(f"The mart gate failed, so the last good marts stay up: {gate.reason}")
    with console.status("Attacking the marts (disclosure audit)"):
        from expectations.disclosure.audit_bounds import AuditError
        from expectations.disclosure_audit import audit

        try:
            audited = audit(settings)
        except AuditError as error:
            raise BuildFailed(f"The disclosure audit could not be made, so nothing was published: {error}") from None
    if audited.outcome == "failed":
        raise BuildFailed(f"The disclosure audit failed, so the last good marts stay up: {audited.reason}")
    try:
        publication = publish(settings, gate.gate_run_id, audited.gate_run_id)
    except PublicationRefused as error:
        raise BuildFailed(str(error)) from None
    console.print(
        f"Published {publication.tables} tables ({publication.release_label}); {gate.queries} queries to look at."
    )
    refresh_dashboards(settings)


def superset_environment(settings: Settings) -> Mapping[str, str]:
    """The environment Superset's own interpreter runs in."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return {**inherited, **settings.environment}


def refresh_dashboards(settings: Settings, *, quiet: bool = False) -> None:
    """Let the dashboards take the newly published marts: import what changed, empty and warm the cache.

    Args:
        settings: the process's settings.
        quiet: keep its one line of output to itself.

    Raises:
        BuildFailed: Superset is there but could not be refreshed.
    """
    program = SUPERSET_CONFIG / ".venv" / "bin" / "python"
    if not program.exists() or "SUPERSET_SECRET_KEY" not in settings.environment:
        return  # A warehouse without dashboards, as in most tests.
    result = subprocess.run(
        [str(program), str(SUPERSET_CONFIG / "refresh.py")],
        env=dict(superset_environment(settings)),
        stdout=subprocess.DEVNULL if quiet else None,
        check=False,
    )
    if result.returncode != 0:
        raise BuildFailed(
            "The marts are published, but the dashboards could not be refreshed; the output above says why."
        )
