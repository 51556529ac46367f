"""The report of a run, written entry by entry: a run of any length needs no more memory than its longest document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bridge.codecs import json
from bridge.convert.draft import STDOUT, begun
from bridge.errors import PermanentError, UsageError
from bridge.translate.report.report import Report

ReportEntry = dict[str, Any]
_STATUS = ("converted", "skipped", "rejected")
_OUTCOMES = ("total", "mapped", "carried", "withheld")


def entry_of(source: str, status: str, resources: Sequence[str] = ()) -> ReportEntry:
    """Of what has no elements, or not yet."""
    return {
        "source": source,
        "resources": list(resources),
        "targets": [],
        "status": status,
        "template": None,
        "items": asdict(Report().items),
        "elements": asdict(Report().elements),
        "warnings": [],
        "details": [],
        "error": None,
    }


def rejected(source: str, reason: str, error: str | None = None, resources: Sequence[str] = ()) -> ReportEntry:
    """`error`: the reason with where before it; by default, that is the source."""
    return entry_of(source, "rejected", resources) | {"reason": reason, "error": error or f"{source}: {reason}"}


def counts_of(report: Report, *, details: bool, header: bool) -> ReportEntry:
    """`details`: of all elements, not only of those that are not mapped; `header`: those of the header, too."""
    found = [*report.header, *report.details] if header else report.details
    return {
        "items": asdict(report.items),
        "elements": asdict(report.elements),
        "warnings": report.warnings,
        "details": [one._asdict() for one in found if details or one.outcome != "mapped"],
    }


class Totals:
    """Entries by status, what the skipped ones count, and the sums of their items and elements."""

    def __init__(self, entries: Sequence[ReportEntry] = ()) -> None:
        self.found: ReportEntry = dict.fromkeys(_STATUS, 0)
        self.found["skipped_count"] = 0
        self.found |= {kind: dict.fromkeys(_OUTCOMES, 0) for kind in ("items", "elements")}
        for entry in entries:
            self.add(entry)

    def add(self, entry: ReportEntry) -> None:
        self.found[entry["status"]] += 1
        self.found["skipped_count"] += entry.get("count", 0)
        for kind in ("items", "elements"):
            for outcome in _OUTCOMES:
                self.found[kind][outcome] += entry[kind][outcome]


class ReportFile:
    """`{"documents": [...], "totals": {...}}` in a file, which appears when all is written, or on stdout. A device or a
    pipe is written to as it is. Raises UsageError where another run writes it, and PermanentError where it cannot be
    written."""

    def __init__(self, path: Path | None) -> None:
        if path is not None and (path.is_dir() or any(one.is_file() for one in path.parents)):
            raise UsageError(f"{path}: a report is a file in a folder")
        self._name = str(path or STDOUT)
        self._out = begun(path)
        self._head = b'{\n  "documents": [\n'

    def put(self, entry: ReportEntry) -> None:
        self._write(self._head, json.dumps(entry, indent=True))
        self._head = b",\n"

    def close(self, totals: Totals) -> None:
        empty = self._head != b",\n"
        self._write(b'{\n  "documents": [],\n' if empty else b"\n  ],\n")
        self._write(b'  "totals": ', json.dumps(totals.found, indent=True), b"\n}\n")
        try:
            self._out.put()
        except OSError as error:
            raise self._fault(error) from error

    def drop(self) -> None:
        """Takes away what is no whole report."""
        self._out.drop()

    def _write(self, *parts: bytes) -> None:
        try:
            for part in parts:
                self._out.write(part)
        except OSError as error:
            raise self._fault(error) from error

    def _fault(self, error: OSError) -> PermanentError:
        what = f"{self._name}: the report cannot be written: {error.strerror}"
        return PermanentError(f"{what}; see to its disk, and run it again")
