"""Figures and months as a person in London reads them."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

# Below this, a percentage says less than the number itself.
SMALLEST_BASE_OF_A_PERCENTAGE = 50


def month_name(month: date) -> str:
    """`October 2026`."""
    return f"{month:%B %Y}"


def short_month(month: date) -> str:
    """`Oct 2026`, for tables: never on two lines."""
    return f"{month:%b}\u00a0{month.year}"


def day_name(day: date) -> str:
    """`4 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def short_day(day: date) -> str:
    """`4 Nov`."""
    return f"{day.day} {day:%b}"


def number(value: int | Decimal | None) -> str:
    """`12,345`; words where there is no figure."""
    return "not available" if value is None else f"{rounded(value):,}"


def rounded(value: int | Decimal) -> int:
    """A whole number, halves away from zero as people round."""
    return int(Decimal(value).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def percent(part: int | Decimal | None, whole: int | Decimal | None, decimals: int = 0) -> str | None:
    """`29%` of a whole; None where it cannot be worked out."""
    if part is None or not whole:
        return None
    share = (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{share}%"


def counted(value: int, singular: str, plural: str | None = None) -> str:
    """`1 job`, `no jobs`, `1,204 jobs`."""
    several = plural or f"{singular}s"
    return f"no {several}" if value == 0 else f"{value:,} {singular if value == 1 else several}"


def change(value: int | None, difference: int | None) -> str | None:
    """`up 495 (4%)`, `down 12`, `no change`; None where there is nothing to compare with."""
    if value is None or difference is None:
        return None
    if difference == 0:
        return "no change"
    before = value - difference
    share = percent(abs(difference), before) if before >= SMALLEST_BASE_OF_A_PERCENTAGE else None
    # A change of less than half a per cent is one all the same.
    share = "less than 1%" if share == "0%" else share
    return f"{'up' if difference > 0 else 'down'} {abs(difference):,}" + (f" ({share})" if share else "")


def change_since(value: int | None, difference: int | None, earlier: date) -> str | None:
    """`up 495 (4%) on September 2026`; None where there is nothing to compare with."""
    words = change(value, difference)
    if words is None:
        return None
    return f"{words} {'since' if words == 'no change' else 'on'} {month_name(earlier)}"


def month_before(month: date, months: int = 1) -> date:
    """The first day of the month so many months earlier."""
    years, place = divmod(month.year * 12 + month.month - 1 - months, 12)
    return date(years, place + 1, 1)


def range_in_words(series: Sequence[tuple[date, int | None]]) -> str:
    """The lowest and highest month of a series, for those who do not see its chart."""
    known = [(value, month) for month, value in series if value is not None]
    if not known:
        return "No figures."
    if len(known) == 1:
        return f"Only {month_name(known[0][1])} has a figure: {number(known[0][0])}."
    (low, low_month), (high, high_month) = min(known), max(known)
    if low == high:
        return f"{number(low)} in every month."
    return (
        f"Lowest {number(low)} in {month_name(low_month)}, highest {number(high)} in {month_name(high_month)}; "
        f"{number(known[-1][0])} in {month_name(known[-1][1])}."
    )
