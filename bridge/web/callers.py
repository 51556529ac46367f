"""Whom the service knows, as it is configured: anybody, who has an agreed token, or whom an OpenID provider names."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from bridge.errors import TemporaryError, UsageError
from bridge.settings.access import Secret
from bridge.settings.service import OidcAuth, Service, Token
from bridge.web.caller import Caller, Callers, deny
from bridge.web.oidc import OpenIdTokens


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


def callers_of(service: Service) -> Callers:
    """Raises UsageError where a secret is missing: that is said at the start."""
    for name, secret in service.hooks.items():
        _readable(secret, f"serve.hooks.{name}")
    if service.auth is None:
        return Anybody()
    if isinstance(service.auth, OidcAuth):
        return OpenIdTokens(service.auth)
    for one in service.auth.tokens:
        _readable(one.token, f"serve.auth.tokens: {one.name}")
    return AgreedTokens(service.auth.tokens)


def _readable(secret: Secret, where: str) -> None:
    try:
        secret.read()
    except TemporaryError as error:
        raise UsageError(f"{where}: {error}") from error
