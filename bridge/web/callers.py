"""Who calls, and what they may. RFC 6750: the token is in the Authorization header, never in a URL."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, NoReturn, Protocol

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from bridge.errors import TemporaryError, UsageError
from bridge.settings.access import Secret
from bridge.settings.service import ROLES, OidcAuth, Role, Service, Token
from bridge.web.outcome import Refused

_BEARER = HTTPBearer(auto_error=False, description="a token of `serve.auth`")


@dataclass(frozen=True, slots=True)
class Caller:
    name: str  # for the audit trail
    role: Role

    def demand(self, role: Role) -> None:
        """Raises Refused, 403."""
        if ROLES.index(self.role) < ROLES.index(role):
            challenge = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
            raise Refused(403, f"this takes the role {role!r}; {self.name} has {self.role!r}", challenge)


class Callers(Protocol):
    def of(self, token: str | None) -> Caller:
        """Raises Refused: 401, or 503 where it cannot be said."""


class Anybody:
    """On this machine: whoever has an account here could as well use the command line."""

    def of(self, token: str | None) -> Caller:
        return Caller("somebody on this machine", "admin")


class AgreedTokens:
    """Compared in the same time whatever is right about them; read for each use, so that they may be renewed."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens

    def of(self, token: str | None) -> Caller:
        if token is None:
            deny("this takes a token: `Authorization: Bearer ...`")
        matching = [one for one in self._tokens if same_secret(token, one.token)]
        if not matching:
            deny("this token is not, or no longer, agreed on")
        return Caller(matching[0].name, matching[0].role)


def same_secret(said: str, secret: Secret) -> bool:
    """A secret that cannot be read is nobody's."""
    try:
        return hmac.compare_digest(_digest(said), _digest(secret.read()))
    except TemporaryError:
        return False


def _digest(text: str) -> bytes:
    """Of one length, for a comparison that does not tell how long the secret is."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def deny(what: str) -> NoReturn:
    raise Refused(401, what, {"WWW-Authenticate": "Bearer"})


def callers_of(service: Service) -> Callers:
    """Raises UsageError where a secret is missing: that is said at the start."""
    for name, secret in service.hooks.items():
        _readable(secret, f"serve.hooks.{name}")
    if service.auth is None:
        return Anybody()
    if isinstance(service.auth, OidcAuth):
        from bridge.web.oidc import OpenIdTokens

        return OpenIdTokens(service.auth)
    for one in service.auth.tokens:
        _readable(one.token, f"serve.auth.tokens: {one.name}")
    return AgreedTokens(service.auth.tokens)


def _readable(secret: Secret, where: str) -> None:
    try:
        secret.read()
    except TemporaryError as error:
        raise UsageError(f"{where}: {error}") from error


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


class Door:
    """Dependencies of routes: who has this role, or a higher one, comes in."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    def may(self, role: Role) -> Callable[[HTTPAuthorizationCredentials | None], Caller]:
        def caller(credentials: Credentials) -> Caller:
            found = self._callers.of(credentials.credentials if credentials is not None else None)
            found.demand(role)
            return found

        return caller
