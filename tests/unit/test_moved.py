"""An item is removed, or put in, in the PACS: what its neighbours say beyond their items stays with them."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code, ContentItem, Num, Plain
from bridge.model.group import Json, Resource
from bridge.releases.r5 import in_r4, in_r5
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import attach, stripped
from bridge.translate.remainder.json_patch import json_difference, json_patched
from bridge.translate.remainder.moved import moved
from bridge.translate.selfcheck import checked_to_dicom
from tests.samples import alone, observation
from tests.unit.test_edited_in_both import edited_in_pacs, quantity, valued

MAPPING, KNOWN = load(), Known()


def part(code: str, **more: Any) -> Resource:
    return {"code": {"coding": [{"system": "http://loinc.org", "code": code, "display": f"Part {code}"}]}} | more


MASKED = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}]}
PARTS = [
    part("a", valueQuantity=quantity(1)),
    part("b", id="second", valueQuantity=quantity(2) | {"comparator": "<"}),
    part("c", dataAbsentReason=MASKED),
    part("d", valueInteger=3, extension=[{"url": "urn:x", "valueString": "x"}]),
    part("e", valueBoolean=True),
    part("f", valueQuantity=quantity(5), referenceRange=[{"low": quantity(1), "appliesTo": [{"text": "men"}]}]),
]
NOTES = [{"text": "first", "authorString": "A"}, {"text": "second", "authorString": "B", "time": "2026-03-01"}]
NAMES = [
    {"system": "urn:x", "value": "1"},
    {"use": "official", "system": "urn:x", "value": "2", "period": {"end": "2026"}},
]
LISTS: dict[str, list[Json]] = {"component": PARTS, "note": NOTES, "identifier": NAMES}


def place_of(concept: str, index: int, **more: Any) -> tuple[int, ...]:
    """Of the item that the list's element became."""
    document = checked_to_dicom(alone(observation(**more)), MAPPING, KNOWN).result
    (item,) = document.root.children
    places = [at for at, one in enumerate(item.children) if one.concept is not None and one.concept.meaning == concept]
    return (0, places[index])


def read_after(place: tuple[int, ...], change: Any, **more: Any) -> Resource:
    found: Resource = stripped(edited_in_pacs(alone(observation(**more)), place, change).root)
    return found


@pytest.mark.parametrize(
    ("element", "concept"), [("component", "Part a"), ("note", "Comment"), ("identifier", "Identifier")]
)
def test_what_is_behind_one_that_was_removed_is_what_it_was(element: str, concept: str) -> None:
    said = {element: LISTS[element]}
    assert read_after(place_of(concept, 0, **said), lambda _: None, **said)[element] == LISTS[element][1:]


def test_what_is_behind_one_that_was_put_in_is_what_it_was() -> None:
    new = Num(("7",), Code("mmol/L", "UCUM", "mmol/L"), None)
    _, first_part = place_of("Part a", 0, component=PARTS)

    def with_new(item: ContentItem) -> ContentItem:
        children = [*item.children]
        children.insert(first_part, replace(children[first_part], concept=Code("n", "LN", "New"), value=new))
        return replace(item, children=tuple(children))

    first, *others = read_after((0,), with_new, component=PARTS)["component"]
    assert first["code"]["coding"][0]["code"] == "n" and others == PARTS


def test_what_was_edited_too_says_what_it_says_now() -> None:
    """And it is still the element that it was."""
    group = alone(observation(component=PARTS))
    place = place_of("Part b", 0, component=PARTS)

    def changed(item: ContentItem) -> ContentItem:
        children = list(item.children)
        children[place[1]] = valued(Plain("TEXT", "many"))(children[place[1]])
        del children[place[1] - 1]
        return replace(item, children=tuple(children))

    found = stripped(edited_in_pacs(group, (0,), changed).root)["component"]
    assert found[0]["id"] == "second" and found[0]["valueString"] == "many" and "valueQuantity" not in found[0]
    assert found[1:] == PARTS[2:]


def test_what_could_be_one_of_several_is_not_taken_for_any() -> None:
    native = {"list": [{"text": "a"}, {"text": "b"}]}
    wanted = {"list": [{"text": "a"}, {"text": "b", "author": "B"}]}
    entries = [*json_difference(native, wanted)]
    (now,) = moved({"list": [{"text": "b"}, {"text": "c"}]}, entries).entries(entries)
    assert now[0] == "list/0/author"
    assert not moved({"list": [{"text": "b"}, {"text": "c"}, {"text": "b"}]}, entries).places
    assert not moved({"list": [{"text": "c"}]}, entries).places


def test_an_entry_of_what_was_removed_does_not_fall_on_what_is_there_now() -> None:
    native = {"list": [{"text": "a", "valueInteger": 1}, {"text": "b", "valueInteger": 2}]}
    wanted = {"list": [{"text": "a", "valueString": "1"}, {"text": "b", "valueString": "2"}]}
    entries, now = [*json_difference(native, wanted)], {"list": native["list"][1:]}
    found = moved(now, entries)
    assert found.gone == {"list/0/valueInteger", "list/0/valueString"}
    assert json_patched(now, found.entries(entries)) == []
    assert now == {"list": wanted["list"][1:]}


def test_what_we_say_of_the_place_of_an_element_is_nothing_that_it_is() -> None:
    """A comment that was added moved the items behind it: a value that only R5 has was gone."""
    scan = {"valueAttachment": {"contentType": "image/png"}}
    group, _ = in_r4(alone(observation(component=[part("a", **scan), part("b", valueQuantity=quantity(1))])))
    said = copy.deepcopy(group)
    attach(said.root["component"][0], "item", {"n": 2})
    back, warnings = in_r5(said)
    assert not warnings and back.root["component"][0]["valueAttachment"] == scan["valueAttachment"]
