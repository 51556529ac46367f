"""What a FHIR server's answer has to be before anything is taken from it: it may say anything, of any shape. `name` is
that of the store."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.errors import PermanentError
from bridge.model.group import Json, Resource, reference_to
from bridge.stores.identifiers import identifiers_of

_OBJECTS = ("request", "response", "search")
_BESIDE = ("outcome", "include")


def is_bundle(found: Json) -> bool:
    """Whether it can be looked into: FHIR R4 Bundle, its `meta`, `link` and `entry`."""
    return (
        isinstance(found, dict)
        and found.get("resourceType") == "Bundle"
        and isinstance(found.get("meta", {}), dict)
        and all(_are_objects(found.get(name, [])) for name in ("link", "entry"))
        and all(isinstance(one.get("url", ""), str) for one in found.get("link", []))
    )


def entries_of(name: str, bundle: Json) -> list[Json]:
    """FHIR R4 Bundle.entry. Raises PermanentError where one is none."""
    entries: list[Json] = bundle.get("entry", [])
    for number, one in enumerate(entries, 1):
        if not _is_entry(one):
            raise PermanentError(f"{name}: entry {number} of its answer holds no resource; see its log")
    return entries


def _is_entry(entry: Json) -> bool:
    resource = entry.get("resource")
    return all(isinstance(entry.get(name, {}), dict) for name in _OBJECTS) and (
        resource is None or (isinstance(resource, dict) and isinstance(resource.get("resourceType"), str))
    )


def matches(name: str, bundle: Json) -> list[Json]:
    """Its entries, without what the server says about the search, or adds to it (FHIR R4 Bundle.entry.search.mode)."""
    return [one for one in entries_of(name, bundle) if one.get("search", {}).get("mode") not in _BESIDE]


def found_by(name: str, kind: str, bundle: Json) -> list[Resource]:
    """What a search for that kind has found. Raises PermanentError where it is of another, or without id."""
    found = [one["resource"] for one in matches(name, bundle) if one.get("resource") is not None]
    for one in found:
        check_named(name, one)
        if one["resourceType"] != kind:
            raise PermanentError(f"{name}: a search for {kind} was answered with another kind; what is between us?")
    return found


def check_named(name: str, resource: Resource) -> None:
    if not isinstance(resource.get("id"), str):
        raise PermanentError(f"{name}: it answers with a resource that has no `id`; see its log")


def check_found(name: str, resources: Iterable[Resource], system: str, value: str) -> None:
    """Of resources that were found by an identifier; of whatever system, where none is asked for (FHIR R4
    search.html#token). A server may take another case, or blanks around it, for the same: whose it is the rest of it
    says. Raises PermanentError where one has nothing like it: it would be taken for the patient who has."""
    for one in resources:
        check_sound(name, one)
        if not _has(one, system, value):
            what = f"{name}: {reference_to(one)} was found by an identifier that it does not have"
            raise PermanentError(f"{what}; does the server search by `identifier`, and show it?")


def _has(resource: Resource, system: str, value: str) -> bool:
    said = ((_plain(one) if system else "", _plain(each)) for one, each in identifiers_of(resource))
    return (_plain(system), _plain(value)) in said


def _plain(text: str) -> str:
    return text.strip().casefold()


def check_sound(name: str, resource: Resource) -> None:
    if not is_sound(resource):
        what = f"{reference_to(resource)} has a `meta` or `extension` that is no FHIR"
        raise PermanentError(f"{name}: {what}; correct it there")


def is_sound(resource: Resource) -> bool:
    """Whether version and extensions can be told. What else it says is looked at where that is needed."""
    meta = resource.get("meta", {})
    return (
        isinstance(meta, dict)
        and all(isinstance(meta.get(name, ""), str) for name in ("versionId", "lastUpdated"))
        and _are_objects(resource.get("extension", []))
    )


def served(capability: Json) -> set[str]:
    """Kinds of resources that the server has (FHIR R4 CapabilityStatement.rest.resource.type)."""
    kinds = (one.get("type") for rest in _objects(capability.get("rest")) for one in _objects(rest.get("resource")))
    return {one for one in kinds if isinstance(one, str)}


def _are_objects(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _objects(value: Json) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
