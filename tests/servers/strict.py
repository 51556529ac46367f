"""An HTTPS server that admits who shows a certificate of its authority."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.servers.certificates import Authority


class _Known(BaseHTTPRequestHandler):
    """Says who asks, by the certificate."""

    def do_GET(self) -> None:
        found = self.connection.getpeercert()
        body = found["subject"][0][0][1].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def plain() -> ThreadingHTTPServer:
    """The same without TLS, which knows nobody."""
    return ThreadingHTTPServer(("127.0.0.1", 0), _Known)


def strict(authority: Authority, newest: ssl.TLSVersion | None = None) -> ThreadingHTTPServer:
    """`newest`: the version of TLS that it speaks at most."""
    server, context = plain(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if newest is not None:
        context.maximum_version = newest
    context.load_cert_chain(authority.certificate("server"))
    context.load_verify_locations(authority.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[ThreadingHTTPServer]:
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
