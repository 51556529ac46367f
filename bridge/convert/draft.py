"""What one run writes into one file: whole or not there, and in the hands of that run alone."""

from __future__ import annotations

import os
import sys
from io import BufferedWriter
from pathlib import Path
from typing import BinaryIO

from bridge.errors import UsageError
from bridge.temporary import IN_THE_MAKING, lock

STDOUT = "standard output"


class Stream:
    """Standard output, a device or a pipe: written to as it is. Methods raise OSError."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def put(self) -> None:
        self._file.flush()

    def drop(self) -> None:
        pass


class Draft:
    """A file in the making, `.writing-NAME`, beside its place. Methods raise OSError."""

    def __init__(self, path: Path) -> None:
        """Raises BlockingIOError where another run has it in hand."""
        self.path = path
        self._beside = path.with_name(f"{IN_THE_MAKING}{path.name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _locked(self._beside)
        self._file.truncate(0)  # what a run that was killed has left

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def written(self) -> Path:
        """With all that was written, to be looked at before it is put in its place."""
        self._file.flush()
        return self._beside

    def put(self) -> None:
        """In its place, whatever is there."""
        os.replace(self.written(), self.path)
        self._file.close()

    def drop(self) -> None:
        """Takes away what was not put in its place."""
        if not self._file.closed:
            self._beside.unlink(missing_ok=True)
            self._file.raw.close()  # without what waits to be written: where a disk is full, that fails again


def begun(path: Path | None) -> Draft | Stream:
    """Raises UsageError where another run has it in hand, or where nothing can be written."""
    try:
        if path is None:
            return Stream(sys.stdout.buffer)
        if path.exists() and not path.is_file():
            return Stream(path.open("wb"))
        return Draft(path.resolve())  # what a link leads to: in the place of `/dev/stdout` nothing may be put
    except BlockingIOError as error:
        raise UsageError(f"{path}: another run is writing it; wait for its end, or name another file") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}; name a file in another place") from error


def _locked(path: Path) -> BufferedWriter:
    """The system frees it when the run ends, however that ends. Raises BlockingIOError, too, where another run has put
    it in its place meanwhile: it is a file of that name no more."""
    file = path.open("ab")
    try:
        lock(file.fileno())
        if not path.exists() or not os.path.samestat(os.fstat(file.fileno()), path.stat()):
            raise BlockingIOError
    except OSError:
        file.close()
        raise
    return file
