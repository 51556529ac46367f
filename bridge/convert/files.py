"""Which files a run reads, and what it calls them and their lines."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from bridge.errors import InvalidFhirError, UsageError


def files(paths: Sequence[Path]) -> list[Path]:
    """Every file, folders recursively, in the order of their names. Raises UsageError for what is not there."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
            found += sorted(one for one in inside if one.is_file())  # no pipes, no sockets
        elif path.is_file():
            found.append(path)
        else:
            raise UsageError(f"{path}: no such file or folder")
    return found


def name_of(file: Path) -> str:
    """As a report can hold it: a name that is not UTF-8 is written with escapes."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")


class Line(NamedTuple):
    file: Path
    number: int  # from 1
    start: int  # bytes before it
    size: int  # bytes
    digest: bytes

    @property
    def place(self) -> str:
        return f"{name_of(self.file)}:{self.number}"

    def read(self) -> bytes:
        """Raises InvalidFhirError where it is not what it was, or cannot be read any more."""
        try:
            with self.file.open("rb") as opened:
                opened.seek(self.start)
                text = opened.read(self.size)
        except OSError as error:
            raise InvalidFhirError(f"cannot be read: {error.strerror}") from error
        if digest_of(text) != self.digest:
            raise InvalidFhirError("changed while it was read; convert it when it stands")
        return text


def digest_of(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()
