"""Relative references: relative to the server that says them (FHIR R4 references.html#literal), so that another one has
somebody else under the same id. There it is named by an identifier: `system` is the server, `value` the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from re import compile as compiled

from bridge.model.group import Group, Json, Resource, reference_to, references_in, same
from bridge.model.names import R5_URL
from bridge.model.references import unversioned
from bridge.translate.remainder.json_patch import dumped, loaded
from bridge.translate.remainder.said_elsewhere import (
    Element,
    element_of,
    mark_of,
    over_homes,
    settled,
    system_of,
    unmarked,
    with_literal,
    with_mark,
)

_URL = compiled(r"[A-Za-z][A-Za-z0-9+.-]*:.*")


def said_at(group: Group, server: str, of: str | None) -> Group:
    """The group of the server `of` (None: of nobody who is known) as `server` says it; the very same where it says it
    so. What the group itself has crosses with it, and is called what it was. Undoes itself with both exchanged."""
    own = {reference_to(one): one for one in group.resources() if "id" in one}
    telling = _Telling(system_of(server), None if of is None else system_of(of), own | group.index())
    told = {id(one): telling.told(one) for one in group.resources()}
    new = {id(one): told[id(one)] for one in group.resources() if not same(told[id(one)], one)}
    if not new:
        return group
    found = group.with_resources(new)
    if group.references is None and not telling.renames:
        return found
    index, said = found.index(), {name for one in found.resources() for name in references_in(one)}
    gone = (index if group.references is None else telling.renames).keys() - said
    references = {name: target for name, target in index.items() if name not in gone}
    references |= {now: index[before] for before, now in telling.renames.items()}
    return Group(found.root, found.members, found.patient, found.key, references)


def relative_in(group: Group) -> list[str]:
    """References that lead out of the group, to wherever it is stored."""
    inside = {reference_to(one) for one in group.resources() if "id" in one} | group.index().keys()
    return [one for each in group.resources() for one in _relative(each) if one not in inside]


@dataclass
class _Telling:
    server: str
    of: str | None
    inside: Mapping[str, Resource]
    renames: dict[str, str] = field(default_factory=dict)  # of references within the group

    def told(self, value: Json, name: str = "") -> Json:
        return over_homes(value, self._told, name)

    def _told(self, home: Resource, name: str) -> Resource:
        if (beyond := _of_r5(home)) is not None:
            told = [
                [*entry[:2], *(self.told(one, entry[0].rpartition("/")[2]) for one in entry[2:])] for entry in beyond
            ]
            return home if same(told, beyond) else home | {"valueString": dumped(told)}
        return self._home(settled(home, element_of(name)), element_of(name))

    def _home(self, home: Resource, element: Element) -> Resource:
        literal: Json = home.get(element)
        if (mark := mark_of(home, self.server)) is not None:
            self._rename(literal, mark["value"])
            return with_literal(unmarked(home, mark), element, mark)
        if self.of is None or not _is_relative(literal):
            return home
        mark = {"system": self.of, "value": literal}
        if literal not in self.inside:
            filled = "identifier" if element == "reference" and "identifier" not in home else None
            said = {filled if key == element else key: mark if key == element else one for key, one in home.items()}
            return with_mark({key: one for key, one in said.items() if key is not None}, mark)
        if literal == unversioned(literal):
            return home
        self._rename(literal, unversioned(literal))  # a version is one of its server
        return with_mark(home | {element: unversioned(literal)}, mark)

    def _rename(self, before: Json, now: str) -> None:
        if before in self.inside and before != now:
            self.renames[before] = now


def _is_relative(literal: Json) -> bool:
    """A search (`Patient?identifier=...`) asks whoever hears it."""
    return isinstance(literal, str) and "/" in literal and "?" not in literal and not _is_elsewhere(literal)


def _is_elsewhere(literal: str) -> bool:
    return literal.startswith("#") or _URL.fullmatch(literal) is not None


def _relative(value: Json, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        if _is_relative(literal := value.get(element_of(name))):
            yield str(literal)
        for entry in _of_r5(value) or ():
            yield from _relative(entry[2:], entry[0].rpartition("/")[2])
        for key, child in value.items():
            yield from _relative(child, key)
    elif isinstance(value, list):
        for child in value:
            yield from _relative(child, name)


def _of_r5(home: Resource) -> list[list[Json]] | None:
    """What only R5 says of a resource, as entries of a difference."""
    if home.get("url") != R5_URL:
        return None
    try:
        return loaded(home["valueString"])
    except (KeyError, TypeError, ValueError):
        return None  # whoever reads it says so
