"""What more than one module of these tests stands on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.build import build_candidates
from ingestion.returns import desk
from ingestion.sample.returns import write_returns
from ingestion.settings import Settings
from tests.conftest import load_and_accept
from tests.dbt_project.independent.comparing import Held

RETURNS = ("csww_census", "agency_quarterly", "leadership_in_colour", "ep_workforce")


@pytest.fixture(scope="session")
def warehouse_with_returns(
    new_warehouse: Callable[[str], Settings], sample_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The whole sample: DfE's statistics and every return of every period through the desk; candidate marts built."""
    settings = new_warehouse("marts")
    load_and_accept(settings, sample_folder)
    landing = tmp_path_factory.mktemp("every_return")
    write_returns(landing)
    for collection in RETURNS:
        desk.take_in(settings, landing, collection)
        desk.decide(settings, landing, collection)
    build_candidates(settings)
    return settings


@pytest.fixture(scope="session")
def held(warehouse_with_returns: Settings) -> Held:
    """The marts of the whole sample, and the same figures computed independently."""
    return Held(warehouse_with_returns)
