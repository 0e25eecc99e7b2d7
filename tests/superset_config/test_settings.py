"""Superset starts only with everything it needs, and says in one line what is missing."""

import os
import subprocess
import sys

import pytest

from ingestion.settings import ROOT
from superset_config.environment import Environment, MissingSetting

COMPLETE = {
    "SUPERSET_SECRET_KEY": "x" * 48,
    "SUPERSET_METADATA_URL": "postgresql+psycopg2://superset:pw@127.0.0.1:1/superset",
    "WAREHOUSE_HOST": "127.0.0.1",
    "WAREHOUSE_PORT": "1",
    "WAREHOUSE_DATABASE": "warehouse",
    "WAREHOUSE_MEMBERS_READER_PASSWORD": "members",
    "WAREHOUSE_PUBLIC_READER_PASSWORD": "public",
}


def test_a_complete_environment_is_enough() -> None:
    Environment(COMPLETE).check()


@pytest.mark.parametrize("name", COMPLETE)
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(MissingSetting, match=name):
        Environment({key: value for key, value in COMPLETE.items() if key != name}).check()


def test_a_short_secret_key_is_refused() -> None:
    with pytest.raises(MissingSetting, match="at least 32"):
        Environment({**COMPLETE, "SUPERSET_SECRET_KEY": "changeme"}).check()


def test_a_missing_setting_ends_the_program_with_one_line_and_no_stack_trace() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from superset_config.environment import Environment; Environment.load().check()"],
        env={"PATH": os.environ["PATH"]}, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "SUPERSET_SECRET_KEY is not set" in result.stderr


def test_a_password_with_odd_characters_keeps_its_meaning() -> None:
    url = Environment({**COMPLETE, "WAREHOUSE_PUBLIC_READER_PASSWORD": "p@ss/w:rd"}).warehouse_url("public_reader")
    assert url == "postgresql+psycopg2://public_reader:p%40ss%2Fw%3Ard@127.0.0.1:1/warehouse"


@pytest.mark.parametrize("role", ["transformer", "loader", "postgres"])
def test_superset_connects_as_a_reader_only(role: str) -> None:
    with pytest.raises(ValueError, match="members_reader or public_reader"):
        Environment(COMPLETE).warehouse_url(role)


def test_https_makes_cookies_secure_only_where_it_is_said() -> None:
    assert not Environment(COMPLETE).https
    assert Environment({**COMPLETE, "SUPERSET_HTTPS": "1"}).https
