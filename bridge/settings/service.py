"""Who may use `serve`, from where, and how much. Without `auth` it listens on this machine alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bridge.settings.access import Secret, Tls
from bridge.settings.strict import Strict, Url, in_clear, is_loopback

Role = Literal["read", "operate", "admin"]
"""Each may what the ones before it may: look; retry, pause, wake; decide what holds and what was deleted."""
ROLES: tuple[Role, ...] = ("read", "operate", "admin")


class Token(Strict):
    name: str  # of the person or program, for the audit trail
    role: Role
    token: Secret


class TokensAuth(Strict):
    """Bearer tokens that are agreed beforehand."""

    kind: Literal["tokens"]
    tokens: Annotated[tuple[Token, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _told_apart(self) -> TokensAuth:
        names = [one.name for one in self.tokens]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise ValueError(f"tokens: two are called {name!r}, and the audit trail would not tell them apart; "
                                 "give each a name of its own")  # fmt: skip
            if not name.strip():
                raise ValueError("tokens: one has no name; say whose it is, for the audit trail")
        return self


class OidcAuth(Strict):
    """Signed tokens of an OpenID provider (RFC 9068); its keys are fetched from `keys_url`, nowhere else."""

    kind: Literal["oidc"]
    issuer: str
    audience: str
    keys_url: Url
    roles: Annotated[dict[str, Role], Field(min_length=1)]  # value of the claim -> role
    claim: str = "roles"
    tls: Tls = Tls()

    @model_validator(mode="after")
    def _genuine(self) -> OidcAuth:
        if in_clear(self.keys_url):
            raise ValueError("keys_url: whoever is on the way could put keys of their own there; write https://")
        return self


class ServiceTls(Strict):
    certificate: Path  # PEM, with its chain
    key: Path | None = None  # PEM; in `certificate` by default


class Service(Strict):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    auth: Annotated[TokensAuth | OidcAuth, Field(discriminator="kind")] | None = None
    tls: ServiceTls | None = None
    cleartext: bool = False  # tokens over http:// from other machines, where a proxy in front speaks TLS
    names: tuple[str, ...] = ()  # host names that requests may be addressed to, beside `host`
    max_bytes: Annotated[int, Field(gt=0)] = 32 << 20  # of a request
    seconds: Annotated[float, Field(gt=0)] = 60.0  # that a client may take to send one, and to read its answer
    rate: Annotated[float, Field(gt=0)] = 50.0  # requests a second of one client, on the long run
    hooks: dict[str, Secret] = {}  # store -> what its webhook has to say

    @model_validator(mode="after")
    def _safe(self) -> Service:
        if is_loopback(self.host):
            return self
        if self.auth is None:
            raise ValueError(f"{self.host} can be reached from other machines: set `auth`, or listen on 127.0.0.1")
        if self.tls is None and not self.cleartext:
            raise ValueError(
                "tokens over http:// can be read on the way; set `tls`, or `cleartext: true` behind a proxy"
            )
        return self
