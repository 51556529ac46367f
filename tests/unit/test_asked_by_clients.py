"""Whoever searches for values by code, category or day finds those of the patient, of that day, and no other's in their
place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, Coded, Container, ContentItem, Num, Plain
from bridge.model.dataset import DataSet, Element, text_element, text_of
from bridge.model.document import Document
from bridge.model.group import Group, absent
from bridge.model.sr import write_document
from bridge.model.tags import OBSERVATION_DATETIME
from bridge.translate.basis.ids import Known
from bridge.translate.born_in_dicom.followed_conclusion import FOLLOWS
from bridge.translate.returned_document import NEW_INSTANCE
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.unit.test_told_of_the_patient import (
    COMMENT,
    FETUS,
    SUBJECT_CLASS,
    container,
    context,
    document,
    item,
    modifier,
    read,
    results,
)

MAPPING, KNOWN = load(), Known()
HEART_RATE, WEIGHT = Code("8867-4", "LN", "Heart rate"), Code("29463-7", "LN", "Body weight")
PER_MINUTE = Code("/min", "UCUM", "/min")
FINDINGS = Code("121070", "DCM", "Findings")
RELATIONSHIP = Code("408732007", "SCT", "Subject relationship")
PREVIOUS, REQUEST = Code("121068", "DCM", "Previous Findings"), Code("121062", "DCM", "Request")
HISTORY, FAMILY = Code("121060", "DCM", "History"), Code("10157-6", "LN", "Family history")
Resource = dict[str, Any]


def rate(value: str, *children: ContentItem, how: str = "CONTAINS", concept: Code = HEART_RATE) -> ContentItem:
    return item(concept, Num((value,), PER_MINUTE, None), *children, how=how)


def edited(group: Group) -> Document:
    """What an edit becomes: it comes back as it is, and is no second edit."""
    made = checked_to_dicom(group, MAPPING, KNOWN)
    assert NEW_INSTANCE in made.report.warnings
    back = to_fhir(made.result, MAPPING, KNOWN)
    assert ANEW not in back.report.warnings
    assert write_document(checked_to_dicom(back.result, MAPPING, KNOWN).result) == write_document(made.result)
    before, after = ({one["id"]: _said(one) for one in results(each)} for each in (group, back.result))
    assert before == after
    return made.result


def _said(one: Resource) -> Resource:
    said = ("code", "valueQuantity", "valueString", "effectiveDateTime", "_effectiveDateTime", "focus", "category")
    return {key: one.get(key) for key in said}


# -- one concept twice (FHIR R4 obs-7) ------------------------------------------------------------------------------
@pytest.fixture
def twice() -> Group:
    below = (rate("70", how="HAS PROPERTIES"), rate("98", how="HAS PROPERTIES", concept=WEIGHT))
    return read(document(rate("72", *below)))[0]


def test_a_value_below_one_of_its_own_concept_is_no_component_of_that(twice: Group) -> None:
    outer, inner = results(twice, HEART_RATE)
    assert [one["valueQuantity"]["value"] for one in (outer, inner)] == [72, 70]
    assert [one["code"]["coding"][0]["code"] for one in outer["component"]] == [WEIGHT.value]
    assert [one["reference"] for one in outer["hasMember"]] == [f"Observation/{inner['id']}"]


def test_without_a_value_of_its_own_it_may_be_one() -> None:
    group, _ = read(document(container(FINDINGS, item(FINDINGS, Plain("TEXT", "none")))))
    (found,) = results(group)
    assert [one["valueString"] for one in found["component"]] == ["none"]


def test_a_value_that_stands_apart_is_edited_where_it_stands(twice: Group) -> None:
    inner = results(twice, HEART_RATE)[1]
    inner["valueQuantity"] = inner["valueQuantity"] | {"value": 69}
    (root,) = edited(twice).root.children
    assert [one.value.values for one in root.children if isinstance(one.value, Num)] == [("69",), ("98",)]
    assert not any(text_of(one.rest, OBSERVATION_DATETIME) for one in root.children)


@pytest.mark.parametrize("which", [0, 1], ids=["outer", "inner"])
def test_a_concept_that_is_no_other_s_any_more_leaves_the_result_apart(twice: Group, which: int) -> None:
    other = {"system": "http://loinc.org", "code": "8889-8", "display": "Heart rate by Pulse oximetry"}
    results(twice, HEART_RATE)[which]["code"] = {"coding": [other], "text": other["display"]}
    edited(twice)


def test_an_outer_value_that_is_gone_leaves_the_inner_one(twice: Group) -> None:
    outer, _ = results(twice, HEART_RATE)
    del outer["valueQuantity"]
    edited(twice)


@pytest.mark.parametrize("component", [True, False])
def test_a_concept_that_becomes_another_s_loses_nothing(twice: Group, *, component: bool) -> None:
    outer, _ = results(twice, HEART_RATE)
    one, other = (outer["component"][0], outer) if component else (outer, outer["component"][0])
    one["code"] = other["code"]
    made = edited(twice)
    assert [one.value.values for one in made.root.children[0].children if isinstance(one.value, Num)] == [
        ("70",), ("98",)
    ]  # fmt: skip


# -- whose vital signs ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("concept", "value"),
    [
        (SUBJECT_CLASS, Code("121026", "DCM", "Fetus")),
        (SUBJECT_CLASS, Code("121027", "DCM", "Specimen")),
        (SUBJECT_CLASS, Code("121192", "DCM", "Device Subject")),
        (SUBJECT_CLASS, Code("pop", "99TST", "Population")),
        (RELATIONSHIP, Code("72705000", "SCT", "Mother")),
    ],
)
@pytest.mark.parametrize("nearer", [True, False])
def test_vital_signs_are_those_of_the_patient(concept: Code, value: Code, *, nearer: bool) -> None:
    how = "HAS OBS CONTEXT" if concept is SUBJECT_CLASS else "HAS CONCEPT MOD"
    about = context(concept, Coded(value), how)
    other = (
        container(FINDINGS, rate("148", about))
        if nearer
        else container(FINDINGS, about, container(FINDINGS, rate("148")))
    )
    group, _ = read(document(other, container(FINDINGS, rate("80"))))
    of = {
        home["valueQuantity"]["value"]: one["category"][0]["coding"][0]["code"]
        for one in results(group)
        for home in (one, *one.get("component", ()))
        if "valueQuantity" in home
    }
    assert of[148] == "imaging"


def test_vital_signs_of_the_patient_are_found() -> None:
    group, _ = read(document(rate("80"), rate("79", modifier(RELATIONSHIP, Code("410604004", "SCT", "Subject")))))
    assert [one["category"][0]["coding"][0]["code"] for one in results(group)] == ["vital-signs"] * 2


def test_whose_it_is_is_edited() -> None:
    group, _ = read(document(rate("148", context(SUBJECT_CLASS, Coded(Code("121026", "DCM", "Fetus")))), rate("80")))
    for one in results(group):
        one["valueQuantity"] = one["valueQuantity"] | {"value": 90}
    edited(group)
    del results(group)[0]["focus"]
    results(group)[1]["focus"] = [{"display": "Fetus B"}]
    edited(group)


# -- of which day ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("heading", [PREVIOUS, REQUEST, HISTORY, FAMILY])
@pytest.mark.parametrize("deep", [True, False])
def test_what_a_heading_says_is_not_of_today_has_no_time_of_today(heading: Code, *, deep: bool) -> None:
    inside = container(FINDINGS, rate("62")) if deep else rate("62")
    group, _ = read(document(container(heading, inside), rate("80")))
    *others, today = results(group)
    assert others and all(one["_effectiveDateTime"] == absent() and "effectiveDateTime" not in one for one in others)
    assert today["effectiveDateTime"] == group.root["effectiveDateTime"]


def test_a_time_of_its_own_is_said() -> None:
    then = (text_element(OBSERVATION_DATETIME, "DT", "20250102100000+0100"),)
    one = rate("62")
    dated = ContentItem(one.relationship, one.concept, one.value, (), then)
    group, _ = read(document(container(PREVIOUS, dated, rate("61"))))
    assert {one.get("effectiveDateTime") for one in results(group)} == {"2025-01-02T10:00:00+01:00", None}


@pytest.mark.parametrize("deep", [True, False])
@pytest.mark.parametrize("when", ["2025-01-02T10:00:00+01:00", None])
def test_a_time_that_is_given_to_it_is_its_own(when: str | None, *, deep: bool) -> None:
    """None: the very time of the document."""
    inside = container(FINDINGS, rate("62"), rate("63", item(WEIGHT, Container("SEPARATE")))) if deep else rate("62")
    group, _ = read(document(container(PREVIOUS, inside), rate("80")))
    past = next(one for one in results(group) if "_effectiveDateTime" in one)
    del past["_effectiveDateTime"]
    past["effectiveDateTime"] = when or group.root["effectiveDateTime"]
    made = edited(group)
    assert "20250102100000" in str(made.root) or when is None


def test_a_value_of_then_is_edited() -> None:
    group, _ = read(
        document(
            container(PREVIOUS, rate("62"), container(FINDINGS, rate("63"), rate("64", rate("1", concept=WEIGHT))))
        )
    )
    for one in results(group):
        for home in (one, *one.get("component", ())):
            if "valueQuantity" in home:
                del home["valueQuantity"]
                home["valueString"] = "<5"
    made = edited(group)
    assert str(made.root).count("'<5'") == 4


# -- which document -------------------------------------------------------------------------------------------------
def test_a_composition_is_found_by_the_uid_of_its_document() -> None:
    group, _ = read(document(rate("80")))
    (composition,) = (one for one in group.members if one["resourceType"] == "Composition")
    assert [composition["identifier"]] == group.root["identifier"]
    composition["title"] = "Another"
    made = edited(group)
    again = to_fhir(made, MAPPING, KNOWN).result
    (composition,) = (one for one in again.members if one["resourceType"] == "Composition")
    assert composition["title"] == "Another" and [composition["identifier"]] == again.root["identifier"]


REQUESTS, ACCESSION, PLACER_ORDER = 0x0040A370, 0x00080050, 0x00402016


def ordered(accession: str, *requests: DataSet) -> Document:
    said = document(rate("80"))
    others = tuple(one for one in said.header if one.tag not in (ACCESSION, REQUESTS))
    order = (text_element(ACCESSION, "SH", accession), Element(REQUESTS, "SQ", requests))
    return replace(said, header=tuple(sorted((*others, *order), key=lambda one: one.tag)))


def orders(group: Group) -> list[tuple[str, str]]:
    said = [one["identifier"] for one in group.root.get("basedOn", ())]
    return [(one["type"]["coding"][0]["code"], one["value"]) for one in said]


def test_a_report_is_found_by_its_accession_number_and_by_the_numbers_of_its_requests() -> None:
    placed = text_element(PLACER_ORDER, "LO", "P2")
    both = (text_element(ACCESSION, "SH", "A1"), text_element(PLACER_ORDER, "LO", "P1"))
    assert orders(read(ordered("A1"))[0]) == [("ACSN", "A1")]
    assert orders(read(ordered("A1", both, (text_element(ACCESSION, "SH", ""), placed)))[0]) == [
        ("ACSN", "A1"),
        ("PLAC", "P2"),
    ]
    assert orders(read(ordered("", (placed,)))[0]) == [("PLAC", "P2")]
    assert "basedOn" not in read(ordered(""))[0].root


@pytest.mark.parametrize("value", ["A2", None])
def test_an_order_that_is_edited_in_the_report_comes_back_and_is_none_of_the_study(value: str | None) -> None:
    group, _ = read(ordered("A1"))
    if value is None:
        del group.root["basedOn"]
    else:
        group.root["basedOn"][0]["identifier"]["value"] = value
    made = edited(group)
    assert text_of(made.header, ACCESSION) == "A1"
    assert orders(to_fhir(made, MAPPING, KNOWN).result) == ([("ACSN", value)] if value else [])


# -- the summary of a report ----------------------------------------------------------------------------------------
SUMMARY, IMPRESSIONS = Code("121111", "DCM", "Summary"), Code("121072", "DCM", "Impressions")
IMPRESSION, EKG = Code("121073", "DCM", "Impression"), Code("18844-1", "LN", "EKG impression")


def words(concept: Code, text: str) -> ContentItem:
    return item(concept, Plain("TEXT", text))


def test_comments_that_are_all_a_container_holds_are_values_and_no_notes() -> None:
    group, _ = read(document(container(SUMMARY, words(COMMENT, "normal"), words(COMMENT, "no shunt"))))
    (found,) = results(group)
    assert [one["valueString"] for one in found["component"]] == ["normal", "no shunt"] and "note" not in found
    group, _ = read(document(container(SUMMARY, words(COMMENT, "normal"), rate("80"))))
    assert [one["text"] for one in results(group)[0]["note"]] == ["normal"]


def test_a_comment_with_something_beside_it_since_comes_back() -> None:
    group, _ = read(document(container(SUMMARY, words(COMMENT, "normal"))))
    (found,) = results(group)
    found["component"].append({"code": {"text": "Score"}, "valueString": "3"})
    made = edited(group)
    assert [one.value for one in made.root.children[0].children] == [Plain("TEXT", "normal"), Plain("TEXT", "3")]


@pytest.mark.parametrize(
    ("around", "said"), [(IMPRESSIONS, IMPRESSION), (SUMMARY, EKG), (SUMMARY, COMMENT), (FINDINGS, SUMMARY)]
)
def test_impressions_are_the_conclusion_where_none_is_said(around: Code, said: Code) -> None:
    group, _ = read(document(container(around, words(said, "normal")), container(FINDINGS, words(COMMENT, "seen"))))
    assert group.root["conclusion"] == "normal"
    group.root["conclusion"] = "not normal"
    made = checked_to_dicom(group, MAPPING, KNOWN)
    assert FOLLOWS in made.report.warnings
    assert made.result.root.children[0].children[0].value == Plain("TEXT", "not normal")


def test_impressions_are_none_where_a_conclusion_is_said_or_they_are_of_another() -> None:
    concluded = words(Code("121077", "DCM", "Conclusion"), "pneumonia")
    group, _ = read(document(container(IMPRESSIONS, words(IMPRESSION, "normal")), concluded))
    assert group.root["conclusion"] == "pneumonia"
    of_fetus = container(SUMMARY, context(SUBJECT_CLASS, Coded(FETUS)), words(COMMENT, "normal"))
    group, _ = read(document(of_fetus, container(PREVIOUS, words(IMPRESSION, "old"))))
    assert "conclusion" not in group.root


def test_a_value_of_then_that_is_no_number_any_more_is_still_that_result() -> None:
    """In a template that makes each number a result; no time that it is of is made up."""
    group, _ = read(
        document(container(HISTORY, container(FINDINGS, rate("63"), rate("64"))), like="5200-echocardiography")
    )
    one = next(one for one in results(group, HEART_RATE))
    del one["valueQuantity"]
    one["valueString"] = "<5"
    made = edited(group)
    assert "'<5'" in str(made.root) and str(OBSERVATION_DATETIME) not in str(made.root)
