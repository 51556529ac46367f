"""How the bridge shows a server who it is: RFC 7617 Basic, RFC 6750 bearer, RFC 6749 4.4 client credentials (also as
SMART Backend Services, RFC 7523), client certificates. Secrets are never in the file itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bridge.errors import TemporaryError
from bridge.settings.strict import Strict, Url, in_clear


class Secret(Strict):
    """The name of an environment variable, or a file, that holds it."""

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise ValueError("say where the secret is: {env: NAME} or {file: PATH}, one of them")
        return self

    def read(self) -> str:
        """As it is now: a file may be renewed while the bridge runs. Raises TemporaryError where there is none."""
        try:
            found = os.environ.get(self.env, "") if self.env is not None else Path(str(self.file)).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TemporaryError(f"secret: {self.file} cannot be read: {type(error).__name__}") from error
        if not found.strip():
            raise TemporaryError(f"secret: {self.env or self.file} is empty or not set")
        return found.strip()


class BasicAuth(Strict):
    kind: Literal["basic"]
    user: str
    password: Secret


class BearerAuth(Strict):
    kind: Literal["bearer"]
    token: Secret


class OAuth2(Strict):
    """Client credentials: with `secret`, or with `private_key` as SMART Backend Services has it."""

    kind: Literal["oauth2"]
    token_url: Url
    client_id: str
    scope: str | None = None
    secret: Secret | None = None
    private_key: Secret | None = None  # PEM
    key_id: str | None = None
    algorithm: Literal["RS384", "ES384"] = "RS384"

    @model_validator(mode="after")
    def _one_proof(self) -> OAuth2:
        if (self.secret is None) == (self.private_key is None):
            raise ValueError("oauth2: give `secret` or `private_key`, one of them")
        return self


Auth = Annotated[BasicAuth | BearerAuth | OAuth2, Field(discriminator="kind")]


class Tls(Strict):
    ca: Path | None = None  # PEM: the authorities to trust, instead of the public ones
    certificate: Path | None = None  # PEM: our own, for mutual TLS
    key: Path | None = None  # PEM, without a passphrase; in `certificate` by default

    @property
    def authorities(self) -> str | None:
        """Name of the file of those to trust; None: the public ones."""
        return str(self.ca) if self.ca is not None else None

    @property
    def own(self) -> tuple[str, str] | None:
        """Names of the files of our certificate and its key."""
        return (str(self.certificate), str(self.key or self.certificate)) if self.certificate is not None else None


class Remote(Strict):
    """A server: its base is the only address of it that is ever called."""

    url: Url
    auth: Auth | None = None
    tls: Tls = Tls()
    cleartext: bool = False  # credentials over http:// to another machine
    rate: Annotated[float, Field(gt=0)] | None = None  # requests a second, at most

    @model_validator(mode="after")
    def _unseen_on_the_way(self) -> Remote:
        urls = [self.url] if self.auth is not None else []
        urls += [self.auth.token_url] if isinstance(self.auth, OAuth2) else []
        if any(map(in_clear, urls)) and not self.cleartext:
            raise ValueError("credentials over http:// can be read on the way; write https://, or `cleartext: true`")
        return self
