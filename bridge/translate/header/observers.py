"""Language and observers (PS3.16 TID 1204, 1001) <-> `language`, Composition.author, Practitioner and Device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.mapping.people import names_to_dicom, names_to_fhir
from bridge.mapping.texts import fhir_string, uid_identifier, uid_of
from bridge.model.content import Code, Coded, ContentItem, Plain
from bridge.model.group import Resource
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Home, Node
from bridge.translate.header.identity import TYPE_SYSTEM, is_of_type

LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
PROCEDURE_REPORTED = Code("121058", "DCM", "Procedure reported")
OBSERVER_TYPE = Code("121005", "DCM", "Observer Type")
PERSON = Code("121006", "DCM", "Person")
DEVICE = Code("121007", "DCM", "Device")
PERSON_NAME = Code("121008", "DCM", "Person Observer Name")
DEVICE_UID = Code("121012", "DCM", "Device Observer UID")
SERIAL_NUMBER = Code("121016", "DCM", "Device Observer Serial Number")
DEVICE_NAME = Code("121013", "DCM", "Device Observer Name")
DEVICE_NAMES = {  # TID 1004: item -> type of Device.deviceName, and the element that holds a copy of it
    DEVICE_NAME: ("user-friendly-name", None),
    Code("121014", "DCM", "Device Observer Manufacturer"): ("manufacturer-name", "manufacturer"),
    Code("121015", "DCM", "Device Observer Model Name"): ("model-name", "modelNumber"),
}
_SERIAL_TYPE = {"coding": [{"system": TYPE_SYSTEM, "code": "SNO"}]}
EQUIPMENT = "equipment"
"""Element id of the author that stands for the equipment of the header, and for no content item."""
BY_NAME = "name"
"""Element id of the author whom a name alone says: without an Observer Type it is a person (TID 1002)."""
_NAME_OF = {(code.scheme, code.value): how for code, how in DEVICE_NAMES.items()}
UNDETERMINED = "und"
"""Language that nobody says (ISO 639-2, as RFC 5646 has it)."""
_LANGUAGES = {  # CID 5000: meanings that readers expect
    "en": "English",
    "de": "German",
    "fr": "French",
    "en-US": "English (United States)",
    "en-GB": "English (United Kingdom)",
    "de-DE": "German (Germany)",
    UNDETERMINED: "Undetermined",
}


def language_code(language: str) -> Code:
    return Code(language, "RFC5646", _LANGUAGES.get(language) or language)


@dataclass
class Context:
    """What the children of the root say of language and observers."""

    language: str | None = None
    authors: list[Home] = field(default_factory=list)  # references to `resources`
    procedures: list[Home] = field(default_factory=list)  # CodeableConcepts
    resources: list[Resource] = field(default_factory=list)
    homes: dict[int, Home] = field(default_factory=dict)  # index of the child -> the element that it became


def context_of(root: ContentItem, key: str, known: Known, coded: Callable[[Code | None], Home]) -> Context:
    """Children that are not in `homes` are content, or have no place outside of it; of one that has children itself,
    such as Procedure reported with its intent (TID 10001), the code is repeated there."""
    context = Context()
    for index, item in enumerate(root.children):
        home = None if item.children or item.concept is None else _taken(item, index + 1, context, key, known)
        if home is None and PROCEDURE_REPORTED.same(item.concept):
            home = _procedure(item, index + 1, context, coded)
        if home is not None:
            context.homes[index] = home
    return context


def _taken(item: ContentItem, number: int, context: Context, key: str, known: Known) -> Home | None:
    code = item.value.code if isinstance(item.value, Coded) else None
    observer = context.resources[-1] if context.resources else {"resourceType": None}
    if LANGUAGE.same(item.concept):
        if code is None or code.scheme != "RFC5646" or number != 1:
            return None
        context.language = code.value
        return {}  # a code of the resource itself has no element id on HAPI: the first item, as in every template
    if OBSERVER_TYPE.same(item.concept):
        kind = "Practitioner" if PERSON.same(code) else "Device" if DEVICE.same(code) else None
        if kind is None:
            return None
        observer = {"resourceType": kind, "id": known.id(kind, f"{key}|observer {len(context.resources) + 1}")}
        return _author(observer, str(number), context)
    if PERSON_NAME.same(item.concept):
        if observer["resourceType"] == "Practitioner" and "name" not in observer:
            return _name(observer, item, number)
        identifier = known.id("Practitioner", f"{key}|observer {len(context.resources) + 1}")
        observer = {"resourceType": "Practitioner", "id": identifier}
        home = _name(observer, item, number)
        if home is not None:
            _author(observer, BY_NAME, context)
        return home
    return _device_part(observer, item, number) if observer["resourceType"] == "Device" else None


def _author(observer: Resource, place: str, context: Context) -> Home:
    context.resources.append(observer)
    context.authors.append({"id": place, "reference": f"{observer['resourceType']}/{observer['id']}"})
    return context.authors[-1]


def _procedure(item: ContentItem, number: int, context: Context, coded: Callable[[Code | None], Home]) -> Home | None:
    if not isinstance(item.value, Coded) or item.value.code is None:
        return None
    if item.children:
        context.procedures.append(coded(item.value.code))  # a copy: without an id it has no place
        return None
    context.procedures.append({"id": str(number), **coded(item.value.code)})
    return context.procedures[-1]


def _name(practitioner: Resource, item: ContentItem, number: int) -> Home | None:
    try:
        first, *others = _names(item)
    except ValueError:  # an empty name, or no name at all: the remainder carries the item
        return None
    home: Home = {"id": str(number), **first}
    practitioner["name"] = [home, *others]
    return home


def _names(item: ContentItem) -> list[Home]:
    """TID 1003 wants a PNAME, which has parts. Where somebody has written a TEXT, that is how the person is called."""
    match item.value:
        case Plain("TEXT", text) if text.strip():
            return [{"text": fhir_string(text.strip())}]
    return names_to_fhir(_text(item, "PNAME"))


def _device_part(device: Resource, item: ContentItem, number: int) -> Home | None:
    """A repeating element for each item: its element id says the place, which HAPI drops from primitives."""
    name_type, copy = _NAME_OF.get(item.concept[1::-1] if item.concept else ("", ""), (None, None))
    try:
        if name_type is not None:
            home: Home = {"id": str(number), "name": _text(item, "TEXT"), "type": name_type}
            element, taken = "deviceName", any(one["type"] == name_type for one in device.get("deviceName", ()))
        elif DEVICE_UID.same(item.concept):
            home = {"id": str(number), **uid_identifier(_text(item, "UIDREF"))[0]}
            element, taken = "identifier", any("system" in one for one in device.get("identifier", ()))
        elif SERIAL_NUMBER.same(item.concept):
            home = {"id": str(number), "type": _SERIAL_TYPE, "value": _text(item, "TEXT")}
            element, taken, copy = "identifier", "serialNumber" in device, "serialNumber"
        else:
            return None
    except ValueError:  # another value type, or no value: the remainder carries the item
        return None
    if taken:
        return None
    device.setdefault(element, []).append(home)
    if copy is not None:
        device[copy] = home.get("name") or home["value"]
    return home


def _text(item: ContentItem, value_type: str) -> str:
    if not isinstance(item.value, Plain) or item.value.value_type != value_type or not item.value.text.strip():
        raise ValueError(f"no {value_type}")
    return item.value.text


def add_context(
    root: Node,
    composition: Resource,
    find: Callable[[Home], Resource | None],
    concept: Callable[[Home], Code | None],
) -> None:
    """The items again, each at the place that its element id says."""
    if language := composition.get("language"):
        root.add(Coded(language_code(language)), LANGUAGE, None).number = (1, -1)
    for event in composition.get("event", ()):
        for coded in event.get("code", ()):
            procedure = concept(coded) if "id" in coded else None  # another event has no such place
            if procedure is not None:
                root.add(Coded(procedure), PROCEDURE_REPORTED, coded)
    for author in composition.get("author", ()):
        observer = find(author)
        if observer is None or author.get("id") == EQUIPMENT:
            continue
        if observer["resourceType"] == "Practitioner":
            if author.get("id") != BY_NAME:
                root.add(Coded(PERSON), OBSERVER_TYPE, author)
            _add_name(root, observer)
        elif observer["resourceType"] == "Device":
            root.add(Coded(DEVICE), OBSERVER_TYPE, author)
            _add_device_parts(root, observer)


def _add_name(root: Node, practitioner: Resource) -> None:
    names = practitioner.get("name", ())
    home = next((one for one in names if "id" in one), names[0] if names else {})
    if home.keys() - {"extension"} == {"id", "text"}:
        root.add(Plain("TEXT", home["text"]), PERSON_NAME, home)
        return
    try:
        said = names_to_dicom(names)
    except ValueError:  # a name without any part, or none at all
        return
    root.add(Plain("PNAME", said), PERSON_NAME, home)


def _add_device_parts(root: Node, device: Resource) -> None:
    identifiers = device.get("identifier", ())
    uid = next((one for one in identifiers if one.get("system") == DICOM_UID_SYSTEM), None)
    if uid is not None and (text := _uid_of(uid)):
        root.add(Plain("UIDREF", text), DEVICE_UID, uid)
    for concept, (name_type, copy) in DEVICE_NAMES.items():
        named = next((one for one in device.get("deviceName", ()) if one.get("type") == name_type), None)
        text = (named or {}).get("name") or device.get(copy or "")
        if text:
            root.add(Plain("TEXT", text), concept, named)
    serial = next((one for one in identifiers if is_of_type(one, "SNO")), None)
    if text := (serial or {}).get("value") or device.get("serialNumber"):
        root.add(Plain("TEXT", text), SERIAL_NUMBER, serial)


def _uid_of(identifier: Home) -> str | None:
    try:
        return str(uid_of([identifier]))
    except ValueError:  # a system that says UID, and a value that is none
        return None
