"""Finding Sites and sides in words, or unknown (PS3.16 TID 300): what is around says nothing of what they are of."""

from __future__ import annotations

import copy
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import Coded
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from fixtures.templates.items import coded, container, modifier, num, text, unit
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
KIDNEY = {"system": "http://snomed.info/sct", "code": "64033007", "display": "Kidney"}
LIVER_SITE, SIDED = Code("10200004", "SCT", "Liver"), Code("272741003", "SCT", "Laterality")
LENGTH, RIGHT = Code("410668003", "SCT", "Length"), Code("24028007", "SCT", "Right")
UNKNOWN = Code("114010", "DCM", "Value unknown")


def in_words(concept: Code, words: str) -> Dataset:
    return modifier(text(concept, words))


def below_the_liver(*children: Dataset) -> tuple[Document, Group, Any]:
    """A document of ours, with the bodySite of the one length that it has."""
    right = modifier(coded(codes.SCT.FindingSite, LIVER_SITE, modifier(coded(SIDED, RIGHT))))
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "1500-group.dcm")
    dataset.ContentSequence = [container(codes.DCM.Findings, right, *children)]
    out = pydicom.filebase.DicomBytesIO()
    dataset.save_as(out)
    document = structured_report.read(bytes(out.getvalue()))
    group = copy.deepcopy(to_fhir(document, MAPPING, KNOWN).result)
    assert to_dicom(group, MAPPING, KNOWN).result == document
    return document, group, length_in(group).get("bodySite")


def length_in(group: Group) -> Resource:
    (found,) = [one for one in group.members if "valueQuantity" in one]
    return found


@pytest.mark.parametrize(
    ("said", "site"),
    [
        ([in_words(codes.SCT.FindingSite, "left kidney")], "left kidney"),
        ([in_words(codes.SCT.FindingSite, "left kidney"), in_words(SIDED, "left")], "left kidney, left"),
        ([in_words(SIDED, "left")], "Liver, left"),
        ([modifier(coded(SIDED, UNKNOWN))], "Liver"),
        ([modifier(coded(codes.SCT.FindingSite, UNKNOWN))], None),
        ([in_words(codes.SCT.FindingSite, " ")], None),
        ([modifier(coded(codes.SCT.FindingSite, codes.SCT.Kidney)), in_words(codes.SCT.FindingSite, "left")], "Kidney"),
    ],
)
@pytest.mark.parametrize("beside", [True, False])
def test_a_site_that_is_said_in_words_or_unknown_is_not_the_one_around(
    said: list[Dataset], site: str | None, beside: bool
) -> None:
    """Beside a number, or in a group around it."""
    of_number = num(LENGTH, "3", unit("mm"), *said)
    inside = container(codes.DCM.MeasurementGroup, *said, num(LENGTH, "3", unit("mm")))
    _, group, found = below_the_liver(of_number if beside else inside)
    if beside and site is None:
        assert found is None or found["coding"][0]["code"] == UNKNOWN.value
    else:
        assert (found or {}).get("text") == site
    assert "coding" in (found or {"coding": []}) or site is not None and site.startswith("left")


def test_a_copy_of_a_site_in_words_follows_them() -> None:
    words = in_words(codes.SCT.FindingSite, "left kidney")
    document, group, _ = below_the_liver(container(codes.DCM.MeasurementGroup, words, num(LENGTH, "3", unit("mm"))))
    assert not any("does not say that side" in one for one in to_fhir(document, MAPPING, KNOWN).report.warnings)
    (around,) = [one for one in group.members if any("valueString" in part for part in one.get("component", ()))]
    (part,) = [part for part in around["component"] if "valueString" in part]
    part["valueString"] = "right kidney"
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert any("it follows that" in one for one in translated.report.warnings)
    assert length_in(to_fhir(translated.result, MAPPING, KNOWN).result)["bodySite"]["text"] == "right kidney"


def test_a_site_in_words_that_is_edited_beside_a_result_is_one_of_that() -> None:
    words = in_words(codes.SCT.FindingSite, "left kidney")
    _, group, _ = below_the_liver(container(codes.DCM.MeasurementGroup, words, num(LENGTH, "3", unit("mm"))))
    length_in(group)["bodySite"] = {"id": "inherited", "coding": [KIDNEY], "text": "Kidney"}
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    number = translated.result.root.children[0].children[1].children[1]
    assert [one.value.code.meaning for one in number.children if isinstance(one.value, Coded) and one.value.code] == [
        "Kidney"
    ]
    assert length_in(to_fhir(translated.result, MAPPING, KNOWN).result)["bodySite"]["text"] == "Kidney"
