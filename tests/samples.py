"""Resources that tests vary."""

from __future__ import annotations

from typing import Any

import pydicom

from bridge.model.group import Group, Resource
from tests.corpus import FIXTURES


def observation(**more: Any) -> Resource:
    """A laboratory result, without a value."""
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-03-02T08:15:00+01:00",
    } | more


def measured(**more: Any) -> Resource:
    """With a number."""
    quantity = {"value": 4, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    return observation(valueQuantity=quantity) | more


def reported(**more: Any) -> Resource:
    """A report, of the patient of `observation`."""
    return {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "Report"},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-03-02T08:15:00+01:00",
    } | more


def composed(**more: Any) -> Resource:
    """The Composition of such a report, without sections."""
    return {
        "resourceType": "Composition",
        "id": "c",
        "status": "final",
        "type": {"text": "Report"},
        "date": "2026-03-02",
        "title": "Report",
    } | more


def alone(resource: Resource) -> Group:
    """The resource as a document of its own."""
    return Group(resource, (), None, f"{resource['resourceType']}/{resource['id']}")


def ecg_report(uid: str, text: str | None = None, predecessor: str | None = None, **header: str) -> pydicom.Dataset:
    """The sample under another SOP Instance UID, with another last TEXT, other attributes of the `header` by keyword;
    as a new version of the `predecessor`."""
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    supersede(dataset, uid, predecessor)
    if text is not None:
        dataset.ContentSequence[-1].TextValue = text
    for keyword, value in header.items():
        setattr(dataset, keyword, value)
    return dataset


def supersede(dataset: pydicom.Dataset, uid: str, predecessor: str | None) -> None:
    """Makes it another instance; a new version of the `predecessor`, if there is one (PS3.3 C.17.2.2)."""
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    if predecessor is None:
        return
    instance, series, study = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID = dataset.SOPClassUID, predecessor
    series.SeriesInstanceUID, series.ReferencedSOPSequence = dataset.SeriesInstanceUID, [instance]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = dataset.StudyInstanceUID, [series]
    dataset.PredecessorDocumentsSequence = [study]
