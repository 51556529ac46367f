"""uvicorn, as this service runs it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from bridge.settings.service import Service

_CONNECTIONS = 500  # at a time; who comes then is answered 503
_END_SECONDS = 10  # that requests have to end, when the service does
_HEAD_BYTES = 16 << 10


def run(app: FastAPI, service: Service) -> None:
    """Until SIGTERM or SIGINT: no new connections, requests end, then the passes."""
    tls: dict[str, Any] = {}
    if service.tls is not None:
        tls = {"ssl_certfile": service.tls.certificate, "ssl_keyfile": service.tls.key}
    uvicorn.run(
        app,
        host=service.host,
        port=service.port,
        http=partial(Prompt, seconds=service.seconds),  # type: ignore[arg-type]  # called like a class
        log_config=None,
        access_log=False,  # a URL may name a patient's resource
        server_header=False,
        proxy_headers=False,  # whoever is there could write any address there
        limit_concurrency=_CONNECTIONS,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_END_SECONDS,
        **tls,
    )


class Prompt(H11Protocol):
    """Cuts off who opens a connection and sends no whole head in time (Slowloris): uvicorn waits for it for ever."""

    def __init__(self, *given: Any, seconds: float, **named: Any) -> None:
        super().__init__(*given, **named)
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._is_idle():  # the head is here
            self._cancel()
        elif self._timer is None:  # the first bytes of another one
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._timer = self.loop.call_later(self._seconds, self._give_up)

    def _give_up(self) -> None:
        self._timer = None
        if self._is_idle():
            self.transport.abort()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
