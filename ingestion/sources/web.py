"""Reading from somebody else's web service, with patience and with suspicion.

Patience: a busy or broken service (429, 5xx, a time-out, a body that breaks off) is asked again, a bounded number
of times, as late as it says itself. Suspicion: what arrives is limited in size and time, unpacked whole, and must
be the kind of thing that was asked for before it takes its name on disk.
"""

import gzip
import json
import logging
import ssl
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from ingestion.sources import SourceError
from ingestion.sources.files import Readable, chunks_of, write_whole

log = logging.getLogger(__name__)

T = TypeVar("T")
Kind = Literal["nothing", "a ZIP file", "a web page", "JSON", "a binary file", "a CSV file"]

HEADERS = {"User-Agent": "workforce-warehouse", "Accept-Encoding": "gzip"}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"
PROBLEM_BYTES = 65_536
PROBLEM_CHARACTERS = 300
PROGRESS_BYTES = 25_000_000


@dataclass(frozen=True)
class Patience:
    """How often and how long to ask, and how much to accept.

    `connect_seconds` is for reaching the service, `silence_seconds` for each wait on its next bytes.
    """

    tries: int = 5
    connect_seconds: float = 10
    silence_seconds: float = 30
    first_wait_seconds: float = 1
    longest_wait_seconds: float = 60
    longest_told_wait_seconds: float = 120
    longest_answer_seconds: float = 900
    largest_document_bytes: int = 20_000_000
    largest_download_bytes: int = 1_000_000_000


class PassingFailure(SourceError):
    """A failure that may be over in a moment; `told_wait_seconds` is what the service asked for, if it did."""

    def __init__(self, message: str, told_wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.told_wait_seconds = told_wait_seconds


class Web:
    """A patient reader of web addresses. `sleep` takes the seconds to wait."""

    def __init__(self, patience: Patience | None = None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._patience = patience or Patience()
        self._sleep = sleep
        self._growing_wait = wait_exponential_jitter(
            initial=self._patience.first_wait_seconds, max=self._patience.longest_wait_seconds
        )

    def read(self, url: str) -> bytes:
        """A small document's bytes.

        Raises:
            SourceError: it cannot be had; the message names the address.
        """
        limit = self._patience.largest_document_bytes
        return self._patiently(url, limit, lambda body, _: b"".join(_limited(chunks_of(body), url, limit)))

    def read_json(self, url: str) -> Any:
        """A small JSON document.

        Raises:
            SourceError: it cannot be had, or is not JSON.
        """
        try:
            return json.loads(self.read(url))
        except ValueError:
            raise SourceError(f"{url} gave something that is not JSON. {_LOOK_AT_IT}") from None

    def download(self, url: str, target: Path, *, expected: Kind) -> None:
        """Write what is at `url` to `target`, whole or not at all, unpacked if it came gzipped.

        Raises:
            SourceError: it cannot be had, or is another kind of thing than expected.
        """

        def save(body: Readable, content_type: str) -> None:
            kind = kind_of(body.read(1024), content_type)
            if kind != expected:
                raise SourceError(f"{url} gave {kind} instead of {expected}. {_LOOK_AT_IT}")
            body.seek(0)
            write_whole(_limited(chunks_of(body), url, self._patience.largest_download_bytes), target)

        started = time.monotonic()
        log.info("Downloading %s", url)
        self._patiently(url, self._patience.largest_download_bytes, save)
        log.info("Downloaded %s: %.1f MB in %.1f s", url, target.stat().st_size / 1e6, time.monotonic() - started)

    def _patiently(self, url: str, limit: int, use: Callable[[Readable, str], T]) -> T:
        retrying = Retrying(
            retry=retry_if_exception_type(PassingFailure),
            stop=stop_after_attempt(self._patience.tries),
            wait=self._wait,
            sleep=self._sleep,
            before_sleep=_say_so,
            reraise=True,
        )
        timeout = httpx.Timeout(self._patience.silence_seconds, connect=self._patience.connect_seconds)
        with httpx.Client(
            headers=HEADERS, timeout=timeout, verify=trusted_certificates(), follow_redirects=True, max_redirects=5
        ) as http:
            try:
                result: T = retrying(self._once, http, url, limit, use)
                return result
            except PassingFailure as failure:
                raise SourceError(f"{failure} Asked {self._patience.tries} times; try again later.") from None

    def _wait(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        if isinstance(failure, PassingFailure) and failure.told_wait_seconds is not None:
            return failure.told_wait_seconds
        return self._growing_wait(state)

    def _once(self, http: httpx.Client, url: str, limit: int, use: Callable[[Readable, str], T]) -> T:
        with tempfile.TemporaryFile() as received:
            try:
                content_type = self._receive(http, url, limit, received)
            except httpx.TimeoutException:
                raise PassingFailure(f"{url} did not answer in time.") from None
            except httpx.TransportError as error:
                raise PassingFailure(f"{url} could not be reached, or broke off ({error}).") from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise SourceError(f"{url} cannot be read ({error}).") from None
            received.seek(0)
            is_gzip = received.read(2) == GZIP
            received.seek(0)
            if not is_gzip:
                return use(received, content_type)
            try:
                with gzip.GzipFile(fileobj=received) as unpacked:
                    return use(unpacked, content_type)
            except (EOFError, gzip.BadGzipFile, zlib.error):
                raise PassingFailure(f"{url} broke off, or arrived damaged.") from None

    def _receive(self, http: httpx.Client, url: str, limit: int, file: IO[bytes]) -> str:
        """Write the body as sent, returning its content type; httpx itself refuses one shorter than announced."""
        deadline = time.monotonic() + self._patience.longest_answer_seconds
        with http.stream("GET", url) as response:
            self._refuse_failure(url, response)
            said = 0
            for chunk in _limited(response.iter_raw(), url, limit):
                file.write(chunk)
                if time.monotonic() > deadline:
                    raise SourceError(
                        f"{url} had not finished after {self._patience.longest_answer_seconds:,.0f} seconds."
                    )
                if file.tell() - said > PROGRESS_BYTES:
                    said = file.tell()
                    log.info("… %.0f MB so far", said / 1e6)
            return str(response.headers.get("content-type", ""))

    def _refuse_failure(self, url: str, response: httpx.Response) -> None:
        status = response.status_code
        if response.is_success:
            return
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            told = retry_after_seconds(response.headers.get("retry-after"))
            message = f"{url} answered {status} ({response.reason_phrase})."
            if told is not None and told > self._patience.longest_told_wait_seconds:
                raise SourceError(f"{message} It asks to be left alone for {told:,.0f} seconds; try again after that.")
            raise PassingFailure(message, told)
        raise SourceError(f"{url} answered {status} ({response.reason_phrase}).{_problem(response)}")


_LOOK_AT_IT = "The address may have changed or the service may be under repair: open it in a browser."


@cache
def trusted_certificates() -> ssl.SSLContext:
    """What the machine trusts, read once."""
    # Reading the certificates takes longer than a small request.
    return httpx.create_ssl_context()


def kind_of(head: bytes, content_type: str) -> Kind:
    """What a body is, by its first bytes; a server that calls it a web page is believed."""
    start = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if not start:
        return "nothing"
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "a ZIP file"
    if start.startswith(b"<") or "html" in content_type.lower():
        return "a web page"
    if start.startswith((b"{", b"[")):
        return "JSON"
    return "a binary file" if b"\0" in head else "a CSV file"


def _limited(chunks: Iterator[bytes], url: str, limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise SourceError(f"{url} is larger than {limit / 1e6:,.0f} MB, the most that is accepted.")
        yield chunk


def retry_after_seconds(header: str | None) -> float | None:
    """`Retry-After` as seconds from now: it is a number or a date (RFC 9110, section 10.2.3)."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _problem(response: httpx.Response) -> str:
    """What an error body says in words (RFC 7807: title, detail, and EES's own list of errors), or nothing."""
    try:
        body = json.loads(next(response.iter_bytes(PROBLEM_BYTES), b""))
    except (ValueError, httpx.HTTPError):
        return ""
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors") or []
    # Documented as a list; earlier as lists by field.
    groups = errors.values() if isinstance(errors, dict) else [errors]
    listed = [error for group in groups for error in (group if isinstance(group, list) else [group])]
    parts = [body.get("title"), body.get("detail"), *(_error(error) for error in listed)]
    text = " ".join(str(part).strip() for part in parts if part)
    return f" {text[:PROBLEM_CHARACTERS]}" if text else ""


def _error(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    where = f" ({error['path']})" if error.get("path") else ""
    return f"{error.get('message', '')}{where}"


def _say_so(state: RetryCallState) -> None:
    failure = state.outcome.exception() if state.outcome else None
    wait = state.next_action.sleep if state.next_action else 0
    log.warning("%s Asking again in %.0f s.", failure, wait)
