"""The stores on the real servers, and what these do that one would not expect (HAPI 8.8, Orthanc 1.10)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
import requests

from bridge.codecs import json
from bridge.codecs.dicom import reader
from bridge.errors import BridgeError, OutageError, PermanentError, TemporaryError
from bridge.model.dataset import UNICODE, text_of
from bridge.model.tags import PATIENT_ID, SERIES_UID, SOP_CLASS_UID, SOP_INSTANCE_UID, STUDY_UID
from bridge.stores.dicomweb import DicomWebStore
from bridge.stores.fhir import FhirStore
from bridge.stores.folder import InstanceFolder, ResourceFolder
from bridge.stores.orthanc import OrthancStore, orthanc_id
from bridge.stores.store import Instance, InstanceStore, ResourceStore, Write
from bridge.translate.header.imaging_study import is_document
from tests.corpus import FIXTURES, SR_FILES
from tests.images import as_file, ct
from tests.servers.hapi import Hapi
from tests.servers.orthanc import Orthanc
from tests.servers.service import until
from tests.servers.stand_in import Quiet, StandIn


@dataclass
class Servers:
    hapi: Hapi
    orthanc: Orthanc
    folder: Path


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, shared_hapi: Hapi) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("stores")
    orthanc = Orthanc(folder / "orthanc")
    shared_hapi.empty()
    try:
        orthanc.start()
        yield Servers(shared_hapi, orthanc, folder)
    finally:
        orthanc.stop()


@pytest.fixture(params=["fhir", "folder"])
def resources(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> ResourceStore:
    return FhirStore("ehr", servers.hapi.base) if request.param == "fhir" else ResourceFolder("ehr", tmp_path)


@pytest.fixture(params=["orthanc", "dicomweb", "folder"])
def instances(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> InstanceStore:
    if request.param == "orthanc":
        return OrthancStore("pacs", servers.orthanc.base)
    if request.param == "dicomweb":
        return DicomWebStore("pacs", f"{servers.orthanc.base}/dicom-web")
    return InstanceFolder("pacs", tmp_path)


ASKED = (SOP_CLASS_UID, STUDY_UID, SERIES_UID, PATIENT_ID, 0x00080050, 0x00080060, 0x0008103E, 0x00180015, 0x00200013)


def observation(identifier: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": identifier, "status": "final", "code": {"text": "x"}, **more}


def sr(uid: str, text: str = "Sinusrhythmus", study: str = "2.25.5001") -> bytes:
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.StudyInstanceUID, dataset.ContentSequence[-1].TextValue = study, text
    out = pydicom.filebase.DicomBytesIO()
    dataset.save_as(out)
    return bytes(out.getvalue())


def unique(request: pytest.FixtureRequest) -> str:
    return f"{abs(hash(request.node.name))}"


# -- every store ----------------------------------------------------------------------------------------------------
def test_resources_are_written_read_listed_and_removed(
    resources: ResourceStore, request: pytest.FixtureRequest
) -> None:
    name = f"t-{unique(request)}"
    key = f"Observation/{name}"
    (outcome,) = resources.write([Write(key, observation(name, valueInteger=3))])
    assert outcome.error is None and outcome.stored is not None
    (stored, missing) = resources.read([key, "Observation/no-such"])
    assert stored is not None and missing is None
    assert (stored.version, stored.item["valueInteger"]) == (outcome.stored.version, 3)
    assert key in {seen.key for seen in resources.listing()}
    assert key in {change.key for page in resources.changes(None) for change in page.changes}
    until(lambda: resources.remove([key]) == [None])  # HAPI answers 409 while it keeps what a search has found
    assert resources.read([key]) == [None]


def test_a_resource_that_changed_meanwhile_is_not_overwritten(
    resources: ResourceStore, request: pytest.FixtureRequest
) -> None:
    name = f"t-{unique(request)}"
    key = f"Observation/{name}"
    (first,) = resources.write([Write(key, observation(name, valueInteger=1))])
    resources.write([Write(key, observation(name, valueInteger=2))])
    assert first.stored is not None
    (refused,) = resources.write([Write(key, observation(name, valueInteger=3), expected=first.stored.version)])
    assert refused.error is not None
    (stored,) = resources.read([key])
    assert stored is not None and stored.item["valueInteger"] == 2


def test_a_conditional_create_finds_the_one_that_is_there(
    resources: ResourceStore, request: pytest.FixtureRequest
) -> None:
    identity = ("urn:test", f"a,b|c$ {unique(request)}")  # everything that a search would take for syntax
    patient = {"resourceType": "Patient", "identifier": [{"system": identity[0], "value": identity[1]}]}
    new, again = f"p-{unique(request)}", f"q-{unique(request)}"
    refer = observation(f"o-{unique(request)}", subject={"reference": f"urn:uuid:{again}"})
    (one,) = resources.write([Write(f"Patient/{new}", {**patient, "id": new}, unless=identity)])
    (two, three) = resources.write(
        [
            Write(f"Patient/{again}", {**patient, "id": again}, unless=identity),
            Write(f"Observation/{refer['id']}", refer),
        ]
    )
    assert one.stored is not None and two.stored is not None and three.stored is not None
    assert one.stored.key == two.stored.key == three.stored.item["subject"]["reference"]
    assert [found.key for found in resources.find("Patient", *identity)] == [one.stored.key]


def test_a_conditional_create_leaves_alone_who_has_that_id(
    resources: ResourceStore, request: pytest.FixtureRequest
) -> None:
    """FHIR R4 http.html#ccreate: the server names what it creates."""
    name, system = f"p-{unique(request)}", "urn:test"
    stranger, new = (
        {"resourceType": "Patient", "id": name, "identifier": [{"system": system, "value": f"{one} {name}"}]}
        for one in ("stranger", "new")
    )
    resources.write([Write(f"Patient/{name}", stranger)])
    refer = observation(f"o-{unique(request)}", subject={"reference": f"urn:uuid:{name}"})
    items = [
        Write(f"Patient/{name}", new, unless=(system, f"new {name}")),
        Write(f"Observation/{refer['id']}", refer),
    ]
    for _ in range(2):
        made, referring = (one.stored for one in resources.write(items))
        assert made is not None and referring is not None
        assert made.key == referring.item["subject"]["reference"] != f"Patient/{name}"
        assert [found.key for found in resources.find("Patient", system, f"new {name}")] == [made.key]
    (there,) = resources.read([f"Patient/{name}"])
    assert there is not None and there.item["identifier"] == stranger["identifier"]


def test_instances_are_written_read_and_listed(instances: InstanceStore, request: pytest.FixtureRequest) -> None:
    data = sr(f"2.25.{unique(request)}")
    key = instances.key_of(reader.read(data).dataset)
    assert instances.read([key]) == [None]
    (outcome,) = instances.write([Write("uid", Instance(data))])
    assert outcome.error is None and outcome.stored is not None and outcome.stored.key == key
    (stored,) = instances.read([key])
    assert stored is not None
    assert reader.read(stored.item.data).dataset == reader.read(data).dataset
    assert key in {seen.key for seen in instances.listing()}
    assert key in {change.key for page in instances.changes(None) for change in page.changes}


def test_what_was_changed_on_a_day(resources: ResourceStore, request: pytest.FixtureRequest) -> None:
    name = f"t-{unique(request)}"
    before = datetime.now(UTC).date()
    resources.write([Write(f"Observation/{name}", observation(name, valueInteger=3))])
    after = datetime.now(UTC).date()
    found = {seen.key for day in {before, after} for seen in resources.dated(day)}
    assert f"Observation/{name}" in found
    assert list(resources.dated(before - timedelta(days=1))) == []


def test_what_is_in_studies_of_a_day(instances: InstanceStore, request: pytest.FixtureRequest) -> None:
    study = f"2.25.{unique(request)}"
    day = datetime.now(UTC).date() if isinstance(instances, InstanceFolder) else date(1987, 6, 5)
    files = [as_file(ct(1, study=study, series=f"{study}.1", StudyDate="19870605"))]
    report = pydicom.dcmread(BytesIO(sr(f"{study}.9", study=study)))
    report.StudyDate = "19870605"
    files.append(as_file(report))
    keys = [instances.key_of(reader.read(data).dataset) for data in files]
    for data in files:
        (outcome,) = instances.write([Write("uid", Instance(data))])
        assert outcome.error is None
    found = {seen.key for seen in instances.dated(day)}
    of_image = instances.study_of(reader.read(files[0]).dataset) if isinstance(instances, DicomWebStore) else keys[0]
    assert {of_image, keys[1]} <= found
    assert list(instances.dated(day - timedelta(days=1))) == []


def test_other_content_under_a_uid_is_refused_and_the_old_one_stays(
    instances: InstanceStore, request: pytest.FixtureRequest
) -> None:
    uid = f"2.25.{unique(request)}"
    instances.write([Write(uid, Instance(sr(uid)))])
    (refused,) = instances.write([Write(uid, Instance(sr(uid, text="Vorhofflimmern")))])
    assert isinstance(refused.error, PermanentError)
    (stored,) = instances.read([instances.key_of(reader.read(sr(uid)).dataset)])
    assert stored is not None and b"Sinusrhythmus" in stored.item.data


def test_identifiers_that_are_none_keep_nobody_else_from_being_found(tmp_path: Path) -> None:
    store = ResourceFolder("ehr", tmp_path)
    (tmp_path / "Patient").mkdir()
    for name, said in (("a", 7), ("b", [7]), ("c", [{"system": "urn:x", "value": "1"}])):
        one = {"resourceType": "Patient", "id": name, "identifier": said}
        (tmp_path / "Patient" / f"{name}.json").write_bytes(json.dumps(one))
    assert [one.key for one in store.find("Patient", "urn:x", "1")] == ["Patient/c"]


@pytest.mark.parametrize("key", ["../etc/x", "Observation/..", "Observation/a/b", "/etc/passwd", "Observation/"])
def test_a_key_never_leads_out_of_a_folder(tmp_path: Path, key: str) -> None:
    (tmp_path / "in").mkdir()
    for store in (ResourceFolder("ehr", tmp_path / "in"), InstanceFolder("pacs", tmp_path / "in")):
        (error,) = store.remove([key])
        assert isinstance(error, PermanentError)
        for asked in (store.read, store.absent):
            with pytest.raises(PermanentError, match="no file name of this store"):
                asked([key])
    kind, _, name = key.partition("/")
    (written,) = ResourceFolder("ehr", tmp_path / "in").write([Write(key, {"resourceType": kind, "id": name})])
    assert isinstance(written.error, PermanentError)


def test_a_uid_never_leads_out_of_a_folder(tmp_path: Path) -> None:
    """It is whatever somebody has written into a file."""
    (tmp_path / "in").mkdir()
    for outcome in InstanceFolder("pacs", tmp_path / "in").write(
        [Write("2.25.7", Instance(sr("2.25.7", study="../..")))]
    ):
        assert isinstance(outcome.error, PermanentError)
    assert [one.name for one in tmp_path.iterdir()] == ["in"]


# -- Orthanc --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", SR_FILES, ids=lambda path: path.name)
def test_an_orthanc_id_is_computed(servers: Servers, path: Path) -> None:
    answer = requests.post(f"{servers.orthanc.base}/instances", data=path.read_bytes(), timeout=60).json()
    assert orthanc_id(reader.read(path.read_bytes()).dataset) == answer["ID"]


def test_a_connection_that_orthanc_closed_is_not_used_again(servers: Servers) -> None:
    store = OrthancStore("pacs", servers.orthanc.base)
    for uid in ("2.25.6001", "2.25.6002"):
        (outcome,) = store.write([Write(uid, Instance(sr(uid)))])
        assert outcome.error is None
        time.sleep(1.3)  # it closes what is idle for a second


def test_a_stow_that_is_answered_with_success_and_stored_nothing_is_an_error(servers: Servers) -> None:
    store = DicomWebStore("pacs", f"{servers.orthanc.base}/dicom-web")
    (outcome,) = store.write([Write("2.25.6101", Instance(sr("2.25.6101", study="")))])
    assert outcome.error is not None


def test_a_replaced_database_is_not_taken_for_news(servers: Servers) -> None:
    with pytest.raises(PermanentError, match="replaced"):
        list(OrthancStore("pacs", servers.orthanc.base).changes("99999999"))


# -- HAPI -----------------------------------------------------------------------------------------------------------
def test_history_is_read_to_its_end_over_many_pages(servers: Servers) -> None:
    store = FhirStore("ehr", servers.hapi.base)
    keys = {f"Observation/many-{number}" for number in range(1200)}
    since = datetime.now(UTC).isoformat()
    names = sorted(keys)
    for start in range(0, len(names), 400):
        batch = [Write(name, observation(name.partition("/")[2])) for name in names[start : start + 400]]
        assert all(outcome.error is None for outcome in store.write(batch))
    pages = list(store.changes(since))
    assert len(pages) >= 3
    assert keys <= {change.key for page in pages for change in page.changes}
    assert pages[0].position >= since[:19]


def test_a_search_is_never_answered_from_a_stale_result(servers: Servers, request: pytest.FixtureRequest) -> None:
    store = FhirStore("ehr", servers.hapi.base)
    identity = ("urn:stale", unique(request))
    assert list(store.find("Patient", *identity)) == []
    patient = {"resourceType": "Patient", "id": "stale", "identifier": [{"system": identity[0], "value": identity[1]}]}
    store.write([Write("Patient/stale", patient)])
    assert [one.key for one in store.find("Patient", *identity)] == ["Patient/stale"]


def test_what_the_server_drops_is_seen_in_what_was_written(servers: Servers) -> None:
    """HAPI answers 201 and drops unknown elements: the outcome holds what it has, not what was sent."""
    store = FhirStore("ehr", servers.hapi.base)
    (outcome,) = store.write([Write("Observation/drop", observation("drop", colour="red"))])
    assert outcome.stored is not None and "colour" not in outcome.stored.item


def test_a_placeholder_is_not_there(servers: Servers) -> None:
    store = FhirStore("ehr", servers.hapi.base)
    store.write([Write("Observation/refers", observation("refers", subject={"reference": "Patient/never-was"}))])
    assert store.read(["Patient/never-was"]) == [None]
    assert store.absent(["Patient/never-was", "Patient/nor-this", "Observation/refers"]) == ["deleted", "unknown", None]


def test_one_entry_that_is_refused_leaves_nothing_of_the_transaction(servers: Servers) -> None:
    store = FhirStore("ehr", servers.hapi.base)
    bad = observation("tx-bad") | {"status": "no-such-status"}
    outcomes = store.write([Write("Observation/tx-good", observation("tx-good")), Write("Observation/tx-bad", bad)])
    assert all(isinstance(outcome.error, PermanentError) for outcome in outcomes)
    assert store.read(["Observation/tx-good"]) == [None]


def test_a_large_resource_goes_through(servers: Servers) -> None:
    store = FhirStore("ehr", servers.hapi.base)
    (outcome,) = store.write([Write("Observation/large", observation("large", valueString="x" * 5_000_000))])
    assert outcome.error is None
    (stored,) = store.read(["Observation/large"])
    assert stored is not None and len(stored.item["valueString"]) == 5_000_000


def test_decimals_come_back_as_they_were_written(servers: Servers) -> None:
    store = FhirStore("ehr", servers.hapi.base)
    value = json.loads(b'{"value": 36.60}')
    store.write([Write("Observation/decimal", observation("decimal", valueQuantity=value))])
    (stored,) = store.read(["Observation/decimal"])
    assert stored is not None and json.dumps(stored.item["valueQuantity"]) == b'{"value":36.60}'


# -- bad peers ------------------------------------------------------------------------------------------------------
class _Bad(Quiet):
    """Answers as its path says."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        body = {"garbage": b"<html>hello</html>", "list": b"[]", "short": b'{"resourceType":'}.get(kind, b"{}")
        if kind.startswith("release-"):
            bundle = {"resourceType": "Bundle", "meta": {"lastUpdated": "2026-03-02T08:00:00Z"}}
            said = {"fhirVersion": kind.partition("-")[2]} if self.path.endswith("/metadata") else bundle
            body = json.dumps(said)
        status = {"busy": 503, "forbidden": 403, "moved": 302}.get(kind, 200)
        where = {"Location": "http://192.0.2.1/elsewhere"} if kind == "moved" else {}
        self.answer(status, body, len(body) + (100 if kind == "short" else 0), **where)


@pytest.fixture(scope="module")
def bad_peer() -> Iterator[str]:
    with StandIn(_Bad) as server:
        yield server.url


@pytest.mark.parametrize(
    ("path", "kind", "says"),
    [
        ("garbage", TemporaryError, "no JSON"),
        ("list", PermanentError, "no CapabilityStatement"),
        ("short", TemporaryError, "broke|broken"),
        ("busy", TemporaryError, "503"),
        ("forbidden", OutageError, "403"),
        ("moved", PermanentError, "302"),
    ],
)
def test_a_bad_answer_is_an_error_with_place_and_remedy(
    bad_peer: str, path: str, kind: type[BridgeError], says: str
) -> None:
    with pytest.raises(kind, match=f"ehr.*({says})"):
        list(FhirStore("ehr", f"{bad_peer}/{path}").changes(None))


def test_a_listing_that_is_none_is_refused(bad_peer: str) -> None:
    with pytest.raises(PermanentError, match="ehr.*no Bundle"):
        list(FhirStore("ehr", f"{bad_peer}/list").listing())


@pytest.mark.parametrize(("release", "speaks"), [("4.0.1", True), ("4.3.0", True), ("5.0.0", False), ("3.0.2", False)])
def test_a_server_of_another_release_is_refused(bad_peer: str, release: str, speaks: bool) -> None:  # noqa: FBT001
    """It would drop elements of R4 in silence."""
    store = FhirStore("ehr", f"{bad_peer}/release-{release}")
    if speaks:
        assert [*store.changes(None)]
        return
    with pytest.raises(PermanentError, match=f"ehr: speaks FHIR {release}, and stores are kept in step in R4"):
        list(store.changes(None))


def test_a_peer_that_is_not_there(servers: Servers) -> None:
    with pytest.raises(TemporaryError, match="no connection"):
        list(OrthancStore("pacs", "http://127.0.0.1:9").changes(None))


def test_a_link_that_leads_elsewhere_is_not_followed(servers: Servers) -> None:
    peer = FhirStore("ehr", "http://127.0.0.1:9/fhir")._peer
    assert peer.rejoined("http://evil.example/fhir?page=2") == "?page=2"
    with pytest.raises(PermanentError, match="outside"):
        peer.rejoined("http://127.0.0.1:9/other?page=2")
    for steps in ("../admin", "x/../../admin", "%2e%2e/admin", "x/%2E./admin", "..%2fadmin", "./x", "..;a/admin"):
        with pytest.raises(PermanentError, match="outside"):
            peer.rejoined(f"http://127.0.0.1:9/fhir/{steps}")
    with pytest.raises(PermanentError, match="no URL"):
        peer.rejoined("http://[x/fhir")


def test_a_study_is_listed_by_its_headers_in_every_store(
    instances: InstanceStore, request: pytest.FixtureRequest
) -> None:
    study = f"2.25.{unique(request)}"
    slices = [ct(number, study=study, series=f"{study}.1") for number in (1, 2)]
    report = sr(f"{study}.9", study=study)
    files = [*map(as_file, slices), report]
    headers = [reader.read(data).dataset for data in files]
    name = instances.study_of(headers[0])
    assert (instances.study(name), instances.absent([name])) == ([], ["unknown"])
    for data in files:
        (outcome,) = instances.write([Write("uid", Instance(data))])
        assert outcome.error is None
    assert instances.absent([name]) == [None]
    keys = [instances.key_of(header) for header in headers]
    places = instances.placed(
        [*keys, *([] if isinstance(instances, DicomWebStore) else [keys[0][:-1] + "10"[keys[0][-1] == "1"]])]
    )
    assert {place.study for place in places[:3] if place} == {name}
    assert places[3:] in ([], [None])
    if not isinstance(instances, DicomWebStore):  # which lists documents alone
        assert [is_document(place.sop_class) for place in places[:3] if place] == [False, False, True]
    said = {text_of(header, SOP_INSTANCE_UID): header for header in instances.study(name)}
    for header in headers[:2]:  # what is of the study, a store may know once
        found = said[text_of(header, SOP_INSTANCE_UID)]
        for tag in ASKED:
            assert text_of(header, tag, UNICODE) == text_of(found, tag, UNICODE), hex(tag)
    if isinstance(instances, DicomWebStore):
        assert name in {seen.key for seen in instances.listing()}
