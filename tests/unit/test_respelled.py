"""Servers that spell instants otherwise, and write narratives: the document is as it was, and an edit beside is the
only one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.document import Document
from bridge.model.group import Group, Json, Number
from bridge.translate.basis import times
from bridge.translate.basis.ids import Known
from bridge.translate.born_in_dicom.respelled import as_spelled, spelled_in
from bridge.translate.returned_document import NEW_INSTANCE
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES, SR_FILES, name
from tests.samples import measured

MAPPING, KNOWN = load(), Known()
OURS = [FIXTURES / "dicom" / one for one in ("3700-ecg.dcm", "5200-echocardiography.dcm", "1500-plane.dcm")]
Spell = Callable[[str], str]
GENERATED = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Generated</div>'}


def in_utc(said: str) -> str:
    return times.in_zone(said, "+00:00")


def of_javascript(said: str) -> str:
    """As `toISOString` has it."""
    whole, fraction = re.fullmatch(r"([^.]*?)(?:\.(\d+))?\+00:00", in_utc(said)).groups()  # type: ignore[union-attr]
    return f"{whole}.{(fraction or '').ljust(3, '0')}Z"


def without_zeros(said: str) -> str:
    return re.sub(r"\.?0+(?=[+-]\d\d:\d\d$)", "", said) if "." in said else said


def respelled(value: Json, spell: Spell) -> Json:
    if isinstance(value, dict):
        return {key: respelled(child, spell) for key, child in value.items()}
    if isinstance(value, list):
        return [respelled(child, spell) for child in value]
    return spell(value) if type(value) is str and times.INSTANT.fullmatch(value) else value


def with_spelling(group: Group, spell: Spell) -> Group:
    return group.with_resources({id(one): respelled(one, spell) for one in group.resources()})


def read(path: Path) -> tuple[Document, Group]:
    document = structured_report.read(path.read_bytes())
    return document, to_fhir(document, MAPPING, KNOWN).result


def edited(group: Group) -> Group:
    """With another value in the first result that has a number."""
    result = next(one for one in group.members if "valueQuantity" in one)
    new = result | {"valueQuantity": result["valueQuantity"] | {"value": Number("4711")}}
    return group.with_resources({id(result): new})


def narrated(group: Group, status: str) -> Group:
    """With a narrative where there was none."""
    text = GENERATED | {"status": status}
    return group.with_resources({id(one): {"text": text} | one for one in group.resources()})


@pytest.mark.parametrize("spell", [in_utc, of_javascript, without_zeros])
@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_an_instant_that_is_spelled_otherwise_is_the_same(path: Path, spell: Spell) -> None:
    document, group = read(path)
    back = to_dicom(with_spelling(group, spell), MAPPING, KNOWN)
    assert back.result == document
    assert NEW_INSTANCE not in back.report.warnings


@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_a_narrative_that_was_generated_says_nothing_new(path: Path) -> None:
    document, group = read(path)
    assert to_dicom(narrated(group, "generated"), MAPPING, KNOWN).result == document
    assert NEW_INSTANCE in to_dicom(narrated(group, "additional"), MAPPING, KNOWN).report.warnings


@pytest.mark.parametrize("path", OURS, ids=name)
def test_an_edit_beside_is_the_only_one(path: Path) -> None:
    _, group = read(path)
    alone = to_dicom(edited(group), MAPPING, KNOWN)
    served = to_dicom(narrated(with_spelling(edited(group), of_javascript), "generated"), MAPPING, KNOWN)
    assert NEW_INSTANCE in alone.report.warnings
    assert (served.result, served.report.warnings) == (alone.result, alone.report.warnings)


def test_another_instant_is_an_edit() -> None:
    _, group = read(FIXTURES / "dicom" / "ecg-report.dcm")
    moved = with_spelling(group, lambda said: said[:14] + "59" + said[16:])
    assert NEW_INSTANCE in to_dicom(moved, MAPPING, KNOWN).report.warnings


def test_an_instant_that_the_document_spells_in_two_ways_stays_as_it_is() -> None:
    """Else one of the two would be spelled as the other."""
    said, other = "2026-03-02T08:15:00+01:00", "2026-03-02T07:15:00Z"
    group = Group(measured(), (measured(id="p", effectiveDateTime=other),), None, "Observation/o")
    assert spelled_in(group, "+01:00") == {"instants": {said: None}}
    assert as_spelled(group, {"zone": "+01:00", "instants": {said: None}}) is group
    assert as_spelled(group, {"zone": "+01:00"}).members[0]["effectiveDateTime"] == said


def test_an_offset_that_is_neither_of_a_server_nor_of_the_document_was_chosen() -> None:
    group = Group(measured(effectiveDateTime="2026-03-02T09:15:00+02:00"), (), None, "Observation/o")
    assert as_spelled(group, {"zone": "+01:00"}) is group
