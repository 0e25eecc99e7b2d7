"""The census from returns on the sample: what is counted, what it is called in every year, and what is withheld."""

from collections.abc import Iterator
from functools import cache

import pandas as pd
import pytest
import yaml
from psycopg.types.numeric import FloatLoader

from expectations import checking
from expectations.disclosure.families import FOLDER
from expectations.mart_frames import read_topic
from expectations.outcome import findings_of
from expectations.rules import load_rules, questions
from ingestion.build import DBT_PROJECT
from ingestion.returns.periods import census_year
from ingestion.returns.privacy import AGE_BANDS
from ingestion.returns.specification import known_periods, load_specification
from ingestion.sample.workforce import Workforce, build_workforce
from ingestion.settings import Settings
from tests.dbt_project.frames import read_frame

LONDON, CITY, JOINT = "E12000007", "E09000001", "E09000021 / E09000027"
YEARS = range(2021, 2026)
AREAS = ("E12000007", "E13000001", "E13000002")
SEED = DBT_PROJECT / "seeds" / "reference" / "census_return_codes.csv"
ITEMS_OF_WORKERS = (
    "start_origin", "leaver_destination", "reason_leave", "reason_absence", "org_role", "gender_current", "sex",
)  # fmt: skip
ALLOWANCES = {
    "recruitment_bonus": "recruitment_bonus",
    "retention_bonus": "retention_bonus",
    "performance_award": "performance_award",
    "car_allowance": "car_allowance",
    "relocation_package": "relocation_package",
    "regional_weighting": "regional_weighting",
    "cost_swe": "registration_fee",
    "cost_dbs": "disclosure_check",
}


@cache
def codes() -> pd.DataFrame:
    """The seed, blank cells as empty text."""
    return pd.read_csv(SEED, dtype=str, keep_default_na=False)


def codes_of(item: str, year: int) -> pd.DataFrame:
    """The rows of an item that are valid in a year, without those for a blank."""
    rows = codes()[codes()["item"] == item]
    until = rows.valid_to_year.replace("", "9999").astype(int)
    return rows[(rows.valid_from_year.astype(int) <= year) & (year <= until) & (rows.code != "blank")]


# --- The seed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("period", known_periods("csww_census"), ids=lambda period: period.label)
def test_the_codes_of_every_year_are_those_of_its_specification(period: object) -> None:
    year = int(period.label)  # type: ignore[attr-defined]
    specification = load_specification("csww_census", census_year(year))
    workers, authority = specification.record("worker"), specification.record("authority")
    for name in ITEMS_OF_WORKERS:
        known = dict(workers.item(name).codes) if name in workers.names else {}
        rows = codes_of(name, year)
        assert dict(zip(rows.code, rows.label, strict=True)) == known, name
    allowances = codes_of("allowance", year)
    for name in ALLOWANCES:
        known = dict(authority.item(name).codes) if name in authority.names else {}
        assert dict(zip(allowances.code, allowances.label, strict=True)) == known, name


def test_every_code_can_be_left_blank_and_every_category_has_one_name_and_place() -> None:
    rows = codes()[codes().breakdown != ""]
    assert set(rows[rows.code == "blank"]["item"]) == set(rows["item"])
    assert set(rows[rows.code == "blank"].category) == {"not_known"}
    named = rows[["breakdown", "category", "category_label", "category_order"]].drop_duplicates()
    assert not named.duplicated(["breakdown", "category"]).any()
    assert not named.duplicated(["breakdown", "category_order"]).any()


def test_the_same_words_are_the_same_category_of_origin_and_destination() -> None:
    origin, destination = codes_of("start_origin", 2025), codes_of("leaver_destination", 2025)
    both = origin.merge(destination, on="label", suffixes=("_from", "_to"))
    assert len(both) == 9
    assert (both.category_from == both.category_to).all()
    assert (both.code_from.astype(int) == both.code_to.astype(int) + 1).all()


def test_age_bands_are_those_birth_dates_become() -> None:
    assert tuple(codes_of("age_band", 2025).code) == AGE_BANDS


def test_the_sums_of_the_family_are_those_of_the_categories(warehouse_with_returns: Settings) -> None:
    family = yaml.safe_load((FOLDER / "census_breakdowns.yml").read_text(encoding="utf-8"))
    declared = {(each["whole"], frozenset(each["parts"])) for each in family["dimensions"]["place"]}
    categories = read_frame(
        warehouse_with_returns,
        "select measure, breakdown, category from intermediate.int_census_returns__categories where breakdown <> 'all'",
    )
    for (measure, breakdown), rows in categories.groupby(["measure", "breakdown"]):
        parts = frozenset(f"{measure} {breakdown} {category}" for category in rows.category)
        assert (f"{measure} all all", parts) in declared


# --- The marts ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workforce() -> Workforce:
    return build_workforce()


@pytest.fixture(scope="module")
def breakdowns(warehouse_with_returns: Settings) -> pd.DataFrame:
    return (
        read_frame(warehouse_with_returns, "select * from marts_candidate.mart_census__breakdowns")
        .set_index(["unit_code", "census_year", "measure", "breakdown", "category"])
        .sort_index()
    )


@pytest.fixture(scope="module")
def from_returns(warehouse_with_returns: Settings) -> Iterator[pd.DataFrame]:
    yield read_frame(warehouse_with_returns, "select * from marts_candidate.mart_census__from_returns").set_index(
        ["unit_code", "census_year", "indicator"]
    )


def london_workers(workforce: Workforce, year: int) -> pd.DataFrame:
    """The records of London's authorities in one census year."""
    workers = workforce.workers[year]
    return workers[workers.authority_code.astype(str).str.startswith("E09") & (workers.agency_worker == 0)]


def shown(rows: pd.DataFrame) -> dict[str, float]:
    """The headcounts shown, by category."""
    return rows.headcount.dropna().to_dict()


@pytest.mark.parametrize("year", YEARS)
def test_origins_destinations_and_reasons_are_those_of_the_workers(
    breakdowns: pd.DataFrame, workforce: Workforce, year: int
) -> None:
    workers = london_workers(workforce, year)
    began = workers.role_start_date >= pd.Timestamp(year - 1, 10, 1)
    left = workers.role_end_date.notna()
    for measure, rows, item, breakdown in (
        ("starters", workers[~left & began], "start_origin", "origin"),
        ("leavers", workers[left & ~began], "leaver_destination", "destination"),
        ("leavers", workers[left & ~began], "reason_leave", "leaving_reason"),
        ("absent", workers[~left & (workers.absat30_sept == 1)], "reason_absence", "absence_reason"),
    ):
        category = codes_of(item, year).set_index("code").category
        returned = rows[item]
        if returned.dtype.kind in "if":
            returned = returned.astype(int)
        expected = returned.astype(str).map(category).value_counts()
        found = shown(breakdowns.loc[(LONDON, year, measure, breakdown)])
        assert found
        for name, headcount in found.items():
            assert headcount == expected.get(name, 0), (measure, breakdown, name)


def test_a_change_of_codes_makes_no_break_in_the_series(breakdowns: pd.DataFrame, workforce: Workforce) -> None:
    for year in YEARS:
        workers = london_workers(workforce, year)
        in_post = workers[workers.role_end_date.isna()]
        is_woman = in_post.gender_current == 2 if year < 2024 else in_post.sex == "F"
        row = breakdowns.loc[(LONDON, year, "in_post", "sex", "female")]
        assert (row.headcount == is_woman.sum()) or row.headcount_status == "c"
    # From 2024 on the answers that are no sex are not there.
    not_known = breakdowns.xs((LONDON, "in_post", "sex", "not_known"), level=[0, 2, 3, 4])
    assert (not_known[not_known.index >= 2024].headcount.dropna() == 0).all()
    female = breakdowns.xs((LONDON, "in_post", "sex", "female"), level=[0, 2, 3, 4])
    assert female.headcount.notna().any()


def test_those_in_their_first_year_are_the_starters(breakdowns: pd.DataFrame) -> None:
    first = breakdowns.xs(("in_post", "time_in_post", "under_1_year"), level=[2, 3, 4])
    starters = breakdowns.xs(("starters", "all", "all"), level=[2, 3, 4])
    both = pd.DataFrame({"in_post": first.headcount, "starters": starters.headcount}).dropna()
    assert len(both) > 100
    assert (both.in_post == both.starters).all()


def test_units_break_down_those_in_post_and_areas_everybody(breakdowns: pd.DataFrame) -> None:
    rows = breakdowns.reset_index()
    rows = rows[rows.breakdown != "all"]
    in_post = rows.measure == "in_post"
    assert rows[in_post].unit_code.nunique() == 35
    assert set(rows[~in_post].unit_code) == set(AREAS)
    assert set(breakdowns.xs("all", level="breakdown").reset_index().unit_code.value_counts()) == {4 * len(YEARS)}
    assert {JOINT, CITY} <= set(rows.unit_code)
    assert not {"E09000021", "E09000027"} & set(rows.unit_code)


def test_no_number_below_five_is_shown_and_a_share_is_of_numbers_shown(breakdowns: pd.DataFrame) -> None:
    assert not breakdowns.headcount.between(1, 4).any()
    with_share = breakdowns[breakdowns.share_pct.notna()]
    wholes = breakdowns.xs(("all", "all"), level=["breakdown", "category"]).headcount.rename("whole")
    with_share = with_share.join(wholes, on=["unit_code", "census_year", "measure"])
    decimals = with_share.whole.lt(50)
    exact = 100 * with_share.headcount / with_share.whole
    assert ((with_share.share_pct - exact).abs() <= decimals.map({True: 0.5, False: 0.05}) + 1e-9).all()


def test_where_all_people_are_hidden_nobody_of_their_breakdown_is_shown(breakdowns: pd.DataFrame) -> None:
    wholes = breakdowns.xs(("all", "all"), level=["breakdown", "category"])
    hidden = wholes.index[wholes.headcount_status == "c"]
    parts = breakdowns[breakdowns.index.droplevel(["breakdown", "category"]).isin(hidden)]
    assert not (parts.headcount > 0).any()


def test_a_figure_is_hidden_with_the_people_it_is_of_and_vacancies_never_are(from_returns: pd.DataFrame) -> None:
    status = from_returns.returns_status.unstack("indicator")
    starters, leavers, agency = (status[f"{name}_headcount"] == "c" for name in ("starters", "leavers", "agency"))
    assert starters.any()
    assert (status.starters_fte[starters] == "c").all()
    for rate in ("leavers_fte", "turnover_rate_fte", "turnover_rate_headcount"):
        assert (status[rate][leavers] == "c").all(), rate
    for figure in ("agency_fte", "agency_rate_fte", "agency_cover_fte", "agency_cover_rate_fte"):
        assert (status[figure][agency] == "c").all(), figure
    assert (status.vacancy_agency_cover_rate_fte[agency] == "c").all()
    assert not (status.vacancy_fte == "c").any()
    # What is hidden is not compared either, so that "they agree" says nothing of it.
    hidden = from_returns[from_returns.returns_status == "c"]
    assert hidden.returns_difference.isna().all()
    assert hidden.is_within_rounding.isna().all()


def test_every_unit_year_and_indicator_has_a_row_with_its_coverage(from_returns: pd.DataFrame) -> None:
    assert len(from_returns) == 35 * len(YEARS) * 22
    assert set(from_returns.loc[LONDON].coverage_label) == {"32 of 32 units"}
    assert set(from_returns.loc[JOINT].coverage_label) == {"1 of 1 unit"}
    assert from_returns.is_synthetic.all()


def test_pay_by_role_is_that_of_the_workers_and_begins_in_2025(
    warehouse_with_returns: Settings, workforce: Workforce
) -> None:
    pay = read_frame(warehouse_with_returns, "select * from marts_candidate.mart_census__pay")
    before = pay[pay.census_year < 2025]
    assert set(before.people_status) == set(before.median_status) == set(before.quartiles_status) == {"z"}
    workers = london_workers(workforce, 2025)
    in_post = workers[workers.role_end_date.isna()]
    london = pay[(pay.census_year == 2025) & (pay.unit_code == LONDON)].set_index(["pay_item", "role"])
    for item, column in (
        ("base_salary", "base_salary"),
        ("recruitment_retention", "rr_payments"),
        ("other_payments", "other_payments"),
    ):
        had_any = in_post[in_post[column] > 0]
        row = london.loc[(item, "all")]
        assert row.people == len(had_any)
        expected = had_any[column].quantile([0.25, 0.5, 0.75]).tolist()
        assert [row.lower_quartile_gbp, row.median_gbp, row.upper_quartile_gbp] == pytest.approx(expected, abs=0.01)
    case_holders = in_post[in_post.org_role == 5]
    row = london.loc[("base_salary", "case_holder")]
    assert (row.people, row.median_gbp) == (len(case_holders), pytest.approx(case_holders.base_salary.median()))


def test_pay_is_shown_for_enough_people_only(warehouse_with_returns: Settings) -> None:
    pay = read_frame(warehouse_with_returns, "select * from marts_candidate.mart_census__pay where census_year = 2025")
    assert not pay.people.between(1, 4).any()
    assert (pay[pay.median_gbp.notna()].people >= 8).all()
    assert (pay[pay.upper_quartile_gbp.notna()].people >= 12).all()
    # Everybody in post has a base salary, so a role hidden among them is hidden here.
    roles = read_frame(
        warehouse_with_returns,
        "select unit_code, category as role from marts_candidate.mart_census__breakdowns"
        " where census_year = 2025 and measure = 'in_post' and breakdown in ('all', 'role') and headcount_status = 'c'",
    )
    base = pay[pay.pay_item == "base_salary"].merge(roles, on=["unit_code", "role"])
    assert len(base)
    assert base.people.isna().all()


def test_allowances_count_reporting_units(warehouse_with_returns: Settings, workforce: Workforce) -> None:
    marts = read_frame(warehouse_with_returns, "select * from marts_candidate.mart_census__allowances")
    assert set(marts[marts.census_year < 2025].units_status) == {"z"}
    units = workforce.authorities.set_index("authority_code").unit_code
    items = workforce.authority_items[workforce.authority_items.census_year == 2025]
    items = items[items.authority_code.astype(str).str.startswith("E09")]
    london = marts[(marts.census_year == 2025) & (marts.unit_code == LONDON)].set_index("allowance")
    for column, allowance in ALLOWANCES.items():
        answers = items.groupby(items.authority_code.map(units))[column].agg(["min", "max"])
        row = london.loc[allowance]
        to_all = int(((answers["min"] == 1) & (answers["max"] == 1)).sum())
        not_offered = int((answers["max"] == 0).sum())
        assert (row.units_to_all, row.units_not_offering, row.units_counted) == (to_all, not_offered, 32)
        assert row.units_to_some == 32 - to_all - not_offered
        # Rounded half up, as everywhere in the marts.
        assert row.share_offering_pct == int(100 * (32 - not_offered) / 32 + 0.5)


def test_the_gate_has_no_error_to_say_of_the_sample(warehouse_with_returns: Settings) -> None:
    with warehouse_with_returns.connect("transformer") as connection:
        connection.adapters.register_loader("numeric", FloatLoader)
        frames = read_topic(connection, "census_returns")
    assert all(len(frame) for frame in frames.values())
    found = findings_of(checking.check(frames, questions(load_rules("marts_census_returns"), {})), frames)
    assert [each.message for each in found if each.severity == "error"] == []
    # DfE carried Lewisham's figures of 2021 forward into 2022; its return has those of 2022.
    assert {each.rule_code for each in found} == {"CRM-533"}
    assert all("Lewisham 2022" in each.message for each in found)
