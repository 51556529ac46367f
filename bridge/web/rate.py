"""So many requests a second of one client, and no more: a token bucket for each, of a bounded number of clients."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.web.outcome import refused

_BURST = 2.0  # seconds of the rate that may come at once
_CLIENTS = 10_000


class Buckets:
    """Of the clients that were there last; who is forgotten begins with a full one."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic, clients: int = _CLIENTS) -> None:
        self._rate, self._clock, self._clients = rate, clock, clients
        self._full = max(1.0, rate * _BURST)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client -> tokens at a time

    def __len__(self) -> int:
        return len(self._left)

    def wait(self, client: str) -> float:
        """Takes one; seconds to wait where there is none."""
        now = self._clock()
        tokens, then = self._left.pop(client, (self._full, now))
        tokens = min(self._full, tokens + (now - then) * self._rate)
        taken = tokens >= 1
        self._left[client] = (tokens - 1 if taken else tokens, now)
        if len(self._left) > self._clients:
            self._left.popitem(last=False)
        return 0.0 if taken else (1 - tokens) / self._rate


class RateLimit:
    def __init__(self, app: ASGIApp, *, rate: float) -> None:
        self._app, self._buckets = app, Buckets(rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # what asks whether it is alive may share an address with many, and costs nothing
        counts = scope["type"] == "http" and scope["path"] != "/health"
        if counts and (wait := self._buckets.wait(_client(scope))):
            headers = {"Retry-After": str(int(wait) + 1)}
            await refused(429, "too many requests; wait as Retry-After says", headers)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _client(scope: Scope) -> str:
    return network_of((scope.get("client") or ("",))[0])


def network_of(address: str) -> str:
    """What is counted as one client: the address; of IPv6 its network, in which one client may have any."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""  # a socket without addresses
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))
