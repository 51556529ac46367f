"""Who the patient of a document is, contained or not, and what else by: Other Patient IDs Sequence (PS3.3 C.7.1.1)."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.errors import PermanentError
from bridge.mapping.load import load
from bridge.model.dataset import UNICODE, DataSet, Element, items, text_element, text_of
from bridge.model.group import Group, Resource
from bridge.model.tags import ENTITY_ID, ENTITY_TYPE, ISSUER, PATIENT_ID, QUALIFIERS
from bridge.translate.basis.ids import Known
from bridge.translate.gather import Entry, gather
from bridge.translate.header.identity import OTHER_IDS, entity_of, identifiers_of, identity_elements, identity_of
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import measured

MAPPING, KNOWN = load(), Known()
V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"


def typed(code: str, **more: Any) -> Resource:
    return {"type": {"coding": [{"system": V2, "code": code}]}} | more


MAIN = typed("MR", system="urn:oid:2.999.1", value="MR-1")


def group(*identifiers: Resource) -> Group:
    patient = {"resourceType": "Patient", "id": "p", "identifier": list(identifiers)}
    return Group(measured(), (), patient, "Observation/o")


def others(*identifiers: Resource) -> tuple[DataSet, ...]:
    return items(checked_to_dicom(group(*identifiers), MAPPING, KNOWN).result.header, OTHER_IDS)


@pytest.mark.parametrize(
    "other",
    [
        {"system": "urn:oid:2.999.2", "value": "MR-2"},
        {"system": "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "value": "2"},
        {"system": "http://hospital.example/pid", "value": "MR-1"},
        {"system": "https://fhir-dicom.org/fhir/issuer/WARD%201", "value": "7"},
        {"system": "https://fhir-dicom.org/fhir/issuer-entity/DNS/ward.example.jp", "value": "8"},
        typed("PI", system="urn:oid:2.999.3", value="Ä 3"),
        typed("MR", system="urn:oid:2.999.4", value="4"),
    ],
)
def test_another_identifier_is_there_without_our_private_elements(other: Resource) -> None:
    document = checked_to_dicom(group(MAIN, other), MAPPING, KNOWN).result
    assert [text_of(one, 0x00100022) for one in items(document.header, OTHER_IDS)] == ["TEXT"]
    patient = to_fhir(taken_out(document)[0], MAPPING, KNOWN).result.patient
    assert patient is not None and patient["identifier"] == [MAIN, other]


def test_who_the_patient_is_stays_who_it_is() -> None:
    """Whatever is said first, and of a document that was read."""
    before = group({"system": "urn:oid:2.999.2", "value": "2"}, MAIN, typed("MR", system="urn:oid:2.999.4", value="4"))
    document = checked_to_dicom(before, MAPPING, KNOWN).result
    back = to_fhir(document, MAPPING, KNOWN).result
    assert back.patient is not None
    assert identity_of(before.patient, {}, KNOWN) == identity_of(back.patient, {}, KNOWN)
    assert back.patient["identifier"][0] == MAIN
    assert to_dicom(back, MAPPING, KNOWN).result == document


ENDED: Resource = {"period": {"start": "2001-01-01", "end": "2010-01-01"}}
OTHER: Resource = {"system": "http://hospital.example/pid", "value": "7"}
TEMPORARY = typed("MR", system="urn:oid:2.999.1", value="T-1", use="temp")


@pytest.mark.parametrize(
    ("identifiers", "value"),
    [
        ((OTHER, MAIN), "MR-1"),
        ((MAIN | ENDED, OTHER), "7"),
        ((MAIN | ENDED, TEMPORARY), "T-1"),
        ((MAIN | ENDED, typed("SS", system="urn:oid:2.999.5", value="078-05-1120")), "MR-1"),
        ((OTHER | ENDED, OTHER | {"value": "8"}), "8"),
        ((TEMPORARY, MAIN), "MR-1"),
        ((TEMPORARY, OTHER), "T-1"),  # by which everybody knows who was just admitted
        ((TEMPORARY, MAIN | {"value": "MR\\1"}), "T-1"),
        ((OTHER | {"value": "7" * 65},), "p"),
    ],
)
def test_what_ends_or_is_temporary_gives_way_to_a_better_one(identifiers: tuple[Resource, ...], value: str) -> None:
    """Also in what is read of it, which says no period."""
    translated = checked_to_dicom(group(*identifiers), MAPPING, KNOWN)
    document, warned = translated.result, [one for one in translated.report.warnings if "identifier" in one]
    assert text_of(document.header, PATIENT_ID) == value
    back = to_fhir(document, MAPPING, KNOWN).result
    assert back.patient is not None and back.patient["identifier"][0]["value"] == value
    assert to_dicom(back, MAPPING, KNOWN).result == document
    taken = next((one for one in identifiers if one["value"] == value), {})
    assert any("none is better" in one for one in warned) == ("use" in taken or "period" in taken)
    unfit = [one for one in identifiers if len(one["value"]) > 64 or "\\" in one["value"]]
    assert any("passed over" in one for one in warned) == bool(unfit)


@pytest.mark.parametrize(
    "other",
    [
        {"value": "2"},  # whose?
        {"system": "urn:oid:2.999.2", "value": "2", "use": "old"},
        {"system": "urn:oid:2.999.2", "value": "x" * 65},
        {"system": "urn:oid:2.999.2"},
        {"system": "not a URI", "value": "2"},
        typed("lower", system="urn:oid:2.999.2", value="2"),
        typed("SS", system="http://hl7.org/fhir/sid/us-ssn", value="999-12-3456"),
        typed("PPN", system="urn:oid:2.999.5", value="X1"),
        typed("DL", system="urn:oid:2.999.6", value="S9"),
        MAIN,
    ],
)
def test_what_it_cannot_say_or_what_is_none_of_its_business_is_withheld(other: Resource) -> None:
    assert others(MAIN, other) == ()


NAME = [{"family": "Beispiel", "given": ["Erika"]}]


def containing(*identifiers: Resource, **more: Any) -> Group:
    patient = {"resourceType": "Patient", "id": "in", "name": NAME, "identifier": list(identifiers)}
    patient |= {} if identifiers else {"identifier": [{"value": "whose?"}]}
    return Group(measured(subject={"reference": "#in"}, contained=[patient], **more), (), None, "Observation/o")


def test_a_contained_patient_is_who_one_of_the_bundle_would_be() -> None:
    """And is contained again, when the document comes back."""
    known, other = containing(MAIN, {"system": "urn:oid:2.999.2", "value": "2"}), {"system": "urn:old", "value": "1"}
    known.root["contained"][0]["identifier"].insert(0, other | {"use": "old"})
    beside = Group(measured(), (), known.root["contained"][0], "Observation/o")
    found, wanted = (checked_to_dicom(one, MAPPING, KNOWN) for one in (known, beside))
    of_patient = [[one for one in each.result.header if one.tag >> 16 == 0x0010] for each in (found, wanted)]
    assert of_patient[0] == of_patient[1]
    assert text_of(found.result.header, 0x00100010) == "Beispiel^Erika"
    assert not [one for one in found.report.warnings if "patient" in one.lower()]
    back = to_fhir(found.result, MAPPING, KNOWN).result
    assert (back.root, back.patient) == (known.root, None)


def test_the_id_of_a_contained_patient_is_nobodys() -> None:
    """`#in` occurs in every hospital."""
    found = checked_to_dicom(containing(), MAPPING, KNOWN)
    assert text_of(found.result.header, PATIENT_ID) is None
    assert any("no identifier of the patient" in one for one in found.report.warnings)


@pytest.mark.parametrize(("other", "same"), [(MAIN, True), (MAIN | {"value": "MR-2"}, False)])
def test_patients_that_two_resources_contain_are_one_by_their_identifiers(other: Resource, same: bool) -> None:
    root = containing(MAIN, hasMember=[{"reference": "Observation/m"}]).root
    panel = Group(root, (containing(other).root | {"id": "m"},), None, "Observation/o")
    if same:
        assert to_fhir(checked_to_dicom(panel, MAPPING, KNOWN).result, MAPPING, KNOWN).result.root == root
    else:
        with pytest.raises(PermanentError, match="subject is another"):
            to_dicom(panel, MAPPING, KNOWN)


def of_report(*subjects: Resource | None, also: Resource | None = None) -> Group:
    """A report that says no subject, and what its results say."""
    patients = [{"resourceType": "Patient", "id": one, "identifier": [MAIN | {"value": one}]} for one in ("p", "q")]
    results = [measured(id=f"o{at}") | {"subject": one} for at, one in enumerate(subjects)]
    results = [{key: value for key, value in one.items() if value is not None} for one in results]
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "11502-2", "display": "Laboratory report"}]},
        "result": [{"reference": f"Observation/{one['id']}"} for one in results],
    } | (also or {})
    (found,) = gather([Entry(one, f"x#{one['id']}") for one in (report, *results, *patients)]).groups
    return found


P, Q = {"reference": "Patient/p"}, {"reference": "Patient/q"}


@pytest.mark.parametrize("subjects", [(P,), (P, P), (P, None), (P, P | {"display": "Doe"})])
def test_a_report_without_a_subject_is_of_whom_all_its_results_are(subjects: tuple[Resource | None, ...]) -> None:
    """It was nobody's, and in no list of the patient's."""
    before = of_report(*subjects)
    translated = checked_to_dicom(before, MAPPING, KNOWN)
    assert text_of(translated.result.header, PATIENT_ID) == "p"
    assert any(one.startswith("DiagnosticReport.subject is missing") for one in translated.report.warnings)
    back = to_fhir(translated.result, MAPPING, KNOWN).result
    assert [*map(stripped, back.resources())] == [*before.resources()]
    assert back.patient is not None and before.patient is not None and back.patient["id"] == before.patient["id"]


ELSEWHERE = {"reference": "Patient/elsewhere"}


@pytest.mark.parametrize("subjects", [(P, Q), (P, ELSEWHERE), (None,), (P, {"display": "Doe"}), ({"reference": "#p"},)])
def test_whose_a_report_without_a_subject_is_nobody_guesses(subjects: tuple[Resource | None, ...]) -> None:
    before = of_report(*subjects)
    assert before.patient is None
    translated = checked_to_dicom(before, MAPPING, KNOWN)
    assert text_of(translated.result.header, PATIENT_ID) is None
    assert any("belongs to nobody" in one for one in translated.report.warnings)


def test_results_of_somebody_who_is_not_here_say_whose_the_report_is() -> None:
    document = checked_to_dicom(of_report(ELSEWHERE, ELSEWHERE), MAPPING, KNOWN).result
    assert text_of(document.header, PATIENT_ID) == "elsewhere"


@pytest.mark.parametrize(("query", "value"), [("urn:ehr|4711", "4711"), ("urn%3Aehr%7C4711", "4711"), ("4711", None)])
def test_a_conditional_reference_to_somebody_who_is_not_here_says_his_identifier(query: str, value: str | None) -> None:
    """Patient ID was empty. A value of whichever system is nobody's number."""
    before = Group(measured(subject={"reference": f"Patient?identifier={query}"}), (), None, "Observation/o")
    document = checked_to_dicom(before, MAPPING, KNOWN).result
    assert text_of(document.header, PATIENT_ID) == value
    assert to_fhir(document, MAPPING, KNOWN).result.root == before.root


def test_a_subject_that_the_report_says_is_not_that_of_its_results() -> None:
    found = of_report(None, also={"subject": Q})
    assert found.patient is not None and found.patient["id"] == "q"


# -- whose number it is -----------------------------------------------------------------------------------------------
def header(entity: str, kind: str, *, issuer: str = "") -> DataSet:
    qualifiers = (text_element(ENTITY_ID, "UT", entity, UNICODE), text_element(ENTITY_TYPE, "CS", kind))
    named = [text_element(PATIENT_ID, "LO", "00123"), text_element(ISSUER, "LO", issuer)]
    return (*named, Element(QUALIFIERS, "SQ", (qualifiers,)))


@pytest.mark.parametrize(
    ("entity", "kind"),
    [("hospital-b.example.jp", "DNS"), ("CN=B, C=JP", "X500"), ("0023456789ABCDEF", "EUI64"), ("00123456", "L"),
     ("1.2.392.999", ""), ("１.２.３", "ISO"), ("1..2", "ISO")],
)  # fmt: skip
def test_an_issuer_that_is_no_uri_is_not_the_one_that_is_configured(entity: str, kind: str) -> None:
    """Of two hospitals with the number 00123, it would be the patient of the other one."""
    known = Known(issuer="urn:oid:2.999.1")
    (found,) = identifiers_of(header(entity, kind), UNICODE, known)
    assert found["system"].startswith("https://fhir-dicom.org/fhir/issuer-entity/")
    patient = {"resourceType": "Patient", "identifier": [found]}
    identity = identity_of(patient, {}, known)
    assert identity is not None
    assert identifiers_of(tuple(identity_elements(identity, UNICODE)), UNICODE, known) == [found]


def test_the_local_name_of_an_issuer_comes_before_an_entity_that_is_no_uri() -> None:
    (found,) = identifiers_of(header("hospital-b.example.jp", "DNS", issuer="HOSP-B"), UNICODE, Known())
    assert found["system"] == "https://fhir-dicom.org/fhir/issuer/HOSP-B"


@pytest.mark.parametrize("said", ["DNS/", "%E5%AD%97/x", "A-TYPE-OF-MORE-THAN-16/x", "dns/x"])
def test_a_system_that_no_type_of_dicom_says_is_a_uri(said: str) -> None:
    system = f"https://fhir-dicom.org/fhir/issuer-entity/{said}"
    assert entity_of(system) == (system, "URI")
