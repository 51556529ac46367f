"""How long a body may be, in which coding, and how much time it may take, whatever route it is for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.web.outcome import Refused, refused

_SMALL = 64 << 10  # where no documents are taken in: FastAPI reads these before it asks who it is
_JSON = 16 << 20  # a resource takes several times its text in memory
_HELD = 4  # bodies of the largest size that may be in memory at once, all requests together
_THROWN_AWAY = "/hooks/"


class BodyLimit:
    """Counted as it comes in, for a body need not say its length (RFC 9112 7.1). A compressed one is refused: it may be
    a bomb. The rest of what is refused is read and thrown away, for a while: who is still sending when the connection
    ends never sees why."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, seconds: float) -> None:
        self._app, self._max_bytes, self._seconds = app, max_bytes, seconds
        self._limits = {
            "/translate/fhir": max_bytes,
            "/translate/dicom": min(_JSON, max_bytes),
            _THROWN_AWAY: max_bytes,
            "": min(_SMALL, max_bytes),
        }
        self._room = _HELD * max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = next(limit for path, limit in self._limits.items() if scope["path"].startswith(path))
        if (fault := _announced(Headers(scope=scope), limit)) is not None:
            return await refused(fault.status_code, fault.detail, fault.headers)(scope, receive, send)
        if scope["path"].startswith(_THROWN_AWAY):
            return await self._app(scope, self._bounded(receive, limit, lambda _: None), send)
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if size > self._room:
                raise Refused(503, "too much is sent at once; wait as Retry-After says", {"Retry-After": "5"})
            held, self._room = held + size, self._room - size

        try:
            await self._app(scope, self._bounded(receive, limit, hold), send)
        finally:
            self._room += held

    def _bounded(self, receive: Receive, limit: int, hold: Callable[[int], None]) -> Receive:
        size, whole, end = 0, False, time.monotonic() + self._seconds

        async def bounded() -> Message:
            nonlocal size, whole
            if whole:  # what comes now is that the client has gone
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, end - time.monotonic()))
            except TimeoutError as error:
                what = f"the request was not here after {self._seconds:g} seconds"
                raise Refused(408, what, {"Connection": "close"}) from error
            size, whole = size + len(message.get("body", b"")), not message.get("more_body", False)
            if size > limit:
                raise _too_long(limit)
            hold(len(message.get("body", b"")))
            return message

        return bounded


def _announced(headers: Headers, limit: int) -> Refused | None:
    # RFC 9112 6.1: who is in front of us may take the other one
    if "content-length" in headers and "transfer-encoding" in headers:
        return Refused(400, "Content-Length and Transfer-Encoding: send one of them", {"Connection": "close"})
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        return Refused(415, "Content-Encoding: send it uncompressed", {"Accept-Encoding": "identity"})
    length = headers.get("content-length", "0")
    return _too_long(limit) if length.isdecimal() and int(length) > limit else None


def _too_long(limit: int) -> Refused:
    return Refused(413, f"longer than {limit} bytes; `fhir-dicom convert` takes files of any length")
