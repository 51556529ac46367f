"""What a document waits for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from bridge.errors import BridgeError

ANOTHER_PATIENT = "the patient is another than that of the version before; a document does not change its patient"
UNDER_TWO = "this SOP Instance is there under two Patient IDs: remove the wrong one"


class Held(BridgeError):
    """A person has to decide. `status` shows it; it is tried again when there are news of it, or when the resource with
    the key `on`, which is in its way, has changed or is gone."""

    def __init__(self, what: str, on: str | None = None) -> None:
        super().__init__(what)
        self.on = on


class Waiting(BridgeError):
    """Something else has to be settled first: the instance with the key `on`, or else whatever belongs to the same
    document."""

    def __init__(self, what: str, on: str | None = None) -> None:
        super().__init__(what)
        self.on = on


class Busy(Exception):
    """Another worker has the document in hand; the item is owed again at once."""


class Absent(Exception):
    """The items with these `keys` look deleted; those in `waiting` wait until that is known. To be absent is only a
    suspicion: at the end of the pass all such items are counted, and each is asked for again."""

    def __init__(self, keys: Iterable[str], waiting: Iterable[str] = ()) -> None:
        self.keys, self.waiting = frozenset(keys), frozenset(waiting)


class Failure(NamedTuple):
    """Why one document failed; with the key of its root, and those of all its resources."""

    root: str
    keys: Collection[str]
    error: Exception


class Several(Exception):
    """Failures of documents of one component, and what looks deleted in it; all its other documents are settled."""

    def __init__(self, failures: Sequence[Failure], absent: Absent | None) -> None:
        self.failures, self.absent = failures, absent
