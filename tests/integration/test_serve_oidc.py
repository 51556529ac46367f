"""Tokens of an OpenID provider: which are accepted, and when its keys are asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest
from structlog.testing import capture_logs

from bridge.errors import UsageError
from bridge.settings.service import OidcAuth, Service
from bridge.settings.settings import settings
from bridge.web.caller import Caller
from bridge.web.callers import callers_of
from bridge.web.oidc import OpenIdTokens
from bridge.web.outcome import Refused
from fixtures.stores import lay_out
from tests.servers.certificates import new_key, public_pem
from tests.servers.openid import SHARED, Provider
from tests.servers.service import serving, until


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.stop()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def accepting(provider: Provider, clock: Clock | None = None, **changed: Any) -> OpenIdTokens:
    return OpenIdTokens(OidcAuth(**provider.settings() | changed), clock or Clock())


def status(tokens: OpenIdTokens, token: str | None) -> int:
    try:
        tokens.of(token)
    except Refused as refused:
        return refused.status_code
    return 200


def test_the_highest_role_counts(provider: Provider) -> None:
    token = provider.token(roles=["doctors", "it-lead", "choir"])
    assert accepting(provider).of(token) == Caller("eva", "admin")


@pytest.mark.parametrize(
    ("claim", "changed"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["it"]}, "roles": None}),
        ("scope", {"scope": "openid it", "roles": None}),
        ("https://my-hospital.example/roles", {"https://my-hospital.example/roles": ["it"], "roles": None}),
    ],
)
def test_where_roles_may_be(provider: Provider, claim: str, changed: dict[str, Any]) -> None:
    assert accepting(provider, claim=claim).of(provider.token(**changed)).role == "operate"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-service"},
        {"exp": int(time.time()) - 300},
        {"nbf": int(time.time()) + 3600},
        {"exp": None},
        {"iss": None},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": " "},
    ],
)
def test_a_token_of_others_or_of_another_time_is_refused(provider: Provider, changed: dict[str, Any]) -> None:
    assert status(accepting(provider), provider.token(**changed)) == 401


@pytest.mark.parametrize("roles", [None, [], ["choir"], {"it": True}, 7])
def test_who_has_no_role_may_nothing(provider: Provider, roles: Any) -> None:
    assert status(accepting(provider), provider.token(roles=roles)) == 403


def test_a_token_cannot_choose_how_it_is_verified(provider: Provider) -> None:
    tokens = accepting(provider)
    claims = jwt.decode(provider.token(), options={"verify_signature": False})
    public = public_pem(provider.keys["one"])
    header = jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "kid": "one"}).encode())
    body = jwt.utils.base64url_encode(json.dumps(claims).encode())
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signed = mac.sign(header + b"." + body, public.encode())
    confused = b".".join((header, body, jwt.utils.base64url_encode(signed))).decode()
    assert status(tokens, jwt.encode(claims, "", "none", headers={"kid": "one"})) == 401
    assert status(tokens, confused) == 401
    assert status(tokens, jwt.encode(claims, SHARED, "HS256", headers={"kid": "shared"})) == 401
    assert status(tokens, jwt.encode(claims, new_key(), "RS256", headers={"kid": "one"})) == 401
    assert status(tokens, "no.token.at-all") == status(tokens, "x" * 100_000) == status(tokens, None) == 401
    assert status(tokens, provider.token()) == 200


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_a_key_that_names_no_algorithm_is_for_all_of_its_kind(provider: Provider, algorithm: str) -> None:
    """RFC 7517 4.4: `alg` is optional."""
    assert accepting(provider).of(provider.token(algorithm=algorithm)).name == "eva"


def test_a_key_that_names_its_algorithm_is_for_no_other(provider: Provider) -> None:
    provider.says = {"alg": "PS256"}
    tokens = accepting(provider)
    assert [status(tokens, provider.token(algorithm=one)) for one in ("PS256", "RS256", "PS384")] == [200, 401, 401]


def test_a_key_that_encrypts_signs_nothing(provider: Provider) -> None:
    provider.says = {"use": "enc"}
    assert status(accepting(provider), provider.token()) == 401


def test_why_there_are_no_keys_is_said_once(provider: Provider) -> None:
    clock = Clock()
    tokens, token = accepting(provider, clock), provider.token()
    with capture_logs() as log:
        provider.up = False
        for _ in range(3):
            assert status(tokens, token) == 503
            clock.now += 61
        provider.up, provider.page = True, b"<html>Please log in</html>"
        for _ in range(2):
            assert status(tokens, token) == 503
            clock.now += 61
        provider.page = None
        for _ in range(2):
            assert status(tokens, token) == 200
            clock.now += 3601
    down, page, again = log
    assert (down["log_level"], down["event"]) == ("error", "the keys of the OpenID provider cannot be fetched")
    assert down["what"] == "serve.auth: GET: answered 503"
    assert page["what"] == (
        "serve.auth: what was fetched is no JSON Web Key Set; is `keys_url` the `jwks_uri` of the provider?"
    )
    assert again["event"] == "the keys of the OpenID provider are fetched again"


def test_keys_are_fetched_before_the_first_token(provider: Provider, tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    with serving(tmp_path, {"serve": {"auth": provider.settings()}}) as service:
        until(lambda: provider.fetches == 1)
        assert service.request("GET", "/caller", provider.token()).status_code == 200
    assert provider.fetches == 1


def test_a_wrong_address_of_keys_is_said_at_the_start(provider: Provider, tmp_path: Path) -> None:
    """And does no harm: the provider may be about to start, too, and the first token asks again."""
    provider.page = b"<html>Not found</html>"
    lay_out(tmp_path / "data")
    with serving(tmp_path, {"serve": {"auth": provider.settings()}}) as service:
        until(lambda: "the keys of the OpenID provider cannot be fetched" in service.log())
        assert service.request("GET", "/ready").status_code == 200
        provider.page = None
        assert service.request("GET", "/caller", provider.token()).status_code == 200


def test_a_token_cannot_name_another_address_for_its_key(provider: Provider) -> None:
    evil = Provider()
    evil.keys = {"two": new_key()}
    token = evil.token("two", headers={"jku": evil.url, "x5u": evil.url})
    assert status(accepting(provider), token) == 401
    assert evil.fetches == 0
    evil.stop()


def test_keys_are_fetched_once_however_many_ask(provider: Provider) -> None:
    tokens, token = accepting(provider), provider.token()
    provider.pause = 0.3
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: status(tokens, token), range(8))) == [200] * 8
    assert provider.fetches == 1


def test_a_new_key_is_found_and_invented_ones_do_not_make_us_ask(provider: Provider) -> None:
    clock = Clock()
    tokens = accepting(provider, clock)
    assert status(tokens, provider.token()) == 200
    provider.keys["two"] = new_key()
    clock.now += 61
    assert status(tokens, provider.token("two")) == 200
    for number in range(20):
        assert status(tokens, provider.token(headers={"kid": f"invented-{number}"})) == 401
    assert provider.fetches == 2


def test_a_revoked_key_ends_within_the_hour(provider: Provider) -> None:
    clock = Clock()
    tokens, token = accepting(provider, clock), provider.token()
    assert status(tokens, token) == 200
    provider.keys = {"two": new_key()}
    clock.now += 3601
    assert status(tokens, token) == 401


def test_a_provider_that_is_down_is_borne_for_a_day(provider: Provider) -> None:
    clock = Clock()
    tokens, token = accepting(provider, clock), provider.token()
    assert status(tokens, token) == 200
    provider.up = False
    clock.now += 80_000
    assert status(tokens, token) == 200
    clock.now += 10_000
    assert status(tokens, token) == 503
    provider.up = True
    clock.now += 61
    assert status(tokens, token) == 200


def test_keys_over_http_from_another_machine_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "bridge.yaml"
    auth = {"kind": "oidc", "issuer": "a", "audience": "b", "keys_url": "http://login.example/keys", "roles": {}}
    file.write_text(json.dumps({"serve": {"auth": auth | {"roles": {"it": "admin"}}}}))
    with pytest.raises(UsageError, match="keys_url.*https"):
        settings(file)


def test_a_file_that_is_not_there_is_said_at_the_start(provider: Provider) -> None:
    for key in ("ca", "certificate"):
        auth = OidcAuth(**provider.settings() | {"tls": {key: "nowhere.pem"}})
        with pytest.raises(UsageError, match=f"serve.auth.tls.{key}: nowhere.pem is no file; put it there"):
            callers_of(Service(auth=auth))


def test_the_service_knows_them(provider: Provider, tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    with serving(tmp_path, {"serve": {"auth": provider.settings()}}) as service:
        token = provider.token()
        assert service.request("GET", "/caller", token).json() == {"name": "eva", "role": "operate"}
        assert service.request("GET", "/status").status_code == 401
        assert service.request("GET", "/audit", token).status_code == 403
        assert token not in service.log()
