"""An HTTPS server that admits who shows a certificate of its authority."""

from __future__ import annotations

import ssl

from tests.servers.certificates import Authority
from tests.servers.stand_in import Quiet, StandIn


class _Known(Quiet):
    """Says who asks, by the certificate."""

    def do_GET(self) -> None:
        found = self.connection.getpeercert()
        self.answer(200, found["subject"][0][0][1].encode())


def plain() -> StandIn:
    """The same without TLS, which knows nobody."""
    return StandIn(_Known)


def strict(authority: Authority, newest: ssl.TLSVersion | None = None) -> StandIn:
    """`newest`: the version of TLS that it speaks at most."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if newest is not None:
        context.maximum_version = newest
    context.load_cert_chain(authority.certificate("server"))
    context.load_verify_locations(authority.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return StandIn(_Known, context)
