"""An OAuth 2.0 token endpoint for tests, on a free loopback port. It is strict: a secret, or an assertion as SMART
Backend Services demands it, verified by PyJWT."""

from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import parse_qs

import jwt

from tests.servers.stand_in import Quiet, StandIn

CLIENT, SECRET, SCOPE = "bridge", "a secret/with+signs&", "system/*.cruds"


class TokenServer:
    """`issued` are all tokens, `valid` those that a gate should admit, `assertions` the ids seen."""

    def __init__(self, public_key: str) -> None:
        self.issued: list[str] = []
        self.valid: set[str] = set()
        self.assertions: list[str] = []
        self.lives = 300
        self.public_key = public_key
        self._server = StandIn(_Handler, tokens=self)
        self.url = f"{self._server.url}/token"
        self.stop = self._server.stop

    def admits(self, authorization: str) -> bool:
        return authorization.removeprefix("Bearer ") in self.valid

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if form.get("grant_type") != "client_credentials" or form.get("scope") != SCOPE:
            return 400, {"error": "invalid_request"}
        if not (self._by_secret(form) or self._by_assertion(form)):
            return 401, {"error": "invalid_client", "error_description": f"you sent {form}"}
        token = secrets.token_urlsafe()
        self.issued.append(token)
        self.valid.add(token)
        return 200, {"access_token": token, "token_type": "bearer", "expires_in": self.lives}

    def _by_secret(self, form: dict[str, str]) -> bool:
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)

    def _by_assertion(self, form: dict[str, str]) -> bool:
        if form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
            return False
        wanted: Any = {"require": ["exp", "iat", "jti", "iss", "sub", "aud"]}
        try:
            said = jwt.decode(form["client_assertion"], self.public_key, ["RS384"], wanted, audience=self.url)
        except jwt.PyJWTError:
            return False
        fresh = said["jti"] not in self.assertions
        self.assertions.append(said["jti"])
        return fresh and said["iss"] == said["sub"] == CLIENT and said["exp"] - said["iat"] <= 300


class _Handler(Quiet):
    tokens: TokenServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status, answer = self.tokens.answer({key: values[0] for key, values in parse_qs(body).items()})
        self.answer(status, json.dumps(answer).encode())
