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
from bridge.model.dataset import text_of
from bridge.model.group import Json
from bridge.model.tags import STUDY_UID
from bridge.stores import http
from bridge.stores.access import Access, Bearer
from bridge.stores.dicomweb import DicomWebStore
from bridge.stores.fhir import FhirStore
from bridge.stores.http import Answer, Peer
from bridge.stores.oauth import _refusal
from bridge.stores.orthanc import OrthancStore, orthanc_id
from bridge.stores.store import Write
from tests.corpus import FIXTURES
from tests.images import as_file
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
    """A FHIR server whose pages lead where `next` says, or hold `entry`, and whose bundles are answered in another
    order, or as `said` says."""

    next, capability = "", {"fhirVersion": "4.0.1"}
    entry: Json = []
    said: Json = None
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self._send(self.capability if "metadata" in self.path else self._page())

    def _page(self) -> Json:
        link = [{"relation": "next", "url": self.next.format(self.headers["Host"])}] if self.next else []
        meta = {"lastUpdated": "2026-11-30T10:00:00Z"}
        return {"resourceType": "Bundle", "meta": meta, "link": link, "entry": self.entry}

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.said is not None:
            return self._send({"resourceType": "Bundle", "entry": self.said})
        asked = json.loads(body)["entry"]
        keys = [one["request"]["url"].split("/") for one in reversed(asked)]
        entry = [{"resource": {"resourceType": kind, "id": name}, "response": {"status": "200"}} for kind, name in keys]
        self._send({"resourceType": "Bundle", "entry": entry})

    def _send(self, said: Json) -> None:
        self.answer(200, json.dumps(said), Content_Type="application/fhir+json")


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


def _answer(resource: Json = None, **response: str) -> Json:
    return {"response": {"status": "200 OK"} | response} | ({} if resource is None else {"resource": resource})


def test_what_was_not_written_is_not_taken_for_what_was() -> None:
    """It would be remembered as agreed on: of another key, and of another version."""
    with StandIn(_Odd, asked=[]) as server:
        items = [Write(f"Observation/{one}", {"resourceType": "Observation", "id": one}) for one in "ab"]
        for outcome in FhirStore("ehr", f"{server.url}/fhir").write(items):
            assert "writing Observation/a was answered with another resource" in str(outcome.error)
        (outcome,) = FhirStore("ehr", f"{server.url}/fhir").write(items[:1])
        assert outcome.stored is not None and outcome.stored.key == "Observation/a"
    for said in ({"location": "Observation/b/_history/7"}, {"location": "http://ehr.example/fhir/Observation/b"}, {}):
        with StandIn(_Odd, asked=[], said=[_answer(**said)]) as server:
            (outcome,) = FhirStore("ehr", f"{server.url}/fhir").write(items[:1])
            assert "reading Observation/a was answered 200" in str(outcome.error)  # it is asked for what it wrote


JANE = {"resourceType": "Patient", "id": "jane", "identifier": [{"system": "urn:x", "value": "a1"}]}


@pytest.mark.parametrize(
    "other",
    [
        JANE | {"identifier": [{"system": "urn:y", "value": "a1"}]},
        JANE | {"identifier": 7},
        {"resourceType": "Patient", "id": "jane"},
        JANE | {"resourceType": "Person"},
    ],
)
def test_a_patient_without_the_identifier_is_not_taken_for_who_has_it(other: Json) -> None:
    """The report of one would be filed under another."""
    new = Write("Patient/new", JANE | {"id": "new"}, unless=("urn:x", "a1"))
    with StandIn(_Odd, asked=[], said=[_answer(other)]) as server:
        (outcome,) = FhirStore("ehr", f"{server.url}/fhir").write([new])
        assert isinstance(outcome.error, BridgeError) and outcome.stored is None
    with StandIn(_Odd, asked=[], said=[_answer(JANE)]) as server:
        (outcome,) = FhirStore("ehr", f"{server.url}/fhir").write([new])
        assert outcome.stored is not None and outcome.stored.key == "Patient/jane"


def test_who_was_not_searched_for_is_not_taken_for_who_was() -> None:
    """A server may search without regard to case, or to blanks (FHIR R4 search.html#token), and creates by that, too:
    whether it is the same patient, birth date and sex tell (`demographics`)."""
    said = (("upper", "URN:X", "A1"), ("blank", "urn:x", "a1 "))
    like = [JANE | {"id": name, "identifier": [{"system": one, "value": other}]} for name, one, other in said]
    with StandIn(_Odd, asked=[], said=[{"resource": one} for one in (*like, JANE)]) as server:
        store = FhirStore("ehr", f"{server.url}/fhir")
        found = [one.key for one in store.find("Patient", "urn:x", "a1")]
        assert found == ["Patient/upper", "Patient/blank", "Patient/jane"]
        with pytest.raises(PermanentError, match="Patient/upper was found by an identifier that it does not have"):
            store.find("Patient", "urn:x", "a2")
        with pytest.raises(PermanentError, match="a search for ImagingStudy was answered with another kind"):
            store.find("ImagingStudy", "urn:x", "a1")


def test_who_is_found_and_is_no_fhir_is_not_passed_over() -> None:
    """Another one would be made of him."""
    with StandIn(_Odd, asked=[], said=[{"resource": JANE | {"meta": 7}}]) as server:
        store = FhirStore("ehr", f"{server.url}/fhir")
        with pytest.raises(PermanentError, match="Patient/jane has a `meta` or `extension` that is no FHIR"):
            store.find("Patient", "urn:x", "a1")


def test_what_was_written_onto_a_placeholder_is_written() -> None:
    """HAPI may leave its mark."""
    mark = {"url": "http://hapifhir.io/fhir/StructureDefinition/resource-placeholder", "valueBoolean": True}
    with StandIn(_Odd, asked=[], said=[_answer(JANE | {"extension": [mark]})]) as server:
        (outcome,) = FhirStore("ehr", f"{server.url}/fhir").write([Write("Patient/jane", JANE)])
        assert outcome.stored is not None and outcome.stored.key == "Patient/jane"


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ([7], "no Bundle"),
        ({}, "no Bundle"),
        ([{"resource": 7}], "entry 1 of its answer holds no resource"),
        ([{"request": 7}], "entry 1 of its answer holds no resource"),
        ([{"resource": JANE}, {"resource": {"id": "a"}}], "entry 2 of its answer holds no resource"),
        ([{"resource": {"resourceType": "Patient"}}], "has no `id`"),
    ],
)
def test_an_answer_of_no_shape_is_said(entry: Json, says: str) -> None:
    with StandIn(_Odd, asked=[], entry=entry) as server, pytest.raises(PermanentError, match=says):
        list(FhirStore("ehr", f"{server.url}/fhir").changes(None))


@pytest.mark.parametrize("more", [{"meta": 7}, {"meta": {"versionId": 7}}, {"extension": 7}, {"extension": [7]}])
def test_a_resource_of_no_shape_is_its_own_fault_and_the_others_come(more: Json) -> None:
    with StandIn(_Odd, asked=[], entry=[{"resource": JANE | more}, {"resource": JANE | {"id": "other"}}]) as server:
        (page,) = FhirStore("ehr", f"{server.url}/fhir").changes(None)
        assert [(one.key, one.item is None) for one in page.changes] == [
            ("Patient/jane", True),
            ("Patient/other", False),
        ]
    with StandIn(_Odd, asked=[], said=[_answer(JANE | more)]) as server, pytest.raises(PermanentError, match="no FHIR"):
        FhirStore("ehr", f"{server.url}/fhir").read(["Patient/jane"])


@pytest.mark.parametrize("rest", [7, [7], [{"resource": 7}], [{"resource": [7, {"type": 7}]}]])
def test_a_capability_statement_of_no_shape_has_nothing(rest: Json) -> None:
    with StandIn(_Odd, asked=[], capability={"fhirVersion": "4.0.1", "rest": rest}) as server:
        assert list(FhirStore("ehr", f"{server.url}/fhir", searched=["Patient"]).changes(None)) == []


ELSEWHERE = {"0020000D": {"vr": "UI", "Value": ["2.25.99"]}}


class _Listing(Quiet):
    """A DICOMweb archive that lists `found`, whatever is searched for."""

    found: Json

    def do_GET(self) -> None:
        self.answer(200, json.dumps(self.found), Content_Type="application/dicom+json")


@pytest.mark.parametrize("found", [{}, 7, [7], [[]]])
def test_a_listing_of_no_shape_is_said(found: Json) -> None:
    with StandIn(_Listing, found=found) as server:
        store = DicomWebStore("pacs", server.url)
        for asked in (store.listing, lambda: store.named("2.25.1"), lambda: store.study("study/2.25.1")):
            with pytest.raises(TemporaryError, match="lists no data sets"):
                list(asked())


@pytest.mark.parametrize(
    "odd",
    [{"00081032": 7}, {"00081032": {"Value": 7}}, {"x": {}}, {"00081032": {"vr": []}}, {"00081032": {"vr": None}},
     {"00081032": {"vr": "SQ", "Value": [7]}}, {"00081032": {"vr": "SQ", "Value": [None]}}],
)  # fmt: skip
def test_an_attribute_of_no_shape_is_none_and_the_others_are_read(odd: Json) -> None:
    """Nobody else's study waits for it. An empty item may be null (PS3.18 F.2.5), and a UID be padded."""
    one = odd | {tag: {"vr": "UI", "Value": ["2.25.1 "]} for tag in ("0020000D", "0020000E", "00080018")}
    with StandIn(_Listing, found=[one]) as server:
        (instance,) = DicomWebStore("pacs", server.url).study("study/2.25.1")
        assert (text_of(instance, STUDY_UID) or "").strip() == "2.25.1"


def test_a_study_that_was_not_asked_for_is_not_taken_for_the_one_that_was() -> None:
    """Its patient would be the one of this study."""
    with StandIn(_Listing, found=[ELSEWHERE]) as server:
        store = DicomWebStore("pacs", server.url)
        for asked in (store.study, lambda key: store.absent([key]), lambda key: store._metadata(f"/studies/{key[6:]}")):
            with pytest.raises(TemporaryError, match="of another study"):
                asked("study/2.25.1")


def test_what_was_not_searched_for_by_its_uid_is_not_named() -> None:
    """An archive that does not search by it lists all that it has."""
    one, other = (
        {tag: {"Value": [uid]} for tag in ("0020000D", "0020000E", "00080018")} for uid in ("2.25.1", "2.25.2")
    )
    with StandIn(_Listing, found=[one, other]) as server:
        assert DicomWebStore("pacs", server.url).named("2.25.2") == ["2.25.2/2.25.2/2.25.2"]


class _Mistaken(Quiet):
    """An Orthanc behind a cache that answers with one instance for all."""

    data: bytes
    uid: str

    def do_GET(self) -> None:
        if self.path.endswith("/file"):
            self.answer(200, self.data, Content_Type="application/dicom")
        else:
            tags = {"SOPInstanceUID": self.uid, "StudyInstanceUID": self.uid}
            said = {"ID": "a0", "MainDicomTags": tags, "PatientMainDicomTags": {}, "StudyInstanceUID": "2.25.5"}
            self.answer(200, json.dumps([] if self.path.endswith("/series") else said))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        one = {"ID": "b0", "ParentSeries": "c0", "MainDicomTags": {"SOPInstanceUID": "2.25.5"}, "Metadata": {}}
        self.answer(200, json.dumps([one]))


def test_what_was_not_asked_for_of_orthanc_is_not_taken_for_what_was() -> None:
    data = as_file(ecg_report("2.25.5"))
    key = orthanc_id(reader.read(data).dataset)
    for uid, asked, fits in (("2.25.6", key, True), ("2.25.6", "0" * 8, False), ("2.25.5", "0" * 8, True)):
        with StandIn(_Mistaken, data=data, uid=uid) as server:
            store = OrthancStore("pacs", server.url)
            if fits:  # or its index knows why it has another id than we compute
                assert store.read([asked])[0] is not None
            else:
                with pytest.raises(TemporaryError, match="another instance came"):
                    store.read([asked])
    for uid, asked, fits in (("2.25.6", "a0", False), ("2.25.5", "a1", False), ("2.25.5", "a0", True)):
        with StandIn(_Mistaken, data=data, uid=uid) as server:
            store = OrthancStore("pacs", server.url)
            if fits:
                assert len(store.study(f"study/{asked}")) == 1
            else:
                with pytest.raises(TemporaryError, match="another study came"):
                    store.study(f"study/{asked}")


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
