"""Between the bridge and a real server, on a free loopback port: passes everything on, but for the faults that a test
asks for, and for whom it does not admit."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlsplit

from tests.servers.stand_in import Quiet, StandIn

_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "keep-alive", "content-length", "content-encoding"})


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


Fault = Callable[["_Handler", Answer], None]
"""What is sent instead of the server's answer. The server has done its work by then."""


@dataclass
class Rule:
    method: str
    path: str  # a part of it
    fault: Fault
    times: int
    seen: list[str] = field(default_factory=list)


class Proxy:
    """`base` stands for `target`."""

    def __init__(self, target: str, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(target)
        self.rules: list[Rule] = []
        self.admits: Callable[[str], bool] = lambda authorization: True
        self.open = ""  # the path below which alone anything is passed on
        self.refused: list[str] = []  # what was asked for beyond it
        self.host, self.port = parts.hostname or "", parts.port or 80
        self.target = f"{self.host}:{self.port}"
        server = StandIn(_Handler, tls, proxy=self)
        self.own, self.stop = server.at, server.stop
        self.base = f"{server.url}{parts.path}"

    @contextmanager
    def inject(self, fault: Fault, method: str = "", path: str = "", times: int = 1 << 30) -> Iterator[Rule]:
        rule = Rule(method, path, fault, times)
        self.rules.append(rule)
        try:
            yield rule
        finally:
            if rule in self.rules:
                self.rules.remove(rule)

    def fault(self, method: str, path: str) -> Fault | None:
        for rule in self.rules:
            if rule.method in ("", method) and rule.path in path and rule.times:
                rule.times -= 1
                rule.seen.append(f"{method} {path}")
                return rule.fault
        return None


class _Handler(Quiet):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer in one piece
    proxy: Proxy

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.proxy.admits(self.headers.get("Authorization", "")):
            _send(self, Answer(401, {"WWW-Authenticate": "Bearer"}, b""), 0)
            return
        if not self.path.startswith(self.proxy.open):
            self.proxy.refused.append(f"{self.command} {self.path}")
            _send(self, Answer(403, {}, b""), 0)
            return
        connection = HTTPConnection(self.proxy.host, self.proxy.port, timeout=120)
        sent = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "accept-encoding")}
        connection.request(self.command, self.path, body, {**sent, "Host": self.proxy.target})
        response = connection.getresponse()
        data = response.read().replace(self.proxy.target.encode(), self.proxy.own.encode())
        headers = {name: value for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP}
        connection.close()
        answer = Answer(response.status, headers, data)
        fault = self.proxy.fault(self.command, self.path)
        (fault or plain)(self, answer)

    do_GET = do_POST = do_PUT = do_DELETE = _pass_on


def plain(handler: _Handler, answer: Answer) -> None:
    _send(handler, answer, len(answer.body))


def status(code: int, **headers: str) -> Fault:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _: _send(handler, Answer(code, sent, b""), 0)


def wrong_type(handler: _Handler, _: Answer) -> None:
    page = b"<html><body>Please log in</body></html>"
    _send(handler, Answer(200, {"Content-Type": "text/html"}, page), len(page))


def truncated(handler: _Handler, answer: Answer) -> None:
    half = Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2])
    _send(handler, half, len(answer.body))
    handler.close_connection = True


def reset(handler: _Handler, answer: Answer) -> None:
    """In the middle of the answer."""
    _send(handler, Answer(answer.status, answer.headers, answer.body[:10]), len(answer.body) + 10)
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def stalled(seconds: float) -> Fault:
    def stall(handler: _Handler, answer: Answer) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return stall


def trickling(seconds: float, body: bool = True) -> Fault:
    """A byte of the head, or of the body, every `seconds`, four hundred times."""

    def trickle(handler: _Handler, answer: Answer) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {10**6}\r\n"
        slowly = b" " * 10**6 if body else b"X: " + b"x" * 60000
        handler.wfile.write(head.encode() + (b"\r\n" if body else b""))
        handler.close_connection = True
        for byte in slowly[:400]:
            try:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
            except OSError:  # whom it was for has gone
                return
            time.sleep(seconds)

    return trickle


def slowly(seconds: float) -> Fault:
    """The whole answer, in pieces."""

    def pieces(handler: _Handler, answer: Answer) -> None:
        _send(handler, Answer(answer.status, answer.headers, b""), len(answer.body))
        for start in range(0, len(answer.body), 100):
            handler.wfile.write(answer.body[start : start + 100])
            handler.wfile.flush()
            time.sleep(seconds)

    return pieces


def _send(handler: _Handler, answer: Answer, length: int) -> None:
    handler.send_response(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(answer.body)
