"""What a result was derived from is said by its item, wherever both stand (PS3.3 A.35.3-2): from a container nothing
is inferred, its components are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import ByReference, Code, Coded, ContentItem, Path
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import INHERITED
from bridge.translate.native.references import path_of
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import observation
from tests.unit.test_asked_by_clients import rate
from tests.unit.test_headed_since import RR_INTERVAL
from tests.unit.test_told_of_the_patient import document, read

MAPPING, KNOWN = load(), Known()
_LOINC = "http://loinc.org"
_SIGNIFICANCE = {"coding": [{"system": _LOINC, "code": "53037-8", "display": "Clinical significance"}]}
UNSAID = "derivedFrom of a result that has neither a value nor components: no item says it: 1.1"


def answer(code: str, display: str) -> dict[str, Any]:
    return {"valueCodeableConcept": {"coding": [{"system": _LOINC, "code": code, "display": display}]}}


PATHOGENIC, BENIGN = answer("LA6668-3", "Pathogenic"), answer("LA6675-8", "Benign")


def variant(name: str) -> Resource:
    return observation(id=name, code={"text": name}, valueString=name)


def implication(name: str, of: str, said: dict[str, Any]) -> Resource:
    """As HL7 Genomics Reporting has it: a result that has components alone."""
    one = observation(id=name, code={"text": name}, component=[{"code": _SIGNIFICANCE} | said])
    return one | {"derivedFrom": [{"reference": f"Observation/{of}"}]}


def report(*results: Resource, order: str = "") -> Group:
    names = order.split() or [one["id"] for one in results]
    root: Resource = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "Panel"}}
    root |= {"subject": {"reference": "Patient/p"}, "result": [{"reference": f"Observation/{one}"} for one in names]}
    return Group(root, results, None, "DiagnosticReport/r")


def made(group: Group) -> tuple[Document, list[str]]:
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    return translated.result, translated.report.warnings


def inferred(item: ContentItem, root: ContentItem) -> dict[str, str]:
    """What the code of an item was inferred from, by the names of both."""
    found: dict[str, str] = {}
    for child in item.children:
        if isinstance(child.value, ByReference) and isinstance(item.value, Coded) and item.value.code is not None:
            assert child.relationship == "INFERRED FROM"
            found[item.value.code.meaning] = name_at(root, path_of(child.value))
        found |= inferred(child, root)
    return found


def name_at(root: ContentItem, path: Path) -> str:
    concept = root.at(path).concept
    return concept.meaning if concept is not None else ""


GENES = variant("BRCA1"), variant("BRCA2"), implication("a", "BRCA2", PATHOGENIC), implication("b", "BRCA1", BENIGN)


@pytest.mark.parametrize("order", ["BRCA1 BRCA2 a b", "a b BRCA2 BRCA1", "a BRCA1 b BRCA2", "a b"])
def test_components_are_inferred_from_what_their_result_is_derived_from(order: str) -> None:
    document, _ = made(report(*GENES, order=order))
    assert inferred(document.root, document.root) == {"Pathogenic": "BRCA2", "Benign": "BRCA1"} or order == "a b"
    natively = to_fhir(taken_out(document)[0], MAPPING, KNOWN).result
    named = {f"Observation/{one['id']}": one for one in natively.members}
    sources = {
        one["valueCodeableConcept"]["text"]: named[one["derivedFrom"][0]["reference"]]["code"]["text"]
        for one in natively.members
        if "valueCodeableConcept" in one and "derivedFrom" in one
    }
    assert sources == {"Pathogenic": "BRCA2", "Benign": "BRCA1"} or order == "a b"


def test_of_two_that_are_derived_from_one_both_say_it() -> None:
    """The first has it in itself, where no list has it."""
    two = [observation(id=one, code={"text": one}, **said) for one, said in (("a", PATHOGENIC), ("b", BENIGN))]
    for one in two:
        one["derivedFrom"] = [{"reference": "Observation/BRCA1"}]
    document, _ = made(report(*two, variant("BRCA1"), order="a b"))
    assert inferred(document.root, document.root) == {"Benign": "BRCA1"}
    (within,) = document.root.children[0].children
    assert within.concept is not None and within.concept.meaning == "BRCA1"


def test_an_edited_component_leaves_what_it_was_inferred_from() -> None:
    document, _ = made(report(*GENES))
    first, second, whole, *others = document.root.children
    benign = replace(whole.children[0], value=Coded(Code("LA26333-7", "LN", "Uncertain significance")))
    edited = replace(whole, children=(benign, *whole.children[1:]))
    root = replace(document.root, children=(first, second, edited, *others))
    group = to_fhir(Document(document.header, root), MAPPING, KNOWN).result
    (again,) = [stripped(one) for one in group.members if one.get("id") == "a"]
    assert again["derivedFrom"] == [{"reference": "Observation/BRCA2"}]
    assert again["component"][0]["valueCodeableConcept"]["coding"][0]["code"] == "LA26333-7"


def test_a_result_without_value_and_components_that_is_derived_is_warned_of() -> None:
    empty = observation(id="a", code={"text": "a"}, hasMember=[{"reference": "Observation/m"}])
    empty["derivedFrom"] = [{"reference": "Observation/BRCA1"}]
    _, warnings = made(report(empty, variant("m"), variant("BRCA1"), order="a BRCA1"))
    assert UNSAID in warnings


def test_each_component_says_it_and_the_result_once() -> None:
    one = implication("a", "BRCA1", PATHOGENIC)
    one["component"].append({"code": {"text": "Score"}, "valueInteger": 3})
    document, _ = made(report(variant("BRCA1"), one))
    children = document.root.children[1].children
    assert [len(child.children) for child in children] == [1, 1]
    group = to_fhir(document, MAPPING, KNOWN).result
    assert [stripped(each).get("derivedFrom") for each in group.members] == [None, one["derivedFrom"]]


def test_what_only_a_result_is_derived_from_stands_below_it_inferred_from() -> None:
    index = observation(id="bmi", code={"text": "Body mass index"}, valueQuantity={"value": 24.2, "unit": "kg/m2"})
    index["derivedFrom"] = [{"reference": "Observation/w"}]
    document, _ = made(report(index, variant("w"), order="bmi"))
    ((weight,),) = (child.children for child in document.root.children)
    assert (weight.relationship, name_at(weight, ())) == ("INFERRED FROM", "w")
    group = to_fhir(document, MAPPING, KNOWN).result
    assert [stripped(one) for one in group.members] == [index, variant("w")]
    bare = to_fhir(taken_out(document)[0], MAPPING, KNOWN).result.members
    (result,) = [one for one in bare if "derivedFrom" in one]
    assert plainly(result["derivedFrom"]) == plainly(result["hasMember"])


def plainly(references: list[Resource]) -> list[Any]:
    return [one["reference"] for one in references]


def test_a_member_that_its_result_was_inferred_from_is_told_twice_and_is_one_item() -> None:
    said = document(rate("72", rate("830", how="INFERRED FROM", concept=RR_INTERVAL)))
    group, _ = read(said)
    (whole,) = [one for one in group.members if "derivedFrom" in one]
    (copy,), (member,) = whole["derivedFrom"], whole["hasMember"]
    assert copy == member | {"id": INHERITED}
    del whole["derivedFrom"]
    (item,) = taken_out(made(group)[0])[0].root.children
    assert [one.relationship for one in item.children] == ["HAS PROPERTIES"]  # it is derived from nothing, FHIR says


@pytest.mark.parametrize("copy_too", [True, False])
def test_a_result_that_was_removed_is_no_source_any_more(*, copy_too: bool) -> None:
    said = document(rate("72", rate("830", how="INFERRED FROM", concept=RR_INTERVAL), rate("71", how="INFERRED FROM")))
    group, _ = read(said)
    (whole,) = [one for one in group.members if "derivedFrom" in one]
    gone = whole["hasMember"].pop(0)["reference"]
    if copy_too:
        whole["derivedFrom"] = [one for one in whole["derivedFrom"] if one["reference"] != gone]
    group.root["result"] = [one for one in group.root["result"] if one["reference"] != gone]
    (removed,) = [one for one in group.members if gone.endswith(str(one.get("id")))]
    (item,) = taken_out(made(group.less({id(removed)}))[0])[0].root.children
    assert item == replace(said.root.children[0], children=said.root.children[0].children[1:])
