"""A document made from resources is verified in the PACS, or amended there as a new instance: with a time, a series and
equipment of its own. FHIR keeps when it was observed, says who verified it, and no edit of FHIR claims to be that."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from bridge.convert.inputs import Readable, read
from bridge.mapping.load import load
from bridge.model.content import Code, Container, ContentItem, Num
from bridge.model.dataset import DataSet, Element, find, items, merged, text_element, text_of
from bridge.model.document import Document
from bridge.model.group import Group, Number, Resource, reference_to
from bridge.model.tags import (
    OBSERVATION_DATETIME,
    OBSERVATION_UID,
    SERIES_UID,
    SOP_INSTANCE_UID,
    VERIFICATION,
    VERIFYING_OBSERVERS,
)
from bridge.translate.basis.ids import Known
from bridge.translate.header.chain import referring, version_of
from bridge.translate.header.verifiers import is_verifier
from bridge.translate.remainder.extension import stripped
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.corpus import FIXTURES
from tests.samples import alone, measured, reported

MAPPING, KNOWN = load(), Known()
REPORTS = ("laboratory", "imaging-measurements", "imaging-narrative")
CONTENT_DATE, CONTENT_TIME, MANUFACTURER, ACCESSION = 0x00080023, 0x00080033, 0x00080070, 0x00080050


def sample(name: str) -> Group:
    found = [one.content for one in read(FIXTURES / "fhir" / f"{name}.json", "dicom") if isinstance(one, Readable)]
    assert isinstance(found[0], Group)
    return found[0]


def untimed() -> Group:
    """A report and a result, neither of which says when."""
    result = measured()
    del result["effectiveDateTime"]
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "Report"},
        "subject": {"reference": "Patient/p"},
        "issued": "2026-03-02T09:00:00Z",
        "result": [{"reference": "Observation/o"}],
    }
    return Group(report, (result,), None, "DiagnosticReport/r")


GROUPS = {
    **{name: sample(name) for name in REPORTS},
    "one result": alone(measured()),
    "without a time": untimed(),
}


def by(name: str) -> list[Element]:
    """Verified by somebody of that name (PS3.3 C.17.2)."""
    observer: DataSet = (
        text_element(0x0040A027, "LO", "Klinik"),
        text_element(0x0040A030, "DT", "20290303121212"),
        text_element(0x0040A075, "PN", name),
        Element(0x0040A088, "SQ", ()),
    )
    return [text_element(VERIFICATION, "CS", "VERIFIED"), Element(VERIFYING_OBSERVERS, "SQ", (observer,))]


def verified(document: Document, name: str) -> Document:
    return replace(document, header=merged(document.header, by(name)))


def amended(document: Document, name: str) -> Document:
    """Another instance, in a series of the workstation that verified it."""
    its_own = [
        referring(0x0040A360, [version_of(document)]),
        text_element(SOP_INSTANCE_UID, "UI", "2.25.42"),
        text_element(SERIES_UID, "UI", "2.25.43"),
        text_element(CONTENT_DATE, "DA", "20290303"),
        text_element(CONTENT_TIME, "TM", "121212"),
        text_element(MANUFACTURER, "LO", "Workstation"),
    ]
    return replace(document, header=merged(document.header, [*by(name), *its_own]))


def read_back(document: Document) -> Group:
    """Its resources are restored, and the document still comes back from them."""
    back = to_fhir(document, MAPPING, KNOWN)
    assert ANEW not in back.report.warnings
    assert to_dicom(back.result, MAPPING, KNOWN).result == document
    return copy.deepcopy(back.result)


def completed(document: Document) -> Document:
    flags = [text_element(0x0040A491, "CS", "COMPLETE"), text_element(0x0040A496, "CS", "FINAL")]
    return replace(document, header=merged(document.header, flags))


@pytest.mark.parametrize(
    ("status", "result", "becomes"),
    [
        ("preliminary", "preliminary", "final"),
        ("preliminary", "final", "final"),
        ("partial", "preliminary", "final"),
        ("final", "final", "amended"),
        ("preliminary", "corrected", "final corrected"),
    ],
)
def test_what_is_completed_becomes_final_before_it_is_amended(status: str, result: str, becomes: str) -> None:
    """FHIR R4 DiagnosticReportStatus: amended is what was modified `subsequent to being final`. What was corrected
    before its report was final is that still."""
    report = reported(status=status, result=[{"reference": "Observation/o"}])
    group = Group(report, (measured(status=result),), None, "DiagnosticReport/r")
    first = completed(amended(checked_to_dicom(group, MAPPING, KNOWN).result, "Doe^Jane"))
    found = read_back(first)
    assert [found.root["status"], found.members[0]["status"]] == (becomes.split() * 2)[:2]
    again = [referring(0x0040A360, [version_of(first)]), text_element(SOP_INSTANCE_UID, "UI", "2.25.44")]
    assert read_back(replace(first, header=merged(first.header, again))).root["status"] == "amended"


def edited(group: Group) -> Group:
    """Somebody edits a result in FHIR, or the conclusion of a report that has none."""
    group = copy.deepcopy(group)
    for one in group.resources():
        if "valueQuantity" in one:
            one["valueQuantity"]["value"] = Number("7.5")
            return group
    group.root["conclusion"] = "Something else."
    return group


def resources(group: Group) -> dict[str, Any]:
    return {reference_to(one): stripped(one) for one in group.resources()}


def interpreters(group: Group) -> list[list[str]]:
    """Family names of those who have verified the document."""
    here = {reference_to(one): one for one in group.members}
    said = [one for one in group.root.get("resultsInterpreter", ()) if is_verifier(one)]
    return [[name["family"] for name in here[one["reference"]]["name"]] for one in said]


@pytest.mark.parametrize("name", REPORTS)
def test_who_verified_a_report_is_an_interpreter_of_it_beside_those_it_had(name: str) -> None:
    group = GROUPS[name]
    back = read_back(verified(checked_to_dicom(group, MAPPING, KNOWN).result, "Doe^Jane"))
    assert interpreters(back) == [["Doe"]]
    before, after = resources(group), resources(back)
    added = after.pop(back.root["resultsInterpreter"][-1]["reference"])
    assert added["resourceType"] == "Practitioner"
    report, was = after[reference_to(back.root)], before[reference_to(group.root)]
    assert report.pop("resultsInterpreter")[:-1] == was.pop("resultsInterpreter", [])
    assert after == before


def with_time(document: Document, dt: str | None) -> Document:
    """Every item of a result says that time; None: none does, and the root neither."""

    def changed(item: ContentItem) -> ContentItem:
        rest = tuple(one for one in item.rest if one.tag != OBSERVATION_DATETIME)
        if dt is not None and find(item.rest, OBSERVATION_UID) is not None:
            rest = merged(rest, [text_element(OBSERVATION_DATETIME, "DT", dt)])
        return replace(item, rest=rest, children=tuple(map(changed, item.children)))

    return replace(document, root=changed(document.root))


def test_a_time_that_the_pacs_says_is_one_though_it_is_that_of_the_document() -> None:
    document = amended(checked_to_dicom(untimed(), MAPPING, KNOWN).result, "Doe^Jane")
    back = to_fhir(with_time(document, "20290303121212"), MAPPING, KNOWN)
    (result,) = [one for one in back.result.members if one["resourceType"] == "Observation"]
    assert result["effectiveDateTime"] == "2029-03-03T12:12:12Z"
    assert "effectiveDateTime" not in back.result.root


def test_a_time_that_the_pacs_takes_away_is_said_to_be_gone() -> None:
    document = amended(checked_to_dicom(GROUPS["laboratory"], MAPPING, KNOWN).result, "Doe^Jane")
    back = to_fhir(with_time(document, None), MAPPING, KNOWN)
    assert ANEW not in back.report.warnings
    assert len([one for one in back.report.warnings if "no Observation DateTime is said of it" in one]) == 3


@pytest.mark.parametrize("name", GROUPS)
def test_what_says_no_time_though_its_resources_do_gives_them_back(name: str) -> None:
    """As an earlier bridge wrote results that had the time of their report."""
    document = with_time(checked_to_dicom(GROUPS[name], MAPPING, KNOWN).result, None)
    assert resources(read_back(document)) == resources(GROUPS[name])


@pytest.mark.parametrize("name", GROUPS)
def test_an_amendment_does_not_say_that_anything_was_observed_at_another_time(name: str) -> None:
    group = GROUPS[name]
    back = read_back(amended(checked_to_dicom(group, MAPPING, KNOWN).result, "Doe^Jane"))
    after = resources(back)
    for key, before in resources(group).items():
        assert after[key].get("effectiveDateTime") == before.get("effectiveDateTime"), key
        assert after[key].get("issued") == before.get("issued"), key


def test_a_single_result_does_not_say_who_verified_it() -> None:
    document = checked_to_dicom(GROUPS["one result"], MAPPING, KNOWN).result
    report = to_fhir(verified(document, "Doe^Jane"), MAPPING, KNOWN).report
    assert report.warnings == ["Verifying Observer Sequence changed in DICOM: a FHIR client does not see it"]


@pytest.mark.parametrize("change", [verified, amended])
@pytest.mark.parametrize("name", GROUPS)
def test_what_is_edited_in_fhir_then_is_verified_by_nobody(name: str, change: Any) -> None:
    first = checked_to_dicom(GROUPS[name], MAPPING, KNOWN).result
    document = change(first, "Doe^Jane")
    group = edited(read_back(document))
    again = checked_to_dicom(group, MAPPING, replace(KNOWN, supersedes=(version_of(document),)))
    header = again.result.header
    assert text_of(header, VERIFICATION) == "UNVERIFIED"
    assert not items(header, VERIFYING_OBSERVERS)
    assert text_of(header, SERIES_UID) == text_of(first.header, SERIES_UID), "the series is ours, not another's"
    assert find(header, MANUFACTURER) == find(first.header, MANUFACTURER), "so is the equipment"
    assert find(header, CONTENT_DATE) == find(document.header, CONTENT_DATE), "it is not the earlier one"
    uids = {text_of(one.header, SOP_INSTANCE_UID) for one in (first, document, again.result)}
    assert len(uids) == (2 if change is verified else 3)
    assert any(one.startswith("edited in FHIR since: another instance") for one in again.report.warnings)
    assert ANEW not in to_fhir(again.result, MAPPING, KNOWN).report.warnings


@pytest.mark.parametrize("name", REPORTS)
def test_nobody_is_an_interpreter_for_having_verified_what_was_edited_since(name: str) -> None:
    document = verified(checked_to_dicom(GROUPS[name], MAPPING, KNOWN).result, "Doe^Jane")
    group = edited(read_back(document))
    back = to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert interpreters(group) == [["Doe"]] and interpreters(back) == []
    assert not [one for one in back.members if one["resourceType"] == "Practitioner"]
    assert back.root.get("resultsInterpreter") == GROUPS[name].root.get("resultsInterpreter")


@pytest.mark.parametrize("name", REPORTS)
def test_the_order_of_elements_is_nothing(name: str) -> None:
    document = verified(checked_to_dicom(GROUPS[name], MAPPING, KNOWN).result, "Doe^Jane")
    back = read_back(document)
    turned = {id(one): turned_round(one) for one in back.whole()}
    group = Group(
        turned[id(back.root)],
        tuple(turned[id(one)] for one in back.members),
        turned.get(id(back.patient)),
        back.key,
        None if back.references is None else {one: turned[id(target)] for one, target in back.references.items()},
    )
    again = checked_to_dicom(group, MAPPING, KNOWN)
    assert (text_of(again.result.header, SOP_INSTANCE_UID), text_of(again.result.header, VERIFICATION)) == (
        text_of(document.header, SOP_INSTANCE_UID),
        "VERIFIED",
    )


def turned_round(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: turned_round(child) for key, child in reversed(value.items())}
    return [turned_round(child) for child in value] if isinstance(value, list) else value


def test_two_have_verified_it() -> None:
    document = checked_to_dicom(GROUPS["imaging-measurements"], MAPPING, KNOWN).result
    (_, one), (flag, other) = by("Roe^Richard"), by("Doe^Jane")
    assert isinstance(one.value, tuple) and isinstance(other.value, tuple)
    both = other._replace(value=(*other.value, *one.value, *other.value))
    back = read_back(replace(document, header=merged(document.header, [flag, both])))
    said = back.root["resultsInterpreter"]
    assert interpreters(back) == [["Doe"], ["Roe"], ["Doe"]] and len({one["reference"] for one in said[1:]}) == 3
    assert [one.get("id") for one in said] == [None, *(f"verifying-observer-{number}" for number in (1, 2, 3))]


def test_who_verifies_again_is_the_same() -> None:
    document = checked_to_dicom(GROUPS["laboratory"], MAPPING, KNOWN).result
    first, second = (read_back(change(document, "Doe^Jane")) for change in (verified, amended))
    assert first.root["resultsInterpreter"] == second.root["resultsInterpreter"]
    other = read_back(verified(document, "Roe^Richard"))
    assert other.root["resultsInterpreter"] != first.root["resultsInterpreter"]


def test_an_element_id_of_somebody_else_is_theirs() -> None:
    group = copy.deepcopy(GROUPS["imaging-measurements"])
    group.root["resultsInterpreter"][0]["id"] = "verifying"
    back = read_back(verified(checked_to_dicom(group, MAPPING, KNOWN).result, "Doe^Jane"))
    assert back.root["resultsInterpreter"][0] == group.root["resultsInterpreter"][0]


@pytest.mark.parametrize("name", REPORTS)
def test_another_person_verifies_what_was_edited(name: str) -> None:
    document = verified(checked_to_dicom(GROUPS[name], MAPPING, KNOWN).result, "Doe^Jane")
    again = checked_to_dicom(edited(read_back(document)), MAPPING, KNOWN).result
    assert interpreters(read_back(verified(again, "Roe^Richard"))) == [["Roe"]]


@pytest.mark.parametrize(
    ("tag", "vr", "name"), [(ACCESSION, "SH", "Accession Number"), (0x00081030, "LO", "Study Description")]
)
def test_what_the_pacs_says_of_the_study_stays_when_fhir_edits(tag: int, vr: str, name: str) -> None:
    document = checked_to_dicom(GROUPS["laboratory"], MAPPING, KNOWN).result
    before = to_fhir(document, MAPPING, KNOWN)
    assert before.report.warnings == []
    corrected = replace(document, header=merged(document.header, [text_element(tag, vr, "A-1")]))
    back = to_fhir(corrected, MAPPING, KNOWN)
    assert back.report.warnings == [f"{name} changed in DICOM: a FHIR client does not see it"]
    assert to_dicom(back.result, MAPPING, KNOWN).result == corrected
    assert text_of(checked_to_dicom(edited(back.result), MAPPING, KNOWN).result.header, tag) == "A-1"


def with_number(item: ContentItem, number: ContentItem) -> ContentItem:
    """With the number at the end of its first section."""
    at = next(at for at, one in enumerate(item.children) if isinstance(one.value, Container))
    section = item.children[at]
    section = replace(section, children=(*section.children, number))
    return replace(item, children=(*item.children[:at], section, *item.children[at + 1 :]))


def test_a_number_that_the_pacs_adds_to_a_narrative_refers_to_nothing_that_is_not_there() -> None:
    """The device that observes it is no part of a document of the record, and an edit of that still arrives."""
    document = amended(checked_to_dicom(GROUPS["imaging-narrative"], MAPPING, KNOWN).result, "Doe^Jane")
    size = ContentItem(
        "CONTAINS", Code("246120007", "SCT", "Nodule size"), Num(("8",), Code("mm", "UCUM", "mm"), None), (), ()
    )
    back = to_fhir(replace(document, root=with_number(document.root, size)), MAPPING, KNOWN).result
    (result,) = (one for one in back.members if one["resourceType"] == "Observation")
    assert [one["valueQuantity"]["value"] for one in result["component"] if "valueQuantity" in one] == [8]
    assert "reference" not in result["device"]
    again = to_fhir(checked_to_dicom(edited(back), MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert again.root["conclusion"] == "Something else."
