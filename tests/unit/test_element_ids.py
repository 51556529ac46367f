"""FHIR R4 Element.id: unique within its resource. Ours say what repeats an item, and which item an element is."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.releases.r5 import in_r4, in_r5
from bridge.sync.decision.content import resources_digest, say_the_same
from bridge.translate.basis.element_ids import ITEMS, plain, unique, with_plain_ids
from bridge.translate.basis.ids import Known
from bridge.translate.returned_document import NEW_INSTANCE
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES, SR_FILES, name
from tests.element_ids import repeated_in

MAPPING, KNOWN = load(), Known()
VOLUME = FIXTURES / "dicom" / "1500-volume.dcm"


def read(path: Path) -> Document:
    return structured_report.read(path.read_bytes())


def volume() -> tuple[Document, Group]:
    """Volumes at a time point: its site and context are repeated on each."""
    document = read(VOLUME)
    return document, copy.deepcopy(to_fhir(document, MAPPING, KNOWN).result)


def by_earlier(group: Group) -> Group:
    """As it stands in servers: an earlier bridge repeated ids."""
    return with_plain_ids(group)


def copies(group: Group) -> list[Resource]:
    return [one for one in group.members if repeated_in([plain(one, ITEMS)])]


@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_no_resource_has_an_element_id_twice(path: Path) -> None:
    group = to_fhir(read(path), MAPPING, KNOWN).result
    assert repeated_in(group.whole()) == []
    assert repeated_in(in_r5(group)[0].whole()) == []


def test_what_an_earlier_bridge_read_is_no_edit() -> None:
    document, group = volume()
    before = by_earlier(group)
    assert repeated_in(before.whole())
    made = checked_to_dicom(before, MAPPING, KNOWN)
    assert (made.result, made.report.warnings) == (
        document,
        checked_to_dicom(group, MAPPING, KNOWN).report.warnings,
    )
    assert NEW_INSTANCE not in made.report.warnings


def test_what_an_earlier_bridge_wrote_says_the_same_to_a_ledger_that_was_lost() -> None:
    _, group = volume()
    before = by_earlier(group)
    assert say_the_same(before.resources(), group.resources())
    assert resources_digest(before.resources()) != resources_digest(group.resources())  # so that it is sent again


@pytest.mark.parametrize("ids", ["kept", "dropped", "as an earlier bridge wrote them"])
def test_an_edit_of_a_result_becomes_the_same_version_whatever_its_client_did_to_ids(ids: str) -> None:
    versions = []
    for each in ("kept", ids):
        _, group = volume()
        if each != "kept":
            group = by_earlier(group)
        result = next(one for one in group.members if "value" in one.get("valueQuantity", {}))
        result["valueQuantity"]["value"] = 4
        if each == "dropped":
            result["component"] = [
                {key: said for key, said in one.items() if key != "id"} for one in result.get("component", ())
            ]
        made = checked_to_dicom(group, MAPPING, KNOWN)
        assert NEW_INSTANCE in made.report.warnings
        versions.append(made.result.root)
    assert versions[0] == versions[1]


def test_an_edited_document_comes_back_with_ids_of_its_own() -> None:
    _, group = volume()
    result = copies(group)[0]
    result["note"] = [{"id": "mine", "text": "as its client says"}]
    back = to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert repeated_in(back.whole()) == []
    again = next(one for one in back.members if one["id"] == result["id"])
    assert (again["bodySite"], again["component"]) == (result["bodySite"], result["component"])


def test_a_group_of_r5_has_the_ids_of_r4() -> None:
    _, group = volume()
    back, warnings = in_r4(in_r5(group)[0])
    assert (back, warnings) == (group, [])


def of(*ids: str) -> Resource:
    return {"resourceType": "Observation", "id": "1", "component": [{"id": one} for one in ids]}


def ids_in(resource: Resource) -> list[Any]:
    return [one["id"] for one in resource["component"]]


def test_an_id_that_somebody_else_gave_stays() -> None:
    mine = of("a", "a", "a--2", "inherited", "inherited--2", "inherited", "2", "2", "2-1")
    found = unique(mine, ITEMS)
    assert ids_in(found) == ["a", "a", "a--2", "inherited", "inherited--2", "inherited--3", "2", "2--2", "2-1"]
    assert ids_in(plain(found, ITEMS)) == ["a", "a", "a--2", *["inherited"] * 3, "2", "2", "2-1"]
    assert found["id"] == "1"


def test_the_order_of_keys_says_nothing() -> None:
    said = {"bodySite": {"id": "inherited"}, "method": {"id": "inherited"}, "resourceType": "Observation"}
    assert unique(said, ITEMS) == unique(dict(reversed(said.items())), ITEMS)
    assert [*unique(dict(reversed(said.items())), ITEMS)] == [*reversed(said)]
