"""DfE's Explore Education Statistics (EES) service as a source: the newest release of the census statistics.

Three routes, tried in the order `ees.yml` gives: the public data API (a pinned data set version), the release ZIP
(found through the release page), and the data catalogue (by file id). Asking what is on offer takes two or three
small requests; an offer's reference carries the data set version or release version, so it says without a
download whether anything is new.
"""

import json
import logging
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ingestion.settings import Settings
from ingestion.sources import Offer, SourceError
from ingestion.sources.files import csv_members, read_member, write_whole
from ingestion.sources.web import Web
from ingestion.statistics.specification import load_specification

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
Route = Literal["api", "release_zip", "catalogue"]
M = TypeVar("M", bound=BaseModel)

# The largest pages the API gives (EES public data API v1).
PUBLICATIONS_A_PAGE = 40
DATA_SETS_A_PAGE = 20
MOST_PAGES = 50
NEXT_DATA = re.compile(r'<script[^>]*\bid="__NEXT_DATA__"[^>]*>(.*?)</script>', re.DOTALL)


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Publication(_Described):
    """How the publication is known on EES."""

    slug: str
    title: str
    search: str


class DataSet(_Described):
    """How one data set we need is known on EES: patterns for its title and its file in the release ZIP."""

    title_like: str
    member_like: str
    catalogue_file_ids: dict[int, UUID] = {}


class Service(_Described):
    """What `ees.yml` says: addresses, publication, routes and data sets."""

    api_url: str
    site_url: str
    content_url: str
    publication: Publication
    routes: tuple[Route, ...]
    data_sets: dict[str, DataSet]

    @field_validator("api_url", "site_url", "content_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @field_validator("routes", mode="before")
    @classmethod
    def _split(cls, routes: object) -> object:
        return [route.strip() for route in routes.split(",")] if isinstance(routes, str) else routes

    @property
    def release_page(self) -> str:
        """The publication's page, which shows its latest release."""
        return f"{self.site_url}/find-statistics/{self.publication.slug}"


def load_service(environment: Mapping[str, str] | None = None) -> Service:
    """Read `ees.yml`, with what the environment replaces (`EES_API_URL` and so on; the file lists them).

    Raises:
        SourceError: the file or a variable is wrong.
    """
    environment = Settings.load().environment if environment is None else environment
    path = Path(environment.get("EES_SERVICE_FILE", HERE / "ees.yml"))
    replaced = {
        name: environment[f"EES_{name.upper()}"]
        for name in ("api_url", "site_url", "content_url", "routes")
        if environment.get(f"EES_{name.upper()}")
    }
    try:
        return Service.model_validate({**yaml.safe_load(path.read_text(encoding="utf-8")), **replaced})
    except OSError as error:
        raise SourceError(f"{path}, which describes DfE's service, cannot be read: {error.strerror}.") from None
    except (ValidationError, yaml.YAMLError, TypeError) as error:
        raise SourceError(
            f"DfE's service is described wrongly, in {path} or an EES_… variable: {_first(error)}."
        ) from None


class _Answered(BaseModel):
    """A part of an API answer. Only what is used is described, so that additions change nothing."""

    model_config = ConfigDict(populate_by_name=True)


class Paging(_Answered):
    """Where a page stands among the pages."""

    total_pages: int = Field(alias="totalPages")


class ListedPublication(_Answered):
    """A publication as the API lists it."""

    id: UUID
    title: str
    slug: str


class TimePeriods(_Answered):
    """The first and the last time period of a data set, as labels."""

    start: str
    end: str


class LatestVersion(_Answered):
    """The newest published version of a data set."""

    version: Annotated[str, Field(pattern=r"^\d+(\.\d+){1,2}$")]
    time_periods: TimePeriods = Field(alias="timePeriods")


class ListedDataSet(_Answered):
    """A data set as the API lists it."""

    id: UUID
    title: str
    status: str = "Published"
    latest_version: LatestVersion | None = Field(default=None, alias="latestVersion")


class ReleaseVersion(_Answered):
    """The release a release page shows. Its id changes with every release, and with every amendment of one."""

    id: UUID
    title: str = ""
    slug: str = ""


class EesSource:
    """The newest release on DfE's service, one offer a data set.

    `notices` holds what a person should know about the offers last made: a route that failed, a data set that no
    route has, an offer that may not be the newest release.
    """

    def __init__(self, service: Service | None = None, web: Web | None = None) -> None:
        self.service = service or load_service()
        self._web = web or Web()
        self.notices: list[str] = []
        self._zips: dict[str, Path] = {}

    def offers(self) -> list[Offer]:
        """One offer for each data set that a route has, from the first route that has it.

        Raises:
            SourceError: no route has any of them; the message says what each route answered.
        """
        routes = {"api": self._on_the_api, "release_zip": self._in_the_release, "catalogue": self._in_the_catalogue}
        found: dict[str, Offer] = {}
        reasons: list[str] = []
        self.notices = []
        for route in self.service.routes:
            missing = [name for name in self.service.data_sets if name not in found]
            if not missing:
                break
            try:
                found |= routes[route](missing)
            except SourceError as error:
                self._notice(f"Nothing from DfE by the route {route}: {error}")
                reasons.append(f"{route}: {error}")
                continue
            lacking = [name for name in missing if name not in found]
            if lacking:
                log.info("Not to be had from DfE by the route %s: %s", route, ", ".join(lacking))
                reasons.append(f"{route}: does not have {' or '.join(lacking)}.")
        if not found:
            raise SourceError(
                f"DfE's census statistics cannot be had now. {' '.join(reasons)} To go on all the same, download the "
                f"release from {self.service.release_page} by hand and load that ZIP file."
            )
        for name in self.service.data_sets:
            if name not in found:
                self._notice(f"DfE's release is incomplete here: no route has {name}. {' '.join(reasons)}")
        return [found[name] for name in self.service.data_sets if name in found]

    def fetch(self, offer: Offer, folder: Path) -> Path:
        """Download an offer into `folder`: exactly the version it was offered as.

        Raises:
            SourceError: it cannot be had, or is not a CSV file; nothing is left in the folder.
        """
        url, _, data_set = offer.reference.partition("#")
        ours = (self.service.api_url, self.service.site_url, self.service.content_url)
        is_ours = url.startswith(tuple(f"{base}/" for base in ours))
        if not is_ours or (data_set and data_set not in self.service.data_sets):
            raise SourceError(f"{offer.reference} was not offered by DfE's service. Ask this source for its offers.")
        target = folder / PurePosixPath(offer.file_name).name
        try:
            if data_set:
                self._unpack(url, data_set, target)
            else:
                self._web.download(url, target, expected="a CSV file")
        except OSError as error:
            raise SourceError(f"{target} cannot be written: {error.strerror}.") from None
        return target

    def _on_the_api(self, names: list[str]) -> dict[str, Offer]:
        """The public data API: find the publication, then its data sets with their latest versions."""
        publication = self._publication()
        if publication is None:
            return {}
        url = f"{self.service.api_url}/publications/{publication.id}/data-sets"
        # A data set that DfE marks Deprecated or Withdrawn gets no new releases: it is as good as not there.
        listed = [
            (data_set, data_set.latest_version)
            for data_set in self._pages(url, {}, DATA_SETS_A_PAGE, ListedDataSet)
            if data_set.status == "Published" and data_set.latest_version
        ]
        offers = {}
        for name in names:
            like = self.service.data_sets[name].title_like
            matching = [
                (data_set, latest) for data_set, latest in listed if fnmatchcase(data_set.title.lower(), like.lower())
            ]
            if len(matching) > 1:
                titles = ", ".join(repr(data_set.title) for data_set, _ in matching)
                self._notice(f"More than one data set on DfE's API is titled like {like!r} ({titles}): none is used.")
            elif matching:
                data_set, latest = matching[0]
                offers[name] = _offer(
                    _file_name(name, latest.time_periods.end),
                    f"{self.service.api_url}/data-sets/{data_set.id}/csv?dataSetVersion={latest.version}",
                    latest.version,
                )
        return offers

    def _publication(self) -> ListedPublication | None:
        known = self.service.publication
        url = f"{self.service.api_url}/publications"
        for publication in self._pages(url, {"search": known.search}, PUBLICATIONS_A_PAGE, ListedPublication):
            if publication.slug == known.slug or _plain(publication.title) == _plain(known.title):
                return publication
        return None

    def _in_the_release(self, names: list[str]) -> dict[str, Offer]:
        """The ZIP of the whole latest release. Whether a data set is in it is only seen when it is fetched."""
        page = self.service.release_page
        script = NEXT_DATA.search(self._web.read(page).decode("utf-8", errors="replace"))
        try:
            data = json.loads(script[1]) if script else {}
            release = ReleaseVersion.model_validate(data["props"]["pageProps"]["releaseVersionSummary"])
        except (ValueError, LookupError, TypeError):
            raise SourceError(f"{page} no longer says which release it shows, in the way this client knows.") from None
        url = f"{self.service.content_url}/releases/{release.id}/files"
        return {
            # The fragment stays here: it tells the data sets of one ZIP apart.
            name: _offer(_file_name(name, f"{release.slug} {release.title}"), f"{url}#{name}")
            for name in names
        }

    def _in_the_catalogue(self, names: list[str]) -> dict[str, Offer]:
        """The data catalogue, for the newest file id known. Nothing is asked of it yet; it cannot say what is new."""
        offers = {}
        for name in names:
            file_ids = self.service.data_sets[name].catalogue_file_ids
            if file_ids:
                year = max(file_ids)
                offers[name] = _offer(
                    _file_name(name, str(year)),
                    f"{self.service.site_url}/data-catalogue/data-set/{file_ids[year]}/csv",
                )
                self._notice(
                    f"{name} comes from DfE's catalogue, by the file id of release {year} that is known here. A newer "
                    "release would not be seen: add its file id to ingestion/sources/ees.yml, or mend the other routes."
                )
        return offers

    def _notice(self, text: str) -> None:
        log.warning("%s", text)
        self.notices.append(text)

    def _pages(self, url: str, query: Mapping[str, str], page_size: int, model: type[M]) -> Iterator[M]:
        """Every result of a paged list, asking for the next page only when it is wanted."""
        for page in range(1, MOST_PAGES + 1):
            address = f"{url}?{urlencode({**query, 'page': page, 'pageSize': page_size})}"
            answer = self._web.read_json(address)
            try:
                paging = Paging.model_validate(answer["paging"])
                results = [model.model_validate(result) for result in answer["results"]]
            except (ValidationError, LookupError, TypeError) as error:
                raise SourceError(
                    f"{address} answered in another shape than DfE documents ({_first(error)})."
                ) from None
            yield from results
            if page >= paging.total_pages:
                return
        raise SourceError(f"{url} goes on for more than {MOST_PAGES} pages; a search that finds so much is wrong.")

    def _unpack(self, url: str, name: str, target: Path) -> None:
        """Take one data set's CSV file out of a release ZIP, which is downloaded once for all of them."""
        if url not in self._zips:
            folder = tempfile.mkdtemp(prefix="ees_release_")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            path = Path(folder) / "release.zip"
            self._web.download(url, path, expected="a ZIP file")
            self._zips[url] = path
        like = self.service.data_sets[name].member_like.lower()
        try:
            members = csv_members(self._zips[url])
            matching = [member for member in members if fnmatchcase(PurePosixPath(member).name.lower(), like)]
            if len(matching) == 1:
                write_whole(read_member(self._zips[url], matching[0]), target)
                return
        except SourceError as error:
            del self._zips[url]
            raise SourceError(f"The release ZIP from {url} cannot be used: {error}") from None
        raise SourceError(
            f"The release ZIP from {url} holds {len(matching)} files named like {like!r}, where one was expected. "
            f"It holds: {', '.join(PurePosixPath(member).name for member in members) or 'no CSV file'}."
        )


def _offer(file_name: str, reference: str, version: str | None = None) -> Offer:
    return Offer(file_name, reference, source="live", data_set_version=version, is_synthetic=False)


def _file_name(name: str, period: str) -> str:
    """The name DfE gives such a file, from the statistics specification; the API does not tell it."""
    years = re.findall(r"(?<!\d)20\d\d(?!\d)", period)
    return load_specification().layout(name).file_name.format(year=max(years, default="latest"))


def _plain(title: str) -> str:
    return title.replace("\u2019", "'").strip().casefold()


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return str(error).splitlines()[0]
