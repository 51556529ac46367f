"""Law 3 where an edit moves items: their place is no reason to refuse it, and what items refer to stays the same."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.content import ByReference, Code, Coded, Container, ContentItem, Plain
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.sr import own_elements
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.translate.basis.node import ITSELF
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.returned_document import NEW_INSTANCE
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES
from tests.property.test_edits import KNOWN, MAPPING, SMALL, again, items, observations, report, results, with_items

FILES = sorted((FIXTURES / "dicom").glob("*.dcm"))


def of(group: Group, kind: str) -> list[Resource]:
    return [one for one in group.resources() if one["resourceType"] == kind]


def first_of(document: Document) -> str | None:
    return text_of(document.header, SOP_INSTANCE_UID)


# -- refused before -------------------------------------------------------------------------------------------------
def without_language(group: Group) -> bool:
    return of(group, "Composition")[0].pop("language", None) is not None


def without_languages(group: Group) -> bool:
    group.root.pop("language", None)
    return without_language(group)


def device_renamed(group: Group) -> bool:
    names = [one for device in of(group, "Device") for one in device.get("deviceName", ())]
    if names:
        names[0]["type"] = "other"
    return bool(names)


def member_without_place(group: Group) -> bool:
    return _member(group, None)


def member_with_an_id_of_its_own(group: Group) -> bool:
    return _member(group, "own")


def _member(group: Group, name: str | None) -> bool:
    members = [one for result in results(group) for one in result.get("hasMember", ()) if "id" in one]
    if members:
        del members[0]["id"]
        members[0] |= {"id": name} if name else {}
    return bool(members)


EDITS: list[Callable[[Group], bool]] = [
    without_language,
    without_languages,
    device_renamed,
    member_without_place,
    member_with_an_id_of_its_own,
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_it_is_no_reason_to_refuse_an_edit(edit: Callable[[Group], bool], file: Path) -> None:
    document, group = report(file)
    group = copy.deepcopy(group)
    if not edit(group):
        return
    after = checked_to_dicom(group, MAPPING, KNOWN).result
    back = to_fhir(after, MAPPING, replace(KNOWN, document=first_of(document))).result
    assert {one["id"] for one in back.whole()} == {one["id"] for one in group.whole()}
    assert _meant(group) == _meant(back)


def _meant(group: Group) -> list[Any]:
    """Less the places, and what says that it is another version."""
    version = ("status", "identifier", "resultsInterpreter")
    said = [
        one for one in group.resources() if one["resourceType"] != "ImagingStudy"
    ]  # which lists the document itself
    plain = [{key: value for key, value in stripped(one).items() if key not in version} for one in said]
    return [_without_ids(one) for one in plain]


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(child) for key, child in value.items() if key != "id"}
    return [_without_ids(child) for child in value] if isinstance(value, list) else value


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_item_that_goes_takes_no_name_with_it(file: Path) -> None:
    """All that the items say is read from them again, under the ids that it had."""
    _, group = report(file)
    group = copy.deepcopy(group)
    if without_languages(group):
        assert checked_to_dicom(group, MAPPING, KNOWN).report.warnings == [NEW_INSTANCE]


def test_an_id_that_is_made_anew_is_said() -> None:
    _, group = report(FIXTURES / "dicom" / "5000-obgyn.dcm")
    group = copy.deepcopy(group)
    assert not checked_to_dicom(group, MAPPING, KNOWN).report.warnings
    member_with_an_id_of_its_own(group)
    warnings = checked_to_dicom(group, MAPPING, KNOWN).report.warnings
    assert [one.partition(":")[0] for one in warnings] == ["1 element ids were edited"]


def test_an_edit_of_a_device_is_said_by_its_element() -> None:
    _, group = report(FIXTURES / "dicom" / "10011-ct-dose.dcm")
    group = copy.deepcopy(group)
    of(group, "Device")[0]["note"] = [{"text": "in room 2"}]
    warnings = checked_to_dicom(group, MAPPING, KNOWN).report.warnings
    assert "Device.note: edited in FHIR since; a DICOM reader does not see it" in warnings


# -- the order of a list is that of its items -----------------------------------------------------------------------
@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_what_is_put_in_stands_where_it_was_put(at: int) -> None:
    texts = [ContentItem("CONTAINS", Code(f"t{n}", "99X", f"T{n}"), Plain("TEXT", f"{n}"), (), ()) for n in range(3)]
    group = to_fhir(
        with_items(ContentItem("CONTAINS", Code("c", "99X", "C"), Container("SEPARATE"), tuple(texts), ())),
        MAPPING,
        KNOWN,
    ).result
    (one,) = results(group)
    one["component"].insert(at, {"code": {"coding": [{"system": "urn:x", "code": "new"}]}, "valueString": "new"})
    after, back = again(group)
    said = [
        child.value.text for child in taken_out(after)[0].root.children[0].children if isinstance(child.value, Plain)
    ]
    assert said == [part["valueString"] for part in one["component"]]
    parts = observations(back)[one["id"]]["component"]
    assert [part["valueString"] for part in parts] == said
    assert [part["id"] for part in parts] == ["1", "2", "3", "4"]


# -- words ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", ["text", "display"])
def test_words_that_come_back_with_their_code_are_said(words: str) -> None:
    document, group = report(FIXTURES / "dicom" / "3700-ecg.dcm")
    group = copy.deepcopy(group)
    code = next(one for one in results(group) if "text" in one["code"])["code"]
    del (code if words == "text" else code["coding"][0])[words]
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert translated.result == document
    place = "text" if words == "text" else "coding.0.display"
    assert (
        f"Observation.code.{place}: taken away; its code says the words, and brings them back"
        in translated.report.warnings
    )


# -- by reference ---------------------------------------------------------------------------------------------------
def relations(document: Document) -> list[tuple[Any, Any]]:
    """The relationship of each item by reference, with what its target says."""
    root = taken_out(document)[0].root
    there = {(1, *(step + 1 for step in path)): item for path, item in items(root)}
    found = [
        (item.relationship, there.get(item.value.identifier))
        for _, item in items(root)
        if isinstance(item.value, ByReference)
    ]
    return [(relation, own_elements(target, document.charset) if target else None) for relation, target in found]


REFERRING = [file for file in SMALL if relations(report(file)[0])]


def removals(group: Group) -> Iterator[tuple[list[Any], int]]:
    """Each element that stands for an item."""
    for resource in group.resources():
        yield from _removals(resource)


def _removals(value: Any) -> Iterator[tuple[list[Any], int]]:
    for name in ("component", "hasMember", "section", "entry", "derivedFrom", "author"):
        for index, one in enumerate(value.get(name, ())):
            if one.get("id") != ITSELF:  # another image would be another target
                yield value[name], index
            if name == "section":
                yield from _removals(one)


@given(st.sampled_from(REFERRING), st.integers(0, 10_000))
def test_items_refer_to_what_they_referred_to_wherever_that_is_now(file: Path, number: int) -> None:
    document, group = report(file)
    group = copy.deepcopy(group)
    found = list(removals(group))
    elements, index = found[number % len(found)]
    del elements[index]
    after = checked_to_dicom(group, MAPPING, KNOWN).result
    before, now = relations(document), relations(after)
    assert None not in [target for _, target in now]
    assert Counter(map(repr, now)) <= Counter(map(repr, before))


def test_a_new_result_is_what_another_is_inferred_from() -> None:
    first, last = (ContentItem("CONTAINS", Code(name, "99X", name), Plain("TEXT", name), (), ()) for name in "ac")
    source = replace(last, children=(ContentItem("INFERRED FROM", None, ByReference((1, 1)), (), ()),))
    group = copy.deepcopy(to_fhir(with_items(first, source), MAPPING, KNOWN).result)
    one, other = results(group)
    new = one | {"id": "new", "valueString": "new"}
    sections = of(group, "Composition")[0]["section"]
    sections.insert(0, {"entry": [{"reference": "Observation/new"}]})
    other["derivedFrom"].append({"reference": "Observation/new"})
    group.root["result"].append({"reference": "Observation/new"})
    group = replace(group, members=(*group.members, new))
    root = taken_out(checked_to_dicom(group, MAPPING, KNOWN).result)[0].root
    at = {item.value.text: index + 1 for index, item in enumerate(root.children) if isinstance(item.value, Plain)}
    said = [item.value for item in root.children[at["c"] - 1].children]
    assert list(at) == ["new", "a", "c"]
    assert said == [ByReference((1, at["a"])), ByReference((1, at["new"]))]


def test_what_refers_to_an_item_that_is_gone_is_gone_with_it() -> None:
    """A by-reference relationship has no place in FHIR: it cannot be removed there."""
    target = ContentItem("CONTAINS", Code("a", "99X", "A"), Plain("TEXT", "a"), (), ())
    other = ContentItem("CONTAINS", Code("b", "99X", "B"), Plain("TEXT", "b"), (), ())
    to_it, to_other = (ContentItem("HAS PROPERTIES", None, ByReference((1, step)), (), ()) for step in (1, 2))
    coded = Coded(Code("d", "99X", "D"))
    source = ContentItem("CONTAINS", Code("c", "99X", "C"), coded, (to_it, to_other), ())
    group = to_fhir(with_items(target, other, source), MAPPING, KNOWN).result
    sections = of(group, "Composition")[0]["section"]
    gone = next(one for one in sections if one["entry"][0]["id"] == "1")
    sections.remove(gone)
    group = replace(group, members=tuple(one for one in group.members if one.get("valueString") != "a"))
    group.root["result"] = [one for one in group.root["result"] if one["display"] != "A"]
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert any("that referred to one that was removed" in one for one in translated.report.warnings)
    left = taken_out(translated.result)[0].root.children
    assert [one.value for one in left] == [other.value, coded]
    assert [one.value for one in left[1].children] == [ByReference((1, 1))]
