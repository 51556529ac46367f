"""The Protocol of every store, and what passes through it. Stores answer item by item; a batch has no single fate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from bridge.errors import BridgeError, PermanentError
from bridge.model.dataset import DataSet
from bridge.model.group import Resource
from bridge.model.world import World
from bridge.stores.breaker import Outage

T = TypeVar("T")
Absence = Literal["deleted", "unknown"]


class ReplacedError(PermanentError):
    """The database of a store is another than it was: restored, or replaced. A position means nothing there."""


class Instance(NamedTuple):
    """One DICOM file, byte for byte."""

    data: bytes


class Place(NamedTuple):
    """Where an instance belongs."""

    study: str  # what its store names the study by: `is_study`
    sop_class: str  # SOP Class UID; empty where it is not known


class Seen(NamedTuple):
    key: str  # `Type/id` of a resource; of an instance what its store names it by
    version: str  # another one, whenever the content is another; empty where a store tells none


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """Something to look at again. `item` where the feed brought it; None where it did not, or it was deleted."""

    key: str
    version: str
    item: T | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    changes: tuple[Change[T], ...]
    position: str  # where the next poll begins; holds only once the last page of a poll was read


@dataclass(frozen=True, slots=True)
class Stored(Generic[T]):
    key: str
    version: str
    item: T


@dataclass(frozen=True, slots=True)
class Write(Generic[T]):
    """Put `item` at `key`. A resource with `unless` is created only where none of its kind has that identifier."""

    key: str
    item: T
    expected: str | None = None  # version that it must still have; None: whatever is there
    unless: tuple[str, str] | None = None  # system and value of an identifier


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of one write: `stored` as the store has it now, or the error."""

    stored: Stored[T] | None
    error: BridgeError | None = None

    def done(self, what: str) -> Stored[T]:
        """What is stored now. Raises the error; PermanentError where the answer says nothing of `what` was written."""
        if self.error is not None or self.stored is None:
            raise self.error or PermanentError(f"{what} was not answered")
        return self.stored


class Store(Protocol[T]):
    name: str
    holds: World
    lists: bool  # `changes` is a listing of everything: what it does not bring is suspect

    def changes(self, since: str | None) -> Iterator[Page[T]]:
        """What changed since that position, at least; from the beginning where it is None."""
        ...

    def listing(self) -> Iterator[Seen]:
        """Everything that is there. May miss what is written meanwhile: absence is suspicion, not news."""
        ...

    def dated(self, day: date) -> Iterator[Seen]:
        """What is there and was last changed on that day (of UTC); of servers of instances, what is in studies of that
        date."""
        ...

    def read(self, keys: Sequence[str]) -> Sequence[Stored[T] | None]:
        """Each item as it is now; None where it is deleted or never was."""
        ...

    def write(self, items: Sequence[Write[T]]) -> Sequence[Outcome[T]]:
        """All of them or none where the store has transactions; the outcomes say which."""
        ...

    def absent(self, keys: Sequence[str]) -> Sequence[Absence | None]:
        """Asked directly, one by one: `deleted` where the store remembers it, `unknown` where it does not know the key;
        None of what is there."""
        ...

    def remove(self, keys: Sequence[str]) -> Sequence[BridgeError | None]: ...

    def outage(self) -> Outage | None:
        """Why nothing is asked of it for now: it is down, for all that is known. Calls raise OutageError until then."""
        ...

    def unread(self) -> str | None:
        """What is there and is not looked at, as the last listing found; of a server, which names things itself, what
        it does not tell."""
        ...


STUDY = "study/"


def is_study(key: str) -> bool:
    """Whether a key of an InstanceStore names a study: no instance is named so."""
    return key.startswith(STUDY)


class ResourceStore(Store[Resource], Protocol):
    def find(self, kind: str, system: str, value: str) -> Sequence[Stored[Resource]]:
        """Resources of that kind with that identifier."""
        ...


class InstanceStore(Store[Instance], Protocol):
    coerces: bool  # it may file what it takes in its own way (PS3.4 B.4.1.3); others have each byte that they confirm

    def key_of(self, dataset: DataSet) -> str:
        """What the store names an instance by, whether it is there or not: by Patient ID and the three UIDs."""
        ...

    def named(self, uid: str) -> Sequence[str]:
        """Keys of what has that SOP Instance UID, in whatever study, of whomever."""
        ...

    def placed(self, keys: Sequence[str]) -> Sequence[Place | None]:
        """Study and class of each instance, in few calls; None of what is not there, or not readable."""
        ...

    def study_of(self, dataset: DataSet) -> str:
        """What the store names a study by, whether it is there or not: by Patient ID and Study Instance UID. `absent`
        takes such keys too."""
        ...

    def study(self, key: str) -> Sequence[DataSet]:
        """A header for each instance of a study, with those of STUDY_TAGS that the store knows; none where it is not
        there."""
        ...

    def replace(self, item: Write[Instance]) -> Outcome[Instance]:
        """In place of the instance of the same UIDs and patient, whether it is there or not; again is the same."""
        ...
