"""What Superset needs from the environment: no default secret, one clear line when something is missing."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent

READER_ROLES = ("members_reader", "public_reader")
SHORTEST_SECRET = 32


class MissingSetting(SystemExit):
    """A setting is missing or unusable. Leaving by SystemExit prints the line alone, without a stack trace."""


@dataclass(frozen=True)
class Environment:
    """The process's environment, read by name with plain errors."""

    variables: Mapping[str, str]

    @classmethod
    def load(cls) -> "Environment":
        """This process's own environment."""
        return cls(os.environ)

    def required(self, name: str) -> str:
        """One variable's value; ends the process with one line when it is missing or empty."""
        value = self.variables.get(name, "")
        if not value:
            raise MissingSetting(
                f"Superset cannot start: {name} is not set. `make run` sets it for the embedded stack; "
                "superset_config/README.md lists what production needs."
            )
        return value

    def secret_key(self) -> str:
        """The key that signs sessions and encrypts the connections' passwords; there is no default."""
        key = self.required("SUPERSET_SECRET_KEY")
        if len(key) < SHORTEST_SECRET:
            raise MissingSetting(
                f"Superset cannot start: SUPERSET_SECRET_KEY has {len(key)} characters; "
                f"use at least {SHORTEST_SECRET} random ones (`openssl rand -base64 42`)."
            )
        return key

    @property
    def home(self) -> Path:
        """The folder that holds everything the stack makes (`WORKFORCE_HOME`, default `.local`)."""
        return Path(self.variables.get("WORKFORCE_HOME") or ROOT / ".local")

    @property
    def https(self) -> bool:
        """Whether people reach Superset over HTTPS (production, behind a proxy that ends it)."""
        return self.variables.get("SUPERSET_HTTPS", "") == "1"

    def warehouse_url(self, role: str) -> str:
        """A SQLAlchemy URL of the warehouse for one of the reader roles."""
        if role not in READER_ROLES:
            raise ValueError(f"Superset may connect as {' or '.join(READER_ROLES)} only, not as {role}.")
        password = quote(self.required(f"WAREHOUSE_{role.upper()}_PASSWORD"), safe="")
        host, port = self.required("WAREHOUSE_HOST"), self.required("WAREHOUSE_PORT")
        return f"postgresql+psycopg2://{role}:{password}@{host}:{port}/{self.required('WAREHOUSE_DATABASE')}"

    def check(self) -> None:
        """End the process with one line unless everything Superset cannot do without is there."""
        self.secret_key()
        self.required("SUPERSET_METADATA_URL")
        for role in READER_ROLES:
            self.warehouse_url(role)
