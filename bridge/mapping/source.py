"""YAML whose scalars stay strings and know their line: `8.0`, `NO` and dates are text here; a key twice is a fault."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import yaml


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    line: int
    quoted: bool = True  # `null` is a text only so


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
    tree = _Tree()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
            tree.add(event)
    except yaml.MarkedYAMLError as error:
        return None, [*tree.faults, _syntax(error)]
    except yaml.reader.ReaderError as error:
        line = text.encode().count(b"\n", 0, error.position) + 1
        return None, [(line, "a control character, which YAML does not allow; take it out")]
    except _NoTreeError as error:
        return None, [*tree.faults, error.fault]
    if tree.root is None or tree.root == Text("", tree.root.line, quoted=False):
        return None, [*tree.faults, (1, "the file is empty; write a mapping or remove it")]
    return tree.root, tree.faults


_BEGUN = ("while scanning a simple key", "while parsing a flow mapping", "while parsing a flow sequence")
"""Where what is wrong is what was not ended: the line is that of its beginning."""


def _syntax(error: yaml.MarkedYAMLError) -> Fault:
    found = error.problem_mark.line + 1 if error.problem_mark else 1
    begun = error.context_mark.line + 1 if error.context_mark and error.context in _BEGUN else found
    where = f", as far as line {found}" if begun != found else ""
    return begun, f"no valid YAML: {error.problem}{where}; mend the syntax"


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
_TAGS = (None, "!", *(f"tag:yaml.org,2002:{one}" for one in ("str", "seq", "map")))
"""That say what a value is in any case."""


class _NoTreeError(Exception):
    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.fault: Fault = (line, what)


@dataclass
class _Open:
    """A list or map whose end has not come."""

    line: int
    is_map: bool
    anchor: str | None
    inside: list[Node] = field(default_factory=list)  # of a map, keys and values in turn


class _Tree:
    """Made of events, one after the other: nesting costs no stack. An alias is its anchor again, at its own line; the
    two share what is in them."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.faults: list[Fault] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}

    def add(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.DocumentStartEvent() if self.root is not None:
                raise _NoTreeError(line, "no valid YAML: a second document begins; mend the syntax")
            case yaml.AliasEvent():
                self._put(self._again(str(event.anchor), line), None)
            case yaml.ScalarEvent():
                self._tagged(event, line)
                self._put(Text(event.value, line, quoted=bool(event.style)), event.anchor)
            case yaml.CollectionStartEvent():
                self._tagged(event, line)
                if len(self._open) >= _DEEPEST:
                    raise _NoTreeError(line, "nested deeper than any mapping; write it flat")
                self._open.append(_Open(line, isinstance(event, yaml.MappingStartEvent), event.anchor))
            case yaml.CollectionEndEvent():
                one = self._open.pop()
                self._put(self._map(one) if one.is_map else List(tuple(one.inside), one.line), one.anchor)

    def _tagged(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int) -> None:
        if event.tag not in _TAGS:
            self.faults.append((line, f"a tag, {event.tag!r}, where every value is a text; take it out"))

    def _again(self, anchor: str, line: int) -> Node:
        if any(one.anchor == anchor for one in self._open):
            raise _NoTreeError(line, "an alias that contains itself; write the value out")
        if anchor not in self._anchors:
            raise _NoTreeError(line, f"no valid YAML: nothing has the anchor {anchor!r}; mend the syntax")
        return replace(self._anchors[anchor], line=line)

    def _put(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].inside.append(node)
        else:
            self.root = node

    def _map(self, one: _Open) -> Map:
        found = Map({}, one.line, {})
        for key, value in zip(one.inside[::2], one.inside[1::2], strict=True):
            if not isinstance(key, Text):
                self.faults.append((key.line, "a key that is no text; write `key: value`"))
                continue
            if key.text in found.entries:
                self.faults.append((key.line, f"key {key.text!r} twice; the first would be lost: remove one"))
            found.entries[key.text] = value
            found.lines[key.text] = key.line
        return found
