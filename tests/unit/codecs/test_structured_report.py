"""What tells a whole Structured Report from one that was cut on the boundary of an element."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    MediaStorageDirectoryStorage,
    RLELossless,
)

from bridge.codecs.dicom import structured_report
from bridge.codecs.dicom.structured_report import NotStructuredReportError
from bridge.errors import InvalidDicomError
from bridge.mapping.load import load
from bridge.translate.basis.ids import Known
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.images import as_file, ct
from tests.samples import ecg_report


def without_content(**header: object) -> bytes:
    dataset = ecg_report("2.25.1")
    del dataset.ContentSequence
    dataset.CompletionFlag = "PARTIAL"
    for keyword, value in header.items():
        setattr(dataset, keyword, value)
    data = DicomBytesIO()
    pydicom.dcmwrite(data, dataset)
    return bytes(data.getvalue())


def named(keyword: str, value: str) -> list[Dataset]:
    one = Dataset()
    setattr(one, keyword, value)
    return [one]


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEG2000Lossless, RLELossless])
def test_a_compressed_image_is_no_report(syntax: str) -> None:
    """Its pixels have no length (PS3.5 A.4), and are not read."""
    image = ct(1)
    image.file_meta.TransferSyntaxUID = syntax
    image.PixelData = encapsulate([b"\xff\xd8abcd\xff\xd9"])
    image["PixelData"].is_undefined_length = True
    with pytest.raises(NotStructuredReportError, match=CTImageStorage):
        structured_report.read(as_file(image))


def test_a_damaged_image_is_no_report_either() -> None:
    with pytest.raises(NotStructuredReportError, match=CTImageStorage):
        structured_report.read(as_file(ct(1))[:-7])


def test_a_directory_is_no_report() -> None:
    """It has no SOP Class in its data set: the File Meta Information says it (PS3.10 8.6)."""
    directory = FileDataset("", Dataset(), preamble=b"\0" * 128)
    directory.file_meta = FileMetaDataset()
    directory.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    directory.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    directory.file_meta.MediaStorageSOPInstanceUID = "2.25.7"
    directory.FileSetID = "EXPORT"
    directory.DirectoryRecordSequence = named("DirectoryRecordType", "PATIENT")
    with pytest.raises(NotStructuredReportError, match="DICOMDIR"):
        structured_report.read(as_file(directory))


def test_one_that_was_cut_before_its_class_is_no_directory() -> None:
    data = without_content()
    assert data[128:132] == b"DICM"
    with pytest.raises(InvalidDicomError, match="no SOP Class") as fault:
        structured_report.read(data[: data.index(b"\x08\x00\x16\x00UI")])
    assert not isinstance(fault.value, NotStructuredReportError)


def test_a_report_without_items_is_one() -> None:
    """Content Sequence is type 1C (PS3.3 C.17.3)."""
    document = structured_report.read(without_content())
    translated = to_fhir(document, load(), Known())
    assert to_dicom(translated.result, load(), Known()).result == document
    assert any("no content items" in one for one in translated.report.warnings)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ContentTemplateSequence", named("TemplateIdentifier", "3700")),
        ("CurrentRequestedProcedureEvidenceSequence", named("StudyInstanceUID", "2.25.2")),
        ("PertinentOtherEvidenceSequence", named("StudyInstanceUID", "2.25.2")),
        ("CompletionFlag", "COMPLETE"),
    ],
)
def test_one_that_speaks_of_items_was_cut(keyword: str, value: object) -> None:
    with pytest.raises(InvalidDicomError, match=r"no Content Sequence \(0040,A730\), but a .*: truncated"):
        structured_report.read(without_content(**{keyword: value}))
    structured_report.read(without_content(**{keyword: value, "ContentSequence": []}))
