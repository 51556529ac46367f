"""A workstation edits a code in place, and leaves its Equivalent Code Sequence, which no viewer shows: *Right* is not
`left side`, in either world."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem
from bridge.model.group import Group, Number, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.restoring import FORMER_EQUIVALENTS
from bridge.translate.selfcheck import checked_to_dicom
from tests.edited import first_item_edited
from tests.samples import measured, observation, reported

MAPPING, KNOWN = load(), Known()
SCT = "http://snomed.info/sct"
LEFT = {"system": SCT, "code": "7771000", "display": "Left"}
SIDE = {"system": "http://example.org/lab", "code": "L!", "display": "left side"}
RIGHT = Code("24028007", "SCT", "Right")
TWO = {"coding": [LEFT, SIDE]}


def in_report(result: Resource) -> Group:
    return Group(reported(result=[{"reference": "Observation/o"}]), (result,), None, "DiagnosticReport/r")


def right(item: ContentItem) -> ContentItem:
    """Code Value and Code Meaning are edited, and nothing else."""
    value = item.value
    if isinstance(value, Coded) and value.code is not None and value.code.value == "7771000":
        value = Coded(RIGHT._replace(equivalents=value.code.equivalents))
    return replace(item, value=value, children=tuple(map(right, item.children)))


RESULTS: dict[str, tuple[Resource, str]] = {
    "value": (observation(valueCodeableConcept=TWO), "valueCodeableConcept"),
    "site": (measured(bodySite=TWO), "bodySite"),
    "method": (measured(method=TWO), "method"),
}


def codings(concept: Any) -> list[str]:
    return [one["code"] for one in concept["coding"]]


def codes(item: ContentItem) -> list[Code]:
    said = [item.value.code] if isinstance(item.value, Coded) and item.value.code is not None else []
    return [*said, *(code for child in item.children for code in codes(child))]


@pytest.mark.parametrize("name", RESULTS)
def test_what_is_equivalent_to_the_former_code_is_not_said_of_the_edited_one(name: str) -> None:
    result, element = RESULTS[name]
    back = first_item_edited(in_report(copy.deepcopy(result)), right, MAPPING, KNOWN)
    (said,) = [one for one in back.result.members if one["resourceType"] == "Observation"]
    assert codings(said[element]) == ["24028007"]
    assert any(one.endswith(FORMER_EQUIVALENTS) for one in back.report.warnings)


def test_a_later_version_does_not_say_it_either() -> None:
    result, element = RESULTS["site"]
    found = copy.deepcopy(first_item_edited(in_report(copy.deepcopy(result)), right, MAPPING, KNOWN).result)
    found.members[0]["valueQuantity"]["value"] = Number("4.5")
    document = checked_to_dicom(found, MAPPING, KNOWN).result
    assert [code.equivalents for code in codes(document.root) if code.same(RIGHT)] == [()]


@pytest.mark.parametrize("name", RESULTS)
def test_equivalents_that_nobody_has_touched_stay(name: str) -> None:
    result, element = RESULTS[name]
    back = first_item_edited(in_report(copy.deepcopy(result)), lambda item: item, MAPPING, KNOWN)
    assert stripped(back.result.members[0])[element] == TWO
    assert not [one for one in back.report.warnings if one.endswith(FORMER_EQUIVALENTS)]
