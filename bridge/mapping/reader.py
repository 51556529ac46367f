"""Parts of a mapping file as typed values. What is wrong is noted as `file:line: what; remedy`, and reading goes on."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import TypeGuard

from bridge.mapping.mapping import Mapping
from bridge.mapping.source import List, Map, Node, Text

_NO_LO = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\\]")
_NOTHING = ("~", "null", "Null", "NULL")
"""How YAML says that there is no value (YAML 1.2, 10.2.1.1), where it is not quoted."""


class Reader:
    """Of one folder after another, file by file."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.faults: list[str] = []
        self.remarks: list[str] = []
        self._file = Path()  # as it is called in faults
        self._folder = 0
        self._ours = False  # shipped files, which tests prove
        self._context = set[tuple[str, str]]()  # designator and code of who observes, and is observed
        self._answered: dict[tuple[str, ...], tuple[int, str]] = {}  # question -> folder and place

    def _fault(self, line: int, what: str) -> None:
        self.faults.append(f"{self._at(line)}: {what}")

    def _remark(self, line: int, what: str | None) -> None:
        """Of what is odd, and may be meant."""
        if what is not None:
            self.remarks.append(f"{self._at(line)}: {what}")

    def _at(self, line: int) -> str:
        return f"{printable(self._file)}:{line}"

    def _answers(self, line: int, what: str, *question: str, remedy: str = "keep one row") -> None:
        """One answer a folder to each question; that of a later folder replaces an earlier one's, and it is said."""
        folder, place = self._answered.get(question, (self._folder, None))
        self._answered[question] = (self._folder, self._at(line))
        if place is not None and folder == self._folder:
            self._fault(line, f"{what} is answered already at {place}; {remedy}")
        elif place is not None:
            self._remark(line, f"{what} replaces the row of {place}")

    def _known(self, row: Map, keys: Collection[str]) -> None:
        for key in row.entries:
            if key not in keys:
                self._fault(row.lines[key], f"unknown key {key!r}; known are {', '.join(sorted(keys))}")

    def _text(self, row: Map, key: str, *, needed: bool = True) -> str | None:
        node = row.entries.get(key)
        if is_nothing(node):
            self._fault(node.line, f"{key!r} is null, which is nothing in YAML; quote it, or leave the key out")
        elif isinstance(node, Text) and node.text.strip():
            return node.text
        elif node is not None or needed:
            self._fault(row.lines.get(key, row.line), f"{key!r} is missing, blank or no text; write `{key}: ...`")
        return None

    def _one_of(self, row: Map, key: str, known: Collection[str], system: str) -> None:
        """Faults a text that is none of the codes of a system; one that is not there is not looked at."""
        node = row.entries.get(key)
        if isinstance(node, Text) and node.text.strip() and node.text not in known and not is_nothing(node):
            self._fault(node.line, f"{key} {node.text!r} is not of {system}; say one of {', '.join(sorted(known))}")

    def _list(self, row: Map, key: str) -> tuple[Node, ...]:
        """The items; none where there is no such key."""
        node = row.entries.get(key, List((), row.line))
        if isinstance(node, List):
            return node.items
        self._fault(row.lines[key], f"{key!r} holds no list; write `{key}: [...]`, or rows that begin with `-`")
        return ()

    def _rows(self, root: Map, key: str, width: int) -> list[tuple[Text, ...]]:
        found: list[tuple[Text, ...]] = []
        for row in self._list(root, key):
            items = row.items if isinstance(row, List) else ()
            texts = tuple(one for one in items if isinstance(one, Text) and one.text.strip())
            if len(texts) == len(items) == width:
                found.append(texts)
            else:
                self._fault(row.line, f"a row of {key!r} has {width} texts; write [{', '.join(['...'] * width)}]")
        return found

    def _meaning(self, line: int, name: str) -> None:
        """Code Meaning (0008,0104) is LO: PS3.5 6.2."""
        if len(name) > 64:
            self._fault(line, "name longer than the 64 characters of Code Meaning; shorten it")
        if _NO_LO.search(name):
            self._fault(line, "name with a backslash or control character, which Code Meaning cannot hold; take it out")
        elif name != name.strip():
            self._fault(line, "name that begins or ends with a blank; take it out")


def is_nothing(node: Node | None) -> TypeGuard[Text]:
    return isinstance(node, Text) and not node.quoted and node.text in _NOTHING


def printable(path: Path) -> str:
    """A name that is no UTF-8, too: `site\\xfc.yaml`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
