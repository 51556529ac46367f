"""Results -> files, each whole or not at all. A file of that name with other content is an error."""

from __future__ import annotations

import errno
import filecmp
import os
from hashlib import sha256
from pathlib import Path

from bridge.convert.draft import STDOUT, Draft, begun
from bridge.errors import PermanentError, UsageError
from bridge.temporary import sweep, temporary_beside

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
"""What a disk says that knows no links, as FAT does."""


class Folder:
    """`OUT/<name>`, created when first needed. Several runs may write into one; what one that was killed has left
    there, half written or whole, the next takes away."""

    def __init__(self, path: Path) -> None:
        if path.exists() and not path.is_dir():
            raise UsageError(f"{path}: a file is there; name a folder")
        self.path, self.name = path, str(path)
        sweep(path)

    def put(self, name: str, data: bytes) -> None:
        """Raises PermanentError where the place is taken by other content, or where it cannot be written."""
        target = self.path / name
        try:
            if not _is_there(target, data) and not self._put(target, data):
                _is_there(target, data)  # by another run, a moment ago
        except OSError as error:
            raise _unwritten(str(target), error) from error

    def _put(self, target: Path, data: bytes) -> bool:
        """Whether its place was free until the end."""
        self.path.mkdir(parents=True, exist_ok=True)
        with temporary_beside(target) as temporary:
            temporary.write_bytes(data)
            temporary.chmod(0o644)
            return _linked(temporary, target)

    def close(self) -> None:
        pass

    def drop(self) -> None:
        pass


def _is_there(target: Path, data: bytes) -> bool:
    if not target.exists():
        return False
    if target.read_bytes() == data:
        return True
    raise PermanentError(
        f"{target}: exists with other content (another document of this UID, or another mapping); "
        "write into an empty folder"
    )


def _linked(temporary: Path, target: Path) -> bool:
    """A link takes no place that is taken; a move would."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.replace(temporary, target)
    return True


class Lines:
    """One document a line, in one file or on stdout; the file appears when all is written."""

    def __init__(self, path: Path | None) -> None:
        if path is not None and path.is_dir():
            raise UsageError(f"{path}: a folder is there; name a file")
        self.name = str(path or STDOUT)
        self._seen: dict[str, bytes] = {}
        self._out = begun(path)
        self._fault: PermanentError | None = None

    def put(self, name: str, data: bytes) -> None:
        """Raises PermanentError, also for all that comes behind what could not be written: half a line may be there."""
        digest = sha256(data).digest()
        if name in self._seen:
            if self._seen[name] == digest:
                return
            raise PermanentError(f"{name}: written already with other content")
        if self._fault is not None:
            raise self._fault
        try:
            self._out.write(data + b"\n")
        except OSError as error:
            self._fault = _unwritten(self.name, error)
            raise self._fault from error
        self._seen[name] = digest

    def close(self) -> None:
        """Raises PermanentError where the file does not appear."""
        if self._fault is not None:
            raise self._fault
        try:
            if isinstance(self._out, Draft):
                _free(self._out.path, self._out.written())
            self._out.put()
        except OSError as error:
            raise _unwritten(self.name, error) from error

    def drop(self) -> None:
        self._out.drop()


def _free(path: Path, written: Path) -> None:
    if path.exists() and not filecmp.cmp(path, written, shallow=False):
        raise PermanentError(f"{path}: exists with other content; it is kept, name another file")


class Single:
    """One document on stdout; a second one is refused, for nobody could tell them apart."""

    def __init__(self) -> None:
        self.name = STDOUT
        self._out = begun(None)
        self._taken = False

    def put(self, name: str, data: bytes) -> None:
        if self._taken:
            raise PermanentError(f"{name}: -o - prints one document; give a folder for several")
        self._taken = True
        self._out.write(data)

    def close(self) -> None:
        try:
            self._out.put()
        except OSError as error:
            raise _unwritten(self.name, error) from error

    def drop(self) -> None:
        pass


def _unwritten(name: str, error: OSError) -> PermanentError:
    return PermanentError(f"{name}: cannot be written: {error.strerror}; see to its disk, and run it again")
