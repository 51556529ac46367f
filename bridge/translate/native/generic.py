"""The generic rule: which FHIR element a content item becomes, whatever its template says."""

from __future__ import annotations

from enum import Enum, auto

from bridge.mapping.mapping import Mapping
from bridge.model.content import (
    ByReference,
    Coded,
    Container,
    ContentItem,
    Graphic,
    Num,
    Plain,
    Reference,
    Value,
    value_type,
)
from bridge.model.dataset import find
from bridge.model.tags import OBSERVATION_DATETIME, OBSERVATION_UID, WAVEFORMS
from bridge.terminology.structured_reports import is_structured_report
from bridge.translate.basis.node import Node
from bridge.translate.header.person_observer import PERSON_NAME
from bridge.translate.native.folds import fold_of, may_be_component
from bridge.translate.native.named_concepts import PERSON_ROLE
from bridge.translate.native.own_words import of_section

COMPOSITES = (  # beside Structured Reports
    "1.2.840.10008.5.1.4.1.1.67",
    "1.2.840.10008.5.1.4.1.1.104.",
    "1.2.840.10008.5.1.4.1.1.11.",
    "1.2.840.10008.5.1.4.1.1.481.",
)
REGIONS = {  # value type -> Graphic Type -> regionType of R5 ImagingSelection; a 2D MULTIPOINT has none
    "SCOORD": {"POINT": "point", "POLYLINE": "polyline", "CIRCLE": "circle", "ELLIPSE": "ellipse"},
    "SCOORD3D": {
        "POINT": "point",
        "MULTIPOINT": "multipoint",
        "POLYLINE": "polyline",
        "POLYGON": "polygon",
        "ELLIPSE": "ellipse",
        "ELLIPSOID": "ellipsoid",
    },
}


class Kind(Enum):
    SECTION = auto()  # of the Composition
    OBSERVATION = auto()
    COMPONENT = auto()  # of the parent's Observation
    FOLD = auto()  # an element of the parent's Observation: method, bodySite, interpretation, note
    REFERENCE = auto()  # derivedFrom of the parent's Observation, or entry of its section
    SELECTION = auto()  # an ImagingSelection, from which the parent is derived
    PERSON = auto()  # who observed or took part: performer of the parent's Observation, or entry of its section
    CARRIED = auto()  # no native place


def kind(item: ContentItem, parent: Kind, mapping: Mapping, *, each: bool) -> Kind:
    value = item.value
    if isinstance(value, Container):
        heading = parent is Kind.SECTION and (not item.rest or find(item.rest, OBSERVATION_UID) is None)
        return Kind.SECTION if heading and not _has_fact(item, mapping, each) else Kind.OBSERVATION
    if isinstance(value, Reference):
        return Kind.OBSERVATION if item.children else Kind.REFERENCE  # with descriptors, as in an image library
    if isinstance(value, Graphic):
        return Kind.SELECTION if value.graphic_type in REGIONS[value.value_type] else Kind.CARRIED
    its_own, value_is = _is_its_own(item), value_type(value)
    if parent is not Kind.SECTION and not its_own and fold_of(item, "Observation", mapping):
        return Kind.FOLD
    if value_is == "PNAME" and not its_own and _is_person(item):
        return Kind.PERSON
    if value_is not in mapping.values:
        return Kind.CARRIED
    if parent is Kind.SECTION or its_own or item.concept is None or _is_several(value):
        return Kind.OBSERVATION
    if of_section(item.concept) is not None:  # no fact: its container stays a section
        return Kind.OBSERVATION
    if item.children and not may_be_component(item, mapping):
        return Kind.OBSERVATION
    return Kind.OBSERVATION if each and value_is == "NUM" else Kind.COMPONENT


def _has_fact(item: ContentItem, mapping: Mapping, each: bool) -> bool:
    return any(
        kind(child, Kind.OBSERVATION, mapping, each=each) in (Kind.COMPONENT, Kind.FOLD) for child in item.children
    )


def _is_person(item: ContentItem) -> bool:
    """Who observed (TID 1003), or took part in a role (TID 1020). Anybody else has done nothing to what the name stands
    below: the patient, the mother of the fetus (TID 1007, 1008), or whom somebody has called."""
    return PERSON_NAME.same(item.concept) or any(
        PERSON_ROLE.same(one.concept) and isinstance(one.value, Coded) and one.value.code is not None
        for one in item.children
    )


def _is_several(value: Value) -> bool:
    """Values whose components are their own: an Observation has them, a component has not."""
    return isinstance(value, Num) and len(value.values) > 1


def _is_its_own(item: ContentItem) -> bool:
    """An item with a UID or a time of its own is never folded."""
    return any([element.tag in _OWN for element in item.rest]) if item.rest else False


_OWN = (OBSERVATION_UID, OBSERVATION_DATETIME)
_INFERRED = frozenset({"TEXT", "CODE", "NUM"})
"""What may be inferred from another item (PS3.3 table A.35.3-2)."""
_UNQUALIFIED = frozenset({"DATE", "TIME", "DATETIME", "UIDREF"})


def relationship(parent: Value, node: Node, mapping: Mapping, *, born: bool) -> str:
    """The relationship that Part 16 uses for such a pair, where FHIR does not say one. `born`: in DICOM."""
    child, concept = node.value, node.concept
    if is_unqualified(parent) and is_words(child):
        return "HAS CONCEPT MOD"
    if node.is_source and value_type(parent) in _INFERRED:
        return "INFERRED FROM"
    said = mapping.relationships.get((concept.scheme, concept.value)) if concept else None
    if said is not None and (born or _may_say_of_others(node, said)):
        return said
    if isinstance(parent, Container):
        return "CONTAINS"
    if isinstance(parent, Graphic):
        return "SELECTED FROM"
    if isinstance(parent, Reference):
        return "HAS ACQ CONTEXT"
    return "INFERRED FROM" if isinstance(child, Reference | Graphic | ByReference) else "HAS PROPERTIES"


def _may_say_of_others(node: Node, said: str) -> bool:
    """Whether what resources say is context or a modifier, as its concept may be: in FHIR a result says nothing of what
    stands beside it. A modifier is in words (PS3.3 table A.35.3-2)."""
    is_result = node.home is not None and node.home.get("resourceType") == "Observation"
    return not is_result and (said != "HAS CONCEPT MOD" or is_words(node.value))


def is_unqualified(value: Value) -> bool:
    """Whether PS3.3 table A.35.3-2 lets it have nothing but concept modifiers, which are words."""
    return isinstance(value, Plain) and value.value_type in _UNQUALIFIED


def is_words(value: Value) -> bool:
    return isinstance(value, Coded) or (isinstance(value, Plain) and value.value_type == "TEXT")


def reference_type(sop_class: str) -> str:
    if sop_class.startswith(WAVEFORMS):
        return "WAVEFORM"
    return "COMPOSITE" if is_structured_report(sop_class) or sop_class.startswith(COMPOSITES) else "IMAGE"


def text(item: ContentItem, kind_of_value: str) -> str | None:
    found = item.value
    return found.text if isinstance(found, Plain) and found.value_type == kind_of_value and not item.children else None
