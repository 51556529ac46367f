"""Requests that a foreign page made a browser send are refused. Without `auth`, everybody on this machine may do
everything, and a page of the web that is open on it must not: neither by DNS rebinding (a name of its own that leads to
127.0.0.1; the Host header tells) nor by a form or script of its own (the Origin header tells)."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.settings.service import Service
from bridge.settings.strict import is_loopback
from bridge.web.outcome import refused

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # RFC 9110 9.2.1


class Addressed:
    def __init__(self, app: ASGIApp, *, service: Service) -> None:
        self._app = app
        self._behind = frozenset(map(str.lower, service.names))
        self._names = self._behind | {service.host.lower()}
        self._open = service.auth is None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (fault := self._fault(scope["method"], Headers(scope=scope))) is not None:
            await refused(*fault)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _fault(self, method: str, headers: Headers) -> tuple[int, str] | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._open and not self._is_ours(host):
            return 421, "Host: not a name of this service; add it to `serve.names`, or ask 127.0.0.1"
        if method not in _SAFE and origin is not None and not self._is_same(origin, host):
            return 403, "Origin: a page of another site sent this; it is not done"
        return None

    def _is_ours(self, host: str) -> bool:
        name = _name(f"//{host}")
        return name is not None and (name in self._names or is_loopback(name))

    def _is_same(self, origin: str, host: str) -> bool:
        """RFC 6454 7: `null`, or scheme, host and port. A proxy in front may have changed the Host, hence `names`."""
        return origin.partition("://")[2] == host or _name(origin) in self._behind


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
