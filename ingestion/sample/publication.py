"""From unrounded figures to the text of DfE's files: rounding, symbols, rows in DfE's order.

Rounding is half up at one decimal with a trailing `.0` dropped; head counts and cases are whole numbers. A number that
is not 0 but rounds to it is `low`; a ratio without a denominator is `z`; a cover rate above 100 is withheld (`u`).
"""

import csv
import io
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.sample.areas import ENGLAND, Geography
from ingestion.sample.assumptions import load_assumptions
from ingestion.sample.awkward_cases import cases_with
from ingestion.sample.figures import (
    COUNTS,
    RATES,
    WHOLE_NUMBERS,
    Amounts,
    Figures,
    Rate,
    Symbols,
    Tally,
    amounts_of,
    inputs_symbol,
)

Text = NDArray[np.str_]

GEOGRAPHY_COLUMNS = (
    "time_period",
    "time_identifier",
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "old_la_code",
    "new_la_code",
    "la_name",
)
INDICATOR_COLUMNS = (
    "inpost_fte",
    "inpost_headcount",
    "starters_fte",
    "starters_headcount",
    "leavers_fte",
    "leavers_headcount",
    "turnover_rate_fte",
    "turnover_rate_headcount",
    "agency_fte",
    "agency_headcount",
    "agency_rate_fte",
    "agency_rate_headcount",
    "agency_cover_fte",
    "agency_cover_rate_fte",
    "vacancy_fte",
    "vacancy_rate_fte",
    "vacancy_agency_cover_rate_fte",
    "case_holders_fte",
    "cases",
    "caseload_fte",
    "working_days_lost_fte",
    "absence_rate_fte",
)
ROLE_COLUMNS = (
    "role",
    "breakdown_topic",
    "breakdown",
    "inpost_FTE",
    "inpost_FTE_percentage",
    "inpost_headcount",
    "inpost_headcount_percentage",
)
# Alphabetical, as published; the number is the role's code in the return.
ROLES = {
    "Case holder": 5,
    "First line manager": 3,
    "Middle manager": 2,
    "Qualified without cases": 6,
    "Senior manager": 1,
    "Senior practitioner": 4,
    "Total": None,
}
BREAKDOWN_TOPIC = "Ethnicity major"
FIRST_YEAR_OF_ROLES = 2019


def indicators_csv(figures: Figures, geography: Geography) -> bytes:
    """The indicators file: one row per census year and area or unit."""
    rows: list[Sequence[str]] = []
    places = _places(geography)
    for position, year in reversed(list(enumerate(figures.years))):
        cells = _repeated(_areas_then_units(figures, geography, position), figures, geography, position)
        cells[len(geography.areas) :][figures.missing[position]] = "x"
        rows += [(str(year), *place, *line) for place, line in zip(places, cells.tolist(), strict=True)]
    return _csv((*GEOGRAPHY_COLUMNS, *INDICATOR_COLUMNS), rows)


def roles_csv(tallies: list[Tally], geography: Geography) -> bytes:
    """The role by ethnicity file: one row per census year, area or unit, role and breakdown."""
    assumptions = load_assumptions()
    order = _breakdowns(assumptions.group_names)
    lines = [(role, BREAKDOWN_TOPIC, breakdown) for role in ROLES for breakdown in order]
    places = _places(geography)
    rows: list[Sequence[str]] = []
    amounts = {item.year: item.roles.copy() for item in tallies}
    missing: set[tuple[int, int]] = set()
    for case in cases_with("carried_forward", "missing"):
        unit = geography.unit_position(case.unit_code)
        for year in case.years:
            amounts[year][unit] = amounts[year - 1][unit]
            if case.effect == "missing":
                missing.add((year, unit))
    for year in sorted((year for year in amounts if year >= FIRST_YEAR_OF_ROLES), reverse=True):
        areas = np.tensordot(geography.membership, amounts[year], axes=1)
        cells = _role_cells(np.concatenate([areas, amounts[year]]), order)
        for missing_year, unit in missing:
            if missing_year == year:
                cells[len(geography.areas) + unit] = "x"
        for place, table in zip(places, cells.tolist(), strict=True):
            rows += [(str(year), *place, *line, *row) for line, row in zip(lines, table, strict=True)]
    return _csv((*GEOGRAPHY_COLUMNS, *ROLE_COLUMNS), rows)


def _places(geography: Geography) -> list[tuple[str, ...]]:
    """The geography cells after the year, for each area and then each unit."""
    places: list[tuple[str, ...]] = []
    for area in geography.areas:
        region = ("", "") if area.code == ENGLAND else (area.code, area.name)
        places.append(("Reporting year", area.level, ENGLAND, "England", *region, "", "", ""))
    for unit in geography.units:
        region = (unit.region_code, geography.region_names[unit.region_code])
        places.append(
            ("Reporting year", "Local authority", ENGLAND, "England", *region, unit.dfe_code, unit.code, unit.name)
        )
    return places


def _areas_then_units(figures: Figures, geography: Geography, position: int) -> Text:
    """One year's cells: areas and units by `INDICATOR_COLUMNS`."""
    year = figures.years[position]
    counts, symbols = figures.counts[position], figures.symbols[position]
    members = geography.membership
    total = members @ (counts * figures.counted[position])
    both = np.concatenate([total, counts])
    shown = np.concatenate([np.full(total.shape, "", dtype="U3"), symbols])
    cells: dict[str, Text] = {}
    for number, name in enumerate(COUNTS):
        cells[name] = _count_cells(both[:, number], shown[:, number], whole=name in WHOLE_NUMBERS)
    for number, rate in enumerate(RATES):
        stays = ~figures.left_out[position, :, number]
        area = amounts_of(rate, year, members @ (counts * figures.counted[position] * stays[:, None]))
        unit = amounts_of(rate, year, counts)
        numerator, denominator = (np.concatenate(pair) for pair in zip(area, unit, strict=True))
        symbol = np.concatenate([np.full(len(members), "", dtype="U3"), inputs_symbol(rate, symbols)])
        cells[rate.name] = _rate_cells(rate, numerator, denominator, symbol)
    return np.stack([cells[name] for name in INDICATOR_COLUMNS], axis=1)


def _repeated(cells: Text, figures: Figures, geography: Geography, position: int) -> Text:
    """Let a row that was carried forward repeat the year before, figure for figure."""
    for case in cases_with("carried_forward"):
        if figures.years[position] in case.years:
            row = len(geography.areas) + geography.unit_position(case.unit_code)
            cells[row] = _areas_then_units(figures, geography, position - 1)[row]
    return cells


def _count_cells(amount: Amounts, symbol: Symbols, *, whole: bool) -> Text:
    if whole:
        return np.where(symbol != "", symbol, (amount // 100).astype(str))
    tenths = (amount + 5) // 10
    return _cells(tenths, np.where((symbol == "") & (tenths == 0) & (amount > 0), "low", symbol))


def _rate_cells(rate: Rate, numerator: Amounts, denominator: Amounts, symbol: Symbols) -> Text:
    tenths = _ratio_in_tenths(numerator, denominator, 100 if rate.percentage else 1)
    symbol = np.where((symbol == "") & (denominator == 0), "z", symbol)
    symbol = np.where((symbol == "") & (tenths == 0) & (numerator > 0), "low", symbol)
    if rate.withheld_above_100:
        symbol = np.where((symbol == "") & (numerator > denominator), "u", symbol)
    return _cells(tenths, symbol)


def _ratio_in_tenths(numerator: Amounts, denominator: Amounts, times: int) -> Amounts:
    """Numerator over denominator, times 1 or 100, rounded half up to a decimal; 0 where there is no denominator."""
    divisor = np.maximum(denominator, 1)
    return np.asarray((numerator * times * 20 + divisor) // (2 * divisor))


def _cells(tenths: Amounts, symbol: Symbols) -> Text:
    """Tenths as text with a trailing `.0` dropped, or the symbol where there is one."""
    # The same few values come again and again: write each once.
    values, inverse = np.unique(tenths, return_inverse=True)
    written = np.array(
        [str(value // 10) if value % 10 == 0 else f"{value // 10}.{value % 10}" for value in values.tolist()]
    )
    return np.where(symbol != "", symbol, written[inverse.reshape(tenths.shape)])


def _breakdowns(group_names: Sequence[str]) -> dict[str, int | None]:
    """The published breakdowns in alphabetical order, with the position of those that are groups of people."""
    positions: dict[str, int | None] = {name: number for number, name in enumerate(group_names)}
    return dict(sorted({**positions, "Known": None, "Total": None}.items()))


def _role_cells(amounts: Amounts, order: dict[str, int | None]) -> Text:
    """Places by (role, breakdown) by four columns, from places by six roles by six groups by (FTE, head count)."""
    roles = [amounts.sum(axis=1) if code is None else amounts[:, code - 1] for code in ROLES.values()]
    by_role = np.stack(roles, axis=1)
    total = by_role.sum(axis=2)
    known = by_role[:, :, :-1].sum(axis=2)
    special = {"Known": known, "Total": total}
    numbers = np.stack(
        [special[name] if place is None else by_role[:, :, place] for name, place in order.items()], axis=2
    )
    # The five groups are a percentage of Known; Known and Not known of Total.
    of_total = np.array([name in ("Known", "Not known", "Total") for name in order])
    base = np.where(of_total[None, None, :, None], total[:, :, None, :], known[:, :, None, :])
    nobody = np.broadcast_to((total[..., 1] == 0)[:, :, None], numbers.shape[:3])
    none_known = (~of_total)[None, None, :] & ((known[..., 1] == 0) & (total[..., 1] > 0))[:, :, None]

    columns = []
    for measure in (0, 1):
        number = numbers[..., measure]
        absent = np.where(none_known, "x", "").astype("U3")
        columns.append(_count_cells(number, absent, whole=measure == 1))
        share = _ratio_in_tenths(number, base[..., measure], 100)
        symbol = np.where(nobody, "z", absent)
        symbol = np.where((symbol == "") & (share == 0) & (number > 0), "low", symbol)
        columns.append(_cells(share, symbol))
    cells = np.stack(columns, axis=-1)
    return cells.reshape(len(cells), -1, 4)


def _csv(header: Iterable[str], rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 without a byte order mark, line feeds, quotes only where a comma needs them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")
