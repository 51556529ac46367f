"""Words beside a code that say the opposite: *No pneumonia*, coded as pneumonia."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Plain
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.report.report import Translated
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.edited import first_item_edited
from tests.samples import alone, measured, observation

MAPPING, KNOWN = load(), Known()
WORDS = Code("121051", "DCM", "Equivalent Meaning of Value")
PNEUMONIA = {"system": "http://snomed.info/sct", "code": "233604007", "display": "Pneumonia"}
FRACTURE = Code("125605004", "SCT", "Fracture of bone")
CONTRADICTS = "the text is not that of the code, which a DICOM reader sees"


def icd(certainty: str, **more: Any) -> dict[str, Any]:
    said = {"system": "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT", "code": certainty}
    extension = {"url": "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit", "valueCoding": said}
    coding = {"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": "J18.9", "display": "Pneumonie"}
    return {"coding": [{"extension": [extension], **coding}]} | more


def concluded(*concepts: dict[str, Any]) -> Group:
    root: Resource = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "Report"},
        "effectiveDateTime": "2026-03-02T08:15:00+01:00",
        "conclusionCode": [*concepts],
    }
    return Group(root, (), None, "DiagnosticReport/r")


def words_in(item: ContentItem) -> list[str]:
    return [child.value.text for child in item.children if WORDS.same(child.concept) and isinstance(child.value, Plain)]


def test_what_people_call_a_conclusion_stands_below_its_code() -> None:
    one = concluded({"coding": [PNEUMONIA], "text": "No pneumonia"}, {"coding": [PNEUMONIA], "text": "Pneumonia"})
    translated = checked_to_dicom(one, MAPPING, KNOWN)
    first, second = translated.result.root.children  # and no `Finding = Value unknown`
    assert words_in(first) == ["No pneumonia"] and first.children[0].relationship == "HAS CONCEPT MOD"
    assert not second.children
    assert f"{CONTRADICTS}: DiagnosticReport.conclusionCode" in translated.report.warnings
    assert not any("Value unknown" in warning for warning in translated.report.warnings)
    bare, _ = taken_out(translated.result)
    said = to_fhir(bare, MAPPING, KNOWN).result.root["conclusionCode"]
    assert [one["text"] for one in said] == ["No pneumonia", "Pneumonia"]


def changed(one: Group, change: Any) -> Resource:
    """The report after somebody edited the first item."""
    back = first_item_edited(one, change, MAPPING, KNOWN)
    found: Resource = stripped(back.result.root)
    return found


def reworded(item: ContentItem) -> ContentItem:
    return replace(item, children=(replace(item.children[0], value=Plain("TEXT", "Pneumonia, mild")),))


NO_PNEUMONIA = {"coding": [PNEUMONIA], "text": "No pneumonia"}


def test_words_of_a_conclusion_that_were_edited_come_back() -> None:
    back = changed(concluded(NO_PNEUMONIA), reworded)
    assert back["conclusionCode"] == [{"coding": [PNEUMONIA], "text": "Pneumonia, mild"}]


def test_words_of_a_conclusion_that_were_removed_are_gone() -> None:
    back = changed(concluded(NO_PNEUMONIA), lambda item: replace(item, children=()))
    assert back["conclusionCode"] == [{"coding": [PNEUMONIA], "text": "Pneumonia"}]


def test_words_go_with_the_code_that_they_were_of() -> None:
    back = changed(concluded(NO_PNEUMONIA), lambda item: replace(item, value=Coded(FRACTURE)))
    (said,) = back["conclusionCode"]
    assert said["coding"][0]["code"] == "125605004"
    assert said["text"] == "Fracture of bone"


def test_words_of_a_document_born_in_dicom_stay_where_they_were() -> None:
    made = checked_to_dicom(concluded(NO_PNEUMONIA, {"coding": [PNEUMONIA]}), MAPPING, KNOWN).result
    document, _ = taken_out(made)
    group = to_fhir(document, MAPPING, KNOWN).result
    assert to_dicom(group, MAPPING, KNOWN).result == document
    for concept in group.root["conclusionCode"]:
        concept["text"] = "Pneumonia, mild"
    after = to_dicom(group, MAPPING, KNOWN).result.root.children
    assert [words_in(item) for item in after] == [["Pneumonia, mild"], []]


@pytest.mark.parametrize(
    ("certainty", "says"),
    [
        ("A", ["Pneumonie (Diagnosesicherheit: ausgeschlossen)"]),
        ("V", ["Pneumonie (Diagnosesicherheit: Verdacht auf / zum Ausschluss von)"]),
        ("Z", ["Pneumonie (Diagnosesicherheit: Zustand nach)"]),
        ("G", []),
    ],
)
def test_a_diagnosis_that_is_excluded_is_said_to_be(certainty: str, says: list[str]) -> None:
    result = Group(observation(valueCodeableConcept=icd(certainty)), (), None, "Observation/o")
    for one in (concluded(icd(certainty)), result):
        (item,) = checked_to_dicom(one, MAPPING, KNOWN).result.root.children
        assert words_in(item) == says


@pytest.mark.parametrize(("side", "says"), [("L", "links"), ("R", "rechts"), ("B", "beidseits"), ("?", None)])
def test_the_side_of_a_diagnosis_is_said(side: str, says: str | None) -> None:
    """It stands beside its certainty, in an extension of the coding; of two sides, nobody knows which."""
    plain, excluded = sided(icd("G"), side), sided(icd("A"), side)
    of_both = {"coding": [*sided(icd("G"), "L")["coding"], *sided(icd("G"), "R")["coding"]]}
    certainty = "Diagnosesicherheit: ausgeschlossen"
    for concept, words in (
        (plain, [f"Pneumonie ({says})"] if says else []),
        (excluded, [f"Pneumonie ({says}, {certainty})" if says else f"Pneumonie ({certainty})"]),
        (of_both, []),
    ):
        for one in (concluded(concept), alone(observation(valueCodeableConcept=concept))):
            (item,) = checked_to_dicom(one, MAPPING, KNOWN).result.root.children
            assert words_in(item) == words


def sided(diagnosis: dict[str, Any], side: str) -> dict[str, Any]:
    system = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_SEITENLOKALISATION"
    said = {"valueCoding": {"system": system, "code": side}}
    extension = {"url": "http://fhir.de/StructureDefinition/seitenlokalisation"} | said
    return {"coding": [one | {"extension": [*one["extension"], extension]} for one in diagnosis["coding"]]}


def test_whoever_edits_the_code_of_an_excluded_diagnosis_says_another_one() -> None:
    back = changed(concluded(icd("A", text="Ausschluss")), lambda item: replace(item, value=Coded(FRACTURE)))
    assert "extension" not in str(back) and "schl" not in str(back)


def warned(one: Group) -> bool:
    translated: Translated[Document] = checked_to_dicom(one, MAPPING, KNOWN)
    return any(CONTRADICTS in warning for warning in translated.report.warnings)


@pytest.mark.parametrize(
    "text",
    ["No pneumonia", "Ausschluss Pneumonia", "V.a. Pneumonia", "v. a. Pneumonia", "kein Hinweis auf Pneumonia"]
    + ["Pneumonia?", "Pneumonia excluded", "Z. n. Pneumonia", "Bronchopneumonia"],
)
def test_words_that_say_less_or_the_opposite_are_warned_of(text: str) -> None:
    said = {"coding": [PNEUMONIA], "text": text}
    assert warned(concluded(said))
    assert warned(Group(observation(valueCodeableConcept=said), (), None, "Observation/o"))
    assert warned(Group(measured(interpretation=[said]), (), None, "Observation/o"))
    assert warned(Group(measured(method=said), (), None, "Observation/o"))


def test_a_code_that_denies_what_the_words_say_is_warned_of() -> None:
    said = {"coding": [PNEUMONIA | {"code": "260415000", "display": "Not detected"}], "text": "detected"}
    assert warned(concluded(said))


@pytest.mark.parametrize("text", ["pneumonia", "Pneumonia of the right lung", "Pneumon"])
def test_words_that_say_more_or_are_short_are_not(text: str) -> None:
    assert not warned(concluded({"coding": [PNEUMONIA], "text": text}))


def test_words_and_code_may_both_deny() -> None:
    negative = {"system": "http://snomed.info/sct", "code": "260385009", "display": "Negative"}
    assert not warned(concluded({"coding": [negative], "text": "negativ"}))
    assert not warned(concluded({"coding": [negative], "text": "neg"}))
