"""YAML whose scalars stay strings and know their line: `8.0`, `NO` and dates are text here; a key twice is a fault."""

from __future__ import annotations

from collections.abc import Iterator
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


Node: TypeAlias = Text | List | Map
Fault: TypeAlias = tuple[int, str]
"""Line, and what is wrong with its remedy."""


def parse(text: str) -> tuple[Node | None, list[Fault]]:
    """The tree of one file, and its faults; no tree where the YAML cannot be read."""
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [(line, f"no valid YAML: {error.problem}; mend the syntax")]
    if root is None:
        return None, [(1, "the file is empty; write a mapping or remove it")]
    faults: list[Fault] = []
    return _node(root, faults, frozenset()), faults


def files(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.yaml"))


def _node(node: yaml.Node, faults: list[Fault], above: frozenset[int]) -> Node:
    line = node.start_mark.line + 1
    if id(node) in above:
        faults.append((line, "an alias that contains itself; write the value out"))
        return Text("", line)
    if isinstance(node, yaml.ScalarNode):
        return Text(node.value, line)
    inside = above | {id(node)}
    if isinstance(node, yaml.SequenceNode):
        return List(tuple(_node(child, faults, inside) for child in node.value), line)
    entries: dict[str, Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in entries:
            faults.append((key.start_mark.line + 1, f"key {name!r} twice; the first would be lost: remove one"))
        entries[name] = _node(value, faults, inside)
    return Map(entries, line)
