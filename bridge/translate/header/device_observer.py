"""A device that observed (PS3.16 TID 1004) <-> Device."""

from __future__ import annotations

from bridge.mapping.texts import uid_identifier, uid_in
from bridge.model.content import Code, Coded, ContentItem, Plain
from bridge.model.group import Resource
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.translate.basis.node import Coding, Concept, Home, Node
from bridge.translate.header.identity import TYPE_SYSTEM, is_of_type

DEVICE_UID = Code("121012", "DCM", "Device Observer UID")
DEVICE_NAME = Code("121013", "DCM", "Device Observer Name")
DEVICE_NAMES = {  # item -> type of Device.deviceName, and the element that holds a copy of it
    DEVICE_NAME: ("user-friendly-name", None),
    Code("121014", "DCM", "Device Observer Manufacturer"): ("manufacturer-name", "manufacturer"),
    Code("121015", "DCM", "Device Observer Model Name"): ("model-name", "modelNumber"),
}
SERIAL_NUMBER = Code("121016", "DCM", "Device Observer Serial Number")
LOCATION = Code("121017", "DCM", "Device Observer Physical Location During Observation")
DEVICE_ROLE = Code("113876", "DCM", "Device Role in Procedure")
AE_TITLE = Code("110119", "DCM", "Station AE Title")
_SERIAL_TYPE = {"coding": [{"system": TYPE_SYSTEM, "code": "SNO"}]}
_NAME_OF = {(code.scheme, code.value): how for code, how in DEVICE_NAMES.items()}


def described_by(item: ContentItem, number: int, device: Resource, coding: Coding) -> Home | None:
    """A repeating element for each item: its element id says the place, which HAPI drops from primitives. None of
    another value type, of no value, and where the element is taken: the remainder carries the item."""
    match item.value:
        case Plain("UIDREF", text) if DEVICE_UID.same(item.concept):
            return _uid(text, number, device)
        case Plain("TEXT", text) if text.strip():
            return _words(item.concept, text, number, device, coding)
        case Coded(code) if DEVICE_ROLE.same(item.concept) and code is not None:
            home: Home = {"id": str(number), "type": coding(DEVICE_ROLE), "valueCode": [coding(code)]}
            device.setdefault("property", []).append(home)
            return home
    return None


def _uid(text: str, number: int, device: Resource) -> Home | None:
    if any("system" in one for one in device.get("identifier", ())):
        return None
    try:
        home: Home = {"id": str(number), **uid_identifier(text)[0]}
    except ValueError:
        return None
    device.setdefault("identifier", []).append(home)
    return home


def _words(concept: Code | None, text: str, number: int, device: Resource, coding: Coding) -> Home | None:
    home: Home = {"id": str(number)}
    kind, copy = _NAME_OF.get(concept[1::-1] if concept else ("", ""), (None, None))
    if kind is not None:
        return _listed(device, "deviceName", home | {"name": text, "type": kind}, copy)
    if SERIAL_NUMBER.same(concept):
        return _listed(device, "identifier", home | {"type": _SERIAL_TYPE, "value": text}, "serialNumber")
    if AE_TITLE.same(concept):
        return _listed(device, "identifier", home | {"type": coding(AE_TITLE), "value": text}, None)
    if LOCATION.same(concept) and "location" not in device:
        device["location"] = home = home | {"display": text}
        return home
    return None


def _listed(device: Resource, element: str, home: Home, copy: str | None) -> Home | None:
    """Beside the others, unless one of its type is there already."""
    said = device.get(element, [])
    if any(one.get("type") == home["type"] for one in said):
        return None
    device[element] = [*said, home]
    if copy is not None:
        device[copy] = home.get("name") or home["value"]
    return home


def called(device: Resource) -> Home:
    """What a reference says of it that does not lead to it; that it was a device, where nobody says which."""
    identifiers = [{key: said for key, said in one.items() if key != "id"} for one in device.get("identifier", ())]
    found: Home = {"identifier": identifiers[0]} if identifiers else {}
    names = [one["name"] for one in device.get("deviceName", ())]
    return found | ({"display": names[0]} if names else {}) or {"type": "Device"}


def add_device(root: Node, device: Resource, concept: Concept) -> None:
    """Adds the items of a device, each at the place that its element id says."""
    identifiers = device.get("identifier", ())
    uid = next((one for one in identifiers if one.get("system") == DICOM_UID_SYSTEM), None)
    if uid is not None and (text := uid_in([uid])):
        root.add(Plain("UIDREF", text), DEVICE_UID, uid)
    for name, (name_type, copy) in DEVICE_NAMES.items():
        named = next((one for one in device.get("deviceName", ()) if one.get("type") == name_type), None)
        if text := (named or {}).get("name") or device.get(copy or ""):
            root.add(Plain("TEXT", text), name, named)
    serial = next((one for one in identifiers if is_of_type(one, "SNO")), None)
    if text := (serial or {}).get("value") or device.get("serialNumber"):
        root.add(Plain("TEXT", text), SERIAL_NUMBER, serial)
    if text := device.get("location", {}).get("display"):
        root.add(Plain("TEXT", text), LOCATION, device["location"])
    for said in device.get("property", ()):
        if DEVICE_ROLE.same(concept(said.get("type", {}))):
            for code in filter(None, map(concept, said.get("valueCode", ()))):
                root.add(Coded(code), DEVICE_ROLE, said)
    for said in identifiers:
        if AE_TITLE.same(concept(said.get("type", {}))) and (text := said.get("value")):
            root.add(Plain("TEXT", text), AE_TITLE, said)
