"""A group in R5 <-> the same in R4, which everything within translates; without loss, both ways.

What the tables of `elements.py` do not bring back exactly is kept on the resource as a guarded difference: on the one
of R5 what only R4 could say, on the one of R4 what only R5 could say. What was edited meanwhile wins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from operator import itemgetter

from bridge.errors import DamagedRemainderError
from bridge.model.group import Group, Json, Resource, renamed
from bridge.model.names import R4_URL, R5_URL
from bridge.releases import dicom_sr, selected_instance
from bridge.releases.edited_finding import followed, guarded
from bridge.releases.elements import MOVES, UNSEEN
from bridge.releases.imaging_selection import (
    derived_in_r4,
    derived_in_r5,
    is_selection,
    selection_in_r4,
    selection_in_r5,
)
from bridge.releases.in_place import put_in
from bridge.translate.basis import element_ids
from bridge.translate.remainder.json_patch import (
    dumped,
    element_at,
    guarded_by,
    json_difference,
    json_patched,
    loaded,
)
from bridge.translate.remainder.moved import moved
from bridge.translate.remainder.said_elsewhere import as_said

Renames = dict[str, str]
_ANEW = "a copy for readers of the dicom-sr guide says something else; it is made anew"


def in_r5(group: Group) -> tuple[Group, list[str]]:
    """The group, and warnings: places that were edited in R4 since. Measurement Reports follow the dicom-sr guide."""
    names = _selections(group)
    guide = dicom_sr.guide_of(group)
    selections = selected_instance.selections_of(group) if guide is not None and dicom_sr.is_ours(group) else []
    copies = {one["id"] for one in selections}
    warnings: list[str] = []
    found: dict[int, Resource] = {}
    for resource in group.whole():
        beyond, plain = _taken(resource, R5_URL)
        made = _whole_r5(plain, names)
        warnings += _patched(made, beyond, as_said(made) if beyond else made)
        found[id(resource)] = made if guide is None else guarded(dicom_sr.added(made, guide))
        selected_instance.derive(found[id(resource)], copies)
        found[id(resource)] = element_ids.unique(found[id(resource)], dicom_sr.COPIES)
    made_group = group.with_resources(found, names)
    return replace(made_group, members=(*made_group.members, *selections)), warnings


def in_r4(group: Group) -> tuple[Group, list[str]]:
    """The group, and warnings: places that were edited in R5 since, and what only R5 says."""
    is_ours = dicom_sr.is_ours(group)
    group = group.with_resources({id(one): element_ids.plain(one, dicom_sr.COPIES) for one in group.whole()})
    copies = selected_instance.copies_in(group) if is_ours else []
    group = selected_instance.without(group, copies) if is_ours else group
    names = {
        f"ImagingSelection/{one['id']}": f"Basic/{one['id']}"
        for one in group.whole()
        if one["resourceType"] == "ImagingSelection" and "id" in one
    }
    group, warnings = _followed(group, is_ours=is_ours)
    found: dict[int, Resource] = {}
    told: dict[int, list[list[Json]]] = {}
    if is_ours:
        group = group.with_resources({id(one): dicom_sr.marked(one) for one in group.whole()})
    for resource in group.whole():
        beyond, plain = _taken(resource, R4_URL)
        told[id(resource)] = beyond
        made = _native_r4(plain, names)
        warnings += _patched(made, beyond, made)
        found[id(resource)] = made
        warnings += [one for one in _unseen(dicom_sr.without(resource)) if one not in warnings]
    made_group = group.with_resources(found, names)
    guide, back = dicom_sr.guide_of(made_group), {name: said for said, name in names.items()}
    for resource in group.whole():
        made = found[id(resource)]
        native, plain = _whole_r5(made, back, told[id(resource)]), dicom_sr.without(resource)
        if guide is not None and plain != resource and dicom_sr.added(native, guide) != resource:
            kind = resource["resourceType"]
            warnings.append(f"{kind}: {_ANEW}")
        beyond = list(json_difference(native, plain))
        # a guard is the same whoever reads the references beside it
        _keep(made, R5_URL, guarded_by(as_said(native), beyond) if beyond else beyond)
    if selected_instance.are_edited(copies, made_group):
        warnings.append("ImagingSelection: " + _ANEW)
    return made_group, warnings


def _unseen(resource: Resource) -> list[str]:
    kind = resource["resourceType"]
    places = (".".join((kind, *path)) for path in sorted(UNSEEN.get(kind, ())) if _is_there(resource, path))
    return [f"{place}: R4 has no such element; a DICOM reader does not see it" for place in places]


def _is_there(home: Json, path: tuple[str, ...]) -> bool:
    if isinstance(home, list):
        return any(_is_there(one, path) for one in home)
    return not path or (isinstance(home, dict) and path[0] in home and _is_there(home[path[0]], path[1:]))


def _followed(group: Group, *, is_ours: bool) -> tuple[Group, list[str]]:
    made = {id(one): followed(one, ours=is_ours) for one in group.whole()}
    warnings = [one for _, said in made.values() for one in said]
    return group.with_resources({name: one for name, (one, _) in made.items()}), [*dict.fromkeys(warnings)]


def _whole_r5(resource: Resource, names: Renames, told: list[list[Json]] | None = None) -> Resource:
    """In R5, with what only R4 could say; as it is `told` where that is the same, but for the order of keys."""
    made = _native_r5(resource, names)
    back = _native_r4(made, {said: name for name, said in names.items()})
    entries = _placed(json_difference(back, resource), resource)
    _keep(made, R4_URL, told if told and _unplaced(told) == _unplaced(entries) else entries)
    return made


def _unplaced(entries: list[list[Json]]) -> list[str]:
    return sorted(dumped([entry[:3]]) for entry in entries)


def _placed(entries: Iterable[list[Json]], resource: Resource) -> list[list[Json]]:
    """What sets an element that others follow says the next one, too; last ones first."""
    placed = list[tuple[int, list[Json]]]()
    for entry in entries:
        above, _, last = entry[0].rpartition("/")
        parent = element_at(resource, above)
        behind = [*parent][[*parent].index(last) + 1 :] if isinstance(parent, dict) and entry[2:] else []
        placed.append((len(behind), [*entry, *behind[:1]]))
    return [entry for _, entry in sorted(placed, key=itemgetter(0))]


def _native_r5(resource: Resource, names: Renames) -> Resource:
    made: Resource = renamed(resource, names)
    if is_selection(made):
        made = selection_in_r5(made)
    if made["resourceType"] == "Observation":
        derived_in_r5(made)
    for move in MOVES.get(made["resourceType"], ()):
        move.forth(made)
    return made


def _native_r4(resource: Resource, names: Renames) -> Resource:
    made = dicom_sr.without(resource)
    if made["resourceType"] == "Observation":
        derived_in_r4(made, set(names))
    for move in reversed(MOVES.get(made["resourceType"], ())):
        move.back(made)
    if made["resourceType"] == "ImagingSelection":
        made = selection_in_r4(made)
    back: Resource = renamed(made, names)
    return back


def _selections(group: Group) -> Renames:
    return {
        f"Basic/{one['id']}": f"ImagingSelection/{one['id']}"
        for one in group.whole()
        if is_selection(one) and "id" in one
    }


def _keep(resource: Resource, url: str, beyond: list[list[Json]]) -> None:
    if beyond:
        resource["extension"] = [*resource.get("extension", ()), {"url": url, "valueString": dumped(beyond)}]


def _taken(resource: Resource, url: str) -> tuple[list[list[Json]], Resource]:
    """Our difference on the resource, and the resource without it."""
    extensions = resource.get("extension", [])
    said = [one for one in extensions if one.get("url") == url]
    if not said:
        return [], resource
    left = [one for one in extensions if one.get("url") != url]  # at its place: an SR is written in the order of keys
    plain = {
        key: left if key == "extension" else value for key, value in resource.items() if key != "extension" or left
    }
    try:
        return loaded(said[0]["valueString"]), plain
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedRemainderError from error


def _patched(resource: Resource, entries: list[list[Json]], guarded: Resource) -> list[str]:
    """Applies our difference in place; returns warnings. `guarded`: what its guards are of."""
    kind, now = resource["resourceType"], moved(guarded, entries)
    places = [path.replace("/", ".") for path in sorted(now.gone)]
    places += json_patched(resource, now.entries(entries), guarded)
    for path, _, *said in now.entries(entries):
        _put_before(element_at(resource, path.rpartition("/")[0]), path.rpartition("/")[2], said[1:])
    return [f"{kind}.{place}: edited in the other release of FHIR since; its value wins" for place in places]


def _put_before(home: Json, key: str, behind: list[Json]) -> None:
    """In place."""
    if isinstance(home, dict) and key in home and behind and behind[0] in home:
        value = home.pop(key)
        put_in(home, behind[0], {key: value, behind[0]: home[behind[0]]})
