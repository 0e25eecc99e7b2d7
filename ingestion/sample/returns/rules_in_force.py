"""The price caps and agency rules an invented authority goes by: the dbt project's seeds, where they are kept."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache

from ingestion.sample.areas import SEEDS

# Caps are agreed for London as one region; an authority states its compliance with DfE's rules.
REGION, RULES_OF = "LONDON", "DFE"


@dataclass(frozen=True)
class Rule:
    """A rule on one day: the value it asks for, and of which assignments: those that began on or after `since`."""

    value: str
    since: date


@cache
def price_caps(day: date) -> dict[tuple[str, str], float]:
    """London's caps in force on a day, GBP an hour, by role type and payment basis."""
    return {
        (row["role_type"], row["payment_basis"]): float(row["cap_gbp"])
        for row in _rows("price_caps")
        if row["region"] == REGION and _in_force(row, day)
    }


@cache
def caps_began() -> date:
    """The first day with a cap in London."""
    return min(date.fromisoformat(row["valid_from"]) for row in _rows("price_caps") if row["region"] == REGION)


@cache
def rule_on(day: date, rule_code: str) -> Rule | None:
    """A rule as it stands on a day, or nothing before it began."""
    rows = [row for row in _rows("agency_rules") if (row["rule_code"], row["authority"]) == (rule_code, RULES_OF)]
    for row in rows:
        if _in_force(row, day):
            since = date.min if row["scope"] == "ALL" else date.fromisoformat(row["valid_from"])
            return Rule(row["value"], since)
    return None


def _in_force(row: dict[str, str], day: date) -> bool:
    return date.fromisoformat(row["valid_from"]) <= day <= date.fromisoformat(row["valid_to"] or "9999-12-31")


@cache
def _rows(seed: str) -> tuple[dict[str, str], ...]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
