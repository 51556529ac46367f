"""YAML folders -> Mapping. Faults are collected, each `file:line: what; remedy`; a site's rows win."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from bridge.errors import MappingError
from bridge.mapping.concepts import Concepts
from bridge.mapping.mapping import Mapping, Template
from bridge.mapping.revision import revision_of
from bridge.mapping.shapes import Shapes
from bridge.mapping.source import Map, Node, Text, closed, files, parse, strays
from bridge.model.content import Code
from bridge.terminology.categories import OBSERVATIONS, REPORTS
from bridge.terminology.context_groups import is_group

_SOP_CLASSES = "1.2.840.10008.5.1.4.1.1."


def shipped() -> Path:
    """`mappings/` beside the package in a checkout, `bridge/_mappings` in a wheel."""
    inside = Path(__file__).parent.parent / "_mappings"
    return inside if inside.is_dir() else Path(__file__).parent.parent.parent / "mappings"


@cache
def load(site: Path | None = None) -> Mapping:
    """Raises MappingError with every fault of all files."""
    folders = [shipped(), *([site] if site else [])]
    mapping, faults, _ = compiled(folders)
    if faults:
        raise MappingError(faults)
    without = load() if site else None
    return replace(mapping, revision=revision_of(folders), shipped=without)


def compiled(folders: Sequence[Path]) -> tuple[Mapping, list[str], list[str]]:
    """The mapping, its faults, and remarks: rows of a later folder that replace those of an earlier one."""
    compiler = _Compiler(Mapping())
    for number, folder in enumerate(folders):
        compiler.folder(folder, number)
    compiler.collisions()
    return compiler.mapping, compiler.faults, compiler.remarks


class _Compiler(Concepts, Shapes):
    """Reads file by file; each method reads one kind of table."""

    def folder(self, folder: Path, number: int) -> None:
        self._file, self._folder, self._ours = folder, number, folder == shipped()
        if not folder.is_dir():
            what = "a file, and no folder" if folder.exists() else "no such folder"
            return self._fault(1, f"{what}; name the folder that holds your mappings")
        found = list(files(folder))
        for file in found:
            self._file = _called(file, folder)
            self._read(file)
        for file in strays(folder):
            self._file = _called(file, folder)
            self._fault(1, f"{file.suffix!r} files are not read; name it {file.stem}.yaml")
        for file, why in closed(folder):
            self._file = _called(file, folder)
            self._fault(1, f"the folder cannot be read: {why}; give the bridge leave to, or move it elsewhere")
        if not found:
            self._file = folder
            self._fault(1, "the folder holds no mapping; put a file there that ends in .yaml")

    def _read(self, file: Path) -> None:
        if file.exists() and not file.is_file():
            return self._fault(1, "cannot be read: it is no file; remove or rename it")
        try:
            root, faults = parse(file.read_bytes())
        except OSError as error:
            return self._fault(1, f"cannot be read: {error.strerror}; mend or remove it")
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
        self._known(root, {*rows, "shape"})
        for name, read in rows.items():
            for row in self._list(root, name):
                if isinstance(row, Map):
                    read(row)
                else:
                    self._fault(row.line, "a row is a map; write {key: value, ...}")

    def _title(self, row: Map) -> None:
        self._known(row, {"category", "title", "name"})
        category, name = self._text(row, "category"), self._text(row, "name")
        self._one_of(row, "category", (*OBSERVATIONS, "*"), "the code system observation-category")
        if name:
            self._meaning(row.lines["name"], name)
        code = self._code(row, "title", name)
        if category and code:
            self._answers(row.line, f"the title of category {category}", "title", category)
            self.mapping.titles[category] = code

    def collisions(self) -> None:
        """Of a concept row with an item that is no result, wherever the two stand: a result of FHIR would be taken for
        such an item by who reads the SR."""
        for _, scheme, code in [one for one in self._answered if one[0] == "dicom"]:
            mine = self._answered["dicom", scheme, code]
            fold = self._answered.get(("fold", "Observation", scheme, code))
            row = self.mapping.folds.get(("Observation", scheme, code))
            if fold is not None and row is not None and row.value_type != "TEXT":
                (_, place), (_, other) = max(mine, fold), min(mine, fold)
                what = f"{scheme} {code} is the name of a result, and of {'.'.join(row.element)} beside one, at {other}"
                self.faults.append(f"{place}: {what}; take another code for one of them")
            elif (said := self._answered.get(("relationship", scheme, code))) is not None:
                place = max(mine, said)[1]
                self.remarks.append(f"{place}: {scheme} {code} is the name of a result, and of context, at {said[1]}")

    def _code_or_group(self, node: Node) -> Code | None:
        found = _of_context_group(node)
        if found is not None and not self._ours and not is_group(int(found.value)):
            what = f"CID {found.value} is no context group of PS3.16 as this version of the bridge has it"
            self._fault(node.line, f"{what}; list its codes")
        return found or self._parsed(node, "")

    def _template(self, row: Map) -> None:
        known = {"template", "name", "titles", "classes", "measurements", "category", "report", "source"}
        self._known(row, known | {"sites", "laterality"})
        template, category = self._text(row, "template"), self._text(row, "category")
        how = self._text(row, "measurements")
        if how not in (None, "each", "folded"):
            self._fault(row.lines["measurements"], f"measurements {how!r}; say each or folded")
        sided = self._text(row, "laterality", needed=False)
        if sided not in (None, "section"):
            self._fault(row.lines["laterality"], f"laterality {sided!r}; say section, or nothing")
        self._one_of(row, "category", OBSERVATIONS, "the code system observation-category")
        self._one_of(row, "report", REPORTS, "HL7 table 0074")
        if template:
            self._identifier(row.lines["template"], template)
        if template and category:
            self._answers(row.line, f"template {template}", "template", template)
            titles = [code for one in self._list(row, "titles") if (code := self._code_or_group(one))]
            self.mapping.templates[template] = Template(
                template,
                how == "each",
                category,
                self._text(row, "report", needed=False),
                self._text(row, "name", needed=False) or "",
                tuple(titles),
                tuple(self._classes(row)),
                self._text(row, "source", needed=False) or "",
                tuple(code for one in self._list(row, "sites") if (code := self._code_or_group(one))),
                sided is not None,
            )

    def _classes(self, row: Map) -> Iterator[str]:
        for one in self._list(row, "classes"):
            text = one.text if isinstance(one, Text) else ""
            if not isinstance(one, Text):
                self._fault(one.line, "a SOP class that is no text; write 88.33")
            elif text.startswith(_SOP_CLASSES):
                what = f"{text!r} is a whole SOP Class UID; write {text.removeprefix(_SOP_CLASSES)}"
                self._fault(one.line, what)
            elif not re.fullmatch(r"[1-9]\d*(\.(0|[1-9]\d*))*", text, re.ASCII):
                self._fault(one.line, f"{text!r} is no part of a SOP Class UID; write 88.33")
            else:
                yield f"{_SOP_CLASSES}{text}"

    def _identifier(self, line: int, template: str) -> None:
        """Template Identifier (0040,DB00) is CS, PS3.5 6.2, and in PS3.16 a number."""
        found = re.fullmatch(r"TID ?(\d+)", template, re.IGNORECASE)
        if found is not None:
            self._fault(line, f"template {template!r}, which documents call by its number; write {found[1]}")
        elif template.isdecimal() and template.startswith("0") or re.fullmatch(r"\d+(_\d+)+", template):
            number = template.replace("_", "").lstrip("0") or "1500"
            self._fault(line, f"template {template!r} is not how documents write a number; write {number}")
        elif template != "*" and not re.fullmatch(r"(?! )[A-Z0-9_ ]{1,16}(?<! )", template):
            what = f"template {template!r} is no Template Identifier: capitals, digits, _ and blanks, 16 at most"
            self._fault(line, f"{what}; write the number of PS3.16, or the identifier of your own")


def _of_context_group(node: Node) -> Code | None:
    """`CID 7000`: any code of a context group."""
    found = re.fullmatch(r"CID ([1-9]\d*)", node.text) if isinstance(node, Text) else None
    return Code(found[1], "CID", "") if found else None


def _called(file: Path, folder: Path) -> Path:
    """A shipped file by its place in `mappings/`, wherever the package is; any other as it was named."""
    return Path("mappings") / file.relative_to(folder) if folder == shipped() else file
