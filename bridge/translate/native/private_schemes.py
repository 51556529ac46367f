"""Private designators, which the document explains in its Coding Scheme Identification Sequence (PS3.3 C.12.1.1.1):
ours, of code systems of FHIR that have none; and those of others, which may mean something else by one of a site's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bridge.mapping.mapping import Mapping
from bridge.model.content import Code, Coded, Num
from bridge.model.dataset import UNICODE, DataSet, Element, items, text_element, text_of
from bridge.model.group import Group, Json
from bridge.model.names import EXTENSION_BASE, PRIVATE_SCHEME
from bridge.terminology.schemes import designator_of, is_private, private_designator, uri_of
from bridge.translate.basis.node import Node

SEQUENCE, _DESIGNATOR, _UID = 0x00080110, 0x00080102, 0x0008010C
_OURS = re.compile("99[0-9A-F]{12}")
_RESOURCES, _URL_TYPE, _URL = 0x00080109, 0x0008010A, 0x0008010E


def identification(root: Node, group: Group) -> Iterator[Element]:
    """The sequence for the private designators in the tree that stand for a system of the group."""
    said: set[str] = set()
    _collect(root, said)
    used = {scheme for scheme in said if _OURS.fullmatch(scheme)}
    if not used:
        return
    systems = {private_designator(system): system for one in group.resources() for system in _systems(one)}
    found = tuple(_item(scheme, systems[scheme]) for scheme in sorted(used & systems.keys()))
    if found:
        yield Element(SEQUENCE, "SQ", found)


def _item(designator: str, uri: str) -> DataSet:
    resource = (
        text_element(_URL_TYPE, "CS", "FHIR"),
        text_element(_URL, "UR", uri, UNICODE),
    )
    return (
        text_element(_DESIGNATOR, "SH", designator),
        Element(_RESOURCES, "SQ", (resource,)),
    )


def identified(header: DataSet) -> dict[str, str]:
    """URIs of what the document means by private designators: of their UID, else the one that FHIR has for them. A name
    alone identifies nothing."""
    found = {}
    for item in items(header, SEQUENCE):
        designator, uid = text_of(item, _DESIGNATOR), text_of(item, _UID)
        urls = [
            text_of(one, _URL, UNICODE) for one in items(item, _RESOURCES) if text_of(one, _URL_TYPE) in ("FHIR", None)
        ]
        uri = f"urn:oid:{uid}" if uid else next(filter(None, urls), None)
        if designator and uri and is_private(designator) and designator != PRIVATE_SCHEME:
            found[designator] = uri
    return found


def others(header: DataSet, mapping: Mapping) -> dict[str, str]:
    """Of those, what is not what the rows of the mapping mean by the designator."""
    return {name: uri for name, uri in identified(header).items() if mapping.schemes.get(name) != uri}


def systems_of(schemes: dict[str, str]) -> dict[str, str]:
    """What the made-up URIs of these designators stand for; of a system that has a designator, none comes back."""
    return {
        uri_of(name, EXTENSION_BASE): uri for name, uri in schemes.items() if designator_of(uri, EXTENSION_BASE) is None
    }


def names_of(schemes: dict[str, str]) -> dict[str, str]:
    """How a document calls systems that others would call by a designator of ours."""
    systems = systems_of(schemes).values()
    found = {private_designator(uri): name for name, uri in schemes.items() if uri in systems}
    return {ours: name for ours, name in found.items() if ours != name}


def called(node: Node, names: dict[str, str]) -> None:
    """Puts designators of the document in place of ours, in place."""
    node.concept, value = _called(node.concept, names), node.value
    if isinstance(value, Coded):
        node.value = Coded(_called(value.code, names))
    elif isinstance(value, Num):
        node.value = Num(value.values, _called(value.unit, names), _called(value.qualifier, names), value.floating)
    for child in node.children:
        called(child, names)


def _called(code: Code | None, names: dict[str, str]) -> Code | None:
    if code is None:
        return None
    equivalents = tuple([one._replace(scheme=names.get(one.scheme, one.scheme)) for one in code.equivalents])
    return code._replace(scheme=names.get(code.scheme, code.scheme), equivalents=equivalents)


def explain(value: Json, systems: dict[str, str]) -> None:
    """Puts the systems in place of their made-up URIs."""
    if isinstance(value, dict):
        system = value.get("system")
        if isinstance(system, str) and system in systems:
            value["system"] = systems[system]
        for child in value.values():
            explain(child, systems)
    elif isinstance(value, list):
        for child in value:
            explain(child, systems)


def _collect(node: Node, schemes: set[str]) -> None:
    value = node.value
    other = value.code if isinstance(value, Coded) else value.unit if isinstance(value, Num) else None
    for code in (node.concept, other):
        if code is not None:
            schemes.add(code.scheme)
            if code.equivalents:
                schemes.update([one.scheme for one in code.equivalents])
    for child in node.children:
        _collect(child, schemes)


def _systems(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        system = value.get("system")
        if isinstance(system, str):
            yield system
        for child in value.values():
            yield from _systems(child)
    elif isinstance(value, list):
        for child in value:
            yield from _systems(child)
