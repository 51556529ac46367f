"""Who may use the service, from where, and how much: each guard, before a running `serve`."""

from __future__ import annotations

import gzip
import http.client
import io
import json
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import warnings
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from bridge.errors import UsageError
from bridge.settings.service import ROLES, Role
from bridge.settings.settings import listening, settings
from bridge.web.app import create_app
from fixtures.stores import lay_out
from tests.servers.certificates import Authority
from tests.servers.service import Service, serving, until

SECRETS = {role.upper(): f"secret-of-{role}+/=" for role in ROLES} | {"HOOK": "secret-of-the-hook"}
TOKENS = [{"name": f"{role}er", "role": role, "token": {"env": role.upper()}} for role in ROLES]
AUTH = {"kind": "tokens", "tokens": TOKENS}
OPEN = {"/health", "/ready"}
NEEDS: dict[tuple[str, str], tuple[Role, Any]] = {  # operation -> role, and a body that it takes
    ("GET", "/caller"): ("read", None),
    ("GET", "/status"): ("read", None),
    ("GET", "/metrics"): ("read", None),
    ("GET", "/conflicts"): ("read", None),
    ("POST", "/documents"): ("read", {"key": "Observation/nobody"}),
    ("POST", "/translate/fhir"): ("read", {}),
    ("POST", "/translate/dicom"): ("read", {}),
    ("POST", "/retry"): ("operate", {}),
    ("POST", "/resend"): ("operate", {"route": "fhir-dicom"}),
    ("POST", "/wake"): ("operate", None),
    ("POST", "/pause"): ("operate", {"route": "fhir-dicom"}),
    ("POST", "/resume"): ("operate", {"route": "fhir-dicom"}),
    ("POST", "/conflicts/{name}"): ("admin", {"holds": "fhir"}),
    ("GET", "/audit"): ("admin", None),
}


def bearer(role: str) -> str:
    return SECRETS[role.upper()]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def closed(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Behind TLS and tokens."""
    folder = tmp_path_factory.mktemp("closed")
    lay_out(folder / "data")
    tls = {"certificate": str(authority.certificate("serve"))}
    keys = {"auth": AUTH, "tls": tls, "hooks": {"fhir": {"env": "HOOK"}}, "rate": 1000}
    with serving(folder, {"serve": keys}, ca=str(authority.ca), environment=SECRETS) as service:
        yield service


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Open to this machine, and of little patience."""
    folder = tmp_path_factory.mktemp("small")
    lay_out(folder / "data")
    keys = {"max_bytes": 100_000, "seconds": 1, "rate": 5, "names": ["bridge.my-hospital.example"]}
    keys["hooks"] = {"fhir": {"env": "HOOK"}}
    with serving(folder, {"serve": keys, "interval": 3600}, environment=SECRETS) as service:
        yield service


def connected(service: Service, address: str) -> http.client.HTTPConnection:
    """From an address of its own, so that the rate of one test is not that of another."""
    parts = urlsplit(service.base)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60, source_address=(address, 0))


def asked(
    service: Service, address: str, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = connected(service, address)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def is_outcome(body: bytes) -> bool:
    return bool(json.loads(body)["resourceType"] == "OperationOutcome")


# -- tokens and roles -------------------------------------------------------------------------------------------------
def operations(service: Service) -> set[tuple[str, str]]:
    paths = service.get("/openapi.json")["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_every_operation_is_in_the_table(closed: Service) -> None:
    there = {one for one in operations(closed) if one[1] not in OPEN and not one[1].startswith("/hooks")}
    assert there == set(NEEDS)


def test_no_route_is_hidden_from_the_table(tmp_path: Path) -> None:
    """The API does not show all that there is (`include_in_schema`): what is asked for tells."""
    (tmp_path / "bridge.yaml").write_text(json.dumps({"ledger": f"sqlite:///{tmp_path}/none.db"}))
    routes: list[Any] = list(create_app(settings(tmp_path / "bridge.yaml"), None).routes)
    found = {
        (method, one.path)
        for route in routes
        for one in (route.effective_candidates() if hasattr(route, "effective_candidates") else (route,))
        for method in one.methods
    }
    pages = {("GET", "/"), ("GET", "/static/{name}"), ("GET", "/openapi.json"), ("HEAD", "/openapi.json")}
    hooks = {(method, f"/hooks/{{store}}{below}") for method in ("POST", "PUT", "DELETE") for below in _BELOW}
    assert found == {*NEEDS, *pages, *hooks, *(("GET", path) for path in OPEN)}


_BELOW = ("", "/{below:path}")


@pytest.mark.parametrize(("method", "path"), sorted(NEEDS))
def test_without_a_token_nothing_is_told(closed: Service, method: str, path: str) -> None:
    near = (bearer("read")[:-1], bearer("admin") + "x", bearer("admin").upper())
    for token in (None, "wrong", SECRETS["HOOK"], *near):
        answer = closed.request(method, path, token, json=NEEDS[method, path][1])
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.json()["issue"][0]["code"] == "login"
    assert (
        closed.request(method, f"{path}?access_token={bearer('admin')}", json=NEEDS[method, path][1]).status_code == 401
    )


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), sorted(NEEDS))
def test_each_role_may_what_it_may(closed: Service, method: str, path: str, role: Role) -> None:
    needed, body = NEEDS[method, path]
    answer = closed.request(method, path.replace("{name}", "0"), bearer(role), json=body)
    allowed = ROLES.index(role) >= ROLES.index(needed)
    assert (answer.status_code == 403) == (not allowed) and answer.status_code != 401
    assert allowed or "insufficient_scope" in answer.headers["www-authenticate"]


def test_only_an_admin_says_what_was_deleted(closed: Service) -> None:
    closed.request("POST", "/pause", bearer("operate"), json={"route": "fhir-dicom"})
    pause = closed.request("GET", "/status", bearer("read")).json()["paused"]["fhir-dicom"]["name"]
    body = {"route": "fhir-dicom", "pause": pause, "deleted": True}
    assert closed.request("POST", "/resume", bearer("operate"), json=body).status_code == 403
    assert closed.request("POST", "/resume", bearer("admin"), json=body).status_code == 200


def test_who_acts_is_in_the_audit_trail(closed: Service) -> None:
    closed.request("POST", "/pause", bearer("operate"), json={"route": "fhir-dicom"})
    closed.request("POST", "/resume", bearer("admin"), json={"route": "fhir-dicom"})
    closed.request("POST", "/retry", bearer("operate"), json={"key": "Observation/nobody"})
    closed.request("POST", "/resend", bearer("admin"), json={"route": "fhir-dicom", "keys": ["Observation/nobody"]})
    trail = closed.request("GET", "/audit", bearer("admin")).text.splitlines()
    done = {(one["purposeOfEvent"][0]["text"], one["agent"][0]["who"]["display"]) for one in map(json.loads, trail)}
    assert {("pause", "operateer"), ("resume", "adminer"), ("retry", "operateer"), ("resend", "adminer")} <= done


def test_a_hook_takes_its_own_secret_alone(closed: Service) -> None:
    statuses = [
        closed.request("POST", f"/hooks/{store}", token).status_code
        for store, token in [("fhir", SECRETS["HOOK"]), ("fhir", bearer("admin")), ("fhir", None), ("fhir", "x"),
                             ("dicom", SECRETS["HOOK"]), ("nowhere", SECRETS["HOOK"])]
    ]  # fmt: skip
    assert statuses == [204, 401, 401, 401, 401, 401]
    for method in ("POST", "PUT", "DELETE"):
        for path in ("/hooks/fhir", "/hooks/fhir/Observation/a"):
            assert closed.request(method, path, SECRETS["HOOK"]).status_code == 204
            assert {closed.request(method, path, one).status_code for one in (None, bearer("admin"))} == {401}


def test_no_secret_and_no_key_is_in_the_log(closed: Service) -> None:
    for role in ROLES:
        closed.request(
            "POST", "/documents?key=Observation/of-a-patient", bearer(role), json={"key": "Patient/secret-id"}
        )
    until(lambda: "POST /documents" in closed.log())  # the line is written after the answer
    log = closed.log()
    assert not any(word in log for word in (*SECRETS.values(), "secret-of", "of-a-patient", "secret-id"))
    assert all(json.loads(line) for line in log.splitlines())


def test_a_method_of_somebody_s_own_is_not_in_the_log(closed: Service) -> None:
    assert closed.request("JANE-DOE-1970", "/status").status_code == 405
    until(lambda: "unknown /status" in closed.log())  # the line is written after the answer
    assert "JANE" not in closed.log()


def test_openness_without_authentication_ends_at_this_machine(tmp_path: Path) -> None:
    file = tmp_path / "bridge.yaml"
    for keys, says in [
        ({"host": "0.0.0.0"}, "set `auth`"),
        ({"host": "bridge.example"}, "set `auth`"),
        ({"host": "::"}, "set `auth`"),
        ({"host": "10.0.0.1"}, "set `auth`"),
        ({"host": "127.0.0.1.example"}, "set `auth`"),
        ({"host": "bridge.localhost"}, "set `auth`"),  # a name leads where whoever resolves it says
        ({"host": "0.0.0.0", "auth": AUTH}, "set `tls`"),
        ({"hooks": {"nowhere": {"env": "HOOK"}}}, "no store 'nowhere'"),
        ({"auth": {"kind": "tokens", "tokens": []}}, "tokens"),
    ]:
        file.write_text(json.dumps({"serve": keys}))
        with pytest.raises(UsageError, match=says):
            settings(file)
    with pytest.raises(UsageError, match="set `auth`"):
        listening(settings(None), "0.0.0.0", None)
    file.write_text(json.dumps({"serve": {"auth": AUTH, "tls": {"certificate": "a.pem"}}}))
    assert listening(settings(file), "0.0.0.0", 9000).serve.port == 9000


def test_a_secret_that_is_missing_is_said_at_the_start(tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    (tmp_path / "bridge.yaml").write_text(json.dumps({"serve": {"auth": AUTH}}))
    command = [sys.executable, "-m", "bridge", "serve", "--config", "bridge.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and "serve.auth.tokens: reader: secret: READ is empty" in done.stderr
    (tmp_path / "bridge.yaml").write_text(json.dumps({"serve": {"hooks": {"fhir": {"env": "HOOK"}}}}))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and "serve.hooks.fhir: secret: HOOK is empty" in done.stderr


# -- TLS --------------------------------------------------------------------------------------------------------------
def test_tls_old_versions_and_clear_text(closed: Service, authority: Authority) -> None:
    assert closed.request("GET", "/health").headers["strict-transport-security"] == "max-age=31536000"
    with pytest.raises(requests.ConnectionError):
        requests.get(closed.base.replace("https", "http") + "/health", timeout=60)
    old = ssl.create_default_context(cafile=str(authority.ca))
    warnings.simplefilter("ignore", DeprecationWarning)  # that is what is tested
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    address = urlsplit(closed.base)
    plain = socket.create_connection((address.hostname or "", address.port or 0), timeout=60)
    with plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain, server_hostname="127.0.0.1")


# -- pages of others --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1", "[bad"])
def test_a_name_that_is_not_ours_is_refused(small: Service, host: str) -> None:
    status, _, body = asked(small, "127.0.1.1", "GET", "/status", Host=host)
    assert status == 421 and is_outcome(body)


@pytest.mark.parametrize("host", ["localhost:1", "[::1]:8000", "127.0.0.1", "Bridge.my-hospital.example"])
def test_our_names_are_answered(small: Service, host: str) -> None:
    assert asked(small, "127.0.1.2", "GET", "/status", Host=host)[0] == 200


def test_a_page_of_another_site_changes_nothing(small: Service) -> None:
    own = small.base
    for origin, expected in [
        ("http://evil.example", 403), ("null", 403), (f"{own}0", 403), (own, 200),
        ("https://bridge.my-hospital.example", 200),
    ]:  # fmt: skip
        status, _, _ = asked(small, "127.0.1.3", "POST", "/wake", b"", Origin=origin)
        assert status == expected, origin
    for method in ("PUT", "DELETE", "PATCH"):
        assert asked(small, "127.0.1.3", method, "/hooks/fhir", b"", Origin="http://evil.example")[0] == 403
    assert "access-control-allow-origin" not in asked(small, "127.0.1.3", "GET", "/status", Origin="http://a.b")[1]


def test_a_page_of_another_site_changes_nothing_with_a_token_either(closed: Service) -> None:
    """A script that has somebody's token sends no Origin of ours."""
    origin = {"Origin": "https://evil.example"}
    answer = closed.request("POST", "/pause", bearer("operate"), json={"route": "fhir-dicom"}, headers=origin)
    assert answer.status_code == 403


# -- how much ---------------------------------------------------------------------------------------------------------
OF_THE_HOOK = {"Authorization": f"Bearer {SECRETS['HOOK']}"}
PATHS = ["/translate/fhir", "/translate/dicom", "/documents", "/retry", "/hooks/fhir", "/conflicts/a"]


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_says_it_is_too_long_is_not_read(small: Service, path: str) -> None:
    connection = connected(small, "127.0.2.1")
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413 and is_outcome(answer.read())


@pytest.mark.parametrize("path", ["/translate/fhir", "/documents", "/hooks/fhir"])
def test_a_body_that_says_no_length_is_cut(small: Service, path: str) -> None:
    connection = connected(small, "127.0.2.2")
    parts = (b'{"key": "' + b"x" * 50_000 if number == 0 else b"x" * 50_000 for number in range(4))
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/json", **OF_THE_HOOK}
    connection.request("POST", path, body=parts, headers=headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 413 and is_outcome(answer.read())


@pytest.mark.parametrize(("more", "status"), [(0, 422), (1, 413)])
def test_a_body_of_the_largest_size_is_taken_and_no_longer_one(small: Service, more: int, status: int) -> None:
    connection = connected(small, "127.0.2.6")
    connection.request("POST", "/translate/fhir", body=iter([bytes(100_000 + more)]), encode_chunked=True)
    assert connection.getresponse().status == status


def test_two_lengths_are_none(small: Service) -> None:
    """RFC 9112 6.1: who is in front of us may take the other one, and what follows for a request of somebody else."""
    address = urlsplit(small.base)
    two = b"POST /translate/fhir HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(
        (address.hostname or "", address.port or 0), timeout=60, source_address=("127.0.2.7", 0)
    ) as one:
        one.sendall(two + b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        said = b"".join(iter(lambda: one.recv(65536), b""))
    assert said.startswith(b"HTTP/1.1 400") and said.count(b"HTTP/1.1 ") == 1


def test_where_no_document_is_taken_in_little_is_read(small: Service) -> None:
    """FastAPI reads the body of a decision before it is known who takes it."""
    body = json.dumps({"key": "x" * 70_000}).encode()
    assert asked(small, "127.0.2.5", "POST", "/documents", body, Content_Type="application/json")[0] == 413
    assert asked(small, "127.0.2.5", "POST", "/translate/fhir", body)[0] == 422


def test_what_is_compressed_is_not_unpacked(small: Service) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    for coding in ("gzip", "deflate", "br", "identity, gzip"):
        status, headers, body = asked(small, "127.0.2.3", "POST", "/translate/dicom", bomb, Content_Encoding=coding)
        assert status == 415 and is_outcome(body) and headers["accept-encoding"] == "identity"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dcm", bytes(10_000_000))
    status, _, body = asked(small, "127.0.2.3", "POST", "/translate/fhir", packed.getvalue())
    assert status == 422 and is_outcome(body)


def test_nested_deeper_than_any_resource(small: Service) -> None:
    body = b"[" * 60_000
    for path in ("/documents", "/translate/dicom"):
        status, _, said = asked(small, "127.0.2.4", "POST", path, body, Content_Type="application/json")
        assert status in (400, 422) and is_outcome(said)


def test_one_client_that_asks_too_often_is_told_to_wait(small: Service) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: asked(small, "127.0.3.1", "GET", "/ready"), range(100)))
    waits = [headers["retry-after"] for status, headers, _ in answers if status == 429]
    assert waits and all(int(wait) >= 1 for wait in waits)
    assert asked(small, "127.0.3.2", "GET", "/ready")[0] == 200, "another client is served"


def test_a_hook_is_not_called_more_often_than_another_route(small: Service) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(
                lambda _: asked(small, "127.0.3.4", "POST", "/hooks/fhir", Authorization=OF_THE_HOOK["Authorization"])[
                    0
                ],
                range(100),
            )
        )
    assert answers.count(204) and answers.count(429) > 50


def test_who_is_told_to_wait_does_not_fill_the_log(small: Service) -> None:
    before, begun = len(small.entries()), time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: asked(small, "127.0.3.3", "GET", "/ready")[0], range(300)))
    parts = urlsplit(small.base)
    for _ in range(50):
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as other:
            other.sendall(b"no HTTP\r\n\r\n")
            assert other.recv(100).startswith(b"HTTP/1.1 400")
    assert answers.count(429) > 200
    assert len(small.entries()) - before <= 2 * (time.monotonic() - begun + 1) + 2


@pytest.mark.parametrize("path", ["/translate/fhir", "/hooks/fhir"])
def test_who_sends_a_body_drop_by_drop_is_cut(small: Service, path: str) -> None:
    connection = connected(small, "127.0.4.1")
    connection.putrequest("POST", path)
    connection.putheader("Authorization", OF_THE_HOOK["Authorization"])
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"x")
    answer = connection.getresponse()
    assert answer.status == 408 and is_outcome(answer.read())


def is_cut(connection: socket.socket) -> bool:
    """Ended, or reset; one that is still open after a minute raises TimeoutError."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("head", [b"", b"GET /status HTT"])
def test_who_sends_no_head_is_cut(small: Service, head: bytes) -> None:
    address = urlsplit(small.base)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as slow:
        slow.sendall(head)
        assert is_cut(slow)


def test_a_second_head_has_its_own_time(small: Service) -> None:
    connection = connected(small, "127.0.4.2")
    for _ in range(2):
        connection.request("GET", "/health")
        assert connection.getresponse().read()
    assert connection.sock is not None
    connection.sock.sendall(b"GET /sta")
    assert is_cut(connection.sock)


# -- answers ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [("GET", "/", 200), ("GET", "/status", 200), ("GET", "/nowhere", 404), ("PATCH", "/status", 405),
     ("POST", "/translate/fhir", 422), ("GET", "/static/..%2Fapp.py", 404)],
)  # fmt: skip
def test_browsers_are_told_to_be_strict(small: Service, method: str, path: str, expected: int) -> None:
    status, headers, _ = asked(small, "127.0.5.1", method, path)
    assert status == expected
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    said = dict(one.split(" ", 1) for one in policy.split("; "))
    assert said.pop("require-trusted-types-for") == "'script'"
    assert {"base-uri", "form-action", "frame-ancestors", "connect-src", "script-src"} < said.keys()
    assert set(said.values()) == {"'self'", "'none'"}, "nothing foreign is loaded, or told"
    assert {said[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_nobody_is_sent_elsewhere(closed: Service) -> None:
    """Where to would be the Host header's word, and http:// behind a proxy that speaks TLS: a report sent again to
    there is read on the way."""
    for method, path in (("POST", "/translate/dicom/"), ("GET", "/status/"), ("GET", "/audit/")):
        headers = {"Host": "evil.example"}
        answer = closed.request(method, path, bearer("admin"), headers=headers, allow_redirects=False)
        assert (answer.status_code, "location" in answer.headers) == (404, False)


def test_a_fault_does_not_repeat_what_was_sent(small: Service) -> None:
    body = json.dumps({"key": 7, "Jane Doe": "1970-01-01", "more": "Jane Doe"}).encode()
    status, _, said = asked(small, "127.0.5.2", "POST", "/documents", body, Content_Type="application/json")
    assert status == 422 and is_outcome(said) and b"Jane" not in said and b"1970" not in said


def test_a_fault_of_ours_is_in_the_log_without_its_words(tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    with serving(tmp_path, {"interval": 3600}) as service:
        with sqlite3.connect(tmp_path / "bridge.db", timeout=60) as ledger:
            ledger.execute("INSERT INTO conflict VALUES ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'Jane Doe', NULL, FALSE)")
        answer = service.request("GET", "/conflicts")
        assert answer.status_code == 500 and is_outcome(answer.content)
        assert answer.json()["issue"][0]["diagnostics"] == "a fault of the service; see its log"
        assert answer.headers["x-content-type-options"] == "nosniff"
        with sqlite3.connect(tmp_path / "bridge.db", timeout=60) as ledger:
            ledger.execute("DROP TABLE pause")
        for path in ("/status", "/ready"):
            assert service.request("GET", path).status_code == 503
        (fault,) = (one for one in service.entries() if one["event"] == "a request broke")
        assert (fault["route"], fault["error"]) == ("GET /conflicts", "TypeError") and fault["where"]
        assert not any(word in answer.text + service.log() for word in ("Jane", "SELECT"))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/audit?after={1 << 63}", b""),  # no number of a database
        ("POST", "/documents", rb'{"key": "a\u0000"}'),  # no text of PostgreSQL
        ("POST", "/retry", rb'{"key": "\u0000"}'),
        ("POST", "/resend", rb'{"route": "fhir-dicom", "keys": ["\u0000"]}'),
        ("POST", "/conflicts/%00", b'{"holds": "fhir"}'),
    ],
)  # fmt: skip
def test_what_no_ledger_can_hold_is_refused_before_it(small: Service, method: str, path: str, body: bytes) -> None:
    status, _, said = asked(small, "127.0.5.3", method, path, body, Content_Type="application/json")
    assert status == 422 and is_outcome(said)
