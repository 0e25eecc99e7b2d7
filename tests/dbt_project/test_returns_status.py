"""The status of the returns on the whole sample: who has sent, who has not, when, and what is open."""

from datetime import date

import pandas as pd
import pytest

from ingestion.settings import Settings
from tests.dbt_project.frames import read_frame
from tests.dbt_project.test_returns_reference import seed

JOINT = "E09000021 / E09000027"
KEYS = ["collection", "period_label", "unit_code"]


def mart(settings: Settings, name: str = "status") -> pd.DataFrame:
    rows = read_frame(settings, f"select * from marts_candidate.mart_returns__{name}")
    flags = [column for column in rows if column.startswith(("is_", "was_", "has_"))]
    return rows.astype(dict.fromkeys(flags, bool))


def ledger(settings: Settings) -> pd.DataFrame:
    """Every submission, with the codes of the authorities it is of."""
    rows = read_frame(settings, "select * from ledger.submissions")
    return rows.assign(authorities=rows.authority_code.str.split(" / "))


def test_every_window_has_every_unit(warehouse_with_returns: Settings) -> None:
    rows = mart(warehouse_with_returns)
    windows = seed("return_windows")
    assert set(zip(rows.collection, rows.period_label, strict=True)) == set(
        zip(windows.collection, windows.period_label, strict=True)
    )
    assert len(rows) == 32 * len(windows)
    assert not rows.duplicated(KEYS).any()


def test_who_has_not_sent_is_visible(warehouse_with_returns: Settings) -> None:
    sent = ledger(warehouse_with_returns)
    by_period = {
        key: set(rows.explode("authorities").authorities)
        for key, rows in sent[sent.status.str.startswith("accepted")].groupby(["collection", "period_label"])
    }
    rows = mart(warehouse_with_returns)
    missing = rows[~rows.was_sent]
    assert len(missing) > 0
    for row in rows.itertuples():
        here = by_period.get((row.collection, row.period_label), set())
        assert row.was_sent == (set(row.unit_code.split(" / ")) <= here), row
    assert set(missing.status) <= {"not_sent", "awaited", "not_open"}
    assert missing[["version", "received_on", "days_after_deadline"]].isna().all(axis=None)
    assert (missing.versions_received == 0).all()
    # Known of the sample: what its authorities leave out.
    gaps = set(zip(missing.collection, missing.period_label, missing.unit_name, strict=True))
    assert ("agency_quarterly", "2025/26 Q2", "Bexley") in gaps
    assert ("leadership_in_colour", "2025", "Enfield") in gaps
    assert ("ep_workforce", "2026/27 Q1", "Greenwich") in gaps


def test_a_missing_return_is_overdue_only_after_its_deadline(warehouse_with_returns: Settings) -> None:
    today = read_frame(warehouse_with_returns, "select current_date as today").today[0]
    for row in mart(warehouse_with_returns).itertuples():
        assert row.is_overdue == (not row.was_sent and row.deadline < today)
        if row.status in ("not_sent", "awaited", "not_open"):
            expected = "not_open" if today < row.opens else "awaited" if today <= row.deadline else "not_sent"
            assert row.status == expected


def test_kingston_and_richmond_are_one_row_joint_or_not(warehouse_with_returns: Settings) -> None:
    rows = mart(warehouse_with_returns)
    unit = rows[rows.unit_code == JOINT]
    joint = unit[unit.is_joint]
    assert list(zip(joint.collection, joint.period_label, strict=True)) == [("csww_census", "2025")]
    assert (joint.versions_received == 1).all()
    apart = unit[unit.was_sent & ~unit.is_joint]
    assert len(apart) > 0
    assert (apart.versions_received == 2).all()
    assert (unit[unit.was_sent].authorities_returned == 2).all()
    assert not rows[rows.unit_code != JOINT].is_joint.any()


def test_days_are_counted_from_the_deadline_of_the_seed(warehouse_with_returns: Settings) -> None:
    windows = seed("return_windows").set_index(["collection", "period_label"])
    rows = mart(warehouse_with_returns)
    for row in rows.itertuples():
        closes = date.fromisoformat(windows.closes[row.collection, row.period_label])
        assert row.deadline == closes
        if row.was_sent:
            assert row.days_after_deadline == (row.received_on - closes).days
    # The sample is loaded in one day, so an old deadline is long past and a coming one is not.
    loaded = rows[rows.was_sent].received_on.max()
    late = rows[rows.was_sent & (rows.deadline < loaded)]
    assert (late.days_after_deadline > 0).all()
    assert len(late) > 0
    assert (rows[rows.was_sent & (rows.deadline > loaded)].days_after_deadline < 0).all()


def test_versions_and_open_findings_are_the_ledgers(warehouse_with_returns: Settings) -> None:
    sent = ledger(warehouse_with_returns)
    counting = sent[sent.status.str.startswith("accepted")]
    rows = mart(warehouse_with_returns).set_index(KEYS)
    units = {code: unit for unit in rows.index.get_level_values("unit_code") for code in unit.split(" / ")}
    by_unit = counting.assign(unit_code=counting.authorities.str[0].map(units)).groupby(KEYS)
    queries, versions = by_unit.queries.sum(), by_unit.version.max()
    here = rows.loc[queries.index]
    assert (here.findings_queries.astype(int) == queries).all()
    assert (here.version.astype(int) == versions).all()
    assert (here.findings_errors == 0).all()
    assert queries.sum() > 0
    assert ((here.status == "accepted_with_queries") == (queries > 0)).all()


def test_no_count_of_rows_and_no_text_of_a_sender_is_shown(warehouse_with_returns: Settings) -> None:
    columns = set(mart(warehouse_with_returns).columns)
    assert not {"rows_read", "rows_loaded", "rows_refused", "file_names", "landing_path", "message"} & columns


def test_coverage_counts_units_that_have_sent(warehouse_with_returns: Settings) -> None:
    rows = mart(warehouse_with_returns)
    sent = rows[rows.was_sent].groupby(["collection", "period_label"]).size()
    coverage = mart(warehouse_with_returns, "coverage").set_index(["collection", "period_label"])
    assert coverage.units_counted.to_dict() == sent.reindex(coverage.index, fill_value=0).to_dict()
    assert (coverage.units_expected == 32).all()
    agency = coverage.loc[("agency_quarterly", "2025/26 Q2")]
    assert (agency.coverage_label, float(agency.coverage_pct)) == ("31 of 32 units", 96.9)
    assert agency.is_enough
    assert (coverage.is_enough == (coverage.units_counted >= 24)).all()


def test_the_public_see_how_many_and_not_who(warehouse_with_returns: Settings) -> None:
    public = read_frame(warehouse_with_returns, "select * from open_data_candidate.returns_coverage")
    members = mart(warehouse_with_returns, "coverage")
    keys = ["collection", "period_label"]
    assert (
        public.set_index(keys).units_counted.sort_index() == members.set_index(keys).units_counted.sort_index()
    ).all()
    assert set(public.unit_name) == {"London"}
    assert "units_overdue" not in public


@pytest.mark.parametrize("name", ["status", "coverage"])
def test_every_row_of_the_sample_says_that_it_is_invented(warehouse_with_returns: Settings, name: str) -> None:
    assert mart(warehouse_with_returns, name).is_synthetic.all()
