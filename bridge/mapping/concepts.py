"""Concept rows: two codes that mean the same."""

from __future__ import annotations

from bridge.mapping.codes import Codes
from bridge.mapping.mapping import ConceptRow
from bridge.mapping.source import Map, Node, Text
from bridge.model.content import Code
from bridge.model.names import EXTENSION_BASE, PRIVATE_SCHEME
from bridge.terminology.categories import OBSERVATIONS
from bridge.terminology.dimensions import are_of_one_kind
from bridge.terminology.schemes import designator_of, mdc_to_fhir
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
        if PRIVATE_SCHEME in (dicom.scheme, designator_of(fhir[0], EXTENSION_BASE)):
            what = f"a code of {PRIVATE_SCHEME}, by which the bridge says what neither side has a code for"
            return self._fault(row.line, f"{what}; take a code of yours, such as 99LAB {dicom.value}")
        self._likely(row.line, fhir, dicom)
        found = ConceptRow(*fhir, dicom, name or "", category, unit, accept, misspelled, self._at(row.line))
        self._answers(row.line, f"to DICOM, {' '.join(fhir)}", "fhir", *fhir)
        self.mapping.by_fhir[fhir] = found
        said = f"{dicom.scheme} {dicom.value}"
        remedy = f"keep one row, and let whoever sends the other code say {said} beside it"
        self._answers(row.line, f"to FHIR, {said}", "dicom", dicom.scheme, dicom.value, remedy=remedy)
        self.mapping.by_dicom[dicom.scheme, dicom.value] = found

    def _likely(self, line: int, fhir: tuple[str, str], dicom: Code) -> None:
        """Remarks what a site may mean, and hardly does: two codes of one scheme."""
        both = [fhir[1], dicom.value]
        one, other = map(mdc_to_fhir, both) if dicom.scheme == "MDC" else both
        if not self._ours and designator_of(fhir[0], EXTENSION_BASE) == dicom.scheme and one != other:
            self._remark(line, f"{one} and {other} are two codes of {dicom.scheme}: see that they mean the same")

    def _units(self, row: Map) -> tuple[str | None, tuple[str, ...]]:
        """The canonical unit, and the others of the same quantity."""
        unit = self._text(row, "unit", needed=False)
        said = (*([row.entries["unit"]] if unit else []), *self._list(row, "accept"))
        seen = self._distinct(said, True, "is no UCUM unit", "look it up on ucum.org", "`unit` and `accept`")
        for key in ("accept", "misspelled"):
            if unit is None and key in row.entries:
                self._fault(row.lines[key], f"{key!r} without 'unit'; write the canonical unit as `unit: ...`")
        for node in said[1:]:
            if (
                unit
                and isinstance(node, Text)
                and {unit, node.text} <= {*seen}
                and not are_of_one_kind(unit, node.text)
            ):
                what = f"{node.text!r} measures another kind of quantity than {unit!r}"
                self._fault(node.line, f"{what}; take it out, for it crosses as it is without being listed")
        return unit, tuple(one for one in seen if one != unit)

    def _misspelled(self, row: Map) -> tuple[str, ...]:
        """How devices write the canonical unit that is no UCUM: a UCUM unit says of itself what it is."""
        remedy = "write here what is none, and what is one as `accept`"
        return self._distinct(self._list(row, "misspelled"), False, "is a UCUM unit", remedy, "`misspelled`")

    def _distinct(self, said: tuple[Node, ...], ucum: bool, what: str, remedy: str, where: str) -> tuple[str, ...]:
        """Those that are UCUM units, or that are none, each once. The others are faults: `what` they are, and where."""
        seen = list[str]()
        for one in said:
            if not isinstance(one, Text):
                self._fault(one.line, f"a unit that is no text; {remedy}")
            elif not one.text.strip():
                self._fault(one.line, "a unit that is blank; take it out, or write the unit")
            elif is_ucum(one.text) != ucum:
                self._fault(one.line, f"{one.text!r} {what}; {remedy}")
            elif one.text in seen:
                self._fault(one.line, f"unit {one.text!r} twice in {where}; remove one")
            else:
                seen.append(one.text)
        return tuple(seen)
