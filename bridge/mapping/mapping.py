"""All loaded YAML, compiled: what translation asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from bridge.mapping.lens import CONCEPT, Lens, code_of
from bridge.model.content import Code
from bridge.model.group import Json
from bridge.model.names import EXTENSION_BASE
from bridge.terminology.schemes import canonical


class ConceptRow(NamedTuple):
    """Two codes that mean the same."""

    system: str  # of FHIR, canonical
    code: str
    dicom: Code
    name: str
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
    by_fhir: dict[tuple[str, str], ConceptRow]  # (canonical system, code)
    by_dicom: dict[tuple[str, str], ConceptRow]  # (designator, code)
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
        row = self._row(concept)
        return row.category if row else None

    def coded(self, concept: Code | None) -> dict[str, Json]:
        """Concept name -> CodeableConcept; a concept row puts the FHIR code in front of the DICOM one."""
        found = CONCEPT.to_fhir(concept)
        row = self._row(concept)
        if row and not any((one.get("system"), one.get("code")) == (row.system, row.code) for one in found["coding"]):
            found["coding"].insert(0, {"system": row.system, "code": row.code, "display": row.name})
        return found

    def _row(self, concept: Code | None) -> ConceptRow | None:
        return self.by_dicom.get((concept.scheme, concept.value)) if concept else None

    def concept(self, coded: dict[str, Json]) -> Code | None:
        """CodeableConcept -> concept name. A DICOM code that stands there already is kept; else a row says it; else
        the first coding that DICOM can spell, else the text."""
        codings = coded.get("coding", [])
        codes = [code for one in codings if (code := _spelled(one))]
        for code in codes:
            if (code.scheme, code.value) in self.by_dicom:
                return code
        for one in codings:
            row = self.by_fhir.get((canonical(one.get("system", ""), EXTENSION_BASE), one.get("code", "")))
            if row is not None:
                spelled = _spelled(one)
                return row.dicom._replace(meaning=spelled.meaning if spelled else row.name)
        return codes[0] if codes else CONCEPT.to_dicom(coded) or _in_words(codings)


def _in_words(codings: list[dict[str, Json]]) -> Code | None:
    """A code of a system without designator still names the item: an item without a name would mislead."""
    said = next(
        (one.get("display") or one.get("code") for one in codings if one.get("display") or one.get("code")), None
    )
    return CONCEPT.to_dicom({"text": said}) if said else None


def _spelled(one: dict[str, Json]) -> Code | None:
    try:
        return code_of(one)
    except ValueError:  # a system without a designator, or no code at all
        return None
