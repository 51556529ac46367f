"""A file in the making, beside the place where it is to be: locked as long as somebody writes it, so that what a
process that was killed has left is told apart, and taken away."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

IN_THE_MAKING = ".writing-"
"""How the name of each file begins that is not whole yet, and that nobody else reads."""
_LEFTOVER = re.compile(re.escape(IN_THE_MAKING) + "[a-z0-9_]{8}")  # as tempfile names them: any other may be a person's
_NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)
"""Of a file system that has none, as some that are shared."""


@contextmanager
def temporary_beside(file: Path) -> Iterator[Path]:
    """An empty file in the folder of `file`, so on the same disk: who has written it moves it, or links it, to its
    place. It is taken away where it was not moved: on a full disk every try would leave another one."""
    handle, made = _made(file.parent)
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)
        os.close(handle)


def _made(folder: Path) -> tuple[int, Path]:
    """Another one, where somebody has taken it for a leftover before it was locked."""
    while True:
        handle, name = tempfile.mkstemp(dir=folder, prefix=IN_THE_MAKING)
        with suppress(BlockingIOError):
            lock(handle)
            if os.path.exists(name):
                return handle, Path(name)
        os.close(handle)


def lock(file: int) -> bool:
    """Whether it is locked: some file systems have no locks. The system frees it when its process ends, however that
    ends. Raises BlockingIOError where it is in other hands."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def sweep(folder: Path) -> None:
    """Takes away what nobody in that folder writes any more."""
    with suppress(OSError):
        for name in os.listdir(folder):
            sweep_away(folder / name)


def sweep_away(file: Path) -> None:
    """If it is a leftover: not where nothing says whether somebody writes it, nor where this user may not."""
    if not _LEFTOVER.fullmatch(file.name):
        return
    with suppress(OSError):  # also where it is locked, or gone meanwhile
        handle = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if lock(handle):
                file.unlink()
        finally:
            os.close(handle)
