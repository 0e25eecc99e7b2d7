"""A stand-in for DfE's Explore Education Statistics service: real sockets, documented shapes, failures on demand.

One server answers for the three hosts (public data API, site, content API) under three paths. Set what it holds,
queue what should go wrong, then read back what it was asked.
"""

import gzip
import io
import json
import threading
import time
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

API = "/statistics/v1"
SITE = "/site"
CONTENT = "/content/api"

PUBLICATION_ID = "11111111-1111-4111-8111-111111111111"
INDICATORS_ID = "22222222-2222-4222-8222-222222222222"
ROLE_ID = "33333333-3333-4333-8333-333333333333"
RELEASE_2025_ID = "44444444-4444-4444-8444-444444444444"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, after a delay; `announced_length` lies about the body where it is set."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    announced_length: int | None = None
    delay_seconds: float = 0


@dataclass
class ApiDataSet:
    """A data set on the API: its versions' bytes, the last one the latest."""

    id: str
    title: str
    versions: dict[str, bytes]
    end: str = "2025"
    status: str = "Published"

    def summary(self) -> dict[str, object]:
        latest = {
            "version": list(self.versions)[-1],
            "published": "2026-02-26T09:30:00+00:00",
            "totalResults": 1300,
            "file": {"id": "55555555-5555-4555-8555-555555555555"},
            "timePeriods": {"start": "2017", "end": self.end},
            "geographicLevels": ["National", "Regional", "Local authority"],
            "filters": [],
            "indicators": ["FTE in post"],
        }
        return {
            "id": self.id,
            "title": self.title,
            "summary": "Invented.",
            "status": self.status,
            "latestVersion": latest,
        }


def problem(status: int, title: str, **more: object) -> Answer:
    """An error with an RFC 7807 body."""
    body = {"type": "https://tools.ietf.org/html/rfc9110#section-15.5.5", "title": title, "status": status, **more}
    return Answer(status, json.dumps(body).encode(), "application/problem+json")


def zip_of(members: Mapping[str, bytes]) -> bytes:
    """A ZIP file's bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hung up is part of the tests."""


class FakeEes:
    """The running stand-in; use it in a `with`."""

    def __init__(self) -> None:
        self.publications = [
            self.publication("school-workforce", "School workforce in England", "66666666-6666-4666-8666-666666666666"),
            self.publication("children-s-social-work-workforce", "Children's social work workforce", PUBLICATION_ID),
        ]
        self.data_sets: list[ApiDataSet] = []
        self.page_size: int | None = None
        self.release: dict[str, str] | None = None
        self.release_files: dict[str, bytes] = {}
        self.catalogue: dict[str, bytes] = {}
        self.queued: dict[str, list[Answer]] = defaultdict(list)
        self.always: dict[str, Answer] = {}
        self.requests: list[str] = []
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @staticmethod
    def publication(slug: str, title: str, identity: str) -> dict[str, str]:
        return {
            "id": identity,
            "slug": slug,
            "title": title,
            "summary": "Invented.",
            "lastPublished": "2026-02-26T09:30:00+00:00",
        }

    def __enter__(self) -> "FakeEes":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point the client here."""
        return {
            "EES_API_URL": self.root + API,
            "EES_SITE_URL": self.root + SITE,
            "EES_CONTENT_URL": self.root + CONTENT,
        }

    def fail(self, path_start: str, *answers: Answer) -> None:
        """Give these answers, one each, to the next requests whose path starts so."""
        self.queued[path_start].extend(answers)

    def fail_always(self, path_start: str, answer: Answer) -> None:
        """Give this answer to every request whose path starts so."""
        self.always[path_start] = answer

    def asked(self, path_start: str) -> list[str]:
        """The requests (path and query) that started so, in order."""
        return [request for request in self.requests if request.startswith(path_start)]

    def answer(self, target: str) -> Answer:
        for start, answers in self.queued.items():
            if target.startswith(start) and answers:
                return answers.pop(0)
        for start, answer in self.always.items():
            if target.startswith(start):
                return answer
        path = urlsplit(target).path
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        if path.startswith(API):
            return self._api(path.removeprefix(API).strip("/").split("/"), query)
        if path.startswith(f"{SITE}/find-statistics/"):
            return self._release_page()
        if path.startswith(f"{SITE}/data-catalogue/data-set/") and path.endswith("/csv"):
            file_id = path.split("/")[-2]
            return Answer(307, headers={"Location": f"{self.root}{CONTENT}/data-set-files/{file_id}/download"})
        if path.startswith(f"{CONTENT}/data-set-files/"):
            content = self.catalogue.get(path.split("/")[-2])
            return Answer(body=content, content_type="text/csv") if content is not None else problem(404, "Not Found")
        if self.release and path == f"{CONTENT}/releases/{self.release['id']}/files":
            return Answer(body=zip_of(self.release_files), content_type="application/octet-stream")
        return problem(404, "Not Found")

    def _api(self, path: list[str], query: dict[str, str]) -> Answer:
        match path:
            case ["publications"]:
                words = query["search"].lower()
                return self._page([p for p in self.publications if words in p["title"].lower()], query, most=40)
            case ["publications", identity, "data-sets"] if identity == PUBLICATION_ID:
                return self._page([data_set.summary() for data_set in self.data_sets], query, most=20)
            case ["data-sets", identity, "csv"]:
                found = next((data_set for data_set in self.data_sets if data_set.id == identity), None)
                content = found.versions.get(query.get("dataSetVersion", "")) if found else None
                if content is not None:
                    # The service sends these gzipped whatever was asked for.
                    return Answer(
                        body=gzip.compress(content), content_type="text/csv", headers={"Content-Encoding": "gzip"}
                    )
        return problem(404, "Not Found")

    def _page(
        self, results: list[dict[str, str]] | list[dict[str, object]], query: dict[str, str], most: int
    ) -> Answer:
        asked = int(query.get("pageSize", 10))
        if asked > most:
            error = {"message": f"Must be between 1 and {most}.", "code": "InclusiveBetween", "path": "pageSize"}
            return problem(400, "One or more validation errors occurred.", errors=[error])
        size, page = self.page_size or asked, int(query.get("page", 1))
        paging = {"page": page, "pageSize": size, "totalResults": len(results), "totalPages": -(-len(results) // size)}
        return Answer(body=json.dumps({"paging": paging, "results": results[(page - 1) * size : page * size]}).encode())

    def _release_page(self) -> Answer:
        if self.release is None:
            return Answer(404, b"<!DOCTYPE html><title>Page not found</title>", "text/html; charset=utf-8")
        data = {"props": {"pageProps": {"releaseVersionSummary": self.release}}, "page": "/find-statistics"}
        html = (
            '<!DOCTYPE html><html lang="en"><head><script>var a = {"id": "not this"};</script></head><body><h1>Release'
            '</h1><script id="__NEXT_DATA__" type="application/json">' + json.dumps(data) + "</script></body></html>"
        )
        return Answer(body=html.encode(), content_type="text/html; charset=utf-8")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                service.requests.append(self.path)
                answer = service.answer(self.path)
                time.sleep(answer.delay_seconds)
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                length = len(answer.body) if answer.announced_length is None else answer.announced_length
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(answer.body)
                # A body shorter than announced: hang up, as a broken connection does.
                self.close_connection = self.close_connection or length != len(answer.body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the tests read `requests`."""

        return Handler
