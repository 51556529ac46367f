"""A document's own view of a study, apart from the ImagingStudy that all share, and together with it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.codecs.dicom import structured_report
from bridge.codecs.fhir import validate
from bridge.mapping.load import load
from bridge.model.group import Group, Resource, reference_to
from bridge.translate.basis.ids import Known
from bridge.translate.gather import Entry, gather
from bridge.translate.header.imaging_study import shared_id
from bridge.translate.header.shared_study import apart, is_shared, of_pacs, together
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES, SR_FILES, name

MAPPING = load()
KNOWN = Known("urn:test:ehr")
FILES = [*SR_FILES, *sorted((FIXTURES / "templates").rglob("*.dcm"))]


def grown(view: Resource, key: str) -> Resource:
    """The shared ImagingStudy, which says more than the document does."""
    series = {"uid": "2.25.4711", "modality": {"code": "CT"}, "instance": [{"uid": "2.25.4712", "sopClass": {}}]}
    shared = view | {"id": key.partition("/")[2], "numberOfInstances": 4711, "description": "of the PACS"}
    return shared | {"series": [series, *view.get("series", [])]}


@pytest.mark.parametrize("file", FILES, ids=name)
def test_what_a_document_says_comes_back_whatever_the_shared_study_says(file: Path) -> None:
    document = structured_report.read(file.read_bytes())
    first = to_fhir(document, MAPPING, KNOWN).result
    uid = next(one["value"] for one in first.root["identifier"] if one.get("system") == "urn:dicom:uid")
    known = replace(KNOWN, document=uid.removeprefix("urn:oid:"))
    resources, views = apart(list(first.resources()), known)
    assert len(views) == len({reference_to(one) for one in first.members if one["resourceType"] == "ImagingStudy"})
    for one in resources:
        validate(one)
        assert one["resourceType"] != "ImagingStudy"
    shared = [grown(view, key) for key, view in views.items()]
    assert all(is_shared(one, KNOWN) for one in shared)
    patient = [first.patient] if first.patient is not None else []
    entries = [Entry(one, reference_to(one)) for one in [*resources, *shared, *patient]]
    stored = next(one for one in gather(entries).groups if one.root["id"] == first.root["id"])
    assert of_pacs(stored, KNOWN) == {reference_to(one) for one in shared}
    back = to_dicom(together(stored, KNOWN), MAPPING, KNOWN).result
    assert back == document


def test_of_a_study_a_report_of_fhir_knows_only_what_it_refers_to() -> None:
    uid = "2.25.7"
    listed = [{"uid": f"2.25.7.1.{number}", "sopClass": {"code": "urn:oid:1.2"}} for number in range(3)]
    study = {
        "resourceType": "ImagingStudy",
        "id": shared_id(uid, KNOWN),
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{uid}"}],
        "status": "entered-in-error",
        "numberOfInstances": 3,
        "series": [{"uid": "2.25.7.1", "modality": {"code": "CT"}, "numberOfInstances": 3, "instance": listed}],
    }
    source = {
        "reference": f"ImagingStudy/{study['id']}",
        "identifier": {"system": "urn:dicom:uid", "value": "urn:oid:2.25.7.1.1"},
    }
    observation = {"resourceType": "Observation", "id": "o", "status": "final", "derivedFrom": [source]}
    (lean,) = together(Group(observation, (study,), None, "Observation/o"), KNOWN).members
    assert [one["uid"] for series in lean["series"] for one in series["instance"]] == ["2.25.7.1.1"]
    assert (lean["status"], "numberOfInstances" in lean) == ("available", False)
    foreign = study | {"id": "of-the-ris"}
    assert together(Group(observation, (foreign,), None, "Observation/o"), KNOWN).members == (foreign,)
