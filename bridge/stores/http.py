"""One HTTP peer: only its configured base is ever called, answers are bounded, errors say whether waiting may help."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from urllib3.exceptions import ReadTimeoutError
from urllib3.util.retry import Retry

from bridge.codecs import json
from bridge.errors import BridgeError, InvalidFhirError, PermanentError, RefusedError, TemporaryError
from bridge.model.group import Json
from bridge.stores.access import ANYBODY, Access
from bridge.stores.breaker import Breaker, Outage
from bridge.stores.deadline import Adapter
from bridge.stores.tls import no_file, unreadable, untrusted

MAX_BYTES = 512 << 20
_CHUNK = 1 << 20
_LONGEST_WAIT = 3600.0  # seconds
_IDLE_SECONDS = 0.5  # Orthanc closes an idle connection after one second
_PROBE_SECONDS = 10.0
_ASKED = {"Accept": "application/fhir+json, application/json;q=0.9, */*;q=0.5"}
_OF_NO_DOCUMENT = frozenset({401, 403, 507})
"""Without a permission, or room on its disk, it refuses whatever we write: people mend that, and all of it goes on."""
_TRANSIENT = _OF_NO_DOCUMENT | {408, 409, 423, 425, 429, 500, 502, 503, 504}
_OF_ANY_CALL = (_TRANSIENT - {409, 423}) | {404}
"""What a server that is down, starting, or without our permissions answers to everything."""


class Answer:
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


class Peer:
    """`name` is what errors call it. Connection errors of idempotent calls are tried again; all other waiting is the
    ledger's. Threads may share it: each has a session of its own, and the rate is that of all together.

    `probes`: paths of small JSON answers, by which it is known whether the peer is down; where it refuses one by its
    permissions, another is asked for."""

    def __init__(
        self, name: str, base: str, *, timeout: float = 60, access: Access = ANYBODY, probes: Sequence[str] = ()
    ) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise PermanentError(f"{name}: {base!r} is no http(s) URL")
        self.name, self.base, self.timeout = name, base.rstrip("/"), timeout
        self._access = access
        self._sessions = threading.local()
        self._turn = threading.Lock()
        self._next = 0.0  # when the next call may be made
        self._breaker = Breaker(name, lambda: self._probe(probes)) if probes else None

    def outage(self) -> Outage | None:
        """Why nothing is asked of it for now."""
        return self._breaker.outage() if self._breaker is not None else None

    def judge(self) -> None:
        """What it answered is no sense, or nothing. Raises OutageError where it answers nothing else, either."""
        if self._breaker is not None:
            self._breaker.judge()

    def parsed(self, body: bytes, kind: str) -> Json:
        """JSON of an answer. Raises TemporaryError where it is none: `kind` is what should have answered."""
        try:
            return json.loads(body)
        except InvalidFhirError as error:
            self.judge()
            raise TemporaryError(f"{self.name}: the answer is no JSON; is this {kind}?") from error

    def _probe(self, paths: Sequence[str]) -> None:
        path, *others = paths
        answer = self._answer("GET", path, None, _ASKED, min(self.timeout, _PROBE_SECONDS))
        if answer.status == 403 and others:
            return self._probe(others)
        if not 200 <= answer.status < 300:
            raise self._refusal("GET", path, answer)
        if answer.body and "json" not in answer.headers.get("content-type", ""):
            raise TemporaryError(f"{self._where('GET', path)}: the answer is no JSON; is that the right server?")

    def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (),
    ) -> Answer:
        """The answer, if its status is 2xx or in `accept`. Raises TemporaryError, OutageError or PermanentError."""
        if self._breaker is not None:
            self._breaker.admit()
        try:
            answer = self._answer(method, path, body, headers or {}, self.timeout)
        except TemporaryError:
            self.judge()
            raise
        if 200 <= answer.status < 300 or answer.status in accept:
            return answer
        if answer.status in _OF_ANY_CALL:
            self.judge()
        raise self._refusal(method, path, answer)

    def _refusal(self, method: str, path: str, answer: Answer) -> BridgeError:
        what = f"{self._where(method, path)}: answered {answer.status}{_hint(answer.status)}"
        if answer.status in _TRANSIENT:
            kind = RefusedError if answer.status in _OF_NO_DOCUMENT else TemporaryError
            return kind(what, _wait(answer.headers.get("retry-after", "")))
        return PermanentError(what)

    def _answer(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float) -> Answer:
        """Whatever the status. A token that was revoked before its time is renewed once."""
        answer = self._send(method, path, body, headers, timeout)
        if answer.status == 401 and self._access.renew is not None:
            self._access.renew()
            answer = self._send(method, path, body, headers, timeout)
        return answer

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float) -> Answer:
        where = self._where(method, path)
        if _leads_up(path.partition("?")[0]):
            raise PermanentError(f"{self.name}: {method}: a key leads outside of the base; it is not asked for")
        self._rest()
        session = self._session()
        try:
            with session.request(
                method,
                f"{self.base}{path}",
                data=body,
                headers=dict(headers),
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                data = _bounded(response, where)
                found = {key.lower(): value for key, value in response.headers.items()}
                return Answer(response.status_code, found, data)
        except requests.RequestException as error:
            raise TemporaryError(f"{where}: {_why(error, self._access)}") from error
        except OSError as error:  # of requests, which has looked for the files of `tls`
            what = unreadable(self._access) or "a file of `tls` was not there; is it being renewed?"
            raise TemporaryError(f"{where}: {_UNTRUSTED}: {what}") from error
        finally:
            self._sessions.used = time.monotonic()

    def _session(self) -> requests.Session:
        """Of this thread. Idle connections, which the peer may have closed, are dropped."""
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = _new_session(self._access)
        elif time.monotonic() - self._sessions.used > _IDLE_SECONDS:
            session.close()
        return session

    def _rest(self) -> None:
        """A fragile peer is given time."""
        if self._access.rate is None:
            return
        with self._turn:
            begins = max(time.monotonic(), self._next)
            self._next = begins + 1 / self._access.rate
        time.sleep(max(0.0, begins - time.monotonic()))

    def _where(self, method: str, path: str) -> str:
        return f"{self.name}: {method} {path.partition('?')[0]}".rstrip()

    def rejoined(self, url: str) -> str:
        """A link of the peer as a path below the base. Raises PermanentError where it leads elsewhere."""
        base = urlsplit(self.base)
        try:
            link = urlsplit(url)
        except ValueError as error:
            raise PermanentError(f"{self.name}: a link is no URL; it is not followed") from error
        path = link.path or base.path
        if _leads_up(path) or (path != base.path and not path.startswith(f"{base.path}/")):
            raise PermanentError(f"{self.name}: a link leads outside of the base; it is not followed")
        return urlunsplit(("", "", path[len(base.path) :], link.query, ""))


def _leads_up(path: str) -> bool:
    """A server, or the library, may resolve such steps, whatever we see; some take `..;a` for one, too."""
    steps = unquote(path).replace("\\", "/").split("/")
    return any(step.partition(";")[0] in (".", "..") for step in steps)


def _new_session(access: Access) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment would be another peer
    session.auth, session.cert = access.auth, access.certificate
    session.verify = access.ca or True
    retry = Retry(total=None, connect=2, read=1, status=0, redirect=0, other=0, backoff_factor=0.1)
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter(max_retries=retry))
    return session


def _bounded(response: requests.Response, where: str) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(_CHUNK):
        size += len(part)
        if size > MAX_BYTES:
            raise PermanentError(f"{where}: answer longer than {MAX_BYTES >> 20} MiB")
        parts.append(part)
    length = response.headers.get("Content-Length")
    # said twice it is one length still (RFC 9110 8.6)
    lengths = {one.strip() for one in length.split(",")} if length is not None else set()
    whole = "Content-Encoding" in response.headers or length is None or lengths == {str(size)}
    if not whole:
        raise TemporaryError(f"{where}: answer broke off after {size} of {length} bytes")
    return b"".join(parts)


def _why(error: requests.RequestException, access: Access) -> str:
    inner = error.args[0] if error.args else None
    causes = (inner, getattr(inner, "reason", None))  # after the last try of several
    if isinstance(error, requests.Timeout) or any(isinstance(one, ReadTimeoutError) for one in causes):
        return f"no answer in time; {_UP}"
    faults = [one for cause in causes for one in (cause, *_args(cause))]
    if isinstance(error, requests.exceptions.SSLError):
        return f"{_UNTRUSTED}: {untrusted(faults)}"
    if no_file(faults) and (what := unreadable(access)):
        return f"{_UNTRUSTED}: {what}"
    if isinstance(error, requests.ConnectionError):
        return f"no connection; {_UP}"
    return f"broken answer ({type(error).__name__}); {_UP}"


_UP = "is the server up and the URL right?"
_UNTRUSTED = "no trusted connection (TLS)"


def _args(error: object) -> tuple[object, ...]:
    return error.args if isinstance(error, BaseException) else ()


def _wait(retry_after: str) -> float:
    """Seconds; a date (RFC 9110 10.2.3) is of the peer's clock, and ours may differ: the usual waiting does."""
    return min(float(retry_after), _LONGEST_WAIT) if retry_after.isdecimal() else 0.0


def _hint(status: int) -> str:
    return {
        400: "; is it the root of the API that the kind of store names?",
        401: "; credentials are wanted, or have expired",
        403: "; permission is missing",
        404: "; is the URL right?",
        413: "; too large for the server",
    }.get(status, "")
