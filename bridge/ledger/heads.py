"""Heads of the audit trail, exported: a file of lines `number hash`, best on a medium that only grows.

A crash may tear the line that is being written. It stays, for nothing can be taken back there; the next one begins
below it, and what there is of it still has to agree with the trail."""

from __future__ import annotations

import os
import re
from pathlib import Path

from bridge.errors import TemporaryError, UsageError
from bridge.ledger.audit import Head

_LENGTH = 64
_WHOLE = re.compile(rf"(\d+) ([0-9a-f]{{{_LENGTH}}})")
_TORN = re.compile(rf"(\d*)(?: ([0-9a-f]{{0,{_LENGTH - 1}}}))?\0*")  # a file may grow before its bytes are there


def read_heads(file: Path) -> list[Head]:
    """Of torn ones what is left. Raises UsageError naming file and line."""
    try:
        lines = file.read_text("ascii").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file}: cannot be read: {type(error).__name__}; give a file of lines `number hash`"
        ) from error
    # one that ends was torn only where another one was begun below it
    begun = len(lines) if lines[-1] else max((at for at, line in enumerate(lines) if _WHOLE.fullmatch(line)), default=0)
    if not lines[-1]:
        lines.pop()
    return [_head(line, at < begun, f"{file}:{at + 1}") for at, line in enumerate(lines)]


def is_torn(head: Head) -> bool:
    return len(head.hash) < _LENGTH


def _head(line: str, may_be_torn: bool, where: str) -> Head:
    known = _WHOLE.fullmatch(line) or (_TORN.fullmatch(line) if line and may_be_torn else None)
    if known is None:
        raise UsageError(f"{where}: no head; a line is a number and a SHA-256")
    return Head(int(known[1] or 0), known[2] or "")


def check_heads(file: Path | None) -> None:
    """Raises UsageError where no head could be written, before anything is done that one would be of."""
    if file is None:
        return
    if not file.parent.is_dir():
        raise UsageError(f"audit_heads: {file.parent} is not there; make the folder, or name another file")
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.R_OK | os.W_OK):
        raise UsageError(f"audit_heads: {file} cannot be written; give the bridge leave to, or name another file")


def export_head(file: Path, head: Head) -> None:
    """At the end of the file, at once, and on the disk when this returns. Raises TemporaryError."""
    try:
        handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            line = f"{chr(10) if torn else ''}{head.number} {head.hash}\n".encode("ascii")
            if os.write(handle, line) < len(line):
                raise TemporaryError(f"audit_heads: {file}: no room for a whole line; make some")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise TemporaryError(f"audit_heads: {file}: {error.strerror}") from error
