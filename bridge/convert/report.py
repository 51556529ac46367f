"""The report of a run, written entry by entry: a run of any length needs no more memory than its longest document."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from bridge.codecs import json
from bridge.errors import PermanentError, UsageError

Entry = dict[str, Any]
_STATUS = ("converted", "skipped", "rejected")
_OUTCOMES = ("total", "mapped", "carried", "withheld")


class Totals:
    """Documents by status, and the sums of their items and elements."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self.found: Entry = dict.fromkeys(_STATUS, 0)
        self.found |= {kind: dict.fromkeys(_OUTCOMES, 0) for kind in ("items", "elements")}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        self.found[entry["status"]] += 1
        for kind in ("items", "elements"):
            for outcome in _OUTCOMES:
                self.found[kind][outcome] += entry[kind][outcome]


class ReportFile:
    """`{"documents": [...], "totals": {...}}` in a file, which appears when all is written, or on stdout. A device or a
    pipe is written to as it is. Raises PermanentError where it cannot be written."""

    def __init__(self, path: Path | None) -> None:
        if path is not None and (path.is_dir() or any(one.is_file() for one in path.parents)):
            raise UsageError(f"{path}: a report is a file in a folder")
        self._path = path
        plain = path is not None and (path.is_file() or not path.exists())
        self._temporary = path.with_name(f".report-{path.name}") if path and plain else path
        self._file: BinaryIO | None = None

    def put(self, entry: Entry) -> None:
        self._write(b'{\n  "documents": [\n' if self._file is None else b",\n", json.dumps(entry, indent=True))

    def close(self, totals: Totals) -> None:
        begun = self._file is not None
        self._write(b"\n  ],\n" if begun else b'{\n  "documents": [],\n')
        self._write(b'  "totals": ', json.dumps(totals.found, indent=True), b"\n}\n")
        try:
            self._opened().flush()
            if self._temporary is not None and self._path is not None:
                self._opened().close()
                if self._temporary != self._path:
                    os.replace(self._temporary, self._path)
        except OSError as error:
            raise self._fault(error) from error

    def _write(self, *parts: bytes) -> None:
        try:
            for part in parts:
                self._opened().write(part)
        except OSError as error:
            raise self._fault(error) from error

    def _fault(self, error: OSError) -> PermanentError:
        return PermanentError(f"{self._path or 'standard output'}: the report cannot be written: {error.strerror}")

    def _opened(self) -> BinaryIO:
        if self._file is None:
            if self._temporary is not None:
                self._temporary.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._temporary.open("wb") if self._temporary else sys.stdout.buffer
        return self._file
