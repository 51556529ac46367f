"""The summary of a dose report repeats its totals, and is never read back."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Num, Plain, Value
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.native.dose_summary import is_summary
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()


def document(name: str) -> Document:
    return structured_report.read((FIXTURES / "dicom" / name).read_bytes())


def summary(group: Group) -> Resource:
    (found,) = [one for one in group.members if is_summary(one)]
    return found


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("10001-projection-dose.dcm", ["113722", "113725", "113730"]),
        ("10011-ct-dose.dcm", ["113813"]),
    ],
)
def test_it_has_the_totals_of_the_report(name: str, codes: list[str]) -> None:
    group = to_fhir(document(name), MAPPING, KNOWN).result
    found = summary(group)
    assert found["code"]["coding"][0]["code"] == "73569-6"
    assert found["subject"] == group.root["subject"]
    assert found["partOf"] == group.root["imagingStudy"]
    assert {"reference": f"Observation/{found['id']}"}.items() <= group.root["result"][-1].items()
    totals = [one for one in found["component"] if "valueQuantity" in one]
    assert [one["code"]["coding"][-1]["code"] for one in totals] == codes
    values = {
        str(home["valueQuantity"])
        for one in group.members
        if not is_summary(one) and one["resourceType"] == "Observation"
        for home in (one, *one.get("component", ()))
        if "valueQuantity" in home
    }
    assert {str(one["valueQuantity"]) for one in totals} <= values


def test_a_total_of_each_plane_is_no_total() -> None:
    """Two planes total apart: their sum is not said, and one of them would mislead."""
    one = document("10011-ct-dose.dcm")

    def twice(item: ContentItem) -> ContentItem:
        children = tuple(map(twice, item.children))
        doubled = [child for child in children if child.concept and child.concept.value == "113813"]
        return replace(item, children=(*children, *doubled))

    group = to_fhir(Document(one.header, twice(one.root)), MAPPING, KNOWN).result
    assert not any(map(is_summary, group.members))


@pytest.mark.parametrize("left", ["without a number", "not at all"])
def test_the_total_of_one_plane_is_not_that_of_both(left: str) -> None:
    """TID 10002. Of the other plane it could not be measured, or is not said."""
    one = document("10001-projection-dose.dcm")

    def emptied(item: ContentItem) -> ContentItem:
        children = [emptied(child) for child in item.children if left != "not at all" or type(child.value) is not Num]
        value = (
            Num((), None, Code("114006", "DCM", "Measurement failure")) if isinstance(item.value, Num) else item.value
        )
        return replace(item, value=value, children=tuple(children))

    planes = [child for child in one.root.children if child.concept and child.concept.value == "113702"]
    root = replace(one.root, children=(*one.root.children, *map(emptied, planes)))
    group = to_fhir(Document(one.header, root), MAPPING, KNOWN).result
    assert planes and not any(map(is_summary, group.members))


@pytest.mark.parametrize("where", ["of the total", "around it"])
@pytest.mark.parametrize("value", [Coded(Code("80248007", "SCT", "Left breast")), Plain("TEXT", "left")])
def test_a_total_of_one_breast_is_no_total(where: str, value: Value) -> None:
    """TID 10005. The summary would not say which."""
    one = document("10011-ct-dose.dcm")
    side = ContentItem("HAS CONCEPT MOD", Code("272741003", "SCT", "Laterality"), value, (), ())

    def sided(item: ContentItem) -> ContentItem:
        here = _is_total(item) if where == "of the total" else any(map(_is_total, item.children))
        return replace(item, children=(*map(sided, item.children), *([side] if here else ())))

    group = to_fhir(Document(one.header, sided(one.root)), MAPPING, KNOWN).result
    assert not any(map(is_summary, group.members))


def _is_total(item: ContentItem) -> bool:
    return item.concept is not None and item.concept.value == "113813"


def test_it_follows_the_items() -> None:
    group = to_fhir(document("10011-ct-dose.dcm"), MAPPING, KNOWN).result
    code = "113813"
    total = next(
        home
        for one in group.members
        if one["resourceType"] == "Observation" and not is_summary(one)
        for home in (one, *one.get("component", ()))
        if any(coding["code"] == code for coding in home["code"].get("coding", ()))
    )
    total["valueQuantity"] = total["valueQuantity"] | {"value": 17}
    after = to_dicom(group, MAPPING, KNOWN).result
    back = to_fhir(after, MAPPING, KNOWN).result
    assert summary(back)["component"][-1]["valueQuantity"]["value"] == 17


def test_an_edit_of_the_summary_alone_is_none() -> None:
    before = document("10011-ct-dose.dcm")
    group = to_fhir(before, MAPPING, KNOWN).result
    summary(group)["component"][-1]["valueQuantity"]["value"] = 17
    translated = to_dicom(group, MAPPING, KNOWN)
    assert translated.result == before
    assert any("dose summary" in one for one in translated.report.warnings)
    unedited = to_dicom(to_fhir(before, MAPPING, KNOWN).result, MAPPING, KNOWN)
    assert not any("dose summary" in one for one in unedited.report.warnings)


def test_it_is_no_result_where_a_server_drops_element_ids() -> None:
    before = document("10011-ct-dose.dcm")
    group = to_fhir(before, MAPPING, KNOWN).result
    del summary(group)["identifier"][0]["id"]
    assert is_summary(group.members[-1])
    assert to_dicom(group, MAPPING, KNOWN).result == before


PROCEDURE = "121058"


def reported(group: Group) -> Resource:
    """The item with its intent, which is an Observation."""
    found = [one for one in group.members if _is(one, PROCEDURE) and not is_summary(one)]
    (procedure,) = found
    return procedure


def _is(home: Resource, code: str) -> bool:
    return any(one.get("code") == code for one in home.get("code", {}).get("coding", ()))


def composed(group: Group) -> Resource:
    (composition,) = [one for one in group.members if one["resourceType"] == "Composition"]
    return composition


@pytest.mark.parametrize("name", ["10001-projection-dose.dcm", "10011-ct-dose.dcm"])
def test_it_has_the_procedure_that_was_reported_with_its_intent(name: str) -> None:
    """TID 10001 and 10011 have the intent below the procedure, so that it is an Observation."""
    group = to_fhir(document(name), MAPPING, KNOWN).result
    said = reported(group)
    assert [one["code"]["text"] for one in said["component"]] == ["Has intent"]
    assert composed(group)["event"] == [{"code": [said["valueCodeableConcept"]]}]
    assert summary(group)["component"][0]["valueCodeableConcept"] == said["valueCodeableConcept"]


def test_the_event_follows_the_procedure_that_was_reported() -> None:
    group = copy.deepcopy(to_fhir(document("10011-ct-dose.dcm"), MAPPING, KNOWN).result)
    new = {"coding": [{"system": "http://snomed.info/sct", "code": "77477000", "display": "CT"}], "text": "CT"}
    reported(group)["valueCodeableConcept"] = new
    translated = to_dicom(group, MAPPING, KNOWN)
    assert not any("does not see it" in one for one in translated.report.warnings)
    back = to_fhir(translated.result, MAPPING, KNOWN).result
    assert composed(back)["event"] == [{"code": [new]}]
    assert summary(back)["component"][0]["valueCodeableConcept"] == new
    assert [one["code"]["text"] for one in reported(back)["component"]] == ["Has intent"]


def test_an_event_that_was_edited_itself_comes_back_and_is_warned_of() -> None:
    group = copy.deepcopy(to_fhir(document("10011-ct-dose.dcm"), MAPPING, KNOWN).result)
    composed(group)["event"][0]["code"][0]["text"] = "CT of the head"
    wanted = copy.deepcopy(composed(group)["event"])
    translated = to_dicom(group, MAPPING, KNOWN)
    assert any(one.startswith("Composition.event") for one in translated.report.warnings)
    back = to_fhir(translated.result, MAPPING, KNOWN).result
    assert composed(back)["event"] == wanted
