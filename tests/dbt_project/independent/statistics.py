"""Intervals and tests of the domain notes on Leadership in Colour, section 2.6."""

import math

from scipy import stats  # type: ignore[import-untyped]

Z = 1.96
NO_INTERVAL = (math.nan, math.nan)


def wilson(part: float, whole: float) -> tuple[float, float]:
    """The interval of a share, as fractions."""
    if not whole > 0:
        return NO_INTERVAL
    p = part / whole
    middle = p + Z**2 / (2 * whole)
    reach = Z * math.sqrt(p * (1 - p) / whole + Z**2 / (4 * whole**2))
    divisor = 1 + Z**2 / whole
    return (middle - reach) / divisor, (middle + reach) / divisor


def newcombe(part: float, whole: float, part_before: float, whole_before: float) -> tuple[float, float]:
    """The interval of a share less an earlier one, from the two Wilson intervals, as fractions."""
    if not (whole > 0 and whole_before > 0):
        return NO_INTERVAL
    p, q = part / whole, part_before / whole_before
    low, high = wilson(part, whole)
    low_before, high_before = wilson(part_before, whole_before)
    difference = p - q
    return (
        difference - math.sqrt((p - low) ** 2 + (high_before - q) ** 2),
        difference + math.sqrt((high - p) ** 2 + (q - low_before) ** 2),
    )


def likelihood_ratio(x_focus: float, n_focus: float, x_reference: float, n_reference: float) -> float:
    """How much likelier the event is for the focus group; not calculable where either count is 0."""
    if not (x_focus > 0 and x_reference > 0 and n_focus > 0 and n_reference > 0):
        return math.nan
    return (x_focus / n_focus) / (x_reference / n_reference)


def katz(x_focus: float, n_focus: float, x_reference: float, n_reference: float) -> tuple[float, float]:
    """The ratio's 95 per cent interval (Katz, logarithm)."""
    ratio = likelihood_ratio(x_focus, n_focus, x_reference, n_reference)
    if math.isnan(ratio):
        return NO_INTERVAL
    reach = Z * math.sqrt(1 / x_focus - 1 / n_focus + 1 / x_reference - 1 / n_reference)
    return math.exp(math.log(ratio) - reach), math.exp(math.log(ratio) + reach)


def fisher(x_focus: float, n_focus: float, x_reference: float, n_reference: float) -> float:
    """Fisher's exact test, two-sided."""
    counts = (x_focus, n_focus, x_reference, n_reference)
    if any(math.isnan(count) for count in counts):
        return math.nan
    table = [[x_focus, n_focus - x_focus], [x_reference, n_reference - x_reference]]
    return float(stats.fisher_exact(table, alternative="two-sided").pvalue)


def cochran_armitage(focus: list[float], both: list[float]) -> tuple[float, float]:
    """The trend of the focus group's share along tiers scored 1, 2, …: z, and its two-sided p.

    Args:
        focus: the focus group's count in each tier, from the lowest.
        both: focus and reference group together.
    """
    if any(math.isnan(count) for count in (*focus, *both)) or not sum(both) > 0:
        return NO_INTERVAL
    p = sum(focus) / sum(both)
    scores = range(1, len(focus) + 1)
    t = sum(s * (a - n * p) for s, a, n in zip(scores, focus, both, strict=True))
    squares = sum(n * s**2 for s, n in zip(scores, both, strict=True))
    variance = p * (1 - p) * (squares - sum(n * s for s, n in zip(scores, both, strict=True)) ** 2 / sum(both))
    if not variance > 0:
        return NO_INTERVAL
    z = t / math.sqrt(variance)
    return z, float(2 * stats.norm.sf(abs(z)))
