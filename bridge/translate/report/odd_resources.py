"""What is readable but odd about resources: they cross, and the report's warnings say so, without any value of the
patient's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bridge.mapping.codings import code_meaning, concept_to_dicom
from bridge.mapping.mapping import Mapping
from bridge.model.group import Group, Resource, repetitions
from bridge.model.names import EXTENSION_BASE
from bridge.model.status import WITHDRAWN
from bridge.terminology.schemes import canonical, designator_of
from bridge.translate.basis.ranges import has_unit, is_bare, normal_ranges
from bridge.translate.header.header import born_uid
from bridge.translate.header.orders import several_accessions, unfit_accessions
from bridge.translate.native.coded_notes import is_unsaid
from bridge.translate.native.observed import dated, is_one_moment, observed_at
from bridge.translate.native.qualifiers import is_interpreted_alone, qualifier_of, reason_in_words
from bridge.translate.native.sides import Structures, is_unseen, structures_of
from bridge.translate.report.contradictions import UCUM, contradictions, homes_of, is_side_of_words, quantities_of
from bridge.translate.report.odd_items import line, no_ucum
from bridge.translate.report.unshown import unshown


def oddities_of_group(group: Group, mapping: Mapping) -> list[str]:
    """Code systems that DICOM has no Coding Scheme Designator for, and words beside a code that say something else: a
    DICOM reader sees those of the code."""
    found: dict[str, list[str]] = {}
    structures, made = structures_of(group), born_uid(group.root) is None
    for kind, home in homes_of(group):
        odd = [*_odd_systems(home, mapping), *_odd_numbers(kind, home), *_unsaid(home, structures)]
        if made:
            odd += _odd_where_made(kind, home, mapping)
        if "referenceRange" in home:
            odd += [("referenceRange", what) for what in _odd_ranges(home, born=not made)]
        for element, what in odd:
            found.setdefault(what, []).append(f"{kind}.{element}")
    is_dated = made and group.root["resourceType"] == "DiagnosticReport" and dated(group) is not None
    for one in group.spoken():
        for element, what in _odd_resource(one, made=made, is_dated=is_dated):
            found.setdefault(what, []).append(f"{one['resourceType']}.{element}")
    for place, what in _odd_studies(group) if made else ():
        found.setdefault(what, []).append(place)
    return [*contradictions(group), *unshown(group), *(line(what, places) for what, places in found.items())]


_Odd = Iterator[tuple[str, str]]
"""Elements, and what is odd about each."""


def _odd_systems(home: Resource, mapping: Mapping) -> _Odd:
    for element in ("code", "valueCodeableConcept"):
        for coding in home.get(element, {}).get("coding", ()):
            system = coding.get("system")
            if not system or designator_of(system, EXTENSION_BASE) is not None:
                continue
            if element != "code" or not _has_row(coding, home, mapping):  # a DICOM reader sees the code of the row
                yield element, f"code system {system!r} has no Coding Scheme Designator"


def _odd_numbers(kind: str, home: Resource) -> _Odd:
    quantity = home.get("valueQuantity", {})
    for element, one in quantities_of(home):
        for what in no_ucum(one["code"]) if one.get("system") == UCUM and "code" in one else ():
            yield element, what
    if "value" in quantity and not has_unit(quantity):
        yield "valueQuantity", "a number without a unit: a DICOM reader sees `no units`"
    if kind == "Observation" and "dataAbsentReason" in home and "value" in quantity:  # of a component: else obs-6
        yield "component", "a number, and a reason why there is none"


def _unsaid(home: Resource, structures: Structures) -> _Odd:
    """What only extensions and texts say, which have no item."""
    if "effectiveTiming" in home and not is_one_moment(home["effectiveTiming"]):
        seen = "none, and may take Content Date for it" if observed_at(home) is None else "one moment of it"
        yield "effectiveTiming", f"a timing that is more than one moment: a DICOM reader sees {seen}"
    if "bodySite" in home and is_side_of_words(home["bodySite"]):
        yield "bodySite", "the text says a side that the code does not, and no DICOM reader sees"
    if "bodySite" in home and is_unseen(home["bodySite"], structures):
        yield "bodySite", "an extension says where it was, and no DICOM reader sees it"
    if any(map(is_unsaid, home.get("note", ()))):
        yield "note", "an extension says what the note is, and no DICOM reader sees it"


def _odd_where_made(kind: str, home: Resource, mapping: Mapping) -> _Odd:
    """Of a document that is made from resources: one that was born in DICOM has its own words."""
    for element in _CUT:
        if any(_is_cut(one, mapping) for one in repetitions(home.get(element, []))):
            yield element, "longer than the 64 characters of a Code Meaning: a DICOM reader sees it cut, shorten it"
    if kind == "Observation" and concept_to_dicom(home.get("code", {})) is None:
        yield "code", "a code that DICOM cannot hold: a reader sees `Unknown`"
    for element in _bare_codes(home, mapping):
        yield element, _BARE_ANSWER if element in _ANSWERS else _BARE
    if _has_unsaid_reason(home):
        yield "dataAbsentReason", "why there is no value is said in words that no DICOM reader sees"


def _odd_resource(one: Resource, *, made: bool, is_dated: bool) -> _Odd:
    kind = one["resourceType"]
    if is_dated and kind == "Observation" and (how := _undated(one)) is not None:
        yield "effective", how
    if made and kind in ("DiagnosticReport", "ImagingStudy"):
        yield from ((element, _UNFIT) for element in unfit_accessions(one))
        if (several := several_accessions(one)) is not None:
            yield several, _SEVERAL
    if kind == "Composition" and any(map(_is_about_another, one.get("section", ()))):
        yield "section.focus", "a section is about somebody else: a DICOM reader may take its words for the patient's"


def _odd_studies(group: Group) -> _Odd:
    """A document is in one study: that which its report names, or the first of them (`header_of`)."""
    studies, index = group.root.get("imagingStudy", ()), group.index()
    if len(studies) > 1:
        yield "DiagnosticReport.imagingStudy", "several studies: the document is filed in the first of them"
    names = [one.get("reference") for one in studies]
    here = [one for one in names if one in index] or names
    filed = {*here[:1], *(id(index[one]) for one in here[:1] if one in index)}
    for observation in group.spoken():
        said = [one.get("reference", "") for one in observation.get("derivedFrom", ())]
        said = [one for one in said if "ImagingStudy/" in one]
        if any(one not in filed and id(index.get(one)) not in filed for one in said):
            yield "Observation.derivedFrom", _ANOTHER_STUDY


def _undated(observation: Resource) -> str | None:
    """What an item without Observation DateTime is read as: PS3.3 C.17.5 dates it by what it stands in."""
    if (
        observed_at(observation) is not None
        or "effectiveTiming" in observation
        or observation.get("status") in WITHDRAWN
    ):
        return None
    how = "whose time is said to be unknown" if "_effectiveDateTime" in observation else "without a time"
    return f"a result {how}: a DICOM reader takes that of the report for it; say when it was observed"


_ANOTHER_STUDY = (
    "a result of images of a study that the document is not filed in: a DICOM reader takes it for one of the study "
    "that it is in; name that study in the report"
)
_SEVERAL = "several accession numbers: nobody says which one is the study's, and a DICOM reader sees none"
_UNFIT = "an accession number that 16 characters without a backslash cannot hold: a DICOM reader sees none"
_CUT = ("interpretation", "method", "bodySite", "category")
"""Concepts whose whole words no item says (PS3.16 TID 1210 and 1211 are of a concept name and of a value)."""


def _is_cut(concept: Resource, mapping: Mapping) -> bool:
    code = mapping.concept(concept)
    words = [concept.get("text", ""), *(one.get("display", "") for one in concept.get("coding", ()))]
    return code is not None and any(len(one) > 64 and code_meaning(one) == code.meaning for one in words)


def _has_row(coding: Resource, home: Resource, mapping: Mapping) -> bool:
    row = mapping.row(mapping.concept(home["code"]))
    said = canonical(coding["system"], EXTENSION_BASE), coding.get("code")
    return row is not None and said == (row.system, row.code)


_BARE = (
    "a code without a display: a DICOM reader sees its number; say the display in FHIR, or a name in a row of your "
    "mapping (how-to/add-your-codes)"
)
_BARE_ANSWER = "an answer without a display: a DICOM reader sees the number of its code; say the display in FHIR"
_ANSWERS = ("valueCodeableConcept",)  # no row translates them


def _bare_codes(home: Resource, mapping: Mapping) -> Iterator[str]:
    """Elements whose Code Meaning, which is for people (PS3.3 8.3), is but a number. `POS` is one that people read."""
    for element in ("code", *_ANSWERS, "bodySite", "method", "interpretation", "conclusionCode"):
        to_dicom = concept_to_dicom if element in _ANSWERS else mapping.concept
        codes = filter(None, map(to_dicom, repetitions(home.get(element, []))))
        yield from (element for code in codes if code.meaning == code.value and _HAS_DIGIT.search(code.value))


_HAS_DIGIT = re.compile(r"\d")


def _has_unsaid_reason(home: Resource) -> bool:
    """Whether its item is no code, below which they would stand."""
    is_heading = "resourceType" in home and is_interpreted_alone(home)
    return (is_heading or qualifier_of(home) is not None) and bool(reason_in_words(home["dataAbsentReason"]))


def _odd_ranges(home: Resource, *, born: bool) -> Iterator[str]:
    ranges, said = home["referenceRange"], normal_ranges(home, born=born)
    if len(said) < len(ranges):
        seen = "the normal one alone" if said else "none"
        yield f"reference ranges that are not simply the normal one: a DICOM reader sees {seen}"
    if any(is_bare(one, home) for one in said):
        yield "limits without a unit: a DICOM reader sees them as words"


def _is_about_another(section: Resource) -> bool:
    return "focus" in section or any(map(_is_about_another, section.get("section", ())))
