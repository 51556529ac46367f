"""Left and right in extensions of `bodySite` (PS3.16 TID 300)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import measured

MAPPING, KNOWN = load(), Known()
_SCT = "http://snomed.info/sct"
_BREAST: Resource = {"coding": [{"system": _SCT, "code": "76752008", "display": "Breast structure"}]}
LEFT, RIGHT = Code("7771000", "SCT", "Left"), Code("24028007", "SCT", "Right")
_WARNING = "an extension says where it was, and no DICOM reader sees it: Observation.bodySite"


def qualifier(code: Code) -> Resource:
    """As mCODE has it."""
    concept = {"coding": [{"system": _SCT, "code": code.value, "display": code.meaning}]}
    url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier"
    return {"url": url, "valueCodeableConcept": concept}


def structure(**reference: str) -> Resource:
    return {"url": "http://hl7.org/fhir/StructureDefinition/bodySite", "valueReference": reference}


def made(site: Resource) -> tuple[Document, list[str]]:
    """The self check translates it back, and finds no loss."""
    group = Group(measured(bodySite=site), (), None, "Observation/o")
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    return translated.result, translated.report.warnings


def natively(document: Document) -> Resource:
    report = to_fhir(taken_out(document)[0], MAPPING, KNOWN).result
    return next(one for one in report.members if one["resourceType"] == "Observation" and "valueQuantity" in one)


def test_a_side_in_an_extension_is_that_of_the_site() -> None:
    document, warnings = made({"extension": [qualifier(RIGHT)], **_BREAST})
    (site,) = document.root.children[0].children
    (side,) = site.children
    assert (side.concept, side.value, side.relationship) == (
        Code("272741003", "SCT", "Laterality"),
        Coded(RIGHT),
        "HAS CONCEPT MOD",
    )
    assert _WARNING not in warnings
    assert natively(document)["bodySite"]["text"] == "Breast structure, Right"


def test_a_body_structure_is_the_site_by_its_words() -> None:
    document, warnings = made({"extension": [structure(reference="BodyStructure/r", display="Right eye")]})
    (site,) = document.root.children[0].children
    assert isinstance(site.value, Coded)
    assert site.value.code is not None
    assert site.value.code.meaning == "Right eye"
    assert _WARNING not in warnings


@pytest.mark.parametrize(
    "site",
    [
        {"extension": [structure(reference="BodyStructure/r")]},
        {"extension": [structure(reference="BodyStructure/r", display="Right breast")], **_BREAST},
        {"extension": [qualifier(RIGHT)]},
        {"extension": [qualifier(RIGHT), qualifier(LEFT)], **_BREAST},
        {"extension": [qualifier(Code("261089000", "SCT", "Inferior"))], **_BREAST},
        {"extension": [{"url": "http://jpfhir.jp/position", "valueString": "右"}], **_BREAST},
    ],
)
def test_what_an_extension_says_otherwise_is_warned_of(site: Resource) -> None:
    document, warnings = made(site)
    assert not any(child.children for child in document.root.children[0].children)
    assert _WARNING in warnings


def _turned(site: ContentItem) -> ContentItem:
    return replace(site, children=(replace(site.children[0], value=Coded(LEFT)),))


def _without(site: ContentItem) -> ContentItem:
    return replace(site, children=())


@pytest.mark.parametrize(("edit", "text"), [(_turned, "Breast structure, Left"), (_without, "Breast structure")])
def test_a_side_that_was_edited_in_dicom_is_the_side(edit: Callable[[ContentItem], ContentItem], text: str) -> None:
    document, _ = made({"extension": [qualifier(RIGHT)], **_BREAST})
    item = document.root.children[0]
    item = replace(item, children=(edit(item.children[0]),))
    root = replace(document.root, children=(item, *document.root.children[1:]))
    back: Any = to_fhir(Document(document.header, root), MAPPING, KNOWN).result.root
    assert stripped(back)["bodySite"] == {**_BREAST, "text": text}
    assert back["id"] == "o"
