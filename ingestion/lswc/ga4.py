"""A client for the Google Analytics Data API (v1beta): reports, whole, patiently, with a service account.

Plain REST. A service account's key signs a short statement, which its token address exchanges for an access token; a
token the API no longer takes is renewed once. A busy API, or a quota used up, is waited for within bounds and the same
page is asked for again, so that nothing is doubled.
"""

import base64
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from ingestion.lswc.reading import Problem
from ingestion.sources.web import Patience, retry_after_seconds, trusted_certificates

log = logging.getLogger(__name__)

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_SECONDS = 3600
# A token is renewed so long before it ends.
TOKEN_MARGIN_SECONDS = 120
# How often a report is begun again because it changed while its pages were read.
MOST_BEGINNINGS = 3
REPORTS_A_BATCH = 5


class PullError(Exception):
    """Figures cannot be had from Google Analytics; `problem` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.message}. {problem.fix}")
        self.problem = problem


class _Passing(Exception):
    """A failure that may be over in a moment; `told_wait_seconds` is what the service asked for."""

    def __init__(self, problem: Problem, told_wait_seconds: float | None = None) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.told_wait_seconds = told_wait_seconds


class _TokenRefused(Exception):
    """The API does not take the token."""


@dataclass(frozen=True)
class ServiceAccount:
    """A service account's key, as Google's console gives it in a JSON file."""

    email: str
    token_url: str
    key: rsa.RSAPrivateKey
    key_id: str | None

    @classmethod
    def read(cls, path: Path, token_url: str | None = None) -> "ServiceAccount":
        """Read the key file.

        Args:
            path: the JSON file.
            token_url: where to ask for tokens, in place of what the file says.

        Raises:
            PullError: it cannot be read or is no service account's key. Nothing of it is repeated.
        """
        try:
            described = json.loads(path.read_text(encoding="utf-8"))
            key = serialization.load_pem_private_key(described["private_key"].encode(), password=None)
            if not isinstance(key, rsa.RSAPrivateKey):
                raise ValueError
            return cls(
                described["client_email"], token_url or described["token_uri"], key, described.get("private_key_id")
            )
        except OSError as error:
            why = f"cannot be read ({error.strerror})"
        except (ValueError, KeyError, TypeError, AttributeError):
            why = "is no service account's key"
        raise PullError(
            Problem(
                "LSW-009",
                f"The file LSWC_GA4_CREDENTIALS names {why}",
                "Make a key for the service account in Google's console, and name its JSON file.",
            )
        )

    def statement(self, scope: str, now: float) -> str:
        """The signed statement (a JWT, RS256) that asks for a token."""
        header = {"alg": "RS256", "typ": "JWT"} | ({"kid": self.key_id} if self.key_id else {})
        claims = {
            "iss": self.email,
            "scope": scope,
            "aud": self.token_url,
            "iat": int(now),
            "exp": int(now) + TOKEN_SECONDS,
        }
        signed = b".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
        signature = self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return (signed + b"." + _base64(signature)).decode()


class DataApi:
    """Reports of one property. Use it in a `with`.

    Args:
        url: the API's address, version included.
        property_id: the property's number.
        account: who asks.
        scope: what the token is for.
        patience: how often and how long to ask when the service is busy or broken.
        longest_quota_wait_seconds: how long in all to wait for a quota, before giving up until another day.
        sleep, now: the clock; tests have their own.
    """

    def __init__(
        self,
        url: str,
        property_id: str,
        account: ServiceAccount,
        scope: str,
        *,
        patience: Patience | None = None,
        longest_quota_wait_seconds: float = 1800,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._url = url.rstrip("/")
        self._property = property_id
        self._account = account
        self._scope = scope
        self._patience = patience or Patience()
        self._quota_wait_left = longest_quota_wait_seconds
        self._sleep = sleep
        self._now = now
        self._token: tuple[str, float] | None = None
        self._growing_wait = wait_exponential_jitter(
            initial=self._patience.first_wait_seconds, max=self._patience.longest_wait_seconds
        )
        timeout = httpx.Timeout(self._patience.silence_seconds, connect=self._patience.connect_seconds)
        self._http = httpx.Client(
            timeout=timeout, verify=trusted_certificates(), headers={"User-Agent": "workforce-warehouse"}
        )

    def __enter__(self) -> "DataApi":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def reports(self, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The responses to several `runReport` bodies, each with all its rows.

        Raises:
            PullError: they cannot be had.
        """
        responses: list[dict[str, Any]] = []
        for first in range(0, len(requests), REPORTS_A_BATCH):
            batch = list(requests[first : first + REPORTS_A_BATCH])
            answered = self._ask("batchRunReports", {"requests": batch}).get("reports")
            if not isinstance(answered, list) or len(answered) != len(batch):
                raise PullError(_OTHER_SHAPE)
            responses += [self._whole(request, first_page) for request, first_page in zip(batch, answered, strict=True)]
        return responses

    def report(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The response to one `runReport` body, with all its rows.

        Raises:
            PullError: it cannot be had.
        """
        return self._whole(request, self._ask("runReport", request))

    def _whole(self, request: Mapping[str, Any], first_page: dict[str, Any]) -> dict[str, Any]:
        """Put a report's pages together; begin again when it changes in between."""
        page = first_page
        for _ in range(MOST_BEGINNINGS):
            rows = list(page.get("rows", []))
            count = _row_count(page)
            quota = page.get("propertyQuota")
            while len(rows) < count:
                page = self._ask("runReport", {**request, "offset": str(len(rows))})
                quota = page.get("propertyQuota", quota)
                if _row_count(page) != count or not page.get("rows"):
                    break
                rows += page["rows"]
            keys = [json.dumps(row.get("dimensionValues", []), sort_keys=True) for row in rows]
            if len(rows) == count and len(set(keys)) == len(keys):
                whole = {**first_page, "rows": rows, "rowCount": count}
                return whole if quota is None else {**whole, "propertyQuota": quota}
            log.info("A report changed while its pages were read; beginning it again.")
            page = first_page = self._ask("runReport", request)
        raise PullError(
            Problem(
                "LSW-011",
                "A report went on changing while its pages were read",
                "Try again in an hour, when Google has finished counting.",
            )
        )

    def _ask(self, method: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._patiently(self._post, method, body)
        except _TokenRefused:
            self._token = None
            log.warning("Google Analytics did not take the token; renewing it once.")
        try:
            return self._patiently(self._post, method, body)
        except _TokenRefused:
            raise PullError(_CREDENTIAL_REFUSED) from None

    def _patiently(self, call: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
        """Call, waiting for what may pass; a quota's waits have a bound of their own, for the whole pull together."""
        while True:
            retrying = Retrying(
                retry=retry_if_exception_type(_Passing),
                stop=stop_after_attempt(self._patience.tries),
                wait=self._wait,
                sleep=self._sleep,
                before_sleep=_say_so,
                reraise=True,
            )
            try:
                result: dict[str, Any] = retrying(call, *arguments)
                return result
            except _Passing as failure:
                raise PullError(failure.problem) from None
            except _QuotaUsedUp as failure:
                self._wait_for_quota(failure)

    def _wait_for_quota(self, failure: "_QuotaUsedUp") -> None:
        wait = failure.told_wait_seconds or self._patience.longest_wait_seconds
        if wait > self._quota_wait_left:
            raise PullError(_QUOTA_EXHAUSTED) from None
        self._quota_wait_left -= wait
        log.warning("The quota of Google Analytics is used up. Asking again in %.0f s.", wait)
        self._sleep(wait)

    def _wait(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        if isinstance(failure, _Passing) and failure.told_wait_seconds is not None:
            return min(failure.told_wait_seconds, self._patience.longest_told_wait_seconds)
        return self._growing_wait(state)

    def _post(self, method: str, body: Mapping[str, Any]) -> dict[str, Any]:
        url = f"{self._url}/properties/{self._property}:{method}"
        response = self._send(url, json=body, headers={"Authorization": f"Bearer {self._access_token()}"})
        if response.is_success:
            return _json_object(response)
        raise self._failure(response)

    def _failure(self, response: httpx.Response) -> Exception:
        status, said = response.status_code, _status_of(response)
        told = retry_after_seconds(response.headers.get("retry-after"))
        if status == HTTPStatus.UNAUTHORIZED:
            return _TokenRefused()
        if status == HTTPStatus.TOO_MANY_REQUESTS or said == "RESOURCE_EXHAUSTED":
            return _QuotaUsedUp(told)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return _Passing(_FAILED.named(f"Google Analytics answered {status}"), told)
        if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            return PullError(
                Problem(
                    "LSW-008",
                    f"Property {self._property} does not exist, or the service account may not read it ({status})",
                    "Check LSWC_GA4_PROPERTY, and give the service account the role Viewer on the property.",
                    field="property",
                )
            )
        return PullError(
            Problem(
                "LSW-011",
                f"Google Analytics refused the question ({status}{f', {said}' if said else ''})",
                "A name of a dimension or metric may have changed: compare web.yml with the Data API's list.",
            )
        )

    def _access_token(self) -> str:
        if self._token is None or self._token[1] <= self._now():
            self._token = self._new_token()
        return self._token[0]

    def _new_token(self) -> tuple[str, float]:
        form = {"grant_type": GRANT, "assertion": self._account.statement(self._scope, self._now())}
        response = self._send(self._account.token_url, data=form)
        if response.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise PullError(_CREDENTIAL_REFUSED)
        if not response.is_success:
            told = retry_after_seconds(response.headers.get("retry-after"))
            raise _Passing(_FAILED.named(f"Google's token service answered {response.status_code}"), told)
        answer = _json_object(response)
        token, seconds = answer.get("access_token"), answer.get("expires_in", TOKEN_SECONDS)
        if not isinstance(token, str) or not isinstance(seconds, int | float):
            raise PullError(_OTHER_SHAPE)
        return token, self._now() + seconds - TOKEN_MARGIN_SECONDS

    def _send(self, url: str, **content: Any) -> httpx.Response:
        try:
            return self._http.post(url, **content)
        except httpx.TimeoutException:
            raise _Passing(_FAILED.named("Google Analytics did not answer in time")) from None
        except httpx.TransportError:
            raise _Passing(_FAILED.named("Google Analytics could not be reached")) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise PullError(_FAILED.named("Google Analytics' address cannot be used")) from None


class _QuotaUsedUp(Exception):
    """The property's or the project's quota is used up; it fills again with time."""

    def __init__(self, told_wait_seconds: float | None) -> None:
        super().__init__()
        self.told_wait_seconds = told_wait_seconds


@dataclass(frozen=True)
class _Failure:
    """The problem of a service that fails, to be told with what happened."""

    code: str
    fix: str

    def named(self, message: str) -> Problem:
        return Problem(self.code, message, self.fix)


_FAILED = _Failure("LSW-011", "Nothing was changed. Try again later; if it lasts, look at Google's status page.")
_OTHER_SHAPE = Problem(
    "LSW-013", "Google's answer is not in the documented shape", "Try again; if it lasts, the Data API has changed."
)
_CREDENTIAL_REFUSED = Problem(
    "LSW-009",
    "Google does not take the service account's key: it has expired, was deleted or is switched off",
    "Make a new key for the service account, and name its file in LSWC_GA4_CREDENTIALS.",
    field="credential",
)
_QUOTA_EXHAUSTED = Problem(
    "LSW-010",
    "The quota of Google Analytics is used up, and waiting did not help",
    "Nothing is lost: what was pulled is loaded, and the next run goes on from there. The day's quota comes back at "
    "midnight Pacific time.",
    field="quota",
)


def _base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _row_count(page: Mapping[str, Any]) -> int:
    try:
        return int(page.get("rowCount", 0))
    except (TypeError, ValueError):
        raise PullError(_OTHER_SHAPE) from None


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        raise PullError(_OTHER_SHAPE) from None
    if not isinstance(answer, dict):
        raise PullError(_OTHER_SHAPE)
    return answer


def _status_of(response: httpx.Response) -> str:
    """The error's name, such as `RESOURCE_EXHAUSTED`; nothing else of an error's body is repeated."""
    try:
        said = response.json()["error"]["status"]
    except (ValueError, KeyError, TypeError):
        return ""
    return said if isinstance(said, str) and said.replace("_", "").isalpha() else ""


def _say_so(state: RetryCallState) -> None:
    failure = state.outcome.exception() if state.outcome else None
    wait = state.next_action.sleep if state.next_action else 0
    log.warning("%s. Asking again in %.0f s.", failure, wait)
