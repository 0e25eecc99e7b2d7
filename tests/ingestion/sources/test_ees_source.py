"""The live source against a stand-in of DfE's service on a real socket."""

import gzip
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from ingestion.sources import Offer, SourceError
from ingestion.sources.ees import EesSource, load_service
from ingestion.sources.web import Patience, Web
from tests.ingestion.sources.ees_server import (
    API,
    CONTENT,
    INDICATORS_ID,
    RELEASE_2025_ID,
    ROLE_ID,
    SITE,
    Answer,
    ApiDataSet,
    FakeEes,
    problem,
)

HEADER = b"time_period,geographic_level,la_name,inpost_fte\n"
INDICATORS = HEADER + b"2025,Local authority,Exampleton,101.5\n"
INDICATORS_CORRECTED = HEADER + b"2025,Local authority,Exampleton,102.5\n"
ROLE = b"time_period,role,inpost_FTE\n2025,Case holder,40\n"
INDICATORS_TITLE = "Indicators (in post, starters, leavers, agency workers, vacancies, caseload and absence)"
ROLE_TITLE = "Role by characteristics (in post)"
CATALOGUE_2025_ID = "6d765688-fb18-4f13-8e8e-be816bc63b17"
CSV_OF_INDICATORS = f"{API}/data-sets/{INDICATORS_ID}/csv"


def on_the_api(ees: FakeEes) -> None:
    ees.data_sets = [
        ApiDataSet(INDICATORS_ID, INDICATORS_TITLE, {"1.0": INDICATORS}),
        ApiDataSet(
            "77777777-7777-4777-8777-777777777777", "Characteristics (in post, starters, leavers)", {"3.0": b"x"}
        ),
        ApiDataSet(ROLE_ID, ROLE_TITLE, {"2.1.1": ROLE}),
    ]


def in_the_release(ees: FakeEes) -> None:
    ees.release = {
        "id": RELEASE_2025_ID,
        "releaseId": "88888888-8888-4888-8888-888888888888",
        "title": "Reporting year 2025",
        "slug": "2025",
        "yearTitle": "2025",
    }
    ees.release_files = {
        "data/csww_indicators_2017_to_2025.csv": INDICATORS,
        "data/csww_role_by_characteristics_inpost_2019_to_2025.csv": ROLE,
        "data/csww_workforce_characteristics_2017_to_2025.csv": b"other\n1\n",
        "data-guidance/data-guidance.txt": b"Invented guidance.",
    }


def indicators_offer(source: EesSource) -> Offer:
    return next(offer for offer in source.offers() if offer.file_name.startswith("csww_indicators"))


class TestTheApi:
    def test_each_needed_data_set_is_offered_with_its_pinned_version(self, ees: FakeEes, source: EesSource) -> None:
        on_the_api(ees)
        assert source.offers() == [
            Offer(
                "csww_indicators_2017_to_2025.csv",
                f"{ees.root}{API}/data-sets/{INDICATORS_ID}/csv?dataSetVersion=1.0",
                "live",
                "1.0",
                False,
            ),
            Offer(
                "csww_role_by_characteristics_inpost_2019_to_2025.csv",
                f"{ees.root}{API}/data-sets/{ROLE_ID}/csv?dataSetVersion=2.1.1",
                "live",
                "2.1.1",
                False,
            ),
        ]
        assert source.notices == []

    def test_asking_what_is_on_offer_costs_two_small_requests(self, ees: FakeEes, source: EesSource) -> None:
        on_the_api(ees)
        source.offers()
        assert [request.split("?")[0] for request in ees.requests] == [
            f"{API}/publications",
            f"{API}/publications/11111111-1111-4111-8111-111111111111/data-sets",
        ]

    def test_an_offer_is_downloaded_and_unpacked_to_the_published_bytes(
        self, ees: FakeEes, source: EesSource, tmp_path: Path
    ) -> None:
        on_the_api(ees)
        path = source.fetch(indicators_offer(source), tmp_path / "new folder")
        assert path == tmp_path / "new folder" / "csww_indicators_2017_to_2025.csv"
        assert path.read_bytes() == INDICATORS
        assert list(path.parent.iterdir()) == [path]

    def test_a_version_that_comes_out_in_between_is_a_new_offer_and_not_a_changed_old_one(
        self, ees: FakeEes, source: EesSource, tmp_path: Path
    ) -> None:
        on_the_api(ees)
        first = indicators_offer(source)
        ees.data_sets[0].versions["1.1"] = INDICATORS_CORRECTED
        assert source.fetch(first, tmp_path / "first").read_bytes() == INDICATORS
        second = indicators_offer(source)
        assert (second.data_set_version, second.reference != first.reference) == ("1.1", True)
        assert source.fetch(second, tmp_path / "second").read_bytes() == INDICATORS_CORRECTED
        assert ees.asked(CSV_OF_INDICATORS) == [
            f"{CSV_OF_INDICATORS}?dataSetVersion=1.0",
            f"{CSV_OF_INDICATORS}?dataSetVersion=1.1",
        ]

    def test_data_sets_on_the_second_page_are_found(self, ees: FakeEes, source: EesSource) -> None:
        on_the_api(ees)
        ees.page_size = 2
        assert [offer.data_set_version for offer in source.offers()] == ["1.0", "2.1.1"]
        pages = [re.search(r"page=(\d+)", request) for request in ees.asked(f"{API}/publications/")]
        assert [page and page[1] for page in pages] == ["1", "2"]

    def test_a_publication_is_known_by_its_title_when_its_slug_changes(self, ees: FakeEes, source: EesSource) -> None:
        on_the_api(ees)
        ees.publications[1]["slug"] = "csww"
        assert len(source.offers()) == 2

    @pytest.mark.parametrize("status", ["Deprecated", "Withdrawn"])
    def test_a_data_set_that_gets_no_new_releases_is_taken_from_the_release_instead(
        self, ees: FakeEes, source: EesSource, status: str
    ) -> None:
        on_the_api(ees)
        in_the_release(ees)
        ees.data_sets[0].status = status
        indicators, role = source.offers()
        assert indicators.reference == f"{ees.root}{CONTENT}/releases/{RELEASE_2025_ID}/files#indicators"
        assert role.data_set_version == "2.1.1"

    def test_two_data_sets_of_a_fitting_title_are_not_guessed_between(self, ees: FakeEes, source: EesSource) -> None:
        on_the_api(ees)
        in_the_release(ees)
        ees.data_sets[1].title = "Indicators by region"
        indicators, _ = source.offers()
        assert indicators.data_set_version is None
        assert "'Indicators by region'" in source.notices[0]

    def test_an_answer_of_another_shape_is_named(self, ees: FakeEes, source: EesSource) -> None:
        ees.fail_always(f"{API}/publications", Answer(body=b'{"paging": {"page": 1}, "results": []}'))
        with pytest.raises(SourceError, match=r"publications\?search=.* another shape than DfE documents \(totalPages"):
            EesSource(load_service({**ees.environment, "EES_ROUTES": "api"}), Web()).offers()


class TestPatience:
    def test_too_many_requests_waits_as_long_as_it_is_told(
        self, ees: FakeEes, source: EesSource, waits: list[float]
    ) -> None:
        on_the_api(ees)
        ees.fail(API, replace(problem(429, "Too Many Requests"), headers={"Retry-After": "7"}))
        assert len(source.offers()) == 2
        assert waits == [7.0]

    def test_a_date_to_come_back_at_is_understood(self, ees: FakeEes, source: EesSource, waits: list[float]) -> None:
        on_the_api(ees)
        at = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
        ees.fail(API, replace(problem(429, "Too Many Requests"), headers={"Retry-After": at}))
        assert len(source.offers()) == 2
        assert len(waits) == 1
        assert 25 < waits[0] <= 30

    def test_being_sent_away_for_an_hour_is_reported_and_not_waited_for(
        self, ees: FakeEes, source: EesSource, waits: list[float], tmp_path: Path
    ) -> None:
        on_the_api(ees)
        offer = indicators_offer(source)
        ees.fail(CSV_OF_INDICATORS, replace(problem(429, "Too Many Requests"), headers={"Retry-After": "3600"}))
        with pytest.raises(SourceError, match=r"429 .* left alone for 3,600 seconds"):
            source.fetch(offer, tmp_path)
        assert waits == []

    def test_server_errors_are_asked_again_ever_later(
        self, ees: FakeEes, source: EesSource, waits: list[float], tmp_path: Path
    ) -> None:
        on_the_api(ees)
        offer = indicators_offer(source)
        ees.fail(CSV_OF_INDICATORS, Answer(500), Answer(502), Answer(504))
        assert source.fetch(offer, tmp_path).read_bytes() == INDICATORS
        first, second, third = waits
        assert 1 <= first <= 2 <= second <= 3 < third <= 5

    def test_a_service_that_never_recovers_is_given_up_after_five_tries(
        self, ees: FakeEes, source: EesSource, waits: list[float], tmp_path: Path
    ) -> None:
        on_the_api(ees)
        offer = indicators_offer(source)
        ees.fail_always(CSV_OF_INDICATORS, Answer(503))
        with pytest.raises(SourceError, match=rf"{CSV_OF_INDICATORS}\S* answered 503 .*Asked 5 times"):
            source.fetch(offer, tmp_path)
        assert (len(ees.asked(CSV_OF_INDICATORS)), len(waits)) == (5, 4)
        assert list(tmp_path.iterdir()) == []

    def test_a_body_that_breaks_off_is_downloaded_again(self, ees: FakeEes, source: EesSource, tmp_path: Path) -> None:
        on_the_api(ees)
        offer = indicators_offer(source)
        ees.fail(CSV_OF_INDICATORS, Answer(200, INDICATORS[:20], "text/csv", announced_length=len(INDICATORS)))
        assert source.fetch(offer, tmp_path).read_bytes() == INDICATORS

    def test_a_packed_body_that_ends_early_is_noticed_without_an_announced_length(
        self, ees: FakeEes, source: EesSource, tmp_path: Path
    ) -> None:
        on_the_api(ees)
        offer = indicators_offer(source)
        half = gzip.compress(INDICATORS)[:-12]
        ees.fail_always(CSV_OF_INDICATORS, Answer(200, half, "text/csv", {"Content-Encoding": "gzip"}))
        with pytest.raises(SourceError, match="broke off, or arrived damaged"):
            source.fetch(offer, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_service_that_falls_silent_is_asked_again(
        self, ees: FakeEes, waits: list[float], tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        on_the_api(ees)
        source = EesSource(load_service(ees.environment), Web(Patience(silence_seconds=0.1), sleep=waits.append))
        offer = indicators_offer(source)
        ees.fail(CSV_OF_INDICATORS, Answer(200, INDICATORS, "text/csv", delay_seconds=0.3))
        assert source.fetch(offer, tmp_path).read_bytes() == INDICATORS
        assert len(waits) == 1
        assert "did not answer in time. Asking again in" in caplog.text

    def test_a_service_that_is_not_there_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with FakeEes() as gone:
            environment, root = gone.environment, gone.root
        source = EesSource(load_service({**environment, "EES_ROUTES": "api,release_zip"}), Web(sleep=lambda _: None))
        with pytest.raises(SourceError, match=rf"{root}{API}/publications\S* could not be reached"):
            source.offers()

    def test_a_request_that_is_refused_is_not_repeated_and_says_why(
        self, ees: FakeEes, source: EesSource, waits: list[float], tmp_path: Path
    ) -> None:
        on_the_api(ees)
        offer = indicators_offer(source)
        error = {"message": "Must be a valid version.", "code": "Version", "path": "dataSetVersion"}
        ees.fail(CSV_OF_INDICATORS, problem(400, "There are validation errors.", errors=[error]))
        with pytest.raises(
            SourceError, match=r"400 .*There are validation errors\. Must be a valid version\. \(dataSetVersion\)"
        ):
            source.fetch(offer, tmp_path)
        assert waits == []

    def test_a_data_set_that_has_gone_says_so_in_the_services_own_words(
        self, ees: FakeEes, source: EesSource, tmp_path: Path
    ) -> None:
        on_the_api(ees)
        offer = indicators_offer(source)
        ees.fail(CSV_OF_INDICATORS, problem(404, "Not Found", detail="The data set was withdrawn."))
        with pytest.raises(SourceError, match=r"answered 404 \(Not Found\)\. Not Found The data set was withdrawn\."):
            source.fetch(offer, tmp_path)


class TestSuspicion:
    @pytest.mark.parametrize(
        ("body", "content_type", "kind"),
        [
            (b"\n <!DOCTYPE html><title>Sorry</title>", "text/csv", "a web page"),
            (b"\xef\xbb\xbf<html>Sorry</html>", "text/csv", "a web page"),
            (b"Service unavailable, sorry", "text/html; charset=utf-8", "a web page"),
            (b'{"title": "sorry"}', "application/json", "JSON"),
            (b"PK\x03\x04rest", "text/csv", "a ZIP file"),
            (b"", "text/csv", "nothing"),
            (b"\xd0\xcf\x11\xe0\x00\x00", "text/csv", "a binary file"),
        ],
    )
    def test_anything_but_a_csv_file_is_refused_by_name(
        self, ees: FakeEes, source: EesSource, tmp_path: Path, body: bytes, content_type: str, kind: str
    ) -> None:
        on_the_api(ees)
        offer = indicators_offer(source)
        ees.fail(CSV_OF_INDICATORS, Answer(200, body, content_type))
        with pytest.raises(SourceError, match=rf"{re.escape(offer.reference)} gave {kind} instead of a CSV file"):
            source.fetch(offer, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_csv_file_with_a_byte_order_mark_is_kept_as_it_is(
        self, ees: FakeEes, source: EesSource, tmp_path: Path
    ) -> None:
        on_the_api(ees)
        ees.data_sets[0].versions["1.0"] = b"\xef\xbb\xbf" + INDICATORS
        assert source.fetch(indicators_offer(source), tmp_path).read_bytes() == b"\xef\xbb\xbf" + INDICATORS

    def test_a_body_larger_than_the_limit_is_refused_packed_or_unpacked(self, ees: FakeEes, tmp_path: Path) -> None:
        web = Web(Patience(largest_download_bytes=1_000))
        # The plain one is refused while it is still arriving.
        ees.fail("/plain", Answer(200, b"a" * 1_001, "text/csv", announced_length=1_000_000))
        ees.fail("/packed", Answer(200, gzip.compress(b"a" * 1_001), "text/csv"))
        for path in ("/plain", "/packed"):
            with pytest.raises(SourceError, match=rf"{path} is larger than"):
                web.download(ees.root + path, tmp_path / "file.csv", expected="a CSV file")
        ees.fail("/fits", Answer(200, gzip.compress(b"a" * 1_000), "text/csv"))
        web.download(ees.root + "/fits", tmp_path / "fits.csv", expected="a CSV file")
        assert list(tmp_path.iterdir()) == [tmp_path / "fits.csv"]

    def test_an_answer_that_trickles_on_for_ever_is_given_up(self, ees: FakeEes, tmp_path: Path) -> None:
        ees.fail("/slow", Answer(200, INDICATORS, "text/csv"))
        web = Web(Patience(longest_answer_seconds=0))
        with pytest.raises(SourceError, match="had not finished after 0 seconds"):
            web.download(ees.root + "/slow", tmp_path / "file.csv", expected="a CSV file")

    def test_a_reference_from_elsewhere_is_not_fetched(self, ees: FakeEes, source: EesSource, tmp_path: Path) -> None:
        for reference in ("http://127.0.0.1:9/x.csv", f"{ees.root}{CONTENT}/releases/1/files#salaries"):
            with pytest.raises(SourceError, match="was not offered by DfE's service"):
                source.fetch(Offer("x.csv", reference, "live", None, False), tmp_path)
        assert ees.requests == []


class TestTheReleaseZip:
    def test_a_publication_absent_from_the_api_is_taken_from_the_release_zip(
        self, ees: FakeEes, source: EesSource, tmp_path: Path
    ) -> None:
        del ees.publications[1]
        in_the_release(ees)
        indicators, role = source.offers()
        assert len(ees.requests) == 2
        assert indicators.reference == f"{ees.root}{CONTENT}/releases/{RELEASE_2025_ID}/files#indicators"
        assert (indicators.file_name, indicators.data_set_version) == ("csww_indicators_2017_to_2025.csv", None)
        assert source.fetch(indicators, tmp_path).read_bytes() == INDICATORS
        assert source.fetch(role, tmp_path).read_bytes() == ROLE
        assert sorted(path.name for path in tmp_path.iterdir()) == [indicators.file_name, role.file_name]
        assert source.notices == []

    def test_the_zip_is_downloaded_once_for_all_its_data_sets(
        self, ees: FakeEes, source: EesSource, tmp_path: Path
    ) -> None:
        in_the_release(ees)
        for offer in source.offers():
            source.fetch(offer, tmp_path)
        assert ees.asked(CONTENT) == [f"{CONTENT}/releases/{RELEASE_2025_ID}/files"]

    def test_the_next_release_has_other_references(self, ees: FakeEes, source: EesSource) -> None:
        in_the_release(ees)
        before = source.offers()
        ees.release = {"id": "99999999-9999-4999-8999-999999999999", "title": "Reporting year 2026", "slug": "2026"}
        after = source.offers()
        assert {offer.reference for offer in before}.isdisjoint(offer.reference for offer in after)
        assert [offer.file_name for offer in after] == [
            "csww_indicators_2017_to_2026.csv",
            "csww_role_by_characteristics_inpost_2019_to_2026.csv",
        ]

    def test_only_the_data_set_that_the_api_lacks_comes_from_the_zip(self, ees: FakeEes, source: EesSource) -> None:
        on_the_api(ees)
        in_the_release(ees)
        del ees.data_sets[2]
        assert [offer.data_set_version for offer in source.offers()] == ["1.0", None]

    def test_an_api_that_never_recovers_is_gone_round_and_noted(
        self, ees: FakeEes, source: EesSource, tmp_path: Path
    ) -> None:
        in_the_release(ees)
        ees.fail_always(API, Answer(500))
        offers = source.offers()
        assert source.fetch(offers[0], tmp_path).read_bytes() == INDICATORS
        assert len(source.notices) == 1
        assert re.search(r"route api: \S+/publications\S* answered 500", source.notices[0])

    def test_members_without_a_folder_and_in_capitals_are_found_too(
        self, ees: FakeEes, source: EesSource, tmp_path: Path
    ) -> None:
        in_the_release(ees)
        ees.release_files = {"CSWW_Indicators_2017_to_2025.CSV": INDICATORS}
        assert source.fetch(source.offers()[0], tmp_path).read_bytes() == INDICATORS

    def test_a_zip_without_the_file_says_what_it_holds(self, ees: FakeEes, source: EesSource, tmp_path: Path) -> None:
        in_the_release(ees)
        del ees.release_files["data/csww_role_by_characteristics_inpost_2019_to_2025.csv"]
        _, role = source.offers()
        with pytest.raises(
            SourceError,
            match=r"holds 0 files named like 'csww_role_by_characteristics\*\.csv'.*csww_indicators_2017_to_2025\.csv",
        ):
            source.fetch(role, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_damaged_zip_names_the_address_and_is_not_kept(
        self, ees: FakeEes, source: EesSource, tmp_path: Path
    ) -> None:
        in_the_release(ees)
        offer, _ = source.offers()
        files = f"{CONTENT}/releases/{RELEASE_2025_ID}/files"
        ees.fail(files, Answer(200, b"PK\x03\x04 and then nothing", "application/octet-stream"))
        with pytest.raises(SourceError, match=rf"release ZIP from \S+{files} cannot be used"):
            source.fetch(offer, tmp_path)
        assert source.fetch(offer, tmp_path).read_bytes() == INDICATORS

    def test_a_page_instead_of_the_zip_is_refused(self, ees: FakeEes, source: EesSource, tmp_path: Path) -> None:
        in_the_release(ees)
        offer, _ = source.offers()
        ees.fail(CONTENT, Answer(200, b"<html>Sorry</html>", "text/html"))
        with pytest.raises(SourceError, match="gave a web page instead of a ZIP file"):
            source.fetch(offer, tmp_path)


class TestTheCatalogue:
    def test_a_known_file_id_is_the_last_resort_and_says_that_it_may_be_old(
        self, ees: FakeEes, source: EesSource, tmp_path: Path
    ) -> None:
        ees.catalogue[CATALOGUE_2025_ID] = INDICATORS
        (offer,) = source.offers()
        assert offer.reference == f"{ees.root}{SITE}/data-catalogue/data-set/{CATALOGUE_2025_ID}/csv"
        assert offer.file_name == "csww_indicators_2017_to_2025.csv"
        assert source.fetch(offer, tmp_path).read_bytes() == INDICATORS
        notices = "\n".join(source.notices)
        assert "find-statistics/children-s-social-work-workforce answered 404" in notices
        assert "of release 2025 that is known here. A newer release would not be seen" in notices
        assert "no route has role_by_characteristics" in notices

    def test_a_release_page_that_has_changed_its_make_up_is_reported(self, ees: FakeEes, source: EesSource) -> None:
        ees.fail_always(f"{SITE}/find-statistics", Answer(200, b"<html>All new</html>", "text/html"))
        source.offers()
        assert any("no longer says which release it shows" in notice for notice in source.notices)

    def test_no_route_at_all_says_what_each_answered_and_what_to_do(self, ees: FakeEes) -> None:
        source = EesSource(load_service({**ees.environment, "EES_ROUTES": "api, release_zip"}), Web())
        with pytest.raises(SourceError) as raised:
            source.offers()
        message = str(raised.value)
        assert "api: does not have indicators or role_by_characteristics." in message
        assert "children-s-social-work-workforce answered 404" in message
        assert "by hand and load that ZIP file" in message


class TestItsDescription:
    def test_the_addresses_are_dfes_unless_the_environment_says_otherwise(self) -> None:
        assert load_service({}).api_url == "https://api.education.gov.uk/statistics/v1"
        assert load_service({"EES_API_URL": "http://127.0.0.1:1/v1/"}).api_url == "http://127.0.0.1:1/v1"

    def test_another_description_can_be_named(self, tmp_path: Path) -> None:
        path = tmp_path / "other.yml"
        path.write_text(
            "api_url: a\nsite_url: b\ncontent_url: c\nroutes: [catalogue]\n"
            "publication: {slug: s, title: t, search: uvw}\n"
            f"data_sets: {{indicators: {{title_like: i, member_like: m, catalogue_file_ids: {{2026: {ROLE_ID}}}}}}}\n"
        )
        source = EesSource(load_service({"EES_SERVICE_FILE": str(path)}), Web())
        assert [offer.reference for offer in source.offers()] == [f"b/data-catalogue/data-set/{ROLE_ID}/csv"]

    @pytest.mark.parametrize(
        ("environment", "message"),
        [
            ({"EES_ROUTES": "carrier_pigeon"}, "carrier|routes"),
            (
                {"EES_SERVICE_FILE": "/nowhere/ees.yml"},
                "/nowhere/ees.yml, which describes DfE's service, cannot be read",
            ),
        ],
    )
    def test_a_wrong_description_is_named(self, environment: dict[str, str], message: str) -> None:
        with pytest.raises(SourceError, match=message):
            load_service(environment)
