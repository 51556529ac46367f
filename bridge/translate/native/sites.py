"""Where something was found, which DICOM says once for all items below (PS3.3 C.17.5), and FHIR with each result."""

from __future__ import annotations

from typing import NamedTuple

from bridge.mapping.mapping import Mapping, Template
from bridge.model.content import Code, Coded, Container, ContentItem, Plain
from bridge.translate.basis.node import INHERITED, Home
from bridge.translate.native.qualifiers import reason_of
from bridge.translate.native.spelled import printable

Where = dict[str, list[str]]
"""Words by which of `_WHERE` they are, in the order in which they are said."""
SIDE, _PART, _BRANCH = "Laterality", "Topographical modifier", "Vessel Branch"  # TID 300, TID 5104
_WHERE = {
    ("272741003", "SCT"): SIDE,
    ("G-C171", "SRT"): SIDE,
    ("106233006", "SCT"): _PART,
    ("G-A1F8", "SRT"): _PART,
    ("125101", "DCM"): _BRANCH,
}


class Site(NamedTuple):
    """A Finding Site, and what stands below it or beside. One in words has no code, an unknown one no name either."""

    coded: Home
    name: str
    where: Where


class Place(NamedTuple):
    """Where something was found. `where` is nearer than the sites, or there are none."""

    sites: tuple[Site, ...] = ()
    where: Where = {}


def place_of(item: ContentItem, around: Place, mapping: Mapping, template: Template) -> Place:
    """What an item says of where it was found, else what is said around it. Another Finding Site has not the side of
    the one around, unless the template says that it has, and its words may say another; one that is unknown is not the
    one around, either. A group of TID 5104 is a part of what its section is about."""
    where, sites = where_of(item), sites_of(item, mapping)
    group = isinstance(item.value, Container) and item.concept is not None and template.is_site(item.concept)
    if not sites and not group:
        return Place(around.sites, around.where | where) if where else around
    is_part = group and not any(one.coded or one.name for one in sites)
    if is_part:
        sites = (Site(coded_of(item.concept, mapping), _meaning(item.concept), {}),)
    side = side_of(around) if template.sided or is_part else {}
    return Place(tuple(_sided(one, side if one.coded else {}, where) for one in sites))


def place_of_sources(item: ContentItem, around: Place, mapping: Mapping) -> Place:
    """Where that was found from which an item was inferred: what the item says of where is of itself alone (HAS CONCEPT
    MOD, PS3.3 C.17.3.2.4), and ends what is said around it."""
    if sites_of(item, mapping):
        return Place()
    said = where_of(item)
    sites = tuple(one._replace(where=_but(one.where, said)) for one in around.sites)
    return Place(sites, _but(around.where, said))


def _but(where: Where, said: Where) -> Where:
    return {kind: words for kind, words in where.items() if kind not in said}


def _sided(site: Site, around: Where, beside: Where) -> Site:
    return site._replace(where=site.where | around | beside | site.where)


def side_of(place: Place) -> Where:
    """What is said of all that is there: nothing where it is on both sides."""
    said = [(one.where | place.where).get(SIDE, []) for one in place.sites or (Site({}, "", {}),)]
    return {SIDE: said[0]} if said[0] and all(one == said[0] for one in said) else {}


def sites_of(item: ContentItem, mapping: Mapping) -> tuple[Site, ...]:
    """Finding Sites of an item, each once: by code, or where none has one, in words. Why somebody did not say where is
    no place; where nothing else is said, it is not known."""
    modifiers = [child for child in item.children if is_site(child, mapping) and not _stands_alone(child, item)]
    if not modifiers:
        return ()
    found, in_words, unknown = dict[str, Site](), dict[str, Site](), list[Site]()
    for child in modifiers:
        code, where = child.value.code if isinstance(child.value, Coded) else None, where_of(child)
        if words := _words(child):
            in_words.setdefault(repr((words, where)), Site({}, words, where))
        elif reason_of(code) is None and (code is not None or where):
            found.setdefault(repr((code and code[:2], where)), Site(_coded(child, mapping), _meaning(code), where))
        else:
            unknown = [Site({}, "", where)]
    return tuple((found or in_words).values()) or (*unknown,)


def _words(item: ContentItem) -> str:
    value = item.value
    return printable(value.text).strip() if isinstance(value, Plain) and value.value_type == "TEXT" else ""


def _stands_alone(site: ContentItem, item: ContentItem) -> bool:
    """Whether it is content of the container, with what was found there, and no modifier of all that is in it."""
    return isinstance(item.value, Container) and site.relationship == "CONTAINS"


def where_of(item: ContentItem) -> Where:
    """Laterality, Topographical Modifier and Vessel Branch of an item, by which of them it is, in words or by code: no
    method and no normality. One that is unknown has no words: it is not that of what is around."""
    found: Where = {}
    for child in item.children:
        concept = child.concept
        if concept is not None and (kind := _WHERE.get(concept[:2])) is not None:
            code = child.value.code if isinstance(child.value, Coded) else None
            said = _words(child) if code is None else code.meaning if reason_of(code) is None else ""
            below = [word for words in where_of(child).values() for word in words]
            found[kind] = [*found.get(kind, ()), *filter(None, (said, *below))]
    return found


def says_where(item: ContentItem) -> bool:
    """Whether it is one of these, whatever its value."""
    return item.concept is not None and item.concept[:2] in _WHERE


def is_side(item: ContentItem) -> bool:
    """Whether it is a Laterality, whatever its value."""
    return item.concept is not None and _WHERE.get(item.concept[:2]) == SIDE


def body_site(place: Place) -> Home | None:
    """The site with its side: left and right are no different codes. What is said nearer holds: a side of a measurement
    is that of the site around it. Of several sites no code says what all of them say."""
    sites, where = place
    if not sites:
        return {"id": INHERITED, "text": _text("", where)} if where.get(SIDE) else None
    said = [(_text(site.name, site.where | where), site.coded) for site in sites]
    words, coded = said[0]
    if not words and not coded:
        return None
    if any(one != said[0] for one in said):
        return {"id": INHERITED, "text": "; ".join(dict.fromkeys(text for text, _ in said))}
    return {"id": INHERITED, **coded} | ({"text": words} if sites[0].where | where or not coded else {})


def _text(name: str, where: Where) -> str:
    """A site that was edited in FHIR says its side already."""
    said = [*filter(None, name.split(", "))]
    return ", ".join([*said, *(word for words in where.values() for word in words if word and word not in said)])


def _meaning(code: Code | None) -> str:
    return code.meaning if code is not None else ""


def is_site(item: ContentItem, mapping: Mapping) -> bool:
    return folded_as(item, mapping) == ("bodySite",)


def folded_as(item: ContentItem, mapping: Mapping) -> tuple[str, ...] | None:
    """The element that an item of that concept is, where it can be one."""
    return mapping.beside.get(item.concept[:2]) if item.concept is not None else None


def _coded(item: ContentItem, mapping: Mapping) -> Home:
    return coded_of(item.value.code if isinstance(item.value, Coded) else None, mapping)


def coded_of(code: Code | None, mapping: Mapping) -> Home:
    try:
        return mapping.coded(code)
    except ValueError:  # a code that FHIR cannot spell
        return mapping.coded(None)
