"""The dbt project itself: what every model must say of itself."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ingestion.build import DBT_PROJECT

Manifest = Mapping[str, Any]


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, str]:
    """The manifest, and what dbt printed while parsing; no database is needed."""
    folder = tmp_path_factory.mktemp("dbt")
    program = Path(sys.executable).with_name("dbt")
    result = subprocess.run(
        [program, "parse", "--no-partial-parse", "--target-path", folder, "--log-path", folder],
        cwd=DBT_PROJECT, capture_output=True, text=True, check=False,
        env={**os.environ, "DBT_PROFILES_DIR": str(DBT_PROJECT), "DO_NOT_TRACK": "1"},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads((folder / "manifest.json").read_text()), result.stdout


@pytest.fixture(scope="module")
def manifest(parsed: tuple[Manifest, str]) -> Manifest:
    return parsed[0]


def _nodes(manifest: Manifest, kind: str) -> Iterator[Mapping[str, Any]]:
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == kind]
    assert found
    yield from found


def test_it_parses_without_a_database_and_without_a_warning(parsed: tuple[Manifest, str]) -> None:
    assert "WARNING" not in parsed[1].upper()
    assert "DEPRECAT" not in parsed[1].upper()


def test_every_model_and_seed_says_first_what_one_row_is(manifest: Manifest) -> None:
    silent = [
        node["name"]
        for kind in ("model", "seed")
        for node in _nodes(manifest, kind)
        if not node["description"].startswith("One row per ")
    ]
    assert silent == []


def test_every_described_column_says_what_it_is(manifest: Manifest) -> None:
    silent = [
        f"{node['name']}.{column['name']}"
        for node in _nodes(manifest, "model")
        for column in node["columns"].values()
        if not column["description"].strip()
    ]
    assert silent == []


def test_every_mart_and_open_data_table_has_an_enforced_contract_and_a_key(manifest: Manifest) -> None:
    published = [
        node for node in _nodes(manifest, "model") if node["schema"] in ("marts_candidate", "open_data_candidate")
    ]
    assert len(published) == 40
    for node in published:
        assert node["config"]["contract"]["enforced"], node["name"]
        assert any(constraint["type"] == "primary_key" for constraint in node["constraints"]), node["name"]
        assert node["config"]["materialized"] == "table", node["name"]


def test_models_land_in_the_warehouses_schemas_and_no_other(manifest: Manifest) -> None:
    schemas = {node["schema"] for kind in ("model", "seed") for node in _nodes(manifest, kind)}
    assert schemas == {
        "reference", "staging", "intermediate", "marts_candidate", "open_data_candidate", "restricted_candidate",
    }  # fmt: skip


def test_every_mart_feeds_a_dashboard(manifest: Manifest) -> None:
    fed = {name for exposure in manifest["exposures"].values() for name in exposure["depends_on"]["nodes"]}
    marts = {
        unique_id
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and (node["name"].startswith(("mart_", "open_data__")))
    }
    assert marts == fed


# Models that only name, join, add up or pass on; what they give is held by data tests and by the tests on the sample.
WITHOUT_UNIT_TEST = (
    "bridge_", "dim_", "open_data__", "stg_",
    "cells_census_breakdowns", "cells_census_counts", "cells_census_pay", "int_agency__places",
    "int_agency__protected_counts", "int_agency_rules__counts_shown", "int_census__current_by_area",
    "int_census_returns__categories", "int_census_returns__members", "int_lswc__months", "mart_census__revisions",
    "mart_census__role_by_ethnicity", "mart_lswc__followers",
)  # fmt: skip


def test_every_model_with_logic_has_a_unit_test(manifest: Manifest) -> None:
    tested = {unit_test["model"] for unit_test in manifest["unit_tests"].values()}
    models = {node["name"] for node in _nodes(manifest, "model")}
    assert {name for name in models - tested if not name.startswith(WITHOUT_UNIT_TEST)} == set()


def test_dbt_sends_nothing_about_its_use() -> None:
    assert "send_anonymous_usage_stats: false" in (DBT_PROJECT / "dbt_project.yml").read_text()
