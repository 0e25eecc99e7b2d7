"""The bulletin's charts: PNG images that stay readable on a telephone.

Colours and rules: the Government Analysis Function's palette, labels instead of legends, nothing by colour alone.
Every figure of a chart stands in the bulletin as text, too.
"""

import io
from collections.abc import Sequence
from datetime import date

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ingestion.lswc.bulletin_wording import number

DARK_BLUE, ORANGE, DARK_GREY, GREY = "#12436D", "#F46A25", "#3D3D3D", "#BFBFBF"
# 1,120 pixels: twice what the bulletin shows on a desk, so that it is sharp on a telephone.
WIDTH_INCHES, DOTS_AN_INCH = 5.6, 200
TEXT_POINTS = 12.5
MONTHS_A_YEAR = 12

Series = Sequence[tuple[date, int | None]]


def months_chart(series: Series, colour: str = DARK_BLUE) -> bytes:
    """Columns by month; the last, and the same month a year before, stand out and carry their figure."""
    figure = Figure(figsize=(WIDTH_INCHES, 2.5), dpi=DOTS_AN_INCH, layout="constrained")
    _columns(figure.add_subplot(), series, colour)
    return _png(figure)


def two_months_charts(above: tuple[str, Series], below: tuple[str, Series]) -> bytes:
    """Two series one above the other, each with its own scale and name."""
    figure = Figure(figsize=(WIDTH_INCHES, 4.2), dpi=DOTS_AN_INCH, layout="constrained")
    for place, ((name, series), colour) in enumerate(((above, DARK_BLUE), (below, ORANGE)), start=1):
        axes = figure.add_subplot(2, 1, place)
        axes.set_title(name, loc="left", fontsize=TEXT_POINTS, color=DARK_GREY, fontweight="bold")
        _columns(axes, series, colour)
    return _png(figure)


def steps_chart(steps: Sequence[tuple[str, int]]) -> bytes:
    """Bars one below the other, each named above it and with its figure."""
    figure = Figure(figsize=(WIDTH_INCHES, 0.3 + 0.72 * len(steps)), dpi=DOTS_AN_INCH, layout="constrained")
    axes = figure.add_subplot()
    places = list(range(len(steps)))
    axes.barh(places, [value for _, value in steps], height=0.44, color=DARK_BLUE)
    for place, (name, value) in zip(places, steps, strict=True):
        axes.text(0, place - 0.3, name, fontsize=TEXT_POINTS, color=DARK_GREY, va="bottom")
        axes.annotate(
            number(value), (value, place), (6, 0), textcoords="offset points",
            fontsize=TEXT_POINTS, fontweight="bold", color=DARK_GREY, va="center",
        )  # fmt: skip
    axes.set_xlim(0, max((value for _, value in steps), default=1) * 1.22 or 1)
    axes.set_ylim(len(steps) - 0.7, -0.75)
    axes.set_axis_off()
    return _png(figure)


def _columns(axes: Axes, series: Series, colour: str) -> None:
    places = list(range(len(series)))
    values = [value or 0 for _, value in series]
    compared = {len(series) - 1, len(series) - 1 - MONTHS_A_YEAR} & set(places)
    axes.bar(
        places, values, width=0.72, linewidth=0.8,
        color=[colour if place in compared else GREY for place in places],
        edgecolor=[colour if place in compared else DARK_GREY for place in places],
    )  # fmt: skip
    axes.set_ylim(0, max(values, default=0) * 1.24 or 1)
    for place in compared:
        value = series[place][1]
        # At the edges of a narrow chart a label in the middle of its column would run out of the picture.
        is_last = place == places[-1]
        covered = values[max(place - 1, 0) : place + 1] if is_last else values[place : place + 2]
        axes.annotate(
            "no figure" if value is None else number(value),
            (place + 0.36 if is_last else place - 0.36, max(covered)), (0, 3), textcoords="offset points",
            fontsize=TEXT_POINTS, fontweight="bold", color=DARK_GREY, ha="right" if is_last else "left",
        )  # fmt: skip
    every = 1 if len(series) <= 4 else 3
    named = [place for place in places if (places[-1] - place) % every == 0]
    axes.set_xticks(named, [_tick(series[place][0], place == named[0]) for place in named])
    axes.set_yticks([])
    axes.tick_params(axis="x", length=0, labelsize=TEXT_POINTS, labelcolor=DARK_GREY)
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.spines["bottom"].set_color(DARK_GREY)
    axes.margins(x=0.01)


def _tick(month: date, with_year: bool) -> str:
    return f"{month:%b\n%Y}" if with_year or month.month <= 3 else f"{month:%b}"


def _png(figure: Figure) -> bytes:
    picture = io.BytesIO()
    FigureCanvasAgg(figure)
    # Without the program's version the same figures give the same bytes.
    figure.savefig(picture, format="png", facecolor="white", metadata={"Software": None})
    return picture.getvalue()
