"""uvicorn, as this service runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from bridge.settings.service import Service
from bridge.web.certificate import EVERY, Certificate
from bridge.web.crowd import ALL, Crowd, Waits
from bridge.web.listen import BACKLOG, Listener

_END_SECONDS = 10  # that requests have to end, when the service does
_HEAD_BYTES = 16 << 10
_LOG = structlog.stdlib.get_logger("bridge.web")


def run(app: FastAPI, service: Service, crowd: Crowd, at: Sequence[Listener], certificate: Certificate | None) -> None:
    """Until SIGTERM or SIGINT: no new connections, requests end, then the passes. `certificate` where it speaks TLS."""

    async def renew() -> None:
        if certificate is not None and config.ssl is not None:
            certificate.renew(config.ssl)
            certificate.warn()

    config = uvicorn.Config(
        app,
        http=partial(Prompt, seconds=service.seconds, crowd=crowd),  # type: ignore[arg-type]  # called like a class
        loop="asyncio",  # which takes connections as a Listener gives them
        lifespan="on",  # a start that fails ends it
        ws="none",  # whatever is installed
        log_config=None,
        access_log=False,  # a URL may name a patient's resource
        server_header=False,
        proxy_headers=False,  # whoever is there could write any address there
        limit_concurrency=ALL + BACKLOG,  # of requests whose clients have gone: connections are counted before
        backlog=BACKLOG,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_END_SECONDS,
        ssl_certfile=certificate.file if certificate is not None else None,
        ssl_keyfile=certificate.key if certificate is not None else None,
        callback_notify=renew,
        timeout_notify=EVERY,
    )
    server = uvicorn.Server(config)
    _LOG.info("listening", host=service.host, port=service.port, tls=certificate is not None)
    with suppress(KeyboardInterrupt):  # it has ended by then
        server.run(list(at))
    if not server.started:
        raise SystemExit(1)  # uvicorn has said why


class Prompt(H11Protocol):
    """Cuts off who opens a connection and sends no whole head in time (Slowloris), or does not read its answer: uvicorn
    waits for both for ever."""

    def __init__(self, *given: Any, seconds: float, crowd: Crowd, **named: Any) -> None:
        super().__init__(*given, **named)
        self._seconds, self._crowd = seconds, crowd
        self._timer: asyncio.TimerHandle | None = None  # of a head
        self._unread: asyncio.TimerHandle | None = None  # of an answer

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        place = self._crowd.place(transport.get_extra_info("socket").fileno())
        if place is None:  # another has taken it meanwhile
            transport.abort()
            return
        place.end, place.waits = transport.abort, self._waits
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._is_idle():  # the head is here
            self._cancel()
        elif self._timer is None:  # the first bytes of another one
            self._await_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self._seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._is_read()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        self._is_read()
        super().connection_lost(exc)

    def _waits(self) -> Waits:
        if self._is_idle():
            return Waits.FOR_A_WORD
        return Waits.FOR_MORE if self.cycle.more_body or self.flow.write_paused else Waits.FOR_US

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

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
