"""Language and observers (PS3.16 TID 1204, 1001) <-> `language`, Composition.author, Practitioner and Device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.mapping.lens import name_of, person_name, uid_identifier, uid_of
from bridge.model.content import Code, Coded, ContentItem, Plain
from bridge.model.group import Resource
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.translate.ids import Known
from bridge.translate.node import Home, Node

LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
OBSERVER_TYPE = Code("121005", "DCM", "Observer Type")
PERSON = Code("121006", "DCM", "Person")
DEVICE = Code("121007", "DCM", "Device")
PERSON_NAME = Code("121008", "DCM", "Person Observer Name")
DEVICE_PARTS = {  # TID 1004
    Code("121012", "DCM", "Device Observer UID"): "identifier",
    Code("121013", "DCM", "Device Observer Name"): "deviceName",
    Code("121014", "DCM", "Device Observer Manufacturer"): "manufacturer",
    Code("121015", "DCM", "Device Observer Model Name"): "modelNumber",
    Code("121016", "DCM", "Device Observer Serial Number"): "serialNumber",
}
EQUIPMENT = "equipment"
"""Element id of the author that stands for the equipment of the header, and for no content item."""
_PART_OF = {(code.scheme, code.value): element for code, element in DEVICE_PARTS.items()}
_LANGUAGES = {  # CID 5000: meanings that readers expect
    "en": "English",
    "de": "German",
    "fr": "French",
    "en-US": "English (United States)",
    "en-GB": "English (United Kingdom)",
    "de-DE": "German (Germany)",
}


@dataclass
class Context:
    """What the children of the root say of language and observers."""

    language: str | None = None
    language_home: Home | None = None
    authors: list[Home] = field(default_factory=list)  # references to `resources`
    resources: list[Resource] = field(default_factory=list)
    homes: dict[int, Home] = field(default_factory=dict)  # index of the child -> the element that it became


def context_of(root: ContentItem, key: str, known: Known) -> Context:
    """Children that are not in `homes` are content, or have no place outside of it."""
    context = Context()
    for index, item in enumerate(root.children):
        home = None if item.children or item.concept is None else _taken(item, index + 1, context, key, known)
        if home is not None:
            context.homes[index] = home
    return context


def _taken(item: ContentItem, number: int, context: Context, key: str, known: Known) -> Home | None:
    code = item.value.code if isinstance(item.value, Coded) else None
    observer = context.resources[-1] if context.resources else {"resourceType": None}
    if LANGUAGE.same(item.concept):
        if code is None or code.scheme != "RFC5646" or context.language is not None:
            return None
        context.language, context.language_home = code.value, {"id": str(number)}
        return context.language_home
    if OBSERVER_TYPE.same(item.concept):
        kind = "Practitioner" if PERSON.same(code) else "Device" if DEVICE.same(code) else None
        if kind is None:
            return None
        observer = {"resourceType": kind, "id": known.id(kind, f"{key}|{number}")}
        context.resources.append(observer)
        context.authors.append({"id": str(number), "reference": f"{kind}/{observer['id']}"})
        return context.authors[-1]
    if PERSON_NAME.same(item.concept) and observer["resourceType"] == "Practitioner" and "name" not in observer:
        return _name(observer, item, number)
    part = _PART_OF.get((item.concept.scheme, item.concept.value)) if item.concept else None
    if part and observer["resourceType"] == "Device" and part not in observer:
        return _device_part(observer, part, item, number)
    return None


def _name(practitioner: Resource, item: ContentItem, number: int) -> Home | None:
    try:
        practitioner["name"] = [{"id": str(number), **person_name(_text(item, "PNAME"))}]
    except ValueError:  # an empty name, or no name at all: the remainder carries the item
        return None
    home: Home = practitioner["name"][0]
    return home


def _device_part(device: Resource, element: str, item: ContentItem, number: int) -> Home | None:
    try:
        if element == "identifier":
            home = {"id": str(number), **uid_identifier(_text(item, "UIDREF"))[0]}
            device[element] = [home]
        elif element == "deviceName":
            home = {"id": str(number), "name": _text(item, "TEXT"), "type": "user-friendly-name"}
            device[element] = [home]
        else:
            device[element] = _text(item, "TEXT")
            home = device[f"_{element}"] = {"id": str(number)}
    except ValueError:
        return None
    return home


def _text(item: ContentItem, value_type: str) -> str:
    if not isinstance(item.value, Plain) or item.value.value_type != value_type or not item.value.text.strip():
        raise ValueError(f"no {value_type}")
    return item.value.text


def add_context(root: Node, report: Resource, composition: Resource, find: Callable[[Home], Resource | None]) -> None:
    """The items again, each at the place that its element id says."""
    if language := composition.get("language"):
        home = report.get("_language") or {}
        root.add(Coded(Code(language, "RFC5646", _LANGUAGES.get(language) or language)), LANGUAGE, home)
    for author in composition.get("author", ()):
        observer = find(author)
        if observer is None or author.get("id") == EQUIPMENT:
            continue
        if observer["resourceType"] == "Practitioner":
            root.add(Coded(PERSON), OBSERVER_TYPE, author)
            _add_name(root, observer)
        elif observer["resourceType"] == "Device":
            root.add(Coded(DEVICE), OBSERVER_TYPE, author)
            _add_device_parts(root, observer)


def _add_name(root: Node, practitioner: Resource) -> None:
    for name in practitioner.get("name", ())[:1]:
        try:
            root.add(Plain("PNAME", name_of(name)), PERSON_NAME, name)
        except ValueError:  # a name without any part
            continue


def _add_device_parts(root: Node, device: Resource) -> None:
    for concept, element in DEVICE_PARTS.items():
        part = device.get(element)
        if not part:
            continue
        if element == "identifier":
            said = next((one for one in part if one.get("system") == DICOM_UID_SYSTEM), None)
            try:
                uid = uid_of([said] if said else [])
            except ValueError:  # an identifier of another kind
                continue
            root.add(Plain("UIDREF", uid), concept, said)
        elif element == "deviceName":
            root.add(Plain("TEXT", part[0]["name"]), concept, part[0])
        else:
            root.add(Plain("TEXT", part), concept, device.get(f"_{element}") or {})
