"""What the tests of sources share: a stand-in for DfE's service, and a client of it that does not really wait."""

from collections.abc import Iterator

import pytest

from ingestion.sources.ees import EesSource, load_service
from ingestion.sources.web import Web
from tests.ingestion.sources.ees_server import FakeEes


@pytest.fixture
def ees(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEes]:
    # A proxy set on the machine must not stand between the client and the stand-in.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FakeEes() as service:
        yield service


@pytest.fixture
def waits() -> list[float]:
    """The seconds the client would have waited, in order."""
    return []


@pytest.fixture
def source(ees: FakeEes, waits: list[float]) -> EesSource:
    return EesSource(load_service(ees.environment), Web(sleep=waits.append))
