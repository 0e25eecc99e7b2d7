"""A stand-in for Google's token service and Analytics Data API: real sockets, documented shapes, failures on demand.

It answers with the sample's figures. Set how it behaves, queue what should go wrong, then read back what it was asked.
"""

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ingestion.sample.lswc.site import DataApiFigures

PROPERTY = "123456789"
SEED = 2030
EMAIL = "warehouse@example.invalid"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def error(code: int, status: str, message: str = "Invented.", **headers: str) -> Answer:
    """An error in Google's shape."""
    body = {"error": {"code": code, "message": message, "status": status}}
    return Answer(code, body, {name.replace("_", "-"): value for name, value in headers.items()})


def quota_exhausted(**headers: str) -> Answer:
    return error(429, "RESOURCE_EXHAUSTED", "Exhausted property tokens per hour.", **headers)


class FakeGoogle:
    """The running stand-in; use it in a `with`.

    Args:
        page_size: it gives no more rows at once than this, whatever was asked for.
        throttles_every: every so many questions about reports it says that the quota is used up.
        restates: recent days show less than they will, by `today`.
    """

    def __init__(self, *, page_size: int = 100_000, throttles_every: int | None = None, restates: bool = False) -> None:
        self.page_size = page_size
        self.throttles_every = throttles_every
        self.restates = restates
        self.today = date(2026, 11, 5)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.tokens: set[str] = set()
        self.token_answers: list[Answer] = []
        self.report_answers: list[Answer | None] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> "FakeGoogle":
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

    def write_credentials(self, path: Path) -> Path:
        """A service account's key file, as Google's console gives it."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        described = {
            "type": "service_account", "project_id": "invented", "private_key_id": "k1", "private_key": pem.decode(),
            "client_email": EMAIL, "token_uri": f"{self.root}/token",
        }  # fmt: skip
        path.write_text(json.dumps(described))
        return path

    def settings(self, credentials: Path) -> dict[str, str]:
        """The variables that point the warehouse here."""
        return {
            "LSWC_GA4_URL": f"{self.root}/v1beta",
            "LSWC_GA4_PROPERTY": PROPERTY,
            "LSWC_GA4_CREDENTIALS": str(credentials),
        }

    def asked(self, method: str) -> list[dict[str, Any]]:
        """The bodies of the questions of one method, in order."""
        return [body for path, body in self.requests if path.endswith(f":{method}")]

    def token(self, form: Mapping[str, list[str]]) -> Answer:
        self.requests.append(("/token", {}))
        if self.token_answers:
            return self.token_answers.pop(0)
        header, claims, signature = form["assertion"][0].split(".")
        try:
            self.key.public_key().verify(
                _bytes(signature), f"{header}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return Answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        said = json.loads(_bytes(claims))
        assert json.loads(_bytes(header)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
        assert said["iss"] == EMAIL
        assert said["aud"] == f"{self.root}/token"
        assert said["scope"] == "https://www.googleapis.com/auth/analytics.readonly"
        assert said["exp"] - said["iat"] == 3600
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        token = f"token-{len(self.requests)}"
        self.tokens.add(token)
        return Answer(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def reports(self, path: str, body: dict[str, Any], authorization: str) -> Answer:
        self.requests.append((path, body))
        queued = self.report_answers.pop(0) if self.report_answers else None
        if queued is not None:
            return queued
        questions = sum(asked != "/token" for asked, _ in self.requests)
        if self.throttles_every and questions % self.throttles_every == 0:
            return quota_exhausted()
        if authorization.removeprefix("Bearer ") not in self.tokens:
            return error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        name, _, method = path.removeprefix("/v1beta/properties/").partition(":")
        if name != PROPERTY:
            return error(403, "PERMISSION_DENIED", "User does not have sufficient permissions for this property.")
        if method == "batchRunReports":
            answered = [self.report(request) for request in body["requests"]]
            return Answer(200, {"reports": answered, "kind": "analyticsData#batchRunReports"})
        return Answer(200, self.report(body))

    def report(self, request: dict[str, Any]) -> dict[str, Any]:
        hosts = request["dimensionFilter"]["filter"]
        assert hosts["fieldName"] == "hostName"
        assert "staging.lswc.ollico.dev" not in hosts["inListFilter"]["values"]
        figures = DataApiFigures(SEED, self.today if self.restates else None)
        response = figures.run_report({**request, "limit": min(int(request["limit"]), self.page_size)})
        if request.get("returnPropertyQuota"):
            remaining = 200_000 - len(self.requests)
            response["propertyQuota"] = {
                "tokensPerDay": {"consumed": 3, "remaining": remaining},
                "concurrentRequests": {"consumed": 0, "remaining": 10},
            }
        return response

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/token":
                    answer = service.token(parse_qs(body.decode()))
                else:
                    answer = service.reports(self.path, json.loads(body), self.headers["Authorization"])
                content = json.dumps(answer.body).encode()
                self.send_response(answer.status)
                self.send_header("Content-Type", "application/json; charset=UTF-8")
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the tests read `requests`."""

        return Handler


def _bytes(coded: str) -> bytes:
    return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
