"""What a translation rests on, as one digest: the mappings, and the code that follows them. Where it is another than
that of a document's last agreement, what was translated may say something else now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from bridge.mapping.source import files

_PACKAGE = Path(__file__).parent.parent
_CODE = ("codecs", "mapping", "model", "releases", "terminology", "translate")
"""All of it: a number that somebody has to raise would be forgotten."""
NO_ZONE = "+00:00"
"""`timezone` of an archive where none is configured."""


def revision_of(folders: Sequence[Path]) -> str:
    """Of the mappings in the folders, in their order, as this version of the bridge reads them."""
    found = hashlib.sha256(_of_code().encode())
    for folder in folders:
        _add(found, folder, files(folder) if folder.is_dir() else ())
    return found.hexdigest()[:16]


def revision_in(revision: str, zone: str) -> str:
    """The same where times that name no zone are of this one: as such, of the default."""
    return revision if zone == NO_ZONE else hashlib.sha256(f"{revision} {zone}".encode()).hexdigest()[:16]


@cache
def _of_code() -> str:
    found = hashlib.sha256()
    for name in _CODE:
        _add(found, _PACKAGE, sorted((_PACKAGE / name).rglob("*.py")))
    return found.hexdigest()


def _add(found: hashlib._Hash, folder: Path, those: Iterable[Path]) -> None:
    for file in those:
        data = file.read_bytes()
        found.update(f"{file.relative_to(folder).as_posix()} {len(data)}\n".encode())
        found.update(data)
