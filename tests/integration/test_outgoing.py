"""What a server that the bridge calls could try: answers that swell, redirects; and what never sees its secret."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from io import BytesIO

import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from bridge.codecs.dicom import reader
from bridge.errors import InvalidDicomError, PermanentError
from bridge.stores import http
from bridge.stores.access import Access, Bearer
from bridge.stores.http import Peer
from tests.corpus import FIXTURES
from tests.servers.stand_in import Quiet, StandIn

BOMB = gzip.compress(bytes(20 << 20))


class _Evil(Quiet):
    called: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.called.append((self.path, self.headers.get("Authorization")))
        moved = self.path == "/base/moved"
        if moved:
            self.answer(307, Location=f"http://{self.headers['Host']}/elsewhere")
        else:
            self.answer(200, BOMB, Content_Encoding="gzip")


@pytest.fixture
def evil() -> Iterator[tuple[Peer, list[tuple[str, str | None]]]]:
    called: list[tuple[str, str | None]] = []
    with StandIn(_Evil, called=called) as server:
        yield Peer("evil", f"{server.url}/base", access=Access(Bearer(lambda: "secret"))), called


def test_an_answer_that_swells_is_refused(
    evil: tuple[Peer, list[tuple[str, str | None]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_BYTES", 1 << 20)
    with pytest.raises(PermanentError, match="longer than 1 MiB"):
        evil[0].call("GET", "/bomb")


def test_a_redirect_is_not_followed_and_learns_no_secret(evil: tuple[Peer, list[tuple[str, str | None]]]) -> None:
    peer, called = evil
    with pytest.raises(PermanentError, match="307"):
        peer.call("GET", "/moved")
    assert called == [("/base/moved", "Bearer secret")]


def test_a_proxy_of_the_environment_is_not_used(
    evil: tuple[Peer, list[tuple[str, str | None]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(PermanentError, match="307"):
        evil[0].call("GET", "/moved")


def test_a_deflated_file_that_swells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_INFLATED", 1 << 20)
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.EncapsulatedDocument = bytes(20 << 20)
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    assert len(file.getvalue()) < 1 << 20
    with pytest.raises(InvalidDicomError, match="grows beyond"):
        reader.read(file.getvalue())
