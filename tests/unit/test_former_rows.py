"""A site changes rows of its mapping: what was translated by them, and nobody has edited since, goes back as it was."""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from bridge.codecs.dicom import structured_report
from bridge.errors import DamagedRemainderError
from bridge.mapping.former import OTHER_ROWS, rows_in, said
from bridge.mapping.load import load
from bridge.mapping.mapping import Mapping
from bridge.model.content import Code, ContentItem, Num
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import put_in, taken_out
from bridge.translate.returned_document import NEW_INSTANCE
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES
from tests.samples import alone, measured

KNOWN = Known()
LAB, LOINC = "http://lab.example/codes", "http://loinc.org"
POTASSIUM, SODIUM = Code("2823-3", "LN", "Potassium"), Code("2951-2", "LN", "Sodium")
MILLIMOLE = Code("mmol/L", "UCUM", "mmol/L")
ROWS = {
    "none": "",
    "potassium": f"{{fhir: {LAB} 4711, dicom: LN 2823-3, name: Potassium, category: laboratory, unit: mmol/L}}",
    "sodium": f"{{fhir: {LAB} 4711, dicom: LN 2951-2, name: Sodium, category: laboratory}}",
    "another": f"{{fhir: {LAB} 4712, dicom: LN 2823-3, name: Kalium, unit: meq/L, accept: [mmol/L]}}",
}


@pytest.fixture(scope="module")
def mappings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Mapping]:
    found = {"none": load()}
    for name in ROWS.keys() - found.keys():
        folder: Path = tmp_path_factory.mktemp(name)
        (folder / "site.yaml").write_text(f"concepts:\n  - {ROWS[name]}\n")
        found[name] = load(folder)
    return found


CHANGES = [*permutations(ROWS, 2)]
CODED = [[LAB, "4711"], [LOINC, "2823-3"], [LAB, "4711", LOINC, "2823-3"]]


def of_the_pacs() -> Document:
    """A report with a potassium."""
    document = structured_report.read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes())
    item = ContentItem("CONTAINS", POTASSIUM, Num(("4.1",), MILLIMOLE, None), (), ())
    return with_child(document, item)


def with_child(document: Document, item: ContentItem) -> Document:
    return replace(document, root=replace(document.root, children=(*document.root.children, item)))


def of_the_record(*codings: str) -> Group:
    pairs = zip(codings[::2], codings[1::2], strict=True)
    coding = [{"system": system, "code": code, "display": "Kalium"} for system, code in pairs]
    return alone(measured(code={"coding": coding}))


def potassium(group: Group) -> Resource:
    return next(one for one in group.members if (LOINC, "2823-3") in pairs_of(one))


def pairs_of(resource: Resource) -> list[tuple[str, str]]:
    return [(one["system"], one["code"]) for one in resource.get("code", {}).get("coding", ())]


def numbers(item: ContentItem) -> list[tuple[Code | None, Any]]:
    own = [(item.concept, item.value.values)] if isinstance(item.value, Num) else []
    return own + [one for child in item.children for one in numbers(child)]


@pytest.mark.parametrize(("then", "now"), CHANGES)
def test_unedited_resources_are_the_document_of_the_pacs(mappings: dict[str, Mapping], then: str, now: str) -> None:
    document = of_the_pacs()
    group = to_fhir(document, mappings[then], KNOWN).result
    back = checked_to_dicom(group, mappings[now], KNOWN)
    assert back.result == document and NEW_INSTANCE not in back.report.warnings


@pytest.mark.parametrize(("then", "now"), CHANGES)
def test_an_edit_leaves_the_code_of_the_pacs(mappings: dict[str, Mapping], then: str, now: str) -> None:
    group = copy.deepcopy(to_fhir(of_the_pacs(), mappings[then], KNOWN).result)
    potassium(group)["valueQuantity"]["value"] = 5
    back = checked_to_dicom(group, mappings[now], KNOWN)
    concept, values = numbers(back.result.root)[-1]
    assert POTASSIUM.same(concept) and values == ("5",)
    assert (OTHER_ROWS in back.report.warnings) == (then in ("potassium", "another"))


def test_what_is_said_since_goes_by_the_rows_in_force(mappings: dict[str, Mapping]) -> None:
    group = copy.deepcopy(to_fhir(of_the_pacs(), mappings["potassium"], KNOWN).result)
    potassium(group)["code"] = {"coding": [{"system": LAB, "code": "4711", "display": "Natrium"}]}
    back = checked_to_dicom(group, mappings["sodium"], KNOWN).result
    concept, _ = numbers(back.root)[-1]
    assert SODIUM.same(concept)


@pytest.mark.parametrize("codings", CODED)
@pytest.mark.parametrize(("then", "now"), CHANGES)
def test_an_unedited_document_is_the_resource_of_the_record(
    mappings: dict[str, Mapping], then: str, now: str, codings: list[str]
) -> None:
    group = of_the_record(*codings)
    document = checked_to_dicom(group, mappings[then], KNOWN).result
    back = to_fhir(document, mappings[now], KNOWN)
    assert stripped(back.result.root) == group.root and not back.report.warnings
    assert checked_to_dicom(back.result, mappings[now], KNOWN).result == document


@pytest.mark.parametrize(("then", "now"), [one for one in CHANGES if one[0] != "none"])
def test_a_number_that_is_edited_in_the_pacs_leaves_the_code_of_the_record(
    mappings: dict[str, Mapping], then: str, now: str
) -> None:
    document = checked_to_dicom(of_the_record(LAB, "4711"), mappings[then], KNOWN).result
    children = [
        replace(one, value=Num(("5",), MILLIMOLE, None)) if isinstance(one.value, Num) else one
        for one in document.root.children
    ]
    edited = replace(document, root=replace(document.root, children=tuple(children)))
    back = to_fhir(edited, mappings[now], KNOWN).result
    assert pairs_of(back.root) == [(LAB, "4711")] and back.root["valueQuantity"]["value"] == 5
    assert checked_to_dicom(back, mappings[now], KNOWN).result == edited


def test_an_edit_of_the_record_is_translated_by_the_rows_in_force(mappings: dict[str, Mapping]) -> None:
    document = checked_to_dicom(of_the_record(LAB, "4711"), mappings["potassium"], KNOWN).result
    group = copy.deepcopy(to_fhir(document, mappings["sodium"], KNOWN).result)
    group.root["valueQuantity"]["value"] = 140
    concept, _ = numbers(checked_to_dicom(group, mappings["sodium"], KNOWN).result.root)[-1]
    assert SODIUM.same(concept)


def test_a_result_that_the_pacs_adds_is_read_by_the_rows_in_force(mappings: dict[str, Mapping]) -> None:
    """The row that made the others may have been wrong."""
    result = measured(code={"coding": [{"system": LAB, "code": "4711", "display": "Kalium"}]})
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "11502-2", "display": "Laboratory report"}]},
        "subject": {"reference": "Patient/p"},
        "result": [{"reference": "Observation/o"}],
    }
    group = Group(report, (result,), None, "DiagnosticReport/r")
    document = checked_to_dicom(group, mappings["potassium"], KNOWN).result
    added = ContentItem("CONTAINS", POTASSIUM, Num(("4.4",), MILLIMOLE, None), (), ())
    back = to_fhir(with_child(document, added), mappings["sodium"], KNOWN)
    found = {one["id"]: pairs_of(one) for one in back.result.members if one["resourceType"] == "Observation"}
    assert found.pop("o") == [(LAB, "4711")]
    assert [*found.values()] == [[(LOINC, "2823-3")]]


def test_a_document_that_an_earlier_bridge_made_is_read_as_before(mappings: dict[str, Mapping]) -> None:
    """It does not say its rows."""
    group, mapping = of_the_record(LAB, "4711"), mappings["potassium"]
    bare, pieces = taken_out(checked_to_dicom(group, mapping, KNOWN).result)
    del pieces[()]["group"]["rows"]
    back = to_fhir(put_in(bare, pieces), mapping, KNOWN).result
    assert stripped(back.root) == group.root


def test_rows_come_back_from_a_remainder(mappings: dict[str, Mapping]) -> None:
    for one in mappings.values():
        assert rows_in({"rows": said(one.site)}) == one.site
    assert not mappings["none"].site


@pytest.mark.parametrize("rows", [7, [7], [["a", "b"]], [["a", "b", "c", "d", "e", None, 7, [], []]]])
def test_what_are_no_rows_is_a_damaged_remainder(rows: Any) -> None:
    with pytest.raises(DamagedRemainderError):
        rows_in({"rows": rows})
