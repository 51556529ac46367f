"""A whole answer has its time, too: by a read timeout alone a peer that sends a byte now and then holds us for ever."""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

SECONDS = 600.0
"""From the end of a request to the end of its answer: the largest that we take comes at less than 1 MiB a second."""


class Adapter(HTTPAdapter):
    """Whose answers end in time, or break off with a timeout."""

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class _Response(HTTPResponse):
    def __init__(self, sock: Any, *given: Any, **named: Any) -> None:
        super().__init__(_Socket(sock, time.monotonic() + SECONDS), *given, **named)  # type: ignore[arg-type]


class _Connection(HTTPConnection):
    response_class = _Response


class _TlsConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Socket:
    """What a response asks of a socket: a file to read from."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self._until = sock, until

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._until))


class _Reader(io.RawIOBase):
    """Waits no longer for the next bytes than is left."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self._until = sock, until
        self._raw = sock.makefile("rb", buffering=0)
        self._patience = sock.gettimeout() or SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        self._sock.settimeout(min(self._patience, left))
        try:
            return self._raw.readinto(buffer)
        finally:
            self._sock.settimeout(self._patience)  # of the next request

    def close(self) -> None:
        self._raw.close()
        super().close()
