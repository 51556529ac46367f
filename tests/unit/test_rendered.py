"""What says a result once more, in words that no item has: after an edit in the PACS it does not say the former one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import ContentItem, Num, Path, Plain
from bridge.model.dataset import Element, merged
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import put_in, taken_out
from bridge.translate.report.report import Translated
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import measured, observation
from tests.unit.test_edited_in_both import reported, valued, with_item

MAPPING, KNOWN = load(), Known()
FINDING = {"coding": [{"system": "http://loinc.org", "code": "18782-3", "display": "Radiology study observation"}]}


def narrative(status: str, text: str = "as before") -> Resource:
    return {"status": status, "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>'}


def translation(words: str) -> Resource:
    parts = [{"url": "lang", "valueCode": "en"}, {"url": "content", "valueString": words}]
    return {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": parts}]}


def edited_in_pacs(group: Group, words: str | None = "Karzinom") -> Translated[Group]:
    """The first text of the document is another, else its patient; and the document comes back as it is."""
    document = to_dicom(group, MAPPING, KNOWN).result
    path = first_text(document)
    if words is None:
        after = Document(merged(document.header, [Element(0x00100010, "PN", b"Other^Name")]), document.root)
    else:
        after = Document(document.header, with_item(document.root, path, valued(Plain("TEXT", words))))
    back = to_fhir(after, MAPPING, KNOWN)
    assert to_dicom(back.result, MAPPING, KNOWN).result == after
    return back


def first_text(document: Document) -> Path:
    waiting: list[tuple[Path, ContentItem]] = [((), document.root)]
    while True:
        path, item = waiting.pop(0)
        if isinstance(item.value, Plain) and item.value.value_type == "TEXT":
            return path
        waiting = [((*path, index), child) for index, child in enumerate(item.children)] + waiting


def of_result(**more: Any) -> Group:
    return Group(observation(valueString="ohne Befund", **more), (), None, "Observation/o")


def of_component(**more: Any) -> Group:
    return Group(measured(component=[{"code": FINDING, "valueString": "ohne", **more}]), (), None, "Observation/o")


def of_report(**more: Any) -> Group:
    group = reported(observation(valueString="ohne Befund"))
    return replace(group, root=group.root | more)


def concluding(**more: Any) -> Group:
    report = reported().root | {"conclusion": "Keine Pneumonie"} | more
    del report["result"]
    return Group(report, (), None, "DiagnosticReport/r")


PDF = [{"contentType": "application/pdf", "data": "JVBERi0="}]
CASES: list[tuple[Group, str]] = [
    (of_result(text=narrative("generated")), "text"),
    (of_result(text=narrative("extensions")), "text"),
    (of_result(_valueString=translation("no finding")), "_valueString"),
    (of_component(_valueString=translation("none")), "component.0._valueString"),
    (of_report(text=narrative("generated")), "text"),
    (of_report(presentedForm=PDF), "presentedForm"),
    (concluding(presentedForm=PDF), "presentedForm"),
    (concluding(_conclusion=translation("No pneumonia")), "_conclusion"),
]


@pytest.mark.parametrize(("group", "place"), CASES, ids=[f"{one.root['resourceType']}.{at}" for one, at in CASES])
def test_what_says_the_former_value_goes_with_it(group: Group, place: str) -> None:
    """Keine Pneumonie was Pneumonie, and its translation still *No pneumonia*."""
    unedited = to_fhir(to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN)
    assert stripped(unedited.result.root) == group.root
    back = edited_in_pacs(group)
    said = repr([stripped(one) for one in back.result.resources()])
    assert "Karzinom" in said and f"'{place.rpartition('.')[2]}'" not in said
    kind = group.root["resourceType"]
    assert [one for one in back.report.warnings if one.startswith(f"{kind}.{place}: ") and "left out" in one]


@pytest.mark.parametrize(("status", "warned"), [("additional", True), ("empty", False)])
def test_a_narrative_that_may_say_more_stays_and_is_to_be_read(status: str, warned: bool) -> None:
    """Nobody can compute what it says beyond (FHIR R4 narrative-status): it may be all that there is."""
    back = edited_in_pacs(of_report(text=narrative(status)))
    assert back.result.root["text"] == narrative(status)
    assert any(one.startswith("DiagnosticReport.text: ") and "read it" in one for one in back.report.warnings) == warned


@pytest.mark.parametrize(("group", "place"), CASES, ids=[f"{one.root['resourceType']}.{at}" for one, at in CASES])
def test_what_no_item_says_is_not_gone_where_no_item_was_edited(group: Group, place: str) -> None:
    back = edited_in_pacs(group, words=None)
    assert stripped(back.result.root) == group.root


def test_a_result_beside_keeps_what_it_says() -> None:
    other = measured(id="other", text=narrative("generated", "4 mmol/L"))
    back = edited_in_pacs(reported(observation(valueString="ohne Befund"), other)).result
    assert stripped(back.members[1]) == other


def test_a_document_of_an_earlier_bridge_comes_back() -> None:
    """It guarded nothing of that."""
    group = CASES[0][0]
    bare, pieces = taken_out(to_dicom(group, MAPPING, KNOWN).result)
    assert any(one.pop("rendered", None) for one in pieces.values())
    earlier = put_in(bare, pieces)
    back = to_fhir(earlier, MAPPING, KNOWN).result
    assert stripped(back.root) == group.root
    assert to_dicom(back, MAPPING, KNOWN).result == earlier


TRANSLATED = {
    "url": "http://hl7.org/fhir/StructureDefinition/extension-quantity-translation",
    "valueQuantity": {"value": 23, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
}


@pytest.mark.parametrize("number", ["4", "9"])
def test_a_translation_into_another_unit_goes_with_the_number(number: str) -> None:
    """Two numbers that contradict each other would be one value."""
    quantity = measured()["valueQuantity"] | {"extension": [TRANSLATED]}
    made = to_dicom(reported(measured(valueQuantity=quantity)), MAPPING, KNOWN).result
    item = made.root.children[0]
    assert isinstance(item.value, Num)
    after = Document(made.header, with_item(made.root, (0,), valued(replace(item.value, values=(number,)))))
    back = to_fhir(after, MAPPING, KNOWN)
    (found,) = [one["valueQuantity"] for one in back.result.members]
    assert str(found["value"]) == number and ("extension" in found) is (number == "4")
    assert any("valueQuantity.extension" in one for one in back.report.warnings) is (number != "4")
