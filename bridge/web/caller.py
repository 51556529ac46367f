"""Who calls, and what they may. RFC 6750: the token is in the Authorization header, never in a URL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, NoReturn, Protocol

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from bridge.settings.service import ROLES, Role
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
    def prepare(self) -> None:
        """Called once, when the service starts, in a thread of its own: what is wanted to know callers may take time.
        What fails is said in the log."""

    def of(self, token: str | None) -> Caller:
        """Raises Refused: 401, or 503 where it cannot be said."""


def deny(what: str) -> NoReturn:
    raise Refused(401, what, {"WWW-Authenticate": "Bearer"})


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


class Door:
    """Dependencies of routes: who has this role, or a higher one, comes in."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    def prepare(self) -> None:
        self._callers.prepare()

    def may(self, role: Role) -> Callable[[HTTPAuthorizationCredentials | None], Caller]:
        def caller(credentials: Credentials) -> Caller:
            found = self._callers.of(credentials.credentials if credentials is not None else None)
            found.demand(role)
            return found

        return caller
