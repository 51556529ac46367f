"""All loaded YAML, compiled: what translation asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from bridge.mapping.lens import CONCEPT, Lens, coding
from bridge.model.content import Code
from bridge.model.group import Json


class ConceptRow(NamedTuple):
    fhir: Code
    dicom: Code
    category: str | None
    unit: str | None
    accept: tuple[str, ...]
    place: str  # file:line


class Pair(NamedTuple):
    tag: int
    vr: str
    element: str  # of the FHIR resource
    lens: Lens[Any, Any]


class Template(NamedTuple):
    template: str
    each: bool  # every measurement an Observation of its own
    category: str


@dataclass(frozen=True)
class Mapping:
    by_fhir: dict[tuple[str, str], ConceptRow]  # (scheme, value)
    by_dicom: dict[tuple[str, str], ConceptRow]
    shapes: dict[str, tuple[Pair, ...]]
    values: dict[str, tuple[str, Lens[Any, Any]]]  # value type -> value[x], lens
    folds: dict[tuple[str, str], str]  # modifier -> element
    relationships: dict[tuple[str, str], str]
    titles: dict[str, Code]
    templates: dict[str, Template]

    def template(self, identifier: str | None) -> Template:
        return self.templates.get(identifier or "*") or self.templates["*"]

    def title(self, category: str | None) -> Code:
        return self.titles.get(category or "*") or self.titles["*"]

    def category(self, concept: Code | None) -> str | None:
        row = concept and (
            self.by_dicom.get((concept.scheme, concept.value)) or self.by_fhir.get((concept.scheme, concept.value))
        )
        return row.category if row else None

    def coded(self, concept: Code | None) -> dict[str, Json]:
        """Concept name -> CodeableConcept; a concept row puts the FHIR code in front of the DICOM one."""
        found = CONCEPT.to_fhir(concept)
        row = self.by_dicom.get((concept.scheme, concept.value)) if concept else None
        if row and not row.fhir.same(concept):
            found["coding"].insert(0, coding(row.fhir))
        return found

    def concept(self, coded: dict[str, Json]) -> Code | None:
        """CodeableConcept -> concept name. A DICOM code that stands there already is kept; else a row says it."""
        codes = [code for one in coded.get("coding", ()) if (code := CONCEPT.to_dicom({"coding": [one]}))]
        first = next((code for code in codes if (code.scheme, code.value) in self.by_dicom), None)
        if first is not None or not codes:
            return first or CONCEPT.to_dicom(coded)
        row = self.by_fhir.get((codes[0].scheme, codes[0].value))
        return row.dicom._replace(meaning=codes[0].meaning) if row else codes[0]
