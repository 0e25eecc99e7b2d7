"""The embedded stack: everything on one machine, nothing needed but Python (`make run`).

Usage: python -m infra.local.stack up [--source S] [--detach] | down | status | reset [--yes] | psql [SQL]
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from rich.console import Console
from rich.status import Status

from infra.database.setup import ROLES, create_database, set_password, set_up_warehouse
from infra.local import sample_landing
from infra.local.airflow_api import AirflowApi, Run
from infra.local.environment import OPTIONAL, prepare_environment, write_private
from infra.local.postgres import EmbeddedPostgres, PostgresError, programs_folder
from infra.local.services import Service, ServiceError, answers
from ingestion.build import DBT_PROJECT, BuildFailed, dbt_environment, refresh_dashboards
from ingestion.returns.specification import collections
from ingestion.settings import ROOT, Settings, local_folder, read_environment_file

BIN = Path(sys.executable).parent
SUPERSET_CONFIG = ROOT / "superset_config"
SUPERSET_BIN = SUPERSET_CONFIG / ".venv" / "bin"
console = Console()


class StackError(Exception):
    """The stack could not be brought up; the message says what failed and where to read more."""


@contextmanager
def step(title: str) -> Iterator[Status]:
    """Show a step while it runs, and how long it took when it is done."""
    started = time.monotonic()
    if not console.is_terminal:
        console.print(f"… {title}", highlight=False, soft_wrap=True)
    with console.status(title) as status:
        yield status
    console.print(f"[green]✓[/green] {title} [dim]{time.monotonic() - started:.1f} s[/dim]", highlight=False)


class Stack:
    """The services of one home folder."""

    def __init__(self, home: Path, values: dict[str, str]) -> None:
        self.home = home
        self.values = values
        self.started_at = datetime.now(UTC)
        # What the person's shell says about Python must not leak into the services.
        inherited = {
            n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "VIRTUAL_ENV", "AIRFLOW", "SUPERSET"))
        }
        self.environment = {**inherited, **values, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
        self.postgres = EmbeddedPostgres(home / "postgres", int(values["POSTGRES_PORT"]), values["POSTGRES_PASSWORD"])
        self.airflow_url = f"http://127.0.0.1:{values['AIRFLOW_PORT']}"
        self.superset_url = f"http://127.0.0.1:{values['SUPERSET_PORT']}"

    @property
    def settings(self) -> Settings:
        """The warehouse's settings as the stack's services have them."""
        return Settings(self.environment)

    def airflow_services(self) -> list[Service]:
        """Airflow's four programs."""
        airflow = str(BIN / "airflow")
        ready = {"api-server": answers(f"{self.airflow_url}/api/v2/version")}
        # The web server reads logs from the folder they share: no need to serve them, to the whole network at that.
        options = {"scheduler": ["--skip-serve-logs"], "triggerer": ["--skip-serve-logs"]}
        return [
            Service(
                f"airflow-{name}", [airflow, name, *options.get(name, [])], self.environment, self.home,
                ready.get(name, lambda: True),
            )
            for name in ("api-server", "scheduler", "dag-processor", "triggerer")
        ]  # fmt: skip

    def superset_service(self) -> Service:
        """Superset under gunicorn."""
        return Service(
            "superset",
            [
                str(SUPERSET_BIN / "gunicorn"), "--config", str(SUPERSET_CONFIG / "gunicorn.conf.py"),
                "superset.app:create_app()",
            ],
            self.superset_environment,
            self.home,
            answers(f"{self.superset_url}/health"),
        )  # fmt: skip

    @property
    def superset_environment(self) -> dict[str, str]:
        """Superset's own interpreter and its configuration; what opens senders' files is none of its business."""
        return {
            **{name: text for name, text in self.environment.items() if name not in ("PSEUDONYM_KEY", "SMTP_PASSWORD")},
            "PATH": f"{SUPERSET_BIN}{os.pathsep}{os.environ.get('PATH', '')}",
            "SUPERSET_CONFIG_PATH": str(SUPERSET_CONFIG / "superset_config.py"),
        }

    def services(self) -> list[Service]:
        """All services but Postgres."""
        return [*self.airflow_services(), self.superset_service()]

    def run(self, title: str, command: list[str], environment: dict[str, str]) -> None:
        """Run one preparing command, its output to a log.

        Raises:
            StackError: it failed; the message holds its last lines.
        """
        log = self.home / "logs" / f"{title}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as output:
            result = subprocess.run(
                command, env=environment, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False
            )
        if result.returncode != 0:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
            raise StackError(f"{title} failed (exit code {result.returncode}). Its log: {log}\n{tail}")

    def once(self, title: str, fingerprint: str, work: Callable[[], None]) -> bool:
        """Do preparing work only when what it depends on has changed since it last succeeded."""
        mark = self.home / "run" / f"{title}.done"
        if mark.exists() and mark.read_text() == fingerprint:
            return False
        work()
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(fingerprint)
        return True


def fingerprint_of(*paths: Path) -> str:
    """A hash over files (folders: every file in them that is not made by a tool)."""
    digest = hashlib.sha256()
    for path in paths:
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in files:
            inside = file.relative_to(path).parts if path.is_dir() else ()
            if {"target", "logs", "__pycache__", ".venv", "screenshots"} & set(inside):
                continue
            digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def up(source: str | None, detach: bool) -> None:
    """Bring everything up, load the data, publish, and say where it is."""
    home = local_folder().resolve()
    started = time.monotonic()
    remembered = ("POSTGRES_PORT", "AIRFLOW_PORT", "SUPERSET_PORT", *OPTIONAL)
    chosen = {name: os.environ[name] for name in remembered if name in os.environ}
    for name in ("LANDING_AREA", "RETURNS_CONTACTS"):
        if "://" not in chosen.get(name, "://"):
            chosen[name] = str(Path(chosen[name]).resolve())
    if source:
        chosen["CENSUS_SOURCE"] = source if source in ("sample", "live") else str(Path(source).resolve())
        if source not in ("sample", "live") and not Path(source).exists():
            raise StackError(f"SOURCE={source}: there is no such file or folder. Use sample, live or a path.")
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    values = prepare_environment(home, chosen)
    stack = Stack(home, values)
    sample_landing.make_landing_folders(stack.settings)
    try:
        prepare(stack)
        with step("Superset starts"):
            stack.superset_service().start()
            stack.superset_service().wait_until_ready()
        load_and_publish(stack)
    except (StackError, ServiceError, PostgresError, BuildFailed, KeyboardInterrupt):
        if not detach:
            take_down(stack)
        raise
    tell_addresses(stack, time.monotonic() - started)
    if detach:
        console.print("It keeps running. `make status` looks, `make stop` stops.")
    else:
        serve_until_interrupted(stack)


def prepare(stack: Stack) -> None:
    """Postgres, databases, roles; Airflow and Superset at their current schema; the DAGs running."""
    locks = fingerprint_of(ROOT / "uv.lock", SUPERSET_CONFIG / "uv.lock")
    with step("Postgres, roles and schemas"):
        stack.postgres.create()
        stack.postgres.start()
        set_up_databases(stack)
    write_private(
        stack.home / "airflow-passwords.json", json.dumps({"engineer": stack.values["AIRFLOW_ADMIN_PASSWORD"]})
    )

    def migrate_airflow() -> None:
        stack.once(
            "airflow-migrate", locks,
            lambda: stack.run("airflow-migrate", [str(BIN / "airflow"), "db", "migrate"], stack.environment),
        )  # fmt: skip
        for service in stack.airflow_services():
            service.start()

    def prepare_superset() -> None:
        # It knows itself what has changed, by hand too.
        stack.run(
            "superset-bootstrap",
            [str(SUPERSET_BIN / "python"), str(SUPERSET_CONFIG / "bootstrap.py")],
            stack.superset_environment,
        )

    def parse_dbt() -> None:
        # With the manifest at hand, the DAG regional_marts need not parse the project again.
        stack.once(
            "dbt-parse", fingerprint_of(ROOT / "dbt_project"),
            lambda: stack.run(
                "dbt-parse", [str(BIN / "dbt"), "parse", "--target-path", str(DBT_PROJECT / "target")],
                dbt_environment(stack.settings),
            ),
        )  # fmt: skip

    with step("Airflow, dbt and Superset are made ready"), concurrent.futures.ThreadPoolExecutor() as pool:
        parse = pool.submit(parse_dbt)
        superset = pool.submit(prepare_superset)
        parse.result()
        migrate_airflow()
        superset.result()
    with step("Airflow answers"):
        for service in stack.airflow_services():
            service.wait_until_ready()


def set_up_databases(stack: Stack) -> None:
    """The warehouse with its roles, and the two databases in which Airflow and Superset keep their own state."""
    values = stack.values
    set_up_warehouse(
        stack.postgres.admin_arguments,
        values["WAREHOUSE_DATABASE"],
        {role: values[f"WAREHOUSE_{role.upper()}_PASSWORD"] for role in ROLES},
    )
    with psycopg.connect(make_conninfo(**stack.postgres.admin_arguments, dbname="postgres"), autocommit=True) as admin:
        for name in ("airflow", "superset"):
            if admin.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone() is None:
                admin.execute(f"create role {name} login")
            set_password(admin, name, values[f"{name.upper()}_DATABASE_PASSWORD"])
            create_database(admin, name, owner=name)
        # The warehouse's readers have no business in the other two, nor Airflow and Superset in the warehouse.
        for name in (values["WAREHOUSE_DATABASE"], "airflow", "superset"):
            admin.execute(f'revoke connect on database "{name}" from public')
        for role in ROLES:
            admin.execute(f'grant connect on database "{values["WAREHOUSE_DATABASE"]}" to {role}')


def load_and_publish(stack: Stack) -> None:
    """Load what the chosen source has, beside the sample what lands too, and follow until the marts are published."""
    api = AirflowApi(stack.airflow_url, "engineer", stack.values["AIRFLOW_ADMIN_PASSWORD"])
    with step("Airflow knows the DAGs"):
        for dag in ("dfe_census", "regional_marts", "publish_dashboards", "lswc_analytics", *collections()):
            api.wait_for_dag(dag)
    sample_landing.release_marts(stack.settings, api)
    if sample_landing.are_wanted(stack.settings):
        # The marts are built once for everything, not for each part as it comes.
        with sample_landing.marts_held_back(stack.settings, api):
            refusal = load_sample(stack, api)
        patience = 1
    else:
        refusal = load_census(stack, api)
        patience = 20
    if refusal is not None:
        if not publication_is_due(stack) and not has_published(stack):
            raise refusal
        console.print(str(refusal), style="red", highlight=False, soft_wrap=True, markup=False)
    publish(stack, api, woken_within=patience)


def load_census(stack: Stack, api: AirflowApi) -> StackError | None:
    """Run the DAG dfe_census. A refusal is given back: one bad file must not keep the good ones from being shown."""
    with step(f"Census releases from {stack.values['CENSUS_SOURCE']} (DAG dfe_census)") as status:
        try:
            # On a first start Airflow makes up for the last scheduled run by itself.
            underway = api.unfinished_run("dfe_census", queued_since=stack.started_at)
            follow(api, underway or api.trigger("dfe_census"), status, stack)
        except StackError as error:
            return error
    return None


def load_sample(stack: Stack, api: AirflowApi) -> StackError | None:
    """Land the sample's returns and analytics, load its census, and follow the DAGs that notice what has landed."""
    with step("Sample returns and analytics are invented") as status:
        folders = sample_landing.invent(stack.settings, status.update)
    landed_at = datetime.now(UTC)
    for folder in folders:
        sample_landing.land(stack.settings, folder)
    refusal = load_census(stack, api)
    with step("Sample returns are checked and loaded (a DAG a collection)") as status:
        for collection in collections():
            status.update(f"Sample returns (DAG {collection})")
            run = api.wait_for_run(collection, landed_at, seconds=60)
            follow(api, run or api.trigger(collection), status, stack)
    with step("Sample analytics are loaded (DAG lswc_analytics)") as status:
        follow(api, api.trigger("lswc_analytics"), status, stack)
    return refusal


def publish(stack: Stack, api: AirflowApi, *, woken_within: float) -> None:
    """Have the marts built and published where there is something new, and wait until the dashboards show it.

    Args:
        stack: the stack.
        api: its Airflow.
        woken_within: seconds in which data that were accepted will have woken the DAG by themselves.
    """
    marts_code = fingerprint_of(ROOT / "dbt_project", ROOT / "expectations", ROOT / "ingestion" / "publication.py")
    mark = stack.home / "run" / "marts-code.done"
    code_is_new = not mark.exists() or mark.read_text() != marts_code
    is_due = publication_is_due(stack)
    if not is_due and not code_is_new:
        console.print("[green]✓[/green] Nothing new: the published marts are up to date", highlight=False)
        with step("Dashboards are warmed"):
            refresh_dashboards(stack.settings, quiet=True)
        return
    with step("dbt, the gate and publication (DAG regional_marts)") as status:
        # What was accepted wakes the DAG by itself; changed code without new data does not.
        run = api.wait_for_run("regional_marts", stack.started_at, seconds=woken_within if is_due else 1)
        run = follow(api, run or api.trigger("regional_marts"), status, stack)
    mark.write_text(marts_code)
    with step("Dashboards take the new figures (DAG publish_dashboards)") as status:
        dashboards = api.wait_for_run("publish_dashboards", datetime.fromisoformat(run.run_after), seconds=20)
        follow(api, dashboards or api.trigger("publish_dashboards"), status, stack)


def follow(api: AirflowApi, run: Run, status: Status, stack: Stack) -> Run:
    """Show a DAG run's progress until it is over.

    Raises:
        StackError: it failed; the message names the tasks, the ledger's reason and the logs.
    """
    title = str(status.status)
    while not run.is_over:
        time.sleep(0.5)
        run = api.run(run)
        tasks = api.tasks(run)
        over = sum(task["state"] in ("success", "skipped", "failed", "upstream_failed") for task in tasks)
        busy = ", ".join(
            str(task.get("rendered_map_index") or task["task_id"]) for task in tasks if task["state"] == "running"
        )
        status.update(f"{title}: {over} of {len(tasks)} tasks" + (f", now {busy}" if busy else ""))
    if run.state == "failed":
        failed = [task for task in api.tasks(run) if task["state"] == "failed"]
        reasons = [f"{task['task_id']}: {api.reason(run, task)}" for task in failed]
        raise StackError(
            "\n".join([f"The DAG run {run.dag_id} failed.", *reasons])
            + f"\nLogs: {stack.home / 'airflow' / 'logs'} or {stack.airflow_url}/dags/{run.dag_id}/runs/{run.run_id}"
        )
    return run


def publication_is_due(stack: Stack) -> bool:
    """Whether a release or a return was accepted after the last publication."""
    with stack.settings.connect("loader") as connection:
        row = connection.execute(
            "with accepted as (select decided_at from ledger.releases where status like 'accepted%%' "
            "union all select decided_at from ledger.submissions where decision like 'accepted%%' "
            "union all select decided_at from ledger.deliveries where status like 'accepted%%') "
            "select coalesce(max(decided_at) > (select max(published_at) from ledger.publications), "
            "max(decided_at) is not null) from accepted"
        ).fetchone()
    return bool(row and row[0])


def has_published(stack: Stack) -> bool:
    """Whether marts were ever published here."""
    with stack.settings.connect("loader") as connection:
        return connection.execute("select 1 from ledger.publications limit 1").fetchone() is not None


def tell_addresses(stack: Stack, seconds: float) -> None:
    """The end of `make run`: where everything is and how to get in."""
    values = stack.values
    synthetic = values["CENSUS_SOURCE"] == "sample"
    console.print()
    console.print(
        f"[bold]Ready in {seconds:.0f} s.[/bold]" + (" [bold red]SYNTHETIC SAMPLE DATA[/bold red]" if synthetic else "")
    )
    rows = [
        ("Dashboards", stack.superset_url, "admin", values["SUPERSET_ADMIN_PASSWORD"]),
        ("  as an analyst", "", "analyst", values["SUPERSET_ANALYST_PASSWORD"]),
        ("  as an authority", "", "member", values["SUPERSET_MEMBER_PASSWORD"]),
        ("  open data, no login", f"{stack.superset_url}/superset/dashboard/open_census/", "", ""),
        ("Airflow", stack.airflow_url, "engineer", values["AIRFLOW_ADMIN_PASSWORD"]),
        ("Data Docs", f"{stack.superset_url}/data-docs/", "admin or analyst", ""),
        ("Warehouse", f"127.0.0.1:{values['POSTGRES_PORT']}/{values['WAREHOUSE_DATABASE']}", "", "make psql"),
    ]
    for what, where, who, password in rows:
        console.print(f"{what:<22} {where:<56} {who:<17} {password}".rstrip(), highlight=False, soft_wrap=True)
    console.print(f"Logins are kept in {stack.home / 'environment'} (mode 600).", highlight=False, soft_wrap=True)
    landing = stack.settings.environment.get("LANDING_AREA") or str(stack.home / "landing")
    console.print(
        f"\nReturns land in {landing}/<collection>/<period>/<authority code>/; the receipt is there within a minute.\n"
        f"  {BIN / 'workforce'} template agency_quarterly 2025/26-Q3 > return.xlsx   a blank one to fill in\n"
        f"  {BIN / 'workforce'} check return.xlsx   what is wrong with it, without sending it",
        highlight=False, soft_wrap=True, markup=False,
    )  # fmt: skip


def serve_until_interrupted(stack: Stack) -> None:
    """Stay until Ctrl-C (or a terminate signal), then take everything down."""
    console.print("Serving. Ctrl-C stops everything.")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        while True:
            time.sleep(2)
            for service in stack.services():
                if service.process() is None:
                    raise ServiceError(f"{service.name} has stopped. Its log: {service.log}")
    except KeyboardInterrupt:
        pass
    finally:
        take_down(stack)


def take_down(stack: Stack) -> None:
    """Stop every service of this home folder, Postgres last."""
    with step("Stopped"):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda service: service.stop(), stack.services()))
        stack.postgres.stop()


def existing_stack() -> Stack:
    """The stack of this checkout.

    Raises:
        StackError: it was never started.
    """
    home = local_folder().resolve()
    values = read_environment_file(home / "environment")
    if not values:
        raise StackError("Nothing was started here yet: `make run` does.")
    return Stack(home, values)


def status() -> int:
    """Say what is up; exit code 0 only when everything is."""
    stack = existing_stack()
    states = {"postgres": stack.postgres.is_running()}
    states |= {service.name: service.process() is not None and service.ready() for service in stack.services()}
    for name, is_up in states.items():
        console.print(f"{name:<22} {'[green]up[/green]' if is_up else '[red]down[/red]'}")
    if states["postgres"]:
        from ingestion.status import print_status

        print_status(stack.settings)
    return 0 if all(states.values()) else 1


def reset(is_sure: bool) -> None:
    """Forget all data of the embedded stack: databases, landing area, logs, secrets."""
    home = local_folder().resolve()
    if not (home / "environment").exists():
        console.print("There is nothing to forget.")
        return
    if not is_sure:
        answer = input(f"This deletes every database, file and login in {home}. Type 'forget' to go on: ")
        if answer.strip() != "forget":
            console.print("Nothing was deleted.")
            return
    take_down(existing_stack())
    for entry in home.iterdir():
        if entry.name != "tools":  # the installer itself holds no data
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    console.print("Forgotten. `make run` starts afresh.")


def psql(query: str | None) -> int:
    """Open psql as an analyst (read-only), or run one query: unaligned, no header."""
    stack = existing_stack()
    if not stack.postgres.is_running():
        raise StackError("The warehouse is not running: `make run DETACH=1` starts it.")
    to = stack.settings.connection_arguments("analyst")
    environment = {**os.environ, "PGPASSWORD": to["password"], "PGAPPNAME": "psql"}
    command = [
        str(programs_folder() / "psql"), "-X", "-h", to["host"], "-p", to["port"], "-U", to["user"], "-d", to["dbname"],
        "-v", "ON_ERROR_STOP=1",
    ]  # fmt: skip
    command += ["-q", "-A", "-t", "-c", query] if query else []
    return subprocess.run(command, env=environment, check=False).returncode


def main() -> int:
    """Read the command line and do it; every failure is a message, never a trace."""
    parser = argparse.ArgumentParser(prog="stack", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command_up = commands.add_parser("up", help="set everything up, load, publish, serve")
    command_up.add_argument("--source", help="sample, live, or the path of a folder, CSV or ZIP file")
    command_up.add_argument("--detach", action="store_true", help="return when everything is up")
    commands.add_parser("down", help="stop everything")
    commands.add_parser("status", help="what is up, what is loaded")
    commands.add_parser("reset", help="forget all data").add_argument("--yes", action="store_true")
    commands.add_parser("psql", help="query the warehouse as an analyst").add_argument("sql", nargs="?")
    given = parser.parse_args()
    try:
        if given.command == "up":
            up(given.source or None, given.detach)
        elif given.command == "down":
            take_down(existing_stack())
        elif given.command == "status":
            return status()
        elif given.command == "reset":
            reset(given.yes)
        else:
            return psql(given.sql or None)
    except (StackError, ServiceError, PostgresError, BuildFailed) as error:
        console.print(str(error), style="red", highlight=False, soft_wrap=True, markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
