"""A result whose value is a date, a time or a UID, with more than words beside it. PS3.3 table A.35.3-2 lets none of
these have properties: the item is a container then, and its value the first item in it."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.model.content import Code, Container, ContentItem
from bridge.model.names import PRIVATE_SCHEME
from bridge.translate.basis.codeable import code_pairs
from bridge.translate.basis.node import Home, Node
from bridge.translate.native.generic import is_unqualified, is_words
from bridge.translate.native.own_words import COMMENT

VALUE = Code("value", PRIVATE_SCHEME, "Value")
"""Part 16 has no concept for it."""


def put_into_container(node: Node, alone: Sequence[list[str]]) -> None:
    """In place, where the value cannot have its children. `alone`: concepts of items that are containers without."""
    if not is_unqualified(node.value):
        return
    if all(is_words(child.value) for child in node.children) and concept_of(node) not in alone:
        return
    value, node.value = node.value, Container("SEPARATE")
    node.add(value, VALUE, None).number = (1, -1)


def only_words(node: Node) -> None:
    """Of a component, which cannot be a container: what its value cannot have is left to the remainder."""
    if is_unqualified(node.value):
        node.children = [child for child in node.children if is_words(child.value)]


def is_value(child: ContentItem, parent: ContentItem) -> bool:
    """Whether it is the value of the container."""
    is_first = isinstance(parent.value, Container) and bool(parent.children) and parent.children[0] is child
    return is_first and VALUE.same(child.concept) and is_unqualified(child.value) and not (child.children or child.rest)


def repeats_concept(part: Home, whole: Home) -> bool:
    """Whether a component would be of the very concept of its result, which has a value itself: a search by that would
    find the one for the other (FHIR R4 obs-7)."""
    if not any(key.startswith("value") for key in whole):
        return False
    return not code_pairs(part.get("code", {})).isdisjoint(code_pairs(whole.get("code", {})))


def has_comments_alone(item: ContentItem) -> bool:
    """Whether a container holds nothing but Comments."""
    said = [child for child in item.children if child.relationship == "CONTAINS"]
    return isinstance(item.value, Container) and bool(said) and all(COMMENT.same(child.concept) for child in said)


def is_alone(item: ContentItem) -> bool:
    """Whether its value need not be in a container: what stood beside it was removed in the PACS."""
    first, *others = item.children or (item,)
    return is_value(first, item) and all(is_words(other.value) for other in others)


def concept_of(one: Node | ContentItem) -> list[str]:
    return [*one.concept[:2]] if one.concept is not None else []


def has_properties(item: ContentItem) -> bool:
    """Whether it has what it cannot have: so real files are, and ours were."""
    return is_unqualified(item.value) and not all(is_words(child.value) for child in item.children)
