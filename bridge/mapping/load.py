"""YAML folders -> Mapping. Faults are collected, each `file:line: what; remedy`; a site's rows win."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from pydicom.datadict import dictionary_VR, tag_for_keyword

from bridge.errors import MappingError
from bridge.mapping.lens import lenses
from bridge.mapping.mapping import ConceptRow, Fold, Mapping, Pair, Template
from bridge.mapping.paths import ELEMENTS
from bridge.mapping.source import List, Map, Node, Text, files, parse
from bridge.model.content import Code
from bridge.model.names import EXTENSION_BASE
from bridge.model.tags import PLAIN
from bridge.terminology.schemes import canonical, designator_of, uri_of
from bridge.terminology.units import is_ucum

_ALIASES = {"LOINC": "LN", "SNOMED": "SCT"}
_CODE = re.compile(r"(\S+) (\S+)")
_RESOURCES = ("Patient", "ImagingStudy", "Device", "Observation", "DiagnosticReport")


def shipped() -> Path:
    """`mappings/` beside the package in a checkout, `bridge/_mappings` in a wheel."""
    inside = Path(__file__).parent.parent / "_mappings"
    return inside if inside.is_dir() else Path(__file__).parent.parent.parent / "mappings"


@cache
def load(site: Path | None = None) -> Mapping:
    """Raises MappingError with every fault of all files."""
    mapping, faults, _ = compiled([shipped(), *([site] if site else [])])
    if faults:
        raise MappingError(faults)
    return mapping


def compiled(folders: Sequence[Path]) -> tuple[Mapping, list[str], list[str]]:
    """The mapping, its faults, and remarks: rows of a later folder that replace shipped ones."""
    compiler = _Compiler()
    for number, folder in enumerate(folders):
        for file in files(folder):
            compiler.file(file, shadows=number > 0)
    return compiler.mapping, compiler.faults, compiler.remarks


class _Compiler:
    """Collects rows file by file; each method reads one kind of table."""

    def __init__(self) -> None:
        self.mapping = Mapping({}, {}, {}, {}, {}, {}, {}, {})
        self.faults: list[str] = []
        self._lenses = lenses()
        self.remarks: list[str] = []
        self._file = Path()
        self._shadows = False

    def file(self, file: Path, *, shadows: bool) -> None:
        self._file, self._shadows = file, shadows
        try:
            root, faults = parse(file.read_text("utf-8"))
        except UnicodeDecodeError:
            root, faults = None, [(1, "not UTF-8; save the file as UTF-8")]
        for line, what in faults:
            self._fault(line, what)
        if root is None:
            return
        if not isinstance(root, Map):
            return self._fault(root.line, "a mapping file is a map; start with `concepts:`, `shape:` ...")
        if "shape" in root.entries:
            self._shape(root)
        else:
            self._tables(root)

    def _tables(self, root: Map) -> None:
        rows: dict[str, Callable[[Map], None]] = {
            "concepts": self._concept,
            "titles": self._title,
            "templates": self._template,
        }
        for name, node in root.entries.items():
            if name not in rows:
                self._fault(node.line, f"unknown key {name!r}; known are {', '.join(rows)} and shape")
            elif not isinstance(node, List):
                self._fault(node.line, f"{name!r} holds no list; write rows that begin with `-`")
            else:
                for row in node.items:
                    if isinstance(row, Map):
                        rows[name](row)
                    else:
                        self._fault(row.line, "a row is a map; write {key: value, ...}")

    def _concept(self, row: Map) -> None:
        self._known(row, {"fhir", "dicom", "name", "category", "unit", "accept"})
        name = self._text(row, "name")
        fhir, dicom = self._system_code(row), self._designated(row, name)
        if name and len(name) > 64:
            self._fault(row.line, "name longer than the 64 characters of Code Meaning; shorten it")
        accept = row.entries.get("accept")
        accepted = [one for one in accept.items if isinstance(one, Text)] if isinstance(accept, List) else []
        unit = row.entries.get("unit")
        for one in (*([unit] if isinstance(unit, Text) else []), *accepted):
            if not is_ucum(one.text):
                self._fault(one.line, f"{one.text!r} is no UCUM unit; see ucum.org")
        if fhir is None or dicom is None:
            return
        found = ConceptRow(
            *fhir,
            dicom,
            name or "",
            self._text(row, "category", needed=False),
            unit.text if isinstance(unit, Text) else None,
            tuple(one.text for one in accepted),
            f"{self._file}:{row.line}",
        )
        for table, key in ((self.mapping.by_fhir, fhir), (self.mapping.by_dicom, (dicom.scheme, dicom.value))):
            if key in table:
                self._twice(row.line, " ".join(key), table[key].place)
            table[key] = found

    def _twice(self, line: int, what: str, place: str) -> None:
        if self._shadows and not place.startswith(str(self._file.parent)):
            self.remarks.append(f"{self._file}:{line}: {what} replaces the row of {place}")
        else:
            self._fault(line, f"{what} is answered already at {place}; keep one row")

    def _title(self, row: Map) -> None:
        self._known(row, {"category", "title", "name"})
        category, code = self._text(row, "category"), self._code(row, "title", self._text(row, "name"))
        if category and code:
            self.mapping.titles[category] = code

    def _template(self, row: Map) -> None:
        self._known(row, {"template", "measurements", "category", "report"})
        template, category = self._text(row, "template"), self._text(row, "category")
        how = self._text(row, "measurements")
        if how not in (None, "each", "folded"):
            self._fault(row.line, f"measurements {how!r}; say each or folded")
        if template and category:
            self.mapping.templates[template] = Template(
                template, how == "each", category, self._text(row, "report", needed=False)
            )

    def _shape(self, root: Map) -> None:
        self._known(root, {"shape", "fhir", "pairs", "values", "folds", "relationships"})
        shape, resource = self._text(root, "shape"), self._text(root, "fhir")
        if resource not in _RESOURCES:
            return self._fault(root.line, f"fhir {resource!r} is not mapped by shapes; say {', '.join(_RESOURCES)}")
        pairs = [pair for row in self._rows(root, "pairs", 3) if (pair := self._pair(row, resource))]
        if shape:
            self.mapping.shapes[shape] = tuple(pairs)
        for kind, element, lens in self._rows(root, "values", 3):
            if self._kind(kind) and self._element(element, resource) and self._lens(lens):
                self.mapping.values[kind.text] = (element.text, self._lenses[lens.text])
        for code, name, kind, element, lens in self._rows(root, "folds", 5):
            parsed, steps = self._parsed(code, name.text), tuple(element.text.split("."))
            head = Text(steps[0], element.line)
            if parsed and self._kind(kind) and self._element(head, resource) and self._lens(lens):
                fold = Fold(parsed, kind.text, steps, self._lenses[lens.text])
                self.mapping.folds[resource, parsed.scheme, parsed.value] = fold
        relations = root.entries.get("relationships")
        for relation, codes in relations.entries.items() if isinstance(relations, Map) else ():
            for one in codes.items if isinstance(codes, List) else ():
                if isinstance(one, Text) and (parsed := self._parsed(one, "")):
                    self.mapping.relationships[parsed.scheme, parsed.value] = relation

    def _pair(self, row: Sequence[Text], resource: str) -> Pair | None:
        keyword, element, lens = row
        tag = tag_for_keyword(keyword.text)
        if tag is None:
            self._fault(keyword.line, f"{keyword.text!r} is no keyword of PS3.6; see the data dictionary")
            return None
        if not (self._element(element, resource) and self._lens(lens)):
            return None
        return Pair(tag, str(dictionary_VR(tag)), element.text, self._lenses[lens.text])

    def _kind(self, kind: Text) -> bool:
        if kind.text in (*PLAIN, "NUM", "CODE"):
            return True
        self._fault(kind.line, f"value type {kind.text!r} has no value[x]; use NUM, CODE, {', '.join(PLAIN)}")
        return False

    def _element(self, element: Text, resource: str) -> bool:
        if element.text in ELEMENTS[resource]:
            return True
        page = f"hl7.org/fhir/R4/{resource.lower()}.html"
        self._fault(element.line, f"{resource} has no element {element.text!r}; see {page}")
        return False

    def _lens(self, lens: Text) -> bool:
        if lens.text in self._lenses:
            return True
        self._fault(lens.line, f"no lens {lens.text!r}; there are {', '.join(sorted(self._lenses))}")
        return False

    def _rows(self, root: Map, name: str, width: int) -> list[tuple[Text, ...]]:
        node = root.entries.get(name)
        found: list[tuple[Text, ...]] = []
        for row in node.items if isinstance(node, List) else ():
            texts = tuple(one for one in row.items if isinstance(one, Text)) if isinstance(row, List) else ()
            if len(texts) == width:
                found.append(texts)
            else:
                self._fault(row.line, f"a row of {name!r} has {width} texts; write [{', '.join(['...'] * width)}]")
        return found

    def _known(self, row: Map, keys: set[str]) -> None:
        for key, node in row.entries.items():
            if key not in keys:
                self._fault(node.line, f"unknown key {key!r}; known are {', '.join(sorted(keys))}")

    def _text(self, row: Map, key: str, *, needed: bool = True) -> str | None:
        node = row.entries.get(key)
        if isinstance(node, Text):
            return node.text
        if node is not None or needed:
            self._fault(row.line, f"{key!r} is missing or no text; write `{key}: ...`")
        return None

    def _system_code(self, row: Map) -> tuple[str, str] | None:
        """Of FHIR: the system may be a URI, or a designator that stands for one."""
        code = self._code(row, "fhir", "")
        if code is None:
            return None
        is_uri = ":" in code.scheme
        return canonical(code.scheme, EXTENSION_BASE) if is_uri else uri_of(code.scheme, EXTENSION_BASE), code.value

    def _designated(self, row: Map, name: str | None) -> Code | None:
        """Of DICOM: the system is a Coding Scheme Designator (SH), or a URI that has one."""
        code = self._code(row, "dicom", name)
        if code is None:
            return None
        scheme = designator_of(code.scheme, EXTENSION_BASE) if ":" in code.scheme else code.scheme
        if scheme is None or len(scheme) > 16:
            self._fault(row.line, f"{code.scheme!r} is no Coding Scheme Designator; see PS3.16 table 8-1, or use 99...")
            return None
        return code._replace(scheme=scheme)

    def _code(self, row: Map, key: str, name: str | None) -> Code | None:
        node = row.entries.get(key)
        if isinstance(node, Text):
            return self._parsed(node, name or "")
        if isinstance(node, Map) and {"system", "code"} <= node.entries.keys():
            parts = {part: value.text for part, value in node.entries.items() if isinstance(value, Text)}
            return Code(parts["code"], _ALIASES.get(parts["system"], parts["system"]), name or "", parts.get("version"))
        self._fault(row.line, f"{key!r} is no code; write `{key}: SYSTEM code`")
        return None

    def _parsed(self, node: Node, name: str) -> Code | None:
        found = _CODE.fullmatch(node.text) if isinstance(node, Text) else None
        if found is None:
            self._fault(node.line, "not a code; write `SYSTEM code`, such as `LOINC 8867-4`")
            return None
        return Code(found[2], _ALIASES.get(found[1], found[1]), name)

    def _fault(self, line: int, what: str) -> None:
        self.faults.append(f"{self._file}:{line}: {what}")
