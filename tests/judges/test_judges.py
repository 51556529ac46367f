"""The judges can fail: each complains about the fault that is its own to see, and of the right file."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian, generate_uid

from . import dciodvfy, dsrdump, installed, judge, pixelmed

Concept = tuple[str, str, str]

REPORT: Concept = ("8716-3", "LN", "Vital signs")
PULSE: Concept = ("8867-4", "LN", "Heart rate")
PER_MINUTE: Concept = ("/min", "UCUM", "per minute")


def code(concept: Concept) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = concept
    return item


def content_item(relationship: str, value_type: str, name: Concept) -> Dataset:
    item = Dataset()
    item.RelationshipType = relationship
    item.ValueType = value_type
    item.ConceptNameCodeSequence = Sequence([code(name)])
    return item


def coded(relationship: str, name: Concept, value: Concept) -> Dataset:
    item = content_item(relationship, "CODE", name)
    item.ConceptCodeSequence = Sequence([code(value)])
    return item


def text(relationship: str, name: Concept, value: str) -> Dataset:
    item = content_item(relationship, "TEXT", name)
    item.TextValue = value
    return item


def person(relationship: str, name: Concept, value: str) -> Dataset:
    item = content_item(relationship, "PNAME", name)
    item.PersonName = value
    return item


def number(relationship: str, name: Concept, value: str, unit: Concept) -> Dataset:
    item = content_item(relationship, "NUM", name)
    measured = Dataset()
    measured.MeasurementUnitsCodeSequence = Sequence([code(unit)])
    measured.NumericValue = value
    item.MeasuredValueSequence = Sequence([measured])
    return item


def container(name: Concept, *children: Dataset) -> Dataset:
    item = content_item("CONTAINS", "CONTAINER", name)
    item.ContinuityOfContent = "SEPARATE"
    item.ContentSequence = Sequence(children)
    return item


def document(title: Concept, *children: Dataset) -> Dataset:
    """A Comprehensive SR with everything that its modules ask for."""
    ds = Dataset()
    ds.SOPClassUID = ComprehensiveSRStorage
    ds.SOPInstanceUID = generate_uid()
    ds.PatientName = "Doe^Jane"
    ds.PatientID = "1"
    ds.PatientBirthDate = "19700101"
    ds.PatientSex = "F"
    ds.StudyInstanceUID = generate_uid()
    ds.StudyDate = ds.ContentDate = "20240102"
    ds.StudyTime = ds.ContentTime = "030405"
    ds.StudyID = "1"
    ds.AccessionNumber = ""
    ds.ReferringPhysicianName = ""
    ds.SeriesInstanceUID = generate_uid()
    ds.SeriesNumber = 1
    ds.Modality = "SR"
    ds.ReferencedPerformedProcedureStepSequence = Sequence()
    ds.Manufacturer = "FHIR-DICOM bridge"
    ds.InstanceNumber = 1
    ds.CompletionFlag = "COMPLETE"
    ds.VerificationFlag = "UNVERIFIED"
    ds.PerformedProcedureCodeSequence = Sequence()
    ds.ValueType = "CONTAINER"
    ds.ConceptNameCodeSequence = Sequence([code(title)])
    ds.ContinuityOfContent = "SEPARATE"
    ds.ContentSequence = Sequence(children)
    return ds


def vital_signs() -> Dataset:
    return document(REPORT, number("CONTAINS", PULSE, "61", PER_MINUTE))


def measurement_report(procedure: Concept) -> Dataset:
    """A TID 1500 Measurement Report, whose procedure has to come from a context group."""
    ds = document(
        ("126000", "DCM", "Imaging Measurement Report"),
        coded(
            "HAS CONCEPT MOD",
            ("121049", "DCM", "Language of Content Item and Descendants"),
            ("en", "RFC5646", "English"),
        ),
        coded("HAS OBS CONTEXT", ("121005", "DCM", "Observer Type"), ("121006", "DCM", "Person")),
        person("HAS OBS CONTEXT", ("121008", "DCM", "Person Observer Name"), "Doe^John"),
        coded("HAS CONCEPT MOD", ("121058", "DCM", "Procedure reported"), procedure),
        container(
            ("126010", "DCM", "Imaging Measurements"),
            container(
                ("125007", "DCM", "Measurement Group"),
                text("HAS OBS CONTEXT", ("112039", "DCM", "Tracking Identifier"), "lesion 1"),
            ),
        ),
    )
    template = Dataset()
    template.MappingResource = "DCMR"
    template.TemplateIdentifier = "1500"
    ds.ContentTemplateSequence = Sequence([template])
    return ds


def with_illegal_relationship() -> Dataset:
    return document(REPORT, number("HAS PROPERTIES", PULSE, "61", PER_MINUTE))


def without_completion_flag() -> Dataset:
    ds = vital_signs()
    del ds.CompletionFlag
    return ds


def save(ds: Dataset, file: Path) -> Path:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(file, enforce_file_format=True)
    return file


DOCUMENTS = {
    "good": vital_signs,
    "relationship": with_illegal_relationship,
    "attribute": without_completion_flag,
    "template": lambda: measurement_report(("25045-6", "LN", "CT unspecified body region")),
    "unknown code": lambda: measurement_report(("1", "99TEST", "Unknown procedure")),
    "gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n": vital_signs,
}

NOT_DICOM = "not DICOM"


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """The complaints about each document, all judged in one call: the virtual machine costs seconds to start."""
    folder = tmp_path_factory.mktemp("judged")
    files = {name: save(build(), folder / f"{name}.dcm") for name, build in DOCUMENTS.items()}
    files[NOT_DICOM] = folder / "not-dicom.dcm"
    files[NOT_DICOM].write_bytes(b"no DICOM at all")
    complaints = judge(list(files.values()))
    assert list(complaints) == list(files.values())
    return {name: complaints[file] for name, file in files.items()}


def judges_of(complaints: list[str]) -> set[str]:
    return {complaint.partition(":")[0] for complaint in complaints}


@pytest.mark.parametrize("name", ["good", "template", "gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n"])
def test_a_right_document_is_accepted(verdicts: Mapping[str, list[str]], name: str) -> None:
    assert verdicts[name] == []


def test_an_illegal_relationship_is_seen_by_dsrdump_and_pixelmed(verdicts: Mapping[str, list[str]]) -> None:
    assert judges_of(verdicts["relationship"]) == {"dsrdump", "pixelmed"}
    assert any("has illegal relationship HAS PROPERTIES" in line for line in verdicts["relationship"])


def test_a_missing_attribute_is_seen_by_dciodvfy(verdicts: Mapping[str, list[str]]) -> None:
    assert any(line.startswith("dciodvfy: Error") and "CompletionFlag" in line for line in verdicts["attribute"])


def test_a_code_outside_the_context_group_is_seen_by_pixelmed(verdicts: Mapping[str, list[str]]) -> None:
    assert judges_of(verdicts["unknown code"]) == {"pixelmed"}
    assert any('(1,99TEST,"Unknown procedure") not found in context group' in line for line in verdicts["unknown code"])


def test_a_file_that_is_not_dicom_is_not_accepted(verdicts: Mapping[str, list[str]]) -> None:
    assert {"dciodvfy", "dsrdump"} <= judges_of(verdicts[NOT_DICOM])


def test_a_file_that_is_not_there_is_no_accepted_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        judge([tmp_path / "absent.dcm"])


def test_a_file_that_a_judge_cannot_open_is_a_complaint(tmp_path: Path) -> None:
    absent = tmp_path / "absent.dcm"
    assert dciodvfy.complaints(absent)
    assert dsrdump.complaints(absent)


def test_a_failure_of_one_file_is_not_a_failure_of_the_next(tmp_path: Path) -> None:
    absent = tmp_path / "absent.dcm"
    good = save(vital_signs(), tmp_path / "good.dcm")
    complaints = pixelmed.complaints([absent, good])
    assert "FileNotFoundException" in complaints[absent][0]
    assert complaints[good] == []


def test_text_in_a_document_is_no_complaint(tmp_path: Path) -> None:
    misleading = "first\nE: not an error\nError - not an error\nillegal relationship"
    file = save(document(REPORT, text("CONTAINS", ("121071", "DCM", "Finding"), misleading)), tmp_path / "text.dcm")
    assert judge([file]) == {file: []}


def test_nothing_to_judge() -> None:
    assert judge([]) == {}


def test_a_missing_judge_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(installed.JudgeMissingError, match=r"javac not found .*install\.sh"):
        installed.program("javac", "default-jdk-headless")
