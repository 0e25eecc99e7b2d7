"""The census returns add up to the published sample: every London unit, year and indicator, recomputed from the XML.

Formulas: domain notes on the census, 6.1 and 6.2; rounding and symbols 4.7 and 4.8. Leavers' FTE is FTE30; caseload
leaves out who holds no case or has no FTE; absence is over 253 working days, 254 in the census year with 29 February.
"""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

import pandas as pd
import pytest

from ingestion.returns.periods import census_year
from ingestion.returns.senders import senders
from ingestion.returns.specification import load_specification
from ingestion.sample import AWKWARD_CASES, awkward_case
from tests.ingestion.sample.generated_sample import Sample
from tests.ingestion.sample.returned_files import Returns, read_census

YEARS = range(2021, 2026)
MISSING, REPEATED = awkward_case("missing_unit"), awkward_case("carried_forward_unit")


class Rate(NamedTuple):
    numerator: str
    denominators: tuple[str, ...]
    times: int = 100


RATES = {
    "turnover_rate_fte": Rate("leavers_fte", ("inpost_fte",)),
    "turnover_rate_headcount": Rate("leavers_headcount", ("inpost_headcount",)),
    "agency_rate_fte": Rate("agency_fte", ("agency_fte", "inpost_fte")),
    "agency_rate_headcount": Rate("agency_headcount", ("agency_headcount", "inpost_headcount")),
    "agency_cover_rate_fte": Rate("agency_cover_fte", ("agency_fte",)),
    "vacancy_rate_fte": Rate("vacancy_fte", ("vacancy_fte", "inpost_fte")),
    "vacancy_agency_cover_rate_fte": Rate("agency_cover_fte", ("vacancy_fte",)),
    "caseload_fte": Rate("cases", ("case_holders_fte",), 1),
    "absence_rate_fte": Rate("working_days_lost_fte", ("inpost_fte",)),
}
COVER_RATES = ("agency_cover_rate_fte", "vacancy_agency_cover_rate_fte")


def amount(texts: pd.Series) -> Fraction:
    """The exact sum of decimals written as text."""
    return sum((Fraction(text) for text in texts.dropna()), Fraction(0))


def counts_of(workers: pd.DataFrame, stated: dict[str, str], year: int) -> dict[str, Fraction]:
    begin, end = f"{year - 1}-10-01", f"{year}-09-30"
    agency = workers[workers["AgencyWorker"] == "1"]
    employed = workers[workers["AgencyWorker"] == "0"]
    in_post = employed[employed["RoleEndDate"].isna()]
    starters = in_post[in_post["RoleStartDate"].between(begin, end)]
    leavers = employed[employed["RoleEndDate"].between(begin, end) & (employed["RoleStartDate"] < begin)]
    holders = workers[(pd.to_numeric(workers["Cases30"]) >= 1) & (pd.to_numeric(workers["FTE"]) > 0)]

    def people(which: pd.DataFrame) -> Fraction:
        return Fraction(which["SWENo"].nunique())

    return {
        "inpost_fte": amount(in_post["FTE"]),
        "inpost_headcount": people(in_post),
        "starters_fte": amount(starters["FTE"]),
        "starters_headcount": people(starters),
        "leavers_fte": amount(leavers["FTE30"]),
        "leavers_headcount": people(leavers),
        "agency_fte": amount(agency["FTE"]),
        "agency_headcount": people(agency),
        "agency_cover_fte": Fraction(stated["NoAgencyFTE"]),
        "vacancy_fte": Fraction(stated["NumberOfVacancies"]),
        "case_holders_fte": amount(holders["FTE"]),
        "cases": amount(holders["Cases30"]),
        "working_days_lost_fte": amount(employed["WorkingDaysLost"]),
    }


def published_text(value: Fraction) -> str:
    """One decimal, half up, a trailing .0 dropped; `low` for what rounds to 0 and is not."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    rounded = exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return "low" if rounded == 0 and value > 0 else f"{rounded}".removesuffix(".0")


def figures_of(counts: dict[str, Fraction], year: int) -> dict[str, str]:
    figures = {name: published_text(value) for name, value in counts.items()}
    for name, rate in RATES.items():
        numerator, denominator = counts[rate.numerator], sum(counts[each] for each in rate.denominators)
        days = {2024: 254}.get(year, 253) if name == "absence_rate_fte" else 1
        if not denominator:
            figures[name] = "z"
        elif name in COVER_RATES and numerator > denominator:
            figures[name] = "u"
        else:
            figures[name] = published_text(rate.times * numerator / (denominator * days))
    return figures


Census = dict[tuple[str, int], tuple[pd.DataFrame, dict[str, str]]]


@pytest.fixture(scope="module")
def census(returns: Returns) -> Census:
    """Every census return as read, by sender and year."""
    return {(folder.name, int(folder.parent.name)): read_census(folder) for folder in returns.folders("csww_census")}


@pytest.fixture(scope="module")
def recomputed(census: Census) -> pd.DataFrame:
    """Published text of every indicator by (unit, year), from the XML files alone."""
    unit_of = {sender.folder: sender.unit_code for sender in senders()}
    together: dict[tuple[str, int], dict[str, Fraction]] = {}
    for (sender, year), (workers, stated) in census.items():
        unit = together.setdefault((unit_of[sender], year), {})
        for name, value in counts_of(workers, stated, year).items():
            unit[name] = unit.get(name, Fraction(0)) + value
    return pd.DataFrame({key: figures_of(counts, key[1]) for key, counts in together.items()}).T


@pytest.fixture(scope="module")
def published(sample: Sample, recomputed: pd.DataFrame) -> pd.DataFrame:
    frame = sample.indicators.assign(year=sample.indicators["time_period"].astype(int))
    frame = frame[frame["new_la_code"].str.startswith("E09") & frame["year"].isin(YEARS)]
    return frame.set_index(["new_la_code", "year"])[recomputed.columns]


def withheld_or_unavailable() -> set[tuple[str, int, str]]:
    """Cells that show `u` or `x` because a named case says so, with the rates made from them."""
    return {
        (case.unit_code, year, name)
        for case in AWKWARD_CASES
        if case.effect in ("withheld", "unavailable")
        for year in case.years
        for measure in case.measures
        for name in (
            measure,
            *(name for name, rate in RATES.items() if measure in (rate.numerator, *rate.denominators)),
        )
    }


def test_the_returns_of_every_unit_and_year_add_up_to_the_published_figures(
    recomputed: pd.DataFrame, published: pd.DataFrame
) -> None:
    assert len(published) == 32 * 5
    assert set(recomputed.index) == set(published.index)
    apart = (published != recomputed.loc[published.index]).stack()
    different = {(str(code), int(year), str(name)) for code, year, name in apart[apart].index}
    whole_rows = {(case.unit_code, year) for case in (MISSING, REPEATED) for year in case.years}
    unexplained = {cell for cell in different if cell[:2] not in whole_rows} - withheld_or_unavailable()
    assert unexplained == set()
    assert {cell[:2] for cell in different if cell[:2] in whole_rows} == {
        (MISSING.unit_code, 2025),
        (REPEATED.unit_code, 2022),
    }


def test_the_named_exceptions_are_what_they_say(recomputed: pd.DataFrame, published: pd.DataFrame) -> None:
    assert set(published.loc[(MISSING.unit_code, 2025)]) == {"x"}
    before = recomputed.loc[(REPEATED.unit_code, 2021)]
    assert list(published.loc[(REPEATED.unit_code, 2022)]) == list(before)
    hidden = [cell for cell in withheld_or_unavailable() if cell[0].startswith("E09") and cell[1] in YEARS]
    assert hidden
    assert {published.at[cell[:2], cell[2]] for cell in hidden} <= {"u", "x"}


@pytest.mark.parametrize("year", YEARS)
def test_items_are_named_and_ordered_as_the_specification_of_the_year_says(
    returns: Returns, census: Census, year: int
) -> None:
    specification = load_specification("csww_census", census_year(year))
    worker, authority = specification.record("worker"), specification.record("authority")
    position = {item.element: number for number, item in enumerate(worker.items)}
    seen: set[str] = set()
    for sender in ("E09000001", "E09000007", "E09000033"):
        (file,) = (returns.folder / f"csww_census/{year}/{sender}").iterdir()
        text = file.read_text("utf-8")
        assert f"<{authority.element}>" in text
        stated = census[sender, year][1]
        assert list(stated) == [item.element for item in authority.items if item.element in stated]
        assert {item.element for item in authority.items if item.required} <= set(stated)
        for block in text.split("<CSWWWorker>")[1:]:
            names = [line.strip()[1:].split(">")[0] for line in block.split("</CSWWWorker>")[0].strip().splitlines()]
            assert [position[name] for name in names] == sorted(position[name] for name in names)
            seen.update(names)
    assert seen == set(position)


def test_the_header_says_whose_and_for_when_it_is(returns: Returns) -> None:
    header = (returns.folder / "csww_census/2024/E09000007/csww_census_202_2024.xml").read_text("utf-8")[:700]
    for part in (
        "<Collection>CSWW</Collection>",
        "<Year>2024</Year>",
        "<ReferenceDate>2024-09-30</ReferenceDate>",
        "<SourceLevel>L</SourceLevel>",
        "<LEA>202</LEA>",
        "<SoftwareCode>SYNTHETIC</SoftwareCode>",
    ):
        assert part in header


def test_kingston_and_richmond_return_as_one_in_2025_only(returns: Returns) -> None:
    senders_of = {
        year: {folder.name for folder in returns.folders("csww_census") if folder.parent.name == str(year)}
        for year in YEARS
    }
    assert [len(names) for names in senders_of.values()] == [33, 33, 33, 33, 32]
    assert "E09000021-E09000027" in senders_of[2025]
    assert not {"E09000021", "E09000027"} & senders_of[2025]
    (file,) = (returns.folder / "csww_census/2025/E09000021-E09000027").iterdir()
    assert "<LEA>314</LEA>" in file.read_text("utf-8")[:700]


def test_numbers_are_written_as_the_census_writes_them(census: Census) -> None:
    workers, _ = census["E09000007", 2025]
    assert workers["SWENo"].str.fullmatch(r"SY\d{8}").all()
    assert workers["FTE"].str.fullmatch(r"0|1|0\.\d{1,2}").all()
    assert workers["BaseSalary"].dropna().str.fullmatch(r"\d+\.\d\d").all()
    leavers = workers[workers["RoleEndDate"].notna()]
    assert set(leavers["FTE"]) == {"0"}
    assert leavers["Cases30"].isna().all()
    assert workers.loc[workers["AgencyWorker"] == "1", ["FTE30", "BaseSalary", "WorkingDaysLost"]].isna().all(axis=None)
    assert workers.loc[workers["AgencyWorker"] == "0", "ContractWeeks"].isna().all()


def test_most_authorities_have_no_case_holder_without_cases(census: Census) -> None:
    """Where there is one the return is accepted with queries; most are to be clean."""
    without = {
        sender
        for (sender, _), (workers, _) in census.items()
        if ((workers["OrgRole"] == "5") & workers["RoleEndDate"].isna() & (workers["Cases30"] == "0")).any()
    }
    assert 1 <= len(without) <= 6
