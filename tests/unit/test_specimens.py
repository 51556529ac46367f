"""Where a specimen was taken from, and which of several it is: in pathology nothing else says the side of a result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import ContentItem, Plain
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.native.named_concepts import SPECIMEN_ID
from bridge.translate.native.sites import is_site
from bridge.translate.native.specimens import SPECIMEN_SOURCE, SPECIMEN_TYPE
from bridge.translate.report.report import Translated
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import measured, reported

MAPPING, KNOWN = load(), Known()
SCT = "http://snomed.info/sct"
KIND = {"coding": [{"system": SCT, "code": "309134005", "display": "Prostate tru-cut biopsy sample"}]}
UNSEEN, ALIKE = "Specimen.collection.bodySite: a DICOM reader does not see all of it", "does not see which one it is"


def lobe(side: str, code: str) -> Resource:
    return {"coding": [{"system": SCT, "code": code, "display": f"{side} lateral lobe of prostate"}]}


LEFT, RIGHT = lobe("Left", "279683003"), lobe("Right", "279678009")


def specimen(name: str, site: Resource | None = None, **more: Any) -> Resource:
    taken = {"collection": {"bodySite": site}} if site else {}
    return {"resourceType": "Specimen", "id": name, "type": KIND} | taken | more


def group(*specimens: Resource, **more: Any) -> Group:
    """A result of each specimen."""
    results = [measured(id=f"o{at}", **of(one), **more) for at, one in enumerate(specimens)]
    members = (*results, *specimens)
    index = {f"{one['resourceType']}/{one['id']}": one for one in members}
    report = reported(result=[{"reference": f"Observation/{one['id']}"} for one in results])
    return Group(report, members, None, "DiagnosticReport/r", index)


def of(one: Resource) -> Resource:
    return {"specimen": {"reference": f"Specimen/{one['id']}"}}


def said(made: Translated[Any], concept: Any) -> list[str]:
    """What the results say under the concept."""
    below = [each for one in made.result.root.children for each in one.children if concept.same(each.concept)]
    return [each.value.text for each in below if isinstance(each.value, Plain)]


def test_where_a_specimen_was_taken_from_stands_below_its_result() -> None:
    made = checked_to_dicom(group(specimen("a", LEFT), specimen("b", RIGHT)), MAPPING, KNOWN)
    assert said(made, SPECIMEN_SOURCE) == ["Left lateral lobe of prostate", "Right lateral lobe of prostate"]
    assert said(made, SPECIMEN_ID) == []
    assert not any(is_site(each, MAPPING) for one in made.result.root.children for each in one.children)


@pytest.mark.parametrize(
    ("site", "words"),
    [
        ({"text": "Prostata rechts"}, "Prostata rechts"),
        (RIGHT | {"text": "Prostata"}, "Prostata (Right lateral lobe of prostate)"),
        (RIGHT | {"text": "right lateral lobe of prostate, apex"}, "right lateral lobe of prostate, apex"),
        (
            {
                "text": "Lung",
                "extension": [
                    {
                        "url": "http://example.org/side",
                        "valueCodeableConcept": {"coding": [{"system": SCT, "code": "7771000"}]},
                    }
                ],
            },
            "Lung (Left)",
        ),
    ],
)
def test_all_that_people_call_the_site_is_said(site: Resource, words: str) -> None:
    made = checked_to_dicom(group(specimen("a", site)), MAPPING, KNOWN)
    assert said(made, SPECIMEN_SOURCE) == [words]
    assert not any(UNSEEN in one for one in made.report.warnings)


@pytest.mark.parametrize(
    "site",
    [
        {"coding": [{"system": SCT, "code": "279683003"}]},
        LEFT | {"extension": [{"url": "http://example.org/quadrant", "valueString": "upper"}]},
    ],
    ids=["a bare code", "an extension"],
)
def test_a_site_that_no_words_say_is_warned_of(site: Resource) -> None:
    made = checked_to_dicom(group(specimen("a", site)), MAPPING, KNOWN)
    assert any(UNSEEN in one for one in made.report.warnings)


def test_a_specimen_of_another_that_says_where_is_warned_of() -> None:
    """Of a section of a block, only the biopsy was taken from the patient."""
    part = specimen("a", parent=[{"reference": "Specimen/biopsy"}])
    made = checked_to_dicom(group(part), MAPPING, KNOWN)
    assert any("Specimen.parent" in one for one in made.report.warnings)


def test_specimens_alike_are_told_apart_by_their_identifiers() -> None:
    alike = [specimen(name, LEFT, accessionIdentifier={"value": name}) for name in ("E1", "E2")]
    made = checked_to_dicom(group(*alike), MAPPING, KNOWN)
    assert said(made, SPECIMEN_ID) == ["E1", "E2"]
    nameless = checked_to_dicom(group(specimen("a", LEFT), specimen("b", LEFT)), MAPPING, KNOWN)
    assert any(ALIKE in one for one in nameless.report.warnings)


def test_one_specimen_of_several_results_is_not_told_apart() -> None:
    """Contained in each of them, too: it has one number."""
    one = specimen("s", LEFT, identifier=[{"value": "E1"}])
    results = [measured(id=name, contained=[one], specimen={"reference": "#s"}) for name in ("a", "b")]
    report = reported(result=[{"reference": "Observation/a"}, {"reference": "Observation/b"}])
    index = {f"Observation/{each['id']}": each for each in results}
    made = checked_to_dicom(Group(report, (*results,), None, "DiagnosticReport/r", index), MAPPING, KNOWN)
    assert said(made, SPECIMEN_SOURCE) == ["Left lateral lobe of prostate"] * 2
    assert said(made, SPECIMEN_ID) == []
    assert not any(ALIKE in each for each in made.report.warnings)


def test_the_site_of_the_specimen_of_a_panel_is_not_that_of_members_of_another() -> None:
    """PS3.3 C.17.5: they would inherit it."""
    panel = measured(id="panel", hasMember=[{"reference": "Observation/m"}], **of({"id": "a"}))
    member, there = measured(id="m", **of({"id": "b"})), (specimen("a", LEFT), specimen("b"))
    members = (panel, member, *there)
    index = {f"{one['resourceType']}/{one['id']}": one for one in members}
    report = reported(result=[{"reference": "Observation/panel"}])
    made = checked_to_dicom(Group(report, members, None, "DiagnosticReport/r", index), MAPPING, KNOWN)
    assert said(made, SPECIMEN_SOURCE) == []
    assert said(made, SPECIMEN_TYPE) == ["Prostate tru-cut biopsy sample"]
    assert any("members would inherit it" in one for one in made.report.warnings)


def test_an_edit_of_the_site_is_said_by_the_result_and_comes_back() -> None:
    """It is a component: no bodySite, which the EHR would have said. The Specimen is another's resource, and says a
    site that the result has no more: it refers to it no more."""
    made = checked_to_dicom(group(specimen("a", LEFT)), MAPPING, KNOWN)
    edited = replace(made.result, root=changed(made.result.root, "Left", "Right"))
    back = to_fhir(edited, MAPPING, KNOWN)
    (result,) = [one for one in back.result.members if one["resourceType"] == "Observation"]
    assert [one["valueString"] for one in result["component"]] == ["Right lateral lobe of prostate"]
    assert result["specimen"] == {"display": "Prostate tru-cut biopsy sample"}
    assert "bodySite" not in result
    assert any("Observation.specimen" in one for one in back.report.warnings)
    assert said(to_dicom(back.result, MAPPING, KNOWN), SPECIMEN_TYPE) == ["Prostate tru-cut biopsy sample"]
    assert said(to_dicom(back.result, MAPPING, KNOWN), SPECIMEN_SOURCE) == ["Right lateral lobe of prostate"]


def test_a_second_type_that_the_pacs_adds_is_a_component() -> None:
    made = checked_to_dicom(group(specimen("a", LEFT)), MAPPING, KNOWN)
    (result,) = made.result.root.children
    (kind,) = [one for one in result.children if SPECIMEN_TYPE.same(one.concept)]
    other = replace(kind, value=Plain("TEXT", "Urine"))
    edited = replace(made.result.root, children=(replace(result, children=(*result.children, other)),))
    back = to_fhir(replace(made.result, root=edited), MAPPING, KNOWN).result
    (found,) = [one for one in back.members if one["resourceType"] == "Observation"]
    assert found["specimen"] == {"reference": "Specimen/a"}
    assert [one["valueString"] for one in found["component"]] == ["Urine"]


def changed(item: ContentItem, old: str, new: str) -> ContentItem:
    value = Plain("TEXT", item.value.text.replace(old, new)) if isinstance(item.value, Plain) else item.value
    return replace(item, value=value, children=tuple(changed(one, old, new) for one in item.children))
