"""Concept rows: two codes that mean the same."""

from __future__ import annotations

from bridge.mapping.codes import Codes
from bridge.mapping.mapping import ConceptRow
from bridge.mapping.source import Map, Text
from bridge.terminology.categories import OBSERVATIONS
from bridge.terminology.units import is_ucum


class Concepts(Codes):
    """Reads rows of `concepts`."""

    def _concept(self, row: Map) -> None:
        self._known(row, {"fhir", "dicom", "name", "category", "unit", "accept", "misspelled"})
        name = self._text(row, "name")
        if name:
            self._meaning(row.lines["name"], name)
        category = self._text(row, "category", needed=False)
        self._one_of(row, "category", OBSERVATIONS, "the code system observation-category")
        unit, accept = self._units(row)
        misspelled = self._misspelled(row)
        fhir, dicom = self._fhir_code(row, "fhir"), self._code(row, "dicom", name)
        if fhir is None or dicom is None:
            return
        found = ConceptRow(*fhir, dicom, name or "", category, unit, accept, misspelled, self._at(row.line))
        self._answers(row.line, f"to DICOM, {' '.join(fhir)}", "fhir", *fhir)
        self.mapping.by_fhir[fhir] = found
        self._answers(row.line, f"to FHIR, {dicom.scheme} {dicom.value}", "dicom", dicom.scheme, dicom.value)
        self.mapping.by_dicom[dicom.scheme, dicom.value] = found

    def _units(self, row: Map) -> tuple[str | None, tuple[str, ...]]:
        """The canonical unit, and the others of the same quantity."""
        unit, seen = self._text(row, "unit", needed=False), list[str]()
        said = [row.entries["unit"]] if unit else []
        for one in (*said, *self._list(row, "accept")):
            if not isinstance(one, Text) or not is_ucum(one.text):
                what = f"{one.text!r} is no UCUM unit" if isinstance(one, Text) else "a unit that is no text"
                self._fault(one.line, f"{what}; look it up on ucum.org")
            elif one.text in seen:
                self._fault(one.line, f"unit {one.text!r} twice in `unit` and `accept`; remove one")
            else:
                seen.append(one.text)
        for key in ("accept", "misspelled"):
            if unit is None and key in row.entries:
                self._fault(row.lines[key], f"{key!r} without 'unit'; write the canonical unit as `unit: ...`")
        return unit, tuple(one for one in seen if one != unit)

    def _misspelled(self, row: Map) -> tuple[str, ...]:
        """How devices write the canonical unit that is no UCUM: a UCUM unit says of itself what it is."""
        found = list[str]()
        for one in self._list(row, "misspelled"):
            if not isinstance(one, Text) or not one.text or is_ucum(one.text):
                what = f"{one.text!r} is a UCUM unit" if isinstance(one, Text) else "a unit that is no text"
                self._fault(one.line, f"{what}; write here what is none, and what is one as `accept`")
            elif one.text in found:
                self._fault(one.line, f"unit {one.text!r} twice in `misspelled`; remove one")
            else:
                found.append(one.text)
        return tuple(found)
