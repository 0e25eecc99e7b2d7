"""The sample's returns read back by the plainest means: no reader of the project, every cell as text."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
from lxml import etree
from python_calamine import CalamineWorkbook

ITEMS = ("RoleEndDate", "LeaverDestination", "ReasonLeave", "ReasonAbsence", "ContractWeeks")


@dataclass(frozen=True)
class Returns:
    """The returns of all collections, as written."""

    folder: Path
    paths: list[Path]

    def folders(self, collection: str) -> list[Path]:
        """One folder per return of a collection."""
        return sorted(self.folder.glob(f"{collection}/*/*"))

    def table(self, collection: str, sheet: str, period: str = "*") -> pd.DataFrame:
        """One sheet of every return of a collection (and period), with `period` and `sender` after its own columns."""
        frames = []
        for folder in sorted(self.folder.glob(f"{collection}/{period}/*")):
            frames.append(read_sheet(folder, sheet).assign(period=folder.parent.name, sender=folder.name))
        return pd.concat(frames, ignore_index=True)


@cache
def read_sheet(folder: Path, sheet: str) -> pd.DataFrame:
    """One sheet of a workbook, or one of several CSV files, as text; dates as YYYY-MM-DD, empty cells as ''."""
    files = sorted(folder.iterdir())
    if files[0].suffix == ".csv":
        file = next(file for file in files if file.stem.endswith(sheet))
        with file.open(encoding="utf-8-sig", newline="") as opened:
            header, *rows = csv.reader(opened)
        return pd.DataFrame(rows, columns=header, dtype=str)
    header, *rows = CalamineWorkbook.from_path(files[0]).get_sheet_by_name(sheet).to_python()
    return pd.DataFrame([[_as_text(cell) for cell in row] for row in rows], columns=header, dtype=str)


def _as_text(cell: object) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell == int(cell) else str(cell)
    return str(cell)


@cache
def read_census(folder: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """The workers of one census return, one row each, items under their XML names; and the authority's own items."""
    (file,) = folder.iterdir()
    message = etree.parse(str(file)).getroot()
    workers = pd.DataFrame([{item.tag: item.text for item in worker} for worker in message.iter("CSWWWorker")])
    # A small authority may have nobody with an item.
    workers = workers.reindex(columns=workers.columns.union(ITEMS, sort=False)).astype("str")
    stated = {item.tag: item.text for item in message[1]}
    return workers, stated
