"""What `serve` finds out before it does anything, and how it is asked whether it is there."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from bridge.errors import TemporaryError
from bridge.web.crowd import Crowd
from bridge.web.listen import listeners
from fixtures.stores import lay_out
from tests.command_line import Done, apart
from tests.servers.certificates import Authority, new_key, pem
from tests.servers.service import Service, serving


def started(folder: Path, **serve: object) -> Done:
    """It is not to go on."""
    (folder / "bridge.yaml").write_text(yaml.safe_dump({"serve": serve}))
    return apart(folder, "serve", "--config", "bridge.yaml", environment={"BRIDGE_INTERVAL": "3600"}, seconds=60)


def everything(folder: Path) -> set[Path]:
    return {one for one in folder.rglob("*") if one.name != "bridge.yaml"}


def test_a_port_in_use_is_said_before_anything_is_done(tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    before = everything(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = started(tmp_path, port=port)
    assert done.returncode == 1  # it may be free soon: systemd tries again
    assert done.stderr == (
        f"fhir-dicom: serve: 127.0.0.1 port {port}: Address already in use; "
        "stop what listens there, or take another `serve.port`\n"
    )
    assert everything(tmp_path) == before, "nothing was synced, and there is no ledger"


def test_an_address_that_is_not_ours(tmp_path: Path) -> None:
    with pytest.raises(TemporaryError, match="192.0.2.1 port 8000"):  # the network may not be up yet
        listeners("192.0.2.1", 8000, Crowd())


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "No such file or directory; correct `certificate`"),
        ({"serve.pem": "no PEM"}, "give a certificate and its key in PEM"),
        ({"serve.pem": "a certificate", "other.key": "a key"}, "key values mismatch; give"),
    ],
)  # fmt: skip
def test_a_certificate_that_cannot_be_used_is_said_at_the_start(
    tmp_path: Path, files: dict[str, str], says: str
) -> None:
    made = {"a certificate": Authority(tmp_path / "ca").certificate("a").read_text, "a key": lambda: pem(new_key())}
    for name, content in files.items():
        (tmp_path / name).write_text(made[content]() if content in made else content)
    key = {"key": "other.key"} if "other.key" in files else {}
    done = started(tmp_path, tls={"certificate": "serve.pem"} | key)
    assert done.returncode == 2 and "serve.tls: " in done.stderr and says in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "bridge.db").exists()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("head")
    lay_out(folder / "data")
    with serving(folder, {"interval": 3600}) as made:
        yield made


@pytest.mark.parametrize("path", ["/health", "/ready", "/", "/static/main.js", "/metrics"])
def test_head_is_get_without_a_body(service: Service, path: str) -> None:
    parts = urlsplit(service.base)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    heads = []
    for method in ("HEAD", "GET", "HEAD"):  # a body that nobody asked for would be the head of the next answer
        connection.request(method, path)
        answer = connection.getresponse()
        heads.append((answer.status, answer.getheader("content-type")))
        assert bool(answer.read()) == (method == "GET")
    assert heads[0] == heads[1] == heads[2] and heads[0][0] == 200
    connection.request("HEAD", "/wake")
    assert connection.getresponse().status == 405
