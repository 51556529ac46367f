"""Retracted, rejected and deleted on the real servers; and what a listing does not show although it is there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import Any

import pydicom
import pytest
import requests
from pydicom.uid import KeyObjectSelectionDocumentStorage

from bridge.codecs import json
from bridge.ledger.deletions import MOMENT
from bridge.ledger.positions import OVERLAPPED
from bridge.sync.run import once
from bridge.web.passes import Passes
from bridge.web.rhythm import Rhythm
from fixtures.make_dicom import code
from fixtures.templates.items import instance
from tests.corpus import FIXTURES
from tests.integration import test_sync_edges as edges
from tests.servers.hapi import Hapi
from tests.servers.load import put
from tests.servers.proxy import Answer, plain, status
from tests.servers.world import MAPPING, World, started


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shared_hapi: Hapi) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("void"), shared_hapi) as made:
        for number in range(8):  # of which none is deleted: what stays shows that the server is the same
            put(made.hapi.base, observation(f"stays-{number}", number))
        made.once()
        yield made


@pytest.fixture(autouse=True)
def apart(world: World) -> None:
    """What one test has deleted does not count in the next."""
    world.later(2 * MOMENT)


def observation(name: str, value: int, **more: Any) -> dict[str, Any]:
    return edges.observation(name, value, effectiveDateTime="2026-05-01T10:00:00+02:00", **more)


def stored(world: World, uid: str) -> str:
    """An SR in Orthanc; its id there."""
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    return sent(world, dataset)


def sent(world: World, dataset: pydicom.Dataset) -> str:
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    answer = requests.post(f"{world.orthanc.base}/instances", data=out.getvalue(), timeout=60).json()
    assert answer["Status"] == "Success"
    return str(answer["ID"])


def report_of(world: World, uid: str) -> dict[str, Any]:
    (found,) = world.search(f"DiagnosticReport?identifier=urn:dicom:uid|urn:oid:{uid}")
    return found


def notes(world: World) -> list[pydicom.Dataset]:
    found = (pydicom.dcmread(BytesIO(data)) for data in world.instances())
    return [one for one in found if one.SOPClassUID == KeyObjectSelectionDocumentStorage]


def rejecting(world: World, uid: str) -> list[pydicom.Dataset]:
    return [one for one in notes(world) if uid in str(one.ContentSequence)]


def sr_of(world: World, name: str) -> str:
    ledger = world.ledger()
    link = ledger.links.of(world.route().name, f"Observation/{name}")
    ledger.close()
    assert link is not None
    return link.head


def delete(world: World, key: str) -> None:
    """HAPI's own work on what has just been written may be in the way: it tries again when it is asked to."""
    again = {"X-Retry-On-Version-Conflict": "retry; max-retries=10"}
    answer = requests.delete(f"{world.hapi.base}/{key}", headers=again, timeout=60)
    assert answer.ok, f"{answer.status_code}: {answer.text}"


def remove(world: World, identifier: str) -> None:
    requests.delete(f"{world.orthanc.base}/instances/{identifier}", timeout=60).raise_for_status()


def test_entered_in_error_in_hapi_is_a_note_in_orthanc(world: World) -> None:
    put(world.hapi.base, observation("wrong", 61))
    world.once()
    uid = sr_of(world, "wrong")
    put(world.hapi.base, observation("wrong", 61, status="entered-in-error"))
    assert world.once().acts["to-dicom retracted"] == 1
    (note,) = rejecting(world, uid)
    assert note.ConceptNameCodeSequence[0].CodeValue == "113037"
    world.once()
    before = world.written()
    assert (world.once().faults, world.written()) == ([], before)


def test_deleted_in_hapi_is_a_note_in_orthanc(world: World) -> None:
    put(world.hapi.base, observation("deleted", 61))
    world.once()
    uid = sr_of(world, "deleted")
    delete(world, "Observation/deleted")
    summary = world.once()
    assert (summary.faults, summary.acts["to-dicom retracted"]) == ([], 1)
    assert len(rejecting(world, uid)) == 1
    put(world.hapi.base, observation("deleted", 61))
    assert world.once().acts["to-dicom updated"] == 1
    assert sr_of(world, "deleted") != uid


def test_a_note_in_orthanc_is_entered_in_error_in_hapi(world: World) -> None:
    stored(world, "2.25.501")
    world.once()
    assert report_of(world, "2.25.501")["status"] == "final"
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = KeyObjectSelectionDocumentStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "2.25.502"
    dataset.SeriesInstanceUID, dataset.Modality = "2.25.503", "KO"
    dataset.ConceptNameCodeSequence = code("113038", "DCM", "Incorrect Modality Worklist Entry")
    dataset.ContentSequence = [instance("COMPOSITE", None, "1.2.840.10008.5.1.4.1.1.88.33", "2.25.501")]
    sent(world, dataset)
    summary = world.once()
    assert (summary.faults, summary.acts["to-fhir retracted"]) == ([], 1)
    report = report_of(world, "2.25.501")
    assert report["status"] == "entered-in-error"
    for reference in report["result"]:
        (result,) = world.search(f"Observation?_id={reference['reference'].partition('/')[2]}")
        assert result["status"] == "entered-in-error"


def test_what_orthanc_deletes_without_a_word_is_found_by_comparison(world: World) -> None:
    identifier = stored(world, "2.25.511")
    world.once()
    world.once()  # takes in the echo
    remove(world, identifier)
    assert world.once().acts["to-fhir retracted"] == 0  # no entry says it
    summary = world.once(reconciling=True)
    assert (summary.faults, summary.acts["to-fhir retracted"]) == ([], 1)
    assert report_of(world, "2.25.511")["status"] == "entered-in-error"
    before = world.written()
    assert world.once(reconciling=True).acts["to-fhir retracted"] == 0
    assert world.written() == before


def test_serve_compares_by_itself(world: World) -> None:
    identifier = stored(world, "2.25.521")
    world.once()
    world.once()
    remove(world, identifier)
    ledger = world.ledger()
    passes = Passes(partial(once, [world.route()], ledger, MAPPING), ledger, Rhythm(60, 3600))
    passes.start()
    while not passes.report()["made"]:
        time.sleep(0.1)
    passes.stop()
    assert report_of(world, "2.25.521")["status"] == "entered-in-error"


def test_three_deletions_mark_three(world: World) -> None:
    for number in range(3):
        put(world.hapi.base, observation(f"three-{number}", number))
    world.once()
    for number in range(3):
        delete(world, f"Observation/three-{number}")
    assert world.once().acts["to-dicom retracted"] == 3


def test_what_a_feed_has_missed_is_found_by_comparison(world: World) -> None:
    """As after an outage that was longer than the server keeps its history: the position is beyond the news."""
    put(world.hapi.base, observation("missed", 61))
    ledger, route = world.ledger(), world.route()
    for name in (route.fhir.name, OVERLAPPED):
        ledger.feeds.move(route.name, name, "2030-01-01T00:00:00.000+00:00")
    ledger.close()
    assert world.once().acts["to-dicom created"] == 0
    assert world.once(reconciling=True).acts["to-dicom created"] == 1


@pytest.mark.parametrize("name", ["Observation", "DiagnosticReport"])
def test_a_listing_that_breaks_off_marks_nothing(world: World, name: str) -> None:
    before = world.written()
    with world.to_hapi.inject(status(500), "GET", f"/{name}?") as rule:
        summary = world.once(reconciling=True)
    assert rule.seen and summary.faults
    assert world.written() == before
    assert world.once(reconciling=True).faults == []
    assert world.written() == before


def test_a_living_resource_that_a_listing_misses_is_not_marked(world: World) -> None:
    before = world.written()
    with world.to_hapi.inject(without_entries, "GET", "/Observation?"):
        summary = world.once(reconciling=True)
    assert (summary.faults, world.written()) == ([], before)


def test_a_living_instance_that_a_listing_misses_is_not_marked(world: World) -> None:
    """As when another one is deleted between two pages, and all that follows moves."""
    stored(world, "2.25.531")
    world.once()
    world.once()
    before = world.written()
    with world.to_orthanc.inject(without_the_first, "GET", "/instances?expand") as rule:
        summary = world.once(reconciling=True)
    assert rule.seen and (summary.faults, world.written()) == ([], before)


def without_the_first(handler: Any, answer: Answer) -> None:
    """Two instances less."""
    plain(handler, Answer(answer.status, answer.headers, json.dumps(json.loads(answer.body)[2:])))


def without_entries(handler: Any, answer: Answer) -> None:
    found = json.loads(answer.body)
    plain(handler, Answer(answer.status, answer.headers, json.dumps({**found, "entry": [], "link": []})))


def test_a_lost_permission_marks_nothing(world: World) -> None:
    """A server that filters what its caller may not see: empty lists, and 404 for each."""
    before = world.written()
    with (
        world.to_hapi.inject(without_entries, "GET", "?"),
        world.to_hapi.inject(status(404), "GET", "/"),
        world.to_hapi.inject(nothing_there, "POST", "/fhir"),
    ):
        summary = world.once(reconciling=True)
        assert "is that the right server" in str(summary.faults)
        assert any("paused" in fault for fault in world.once().faults)
    assert world.written() == before
    ledger, name = world.ledger(), world.route().name
    ledger.operations.resume(name, "tests")
    ledger.close()
    assert world.once(reconciling=True).faults == []
    assert world.written() == before


def nothing_there(handler: Any, answer: Answer) -> None:
    """Of a batch of reads."""
    entries = [{"response": {"status": "404"}} for _ in json.loads(answer.body)["entry"]]
    plain(handler, Answer(200, answer.headers, json.dumps({"resourceType": "Bundle", "entry": entries})))
