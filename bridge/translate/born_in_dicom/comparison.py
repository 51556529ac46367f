"""The remainder of the items: the tree as read beside the tree as FHIR gives it back, natively; what differs goes onto
the FHIR elements that the items became."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from bridge.mapping.mapping import Mapping
from bridge.model.content import Coded, Container, ContentItem, Value
from bridge.model.dataset import UNICODE, Charset, DataSet, charset_of
from bridge.model.group import Json
from bridge.model.sr import is_of_content, own_elements, write_item
from bridge.translate.basis.node import Node, names_of
from bridge.translate.born_in_fhir.sited import site_guard
from bridge.translate.native.generic import relationship
from bridge.translate.native.sites import is_site
from bridge.translate.remainder.element_json import dataset_json
from bridge.translate.remainder.elements import difference, item_group
from bridge.translate.remainder.extension import attach

Remainder = dict[str, Any]


class Comparison:
    def __init__(self, mapping: Mapping, *, born: bool) -> None:
        """`born`: in DICOM."""
        self.mapping, self.born = mapping, born

    def compare(self, item: ContentItem, node: Node, parent: Value | None, charset: Charset) -> Remainder:
        """Returns the remainder of this item; attaches those of its children to their homes, in place."""
        charset = charset_of(item.rest, charset)
        found = self._own(item, node, parent, charset)
        if not item.children and not node.children:
            return found
        matched, extra = node.matches(item.children)
        listed = node.is_listed()
        names = dict(zip(map(id, node.children), names_of(node.children), strict=True)) if listed else {}
        moved = _moved(node, item, matched) if listed else {}
        without: list[int | str] = []
        for order in extra:
            child_home = node.children[order].home
            if listed and child_home is not None:
                attach(child_home, "item", {"n": 0})
            else:
                without.append(names[id(node.children[order])] if listed else order)
        if without:
            found["without"] = without
        carried, homeless = [], Remainder()
        for index, child in enumerate(item.children):
            if (native := matched.get(index)) is None:
                carried.append({"n": index + 1, "e": dataset_json(write_item(child, charset), charset)})
            elif inner := self.compare(child, native, node.value, charset) | moved.get(index, {}):
                if native.home is not None:
                    attach(native.home, "item", inner)
                else:  # an item that no element stands for
                    homeless[names[id(native)] if listed else str(index)] = inner
        if carried and node.home is not None and _is_site(node, self.mapping):
            found["site"] = site_guard(node.home)
        return found | ({"inner": homeless} if homeless else {}) | ({"carried": carried} if carried else {})

    def _own(self, item: ContentItem, node: Node, parent: Value | None, charset: Charset) -> Remainder:
        """What the item says beside its children."""
        relation = None if parent is None else relationship(parent, node, self.mapping, born=self.born)
        if (relation, node.concept, node.value, node.rest) == (item.relationship, item.concept, item.value, item.rest):
            return {}
        native = ContentItem(relation, node.concept, node.value, (), node.rest)
        said = ContentItem(item.relationship, item.concept, item.value, (), item.rest)
        usual = isinstance(node.value, Coded | Container) and isinstance(item.value, Coded | Container)
        usual = usual and is_of_content(node.rest) and is_of_content(item.rest)
        patch = (_usual_patch if usual else _patch)(native, said, charset)
        return {"p": patch} if patch else {}


def _is_site(node: Node, mapping: Mapping) -> bool:
    return node.fold is not None and is_site(node.item(), mapping)


def _moved(node: Node, item: ContentItem, matched: dict[int, Node]) -> dict[int, Remainder]:
    """The number of each child that does not stand where the lists have it."""
    orders = {id(child): order for order, child in enumerate(node.children)}
    more = len(item.children) - len(node.children)
    return {
        index: {"n": index + 1} for index, child in matched.items() if child.index(orders[id(child)], more) != index
    }


def _patch(native: ContentItem, item: ContentItem, charset: Charset) -> dict[str, Json]:
    return difference(_elements(native, charset), own_elements(item, charset), item_group, charset)


_usual_patch = lru_cache(maxsize=4096)(_patch)
"""Of headings and coded answers, which differ alike all over a report, and its neighbours."""


def _elements(native: ContentItem, charset: Charset) -> DataSet:
    try:
        return own_elements(native, charset)
    except UnicodeError:  # text that only the native translation holds, such as a name of our own
        return own_elements(native, UNICODE)
