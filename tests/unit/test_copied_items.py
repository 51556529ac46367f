"""Whoever adds a result to one of our SRs in the PACS copies an item and edits it, private elements included. The
result that it was copied from stays what it is, and the copy is a result of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, ContentItem, Num
from bridge.model.dataset import merged, text_element
from bridge.model.document import Document
from bridge.model.group import Resource
from bridge.model.tags import OBSERVATION_UID, SOP_INSTANCE_UID
from bridge.translate.basis.ids import Known
from bridge.translate.gather import Entry, gather
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.samples import measured
from tests.unit.test_edited_in_both import reported

MAPPING, KNOWN = load(), Known(system="urn:ehr")
SODIUM = Code("2951-2", "LN", "Sodium")


def potassium(name: str, value: str) -> Resource:
    more: dict[str, Any] = {"note": [{"text": "hemolysed"}], "identifier": [{"system": "urn:lab", "value": name}]}
    return measured(id=name, **more) | {"valueQuantity": measured()["valueQuantity"] | {"value": int(value)}}


def a_copy(item: ContentItem, *, uid: str | None, concept: Code | None = None) -> ContentItem:
    assert isinstance(item.value, Num) and any(element.tag >> 16 & 1 for element in item.rest)
    rest = item.rest if uid is None else merged(item.rest, [text_element(OBSERVATION_UID, "UI", uid)])
    return replace(item, value=replace(item.value, values=("99",)), rest=rest, concept=concept or item.concept)


@pytest.mark.parametrize("concept", [None, SODIUM])
@pytest.mark.parametrize(  # of two with one UID nobody knows which is the copy: it is the later one
    ("uid", "where"),
    [("2.25.77", "before"), ("2.25.77", "behind"), ("2.25.77", "last"), (None, "behind"), (None, "last")],
)
def test_a_copied_item_is_a_result_of_its_own(concept: Code | None, uid: str | None, where: str) -> None:
    made = checked_to_dicom(reported(potassium("k1", "41"), potassium("k2", "59")), MAPPING, KNOWN).result
    first, second, *others = made.root.children
    copy = a_copy(first, uid=uid, concept=concept)
    children = {"before": (copy, first, second, *others), "behind": (first, copy, second, *others)}
    root = replace(made.root, children=children.get(where, (first, second, *others, copy)))
    edited = Document(merged(made.header, [text_element(SOP_INSTANCE_UID, "UI", "2.25.78")]), root)
    back = to_fhir(edited, MAPPING, KNOWN)
    assert ANEW not in back.report.warnings
    results = [one for one in back.result.resources() if one["resourceType"] == "Observation"]
    numbers = {str(one["id"]): str(one["valueQuantity"]["value"]) for one in results}
    assert (numbers.pop("k1"), numbers.pop("k2")) == ("41", "59") and list(numbers.values()) == ["99"]
    assert len({one["reference"] for one in back.result.root["result"]}) == 3
    assert to_dicom(back.result, MAPPING, KNOWN).result == edited
    entries = [Entry(one, f"{one['resourceType']}/{one['id']}") for one in back.result.resources()]
    (again,) = gather(entries[::-1]).groups  # as whoever reads them from a server finds them
    assert to_dicom(again, MAPPING, KNOWN).result == edited
