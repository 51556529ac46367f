"""YAML whose scalars stay strings and know their line: `8.0`, `NO` and dates are text here; a key twice is a fault."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class List:
    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Map:
    entries: dict[str, Node]
    line: int
    lines: dict[str, int]  # of the keys


Node: TypeAlias = Text | List | Map
Fault: TypeAlias = tuple[int, str]
"""Line, and what is wrong with its remedy."""


def parse(data: bytes) -> tuple[Node | None, list[Fault]]:
    """The tree of one file, and its faults; no tree where the YAML cannot be read."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [(data.count(b"\n", 0, error.start) + 1, "not UTF-8; save the file as UTF-8")]
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [(line, f"no valid YAML: {error.problem}; mend the syntax")]
    except yaml.reader.ReaderError as error:
        line = text.encode().count(b"\n", 0, error.position) + 1
        return None, [(line, "a control character, which YAML does not allow; take it out")]
    if root is None:
        return None, [(1, "the file is empty; write a mapping or remove it")]
    tree = _Tree()
    try:
        return tree.node(root, frozenset()), tree.faults
    except _NoTreeError as error:
        return None, [*tree.faults, error.fault]


def files(folder: Path) -> Iterator[Path]:
    yield from sorted(one for one in _inside(folder) if one.suffix == ".yaml")


def strays(folder: Path) -> Iterator[Path]:
    """What somebody may take for a mapping file, and nobody reads."""
    found = (one for one in _inside(folder) if one.suffix.lower() in (".yml", ".yaml"))
    yield from sorted(one for one in found if one.suffix != ".yaml")


def closed(folder: Path) -> Iterator[tuple[Path, str]]:
    """The folders in it that cannot be looked into, and why."""
    errors = list[OSError]()
    list(_inside(folder, errors.append))
    for error in errors:
        yield Path(error.filename), error.strerror or type(error).__name__


def _inside(folder: Path, report: Callable[[OSError], None] | None = None) -> Iterator[Path]:
    """All below it. Links to folders are followed, but to those that it is in itself; each folder is read once. What
    begins with `..` is not read: there Kubernetes keeps what the links beside it lead to."""
    seen = set[str]()
    for at, folders, names in os.walk(folder, onerror=report, followlinks=True):
        real = os.path.realpath(at)
        if real in seen or (at != str(folder) and Path(real) in Path(os.path.realpath(folder)).parents):
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(one for one in folders if not one.startswith(".."))
        yield from (Path(at, one) for one in (*folders, *names))


_DEEPEST = 20


class _NoTreeError(Exception):
    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.fault: Fault = (line, what)


class _Tree:
    """An alias is its anchor again: read once, however often it stands there."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._read: dict[int, Node] = {}

    def node(self, node: yaml.Node, above: frozenset[int]) -> Node:
        line = node.start_mark.line + 1
        if id(node) in above:
            raise _NoTreeError(line, "an alias that contains itself; write the value out")
        if len(above) > _DEEPEST:
            raise _NoTreeError(line, "nested deeper than any mapping; write it flat")
        if id(node) not in self._read:
            self._read[id(node)] = self._made(node, line, above | {id(node)})
        return self._read[id(node)]

    def _made(self, node: yaml.Node, line: int, inside: frozenset[int]) -> Node:
        if isinstance(node, yaml.ScalarNode):
            return Text(node.value, line)
        if isinstance(node, yaml.SequenceNode):
            return List(tuple(self.node(child, inside) for child in node.value), line)
        found = Map({}, line, {})
        for key, value in node.value:
            name, at = str(key.value), key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.faults.append((at, "a key that is no text; write `key: value`"))
                continue
            if name in found.entries:
                self.faults.append((at, f"key {name!r} twice; the first would be lost: remove one"))
            found.entries[name] = self.node(value, inside)
            found.lines[name] = at
        return found
