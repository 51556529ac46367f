"""One HTTP peer: only its configured base is ever called, answers are bounded, errors say whether waiting may help."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError
from urllib3.util.retry import Retry

from bridge.errors import PermanentError, TemporaryError
from bridge.stores.access import ANYBODY, Access

MAX_BYTES = 512 << 20
_CHUNK = 1 << 20
_LONGEST_WAIT = 3600.0  # seconds
_IDLE_SECONDS = 0.5  # Orthanc closes an idle connection after one second
_TRANSIENT = frozenset({401, 408, 409, 423, 425, 429, 500, 502, 503, 504})


class Answer:
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


class Peer:
    """`name` is what errors call it. Connection errors of idempotent calls are tried again; all other waiting is the
    ledger's."""

    def __init__(self, name: str, base: str, *, timeout: float = 60, access: Access = ANYBODY) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise PermanentError(f"{name}: {base!r} is no http(s) URL")
        self.name, self.base, self.timeout = name, base.rstrip("/"), timeout
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment would be another peer
        self._session.auth, self._session.cert = access.auth, access.certificate
        self._session.verify = access.ca or True
        self._access = access
        retry = Retry(total=None, connect=2, read=1, status=0, redirect=0, other=0, backoff_factor=0.1)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        self._used = time.monotonic()

    def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (),
    ) -> Answer:
        """The answer, if its status is 2xx or in `accept`. Raises TemporaryError or PermanentError."""
        answer = self._send(method, path, body, headers or {})
        if answer.status == 401 and self._access.renew is not None:  # revoked before its time: once more, with another
            self._access.renew()
            answer = self._send(method, path, body, headers or {})
        if 200 <= answer.status < 300 or answer.status in accept:
            return answer
        what = f"{self._where(method, path)}: answered {answer.status}{_hint(answer.status)}"
        if answer.status in _TRANSIENT:
            raise TemporaryError(what, _wait(answer.headers.get("retry-after", "")))
        raise PermanentError(what)

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Whatever the status."""
        self._rest()
        where = self._where(method, path)
        try:
            with self._session.request(
                method,
                f"{self.base}{path}",
                data=body,
                headers=dict(headers),
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                data = _bounded(response, where)
                found = {key.lower(): value for key, value in response.headers.items()}
                return Answer(response.status_code, found, data)
        except requests.RequestException as error:
            raise TemporaryError(f"{where}: {_why(error)}; is the server up and the URL right?") from error
        finally:
            self._used = time.monotonic()

    def _rest(self) -> None:
        """Idle connections, which the peer may have closed, are dropped; a fragile peer is given time."""
        idle = time.monotonic() - self._used
        if idle > _IDLE_SECONDS:
            self._session.close()
        if self._access.rate is not None:
            time.sleep(max(0.0, 1 / self._access.rate - idle))

    def _where(self, method: str, path: str) -> str:
        return f"{self.name}: {method} {path.partition('?')[0]}"

    def rejoined(self, url: str) -> str:
        """A link of the peer as a path below the base. Raises PermanentError where it leads elsewhere."""
        base, link = urlsplit(self.base), urlsplit(url)
        path = link.path or base.path
        if path != base.path and not path.startswith(f"{base.path}/"):
            raise PermanentError(f"{self.name}: a link leads outside of the base; it is not followed")
        return urlunsplit(("", "", path[len(base.path) :], link.query, ""))


def _bounded(response: requests.Response, where: str) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(_CHUNK):
        size += len(part)
        if size > MAX_BYTES:
            raise PermanentError(f"{where}: answer longer than {MAX_BYTES >> 20} MiB")
        parts.append(part)
    length = response.headers.get("Content-Length")
    whole = "Content-Encoding" in response.headers or length is None or size == int(length)
    if not whole:
        raise TemporaryError(f"{where}: answer broke off after {size} of {length} bytes")
    return b"".join(parts)


def _why(error: requests.RequestException) -> str:
    cause = getattr(error.args[0], "reason", None) if error.args else None  # after the last try of several
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "no trusted connection (TLS)"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return f"broken answer ({type(error).__name__})"


def _wait(retry_after: str) -> float:
    """Seconds; a date (RFC 9110 10.2.3) is of the peer's clock, and ours may differ: the usual waiting does."""
    return min(float(retry_after), _LONGEST_WAIT) if retry_after.isdecimal() else 0.0


def _hint(status: int) -> str:
    return {
        401: "; credentials are wanted, or have expired",
        403: "; permission is missing",
        404: "; is the URL right?",
        413: "; too large for the server",
    }.get(status, "")
