"""Who has which identifier, in a folder of resources: a file is read again where inode, size or time are others."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from bridge.model.group import Resource

Identifier = tuple[str, str]  # system, which may be empty, and value
_Signature = tuple[int, int, int]


class Identifiers:
    """Of one kind. Each question looks at every file, so that nothing that others edit is missed, and reads the few
    that are new: to read all of them for each document takes a day for some ten thousand."""

    def __init__(self, folder: Path, read: Callable[[str], Resource | None]) -> None:
        """`read`: the resource of a file name without its suffix; None where it is gone meanwhile."""
        self._folder, self._read = folder, read
        self._known: dict[str, tuple[_Signature, frozenset[Identifier]]] = {}
        self._having: dict[Identifier, set[str]] = {}
        self._lock = threading.Lock()

    def having(self, system: str, value: str) -> list[str]:
        """Names of the resources with that identifier, in their order. Raises what reading raises."""
        with self._lock:
            self._look()
            return sorted(self._having.get((system, value), ()))

    def _look(self) -> None:
        there = dict(self._signatures())
        for name in self._known.keys() - there.keys():
            self._forget(name)
        for name, signature in there.items():
            known = self._known.get(name)
            if known is not None and known[0] == signature:
                continue
            self._forget(name)
            resource = self._read(name)
            if resource is not None:
                self._learn(name, signature, identifiers_of(resource))

    def _signatures(self) -> Iterator[tuple[str, _Signature]]:
        try:
            entries = list(os.scandir(self._folder))
        except FileNotFoundError:  # nothing of that kind is there
            return
        for entry in entries:
            name, suffix = os.path.splitext(entry.name)
            if suffix == ".json" and entry.is_file():
                with suppress(FileNotFoundError):  # gone meanwhile
                    said = entry.stat()
                    yield name, (said.st_ino, said.st_size, said.st_mtime_ns)

    def _learn(self, name: str, signature: _Signature, identifiers: frozenset[Identifier]) -> None:
        self._known[name] = signature, identifiers
        for one in identifiers:
            self._having.setdefault(one, set()).add(name)

    def _forget(self, name: str) -> None:
        _, identifiers = self._known.pop(name, (None, frozenset[Identifier]()))
        for one in identifiers:
            self._having[one].discard(name)
            if not self._having[one]:
                del self._having[one]


def identifiers_of(resource: Resource) -> frozenset[Identifier]:
    """Those that are some: what others have put into a folder may be no FHIR."""
    found = resource.get("identifier")
    named = (one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()
    said = ((one.get("system", ""), one.get("value")) for one in named)
    return frozenset((one, value) for one, value in said if isinstance(one, str) and isinstance(value, str))
