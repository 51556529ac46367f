"""Signed access tokens of an OpenID provider (RFC 9068, RFC 8725). Its keys come from the configured URL alone; a token
cannot name another, nor choose how it is verified."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import jwt

from bridge.codecs import json
from bridge.errors import BridgeError
from bridge.settings.service import ROLES, OidcAuth
from bridge.stores.access import Access
from bridge.stores.http import Peer
from bridge.web.caller import Caller, deny
from bridge.web.outcome import Refused

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""All with a public key: with `none` or a shared secret, whoever knows the public key could sign."""
_FRESH = 3600.0  # seconds after which keys are fetched anew: the provider may have revoked one
_LAST = 86400.0  # seconds that they hold where the provider does not answer
_PAUSE = 60.0  # seconds between two fetches: tokens with invented key ids must not make us ask all the time
_LEEWAY = 30  # seconds that clocks may differ
_MAX_NAME = 255  # OpenID Connect Core 2: of `sub`
_MAX_TOKEN = 16 << 10


class Keys:
    """The provider's signing keys, by id; fetched once however many ask at a time."""

    def __init__(self, fetch: Callable[[], bytes], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._lock = threading.Lock()
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched, self._tried = float("-inf"), float("-inf")

    def key(self, key_id: str | None) -> jwt.PyJWK | None:
        """Raises Refused, 503, where the provider was not reached for too long."""
        # who has no keys at all waits for who fetches them; others go on with those that there are
        if self._must_ask(key_id) and self._lock.acquire(blocking=not self._keys):
            try:
                if self._must_ask(key_id):  # not asked meanwhile, by another
                    self._renew()
            finally:
                self._lock.release()
        if self._clock() - self._fetched >= _LAST:
            raise Refused(503, "serve.auth: the keys of the OpenID provider cannot be fetched", {"Retry-After": "60"})
        return self._keys.get(key_id)

    def _must_ask(self, key_id: str | None) -> bool:
        now = self._clock()
        return (now - self._fetched >= _FRESH or key_id not in self._keys) and now - self._tried >= _PAUSE

    def _renew(self) -> None:
        try:
            found = jwt.PyJWKSet.from_dict(_object(self._fetch()))
            self._keys = {one.key_id: one for one in found.keys if one.public_key_use in (None, "sig")}
            self._fetched = self._clock()
        except (BridgeError, jwt.PyJWTError, TypeError, ValueError):
            pass  # the old ones hold for a while
        finally:
            self._tried = self._clock()


class OpenIdTokens:
    def __init__(self, auth: OidcAuth, clock: Callable[[], float] = time.monotonic) -> None:
        self._auth = auth
        access = Access(ca=auth.tls.authorities, certificate=auth.tls.own)
        peer = Peer("serve.auth", auth.keys_url, timeout=10, access=access)
        self._keys = Keys(lambda: peer.call("GET", "", headers={"Accept": "application/json"}).body, clock)

    def of(self, token: str | None) -> Caller:
        if token is None:
            deny("this takes a token of the OpenID provider: `Authorization: Bearer ...`")
        claims = self._verified(token)
        roles = [role for value in _values(claims, self._auth.claim) if (role := self._auth.roles.get(value))]
        if not roles:
            raise Refused(403, f"serve.auth: nothing in the claim {self._auth.claim!r} of this token gives a role")
        return Caller(str(claims["sub"])[:_MAX_NAME], max(roles, key=ROLES.index))

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            if len(token) > _MAX_TOKEN:
                raise jwt.InvalidTokenError
            key = self._keys.key(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise jwt.InvalidKeyError
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                issuer=self._auth.issuer,
                audience=self._auth.audience,
                leeway=_LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            deny(f"the token is not accepted: {type(error).__name__}")
        return claims


def _object(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise jwt.PyJWKSetError("no JSON Web Key Set")
    return found


def _values(claims: dict[str, Any], path: str) -> list[str]:
    """Of the claim; a dot leads into an object (`realm_access.roles`), text is a list with blanks (`scope`)."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
    values = found.split() if isinstance(found, str) else found
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
