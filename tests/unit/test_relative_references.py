"""A document that was made for one FHIR server, read by another one: a relative reference is relative to who says it
(FHIR R4 references.html#literal), and `ServiceRequest/5` of one hospital is somebody else's order at another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.codecs.dicom.structured_report import read
from bridge.mapping.load import load
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource, reference_to
from bridge.model.names import SAID_AT_URL
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.releases.r5 import in_r4, in_r5
from bridge.translate.basis.ids import Known
from bridge.translate.gather import Entry, gather
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.said_elsewhere import pointed
from bridge.translate.returned_document import NEW_INSTANCE
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.corpus import FIXTURES
from tests.samples import alone, measured, reported

MAPPING, FILES = load(), Known()
STORE = Known("urn:test:ehr", "TEST-HOSPITAL", "+01:00")
OTHER = Known("urn:test:other", "OTHER-HOSPITAL", "+02:00")
THIRD = Known("folder", None, "+00:00")
ORDER = {"system": "urn:orders", "value": "4711"}
PATIENT = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:mrn", "value": "1"}]}


def named(value: str, known: Known = STORE, **more: Any) -> Resource:
    """By an identifier, which says the server."""
    mark = {"system": known.system, "value": value}
    return {"identifier": mark, "extension": [{"url": SAID_AT_URL, "valueIdentifier": mark}]} | more


def of(resource: Resource, *others: Resource) -> Group:
    """The document, with its patient."""
    entries = [Entry(one, reference_to(one)) for one in (resource, *others, PATIENT)]
    return next(one for one in gather(entries).groups if one.root is resource)


CASES: dict[str, tuple[Any, Any]] = {
    "relative": ({"reference": "ServiceRequest/5"}, named("ServiceRequest/5")),
    "typed": (
        {"reference": "ServiceRequest/5", "type": "ServiceRequest", "display": "CT"},
        named("ServiceRequest/5", type="ServiceRequest", display="CT"),
    ),
    "version": ({"reference": "ServiceRequest/5/_history/3"}, named("ServiceRequest/5/_history/3")),
    "with an identifier": (
        {"reference": "ServiceRequest/5", "identifier": ORDER},
        named("ServiceRequest/5") | {"identifier": ORDER},
    ),
    "with an extension": (
        {"reference": "ServiceRequest/5", "extension": [{"url": "urn:x", "valueCode": "x"}]},
        named("ServiceRequest/5")
        | {"extension": [{"url": "urn:x", "valueCode": "x"}, *named("ServiceRequest/5")["extension"]]},
    ),
    "identifier alone": ({"identifier": ORDER}, {"identifier": ORDER}),
    "identifier of that server": (
        {"identifier": {"system": STORE.system, "value": "ServiceRequest/5"}},
        {"identifier": {"system": STORE.system, "value": "ServiceRequest/5"}},
    ),
    "URL of the source": ({"reference": "http://ehr/fhir/ServiceRequest/5"},) * 2,
    "UUID": ({"reference": "urn:uuid:3c9e8c2e-5d0b-4a53-9d5e-2f6f0f1f7a10"},) * 2,
}


@pytest.mark.parametrize(("here", "there"), CASES.values(), ids=CASES)
def test_another_server_is_told_whose_it_is_and_it_comes_back_as_it_was(here: Resource, there: Resource) -> None:
    result = measured(basedOn=[here])
    document = checked_to_dicom(of(result), MAPPING, STORE).result
    read_there = to_fhir(document, MAPPING, OTHER)
    assert ANEW not in read_there.report.warnings
    assert read_there.result.root["basedOn"] == [there]
    assert read_there.result.root["subject"] == {"reference": "Patient/p"}, "whoever stores it knows who that is there"
    assert any("relative to urn:test:ehr" in one for one in read_there.report.warnings) == (here != there)
    assert checked_to_dicom(read_there.result, MAPPING, OTHER).result == document, "nobody has edited it"
    own = to_fhir(document, MAPPING, STORE)
    assert stripped(own.result.root) == result and not own.report.warnings


def test_wherever_it_stands() -> None:
    order = {"resourceType": "ServiceRequest", "id": "sr", "status": "active", "intent": "order"}
    person = {"requester": {"reference": "Practitioner/9"}, "subject": {"reference": "Patient/p"}}
    result = measured(
        device={"reference": "Device/4"},
        contained=[order | person],
        basedOn=[{"reference": "#sr"}],
        note=[{"text": "seen", "authorReference": {"reference": "Practitioner/3"}}],
        derivedFrom=[{"reference": "Observation/7"}],
        extension=[
            {"url": "urn:x", "valueReference": {"reference": "Device/8"}},
            {"url": "urn:y", "valueAttachment": {"contentType": "image/png", "url": "Binary/3"}},
        ],
    )
    document = checked_to_dicom(of(result), MAPPING, STORE).result
    back = to_fhir(document, MAPPING, OTHER).result
    found = stripped(back.root)
    assert found["device"] == named("Device/4")
    assert found["basedOn"] == [{"reference": "#sr"}]
    assert found["contained"] == [order | person | {"requester": named("Practitioner/9")}]
    assert found["note"] == [{"text": "seen", "authorReference": named("Practitioner/3")}]
    assert found["derivedFrom"] == [named("Observation/7")]
    assert found["extension"] == [
        {"url": "urn:x", "valueReference": named("Device/8")},
        {"url": "urn:y", "valueAttachment": {"contentType": "image/png", "extension": named("Binary/3")["extension"]}},
    ]
    assert checked_to_dicom(back, MAPPING, OTHER).result == document
    assert stripped(to_fhir(document, MAPPING, STORE).result.root) == result


def test_what_crosses_with_it_keeps_its_name_without_the_version() -> None:
    result = measured(performer=[{"reference": "Practitioner/3/_history/2"}])
    doctor: Resource = {"resourceType": "Practitioner", "id": "3", "name": [{"family": "Osler"}]}
    report = reported(
        result=[{"reference": "Observation/o"}], performer=[{"reference": "Practitioner/3"}], basedOn=[CASES["UUID"][0]]
    )
    report["subject"] = result["subject"] = {"reference": "Patient/p/_history/5"}
    document = checked_to_dicom(of(report, result, doctor), MAPPING, STORE).result
    there = to_fhir(document, MAPPING, OTHER)
    by_name = {reference_to(one): stripped(one) for one in there.result.resources()}
    mark = named("Practitioner/3/_history/2")["extension"]
    assert by_name.keys() == {"DiagnosticReport/r", "Observation/o", "Practitioner/3"}
    assert by_name["DiagnosticReport/r"]["performer"] == [{"reference": "Practitioner/3"}]
    assert by_name["DiagnosticReport/r"]["subject"]["reference"] == "Patient/p"
    assert by_name["Observation/o"]["performer"] == [{"reference": "Practitioner/3", "extension": mark}]
    assert not there.report.warnings or "relative" not in str(there.report.warnings)
    again = gather([Entry(one, reference_to(one)) for one in there.result.whole()]).groups[0]
    assert checked_to_dicom(again, MAPPING, OTHER).result == document
    assert [stripped(one) for one in to_fhir(document, MAPPING, STORE).result.resources()] == [report, result, doctor]


def test_what_is_there_by_its_name_is_pointed_to_and_that_is_no_edit() -> None:
    result = measured(derivedFrom=[{"reference": "Observation/7"}], device={"reference": "Device/4"})
    document = checked_to_dicom(of(result), MAPPING, STORE).result
    group = to_fhir(document, MAPPING, OTHER).result
    root = pointed(group.root, STORE.system, {"Observation/7"})
    mark = named("Observation/7")["extension"]
    assert root["derivedFrom"] == [{"reference": "Observation/7", "extension": mark}]
    assert root["device"] == named("Device/4")
    assert to_dicom(group.with_resources({id(group.root): root}), MAPPING, OTHER).result == document


@pytest.mark.parametrize("left", [{}, named("ServiceRequest/5")], ids=["replaced", "the identifier was left"])
def test_what_is_edited_there_means_what_is_there(left: Resource) -> None:
    """And is somebody else's at the server that it comes back to."""
    document = checked_to_dicom(of(measured(basedOn=[CASES["relative"][0]])), MAPPING, STORE).result
    group = to_fhir(document, MAPPING, OTHER).result
    edited = group.root | {"basedOn": [left | {"reference": "ServiceRequest/77"}]}
    after = checked_to_dicom(group.with_resources({id(group.root): edited}), MAPPING, OTHER).result
    stays = {"identifier": left["identifier"]} if left else {}
    mine, theirs = {"reference": "ServiceRequest/77"} | stays, named("ServiceRequest/77", OTHER) | stays
    for known, order in ((STORE, theirs), (OTHER, mine), (THIRD, theirs)):
        back = to_fhir(after, MAPPING, known).result
        assert back.root["basedOn"] == [order]
        assert to_dicom(back, MAPPING, known).result == after


def test_who_converts_reads_it_as_the_server_that_it_was_made_for_and_is_warned() -> None:
    """Decision 0029: its resources are those of that server."""
    result = measured(basedOn=[CASES["relative"][0]])
    document = checked_to_dicom(of(result), MAPPING, STORE).result
    back = to_fhir(document, MAPPING, FILES)
    assert stripped(back.result.root) == result
    assert "1 references are relative to urn:test:ehr: at another server" in str(back.report.warnings)
    assert to_dicom(back.result, MAPPING, FILES).result == document


def test_who_converts_what_another_server_holds_has_edited_nothing() -> None:
    result = measured(basedOn=[CASES["relative"][0]], encounter={"reference": "Encounter/7"})
    document = checked_to_dicom(of(result), MAPPING, STORE).result
    held = to_fhir(document, MAPPING, OTHER).result
    assert held.root["encounter"] == named("Encounter/7")
    assert checked_to_dicom(held, MAPPING, FILES).result == document


def test_what_was_made_of_files_is_nobodys() -> None:
    result = measured(basedOn=[CASES["relative"][0]])
    document = checked_to_dicom(of(result), MAPPING, FILES).result
    back = to_fhir(document, MAPPING, OTHER)
    assert back.result.root["basedOn"] == [named("ServiceRequest/5", Known("https://fhir-dicom.org/fhir/store/file"))]
    assert "relative to files that nobody knows" in str(back.report.warnings)
    assert checked_to_dicom(back.result, MAPPING, OTHER).result == document
    assert stripped(to_fhir(document, MAPPING, FILES).result.root) == result


def test_what_an_earlier_bridge_has_read_is_as_the_source_said_it() -> None:
    """It left the references, and named the encounter by the reader."""
    note = {"text": "seen", "authorReference": {"reference": "Practitioner/3"}}
    result = measured(basedOn=[CASES["relative"][0]], encounter={"reference": "Encounter/7"}, note=[note])
    document = checked_to_dicom(of(result), MAPPING, STORE).result
    held = to_fhir(document, MAPPING, OTHER, told=False).result
    assert (held.root["basedOn"], held.root["note"]) == (result["basedOn"], [note])
    assert to_dicom(held, MAPPING, OTHER).result == document
    edit = held.root | {"status": "amended"}
    after = checked_to_dicom(held.with_resources({id(held.root): edit}), MAPPING, OTHER).result
    assert stripped(to_fhir(after, MAPPING, STORE).result.root) == result | {"status": "amended"}
    assert to_fhir(after, MAPPING, OTHER).result.root["basedOn"] == [named("ServiceRequest/5")]


def test_who_converts_what_another_server_holds_of_files_has_edited_nothing() -> None:
    document = checked_to_dicom(of(measured(basedOn=[CASES["relative"][0]])), MAPPING, FILES).result
    held = to_fhir(document, MAPPING, OTHER).result
    assert checked_to_dicom(held, MAPPING, FILES).result == document


def test_what_names_the_server_that_it_was_made_for_stays() -> None:
    """Copied from what another one held."""
    mark = named("ServiceRequest/5")
    document = checked_to_dicom(of(measured(basedOn=[mark])), MAPPING, STORE).result
    assert to_fhir(document, MAPPING, STORE).result.root["basedOn"] == [mark]


def test_nobody_is_the_subject_whom_only_that_server_knows() -> None:
    document = checked_to_dicom(alone(measured()), MAPPING, STORE).result
    back = to_fhir(document, MAPPING, OTHER).result
    assert (back.root["subject"], back.patient) == (named("Patient/p"), None)
    assert checked_to_dicom(back, MAPPING, OTHER).result == document


def edited(document: Document, known: Known, **more: Any) -> Document:
    """A version that was edited in FHIR."""
    held = to_fhir(document, MAPPING, replace(known, document=text_of(document.header, SOP_INSTANCE_UID))).result
    made = checked_to_dicom(held.with_resources({id(held.root): held.root | more}), MAPPING, known)
    assert NEW_INSTANCE in made.report.warnings
    return made.result


def test_nor_does_a_document_of_the_pacs_that_somebody_has_edited_point_to_others() -> None:
    """The other server reads what its items say (it has ids of its own); an edit there is a version of its own."""
    born = read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes())
    document = edited(born, STORE, basedOn=[CASES["relative"][0]])
    assert to_fhir(document, MAPPING, STORE).result.root["basedOn"] == [CASES["relative"][0]]
    there = to_fhir(document, MAPPING, OTHER)
    assert "basedOn" not in there.result.root and ANEW in there.report.warnings
    after = edited(document, OTHER, basedOn=[{"reference": "ServiceRequest/77"}])
    assert to_fhir(after, MAPPING, OTHER).result.root["basedOn"] == [{"reference": "ServiceRequest/77"}]
    assert "ServiceRequest/77" not in str(to_fhir(after, MAPPING, STORE).result.root.get("basedOn"))


def test_in_r5_too() -> None:
    """What R4 cannot say is kept as text."""
    trigger = {"observation": {"display": "that", "reference": "Observation/9"}, "type": "reflex"}
    result = measured(basedOn=[CASES["relative"][0]], triggeredBy=[trigger])
    result["bodyStructure"] = {"reference": "BodyStructure/4", "identifier": ORDER}
    document = checked_to_dicom(in_r4(of(result))[0], MAPPING, STORE).result
    there, _ = in_r5(to_fhir(document, MAPPING, OTHER).result)
    assert there.root["basedOn"] == [named("ServiceRequest/5")]
    assert there.root["bodyStructure"] == named("BodyStructure/4") | {"identifier": ORDER}
    assert there.root["triggeredBy"] == [trigger | {"observation": named("Observation/9", display="that")}]
    assert checked_to_dicom(in_r4(there)[0], MAPPING, OTHER).result == document
    own, _ = in_r5(to_fhir(document, MAPPING, STORE).result)
    assert stripped(own.root) == result


def test_in_r5_beside_a_reference_and_as_an_attachment() -> None:
    """A guard of what only R5 says is of the elements around, and keys of what it says have an order."""
    scan = {"contentType": "image/png", "url": "Binary/1", "pages": 3}
    result = measured(valueAttachment=scan)
    del result["valueQuantity"]
    mode = {"coding": [{"system": "urn:m", "code": "mine"}], "text": "sworn"}
    attester = {"mode": mode, "party": {"reference": "Practitioner/9"}}
    paper: Resource = {"type": "documents", "document": {"contentType": "application/pdf", "url": "Binary/3"}}
    text: Resource = {"resourceType": "Composition", "id": "c", "status": "final", "type": {"text": "Report"}}
    text |= {"subject": [{"reference": "Patient/p"}], "date": "2026-03-02", "title": "R", "author": [{"display": "x"}]}
    text |= {"attester": [attester], "relatesTo": [paper]}
    report = reported(result=[{"reference": "Observation/o"}], composition={"reference": "Composition/c"})
    document = checked_to_dicom(in_r4(of(report, result, text))[0], MAPPING, STORE).result
    read_there = to_fhir(document, MAPPING, OTHER)
    there, warnings = in_r5(read_there.result)
    assert ANEW not in read_there.report.warnings and not warnings
    by_name = {reference_to(one): stripped(one) for one in there.resources()}
    file = {"contentType": "application/pdf", "extension": named("Binary/3")["extension"]}
    assert by_name["Composition/c"]["attester"] == [{"mode": mode, "party": named("Practitioner/9")}]
    assert by_name["Composition/c"]["relatesTo"] == [paper | {"document": file}]
    image = {"contentType": "image/png", "pages": 3, "extension": named("Binary/1")["extension"]}
    assert by_name["Observation/o"]["valueAttachment"] == image
    assert checked_to_dicom(in_r4(there)[0], MAPPING, OTHER).result == document
