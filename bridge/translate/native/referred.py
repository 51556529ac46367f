"""Instances that resources refer to, and regions of them -> content items."""

from __future__ import annotations

from bridge.model.content import ByReference, Code, Reference
from bridge.model.group import Resource
from bridge.translate.basis.node import Home, Node
from bridge.translate.native.generic import reference_type
from bridge.translate.native.making import Making
from bridge.translate.native.selection import concept_of, derived_from, graphic_of, selected_from, subset_of


class Referred(Making):
    def _image(self, study: Resource, reference: Home, into: Node) -> None:
        self._instance(_uid(reference.get("identifier", {})), _sop_class(study, reference), None, reference, into)

    def _document(self, document: Resource, reference: Home, into: Node) -> None:
        sop_class = next((one.get("format", {}).get("code") for one in document.get("content", ())), None)
        concept = self.mapping.concept(document["type"]) if "type" in document else None
        self._instance(_uid(document.get("masterIdentifier", {})), sop_class, concept, reference, into)

    def _instance(self, uid: str, sop_class: str | None, concept: Code | None, reference: Home, into: Node) -> None:
        if not uid or not sop_class or not sop_class.startswith("urn:oid:"):
            return
        sop_class = sop_class.removeprefix("urn:oid:")
        into.add(Reference(reference_type(sop_class), sop_class, uid, subset_of(reference)), concept, reference)

    def _selection(self, selection: Resource, reference: Home, into: Node) -> None:
        graphic = graphic_of(selection)
        if graphic is None or id(selection) in self.done:  # it has its item
            return
        self.done.add(id(selection))
        code = concept_of(selection)
        node = into.add(graphic, self.mapping.concept(code) if code else None, selection, reference)
        source = derived_from(selection)
        library = self.find(source)
        if library is not None and id(library) in self._owned:
            self.inferred.append((node.add(ByReference(()), None, source), library))
        elif (found := selected_from(selection)) is not None:
            image = Reference(reference_type(found.sop_class), found.sop_class, found.sop_instance, found.subset)
            document = library or {}
            node.add(image, self.mapping.concept(document["type"]) if "type" in document else None, found.home)


def _uid(identifier: Home) -> str:
    return str(identifier.get("value", "")).removeprefix("urn:oid:")


def _sop_class(study: Resource, reference: Home) -> str | None:
    uid = _uid(reference.get("identifier", {}))
    instances = (one for series in study.get("series", ()) for one in series.get("instance", ()))
    return next((one["sopClass"].get("code") for one in instances if one["uid"] == uid), None)
