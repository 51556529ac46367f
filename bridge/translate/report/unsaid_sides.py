"""Left or right around a Finding Site, which is not said of that: whether it holds for another site, no rule of PS3.16
says but that of TID 5103. A reader of the SR sees it beside, a FHIR client does not."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.mapping.mapping import Mapping, Template
from bridge.model.content import ContentItem, Path
from bridge.model.document import Document
from bridge.translate.basis.node import element_id
from bridge.translate.native.sites import SIDE, Place, is_side, place_of, side_of, sites_of
from bridge.translate.report.odd_items import line

_UNSAID = "a Finding Site without a Laterality, within one that has it: bodySite does not say that side"


def unsaid_sides(document: Document, mapping: Mapping) -> list[str]:
    """Returns one warning at most, with the first place."""
    if not _says_side(document.root):  # as most do
        return []
    template = mapping.template(document.template, document.root.concept)
    found = [*map(element_id, _unsaid(document.root, Place(), (0,), mapping, template))]
    return [line(_UNSAID, found)] if found else []


def _says_side(item: ContentItem) -> bool:
    return is_side(item) or any(map(_says_side, item.children))


def _unsaid(item: ContentItem, around: Place, path: Path, mapping: Mapping, template: Template) -> Iterator[Path]:
    if not item.children:
        return
    place = place_of(item, around, mapping, template)
    if (
        side_of(around)
        and sites_of(item, mapping)
        and not all(SIDE in one.where or not one.coded for one in place.sites)
    ):
        yield path
    for index, child in enumerate(item.children):
        yield from _unsaid(child, place, (*path, index), mapping, template)
