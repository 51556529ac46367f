"""A workstation edits an item of a document made from resources in words that we would not write: that item's element
changes, and nothing else; the words stay in the SR until FHIR says something else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Num, Plain
from bridge.model.group import Group, Number, Resource, reference_to
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.edited import first_item_edited
from tests.samples import measured, observation, reported

MAPPING, KNOWN = load(), Known()
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
CRITICAL = {"coding": [{"system": INTERPRETATION, "code": "HH", "display": "Critical high"}]}
ARM = {"coding": [{"system": "http://snomed.info/sct", "code": "368208006", "display": "Left arm"}]}
METHOD = Code("G-C036", "SRT", "Measurement Method")


def valued(value: Code | Num | Plain) -> Callable[[ContentItem], ContentItem]:
    return lambda item: replace(item, value=Coded(value) if isinstance(value, Code) else value)


def below(change: Callable[[ContentItem], ContentItem]) -> Callable[[ContentItem], ContentItem]:
    """The first item below it is changed."""

    def changed(item: ContentItem) -> ContentItem:
        first, *others = item.children
        return replace(item, children=(change(first), *others))

    return changed


def in_own_scheme(code: str) -> Callable[[ContentItem], ContentItem]:
    """Another code of the scheme that the SR itself uses for HL7's interpretations."""

    def changed(item: ContentItem) -> ContentItem:
        assert isinstance(item.value, Coded)
        assert item.value.code is not None
        return replace(item, value=Coded(item.value.code._replace(value=code, meaning="Edited")))

    return below(changed)


def with_method(item: ContentItem) -> ContentItem:
    said = ContentItem("HAS CONCEPT MOD", METHOD, Coded(Code("1", "99X", "Dipstick")), (), ())
    return replace(item, children=(*item.children, said))


def named(item: ContentItem) -> ContentItem:
    return replace(item, concept=Code("8462-4", "LN", "Diastolic blood pressure"))


DATED = observation(valueDateTime="2026-03-02T08:00:00+01:00")
CODED = observation(valueCodeableConcept=ARM)
EDITS: dict[str, tuple[Resource, Callable[[ContentItem], ContentItem], set[str]]] = {
    "interpretation": (measured(interpretation=[CRITICAL]), in_own_scheme("H"), {"interpretation"}),
    "normal": (measured(interpretation=[CRITICAL]), in_own_scheme("N"), {"interpretation"}),
    "number": (measured(), valued(Num((), None, None)), {"valueQuantity", "dataAbsentReason"}),
    "text": (observation(valueString="high"), valued(Plain("TEXT", "")), {"valueString", "_valueString"}),
    "code": (CODED, lambda item: replace(item, value=Coded(None)), {"valueCodeableConcept"}),
    "day": (DATED, valued(Plain("DATETIME", "20260303")), {"valueDateTime"}),
    "zone": (DATED, valued(Plain("DATETIME", "20260302070000+0000")), {"valueDateTime"}),
    "site": (measured(bodySite=ARM), below(valued(Code("T-D8200", "SRT", "Arm"))), {"bodySite"}),
    "method": (measured(), with_method, {"method"}),
    "concept": (measured(), named, {"code", "category"}),  # of the row
}


def grouped(result: Resource) -> Group:
    other = measured(id="n", extension=[{"url": "http://example.org/e", "valueString": "kept"}])
    report = reported(result=[{"reference": f"Observation/{one['id']}"} for one in (result, other)])
    return Group(report, (copy.deepcopy(result), other), None, "DiagnosticReport/r")


def said(group: Group) -> dict[str, Any]:
    return {reference_to(one): stripped(one) for one in group.resources()}


@pytest.mark.parametrize("name", EDITS)
def test_an_item_spelled_as_we_do_not_spell_it_changes_its_element_alone(name: str) -> None:
    result, change, elements = EDITS[name]
    group = grouped(result)
    before, after = said(group), said(first_item_edited(group, change, MAPPING, KNOWN).result)
    assert after.keys() == before.keys()
    assert after["Observation/n"] == before["Observation/n"]
    was, now = before["Observation/o"], after["Observation/o"]
    assert {key for key in was.keys() | now.keys() if was.get(key) != now.get(key)} == elements


def test_what_was_spelled_otherwise_gives_way_to_an_edit_in_fhir() -> None:
    result, change, _ = EDITS["interpretation"]
    found = copy.deepcopy(first_item_edited(grouped(result), change, MAPPING, KNOWN).result)
    edited = found.members[0]
    edited["interpretation"] = [{"coding": [{"system": INTERPRETATION, "code": "LL", "display": "Critical low"}]}]
    document = checked_to_dicom(found, MAPPING, KNOWN).result
    (interpreted,) = document.root.children[0].children
    assert isinstance(interpreted.value, Coded)
    assert interpreted.value.code is not None
    assert interpreted.value.code.value == "LL"


def test_what_was_spelled_otherwise_stays_where_fhir_edits_something_else() -> None:
    result, change, _ = EDITS["interpretation"]
    found = copy.deepcopy(first_item_edited(grouped(result), change, MAPPING, KNOWN).result)
    found.members[0]["valueQuantity"]["value"] = Number("4.5")
    document = checked_to_dicom(found, MAPPING, KNOWN).result
    (interpreted,) = document.root.children[0].children
    assert isinstance(interpreted.value, Coded)
    assert interpreted.value.code is not None
    assert interpreted.value.code.value == "H"
    assert interpreted.value.code.scheme.startswith("99")
    assert ANEW not in to_fhir(document, MAPPING, KNOWN).report.warnings
