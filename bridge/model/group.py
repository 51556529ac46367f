"""FHIR resources, and the resources that form one document."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from bridge.model.frozen import frozen
from bridge.model.names import ABSENT_URL

Json: TypeAlias = Any
Resource: TypeAlias = dict[str, Json]


class Number(str):
    """A JSON number with all its digits: `36.60`, `1e3`, an integer of any length."""

    __slots__ = ()


class Base64(str):
    """base64Binary: nothing in it wants escaping. orjson reserves eight times the length of any other string, and ends
    the process where it cannot."""

    __slots__ = ()


def absent() -> Resource:
    """In place of an element that has to be there."""
    return {"extension": [{"url": ABSENT_URL, "valueCode": "unknown"}]}


def boxed(value: Json) -> Json:
    """For JSON that is ours alone: numbers whose text matters are `{"#": text}`."""
    if isinstance(value, Number):
        return {"#": str(value)}
    if isinstance(value, dict):
        return {key: boxed(child) for key, child in value.items()}
    return [boxed(child) for child in value] if isinstance(value, list) else value


def unboxed(value: Json) -> Json:
    if isinstance(value, dict):
        return Number(value["#"]) if value.keys() == {"#"} else {key: unboxed(child) for key, child in value.items()}
    return [unboxed(child) for child in value] if isinstance(value, list) else value


def reference_to(resource: Resource) -> str:
    """`Type/id`: a relative reference, and its key in a store."""
    return f"{resource['resourceType']}/{resource['id']}"


class Contained(NamedTuple):
    owner: Resource  # its id is its own only within that
    resource: Resource
    references: list[Resource]  # the elements of the owner that mean it


_INNER = ("Observation", "Practitioner", "PractitionerRole")


def _referring(resource: Resource) -> Iterator[Resource]:
    """Elements by which results and persons are referred to."""
    for name in ("result", "hasMember", "derivedFrom", "resultsInterpreter", "performer", "author", "entry"):
        yield from resource.get(name, ())
    if "practitioner" in resource:
        yield resource["practitioner"]
    for section in resource.get("section", ()):
        yield from _referring(section)


@frozen
class Group:
    root: Resource  # DiagnosticReport, or an Observation that stands alone
    members: tuple[Resource, ...]
    patient: Resource | None
    key: str  # what identifies the document at its source: `Type/id`, or the entry's fullUrl
    references: Mapping[str, Resource] | None = None  # what a reference means, where `Type/id` does not say it

    def index(self) -> dict[str, Resource]:
        """The resource of this group, or its Patient, that each reference points to."""
        if self.references is not None:
            return dict(self.references)
        found: dict[str, Resource] = {}
        for one in self.whole():
            if "id" in one:
                found[reference_to(one)] = one
                found.setdefault(f"urn:uuid:{one['id']}", one)
        return found

    def contained(self) -> Iterator[Contained]:
        """Results and persons that a resource contains, and refers to (FHIR R4 references.html#contained)."""
        for owner in self.resources():
            if "contained" not in owner:
                continue
            inner = {f"#{one.get('id')}": one for one in owner["contained"] if one.get("resourceType") in _INNER}
            if not inner:
                continue
            said: dict[str, list[Resource]] = {}
            for each in (owner, *inner.values()):
                for one in _referring(each):
                    said.setdefault(one.get("reference", ""), []).append(one)
            yield from (Contained(owner, one, said[name]) for name, one in inner.items() if name in said)

    def spoken(self) -> Iterator[Resource]:
        """What becomes items: root and members, and the results that they contain."""
        yield from self.resources()
        yield from (one.resource for one in self.contained() if one.resource["resourceType"] == "Observation")

    def whole(self) -> Iterator[Resource]:
        """Root, members, and the Patient if there is one."""
        yield from self.resources()
        if self.patient is not None:
            yield self.patient

    def resources(self) -> Iterator[Resource]:
        """Root and members; the Patient is shared and not part of the document."""
        yield self.root
        yield from self.members

    def with_resources(self, new: Mapping[int, Resource], renames: Mapping[str, str] = MappingProxyType({})) -> Group:
        """The same, with others in the place of the resources and the Patient whose `id()` they go by. `renames`: what
        references to them are called now."""
        references = self.references
        if references is not None:
            references = {renames.get(name, name): new.get(id(one), one) for name, one in references.items()}
        root, *members = (new.get(id(one), one) for one in self.resources())
        patient = None if self.patient is None else new.get(id(self.patient), self.patient)
        return Group(root, tuple(members), patient, self.key, references)

    def less(self, gone: Collection[int]) -> Group:
        """The same, without the members whose `id()` is in `gone`."""
        references = self.references
        if references is not None:
            references = {name: one for name, one in references.items() if id(one) not in gone}
        members = tuple(one for one in self.members if id(one) not in gone)
        return Group(self.root, members, self.patient, self.key, references)


def repetitions(value: Json) -> list[Json]:
    """What an element holds: each of a list, or the one where it is none (FHIR R4 json.html)."""
    return value if isinstance(value, list) else [value]


def same(one: Json, other: Json) -> bool:
    """Equal as JSON text: `36.6` is not `36.60`, `true` is not `1`, a number is not a string."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def with_element(home: Resource, name: str, value: Json) -> Resource:
    """A copy with that element; without it, where the value is empty."""
    others = {key: said for key, said in home.items() if key != name}
    return others | {name: value} if value else others


def references_in(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("reference"), str):
            yield reference
        for child in value.values():
            yield from references_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from references_in(child)


def renamed(value: Json, renames: dict[str, str]) -> Json:
    """A copy whose `reference`s say the names of the group."""
    if isinstance(value, dict):
        copy = {
            key: renamed(child, renames) if isinstance(child, dict | list) else child for key, child in value.items()
        }
        if isinstance(reference := copy.get("reference"), str):
            copy["reference"] = renames.get(reference, reference)
        return copy
    return [renamed(child, renames) for child in value] if isinstance(value, list) else value
