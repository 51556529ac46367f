"""The keys of an OpenID provider, on a free loopback port, and tokens that it signs."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm

from tests.servers.certificates import new_key
from tests.servers.stand_in import Quiet, StandIn

ISSUER, AUDIENCE = "https://login.example", "fhir-dicom"
SHARED = "a secret that a careless provider publishes among its keys"


class Provider:
    """`keys` by id, of which the public halves are served; `fetches` counts how often."""

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {"one": new_key()}
        self.fetches = 0
        self.up = True
        self.pause = 0.0  # seconds before an answer
        self.says: dict[str, str] = {}  # of every key, beside what it is
        self.page: bytes | None = None  # instead of the keys
        self._server = StandIn(_Handler, provider=self)
        self.url = f"{self._server.url}/keys"
        self.stop = self._server.stop

    def settings(self) -> dict[str, Any]:
        """Of `serve.auth`."""
        roles = {"doctors": "read", "it": "operate", "it-lead": "admin"}
        return {"kind": "oidc", "issuer": ISSUER, "audience": AUDIENCE, "keys_url": self.url, "roles": roles}

    def token(
        self, key: str = "one", headers: dict[str, Any] | None = None, algorithm: str = "RS256", **changed: Any
    ) -> str:
        """Good for five minutes; a claim that is None is left out."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "eva", "iat": now, "exp": now + 300, "roles": ["it"]} | changed
        sent = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(sent, self.keys[key], algorithm, headers={"kid": key} | (headers or {}))

    def public(self) -> bytes:
        keys = [json.loads(RSAAlgorithm.to_jwk(key.public_key())) for key in self.keys.values()]
        keys = [key | {"kid": name} | self.says for name, key in zip(self.keys, keys, strict=True)]
        shared = HMACAlgorithm.to_jwk(SHARED, as_dict=True) | {"kid": "shared", "alg": "HS256"}
        return json.dumps({"keys": [*keys, shared]}).encode()


class _Handler(Quiet):
    provider: Provider

    def do_GET(self) -> None:
        self.provider.fetches += 1
        time.sleep(self.provider.pause)
        self.answer(200 if self.provider.up else 503, self.provider.page or self.provider.public())
