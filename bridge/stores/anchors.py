"""Whether an Orthanc has the database that it had. Nothing names a database; but the changes that were read last are
still there, or went with what they are of, and no other database has others under their numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_KEPT = 8
"""Some may go: with a resource go its changes."""


class Position(NamedTuple):
    """Up to which change was read, and by what the last ones are known again: sequence number -> digest."""

    number: int
    anchors: Mapping[int, str]

    @classmethod
    def of(cls, text: str | None) -> Position:
        """Of `number` alone, or `number sequence:digest ...`."""
        number, *rest = (text or "0").split()
        pairs = (one.partition(":") for one in rest)
        return cls(int(number), {int(sequence): digest for sequence, _, digest in pairs})

    def after(self, number: int, changes: Sequence[Mapping[str, Any]]) -> Position:
        """Having read these, up to `number`."""
        known = {**self.anchors, **{int(one["Seq"]): _digest(one) for one in changes[-_KEPT:]}}
        return Position(number, {sequence: known[sequence] for sequence in sorted(known)[-_KEPT:]})

    def fits(self, changes: Sequence[Mapping[str, Any]]) -> bool:
        """Whether these may be of the same database."""
        found = {int(one["Seq"]): _digest(one) for one in changes}
        return all(found.get(sequence, digest) == digest for sequence, digest in self.anchors.items())

    def __str__(self) -> str:
        return " ".join((str(self.number), *(f"{sequence}:{digest}" for sequence, digest in self.anchors.items())))


def _digest(change: Mapping[str, Any]) -> str:
    text = "|".join(str(change[name]) for name in ("ChangeType", "ID", "Date"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
