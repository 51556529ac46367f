"""Method and subject of a document born in DICOM, which FHIR repeats on each result (PS3.3 C.17.5): copies, which
follow the items that say them. A method that was edited itself is a Measurement Method of that very result now (PS3.16
TID 300), which overrides what it inherits."""

from __future__ import annotations

from bridge.model.content import Path
from bridge.model.group import Group, Json, Resource
from bridge.translate.basis.digests import GUARD, digest
from bridge.translate.basis.node import INHERITED, OWN
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.remainder.json_patch import canonical_text

_ELEMENTS = ("method", "focus")
_FOLLOWS = "repeats an item that was edited: it follows that"


def repeated_in(homes: dict[Path, Json], natives: dict[Path, Json]) -> list[str]:
    """Digests of what results repeat as `natives` are read, each of one result at one place; no more than its name
    where it was edited."""
    return [
        _name(home, element) + (_digest(path, home, element) if _same(home[element], native[element]) else "")
        for path, home in homes.items()
        for element in _ELEMENTS
        if element in home and _repeats(native := natives.get(path, {}), element)
    ]


def repeating_again(group: Group, copies: list[str]) -> Group:
    """A result that repeats a method does so whoever has written that anew, without our element id."""
    names = {one[:_NAME] for one in copies}
    anew = {
        id(one): one | {"method": {"id": INHERITED} | one["method"]}
        for one in group.resources()
        if names and "id" not in one.get("method", {"id": ""}) and _name(one, "method") in names
    }
    return group.with_resources(anew) if anew else group


def with_context(
    group: Group, homes: dict[Path, Json], image: FhirImage, copies: list[str], moves: dict[Path, Path]
) -> tuple[Group, list[str]]:
    """The group whose copies say what the document does, and whose edited methods are their own; the very same where it
    has none. With warnings. `copies`: `repeated_in` the document as it was; `moves`: where its items were, and are."""
    former = {now: was for was, now in moves.items()}
    new, warnings = dict[int, Resource](), list[str]()
    for path, home in homes.items():
        for element in _ELEMENTS if home.get("resourceType") == "Observation" else ():
            native = image.homes.get(path, {})
            if element not in home or _same(home[element], native.get(element)):
                continue
            current: Resource = new.get(id(home)) or home
            others = {key: one for key, one in current.items() if key != element}
            if _name(home, element) + _digest(former.get(path, path), home, element) in copies:
                new[id(home)] = others | ({element: native[element]} if element in native else {})
                warnings.append(f"Observation.{element} {_FOLLOWS}")
            elif element == "method" and home[element].get("id") == INHERITED:
                new[id(home)] = others | {element: home[element] | {"id": OWN}}
    return (group.with_resources(new) if new else group), list(dict.fromkeys(warnings))


def _repeats(native: Resource, element: str) -> bool:
    """The subject is said of no result itself."""
    found = native.get(element) if native.get("resourceType") == "Observation" else None
    return found is not None and (element != "method" or found.get("id") == INHERITED)


def _same(said: Json, native: Json) -> bool:
    return bool(_said(said) == _said(native))


def _said(value: Json) -> Json:
    """Of a concept its codes and words: what only repeats a code may be left out."""
    if not isinstance(value, dict):
        return value
    codings = value.get("coding", ())
    words = value.get("text", next((one["display"] for one in codings if "display" in one), None))
    return [[[one.get("system"), one.get("code")] for one in codings], words]


def _name(resource: Resource, element: str) -> str:
    return digest(canonical_text([resource.get("id"), element]), GUARD)


_NAME = len(_name({}, ""))


def _digest(path: Path, resource: Resource, element: str) -> str:
    """Places within one parent may change: all of them inherit the same."""
    return digest(canonical_text([*path[:-1], _said(resource[element])]), GUARD)
