"""Whose return a file is, of which collection and for when: from where it landed, confirmed by what it says itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath

from ingestion.returns.periods import Frequency, Period, PeriodError, census_year, parse_period, quarter
from ingestion.returns.reading import Claim, Problem
from ingestion.returns.senders import Sender, find_sender
from ingestion.returns.specification import (
    Specification,
    SpecificationError,
    collections,
    load_collection,
    load_specification,
)


class IdentityError(ValueError):
    """A person asked for a collection, authority or period that does not exist, or said too little."""


@dataclass(frozen=True)
class Identity:
    """Collection, sender and period; None where it could not be made out."""

    collection: str | None = None
    sender: Sender | None = None
    period: Period | None = None

    @property
    def specification(self) -> Specification | None:
        """What the return must look like; None where that is not known."""
        if self.collection is None or self.period is None:
            return None
        try:
            return load_specification(self.collection, self.period)
        except SpecificationError:
            return None

    def problems(self, today: date, told_by: str = "the folder it was sent to") -> list[Problem]:
        """What stops a file of this identity, whatever it holds; `told_by` is where the identity was looked for."""
        if self.collection is None:
            return [Problem("unknown_collection", detail=f"{told_by} is none of {', '.join(collections())}")]
        found = []
        if self.sender is None:
            found.append(Problem("unknown_authority", detail=f"{told_by} names no London authority"))
        if self.period is None:
            written = _how_written(load_collection(self.collection).frequency)
            found.append(Problem("unknown_period", detail=f"{told_by} names none ({written})"))
        elif self.period.start > today:
            found.append(Problem("future_period", detail=f"it begins on {self.period.start:%-d %B %Y}"))
        else:
            try:
                load_specification(self.collection, self.period)
            except SpecificationError as error:
                found.append(Problem("no_specification", detail=str(error).rstrip(".")))
        return found

    def completed(self, other: "Identity") -> "Identity":
        """This identity, with the other's where this one does not know. A period counts within its collection only."""
        collection = self.collection or other.collection
        same = other.collection in (None, collection)
        return Identity(collection, self.sender or other.sender, self.period or (other.period if same else None))

    @property
    def folders(self) -> tuple[str, str, str]:
        """Where in the landing area its files belong.

        Raises:
            IdentityError: something of it is not known.
        """
        if self.collection is None or self.sender is None or self.period is None:
            raise IdentityError(
                "It cannot be made out whose return this is. Say so with --collection, --authority and --period, "
                "for example --collection agency_quarterly --authority CAM --period 2025/26-Q3."
            )
        return self.collection, self.period.folder, self.sender.folder


def identity_from_options(
    collection: str | None, authority: str | None, period: str | None, otherwise: Identity
) -> Identity:
    """What a person says of a file, completed by what is known otherwise.

    Raises:
        IdentityError: there is no such collection, authority or period.
    """
    if collection is not None and collection not in collections():
        raise IdentityError(f"There is no collection '{collection}'. Known: {', '.join(collections())}.")
    sender = None if authority is None else find_sender(authority)
    if authority is not None and sender is None:
        raise IdentityError(
            f"There is no London authority '{authority}'. Give its ONS, DfE or LIIA code, "
            "for example E09000007, 202 or CAM."
        )
    found = Identity(collection, sender).completed(otherwise)
    if period is None:
        return found
    if found.collection is None:
        raise IdentityError("A period needs its collection: add --collection.")
    try:
        return replace(found, period=parse_period(period, load_collection(found.collection).frequency))
    except PeriodError as error:
        raise IdentityError(f"There is no period '{period}' of {found.collection}. {error}") from None


def identity_from_folders(folders: Sequence[str]) -> Identity:
    """Read the folders of the landing area above a file: collection, period (in one folder or two), authority code."""
    if not folders or folders[0].lower() not in collections():
        return Identity()
    collection = folders[0].lower()
    frequency = load_collection(collection).frequency
    rest = list(folders[1:])
    period = find_period(rest[0], frequency) if rest else None
    used = 1
    if period is None and len(rest) > 1:
        period = find_period(f"{rest[0]}/{rest[1]}", frequency)
        used = 2 if period else 1
    # A folder too many between, above or below says that the file is not where it belongs.
    sender = find_sender(rest[used]) if len(rest) == used + 1 else None
    return Identity(collection, sender, period)


def identity_from_path(path: PurePath) -> Identity:
    """The same for a file anywhere, from the last folder above it that is named like a collection."""
    folders = path.parts[:-1]
    known = collections()
    for place in range(len(folders) - 1, -1, -1):
        if folders[place].lower() in known:
            return identity_from_folders(folders[place:])
    return Identity()


def identity_from_claim(claim: Claim) -> Identity:
    """What a file says of itself, where it says one thing only."""
    sender = find_sender(" ".join(claim.dfe_codes)) if claim.dfe_codes else None
    period = None
    if claim.collection is not None:
        frequency = load_collection(claim.collection).frequency
        periods = {_period_that_ends(text, frequency) for text in (*claim.years, *claim.period_ends)}
        if len(periods) == 1:
            period = periods.pop()
    return Identity(claim.collection, sender, period)


def disagreements(identity: Identity, claim: Claim) -> list[Problem]:
    """Where the content says something else than the identity the file was sent under."""
    found = []
    if identity.collection and claim.collection and claim.collection != identity.collection:
        return [Problem("wrong_collection", detail=f"it looks like {load_collection(claim.collection).title}")]
    if identity.sender and any(code not in identity.sender.dfe_codes for code in claim.dfe_codes):
        codes = " or ".join(identity.sender.dfe_codes)
        found.append(Problem("wrong_authority", detail=f"it was sent as {identity.sender.name}, DfE number {codes}"))
    if identity.period and (
        any(year != str(identity.period.end.year) for year in claim.years)
        or any(end != identity.period.end.isoformat() for end in claim.period_ends)
    ):
        found.append(
            Problem(
                "wrong_period",
                detail=f"it was sent for {identity.period.label}, which ends on {identity.period.end:%-d %B %Y}",
            )
        )
    return found


def find_period(text: str, frequency: Frequency) -> Period | None:
    """A period as people write it, or nothing."""
    try:
        return parse_period(text, frequency)
    except PeriodError:
        return None


def _period_that_ends(text: str, frequency: Frequency) -> Period | None:
    try:
        end = date.fromisoformat(f"{text}-09-30" if len(text) == 4 else text)
    except ValueError:
        return None
    if frequency == "annual":
        return census_year(end.year)
    first_year = end.year - (end.month < 4)
    return next((each for number in range(1, 5) if (each := quarter(first_year, number)).end == end), None)


def _how_written(frequency: Frequency) -> str:
    try:
        parse_period("", frequency)
    except PeriodError as error:
        return str(error)[0].lower() + str(error)[1:].rstrip(".")
    return ""
