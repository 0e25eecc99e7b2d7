"""Look before anything is changed: the right Python, room on the disk, free ports.

Runs on the machine's own Python before there is an environment, so it uses the standard library only and
stays readable by older Pythons: its own message must reach a person who has the wrong one.
"""

import os
import shutil
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Both environments take 2.2 GB; the databases, logs and caches of the sample well under 1 GB.
SPACE_NEEDED_GB = 4
SPACE_NEEDED_INSTALLED_GB = 1
PORTS = {"POSTGRES_PORT": 54320, "AIRFLOW_PORT": 8080, "SUPERSET_PORT": 8088}


def problems(look_at_ports: bool = True) -> "list[str]":
    """Everything that would stop the stack from running, one clear line each."""
    found = []
    if not (3, 11) <= sys.version_info[:2] <= (3, 12):
        version = ".".join(str(part) for part in sys.version_info[:3])
        found.append(
            f"Python 3.11 or 3.12 is needed, this is {version} ({sys.executable}). "
            "Install one, or name it: make run PYTHON=/path/to/python3.11"
        )
        return found
    installed = (ROOT / ".venv" / ".installed").exists()
    needed = SPACE_NEEDED_INSTALLED_GB if installed else SPACE_NEEDED_GB
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < needed:
        found.append(f"{needed} GB of disk are needed in {ROOT}, only {free:.1f} GB are free. Make room and try again.")
    home = Path(os.environ.get("WORKFORCE_HOME", ROOT / ".local"))
    settings = {}
    if (home / "environment").exists():
        lines = (home / "environment").read_text().splitlines()
        settings = dict(line.split("=", 1) for line in lines if "=" in line)
    pid_files = {
        "POSTGRES_PORT": home / "postgres" / "data" / "postmaster.pid",
        "AIRFLOW_PORT": home / "run" / "airflow-api-server.pid",
        "SUPERSET_PORT": home / "run" / "superset.pid",
    }
    for variable, default in PORTS.items() if look_at_ports else ():
        port = os.environ.get(variable) or settings.get(variable) or str(default)
        if not port.isdigit() or not 0 < int(port) < 65536:
            found.append(f"{variable}={port} is not a port number.")
            continue
        running_here = port == settings.get(variable) and is_alive(pid_files[variable])
        if not running_here and is_busy(int(port)):
            found.append(
                f"Port {port} on 127.0.0.1 is taken by another program. Stop it, or choose another port: "
                f"make run {variable}={int(port) + 10000 if int(port) < 55000 else int(port) - 1000}"
            )
    return found


def is_alive(pid_file: Path) -> bool:
    """Whether the process a pid file names still lives: a stack that is up keeps its ports."""
    try:
        os.kill(int(pid_file.read_text().split()[0]), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, IndexError):
        return False
    return True


def is_busy(port: int) -> bool:
    """Whether something listens on a local port, or the port cannot be had."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


if __name__ == "__main__":
    # Tests find free ports of their own.
    lines = problems(look_at_ports="--no-ports" not in sys.argv)
    for line in lines:
        print(line, file=sys.stderr)
    sys.exit(1 if lines else 0)
