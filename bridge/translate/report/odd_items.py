"""What is readable but odd about a document: it crosses, and the report's warnings say so, without any value of the
patient's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from bridge.mapping.lens import LENSES
from bridge.mapping.numbers import is_another
from bridge.model.codes import is_urn
from bridge.model.content import ByReference, Code, Coded, ContentItem, Num, Other, Path, Plain, value_type
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Resource
from bridge.model.names import EXTENSION_BASE, PRIVATE_SCHEME
from bridge.model.tags import OBSERVATION_DATETIME
from bridge.terminology.measured import is_called_another, is_of_another_unit
from bridge.terminology.schemes import uri_of
from bridge.terminology.snomed import name_of, sct_of
from bridge.terminology.units import is_ucum
from bridge.translate.basis import times
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import element_id
from bridge.translate.basis.ranges import of_range
from bridge.translate.native.asserted import is_qualified, is_quoted
from bridge.translate.native.flow import breaks_flow
from bridge.translate.native.private_schemes import systems_of
from bridge.translate.native.qualifiers import is_qualifier
from bridge.translate.native.references import path_of
from bridge.translate.native.shared_context import is_plan
from bridge.translate.native.subject_context import (
    THE_PATIENT,
    Named,
    Subject,
    names_another,
    patient_in,
    subject_of_item,
)
from bridge.translate.native.told_before import holds_results
from bridge.translate.native.unread import is_unread
from bridge.translate.report.legal import VALUE_TYPES, is_legal
from bridge.translate.report.odd_header import oddities_of_header
from bridge.translate.report.said_twice import said_twice
from bridge.translate.report.unreadable import unreadable_texts


def oddities_of_document(document: Document, known: Known) -> list[str]:
    """One line for each kind of oddity, with its number and first place."""
    found: dict[str, list[str]] = {what: [] for what in oddities_of_header(document, known)}
    for what, place in unreadable_texts(document):
        found.setdefault(what, []).extend(() if place is None else (element_id(place),))
    if is_plan(document.root.concept):
        found[_PLAN] = []
    known_of = _Document(frozenset(systems_of(document.header)), patient_in(document))
    for what, path in _of_items(document.root, _NO_PARENT, (0,), known_of):
        found.setdefault(what, []).append(element_id(path))
    return [line(what, places) for what, places in found.items()]


class _Document(NamedTuple):
    """What the header says that items are seen by."""

    explained: frozenset[str]  # what designators stand for that the document itself explains
    patient: Named


def _of_items(
    item: ContentItem, source: str | None, path: Path, document: _Document, about: Subject = THE_PATIENT
) -> list[tuple[str, Path]]:
    """`source`: value type of the item that it stands below."""
    value, kind, schemes = item.value, value_type(item.value), _schemes(item)
    if document.explained:
        schemes = tuple([one for one in schemes if uri_of(one, EXTENSION_BASE) not in document.explained])
    odd = [*_of_item(source, item.relationship, type(value).__name__, kind, schemes)]
    if isinstance(value, Num):
        odd += _of_number(value)
        odd += _of_retired(item.concept, value.unit)
    if item.rest:
        odd += said_twice(item)
    if is_unread(value):
        odd.append(f"{kind} {_UNREAD}")
    found = [(what, path) for what in odd]
    if item.rest and not _is_dated(item):
        found.append(("Observation DateTime (0040,A032) that cannot be read: the time is that of what is around", path))
    if isinstance(value, ByReference) and _leads_back(value, path):
        found.append(("a reference to an item that it stands in: a DICOM reader may refuse the document", path))
    if item.children:
        found += [(what, path) for what, is_so in _BESIDE if is_so(item)]
        about = subject_of_item(item, about, document.patient)
        if (named := names_another(item, about, document.patient)) is not None:
            found.append((named, path))
    for index, child in enumerate(item.children):
        found += _of_items(child, kind, (*path, index), document, about)
    if item.children and isinstance(value, Plain) and (limits := _limits(item)) and limits != value.text:
        found.append(("a text that says another range than its Minimum and Maximum", path))
    return found


def _leads_back(value: ByReference, path: Path) -> bool:
    """Which PS3.3 A.35.3.3.1.2 forbids, to prevent loops."""
    steps = path_of(value)
    return bool(value.identifier) and path[1 : len(steps) + 1] == steps


def _is_dated(item: ContentItem) -> bool:
    said = text_of(item.rest, OBSERVATION_DATETIME)
    try:
        return said is None or bool(times.to_fhir(said, "+00:00"))
    except ValueError:
        return False


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
    (
        "a section of what was asked for, known before or of the family: it is no result of today, each in it says so",
        holds_results,
    ),
    ("a quotation: what somebody else or another document said is no result of this one", is_quoted),
)
"""What is said beside the value that changes what it means."""
_PLAN = "a plan: nothing in it was given; each result says so (Procedure context = Planned)"
_UNREAD = "whose value FHIR cannot hold: a FHIR client sees none, and data absent for an error"
_NO_SCHEME = "a code without Coding Scheme Designator: nobody knows what it means; correct it at its source"
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
        found.append(f"{kind} without a value that can be read")
    if source != _NO_PARENT:
        known = not by_reference and source in VALUE_TYPES and kind in VALUE_TYPES
        if relationship is None:
            found.append("item without Relationship Type")
        elif known and not is_legal(str(source), relationship, str(kind)):
            found.append(f"illegal relationship {source} {relationship} {kind}")
    for scheme in schemes:
        if not scheme:
            found.append(_NO_SCHEME)
        elif scheme != PRIVATE_SCHEME and uri_of(scheme, EXTENSION_BASE).startswith(EXTENSION_BASE):
            found.append(f"coding scheme {scheme!r} has no known URI")
    return tuple(found)


def _schemes(item: ContentItem) -> tuple[str, ...]:
    value, concept = item.value, item.concept
    other = value.code if isinstance(value, Coded) else value.unit if isinstance(value, Num) else None
    said = (code for code in (concept, other) if code is not None)
    return tuple([code.scheme for code in said if code.scheme or (code.value and not is_urn(code.value))])


def _of_number(number: Num) -> Iterator[str]:
    if number.qualifier is not None and not is_qualifier(number.qualifier):  # it is carried; an edit drops it
        yield "Numeric Value Qualifier beyond CID 42: a FHIR client does not see it"
    if number.unit is not None and number.unit.scheme == "UCUM":
        yield from no_ucum(number.unit.value)
    if number.floating is not None and is_another(number):
        yield "a Floating Point Value that is another number than the Numeric Value, which is read"


def _of_retired(concept: Code | None, unit: Code | None) -> list[str]:
    """Of a retired code whose meaning today (PS3.16 annex O) is another one than its words, or its unit, say."""
    sct = sct_of(concept.value) if concept is not None and concept.scheme == "SRT" else None
    if concept is None or sct is None:
        return []
    another = unit is not None and unit.scheme == "UCUM" and is_of_another_unit(sct, unit.value)
    if not another and not is_called_another(sct, concept.meaning):
        return []
    said = f"{concept.value} (SRT) means {name_of(sct)!r} today, and its {'unit' if another else 'Code Meaning'}"
    left = ", so that FHIR has no code of today" if another else ""
    return [f"{said} says that something else was measured{left}: correct it at its source"]


@lru_cache(maxsize=4096)
def no_ucum(code: str) -> list[str]:
    """It crosses as it is: what was meant, nobody can tell for sure. Blanks within an annotation are the standard's:
    `{X-Ray sources}` (PS3.16 TID 10013)."""
    legal = is_ucum(_NOTE.sub(lambda note: note[0].replace(" ", "_"), code))
    return [] if legal else [f"{code[:_LONG]!r} is no UCUM unit: correct it at its source"]


_NOTE, _LONG = re.compile(r"\{[^{}]*\}"), 64


def line(what: str, places: list[str]) -> str:
    if not places:
        return what
    return f"{what}: {places[0]}" + (f" and {len(places) - 1} more" if len(places) > 1 else "")
