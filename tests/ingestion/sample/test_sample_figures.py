"""Every published figure follows from the workers, recomputed here in plain pandas.

Formulas: the census's definitions (turnover, agency, vacancy, cover, caseload, absence; days 253, or 254 in a census
year with 29 February), and the rule that regional and national rates leave out units withheld as `u`.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ingestion.sample import AWKWARD_CASES, awkward_case
from ingestion.sample.workforce import Workforce
from tests.ingestion.sample.generated_sample import Sample

WHOLE = ["inpost_headcount", "starters_headcount", "leavers_headcount", "agency_headcount", "cases"]
AMOUNTS = [
    "inpost_fte",
    "starters_fte",
    "leavers_fte",
    "agency_fte",
    "agency_cover_fte",
    "vacancy_fte",
    "case_holders_fte",
    "working_days_lost_fte",
]
# rate: numerator, what it is divided by.
PERCENTAGES = {
    "turnover_rate_fte": ("leavers_fte", ["inpost_fte"]),
    "turnover_rate_headcount": ("leavers_headcount", ["inpost_headcount"]),
    "agency_rate_fte": ("agency_fte", ["agency_fte", "inpost_fte"]),
    "agency_rate_headcount": ("agency_headcount", ["agency_headcount", "inpost_headcount"]),
    "agency_cover_rate_fte": ("agency_cover_fte", ["agency_fte"]),
    "vacancy_rate_fte": ("vacancy_fte", ["vacancy_fte", "inpost_fte"]),
    "vacancy_agency_cover_rate_fte": ("agency_cover_fte", ["vacancy_fte"]),
}
INNER, OUTER, LONDON, ENGLAND = "E13000001", "E13000002", "E12000007", "E92000001"
MISSING, REPEATED = awkward_case("missing_unit"), awkward_case("carried_forward_unit")
ROUNDING = 0.05 + 1e-9


def rates_of(counts: pd.DataFrame) -> pd.DataFrame:
    """The nine published rates from unrounded counts indexed by (code, year)."""
    rates = pd.DataFrame(index=counts.index)
    for name, (numerator, denominators) in PERCENTAGES.items():
        rates[name] = 100 * counts[numerator] / counts[denominators].sum(axis=1)
    rates["caseload_fte"] = counts["cases"] / counts["case_holders_fte"]
    days = counts.index.get_level_values("year").map({2020: 254, 2024: 254}).fillna(253)
    rates["absence_rate_fte"] = 100 * counts["working_days_lost_fte"] / (counts["inpost_fte"] * days)
    return rates


@pytest.fixture(scope="module")
def counts(workforce: Workforce) -> pd.DataFrame:
    """Unrounded counts by unit and year, straight from the worker records."""
    units = workforce.authorities.set_index("authority_code")["unit_code"]
    by_year = {}
    for year, workers in workforce.workers.items():
        begin, end = pd.Timestamp(year - 1, 10, 1), pd.Timestamp(year, 9, 30)
        workers = workers.assign(unit=workers["authority_code"].astype(str).map(units))
        employed = workers[workers["agency_worker"] == 0]
        in_post = employed[employed["role_end_date"].isna()]
        starters = in_post[in_post["role_start_date"].between(begin, end)]
        leavers = employed[employed["role_end_date"].between(begin, end) & (employed["role_start_date"] < begin)]
        agency = workers[workers["agency_worker"] == 1]
        holders = workers[(workers["cases30"].fillna(0) >= 1) & (workers["fte"] > 0)]
        columns = {
            "inpost_fte": in_post.groupby("unit")["fte"].sum(),
            "inpost_headcount": in_post.groupby("unit")["swe_no"].nunique(),
            "starters_fte": starters.groupby("unit")["fte"].sum(),
            "starters_headcount": starters.groupby("unit")["swe_no"].nunique(),
            "leavers_fte": leavers.groupby("unit")["fte30"].sum(),
            "leavers_headcount": leavers.groupby("unit")["swe_no"].nunique(),
            "agency_fte": agency.groupby("unit")["fte"].sum(),
            "agency_headcount": agency.groupby("unit")["swe_no"].nunique(),
            "case_holders_fte": holders.groupby("unit")["fte"].sum(),
            "cases": holders.groupby("unit")["cases30"].sum().astype(float),
            "working_days_lost_fte": employed.groupby("unit")["working_days_lost"].sum(),
        }
        items = workforce.authority_items[workforce.authority_items["census_year"] == year]
        stated = items.groupby(items["authority_code"].map(units))
        columns["agency_cover_fte"] = stated["no_agency_fte"].sum()
        columns["vacancy_fte"] = stated["number_of_vacancies"].sum()
        by_year[year] = pd.DataFrame(columns).reindex(sorted(set(units))).fillna(0).round(6)
    table = pd.concat(by_year, names=["year", "code"]).swaplevel().sort_index()
    for case in (MISSING, REPEATED):
        for year in case.years:
            table.loc[(case.unit_code, year)] = table.loc[(case.unit_code, year - 1)].to_numpy()
    return table


@pytest.fixture(scope="module")
def published(sample: Sample) -> pd.DataFrame:
    """The current indicators as text, by (code, year): units by their code, areas by theirs."""
    frame = sample.indicators
    code = frame["new_la_code"].where(frame["new_la_code"] != "", frame["region_code"])
    index = pd.MultiIndex.from_arrays(
        [code.where(code != "", ENGLAND), frame["time_period"].astype(int)], names=["code", "year"]
    )
    return frame.set_index(index).sort_index()


@pytest.fixture(scope="module")
def units(published: pd.DataFrame) -> pd.DataFrame:
    return published[published["geographic_level"] == "Local authority"]


def numbers(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.apply(pd.to_numeric, errors="coerce")


def test_every_published_count_of_a_unit_is_what_its_workers_add_up_to(
    units: pd.DataFrame, counts: pd.DataFrame
) -> None:
    shown = numbers(units[[*WHOLE, *AMOUNTS]])
    assert shown.notna().mean().min() > 0.97
    apart = (shown - counts.loc[shown.index, shown.columns]).abs()
    assert apart[WHOLE].max().max() == 0
    assert apart[AMOUNTS].max().max() <= ROUNDING


def test_every_published_rate_of_a_unit_equals_its_formula(units: pd.DataFrame, counts: pd.DataFrame) -> None:
    expected = rates_of(counts.loc[units.index])
    shown = numbers(units[expected.columns])
    assert shown.notna().mean().min() > 0.97
    assert (shown - expected).abs().max().max() <= ROUNDING


def test_a_symbol_stands_only_where_a_rule_or_a_named_case_puts_it(units: pd.DataFrame, counts: pd.DataFrame) -> None:
    exact = counts.loc[units.index].join(rates_of(counts.loc[units.index]))
    named = {
        (case.unit_code, year, symbol)
        for case in AWKWARD_CASES
        for year in case.years
        for symbol, effects in (
            ("u", {"withheld", "cover_above_agency", "cover_above_vacancies"}),
            ("x", {"unavailable", "missing"}),
            ("c", {"suppressed"}),
        )
        if case.effect in effects
    }
    text = units[exact.columns].stack().rename("text").to_frame()
    text["exact"] = exact.stack().reindex(text.index)
    nobody = counts["inpost_headcount"].loc[units.index] == 0
    text["nobody_in_post"] = nobody.reindex(text.index.droplevel(2)).to_numpy()
    assert text.loc[text["text"] == "low", "exact"].between(0, 0.05, inclusive="neither").all()
    not_applicable = text[text["text"] == "z"]
    assert (~np.isfinite(not_applicable["exact"]) | not_applicable["nobody_in_post"]).all()
    shown = text[~text["text"].isin(["low", "z", "u", "x", "c"])]
    assert ((shown["exact"] == 0) | (shown["exact"] >= 0.05 - 1e-9)).all()
    hidden = text[text["text"].isin(["u", "x", "c"])]
    seen = {(str(code), int(year), str(symbol)) for (code, year, _), symbol in hidden["text"].items()}
    assert seen == named


def test_area_counts_are_the_sums_of_their_units(published: pd.DataFrame, counts: pd.DataFrame) -> None:
    """With missing and repeated rows carried forward, withheld ones in, unavailable ones counting as nothing."""
    known = counts.copy()
    for case in AWKWARD_CASES:
        if case.effect == "unavailable":
            known.loc[(case.unit_code, list(case.years)), list(case.measures)] = 0
    expected = in_areas(known, published)
    apart = (numbers(published.loc[expected.index, expected.columns]) - expected).abs()
    assert len(apart) == 12 * 9
    assert apart.notna().all(axis=None)
    assert apart[WHOLE].max().max() == 0
    assert apart[AMOUNTS].max().max() <= ROUNDING


def test_area_rates_leave_withheld_units_out_of_both_sides(published: pd.DataFrame, counts: pd.DataFrame) -> None:
    inputs = {name: {top, *bottom} for name, (top, bottom) in PERCENTAGES.items()}
    inputs |= {
        "caseload_fte": {"cases", "case_holders_fte"},
        "absence_rate_fte": {"working_days_lost_fte", "inpost_fte"},
    }
    for rate, measures in inputs.items():
        known = counts.copy()
        for case in AWKWARD_CASES:
            touched = measures & set(case.measures)
            rows = (case.unit_code, list(case.years))
            if (case.effect == "withheld" and touched) or rate in case.left_out_of:
                known.loc[rows, :] = 0
            elif case.effect == "unavailable" and touched:
                known.loc[rows, list(touched)] = 0
        expected = rates_of(in_areas(known, published))[rate]
        apart = (numbers(published.loc[expected.index, [rate]])[rate] - expected).abs()
        assert len(apart) == 12 * 9
        assert apart.notna().all()
        assert apart.max() <= ROUNDING, rate


def in_areas(counts: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Counts by unit and year added up by area and year."""
    pairs = [(area, code) for area, codes in members_of(published).items() for code in codes]
    areas = pd.DataFrame(pairs, columns=["area", "code"])
    joined = areas.merge(counts.reset_index(), on="code")
    return joined.groupby(["area", "year"])[list(counts.columns)].sum().rename_axis(["code", "year"])


def members_of(published: pd.DataFrame) -> dict[str, list[str]]:
    """Area code to the codes of its units."""
    units = published[published["geographic_level"] == "Local authority"].reset_index()
    by_region = {str(region): list(rows["code"].unique()) for region, rows in units.groupby("region_code")}
    by_region[LONDON] = by_region[INNER] + by_region[OUTER]
    by_region[ENGLAND] = list(units["code"].unique())
    return by_region


def test_published_rows_agree_within_the_tolerances_of_dfes_own_files(published: pd.DataFrame) -> None:
    """London's rows against the sum of its units (0.2), Inner and Outer (0.1), nine regions against England (0.2)."""
    shown = numbers(published[[*WHOLE, *AMOUNTS]])
    odd = {(year, measure) for case in (MISSING,) for year in case.years for measure in [*WHOLE, *AMOUNTS]}
    for case in AWKWARD_CASES:
        if case.effect in ("withheld", "unavailable"):
            odd |= {(year, measure) for year in case.years for measure in case.measures}
    members = members_of(published)
    for whole, parts, tolerance, exceptions in (
        (LONDON, members[LONDON], 0.2, odd),
        (LONDON, [INNER, OUTER], 0.1, set()),
        (ENGLAND, [f"E1200000{number}" for number in range(1, 10)], 0.2, set()),
    ):
        for year in range(2017, 2026):
            total = shown.loc[(parts, year), :].sum()
            apart = (shown.loc[(whole, year)] - total).abs()
            for measure in [*WHOLE, *AMOUNTS]:
                allowed = 0 if measure in WHOLE else tolerance + 1e-6
                assert apart[measure] <= allowed or (year, measure) in exceptions, (whole, year, measure)


def test_published_rates_agree_with_published_counts(units: pd.DataFrame) -> None:
    """What a reader can recompute from the rounded file: within 0.15, cover rates 1.0, the tiny authorities apart."""
    usual = units[~units["la_name"].isin(["Isles of Scilly", "City of London"])]
    shown = numbers(usual[[*WHOLE, *AMOUNTS, *PERCENTAGES, "caseload_fte", "absence_rate_fte"]])
    expected = rates_of(shown)
    for rate in expected:
        apart = (shown[rate] - expected[rate]).abs().replace(np.inf, np.nan)
        assert apart.max() <= (1.0 if "cover" in str(rate) else 0.15), rate


def test_the_figures_are_of_a_believable_size(cell: Callable[..., str]) -> None:
    for year in range(2017, 2026):
        assert 15 < float(cell(LONDON, year, "agency_rate_fte")) < 30
        assert 11 < float(cell(LONDON, year, "turnover_rate_fte")) < 22
        assert 11 < float(cell(LONDON, year, "caseload_fte")) < 18
        assert 1.5 < float(cell(LONDON, year, "absence_rate_fte")) < 4
        assert 4000 < int(cell(LONDON, year, "inpost_headcount")) < 8000
        assert 3 < int(cell("E09000001", year, "inpost_headcount")) < 20


def test_known_and_not_known_add_up_and_groups_add_up_to_known(sample: Sample) -> None:
    table = roles_by_breakdown(sample, "inpost_headcount")
    whole = table.dropna(subset=["Total"])
    assert len(whole) > 0.99 * len(table)
    assert (whole["Known"] + whole["Not known"] == whole["Total"]).all()
    groups = whole[[name for name in whole if name not in ("Known", "Not known", "Total")]]
    some_known = whole["Known"] > 0
    assert groups.shape[1] == 5
    assert (groups.sum(axis=1) == whole["Known"])[some_known].all()
    by_role = whole["Total"].unstack("role")
    assert (by_role.drop(columns="Total").sum(axis=1) == by_role["Total"]).all()


def test_shares_of_groups_are_of_known_and_the_rest_of_total(sample: Sample) -> None:
    heads = roles_by_breakdown(sample, "inpost_headcount")
    shares = roles_by_breakdown(sample, "inpost_headcount_percentage")
    for name in heads:
        base = heads["Total"] if name in ("Known", "Not known", "Total") else heads["Known"]
        apart = (shares[name] - 100 * heads[name] / base).abs()
        assert apart.max() <= ROUNDING, name


def test_the_role_file_counts_the_same_people(sample: Sample, workforce: Workforce, published: pd.DataFrame) -> None:
    heads = roles_by_breakdown(sample, "inpost_headcount")["Total"].xs("Total", level="role")
    indicators = pd.to_numeric(published["inpost_headcount"], errors="coerce").loc[heads.index]
    pd.testing.assert_series_equal(heads, indicators, check_names=False, check_dtype=False)
    workers = workforce.workers[2025]
    camden = workers[
        (workers["authority_code"] == "E09000007")
        & (workers["agency_worker"] == 0)
        & workers["role_end_date"].isna()
        & (workers["org_role"] == 5)
    ]
    black = camden["ethnicity"].isin(["BCRB", "BAFR", "BOTH"]).sum()
    row = roles_by_breakdown(sample, "inpost_headcount").loc[("E09000007", 2025, "Case holder")]
    assert row["Black / African / Caribbean / Black British"] == black
    assert row["Total"] == len(camden)


def test_the_black_share_falls_with_seniority_in_london(sample: Sample) -> None:
    shares = roles_by_breakdown(sample, "inpost_headcount_percentage")["Black / African / Caribbean / Black British"]
    for year in range(2019, 2026):
        roles = ["Case holder", "Senior practitioner", "First line manager", "Middle manager", "Senior manager"]
        london = [shares.loc[(LONDON, year, role)] for role in roles]
        assert london == sorted(london, reverse=True), year
        assert london[0] > 2 * london[-1], year


def test_empty_roles_and_unknown_groups_have_dfes_symbols(sample: Sample) -> None:
    roles = sample.roles
    empty = roles[(roles["inpost_headcount"] == "0") & (roles["inpost_headcount_percentage"] == "z")]
    assert len(empty) > 0
    assert set(empty["inpost_FTE"]) == {"0"}
    missing = (roles["la_name"] == MISSING.unit_name) & (roles["time_period"] == "2025")
    none_known = roles[(roles["inpost_headcount"] == "x") & ~missing]
    assert len(none_known) > 0
    assert not none_known["breakdown"].isin(["Known", "Not known", "Total"]).any()
    assert set(roles[missing].iloc[:, 13:].to_numpy().ravel()) == {"x"}


def roles_by_breakdown(sample: Sample, measure: str) -> pd.DataFrame:
    """One measure of the role file as numbers: (code, year, role) by breakdown."""
    frame = sample.roles
    code = frame["new_la_code"].where(frame["new_la_code"] != "", frame["region_code"])
    frame = frame.assign(
        code=code.where(code != "", ENGLAND),
        year=frame["time_period"].astype(int),
        number=pd.to_numeric(frame[measure], errors="coerce"),
    )
    return frame.pivot(index=["code", "year", "role"], columns="breakdown", values="number")
