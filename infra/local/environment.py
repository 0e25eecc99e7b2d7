"""The embedded stack's settings and secrets: made once, random, kept in `.local/environment` with mode 600."""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from infra.local.preflight import PORTS
from ingestion.settings import ROOT, read_environment_file

# Values a person may set when starting the stack; what they set is remembered for the next start.
CHOSEN = {**{name: str(port) for name, port in PORTS.items()}, "CENSUS_SOURCE": "sample"}

# Unset unless a person sets them; then remembered, whether given at a start or written into the file by hand.
OPTIONAL = (
    "LANDING_AREA",
    "LSWC_GA4_CREDENTIALS",
    "LSWC_GA4_PROPERTY",
    "LSWC_GA4_TOKEN_URL",
    "LSWC_GA4_URL",
    "RETURNS_CONTACTS",
    "RETURNS_DESK_EMAIL",
    "SMTP_HOST",
    "SMTP_PORT",
    "SMTP_USER",
    "SMTP_PASSWORD",
    "SMTP_SECURITY",
    "SMTP_FROM",
)

PASSWORDS = (
    "POSTGRES_PASSWORD",
    "WAREHOUSE_LOADER_PASSWORD",
    "WAREHOUSE_TRANSFORMER_PASSWORD",
    "WAREHOUSE_MEMBERS_READER_PASSWORD",
    "WAREHOUSE_PUBLIC_READER_PASSWORD",
    "WAREHOUSE_ANALYST_PASSWORD",
    "AIRFLOW_DATABASE_PASSWORD",
    "AIRFLOW_ADMIN_PASSWORD",
    "SUPERSET_DATABASE_PASSWORD",
    "SUPERSET_ADMIN_PASSWORD",
    "SUPERSET_ANALYST_PASSWORD",
    "SUPERSET_MEMBER_PASSWORD",
)
# Each of at least 32 random bytes, in URL-safe base 64. PSEUDONYM_KEY is never made anew: with another one, workers
# of earlier years can no longer be linked to later ones, and the kept files of senders cannot be opened.
KEYS = ("SUPERSET_SECRET_KEY", "AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET", "PSEUDONYM_KEY")


def prepare_environment(home: Path, chosen: Mapping[str, str]) -> dict[str, str]:
    """Read the stack's settings, making what is missing, and write them back.

    Args:
        home: the stack's folder.
        chosen: what the person set for this start (ports, `CENSUS_SOURCE`, anything of `OPTIONAL`); remembered.

    Returns:
        Every variable a service of the embedded stack needs.
    """
    path = home / "environment"
    kept = read_environment_file(path)
    values = {name: chosen.get(name) or kept.get(name) or default for name, default in CHOSEN.items()}
    values |= {name: text for name in OPTIONAL if (text := chosen.get(name) or kept.get(name))}
    for name in PASSWORDS:
        values[name] = kept.get(name) or secrets.token_urlsafe(18)
    for name in KEYS:
        values[name] = kept.get(name) or secrets.token_urlsafe(48)
    # Fernet, with which Airflow encrypts connections, takes exactly 32 bytes in URL-safe base 64.
    values["AIRFLOW__CORE__FERNET_KEY"] = (
        kept.get("AIRFLOW__CORE__FERNET_KEY") or base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    )
    values |= derived(home, values)
    write_private(path, "".join(f"{name}={value}\n" for name, value in sorted(values.items())))
    return values


def derived(home: Path, values: Mapping[str, str]) -> dict[str, str]:
    """What follows from the ports and passwords: addresses, folders and Airflow's configuration."""
    postgres = f"127.0.0.1:{values['POSTGRES_PORT']}"
    airflow = f"http://127.0.0.1:{values['AIRFLOW_PORT']}"
    return {
        "WORKFORCE_HOME": str(home),
        "WAREHOUSE_HOST": "127.0.0.1",
        "WAREHOUSE_PORT": values["POSTGRES_PORT"],
        "WAREHOUSE_DATABASE": "warehouse",
        "SUPERSET_METADATA_URL": f"postgresql+psycopg2://superset:{values['SUPERSET_DATABASE_PASSWORD']}@{postgres}/superset",
        "DO_NOT_TRACK": "1",
        "SCARF_ANALYTICS": "false",
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{airflow}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "engineer:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "airflow-passwords.json"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": (
            f"postgresql+psycopg2://airflow:{values['AIRFLOW_DATABASE_PASSWORD']}@{postgres}/airflow"
        ),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": values["AIRFLOW_PORT"],
        "AIRFLOW__API__BASE_URL": airflow,
        "AIRFLOW__API__WORKERS": "1",
        # New and changed files are seen within this many seconds; parsing costs little, the files hold no logic.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
    }


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    incoming = path.with_suffix(".incoming")
    descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    incoming.replace(path)
