"""DICOMweb archives that are not Orthanc: they coerce, page as they like, and say why they store nothing (PS3.18)."""

from __future__ import annotations

import copy
import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pydicom
import pytest

from bridge.codecs.dicom import reader
from bridge.errors import BridgeError, PermanentError, RefusedError, TemporaryError
from bridge.ledger.ledger import Ledger
from bridge.mapping.load import load
from bridge.settings.settings import settings
from bridge.stores import qido
from bridge.stores.dicomweb import DicomWebStore
from bridge.stores.native_xml import NotNativeDicomError, from_xml
from bridge.stores.store import Instance, Write
from bridge.sync.routes import routes_of
from bridge.sync.run import once
from bridge.sync.summary import Summary
from bridge.sync.void.withdraw import RETRACTABLE
from tests.command_line import fhir_dicom
from tests.images import as_file
from tests.samples import ecg_report, measured, supersede
from tests.servers.archive import Archive, Said, as_xml, failed, stored

MAPPING = load()
CONFIGURATION = """
stores:
  ehr: {{kind: folder, path: {folder}/fhir, holds: fhir}}
  pacs: {{kind: dicomweb, url: "{url}", issuer: TEST-HOSPITAL}}
routes: [{{between: [ehr, pacs], identity_removed: carry}}]
ledger: sqlite:///{folder}/bridge.db
"""
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": "urn:oid:1.2.3", "value": "4711"}],
    "name": [{"family": "Muster", "given": ["Max"]}],
    "birthDate": "1970-01-01",
}


@dataclass
class World:
    archive: Archive
    folder: Path
    now: float = 4e9

    def put(self, resource: dict[str, Any]) -> None:
        file = self.folder / "fhir" / resource["resourceType"] / f"{resource['id']}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(resource))

    def resources(self) -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in (self.folder / "fhir").rglob("*.json")}

    def ledger(self) -> Ledger:
        return Ledger(settings(self.folder / "bridge.yaml").ledger, lambda: self.now)

    def once(self) -> Summary:
        ledger = self.ledger()
        try:
            return once(routes_of(settings(self.folder / "bridge.yaml")), ledger, MAPPING)
        finally:
            ledger.close()

    def retry(self) -> Summary:
        self.now += 7200
        ledger = self.ledger()
        ledger.operations.retry("tests")
        ledger.close()
        return self.once()


@pytest.fixture
def archive() -> Iterator[Archive]:
    found = Archive()
    yield found
    found.stop()


@pytest.fixture
def store(archive: Archive) -> DicomWebStore:
    return DicomWebStore("pacs", archive.url)


@pytest.fixture
def world(archive: Archive, tmp_path: Path) -> World:
    (tmp_path / "bridge.yaml").write_text(CONFIGURATION.format(folder=tmp_path, url=archive.url))
    found = World(archive, tmp_path)
    found.put(PATIENT)
    found.put(measured())
    return found


def setting(**attributes: object) -> Callable[[pydicom.Dataset], None]:
    def coerce(dataset: pydicom.Dataset) -> None:
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)

    return coerce


def with_private(dataset: pydicom.Dataset) -> None:
    dataset.private_block(0x0099, "ARCHIVE", create=True).add_new(1, "LO", "seen")


def with_original(dataset: pydicom.Dataset) -> None:
    original = pydicom.Dataset()
    original.ModifyingSystem, original.ReasonForTheAttributeModification = "ARCHIVE", "COERCE"
    dataset.OriginalAttributesSequence, dataset.InstanceCoercionDateTime = [original], "20260302"


def without_private(dataset: pydicom.Dataset) -> None:
    dataset.remove_private_tags()


def without_issuer(dataset: pydicom.Dataset) -> None:
    del dataset.IssuerOfPatientIDQualifiersSequence


def other_words(dataset: pydicom.Dataset) -> None:
    dataset.ContentSequence[0].ConceptNameCodeSequence[0].CodeMeaning = "Something else"


ACCEPTED = {
    "the name is written otherwise": setting(PatientName="MUSTER^MAX^^Dr"),
    "sex is filled in": setting(PatientSex="M"),
    "the order": setting(AccessionNumber="A-1", StudyDescription="ECG"),
    "institution": setting(InstitutionName="Hospital"),
    "private elements": with_private,
    "what it says of that": with_original,
}
REFUSED = {
    "another name": (setting(PatientName="Schmidt^Anna"), "another name"),
    "another birth date": (setting(PatientBirthDate="19800101"), "another name, birth date"),
    "another Patient ID": (setting(PatientID="9"), "another Patient ID"),
    "a name beside the issuer of another": (setting(IssuerOfPatientID="ARCHIVE"), "another Patient ID, or issuer"),
    "other words": (other_words, "other content"),
    "another time zone": (setting(TimezoneOffsetFromUTC="+0500"), "other content"),
    "an issuer that is left out": (without_issuer, "another Patient ID, or issuer"),
    "without our elements": (without_private, "without the private elements that say"),
}


# -- what it changes when it stores -----------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ACCEPTED)
def test_what_an_archive_files_an_instance_under_is_its_own(world: World, what: str) -> None:
    """And agreed on: it is no edit, which would go back into FHIR, nor anything to write again."""
    world.archive.coerce = ACCEPTED[what]
    before = world.resources()
    summary = world.once()
    assert (summary.faults, summary.acts["to-dicom created"]) == ([], 1)
    for _ in range(2):
        again = world.once()
        assert (again.faults, again.done) == ([], {})
    assert (len(world.archive.stored), world.resources()) == (1, before)


def test_a_correction_of_what_was_coerced_is_one_version(world: World) -> None:
    world.archive.coerce = with_private
    world.once()
    world.put(measured(status="corrected", valueQuantity={"value": 5, "unit": "mmol/L"}))
    assert (world.once().acts["to-dicom updated"], len(world.archive.stored)) == (1, 2)
    assert (world.once().done, len(world.archive.stored)) == ({}, 2)


def test_a_lost_ledger_knows_what_was_coerced(world: World) -> None:
    world.archive.coerce = with_private
    world.once()
    for file in world.folder.glob("bridge.db*"):
        file.unlink()
    assert world.once().acts["to-dicom adopted"] == 1
    assert len(world.archive.stored) == 1


def test_an_edit_of_what_the_pacs_wrote_is_coerced_and_in_step(world: World) -> None:
    world.archive.keep(ecg_report("2.25.77", "Sinus rhythm"))
    world.once()
    world.archive.coerce = ACCEPTED["institution"]
    (file,) = [file for file, data in world.resources().items() if b"Sinus rhythm" in data and "Observation" in file]
    edited = json.loads(Path(file).read_bytes())
    world.put(edited | {"valueString": "Atrial fibrillation"})
    assert world.once().acts["to-dicom updated"] == 1
    before = world.resources()
    assert (world.once().done, world.resources()) == ({}, before)


def test_what_was_coerced_is_said_by_its_tags_alone(world: World) -> None:
    world.archive.coerce = setting(AccessionNumber="A-1", PatientName="MUSTER^MAX")
    world.once()
    ledger = world.ledger()
    link = ledger.links.of("ehr-pacs", "Observation/o")
    ledger.close()
    assert link is not None and "pacs has changed (0008,0050), (0010,0010)" in link.warnings
    assert "MUSTER" not in link.warnings


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_filing_is_a_dead_letter_that_stays_one(world: World, what: str) -> None:
    """Each retry added one more SR to the archive, which it changed as well."""
    world.archive.coerce, why = REFUSED[what]
    before = world.resources()
    for summary in (world.once(), world.once(), world.retry(), world.retry()):
        assert summary.done == {}
    assert any(line.startswith("dead") and why in line for line in summary.faults)
    assert not any("Schmidt" in line or "4711" in line for line in summary.faults)
    assert (len(world.archive.stored), world.resources()) == (1, before)


def test_what_was_refused_is_written_once_it_is_removed_there(world: World) -> None:
    world.archive.coerce = other_words
    assert world.once().faults
    world.archive.coerce = lambda dataset: None
    world.archive.stored.clear()
    assert world.retry().acts["to-dicom created"] == 1
    assert (world.once().faults, world.once().done, len(world.archive.stored)) == ([], {}, 1)


@pytest.mark.parametrize("failpoint", ["intended", "applied", "agreed"])
def test_a_kill_adds_no_version_of_what_was_coerced(world: World, failpoint: str) -> None:
    world.archive.coerce = with_private
    killed = fhir_dicom(world.folder, "sync", "--once", "--config", "bridge.yaml", BRIDGE_FAILPOINT=failpoint)
    assert killed.returncode == -signal.SIGKILL
    assert (world.once().faults, world.once().done, len(world.archive.stored)) == ([], {}, 1)
    ledger = world.ledger()
    status = ledger.status()
    ledger.close()
    assert (status["owed"], status["held"], status["dead"], status["intents"]) == (0, 0, 0, 0)


# -- whose its Patient IDs are ---------------------------------------------------------------------------------------
MR = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
BARE = {"type": MR, "value": "4711"}
ISSUED = setting(IssuerOfPatientID="TEST-HOSPITAL")


@pytest.fixture
def unissued(world: World) -> World:
    """Of a Patient whose identifier says no system: the document says a Patient ID alone."""
    world.put(PATIENT | {"identifier": [BARE]})
    world.archive.coerce = ISSUED
    return world


def qualified(universal: str) -> Callable[[pydicom.Dataset], None]:
    """Adds that universal id to what the qualifiers say."""

    def coerce(dataset: pydicom.Dataset) -> None:
        found = dataset.get("IssuerOfPatientIDQualifiersSequence") or [pydicom.Dataset()]
        found[0].UniversalEntityID, found[0].UniversalEntityIDType = universal, "ISO"
        dataset.IssuerOfPatientIDQualifiersSequence = list(found)

    return coerce


def patients(world: World) -> list[str]:
    return [file.stem for file in (world.folder / "fhir" / "Patient").glob("*.json")]


@pytest.mark.parametrize("identifier", [BARE, {"type": MR | {"text": "MRN"}, "value": "4711"}])
def test_an_archive_says_its_configured_issuer_where_none_was_sent(unissued: World, identifier: Any) -> None:
    """Nobody is another patient by that: nothing is written again, and a correction is one version."""
    unissued.put(PATIENT | {"identifier": [identifier]})
    before = unissued.resources()
    assert (unissued.once().faults, unissued.once().done, unissued.resources()) == ([], {}, before)
    (there,) = unissued.archive.stored.values()
    assert there.IssuerOfPatientID == "TEST-HOSPITAL"
    unissued.put(measured(status="corrected", valueQuantity={"value": 5, "unit": "mmol/L"}))
    assert unissued.once().acts["to-dicom updated"] == 1
    before = unissued.resources()
    assert (unissued.once().done, unissued.resources(), len(unissued.archive.stored)) == ({}, before, 2)


def test_an_issuer_that_is_configured_as_a_uri_is_said_by_it(unissued: World) -> None:
    file = unissued.folder / "bridge.yaml"
    file.write_text(file.read_text().replace("TEST-HOSPITAL", "urn:oid:1.2.3.4"))
    unissued.archive.coerce = qualified("1.2.3.4")
    assert (unissued.once().faults, unissued.once().done, len(unissued.archive.stored)) == ([], {}, 1)


def test_a_name_is_added_to_the_universal_id_that_is_configured(world: World) -> None:
    """PS3.3 table 10-18: both are of one authority. Of another than the archive's own it would be a guess."""
    file = world.folder / "bridge.yaml"
    file.write_text(file.read_text().replace("TEST-HOSPITAL", "urn:oid:1.2.3"))
    world.archive.coerce = setting(IssuerOfPatientID="ARCHIVE")
    assert world.once().acts["to-dicom created"] == 1
    world.put(measured(status="corrected", valueQuantity={"value": 5, "unit": "mmol/L"}))
    assert world.once().acts["to-dicom updated"] == 1
    before = world.resources()
    assert (world.once().faults, world.once().done, world.resources()) == ([], {}, before)


def test_an_issuer_that_was_added_is_said_in_a_warning(unissued: World) -> None:
    unissued.once()
    ledger = unissued.ledger()
    link = ledger.links.of("ehr-pacs", "Observation/o")
    ledger.close()
    assert link is not None and "pacs has changed (0010,0021)" in link.warnings


def test_a_lost_ledger_knows_what_got_an_issuer(unissued: World) -> None:
    unissued.once()
    before = unissued.resources()
    for file in unissued.folder.glob("bridge.db*"):
        file.unlink()
    assert unissued.once().acts["to-dicom adopted"] == 1
    assert (unissued.once().done, unissued.resources(), len(unissued.archive.stored)) == ({}, before, 1)


def test_what_got_an_issuer_is_withdrawn_as_usual(unissued: World) -> None:
    unissued.once()
    unissued.put(measured(status="entered-in-error"))
    assert unissued.once().acts["to-dicom retracted"] == 1
    assert (unissued.once().faults, unissued.once().done, len(unissued.archive.stored)) == ([], {}, 2)


def test_an_edit_in_the_pacs_of_what_got_an_issuer_is_one_of_its_resources(unissued: World) -> None:
    """It has the issuer from there: the resources that it was made from are restored all the same."""
    his = {"system": "https://fhir-dicom.org/fhir/issuer/TEST-HOSPITAL", "value": "4711"}
    unissued.put(PATIENT | {"identifier": [BARE, his]})
    unissued.once()
    (first,) = unissued.archive.stored.values()
    edited = copy.deepcopy(first)
    supersede(edited, "2.25.99", first.SOPInstanceUID)
    edited.ContentSequence[-1].MeasuredValueSequence[0].NumericValue = "7"
    unissued.archive.keep(edited)
    names = sorted(unissued.resources())
    summary = unissued.once()
    assert (summary.faults, summary.acts["to-fhir updated"]) == ([], 1)
    assert sorted(unissued.resources()) == names
    assert json.loads((unissued.folder / "fhir" / "Observation" / "o.json").read_text())["valueQuantity"]["value"] == 7


def test_an_edit_of_what_the_pacs_wrote_gets_an_issuer_and_goes_on(world: World) -> None:
    report = ecg_report("2.25.77", "Sinus rhythm")
    del report.IssuerOfPatientID
    world.archive.keep(report)
    world.once()
    world.archive.coerce = ISSUED
    (file,) = [file for file, data in world.resources().items() if b"Sinus rhythm" in data and "Observation" in file]
    for words in ("Atrial fibrillation", "Atrial flutter"):
        world.put(json.loads(Path(file).read_bytes()) | {"valueString": words})
        assert world.once().acts["to-dicom updated"] == 1
        before = world.resources()
        assert (world.once().faults, world.once().done, world.resources()) == ([], {}, before)
    assert len(patients(world)) == 2  # that of the report, and that of the result


@pytest.mark.parametrize("failpoint", ["intended", "applied", "agreed"])
def test_a_kill_adds_no_version_of_what_got_an_issuer(unissued: World, failpoint: str) -> None:
    killed = fhir_dicom(unissued.folder, "sync", "--once", "--config", "bridge.yaml", BRIDGE_FAILPOINT=failpoint)
    assert killed.returncode == -signal.SIGKILL
    assert (unissued.once().faults, unissued.once().done, len(unissued.archive.stored)) == ([], {}, 1)


NOT_OURS = {
    "another one": setting(IssuerOfPatientID="ARCHIVE"),
    "another universal one": qualified("9.9.9"),
    "two that differ": lambda dataset: (ISSUED(dataset), qualified("9.9.9")(dataset)),
}


@pytest.mark.parametrize("what", NOT_OURS)
def test_an_issuer_that_is_not_configured_is_a_dead_letter(unissued: World, what: str) -> None:
    """Whose the number is nobody guesses: somebody else may have it there."""
    unissued.archive.coerce = NOT_OURS[what]
    before = unissued.resources()
    for summary in (unissued.once(), unissued.once(), unissued.retry(), unissued.retry()):
        assert summary.done == {}
    assert any("an Issuer of Patient ID that the archive has added" in line for line in summary.faults)
    assert (len(unissued.archive.stored), unissued.resources()) == (1, before)


def void_in_fhir(world: World, coerce: Callable[[pydicom.Dataset], object]) -> Summary:
    """What becomes of an SR of the PACS without issuer, whose note of rejection the archive coerces."""
    report = ecg_report("2.25.77", "Sinus rhythm")
    del report.IssuerOfPatientID
    world.archive.keep(report)
    world.once()
    world.archive.coerce = coerce
    for one in map(json.loads, world.resources().values()):
        if one["resourceType"] in RETRACTABLE and one["id"] != "o":
            world.put(one | {"status": "entered-in-error"})
    return world.once()


@pytest.mark.parametrize("what", NOT_OURS)
def test_a_rejection_note_with_an_issuer_that_is_not_configured_is_a_dead_letter(world: World, what: str) -> None:
    summary = void_in_fhir(world, NOT_OURS[what])
    assert summary.done == {} and {one.Modality for one in world.archive.stored.values()} == {"SR", "KO"}
    assert any("an Issuer of Patient ID that the archive has added" in line for line in summary.faults)
    assert (world.once().acts["to-dicom retracted"], len(world.archive.stored)) == (0, 3)  # it is not stored again


def test_a_rejection_note_gets_the_issuer_that_is_configured(world: World) -> None:
    summary = void_in_fhir(world, ISSUED)
    assert (summary.faults, summary.acts["to-dicom retracted"], len(world.archive.stored)) == ([], 1, 3)
    assert world.once().faults == []


def test_an_issuer_is_configured_and_the_dead_letter_goes_on(unissued: World) -> None:
    file = unissued.folder / "bridge.yaml"
    text = file.read_text()
    file.write_text(text.replace(", issuer: TEST-HOSPITAL", ""))
    assert any("set that to it" in line for line in unissued.once().faults)
    file.write_text(text)
    assert unissued.retry().faults == []
    assert (unissued.once().done, len(unissued.archive.stored)) == ({}, 1)


def test_an_issuer_that_is_changed_later_is_a_move(unissued: World) -> None:
    unissued.once()
    (there,) = unissued.archive.stored.values()
    there.IssuerOfPatientID = "ARCHIVE"
    there.StudyDescription = "which a poll sees"
    assert any("moved it to another patient" in line for line in unissued.once().faults)


# -- what it says of what it was sent ---------------------------------------------------------------------------------
SAYS = [  # PS3.18 table I.2-2
    (0xA700, RefusedError, "A700, out of resources; make room there"),
    (0xA9F0, PermanentError, "A9F0, data set does not match SOP Class"),
    (0xC000, PermanentError, "C000, cannot understand"),
    (0xC122, PermanentError, "C122, transfer syntax not supported"),
    (0x0110, PermanentError, "0110, processing failure"),
    (0x0122, PermanentError, "0122, SOP Class not supported"),
    (0x0124, RefusedError, "0124, not authorized"),
    (0x1234, PermanentError, "1234, a reason of its own"),
]


def written(store: DicomWebStore, uid: str = "2.25.5") -> BridgeError | None:
    (outcome,) = store.write([Write(uid, Instance(as_file(ecg_report(uid))))])
    return outcome.error


@pytest.mark.parametrize(("reason", "kind", "words"), SAYS)
@pytest.mark.parametrize("status", [200, 202, 409])
def test_why_it_stores_nothing_is_said(
    archive: Archive, store: DicomWebStore, status: int, reason: int, kind: type[BridgeError], words: str
) -> None:
    archive.keeps, archive.stow = False, Said(status, failed("2.25.5", reason))
    error = written(store)
    assert type(error) is kind and words in str(error)


def test_a_failure_that_names_no_instance_is_said(archive: Archive, store: DicomWebStore) -> None:
    archive.keeps, archive.stow = False, Said(409, failed("", 0xC000, "0008119A"))
    assert "C000, cannot understand" in str(written(store))


ODD = [
    '{"00081198": []}',
    '{"00081198": {"vr": "SQ", "Value": ["x"]}}',
    '{"00081198": {"vr": "SQ", "Value": [{"00081197": 1}]}}',
    '{"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": ["9' + "9" * 5000 + '"]}}]}}',
]


@pytest.mark.parametrize("body", ODD)
def test_an_answer_that_makes_no_sense_is_no_reason(archive: Archive, store: DicomWebStore, body: str) -> None:
    archive.keeps, archive.stow = False, Said(409, body.encode())
    assert "was not stored, and it does not say why" in str(written(store))


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_answer_without_a_body_is_judged_by_what_is_there(
    archive: Archive, store: DicomWebStore, status: int
) -> None:
    archive.stow = Said(status)
    assert written(store) is None
    archive.keeps = False
    assert type(written(store, "2.25.6")) is TemporaryError


def test_what_it_warns_of_is_said_where_it_matters(archive: Archive, store: DicomWebStore) -> None:
    archive.coerce = other_words
    archive.stow = Said(202, stored("2.25.5", **{"00081196": {"vr": "US", "Value": [0xB006]}}))
    assert "is there with other content (it says B006, Elements Discarded)" in str(written(store))


def test_what_is_there_already_is_stored_whatever_it_answers(archive: Archive, store: DicomWebStore) -> None:
    assert written(store) is None
    archive.stow = Said(409, failed("2.25.5", 0x0111))
    assert written(store) is None


@pytest.mark.parametrize("kind", ["application/dicom+xml", "text/xml; charset=utf-8"])
@pytest.mark.parametrize(("reason", "error", "words"), SAYS[:3])
def test_an_answer_in_xml_is_read_like_any(
    archive: Archive, store: DicomWebStore, kind: str, reason: int, error: type[BridgeError], words: str
) -> None:
    """Older archives do not look at Accept."""
    archive.keeps, archive.stow = False, Said(409, as_xml(failed("2.25.5", reason)), kind)
    found = written(store)
    assert type(found) is error and words in str(found)
    archive.keeps, archive.stow = True, Said(200, as_xml(stored("2.25.5")), kind)
    assert written(store) is None


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>{}'


@pytest.mark.parametrize("encoding", ["Shift_JIS", "GB18030", "EUC-KR", "hex", "utf-7", "none-such"])
def test_xml_in_an_encoding_that_is_not_read_is_refused_as_any_other(
    archive: Archive, store: DicomWebStore, encoding: str
) -> None:
    """Nothing of the parser's own gets out: what is stored would be dead, as if by a defect of ours."""
    around = f"<?xml version='1.0' encoding='{encoding}'?>{{}}"
    archive.keeps, archive.stow = False, Said(409, as_xml(failed("2.25.5", 0x0110), around), "application/dicom+xml")
    error = written(store)
    assert type(error) is TemporaryError and "in XML that is not of PS3.19" in str(error)


@pytest.mark.parametrize("body", [as_xml(stored("2.25.5"), BOMB), as_xml(stored("2.25.5"))[:-30], b"<a/>", b"\xff"])
def test_xml_that_declares_entities_or_is_none_is_refused(archive: Archive, store: DicomWebStore, body: bytes) -> None:
    archive.stow = Said(200, body, "application/dicom+xml")
    error = written(store)
    assert type(error) is TemporaryError and "in XML that is not of PS3.19" in str(error)


@pytest.mark.parametrize("piece", [b"<", b"<a>", b"<a b='", b"&", b"<![CDATA[", b"<NativeDicomModel>"])
def test_xml_of_a_megabyte_is_read_in_no_time(piece: bytes) -> None:
    begun = time.monotonic()
    with pytest.raises(NotNativeDicomError):
        from_xml(piece * ((1 << 20) // len(piece)))
    assert time.monotonic() - begun < 10
    with pytest.raises(NotNativeDicomError, match="more than 1048576 bytes"):
        from_xml(piece * (1 << 20) * 2)


# -- what it lists ----------------------------------------------------------------------------------------------------
def filled(archive: Archive, studies: int, of_each: int = 1) -> set[str]:
    """Returns what a listing has to show."""
    for number in range(studies * of_each):
        study, uid = f"2.25.{1000 + number // of_each}", f"2.25.{5000 + number}"
        archive.keep(ecg_report(uid, StudyInstanceUID=study))
    found = {f"{one.StudyInstanceUID}/{one.SeriesInstanceUID}/{uid}" for uid, one in archive.stored.items()}
    return found | {f"study/{one.StudyInstanceUID}" for one in archive.stored.values()}


@pytest.mark.parametrize("most", [10, 25, 50])
def test_a_listing_is_whole_however_little_comes_at_once(archive: Archive, store: DicomWebStore, most: int) -> None:
    """No warning says that there is more; an instance that is missing would be suspected to be gone."""
    archive.most = most
    whole = filled(archive, 2, of_each=50) | filled(archive, 60)
    assert {one.key for one in store.listing()} == whole


def test_a_study_of_few_is_asked_for_once(archive: Archive, store: DicomWebStore) -> None:
    filled(archive, 20)
    list(store.listing())
    assert len([path for path in archive.asked if "/instances?" in path]) == 20


def test_a_listing_of_an_archive_that_gives_the_same_once_more_is_refused(
    archive: Archive, store: DicomWebStore
) -> None:
    filled(archive, 3)
    archive.skips = False
    with pytest.raises(TemporaryError, match="pacs: what follows is what came before.*`offset`"):
        list(store.listing())


def test_no_more_is_asked_for_than_any_archive_gives(archive: Archive, store: DicomWebStore) -> None:
    filled(archive, 3)
    archive.refuses = "limit=500"
    assert list(store.listing())


def test_an_archive_that_cannot_search_for_modalities_is_searched_study_by_study(
    archive: Archive, store: DicomWebStore
) -> None:
    whole = filled(archive, 3)
    archive.keep(ecg_report("2.25.9", StudyInstanceUID="2.25.99", Modality="CT"))
    archive.refuses = "ModalitiesInStudy"
    assert {one.key for one in store.listing()} == whole | {"study/2.25.99"}


CT = {"Modality": "CT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}
COMMA = ","  # between attributes, as PS3.18 8.3.4.3 has it
FORMS = {"one by one": COMMA, "together": "includefield=[0-9A-F]{8}&", "none": "includefield"}


@pytest.mark.parametrize("cannot", ["ModalitiesInStudy", "never"])
@pytest.mark.parametrize("form", FORMS)
def test_attributes_are_asked_for_as_the_archive_takes_them(
    archive: Archive, store: DicomWebStore, form: str, cannot: str
) -> None:
    """What it refuses is not asked for again, and the listing is as whole."""
    whole = filled(archive, 3)
    archive.refuses = f"{FORMS[form]}|{cannot}"
    assert {one.key for one in store.listing()} == whole
    before = len(archive.asked)
    assert {one.key for one in store.listing()} == whole
    assert [path for path in archive.asked[before:] if re.search(FORMS[form], path)] == []
    said = store.unread()
    assert said is None if form != "none" else said is not None and "refuses `includefield`" in said


def test_what_an_archive_gives_in_no_listing_is_read_of_the_study(archive: Archive, store: DicomWebStore) -> None:
    """An ImagingStudy lacks nothing by that."""
    archive.keep(ecg_report("2.25.9", StudyInstanceUID="2.25.99", StudyDescription="ECG", SeriesDescription="Rest"))
    said = set(store.study("study/2.25.99")[0])
    archive.refuses = "includefield"
    for _ in range(2):
        (found,) = store.study("study/2.25.99")
        assert said <= set(found)
    assert len([path for path in archive.asked if path.endswith("/metadata")]) == 2
    assert store.study("study/2.25.100") == []


def test_a_study_whose_instances_are_listed_is_not_gone_though_its_metadata_is(
    archive: Archive, store: DicomWebStore
) -> None:
    filled(archive, 1)
    archive.refuses, archive.lacks = "includefield", "/rs/studies/2.25.1000/metadata"
    with pytest.raises(TemporaryError, match="lists instances of /studies/2.25.1000 and has no metadata"):
        store.study("study/2.25.1000")
    assert store.absent(["study/2.25.1000", "study/2.25.99"]) == [None, "unknown"]
    archive.stored.clear()
    assert store.study("study/2.25.1000") == []


def test_an_imaging_study_stays_while_the_metadata_of_its_study_is_not_there(world: World) -> None:
    world.archive.keep(ecg_report("2.25.9", StudyInstanceUID="2.25.99", **CT))
    world.archive.refuses = "includefield"
    assert world.once().acts["imaging-study created"] == 1
    before = world.resources()
    world.archive.lacks = "/rs/studies/2.25.99/metadata"
    world.archive.stored["2.25.9"].AccessionNumber = "which a poll sees"
    summary = world.once()
    assert (summary.done, world.resources()) == ({}, before)
    assert any("has no metadata of it" in line for line in summary.faults)


def test_a_pass_says_what_an_archive_does_not_list(world: World) -> None:
    world.archive.refuses = "includefield"
    summary = world.once()
    assert (summary.faults, summary.acts["to-dicom created"], len(summary.notices)) == ([], 1, 1)
    assert "pacs: it refuses `includefield`" in summary.notices[0]
    assert (world.once().faults, world.once().done) == ([], {})


def test_an_attribute_that_is_refused_takes_no_others_along(archive: Archive, store: DicomWebStore) -> None:
    filled(archive, 1)
    archive.refuses = "includefield=00180015"  # Body Part Examined
    assert list(store.listing()) and store.study("study/2.25.1000")
    before = len(archive.asked)
    list(store.listing())
    assert store.unread() is None and any("includefield=00081030" in path for path in archive.asked[before:])


def test_the_number_of_instances_takes_no_others_along_where_it_is_refused(world: World) -> None:
    """It comes by itself (PS3.18 table 10.6.3-3)."""
    world.archive.refuses = r"includefield=(00201208|[0-9A-F,]*,00201208)"
    world.archive.keep(ecg_report("2.25.9", StudyInstanceUID="2.25.99", StudyDescription="wrong", **CT))
    world.once()
    world.archive.stored["2.25.9"].StudyDescription = "corrected"
    summary = world.once()
    assert (summary.faults, summary.notices, summary.acts["imaging-study updated"]) == ([], [], 1)


def test_what_refuses_the_number_of_instances_is_not_asked_for_it_again(archive: Archive, store: DicomWebStore) -> None:
    filled(archive, 1)
    archive.refuses = "00201208"
    list(store.listing())
    before = len(archive.asked)
    list(store.listing())
    assert [path for path in archive.asked[before:] if "00201208" in path] == []


def test_what_was_refused_for_a_moment_is_asked_for_again_after_a_while(
    archive: Archive, store: DicomWebStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(archive, 1)
    whole = list(store.listing())
    archive.refuses = "includefield"
    assert list(store.listing()) != whole and store.unread() is not None
    archive.refuses = ""
    assert list(store.listing()) != whole
    monkeypatch.setattr(qido, "_ANEW", 0.0)
    assert list(store.listing()) == whole and store.unread() is None
    assert store.study("study/2.25.1000") and not archive.asked[-1].endswith("/metadata")


def test_a_query_that_is_refused_as_such_is_said(archive: Archive, store: DicomWebStore) -> None:
    archive.refuses = "StudyDate"
    with pytest.raises(PermanentError, match="answered 400"):
        list(store.dated(date(2026, 3, 2)))
    assert store.unread() is None


def test_an_archive_that_cannot_search_for_instances_says_nothing_of_them(
    archive: Archive, store: DicomWebStore
) -> None:
    """Whoever is about to believe in a deletion asks whether it is elsewhere."""
    filled(archive, 1)
    assert len(store.named("2.25.5000")) == 1
    archive.lacks = "/rs/instances"
    with pytest.raises(PermanentError, match="answered 404"):
        store.named("2.25.5000")


def test_what_is_no_document_is_none_though_the_archive_finds_it(archive: Archive, store: DicomWebStore) -> None:
    archive.keep(ecg_report("2.25.9", StudyInstanceUID="2.25.99"))
    archive.keep(ecg_report("2.25.10", StudyInstanceUID="2.25.99", Modality="CT"))
    archive.filters = False
    assert [one.key for one in store.listing() if one.key.endswith("/2.25.10")] == []


# -- what it gives ----------------------------------------------------------------------------------------------------
def test_an_instance_that_comes_alone_is_read(archive: Archive, store: DicomWebStore) -> None:
    """As `application/dicom`, though it was asked for as multipart (PS3.18 8.7.4)."""
    filled(archive, 1)
    archive.multipart = False
    (found,) = store.read([next(one.key for one in store.listing())])
    assert found is not None and reader.read(found.item.data).dataset


def test_what_is_gone_is_not_there(archive: Archive, store: DicomWebStore) -> None:
    """By a server that remembers it (410)."""
    archive.missing = 410
    assert store.read(["2.25.1/2.25.2/2.25.3"]) == [None]
