"""The rows that count now, as accepted, each with its reporting unit and period; and the reference facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from ingestion.settings import ROOT, Settings
from tests.dbt_project.frames import read_frame

SEEDS = ROOT / "dbt_project" / "seeds" / "reference"
INNER, OUTER, LONDON = "E13000001", "E13000002", "E12000007"
AREAS = (INNER, OUTER, LONDON)
JOINT = "E09000021 / E09000027"
# Of an area's units so many per cent must have sent before a figure of the area is shown (seed disclosure_products).
MINIMUM_COVERAGE_PCT = 75


def seed(name: str) -> pd.DataFrame:
    """A reference table as text; an empty cell is missing."""
    return pd.read_csv(SEEDS / f"{name}.csv", dtype=str)


def units() -> pd.DataFrame:
    """One row per reporting unit of London: unit_code and the half of London it lies in."""
    listed = seed("reporting_units")
    return listed.loc[listed.unit_level == "authority", ["unit_code", "inner_outer_code"]].reset_index(drop=True)


def areas_of_units() -> pd.DataFrame:
    """One row per unit and each place its figures count in: itself, its half of London, London."""
    places = units()
    own = places.assign(place=places.unit_code)
    halves = places.assign(place=places.inner_outer_code)
    london = places.assign(place=LONDON)
    return pd.concat([own, halves, london], ignore_index=True)[["unit_code", "place"]]


def in_every_place(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of units, each once for its unit, once for Inner or Outer London and once for London (column `place`)."""
    return rows.merge(areas_of_units(), on="unit_code")


def unit_of_authority(code: str) -> str:
    """The reporting unit of whoever sent a file: an authority, or Kingston and Richmond together."""
    return JOINT if code in JOINT else code


@dataclass(frozen=True)
class Raw:
    """What has been accepted in a warehouse, read through the ledger's view of what counts now."""

    settings: Settings

    def returned(self, table: str) -> pd.DataFrame:
        """All rows of a return's table that count now, with unit_code, period_label, period_start and period_end."""
        rows = read_frame(
            self.settings,
            f"select sent.authority_code, sent.period_label as period, sent.period_start as period_began,"
            f" sent.period_end as period_ended, kept.* from raw.{table} as kept"
            " inner join ledger.current_submissions as sent using (submission_id)",
        ).drop(columns=["period_end"], errors="ignore")
        rows = rows.rename(columns={"period_ended": "period_end", "period_began": "period_start"})
        dates = [name for name in rows if name.endswith("_date") or name in ("period_start", "period_end")]
        dates += [name for name in rows if name.startswith("cap_signoff_")]
        for name in dates:
            rows[name] = pd.to_datetime(rows[name])
        return rows.assign(unit_code=rows.authority_code.map(unit_of_authority))

    @cached_property
    def sent(self) -> pd.DataFrame:
        """One row per submission that counts now."""
        rows = read_frame(self.settings, "select * from ledger.current_submissions")
        for name in ("period_start", "period_end"):
            rows[name] = pd.to_datetime(rows[name])
        return rows.assign(unit_code=rows.authority_code.map(unit_of_authority))

    @cached_property
    def all_submissions(self) -> pd.DataFrame:
        """Every file ever received that could be placed."""
        rows = read_frame(self.settings, "select * from ledger.submissions where authority_code is not null")
        return rows.assign(unit_code=rows.authority_code.map(unit_of_authority))

    @cached_property
    def workers(self) -> pd.DataFrame:
        """The census's workers."""
        rows = self.returned("csww_census__worker")
        for name in ("cases30",):
            rows[name] = rows[name].astype(float)
        return rows.assign(year=rows.period_end.dt.year)

    @cached_property
    def stated(self) -> pd.DataFrame:
        """What authorities state for themselves in the census."""
        rows = self.returned("csww_census__authority")
        return rows.assign(year=rows.period_end.dt.year)

    @cached_property
    def assignments(self) -> pd.DataFrame:
        """Agency assignments."""
        rows = self.returned("agency_quarterly__assignment")
        for name in ("notice_weeks", "substantive_notice_weeks"):
            rows[name] = rows[name].astype(float)
        return rows

    @cached_property
    def quarters(self) -> pd.DataFrame:
        """Authorities' summaries of the agency quarter."""
        return self.returned("agency_quarterly__authority_quarter")

    @cached_property
    def representation(self) -> pd.DataFrame:
        """Leadership in Colour, with the group of each ethnicity code."""
        rows = self.returned("leadership_in_colour__representation")
        counts = ["headcount", "shortlisted", "appointed", "entered_disciplinary", "leavers", "funded_development"]
        groups = seed("ethnicity_codes").set_index("ethnicity_code").ethnic_group
        return rows.astype(dict.fromkeys(counts, float)).assign(
            year=rows.period_end.dt.year, group=rows.ethnic_group.map(groups)
        )

    @cached_property
    def engagements(self) -> pd.DataFrame:
        """Agency educational psychologists' engagements."""
        return self.returned("ep_workforce__agency_use")

    @cached_property
    def establishment(self) -> pd.DataFrame:
        """Educational psychologists in post."""
        return self.returned("ep_workforce__establishment").astype({"headcount": float})

    def published(self, table: str, dataset: str) -> pd.DataFrame:
        """The current release's rows for London's units, its halves and London (`place`), with `year`."""
        rows = read_frame(
            self.settings,
            f"select * from raw.{table} where release_id ="
            " (select release_id from ledger.current_releases where dataset = %s and is_current)",
            dataset,
        )
        local = rows.geographic_level == "Local authority"
        place = rows.new_la_code.where(local, rows.region_code)
        kept = set(units().unit_code) | set(AREAS)
        named = rows.assign(place=place, year=rows.time_period.astype(int))
        return named[named.place.isin(kept) & (local | (rows.geographic_level == "Regional"))].reset_index(drop=True)


def coverage(raw: Raw, collection: str, senders: pd.DataFrame | None = None) -> pd.DataFrame:
    """How many units of each place sent: index place and period; columns counted, expected, is_enough, is_area.

    `senders` has one row per unit_code and period that counts; by default whoever sent the collection.
    """
    of_collection = raw.sent[raw.sent.collection == collection].rename(columns={"period_label": "period"})
    if senders is None:
        senders = of_collection
    senders = senders[["unit_code", "period"]].drop_duplicates()
    counted = in_every_place(senders).groupby(["place", "period"]).unit_code.nunique()
    expected = areas_of_units().groupby("place").unit_code.nunique()
    every = pd.MultiIndex.from_product([expected.index, sorted(set(of_collection.period))], names=["place", "period"])
    table = counted.reindex(every, fill_value=0).rename("counted").to_frame()
    table["expected"] = expected.reindex(every.get_level_values("place")).to_numpy()
    table["is_area"] = every.get_level_values("place").isin(AREAS)
    table["is_enough"] = table.counted * 100 >= table.expected * MINIMUM_COVERAGE_PCT
    return table


def complete(figures: pd.DataFrame, covered: pd.DataFrame, dimensions: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Sums for every place, period and code: nothing sent is missing, sent and nobody there is 0.

    Args:
        figures: sums by place, period and the dimensions, of those combinations that occur.
        covered: as `coverage` gives it.
        dimensions: every code of every further dimension, in the order of the index of `figures`.
    """
    levels = [covered.index.get_level_values("place").unique(), covered.index.get_level_values("period").unique()]
    every = pd.MultiIndex.from_product([*levels, *dimensions.values()], names=["place", "period", *dimensions])
    whole = figures.reindex(every)
    pairs = pd.MultiIndex.from_arrays([every.get_level_values("place"), every.get_level_values("period")])
    enough = covered.is_enough.reindex(pairs).to_numpy()
    return whole.fillna(0.0).where(pd.Series(enough, index=every), axis=0)
