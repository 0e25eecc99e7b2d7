"""Items of a return that no published figure needs: sex, qualification, contract, absence on the day, pay.

They follow from the person's number alone (and the year, where they change), so nothing has to be remembered from one
year to the next and leaving them out changes nothing else.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from ingestion.sample.assumptions import Numbers, Weighted
from ingestion.sample.people import Column, People

# Institutions that do not exist.
INSTITUTIONS = (
    "Northmere University",
    "University of Saltholme",
    "Wyremouth College",
    "Eastacre University",
    "University of Marling",
    "Institute of Social Practice",
)
OTHER_ALLOWANCES = ("", "Market supplement", "Season ticket loan", "Key worker housing")
REASONS_FOR_ABSENCE = ("MAT", "OTH", "PUB", "SIC", "TRN", "UNA", "UNP")

QUALIFICATION_LEVELS = Weighted.of({1: 46, 2: 51, 3: 3})
ABSENCE_REASONS = Weighted.of({0: 46, 1: 12, 2: 1, 3: 30, 4: 4, 5: 1, 6: 6})
GENDERS = Weighted.of({2: 854, 1: 143, 0: 2, 9: 1})
FEMALE, MALE = 2, 1


def chance(number: Column, seed: int, item: str, year: int = 0) -> Numbers:
    """A number from 0 to 1 for each person and item, always the same one (splitmix64)."""
    salt = np.uint64(int.from_bytes(hashlib.sha256(item.encode()).digest()[:8], "big"))
    with np.errstate(over="ignore"):
        mixed = number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed = mixed + salt * np.uint64(0xD1342543DE82EF95)
        mixed = mixed + np.uint64(seed * 10_000 + year) * np.uint64(0xA0761D6478BD642F)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def registration_numbers(number: Column) -> NDArray[np.str_]:
    """Invented Social Work England numbers: the register's pattern, but `SY`, which it does not use, then 8 digits."""
    return np.char.add("SY", np.char.zfill(number.astype(str), 8))


def gender(people: People, seed: int) -> NDArray[np.int64]:
    """GenderCurrent, as returned to 2023: 0 not known, 1 male, 2 female, 9 not specified."""
    return GENDERS.draw(chance(people.person, seed, "gender"))


def sex(people: People, seed: int) -> NDArray[np.str_]:
    """Sex, as returned from 2024: M or F; for those whose gender is not recorded or specified too."""
    recorded = gender(people, seed)
    either = np.where(chance(people.person, seed, "sex") < 0.5, FEMALE, MALE)
    return np.where(np.where(recorded % 9 == 0, either, recorded) == FEMALE, "F", "M")


def routes(people: People, seed: int) -> tuple[Column, Column]:
    """StepUpGrad and FrontlineGrad: nobody came by both routes."""
    route = chance(people.person, seed, "route")
    return (route < 0.045).astype(np.int8), ((route >= 0.045) & (route < 0.08)).astype(np.int8)


def qualification(people: People, seed: int) -> tuple[Column, Column]:
    """QualLevel, and the position of QualInst in `INSTITUTIONS`."""
    level = QUALIFICATION_LEVELS.draw(chance(people.person, seed, "level"))
    place = np.floor(chance(people.person, seed, "place") * len(INSTITUTIONS)).astype(np.int8)
    return level.astype(np.int8), place


def absence_on_the_day(people: People, seed: int, year: int) -> tuple[Column, Column]:
    """Absat30Sept (1 for about 5 in 100 in post), and the position of ReasonAbsence in `REASONS_FOR_ABSENCE`."""
    absent = people.in_post & (chance(people.person, seed, "absent", year) < 0.05)
    reason = ABSENCE_REASONS.draw(chance(people.person, seed, "reason", year))
    return absent.astype(np.int8), reason.astype(np.int8)


def skills_status(people: People, begin: int) -> Column:
    """CFKSSstatus: 1 in the first, assessed year of practice; 2 practitioner; 3 supervisor; 4 leader."""
    by_role = np.array([0, 4, 4, 3, 2, 2, 2])[people.role]
    first_year = (people.origin == 1) & (people.start_day >= begin) & ~people.agency_worker
    return np.where(first_year, 1, by_role).astype(np.int8)


def contract_weeks(people: People, seed: int, year: int) -> Numbers:
    """ContractWeeks of agency workers: 4 to 52, whole or half weeks."""
    return np.asarray(np.rint((4 + 48 * chance(people.person, seed, "weeks", year)) * 2) / 2)


def pay(people: People, salary_by_role: Numbers, seed: int, year: int) -> tuple[Numbers, Numbers, Numbers]:
    """BaseSalary in pounds for the full-time year, RRPayments and OtherPayments (0 for most), at the year's prices."""
    prices = 1.03 ** (year - 2025)
    spread = 0.92 + 0.16 * chance(people.person, seed, "salary")
    base = np.rint(salary_by_role[people.role] * spread * prices / 3) * 3
    retention = np.rint(1 + 9 * chance(people.person, seed, "retain")) * 500
    retention *= chance(people.person, seed, "retained", year) < 0.3
    other = np.rint(1 + 5 * chance(people.person, seed, "other")) * 120
    other *= chance(people.person, seed, "also", year) < 0.12
    return base, retention, other
