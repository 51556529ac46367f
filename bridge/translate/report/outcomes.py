"""What became of each content item and each element of the header: mapped where the resources say it natively."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.model.content import ByReference, Code, Coded, ContentItem, Num, Other, Path, Plain, Value, value_type
from bridge.model.dataset import DataSet, Element, items
from bridge.model.tags import CONCEPT_CODE
from bridge.terminology.units import plain
from bridge.translate.basis.node import Node, element_id
from bridge.translate.native.named_concepts import UNNAMED
from bridge.translate.report.report import Detail
from bridge.translate.report.rules import REMAINDER, Rules, attribute_path, named

UNSAID = "value or concept has no FHIR form"
NO_ELEMENT = "no FHIR element stands for the item, and it says something else than the resources became"


# -- content items --------------------------------------------------------------------------------------------------
def outcomes_of_items(item: ContentItem, node: Node | None, rules: Rules, path: Path = (0,)) -> Iterator[Detail]:
    """What became of each item, in the order of the tree. `node`: the item as the resources give it back; None where
    nothing does."""
    name = named(item.concept)
    if node is not None and (same_item(item, node) or _is_element(item, node, rules)):
        yield Detail(element_id(path), name, "mapped", rules.item(item.concept, node), None)
    else:
        reason = _why_carried(item) if node is None else NO_ELEMENT if node.home is None else UNSAID
        yield Detail(element_id(path), name, "carried", REMAINDER, reason)
    matched = node.matches(item.children)[0] if node is not None else {}
    for index, child in enumerate(item.children):
        yield from outcomes_of_items(child, matched.get(index), rules, (*path, index))


def _is_element(item: ContentItem, node: Node, rules: Rules) -> bool:
    return rules.is_element(item.concept, node) and same_value(item.value, node.value)


def same_item(item: ContentItem, node: Node) -> bool:
    return same_concept(item, node) and (same_value(item.value, node.value) or _is_empty(item, node.value))


def _why_carried(item: ContentItem) -> str:
    if isinstance(item.value, ByReference):
        return "by-reference relationship"
    return f"value type {value_type(item.value)} has no native place here"


def same_concept(item: ContentItem, node: Node) -> bool:
    """A name that stands for none is none: an earlier bridge gave such a result no name."""
    return node.concept in (None, UNNAMED) if item.concept is None else item.concept.same(node.concept)


def _is_empty(item: ContentItem, native: Value) -> bool:
    """Whether both have no code: with an empty sequence, or without any."""
    codeless = item.value == Coded(None) or item.value == Other("CODE") and not items(item.rest, CONCEPT_CODE)
    return codeless and native == Coded(None)


def same_value(one: Value, other: Value) -> bool:
    """Whether both mean the same: numbers as numbers, codes as codes; wording and continuity aside."""
    match one, other:
        case (Num(), Num()):
            return (
                len(one.values) == len(other.values)
                and all(map(_same_number, one.values, other.values))
                and _same_unit(one.unit, other.unit)
                and (one.qualifier is None) == (other.qualifier is None)
            )
        case (Coded(code), Coded(said)):
            return code is not None and code.same(said)
        case (Plain(), Plain()):
            return one.value_type == other.value_type and _lines(one.text) == _lines(other.text)
        case _:
            return value_type(one) == "CONTAINER" == value_type(other) or one == other


def _lines(text: str) -> list[str]:
    """However they end: a PACS writes CR LF, XHTML holds LF."""
    return [line.rstrip() for line in text.strip().splitlines()]


def _same_unit(one: Code | None, other: Code | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.same(other) or (one.scheme == "UCUM" == other.scheme and plain(one.value) == plain(other.value))


def _same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


# -- header ---------------------------------------------------------------------------------------------------------
def outcomes_of_header(header: DataSet, native: DataSet, rules: Rules) -> Iterator[Detail]:
    have = set(_leaves(native, ()))
    for leaf in _leaves(header, ()):
        path = leaf[0]
        if leaf in have:
            yield Detail(attribute_path(path), None, "mapped", rules.attribute(path), None)
        else:
            yield Detail(attribute_path(path), None, "carried", REMAINDER, "no native place in the resources")


def _leaves(dataset: DataSet, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Element]]:
    for element in dataset:
        if isinstance(element.value, tuple):
            for index, item in enumerate(element.value):
                yield from _leaves(item, (*path, element.tag, index))
        else:
            yield (*path, element.tag), element
