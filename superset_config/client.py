"""A small client of a running Superset, signed in as a person signs in: by the login form, with a session cookie.

Superset's API tokens cannot be used here: where the public may read charts, Superset does not look at the token at
all and treats the caller as anonymous.
"""

import json
import re
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

SECONDS_A_REQUEST = 60


class SupersetError(Exception):
    """Superset does not answer, or answers with an error; the message says what was asked."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class NotRunning(SupersetError):
    """Nothing answers at Superset's address."""


class Superset:
    """One visitor's session; anonymous until signed in."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._cookies))
        self._form_token = ""

    def _open(self, request: Request | str) -> str:
        path = (request if isinstance(request, str) else request.full_url).removeprefix(self.url)
        try:
            with self._opener.open(request, timeout=SECONDS_A_REQUEST) as response:
                return str(response.read().decode())
        except HTTPError as error:
            detail = error.read(500).decode(errors="replace")
            raise SupersetError(f"{path} answered {error.code}: {detail}", error.code) from None
        except (URLError, TimeoutError, ConnectionError) as error:
            raise NotRunning(f"Superset does not answer at {self.url} ({error}).") from None

    def get(self, path: str) -> str:
        """One page or API answer, as text.

        Raises:
            SupersetError: the answer is an error.
        """
        return self._open(self.url + path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """One JSON request and its JSON answer.

        Raises:
            SupersetError: the answer is an error.
        """
        return self.send("POST", path, body)

    def send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """One JSON request of any method and its JSON answer.

        Raises:
            SupersetError: the answer is an error.
        """
        headers = {
            "Content-Type": "application/json",
            "Referer": self.url,
            "X-CSRFToken": self._form_token or self._read_form_token(),
        }
        return json.loads(self._open(Request(self.url + path, json.dumps(body).encode(), headers, method=method)))

    def _read_form_token(self) -> str:
        """The token every form and request of this session must carry; each page holds it."""
        found = re.search(r'id="csrf_token"\s+value="([^"]*)"', self.get("/login/"))
        self._form_token = found.group(1) if found else ""
        return self._form_token

    def sign_in(self, username: str, password: str) -> "Superset":
        """Sign in through the login form.

        Raises:
            SupersetError: the name or the password is wrong.
        """
        form = {"username": username, "password": password, "csrf_token": self._read_form_token()}
        self._open(Request(f"{self.url}/login/", urlencode(form).encode(), {"Referer": f"{self.url}/login/"}))
        self._form_token = ""
        try:
            me = json.loads(self.get("/api/v1/me/"))
        except SupersetError:
            me = {}
        if me.get("result", {}).get("username") != username:
            raise SupersetError(
                f"{username} could not sign in at {self.url}: is the password the one Superset has?", 401
            )
        return self
