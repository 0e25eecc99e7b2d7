"""Leadership in Colour: the statistics in SQL, DfE's figures as published, and what returns show of themselves."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jinja2
import pandas as pd
import psycopg
import pytest
from psycopg.types.numeric import FloatLoader
from scipy import stats
from scipy.stats.contingency import relative_risk

from expectations import disclosure_pattern
from expectations.checking import check
from expectations.disclosure.families import load_families
from expectations.mart_frames import read_topic
from expectations.outcome import findings_of
from expectations.rules import load_rules, questions
from infra.local.postgres import EmbeddedPostgres
from ingestion.build import DBT_PROJECT, run_dbt
from ingestion.returns import desk
from ingestion.returns.periods import census_year
from ingestion.sample import awkward_case
from ingestion.sample.returns import write_returns
from ingestion.settings import Settings
from tests.conftest import load_and_accept, needs_real_data
from tests.dbt_project.frames import read_frame

LONDON, INNER, OUTER = "E12000007", "E13000001", "E13000002"
JOINT = "E09000021 / E09000027"
FIVE = ["white", "mixed", "asian", "black", "other"]
UNIT_TIERS = ["all", "managers", "senior_practitioner", "frontline"]

# --- The statistics, on the invented counts of the domain notes on Leadership in Colour, section 2.6 ----------------

# Global Majority and White by tier, in the order of the trend.
INVENTED = {
    "Case holder": (700, 300), "Senior practitioner": (300, 250), "First line manager": (200, 220),
    "Middle manager": (60, 90), "Senior manager": (15, 40),
}  # fmt: skip
EVERYBODY = (1275, 900)
# Share and its interval, gap, index, ratio and its interval, Fisher's p, as printed there.
PRINTED = {
    "Case holder": (70.0, 67.1, 72.8, 11.4, 1.194, 1.647, 1.483, 1.829, 1.6e-23),
    "Senior practitioner": (54.5, 50.4, 58.7, -4.1, 0.930, 0.847, 0.733, 0.979, 0.028),
    "First line manager": (47.6, 42.9, 52.4, -11.0, 0.812, 0.642, 0.541, 0.762, 4.8e-7),
    "Middle manager": (40.0, 32.5, 48.0, -18.6, 0.682, 0.471, 0.343, 0.645, 2.8e-6),
    "Senior manager": (27.3, 17.3, 40.2, -31.3, 0.465, 0.265, 0.147, 0.476, 2.4e-6),
}


class Statistics:
    """The macros of macros/statistics.sql, run by a real Postgres."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        source = (DBT_PROJECT / "macros" / "statistics.sql").read_text(encoding="utf-8")
        self._macros: Any = jinja2.Environment(autoescape=False).from_string(source).module

    def value(self, macro: str, *arguments: Any) -> Any:
        """One macro of constants."""
        expression = getattr(self._macros, macro)(*map(str, arguments))
        row = self._connection.execute(f"select {expression}".encode()).fetchone()
        assert row is not None
        return row[0]

    def fisher(self, tables: Sequence[tuple[int, int, int, int]]) -> list[float]:
        """Fisher's exact test of every (focus, focus base, reference, reference base)."""
        with self._connection.transaction(force_rollback=True):
            self._connection.execute(
                "create temporary table tables "
                "(id integer, focus integer, focus_base integer, reference integer, reference_base integer)"
            )
            with self._connection.cursor() as cursor:
                rows = [(number, *each) for number, each in enumerate(tables)]
                cursor.executemany("insert into tables values (%s, %s, %s, %s, %s)", rows)
            query = self._macros.fisher_two_sided("tables", "id")
            found = dict(self._connection.execute(query.encode()).fetchall())
        return [found[number] for number in range(len(tables))]

    def trend(self, counts: Sequence[tuple[int, int]]) -> tuple[float, float]:
        """Cochran-Armitage z and p over (focus, reference) of scores 1, 2, …"""
        rows = ", ".join(f"({score}, {a}, {a + w})" for score, (a, w) in enumerate(counts, 1))
        z = self._macros.cochran_armitage_z("score", "focus", "everybody")
        row = self._connection.execute(
            f"select z, {self._macros.two_sided_p('z')} "
            f"from (select {z} as z from (values {rows}) as tiers (score, focus, everybody)) as t".encode()
        ).fetchone()
        assert row is not None
        return row[0], row[1]


@pytest.fixture(scope="module")
def statistics(postgres: EmbeddedPostgres) -> Iterator[Statistics]:
    with psycopg.connect(**postgres.admin_arguments, dbname="postgres", autocommit=True) as connection:  # type: ignore[arg-type]
        connection.adapters.register_loader("numeric", FloatLoader)
        yield Statistics(connection)


@pytest.mark.parametrize("tier", PRINTED)
def test_the_statistics_give_the_check_values_of_the_reference(statistics: Statistics, tier: str) -> None:
    (focus, white), (all_focus, all_white) = INVENTED[tier], EVERYBODY
    share, low, high, gap, index, ratio, ratio_low, ratio_high, p = PRINTED[tier]
    base = focus + white
    found_share = 100 * statistics.value("proportion", focus, base)
    everybody = 100 * statistics.value("proportion", all_focus, all_focus + all_white)
    assert found_share == pytest.approx(share, abs=0.051)
    assert 100 * statistics.value("wilson_low", focus, base) == pytest.approx(low, abs=0.051)
    assert 100 * statistics.value("wilson_high", focus, base) == pytest.approx(high, abs=0.051)
    assert found_share - everybody == pytest.approx(gap, abs=0.051)
    assert found_share / everybody == pytest.approx(index, abs=0.00051)
    counts = (focus, all_focus, white, all_white)
    assert statistics.value("likelihood_ratio", *counts) == pytest.approx(ratio, abs=0.00051)
    assert statistics.value("katz_low", *counts) == pytest.approx(ratio_low, abs=0.00051)
    assert statistics.value("katz_high", *counts) == pytest.approx(ratio_high, abs=0.00051)
    # Printed with two digits.
    assert statistics.fisher([counts]) == [pytest.approx(p, rel=0.02)]


def test_the_trend_has_the_check_value_and_its_p_the_normal_distributions(statistics: Statistics) -> None:
    z, p = statistics.trend(list(INVENTED.values()))
    assert z == pytest.approx(-10.847, abs=0.0005)
    assert p == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)


def test_intervals_agree_with_scipy(statistics: Statistics) -> None:
    # scipy takes 1.959964 for 1.96.
    for count, base in ((0, 12), (12, 12), (1, 30), (15, 55), (700, 1000), (2171, 4558)):
        expected = stats.binomtest(count, base).proportion_ci(method="wilson")
        assert statistics.value("wilson_low", count, base) == pytest.approx(expected.low, abs=2e-5)
        assert statistics.value("wilson_high", count, base) == pytest.approx(expected.high, abs=2e-5)
    for counts in ((15, 1275, 40, 900), (1, 20, 9, 31), (700, 1275, 300, 900)):
        expected_ratio = relative_risk(*counts)
        interval = expected_ratio.confidence_interval()
        assert statistics.value("likelihood_ratio", *counts) == pytest.approx(expected_ratio.relative_risk)
        assert statistics.value("katz_low", *counts) == pytest.approx(interval.low, rel=1e-4)
        assert statistics.value("katz_high", *counts) == pytest.approx(interval.high, rel=1e-4)


def test_newcombes_interval_is_made_of_the_two_wilson_intervals(statistics: Statistics) -> None:
    # Newcombe (1998), table II: 56/70 less 48/80, method 10: 0.2 (0.0524 to 0.3339).
    counts = (56, 70, 48, 80)
    assert statistics.value("newcombe_low", *counts) == pytest.approx(0.0524, abs=0.0001)
    assert statistics.value("newcombe_high", *counts) == pytest.approx(0.3339, abs=0.0001)
    swapped = (48, 80, 56, 70)
    assert statistics.value("newcombe_low", *swapped) == pytest.approx(-statistics.value("newcombe_high", *counts))


def test_fishers_exact_test_agrees_with_scipy(statistics: Statistics) -> None:
    tables = [(0, 10, 0, 5), (0, 5, 3, 3), (5, 5, 0, 3), (3, 9, 4, 9), (0, 40, 7, 60), (39, 40, 59, 60)]
    # The sizes of London's tiers, from far below parity to far above.
    for step in range(40):
        focus_base, reference_base = 40 + 85 * step, 30 + 55 * step
        tables.append((focus_base * (step % 7) // 12, focus_base, reference_base * (step % 5) // 8, reference_base))
    found = statistics.fisher(tables)
    for (focus, focus_base, reference, reference_base), p in zip(tables, found, strict=True):
        expected = stats.fisher_exact([[focus, focus_base - focus], [reference, reference_base - reference]]).pvalue
        assert p == pytest.approx(expected, rel=1e-7, abs=1e-280), (focus, focus_base, reference, reference_base)


def test_a_zero_base_or_count_makes_nothing_and_no_error(statistics: Statistics) -> None:
    assert statistics.value("proportion", 0, 0) is None
    assert statistics.value("wilson_low", 0, "nullif(0, 0)") is None
    assert statistics.value("likelihood_ratio", 3, 40, 0, 50) is None
    assert statistics.value("likelihood_ratio", 0, 40, 5, 50) == 0
    assert statistics.value("katz_low", 0, 40, 5, 50) is None
    assert statistics.value("katz_high", 3, 0, 5, 50) is None
    assert statistics.value("wilson_low", "null::integer", 5) is None
    assert statistics.fisher([(0, 0, 3, 9)]) == [pytest.approx(1)]
    assert statistics.trend([(5, 0), (3, 0)])[0] is None


def test_a_ratio_the_other_way_round_has_its_interval_inverted_and_swapped(statistics: Statistics) -> None:
    there, back = (15, 1275, 40, 900), (40, 900, 15, 1275)
    assert statistics.value("katz_low", *back) == pytest.approx(1 / statistics.value("katz_high", *there))
    assert statistics.fisher([there]) == [pytest.approx(statistics.fisher([back])[0], rel=1e-9)]


@pytest.mark.parametrize(
    ("ratio", "band"), [(0.799, "below"), (0.8, "within"), (1.25, "within"), (1.251, "above"), ("null::numeric", None)]
)
def test_the_four_fifths_band_has_both_its_ends(statistics: Statistics, ratio: Any, band: str | None) -> None:
    assert statistics.value("four_fifths_band", ratio) == band


# --- DfE's figures, as published ------------------------------------------------------------------------------------

# Domain notes on Leadership in Colour, 2.5: headcount; White, Black, Asian, Mixed, Other and Global Majority, per cent
# of known; Not known, per cent of all.
REFERENCE = {
    2019: (5384, 47.6, 35.4, 9.7, 5.6, 1.7, 52.4, 15.3),
    2020: (5525, 46.2, 36.3, 10.1, 5.8, 1.5, 53.8, 17.2),
    2021: (5691, 45.2, 36.1, 9.9, 7.3, 1.6, 54.8, 16.6),
    2022: (5549, 44.7, 36.3, 10.4, 6.7, 1.9, 55.3, 16.1),
    2023: (5860, 43.7, 38.4, 10.7, 5.1, 2.1, 56.3, 16.3),
    2024: (6063, 41.8, 39.6, 11.3, 5.3, 2.0, 58.2, 14.0),
}
SENIOR_MANAGERS = dict(zip(range(2019, 2025), (24.0, 25.2, 31.0, 36.4, 32.0, 36.1), strict=True))


def representation(settings: Settings, source: str) -> pd.DataFrame:
    """The mart's rows of a source, by unit, year, tier and group."""
    frame = read_frame(
        settings, "select * from marts_candidate.mart_leadership__representation where source = %s", source
    )
    return frame.set_index(["unit_code", "as_at_year", "tier", "ethnic_group"]).sort_index()


@pytest.fixture(scope="module")
def real(built_real_warehouse: Settings) -> pd.DataFrame:
    return representation(built_real_warehouse, "dfe")


@needs_real_data
@pytest.mark.parametrize("year", REFERENCE)
def test_londons_workforce_is_as_in_the_reference(real: pd.DataFrame, year: int) -> None:
    headcount, *shares, not_known = REFERENCE[year]
    rows = real.loc[(LONDON, year, "all")]
    assert rows.headcount["total"] == headcount
    groups = ["white", "black", "asian", "mixed", "other", "global_majority"]
    assert rows.share_of_known_pct[groups].tolist() == shares
    assert rows.share_of_known_pct["not_known"] == not_known
    assert rows.coverage_label["total"] == "32 of 32 units"
    assert rows.declaration_rate_pct["total"] == pytest.approx(100 - not_known)


@needs_real_data
def test_londons_senior_managers_are_as_in_the_reference(real: pd.DataFrame) -> None:
    found = {
        year: real.share_of_known_pct[LONDON, year, "senior_manager", "global_majority"] for year in SENIOR_MANAGERS
    }
    assert found == SENIOR_MANAGERS


@needs_real_data
def test_the_headline_of_2024_stands_beside_workforce_population_and_2019(real: pd.DataFrame) -> None:
    row = real.loc[(LONDON, 2024, "senior_manager", "global_majority")]
    # 48 of 133 senior managers, 3,035 of 5,216 of the workforce (check figures of the census, 7); residents 46.2%.
    assert (row.headcount, row.share_of_known_pct, row.population_share_pct) == (48, 36.1, 46.2)
    assert row.gap_to_workforce_points == round(100 * (48 / 133 - 3035 / 5216), 1) == -22.1
    assert row.representation_index == round(48 / 133 / (3035 / 5216), 3)
    assert row.representation_index_population == pytest.approx(48 / 133 / 0.4624, abs=0.001)
    assert row.change_since_2019_points == pytest.approx(36.1 - 24.0, abs=0.1)
    assert row.change_low_points < row.change_since_2019_points < row.change_high_points
    assert row.change_low_points > 0


@needs_real_data
def test_population_shares_are_londons_of_census_2021(real: pd.DataFrame) -> None:
    rows = real.loc[(LONDON, 2024, "all")]
    assert rows.population_share_pct[["white", "asian", "black", "mixed", "other"]].tolist() == [
        53.8, 20.7, 13.5, 5.7, 6.3,
    ]  # fmt: skip


@needs_real_data
def test_the_likelihood_of_being_a_senior_manager_in_2019_is_as_in_the_reference(
    built_real_warehouse: Settings,
) -> None:
    row = read_frame(
        built_real_warehouse,
        "select * from marts_candidate.mart_leadership__likelihood where unit_code = %s and as_at_year = 2019 "
        "and tier = 'senior_manager' and focus_group = 'global_majority'",
        LONDON,
    ).iloc[0]
    assert (row.ratio, row.ratio_low, row.ratio_high) == (0.288, 0.193, 0.429)
    assert (row.four_fifths_band, row.worse_when, row.reference_group) == ("below", "below_1", "white")
    assert row.is_significant
    counts = [
        int(row[c]) for c in ("focus_in_tier", "focus_in_workforce", "reference_in_tier", "reference_in_workforce")
    ]
    focus, everybody, white, all_white = counts
    expected = stats.fisher_exact([[focus, everybody - focus], [white, all_white - white]]).pvalue
    assert row.fisher_p == pytest.approx(expected, rel=1e-6)


@needs_real_data
def test_the_real_disparity_ratios_and_trend_are_made_of_the_published_headcounts(
    built_real_warehouse: Settings, statistics: Statistics
) -> None:
    row = read_frame(
        built_real_warehouse,
        "select * from marts_candidate.mart_leadership__disparity where unit_code = %s and as_at_year = 2024",
        LONDON,
    ).iloc[0]
    # Known and White by role, 2024 (check figures of the census, 7).
    known = {"cases": 1943, "without": 1085, "practitioner": 812, "first": 912, "middle": 331, "senior": 133}
    white = {"cases": 614, "without": 483, "practitioner": 366, "first": 444, "middle": 189, "senior": 85}
    majority = {role: known[role] - white[role] for role in known}
    levels = [("cases", "without"), ("practitioner", "first"), ("middle", "senior")]
    gm = [sum(majority[role] for role in level) for level in levels]
    w = [sum(white[role] for role in level) for level in levels]
    assert row.lower_to_middle == pytest.approx(gm[0] / gm[1] * w[1] / w[0], abs=0.0006)
    assert row.middle_to_upper == pytest.approx(gm[1] / gm[2] * w[2] / w[1], abs=0.0006)
    assert row.lower_to_upper == pytest.approx(gm[0] / gm[2] * w[2] / w[0], abs=0.0006)
    ladder = ["cases", "practitioner", "first", "middle", "senior"]
    z, p = statistics.trend([(majority[role], white[role]) for role in ladder])
    assert row.trend_z == pytest.approx(z, abs=0.0006)
    assert row.trend_p == pytest.approx(p, rel=1e-9)
    assert z < 0


@needs_real_data
def test_where_nobodys_ethnicity_is_known_the_groups_are_x_and_add_nothing(
    real: pd.DataFrame, built_real_warehouse: Settings
) -> None:
    # Domain notes 2.4: Havering 2019 and 2020, Croydon 2020, Brent 2023.
    found = real[real.headcount_status == "x"].reset_index()
    assert set(zip(found.unit_name, found.as_at_year, found.tier, found.ethnic_group, strict=True)) == {
        (unit, year, tier, group)
        for unit, year, tier in (
            ("Havering", 2019, "senior_manager"), ("Havering", 2019, "middle_manager"),
            ("Havering", 2020, "senior_manager"), ("Havering", 2020, "middle_manager"),
            ("Croydon", 2020, "senior_manager"),
            ("Brent", 2023, "senior_manager"), ("Brent", 2023, "qualified_without_cases"),
        )
        for group in ("white", "global_majority")
    }  # fmt: skip
    assert (found.share_status == "x").all()
    assert found.note.str.contains("Nobody's ethnicity is known in this tier.").all()
    # London is the sum of its units, those counted as nothing, in every tier and group a unit has.
    units = real[real.unit_level == "authority"].headcount.fillna(0).groupby(level=[1, 2, 3]).sum()
    london = real.loc[LONDON].headcount
    assert (units == london.reindex(units.index)).all()
    assert len(units) == 6 * 9 * 5


@needs_real_data
def test_empty_tiers_are_zero_with_z_for_a_share(real: pd.DataFrame) -> None:
    empty = real[(real.headcount == 0) & (real.index.get_level_values("ethnic_group") == "total")]
    assert len(empty)
    for unit, year, tier, _ in empty.index:
        rows = real.loc[(unit, year, tier)]
        assert (rows.headcount == 0).all()
        assert set(rows.share_status) == {"z"}
    # Not a staffing fact: some report nobody in a role for years.
    assert empty.note.str.contains("for two years or more").any()


@needs_real_data
def test_the_joint_unit_is_one_row_and_a_single_unit_has_no_detail_of_groups(
    real: pd.DataFrame, built_real_warehouse: Settings
) -> None:
    units = real[real.unit_level == "authority"]
    assert units.index.get_level_values("unit_code").nunique() == 32
    assert not {"E09000021", "E09000027"} & set(units.index.get_level_values("unit_code"))
    assert units.loc[JOINT].note.str.startswith("Kingston upon Thames and Richmond upon Thames report together").all()
    assert set(units.index.get_level_values("ethnic_group")) == {
        "total", "known", "not_known", "white", "global_majority",
    }  # fmt: skip
    ratios = read_frame(
        built_real_warehouse,
        "select distinct tier, focus_group from marts_candidate.mart_leadership__likelihood "
        "where unit_level = 'authority'",
    )
    assert set(ratios.itertuples(index=False, name=None)) == {(tier, "global_majority") for tier in UNIT_TIERS[1:]}


# --- Returns, protected ---------------------------------------------------------------------------------------------

YEARS = (2023, 2024, 2025)
EVENTS = {
    "appointed_from_shortlisting": ("appointed", "shortlisted"),
    "entered_disciplinary": ("entered_disciplinary", "headcount"),
    "leavers": ("leavers", "headcount"),
    "funded_development": ("funded_development", "headcount"),
}
WHITE = {"WBRI", "WIRI", "WOTH"}
ROLES = {
    "managers": ["SENIOR_MANAGER", "MIDDLE_MANAGER", "FIRST_LINE_MANAGER"],
    "senior_practitioner": ["SENIOR_PRACTITIONER"],
    "frontline": ["CASE_HOLDER", "QUALIFIED_WITHOUT_CASES"],
    "senior_manager": ["SENIOR_MANAGER"],
    "middle_manager": ["MIDDLE_MANAGER"],
    "first_line_manager": ["FIRST_LINE_MANAGER"],
    "case_holder": ["CASE_HOLDER"],
    "qualified_without_cases": ["QUALIFIED_WITHOUT_CASES"],
    "upper": ["SENIOR_MANAGER", "MIDDLE_MANAGER"],
    "middle": ["FIRST_LINE_MANAGER", "SENIOR_PRACTITIONER"],
    "lower": ["CASE_HOLDER", "QUALIFIED_WITHOUT_CASES"],
}
ROLES["all"] = [*ROLES["managers"], *ROLES["senior_practitioner"], *ROLES["frontline"]]
CODES = {
    "white": WHITE,
    "mixed": {"MWBC", "MWBA", "MWAS", "MOTH"},
    "asian": {"AIND", "APKN", "ABAN", "AOTH", "CHNE"},
    "black": {"BCRB", "BAFR", "BOTH"},
    "other": {"OOTH"},
    "not_known": {"NOT_STATED"},
}
CODES["global_majority"] = CODES["mixed"] | CODES["asian"] | CODES["black"] | CODES["other"]
CODES["known"] = CODES["white"] | CODES["global_majority"]
CODES["total"] = CODES["known"] | CODES["not_known"]


@pytest.fixture(scope="module")
def returned(
    new_warehouse: Callable[[str], Settings], sample_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The sample's published figures and its Leadership in Colour returns: cells, decisions, marts."""
    settings = new_warehouse("leadership")
    load_and_accept(settings, sample_folder)
    landing = tmp_path_factory.mktemp("landing")
    write_returns(landing, collections=["leadership_in_colour"], periods=[census_year(year) for year in YEARS])
    desk.take_in(settings, landing, "leadership_in_colour")
    desk.decide(settings, landing, "leadership_in_colour")
    build = ("build", "--quiet", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious", "--select")
    cells = ("+cells_leadership_headcount", "+cells_leadership_race_equality", "disclosure_products")
    run_dbt(settings, *build, *cells)
    families = [family for family in load_families() if family.family.startswith("leadership_")]
    with patch.object(disclosure_pattern, "load_families", lambda: families):
        decided = {each.family: each for each in disclosure_pattern.decide(settings)}
    assert decided["leadership_headcount"].small > 0
    assert decided["leadership_race_equality"].small > 0
    marts = ("representation", "likelihood", "disparity", "race_equality")
    run_dbt(
        settings, *build, *(f"+mart_leadership__{mart}" for mart in marts), "+open_data__leadership_representation"
    )  # fmt: skip
    return settings


@pytest.fixture(scope="module")
def sent(returned: Settings) -> pd.DataFrame:
    """Every row as sent by units all of whose authorities have returned, once for each area it is part of."""
    rows = read_frame(
        returned,
        "select submissions.authority_code, authorities.unit_code, units.inner_outer_code, "
        "extract(year from submissions.period_end)::integer as year, representation.* "
        "from raw.leadership_in_colour__representation as representation "
        "inner join ledger.current_submissions as submissions using (submission_id) "
        "inner join reference.authorities as authorities using (authority_code) "
        "inner join reference.reporting_units as units on authorities.unit_code = units.unit_code",
    )
    halves = rows[rows.unit_code == JOINT].groupby("year").authority_code.nunique()
    rows = rows[(rows.unit_code != JOINT) | rows.year.map(halves).eq(2)]
    areas = [rows.assign(area=rows.unit_code), rows.assign(area=rows.inner_outer_code), rows.assign(area=LONDON)]
    return pd.concat(areas, ignore_index=True)


@pytest.fixture(scope="module")
def counts(sent: pd.DataFrame) -> pd.Series:
    """People by area, year, tier and group, from the rows as sent."""
    found = {}
    for (area, year), rows in sent.groupby(["area", "year"]):
        cells = rows.groupby(["tier", "ethnic_group"]).headcount.sum()
        for tier, roles in ROLES.items():
            for group, codes in CODES.items():
                inside = [cells.get((role, code), 0) for role in roles for code in codes]
                found[area, year, tier, group] = float(sum(inside))
    return pd.Series(found).rename_axis(["unit_code", "as_at_year", "tier", "ethnic_group"])


@pytest.fixture(scope="module")
def shown(returned: Settings) -> pd.DataFrame:
    return representation(returned, "returns")


def test_every_headcount_shown_is_the_sum_of_the_rows_as_sent(shown: pd.DataFrame, counts: pd.Series) -> None:
    numbers = shown.headcount.dropna()
    assert len(numbers) > 0.8 * len(shown)
    pd.testing.assert_series_equal(numbers, counts.reindex(numbers.index), check_names=False, check_dtype=False)
    # Everything of London's workforce and tiers by the two sides is there.
    coarse = shown.loc[(LONDON, slice(None), slice(None), ["total", "known", "white", "global_majority"]), "headcount"]
    assert coarse.notna().all()
    assert len(coarse) == 3 * 12 * 4


def test_no_small_count_is_shown_and_what_is_hidden_hides_what_goes_with_it(
    shown: pd.DataFrame, counts: pd.Series
) -> None:
    assert not shown.headcount.between(1, 4).any()
    expected = counts.reindex(shown.index)
    assert (shown.headcount_status[expected.between(1, 4)] == "c").all()
    # A zero is shown, or hidden for the sake of another cell.
    zeros = shown[expected == 0]
    assert ((zeros.headcount == 0) | (zeros.headcount_status == "c")).all()
    assert (zeros.headcount == 0).any()
    hidden = shown[shown.headcount_status == "c"]
    for column in ("share_of_known_pct", "share_low_pct", "share_high_pct", "gap_to_workforce_points",
                   "representation_index", "representation_index_population"):  # fmt: skip
        assert hidden[column].isna().all(), column
    # A share is not shown of a hidden whole either, nor the declaration rate.
    wholes = shown.headcount_status.unstack("ethnic_group")
    for unit, year, tier in wholes.index[wholes.known == "c"]:
        rows = shown.loc[(unit, year, tier)]
        assert rows.share_of_known_pct[[g for g in rows.index if g in (*FIVE, "global_majority")]].isna().all()
        assert rows.declaration_rate_pct.isna().all()


def test_a_unit_that_sent_nothing_is_x_and_the_area_says_so(shown: pd.DataFrame, counts: pd.Series) -> None:
    units = shown[shown.unit_level == "authority"]
    without = {
        (unit, year)
        for unit in units.index.get_level_values("unit_code").unique()
        for year in YEARS
        if (unit, year, "all", "total") not in counts.index
    }
    assert without
    for unit, year in without:
        assert set(units.loc[(unit, year)].headcount_status) == {"x"}
        assert units.loc[(unit, year)].note.str.contains(f"No return was received for {year}.").all()
    for year in YEARS:
        missing = sum(1 for _, of in without if of == year)
        label = shown.coverage_label[LONDON, year, "all", "total"]
        assert label == f"{32 - missing} of 32 units"


def test_a_single_unit_shows_pooled_tiers_and_two_sides_only(shown: pd.DataFrame) -> None:
    units = shown[shown.unit_level == "authority"].reset_index()
    assert set(units.tier) == set(UNIT_TIERS)
    assert set(units.ethnic_group) == {"total", "known", "not_known", "white", "global_majority"}
    assert len(units) == 32 * 3 * 4 * 5
    assert len(shown) - len(units) == 3 * 3 * 12 * 9


def test_returns_and_dfe_stand_side_by_side_and_are_never_added(returned: Settings, shown: pd.DataFrame) -> None:
    published = representation(returned, "dfe")
    case = awkward_case("carried_forward_unit")
    flagged = published[published.is_carried_forward].reset_index()
    assert set(zip(flagged.unit_name, flagged.as_at_year, strict=True)) >= {(case.unit_name, case.years[0])}
    assert flagged.change_since_2019_points.isna().all()
    assert flagged.note.str.contains("probably carried forward").all()
    assert not shown.is_carried_forward.any()
    assert shown.change_since_2019_points.isna().all()
    assert set(shown.gm_definition) | set(published.gm_definition) == {"gm_not_white"}


def test_likelihoods_from_returns_are_made_of_shown_counts_of_enough_people(
    returned: Settings, shown: pd.DataFrame
) -> None:
    ratios = read_frame(returned, "select * from marts_candidate.mart_leadership__likelihood where source = 'returns'")
    made = ratios[ratios.ratio.notna()]
    assert len(made) > 300
    headcount = shown.headcount
    for row in made.itertuples():
        focus = [headcount[row.unit_code, row.as_at_year, tier, row.focus_group] for tier in (row.tier, "all")]
        white = [headcount[row.unit_code, row.as_at_year, tier, "white"] for tier in (row.tier, "all")]
        assert focus[0] + white[0] >= 30
        assert row.ratio == pytest.approx(focus[0] / focus[1] / (white[0] / white[1]), abs=0.0006)
        assert row.four_fifths_band == ("below" if row.ratio < 0.8 else "above" if row.ratio > 1.25 else "within")
        expected = stats.fisher_exact([[focus[0], focus[1] - focus[0]], [white[0], white[1] - white[0]]]).pvalue
        assert row.fisher_p == pytest.approx(expected, rel=1e-6)
        assert row.is_significant == (expected < 0.05)
    withheld = ratios[ratios.counts_status.notna()]
    assert withheld[["ratio", "fisher_p", "focus_in_tier", "reference_in_workforce"]].isna().all(axis=None)
    few = ratios[ratios.counts_status.isna() & (ratios.ratio_status == "c")]
    assert (few.focus_in_tier + few.reference_in_tier < 30).all()


def test_race_equality_is_of_the_units_that_gave_both_items(returned: Settings, sent: pd.DataFrame) -> None:
    shown = read_frame(returned, "select * from marts_candidate.mart_leadership__race_equality")
    assert len(shown) == 3 * 3 * 4
    known = sent[sent.ethnic_group != "NOT_STATED"]
    for row in shown.itertuples():
        event, base = EVENTS[row.measure]
        rows = known[(known.area == row.unit_code) & (known.year == row.as_at_year)]
        gives = rows.groupby("unit_code")[[event, base]].apply(lambda items: bool(items.notna().all(axis=None)))
        rows = rows[rows.unit_code.map(gives)]
        assert row.units_counted == gives.sum()
        white = rows.ethnic_group.isin(WHITE)
        focus, reference = rows.loc[~white, [event, base]].sum(), rows.loc[white, [event, base]].sum()
        for count, status, truth in (
            (row.focus_count, row.focus_count_status, focus[event]),
            (row.reference_count, row.reference_count_status, reference[event]),
        ):
            assert (status == "c") if math.isnan(count) else (count == truth and (truth == 0 or truth >= 5))
        if row.ratio_status is None:
            expected = focus[event] / focus[base] / (reference[event] / reference[base])
            assert row.ratio == pytest.approx(expected, abs=0.0051)
        elif row.ratio_status == "c":
            assert math.isnan(row.focus_count) or math.isnan(row.reference_count)
        assert row.worse_when == ("below_1" if row.event == "favourable" else "above_1")
    assert shown.ratio.notna().sum() > 20


def test_the_public_sees_areas_rounded_to_five_and_shares_of_rounded_counts(
    returned: Settings, shown: pd.DataFrame
) -> None:
    public = read_frame(returned, "select * from open_data_candidate.leadership_representation").set_index(
        ["source", "unit_code", "as_at_year", "tier", "ethnic_group"]
    )
    own = public.loc["returns"]
    assert set(own.index.get_level_values("unit_code")) == {LONDON, INNER, OUTER}
    numbers = own.headcount.dropna()
    assert (numbers % 5 == 0).all()
    assert ((numbers - shown.headcount.reindex(numbers.index)).abs() <= 2.5).all()
    row, known = (own.loc[(LONDON, 2024, "managers", group)] for group in ("global_majority", "known"))
    assert row.share_of_known_pct == round(100 * row.headcount / known.headcount, 1)
    published = public.loc["dfe"].sort_index()
    members = representation(returned, "dfe")
    pd.testing.assert_series_equal(published.headcount, members.headcount)
    pd.testing.assert_series_equal(published.share_of_known_pct, members.share_of_known_pct)


def test_the_gate_finds_no_error_and_names_the_units_to_ask(returned: Settings) -> None:
    with returned.connect("transformer") as connection:
        connection.adapters.register_loader("numeric", FloatLoader)
        frames = read_topic(connection, "leadership")
    rules = load_rules("marts_leadership")
    found = findings_of(check(frames, questions(rules, {})), frames)
    assert [finding for finding in found if finding.severity == "error"] == []
    messages = {(finding.rule_code, finding.field): finding.message for finding in found}
    assert awkward_case("carried_forward_unit").unit_name in messages["LDR-512", None]
    assert ("LDR-511", "returns") in messages
    assert {name for name, frame in frames.items() if frame.empty} == set()


def test_without_a_decision_on_the_counts_as_they_are_now_everything_returned_is_withheld(returned: Settings) -> None:
    with returned.connect("transformer") as connection:
        connection.execute("update intermediate.cells_leadership_headcount set count_in_cell = count_in_cell + 1")
    run_dbt(returned, "run", "--quiet", "--select", "int_leadership__headcounts_shown")
    frame = read_frame(
        returned,
        "select distinct headcount_status from intermediate.int_leadership__headcounts_shown where source = 'returns'",
    )
    assert set(frame.headcount_status) == {"c", "x"}
