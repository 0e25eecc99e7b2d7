"""The returns' models on the sample, sent through the desk: counts and rates from records equal what was published."""

import json

import pandas as pd
import pytest

from ingestion.sample import awkward_case
from ingestion.sample.workforce import Workforce, build_workforce
from ingestion.settings import Settings
from tests.dbt_project.frames import read_frame

YEARS = range(2021, 2026)
JOINT = "E09000021 / E09000027"
INNER, OUTER, LONDON = "E13000001", "E13000002", "E12000007"
KEYS = ["unit_code", "census_year", "indicator"]

STAGED = {
    "stg_csww_census__worker": "csww_census__worker",
    "stg_csww_census__authority": "csww_census__authority",
    "stg_agency_quarterly__assignment": "agency_quarterly__assignment",
    "stg_agency_quarterly__authority_quarter": "agency_quarterly__authority_quarter",
    "stg_leadership_in_colour__representation": "leadership_in_colour__representation",
    "stg_ep_workforce__agency_use": "ep_workforce__agency_use",
    "stg_ep_workforce__establishment": "ep_workforce__establishment",
}
INTERMEDIATE = (
    "int_returns__census_measures",
    "int_returns__census_indicators",
    "int_returns__census_compared",
    "int_returns__continuity",
)

# rate: numerator, denominator, whether the numerator counts below the line too, times (domain notes, section 6.1)
RATES = {
    "turnover_rate_fte": ("leavers_fte", "inpost_fte", False, 100),
    "turnover_rate_headcount": ("leavers_headcount", "inpost_headcount", False, 100),
    "agency_rate_fte": ("agency_fte", "inpost_fte", True, 100),
    "agency_rate_headcount": ("agency_headcount", "inpost_headcount", True, 100),
    "agency_cover_rate_fte": ("agency_cover_fte", "agency_fte", False, 100),
    "vacancy_rate_fte": ("vacancy_fte", "inpost_fte", True, 100),
    "vacancy_agency_cover_rate_fte": ("agency_cover_fte", "vacancy_fte", False, 100),
    "caseload_fte": ("cases", "case_holders_fte", False, 1),
    "absence_rate_fte": ("working_days_lost_fte", "inpost_fte", False, 100),
}
COVER_RATES = ("agency_cover_rate_fte", "vacancy_agency_cover_rate_fte")
COUNTS = (
    "inpost_fte", "inpost_headcount", "starters_fte", "starters_headcount", "leavers_fte", "leavers_headcount",
    "agency_fte", "agency_headcount", "agency_cover_fte", "vacancy_fte", "case_holders_fte", "cases",
    "working_days_lost_fte",
)  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(warehouse_with_returns: Settings) -> Settings:
    """The sample as published, and what the 33 authorities sent, through the desk; dbt built."""
    return warehouse_with_returns


@pytest.fixture(scope="module")
def workforce() -> Workforce:
    return build_workforce()


@pytest.fixture(scope="module")
def compared(warehouse: Settings) -> pd.DataFrame:
    return read_frame(warehouse, "select * from intermediate.int_returns__census_compared").set_index(KEYS).sort_index()


@pytest.fixture(scope="module")
def from_returns(warehouse: Settings) -> pd.DataFrame:
    return read_frame(warehouse, "select * from intermediate.int_returns__census_indicators").set_index(KEYS)


@pytest.fixture(scope="module")
def expected(workforce: Workforce) -> pd.DataFrame:
    """Every indicator of every unit and area from the invented workers, in pandas: one column an indicator."""
    counts = pd.concat([_counts(workforce, year) for year in YEARS])
    places = workforce.authorities.drop_duplicates("unit_code").set_index("unit_code").region_code
    region = counts.index.get_level_values("unit_code").map(places)
    years = counts.index.get_level_values("census_year")
    halves = counts.groupby([region, years]).sum().rename_axis(["unit_code", "census_year"])
    london = pd.concat({LONDON: counts.groupby(years).sum()}, names=["unit_code"])
    figures = pd.concat([counts, halves, london])
    days = figures.index.get_level_values("census_year").map(lambda year: 254 if year == 2024 else 253)
    for rate, (above, below, adds, times) in RATES.items():
        divisor = figures[below] + (figures[above] if adds else 0)
        divisor = divisor * days if rate == "absence_rate_fte" else divisor
        figures[rate] = times * figures[above] / divisor.where(divisor > 0)
    return figures


def _counts(workforce: Workforce, year: int) -> pd.DataFrame:
    """London's units in one census year, by the definitions of the census (domain notes, section 6.2)."""
    units = workforce.authorities.set_index("authority_code").unit_code
    workers = workforce.workers[year]
    code = workers.authority_code.astype(str)
    workers = workers[code.str.startswith("E09")].assign(unit_code=code.map(units))
    began = workers.role_start_date >= pd.Timestamp(year - 1, 10, 1)
    employed, left = workers.agency_worker == 0, workers.role_end_date.notna()
    in_post = workers[employed & ~left].groupby("unit_code")
    starters = workers[employed & ~left & began].groupby("unit_code")
    leavers = workers[employed & left & ~began].groupby("unit_code")
    agency = workers[~employed].groupby("unit_code")
    holders = workers[(workers.cases30.fillna(0) >= 1) & (workers.fte > 0)].groupby("unit_code")
    items = workforce.authority_items[workforce.authority_items.census_year == year]
    stated = items.groupby(items.authority_code.map(units))
    figures = pd.DataFrame(
        {
            "inpost_fte": in_post.fte.sum(),
            "inpost_headcount": in_post.swe_no.nunique(),
            "starters_fte": starters.fte.sum(),
            "starters_headcount": starters.swe_no.nunique(),
            "leavers_fte": leavers.fte30.sum(),
            "leavers_headcount": leavers.swe_no.nunique(),
            "agency_fte": agency.fte.sum(),
            "agency_headcount": agency.swe_no.nunique(),
            "agency_cover_fte": stated.no_agency_fte.sum(),
            "vacancy_fte": stated.number_of_vacancies.sum(),
            "case_holders_fte": holders.fte.sum(),
            "cases": holders.cases30.sum(),
            "working_days_lost_fte": workers[employed].groupby("unit_code").working_days_lost.sum(),
        },
        index=in_post.fte.sum().index,
    ).astype(float)
    return pd.concat({year: figures.fillna(0)}, names=["census_year"]).swaplevel()


def _cells(case_name: str, indicators: tuple[str, ...], areas: tuple[str, ...] = ()) -> set[tuple[str, int, str]]:
    """The cells of an awkward case: its unit, or the areas given in its place, in its years."""
    case = awkward_case(case_name)
    years = [year for year in case.years if year in YEARS]
    return {(place, year, name) for place in areas or (case.unit_code,) for year in years for name in indicators}


def _with_rates_of(*counts: str) -> tuple[str, ...]:
    return (*counts, *(rate for rate, (above, below, *_) in RATES.items() if {above, below} & set(counts)))


EVERYTHING = (*COUNTS, *RATES)


def _not_agreeing(compared: pd.DataFrame, places: set[str]) -> set[tuple[str, int, str]]:
    rows = compared[compared.index.get_level_values("unit_code").isin(places)]
    return set(rows.index[rows.is_within_rounding != True])  # noqa: E712 - null is no agreement either


def test_every_unit_and_year_recomputed_from_returns_is_what_was_published(compared: pd.DataFrame) -> None:
    units = set(compared.index.get_level_values("unit_code")) - {INNER, OUTER, LONDON}
    assert len(units) == 32
    assert len(compared) == 35 * 5 * 22
    apart = _not_agreeing(compared, units)

    # Merton's agency FTE is withheld (u), and with it the rates made of it.
    withheld = _cells("agency_withheld", _with_rates_of("agency_fte"))
    # Hammersmith and Fulham's agency FTE and cover are unavailable (x).
    unavailable = _cells("agency_unavailable", _with_rates_of("agency_fte", "agency_cover_fte"))
    # Enfield made no return in time for the publication, and has made one since.
    missing = _cells("missing_unit", EVERYTHING)
    for case, symbol in ((withheld, "u"), (unavailable, "x"), (missing, "x")):
        assert set(compared.loc[sorted(case)].published_status) == {symbol}
        assert case <= apart
    # Lewisham's published row of 2022 repeats that of 2021; its return has the figures of 2022.
    carried_forward = _cells("carried_forward_unit", EVERYTHING)
    assert ("E09000023", 2022, "inpost_fte") in carried_forward & apart

    assert apart <= withheld | unavailable | missing | carried_forward


def test_inner_outer_and_all_london_agree_where_every_unit_was_published(compared: pd.DataFrame) -> None:
    apart = _not_agreeing(compared, {INNER, OUTER, LONDON})
    # The area's published counts include Merton's agency workers, its rates do not.
    withheld = _cells("agency_withheld", _with_rates_of("agency_fte")[1:], (OUTER, LONDON))
    # The areas' totals count what is unavailable as nothing, and hold last year's figures of Enfield and Lewisham.
    unavailable = _cells("agency_unavailable", _with_rates_of("agency_fte", "agency_cover_fte"), (INNER, LONDON))
    missing = _cells("missing_unit", EVERYTHING, (OUTER, LONDON))
    carried_forward = _cells("carried_forward_unit", EVERYTHING, (INNER, LONDON))
    assert apart <= withheld | unavailable | missing | carried_forward
    for place in (INNER, OUTER, LONDON):
        assert compared.loc[(place, 2021)].is_within_rounding.all()
        assert compared.loc[(place, 2024, "turnover_rate_fte")].is_within_rounding


def test_figures_from_returns_are_those_of_an_independent_computation(
    from_returns: pd.DataFrame, expected: pd.DataFrame
) -> None:
    figures = expected.stack().rename_axis(KEYS)
    # DfE withholds a cover rate above 100, and so do we; a rate without a denominator is no figure.
    above = figures.index.get_level_values("indicator").isin(COVER_RATES) & (figures > 100)
    figures = figures[~above].dropna()
    held = from_returns.value.dropna()
    assert set(held.index) == set(figures.index)
    tolerance = figures.index.get_level_values("indicator").isin(RATES) * 0.00005 + 1e-6
    assert ((held.reindex(figures.index) - figures).abs() <= tolerance).all()
    assert len(held) > 35 * 5 * 22 - 20
    without = from_returns[from_returns.value.isna()]
    assert set(without.value_status) <= {"u", "z"}
    assert (from_returns.units_counted == from_returns.units_expected).all()


def test_kingston_and_richmond_are_one_unit_separately_or_together(warehouse: Settings, compared: pd.DataFrame) -> None:
    sent = read_frame(
        warehouse,
        "select authority_code, period_label from staging.stg_returns__submissions"
        " where collection = 'csww_census' and unit_code = %s",
        JOINT,
    )
    senders = sent.groupby("period_label").authority_code.agg(sorted).to_dict()
    assert senders == {str(year): ["E09000021", "E09000027"] for year in range(2021, 2025)} | {"2025": [JOINT]}
    for year in YEARS:
        assert compared.loc[(JOINT, year)].is_within_rounding.all()


def test_people_in_post_carry_on_from_year_to_year(warehouse: Settings) -> None:
    rows = read_frame(warehouse, "select * from intermediate.int_returns__continuity")
    assert len(rows) == 32 * 4
    assert (rows.expected_inpost_headcount == rows.inpost_headcount - rows.headcount_gap).all()
    # Nobody in the sample comes or goes without the return saying so.
    assert set(rows.headcount_gap) == {0}


def test_every_row_that_counts_is_staged_once_with_its_sender_and_period(warehouse: Settings) -> None:
    for model, table in STAGED.items():
        counts = read_frame(
            warehouse,
            f"select (select count(*) from staging.{model}) as staged,"
            f" (select count(*) from raw.{table} inner join ledger.current_submissions using (submission_id))"
            " as accepted,"
            f" (select count(distinct unit_code) from staging.{model}) as units,"
            f" (select count(*) from staging.{model} where period_end is null or not is_synthetic) as nowhere",
        ).iloc[0]
        assert counts.staged == counts.accepted > 0, model
        assert counts.nowhere == 0, model
        # Not every authority has an agency psychologist to name, or an assignment in each quarter.
        if model.endswith(("__authority", "__authority_quarter", "__representation")):
            assert counts.units == 32, model


def test_a_worker_is_a_pseudonym_and_their_sex_one_column(warehouse: Settings, workforce: Workforce) -> None:
    rows = read_frame(
        warehouse,
        "select census_year, count(distinct worker_pseudonym) as people,"
        " count(*) filter (where sex is null) as without,"
        " count(*) filter (where (sex is null) <> (sex_status is not null)) as unexplained,"
        " count(*) filter (where worker_pseudonym like 'SY%%') as in_clear"
        " from staging.stg_csww_census__worker group by census_year",
    ).set_index("census_year")
    assert rows.unexplained.eq(0).all()
    assert rows.in_clear.eq(0).all()
    for year in YEARS:
        workers = workforce.workers[year]
        london = workers[workers.authority_code.astype(str).str.startswith("E09")]
        assert rows.people[year] == london.swe_no.nunique()
        # Until 2023 the item asks for gender, with two answers that are no sex.
        assert rows.without[year] == (london.gender_current.isin([0, 9]).sum() if year < 2024 else 0)


def test_a_warehouse_without_returns_builds_with_every_table_empty(built_sample_warehouse: Settings) -> None:
    models = [f"staging.{name}" for name in ("stg_returns__submissions", *STAGED)]
    models += [f"intermediate.{name}" for name in INTERMEDIATE]
    query = " union all ".join(f"select '{name}' as name, count(*) as rows from {name}" for name in models)
    assert set(read_frame(built_sample_warehouse, query).rows) == {0}


def test_returns_change_no_published_figure_in_the_marts(warehouse: Settings, built_sample_warehouse: Settings) -> None:
    query = "select * from marts_candidate.mart_census__indicators order by unit_code, census_year, indicator"
    with_returns, without = read_frame(warehouse, query), read_frame(built_sample_warehouse, query)
    pd.testing.assert_frame_equal(with_returns, without)


# Marts made of what authorities say of themselves, not of counts of people.
WITHOUT_COUNTS = {
    "mart_agency__declared_compliance": "how far each authority says that it keeps the rules",
    "mart_census__allowances": "which allowances authorities offer",
    "mart_returns__coverage": "how many authorities have sent",
    "mart_returns__status": "who has sent what, and when",
    "open_data__returns_coverage": "how many authorities have sent",
}


def test_counts_from_returns_reach_what_people_are_shown_by_one_door(warehouse: Settings) -> None:
    manifest = json.loads((warehouse.home / "dbt" / "manifest.json").read_text())

    def behind(name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for parent in manifest["parent_map"].get(waiting.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found

    shown = {
        node["name"]: behind(name)
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["schema"] in ("marts_candidate", "open_data_candidate")
    }
    from_returns = {
        name
        for name, parents in shown.items()
        if any(parent.startswith("source.workforce.returns") for parent in parents)
    }
    assert len(from_returns) > 20
    by_the_door = {
        name for name in from_returns if any(parent.split(".")[-1].startswith("cells_") for parent in shown[name])
    }
    assert from_returns - by_the_door == {name for name in WITHOUT_COUNTS if name in from_returns}
    for name, node in manifest["nodes"].items():
        if any(parent.startswith("source.workforce.disclosure") for parent in manifest["parent_map"].get(name, ())):
            assert "protected_cells(" in node["raw_code"], name
            assert "source('disclosure'" not in node["raw_code"], name
