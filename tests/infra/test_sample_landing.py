"""The sample lands only where nothing else is, and never without the list that says they are invented."""

import json
from pathlib import Path

import pytest

from infra.local import sample_landing
from ingestion.returns.specification import collections
from ingestion.settings import Settings

RETURN = "csww_census/2024/E09000007/census.xml"


@pytest.fixture
def stack_settings(warehouse: Settings, tmp_path: Path) -> Settings:
    """A stack that shows the sample, its landing folders made."""
    settings = Settings({**warehouse.environment, "WORKFORCE_HOME": str(tmp_path), "CENSUS_SOURCE": "sample"})
    sample_landing.make_landing_folders(settings)
    return settings


def but(settings: Settings, **changed: str) -> Settings:
    return Settings({**settings.environment, **changed})


def test_there_is_a_private_landing_folder_for_every_collection(stack_settings: Settings, tmp_path: Path) -> None:
    folders = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "landing").iterdir()}
    analytics = ("lswc_web", "lswc_jobs", "lswc_audience")
    assert folders == dict.fromkeys((*collections(), *analytics), "0o700")


def test_they_are_wanted_beside_the_sample_only(stack_settings: Settings) -> None:
    assert sample_landing.are_wanted(stack_settings)
    assert not sample_landing.are_wanted(but(stack_settings, CENSUS_SOURCE="live"))
    assert not sample_landing.are_wanted(but(stack_settings, CENSUS_SOURCE="/srv/releases"))
    assert not sample_landing.are_wanted(but(stack_settings, LANDING_AREA="s3://store@returns/landing"))


def test_they_are_not_wanted_where_a_file_waits(stack_settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "landing" / RETURN
    file.parent.mkdir(parents=True)
    file.touch()
    assert not sample_landing.are_wanted(stack_settings)


def test_they_are_not_wanted_where_a_return_was_ever_received(stack_settings: Settings) -> None:
    with stack_settings.connect("loader") as connection:
        connection.execute(
            "insert into ledger.submissions "
            "(collection, version, sha256, file_names, landing_path, is_synthetic, key_id) "
            "values ('csww_census', 1, repeat('0', 64), '{a.xml}', 'x', false, 'key')"
        )
    assert not sample_landing.are_wanted(stack_settings)


def test_landing_moves_every_file_and_the_list_of_synthetic_ones(stack_settings: Settings, tmp_path: Path) -> None:
    made = tmp_path / "sample-returns"
    files = {
        RETURN: "a",
        "csww_census/2025/E09000007/census.xml": "b",
        "ep_workforce/2025-26-Q3/E09000003/ep.xlsx": "c",
    }
    for name, text in files.items():
        (made / name).parent.mkdir(parents=True)
        (made / name).write_text(text)
    (made / "SYNTHETIC.json").write_text(json.dumps({"synthetic": True, "files": {}}))
    sample_landing.land(stack_settings, made)
    landing = tmp_path / "landing"
    landed = {str(path.relative_to(landing)): path.read_text() for path in landing.rglob("*") if path.is_file()}
    lists = [landed.pop(f"{collection}/SYNTHETIC.json") for collection in ("csww_census", "ep_workforce")]
    assert lists == [json.dumps({"synthetic": True, "files": {}})] * 2
    assert landed == files
    assert not made.exists()
