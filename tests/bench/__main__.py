"""`make bench`: measure what this project promises and write it to tests/bench/RESULTS.md.

Each figure is a function that returns rows (what, goal, measured). Ratios where possible, because machines differ;
medians, because machines are noisy.
"""

import argparse
import datetime
import os
import platform
from pathlib import Path

from rich.console import Console

from ingestion.settings import ROOT
from tests.bench.figures import Figure
from tests.bench.flow import measure_flow
from tests.bench.loading import measure_loading
from tests.bench.marts import measure_marts
from tests.bench.returns import measure_returns
from tests.bench.start import measure_start

RESULTS = ROOT / "tests" / "bench" / "RESULTS.md"
PARTS = {
    "loading": measure_loading,
    "returns": measure_returns,
    "marts": measure_marts,
    "flow": measure_flow,
    "start": measure_start,
}


def machine() -> str:
    """One line about the machine."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def written(figures: list[Figure]) -> str:
    """The results as a Markdown page."""
    lines = [
        "# Measured figures",
        "",
        f"{datetime.date.today():%d %B %Y}, {machine()}. Made by `make bench`.",
        "",
        "| figure | goal | measured | |",
        "|---|---|---|---|",
        *(f"| {f.what} | {f.goal} | {f.measured} | {'reached' if f.is_reached else '**missed**'} |" for f in figures),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure the named parts, or all; only a full run is written down."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all when none is named")
    chosen = parser.parse_args().parts or list(PARTS)
    console = Console(soft_wrap=True, highlight=False)
    figures: list[Figure] = []
    for part in chosen:
        console.print(f"Measuring: {part}")
        for figure in PARTS[part]():
            console.print(f"  {figure.what}: {figure.measured} (goal {figure.goal})")
            figures.append(figure)
    page = written(figures)
    console.print(page)
    if len(chosen) == len(PARTS):
        RESULTS.write_text(page)


if __name__ == "__main__":
    main()
