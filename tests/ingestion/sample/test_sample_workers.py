"""The invented workers carry on from year to year, and their records keep the rules of the return."""

import re

import pandas as pd

from ingestion.sample.workforce import Workforce, build_workforce

YEARS = range(2017, 2026)
ETHNICITY_CODES = [
    "WBRI",
    "WIRI",
    "WOTH",
    "MWBC",
    "MWBA",
    "MWAS",
    "MOTH",
    "AIND",
    "APKN",
    "ABAN",
    "AOTH",
    "CHNE",
    "BCRB",
    "BAFR",
    "BOTH",
    "OOTH",
    "REFU",
    "NOBT",
]


def in_post(workers: pd.DataFrame) -> pd.DataFrame:
    return workers[(workers["agency_worker"] == 0) & workers["role_end_date"].isna()]


def keyed(workers: pd.DataFrame) -> pd.DataFrame:
    return workers.assign(authority_code=workers["authority_code"].astype(str)).set_index(["authority_code", "swe_no"])


def test_whoever_is_in_post_stays_or_leaves_the_next_year(workforce: Workforce) -> None:
    for year in YEARS[:-1]:
        before = keyed(in_post(workforce.workers[year]))
        after = keyed(workforce.workers[year + 1].query("agency_worker == 0"))
        begin = pd.Timestamp(year, 10, 1)
        carried_on = after[after["role_start_date"] < begin]
        assert set(before.index) == set(carried_on.index)
        # FTE30 is what FTE was on 30 September of the year before.
        assert (carried_on["fte30"] == before["fte"].loc[carried_on.index]).all()
        for item in ("person_birth_date", "sex", "ethnicity", "qual_inst", "role_start_date", "start_origin"):
            assert (carried_on[item].to_numpy() == before[item].loc[carried_on.index].to_numpy()).all(), item


def test_a_starter_was_not_there_the_year_before(workforce: Workforce) -> None:
    for year in YEARS[:-1]:
        employed = keyed(workforce.workers[year + 1].query("agency_worker == 0"))
        starters = employed[employed["role_start_date"] >= pd.Timestamp(year, 10, 1)]
        assert len(starters) > 1000
        assert (starters["fte30"] == 0).all()
        assert not starters.index.isin(keyed(in_post(workforce.workers[year])).index).any()


def test_leavers_leave_within_the_year_with_every_item_the_return_asks_of_them(workforce: Workforce) -> None:
    for year, workers in workforce.workers.items():
        leavers = workers[workers["role_end_date"].notna()]
        others = workers[workers["role_end_date"].isna()]
        assert leavers["role_end_date"].between(pd.Timestamp(year - 1, 10, 1), pd.Timestamp(year, 9, 30)).all()
        assert (leavers["role_end_date"] >= leavers["role_start_date"]).all()
        assert (leavers["fte"] == 0).all()
        assert leavers[["leaver_destination", "reason_leave"]].notna().all(axis=None)
        assert others[["leaver_destination", "reason_leave"]].isna().all(axis=None)
        assert (others["fte"] > 0).all()


def test_some_start_and_leave_in_the_same_year(workforce: Workforce) -> None:
    for year, workers in workforce.workers.items():
        passing = workers[
            (workers["role_start_date"] >= pd.Timestamp(year - 1, 10, 1)) & workers["role_end_date"].notna()
        ]
        assert len(passing) > 100
        assert (passing["fte30"] == 0).all()


def test_permanent_workers_have_every_required_item(workforce: Workforce) -> None:
    required = [
        "swe_no",
        "person_birth_date",
        "sex",
        "gender_current",
        "ethnicity",
        "step_up_grad",
        "org_role",
        "role_start_date",
        "start_origin",
        "fte30",
        "working_days_lost",
        "frontline_grad",
        "qual_inst",
    ]
    for workers in workforce.workers.values():
        permanent = workers[workers["agency_worker"] == 0]
        assert permanent[required].notna().all(axis=None)
        assert in_post(workers)["base_salary"].gt(0).all()
        agency = workers[workers["agency_worker"] == 1]
        assert agency["contract_weeks"].between(1, 500).all()


def test_codes_are_those_of_the_return(workforce: Workforce) -> None:
    everyone = pd.concat(workforce.workers.values())
    assert set(everyone["ethnicity"].astype(str)) == set(ETHNICITY_CODES)
    assert set(everyone["org_role"]) == set(range(1, 7))
    assert set(everyone["start_origin"]) == set(range(1, 11))
    assert set(everyone["leaver_destination"].dropna()) == set(range(1, 10))
    assert set(everyone["reason_leave"].dropna()) <= set(range(1, 11))
    assert set(everyone["sex"]) == {"M", "F"}
    assert set(everyone["gender_current"]) == {0, 1, 2, 9}
    assert everyone["fte"].between(0, 1).all()


def test_registration_numbers_cannot_be_mistaken_for_real_ones(workforce: Workforce) -> None:
    for workers in workforce.workers.values():
        assert workers["swe_no"].map(lambda number: re.fullmatch(r"SY\d{8}", number) is not None).all()
        assert not workers.duplicated(["authority_code", "swe_no"]).any()


def test_ages_are_those_of_people_at_work(workforce: Workforce) -> None:
    for year, workers in workforce.workers.items():
        age = (pd.Timestamp(year, 9, 30) - workers["person_birth_date"]).dt.days / 365.25
        assert age.between(21, 75).all()


def test_some_who_leave_for_another_authority_turn_up_there(workforce: Workforce) -> None:
    for year in YEARS:
        workers = workforce.workers[year]
        gone = workers[(workers["leaver_destination"] == 1) & (workers["fte30"] > 0)].set_index("swe_no")
        come = in_post(workers).query("start_origin == 2").set_index("swe_no")
        moved = gone.index.intersection(come.index)
        assert len(moved) > 50
        assert (come.loc[moved, "role_start_date"] > gone.loc[moved, "role_end_date"]).all()
        assert (come.loc[moved, "ethnicity"].astype(str) == gone.loc[moved, "ethnicity"].astype(str)).all()


def test_every_london_authority_has_workers_and_states_its_vacancies(workforce: Workforce) -> None:
    london = workforce.authorities[workforce.authorities["authority_code"].str.startswith("E09")]
    assert len(london) == 33
    for year in YEARS:
        assert set(london["authority_code"]) <= set(in_post(workforce.workers[year])["authority_code"].astype(str))
        items = workforce.authority_items.query("census_year == @year").set_index("authority_code")
        stated = items.loc[london["authority_code"], ["number_of_vacancies", "no_agency_fte", "no_agency_headcount"]]
        assert stated.notna().all(axis=None)
        assert (stated["no_agency_headcount"] >= stated["no_agency_fte"]).all()


def test_the_workforce_is_the_same_for_the_same_seed() -> None:
    first, second = (build_workforce(seed=5, scale=0.1) for _ in range(2))
    for year in (2017, 2025):
        pd.testing.assert_frame_equal(first.workers[year], second.workers[year])
    pd.testing.assert_frame_equal(first.authority_items, second.authority_items)
