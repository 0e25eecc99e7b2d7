"""Bring Superset to what the code says: schema, permissions, connections, dashboards, roles, people.

    python superset_config/bootstrap.py          does only what is needed
    python superset_config/bootstrap.py --force  does everything

One process, because starting Superset takes most of the time. It changes nothing where nothing has to change.
"""

import argparse
import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    # Run by its path: the package is found from the repository, and its files are not taken for modules of their own.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from superset_config.assets import AssetError, check, read_assets
from superset_config.environment import ROOT, Environment

CONFIGURATION = ROOT / "superset_config" / "superset_config.py"


def _say(text: str, started: float) -> None:
    print(f"superset: {text} ({time.monotonic() - started:.1f} s)", flush=True)


def apply(environment: Environment, *, force: bool = False, quiet: bool = False) -> None:
    """Do what is needed and say it in one line a step.

    Args:
        environment: where everything is.
        force: do everything, even where nothing seems to have changed.
        quiet: say nothing when nothing had to be done.

    Raises:
        SystemExit: a setting or an asset is wrong; the message says which.
    """
    started = time.monotonic()
    environment.check()
    from superset_config.fingerprint import code_fingerprint, forget_applied, is_applied, remember_applied

    metadata_url = environment.required("SUPERSET_METADATA_URL")
    code = code_fingerprint(environment.variables)
    if not force and is_applied(metadata_url, code):
        if not quiet:
            _say("up to date", started)
        return

    try:
        assets = read_assets()
    except AssetError as error:
        raise SystemExit(f"superset: {error}") from None
    problems = check(assets)
    if problems:
        raise SystemExit("superset: the dashboards cannot be imported:\n  " + "\n  ".join(problems))

    os.environ["SUPERSET_CONFIG_PATH"] = str(CONFIGURATION)
    forget_applied(metadata_url)
    from superset.app import create_app

    app = create_app()
    _say("started", started)
    with app.app_context():
        import superset
        from flask_migrate import upgrade
        from superset import appbuilder, db, security_manager

        from superset_config.access import apply_people, apply_roles
        from superset_config.importer import assert_imported, import_assets

        if not app._is_database_up_to_date():
            upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
            _say("metadata database upgraded", started)
        appbuilder.add_permissions(update_perms=True)
        security_manager.create_custom_permissions()
        db.session.commit()
        _say("permissions known", started)

        import_assets(assets, environment.warehouse_url)
        security_manager.create_missing_perms()
        db.session.flush()
        apply_roles(assets)
        people = apply_people(environment.variables)
        db.session.commit()
        counts = assert_imported(assets)
    remember_applied(metadata_url, code)
    listed = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    _say(f"imported {listed}; accounts: {', '.join(people) or 'none'}", started)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="superset_config.bootstrap", description=__doc__.splitlines()[0])
    parser.add_argument("--force", action="store_true", help="do everything, even where nothing seems to have changed")
    apply(Environment.load(), force=parser.parse_args().force)


if __name__ == "__main__":
    sys.exit(main())
