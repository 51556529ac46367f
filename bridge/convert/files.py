"""What a run calls files and their lines."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from bridge.errors import InvalidFhirError


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
