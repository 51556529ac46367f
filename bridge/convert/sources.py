"""Which files a run reads: those that are named, and those in folders that are named. Nothing is left out unsaid."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from bridge.convert.files import name_of
from bridge.convert.inputs import Rejected, Skipped
from bridge.errors import UsageError
from bridge.temporary import IN_THE_MAKING

UNFINISHED = "a file that a run has not finished, and no document yet"
GivenFile = Path | Skipped | Rejected
"""A file, or what is to be said of what is none."""


def sources(paths: Sequence[Path]) -> list[GivenFile]:
    """Folders recursively, what is in them in the order of their names; links are followed, and each folder is read
    once, whatever leads to it. Raises UsageError for what is not there."""
    found: list[GivenFile] = []
    listed: set[str] = set()
    for path in paths:
        if path.is_dir():
            inside = sorted(_inside(path, listed), key=lambda one: one[0])
            found += [source for _, source in inside]
        elif path.is_file():
            found.append(_file(path))
        else:
            raise UsageError(f"{path}: no such file or folder")
    return found


def _inside(folder: Path, listed: set[str]) -> Iterator[tuple[Path, GivenFile]]:
    """`listed`: real paths of folders. Links come last: what they lead to is better called by its own path."""
    waiting = deque([folder])
    while waiting:
        one = waiting.pop()
        real = os.path.realpath(one)
        if real in listed:
            yield one, Skipped(name_of(one), "a folder that is read already")
            continue
        listed.add(real)
        try:
            entries = list(os.scandir(one))
        except OSError as error:
            yield one, _unread(one, "listed", error)
            continue
        for entry in entries:
            path = one / entry.name
            try:
                mode = entry.stat().st_mode
            except OSError as error:  # also of a link to what is not there
                yield path, _unread(path, "read", error)
                continue
            if not stat.S_ISDIR(mode):
                yield (
                    path,
                    _file(path) if stat.S_ISREG(mode) else Skipped(name_of(path), "a pipe, a socket or a device"),
                )
            elif entry.is_symlink():
                waiting.appendleft(path)
            else:
                waiting.append(path)


def _file(path: Path) -> GivenFile:
    return Skipped(name_of(path), UNFINISHED) if path.name.startswith(IN_THE_MAKING) else path


def _unread(path: Path, how: str, error: OSError) -> Rejected:
    name = name_of(path)
    return Rejected(name, f"{name}: cannot be {how}: {error.strerror}; let this user read it, or take it away")
