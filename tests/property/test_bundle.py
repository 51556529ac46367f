"""What refers to each other in one Bundle still does in the Bundle that its SR comes back as, however it is spelled
(FHIR R4 bundle.html#references): there and back twice gives one SR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from bridge.codecs import json
from bridge.convert.run import Done, Job, converted_bytes
from bridge.model.group import Resource
from bridge.translate.basis.ids import Known
from tests.samples import measured

TO_FHIR, TO_DICOM = Job("fhir", Known(), None), Job("dicom", Known(), None)
_SERVER = "http://ehr.example/fhir"
_KINDS = ("Patient", "DiagnosticReport", "Observation", "Observation", "Practitioner", "Composition")
Spell = Callable[[int], Resource]


@st.composite
def bundles(draw: st.DrawFn) -> Resource:
    """A report whose entries and references are called by whatever name they may."""
    urls, ids = list[str](), list[str | None]()
    for number, kind in enumerate(_KINDS):
        uuid = str(UUID(int=number + 1))
        named = draw(st.sampled_from(("server", "id", "uuid", "none")))
        ids.append({"uuid": uuid, "none": None}.get(named, f"x{number}"))
        urls.append(f"{_SERVER}/{kind}/x{number}" if named == "server" else f"urn:uuid:{uuid}")
    versioned = draw(st.booleans())

    def spell(number: int) -> Resource:
        kind, is_relative = _KINDS[number], ids[number] is not None and draw(st.booleans())
        said = f"{kind}/{ids[number]}" if is_relative else urls[number]
        version = "/_history/2" if number > 1 and not said.startswith("urn:") and draw(st.booleans()) else ""
        return {"reference": said + version}

    subject = spell(0)  # of one spelling: who reads a Bundle elsewhere has the Patient by one name
    found = [_resource(number, subject, spell) for number in range(len(_KINDS))]
    for resource, name in zip(found, ids, strict=True):
        resource.pop("id", None)
        resource |= ({"id": name} if name is not None else {}) | ({"meta": {"versionId": "2"}} if versioned else {})
    entries = [{"fullUrl": url, "resource": one} for url, one in zip(urls, found, strict=True)]
    return {"resourceType": "Bundle", "type": "collection", "entry": draw(st.permutations(entries))}


def _resource(number: int, subject: Resource, spell: Spell) -> Resource:
    made: Resource = {"resourceType": _KINDS[number]}
    match number:
        case 0:
            return made | {"identifier": [{"system": "urn:ehr", "value": "4711"}]}
        case 1:
            url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-DiagnosticReport.composition"
            made |= {"status": "final", "code": {"text": "x"}, "subject": subject, "result": [spell(2)]}
            return made | {"extension": [{"url": url, "valueReference": spell(5)}], "resultsInterpreter": [spell(4)]}
        case 2:
            return measured() | {"subject": subject, "hasMember": [spell(3)], "performer": [spell(4)]}
        case 3:
            return measured() | {"subject": subject}
        case 4:
            return made | {"name": [{"family": "Arzt"}]}
        case _:
            section = [{"title": "Findings", "entry": [spell(2), spell(3)]}]
            made |= {"status": "final", "type": {"text": "x"}, "date": "2026-03-02", "title": "x", "section": section}
            return made | {"subject": subject, "author": [spell(4)]}


@given(bundles())
def test_what_refers_to_each_other_still_does_there_and_back(bundle: Resource) -> None:
    (there,) = converted_bytes("bundle", json.dumps(bundle), TO_DICOM)
    (back,) = converted_bytes("sr", there.data, TO_FHIR)
    (again,) = converted_bytes("back", back.data, TO_DICOM)
    assert not _errors(there, back, again)
    assert len(json.loads(back.data)["entry"]) == len(_KINDS)
    assert again.data == there.data


def _errors(*found: Done) -> list[Any]:
    return [one.entry["error"] for one in found if one.entry["error"]]
