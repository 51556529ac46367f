"""Left and right in extensions of `bodySite` (PS3.16 TID 300)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem
from bridge.model.document import Document
from bridge.model.group import Group, Resource, reference_to
from bridge.translate.basis.ids import Known
from bridge.translate.gather import Entry, gather
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


def _of_another_system(code: Code) -> Resource:
    """The number of a code says nothing without its system."""
    return {"url": "http://example.org/side", "valueCodeableConcept": {"coding": [{"system": "x", "code": code.value}]}}


def _without_code(code: Code) -> Resource:
    coding = {"system": _SCT, "display": code.meaning}
    return {"url": "http://example.org/side", "valueCodeableConcept": {"coding": [coding]}}


def structure(**reference: str) -> Resource:
    return {"url": "http://hl7.org/fhir/StructureDefinition/bodySite", "valueReference": reference}


def made(site: Resource, *structures: Resource) -> tuple[Document, list[str]]:
    """The self check translates it back, and finds no loss."""
    group = Group(measured(bodySite=site), structures, None, "Observation/o")
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
        {"extension": [_of_another_system(RIGHT)], **_BREAST},
        {"extension": [_without_code(RIGHT)], **_BREAST},
    ],
)
def test_what_an_extension_says_otherwise_is_warned_of(site: Resource) -> None:
    document, warnings = made(site)
    assert not any(child.children for child in document.root.children[0].children)
    assert _WARNING in warnings


def _coding(code: Code) -> Resource:
    return {"coding": [{"system": _SCT, "code": code.value, "display": code.meaning}]}


_LUNG: Resource = {"coding": [{"system": _SCT, "code": "39607008", "display": "Lung"}]}
_REFERRING = {"extension": [structure(reference="BodyStructure/r")]}


def body(*qualifiers: Code, **more: Any) -> Resource:
    """As the German Bildgebung module has it."""
    said = [*map(_coding, qualifiers)]
    found: Resource = {"resourceType": "BodyStructure", "id": "r", "location": _BREAST}
    return found | ({"locationQualifier": said} if said else {}) | {"patient": {"reference": "Patient/p"}} | more


@pytest.mark.parametrize("site", [{**_REFERRING, **_BREAST}, _REFERRING])
def test_a_body_structure_is_the_site_and_its_side(site: Resource) -> None:
    """The side of a finding was in the record alone: a reader of the PACS was not told."""
    document, warnings = made(site, body(LEFT))
    (found,) = document.root.children[0].children
    assert isinstance(found.value, Coded)
    assert found.value.code == Code("76752008", "SCT", "Breast structure")
    assert [child.value for child in found.children] == [Coded(LEFT)]
    assert _WARNING not in warnings
    assert natively(document)["bodySite"]["text"] == "Breast structure, Left"


@pytest.mark.parametrize(
    ("said", "sides"),
    [
        (body(LEFT, Code("110861005", "SCT", "Upper outer quadrant")), [Coded(LEFT)]),
        (body(LEFT, RIGHT), []),
        (body(LEFT, morphology={"text": "Microcalcification"}), [Coded(LEFT)]),
        (body(LEFT, location=_LUNG), []),
        (body(LEFT, id="another"), []),
        (body(LEFT, patient={"reference": "Patient/another"}), []),
        (body(LEFT, location=_BREAST | {"text": "Right breast"}), [Coded(LEFT)]),
        (body(location=_BREAST | {"text": "Right breast"}), []),
        (body(LEFT, active=False), []),
        (body(LEFT, modifierExtension=[{"url": "http://example.org/not", "valueBoolean": True}]), []),
    ],
    ids=[
        "more than a side",
        "both sides",
        "morphology",
        "another location",
        "not here",
        "of another patient",
        "words of another side",
        "a side in words",
        "not active",
        "what may deny it",
    ],
)
def test_what_a_body_structure_says_beyond_is_warned_of(said: Resource, sides: list[Coded]) -> None:
    document, warnings = made({**_REFERRING, **_BREAST}, said)
    (site,) = document.root.children[0].children
    assert [child.value for child in site.children] == sides
    assert _WARNING in warnings


def test_a_display_that_says_another_side_is_warned_of() -> None:
    site = {"extension": [structure(reference="BodyStructure/r", display="Right breast")], **_BREAST}
    _, warnings = made(site, body(LEFT))
    assert _WARNING in warnings


@pytest.mark.parametrize(
    ("said", "sides", "warned"),
    [
        ({"includedStructure": [{"structure": _BREAST, "laterality": _coding(LEFT)}]}, [Coded(LEFT)], False),
        ({"includedStructure": [{"structure": _LUNG, "laterality": _coding(LEFT)}]}, [], True),
        ({"includedStructure": [{"structure": _BREAST}, {"structure": _LUNG}]}, [], True),
        ({"excludedStructure": [{"structure": _BREAST}]}, [], True),
    ],
)
def test_a_body_structure_of_r5_says_its_side_elsewhere(said: Resource, sides: list[Coded], warned: bool) -> None:
    plain = {key: value for key, value in body().items() if key != "location"}
    document, warnings = made({**_REFERRING, **_BREAST}, plain | said)
    (site,) = document.root.children[0].children
    assert [child.value for child in site.children] == sides
    assert (_WARNING in warnings) == warned


def test_an_observation_and_its_body_structure_are_one_document() -> None:
    observation, structure_ = measured(bodySite={**_REFERRING, **_BREAST}), body(LEFT)
    entries = [Entry(one, f"http://example.org/fhir/{reference_to(one)}") for one in (structure_, observation)]
    gathered = gather(entries)
    (group,) = gathered.groups
    assert group.members == (structure_,) and not gathered.others
    back = to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert [*map(stripped, back.resources())] == [observation, structure_]


@pytest.mark.parametrize("code", [RIGHT, None])
@pytest.mark.parametrize("site_", [{**_REFERRING, **_BREAST}, _REFERRING], ids=["and a code", "alone"])
def test_a_side_that_was_edited_in_dicom_is_not_that_of_the_body_structure(code: Code | None, site_: Resource) -> None:
    """Which stays as it is: another result may mean it."""
    document, _ = made(site_, body(LEFT))
    item = document.root.children[0]
    (site,) = item.children
    edited = tuple(replace(one, value=Coded(code)) for one in site.children) if code else ()
    item = replace(item, children=(replace(site, children=edited),))
    root = replace(document.root, children=(item, *document.root.children[1:]))
    back: Any = to_fhir(Document(document.header, root), MAPPING, KNOWN).result
    text = "Breast structure, Right" if code else "Breast structure"
    assert stripped(back.root)["bodySite"] == {**_BREAST, "text": text}
    again = checked_to_dicom(back, MAPPING, KNOWN).result.root.children[0].children[0]
    assert [child.value for child in again.children] == ([Coded(code)] if code else [])


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


@pytest.mark.parametrize(("side", "code"), [("L", "7771000"), ("R", "24028007"), ("B", "51440002")])
def test_the_side_of_german_base_profiles_is_the_side(side: str, code: str) -> None:
    """`seitenlokalisation` of the ICD-10-GM."""
    system = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_SEITENLOKALISATION"
    extension = {"url": "http://fhir.de/StructureDefinition/seitenlokalisation"}
    extension["valueCoding"] = {"system": system, "code": side}  # type: ignore[assignment]
    document, warnings = made(_BREAST | {"extension": [extension]})
    (site,) = document.root.children[0].children
    sides = [one.value.code for one in site.children if isinstance(one.value, Coded)]
    assert [one.value for one in sides if one] == [code] and _WARNING not in warnings
