"""The time of an event repeats the item that says when it started. Edited in FHIR: that item, the time, or both."""

from __future__ import annotations

import copy
from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import ContentItem, Plain
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.tags import OBSERVATION_DATETIME
from bridge.translate.basis.ids import Known
from bridge.translate.born_in_dicom.followed_starts import FOLLOWS
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from fixtures.templates.document import observer
from fixtures.templates.items import coded, context
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
SAMPLES = [("10001-projection-dose", "111526"), ("10021-radiopharmaceutical-dose", "123003")]
LATER = "2026-03-02T11:59:59+01:00"


def sample(name: str) -> Group:
    document = structured_report.read((FIXTURES / "dicom" / f"{name}.dcm").read_bytes())
    return copy.deepcopy(to_fhir(document, MAPPING, KNOWN).result)


def event(group: Group, start: str) -> tuple[Resource, dict[str, Any]]:
    """The first that has a start, and that component."""
    return next(
        (one, part)
        for one in group.members
        for part in one.get("component", ())
        if part["code"]["coding"][0]["code"] == start
    )


def items(item: ContentItem) -> list[ContentItem]:
    return [item, *(one for child in item.children for one in items(child))]


def times(document: Document) -> list[str]:
    """Observation DateTimes of its items."""
    found = (text_of(one.rest, OBSERVATION_DATETIME) for one in items(document.root))
    return [one for one in found if one is not None]


@pytest.mark.parametrize(("name", "start"), SAMPLES)
def test_an_event_is_at_the_time_when_it_started(name: str, start: str) -> None:
    found, part = event(sample(name), start)
    assert found["effectiveDateTime"] == part["valueDateTime"]


@pytest.mark.parametrize(("name", "start"), SAMPLES)
def test_the_time_follows_a_start_that_was_edited(name: str, start: str) -> None:
    """With what is below the event; no item says the former time."""
    group = sample(name)
    found, part = event(group, start)
    former, at_former = part["valueDateTime"], [one["id"] for one in group.members if _at(one) == _at(found)]
    assert len(at_former) > 1
    part["valueDateTime"] = LATER
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    document = taken_out(translated.result)[0]
    assert Plain("DATETIME", "20260302115959") in [one.value for one in items(document.root)]
    assert times(document) == []
    back = to_fhir(translated.result, MAPPING, KNOWN).result
    assert [one["id"] for one in back.members if _at(one) == LATER] == at_former
    assert former not in {_at(one) for one in back.members}
    assert FOLLOWS in translated.report.warnings
    assert not [one for one in translated.report.warnings if "does not see it" in one]


@pytest.mark.parametrize(("name", "start"), SAMPLES)
@pytest.mark.parametrize("both", [False, True], ids=["alone", "with the start"])
def test_a_time_that_was_edited_is_its_own(name: str, start: str, both: bool) -> None:
    group = sample(name)
    found, part = event(group, start)
    found["effectiveDateTime"] = "2026-03-02T12:00:00+01:00"
    if both:
        part["valueDateTime"] = LATER
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert "20260302120000" in times(translated.result)
    back, again = event(to_fhir(translated.result, MAPPING, KNOWN).result, start)
    assert (back["effectiveDateTime"], again["valueDateTime"]) == (found["effectiveDateTime"], part["valueDateTime"])
    assert FOLLOWS not in translated.report.warnings


def test_an_event_whose_start_is_taken_away_keeps_its_time() -> None:
    group = sample("10001-projection-dose")
    found, part = event(group, "111526")
    found["component"].remove(part)
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    back = {one["id"]: _at(one) for one in to_fhir(translated.result, MAPPING, KNOWN).result.members}
    assert back[found["id"]] == found["effectiveDateTime"]


def test_a_role_is_no_event() -> None:
    """Whose `code` is a list of concepts: the document came back to nobody."""
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "10001-projection-dose.dcm")
    role = coded(Code("121010", "DCM", "Person Observer's Role in the Organization"), codes.DCM.Physician)
    dataset.ContentSequence[0:0] = [*observer("Root^Rita"), context(role)]
    buffer = BytesIO()
    dataset.save_as(buffer)
    document = structured_report.read(buffer.getvalue())
    group = to_fhir(document, MAPPING, KNOWN).result
    assert any(one["resourceType"] == "PractitionerRole" for one in group.members)
    assert checked_to_dicom(group, MAPPING, KNOWN).result == document


def _at(resource: Resource) -> str | None:
    return resource.get("effectiveDateTime")
