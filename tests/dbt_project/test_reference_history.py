"""What the effective-dated seeds once said is kept, whatever becomes of the seed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ingestion.build import DBT_PROJECT, run_dbt
from ingestion.settings import Settings
from tests.dbt_project.frames import read_frame

SEEDS = ("price_caps", "agency_rules", "pledge_memberships", "priorities")
REFERENCE = DBT_PROJECT / "seeds" / "reference"


def build(settings: Settings, project: Path) -> None:
    """The seeds, made anew as in every build, and their histories, with the tests that need nothing else."""
    run_dbt(
        settings, "build", "--quiet", "--project-dir", str(project), "--indirect-selection", "cautious",
        "--select", *SEEDS, *(f"{seed}_history" for seed in SEEDS),
    )  # fmt: skip


def history(settings: Settings, seed: str) -> pd.DataFrame:
    return read_frame(settings, f"select * from reference.{seed}_history order by recorded_from, valid_from")


def seed_file(name: str, folder: Path = REFERENCE) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project whose seeds may be changed."""
    folder = tmp_path_factory.mktemp("project") / "dbt_project"
    shutil.copytree(DBT_PROJECT, folder)
    return folder


@pytest.fixture(scope="module")
def first(new_warehouse: Callable[[str], Settings], project: Path) -> tuple[Settings, dict[str, pd.DataFrame]]:
    """A new warehouse after its first build, and what the histories then hold."""
    settings = new_warehouse("history")
    build(settings, project)
    return settings, {seed: history(settings, seed) for seed in SEEDS}


@pytest.fixture(scope="module")
def changed(first: tuple[Settings, dict[str, pd.DataFrame]], project: Path) -> tuple[Settings, dict[str, pd.DataFrame]]:
    """The same after an unchanged build, and one with other caps and a membership taken out."""
    settings, _ = first
    build(settings, project)
    folder = project / "seeds" / "reference"
    caps = seed_file("price_caps", folder)
    # Somebody writes over a cap; and another is raised as it should be, by a new row.
    caps.loc[(caps.role_type == "SW") & (caps.payment_basis == "PAYE"), "cap_gbp"] = "31.00"
    raised = (caps.role_type == "TM") & (caps.payment_basis == "LTD")
    new = caps[raised].assign(cap_gbp="48.00", valid_from="2026-04-01")
    caps.loc[raised, "valid_to"] = "2026-03-31"
    pd.concat([caps, new]).to_csv(folder / "price_caps.csv", index=False)
    memberships = seed_file("pledge_memberships", folder)
    memberships.drop(index=0).to_csv(folder / "pledge_memberships.csv", index=False)
    build(settings, project)
    return settings, {seed: history(settings, seed) for seed in SEEDS}


def test_the_first_build_records_every_row_once(first: tuple[Settings, dict[str, pd.DataFrame]]) -> None:
    for seed, rows in first[1].items():
        assert len(rows) == len(seed_file(seed)), seed
        assert rows.recorded_to.isna().all(), seed


def test_an_overwritten_cap_keeps_its_old_row(changed: tuple[Settings, dict[str, pd.DataFrame]]) -> None:
    caps = changed[1]["price_caps"]
    old, new = caps[(caps.role_type == "SW") & (caps.payment_basis == "PAYE")].to_dict("records")
    assert (old["cap_gbp"], new["cap_gbp"]) == (30, 31)
    assert (old["valid_from"], old["source"]) == (new["valid_from"], "SYNTHETIC")
    assert old["recorded_to"] == new["recorded_from"]
    assert pd.isna(new["recorded_to"])


def test_a_raised_cap_is_a_new_row_and_the_old_ones_end_is_recorded(
    changed: tuple[Settings, dict[str, pd.DataFrame]],
) -> None:
    caps = changed[1]["price_caps"]
    rows = caps[(caps.role_type == "TM") & (caps.payment_basis == "LTD")]
    now = rows[rows.recorded_to.isna()].sort_values("valid_from")
    assert list(now.cap_gbp) == [46, 48]
    assert str(now.valid_to.iloc[0]) == "2026-03-31"
    (before,) = rows[rows.recorded_to.notna()].to_dict("records")
    assert (before["cap_gbp"], before["valid_to"]) == (46, None)


def test_a_row_taken_out_is_closed_and_kept(changed: tuple[Settings, dict[str, pd.DataFrame]]) -> None:
    rows = changed[1]["pledge_memberships"]
    assert len(rows) == len(seed_file("pledge_memberships"))
    assert rows.recorded_to.notna().sum() == 1


def test_a_build_that_changes_nothing_adds_nothing(changed: tuple[Settings, dict[str, pd.DataFrame]]) -> None:
    for seed in ("agency_rules", "priorities"):
        rows = changed[1][seed]
        assert len(rows) == len(seed_file(seed)), seed
        assert rows.recorded_to.isna().all(), seed


def test_the_seeds_hold_only_what_is_written_in_them_today(changed: tuple[Settings, dict[str, pd.DataFrame]]) -> None:
    caps = read_frame(changed[0], "select cap_gbp from reference.price_caps where role_type = 'SW' and cap_gbp < 35")
    assert list(caps.cap_gbp) == [31]


def test_all_33_agreed_lpep_and_of_the_london_pledge_nobody_is_called_a_member() -> None:
    rows = seed_file("pledge_memberships")
    lpep = rows[rows.pledge == "LPEP"]
    assert (len(lpep), set(lpep.membership), set(lpep.valid_from)) == (33, {"MEMBER"}, {"2025-11-01"})
    # 32 of 33 signed; which one did not is not public.
    pledge = rows[rows.pledge == "LONDON_PLEDGE"]
    assert (pledge.authority_code.nunique(), set(pledge.membership)) == (33, {"UNCONFIRMED"})
    assert set(pledge.valid_from) == {"2022-06-01"}
    assert pledge.note.str.startswith("32 of the 33").all()


@pytest.mark.parametrize(
    ("day", "labels"),
    [
        ("2020-01-01", {"Finance and resources", "Vulnerable adolescents", "Workforce", "SEND"}),
        ("2022-01-01", {"Adolescent Safeguarding", "SEND", "Resources", "Workforce"}),
        ("2026-01-01",
         {"Adolescent Safeguarding", "SEND", "Resources & Commissioning", "Workforce", "Care Leaving"}),
    ],
    ids=["2019", "2021", "latest"],
)  # fmt: skip
def test_priorities_bear_the_names_of_the_day(day: str, labels: set[str]) -> None:
    rows = seed_file("priorities")
    held = rows[(rows.valid_from <= day) & ((rows.valid_to == "") | (rows.valid_to >= day))]
    assert set(held.label[held.kind == "priority"]) == labels
