"""One line for each request that changes something, or is refused: by route, not by URL, for that may name a patient's
resource. What breaks is said here, and answered without a word about what it was.

Of those that are refused for their number there is a line a second: else who is told to wait fills the disk."""

from __future__ import annotations

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.web.outcome import outcome

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = _SAFE | {"POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"}  # another one may be any word, of any length
_TOO_MANY, _PAUSE = 429, 1.0  # status; seconds
_LOG = structlog.stdlib.get_logger("bridge.web")


class Journal:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._told, self._untold = -_PAUSE, 0  # when who is told to wait was in the log; and how many were not, since

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begun, status = time.monotonic(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            _LOG.error("a request broke", route=_route(scope), exc_info=error)
            if status:  # half of the answer is on its way: the connection has to break
                raise
            await outcome(500, [("exception", "a fault of the service; see its log")])(scope, receive, noting)
        finally:
            if status == _TOO_MANY and time.monotonic() - self._told < _PAUSE:
                self._untold += 1
            elif scope["method"] not in _SAFE or status >= 400:
                self._say(scope, status, time.monotonic() - begun)

    def _say(self, scope: Scope, status: int, seconds: float) -> None:
        more: dict[str, int] = {}
        if status == _TOO_MANY:
            more = {"others": self._untold}
            self._told, self._untold = time.monotonic(), 0
        client = (scope.get("client") or ("",))[0]
        _LOG.info("request", route=_route(scope), status=status, seconds=round(seconds, 3), client=client, **more)


def _route(scope: Scope) -> str:
    method = scope["method"] if scope["method"] in _METHODS else "unknown"
    return f"{method} {getattr(scope.get('route'), 'path', 'unknown')}"
