"""Rows of tables, and conditions, that a test through the table itself, or by one sample, does not hold: each was
changed once, and no test noticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.mapping.load import load
from bridge.mapping.numbers import quantity_to_fhir
from bridge.model.content import Code, Coded, Num, Plain
from bridge.model.dataset import UNICODE, Element, merged, text_element
from bridge.model.group import Group, Resource
from bridge.model.tags import COMPLETION, PATIENT_ID, PREDECESSORS, STUDY_UID
from bridge.sync.patients.made_of import is_one_patient
from bridge.translate.basis import times
from bridge.translate.basis.ids import Known
from bridge.translate.header.encounter import encounter_elements, encounter_of
from bridge.translate.header.header import composition_status, status_of
from bridge.translate.header.identity import OTHER_IDS, identity_of, universal
from bridge.translate.header.whose import subject_of
from bridge.translate.native.asserted import is_qualified, is_quoted
from bridge.translate.native.qualifiers import absent_code, reason_for
from bridge.translate.native.subject_context import patient_in
from bridge.translate.native.subjects import _of_code
from bridge.translate.native.values import value_to_dicom
from bridge.translate.native.withdrawn import holds_results
from bridge.translate.report.contradictions import _is_another
from tests.folders import route_of
from tests.samples import observation, reported
from tests.unit.test_told_of_the_patient import FINDING, PNEUMONIA, document, item, modifier

MAPPING, KNOWN = load(), Known()
SNOMED = "http://snomed.info/sct"


def finding(concept: Code, value: Code) -> bool:
    return is_qualified(item(FINDING, Coded(PNEUMONIA), modifier(concept, value)))


def test_what_is_said_of_the_past_is_not_there() -> None:
    assert finding(Code("408731000", "SCT", "Temporal context"), Code("410513005", "SCT", "In the past"))


def test_present_is_present_in_srt_too() -> None:
    assert not finding(Code("121052", "DCM", "Presence of property"), Code("G-A203", "SRT", "Present"))


def test_a_quoted_source_alone_is_a_quotation() -> None:
    source = item(Code("121002", "DCM", "Quoted Source"), Plain("TEXT", "a letter"))
    assert is_quoted(item(FINDING, Coded(PNEUMONIA), source))


# CID 42 and HL7 data-absent-reason
@pytest.mark.parametrize(
    ("code", "reason"), [("114001", "negative-infinity"), ("114002", "positive-infinity"), ("114000", "not-a-number")]
)
def test_each_row_of_numeric_value_qualifiers(code: str, reason: str) -> None:
    assert reason_for(Num((), None, Code(code, "DCM", "x")))["coding"][0]["code"] == reason
    said = absent_code({"dataAbsentReason": {"coding": [{"code": reason}]}})
    assert said is not None and said.value == code


def test_other_patient_ids_are_of_the_patient() -> None:
    one = document()
    others = Element(OTHER_IDS, "SQ", ((text_element(PATIENT_ID, "LO", "F-77"),),))
    assert "f-77" in patient_in(replace(one, header=merged(one.header, [others]))).numbers


def test_the_numeric_value_is_the_value_and_not_its_binary_copy() -> None:
    assert str(quantity_to_fhir(Num(("5.1",), None, None, "51.0"))["value"]) == "5.1"


def test_an_offset_is_of_the_moment_and_not_of_its_midnight() -> None:
    assert times.to_fhir("20260329100000", "Europe/Berlin") == "2026-03-29T10:00:00+02:00"


def test_a_date_is_of_the_clock_of_the_zone() -> None:
    assert times.date_and_time("2026-03-02T23:30:00-05:00", "+01:00") == ("20260303", "053000")


def test_words_too_long_for_a_code_meaning_stay_text() -> None:
    words = " ".join(["word"] * 20)
    assert value_to_dicom({"valueCodeableConcept": {"text": words}}, "+01:00", container=False) == Plain("TEXT", words)


@pytest.mark.parametrize(
    "system",
    ["urn:oid:2.999.7", "https://fhir-dicom.org/fhir/issuer/%E6%9D%B1%E5%A4%A7%E7%97%85%E9%99%A2",
     "https://fhir-dicom.org/fhir/issuer-entity/DNS/hospital-b.example.jp"],
)  # fmt: skip
def test_an_admission_of_another_hospital_is_another(system: str) -> None:
    """Whose issuer has a local name alone, or an entity that is no URI: E1 of two hospitals was one."""
    encounter = {"identifier": {"system": system, "value": "E1"}}
    elements = encounter_elements(encounter, UNICODE, Known())
    assert encounter_of(tuple(elements), UNICODE, Known()) == encounter


def test_a_contained_encounter_is_no_admission() -> None:
    assert encounter_elements({"reference": "#e"}, UNICODE, KNOWN) == []


def test_what_was_cancelled_holds_no_result() -> None:
    panel = {"hasMember": [{"reference": "Observation/b"}]}
    assert not holds_results(panel, lambda _: {"resourceType": "Observation", "id": "b", "status": "cancelled"})


def test_contained_subjects_of_two_resources_are_no_one_person() -> None:
    results = tuple(observation(id=one, subject={"reference": "#p"}) for one in "ab")
    report = {key: one for key, one in reported().items() if key != "subject"}
    assert subject_of(Group(report, results, None, "DiagnosticReport/r")) == {}


def test_an_old_number_does_not_name_the_patient() -> None:
    record = {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}}
    old, new = ({"system": "urn:oid:2.999.1", "value": one} | record for one in ("OLD", "NEW"))
    patient: Resource = {"resourceType": "Patient", "id": "p", "identifier": [old | {"use": "old"}, new]}
    identity = identity_of(patient, {}, KNOWN)
    assert identity is not None and identity.value == "NEW"


@pytest.mark.parametrize(
    ("reference", "issuer"),
    [
        ("http://ehr/fhir/Patient/1", "http://ehr/fhir"),
        ("https://ehr/Patient/1/_history/2", "https://ehr"),
        ("http://Patient/1", None),
        ("https://Patient/1", None),
        ("http:///Patient/1", None),
        ("ftp://ehr/Patient/1", None),
    ],
)
def test_a_reference_to_a_patient_names_him_by_the_server_that_it_names(reference: str, issuer: str | None) -> None:
    """A scheme alone is no server, and would be one issuer of everybody's numbers."""
    identity = identity_of(None, {"reference": reference}, KNOWN)
    assert (identity and identity.system) == issuer


def test_only_an_oid_is_one() -> None:
    assert universal("HOSPITAL A", "ISO") is None


@pytest.mark.parametrize(
    ("code", "subject_class"),
    [("123038009", "121027"), ("49062001", "121192"), ("83418008", "121026"), ("116154003", "121025")],
)
def test_each_class_of_subjects(code: str, subject_class: str) -> None:
    """CID 271."""
    found = _of_code({"coding": [{"system": SNOMED, "code": code}]})
    assert found is not None and found.of_class is not None and found.of_class.value == subject_class


def test_a_report_of_unknown_status_has_a_preliminary_composition() -> None:
    assert composition_status("unknown") == "preliminary"


def test_a_partial_document_with_a_predecessor_is_partial() -> None:
    predecessors = Element(PREDECESSORS, "SQ", ((text_element(STUDY_UID, "UI", "1.2"),),))
    assert status_of((predecessors, text_element(COMPLETION, "CS", "PARTIAL"))) == "partial"


@pytest.mark.parametrize(
    ("unit", "same", "other"),
    [
        ("mcg/L", "ug/L", "mg/L"),
        ("µg/L", "ug/L", "mg/L"),
        ("μmol/L", "umol/L", "mmol/L"),
        ("mEq/L", "meq/L", "eq/L"),
        ("mIU/L", "m[IU]/L", "[IU]/L"),
        ("IU/L", "U/L", "kU/L"),
        ("mmHg/s", "mm[Hg]/s", "kPa/s"),
        ("million/uL", "10*6/uL", "10*3/uL"),
        ("Mio/µl", "10*12/L", "10*9/L"),
        ("K/uL", "10*9/L", "10*6/uL"),
        ("x10E3/uL", "10*3/uL", "10*6/uL"),
        ("cells/uL", "{cells}/uL", "10*3/uL"),
        ("MCG", "ug", "mg"),
        ("K", "K", "Cel"),
    ],
)
def test_a_unit_is_read_component_by_component_as_people_spell_it(unit: str, same: str, other: str) -> None:
    assert not _is_another(unit, same)
    assert _is_another(unit, other)


@pytest.mark.parametrize("unit", ["mL/min/1.73 m²", "MIU/L", "Punkte", "mil"])
def test_nothing_is_said_of_what_is_no_unit_that_is_known(unit: str) -> None:
    assert not _is_another(unit, "m[IU]/L")


def test_mcg_is_a_millionth_and_no_thousandth() -> None:
    assert _is_another("mcg", "mg") and not _is_another("mcg", "ug")


def test_two_numbers_that_nobody_has_are_not_one_patient(tmp_path: Path) -> None:
    """Else a stranger's rejection note would void a result."""
    one, other = ((text_element(PATIENT_ID, "LO", said),) for said in ("1", "2"))
    assert not is_one_patient(route_of(tmp_path), one, other)
    assert is_one_patient(route_of(tmp_path), one, one)
