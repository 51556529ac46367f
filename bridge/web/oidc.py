"""Signed access tokens of an OpenID provider (RFC 9068, RFC 8725). Its keys come from the configured URL alone; a token
cannot name another, nor choose how it is verified."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jwt
import structlog

from bridge.codecs import json
from bridge.errors import BridgeError, InvalidFhirError
from bridge.settings.service import ROLES, OidcAuth
from bridge.stores.access import Access
from bridge.stores.http import Peer
from bridge.web.caller import Caller, deny
from bridge.web.outcome import Refused

_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_ALGORITHMS = (*_RSA, "ES256", "ES384", "ES512", "EdDSA")
"""All with a public key: with `none` or a shared secret, whoever knows the public key could sign."""
_FRESH = 3600.0  # seconds after which keys are fetched anew: the provider may have revoked one
_LAST = 86400.0  # seconds that they hold where the provider does not answer
_PAUSE = 60.0  # seconds between two fetches: tokens with invented key ids must not make us ask all the time
_LEEWAY = 30  # seconds that clocks may differ
_MAX_NAME = 255  # OpenID Connect Core 2: of `sub`
_MAX_TOKEN = 16 << 10
_NO_KEYS = "serve.auth: what was fetched is no JSON Web Key Set; is `keys_url` the `jwks_uri` of the provider?"
_LOG = structlog.stdlib.get_logger("bridge.web")
ByAlgorithm = Mapping[str, jwt.PyJWK]
"""The forms of one key; each verifies by its own algorithm alone."""


class Keys:
    """The provider's signing keys, by id; fetched once however many ask at a time."""

    def __init__(self, fetch: Callable[[], bytes], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._lock = threading.Lock()
        self._keys: Mapping[str | None, ByAlgorithm] = {}
        self._fault = ""  # that was said last
        self._fetched, self._tried = float("-inf"), float("-inf")

    def prepare(self) -> None:
        """Fetches them, where there are none yet: that they cannot be had is said at the start, and the first token
        asks for them all the same."""
        with self._lock:
            if not self._keys:
                self._renew()
            if not self._keys:
                self._tried = float("-inf")

    def key(self, key_id: str | None) -> ByAlgorithm | None:
        """Raises Refused, 503, where the provider was not reached for too long."""
        # who has no keys at all waits for who fetches them; others go on with those that there are
        if self._must_ask(key_id) and self._lock.acquire(blocking=not self._keys):
            try:
                if self._must_ask(key_id):  # not asked meanwhile, by another
                    self._renew()
            finally:
                self._lock.release()
        if self._clock() - self._fetched >= _LAST:
            what = "serve.auth: the keys of the OpenID provider cannot be fetched; the log of the service says why"
            raise Refused(503, what, {"Retry-After": "60"})
        return self._keys.get(key_id)

    def _must_ask(self, key_id: str | None) -> bool:
        now = self._clock()
        return (now - self._fetched >= _FRESH or key_id not in self._keys) and now - self._tried >= _PAUSE

    def _renew(self) -> None:
        try:
            self._keys = _keys_of(self._fetch())
            self._fetched = self._clock()
        except (InvalidFhirError, jwt.PyJWTError, TypeError, ValueError):  # the old ones hold for a while
            self._say(_NO_KEYS)
        except BridgeError as error:
            self._say(str(error))
        else:
            self._say("")
        finally:
            self._tried = self._clock()

    def _say(self, fault: str) -> None:
        """Once, until it is another."""
        if fault == self._fault:
            return
        self._fault = fault
        if fault:
            _LOG.error("the keys of the OpenID provider cannot be fetched", what=fault)
        else:
            _LOG.info("the keys of the OpenID provider are fetched again")


class OpenIdTokens:
    def __init__(self, auth: OidcAuth, clock: Callable[[], float] = time.monotonic) -> None:
        self._auth = auth
        access = Access(ca=auth.tls.authorities, certificate=auth.tls.own)
        peer = Peer("serve.auth", auth.keys_url, timeout=10, access=access)
        self._keys = Keys(lambda: peer.call("GET", "", headers={"Accept": "application/json"}).body, clock)

    def prepare(self) -> None:
        self._keys.prepare()

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
            header = jwt.get_unverified_header(token)
            keys = self._keys.key(header.get("kid"))
            if keys is None:
                raise jwt.InvalidKeyError
            key = keys.get(header.get("alg", ""))
            if key is None:
                raise jwt.InvalidAlgorithmError
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                issuer=self._auth.issuer,
                audience=self._auth.audience,
                leeway=_LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
            if not str(claims["sub"]).strip():  # nobody, in the audit trail
                raise jwt.MissingRequiredClaimError("sub")
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            deny(f"the token is not accepted: {type(error).__name__}")
        return claims


def _keys_of(data: bytes) -> Mapping[str | None, ByAlgorithm]:
    """Those of a JSON Web Key Set (RFC 7517 5) that sign, by id."""
    found = json.loads(data)
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise jwt.PyJWKSetError
    listed = [one | {"alg": alg} for one in found["keys"] if isinstance(one, dict) for alg in _algorithms(one)]
    keys: defaultdict[str | None, dict[str, jwt.PyJWK]] = defaultdict(dict)
    for key in jwt.PyJWKSet(listed).keys:
        if key.public_key_use in (None, "sig"):
            keys[key.key_id][key.algorithm_name] = key
    return dict(keys)


def _algorithms(key: Mapping[str, Any]) -> Sequence[str | None]:
    """`alg` is optional (RFC 7517 4.4): without it, a key of RSA is for whichever of its signatures the token has (RFC
    7518 3.3, 3.5); others are of one algorithm, by their curve."""
    said = key.get("alg")
    return _RSA if said is None and key.get("kty") == "RSA" else (said,)


def _values(claims: dict[str, Any], path: str) -> list[str]:
    """Of the claim; a dot leads into an object (`realm_access.roles`), text is a list with blanks (`scope`)."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
    values = found.split() if isinstance(found, str) else found
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
