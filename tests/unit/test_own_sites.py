"""A body site that a result inherits in DICOM, edited in FHIR: it is a Finding Site of that result, and of no other."""

from __future__ import annotations

import copy
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import Coded, ContentItem
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from fixtures.templates.items import coded, container, modifier, num, unit
from tests.corpus import FIXTURES
from tests.samples import measured

MAPPING, KNOWN = load(), Known()
KIDNEY = {"system": "http://snomed.info/sct", "code": "64033007", "display": "Kidney"}
LIVER = {"system": "http://snomed.info/sct", "code": "10200004", "display": "Liver"}


def sites(item: ContentItem, about: str = "") -> list[tuple[str, str, str]]:
    """What each Finding Site is of, its code and its meaning."""
    name = item.concept.value if item.concept else ""
    code = item.value.code if isinstance(item.value, Coded) else None
    found = [(about, code.value, code.meaning)] if name == "363698007" and code else []
    return found + [one for child in item.children for one in sites(child, name)]


def places(group: Group) -> dict[str, Any]:
    """Of each result, whoever says it: the element id, and a display, are wording."""
    return {one["id"]: _place(one) for one in group.members if "bodySite" in one}


def _place(resource: Resource) -> tuple[Any, ...]:
    said: Resource = stripped(resource["bodySite"])
    return [one["code"] for one in said.get("coding", ())], said.get("text")


def sample(name: str) -> tuple[Document, Group]:
    document = structured_report.read((FIXTURES / "dicom" / f"{name}.dcm").read_bytes())
    return document, copy.deepcopy(to_fhir(document, MAPPING, KNOWN).result)


def inheriting(group: Group, *, whole: bool = False) -> Resource:
    """A result that has its site from the container around it; `whole`: that has members itself."""
    found = [one for one in group.members if one.get("bodySite", {}).get("id") == "inherited"]
    return next(one for one in found if ("hasMember" in one) == whole and (whole or "valueQuantity" in one))


@pytest.mark.parametrize("name", ["1500-volume", "5100-vascular", "5200-echocardiography"])
@pytest.mark.parametrize("change", ["code", "words", "side"])
def test_an_edited_site_is_a_finding_site_of_that_very_item(name: str, change: str) -> None:
    before, group = sample(name)
    one = inheriting(group)
    said = one["bodySite"]
    one["bodySite"] = {
        "code": {"id": "inherited", "coding": [KIDNEY], "text": "Kidney"},
        "words": {"id": "inherited", "text": "Kidney"},
        "side": said | {"text": said.get("text", "") + ", contralateral"},
    }[change]
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    after = taken_out(translated.result)[0]
    new = [one for one in sites(after.root) if sites(after.root).count(one) > sites(before.root).count(one)]
    ((_, code, meaning),) = new
    assert meaning == one["bodySite"]["text"]
    assert code == {"code": "64033007", "words": "TEXT"}.get(change, said["coding"][0]["code"])
    assert places(to_fhir(translated.result, MAPPING, KNOWN).result) == places(group)
    unseen = [one for one in translated.report.warnings if "does not see it" in one]
    if change != "side":  # in a section of TID 5103, a DICOM reader sees the side of that
        assert len(unseen) == (name == "5100-vascular")


@pytest.mark.parametrize("anew", [False, True], ids=["edited", "written anew"])
def test_what_is_below_keeps_its_own(anew: bool) -> None:
    """FHIR inherits nothing: the measurements of a container whose site is edited were not. Who writes a site anew need
    not keep our element id."""
    _, group = sample("5200-echocardiography")
    site: Resource = {"coding": [KIDNEY], "text": "Kidney"}
    inheriting(group, whole=True)["bodySite"] = site if anew else {"id": "inherited"} | site
    back = to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert places(back) == places(group)


@pytest.mark.parametrize("anew", [False, True], ids=["edited", "written anew"])
def test_a_copy_of_a_finding_site_that_is_a_result_is_not_said_twice(anew: bool) -> None:
    before, group = sample("1500-volume")
    site: Resource = {"coding": [KIDNEY], "text": "Kidney"}
    inheriting(group, whole=True)["bodySite"] = site if anew else {"id": "inherited"} | site
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert sites(taken_out(translated.result)[0].root) == sites(before.root)
    assert any("repeats a Finding Site" in one for one in translated.report.warnings)
    assert places(to_fhir(translated.result, MAPPING, KNOWN).result) == places(group)


@pytest.mark.parametrize("place", ["coding", "text"])
def test_words_that_are_left_out_are_no_edit(place: str) -> None:
    before, group = sample("5200-echocardiography")
    site = inheriting(group)["bodySite"]
    if place == "text":
        del site["text"]
    else:
        del site["coding"][0]["display"]
    assert sites(taken_out(to_dicom(group, MAPPING, KNOWN).result)[0].root) == sites(before.root)


@pytest.mark.parametrize(("name", "sided"), [("5100-vascular", True), ("5200-echocardiography", False)])
def test_a_side_that_is_still_coded_around_an_edited_site_is_warned_of(name: str, sided: bool) -> None:
    _, group = sample(name)
    inheriting(group)["bodySite"] = {"id": "inherited", "coding": [KIDNEY], "text": "Kidney"}
    warnings = checked_to_dicom(group, MAPPING, KNOWN).report.warnings
    assert any("a Laterality around it" in one for one in warnings) == sided


@pytest.mark.parametrize(
    ("text", "warning"), [("right arm", "is not that of the code"), ("Left kidney", "a side"), ("kidney", "")]
)
def test_words_beside_the_site_of_a_resource_do_not_replace_its_code_meaning(text: str, warning: str) -> None:
    """They may contradict it: `right arm` was written as what the code of the left arm is called."""
    site = {"coding": [KIDNEY], "text": text}
    group = Group(measured(bodySite=site), (), None, "Observation/o")
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert [(code, meaning) for _, code, meaning in sites(translated.result.root)] == [("64033007", "Kidney")]
    assert stripped(to_fhir(translated.result, MAPPING, KNOWN).result.root)["bodySite"] == site
    warned = [one for one in translated.report.warnings if "bodySite" in one]
    assert any(warning in one for one in warned) if warning else not warned


def test_a_method_that_words_contradict_is_warned_of() -> None:
    method = {"coding": [{"system": "http://snomed.info/sct", "code": "702659008", "display": "Automated count"}]}
    group = Group(measured(method=method | {"text": "by hand"}), (), None, "Observation/o")
    assert any("Observation.method" in one for one in checked_to_dicom(group, MAPPING, KNOWN).report.warnings)


def side(group: Group, code: str) -> tuple[Resource, Resource]:
    """The result that says that side, and its component that does."""
    return next(
        (one, part)
        for one in group.members
        for part in one.get("component", ())
        if any(said["code"] == code for said in part.get("valueCodeableConcept", {}).get("coding", ()))
    )


RIGHT, LEFT = "24028007", "7771000"


def test_copies_follow_the_side_that_was_edited() -> None:
    """They do not stay on the other side, as if somebody had said that of each."""
    before, group = sample("5100-vascular")
    there = [name for name, (_, words) in places(group).items() if words and words.endswith("Right")]
    _, part = side(group, RIGHT)
    part["valueCodeableConcept"] = copy.deepcopy(side(group, LEFT)[1]["valueCodeableConcept"])
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert sites(taken_out(translated.result)[0].root) == sites(before.root)
    assert any("it follows that" in one for one in translated.report.warnings)
    now = places(to_fhir(translated.result, MAPPING, KNOWN).result)
    assert there
    assert all(str(now[name][1]).endswith("Left") for name in there)


def test_the_side_of_another_result_is_an_edit() -> None:
    """Though the very same stands elsewhere in the report."""
    _, group = sample("5100-vascular")
    measured_ = [one for one in group.members if "valueQuantity" in one and "bodySite" in one]
    one = next(one for one in measured_ if one["bodySite"]["text"].endswith("Right"))
    other = next(one for one in measured_ if one["bodySite"]["text"].endswith("Left"))
    one["bodySite"] = copy.deepcopy(other["bodySite"])
    back = to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert places(back) == places(group)


def test_a_result_that_is_moved_to_the_other_side_keeps_its_own() -> None:
    """FHIR says it of the result itself, and nobody has edited that."""
    _, group = sample("5100-vascular")
    holders = [one for one in group.members if "hasMember" in one and "bodySite" in one]
    right, left = (next(o for o in holders if o["bodySite"]["text"].endswith(side)) for side in ("Right", "Left"))
    moved = right["hasMember"].pop()
    left["hasMember"].append(moved)
    back = to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    name = moved["reference"].removeprefix("Observation/")
    assert [one["text"] for one in [next(o for o in group.members if o["id"] == name)["bodySite"]]][0].endswith("Right")
    assert places(back)[name] == places(group)[name]


@pytest.mark.parametrize(("text", "warned"), [("left arm", False), ("right arm", True), ("upper arm", False)])
def test_a_site_in_fewer_words_is_the_same_site(text: str, warned: bool) -> None:
    arm = {"system": "http://snomed.info/sct", "code": "368208006", "display": "Left upper arm structure"}
    group = Group(measured(bodySite={"coding": [arm], "text": text}), (), None, "Observation/o")
    assert any("bodySite" in one for one in to_dicom(group, MAPPING, KNOWN).report.warnings) == warned


def made(like: str, *children: Dataset) -> tuple[Document, Group]:
    dataset = pydicom.dcmread(FIXTURES / "dicom" / f"{like}.dcm")
    dataset.ContentSequence = list(children)
    data = pydicom.filebase.DicomBytesIO()
    dataset.save_as(data)
    document = structured_report.read(bytes(data.getvalue()))
    return document, copy.deepcopy(to_fhir(document, MAPPING, KNOWN).result)


FOUND_AT = modifier(coded(codes.SCT.FindingSite, Code("64033007", "SCT", "Kidney")))
ON_THE_LEFT = modifier(coded(codes.SCT.Laterality, codes.SCT.Left))
LENGTH = num(Code("410668003", "SCT", "Length"), "110", unit("mm"))
FINDINGS = Code("121070", "DCM", "Findings")


def sided() -> tuple[Document, Group]:
    """A result that has its Finding Site as an element, and the side beside that as a component."""
    return made("2000-imaging-report", container(FINDINGS, FOUND_AT, ON_THE_LEFT, LENGTH))


@pytest.mark.parametrize("anew", [False, True], ids=["as it was", "written anew"])
@pytest.mark.parametrize("removed", [False, True])
def test_the_side_in_words_follows_the_laterality_beside_the_site(anew: bool, removed: bool) -> None:
    before, group = sided()
    one, part = side(group, LEFT)
    assert one["bodySite"]["text"] == "Kidney, Left"
    if anew:
        del one["bodySite"]["id"]
    if removed:
        one["component"].remove(part)
    else:
        part["valueCodeableConcept"] = {"coding": [{"system": KIDNEY["system"], "code": RIGHT, "display": "Right"}]}
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert sites(translated.result.root) == sites(before.root)
    assert any("repeats a Laterality" in one for one in translated.report.warnings)
    back = to_fhir(translated.result, MAPPING, KNOWN).result
    (now,) = [one["bodySite"] for one in back.members if "bodySite" in one]
    assert now.get("text", "Kidney") == ("Kidney" if removed else "Kidney, Right")


def test_a_site_that_is_edited_beside_its_laterality_is_warned_of() -> None:
    """It is what FHIR says; a DICOM reader sees the side beside it."""
    _, group = sided()
    one, _ = side(group, LEFT)
    one["bodySite"] |= {"coding": [LIVER], "text": "Liver"}
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert [code for _, code, _ in sites(taken_out(translated.result)[0].root)] == ["10200004"]
    assert any("a Laterality around it" in one for one in translated.report.warnings)
    assert places(to_fhir(translated.result, MAPPING, KNOWN).result) == places(group)


def test_copies_follow_the_site_of_the_root() -> None:
    _, group = made("5200-echocardiography", FOUND_AT, ON_THE_LEFT, container(FINDINGS, LENGTH))
    (said,) = [one for one in group.members if one.get("code", {}).get("text") == "Finding Site"]
    said["valueCodeableConcept"] = {"coding": [LIVER], "text": "Liver"}
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert [code for _, code, _ in sites(translated.result.root)] == ["10200004"]
    back = to_fhir(translated.result, MAPPING, KNOWN).result
    assert {_place(one)[1] for one in back.members if "bodySite" in one} == {"Liver, Left"}


def test_a_site_that_is_edited_in_a_vascular_section_is_what_fhir_says() -> None:
    """Of the measurement alone; the vessel of its group is that of the others."""
    _, group = sample("5100-vascular")
    one = inheriting(group)
    one["bodySite"] = {"id": "inherited", "coding": [LIVER], "text": "Liver, Right"}
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert not [one for one in translated.report.warnings if "bodySite.text" in one]
    assert places(to_fhir(translated.result, MAPPING, KNOWN).result) == places(group)


def test_a_coding_in_front_of_a_vessel_leaves_its_results_there() -> None:
    """Its group is a site by whichever of its codes (PS3.16 TID 5104)."""
    _, group = sample("5100-vascular")
    vessel = next(one for one in group.members if one.get("code", {}).get("coding", [{}])[0].get("code") == "86117002")
    there = {name for name, (said, _) in places(group).items() if "86117002" in said}
    vessel["code"]["coding"].insert(0, {"system": "http://radlex.org", "code": "RID1016", "display": "carotid"})
    found = places(to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result)
    assert len(there) > 1
    assert {name for name, (said, _) in found.items() if "86117002" in said} == there
