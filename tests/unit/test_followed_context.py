"""By which method numbers were measured, and of whom: said once in DICOM, and with each result in FHIR."""

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
from bridge.model import content
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from fixtures.templates.items import coded, container, inferred, modifier, num, text, unit
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
GROUP, FRACTION = Code("125007", "DCM", "Measurement Group"), Code("18043-0", "LN", "LVEF")
FINDING = Code("121071", "DCM", "Finding")
CUBE_METHOD = content.Code("125206", "DCM", "Cube Method")
DISKS, CUBE = Code("125207", "DCM", "Method of Disks, Biplane"), Code("125206", "DCM", "Cube Method")


def method(which: Code) -> Dataset:
    return modifier(coded(codes.SCT.MeasurementMethod, which))


def fraction(value: str, *below: Dataset) -> Dataset:
    return num(FRACTION, value, unit("%"), *below)


def made(*children: Dataset) -> tuple[Document, Group]:
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "5200-echocardiography.dcm")
    dataset.ContentSequence = list(children)
    data = pydicom.filebase.DicomBytesIO()
    dataset.save_as(data)
    document = structured_report.read(bytes(data.getvalue()))
    return document, copy.deepcopy(to_fhir(document, MAPPING, KNOWN).result)


def fractions(group: Group) -> list[Resource]:
    found = [one for one in group.members if one.get("code", {}).get("text") == "LVEF"]
    return sorted(found, key=lambda one: str(one["valueQuantity"]["value"]))


def methods(group: Group) -> list[Any]:
    return [one.get("method", {}).get("text") for one in fractions(group)]


def groups() -> tuple[Document, Group]:
    """At rest by one method, and at stress by another (TID 5202)."""
    return made(
        container(GROUP, method(DISKS), fraction("60"), fraction("61")), container(GROUP, method(CUBE), fraction("70"))
    )


def test_the_method_of_a_group_is_that_of_its_measurements() -> None:
    """TID 1501. Two values of one code, of one heart at one time, differed in nothing else."""
    assert methods(groups()[1]) == [DISKS.meaning, DISKS.meaning, CUBE.meaning]


def test_a_nearer_method_overrides_it() -> None:
    inner = container(GROUP, method(CUBE), fraction("12"))
    _, group = made(container(GROUP, method(DISKS), fraction("10", method(CUBE)), fraction("11"), inner))
    assert methods(group) == [CUBE.meaning, DISKS.meaning, CUBE.meaning]


def test_what_else_stands_in_the_group_has_no_method() -> None:
    """Words have none; what a number has been inferred from, another; of two, nobody knows which is whose."""
    source = inferred(fraction("20"))
    told = text(FINDING, "seen", modifier(coded(Code("121401", "DCM", "Derivation"), DISKS)))
    _, group = made(
        container(GROUP, method(DISKS), fraction("10", source), told),
        container(GROUP, method(DISKS), method(CUBE), fraction("30")),
    )
    assert methods(group) == [DISKS.meaning, None, None]
    assert not [one for one in group.members if "method" in one and "valueString" in one]


def test_copies_follow_the_method_of_the_group() -> None:
    _, group = groups()
    (holder,) = [one for one in group.members if "hasMember" in one and len(one["hasMember"]) == 2]
    holder["method"] |= {"coding": [{"system": "http://snomed.info/sct", "code": "702659008"}], "text": "Counted"}
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert any("Observation.method repeats" in one for one in translated.report.warnings)
    assert methods(to_fhir(translated.result, MAPPING, KNOWN).result) == ["Counted", "Counted", CUBE.meaning]
    del holder["method"]
    back = to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert methods(back) == [None, None, CUBE.meaning]


@pytest.mark.parametrize("anew", [False, True], ids=["edited", "written anew"])
def test_an_edited_method_is_one_of_that_very_number(anew: bool) -> None:
    _, group = groups()
    one = fractions(group)[0]
    said = copy.deepcopy(fractions(group)[2]["method"])
    one["method"] = {key: part for key, part in said.items() if key != "id"} if anew else said
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    first, _ = taken_out(translated.result)[0].root.children[0].children[1:]
    assert [getattr(child.value, "code", None) for child in first.children] == [CUBE_METHOD]
    assert not [one for one in translated.report.warnings if "does not see it" in one]
    back = to_fhir(translated.result, MAPPING, KNOWN).result
    assert methods(back) == [CUBE.meaning, DISKS.meaning, CUBE.meaning]


def test_a_method_that_was_not_edited_is_no_edit() -> None:
    """Whoever has written it anew, without our element id or what its code is called."""
    document, group = groups()
    for one in fractions(group):
        one["method"] = {
            "text": one["method"]["text"],
            "coding": [{key: part for key, part in one["method"]["coding"][0].items() if key != "display"}],
        }
    after = taken_out(to_dicom(group, MAPPING, KNOWN).result)[0]
    assert after.root == document.root


def test_a_result_that_is_moved_keeps_the_method_that_fhir_says() -> None:
    _, group = groups()
    two, one = sorted((one for one in group.members if "hasMember" in one), key=lambda one: -len(one["hasMember"]))
    one["hasMember"].append(two["hasMember"].pop(0))
    back = to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert methods(back) == [DISKS.meaning, DISKS.meaning, CUBE.meaning]


def test_whom_results_are_about_follows_the_item_that_says_it() -> None:
    """They do not stay with the other twin."""
    document = structured_report.read((FIXTURES / "dicom" / "5000-obgyn.dcm").read_bytes())
    group = copy.deepcopy(to_fhir(document, MAPPING, KNOWN).result)
    about = [one for one in group.members if one.get("focus") == [{"display": "Fetus A"}]]
    for one in about:
        for part in one.get("component", ()):
            if part.get("valueString") == "A":
                part["valueString"] = "C"
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert any("Observation.focus repeats" in one for one in translated.report.warnings)
    back = to_fhir(translated.result, MAPPING, KNOWN).result
    assert len([one for one in back.members if one.get("focus") == [{"display": "Fetus C"}]]) == len(about) > 1
    assert not [one for one in back.members if one.get("focus") == [{"display": "Fetus A"}]]
