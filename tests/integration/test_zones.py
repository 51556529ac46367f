"""The zone of a store is of its documents' days; whoever reads them later, with another zone, gets the same."""

from __future__ import annotations

from bridge.mapping.load import load
from bridge.model.group import same
from bridge.translate.basis.ids import Known
from bridge.translate.gather import Entry, gather
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES
from tests.integration.test_laws_on_files import document

WRITER, READER = Known(zone="+01:00"), Known(zone="+02:00")


def test_resources_come_back_whatever_the_zone_of_the_reader() -> None:
    observation = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"text": "x"},
        "effectiveDateTime": "2026-03-02",
    }
    (group,) = gather([Entry(observation, "Observation/o")]).groups
    made = to_dicom(group, load(), WRITER).result
    back = to_fhir(made, load(), READER).result
    assert same(list(back.resources()), [observation])


def test_a_document_comes_back_whatever_the_zone_of_the_writer() -> None:
    before = document(FIXTURES / "dicom" / "ecg-report.dcm")
    naive = type(before)(tuple(one for one in before.header if one.tag != 0x00080201), before.root)
    group = to_fhir(naive, load(), WRITER).result
    assert group.root["effectiveDateTime"].endswith("+01:00")
    assert to_dicom(group, load(), READER).result == naive
