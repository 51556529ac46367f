"""YAML folders -> Mapping. Faults are collected, each `file:line: what; remedy`; a site's rows win."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from bridge.errors import MappingError
from bridge.mapping.concepts import Concepts
from bridge.mapping.documents import Documents
from bridge.mapping.mapping import Mapping
from bridge.mapping.revision import revision_of
from bridge.mapping.shapes import Shapes
from bridge.mapping.source import List, Map, Node, closed, files, parse, strays


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
    compiler.two_answers()
    compiler.written_otherwise()
    return compiler.mapping, compiler.faults, compiler.remarks


class _Compiler(Concepts, Shapes, Documents):
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
        if "pairs" not in root.entries and not any(map(_has_rows, root.entries.values())):
            self._remark(root.line, "no row in this file: nothing of it is used")
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


def _has_rows(table: Node) -> bool:
    if isinstance(table, Map):
        return any(map(_has_rows, table.entries.values()))
    return isinstance(table, List) and bool(table.items)


def _called(file: Path, folder: Path) -> Path:
    """A shipped file by its place in `mappings/`, wherever the package is; any other as it was named."""
    return Path("mappings") / file.relative_to(folder) if folder == shipped() else file
