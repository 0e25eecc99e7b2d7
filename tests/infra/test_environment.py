"""Secrets of the embedded stack: random, private, made once."""

import base64
import re
import stat
from pathlib import Path

from infra.local.environment import KEYS, OPTIONAL, PASSWORDS, prepare_environment
from ingestion.settings import ROOT, Settings, SettingsError, read_environment_file


def test_secrets_are_random_and_only_the_owner_can_read_them(tmp_path: Path) -> None:
    one = prepare_environment(tmp_path / "one", {})
    two = prepare_environment(tmp_path / "two", {})
    for name in (*PASSWORDS, *KEYS, "AIRFLOW__CORE__FERNET_KEY"):
        assert len(one[name]) >= 20
        assert one[name] != two[name], name
    assert len({one[name] for name in PASSWORDS}) == len(PASSWORDS)
    assert stat.S_IMODE((tmp_path / "one" / "environment").stat().st_mode) == 0o600


def test_a_second_start_keeps_secrets_and_remembers_what_was_chosen(tmp_path: Path) -> None:
    first = prepare_environment(tmp_path, {"SUPERSET_PORT": "18088", "CENSUS_SOURCE": "live"})
    assert prepare_environment(tmp_path, {}) == first
    moved = prepare_environment(tmp_path, {"SUPERSET_PORT": "28088"})
    assert moved["SUPERSET_PORT"] == "28088"
    assert moved["SUPERSET_SECRET_KEY"] == first["SUPERSET_SECRET_KEY"]
    assert read_environment_file(tmp_path / "environment") == moved


def test_the_pseudonym_key_is_random_long_enough_and_never_made_anew(tmp_path: Path) -> None:
    first = prepare_environment(tmp_path, {})["PSEUDONYM_KEY"]
    assert len(base64.urlsafe_b64decode(first)) >= 32
    again = prepare_environment(tmp_path, {"PSEUDONYM_KEY": "another", "SUPERSET_PORT": "28088"})
    assert again["PSEUDONYM_KEY"] == first


def test_mail_and_landing_area_are_unset_until_a_person_sets_them_and_then_remembered(tmp_path: Path) -> None:
    assert not set(OPTIONAL) & set(prepare_environment(tmp_path, {}))
    prepare_environment(tmp_path, {"LANDING_AREA": "s3://store@returns/landing"})
    with (tmp_path / "environment").open("a") as by_hand:
        by_hand.write("SMTP_HOST=mail.example.org\n")
    kept = prepare_environment(tmp_path, {})
    assert (kept["LANDING_AREA"], kept["SMTP_HOST"]) == ("s3://store@returns/landing", "mail.example.org")


def test_every_setting_of_the_returns_is_explained() -> None:
    page = (ROOT / "infra" / "README.md").read_text()
    assert [name for name in (*OPTIONAL, "PSEUDONYM_KEY") if f"`{name}`" not in page] == []


def test_a_missing_setting_is_named_with_what_to_do() -> None:
    try:
        Settings({}).connection_arguments("loader")
    except SettingsError as error:
        assert re.search(r"WAREHOUSE_HOST is not set.*make run", str(error))
    else:
        raise AssertionError("a missing setting must be an error")


def test_no_secret_stands_in_the_code() -> None:
    literal = re.compile(r"(password|secret|token)\w*[\"']?\s*[:=]\s*[\"'][A-Za-z0-9+/_-]{8,}[\"']", re.IGNORECASE)
    folders = ("dags", "expectations", "infra", "ingestion", "superset_config")
    files = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".yml", ".yaml", ".sql", ".cfg") and ".venv" not in path.parts
    ]
    found = [f"{path}: {match.group(0)}" for path in files for match in literal.finditer(path.read_text())]
    assert found == []
