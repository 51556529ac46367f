"""What a server that the bridge calls could try: answers that swell, redirects; and what never sees its secret."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from io import BytesIO

import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from bridge.codecs import json
from bridge.codecs.dicom import reader
from bridge.errors import BridgeError, InvalidDicomError, PermanentError, TemporaryError
from bridge.model.group import Json
from bridge.stores import http
from bridge.stores.access import Access, Bearer
from bridge.stores.dicomweb import DicomWebStore
from bridge.stores.fhir import FhirStore
from bridge.stores.http import Answer, Peer
from bridge.stores.oauth import _refusal
from tests.corpus import FIXTURES
from tests.samples import ecg_report
from tests.servers.archive import Archive
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


@pytest.mark.parametrize("path", ["/../moved", "/studies/../../moved", "/x/%2e%2e/%2E./moved", "/..\\moved", "/.."])
def test_a_key_that_leads_out_of_the_base_is_not_asked_for(
    evil: tuple[Peer, list[tuple[str, str | None]]], path: str
) -> None:
    """UIDs and ids are what somebody has written into a document."""
    peer, called = evil
    with pytest.raises(PermanentError, match="outside of the base"):
        peer.call("GET", path)
    assert called == []


def test_a_study_whose_uid_leads_out_of_the_base_is_not_asked_for() -> None:
    archive = Archive()
    with pytest.raises(PermanentError, match="outside of the base"):
        DicomWebStore("pacs", archive.url).study("study/../../admin")
    assert archive.asked == []
    archive.stop()


@pytest.mark.parametrize("said", ["the secret was s3cret", "s3cret", "a" * 41, 7, None])
def test_of_a_refused_token_request_codes_alone_are_said(said: object) -> None:
    assert _refusal(Answer(400, {}, b""), {"error": said}) == "answered 400"


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


class _Odd(Quiet):
    """A FHIR server whose pages lead where `next` says, and whose batches are answered in another order."""

    next = ""
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        said = {"fhirVersion": "4.0.1"} if "metadata" in self.path else self._page()
        self.answer(200, json.dumps(said), Content_Type="application/fhir+json")

    def _page(self) -> Json:
        link = [{"relation": "next", "url": self.next.format(self.headers["Host"])}]
        return {"resourceType": "Bundle", "meta": {"lastUpdated": "2026-11-30T10:00:00Z"}, "link": link}

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["entry"]
        keys = [one["request"]["url"].split("/") for one in reversed(asked)]
        entry = [{"resource": {"resourceType": kind, "id": name}, "response": {"status": "200"}} for kind, name in keys]
        self.answer(200, json.dumps({"resourceType": "Bundle", "entry": entry}), Content_Type="application/fhir+json")


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("http://{}/admin?page=2", "outside of the base"),
        ("http://169.254.169.254/latest/meta-data", "outside of the base"),
        ("http://{}/fhir/../admin", "outside of the base"),
        ("http://{}/fhir/_history?page=2", "circle"),
    ],
)
def test_pages_that_lead_elsewhere_or_nowhere_end(link: str, says: str) -> None:
    asked: list[str] = []
    with StandIn(_Odd, asked=asked, next=link) as server, pytest.raises(BridgeError, match=says):
        list(FhirStore("ehr", f"{server.url}/fhir").changes(None))
    assert len(asked) <= 3 and all(path.startswith("/fhir/") for path in asked)


def test_a_resource_that_was_not_asked_for_is_not_taken_for_the_one_that_was() -> None:
    """One patient's value would stand in the report of another."""
    with StandIn(_Odd, asked=[]) as server:
        store = FhirStore("ehr", f"{server.url}/fhir")
        with pytest.raises(TemporaryError, match="reading Observation/a was answered with another resource"):
            store.read(["Observation/a", "Observation/b"])
        (one,) = store.read(["Observation/a"])
        assert one is not None and one.item["id"] == "a"


def test_an_instance_that_was_not_asked_for_is_not_taken_for_the_one_that_was() -> None:
    """What becomes of the one would be carried to the document of the other."""
    archive = Archive()
    archive.keep(ecg_report("2.25.5"))
    archive.stored["2.25.6"] = archive.stored["2.25.5"]
    study, series = (archive.stored["2.25.5"][tag].value for tag in ("StudyInstanceUID", "SeriesInstanceUID"))
    store = DicomWebStore("pacs", archive.url)
    assert store.read([f"{study}/{series}/2.25.5"])[0] is not None
    with pytest.raises(TemporaryError, match="another instance came where 2.25.6 was asked for"):
        store.read([f"{study}/{series}/2.25.6"])
    archive.stop()
