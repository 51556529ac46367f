"""A Measurement Group of R5 says its Finding as its value, and its Finding category as its code (HL7 dicom-sr, profile
`imaging-measurement-group`): copies of components. Who edits such a copy means the component (PS3.16 TID 1410, 1411),
whether its element id `dicom-sr` stays or not: the group itself is a container, and has no value."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.model.extensions import drop_extensions
from bridge.model.group import Json, Resource, renamed
from bridge.model.names import EXTENSION_BASE
from bridge.releases.dicom_sr import CATEGORY, COPY, FINDING, GROUP, says
from bridge.terminology.schemes import DCM, SCT
from bridge.translate.native.asserted import is_denied
from bridge.translate.native.copies import copied
from bridge.translate.remainder.json_patch import canonical_text, guard

_URL = f"{EXTENSION_BASE}/StructureDefinition/copy"
_CONCEPT = "valueCodeableConcept"
_FOLLOWED = "edited; in a Measurement Group it is the component {}, which follows it"
_BOTH = "it and the component {}, which it repeats, were edited to different things: that of the component is taken"


def guarded(resource: Resource) -> Resource:
    """With digests of the copies in it, in place: by them an edit of one is told from an edit of its component."""
    guards = [{"url": _URL, "valueString": _guard(element, one)} for element, one in _copies(resource)]
    if guards:
        resource["extension"] = [*resource.get("extension", ()), *guards]
    return resource


def _copies(resource: Resource) -> Iterator[tuple[str, Json]]:
    found = (
        [(one, resource.get(one)) for one in (_CONCEPT, "code")] if resource["resourceType"] == "Observation" else []
    )
    return ((element, one) for element, one in found if one is not None and one.get("id") == COPY)


def followed(resource: Resource, *, ours: bool) -> tuple[Resource, list[str]]:
    """A copy without the digests, whose components say what the copies were edited to; and warnings. Without digests
    (an earlier version wrote none) nobody knows which of two that differ was edited: the component holds. `ours`: born
    in DICOM."""
    made: Resource = renamed(resource, {})
    guards = {one["valueString"] for one in made.get("extension", ()) if _is_guard(one)}
    drop_extensions(made, _is_guard)
    if made["resourceType"] != "Observation" or not (ours or guards):
        return made, []
    has_category = any(says(one, DCM, GROUP) for one in made.get("category", ()))
    is_group = has_category or says(made.get("code", {}), DCM, GROUP)
    warnings = list[str]()
    if is_group and not is_denied(made, {}) and (said := _values(made)):
        warnings += _follow(made, _CONCEPT, said, (DCM, FINDING), guards)
    if has_category and not says(made.get("code", {}), DCM, GROUP):
        warnings += _follow(made, "code", {_CONCEPT: made["code"]}, (SCT, CATEGORY), guards)
    return made, warnings


def _follow(group: Resource, element: str, said: Resource, concept: tuple[str, str], guards: set[str]) -> list[str]:
    """In place; nothing where the copy, an `element` that has `said` so, is as it was, or repeats no component, or one
    of several."""
    parts = [one for one in group.get("component", ()) if says(one.get("code", {}), *concept)]
    if len(parts) != 1 or not _is_edited(element, said, guards):
        return []
    (part,) = parts
    own = _values(part)
    if _text(said) == _text(own):
        return []
    both = not guards or _is_edited(element, own, guards)
    if not both:
        _put(part, {name: copied(one) if name == _CONCEPT else one for name, one in said.items()})
    again = {_CONCEPT: {"id": COPY} | copied(part[_CONCEPT])} if _CONCEPT in part else {}
    if element == "code":
        group["code"] = again.get(_CONCEPT, group["code"])
    else:
        _put(group, again)
    named = next(iter(said)) if element == _CONCEPT else element
    return [f"Observation.{named}: {(_BOTH if both else _FOLLOWED).format(concept[1])}"]


def _is_edited(element: str, said: Resource, guards: set[str]) -> bool:
    concept = said.get(_CONCEPT)
    if concept is None:
        return True
    return _guard(element, concept) not in guards if guards else bool(concept.get("id") != COPY)


def _values(home: Resource) -> Resource:
    """Or why there is none."""
    return {name: one for name, one in home.items() if name.startswith(("value", "_value", "dataAbsentReason"))}


def _put(home: Resource, values: Resource) -> None:
    for name in _values(home):
        del home[name]
    home |= values


def _text(values: Resource) -> str:
    return canonical_text({name: copied(one) if name == _CONCEPT else one for name, one in values.items()})


def _guard(element: str, concept: Json) -> str:
    return f"{element} {guard(copied(concept))}"


def _is_guard(extension: Json) -> bool:
    return extension.get("url") == _URL and "valueString" in extension
