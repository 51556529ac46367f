"""Who the bridge says it is: passwords, tokens and certificates, before a real Orthanc that asks for them."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from bridge.errors import UsageError
from bridge.settings.settings import settings
from bridge.stores.orthanc import OrthancStore
from bridge.sync.routes import routes_of
from fixtures.stores import lay_out
from tests.command_line import Done, fhir_dicom
from tests.servers.certificates import Authority, new_key, pem, public_pem
from tests.servers.orthanc import Orthanc
from tests.servers.proxy import Proxy
from tests.servers.tokens import CLIENT, SCOPE, SECRET, TokenServer

PASSWORD = "grün: 1/2+3"
KEY = new_key()
Configure = Callable[..., Path]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def closed(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """An Orthanc that wants a password, behind a front that speaks TLS with those alone who have a certificate."""
    orthanc = Orthanc(
        tmp_path_factory.mktemp("closed"), AuthenticationEnabled=True, RegisteredUsers={"bridge": PASSWORD}
    )
    orthanc.session.auth = (b"bridge", PASSWORD.encode())  # type: ignore[assignment]  # in UTF-8
    orthanc.start()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.ca)
    tls.load_cert_chain(authority.certificate("server"))
    tls.verify_mode = ssl.CERT_REQUIRED
    front = Proxy(orthanc.base, tls)
    yield front
    front.stop()
    orthanc.stop()


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    made = Orthanc(tmp_path_factory.mktemp("open"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    made = TokenServer(public_pem(KEY))
    yield made
    made.stop()


@pytest.fixture
def gate(orthanc: Orthanc, tokens: TokenServer) -> Iterator[Proxy]:
    """Admits who has a valid token."""
    proxy = Proxy(orthanc.base)
    proxy.admits = tokens.admits
    yield proxy
    proxy.stop()


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """One folder and the PACS with these keys."""
    lay_out(tmp_path / "data")

    def made(**pacs: Any) -> Path:
        folder = {"kind": "folder", "path": str(tmp_path / "data" / "fhir"), "holds": "fhir"}
        stores = {"fhir": folder, "pacs": {"kind": "orthanc"} | pacs}
        file = tmp_path / "bridge.yaml"
        file.write_text(json.dumps({"stores": stores, "routes": [{"between": ["fhir", "pacs"]}]}))
        return file

    return made


def sync(file: Path, **secrets: str) -> Done:
    return fhir_dicom(file.parent, "sync", "--once", "--json", "--config", file.name, **secrets)


def pacs(file: Path) -> OrthancStore:
    (route,) = routes_of(settings(file))
    assert isinstance(route.dicom, OrthancStore)
    return route.dicom


# -- a password and certificates ------------------------------------------------------------------------------------
def of_closed(closed: Proxy, authority: Authority, without: str = "") -> dict[str, Any]:
    tls = {"ca": str(authority.ca), "certificate": str(authority.certificate("bridge"))}
    auth = {"kind": "basic", "user": "bridge", "password": {"env": "PACS_PASSWORD"}}
    keys = {"url": closed.base, "auth": auth, "tls": {key: tls[key] for key in tls if key != without}}
    return {key: keys[key] for key in keys if key != without}


def test_password_private_authority_and_own_certificate(
    closed: Proxy, authority: Authority, configure: Configure
) -> None:
    done = sync(configure(**of_closed(closed, authority)), PACS_PASSWORD=PASSWORD)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["acts"] == {"to-dicom created": 5}


@pytest.mark.parametrize(
    ("without", "password", "says"),
    [
        ("auth", "", "401"),
        ("", "wrong", "401"),
        ("ca", PASSWORD, "TLS"),
        ("certificate", PASSWORD, "no trusted connection|no connection"),
    ],
)
def test_who_is_not_admitted_waits_and_loses_nothing(
    closed: Proxy, authority: Authority, configure: Configure, without: str, password: str, says: str
) -> None:
    file = configure(**of_closed(closed, authority, without))
    done = sync(file, PACS_PASSWORD=password)
    status = json.loads(done.stdout)["status"]
    assert (done.returncode, status["owed"], status["dead"]) == (1, 9, 0), done.stderr
    assert re.search(says, done.stderr) and (not password or password not in done.stderr + done.stdout)


def test_a_secret_that_is_missing_is_said_at_the_start(
    closed: Proxy, authority: Authority, configure: Configure
) -> None:
    done = sync(configure(**of_closed(closed, authority)))
    assert done.returncode == 2 and "stores.pacs.auth" in done.stderr and "PACS_PASSWORD" in done.stderr


# -- tokens ---------------------------------------------------------------------------------------------------------
def by_secret(tokens: TokenServer) -> dict[str, Any]:
    return {"secret": {"env": "CLIENT_SECRET"}}


def by_key(tokens: TokenServer) -> dict[str, Any]:
    return {"private_key": {"env": "CLIENT_KEY"}, "key_id": "one"}


def oauth(tokens: TokenServer, proof: Callable[[TokenServer], dict[str, Any]] = by_key) -> dict[str, Any]:
    return {"kind": "oauth2", "token_url": tokens.url, "client_id": CLIENT, "scope": SCOPE} | proof(tokens)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    monkeypatch.setenv("CLIENT_KEY", pem(KEY))


@pytest.mark.parametrize("proof", [by_secret, by_key])
def test_client_credentials(gate: Proxy, tokens: TokenServer, configure: Configure, proof: Any) -> None:
    done = sync(configure(url=gate.base, auth=oauth(tokens, proof)))
    assert done.returncode == 0, done.stderr
    assert len(tokens.issued) == 1
    assert SECRET not in done.stdout + done.stderr


def test_one_token_however_many_ask(gate: Proxy, tokens: TokenServer, configure: Configure) -> None:
    store = pacs(configure(url=gate.base, auth=oauth(tokens)))
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: list(store.changes(None)), range(8)))
    assert len(tokens.issued) == 1


def test_a_token_that_was_revoked_is_fetched_anew(gate: Proxy, tokens: TokenServer, configure: Configure) -> None:
    store = pacs(configure(url=gate.base, auth=oauth(tokens)))
    list(store.changes(None))
    tokens.valid.clear()
    list(store.changes(None))
    assert len(tokens.issued) == 2
    assert len(set(tokens.assertions)) == 2, "an assertion is good once"


def test_a_token_is_renewed_before_it_ends(gate: Proxy, tokens: TokenServer, configure: Configure) -> None:
    tokens.lives = 0
    store = pacs(configure(url=gate.base, auth=oauth(tokens)))
    list(store.changes(None))
    before = len(tokens.issued)
    list(store.changes(None))
    assert len(tokens.issued) > before


def test_a_refusal_says_its_code_and_no_secret(
    gate: Proxy, tokens: TokenServer, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENT_SECRET", "another-secret")
    done = sync(configure(url=gate.base, auth=oauth(tokens, by_secret)))
    assert done.returncode == 1 and "pacs (token): no token: refused (invalid_client)" in done.stderr
    assert "another-secret" not in done.stdout + done.stderr
    assert json.loads(done.stdout)["status"]["dead"] == 0


def test_a_bearer_token_is_read_again_when_its_file_is_renewed(
    gate: Proxy, tokens: TokenServer, configure: Configure, tmp_path: Path
) -> None:
    tokens.valid |= {"first"}
    file = tmp_path / "token"
    file.write_text("first\n")
    store = pacs(configure(url=gate.base, auth={"kind": "bearer", "token": {"file": str(file)}}))
    list(store.changes(None))
    tokens.valid = {"second"}
    file.write_text("second\n")
    list(store.changes(None))


# -- what is refused before anything is called -----------------------------------------------------------------------
BASIC = {"kind": "basic", "user": "a", "password": {"env": "CLIENT_SECRET"}}
IN_CLEAR = {"kind": "oauth2", "token_url": "http://a.example", "client_id": "a", "secret": {"env": "CLIENT_SECRET"}}
UNPROVEN = {"kind": "oauth2", "token_url": "https://a.example", "client_id": "a"}


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"url": "http://pacs.example", "auth": BASIC}, "can be read on the way"),
        ({"url": "https://pacs.example", "auth": BASIC | {"password": "in the file"}}, "password"),
        ({"url": "https://pacs.example", "auth": BASIC | {"password": {}}}, "where the secret is"),
        ({"url": "https://pacs.example", "auth": IN_CLEAR}, "can be read on the way"),
        ({"url": "https://pacs.example", "auth": UNPROVEN}, "`secret` or `private_key`"),
        ({"url": "https://a:b@pacs.example"}, "no user"),
        ({"url": "https://pacs.example", "tls": {"ca": "nowhere.pem"}}, "no file"),
    ],
)  # fmt: skip
def test_a_configuration_that_would_leak_is_refused(configure: Configure, keys: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        pacs(configure(**keys))


def test_cleartext_may_be_wanted(configure: Configure) -> None:
    assert pacs(configure(url="http://pacs.example", auth=BASIC, cleartext=True))


def test_a_fragile_server_is_given_time(orthanc: Orthanc, configure: Configure) -> None:
    """Five calls at fifty a second take at least four pauses."""
    store = pacs(configure(url=orthanc.base, rate=50))
    before = monotonic()
    for _ in range(5):
        store.read(["0-0-0-0-0"])
    assert monotonic() - before >= 4 / 50
