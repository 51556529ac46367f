"""A real HAPI and a real Orthanc, one pass: what one holds stands in the other, and a second pass writes nothing.

The tests share one pair of servers and one ledger; each looks at documents of its own, so their order is free.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
import requests

from bridge.codecs import json
from bridge.codecs.dicom import reader, structured_report
from bridge.convert.inputs import Readable, read
from bridge.ledger.ledger import Ledger
from bridge.model.dataset import text_of
from bridge.model.group import Group, reference_to, same
from bridge.model.sr import write_document
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.stores.folder import InstanceFolder, ResourceFolder
from bridge.sync.basis.failpoint import NAMES
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import as_content
from bridge.sync.documents.resources import Present
from bridge.sync.run import once
from bridge.translate.basis.ids import Known
from bridge.translate.gather import SUPPORT
from bridge.translate.header.header import born_uid
from bridge.translate.header.shared_study import is_shared
from bridge.translate.remainder.extension import stripped
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import CORPUS, FHIR_FILES, FIXTURES, SR_FILES
from tests.judges import judge
from tests.samples import ecg_report, measured
from tests.servers.hapi import Hapi
from tests.servers.load import load_instances, load_resources, put, register_patients
from tests.servers.world import MAPPING, World, started


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shared_hapi: Hapi) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("servers"), shared_hapi) as made:
        load_resources(made.hapi.base, [file for file in FHIR_FILES if "paired" not in file.parts])
        register_patients(made.hapi.base)
        load_instances(made.orthanc.base, SR_FILES)
        made.first = made.once()
        made.once()  # takes in the echo of what the first one wrote
        yield made


def test_one_pass_leaves_nothing_owed(world: World) -> None:
    assert world.first.faults == []
    ledger = world.ledger()
    status = ledger.status()
    ledger.close()
    assert (status["owed"], status["held"], status["dead"], status["intents"]) == (0, 0, 0, 0)
    assert world.first.acts["to-fhir created"] == len({pydicom.dcmread(one).SOPInstanceUID for one in SR_FILES})


def test_every_observation_stands_in_an_sr_that_the_judges_accept(world: World, tmp_path: Path) -> None:
    born_in_fhir = [one for one in world.groups() if not _born_in_dicom(one)]
    observations = {id_ for one in born_in_fhir for id_ in one.versions if id_.startswith("Observation/")}
    carried = set()
    files = []
    for number, data in enumerate(world.instances()):
        document = structured_report.read(data)
        group = to_fhir(document, MAPPING, world.route().known(document.header)).result
        if group.key in {f"{one.group.root['resourceType']}/{one.group.root['id']}" for one in born_in_fhir}:
            carried |= {f"{one['resourceType']}/{one.get('id')}" for one in group.resources()}
            file = tmp_path / f"{number}.dcm"
            file.write_bytes(data)
            files.append(file)
    assert observations <= carried
    assert len(files) >= (140 if CORPUS.exists() else 3)
    assert {file.name: said for file, said in judge(files).items() if said} == {}


def test_a_result_that_comes_before_its_patient_waits_for_him(world: World) -> None:
    """HAPI makes an empty Patient of the reference."""
    subject = {"reference": "Patient/comes-later"}
    put(world.hapi.base, measured(id="comes-first", subject=subject))
    assert [one.partition(": store")[0] for one in world.once().faults] == [
        "held: ehr-pacs: ehr: Observation/comes-first: its subject Patient/comes-later is not in ehr, or is a "
        "placeholder there"
    ]
    identifier = {"system": "urn:oid:1.2.3", "value": "LATER-4711"}
    put(world.hapi.base, {"resourceType": "Patient", "id": "comes-later", "identifier": [identifier]})
    done = world.once()
    assert (done.faults, done.acts["to-dicom created"]) == ([], 1)
    found = requests.get(f"{world.orthanc.base}/patients?expand", timeout=60).json()
    assert "LATER-4711" in {one["MainDicomTags"]["PatientID"] for one in found}


def test_an_export_of_the_server_is_the_documents_that_it_was_made_of(world: World, tmp_path: Path) -> None:
    """As `convert` reads it, which knows nothing of the route: with all that HAPI notes on what it holds, numbers as it
    writes them, and the ImagingStudies that are shared."""
    kinds = sorted(SUPPORT | {"DiagnosticReport", "Observation", "Patient"})
    held = [one for kind in kinds for one in world.search(f"{kind}?_count=10000")]
    entries = [{"fullUrl": f"{world.hapi.base}/{reference_to(one)}", "resource": one} for one in held]
    export = tmp_path / "export.json"
    export.write_bytes(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    instances = {str(_dataset(data).SOPInstanceUID): structured_report.read(data) for data in world.instances()}
    made = set()
    for one in read(export, "dicom"):
        if isinstance(one, Readable) and isinstance(one.content, Group) and born_uid(one.content.root):
            document = checked_to_dicom(one.content, MAPPING, Known()).result
            uid = text_of(document.header, SOP_INSTANCE_UID) or ""
            assert document == instances[uid], one.source
            made.add(uid)
    assert made >= {str(pydicom.dcmread(one).SOPInstanceUID) for one in SR_FILES}


def test_what_the_archive_holds_of_resources_is_those_resources(world: World) -> None:
    """As `convert` reads it, which knows nothing of the route; and back."""
    born_in_fhir = 0
    for data in world.documents():
        document = structured_report.read(data)
        group = to_fhir(document, MAPPING, Known()).result
        assert to_dicom(group, MAPPING, Known()).result == document
        if born_uid(group.root) is None:
            born_in_fhir += 1
            by_route = to_fhir(document, MAPPING, world.route().known(document.header)).result
            assert same(*([stripped(one) for one in read.resources()] for read in (group, by_route))), group.key
    assert born_in_fhir >= (140 if CORPUS.exists() else 3)


def _born_in_dicom(present: Present) -> bool:
    identifiers = present.group.root.get("identifier", [])
    return any(one.get("system") == "urn:dicom:uid" for one in identifiers)


def test_every_sr_is_a_report_that_a_client_finds(world: World) -> None:
    for file in SR_FILES:
        dataset = pydicom.dcmread(file)
        found = world.search(f"DiagnosticReport?identifier=urn:dicom:uid|urn:oid:{dataset.SOPInstanceUID}")
        assert len(found) == 1, file.name
        patient = found[0].get("subject", {}).get("reference")
        assert (patient is not None) == bool(dataset.PatientID)
        if patient:
            by_patient = world.search(f"DiagnosticReport?patient={patient}&_count=500")
            assert found[0]["id"] in {one["id"] for one in by_patient}
        for reference in found[0].get("result", [])[:3]:
            observation = world.search(f"Observation?_id={reference['reference'].partition('/')[2]}")[0]
            code = observation["code"].get("coding", [{}])[0].get("code")
            if code and "|" not in code and "," not in code:
                by_code = world.search(f"Observation?code={code}&_count=1000")
                assert observation["id"] in {one["id"] for one in by_code}
            if day := observation.get("effectiveDateTime", "")[:10]:
                by_date = world.search(f"Observation?date={day}&_id={observation['id']}")
                assert [one["id"] for one in by_date] == [observation["id"]]


def test_laws_1_and_2_hold_on_what_the_servers_hold(world: World) -> None:
    known = world.route().known
    by_uid = {str(pydicom.dcmread(file).SOPInstanceUID): file for file in SR_FILES}
    by_key = {}
    for data in world.instances():
        document = structured_report.read(data)
        by_key[to_fhir(document, MAPPING, known(document.header)).result.key] = data
    for present in world.groups():
        if _born_in_dicom(present):
            uid = next(one["value"] for one in present.group.root["identifier"]).removeprefix("urn:oid:")
            if uid not in by_uid:
                continue  # stored by another test
            back = write_document(to_dicom(present.group, MAPPING, known()).result)
            stored = next(data for data in world.instances() if uid.encode() in data)
            assert back == reader.read(stored).dataset
        else:
            root = present.group.root
            data = by_key[f"{root['resourceType']}/{root['id']}"]
            group = to_fhir(structured_report.read(data), MAPPING, known()).result
            for before, after in zip(present.group.resources(), group.resources(), strict=True):
                assert same(before, json.loads(json.dumps(after)))


def test_a_second_pass_writes_nothing(world: World) -> None:
    world.once()  # what other tests left
    before = world.written()
    summary = world.once()
    assert world.written() == before
    done = {
        act for act, number in summary.acts.items() if number and not act.endswith((" nothing", " skipped", " outside"))
    }
    assert done == set()


def test_a_correction_in_fhir_becomes_a_new_sr_with_its_predecessor(world: World) -> None:
    observation: dict[str, Any] = {
        "resourceType": "Observation",
        "id": "to-be-corrected",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "effectiveDateTime": "2026-05-01T10:00:00+02:00",
        "valueQuantity": {"value": 61, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
    }
    put(world.hapi.base, observation)
    world.once()
    (first,) = world.srs_of("Observation/to-be-corrected")
    value = {"value": 64, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"}
    put(world.hapi.base, observation | {"status": "corrected", "valueQuantity": value})
    assert world.once().acts["to-dicom updated"] == 1
    versions = world.srs_of("Observation/to-be-corrected")
    assert len(versions) == 2
    (second,) = [one for one in versions if one.SOPInstanceUID != first.SOPInstanceUID]
    (study,) = second.PredecessorDocumentsSequence
    (series,) = study.ReferencedSeriesSequence
    (instance,) = series.ReferencedSOPSequence
    assert instance.ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert second.ContentSequence[0].MeasuredValueSequence[0].NumericValue == 64
    assert second.StudyInstanceUID == first.StudyInstanceUID


def test_a_correction_of_what_came_from_dicom_becomes_a_new_sr_too(world: World) -> None:
    uid = "2.25.77001"
    _store(world, uid)
    world.once()
    (report,) = world.search(f"DiagnosticReport?identifier=urn:dicom:uid|urn:oid:{uid}")
    text = next(
        one for reference in report["result"]
        for one in world.search(f"Observation?_id={reference['reference'].partition('/')[2]}") if "valueString" in one
    )  # fmt: skip
    put(world.hapi.base, text | {"valueString": "Vorhofflimmern"})
    assert world.once().acts["to-dicom updated"] == 1
    (second,) = [
        one for one in map(_dataset, world.instances())
        if "PredecessorDocumentsSequence" in one and uid in str(one.PredecessorDocumentsSequence)
    ]  # fmt: skip
    assert second.ContentSequence[-1].TextValue == "Vorhofflimmern"
    assert second.VerificationFlag == "UNVERIFIED"
    assert second.SeriesInstanceUID != "2.25.1003"
    assert (
        second.ContentSequence[:-1]
        == _dataset((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes()).ContentSequence[:-1]
    )
    assert world.once().acts["to-dicom updated"] == 0


def _dataset(data: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(pydicom.filebase.DicomBytesIO(data))


def _store(world: World, uid: str, predecessor: str | None = None, text: str | None = None) -> None:
    dataset = ecg_report(uid, text, predecessor)
    out = pydicom.filebase.DicomBytesIO()
    dataset.save_as(out)
    answer = requests.post(f"{world.orthanc.base}/instances", data=out.getvalue(), timeout=60)
    assert answer.json()["Status"] == "Success"


def test_an_sr_with_a_predecessor_updates_the_same_report(world: World) -> None:
    _store(world, "2.25.88001")
    world.once()
    (before,) = world.search("DiagnosticReport?identifier=urn:dicom:uid|urn:oid:2.25.88001")
    _store(world, "2.25.88002", predecessor="2.25.88001", text="Linksschenkelblock")
    assert world.once().acts["to-fhir updated"] == 1
    (after,) = world.search("DiagnosticReport?identifier=urn:dicom:uid|urn:oid:2.25.88002")
    assert after["id"] == before["id"]
    assert after["status"] == "amended"
    assert world.search("DiagnosticReport?identifier=urn:dicom:uid|urn:oid:2.25.88001") == []
    texts = [
        one.get("valueString") for reference in after["result"]
        for one in world.search(f"Observation?_id={reference['reference'].partition('/')[2]}")
    ]  # fmt: skip
    assert "Linksschenkelblock" in texts and "Sinusrhythmus, unauffällig" not in texts


def test_what_a_pass_has_created_is_no_news_and_its_references_are_known(world: World) -> None:
    """Of a Patient too, whom the server has named in the same transaction."""
    dataset = ecg_report("2.25.77101")
    dataset.PatientID, dataset.StudyInstanceUID = "NEW-77101", "2.25.771010"
    world.once()  # takes in what was updated before
    out = pydicom.filebase.DicomBytesIO()
    dataset.save_as(out)
    requests.post(f"{world.orthanc.base}/instances", data=out.getvalue(), timeout=60).raise_for_status()
    assert world.once().acts == {"to-fhir created": 1}
    (report,) = world.search("DiagnosticReport?identifier=urn:dicom:uid|urn:oid:2.25.77101")
    wanted = {report["subject"]["reference"], *(one["reference"] for one in report["result"])}
    ledger = world.ledger()
    out_of_report, _ = ledger.feeds.neighbours(world.route().name, "ehr", [f"DiagnosticReport/{report['id']}"])
    ledger.close()
    assert wanted <= {target for _, target in out_of_report}
    assert world.once().acts == {}, "nobody has looked at it again"
    (result,) = world.search(f"Observation?_id={report['result'][0]['reference'].partition('/')[2]}")
    put(world.hapi.base, result | {"note": [{"text": "looked at"}]})
    assert world.once().acts["to-dicom updated"] == 1


def test_two_people_under_one_patient_id_are_not_joined(world: World) -> None:
    _store(world, "2.25.99001")
    world.once()
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "2.25.99002"
    dataset.StudyInstanceUID, dataset.PatientBirthDate = "2.25.99003", "20010203"
    out = pydicom.filebase.DicomBytesIO()
    dataset.save_as(out)
    requests.post(f"{world.orthanc.base}/instances", data=out.getvalue(), timeout=60)
    summary = world.once()
    assert any("two people?" in fault for fault in summary.faults)
    assert world.search("DiagnosticReport?identifier=urn:dicom:uid|urn:oid:2.25.99002") == []


def test_folders_that_hold_the_same_give_the_same(world: World, tmp_path: Path) -> None:
    """What the servers hold, exported before any pass, brought in step as folders: instance for instance."""
    for resource in _loaded(world):
        file = tmp_path / "fhir" / resource["resourceType"] / f"{resource['id']}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(json.dumps(resource))
    uids = {str(pydicom.dcmread(file).SOPInstanceUID) for file in SR_FILES}
    for data in world.instances():
        dataset = _dataset(data)
        if str(dataset.SOPInstanceUID) in uids:
            series = tmp_path / "dicom" / dataset.StudyInstanceUID / dataset.SeriesInstanceUID
            series.mkdir(parents=True, exist_ok=True)
            (series / f"{dataset.SOPInstanceUID}.dcm").write_bytes(data)
    (tmp_path / "fhir").mkdir(exist_ok=True)
    (tmp_path / "dicom").mkdir(exist_ok=True)
    route = Route(
        "folders",
        ResourceFolder("ehr", tmp_path / "fhir"),
        InstanceFolder("pacs", tmp_path / "dicom"),
        "both",
        "urn:test:ehr",
        "TEST-HOSPITAL",
        "Europe/Berlin",
        identity_removed="carry",
    )
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: 4e9)
    summary = once([route], ledger, MAPPING)
    ledger.close()
    assert summary.faults == []
    by_servers = {str(_dataset(data).SOPInstanceUID): reader.read(data).dataset for data in world.instances()}
    for file in (tmp_path / "dicom").rglob("*.dcm"):
        dataset = reader.read(file.read_bytes()).dataset
        assert by_servers[file.stem] == dataset, file.stem
    for file in (tmp_path / "fhir").glob("DiagnosticReport/*.json"):
        (stored,) = world.route().fhir.read([f"DiagnosticReport/{file.stem}"])
        mine = as_content(json.loads(file.read_bytes()))
        assert stored is not None
        theirs = as_content(stored.item)
        for one in (mine, theirs):
            for resource in (one, *one.get("contained", ())):
                resource.pop("subject", None)  # HAPI names a Patient that it creates by itself
        assert same(mine, theirs), file.stem


def _loaded(world: World) -> list[dict[str, Any]]:
    """The resources that were loaded, as HAPI gives them back."""
    wanted = ("Observation", "DiagnosticReport", "ImagingStudy", "Patient")
    keys = set[str]()
    for kind in wanted:
        keys |= {f"{kind}/{resource['id']}" for resource in world.search(f"{kind}?_count=1000")}
    derived = {
        f"{one['resourceType']}/{one['id']}"
        for present in world.groups()
        if _born_in_dicom(present)
        for one in present.group.resources()
    }
    read = world.route().fhir.read(sorted(keys - derived))
    resources = [one.item for one in read if one is not None]
    return [one for one in resources if not _made_later(one)]


def _made_later(resource: dict[str, Any]) -> bool:
    """By other tests, or a Patient or an ImagingStudy that a pass created."""
    ours = any("fhir-dicom.org" in one.get("system", "") for one in resource.get("identifier", []))
    return resource["id"] in ("to-be-corrected",) or ours or is_shared(resource, Known("urn:test:ehr"))


@pytest.mark.parametrize("name", NAMES)
def test_a_kill_at_any_step_is_completed_by_the_next_pass(world: World, name: str) -> None:
    world.once()
    uid = f"2.25.66{NAMES.index(name)}"
    _store(world, uid)
    put(
        world.hapi.base,
        {"resourceType": "Observation", "id": f"kill-{name}", "status": "final", "code": {"text": "Pain"}},
    )
    assert world.killed(f"{name}:1")
    assert world.once().faults == []
    assert len(world.srs_of(f"Observation/kill-{name}")) == 1
    assert len(world.search(f"DiagnosticReport?identifier=urn:dicom:uid|urn:oid:{uid}")) == 1
    before = world.written()
    world.once()
    assert world.written() == before
