"""OAuth 2.0 client credentials (RFC 6749 4.4), proven by a secret or by a signed assertion (RFC 7523, as SMART Backend
Services has it): one token at a time, fetched once however many ask."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlencode

import jwt

from bridge.codecs import json
from bridge.errors import BridgeError, TemporaryError
from bridge.stores.http import Answer, Peer

ASSERTION_SECONDS = 240  # SMART: five minutes at most
_EARLY = 30.0  # seconds before its end that a token is renewed
_UNSAID = 60.0  # seconds that a token is taken to live whose answer does not say
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Proof = Callable[[], dict[str, str]]
"""Parameters of a token request that prove who asks."""


def by_secret(client_id: str, secret: Callable[[], str]) -> Proof:
    return lambda: {"client_id": client_id, "client_secret": secret()}


def by_key(client_id: str, audience: str, key: Callable[[], str], key_id: str | None, algorithm: str) -> Proof:
    """A fresh `jti` each time: an assertion is good once."""

    def proof() -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        try:
            signed = jwt.encode(claims, key(), algorithm, headers={"kid": key_id} if key_id else None)
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise TemporaryError(f"private_key: no PEM key for {algorithm}: {type(error).__name__}") from error
        return {"client_assertion_type": _ASSERTION, "client_assertion": signed}

    return proof


class Tokens:
    """Access tokens of one client. All that goes wrong is a TemporaryError: no document is at fault."""

    def __init__(self, peer: Peer, proof: Proof, scope: str | None) -> None:
        self._peer, self._proof, self._scope = peer, proof, scope
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def token(self) -> str:
        with self._lock:
            if not self._token or time.monotonic() >= self._until:
                self._fetch()
            return self._token

    def forget(self) -> None:
        with self._lock:
            self._token = ""

    def _fetch(self) -> None:
        wanted = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {}) | self._proof()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            answer = self._peer.call("POST", "", body=urlencode(wanted).encode(), headers=headers, accept=(400, 401))
            found = json.loads(answer.body)
        except TemporaryError:
            raise
        except BridgeError as error:
            raise TemporaryError(f"{self._peer.name}: no token: {error}") from error
        if not isinstance(found, dict) or answer.status != 200:
            raise TemporaryError(f"{self._peer.name}: no token: {_refusal(answer, found)}")
        token = found.get("access_token")
        if not isinstance(token, str) or str(found.get("token_type", "")).lower() != "bearer":
            raise TemporaryError(f"{self._peer.name}: no token: the answer holds no bearer token")
        lives = _seconds(found.get("expires_in"))
        self._token, self._until = token, time.monotonic() + max(lives - _EARLY, lives / 2)


def _seconds(text: object) -> float:
    return float(str(text)) if re.fullmatch(r"\d{1,9}", str(text)) else _UNSAID


def _refusal(answer: Answer, found: object) -> str:
    """The error code of RFC 6749 5.2, if it is one: other words of a server may hold what we sent."""
    code = found.get("error", "") if isinstance(found, dict) else ""
    known = re.fullmatch(r"[a-z_]{1,40}", str(code))
    return f"refused ({known[0]})" if known else f"answered {answer.status}"
