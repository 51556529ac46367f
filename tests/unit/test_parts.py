"""Components whose concept another element of an Observation has in DICOM: who edits one has edited that one."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Plain
from bridge.model.document import Document
from bridge.model.group import Group, Json, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import put_in, taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import measured
from tests.unit.test_edited_in_both import crosses, edited_in_pacs, valued

MAPPING, KNOWN = load(), Known()
DCM, SCT = "http://dicom.nema.org/resources/ontology/DCM", "http://snomed.info/sct"


def concept(system: str, code: str, display: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def part(system: str, code: str, display: str, value: Json) -> Resource:
    kind = "valueString" if isinstance(value, str) else "valueCodeableConcept"
    return {"code": concept(system, code, display), kind: value}


NORMALITY = part(DCM, "121402", "Normality", concept(SCT, "17621005", "Normal"))
SITE = part(SCT, "363698007", "Finding site", concept(SCT, "76752008", "Breast"))
SIDE = part(SCT, "272741003", "Laterality", concept(SCT, "7771000", "Left"))
COMMENT = part(DCM, "121106", "Comment", "of a component")
ABNORMAL, RIGHT = Code("263654008", "SCT", "Abnormal"), Code("24028007", "SCT", "Right")
NOTE, EDITED = {"note": [{"text": "of the result"}]}, {"note": [{"text": "edited"}]}


def alone(**more: Any) -> Group:
    return Group(measured(**more), (), None, "Observation/o")


def said(group: Group) -> tuple[list[str], dict[str, Json]]:
    """What its components say, and the elements that they could be taken for."""
    root = stripped(group.root)
    values = [
        one.get("valueString") or one["valueCodeableConcept"]["coding"][0]["display"] for one in root["component"]
    ]
    return values, {key: root[key] for key in ("interpretation", "bodySite", "note") if key in root}


@pytest.mark.parametrize(
    ("group", "index", "value", "components", "beside"),
    [
        (alone(component=[NORMALITY]), 0, Coded(ABNORMAL), ["Abnormal"], {}),
        (alone(component=[SITE, SIDE]), 1, Coded(RIGHT), ["Breast", "Right"], {}),
        (alone(component=[SIDE, SITE]), 0, Coded(RIGHT), ["Right", "Breast"], {}),
        (alone(component=[COMMENT], **NOTE), 1, Plain("TEXT", "edited"), ["edited"], NOTE),
        (alone(component=[COMMENT], **NOTE), 0, Plain("TEXT", "edited"), ["of a component"], EDITED),
    ],
    ids=["normality", "side", "side first", "comment", "note"],
)  # fmt: skip
def test_a_component_that_was_edited_is_that_component(
    group: Group, index: int, value: Any, components: list[str], beside: dict[str, Json]
) -> None:
    """It stayed what it was, and another element said the new value; or another component was gone."""
    crosses(group)
    back = edited_in_pacs(group, (0, index), valued(value))
    assert said(back) == (components, beside)
    back.root["valueQuantity"]["value"] = 999
    crosses(back)


def test_a_component_that_was_removed_leaves_the_others() -> None:
    back = edited_in_pacs(alone(component=[NORMALITY, SITE, SIDE]), (0, 1), lambda _: None)
    assert said(back) == (["Normal", "Left"], {})


def test_what_was_added_in_dicom_is_what_its_concept_says() -> None:
    def judged(item: ContentItem) -> ContentItem:
        new = ContentItem("HAS PROPERTIES", Code("121402", "DCM", "Normality"), Coded(ABNORMAL), (), ())
        return ContentItem(item.relationship, item.concept, item.value, (*item.children, new), item.rest)

    components, beside = said(edited_in_pacs(alone(component=[SITE]), (0,), judged))
    assert components == ["Breast"] and [one["text"] for one in beside["interpretation"]] == ["Abnormal"]


DENIED = [
    part(SCT, "408729009", "Finding context", concept(SCT, "410516002", "Known absent")),
    part(DCM, "121071", "Finding", concept(SCT, "233604007", "Pneumonia")),
]


def panel() -> Group:
    return Group(
        {key: one for key, one in measured(component=DENIED).items() if key[:5] != "value"}, (), None, "Observation/o"
    )


def test_a_component_of_a_panel_that_denies_it_stays_a_component() -> None:
    """In a document of the PACS it is a result of its own, which says what is said against it."""
    crosses(panel())
    back = edited_in_pacs(panel(), (0, 1), valued(Coded(Code("59282003", "SCT", "Embolism"))))
    assert said(back) == (["Known absent", "Embolism"], {}) and not back.members


@pytest.mark.parametrize("group", [alone(component=[NORMALITY, SITE]), panel()], ids=["elements", "denied"])
def test_a_document_of_an_earlier_bridge_comes_back(group: Group) -> None:
    """Its items did not say that they are components."""
    bare, pieces = taken_out(checked_to_dicom(group, MAPPING, KNOWN).result)
    earlier: Document = put_in(bare, {path: one for path, one in pieces.items() if "part" not in one})
    assert earlier != put_in(bare, pieces)
    back = to_fhir(earlier, MAPPING, KNOWN).result
    assert to_dicom(back, MAPPING, KNOWN).result == earlier
