"""Resources without id, as they are before a server has them: what is made of them is called by what they say."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.codecs.json import dumps
from bridge.convert.bundle import bundle
from bridge.convert.inputs import Readable, read_bytes
from bridge.mapping.load import load
from bridge.model.content import ContentItem
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.tags import OBSERVATION_UID, SOP_INSTANCE_UID
from bridge.translate.basis.ids import Known
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import measured

MAPPING, KNOWN = load(), Known()


def nameless(patient: str = "1", **more: Any) -> Resource:
    subject = {"identifier": {"system": "urn:h", "value": patient}}
    return {key: said for key, said in measured(subject=subject, **more).items() if key != "id"}


def together(*entries: Resource) -> Resource:
    return {"resourceType": "Bundle", "type": "transaction", "entry": [*entries]}


def documents(place: str, value: Resource) -> list[Document]:
    """Of a file at that place."""
    found = [one for one in read_bytes(place, dumps(value), "dicom") if isinstance(one, Readable)]
    return [checked_to_dicom(one.content, MAPPING, KNOWN).result for one in found if isinstance(one.content, Group)]


def instance(document: Document) -> str | None:
    return text_of(document.header, SOP_INSTANCE_UID)


def observed(item: ContentItem) -> list[str]:
    """Observation UIDs, in the order of the items."""
    said = text_of(item.rest, OBSERVATION_UID)
    return [*([said] if said else []), *(uid for child in item.children for uid in observed(child))]


def test_a_file_that_was_overwritten_says_another_thing() -> None:
    """Two patients, and one Observation UID."""
    (one,), (two,) = documents("obs.json", nameless("1")), documents("obs.json", nameless("2"))
    assert observed(one.root) != observed(two.root)
    assert instance(one) != instance(two)


def test_a_file_that_was_moved_says_the_same() -> None:
    assert documents("obs.json", nameless()) == documents("/there/other.json", nameless())


@pytest.mark.parametrize("said", [{"reference": "#p"}, {"reference": "Patient/p"}])
def test_whose_it_is_is_part_of_what_it_says(said: dict[str, Any]) -> None:
    def of(number: str) -> Document:
        patient = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:h", "value": number}]}
        result = nameless() | {"subject": said} | ({"contained": [patient]} if said["reference"] == "#p" else {})
        entries = [result] if "contained" in result else [result, patient]
        (found,) = documents("x.json", together(*({"resource": one} for one in entries)))
        return found

    assert observed(of("1").root) != observed(of("2").root)
    assert of("1") == of("1")


def test_of_two_that_say_the_same_each_is_one() -> None:
    twice = together({"resource": nameless()}, {"resource": nameless()})
    found = documents("x.json", twice)
    assert len({instance(one) for one in found}) == 2
    assert len({uid for one in found for uid in observed(one.root)}) == 2
    other = {"resource": nameless("2")}
    moved = documents("y.json", together(other, *twice["entry"]))
    assert {instance(one) for one in found} < {instance(one) for one in moved}


def test_what_came_back_is_the_same_instance() -> None:
    (document,) = documents("obs.json", nameless())
    back = bundle(to_fhir(document, MAPPING, KNOWN).result)
    assert "id" not in back["entry"][-1]["resource"]
    assert documents("back.json", back) == [document]


def test_each_result_of_a_transaction_has_its_own_uid() -> None:
    """They are called by the fullUrl of their entries; all had the Observation UID of the report."""
    urls = [f"urn:uuid:00000000-0000-4000-8000-00000000000{index}" for index in range(3)]
    report: Resource = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "x"}}
    report |= {"subject": nameless()["subject"], "result": [{"reference": one} for one in urls[1:]]}
    resources = [report, nameless(), nameless(code={"text": "Sodium"})]
    entries = [{"fullUrl": url, "resource": one} for url, one in zip(urls, resources, strict=True)]
    (document,) = documents("x.json", together(*entries))
    first, second = observed(document.root)
    assert first != second
    (alone,) = documents("y.json", together(entries[1]))
    assert observed(alone.root) == [first]
    back = bundle(to_fhir(document, MAPPING, KNOWN).result)
    assert documents("back.json", back) == [document]


def test_a_report_says_where_it_stands() -> None:
    def names(value: Resource) -> list[str]:
        return [one.source for one in read_bytes("x.json", dumps(value), "dicom")]

    assert names(nameless()) == ["x.json"]
    assert names(together({"resource": measured()}, {"resource": nameless()})) == ["x.json#Observation/o", "x.json#1"]
    url = "urn:uuid:00000000-0000-4000-8000-000000000001"
    assert names(together({"fullUrl": url, "resource": nameless()})) == [f"x.json#{url}"]
