"""Salary as advertised to a yearly range for a full-time post.

`£38,223 to £45,441`, `Up to £52k`, `£22.50 per hour`, `£24,000 actual (0.6 FTE)`, `£41,000 pro rata` … What cannot be
made out stays empty: the text itself is always kept beside it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_AMOUNT = re.compile(
    r"(?P<pound>£\s*)?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(?P<thousand>k\b)?", re.IGNORECASE
)
_FTE = re.compile(r"\b(0?\.\d+)\s*(?:fte|wte)\b", re.IGNORECASE)
_HOURS = re.compile(r"\b(\d{1,2}(?:\.\d+)?)\s*(?:hours|hrs)\b", re.IGNORECASE)
_ACTUAL = re.compile(r"\bactual\b", re.IGNORECASE)
_BASES = {
    "hourly": re.compile(r"\b(?:per|an?|/)\s*(?:hour|hr)\b|/\s*h(?:our|r)\b|\bhourly\b|\bp\.?h\.?\b", re.IGNORECASE),
    "daily": re.compile(r"\b(?:per|a)\s*day\b|/\s*day\b|\bdaily\b", re.IGNORECASE),
    "monthly": re.compile(r"\b(?:per|a)\s*month\b|/\s*month\b|\bmonthly\b", re.IGNORECASE),
}


@dataclass(frozen=True)
class Salary:
    """A yearly full-time range in pounds, and what it was advertised by: `annual`, `monthly`, `daily` or `hourly`."""

    low: Decimal | None
    high: Decimal | None
    basis: str | None


NOT_UNDERSTOOD = Salary(None, None, None)


def annual_fte_range(low: str | None, high: str | None, words: str | None, rules: Mapping[str, Any]) -> Salary:
    """The range a job's salary texts mean.

    Args:
        low, high: the extract's minimum and maximum, as text.
        words: its free text; used for the amounts where there is neither minimum nor maximum.
        rules: `salary` of `jobs.yml`: hours a week, weeks, days and months a year, the plausible range.
    """
    all_words = " ".join(part for part in (low, high, words) if part)
    sources = [part for part in (low, high) if part] or [words or ""]
    amounts = [amount for source in sources for amount in _amounts(source)]
    if not amounts:
        return NOT_UNDERSTOOD
    basis = next((name for name, pattern in _BASES.items() if pattern.search(all_words)), "annual")
    factor = {
        "annual": Decimal(1),
        "monthly": Decimal(str(rules["months_a_year"])),
        "daily": Decimal(str(rules["days_a_year"])),
        "hourly": Decimal(str(rules["hours_a_week"])) * Decimal(str(rules["weeks_a_year"])),
    }[basis] / _share_of_full_time(all_words, basis, rules)
    least, most = rules["plausible_annual_gbp"]
    annual = [(amount * factor).quantize(Decimal(1), ROUND_HALF_UP) for amount in amounts]
    if not all(least <= amount <= most for amount in annual):
        return NOT_UNDERSTOOD
    return Salary(min(annual), max(annual), basis)


def _amounts(words: str) -> list[Decimal]:
    without_shares = _HOURS.sub(" ", _FTE.sub(" ", words))
    found = list(_AMOUNT.finditer(without_shares))
    # With a pound sign somewhere, numbers without one are grades or scale points, unless they end a range (£41-45k).
    if any(match["pound"] for match in found):
        kept: list[re.Match[str]] = []
        for match in found:
            ends_a_range = kept and without_shares[kept[-1].end() : match.start()].strip().lower() in ("-", "–", "to")
            if match["pound"] or ends_a_range:
                kept.append(match)
        found = kept
    thousands = any(match["thousand"] for match in found)
    amounts = []
    for match in found:
        amount = Decimal(match["number"].replace(",", ""))
        in_thousands = match["thousand"] or (thousands and amount < 1000)
        amounts.append(amount * 1000 if in_thousands else amount)
    return amounts


def _share_of_full_time(words: str, basis: str, rules: Mapping[str, Any]) -> Decimal:
    """What share of full-time pay the amounts are: advertised pay is full-time pay unless it says `actual`."""
    if basis == "hourly" or not _ACTUAL.search(words):
        return Decimal(1)
    if fte := _FTE.search(words):
        return Decimal(fte[1])
    if (hours := _HOURS.search(words)) and Decimal(hours[1]) > 0:
        return min(Decimal(1), Decimal(hours[1]) / Decimal(str(rules["hours_a_week"])))
    return Decimal(1)
