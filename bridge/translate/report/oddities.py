"""What is readable but odd: it crosses, and the report's warnings say so, without any value of the patient's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from bridge.mapping.lens import LENSES
from bridge.model.content import ByReference, Coded, ContentItem, Num, Other, Path, Plain, value_type
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.names import EXTENSION_BASE, PRIVATE_SCHEME
from bridge.terminology.schemes import designator_of, uri_of
from bridge.terminology.units import is_ucum, plain
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import element_id
from bridge.translate.basis.ranges import has_unit, is_bare, of_range
from bridge.translate.native.asserted import is_as_qualified, is_qualified, is_quoted
from bridge.translate.native.flow import breaks_flow
from bridge.translate.native.private_schemes import systems_of
from bridge.translate.native.sides import is_unseen, structures_of
from bridge.translate.native.unread import is_unread
from bridge.translate.native.values import is_qualifier
from bridge.translate.report.hedges import hedges
from bridge.translate.report.odd_header import oddities_of_header
from bridge.translate.report.said_twice import said_twice

_FACTS = "TEXT CODE NUM DATETIME DATE TIME UIDREF PNAME COMPOSITE"
VALUE_TYPES = frozenset(f"{_FACTS} CONTAINER IMAGE WAVEFORM SCOORD SCOORD3D TCOORD TABLE".split())
_ANY = "* "  # no value type is named so
# PS3.3 tables A.35.3-2 and A.35.13-2 (Comprehensive, Comprehensive 3D SR), the widest of the IODs with a table
_LEGAL: dict[str, tuple[tuple[str, str], ...]] = {
    "CONTAINS": (("CONTAINER", _ANY),),
    "HAS OBS CONTEXT": (("TEXT CODE NUM CONTAINER", _FACTS),),
    "HAS ACQ CONTEXT": (("CONTAINER IMAGE WAVEFORM COMPOSITE NUM", f"{_FACTS} CONTAINER"),),
    "HAS CONCEPT MOD": ((_ANY, "TEXT CODE"),),
    # the last one: A.35.16, Patient Radiation Dose SR (TID 10033)
    "HAS PROPERTIES": (
        ("TEXT CODE NUM", _ANY),
        ("COMPOSITE", "UIDREF"),
        ("PNAME", "TEXT CODE DATETIME DATE TIME UIDREF PNAME"),
    ),
    "INFERRED FROM": (("TEXT CODE NUM", _ANY),),
    "SELECTED FROM": (("SCOORD", "IMAGE"), ("TCOORD", "SCOORD SCOORD3D IMAGE WAVEFORM")),
}


def oddities_of_document(document: Document, known: Known) -> list[str]:
    """One line for each kind of oddity, with its number and first place."""
    found: dict[str, list[str]] = {what: [] for what in oddities_of_header(document, known)}
    explained = frozenset(systems_of(document.header))
    for what, path in _of_items(document.root, None, (0,), explained):
        found.setdefault(what, []).append(element_id(path))
    return [_line(what, places) for what, places in found.items()]


def _of_items(
    item: ContentItem, parent: ContentItem | None, path: Path, explained: frozenset[str]
) -> list[tuple[str, Path]]:
    """`explained`: what designators stand for that the document itself explains."""
    source = value_type(parent.value) if parent is not None else _NO_PARENT
    schemes = _schemes(item)
    if explained:
        schemes = tuple([one for one in schemes if uri_of(one, EXTENSION_BASE) not in explained])
    odd = _of_item(source, item.relationship, type(item.value).__name__, value_type(item.value), schemes)
    found = [(what, path) for what in (*odd, *_qualifier(item), *_unit(item), *said_twice(item))]
    if is_unread(item.value):
        found.append((f"{value_type(item.value)} {_UNREAD}", path))
    if item.children:
        found += [(what, path) for what, is_so in _BESIDE if is_so(item)]
    for index, child in enumerate(item.children):
        found += _of_items(child, item, (*path, index), explained)
    if item.children and isinstance(item.value, Plain) and (limits := _limits(item)) and limits != item.value.text:
        found.append(("a text that says another range than its Minimum and Maximum", path))
    return found


def _limits(item: ContentItem) -> str:
    """What its Minimum and Maximum say, as a valueRange (FHIR R4) is written."""
    found: Resource = {}
    for child in item.children:
        end = _ENDS.get(child.concept[:2]) if child.concept is not None else None
        if end is not None and isinstance(child.value, Num):
            try:
                found[end] = LENSES["quantity"].to_fhir(child.value)
            except ValueError:  # no number: it says nothing
                continue
    return of_range(found)


_ENDS = {("255605001", "SCT"): "low", ("56851009", "SCT"): "high"}


_BESIDE: tuple[tuple[str, Callable[[ContentItem], bool]], ...] = (
    ("a value within continuous text, whose words may deny it: read it in the narrative", breaks_flow),
    (
        "a modifier says that it is absent, of another time or person, or not meant: read both",
        is_qualified,
    ),
    ("a quotation: what somebody else or another document said is no result of this one", is_quoted),
)
"""What is said beside the value that changes what it means."""
_UNREAD = "whose value FHIR cannot hold: a FHIR client sees none, and data absent for an error"
_NO_PARENT = "-"  # no value type is named so


@lru_cache(maxsize=16384)
def _of_item(
    source: str | None, relationship: str | None, form: str, kind: str | None, schemes: tuple[str, ...]
) -> tuple[str, ...]:
    """What is odd about an item of that value type, under one of the type `source`: most are like others."""
    found, by_reference = list[str](), form == ByReference.__name__
    if not by_reference and kind not in VALUE_TYPES:
        found.append(f"unknown value type {kind!r}")
    elif form == Other.__name__ and kind not in ("TCOORD", "TABLE"):
        found.append(f"{kind} without a value, or with one that is not of its character set")
    if source != _NO_PARENT:
        known = not by_reference and source in VALUE_TYPES and kind in VALUE_TYPES
        if relationship is None:
            found.append("item without Relationship Type")
        elif known and not is_legal(str(source), relationship, str(kind)):
            found.append(f"illegal relationship {source} {relationship} {kind}")
    for scheme in schemes:
        if scheme != PRIVATE_SCHEME and uri_of(scheme, EXTENSION_BASE).startswith(EXTENSION_BASE):
            found.append(f"coding scheme {scheme!r} has no known URI")
    return tuple(found)


@lru_cache(maxsize=4096)
def is_legal(source: str, relationship: str | None, target: str) -> bool:
    rows = _LEGAL.get(relationship or "", ())
    return any(_holds(sources, source) and _holds(targets, target) for sources, targets in rows)


def _holds(kinds: str, kind: str) -> bool:
    return kinds == _ANY or kind in kinds.split()


def _schemes(item: ContentItem) -> tuple[str, ...]:
    value, concept = item.value, item.concept
    other = value.code if isinstance(value, Coded) else value.unit if isinstance(value, Num) else None
    return tuple([code.scheme for code in (concept, other) if code is not None and code.scheme])


def _qualifier(item: ContentItem) -> list[str]:
    """One that the resources do not show: it is carried, and an edit of the number drops it."""
    value = item.value
    hidden = isinstance(value, Num) and value.qualifier is not None and not is_qualifier(value.qualifier)
    return ["Numeric Value Qualifier beyond CID 42: a FHIR client does not see it"] if hidden else []


def _unit(item: ContentItem) -> list[str]:
    unit = item.value.unit if isinstance(item.value, Num) else None
    return _no_ucum(unit.value) if unit is not None and unit.scheme == "UCUM" else []


@lru_cache(maxsize=4096)
def _no_ucum(code: str) -> list[str]:
    """It crosses as it is: what was meant, nobody can tell for sure. Blanks within an annotation are the standard's:
    `{X-Ray sources}` (PS3.16 TID 10013)."""
    legal = is_ucum(_NOTE.sub(lambda note: note[0].replace(" ", "_"), code))
    return [] if legal else [f"{code[:_LONG]!r} is no UCUM unit: correct it at its source"]


_NOTE, _LONG = re.compile(r"\{[^{}]*\}"), 64


def _homes(group: Group) -> Iterator[tuple[str, Resource]]:
    """What becomes content items, with its type."""
    for resource in group.spoken():
        if resource["resourceType"] in ("Observation", "DiagnosticReport"):
            yield from ((resource["resourceType"], home) for home in (resource, *resource.get("component", ())))


def contradictions(group: Group) -> list[str]:
    """Words beside a code or numbers that say something else."""
    found: dict[str, list[str]] = {}
    for kind, home in _homes(group):
        for what, place in _contradictions(home):
            found.setdefault(what, []).append(f"{kind}.{place}")
    return [_line(what, places) for what, places in found.items()]


def oddities_of_group(group: Group) -> list[str]:
    """Code systems that DICOM has no Coding Scheme Designator for, and words beside a code that say something else: a
    DICOM reader sees those of the code."""
    found: dict[str, list[str]] = {}
    structures = structures_of(group)
    for kind, home in _homes(group):
        for element in ("code", "valueCodeableConcept"):
            for coding in home.get(element, {}).get("coding", ()):
                system = coding.get("system")
                if system and designator_of(system, EXTENSION_BASE) is None:
                    what = f"code system {system!r} has no Coding Scheme Designator"
                    found.setdefault(what, []).append(f"{kind}.{element}")
        quantity = home.get("valueQuantity", {})
        for what in _no_ucum(quantity["code"]) if quantity.get("system") == _UCUM and "code" in quantity else ():
            found.setdefault(what, []).append(f"{kind}.valueQuantity")
        if "value" in quantity and not has_unit(quantity):
            what = "a number without a unit: a DICOM reader sees `no units`"
            found.setdefault(what, []).append(f"{kind}.valueQuantity")
        if kind == "Observation" and "dataAbsentReason" in home and "value" in quantity:  # of a component: else obs-6
            found.setdefault("a number, and a reason why there is none", []).append(f"{kind}.component")
        if any(is_bare(one, home) for one in home.get("referenceRange", ())):
            what = "limits without a unit: a DICOM reader sees them as words"
            found.setdefault(what, []).append(f"{kind}.referenceRange")
        if _is_side_of_words(home.get("bodySite", {})):
            what = "the text says a side that the code does not, and no DICOM reader sees"
            found.setdefault(what, []).append(f"{kind}.bodySite")
        if is_unseen(home.get("bodySite", {}), structures):
            what = "an extension says where it was, and no DICOM reader sees it"
            found.setdefault(what, []).append(f"{kind}.bodySite")
    return [*contradictions(group), *(_line(what, places) for what, places in found.items())]


_UCUM = "http://unitsofmeasure.org"
_ALIKE = {("C", "Cel"), ("F", "[degF]")}  # coulomb and farad to UCUM, degrees to everybody else


_CALLED = {  # as people write units whose mistake is dangerous -> UCUM
    "mmhg": "mm[Hg]",
    "mm hg": "mm[Hg]",
    "°c": "Cel",
    "degc": "Cel",
    "celsius": "Cel",
    "°f": "[degF]",
    "degf": "[degF]",
    "fahrenheit": "[degF]",
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "pounds": "[lb_av]",
    "in": "[in_i]",
    "inch": "[in_i]",
    "inches": "[in_i]",
    "bpm": "/min",
    "mcg": "ug",
    "µg": "ug",
    "μg": "ug",
}


def _contradictions(home: Resource) -> Iterator[tuple[str, str]]:
    for element in ("code", "valueCodeableConcept", "bodySite", "method", "interpretation", "conclusionCode"):
        if element not in home:
            continue
        value = home[element]
        for concept in value if isinstance(value, list) else [value]:
            displays = [one.get("display") for one in concept.get("coding", ())]
            if concept.get("text") in displays:  # to the letter
                continue
            if element == "valueCodeableConcept" and is_as_qualified(home):
                continue
            text, said = _folded(concept.get("text")), [*filter(None, map(_folded, displays))]
            if text and said and not any(_agree(text, one, element) for one in said):
                yield "the text is not that of the code, which a DICOM reader sees", element
    for one in home.get("referenceRange", ()):
        numbers = set(map(_number, _NUMBER.findall(one.get("text", ""))))
        limits = {_number(str(one[end]["value"])) for end in ("low", "high") if "value" in one.get(end, {})}
        if numbers and limits - numbers:
            yield "the text says other numbers than the limits", "referenceRange"
    quantity = home.get("valueQuantity", {})
    unit, code = quantity.get("unit"), quantity.get("code")
    if unit and code and _is_another(unit, code):
        yield "the unit is another than its code", "valueQuantity"


def _agree(text: str, display: str, element: str) -> bool:
    """One may say more than the other, but not *no*, *suspected* or *formerly*."""
    if element == "bodySite":  # `left arm` of a left upper arm structure
        return text in display or display in text or {*text.split()} <= {*display.split()}
    short, long = sorted((text, display), key=len)
    return re.search(rf"(?<!\w){re.escape(short)}", long) is not None and hedges(text) == hedges(display)


@lru_cache(maxsize=4096)
def _is_another(unit: str, code: str) -> bool:
    called = _CALLED.get(unit.strip().casefold(), unit)
    return is_ucum(called) and plain(called) != plain(code) and (called, code) not in _ALIKE


def _is_side_of_words(site: Resource) -> bool:
    """Alone. In a document born in DICOM, items say it: the element id tells."""
    said = [*filter(None, (_folded(one.get("display")) for one in site.get("coding", ())))]
    sides = [_SIDE.search(one) for one in (_folded(site.get("text")), *said)]
    return "id" not in site and bool(said) and sides[0] is not None and not any(sides[1:])


_SIDE = re.compile(r"\b(left|right|bilateral)\b")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def _number(text: str) -> str:
    """`3.50`, `3,5` and `-3.5`, for a text says `-3.5--1` or `3-4`."""
    found = text.removeprefix("-").replace(",", ".")
    return found.rstrip("0").rstrip(".") if "." in found else found


def _folded(text: str | None) -> str:
    return " ".join((text or "").casefold().split())


def _line(what: str, places: list[str]) -> str:
    if not places:
        return what
    return f"{what}: {places[0]}" + (f" and {len(places) - 1} more" if len(places) > 1 else "")
