"""Files of a folder store: names are strict, what is written is whole, and a folder that is missing is an outage."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from bridge.errors import BridgeError, PermanentError, TemporaryError
from bridge.stores.breaker import Breaker, Outage
from bridge.stores.store import Absence, Seen
from bridge.temporary import sweep_away, temporary_beside

_OF_THE_DISK = "lost+found"


class Files:
    """Names are strict, so that no key leads out of the folder; a file is written whole or not at all.

    Where the folder itself is missing, nothing of it is absent and nothing is written: a disk that is not mounted, and
    a path that was mistyped, look like everything deleted. It is as a server that is down."""

    def __init__(self, name: str, path: Path, suffix: str, keys: re.Pattern[str], folders: re.Pattern[str]) -> None:
        """`folders`: names of those in it, above the files."""
        self.name, self.path, self.suffix, self.keys, self.folders = name, path, suffix, keys, folders
        self.others = 0  # entries that are no files of this store, and are not looked at, as the last listing found
        self._breaker = Breaker(name, self._probe)

    def outage(self) -> Outage | None:
        return self._breaker.outage()

    def there(self) -> None:
        """Raises OutageError."""
        self._breaker.admit()
        if not os.path.isdir(self.path):
            self._breaker.judge()

    def _probe(self) -> None:
        if not os.path.isdir(self.path):
            what = f"{self.name}: the folder {self.path} is not there"
            raise TemporaryError(f"{what}; mount its disk, or correct `path`, or make it, if it is to be a new one")

    def listing(self, day: date | None = None) -> Iterator[Seen]:
        """`day`: on which it was written."""
        self.there()
        others = 0
        for file in self._entries(self.path):
            if (key := self._key(file)) is None:
                others += 1
            elif (day is None or _written(file) == day) and (data := self.read(key)) is not None:
                yield Seen(key, version(data))
        self.there()  # still: else it was not all
        self.others = others

    def called(self, name: str) -> Iterator[str]:
        """Keys of the files of that name, in whatever folder."""
        self.there()
        found = (self._key(file) for file in self._entries(self.path) if file.name == f"{name}{self.suffix}")
        return (key for key in found if key is not None)

    def within(self, folder: Path) -> Iterator[str]:
        """Keys of the files in one of its folders."""
        return filter(None, map(self._key, self._entries(folder)))

    def _key(self, file: Path) -> str | None:
        """None of what is no document by its name, or no file."""
        path = file.relative_to(self.path).as_posix()
        key = path.removesuffix(self.suffix)
        return key if key != path and self.keys.fullmatch(key) and file.is_file() else None

    def _entries(self, folder: Path) -> Iterator[Path]:
        """By their names; a folder that cannot be in a key is not looked into, for it may be closed to us, as
        `lost+found` is. Hidden ones are nobody's documents, and of ours what nobody writes any more is taken away."""
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            self.there()  # else it is gone meanwhile
            return
        except OSError as error:
            where = folder.relative_to(self.path)
            raise TemporaryError(f"{self.name}: {where} cannot be listed: {error.strerror}") from error
        for entry in entries:
            if self.folders.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                yield from self._entries(folder / entry.name)
            elif entry.name.startswith("."):
                sweep_away(folder / entry.name)
            elif entry.name != _OF_THE_DISK and not _is_special(entry):
                yield folder / entry.name

    def read(self, key: str) -> bytes | None:
        try:
            return self._file(key).read_bytes()
        except FileNotFoundError:
            self.there()
            return None
        except OSError as error:
            raise TemporaryError(f"{self.name}: {key} cannot be read: {error.strerror}") from error

    def write(self, key: str, data: bytes) -> None:
        file = self._file(key)
        self.there()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            _put(file, data)
        except OSError as error:
            raise TemporaryError(f"{self.name}: {key} cannot be written: {error.strerror}") from error

    def absent(self, keys: Sequence[str]) -> Sequence[Absence | None]:
        return [self._absent(key) for key in keys]

    def _absent(self, key: str) -> Absence | None:
        try:
            self._file(key).stat()
        except FileNotFoundError:
            self.there()
            return "unknown"
        except OSError as error:
            raise TemporaryError(f"{self.name}: {key} cannot be looked for: {error.strerror}") from error
        return None

    def remove(self, keys: Sequence[str]) -> Sequence[BridgeError | None]:
        found: list[BridgeError | None] = []
        for key in keys:
            try:
                file = self._file(key)
                self.there()
                file.unlink(missing_ok=True)
                found.append(None)
            except OSError as error:
                found.append(TemporaryError(f"{self.name}: {key} cannot be removed: {error.strerror}"))
            except BridgeError as error:
                found.append(error)
        return found

    def _file(self, key: str) -> Path:
        if not self.keys.fullmatch(key):
            raise PermanentError(f"{self.name}: a key that is no file name of this store")
        return self.path / f"{key}{self.suffix}"


def _put(file: Path, data: bytes) -> None:
    """On the disk when this returns, for the ledger says so next."""
    with temporary_beside(file) as temporary:
        with temporary.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, file)


def _is_special(entry: os.DirEntry[str]) -> bool:
    """A pipe, a socket, a device: who opens a pipe waits for its other end."""
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:  # gone meanwhile
        return True
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def _written(file: Path) -> date | None:
    """None of what is gone meanwhile."""
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC).date()
    except FileNotFoundError:
        return None


def version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
