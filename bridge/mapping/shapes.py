"""Shapes: attributes, values and child items beside the elements of a resource that they become."""

from __future__ import annotations

from pydicom.datadict import dictionary_VR, tag_for_keyword

from bridge.mapping.codes import Codes
from bridge.mapping.lens import Lens, lenses
from bridge.mapping.mapping import RETIRED, Fold, Mapping, Pair, writing
from bridge.mapping.modules import MODULES, OWN, TAKEN
from bridge.mapping.paths import FOLDS, LISTS, type_of
from bridge.mapping.source import Map, Text
from bridge.model.tags import PLAIN

SHAPES = {  # what translation asks for: shape -> resource, and the tables that it reads of it
    "patient": ("Patient", {"pairs"}),
    "study": ("ImagingStudy", {"pairs"}),
    "equipment": ("Device", {"pairs"}),
    "report": ("DiagnosticReport", {"folds"}),
    "observation": ("Observation", {"values", "folds", "relationships"}),
}
_RELATIONSHIPS = frozenset(  # PS3.3 C.17.3.2.4
    {
        "CONTAINS",
        "HAS ACQ CONTEXT",
        "HAS CONCEPT MOD",
        "HAS OBS CONTEXT",
        "HAS PROPERTIES",
        "INFERRED FROM",
        "SELECTED FROM",
    }
)
_TRACKING = {("DCM", "112039"), ("DCM", "112040"), ("DCM", "113705")}
"""Observation context of a result alone, which a site may read as an element: TID 1501, TID 10013."""
_VRS = {"NUM": "NUM", "CODE": "CODE"} | {kind: vr for kind, (_, vr) in PLAIN.items()}
"""What a lens takes of each value type."""


class Shapes(Codes):
    """Reads files that begin with `shape`."""

    def __init__(self, mapping: Mapping) -> None:
        super().__init__(mapping)
        self._lenses = lenses()
        self._taken: list[tuple[str, Fold, Fold]] = []  # resource, the row of a concept, and that of another element

    def _shape(self, root: Map) -> None:
        shape = self._text(root, "shape")
        if shape is None:
            return
        if shape not in SHAPES:
            what = f"shape {shape!r}, which translation never asks for"
            return self._fault(root.lines["shape"], f"{what}; say one of {', '.join(SHAPES)}")
        resource, tables = SHAPES[shape]
        self._known(root, {"shape", "fhir", *tables})
        if self._text(root, "fhir") not in (None, resource):
            self._fault(root.lines["fhir"], f"shape {shape!r} is not of that resource; write `fhir: {resource}`")
        if "pairs" in root.entries:
            self._pairs(root, shape, resource)
        self._values(root)
        self._folds(root, resource)
        self._relationships(root)

    def _pairs(self, root: Map, shape: str, resource: str) -> None:
        """All pairs of a shape, or those of another folder."""
        line, pairs = root.lines["pairs"], list[Pair]()
        self._answers(line, f"shape {shape!r}", "shape", shape)
        for keyword, element, name in self._rows(root, "pairs", 3):
            tag = tag_for_keyword(keyword.text)
            if tag is None:
                self._fault(keyword.line, f"{keyword.text!r} is no keyword of PS3.6; see the data dictionary")
                continue
            vr = str(dictionary_VR(tag))
            if not self._pairable(shape, keyword, element, resource):
                continue
            lens = self._fitting(name, vr, keyword.text, resource, element, (element.text,))
            if lens and not self._mixed_up(keyword, element):
                pairs.append(Pair(tag, vr, element.text, lens, self._at(element.line)))
            for what in (keyword.text, f"{resource}.{element.text}"):
                self._answers(element.line, what, "pair", self._at(line), what)
        self._lost(line, shape, resource, {one.element for one in pairs})
        self.mapping.shapes[shape] = tuple(pairs)

    def _pairable(self, shape: str, keyword: Text, element: Text, resource: str) -> bool:
        module, attributes = MODULES[shape]
        if keyword.text not in attributes:
            what = f"{keyword.text} is no attribute of the module {module}, or one that translation writes itself"
            self._fault(keyword.line, f"{what}; pair another attribute of that module")
        elif element.text in TAKEN[shape]:
            what = f"{resource}.{element.text} is written by translation itself, or by the server"
            self._fault(element.line, f"{what}; pair another element")
        else:
            return True
        return False

    def _mixed_up(self, keyword: Text, element: Text) -> bool:
        right = next((pair for pair in OWN.items() if keyword.text == pair[0] or element.text == pair[1]), None)
        if right in (None, (keyword.text, element.text)):
            return False
        what = f"{keyword.text} is another thing of a patient than {element.text}"
        self._fault(keyword.line, f"{what}; {' goes with '.join(right or ())}")
        return True

    def _lost(self, line: int, shape: str, resource: str, said: set[str]) -> None:
        """Remarks what the pairs of another folder had, and these have not."""
        gone = [one.element for one in self.mapping.shapes.get(shape, ()) if one.element not in said]
        if gone:
            without = " and ".join(f"{resource}.{one}" for one in gone)
            self._remark(line, f"these pairs are all that there are: without {without}")

    def _values(self, root: Map) -> None:
        for kind, element, name in self._rows(root, "values", 3):
            if not self._kind(kind):
                continue
            if not element.text.startswith("value"):
                self._fault(element.line, f"{element.text!r} is no value[x]; write valueQuantity, valueString ...")
                continue
            lens = self._fitting(name, _VRS[kind.text], kind.text, "Observation", element, (element.text,))
            if lens:
                self._answers(kind.line, f"value type {kind.text}", "value", kind.text)
                self.mapping.values[kind.text] = (element.text, lens)

    def _folds(self, root: Map, resource: str) -> None:
        for code, meaning, kind, element, name in self._rows(root, "folds", 5):
            self._meaning(meaning.line, meaning.text)
            parsed, steps = self._parsed(code, meaning.text), tuple(element.text.split("."))
            if not self._kind(kind) or not self._foldable(element, steps, resource):
                continue
            lens = self._fitting(name, _VRS[kind.text], kind.text, resource, element, steps)
            if lens and parsed:
                fold = Fold(parsed, kind.text, steps, lens, self._at(code.line), self._folder)
                self._same_element(fold, code.line, resource)
                self._answers(code.line, f"{resource} item {code.text}", "fold", resource, parsed.scheme, parsed.value)
                key = (resource, parsed.scheme, parsed.value)
                before = self.mapping.folds.get(key)
                if before is None or before.element != steps:
                    self._not_taken(code.line, parsed, f"{resource}.{element.text}")
                if before is not None and before.element != steps:
                    self._taken.append((resource, before, fold))
                self.mapping.folds[key] = fold

    def written_otherwise(self) -> None:
        """Remarks, of elements that several rows read, those that a site's writes; and those that none does, for their
        concept is another element now."""
        for resource, heads in self.mapping.elements.items():
            for folds in (one for rows in heads.values() for one in rows.values()):
                row = writing(folds, None, born=False)
                others = [one.place for one in folds if one is not row and one.concept.scheme != RETIRED]
                if row is not None and row.folder and others:
                    what = f"{resource}.{'.'.join(row.element)} is written by this row, and only read by that of"
                    self.remarks.append(f"{row.place}: {what} {' and of '.join(others)}")
        for resource, before, now in self._taken:
            head, *rest = before.element
            folds = self.mapping.elements[resource].get(head, {}).get(tuple(rest), [])
            if writing(folds, None, born=False) is None:
                what = f"{resource}.{'.'.join(before.element)} is not written any more"
                self.remarks.append(f"{now.place}: {what}: its item of {before.place} is another element now")

    def _foldable(self, element: Text, steps: tuple[str, ...], resource: str) -> bool:
        if steps in FOLDS[resource]:
            return True
        possible = ", ".join(".".join(one) for one in FOLDS[resource])
        self._fault(element.line, f"no item folds into {resource}.{element.text}; fold into one of {possible}")
        return False

    def _same_element(self, fold: Fold, line: int, resource: str) -> None:
        """To DICOM, one row writes an element for all that read it: they have to read it alike."""
        key = (resource, fold.concept.scheme, fold.concept.value)
        for other, one in self.mapping.folds.items():
            alike = (one.value_type, one.lens) == (fold.value_type, fold.lens)
            if other != key and other[0] == resource and one.element == fold.element and not alike:
                what = f"{resource}.{'.'.join(fold.element)} has another value type or lens at {one.place}"
                return self._fault(line, f"{what}; give both rows the same")

    def _relationships(self, root: Map) -> None:
        node = root.entries.get("relationships", Map({}, root.line, {}))
        if not isinstance(node, Map):
            return self._fault(node.line, "'relationships' holds no map; write `HAS OBS CONTEXT: [SYSTEM code, ...]`")
        for relation in node.entries:
            if relation not in _RELATIONSHIPS:
                what = f"{relation!r} is no Relationship Type of PS3.3"
                self._fault(node.lines[relation], f"{what}; say one of {', '.join(sorted(_RELATIONSHIPS))}")
            for one in self._list(node, relation):
                if parsed := self._parsed(one, ""):
                    question = (parsed.scheme, parsed.value)
                    self._answers(one.line, f"the relationship of {' '.join(question)}", "relationship", *question)
                    self.mapping.relationships[question] = relation
                    if self._ours and relation == "HAS OBS CONTEXT" and question not in _TRACKING:
                        self._context.add(question)

    def _kind(self, kind: Text) -> bool:
        if kind.text in _VRS:
            return True
        self._fault(kind.line, f"value type {kind.text!r} has no value[x]; use {', '.join(_VRS)}")
        return False

    def _fitting(
        self, name: Text, vr: str, source: str, resource: str, element: Text, steps: tuple[str, ...]
    ) -> Lens[object, object] | None:
        """The lens, where there is one of that name, and it fits what it stands between."""
        lens, kind = self._lenses.get(name.text), type_of(resource, steps)
        if lens is None:
            self._fault(name.line, f"no lens {name.text!r}; there are {', '.join(sorted(self._lenses))}")
        elif lens.takes and vr not in lens.takes:
            fitting = sorted(other for other, one in self._lenses.items() if vr in one.takes)
            remedy = f"use {' or '.join(fitting)}" if fitting else "leave the row out, for no lens takes that"
            self._fault(name.line, f"lens {name.text!r} takes no {vr}, which {source} is; {remedy}")
            lens = None
        if kind is None:
            page = f"hl7.org/fhir/R4/{resource.lower()}.html"
            self._fault(element.line, f"{resource} has no element {element.text!r}; see {page}")
            return None
        if len(steps) == 1 and steps[0] in LISTS:
            kind = kind.removesuffix("*")
        if lens is not None and lens.gives and kind not in lens.gives:
            what = f"lens {name.text!r} gives no {kind}, which {resource}.{element.text} is"
            self._fault(element.line, f"{what}; name an element of type {' or '.join(sorted(lens.gives))}")
            return None
        return lens
