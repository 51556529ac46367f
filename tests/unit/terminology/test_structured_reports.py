"""SOP classes of Structured Reports, one place for all who ask."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.uid import UID_dictionary

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.terminology.modality import modality_of
from bridge.terminology.structured_reports import is_structured_report
from bridge.translate.basis.ids import Known
from bridge.translate.header.imaging_study import is_document
from bridge.translate.native.generic import reference_type
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import ecg_report

OPHTHALMIC = ["1.2.840.10008.5.1.4.1.1.78.6", "1.2.840.10008.5.1.4.1.1.79.1"]


def test_all_that_the_dictionary_calls_a_report_is_one() -> None:
    named = {
        uid
        for uid, (name, kind, *_) in UID_dictionary.items()
        if kind == "SOP Class" and ("SR Storage" in name or "Report Storage" in name) and "DICOS" not in name
    }
    assert set(OPHTHALMIC) < named
    assert {uid for uid in named if not is_structured_report(uid)} == set()


@pytest.mark.parametrize("sop_class", OPHTHALMIC)
def test_a_report_of_an_eye_is_translated(sop_class: str) -> None:
    """PS3.3 A.35.9 and A.35.11: their SOP classes are not among those of the other reports."""
    dataset = ecg_report("2.25.1", SOPClassUID=sop_class)
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    data = DicomBytesIO()
    pydicom.dcmwrite(data, dataset)
    document = structured_report.read(bytes(data.getvalue()))
    assert to_dicom(to_fhir(document, load(), Known()).result, load(), Known()).result == document
    assert (reference_type(sop_class), is_document(sop_class), modality_of(sop_class)) == ("COMPOSITE", True, "SR")


def test_an_image_of_an_eye_is_none() -> None:
    assert not is_structured_report("1.2.840.10008.5.1.4.1.1.78.1")  # Lensometry Measurements
    assert reference_type("1.2.840.10008.5.1.4.1.1.77.1.5.1") == "IMAGE"
