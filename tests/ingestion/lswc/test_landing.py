"""Analytics files in the landing area: taken in once, put away, and answered where they are refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.lswc.landing import anything_accepted, take_in
from ingestion.settings import Settings
from ingestion.sources import SourceError
from tests.ingestion.lswc.files import TODAY, job, jobs, rows, write_csv

JOBS = "lswc_jobs"


@pytest.fixture
def settings(warehouse: Settings, tmp_path: Path) -> Settings:
    """A warehouse that waits for no file to settle."""
    return Settings({**warehouse.environment, "WORKFORCE_HOME": str(tmp_path), "RETURNS_SETTLE_SECONDS": "0"})


@pytest.fixture
def landing(settings: Settings) -> Path:
    folder = settings.home / "landing" / JOBS
    folder.mkdir(parents=True)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_counts_is_put_away_and_wakes_the_marts(settings: Settings, landing: Path) -> None:
    before = datetime.now(UTC)
    write_csv(landing / "2026-09.csv", jobs(20))
    (landing / ".2026-09.csv.swp").touch()
    (landing / "2026-10.csv.part").touch()
    assert not anything_accepted(settings, before)
    (result,) = take_in(settings, landing.parent, "lswc_jobs", as_of=TODAY)
    assert (result.outcome, result.rows_loaded) == ("loaded", 20)
    assert names(landing) == [".2026-09.csv.swp", "2026-10.csv.part", "loaded"]
    (kept,) = names(landing / "loaded")
    assert kept.endswith("-2026-09.csv")
    assert anything_accepted(settings, before)
    assert take_in(settings, landing.parent, "lswc_jobs", as_of=TODAY) == []


def test_the_same_bytes_dropped_again_change_nothing(settings: Settings, landing: Path) -> None:
    for name in ("first.csv", "again.csv"):
        write_csv(landing / name, jobs(20))
        take_in(settings, landing.parent, "lswc_jobs", as_of=TODAY)
    assert rows(settings, "select count(*) as rows from raw.lswc_jobs__job_month") == [{"rows": 20}]
    assert names(landing) == ["loaded"]


def test_a_refused_file_leaves_its_reasons_and_is_kept_in_quarantine(settings: Settings, landing: Path) -> None:
    write_csv(landing / "2026-09.csv", [job(number, views=-1) for number in range(20)])
    (result,) = take_in(settings, landing.parent, "lswc_jobs", as_of=TODAY)
    assert result.outcome == "refused"
    assert names(landing) == ["2026-09.csv.refused.txt"]
    assert "2026-09.csv: refused" in (landing / "2026-09.csv.refused.txt").read_text()
    assert any(settings.quarantine.rglob("*"))
    assert not anything_accepted(settings, datetime.now(UTC))


def test_nothing_is_kept_of_a_file_about_people_not_even_its_name(settings: Settings, landing: Path) -> None:
    folder = landing.parent / "lswc_audience"
    folder.mkdir()
    (folder / "Ada Example registered.csv").write_text("First name,Surname,Email\nAda,Example,ada@people.example\n")
    (result,) = take_in(settings, landing.parent, "lswc_audience", as_of=TODAY)
    assert (result.outcome, result.file_name) == ("refused", None)
    left = [path for path in settings.home.rglob("*") if path.is_file()]
    assert [path.name.startswith("file-") for path in left] == [True]
    assert not any("ada" in (path.name + path.read_text()).lower() for path in left)


def test_a_file_a_manifest_in_the_landing_area_lists_is_synthetic(settings: Settings, landing: Path) -> None:
    import hashlib
    import json

    file = write_csv(landing / "2026-09.csv", jobs(20))
    listed = {f"{JOBS}/2026-09.csv": hashlib.sha256(file.read_bytes()).hexdigest()}
    (landing.parent / "SYNTHETIC.json").write_text(json.dumps({"synthetic": True, "files": listed}))
    (result,) = take_in(settings, landing.parent, "lswc_jobs", as_of=TODAY)
    assert result.is_synthetic


def test_a_file_no_delivery_can_be_as_large_as_is_named_and_the_others_are_loaded(
    settings: Settings, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = write_csv(landing / "b.csv", jobs(20)).stat().st_size
    write_csv(landing / "a.csv", jobs(21))
    monkeypatch.setattr("ingestion.lswc.landing.LARGEST_BYTES", small)
    with pytest.raises(SourceError, match=r"a\.csv: larger than"):
        take_in(settings, landing.parent, "lswc_jobs", as_of=TODAY)
    assert names(landing) == ["a.csv", "loaded"]
