"""Results -> files, each whole or not at all. A file of that name with other content is an error."""

from __future__ import annotations

import filecmp
import os
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

from bridge.errors import PermanentError, UsageError


class Folder:
    """`OUT/<name>`, created when first needed."""

    def __init__(self, path: Path) -> None:
        if path.exists() and not path.is_dir():
            raise UsageError(f"{path}: a file is there; name a folder")
        self.path = path

    def put(self, name: str, data: bytes) -> None:
        """Raises PermanentError where the place is taken by other content."""
        target = self.path / name
        if target.exists():
            if target.read_bytes() == data:
                return
            raise PermanentError(
                f"{target}: exists with other content (another document of this UID, or another mapping); "
                "write into an empty folder"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.path, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(temporary, 0o644)
            os.replace(temporary, target)
        except OSError:
            os.unlink(temporary)
            raise

    def close(self) -> None:
        pass


class Lines:
    """One document a line, in one file or on stdout; the file appears when all is written."""

    def __init__(self, path: Path | None) -> None:
        if path is not None and path.is_dir():
            raise UsageError(f"{path}: a folder is there; name a file")
        self.path = path
        self._seen: dict[str, bytes] = {}
        self._temporary = path.with_name(f".writing-{path.name}") if path else None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = self._temporary.open("wb") if self._temporary else sys.stdout.buffer

    def put(self, name: str, data: bytes) -> None:
        import hashlib

        digest = hashlib.sha256(data).digest()
        if name in self._seen:
            if self._seen[name] == digest:
                return
            raise PermanentError(f"{name}: written already with other content")
        self._seen[name] = digest
        self._file.write(data + b"\n")

    def close(self) -> None:
        self._file.flush()
        if self._temporary is not None and self.path is not None:
            self._file.close()
            if self.path.exists() and not filecmp.cmp(self.path, self._temporary, shallow=False):
                self._temporary.unlink()
                raise PermanentError(f"{self.path}: exists with other content; it is kept, name another file")
            os.replace(self._temporary, self.path)


class Single:
    """One document on stdout; a second one is refused, for nobody could tell them apart."""

    def __init__(self) -> None:
        self._taken = False

    def put(self, name: str, data: bytes) -> None:
        if self._taken:
            raise PermanentError(f"{name}: -o - prints one document; give a folder for several")
        self._taken = True
        sys.stdout.buffer.write(data)

    def close(self) -> None:
        sys.stdout.buffer.flush()
