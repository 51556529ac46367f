"""What tells a whole Structured Report from one that was cut on the boundary of an element."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO

from bridge.codecs.dicom import structured_report
from bridge.errors import InvalidDicomError
from bridge.mapping.load import load
from bridge.translate.basis.ids import Known
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
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
