"""Whom the service knows, as it is configured: anybody, who has an agreed token, or whom an OpenID provider names."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from bridge.errors import TemporaryError, UsageError
from bridge.settings.access import Secret
from bridge.settings.service import OidcAuth, Service, Token
from bridge.sync.access import check_files
from bridge.web.caller import Caller, Callers, deny
from bridge.web.oidc import OpenIdTokens

LEAST = 16
"""Characters of an agreed token, and of a hook's secret: less is guessed, at the rate that a client has."""
_MADE_BY = "openssl rand -base64 33"


class Anybody:
    """On this machine: whoever has an account here could as well use the command line."""

    def prepare(self) -> None:
        """Nothing is wanted."""

    def of(self, token: str | None) -> Caller:
        return Caller("somebody on this machine", "admin")


class AgreedTokens:
    """Compared in the same time whatever is right about them; read for each use, so that they may be renewed."""

    def __init__(self, tokens: Sequence[Token], hooks: Mapping[str, Secret]) -> None:
        self._tokens, self._hooks = tokens, hooks

    def prepare(self) -> None:
        """They were read when it was made."""

    def of(self, token: str | None) -> Caller:
        if token is None:
            deny("this takes a token: `Authorization: Bearer ...`")
        matching = [one for one in self._tokens if same_secret(token, one.token)]
        if not matching:
            deny("this token is not, or no longer, agreed on")
        of_hooks = [secret for secret in self._hooks.values() if same_secret(token, secret)]
        if len(matching) + len(of_hooks) > 1:  # a file that was renewed since the start
            deny("this token is of several names, or of a hook: whoever runs the bridge has to give each its own")
        return Caller(matching[0].name, matching[0].role)


def same_secret(said: str, secret: Secret) -> bool:
    """One that cannot be read is nobody's, and so is one that a renewal has made short."""
    try:
        return hmac.compare_digest(_digest(said), _digest(secret.read())) and len(said) >= LEAST
    except TemporaryError:
        return False


def _digest(text: str) -> bytes:
    """Of one length, for a comparison that does not tell how long the secret is."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def callers_of(service: Service) -> Callers:
    """Raises UsageError where a file is missing, or a secret is missing, too short, or of two: that is said at the
    start."""
    hooks = {
        _long(secret, f"serve.hooks.{one}", "secret"): f"the hook of {one}" for one, secret in service.hooks.items()
    }
    if service.auth is None:
        return Anybody()
    if isinstance(service.auth, OidcAuth):
        check_files("serve.auth.tls", service.auth.tls)
        return OpenIdTokens(service.auth)
    _check_tokens(service.auth.tokens, hooks)
    return AgreedTokens(service.auth.tokens, service.hooks)


def _check_tokens(tokens: Sequence[Token], hooks: Mapping[str, str]) -> None:
    """By its token alone it is known who somebody is, and what they may; the secret of a hook stands in its store."""
    names = dict(hooks)
    for one in tokens:
        where = f"serve.auth.tokens: {one.name}"
        said = _long(one.token, where, "token")
        if (other := names.setdefault(said, one.name)) != one.name:
            raise UsageError(f"{where}: it has the token of {other}; make one of its own with `{_MADE_BY}`")


def _long(secret: Secret, where: str, named: str) -> str:
    try:
        said = secret.read()
    except TemporaryError as error:
        raise UsageError(f"{where}: {error}") from error
    if len(said) < LEAST:
        raise UsageError(f"{where}: its {named} has less than {LEAST} characters; make one with `{_MADE_BY}`")
    return said
