"""Leadership in Colour counts the published workforce; the psychologists' returns hold together."""

import pandas as pd
import pytest

from ingestion.returns.senders import senders
from ingestion.sample import AWKWARD_CASES
from tests.ingestion.sample.generated_sample import Sample
from tests.ingestion.sample.returned_files import Returns

GROUPS = {"W": "White", "M": "Mixed / Multiple ethnic groups", "A": "Asian / Asian British"}
OTHER_GROUPS = {
    "CHNE": "Asian / Asian British",
    "BCRB": "Black / African / Caribbean / Black British",
    "BAFR": "Black / African / Caribbean / Black British",
    "BOTH": "Black / African / Caribbean / Black British",
    "OOTH": "Other ethnic group",
    "NOT_STATED": "Not known",
}
COUNTS = ["shortlisted", "appointed", "entered_disciplinary", "leavers", "funded_development"]


@pytest.fixture(scope="module")
def representation(returns: Returns) -> pd.DataFrame:
    table = returns.table("leadership_in_colour", "representation")
    table["headcount"] = table["headcount"].astype(int)
    return table


@pytest.fixture(scope="module")
def engagements(returns: Returns) -> pd.DataFrame:
    return returns.table("ep_workforce", "agency_use").fillna("")


@pytest.fixture(scope="module")
def establishment(returns: Returns) -> pd.DataFrame:
    return returns.table("ep_workforce", "establishment").fillna("")


def test_every_tier_and_group_is_there_with_zero_written_as_zero(representation: pd.DataFrame) -> None:
    assert (representation.groupby(["period", "sender"]).size() == 6 * 17).all()
    assert (representation["headcount"] == 0).any()


def test_headcounts_are_those_of_the_published_role_by_ethnicity_file(
    representation: pd.DataFrame, sample: Sample
) -> None:
    unit_of = {sender.code: sender.unit_code for sender in senders()}
    code = representation["ethnic_group"]
    table = representation.assign(
        unit=representation["sender"].map(unit_of),
        role=representation["tier"].str.replace("_", " ").str.capitalize(),
        breakdown=code.map(OTHER_GROUPS).fillna(code.str[0].map(GROUPS)),
    )
    counted = table.groupby(["unit", "period", "role", "breakdown"])["headcount"].sum()
    of_units = sample.roles[sample.roles["new_la_code"].str.startswith("E09")]
    published = of_units.set_index(["new_la_code", "time_period", "role", "breakdown"])["inpost_headcount"]
    compared = published.reindex(counted.index)
    odd = {
        (case.unit_code, str(year))
        for case in AWKWARD_CASES
        if case.effect in ("missing", "carried_forward")
        for year in case.years
    }
    sent = table.groupby(["unit", "period"])["sender"].nunique()
    # An authority that did not send leaves its joint unit incomplete.
    whole = sent[sent == sent.index.get_level_values("unit").map(lambda unit: 2 if " / " in unit else 1)].index
    rows = [key for key in counted.index if key[:2] in whole and key[:2] not in odd]
    assert len(rows) > 30 * 3 * 6 * 6 - 200
    known = compared.loc[rows] != "x"
    assert (compared.loc[rows][known].astype(int) == counted.loc[rows][known]).all()


def test_about_twenty_authorities_keep_the_counts_behind_the_race_equality_measures(
    representation: pd.DataFrame,
) -> None:
    filled = representation[COUNTS] != ""
    by_return = filled.groupby([representation["period"], representation["sender"]]).mean()
    assert by_return.isin([0, 1]).all(axis=None), "all of a return's counts or none"
    assert (by_return["shortlisted"].groupby("period").sum().between(18, 22)).all()


def test_measures_show_a_modest_gap(representation: pd.DataFrame) -> None:
    table = representation[(representation["shortlisted"] != "") & (representation["ethnic_group"] != "NOT_STATED")]
    counts = table[COUNTS].astype(int)
    assert (counts["appointed"] <= counts["shortlisted"]).all()
    white = table["ethnic_group"].str.startswith("W").rename("white")
    total = counts.assign(headcount=table["headcount"]).groupby(white).sum()
    appointed = total["appointed"] / total["shortlisted"]
    disciplinary = total["entered_disciplinary"] / total["headcount"]
    assert 0.6 < appointed[False] / appointed[True] < 0.95
    assert 1.0 < disciplinary[False] / disciplinary[True] < 2.5


def test_every_service_returns_its_six_grades(establishment: pd.DataFrame) -> None:
    grades = establishment.groupby(["period", "sender"])["ep_grade"].agg(list)
    assert set(map(tuple, grades)) == {("AEP", "TEP", "EP", "SEP", "DPEP", "PEP")}
    numbers = establishment[["headcount", "fte", "vacancies_fte"]].apply(pd.to_numeric)
    assert (numbers["headcount"] >= numbers["fte"]).all()
    assert ((numbers["headcount"] == 0) == (numbers["fte"] == 0)).all()
    assert ((establishment["average_salary"] == "") == (establishment["headcount"] == "0")).all()
    assert numbers.groupby(establishment["period"])["fte"].sum().min() > 300


def test_engagements_lie_in_their_quarter_and_go_on_into_the_next(engagements: pd.DataFrame) -> None:
    assert (engagements["start_date"] <= engagements["period_end"]).all()
    ended = engagements[engagements["end_date"] != ""]
    assert ((ended["end_date"] > ended["start_date"]) & (ended["end_date"] <= ended["period_end"])).all()
    lasting = engagements.groupby(["sender", "engagement_id"])[["ep_grade", "rate", "pay_unit", "start_date"]].nunique()
    assert (lasting == 1).all(axis=None)
    assert engagements.groupby(["sender", "engagement_id"]).size().max() > 1


def test_rates_are_of_the_size_their_unit_has(engagements: pd.DataFrame) -> None:
    main_grade = engagements[engagements["ep_grade"] == "EP"]
    rate = pd.to_numeric(main_grade["rate"]).groupby(main_grade["pay_unit"]).mean()
    assert 500 < rate["DAY"] < 600
    assert 50 < rate["HOUR"] < 120
    assert 600 < rate["PER_ADVICE"] < 1000
    assert set(engagements["work_mode"]) == {"IN_PERSON", "HYBRID", "REMOTE"}
