"""All loaded YAML, compiled: what translation asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from bridge.mapping.codings import Spelled, called, codes_of, fresh, spelled, spelled_to_dicom, with_equivalents
from bridge.mapping.lens import CONCEPT, Lens
from bridge.mapping.revision import revision_in
from bridge.model.content import Code
from bridge.model.group import Json
from bridge.terminology.context_groups import is_in
from bridge.terminology.snomed import sct_of

_CONCEPTS = 4096  # that are remembered: a hospital says the same ones all day
_ZONES = 64  # of the archives of one bridge


class ConceptRow(NamedTuple):
    """Two codes that mean the same."""

    system: str  # of FHIR, canonical
    code: str
    dicom: Code
    name: str
    category: str | None
    unit: str | None
    accept: tuple[str, ...]
    misspelled: tuple[str, ...]  # how the unit is written that UCUM does not know
    place: str  # file:line


class Pair(NamedTuple):
    tag: int
    vr: str
    element: str  # of the FHIR resource
    lens: Lens[Any, Any]
    place: str  # file:line


class Fold(NamedTuple):
    """A child item that is an element of its parent's resource, beside the value."""

    concept: Code
    value_type: str
    element: tuple[str, ...]  # `method`; `referenceRange`, `low`
    lens: Lens[Any, Any]
    place: str  # file:line
    folder: int = 0  # of the mapping, in their order: the site's comes behind the shipped one

    @property
    def is_primitive(self) -> bool:
        """A primitive has no element id on HAPI that would say the place of its item."""
        return self.value_type == "DATETIME"


class Template(NamedTuple):
    template: str
    each: bool  # every measurement an Observation of its own
    category: str
    report: str | None = None  # DiagnosticReport.category, code of HL7 table 0074
    name: str = ""
    titles: tuple[Code, ...] = ()  # of the root; `CID n` is any of a context group
    classes: tuple[str, ...] = ()  # SOP Class UIDs
    source: str = ""  # in the standard
    sites: tuple[Code, ...] = ()  # concepts of containers: where all in them was found; `CID n` as in `titles`
    sided: bool = False  # the side of a section is that of each site in it
    folder: int = 0  # of the mapping, in their order: the site's comes behind the shipped one

    def is_site(self, concept: Code) -> bool:
        """Whether the concept of a container says where all in it was found, as a Finding Site does; in whichever of
        the schemes that it is said in."""
        return any(
            _is_of(said, one) or one.same(said) for one in self.sites for said in (concept, *concept.equivalents)
        )


RETIRED = "SRT"
"""SNOMED-RT style codes."""


def writing(folds: Sequence[Fold], scheme: str | None, *, born: bool) -> Fold | None:
    """Of the rows that read an element, the one that writes it as an item whose code is of a scheme: the site's before
    a shipped one, and SRT among SRT. A retired code is not the name of anything else that is made: where a site has
    given the SNOMED CT code of an element another meaning, nothing writes it. What was `born` in DICOM has the items
    that it had, and is given back by the first row, as ever."""
    rows = [one for one in folds if born or one.concept.scheme != RETIRED or scheme == RETIRED]
    last = max((one.folder for one in rows), default=0)
    rows = rows if born else [one for one in rows if one.folder == last]
    return next((one for one in rows if one.concept.scheme == scheme), rows[0] if rows else None)


@dataclass(frozen=True)
class Mapping:
    by_fhir: dict[tuple[str, str], ConceptRow] = field(default_factory=dict)  # (canonical system, code)
    by_dicom: dict[tuple[str, str], ConceptRow] = field(default_factory=dict)  # (designator, code)
    shapes: dict[str, tuple[Pair, ...]] = field(default_factory=dict)
    values: dict[str, tuple[str, Lens[Any, Any]]] = field(default_factory=dict)  # value type -> value[x], lens
    folds: dict[tuple[str, str, str], Fold] = field(default_factory=dict)  # resource, designator, code
    relationships: dict[tuple[str, str], str] = field(default_factory=dict)
    titles: dict[str, Code] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    revision: str = ""  # of all that a translation rests on (`revision.py`)
    shipped: Mapping | None = None  # without the rows of the site, where it has any
    former: dict[tuple[str, str], ConceptRow] = field(default_factory=dict)  # it was read by (`former.py`)

    @cached_property
    def site(self) -> frozenset[ConceptRow]:
        """Rows of the site, wherever they stand."""
        known = self.by_fhir if self.shipped is None else self.shipped.by_fhir
        return frozenset(row._replace(place="") for key, row in self.by_fhir.items() if known.get(key) != row)

    @cached_property
    def of_zone(self) -> Callable[[str], Mapping]:
        """As it translates times that name no zone, where they are of this one: the very same for the default, with
        all that it remembers."""
        return lru_cache(maxsize=_ZONES)(self._of_zone)

    def _of_zone(self, zone: str) -> Mapping:
        revision = revision_in(self.revision, zone)
        return self if revision == self.revision else replace(self, revision=revision)

    @cached_property
    def beside(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Element of an Observation that an item of a concept, its code and designator, is."""
        rows = self.folds.items()
        return {(code, scheme): fold.element for (resource, scheme, code), fold in rows if resource == "Observation"}

    @cached_property
    def elements(self) -> dict[str, dict[str, dict[tuple[str, ...], list[Fold]]]]:
        """`folds` by resource, element and element within it, each with the rows that read it (`writing`)."""
        found: dict[str, dict[str, dict[tuple[str, ...], list[Fold]]]] = {"Observation": {}, "DiagnosticReport": {}}
        for (resource, _, _), fold in self.folds.items():
            head, *rest = fold.element
            found.setdefault(resource, {}).setdefault(head, {}).setdefault(tuple(rest), []).append(fold)
        return found

    @cached_property
    def written(self) -> dict[tuple[str, bool], dict[str, list[tuple[tuple[str, ...], list[Fold]]]]]:
        """`elements` by resource, and whether they are primitives."""
        return {
            (resource, primitive): {
                head: said
                for head, rows in heads.items()
                if (said := [(rest, folds) for rest, folds in rows.items() if folds[0].is_primitive == primitive])
            }
            for resource, heads in self.elements.items()
            for primitive in (False, True)
        }

    def template(self, identifier: str | None, title: Code | None = None) -> Template:
        """By template identifier; a document that names no template has that of its title."""
        if identifier is None and title is not None:
            return self._template_of_title(title)
        return self.templates.get(identifier or "*") or self.templates["*"]

    @cached_property
    def _template_of_title(self) -> Callable[[Code], Template]:
        return lru_cache(maxsize=_CONCEPTS)(self._template_by_row)

    def _template_by_row(self, title: Code) -> Template:
        """A row that names the title, a site's before a shipped one; else a site's that names a group of it. Groups of
        shipped rows say what may be a title: by them, a document that an earlier bridge read would look edited."""
        rows = sorted(self.templates.values(), key=lambda row: -row.folder)
        titled = (row for row in rows if any(title.same(one) for one in row.titles))
        grouped = (row for row in rows if row.folder and any(_is_of(title, one) for one in row.titles))
        return next(titled, None) or next(grouped, self.templates["*"])

    def title(self, category: str | None) -> Code:
        return self.titles.get(category or "*") or self.titles["*"]

    @cached_property
    def _categories(self) -> dict[tuple[str, str], str]:
        """Of documents whose title says it; a title that several categories share says none. A shipped title still
        says what it said, unless a row of the site gives it to another category."""
        said = [(code.scheme, code.value) for code in self.titles.values()]
        shipped = {} if self.shipped is None else self.shipped._categories
        return {title: category for title, category in shipped.items() if title not in said} | {
            (code.scheme, code.value): category
            for category, code in self.titles.items()
            if category != "*" and said.count((code.scheme, code.value)) == 1
        }

    def category(self, title: Code | None, concept: Code | None, template: Template) -> str:
        """Of a result: what the title of its document says, else its concept, else the template."""
        return self._category_of_title(title) or self._category_of_concept(concept) or template.category

    def _category_of_title(self, title: Code | None) -> str | None:
        return self._categories.get((title.scheme, title.value)) if title else None

    @cached_property
    def _category_of_concept(self) -> Callable[[Code | None], str | None]:
        return lru_cache(maxsize=_CONCEPTS)(self._category_by_row)

    def _category_by_row(self, concept: Code | None) -> str | None:
        """Of the row of the concept, or of one that it is said to be equivalent to."""
        rows = map(self.row, (concept, *concept.equivalents) if concept else ())
        return next((row.category for row in rows if row is not None and row.category), None)

    @cached_property
    def unit_row(self) -> Callable[[Code | None], ConceptRow | None]:
        """The row that says the canonical unit of a concept, or of one that it is said to be equivalent to."""
        return lru_cache(maxsize=_CONCEPTS)(self._unit_row)

    def _unit_row(self, concept: Code | None) -> ConceptRow | None:
        rows = map(self.row, (concept, *concept.equivalents) if concept else ())
        return next((row for row in rows if row is not None and row.unit is not None), None)

    def coded(self, concept: Code | None) -> dict[str, Json]:
        """Concept name -> CodeableConcept; a concept row puts the FHIR code in front of the DICOM one, as the document
        spells it where only capitals differ. Where it stands among the equivalent codes, all of these were there."""
        return CONCEPT.to_fhir(None) if concept is None else fresh(self._coded(concept))

    @cached_property
    def _coded(self) -> Callable[[Code], dict[str, Json]]:
        return lru_cache(maxsize=_CONCEPTS)(self._coded_by_row)

    def _coded_by_row(self, concept: Code) -> dict[str, Json]:
        found, row = CONCEPT.to_fhir(concept), self.row(concept)
        if row is None:
            return found
        said = [(one.get("system"), one.get("code")) for one in found["coding"]]
        own = len(said) - len(concept.equivalents)
        if (row.system, row.code) in said[own:]:
            found["coding"] = found["coding"][own:] + found["coding"][:own]
        elif (row.system, row.code) not in said:
            display = concept.meaning if concept.meaning.lower() == row.name.lower() else row.name
            found["coding"].insert(0, {"system": row.system, "code": row.code, "display": display})
        return found

    def row(self, concept: Code | None) -> ConceptRow | None:
        """Of a SNOMED-RT style code, where it has none, the row of the SNOMED CT code that it is today."""
        if concept is None:
            return None
        row = self.by_dicom.get((concept.scheme, concept.value))
        if row is None and concept.scheme == RETIRED and (sct := sct_of(concept.value)) is not None:
            return self.by_dicom.get(("SCT", sct))
        return row

    def concept(self, coded: dict[str, Json]) -> Code | None:
        """CodeableConcept -> concept name, the other codings as its equivalents: the first coding that has a row, in
        the row's DICOM code, or that is of a registered scheme; else the first, else words. Vital signs say the general
        code behind the one that they mean."""
        return self._concept(spelled(coded))

    @cached_property
    def _concept(self) -> Callable[[Spelled], Code | None]:
        return lru_cache(maxsize=_CONCEPTS)(self._called)

    def _called(self, coded: Spelled) -> Code | None:
        found = self._concept_by_row(coded)
        return found and called(found, coded)

    def _concept_by_row(self, coded: Spelled) -> Code | None:
        said = codes_of(coded)
        for name, code in said:
            if (then := self.former.get(name)) is not None and (own := _standing(then, said)) is not None:
                return with_equivalents(own, _without(then, said))
            if (row := self.row(code)) is not None and self.by_fhir.get(name, row) is row:  # no site's row is before it
                named = code._replace(meaning=row.name) if code.meaning == code.value else code
                return with_equivalents(named, _without(row, said))
            if (row := self.by_fhir.get(name)) is not None:
                standing = next((one for _, one in said if self.row(one) is row), None)
                if standing is not None:
                    return with_equivalents(standing, _without(row, said))
                meaning = row.name if code.meaning == code.value else code.meaning
                others = [one for _, one in said] if len(said) > 1 else []  # with its own code: `coded` knows the order
                return with_equivalents(row.dicom._replace(meaning=meaning), others)
            if code.scheme and not code.scheme.startswith("99"):
                return with_equivalents(code, [one for _, one in said])
        return with_equivalents(said[0][1], [one for _, one in said]) if said else spelled_to_dicom(coded)


def _is_of(code: Code, group: Code) -> bool:
    return group.scheme == "CID" and is_in(int(group.value), code.scheme, code.value)


def _standing(row: ConceptRow, said: list[tuple[tuple[str, str], Code]]) -> Code | None:
    return next((code for _, code in said if row.dicom.same(code)), None)


def _without(row: ConceptRow, said: list[tuple[tuple[str, str], Code]]) -> list[Code]:
    """Less the FHIR code of the row, which `coded` puts there by itself."""
    return [code for name, code in said if name != (row.system, row.code)]
