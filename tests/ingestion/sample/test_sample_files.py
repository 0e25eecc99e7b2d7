"""The sample's files have exactly the form of DfE's (headers, keys, constants, rounding, symbols)."""

import csv
import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from ingestion.sample import SampleError, generate
from ingestion.statistics.reader import read_release
from ingestion.statistics.specification import load_specification
from tests.ingestion.sample.generated_sample import SEED, Sample, read_text

GEOGRAPHY = (
    "time_period,time_identifier,geographic_level,country_code,country_name,"
    "region_code,region_name,old_la_code,new_la_code,la_name"
)
INDICATORS = (
    "inpost_fte,inpost_headcount,starters_fte,starters_headcount,leavers_fte,leavers_headcount,"
    "turnover_rate_fte,turnover_rate_headcount,agency_fte,agency_headcount,agency_rate_fte,agency_rate_headcount,"
    "agency_cover_fte,agency_cover_rate_fte,vacancy_fte,vacancy_rate_fte,vacancy_agency_cover_rate_fte,"
    "case_holders_fte,cases,caseload_fte,working_days_lost_fte,absence_rate_fte"
)
ROLES = "role,breakdown_topic,breakdown,inpost_FTE,inpost_FTE_percentage,inpost_headcount,inpost_headcount_percentage"
KEY = ["time_period", "geographic_level", "region_code", "new_la_code"]
NUMBER = re.compile(r"\d+(\.[1-9])?")
SYMBOLS = {"x", "z", "c", "u", "low"}


def test_the_same_seed_and_scale_give_the_same_bytes(tmp_path: Path) -> None:
    first = generate(tmp_path / "first", seed=7, scale=0.1)
    second = generate(tmp_path / "second", seed=7, scale=0.1)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_the_files_carry_dfes_names_and_the_manifest_lists_their_hashes(sample: Sample) -> None:
    assert [path.name for path in sample.paths] == [
        "csww_indicators_2017_to_2024.csv",
        "csww_indicators_2017_to_2025.csv",
        "csww_role_by_characteristics_inpost_2019_to_2025.csv",
        "SYNTHETIC.json",
    ]
    manifest = json.loads((sample.folder / "SYNTHETIC.json").read_text())
    assert manifest["synthetic"] is True
    assert manifest["seed"] == SEED
    assert manifest["files"] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sample.paths if path.suffix == ".csv"
    }


def test_headers_are_those_of_the_current_layout(sample: Sample) -> None:
    before, current, roles = (path.read_text("utf-8").split("\n", 1)[0] for path in sample.paths[:3])
    assert before == current == f"{GEOGRAPHY},{INDICATORS}"
    assert roles == f"{GEOGRAPHY},{ROLES}"


def test_headers_equal_those_of_dfes_own_files(sample: Sample, real_data: Path) -> None:
    for own, theirs in (
        ("csww_indicators_2017_to_2025.csv", "csww_indicators_2017_to_2024.csv"),
        (
            "csww_role_by_characteristics_inpost_2019_to_2025.csv",
            "csww_role_by_characteristics_inpost_2019_to_2024.csv",
        ),
    ):
        with (real_data / theirs).open(encoding="utf-8", newline="") as file:
            header = (sample.folder / own).read_text("utf-8").split("\n", 1)[0]
            assert header.split(",") == next(csv.reader(file))


def test_the_project_reads_its_own_sample(sample: Sample) -> None:
    releases = [read_release(path, load_specification()) for path in sample.paths if path.suffix == ".csv"]
    assert [(release.layout.name, release.publication_year) for release in releases] == [
        ("indicators", 2024),
        ("indicators", 2025),
        ("role_by_characteristics", 2025),
    ]
    for release in releases:
        assert release.unknown_columns == ()
        statuses = [name for name in release.table.column_names if name.endswith("_status")]
        seen = {status for name in statuses for status in release.table[name].unique().to_pylist()}
        assert seen <= {None, *SYMBOLS}


def test_keys_are_unique(sample: Sample) -> None:
    assert not sample.indicators.duplicated(KEY).any()
    assert not sample.release_before.duplicated(KEY).any()
    assert not sample.roles.duplicated([*KEY, "role", "breakdown_topic", "breakdown"]).any()


def test_every_area_is_there_in_every_year(sample: Sample) -> None:
    years = [str(year) for year in range(2017, 2026)]
    for frame, first, releases in (
        (sample.indicators, 0, years),
        (sample.release_before, 0, years[:-1]),
        (sample.roles[sample.roles["role"].eq("Total") & sample.roles["breakdown"].eq("Total")], 2, years),
    ):
        assert list(frame["time_period"].unique()) == releases[first:][::-1], "newest year first"
        for _, year in frame.groupby("time_period"):
            regions = year[year["geographic_level"] == "Regional"]
            london = year[year["region_code"].isin(["E13000001", "E13000002"]) & (year["new_la_code"] != "")]
            assert (year["geographic_level"] == "National").sum() == 1
            assert sorted(regions["region_code"]) == [
                *(f"E1200000{number}" for number in range(1, 10)),
                "E13000001",
                "E13000002",
            ]
            assert len(london) == 32
            assert not ((year["region_code"] == "E12000007") & (year["new_la_code"] != "")).any()


def test_constants_and_the_joint_unit(sample: Sample) -> None:
    for frame in (sample.indicators, sample.roles):
        assert set(frame["time_identifier"]) == {"Reporting year"}
        assert set(frame["country_code"]) == {"E92000001"}
        joint = frame[frame["la_name"] == "Kingston upon Thames / Richmond upon Thames"]
        assert set(joint["old_la_code"]) == {"314 / 318"}
        assert set(joint["new_la_code"]) == {"E09000021 / E09000027"}
        assert not frame["new_la_code"].isin(["E09000021", "E09000027"]).any()
        greenwich = frame[frame["la_name"] == "Greenwich"]
        assert set(greenwich["region_name"]) == {"Outer London"}


def test_cells_are_rounded_numbers_or_symbols(sample: Sample) -> None:
    for frame, first in ((sample.indicators, 10), (sample.release_before, 10), (sample.roles, 13)):
        values = pd.unique(frame.iloc[:, first:].to_numpy().ravel())
        odd = [value for value in values if value not in SYMBOLS and not NUMBER.fullmatch(value)]
        assert odd == []
    for frame in (sample.indicators, sample.roles):
        for column in [
            name for name in frame if (name.endswith("headcount") and "rate" not in name) or name == "cases"
        ]:
            assert not frame[column].str.contains(".", regex=False).any(), column


def test_no_registration_number_is_written(sample: Sample) -> None:
    for path in sample.paths:
        assert not re.search(r"\b[A-Z]{2}\d{4,}", re.sub(r"SYNTHETIC|E[01][0-9]\d{6}|E92000001", "", path.read_text()))


def test_scale_multiplies_the_workers(sample: Sample, tmp_path: Path) -> None:
    generate(tmp_path, seed=SEED, scale=0.5)
    half = read_text(tmp_path / "csww_indicators_2017_to_2025.csv")
    assert list(half["new_la_code"]) == list(sample.indicators["new_la_code"])
    for measure in ("inpost_headcount", "agency_headcount", "cases"):
        counted = [
            frame.loc[frame["geographic_level"] == "National", measure].astype(int)
            for frame in (half, sample.indicators)
        ]
        assert (counted[0] / counted[1]).between(0.48, 0.52).all(), measure


@pytest.mark.parametrize("scale", [0, 0.05, 101])
def test_a_scale_out_of_range_is_refused(tmp_path: Path, scale: float) -> None:
    with pytest.raises(SampleError, match=r"from 0\.1 to 100"):
        generate(tmp_path, scale=scale)
    assert list(tmp_path.iterdir()) == []


def test_a_file_the_sample_did_not_make_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "csww_indicators_2017_to_2024.csv"
    theirs.write_text("real figures")
    with pytest.raises(SampleError, match="the sample did not make it"):
        generate(tmp_path, scale=0.1)
    assert theirs.read_text() == "real figures"
    assert list(tmp_path.iterdir()) == [theirs]


def test_making_the_sample_again_replaces_it(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in generate(tmp_path, seed=1, scale=0.1)]
    said: list[str] = []
    paths = generate(tmp_path, seed=2, scale=0.1, progress=said.append)
    assert all(path.read_bytes() != before for path, before in zip(paths, first, strict=True)), "another seed"
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert json.loads((tmp_path / "SYNTHETIC.json").read_text())["seed"] == 2
    assert said[0] == "Inventing the workers of 2017"
