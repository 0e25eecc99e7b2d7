"""A measured figure, and how a page of them is kept."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One promise and what was seen."""

    what: str
    goal: str
    measured: str
    is_reached: bool


def at_most(what: str, limit: float, measured: float, unit: str, detail: str = "") -> Figure:
    """A figure that must not exceed a limit."""
    note = f" ({detail})" if detail else ""
    return Figure(what, f"at most {limit:g}{unit}", f"{measured:.1f}{unit}{note}", measured <= limit)


def at_least(what: str, limit: float, measured: float, unit: str, detail: str = "") -> Figure:
    """A figure that must not fall short of a limit."""
    note = f" ({detail})" if detail else ""
    return Figure(what, f"at least {limit:,.0f}{unit}", f"{measured:,.0f}{unit}{note}", measured >= limit)
