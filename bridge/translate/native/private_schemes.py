"""Code systems of FHIR that have no designator: a private one, which the document explains in its Coding Scheme
Identification Sequence (PS3.3 C.12.1.1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bridge.model.content import Coded, Num
from bridge.model.dataset import UNICODE, DataSet, Element, items, text_element, text_of
from bridge.model.group import Group, Json
from bridge.model.names import EXTENSION_BASE
from bridge.terminology.schemes import private_designator, uri_of
from bridge.translate.basis.node import Node

SEQUENCE, _DESIGNATOR = 0x00080110, 0x00080102
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


def systems_of(header: DataSet) -> dict[str, str]:
    """What the made-up URIs of designators stand for: those that `identification` explained."""
    found = {}
    for item in items(header, SEQUENCE):
        designator = text_of(item, _DESIGNATOR)
        for resource in items(item, _RESOURCES):
            uri = text_of(resource, _URL, UNICODE)
            if uri and designator == private_designator(uri):
                found[uri_of(designator, EXTENSION_BASE)] = uri
    return found


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
