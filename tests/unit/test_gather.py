"""Which resources form one document, and whose a reference is."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.model.group import Resource
from bridge.translate.gather import Entry, gather, in_order_of_reach

HERE, THERE = "http://here.example/fhir/", "http://there.example/fhir/"


def observation(name: str, **more: Any) -> Resource:
    return {"resourceType": "Observation", "id": name, "status": "final", "code": {"text": name}} | more


def panel(name: str, *members: str, **more: Any) -> Resource:
    return observation(name, hasMember=[{"reference": f"Observation/{one}"} for one in members], **more)


def report(name: str, *results: str, **more: Any) -> Resource:
    found = {"resourceType": "DiagnosticReport", "id": name, "status": "final", "code": {"text": name}}
    return found | {"result": [{"reference": f"Observation/{one}"} for one in results]} | more


def documents(*resources: Resource, base: str = "") -> dict[str, list[str]]:
    """Ids of the members of each, by the id of its root."""
    entries = [Entry(one, f"{base}{one['resourceType']}/{one['id']}") for one in resources]
    return {group.root["id"]: [one["id"] for one in group.members] for group in gather(entries).groups}


def test_each_report_has_all_its_results() -> None:
    found = documents(observation("o"), observation("p"), report("b", "o"), report("a", "o", "p"))
    assert found == {"a": ["o", "p"], "b": ["o"]}


def test_what_is_only_derived_from_another_ones_result_does_not_repeat_it() -> None:
    of_weight = {"derivedFrom": [{"reference": "Observation/weight"}]}
    found = documents(observation("weight"), observation("bmi", **of_weight), report("r", "weight"))
    assert found == {"r": ["weight"], "bmi": []}


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered"])
def test_what_is_void_has_no_result_that_stands(status: str) -> None:
    void = report("a", "o", "p", status=status)
    assert documents(observation("o"), observation("p"), void, report("b", "o")) == {"b": ["o"], "a": [], "p": []}
    assert documents(observation("o"), panel("a", "o", status=status)) == {"a": [], "o": []}
    assert documents(observation("o"), panel("a", "o", status=status), report("r", "a")) == {"r": ["a", "o"]}


def test_a_panel_that_is_void_with_its_report_has_no_result_that_stands() -> None:
    void = {"status": "entered-in-error"}
    assert documents(observation("o"), panel("p", "o", **void), report("r", "p", **void)) == {"r": [], "p": [], "o": []}


def test_results_of_a_void_document_that_was_born_in_dicom_are_its_items() -> None:
    uid = [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}]
    born = report("a", "o", status="entered-in-error", identifier=uid)
    born["extension"] = [{"url": "https://fhir-dicom.org/fhir/StructureDefinition/remainder", "valueString": DOCUMENT}]
    assert documents(observation("o"), born) == {"a": ["o"]}


DOCUMENT = '{"of":"document","digest":"x"}'


@pytest.mark.parametrize("circle", [("a", "b"), ("b", "a"), ("a",), ("a", "b", "c")])
def test_those_that_have_each_other_are_one_document(circle: tuple[str, ...]) -> None:
    found = documents(*(panel(one, circle[index - 1]) for index, one in enumerate(circle)))
    assert found == {"a": [one for one in found["a"] if one in circle]}
    assert {"a", *found["a"]} == set(circle)


def beside(name: str) -> Resource:
    """What says in an extension that it has to do with another Observation (FHIR R4 observation-sequelTo)."""
    url = "http://hl7.org/fhir/StructureDefinition/observation-sequelTo"
    return {"extension": [{"url": url, "valueReference": {"reference": f"Observation/{name}"}}]}


@pytest.mark.parametrize("earlier", ["a", "z"])
def test_what_an_extension_refers_to_is_a_document_of_its_own_whatever_its_name(earlier: str) -> None:
    assert documents(observation("o", **beside(earlier)), observation(earlier)) == {"o": [], earlier: []}
    within = {"result": [{"reference": "Observation/o", **beside(earlier)}]}
    assert documents(observation("o"), observation(earlier), report("r", **within)) == {"r": ["o"], earlier: []}


def test_what_is_a_result_is_one_though_an_extension_refers_to_it_too() -> None:
    assert documents(observation("o"), observation("q", **beside("o")), report("r", "q", "o")) == {"r": ["q", "o"]}
    assert documents(panel("q", "p", **beside("o")), panel("p", "o"), observation("o")) == {"q": ["p", "o"]}


def test_a_void_panel_has_no_result_though_an_extension_refers_to_it() -> None:
    found = documents(observation("o"), panel("p", "o", status="cancelled"), observation("q", **beside("p")))
    assert found == {"q": [], "p": [], "o": []}


def test_a_group_is_in_the_order_in_which_it_was_gathered_whatever_extensions_say() -> None:
    resources = [panel("q", "a", "p", **beside("o")), panel("p", "o"), observation("o"), observation("a")]
    (group,) = gather([Entry(one, f"Observation/{one['id']}") for one in resources]).groups
    assert [one["id"] for one in group.members] == ["a", "p", "o"]
    assert in_order_of_reach(group) is group


# -- whose a reference is -------------------------------------------------------------------------------------------
def patients(*bases: str) -> list[Entry]:
    return [Entry({"resourceType": "Patient", "id": "23"}, f"{base}Patient/23") for base in bases]


def subject(entries: list[Entry], url: str, reference: str = "Patient/23", **more: Any) -> Resource | None:
    one = observation("o", subject={"reference": reference}, **more)
    (group,) = gather([*entries, Entry(one, url)]).groups
    return group.patient


def test_a_name_is_that_of_its_own_server() -> None:
    """FHIR R4 bundle.html#references."""
    here, there = entries = patients(HERE, THERE)
    assert subject(entries, f"{HERE}Observation/o") is here.resource
    assert subject(entries, f"{THERE}Observation/o") is there.resource
    assert subject([here], f"{THERE}Observation/o") is None
    assert subject([here], f"{THERE}Observation/o", f"{HERE}Patient/23") is here.resource
    assert subject(entries, "urn:uuid:1") is None, "two of one name are no guess"
    assert subject([here], "urn:uuid:1") is here.resource
    assert subject(patients("folder/"), f"{HERE}Observation/o") is not None, "a file is of no server"


def test_a_version_of_a_patient_is_that_patient() -> None:
    """It says in which state a Patient was, and not who."""
    (now,) = patients(HERE)
    now.resource["meta"] = {"versionId": "2"}
    for version in ("1", "2"):
        assert subject([now], f"{HERE}Observation/o", f"Patient/23/_history/{version}") is now.resource


@pytest.mark.parametrize(("there", "members"), [({"versionId": "2"}, []), ({"versionId": "1"}, ["o"]), ({}, ["o"])])
def test_another_version_of_a_result_is_another_thing(there: dict[str, str], members: list[str]) -> None:
    found = documents(observation("o", meta=there), report("a", "o/_history/1"))
    assert found["a"] == members


@pytest.mark.parametrize("kind", ["Group", "Device", "Location"])
def test_whoever_is_no_patient_is_none(kind: str) -> None:
    subject = {"resourceType": kind, "id": "g", "name": "Ward 3"}
    result = observation("o", subject={"reference": f"{kind}/g"})
    entries = [Entry(one, f"{one['resourceType']}/{one['id']}") for one in (result, subject)]
    (group,) = gather(entries).groups
    assert group.patient is None


def anybody(name: str, *identifiers: tuple[str | None, str]) -> Resource:
    said = [{"value": value} | ({"system": system} if system else {}) for system, value in identifiers]
    return {"resourceType": "Patient", "id": name, "identifier": said}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("urn:x|4711", "a"),
        ("urn%3Ax%7C4711", "a"),
        ("|4711", "b"),
        ("0815", "b"),
        ("4711", None),  # of which system, nothing says
        ("urn:x|1", None),  # of two
        ("urn:y|4711", None),
        ("urn:x|", None),
        ("urn:x|4711,urn:x|0815", None),
        ("urn:x|4711&active=true", None),
    ],
)
def test_a_conditional_reference_is_to_whom_alone_it_is_met_by(query: str, found: str | None) -> None:
    """Of a transaction that has its Patient the document was nobody's (FHIR R4 http.html#trules)."""
    a, b = anybody("a", ("urn:x", "4711"), ("urn:x", "1")), anybody("b", (None, "4711"), (None, "0815"), ("urn:x", "1"))
    practitioner = a | {"resourceType": "Practitioner"}
    said = observation("o", subject={"reference": f"Patient?identifier={query}"})
    entries = [Entry(one, f"urn:uuid:{number}") for number, one in enumerate((practitioner, a, b, said))]
    (group,) = gather(entries).groups
    assert (group.patient and group.patient["id"]) == found


@pytest.mark.parametrize("subject", ["p", ["p"], {"identifier": "M1"}, {"identifier": {"system": 1, "value": []}}])
def test_a_subject_that_is_no_reference_is_nobody(subject: Any) -> None:
    """Whatever is wrong with it is said where it is validated."""
    (group,) = gather([Entry(observation("o", subject=subject), "Observation/o")]).groups
    assert group.patient is None


@pytest.mark.parametrize(("system", "found"), [("urn:mrn", "p"), ("urn:other", None), (None, None)])
def test_whom_a_subject_names_by_an_identifier_is_the_patient_who_is_here(
    system: str | None, found: str | None
) -> None:
    patients: list[Resource] = [
        {"resourceType": "Patient", "id": name, "identifier": [{"system": "urn:mrn", "value": number}]}
        for name, number in (("p", "M1"), ("q", "M2"))
    ]
    number = {"value": "M1"} | ({"system": system} if system else {})
    said = observation("o", subject={"identifier": number})
    entries = [Entry(one, f"{one['resourceType']}/{one['id']}") for one in (*patients, said)]
    (group,) = gather(entries).groups
    assert (group.patient or {}).get("id") == found
