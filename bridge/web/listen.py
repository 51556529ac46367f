"""The port, taken before anything else is done; and who is let in at it, before TLS: a handshake that never comes holds
a connection, too."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from typing import Any

from bridge.errors import TemporaryError, UsageError
from bridge.web.crowd import Crowd
from bridge.web.rate import network_of

BACKLOG = 100  # connections that wait to be taken; so many may come at once
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # `localhost` has an address of IPv6 where there is no IPv6


def listeners(host: str, port: int, crowd: Crowd) -> list[Listener]:
    """One for each address of the host. Raises TemporaryError where the port is taken, UsageError where it never can be
    ours."""
    made: list[Listener] = []
    fault: OSError | None = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            try:
                made.append(_listener(family, kind, protocol, address, crowd))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                fault = error
        if not made and fault is not None:
            raise fault
    except OSError as error:
        for one in made:
            one.close()
        raise _refusal(f"serve: {host} port {port}", error) from error
    return made


def _refusal(where: str, error: OSError) -> TemporaryError | UsageError:
    if isinstance(error, socket.gaierror):
        return UsageError(f"{where}: no address of this machine; correct `serve.host`")
    if isinstance(error, PermissionError):
        return UsageError(f"{where}: {error.strerror}; take a `serve.port` above 1023")
    return TemporaryError(f"{where}: {error.strerror}; stop what listens there, or take another `serve.port`")


def _listener(family: int, kind: int, protocol: int, address: Any, crowd: Crowd) -> Listener:
    listener = Listener(family, kind, protocol)
    try:
        listener.crowd = crowd
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)  # else another could still take the port
    except OSError:
        listener.close()
        raise
    return listener


class Listener(socket.socket):
    """asyncio calls `accept`, and takes ConnectionAbortedError for a client that has gone again."""

    crowd: Crowd

    def accept(self) -> tuple[Connection, Any]:
        taken, address = super().accept()
        connection = Connection(taken.family, taken.type, taken.proto, taken.detach())
        if not self.crowd.enter(connection.fileno(), network_of(address[0]), connection.cut):
            connection.close()
            raise ConnectionAbortedError(errno.ECONNABORTED, "all that may be in hand is")
        connection.crowd = self.crowd
        return connection, address


class Connection(socket.socket):
    """Whose place is free again when it is closed."""

    crowd: Crowd | None = None

    def cut(self) -> None:
        """Whoever reads from it finds its end, and closes it."""
        with suppress(OSError):  # the client has gone
            self.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self.crowd is not None:
            self.crowd.leave(self.fileno())
        super().close()
