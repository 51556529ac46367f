"""How a peer may be called: who we are there, whom we trust, how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from requests.auth import AuthBase, HTTPBasicAuth
from requests.models import PreparedRequest


@dataclass(frozen=True, slots=True)
class Access:
    auth: AuthBase | None = None
    renew: Callable[[], None] | None = None  # forgets a token that the peer has refused
    ca: str | None = None  # file of authorities, instead of the public ones
    certificate: tuple[str, str] | None = None  # files of our certificate and its key
    rate: float | None = None  # calls a second, at most


ANYBODY = Access()


class Basic(AuthBase):
    """RFC 7617, in UTF-8. The password is read for each call: it may be renewed meanwhile."""

    def __init__(self, user: str, password: Callable[[], str]) -> None:
        self._user, self._password = user, password

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        HTTPBasicAuth(self._user.encode(), self._password().encode())(request)
        return request


class Bearer(AuthBase):
    """RFC 6750."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token()}"
        return request
