"""Gathers resources into documents. A report owns all its results, a panel all its members, even those that another
document owns too; an Observation that is only `derivedFrom` belongs to the first document that reaches it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import is_
from uuid import uuid5

from bridge.model.group import Group, Json, Resource, reference_to, references_in
from bridge.model.names import NAMESPACE
from bridge.model.references import is_id
from bridge.model.search import Sought, meets, sought_by
from bridge.model.status import WITHDRAWN
from bridge.translate.header.header import born_uid
from bridge.translate.header.whose import subject_of
from bridge.translate.remainder.json_patch import canonical_text

FORMING = frozenset({"DiagnosticReport", "Observation", "Composition"})
"""Whose references to each other decide what forms one document."""
SUPPORT = frozenset(
    {
        "Practitioner",
        "PractitionerRole",
        "Device",
        "ImagingStudy",
        "DocumentReference",
        "Composition",
        "Basic",
        "BodyStructure",
        "Specimen",
    }
)
_ANOTHERS = ("Practitioner", "PractitionerRole", "Specimen")
"""What stays somebody else's resource, whoever refers to it."""
BELONGING = SUPPORT | {"ImagingSelection"}  # of R5
_ROOTS = ("DiagnosticReport", "Observation")
_URLS = ("urn:", "http://", "https://")
WITHOUT_RESULTS = (*WITHDRAWN, "registered")
"""Status of a report or panel that is void, or not one yet."""


@dataclass(frozen=True, slots=True)
class Entry:
    resource: Resource
    url: str  # fullUrl of the Bundle entry, else the source; resolves references


@dataclass(frozen=True, slots=True)
class Gathered:
    groups: tuple[Group, ...]
    others: tuple[Resource, ...]  # not for us, or Patients that no group refers to
    doubtful: frozenset[int] = frozenset()  # results, by `id`: a withdrawn document refers to them, and no other


def gather(entries: Sequence[Entry], ambiguous: Iterable[Sought] = ()) -> Gathered:
    """Reports first, then panels, then Observations that are in no other's document; in the order of their names within
    each. A report or panel that is void, or not one yet, has no result: what stands stands without it. One that was
    born in DICOM keeps them, for they are the items of the instance that is void. `ambiguous`: what several resources
    are found by, of which not all are among the entries."""
    resolver = _Resolver(entries, ambiguous)
    resources = [entry.resource for entry in entries]
    standing = [one for one in resources if not _is_void(one, alone=False)]
    below = {id(target) for one in standing for target in resolver.led_to(one)}
    void = {id(one) for one in resources if _is_void(one, alone=id(one) not in below)}
    owned: set[int] = set()
    roots: set[int] = set()
    groups: list[Group] = []
    used: set[int] = set()
    for root in _in_order(resources, resolver, void):
        if id(root) in owned:
            continue
        roots.add(id(root))
        has_nothing = id(root) in void and born_uid(root) is None
        members = [] if has_nothing else _reached(root, resolver, owned, roots)
        group = resolver.group(root, members, _patient_of(root, members, resolver))
        if group.patient is not None and not subject_of(group):
            group = resolver.group(root, members, None)
        groups.append(group)
        used.update(map(id, group.whole()))
    others = tuple(one for one in resources if id(one) not in used)
    return Gathered(tuple(groups), others, _doubtful(resources, void, resolver))


def _doubtful(resources: Sequence[Resource], void: set[int], resolver: _Resolver) -> frozenset[int]:
    def had_by(documents: Iterable[Resource]) -> set[int]:
        return {id(target) for one in documents for target in resolver.targets(one, _results(one))}

    found = had_by(one for one in resources if id(one) in void and one.get("status") in WITHDRAWN)
    return frozenset(found and found - had_by(one for one in resources if id(one) not in void))


def _patient_of(root: Resource, members: Sequence[Resource], resolver: _Resolver) -> Resource | None:
    """Its subject; of a root that says none, the first that its results say."""
    saying = [root] if "subject" in root else [one for one in members if one["resourceType"] == "Observation"]
    subjects = [target for one in saying for target in resolver.targets(one, _references(one, ("subject",)))]
    found = (resolver.identified("Patient", one.get("subject", {})) for one in saying)
    return next((one for one in (*subjects, *filter(None, found)) if one["resourceType"] == "Patient"), None)


def _is_void(resource: Resource, *, alone: bool) -> bool:
    """Of a report, and of a panel that is in no other's document."""
    panel = resource["resourceType"] == "Observation" and alone and resource.keys() & {"hasMember", "derivedFrom"}
    return resource.get("status") in WITHOUT_RESULTS and (resource["resourceType"] == "DiagnosticReport" or bool(panel))


class _Resolver:
    """What a reference points to: a fullUrl; or `Type/id` at the base of its own resource; or the only one so named
    (FHIR R4 bundle.html#references); or the only one that a conditional reference is met by. Two are no guess."""

    def __init__(self, entries: Sequence[Entry], ambiguous: Iterable[Sought] = ()) -> None:
        self._urls = {id(entry.resource): entry.url for entry in entries}
        self._by_url = {entry.url: entry.resource for entry in entries}
        self._by_name: dict[str, list[Resource]] = {}
        self._by_identifier: dict[Sought, dict[int, Resource]] = {}
        for entry in entries:
            for sought in meets(entry.resource):
                self._by_identifier.setdefault(sought, {})[id(entry.resource)] = entry.resource
            if isinstance(entry.resource.get("id"), str):  # also what is no id: it is refused with what refers to it
                self._by_name.setdefault(reference_to(entry.resource), []).append(entry.resource)
        for one in ambiguous:
            self._by_identifier.pop(one, None)
        self._by_content = dict(self._named_by_content(entries))

    def name(self, resource: Resource) -> str:
        """`Type/id` where that is an id, else the URL of its entry, else one by what it says."""
        if is_id(resource.get("id")):
            return reference_to(resource)
        return self._by_content.get(id(resource), self._urls[id(resource)])

    def _named_by_content(self, entries: Sequence[Entry]) -> Iterator[tuple[int, str]]:
        """What has neither id nor URL: by what it says and of whom, for a file may be moved, or overwritten by that of
        another patient. Of two here that say the same, each is one."""
        said = Counter[str]()
        for resource, url in ((one.resource, one.url) for one in entries):
            if resource["resourceType"] not in _ROOTS or is_id(resource.get("id")) or url.startswith(_URLS):
                continue
            subjects = self.targets(resource, _references(resource, ("subject",)))
            whose = [one.get("identifier", one) for one in subjects if one["resourceType"] == "Patient"]
            text = canonical_text([resource, *whose])
            yield id(resource), f"urn:uuid:{uuid5(NAMESPACE, f'{text}#{said[text]}')}"
            said[text] += 1

    def resolve(self, source: Resource, reference: str) -> Resource | None:
        reference, _, version = reference.partition("/_history/")
        found = self._found(source, reference)
        if found is not None and found["resourceType"] == "Patient":  # a version says in which state, and not who
            return found
        meta = found.get("meta") if version and found is not None else None
        other = isinstance(meta, dict) and meta.get("versionId") not in (None, version)
        return None if other else found

    def _found(self, source: Resource, reference: str) -> Resource | None:
        if (found := self._by_url.get(reference)) is not None:
            return found
        if (sought := sought_by(reference)) is not None:
            met = self._by_identifier.get(sought, {}).values()
            return next(iter(met)) if len(met) == 1 else None
        base = self._base(source)
        if (found := self._by_url.get(f"{base}{reference}")) is not None:
            return found
        named = self._by_name.get(reference, [])
        if _is_server(base):  # what is so named at another server is somebody else
            named = [one for one in named if not _is_server(self._base(one))]
        return named[0] if len(named) == 1 else None

    def identified(self, kind: str, reference: Json) -> Resource | None:
        """The only one that has the identifier which alone the reference says (FHIR R4 Reference.identifier)."""
        said = reference.get("identifier") if isinstance(reference, dict) and "reference" not in reference else None
        if not isinstance(said, dict):  # nothing is validated yet
            return None
        if not all(isinstance(said.get(one), str) and said[one] for one in ("system", "value")):
            return None
        met = self._by_identifier.get((kind, said["system"], said["value"]), {}).values()
        return next(iter(met)) if len(met) == 1 else None

    def _base(self, resource: Resource) -> str:
        """URL that its relative references are below."""
        return self._urls[id(resource)].rpartition(f"{resource['resourceType']}/")[0]

    def targets(self, source: Resource, references: Iterable[str]) -> Iterator[Resource]:
        for reference in references:
            if (found := self.resolve(source, reference)) is not None:
                yield found

    def led_to(self, source: Resource) -> Iterator[Resource]:
        for _, reference, to_result in _ways(source):
            found = self.resolve(source, reference)
            if found is not None and (to_result or found["resourceType"] != "Observation"):
                yield found

    def group(self, root: Resource, members: Sequence[Resource], patient: Resource | None) -> Group:
        whole = [root, *members, *([patient] if patient is not None else [])]
        return Group(root, tuple(members), patient, self.name(root), self._among(whole))

    def _among(self, group: Sequence[Resource]) -> dict[str, Resource]:
        """Each reference in the group to one of the group."""
        inside = set(map(id, group))
        found: dict[str, Resource] = {}
        for resource in group:
            for reference in references_in(resource):
                target = self.resolve(resource, reference)
                if target is not None and id(target) in inside:
                    found[reference] = target
        return found


def _is_server(base: str) -> bool:
    return base.startswith(_URLS[1:])


def _in_order(resources: list[Resource], resolver: _Resolver, void: set[int]) -> list[Resource]:
    claimed = {
        id(target)
        for one in resources
        if one["resourceType"] == "Observation"
        for target in resolver.targets(one, _references(one, ("hasMember",)))
    }

    def rank(resource: Resource) -> tuple[int, bool, str]:
        kind = resource["resourceType"]
        order = 0 if kind == "DiagnosticReport" else 2 if id(resource) in claimed else 1
        return order, id(resource) in void, resolver.name(resource)

    roots = [one for one in resources if one["resourceType"] in _ROOTS]
    return sorted(roots, key=rank)


def _reached(root: Resource, resolver: _Resolver, owned: set[int], roots: set[int]) -> list[Resource]:
    """What belongs to the root, in the order of reach; results and supporting resources may belong to several. A root
    comes before what refers to it only where they refer to each other in a circle."""
    owned.add(id(root))
    found: list[Resource] = []
    seen = {id(root)}
    waiting = _ways(root)
    while waiting:
        source, reference, to_result = waiting.pop(0)
        target = resolver.resolve(source, reference)
        if target is None or id(target) in seen:
            continue
        kind = target["resourceType"]
        if kind == "Observation":
            if id(target) in roots or not to_result:
                continue
            if id(target) in owned and reference not in _results(source):
                continue
            owned.add(id(target))
        elif kind not in BELONGING:
            continue
        seen.add(id(target))
        found.append(target)
        waiting += _ways(target)
    return found


def in_order_of_reach(group: Group) -> Group:
    """Puts members in the order in which references lead to them from the root, as `gather` would find them, without
    persons and specimens that none leads to any more; the very same group where they are."""
    index, members = group.index(), set(map(id, group.members))
    found, seen = list[Resource](), {id(group.root)}
    waiting = _ways(group.root)
    while waiting:
        _, reference, to_result = waiting.pop(0)
        target = index.get(reference)
        if target is None or id(target) not in members or id(target) in seen:
            continue
        if to_result or target["resourceType"] != "Observation":
            seen.add(id(target))
            found.append(target)
            waiting += _ways(target)
    rest = (one for one in group.members if id(one) not in seen and one["resourceType"] not in _ANOTHERS)
    reached = (*found, *rest)
    if len(reached) == len(group.members):
        return group if all(map(is_, group.members, reached)) else replace(group, members=reached)
    return replace(group.less(members - set(map(id, reached))), members=reached)


def _results(resource: Resource) -> set[str]:
    """References to what a document says, and not only rests on: it says so too where another one does."""
    return set(_references(resource, ("result", "hasMember")))


def _ways(resource: Resource) -> list[tuple[Resource, str, bool]]:
    """Its links, and whether each may lead to a result: only what an element for results says. An extension refers to
    other Observations for any reason (observation-sequelTo; the time stamp of a Personal Health Device, whose subject
    is the device), and they are no part of the document."""
    elements = ("result", "hasMember", "derivedFrom", "section")
    results = set(_references(resource, elements, extensions=False))
    return [(resource, reference, reference in results) for reference in links(resource)]


def links(resource: Resource) -> Iterator[str]:
    """References by which a document may reach what belongs to it."""
    kind = resource["resourceType"]
    if kind == "DiagnosticReport":
        yield from _references(resource, ("extension", "result", "imagingStudy", "study", "composition", "specimen"))
        yield from _references(resource, ("resultsInterpreter", "performer"))
    elif kind == "Observation":
        yield from _references(resource, ("hasMember", "derivedFrom", "performer", "extension", "bodySite", "specimen"))
    elif kind == "Composition":
        yield from _references(resource, ("author", "section"))
    elif kind == "PractitionerRole":
        yield from _references(resource, ("practitioner",))
    elif kind == "Basic":
        yield from _references(resource, ("extension",))
    elif kind == "ImagingSelection":
        yield from _references(resource, ("derivedFrom",))


def _references(resource: Resource, elements: Sequence[str], *, extensions: bool = True) -> Iterator[str]:
    for element in elements:
        value = resource.get(element)
        yield from references_in(value if extensions else _without_extensions(value))


def _without_extensions(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_extensions(child) for key, child in value.items() if not key.endswith("xtension")}
    return [*map(_without_extensions, value)] if isinstance(value, list) else value
