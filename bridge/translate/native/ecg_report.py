"""ECG Report (PS3.16 TID 3700) of a report born in FHIR that says all that the template demands: when the ECG was
recorded (TID 3708), and the five global measurements of TID 3713 in its units. Others stay without a template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from bridge.mapping.numbers import is_compared
from bridge.model.content import Code, Container, ContentItem, Num, Plain
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.status import WITHDRAWN
from bridge.model.tags import TEMPLATE as CONTENT_TEMPLATE
from bridge.terminology.units import plain
from bridge.translate.basis import times
from bridge.translate.basis.node import Home, Node
from bridge.translate.native.observed import dated

TEMPLATE = "3700"
TITLE = Code("11524-0", "LN", "ECG Report")
_PROCEDURE = Code("55111-9", "LN", "Current Procedure Descriptions")
_RECORDED = Code("122146", "DCM", "Procedure DateTime")
_QUANTITATIVE = Code("122144", "DCM", "Quantitative Analysis")
_GLOBAL = Code("122158", "DCM", "ECG Global Measurements")
CONTAINERS = (_PROCEDURE, _QUANTITATIVE, _GLOBAL)
_BEATS = Code("{H.B.}/min", "UCUM", "BPM")
_REQUIRED = {  # TID 3713, Code Value of MDC -> unit, annotations aside
    "2:16016": "/min",  # Ventricular Heart Rate
    "2:15872": "ms",  # PR interval
    "2:16156": "ms",  # QRS duration
    "2:16160": "ms",  # QT interval
    "2:16168": "ms",  # RR interval
}
_OPTIONAL = {  # Atrial Heart Rate; QTc interval (CID 3227); global durations (CID 3689); axes (CID 3229)
    *("2:16020", "2:15876", "2:16184", "2:16140", "2:16144", "2:16148", "2:16128", "2:16132", "2:16136"),
}

Concept = Callable[[Home], Code | None]


def is_ecg_report(group: Group, observations: Iterable[Resource], concept: Concept) -> bool:
    root = group.root
    if root["resourceType"] != "DiagnosticReport" or not TITLE.same(concept(root.get("code", {}))):
        return False
    found = Counter(value for one in observations if (value := _required(one, concept)) is not None)
    return found == dict.fromkeys(_REQUIRED, 1) and _recorded(group, "+00:00") is not None


def _required(observation: Resource, concept: Concept) -> str | None:
    """The measurement of TID 3713 that it is, with a number in its unit. What is in error has no item."""
    if observation.get("status") in WITHDRAWN:
        return None
    code, quantity = concept(observation.get("code", {})), observation.get("valueQuantity", {})
    if code is None or code.scheme != "MDC" or is_compared(quantity) or "value" not in quantity:
        return None
    return code.value if _REQUIRED.get(code.value) == plain(quantity.get("code", "")) else None


def begin(root: Node, group: Group, zone: str) -> None:
    """Adds when it was recorded (TID 3708)."""
    if recorded := _recorded(group, zone):  # somebody may have taken it away since
        root.add(Container("SEPARATE"), _PROCEDURE, None).add(Plain("DATETIME", recorded), _RECORDED, None)


def _recorded(group: Group, zone: str) -> str | None:
    try:
        return times.to_dicom(dated(group) or "", zone) or None
    except ValueError:  # more digits than a DT holds
        return None


def place_of(concept: Code | None, root: Node) -> Node:
    """Where the item of a result stands: a global measurement among those, anything else on its own."""
    if concept is None or concept.scheme != "MDC" or concept.value not in _REQUIRED.keys() | _OPTIONAL:
        return root
    return root.section(_QUANTITATIVE).section(_GLOBAL)


def unclaimed(document: Document) -> Document:
    """Without Content Template Sequence, where some of the global measurements that TID 3713 demands are there, and
    others are not; else the very same. One that codes all of them otherwise is not judged."""
    found = set(_measured(document.root))
    if document.template != TEMPLATE or not found or found == _REQUIRED.keys():
        return document
    rest = tuple(one for one in document.root.rest if one.tag != CONTENT_TEMPLATE)
    return replace(document, root=replace(document.root, rest=rest))


def _measured(item: ContentItem) -> Iterator[str]:
    concept = item.concept
    if concept is not None and concept.scheme == "MDC" and isinstance(item.value, Num):
        yield from {concept.value} & _REQUIRED.keys()
    for child in item.children:
        yield from _measured(child)


def finish(root: Node) -> None:
    """Writes rates in the unit of the template, whatever they count: `{beats}/min`."""
    for node in place_of(Code("2:16016", "MDC", ""), root).children:
        value = node.value
        if isinstance(value, Num) and value.unit is not None and plain(value.unit.value) == "/min":
            node.value = replace(value, unit=_BEATS)
