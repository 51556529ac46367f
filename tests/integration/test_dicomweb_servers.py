"""Any DICOMweb archive: an Orthanc of which everything but `/dicom-web` is closed. There is no feed, so each poll
lists; nothing tells versions, and nothing can be removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pydicom
import pytest
import requests
from pydicom.uid import KeyObjectSelectionDocumentStorage

from bridge.codecs import json
from bridge.stores import qido
from fixtures.make_dicom import code
from fixtures.templates.items import instance
from tests.corpus import FIXTURES
from tests.integration.test_sync_void_servers import observation, rejecting, remove, report_of, sent, sr_of, stored
from tests.servers.hapi import Hapi
from tests.servers.load import put
from tests.servers.proxy import Answer, plain, status, wrong_type
from tests.servers.world import ANY_ARCHIVE, World, started


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, shared_hapi: Hapi) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("dicomweb"), shared_hapi, ANY_ARCHIVE) as made:
        made.to_orthanc.open = "/dicom-web/"
        for number in range(8):
            put(made.hapi.base, observation(f"stays-{number}", number))
        made.once()
        yield made


@pytest.fixture
def world(archive: World) -> Iterator[World]:
    """In which nothing was ever asked for but DICOMweb, and after which a further pass writes nothing."""
    yield archive
    archive.once()
    before = archive.written()
    assert (archive.once().faults, archive.written()) == ([], before)
    assert archive.to_orthanc.refused == []


def test_an_observation_becomes_an_sr_and_its_correction_another(world: World) -> None:
    put(world.hapi.base, observation("corrected", 61))
    summary = world.once()
    assert (summary.faults, summary.acts["to-dicom created"]) == ([], 1)
    first = sr_of(world, "corrected")
    put(world.hapi.base, observation("corrected", 64, status="corrected"))
    assert world.once().acts["to-dicom updated"] == 1
    second = next(one for one in world.srs_of("Observation/corrected") if one.SOPInstanceUID != first)
    assert first in str(second.PredecessorDocumentsSequence)
    assert len(world.srs_of("Observation/corrected")) == 2


def test_entered_in_error_becomes_a_rejection_note(world: World) -> None:
    put(world.hapi.base, observation("wrong", 61))
    world.once()
    uid = sr_of(world, "wrong")
    put(world.hapi.base, observation("wrong", 61, status="entered-in-error"))
    assert world.once().acts["to-dicom retracted"] == 1
    assert len(rejecting(world, uid)) == 1


def test_an_sr_becomes_a_report_and_its_successor_amends_it(world: World) -> None:
    stored(world, "2.25.8001")
    assert world.once().acts["to-fhir created"] == 1
    before = report_of(world, "2.25.8001")
    successor = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    successor.SOPInstanceUID = successor.file_meta.MediaStorageSOPInstanceUID = "2.25.8002"
    successor.ContentSequence[-1].TextValue = "Linksschenkelblock"
    successor.PredecessorDocumentsSequence = [_study_of(successor, "2.25.8001")]
    sent(world, successor)
    assert world.once().acts["to-fhir updated"] == 1
    after = report_of(world, "2.25.8002")
    assert (after["id"], after["status"]) == (before["id"], "amended")


def _study_of(dataset: pydicom.Dataset, uid: str) -> pydicom.Dataset:
    found, series, study = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    found.ReferencedSOPClassUID, found.ReferencedSOPInstanceUID = dataset.SOPClassUID, uid
    series.SeriesInstanceUID, series.ReferencedSOPSequence = dataset.SeriesInstanceUID, [found]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = dataset.StudyInstanceUID, [series]
    return study


def test_a_rejection_note_is_entered_in_error(world: World) -> None:
    stored(world, "2.25.8101")
    world.once()
    note = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    note.SOPClassUID = note.file_meta.MediaStorageSOPClassUID = KeyObjectSelectionDocumentStorage
    note.SOPInstanceUID = note.file_meta.MediaStorageSOPInstanceUID = "2.25.8102"
    note.SeriesInstanceUID, note.Modality = "2.25.8103", "KO"
    note.ConceptNameCodeSequence = code("113037", "DCM", "Rejected for Patient Safety Reasons")
    note.ContentSequence = [instance("COMPOSITE", None, "1.2.840.10008.5.1.4.1.1.88.33", "2.25.8101")]
    sent(world, note)
    assert world.once().acts["to-fhir retracted"] == 1
    assert report_of(world, "2.25.8101")["status"] == "entered-in-error"


def test_what_is_no_longer_listed_is_asked_for_and_entered_in_error(world: World) -> None:
    identifier = stored(world, "2.25.8201")
    world.once()
    remove(world, identifier)
    summary = world.once()
    assert (summary.faults, summary.acts["to-fhir retracted"]) == ([], 1)
    assert report_of(world, "2.25.8201")["status"] == "entered-in-error"


@pytest.mark.parametrize("path", ["/studies?", "/instances?"])
def test_a_living_instance_that_a_listing_misses_is_not_marked(world: World, path: str) -> None:
    world.once()
    before = world.written()
    with world.to_orthanc.inject(one_less, "GET", path) as rule:
        summary = world.once()
    assert rule.seen and (summary.faults, world.written()) == ([], before)


def one_less(handler: Any, answer: Answer) -> None:
    plain(handler, Answer(answer.status, answer.headers, json.dumps(json.loads(answer.body)[1:])))


@pytest.mark.parametrize("fault", [status(500), status(403), wrong_type], ids=["500", "403", "a page to log in"])
@pytest.mark.parametrize("path", ["/studies?", "/instances?"])
def test_a_listing_that_breaks_off_marks_nothing(world: World, path: str, fault: Any) -> None:
    world.once()
    before = world.written()
    with world.to_orthanc.inject(fault, "GET", path):
        assert world.once().faults
    assert world.written() == before


def test_a_listing_of_many_pages_is_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Orthanc skips within the limit where it has to look at each study: what follows a full page seems to be empty."""
    whole = [seen.key for seen in world.route().dicom.listing()]
    monkeypatch.setattr(qido, "_PAGE", 1)
    assert sorted(seen.key for seen in world.route().dicom.listing()) == sorted(whole)
    assert len(whole) > 8


def test_a_page_that_the_server_cuts_is_not_the_last(world: World) -> None:
    """Of an archive that gives one at a time, whatever is asked for, and says so."""
    whole = [seen.key for seen in world.route().dicom.listing()]
    with world.to_orthanc.inject(cut_to_one, "GET", "/instances?"):
        assert sorted(seen.key for seen in world.route().dicom.listing()) == sorted(whole)


def cut_to_one(handler: Any, answer: Answer) -> None:
    found = json.loads(answer.body)
    headers = answer.headers | ({"Warning": '299 archive "there are more"'} if len(found) > 1 else {})
    plain(handler, Answer(answer.status, headers, json.dumps(found[:1])))


def test_what_is_lost_in_mid_write_is_written_once(world: World) -> None:
    put(world.hapi.base, observation("mid-write", 1))
    with world.to_orthanc.inject(status(503), "POST", "/studies") as rule:
        assert world.once().faults and rule.seen
    world.later(7200)
    assert world.once().faults == []
    assert len(world.srs_of("Observation/mid-write")) == 1


def test_everything_else_is_closed(world: World) -> None:
    """Or none of this would show anything."""
    for path in ("/changes", "/instances", "/system", "/tools/find"):
        assert requests.get(f"{world.to_orthanc.base}{path}", timeout=60).status_code == 403
    world.to_orthanc.refused.clear()


def moved(world: World, uid: str, **header: str) -> None:
    """In the archive: the very instance with another header, and the former is gone."""
    base = world.orthanc.base
    (found,) = requests.post(f"{base}/tools/lookup", data=uid, timeout=60).json()
    data = requests.get(f"{base}/instances/{found['ID']}/file", timeout=60).content
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data))
    for keyword, value in header.items():
        setattr(dataset, keyword, value)
    sent(world, dataset)
    requests.delete(f"{base}/instances/{found['ID']}", timeout=60).raise_for_status()


def test_what_is_filed_under_another_patient_is_his(world: World) -> None:
    """Under all its UIDs, and without a feed: what the archive says of the study has another patient."""
    stored(world, "2.25.8111")
    world.once()
    before = report_of(world, "2.25.8111")
    moved(world, "2.25.8111", PatientID="another", PatientName="Other^Olga", PatientBirthDate="", PatientSex="")
    summary = world.once()
    assert summary.acts["to-fhir moved"] + summary.acts["to-fhir updated"] == 1, summary.faults
    after = report_of(world, "2.25.8111")
    patient = requests.get(f"{world.hapi.base}/{after['subject']['reference']}", timeout=60).json()
    assert after["subject"] != before["subject"] and patient["identifier"][0]["value"] == "another"


def test_what_is_in_another_study_now_is_not_gone(world: World) -> None:
    stored(world, "2.25.8201")
    world.once()
    moved(world, "2.25.8201", StudyInstanceUID="2.25.82")
    for _ in range(2):
        faults = world.once().faults
    assert any("has moved it, to another study it may be" in line for line in faults)
    assert report_of(world, "2.25.8201")["status"] == "final"
    (there,) = requests.post(f"{world.orthanc.base}/tools/lookup", data="2.25.8201", timeout=60).json()
    requests.delete(f"{world.orthanc.base}/instances/{there['ID']}", timeout=60).raise_for_status()
