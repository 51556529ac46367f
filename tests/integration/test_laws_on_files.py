"""Laws 1, 2, 4, 5, 7 and 8 of the translation, on every sample file."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.codecs import fhir, json
from bridge.codecs.dicom import reader, writer
from bridge.convert.bundle import as_written, bundle
from bridge.convert.inputs import Readable, read
from bridge.mapping.load import load
from bridge.model.content import ByReference, Code, Container, ContentItem, Plain
from bridge.model.document import Document
from bridge.model.group import Group, same
from bridge.model.sr import read_document, write_document
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Node
from bridge.translate.gather import Entry, gather
from bridge.translate.header.chain import superseded_by, version_of
from bridge.translate.header.header import split_patient
from bridge.translate.report.outcomes import same_concept, same_item
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.ablation import ablated
from tests.corpus import ECG, FHIR_FILES, FIXTURES, SR_FILES, name

MAPPING, KNOWN = load(), Known()


def document(path: Path) -> Document:
    return read_document(reader.read(path.read_bytes()).dataset)


def over_json(group: Group) -> Group:
    """The group as a FHIR client reads it: one transaction Bundle, written and read."""
    entries = json.loads(json.dumps(bundle(group)))["entry"]
    (found,) = gather([Entry(one["resource"], one["fullUrl"]) for one in entries]).groups
    return as_written(found)


def over_bytes(found: Document) -> Document:
    return read_document(reader.read(writer.write(write_document(found))).dataset)


def groups(path: Path) -> list[Group]:
    return [one.content for one in read(path, "dicom") if isinstance(one, Readable) and isinstance(one.content, Group)]


@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_law_1_an_sr_comes_back_element_for_element(path: Path) -> None:
    before = document(path)
    group = over_json(to_fhir(before, MAPPING, KNOWN).result)
    assert write_document(over_bytes(to_dicom(group, MAPPING, KNOWN).result)) == write_document(before)


@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_every_resource_made_from_an_sr_is_valid(path: Path) -> None:
    group = to_fhir(document(path), MAPPING, KNOWN).result
    for resource in (*group.resources(), *([group.patient] if group.patient else [])):
        fhir.validate(resource)


@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_references_inside_the_bundle_are_resolved_and_ids_are_unique(path: Path) -> None:
    group = to_fhir(document(path), MAPPING, KNOWN).result
    resources = [*group.resources(), *([group.patient] if group.patient else [])]
    names = [f"{one['resourceType']}/{one['id']}" for one in resources]
    assert len(set(names)) == len(names)
    assert _references(resources) <= set(names)


def _references(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
        return own.union(*map(_references, value.values()))
    return set().union(*map(_references, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("path", FHIR_FILES, ids=name)
def test_law_2_resources_come_back_as_they_were(path: Path) -> None:
    for group in groups(path):
        translated = over_bytes(to_dicom(group, MAPPING, KNOWN).result)
        back = to_fhir(translated, MAPPING, KNOWN).result
        assert back.key == group.key
        for before, after in zip(group.resources(), back.resources(), strict=True):
            assert same(before, json.loads(json.dumps(after))), before.get("id")


@pytest.mark.parametrize("path", FHIR_FILES, ids=name)
def test_what_comes_back_of_the_patient_is_what_the_patient_module_holds(path: Path) -> None:
    for group in groups(path):
        if group.patient is None:
            continue
        back = to_fhir(to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result.patient
        assert back is None or (
            back.get("id") == group.patient.get("id") and back.get("birthDate") == group.patient.get("birthDate")
        )


@pytest.mark.parametrize("path", FHIR_FILES, ids=name)
def test_law_1_holds_for_documents_that_we_made(path: Path) -> None:
    for group in groups(path):
        made = to_dicom(group, MAPPING, KNOWN).result
        again = to_dicom(over_json(to_fhir(made, MAPPING, KNOWN).result), MAPPING, KNOWN).result
        assert write_document(again) == write_document(made)


@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_law_5_mapped_is_what_survives_ablation(path: Path) -> None:
    """The report's count is held to the trial itself: our extensions deleted, translated back, compared."""
    before = document(path)
    translated = to_fhir(before, MAPPING, KNOWN)
    group = over_json(translated.result)
    from bridge.translate.native.to_dicom import native_dicom

    back = native_dicom(ablated(group), MAPPING, KNOWN).root
    survived = {"1"} if same_concept(before.root, back) else set()

    def walk(item: ContentItem, node: Node, at: str) -> None:
        for index, child in node.matches(item.children)[0].items():
            original = item.children[index]
            path = f"{at}.{index + 1}"
            if same_item(original, child):
                survived.add(path)
            walk(original, child, path)

    walk(before.root, back, "1")
    assert {one.path for one in translated.report.details if one.outcome == "mapped"} == survived


@pytest.mark.skipif(not ECG.exists(), reason="third-party corpus is not here")
def test_the_founding_ecg_report_is_native() -> None:
    items = to_fhir(document(ECG), MAPPING, KNOWN).report.items
    assert items.total == 43
    assert items.mapped >= 40


@pytest.mark.parametrize("path", [*SR_FILES, *FHIR_FILES], ids=name)
def test_law_4_every_element_has_one_outcome(path: Path) -> None:
    reports = (
        [to_fhir(document(path), MAPPING, KNOWN).report]
        if path.suffix == ".dcm"
        else [to_dicom(group, MAPPING, KNOWN).report for group in groups(path)]
    )
    for report in reports:
        for counts in (report.items, report.elements):
            assert counts.mapped + counts.carried + counts.withheld == counts.total
        assert len(report.details) == report.items.total


@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_law_7_ids_do_not_depend_on_the_run(path: Path) -> None:
    one, other = (to_fhir(document(path), MAPPING, KNOWN).result for _ in range(2))
    assert same(list(one.resources()), list(other.resources()))


def renumbered(item: ContentItem, first: int | None) -> ContentItem:
    """By-reference relationships follow the items that the two remarks have moved."""
    children = tuple(renumbered(child, first) for child in item.children)
    value = item.value
    if isinstance(value, ByReference) and len(value.identifier) > 1:
        root, at, *below = value.identifier
        if below and at - 1 == first:
            below[0] += 1
        value = ByReference((root, at + 1, *below))
    return replace(item, children=children, value=value)


@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_law_7_ids_stay_when_something_is_inserted(path: Path) -> None:
    """A remark before all else, in the root and in its first container, moves no other resource to a new id."""
    before = document(path)
    remark = ContentItem("CONTAINS", Code("121106", "DCM", "Comment"), Plain("TEXT", "inserted"), (), ())
    first = next((at for at, one in enumerate(before.root.children) if isinstance(one.value, Container)), None)
    children = list(before.root.children)
    if first is not None:
        children[first] = replace(children[first], children=(remark, *children[first].children))
    after = replace(before, root=renumbered(replace(before.root, children=(remark, *children)), first))
    ids = [
        {f"{one['resourceType']}/{one['id']}" for one in to_fhir(each, MAPPING, KNOWN).result.resources()}
        for each in (before, after)
    ]
    stable = {one for one in ids[0] if one.startswith(("DiagnosticReport", "Composition", "Observation"))}
    assert stable <= ids[1]


def test_an_edited_value_wins_over_its_remainder_and_is_reported() -> None:
    before = document(FIXTURES / "dicom" / "ecg-report.dcm")
    group = to_fhir(before, MAPPING, KNOWN).result
    edited = copy.deepcopy(group)
    measured = next(one for one in edited.members if any("valueQuantity" in part for part in one.get("component", ())))
    measured["component"][0]["valueQuantity"]["value"] = 75
    translated = to_dicom(edited, MAPPING, KNOWN)
    after, texts = translated.result, repr(translated.result.root)
    assert "'75'" in texts and "'72'" not in texts
    assert [one.sop_instance for one in superseded_by(after.header)] == [version_of(before).sop_instance]
    assert version_of(after).sop_instance != version_of(before).sop_instance
    assert version_of(after).study == version_of(before).study
    assert split_patient(after.header)[0] == split_patient(before.header)[0]
    assert any("names its predecessor" in warning for warning in translated.report.warnings)
    again = to_fhir(after, MAPPING, KNOWN).result
    assert write_document(to_dicom(again, MAPPING, KNOWN).result) == write_document(after)
