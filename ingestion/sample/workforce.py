"""The sample's workers as tables, for anything that needs records rather than figures: returns, tests, demonstrations.

One table a census year, one row a worker record, under the names of the return's items in snake case. Every item is
filled in every year; which of them a year's return holds is for that return's specification to say (`sex` from 2024,
`gender_current` before, pay from 2025, `qual_inst` and `cfkss_status` to 2024).

| column | what it holds |
|---|---|
| `authority_code`, `dfe_code` | the authority that returns the record (`940 / 941`: Northamptonshire's two in one) |
| `agency_worker` | 0 or 1 |
| `swe_no` | invented registration number: `SY` and eight digits; the same for one person in every year and authority |
| `fte` | at 30 September, 0 to 1; 0 for a leaver |
| `person_birth_date` | date |
| `gender_current`, `sex` | 0, 1, 2 or 9; `M` or `F` |
| `ethnicity` | four-letter code, categorical |
| `qual_inst`, `qual_level` | text (institutions that do not exist); 1 to 3 |
| `step_up_grad`, `frontline_grad` | 0 or 1 |
| `org_role` | 1 to 6 |
| `role_start_date`, `start_origin` | date; 1 to 10 |
| `role_end_date`, `leaver_destination`, `reason_leave` | leavers only, null for others |
| `fte30` | at 30 September of the year before: 0 for a starter, null for an agency worker |
| `cases30` | cases held at 30 September; null for a leaver |
| `working_days_lost` | in the year; null for an agency worker |
| `contract_weeks` | agency workers only |
| `absat30_sept`, `reason_absence` | 0 or 1, null for a leaver; code where absent, else null |
| `cfkss_status` | 1 to 4 |
| `base_salary`, `rr_payments`, `other_payments` | pounds a year; not for agency workers or leavers |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ingestion.sample import particulars
from ingestion.sample.areas import Geography, load_geography
from ingestion.sample.assumptions import Assumptions, load_assumptions
from ingestion.sample.generator import DEFAULT_SEED, check
from ingestion.sample.people import CensusYear, Column, census_years, first_day

HUNDREDTHS = 100


@dataclass(frozen=True)
class Workforce:
    """The sample's workers and what each authority states for itself.

    `workers`: census year to the table described in this module. `authority_items`: one row per authority and census
    year: `authority_code`, `census_year`, `number_of_vacancies` and `no_agency_fte` (FTE), `no_agency_headcount`, and
    the allowance items of 2025 on (filled in every year). `authorities`: one row per authority: `authority_code`,
    `dfe_code`, `authority_name`, `unit_code` and `region_code` (Inner or Outer London for London's).
    """

    seed: int
    scale: float
    authorities: pd.DataFrame
    workers: Mapping[int, pd.DataFrame]
    authority_items: pd.DataFrame


def build_workforce(seed: int = DEFAULT_SEED, scale: float = 1.0) -> Workforce:
    """The workers behind the files that `generate` writes for the same seed and scale.

    A unit whose published row is missing or carried forward in a year has workers in that year all the same.

    Raises:
        SampleError: the seed is negative, or the scale is not between 0.1 and 100.
    """
    check(seed, scale)
    geography, assumptions = load_geography(), load_assumptions()
    authorities = pd.DataFrame(
        {
            "authority_code": [authority.code for authority in geography.authorities],
            "dfe_code": [authority.dfe_code for authority in geography.authorities],
            "authority_name": [authority.name for authority in geography.authorities],
            "unit_code": [geography.units[authority.unit].code for authority in geography.authorities],
            "region_code": [authority.region_code for authority in geography.authorities],
        }
    )
    workers: dict[int, pd.DataFrame] = {}
    items: list[pd.DataFrame] = []
    for census in census_years(geography, seed, scale):
        workers[census.year] = _records(census, geography, assumptions, seed)
        items.append(_authority_items(census, geography, seed))
    return Workforce(seed, scale, authorities, workers, pd.concat(items, ignore_index=True))


def _records(census: CensusYear, geography: Geography, assumptions: Assumptions, seed: int) -> pd.DataFrame:
    """One census year's records, authority by authority, employees before agency workers."""
    order = np.lexsort((census.people.person, census.people.agency_worker, census.people.authority))
    people, year = census.people.take(order), census.year
    agency, leaver = people.agency_worker, people.leaver
    step_up, frontline = particulars.routes(people, seed)
    level, institution = particulars.qualification(people, seed)
    absent, reason = particulars.absence_on_the_day(people, seed, year)
    salary = particulars.pay(people, assumptions.by_role("salary"), seed, year)
    columns: dict[str, Any] = {
        "authority_code": _text(people.authority, [item.code for item in geography.authorities]),
        "dfe_code": _text(people.authority, [item.dfe_code for item in geography.authorities]),
        "agency_worker": agency.astype(np.int8),
        "swe_no": particulars.registration_numbers(people.person),
        "fte": people.fte / HUNDREDTHS,
        "person_birth_date": _dates(people.birth_day),
        "gender_current": particulars.gender(people, seed).astype(np.int8),
        "sex": particulars.sex(people, seed),
        "ethnicity": _text(people.ethnicity, assumptions.ethnicity_codes),
        "qual_inst": _text(institution, particulars.INSTITUTIONS),
        "qual_level": level,
        "step_up_grad": step_up,
        "org_role": people.role,
        "role_start_date": _dates(people.start_day),
        "start_origin": people.origin,
        "role_end_date": _dates(people.end_day, leaver),
        "leaver_destination": _whole(people.destination, leaver),
        "reason_leave": _whole(people.reason, leaver),
        "fte30": _amount(people.fte30 / HUNDREDTHS, ~agency),
        "cases30": _whole(people.cases, ~leaver),
        "working_days_lost": _amount(people.days_lost / HUNDREDTHS, ~agency),
        "contract_weeks": _amount(particulars.contract_weeks(people, seed, year), agency),
        "frontline_grad": frontline,
        "absat30_sept": _whole(absent, ~leaver),
        "reason_absence": _text(np.where(absent == 1, reason, -1), particulars.REASONS_FOR_ABSENCE),
        "cfkss_status": particulars.skills_status(people, first_day(year)),
        "base_salary": _amount(salary[0], people.in_post),
        "rr_payments": _amount(salary[1], people.in_post),
        "other_payments": _amount(salary[2], people.in_post),
    }
    return pd.DataFrame(columns)


def _authority_items(census: CensusYear, geography: Geography, seed: int) -> pd.DataFrame:
    """What each authority states for itself in one census year."""
    count = len(geography.authorities)
    number = np.arange(count)
    columns: dict[str, Any] = {
        "authority_code": [authority.code for authority in geography.authorities],
        "census_year": np.full(count, census.year),
        "number_of_vacancies": census.items.vacancies / HUNDREDTHS,
        "no_agency_fte": census.items.agency_cover / HUNDREDTHS,
        "no_agency_headcount": census.items.agency_cover_headcount,
    }
    for item in (
        "recruitment_bonus",
        "retention_bonus",
        "performance_award",
        "car_allowance",
        "relocation_package",
        "regional_weighting",
        "cost_swe",
        "cost_dbs",
    ):
        # 0 no, 1 for all, 2 for some.
        columns[item] = np.floor(particulars.chance(number, seed, item) * 3).astype(np.int8)
    other = np.floor(particulars.chance(number, seed, "allowance") * len(particulars.OTHER_ALLOWANCES)).astype(np.int8)
    columns["other_allowances"] = [particulars.OTHER_ALLOWANCES[place] for place in other]
    return pd.DataFrame(columns)


def _text(place: Column, values: list[str] | tuple[str, ...]) -> Any:
    """Text by its place in a list; -1 is null. Categories keep the list's order, each once."""
    return pd.Categorical.from_codes(place.astype(np.int16), categories=pd.Index(list(values)))


def _dates(day: Column, known: NDArray[np.bool_] | None = None) -> NDArray[np.datetime64]:
    dates = day.astype("datetime64[D]").astype("datetime64[s]")
    if known is not None:
        dates[~known] = np.datetime64("NaT")
    return dates


def _whole(amount: Column, known: NDArray[np.bool_]) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(amount.copy(), ~known)


def _amount(amount: Column, known: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(known, amount, np.nan)
