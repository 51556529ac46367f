"""Hundreds of connections at once, of one client and of many: over real sockets."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from bridge.web.crowd import ALL, OF_ONE
from fixtures.stores import lay_out
from tests.servers.certificates import Authority
from tests.servers.service import Service, serving

MANY = ALL + OF_ONE
ONE, ANOTHER = "127.0.6.1", "127.0.6.2"
HALF = b"POST /translate/fhir HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nx"


@pytest.fixture(scope="module", autouse=True)
def files() -> Iterator[None]:
    """So many connections are so many files, of this process, too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module", params=["http", "https"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("crowd")
    lay_out(folder / "data")
    authority = Authority(folder)
    tls = {"tls": {"certificate": str(authority.certificate("serve"))}} if request.param == "https" else {}
    ca = str(authority.ca) if tls else None
    with serving(folder, {"serve": {"rate": 10_000} | tls, "interval": 3600}, ca=ca) as made:
        yield made


@contextmanager
def connections(service: Service, addresses: Sequence[str], says: bytes = b"") -> Iterator[list[socket.socket]]:
    """One from each; their handshakes never come."""
    parts = urlsplit(service.base)
    with ExitStack() as stack:
        made = []
        for address in addresses:
            one = socket.create_connection((parts.hostname or "", parts.port or 0), 60, source_address=(address, 0))
            made.append(stack.enter_context(one))
            one.sendall(says)
        yield made


class From(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *given: object, **named: object) -> None:
        super().init_poolmanager(*given, source_address=(self._address, 0), **named)  # type: ignore[arg-type]


def asked(service: Service, address: str, path: str = "/health") -> int:
    with requests.Session() as session:
        session.mount("http", From(address))
        return session.get(f"{service.base}{path}", timeout=20, verify=service.ca or True).status_code


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def test_one_client_with_hundreds_of_connections_keeps_nobody_out(service: Service) -> None:
    with connections(service, [ONE] * MANY) as made:
        begun = time.monotonic()
        assert [asked(service, address, path) for address in (ANOTHER, ONE) for path in ("/health", "/ready")] == [
            200
        ] * 4
        assert time.monotonic() - begun < 15, "nobody waits until they time out"
        assert sum(map(is_open, made)) <= OF_ONE


def test_many_clients_with_hundreds_of_connections_keep_nobody_out(service: Service) -> None:
    with connections(service, [f"127.0.7.{number % 200 + 1}" for number in range(MANY)]) as made:
        assert asked(service, ANOTHER) == 200
        assert sum(map(is_open, made)) <= ALL


def test_half_a_request_holds_no_place(service: Service) -> None:
    """Of TLS it is no handshake at all."""
    with connections(service, [ONE] * MANY, HALF):
        assert asked(service, ONE) == 200


def test_who_does_not_read_the_answer_is_cut(tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    with serving(tmp_path, {"serve": {"seconds": 1, "rate": 10_000}, "interval": 3600}) as service:
        parts = urlsplit(service.base)
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect((parts.hostname or "", parts.port or 0))
            deaf.settimeout(60)
            end = time.monotonic() + 60
            with pytest.raises((ConnectionResetError, BrokenPipeError)):  # more answers than two systems keep for it
                while time.monotonic() < end:
                    deaf.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 100)
                    time.sleep(0.2)
