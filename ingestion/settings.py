"""Where things are and how to reach the warehouse: read from the environment, once.

Everything that differs between the embedded stack and production is an environment variable.
The embedded stack writes its own to `.local/environment` (mode 600); that file is read here for
variables the process does not already have, so `workforce` works from a plain shell.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg
from psycopg.conninfo import make_conninfo

ROOT = Path(__file__).resolve().parent.parent

Role = Literal["loader", "transformer", "members_reader", "public_reader", "analyst"]


class SettingsError(Exception):
    """A setting the work cannot go on without is missing; the message says which and what to do."""


def local_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder that holds everything the embedded stack makes (`WORKFORCE_HOME`, default `.local`)."""
    return Path(environment.get("WORKFORCE_HOME", ROOT / ".local"))


def read_environment_file(path: Path) -> dict[str, str]:
    """Read `KEY=value` lines; a missing file is an empty environment."""
    if not path.exists():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs if not key.lstrip().startswith("#")}


@dataclass(frozen=True)
class Settings:
    """The process's settings: the environment, completed from the embedded stack's own file."""

    environment: Mapping[str, str]

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment; variables already set win over the embedded stack's file."""
        return cls({**read_environment_file(local_folder() / "environment"), **os.environ})

    def get(self, name: str) -> str:
        """One variable's value.

        Raises:
            SettingsError: it is not set.
        """
        try:
            return self.environment[name]
        except KeyError:
            raise SettingsError(
                f"{name} is not set. Start the embedded stack with `make run DETACH=1`, "
                "or set it in the environment (infra/README.md lists all of them)."
            ) from None

    @property
    def home(self) -> Path:
        """The embedded stack's folder."""
        return local_folder(self.environment)

    @property
    def quarantine(self) -> Path:
        """Where refused files are kept, outside the database."""
        return self.home / "quarantine"

    def connection_arguments(self, role: Role) -> dict[str, str]:
        """libpq's arguments to reach the warehouse as one of its roles."""
        return {
            "host": self.get("WAREHOUSE_HOST"),
            "port": self.get("WAREHOUSE_PORT"),
            "dbname": self.get("WAREHOUSE_DATABASE"),
            "user": role,
            "password": self.get(f"WAREHOUSE_{role.upper()}_PASSWORD"),
        }

    def connect(self, role: Role) -> psycopg.Connection:
        """Open a connection to the warehouse as one of its roles.

        Raises:
            SettingsError: the warehouse cannot be reached, or its address is not set.
        """
        try:
            return psycopg.connect(make_conninfo(**self.connection_arguments(role), application_name="workforce"))
        except psycopg.OperationalError as error:
            raise SettingsError(
                "The warehouse does not answer. Is it running? `make status` tells; "
                f"`make run DETACH=1` starts it. ({str(error).strip().splitlines()[-1]})"
            ) from None
