"""What a resource says of its items in another shape: the narrative, a presented form, what extends a primitive or a
value (its translation, into another unit say). No item says it, so it is guarded by the items, or by what it extends,
and goes where those were edited in DICOM and it was not. `Potassium 4.1 mmol/L` is no narrative of 6.9."""

from __future__ import annotations

import re
from dataclasses import replace

from bridge.model.content import ContentItem, Path
from bridge.model.group import Json, Resource
from bridge.translate.basis.digests import item_digest
from bridge.translate.native.subject_context import is_of_subject
from bridge.translate.remainder.json_patch import element_at, guard

Entries = list[list[Json]]
_FORM = "presentedForm"
WHOLE = ("text", _FORM)
"""Of all the items: a narrative (FHIR R4 narrative.html) and `the entire result as issued` (DiagnosticReport)."""
_FOUND = "found"
"""No place, but a guard of all the items less who observed: a form may be all that says what was found."""
_KEPT = ("additional", "empty")
"""Narratives that may say what no element does, and nobody can compute what (FHIR R4 narrative-status); or nothing."""


def guards_of(native: Resource, entries: Entries, root: ContentItem, path: Path) -> dict[str, str]:
    """Guards of a resource as it is read natively, from the item at `path`: one for each place."""
    places = [place for place, _, *said in entries if said and _is_rendering(place)]
    places += [_FOUND] if _FORM in places else []
    return {place: _guard(native, place, root, path) for place in places}


def without_stale(
    native: Resource, entries: Entries, guards: dict[str, str], root: ContentItem, path: Path
) -> tuple[Entries, list[str], list[str]]:
    """Returns the entries that still hold; the places of the others, and of a narrative that stays and is to be looked
    at."""
    stale = [place for place, guard in guards.items() if guard != _guard(native, place, root, path)]
    said = {place: value[0] for place, _, *value in entries if value and place in stale}
    kept = {place: status for place, value in said.items() if (status := _status(place, value)) in _KEPT}
    kept |= {_FORM: None} if _FORM in said and _FOUND in guards.keys() - {*stale} else {}
    gone = [place for place in said if place not in kept]
    unsure = [place for place, status in kept.items() if status != "empty"]
    return [one for one in entries if one[0] not in gone], gone, unsure


def _is_rendering(place: str) -> bool:
    above, _, last = place.rpartition("/")
    return place in WHOLE or last.startswith("_") or (last == "extension" and _VALUE.search(above) is not None)


_VALUE = re.compile(r"(?:^|/)(?:value[A-Z]\w*|low|high)$")
"""A Quantity, or a limit of a Range: what extends it may say it once more."""


def _status(place: str, value: Json) -> Json:
    return value.get("status") if place == "text" and isinstance(value, dict) else None


def _guard(native: Resource, place: str, root: ContentItem, path: Path) -> str:
    if place in WHOLE:
        return item_digest(root.at(path))
    if place == _FOUND:
        return item_digest(_without_observers(root.at(path)))
    above, _, extended = place.replace("/*/", "/0/").rpartition("/")  # of the only range: lone_range.py
    home = element_at(native, above)
    if extended == "extension" and isinstance(home, dict):
        value: Json = {key: said for key, said in home.items() if key not in ("id", "extension")}
    else:
        value = home.get(extended.removeprefix("_")) if isinstance(home, dict) else None
    return guard(value)


def _without_observers(item: ContentItem) -> ContentItem:
    """Who observed, and not whom it is about (PS3.16 TID 1001)."""
    children = [one for one in item.children if one.relationship != "HAS OBS CONTEXT" or is_of_subject(one.concept)]
    return replace(item, children=tuple(children))
