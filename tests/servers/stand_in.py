"""HTTP servers of ours, on a free loopback port, in a thread of their own: they do what no real one does for a test."""

from __future__ import annotations

import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self


class Quiet(BaseHTTPRequestHandler):
    """What they answer with."""

    def answer(self, status: int, body: bytes = b"", length: int | None = None, **headers: str) -> None:
        """`length`: what it claims to send, where that is not the truth."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


class StandIn:
    """Runs from when it is made until `stop`."""

    def __init__(self, handler: type[Quiet], tls: ssl.SSLContext | None = None, **known: object) -> None:
        """`known`: attributes of the handlers, of which there is one for each connection."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), known))
        self._server.daemon_threads = True  # a connection that a client keeps is not waited for
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.at = f"127.0.0.1:{self._server.server_port}"
        self.url = f"{'https' if tls else 'http'}://{self.at}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
