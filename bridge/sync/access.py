"""Configuration -> how a server may be called. A secret that is missing is said at the start, not in a pass."""

from __future__ import annotations

from dataclasses import replace

from bridge.errors import TemporaryError, UsageError
from bridge.settings.access import BasicAuth, BearerAuth, OAuth2, Remote, Secret, Tls
from bridge.stores.access import Access, Basic, Bearer
from bridge.stores.http import Peer
from bridge.stores.oauth import Tokens, by_key, by_secret


def access_to(name: str, remote: Remote) -> Access:
    """Raises UsageError where a secret or a file is missing."""
    for secret in _secrets(remote):
        try:
            secret.read()
        except TemporaryError as error:
            raise UsageError(f"stores.{name}.auth: {error}") from error
    check_files(f"stores.{name}.tls", remote.tls)
    bare = Access(ca=remote.tls.authorities, certificate=remote.tls.own, rate=remote.rate)
    match remote.auth:
        case BasicAuth(user=user, password=password):
            return replace(bare, auth=Basic(user, password.read))
        case BearerAuth(token=token):
            return replace(bare, auth=Bearer(token.read))
        case OAuth2() as oauth:
            tokens = _tokens(name, oauth, bare)
            return replace(bare, auth=Bearer(tokens.token), renew=tokens.forget)
        case None:
            return bare


def check_files(where: str, tls: Tls) -> None:
    """Raises UsageError where one of them is missing."""
    for key, file in (("ca", tls.ca), ("certificate", tls.certificate), ("key", tls.key)):
        if file is not None and not file.is_file():
            raise UsageError(f"{where}.{key}: {file} is no file; put it there, or correct its name")


def _tokens(name: str, oauth: OAuth2, bare: Access) -> Tokens:
    peer = Peer(f"{name} (token)", oauth.token_url, access=replace(bare, rate=None))
    if oauth.private_key is not None:
        key = oauth.private_key.read
        proof = by_key(oauth.client_id, oauth.token_url, key, oauth.key_id, oauth.algorithm)
    else:
        assert oauth.secret is not None  # the settings were validated
        proof = by_secret(oauth.client_id, oauth.secret.read)
    return Tokens(peer, proof, oauth.scope)


def _secrets(remote: Remote) -> list[Secret]:
    auth = remote.auth
    return [one for name in ("password", "token", "secret", "private_key") if (one := getattr(auth, name, None))]
