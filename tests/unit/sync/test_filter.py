"""Which documents a route carries."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.codecs.dicom import structured_report
from bridge.ledger.link import GONE, RETRACTED, UNKNOWN, Link
from bridge.model.group import Group
from bridge.model.version import Version
from bridge.sync.decision.filter import Filter, carries_document, carries_group, carries_patient, has_crossed
from tests.corpus import FIXTURES

LAB = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
PROFILE = "http://hl7.org/fhir/StructureDefinition/vitalsigns"
PATIENT = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:h", "value": "7"}, {"value": "x"}]}


def some(*words: str) -> frozenset[str]:
    return frozenset(words)


def result(category: str | None = "laboratory", **more: Any) -> dict[str, Any]:
    found = {"resourceType": "Observation", "id": "a", "status": "final", **more}
    coding = [{"system": LAB.partition("|")[0], "code": category}]
    return found | ({"category": [{"coding": coding}]} if category else {})


GROUP = Group(result(meta={"profile": [f"{PROFILE}|4.0.1"]}), (), PATIENT, "a")
REPORT = Group(
    {"resourceType": "DiagnosticReport", "id": "r", "status": "final"}, (result(), result("exam")), None, "r"
)


@pytest.mark.parametrize(
    ("wanted", "group", "carried"),
    [
        (Filter(), GROUP, True),
        (Filter(categories=some("laboratory")), GROUP, True),
        (Filter(categories=some(LAB)), GROUP, True),
        (Filter(categories=some("imaging", "laboratory")), GROUP, True),
        (Filter(categories=some("imaging")), GROUP, False),
        (Filter(categories=some("laboratory")), REPORT, True),  # the report has none: its first result's
        (Filter(categories=some("laboratory")), Group(result(None), (), None, "a"), False),
        (Filter(profiles=some(PROFILE)), GROUP, True),
        (Filter(profiles=some("http://example.org/other")), GROUP, False),
        (Filter(patients=some("urn:h|7")), GROUP, True),
        (Filter(patients=some("|x")), GROUP, True),
        (Filter(patients=some("urn:other|7")), GROUP, False),
        (Filter(patients=some("urn:h|7")), REPORT, False),  # nobody's
        (Filter(categories=some("laboratory"), patients=some("urn:h|8")), GROUP, False),
    ],
)
def test_a_group_is_carried_where_it_meets_all(wanted: Filter, group: Group, carried: bool) -> None:
    assert carries_group(wanted, group) is carried
    assert carries_patient(Filter(patients=wanted.patients), group) or not carried


@pytest.mark.parametrize(
    ("wanted", "carried"),
    [
        (Filter(), True),
        (Filter(templates=some("5200")), True),
        (Filter(templates=some("2000")), False),
        (Filter(modalities=some("SR")), True),
        (Filter(modalities=some("CT", "MR")), False),
        (Filter(sop_classes=some("1.2.840.10008.5.1.4.1.1.88.33")), True),
        (Filter(sop_classes=some("1.2.840.10008.5.1.4.1.1.88.11")), False),
        (Filter(templates=some("5200"), modalities=some("CT")), False),
    ],
)
def test_a_document_is_carried_where_it_meets_all(wanted: Filter, carried: bool) -> None:
    document = structured_report.read((FIXTURES / "dicom" / "5200-echocardiography.dcm").read_bytes())
    assert carries_document(wanted, document) is carried


@pytest.mark.parametrize(
    ("fhir", "dicom", "crossed"),
    [
        ("digest", "digest", True),
        (UNKNOWN, UNKNOWN, True),
        (RETRACTED, "digest", True),  # the other side was not told, or not asked
        ("digest", GONE, True),  # its retention expired
        (RETRACTED, RETRACTED, False),
        (GONE, RETRACTED, False),
    ],
)
def test_what_stands_on_a_side_has_crossed(fhir: str, dicom: str, crossed: bool) -> None:  # noqa: FBT001
    version = Version("2.25.1", "2.25.2", "1.2.840.10008.5.1.4.1.1.88.11", "2.25.3")
    link = Link("d", "r", "fhir", "Observation/a", {}, fhir, "i", dicom, (version,))
    assert (has_crossed(link), has_crossed(None)) == (crossed, False)
