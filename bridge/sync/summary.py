"""What a pass did, by act and side; and why something is not done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

News = tuple[str, tuple[str, ...]]
"""What passes take in, by the route and the store that tells it; by both where all of them is compared."""


@dataclass
class Summary:
    acts: Counter[str] = field(default_factory=Counter)  # `to-dicom created`; `outside`: what `only` leaves alone
    faults: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)  # what nobody has to mend, and somebody may not know
    plans: list[str] = field(default_factory=list)  # of a dry run
    listening: dict[str, float] = field(default_factory=dict)  # seconds that each store took to say what is new
    heard: dict[News, str | None] = field(default_factory=dict)  # of what was to be taken in, why it could not be
    compared: bool = True  # whole stores with the ledger, where that was asked for, on every route that is not paused
    paused: set[str] = field(default_factory=set)  # names of routes
    more_in: float = inf  # seconds until there is more to do, as far as is known

    _said: set[str] = field(default_factory=set)

    @property
    def done(self) -> dict[str, int]:
        """The acts that changed something."""
        idle = (" nothing", " skipped", " outside")
        return {act: number for act, number in sorted(self.acts.items()) if not act.endswith(idle)}

    @property
    def outside(self) -> int:
        """Documents that were looked at and are not carried, by the filters of their routes."""
        return sum(number for act, number in self.acts.items() if act.endswith(" outside"))

    def fault(self, what: str) -> None:
        self._say(what, self.faults)

    def notice(self, what: str) -> None:
        self._say(what, self.notices)

    def plan(self, what: str) -> None:
        self._say(what, self.plans)

    def _say(self, what: str, among: list[str]) -> None:
        """Once."""
        if what not in self._said:
            self._said.add(what)
            among.append(what)

    def listened(self, seconds: Mapping[str, float]) -> None:
        """To stores, for so long."""
        for name, more in seconds.items():
            self.listening[name] = self.listening.get(name, 0) + more

    def add(self, other: Summary) -> None:
        self.acts.update(other.acts)
        self.listened(other.listening)
        self.heard |= other.heard
        self.compared &= other.compared
        self.paused |= other.paused
        self.more_in = min(self.more_in, other.more_in)
        for what in other.faults:
            self.fault(what)
        for what in other.notices:
            self.notice(what)
        for what in other.plans:
            self.plan(what)
