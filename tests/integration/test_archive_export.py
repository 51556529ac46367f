"""`fhir-dicom convert` of an archive's export that has several versions of a report, or notes that reject some."""

from __future__ import annotations

import copy
import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from bridge.convert.inputs import NOTE
from bridge.convert.instances import ELSEWHERE
from bridge.convert.versions import OLDER
from bridge.translate.rejection import PATIENT_SAFETY
from fixtures.templates.items import code, instance
from tests.command_line import fhir_dicom
from tests.corpus import FIXTURES
from tests.samples import ecg_report, supersede

DCM = codes.DCM
SAFETY = DCM.RejectedForPatientSafetyReasons
VOID = f"void by a rejection note: {PATIENT_SAFETY.meaning}"


def note(*rejecting: Dataset, title: Any = SAFETY, where: Dataset | None = None) -> Dataset:
    """As a PACS stores one (IHE RAD TF IOCM). `where`: what its evidence names, as that says of itself."""
    made = pydicom.dcmread(FIXTURES / "dicom" / "2010-key-objects.dcm")
    supersede(made, "2.25.777", None)
    made.PatientID, made.IssuerOfPatientID = rejecting[0].PatientID, rejecting[0].get("IssuerOfPatientID", "")
    made.StudyInstanceUID, made.ConceptNameCodeSequence = rejecting[0].StudyInstanceUID, code(title)
    made.ContentSequence = [instance("COMPOSITE", None, one.SOPClassUID, one.SOPInstanceUID) for one in rejecting]
    del made.CurrentRequestedProcedureEvidenceSequence
    if where is not None:
        supersede(other := copy.deepcopy(where), "2.25.778", str(where.SOPInstanceUID))
        made.CurrentRequestedProcedureEvidenceSequence = other.PredecessorDocumentsSequence
    return made


def converted(tmp_path: Path, *datasets: Dataset, workers: str = "1") -> tuple[set[str], dict[str, str]]:
    """SOP Instance UIDs of what was translated; and why the others were not, by UID. In this order they are read."""
    (tmp_path / "in").mkdir()
    for number, one in enumerate(datasets):
        one.save_as(tmp_path / "in" / f"{number}.dcm")
    words = ("--to", "fhir", "-o", "out", "--report", "report.json", "--workers", workers)
    fhir_dicom(tmp_path, "convert", "in", *words)
    report = json.loads((tmp_path / "report.json").read_bytes())
    written = {file.stem for file in (tmp_path / "out").iterdir()} if (tmp_path / "out").is_dir() else set[str]()
    uids = {f"in/{number}.dcm": str(one.SOPInstanceUID) for number, one in enumerate(datasets)}
    others = [one for one in report["documents"] if one["status"] != "converted"]
    return written, {uids[one["source"]]: one["error"] or one["reason"] for one in others}


ONE, TWO, THREE = "2.25.1", "2.25.2", "2.25.3"


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_the_newest_version_stands_whichever_comes_first(tmp_path: Path, order: tuple[int, ...]) -> None:
    versions = [ecg_report(ONE, "Mass"), ecg_report(TWO, "Cyst", ONE), ecg_report(THREE, "None", TWO)]
    written, others = converted(tmp_path, *(versions[place] for place in order))
    assert written == {THREE}
    assert others == {ONE: OLDER, TWO: OLDER}


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("note_comes_first", [False, True])
@pytest.mark.parametrize(
    "title",
    [
        SAFETY,
        DCM.RejectedForQualityReasons,
        DCM.IncorrectModalityWorklistEntry,
    ],
)
def test_what_is_rejected_is_void_and_the_note_is_no_report(
    tmp_path: Path, title: Any, note_comes_first: bool, workers: str
) -> None:
    void, valid = ecg_report(ONE), ecg_report(TWO)
    given = [void, valid, note(void, title=title)]
    written, others = converted(tmp_path, *(reversed(given) if note_comes_first else given), workers=workers)
    assert written == {TWO}
    assert others == {ONE: f"void by a rejection note: {title.meaning}", "2.25.777": NOTE}


def test_what_is_only_kept_no_longer_is_right(tmp_path: Path) -> None:
    expired = ecg_report(ONE)
    written, others = converted(tmp_path, expired, note(expired, title=DCM.DataRetentionPolicyExpired))
    assert written == {ONE}
    assert others == {"2.25.777": NOTE}


def test_other_key_objects_are_documents(tmp_path: Path) -> None:
    named = ecg_report(ONE)
    written, others = converted(tmp_path, named, note(named, title=DCM.OfInterest))
    assert written == {ONE, "2.25.777"}
    assert others == {}


def test_a_version_after_what_was_rejected_stands(tmp_path: Path) -> None:
    void = ecg_report(ONE, "Mass")
    written, others = converted(tmp_path, void, ecg_report(TWO, "None", ONE), note(void))
    assert written == {TWO}
    assert others == {ONE: VOID, "2.25.777": NOTE}


def test_nobody_knows_whether_the_version_before_what_was_rejected_stands_again(tmp_path: Path) -> None:
    void = ecg_report(TWO, "None", ONE)
    written, others = converted(tmp_path, ecg_report(ONE, "Mass"), void, note(void))
    assert written == set()
    assert others[TWO] == VOID
    assert others[ONE].startswith("in/0.dcm: each version after it is rejected")


def test_of_versions_that_supersede_each_other_none_is_taken(tmp_path: Path) -> None:
    written, others = converted(tmp_path, ecg_report(ONE, "Mass", TWO), ecg_report(TWO, "None", ONE))
    assert written == set()
    assert all("superseded by what it supersedes" in one for one in others.values())
    assert len(others) == 2


def test_a_note_of_what_is_not_here_says_so(tmp_path: Path) -> None:
    written, others = converted(tmp_path, note(ecg_report(ONE)))
    assert written == set()
    assert others == {"2.25.777": ELSEWHERE}


def test_a_note_of_images_asks_for_no_report(tmp_path: Path) -> None:
    image = ecg_report(ONE)
    image.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    assert converted(tmp_path, note(image, where=image)) == (set(), {"2.25.777": NOTE})


def test_a_note_of_what_is_only_kept_no_longer_asks_for_nothing(tmp_path: Path) -> None:
    gone = note(ecg_report(ONE), title=DCM.DataRetentionPolicyExpired)
    assert converted(tmp_path, gone) == (set(), {"2.25.777": NOTE})


def test_a_note_whose_evidence_has_no_class_rejects(tmp_path: Path) -> None:
    void = ecg_report(ONE)
    about = note(void, where=void)
    series = about.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    series.ReferencedSOPSequence[0].ReferencedSOPClassUID = ""
    assert converted(tmp_path, void, about) == (set(), {ONE: VOID, "2.25.777": NOTE})


def test_a_version_of_another_patient_supersedes_nothing_unsaid(tmp_path: Path) -> None:
    """Sync asks a person, too."""
    another = ecg_report(TWO, "None", ONE, PatientID="X", StudyInstanceUID="2.25.55")
    written, others = converted(tmp_path, ecg_report(ONE, "Mass"), another)
    assert written == {TWO}
    assert others[ONE].startswith("in/0.dcm: a version after it is of another patient")


def test_a_note_rejects_in_the_study_that_its_evidence_names(tmp_path: Path) -> None:
    void, valid = ecg_report(ONE, StudyInstanceUID="2.25.55"), ecg_report(TWO)
    about = note(valid, where=void)
    about.ContentSequence = note(void).ContentSequence
    assert converted(tmp_path, void, valid, about) == ({TWO}, {ONE: VOID, "2.25.777": NOTE})


def test_a_note_of_another_patients_study_rejects_nothing(tmp_path: Path) -> None:
    """Else a stranger's note would void a result."""
    stranger, valid = ecg_report(ONE, StudyInstanceUID="2.25.55", PatientID="X"), ecg_report(TWO)
    about = note(valid, where=stranger)
    about.ContentSequence = note(stranger).ContentSequence
    written, others = converted(tmp_path, stranger, valid, about)
    assert written == {ONE, TWO}
    assert "another study, or patient: that is not rejected" in others["2.25.777"]


def test_what_a_note_names_in_another_study_is_not_rejected(tmp_path: Path) -> None:
    other = ecg_report(ONE, StudyInstanceUID="2.25.55")
    about = note(ecg_report(ONE))
    written, others = converted(tmp_path, other, about)
    assert written == {ONE}
    assert f"names {ONE}, and is of another study, or patient: that is not rejected" in others["2.25.777"]


def test_a_version_whose_header_is_long_supersedes_too(tmp_path: Path) -> None:
    """Only the first bytes of a file are read, where these say enough."""
    newer = ecg_report(TWO, "None", ONE)
    newer.add_new(0x00080081, "ST", "x" * 100_000)  # Institution Address
    written, others = converted(tmp_path, ecg_report(ONE, "Mass"), newer)
    assert written == {TWO}
    assert others == {ONE: OLDER}


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2"])
def test_a_version_in_another_encoding_supersedes_too(tmp_path: Path, syntax: str) -> None:
    newer = ecg_report(TWO, "None", ONE)
    newer.file_meta.TransferSyntaxUID = syntax
    written, others = converted(tmp_path, ecg_report(ONE, "Mass"), newer)
    assert written == {TWO}
    assert others == {ONE: OLDER}
