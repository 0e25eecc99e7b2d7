"""The sample, made once for all tests: its files as published text, and the workers behind them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.sample import generate
from ingestion.sample.returns import write_returns
from ingestion.sample.workforce import Workforce, build_workforce
from tests.ingestion.sample.generated_sample import SEED, Sample, read_text
from tests.ingestion.sample.returned_files import Returns

REAL_DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "ees"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    paths = generate(folder, seed=SEED)
    return Sample(
        folder,
        paths,
        indicators=read_text(folder / "csww_indicators_2017_to_2025.csv"),
        release_before=read_text(folder / "csww_indicators_2017_to_2024.csv"),
        roles=read_text(folder / "csww_role_by_characteristics_inpost_2019_to_2025.csv"),
    )


@pytest.fixture(scope="session")
def workforce() -> Workforce:
    return build_workforce(SEED)


@pytest.fixture(scope="session")
def cell(sample: Sample) -> Callable[..., str]:
    """One cell of the current indicators file, by unit or area code, year and indicator."""
    keyed = sample.indicators.assign(code=sample.indicators["new_la_code"].where(lambda code: code != "", None))
    keyed["code"] = keyed["code"].fillna(keyed["region_code"].where(lambda code: code != "", "E92000001"))
    table = keyed.set_index(["code", "time_period"])

    def look_up(code: str, year: int, indicator: str) -> str:
        return str(table.at[(code, str(year)), indicator])

    return look_up


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not REAL_DATA.is_dir():
        pytest.skip(f"DfE's own files are not at {REAL_DATA}: their headers are not compared here.")
    return REAL_DATA


@pytest.fixture(scope="session")
def returns(tmp_path_factory: pytest.TempPathFactory) -> Returns:
    folder = tmp_path_factory.mktemp("returns")
    return Returns(folder, write_returns(folder, seed=SEED))
