"""So many connections at a time, of all and of one client. Who comes when it is full takes the place of one that lets
us wait: whoever opens hundreds and says nothing (Slowloris) loses them one by one, and the others are answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

ALL = 500
OF_ONE = 100
"""More than a browser, a probe and a busy webhook have together, and a fifth of all."""


class Waits(IntEnum):
    """Who waits for whom; the more of it, the sooner it ends."""

    FOR_US = 0  # a whole request is in hand
    FOR_MORE = 1  # for the rest of a body, or for the client to read what we say
    FOR_A_WORD = 2  # for a handshake, or the head of a request


@dataclass(slots=True)
class Place:
    """Of one connection."""

    client: str
    end: Callable[[], None]
    waits: Callable[[], Waits] = lambda: Waits.FOR_A_WORD


class Crowd:
    def __init__(self, of_all: int = ALL, of_one: int = OF_ONE) -> None:
        self._of_all, self._of_one = of_all, of_one
        self._places: dict[int, Place] = {}  # by the number of its file; the oldest first
        self._of: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._places)

    def enter(self, file: int, client: str, end: Callable[[], None]) -> bool:
        """Not where it is full of requests that we have in hand. `end` is called when another takes the place."""
        of_one = self._of[client] >= self._of_one
        if (of_one or len(self) >= self._of_all) and not self._dismiss(client if of_one else None):
            return False
        self._places[file] = Place(client, end)
        self._of[client] += 1
        return True

    def leave(self, file: int) -> None:
        """Again is nothing."""
        if (place := self._places.pop(file, None)) is not None:
            self._of -= Counter([place.client])  # who has none is forgotten

    def place(self, file: int) -> Place | None:
        """None where another has taken it."""
        return self._places.get(file)

    def _dismiss(self, client: str | None) -> bool:
        """One connection of the client, or of the one that has the most; whether there was one that may go."""
        waiting = [
            (self._of[one.client], waits, file)
            for file, one in self._places.items()
            if client in (None, one.client) and (waits := one.waits())
        ]
        if not waiting:
            return False
        _, _, file = max(waiting, key=lambda found: found[:2])  # the first of those: the oldest
        end = self._places[file].end
        self.leave(file)
        end()
        return True
