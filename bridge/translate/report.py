"""What became of every element: (path, outcome, rule)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Detail(NamedTuple):
    path: str  # `1.3.2` in the content tree, `PatientName` in the header, or `Observation.value...` in a resource
    concept: str | None  # designator and code; never a value
    outcome: str  # mapped, carried, withheld
    rule: str  # file:line of a row, generic, remainder or none
    reason: str | None


@dataclass
class Counts:
    total: int = 0
    mapped: int = 0
    carried: int = 0
    withheld: int = 0

    def add(self, outcome: str) -> None:
        self.total += 1
        setattr(self, outcome, getattr(self, outcome) + 1)


@dataclass
class Report:
    items: Counts = field(default_factory=Counts)
    elements: Counts = field(default_factory=Counts)
    warnings: list[str] = field(default_factory=list)
    details: list[Detail] = field(default_factory=list)  # of items
    header: list[Detail] = field(default_factory=list)  # of elements

    def item(self, detail: Detail) -> None:
        self.items.add(detail.outcome)
        self.details.append(detail)

    def element(self, detail: Detail) -> None:
        self.elements.add(detail.outcome)
        self.header.append(detail)


@dataclass(frozen=True, slots=True)
class Translated(Generic[T]):
    result: T
    report: Report
