"""What Observations and sections refer to: images, regions of them, persons, other results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bridge.model.content import ByReference, ContentItem, Graphic, Path, Reference
from bridge.model.group import Resource
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.translate.basis.node import Home, put_in_place
from bridge.translate.header.study import sop_class_coding
from bridge.translate.native.participants import participant_of
from bridge.translate.native.reading import ReadingState
from bridge.translate.native.selection import derive_from, select_from, selection_of, subset_extensions


@dataclass
class References(ReadingState):
    inferred: list[tuple[Resource, Path, Path]] = field(default_factory=list)  # Observation, item, the item it names
    selected: list[tuple[Resource, Path, Path]] = field(default_factory=list)  # selection, item, the item it names

    def _person(self, item: ContentItem, at: Path) -> Home | None:
        """Somebody whom the document names, in the role that the concept says."""
        found = participant_of(item, lambda kind: self.known.id(kind, self._key_of(at)), self._code)
        if found is None:
            return None
        self.members += found.resources
        self.homes |= {(*at, index): home for index, home in found.homes.items()}
        self.homes[at] = found.reference
        return found.reference

    def _is_source(self, item: ContentItem, value: ByReference) -> bool:
        """What an item was inferred from, or an instance: what was detected was detected on it."""
        target: ContentItem | None = self.document.root
        for step in path_of(value):
            target = target.children[step] if target is not None and step < len(target.children) else None
        return item.relationship == "INFERRED FROM" or (target is not None and isinstance(target.value, Reference))

    def _inferences(self) -> None:
        """By-reference relationships, once every item has its resource."""
        for selection, at, target in self.selected:
            home = self.homes.get(target, {})
            if home.get("resourceType") == "Observation":
                reference = {"id": str(at[-1] + 1), "reference": f"Observation/{home['id']}"}
                derive_from(selection, reference)
                self.homes[at] = reference
        for observation, at, target in self.inferred:
            home = self.homes.get(target, {})
            if home.get("resourceType") == "Observation":
                reference = {"id": str(at[-1] + 1), "reference": f"Observation/{home['id']}"}
                said = observation.setdefault("derivedFrom", [])
                if any(one.get("reference") == reference["reference"] for one in said) and at[:-1] in self.parts:
                    continue  # another component says it
                put_in_place(said, reference)
                self.homes[at] = reference

    def _selection(self, item: ContentItem, value: Graphic, at: Path) -> str:
        self.keys[at] = self._key_of(at)
        identifier = self.known.id("Basic", self.keys[at])
        code = self._code(item.concept) if item.concept else None
        self.homes[at] = selection = selection_of(value, identifier, code, self.subject)
        self.members.append(selection)
        images = [
            (index, child, child.value)
            for index, child in enumerate(item.children)
            if isinstance(child.value, Reference) and not child.children
        ]
        if not images:  # the image may be one of the library
            self.selected += [
                (selection, (*at, index), path_of(child.value))
                for index, child in enumerate(item.children[:1])
                if isinstance(child.value, ByReference) and child.relationship == "SELECTED FROM"
            ]
        for index, child, image in images[:1]:
            self.homes[*at, index] = select_from(selection, index + 1, image)
            if child.concept is not None:
                derive_from(selection, self._reference(child, replace(image, subset=()), (*at, index)))
        return identifier

    def _reference(self, item: ContentItem, value: Reference, at: Path) -> Home:
        """To the ImagingStudy where evidence names the instance and there is no concept, else a DocumentReference."""
        study, sop_class = self.studies.instances.get(value.sop_instance, ({}, None))
        if item.concept is None and sop_class == value.sop_class:
            reference = {
                "reference": f"ImagingStudy/{study['id']}",
                "identifier": {"system": DICOM_UID_SYSTEM, "value": f"urn:oid:{value.sop_instance}"},
            }
            return _part_of(reference, value)
        document: Resource = {
            "resourceType": "DocumentReference",
            "id": self.known.id("DocumentReference", self._key_of(at)),
            "masterIdentifier": {"system": DICOM_UID_SYSTEM, "value": f"urn:oid:{value.sop_instance}"},
            "status": "current",
        }
        if item.concept is not None:
            document["type"] = self._code(item.concept)
        if self.subject is not None:
            document["subject"] = self.subject
        document["content"] = [
            {"attachment": {"contentType": "application/dicom"}, "format": sop_class_coding(value.sop_class)}
        ]
        self.members.append(document)
        return _part_of({"reference": f"DocumentReference/{document['id']}"}, value)


def path_of(value: ByReference) -> Path:
    """Referenced Content Item Identifier (PS3.3 C.17.3.2.5) counts from 1 and begins with the root."""
    return tuple(step - 1 for step in value.identifier[1:])


def targets_in(item: ContentItem) -> Iterator[Path]:
    """What this item, and those below it, point to by reference."""
    if isinstance(item.value, ByReference):
        yield path_of(item.value)
    for child in item.children:
        yield from targets_in(child)


def _part_of(reference: Home, value: Reference) -> Home:
    return reference | ({"extension": subset_extensions(value)} if value.subset else {})


def named(reference: str, item: ContentItem) -> Home:
    """With what it is, for whom reads."""
    meaning = item.concept.meaning if item.concept else ""
    return {"reference": reference, "display": meaning} if meaning.strip() else {"reference": reference}
