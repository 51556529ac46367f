"""What a document waits for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from bridge.errors import BridgeError


class Held(BridgeError):
    """A person has to decide; shown by `status`, tried again when news come in, or when what is in its way is gone:
    the resource with the key `on`."""

    def __init__(self, what: str, on: str | None = None) -> None:
        super().__init__(what)
        self.on = on


class Waiting(BridgeError):
    """Something else has to come first: whatever belongs to the same document, or the instance with the key `on`."""

    def __init__(self, what: str, on: str | None = None) -> None:
        super().__init__(what)
        self.on = on


class Busy(Exception):
    """Another worker has the document in hand: it is owed again at once."""


class Absent(Exception):
    """What looks deleted: `keys` of it, and of what waits until that is known. Absence is suspicion: it is counted at
    the end of the pass, and asked for again."""

    def __init__(self, keys: Iterable[str], waiting: Iterable[str] = ()) -> None:
        self.keys, self.waiting = frozenset(keys), frozenset(waiting)


class Failure(NamedTuple):
    """Of one document: keys of its root resource and of all, and why."""

    root: str
    keys: Collection[str]
    error: Exception


class Several(Exception):
    """What became of those documents of one component that are not settled; and what looks deleted of it."""

    def __init__(self, failures: Sequence[Failure], absent: Absent | None) -> None:
        self.failures, self.absent = failures, absent
