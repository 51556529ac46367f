"""Heads of the audit trail, exported: a file of lines `number hash`, best on a medium that only grows."""

from __future__ import annotations

import re
from pathlib import Path

from bridge.errors import TemporaryError, UsageError
from bridge.ledger.audit import Head


def read_heads(file: Path) -> list[Head]:
    """Raises UsageError naming file and line."""
    try:
        lines = file.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file}: cannot be read: {type(error).__name__}; give a file of lines `number hash`"
        ) from error
    found = []
    for number, line in enumerate(lines, 1):
        if not (known := re.fullmatch(r"(\d+) ([0-9a-f]{64})", line)):
            raise UsageError(f"{file}:{number}: no head; a line is a number and a SHA-256")
        found.append(Head(int(known[1]), known[2]))
    return found


def export_head(file: Path, head: Head) -> None:
    """At the end of the file. Raises TemporaryError."""
    try:
        with file.open("a", encoding="ascii") as heads:
            heads.write(f"{head.number} {head.hash}\n")
    except OSError as error:
        raise TemporaryError(f"audit_heads: {file}: {error.strerror}") from error
