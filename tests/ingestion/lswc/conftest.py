"""What the tests of analytics share: a stand-in for Google, and a client of it that does not really wait."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from ingestion.lswc.ga4 import DataApi, ServiceAccount
from ingestion.lswc.specification import load_specification
from ingestion.sample.lswc.writing import pulled_month
from ingestion.settings import Settings
from ingestion.sources.web import Patience
from tests.ingestion.lswc.ga4_server import PROPERTY, SEED, FakeGoogle


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy set on the machine must not stand between the client and the stand-in."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as service:
        yield service


@pytest.fixture
def waits() -> list[float]:
    """The seconds the client would have waited, in order."""
    return []


@pytest.fixture
def client_of(tmp_path: Path, waits: list[float]) -> Callable[..., DataApi]:
    """Makes a client of a stand-in: patient, but never really waiting."""

    def make(google: FakeGoogle, property_id: str = PROPERTY, longest_quota_wait_seconds: float = 600) -> DataApi:
        return DataApi(
            f"{google.root}/v1beta",
            property_id,
            ServiceAccount.read(google.write_credentials(tmp_path / "credentials.json")),
            load_specification("lswc_web").described["api"]["scope"],
            patience=Patience(tries=3, longest_wait_seconds=60),
            longest_quota_wait_seconds=longest_quota_wait_seconds,
            sleep=waits.append,
        )

    return make


@pytest.fixture
def with_google(tmp_path: Path) -> Callable[[Settings, FakeGoogle], Settings]:
    """A warehouse's settings with those of the stand-in added."""

    def add(warehouse: Settings, google: FakeGoogle) -> Settings:
        credentials = google.write_credentials(tmp_path / "service-account.json")
        return Settings({**warehouse.environment, **google.settings(credentials)})

    return add


@pytest.fixture(scope="session")
def pulls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Saved pulls of two months of the sample, in a folder without a marker: as real ones would be."""
    folder = tmp_path_factory.mktemp("pulls")
    for month in (date(2023, 8, 1), date(2023, 9, 1)):
        (folder / f"lswc_web_{month:%Y-%m}.json").write_bytes(pulled_month(SEED, month))
    return folder


@pytest.fixture(scope="module")
def people_warehouse(new_warehouse: Callable[[str], Settings]) -> Settings:
    """A warehouse that only ever sees files it must turn away."""
    return new_warehouse("people")
