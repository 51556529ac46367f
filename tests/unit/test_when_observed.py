"""Whoever edits a report born in DICOM makes a new instance with a Content Date of its own. When everything was
observed does not move with that, for a reader who knows nothing of us either (PS3.3 Observation DateTime)."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.dataset import DataSet, Element, find, items, merged, text_element, text_of
from bridge.model.document import Document
from bridge.model.group import Group, Number, Resource
from bridge.model.names import ABSENT_URL
from bridge.model.tags import CONTENT_DATE, CONTENT_TIME, OBSERVATION_DATETIME, PARTICIPANTS, SOP_INSTANCE_UID
from bridge.translate.basis.ids import Known
from bridge.translate.header.chain import version_of
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES
from tests.samples import measured, reported

MAPPING, KNOWN = load(), Known()
SAMPLES = sorted(path.name for path in (FIXTURES / "dicom").glob("*.dcm") if path.name != "2010-key-objects.dcm")
LATER = "2031-05-06T07:08:09Z"


def document(name: str) -> Document:
    return structured_report.read((FIXTURES / "dicom" / name).read_bytes())


def held(group: Group, edited: str = LATER) -> Group:
    """As a server holds it after somebody has edited something of it."""
    group = copy.deepcopy(group)
    for one in group.resources():
        one["meta"] = one.get("meta", {}) | {"lastUpdated": edited}
    return group


def other_number(group: Group) -> None:
    homes = (home for one in group.resources() for home in (one, *one.get("component", ())))
    next(home for home in homes if "valueQuantity" in home)["valueQuantity"]["value"] = Number("7.5")


def times(group: Group) -> dict[str, str | None]:
    return {one["id"]: one.get("effectiveDateTime") or str(one.get("effectivePeriod")) for one in results(group)}


def results(group: Group) -> list[Resource]:
    return [one for one in group.resources() if one["resourceType"] in ("DiagnosticReport", "Observation")]


@pytest.mark.parametrize("name", SAMPLES)
def test_an_edit_in_fhir_moves_no_time(name: str) -> None:
    before = document(name)
    group = held(to_fhir(before, MAPPING, KNOWN).result)
    other_number(group)
    edited = checked_to_dicom(group, MAPPING, KNOWN).result
    assert text_of(edited.header, CONTENT_DATE) == "20310506", "it was written when somebody edited it"
    assert times(to_fhir(edited, MAPPING, KNOWN).result) == times(group)
    bare, _ = taken_out(edited)
    known = replace(KNOWN, document=text_of(before.header, SOP_INSTANCE_UID))
    assert times(to_fhir(bare, MAPPING, known).result) == times(group), "whoever does not know us"


def test_an_edited_time_of_the_report_is_that_of_its_items() -> None:
    first = document("ecg-report.dcm")
    group = held(to_fhir(first, MAPPING, KNOWN).result)
    for day in ("2026-03-03", "2026-03-04"):  # of the document itself, and of a version of ours, which says the time
        former = group.root["effectiveDateTime"][:10]
        for one in results(group):
            if one.get("effectiveDateTime", "").startswith(former):
                one["effectiveDateTime"] = day + one["effectiveDateTime"][10:]
        wanted = times(group)
        edited = checked_to_dicom(group, MAPPING, KNOWN).result
        assert (text_of(edited.root.rest, OBSERVATION_DATETIME) or "").startswith(day.replace("-", ""))
        group = held(to_fhir(edited, MAPPING, replace(KNOWN, document=version_of(first).sop_instance)).result)
        assert times(group) == wanted


def with_header(name: str, **said: tuple[int, str, str]) -> Document:
    found = document(name)
    return replace(found, header=merged(found.header, [text_element(*one) for one in said.values()]))


@pytest.mark.parametrize("time", ["12:34:56", "101500.", "101500.1234567", "nonsense"])
def test_a_time_of_writing_that_nobody_can_read_becomes_no_other(time: str) -> None:
    before = with_header("ecg-report.dcm", time=(CONTENT_TIME, "TM", time))
    group = held(to_fhir(before, MAPPING, KNOWN).result)
    other_number(group)
    edited = checked_to_dicom(group, MAPPING, KNOWN).result
    known = replace(KNOWN, document=text_of(before.header, SOP_INSTANCE_UID))
    bare, _ = taken_out(edited)
    assert times(to_fhir(bare, MAPPING, known).result) == times(group)


def test_an_empty_time_of_the_root_is_none() -> None:
    before = document("ecg-report.dcm")
    empty = merged(before.root.rest, [Element(OBSERVATION_DATETIME, "DT", b"")])
    before = replace(before, root=replace(before.root, rest=empty))
    group = held(to_fhir(before, MAPPING, KNOWN).result)
    other_number(group)
    assert times(to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result) == times(group)


@pytest.mark.parametrize(("said", "dt"), [("2027", "2027"), ("2027-03", "202703"), (None, None)])
def test_the_time_of_a_report_is_said_as_it_is_known(said: str | None, dt: str | None) -> None:
    group = held(to_fhir(document("ecg-report.dcm"), MAPPING, KNOWN).result)
    group.root["effectiveDateTime"] = said
    if said is None:
        del group.root["effectiveDateTime"]
    edited = checked_to_dicom(group, MAPPING, KNOWN).result
    assert text_of(edited.root.rest, OBSERVATION_DATETIME) == dt
    back = to_fhir(edited, MAPPING, KNOWN).result
    assert back.root.get("effectiveDateTime") == said
    others = times(group) | {group.root["id"]: None}
    assert times(back) | {back.root["id"]: None} == others


def participant(kind: str) -> DataSet:
    return (text_element(0x0040A080, "CS", kind), text_element(0x0040A123, "PN", "Doe^Jane"))


@pytest.mark.parametrize(("said", "left"), [(("SOURCE", "ATTEST"), ["SOURCE"]), (("ATTEST",), [])])
def test_nobody_attests_what_was_edited_since(said: tuple[str, ...], left: list[str]) -> None:
    before = document("ecg-report.dcm")
    participants = Element(PARTICIPANTS, "SQ", tuple(map(participant, said)))
    attested = replace(before, header=merged(before.header, [participants]))
    group = held(to_fhir(attested, MAPPING, KNOWN).result)
    other_number(group)
    edited = checked_to_dicom(group, MAPPING, KNOWN).result
    assert [text_of(one, 0x0040A080) for one in items(edited.header, PARTICIPANTS)] == left
    assert (find(edited.header, PARTICIPANTS) is not None) == bool(left)


def undated(*results: Resource) -> list[str]:
    root = reported(result=[{"reference": f"Observation/{one['id']}"} for one in results])
    translated = checked_to_dicom(Group(root, results, None, "DiagnosticReport/r"), MAPPING, KNOWN)
    return [one for one in translated.report.warnings if one.startswith("a result")]


def test_results_that_say_no_time_are_warned_of_by_number_and_place() -> None:
    """PS3.3 C.17.5: a DICOM reader dates them by the report."""
    unknown = {"_effectiveDateTime": {"extension": [{"url": ABSENT_URL, "valueCode": "unknown"}]}}
    untimed = [{key: one for key, one in measured(id=name).items() if key != "effectiveDateTime"} for name in "abc"]
    void = untimed[2] | {"status": "cancelled"}
    seen = "a DICOM reader takes that of the report for it; say when it was observed: Observation.effective"
    assert undated(*untimed[:2], untimed[2] | unknown, void | {"id": "d"}, measured(id="e")) == [
        f"a result without a time: {seen} and 1 more",
        f"a result whose time is said to be unknown: {seen}",
    ]
