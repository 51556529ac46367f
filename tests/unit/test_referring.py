"""Items say some of a list of references: an edit in the PACS changes these, and all others stay."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Num, Plain
from bridge.model.document import Document
from bridge.model.group import Json, Resource, reference_to
from bridge.translate.basis.ids import Known
from bridge.translate.gather import Entry, gather
from bridge.translate.header.observers import OBSERVER_TYPE
from bridge.translate.header.person_observer import PERSON_NAME
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import put_in, taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.samples import measured, observation, reported

MAPPING, KNOWN = load(), Known()
Change = Callable[[ContentItem], ContentItem]
SODIUM, CHLORIDE, POTASSIUM = (
    {"coding": [{"system": "http://loinc.org", "code": code, "display": name}]}
    for code, name in (("2951-2", "Sodium"), ("2075-0", "Chloride"), ("2823-3", "Potassium"))
)
NA, CL = measured(id="na", code=SODIUM), measured(id="cl", code=CHLORIDE)
CANCELLED = observation(id="k", status="cancelled", dataAbsentReason={"text": "haemolysed"})
PERSON, COLLEAGUE, LAB, HIMSELF = (
    {"reference": "Practitioner/a", "display": "Nurse A"},
    {"reference": "Practitioner/b", "display": "Nurse B"},
    {"reference": "Organization/lab", "display": "Laboratory"},
    {"reference": "Patient/p"},
)


def to(*names: str) -> list[Resource]:
    return [{"reference": name} for name in names]


def read_after(change: Change, *resources: Resource) -> dict[str, Resource]:
    """What is read of the resources, whose document was edited; it comes back from them."""
    (group,) = gather([Entry(one, f"http://server/{reference_to(one)}") for one in copy.deepcopy(resources)]).groups
    group = replace(group, key=reference_to(resources[0]))
    made = checked_to_dicom(group, MAPPING, KNOWN).result
    after = Document(made.header, change(made.root))
    assert after != made
    back = to_fhir(after, MAPPING, KNOWN)
    assert ANEW not in back.report.warnings
    assert to_dicom(copy.deepcopy(back.result), MAPPING, KNOWN).result == after
    return {reference_to(one): stripped(one) for one in back.result.resources()}


def without(name: str) -> Change:
    def change(item: ContentItem) -> ContentItem:
        left = [one for one in item.children if one.concept is None or one.concept.meaning != name]
        return replace(item, children=tuple(map(change, left)))

    return change


def within(name: str, *new: ContentItem) -> Change:
    """Puts these in, before what is there."""

    def change(item: ContentItem) -> ContentItem:
        here = item.concept is not None and item.concept.meaning == name
        return replace(item, children=(*(new if here else ()), *map(change, item.children)))

    return change


PHOSPHATE = ContentItem(
    "CONTAINS", Code("2777-1", "LN", "Phosphate"), Num(("1",), Code("mmol/L", "UCUM", "mmol/L"), None), (), ()
)
RESULTS = to("Observation/na", "Observation/k", "Observation/elsewhere", "Observation/cl")
MEMBERS = to("Observation/na", "QuestionnaireResponse/q", "Observation/cl")


def test_a_report_keeps_results_that_no_item_says_where_another_is_removed() -> None:
    found = read_after(without("Chloride"), reported(result=RESULTS), NA, CANCELLED, CL)
    assert found["DiagnosticReport/r"]["result"] == RESULTS[:-1]


def test_a_report_keeps_results_that_no_item_says_where_another_is_added() -> None:
    found = read_after(within("Report", PHOSPHATE), reported(result=RESULTS), NA, CANCELLED, CL)
    new, *others = found["DiagnosticReport/r"]["result"]
    assert others == RESULTS and found[new["reference"]]["code"]["coding"][0]["code"] == "2777-1"


@pytest.mark.parametrize(("gone", "left"), [("Sodium", MEMBERS[1:]), ("Chloride", MEMBERS[:-1])])
def test_a_panel_keeps_members_that_no_item_says(gone: str, left: list[Json]) -> None:
    panel = observation(id="panel", code={"text": "Panel"}, hasMember=MEMBERS)
    found = read_after(without(gone), reported(result=to("Observation/panel")), panel, NA, CL)
    assert found["Observation/panel"]["hasMember"] == left


def test_a_panel_keeps_a_member_that_it_shares() -> None:
    """It has one item, below the first of them."""
    first = observation(id="first", code={"text": "First"}, hasMember=to("Observation/na"))
    other = observation(id="other", code={"text": "Other"}, hasMember=to("Observation/na", "Observation/cl"))
    report = reported(result=to("Observation/first", "Observation/other"))
    found = read_after(without("Chloride"), report, first, other, NA, CL)
    assert [found[f"Observation/{one}"]["hasMember"] for one in ("first", "other")] == [to("Observation/na")] * 2


def test_a_result_keeps_what_it_is_derived_from_that_no_item_says() -> None:
    sources = to("Media/m", "Observation/na", "DocumentReference/d")
    derived = measured(id="gap", code={"text": "Gap"}, derivedFrom=sources)
    report = reported(result=to("Observation/gap", "Observation/na"))
    found = read_after(without("Sodium"), report, derived, NA)
    assert found["Observation/gap"]["derivedFrom"] == [sources[0], sources[2]]


def observed_by(name: str) -> tuple[ContentItem, ContentItem]:
    kind = ContentItem("HAS OBS CONTEXT", OBSERVER_TYPE, Coded(Code("121006", "DCM", "Person")), (), ())
    return kind, ContentItem("HAS OBS CONTEXT", PERSON_NAME, Plain("PNAME", name), (), ())


def performers(change: Change, performer: list[Json]) -> tuple[list[Json], dict[str, Resource]]:
    found = read_after(change, reported(result=to("Observation/o")), measured(performer=performer))
    return found["Observation/o"]["performer"], found


@pytest.mark.parametrize("performer", [[LAB], [HIMSELF], [LAB, HIMSELF]])
def test_an_observer_of_the_document_takes_no_organization_s_place(performer: list[Json]) -> None:
    assert performers(within("Report", *observed_by("Work^Station")), performer)[0] == performer


def test_an_observer_of_the_document_who_is_gone_takes_no_organization_with_him() -> None:
    report = reported(result=to("Observation/o"), performer=[PERSON])
    result = measured(performer=[LAB])
    for change in (without("Person Observer Name"), within("Report", observed_by("Neu^Anna")[1])):
        assert read_after(change, report, result)["Observation/o"]["performer"] == [LAB]


def named(name: str) -> Change:
    def change(item: ContentItem) -> ContentItem:
        value = Plain("PNAME", name) if PERSON_NAME.same(item.concept) else item.value
        return replace(item, value=value, children=tuple(map(change, item.children)))

    return change


@pytest.mark.parametrize("at", [0, 1])
def test_whoever_is_named_since_is_in_the_place_of_whom_the_item_named(at: int) -> None:
    performer: list[Json] = [LAB, HIMSELF]
    performer.insert(at, PERSON)
    said, found = performers(named("Neu^Anna"), performer)
    new = said.pop(at)
    assert said == [LAB, HIMSELF]
    assert found[new["reference"]]["name"][0]["family"] == "Neu" and new["display"] == "Anna Neu"


def behind(name: str, new: ContentItem) -> Change:
    def change(item: ContentItem) -> ContentItem:
        here = any(one.concept is not None and one.concept.meaning == name for one in item.children)
        return replace(item, children=(*map(change, item.children), *((new,) if here else ())))

    return change


@pytest.mark.parametrize("performer", [[PERSON], [PERSON, LAB], [LAB, PERSON]])
def test_who_is_added_behind_a_performer_leaves_those_who_are_there(performer: list[Json]) -> None:
    said, found = performers(behind("Person Observer Name", observed_by("Neu^Anna")[1]), performer)
    (new,) = [one for one in said if one not in performer]
    assert [one for one in said if one in performer] == performer
    assert found[new["reference"]]["name"][0]["family"] == "Neu"


@pytest.mark.parametrize("performer", [[PERSON], [PERSON, COLLEAGUE], [PERSON, LAB], [LAB, PERSON]])
def test_another_performer_leaves_those_who_are_there(performer: list[Json]) -> None:
    said, found = performers(within("Potassium", observed_by("Neu^Anna")[1]), performer)
    (new,) = [one for one in said if one not in performer]
    assert [one for one in said if one in performer] == performer
    assert found[new["reference"]]["name"][0]["family"] == "Neu"


def test_a_performer_whose_item_is_gone_is_gone() -> None:
    assert performers(without("Person Observer Name"), [PERSON, LAB])[0] == [LAB]


def test_a_performer_stays_whose_neighbour_is_gone() -> None:
    def change(item: ContentItem) -> ContentItem:
        kept = [one for one in item.children if one.value != Plain("PNAME", PERSON["display"])]
        return replace(item, children=tuple(map(change, kept)))

    assert performers(change, [PERSON, COLLEAGUE])[0] == [COLLEAGUE]


@pytest.mark.parametrize("said", [None, {}, {"result": [[99, "x"], [-1, "x"]]}, {"result": 1}, {"result": [["x"]]}])
def test_what_an_earlier_bridge_did_not_say_or_somebody_has_damaged_is_no_error(said: Any) -> None:
    report = reported(result=RESULTS)
    (group,) = gather([Entry(one, f"http://server/{reference_to(one)}") for one in (report, NA, CANCELLED, CL)]).groups
    bare, pieces = taken_out(checked_to_dicom(replace(group, key="DiagnosticReport/r"), MAPPING, KNOWN).result)
    pieces[()]["referring"] = said
    if said is None:
        del pieces[()]["referring"]
    made = put_in(bare, pieces)
    for after in (made, Document(made.header, without("Chloride")(made.root))):
        back = to_fhir(after, MAPPING, KNOWN).result
        assert to_dicom(copy.deepcopy(back), MAPPING, KNOWN).result == after
