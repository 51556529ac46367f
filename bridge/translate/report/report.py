"""What became of every element: (path, outcome, rule)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Detail(NamedTuple):
    path: str  # `1.3.2` in the content tree, `PatientName` in the header, or `Observation.value...` in a resource
    concept: str | None  # designator and code; never a value
    outcome: str  # mapped, carried, withheld
    rule: str  # file:line of a row, generic, remainder or none
    reason: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    total: int = 0
    mapped: int = 0
    carried: int = 0
    withheld: int = 0


def _counts(details: list[Detail]) -> Counts:
    outcomes = [detail.outcome for detail in details]
    return Counts(len(outcomes), *map(outcomes.count, ("mapped", "carried", "withheld")))


def _nothing() -> list[Detail]:
    return []


@dataclass
class Report:
    """Who only wants the result does not pay for an account of each element: it is given on demand."""

    warnings: list[str] = field(default_factory=list)
    anew: bool = False  # edited since: to DICOM a new instance, to FHIR other resources than those that it was made of
    unseen: list[str] = field(default_factory=list)  # elements that were edited in FHIR, and that no item says
    account: Callable[[], list[Detail]] = _nothing  # of items, or of the leaves of resources
    account_of_header: Callable[[], list[Detail]] = _nothing

    @cached_property
    def details(self) -> list[Detail]:
        return self.account()

    @cached_property
    def header(self) -> list[Detail]:
        return self.account_of_header()

    @property
    def items(self) -> Counts:
        return _counts(self.details)

    @property
    def elements(self) -> Counts:
        return _counts(self.header)


@dataclass(frozen=True, slots=True)
class Translated(Generic[T]):
    result: T
    report: Report
