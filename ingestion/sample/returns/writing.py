"""Write the sample's returns in the layout of the landing area, with a manifest that says they are invented."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pandas as pd

from ingestion.returns.periods import Period, parse_period
from ingestion.returns.senders import Sender, senders
from ingestion.returns.specification import Specification, load_collection, load_specification
from ingestion.sample.generator import DEFAULT_SEED, check
from ingestion.sample.manifest import SampleError, SampleFolder
from ingestion.sample.returns import formats
from ingestion.sample.returns.agency import AgencyReturns
from ingestion.sample.returns.assumptions import facts, sample_periods
from ingestion.sample.returns.census import CensusReturns
from ingestion.sample.returns.leadership import LeadershipReturns
from ingestion.sample.returns.psychologists import PsychologistReturns
from ingestion.sample.workforce import Workforce, build_workforce


class Maker(Protocol):
    """Invents the records of one collection."""

    def tables(self, specification: Specification, sender: Sender) -> dict[str, pd.DataFrame]:
        """One sender's records for the specification's period, by the record's name."""


MAKERS: dict[str, Callable[[Workforce], Maker]] = {
    "csww_census": CensusReturns,
    "agency_quarterly": AgencyReturns,
    "leadership_in_colour": LeadershipReturns,
    "ep_workforce": PsychologistReturns,
}


@dataclass(frozen=True)
class PlannedReturn:
    """One return to be written."""

    specification: Specification
    sender: Sender

    @property
    def as_csv(self) -> bool:
        """Whether its sender sends CSV files and no workbook."""
        return self.sender.code in facts()["csv_senders"].get(self.specification.collection, ())

    @property
    def folder(self) -> str:
        """Its place in the landing area."""
        return f"{self.specification.collection}/{self.specification.period.folder}/{self.sender.folder}"

    @property
    def paths(self) -> list[str]:
        """The paths of its files below the landing area."""
        names = formats.file_names(self.specification, self.sender, as_csv=self.as_csv)
        return [f"{self.folder}/{name}" for name in names.values()]

    def contents(self, maker: Maker) -> dict[str, bytes]:
        """Its files by path."""
        tables = maker.tables(self.specification, self.sender)
        made = formats.files(self.specification, self.sender, tables, as_csv=self.as_csv)
        return {f"{self.folder}/{name}": content for name, content in made.items()}


def write_returns(
    folder: Path,
    *,
    seed: int = DEFAULT_SEED,
    scale: float = 1.0,
    collections: Collection[str] | None = None,
    periods: Collection[Period] | None = None,
    authorities: Collection[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write returns of London's authorities as `<collection>/<period>/<authority>/<file>`, and `SYNTHETIC.json`.

    The workers are those behind the files of `ingestion.sample.generate` for the same seed and scale. Whatever part is
    written, its bytes are the same. Earlier sample files of the same names are replaced.

    Args:
        folder: where to write; made when it is not there.
        seed: the same seed and scale give the same bytes; not negative.
        scale: how many times as many workers as usual, 0.1 to 100.
        collections: which to write; all when not given.
        periods: which to write, of those the sample has; all when not given.
        authorities: ONS codes of those to write; a joint return is written for any of its members. All when not given.
        progress: told in plain words what is being done.

    Returns:
        Every file written, the manifest last.

    Raises:
        SampleError: the seed, scale or a collection cannot be used, or a file of one of these names is there that the
            sample did not make.
    """
    check(seed, scale)
    unknown = sorted(set(collections or ()) - set(MAKERS))
    if unknown:
        raise SampleError(f"The sample has no returns of {', '.join(unknown)}. Known: {', '.join(MAKERS)}.")
    planned = {
        (collection, period): [
            PlannedReturn(specification, sender)
            for sender in _senders(specification)
            if authorities is None or {sender.code, *sender.code.split(" / ")} & set(authorities)
        ]
        for collection in MAKERS
        if collections is None or collection in collections
        for period in sample_periods(collection)
        if periods is None or period in periods
        for specification in (load_specification(collection, period),)
    }
    target = SampleFolder(
        folder,
        [path for returns in planned.values() for each in returns for path in each.paths],
        {"seed": seed, "scale": scale},
    )
    say = progress or (lambda message: None)
    say("Inventing workers")
    workforce = build_workforce(seed, scale)
    makers: dict[str, Maker] = {}
    written: list[Path] = []
    for (collection, period), returns in planned.items():
        say(f"Writing {load_collection(collection).title}, {period.label}")
        if collection not in makers:
            makers[collection] = MAKERS[collection](workforce)
        # A period at a time, so that a large sample need not fit into memory as files.
        contents = {path: content for each in returns for path, content in each.contents(makers[collection]).items()}
        written += target.write(contents)
    return [*written, target.manifest]


def _senders(specification: Specification) -> list[Sender]:
    """Who sends a return for a period: everyone, but some as one and some not (yet)."""
    period = specification.period
    joint_years = facts()["joint_census_returns"] if specification.collection == "csww_census" else {}
    joint = [sender for sender in senders() if period.end.year in joint_years.get(sender.code, ())]
    away = {member for sender in joint for member in sender.code.split(" / ")}
    for case in facts()["not_sent"]:
        frequency = load_collection(case["collection"]).frequency
        if case["collection"] == specification.collection and parse_period(case["period"], frequency) == period:
            away.add(case["authority"])
    single = [sender for sender in senders() if not sender.is_joint and sender.code not in away]
    return [*single, *joint]
