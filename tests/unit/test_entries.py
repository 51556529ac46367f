"""What of a Bundle stands: neither what its history has superseded, nor what is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

from bridge.codecs.json import dumps
from bridge.convert.inputs import Readable, Rejected, Skipped, read_bytes
from bridge.model.group import Group, Resource
from tests.samples import measured, reported

URL = "http://example.org/fhir/Observation/o"


def version(number: int, **more: Any) -> Resource:
    meta = {"versionId": f"{number}", "lastUpdated": f"2026-03-02T0{number}:00:00Z"}
    request = {"method": "PUT", "url": "Observation/o"}
    return {"fullUrl": URL, "resource": measured(meta=meta), "request": request} | more


def deletion(at: str = "2026-03-02T09:00:00Z", **more: Any) -> Resource:
    request = {"method": "DELETE", "url": "Observation/o"}
    return {"request": request, "response": {"status": "204", "lastModified": at}} | more


def found(kind: str, *entries: Resource, **more: Any) -> Iterator[tuple[str, str]]:
    """Whether each is converted, skipped or rejected, and what is said of it."""
    bundle = {"resourceType": "Bundle", "type": kind, "entry": [*entries]} | more
    for one in read_bytes("x.json", dumps(bundle), "dicom"):
        match one:
            case Readable(_, content):
                yield "version", getattr(content, "root")["meta"]["versionId"]  # noqa: B009
            case Skipped(_, reason, count):
                yield "skipped", f"{count} {reason}"
            case Rejected(_, error):
                yield "rejected", error


SUPERSEDED = "Observation: superseded: its history has a newer version"


def test_of_a_history_only_the_newest_version_is_translated() -> None:
    """The superseded value was a valid SR beside the other."""
    assert [*found("history", version(3), version(2), version(1))] == [("version", "3"), ("skipped", f"2 {SUPERSEDED}")]


@pytest.mark.parametrize("url", [URL, f"{URL}/_history/3", None])
def test_what_a_history_says_is_deleted_is_not_translated(url: str | None) -> None:
    entry = deletion() | ({"fullUrl": url} if url else {})
    assert [*found("history", entry, version(2), version(1))] == [("skipped", "2 Observation: deleted")]


def test_what_was_brought_back_to_life_stands() -> None:
    entries = (version(3), deletion("2026-03-02T02:00:00Z"), version(1))
    assert [*found("history", *entries)] == [("version", "3"), ("skipped", f"1 {SUPERSEDED}")]


def test_a_history_in_another_order_is_refused() -> None:
    """Its oldest versions are last (FHIR R4 http.html#history): which one is the newest, nobody can know here."""
    ((status, error),) = found("history", version(1), version(2))
    assert status == "rejected" and "Bundle.entry[1] is newer than Bundle.entry[0]" in error


def test_a_page_of_a_history_that_is_not_the_first_is_refused() -> None:
    ((status, error),) = found("history", version(1), link=[{"relation": "previous", "url": "http://example.org"}])
    assert status == "rejected" and "page before" in error


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_request_to_delete_is_no_resource_to_translate(kind: str) -> None:
    """R4 wants no resource there; where one is, it is the one that shall go."""
    entry = version(1, request={"method": "DELETE", "url": "Observation/o"})
    assert [*found(kind, entry)] == [("skipped", "1 Observation: deleted")]
    assert [*found(kind, deletion(), version(1))] == [("version", "1")]


def test_a_resource_that_stands_twice_is_one() -> None:
    """It was two documents with one UID, or of a report and its results two of everything."""
    assert [*found("collection", version(1), version(1))] == [
        ("version", "1"),
        ("skipped", "1 Observation: stands there already"),
    ]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (2, 1, 3)])
def test_of_versions_outside_of_a_history_the_newest_stands(order: tuple[int, ...]) -> None:
    """FHIR R4 bdl-7 allows them where `meta.versionId` differs; the whole Bundle was refused."""
    older = "Observation: superseded: a newer version stands there"
    assert [*found("collection", *map(version, order))] == [("version", "3"), ("skipped", f"2 {older}")]


@pytest.mark.parametrize("order", [*permutations((0, 1, 2))])
def test_the_newest_stands_though_nothing_tells_the_others_apart(order: tuple[int, ...]) -> None:
    """Whether they were refused went by their order."""
    meta = version(1)["resource"]["meta"]
    entries = version(1), version(1, resource=measured(meta=meta, status="amended")), version(3)
    older = "Observation: superseded: a newer version stands there"
    assert [*found("collection", *(entries[one] for one in order))] == [("version", "3"), ("skipped", f"2 {older}")]


@pytest.mark.parametrize(
    "meta",
    [
        {"versionId": "3"},
        {"lastUpdated": "2026-03-02T03:00:00Z"},
        {"versionId": "3", "lastUpdated": "2026-03-02T02:00:00Z"},
        {"versionId": "2", "lastUpdated": "2026-03-02T03:00:00Z"},
    ],
)
def test_where_nothing_says_which_version_is_newer_they_are_refused(meta: dict[str, str]) -> None:
    other = {"fullUrl": URL, "resource": measured(meta=meta, status="amended")}
    ((outcome, error),) = found("collection", version(2), other)
    assert outcome == "rejected" and "Bundle.entry[1].fullUrl is that of Bundle.entry[0]" in error


@pytest.mark.parametrize("more", [{"id": "another"}, {"resourceType": "Patient"}, {"id": None}])
def test_two_resources_under_one_url_are_no_versions_of_one(more: dict[str, str | None]) -> None:
    """Of two results one was skipped as an older version, and of a Patient the number was lost."""
    resource = {key: value for key, value in (version(3)["resource"] | more).items() if value is not None}
    ((outcome, error),) = found("collection", version(2), {"fullUrl": URL, "resource": resource})
    assert outcome == "rejected" and "not both are of one type and id" in error


@pytest.mark.parametrize(("said", "members"), [("1", 0), ("2", 1)])
def test_a_version_that_does_not_stand_is_not_taken_for_the_one_that_does(said: str, members: int) -> None:
    report: Resource = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "x"}}
    report |= {"result": [{"reference": f"Observation/o/_history/{said}"}]}
    entry = {"fullUrl": "http://example.org/fhir/DiagnosticReport/r", "resource": report}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [entry, version(1), version(2)]}
    read = [one for one in read_bytes("x.json", dumps(bundle), "dicom") if isinstance(one, Readable)]
    assert isinstance(read[0].content, Group) and len(read[0].content.members) == members


def inside(kind: str, *entries: Resource) -> Resource:
    return {"response": {"status": "200"}, "resource": {"resourceType": "Bundle", "type": kind, "entry": [*entries]}}


def test_the_answers_to_a_batch_of_searches_are_read() -> None:
    """They were skipped, Bundle by Bundle. What two searches found is one."""
    answers = inside("searchset", version(1)), inside("searchset", version(1)), inside("history", version(1))
    assert [*found("batch-response", *answers[:2])] == [
        ("version", "1"),
        ("skipped", "1 Observation: stands there already"),
    ]
    assert [*found("batch-response", answers[2])] == [("version", "1")]


def test_a_history_within_a_batch_is_one() -> None:
    assert [*found("batch-response", inside("history", version(2), version(1)))] == [
        ("version", "2"),
        ("skipped", f"1 {SUPERSEDED}"),
    ]


def test_two_versions_in_two_answers_are_refused_by_their_places() -> None:
    other = version(1) | {"resource": measured(meta=version(1)["resource"]["meta"], status="amended")}
    ((outcome, error),) = found("batch-response", inside("searchset", version(1)), inside("searchset", other))
    assert outcome == "rejected"
    assert "Bundle.entry[1].resource.entry[0].fullUrl is that of Bundle.entry[0].resource.entry[0]" in error


@pytest.mark.parametrize("kind", ["document", "message"])
def test_a_document_in_a_bundle_says_what_was(kind: str) -> None:
    """What it holds may be older than what stands beside it."""
    assert [*found("collection", version(2), inside(kind, version(1)))] == [
        ("version", "2"),
        ("skipped", "1 Bundle: no document of its own"),
    ]


def test_results_of_one_search_belong_to_the_report_of_another() -> None:
    report: Resource = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "x"}}
    report |= {"meta": {"versionId": "7"}, "result": [{"reference": "Observation/o"}]}
    entry = {"fullUrl": "http://example.org/fhir/DiagnosticReport/r", "resource": report}
    answers = inside("searchset", entry), inside("searchset", version(1))
    assert [*found("batch-response", *answers)] == [("version", "7")]


def whose(*entries: Resource, kind: str = "collection") -> list[tuple[str, str | None]]:
    """Each document, and who its patient is."""
    bundle = {"resourceType": "Bundle", "type": kind, "entry": [*entries]}
    found: list[tuple[str, str | None]] = []
    for one in read_bytes("x.json", dumps(bundle), "dicom"):
        if isinstance(one, Readable):
            assert isinstance(one.content, Group)
            patient = one.content.patient
            found.append((one.content.root["id"], None if patient is None else patient["name"][0]["family"]))
    return found


def patient(name: str) -> Resource:
    return {"resource": {"resourceType": "Patient", "id": "p", "name": [{"family": name}]}}


def result(name: str) -> Resource:
    return {"resource": measured(id=name)}


def test_a_bundle_in_a_bundle_is_for_itself() -> None:
    """`Patient/p` of the one is not that of the other: Bob's value was Alice's."""
    alices = inside("collection", patient("Alice"), result("a"))
    assert whose(alices, inside("collection", result("b"))) == [("a", "Alice"), ("b", None)]
    bobs = inside("transaction", patient("Bob"), result("b"))
    assert whose(alices, bobs) == [("a", "Alice"), ("b", "Bob")]
    assert whose(alices, result("c")) == [("c", None), ("a", "Alice")]


def test_a_bundle_that_is_refused_is_refused_alone() -> None:
    bad = inside("history", version(1)) | {}
    bad["resource"]["link"] = [{"relation": "previous", "url": "http://example.org"}]
    found_ = [*found("collection", bad, version(2))]
    assert found_[0] == ("version", "2")
    ((outcome, error),) = found_[1:]
    assert outcome == "rejected" and error.startswith("x.json#Bundle.entry[0].resource: ")


@pytest.mark.parametrize("kind", ["searchset", "batch-response"])
def test_a_part_of_a_resource_is_not_translated(kind: str) -> None:
    """A search for some elements tags what it gives (FHIR R4 search.html#elements): the rest is not empty."""
    tag = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}]
    part = {"fullUrl": URL, "resource": measured(meta={"versionId": "1", "tag": tag})}
    reason = "1 Observation: only a part of it (SUBSETTED): fetch it whole"
    entries = (
        (part, version(1)) if kind == "searchset" else (inside("searchset", part), inside("searchset", version(1)))
    )
    assert [*found(kind, *entries)] == [("version", "1"), ("skipped", reason)]
    alone = [*read_bytes("x.json", dumps(part["resource"]), "dicom")]
    assert alone == [Skipped("x.json", reason.partition(" ")[2], 1)]


def test_a_bundle_is_refused_where_a_report_has_a_result_of_which_there_is_a_part() -> None:
    """It was COMPLETE without it."""
    part = {"fullUrl": URL, "resource": measured(meta={"tag": [{"code": "SUBSETTED"}]})}
    report = {"resource": reported(result=[{"reference": "Observation/o"}], meta={"versionId": "7"})}
    ((outcome, error),) = found("searchset", part, report)
    assert outcome == "rejected"
    assert "Bundle.entry[1] refers to Bundle.entry[0], which is only a part of it (SUBSETTED)" in error
    whole = {"fullUrl": URL, "resource": measured()}
    assert ("version", "7") in [*found("searchset", part, report, whole)]


def test_a_conditional_reference_of_a_transaction_says_whose_it_is() -> None:
    """The document was nobody's, though the reference says the identifier, and the Patient stands there."""
    identifier = [{"system": "urn:ehr", "value": "4711"}]
    request = {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:ehr|4711"}
    alice = {"resource": {"resourceType": "Patient", "identifier": identifier, "name": [{"family": "Alice"}]}}
    said = {"resource": measured(subject={"reference": "Patient?identifier=urn:ehr|4711"})}
    assert whose(alice | {"request": request}, said, kind="transaction") == [("o", "Alice")]
