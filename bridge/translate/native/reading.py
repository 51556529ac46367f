"""What is made of a document while it is read: its resources, and what the ids of these go by."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from bridge.mapping.mapping import Mapping, Template
from bridge.model.content import Code, ContentItem, Path
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Resource
from bridge.model.tags import OBSERVATION_DATETIME
from bridge.translate.basis import times
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Home
from bridge.translate.header.study import Studies
from bridge.translate.native.anchors import anchor_of, names_of
from bridge.translate.native.sites import coded_of
from bridge.translate.native.subject_context import Named


class Read(IntEnum):
    """How a bridge of then read a document: what is made of it now may be other than what stands in a server, and that
    is no edit of anybody's. The remainder says which it was."""

    FIRST = 0
    HEADED = 1  # results repeat what headings and states say (decision 0035)
    NEARER = 2  # and are of nobody else, and of no other time, than they say
    NOW = 3  # are derived from what they were inferred from, and the report names the order that it answers


def said_of(read: Read) -> dict[str, Any]:
    """As `read_in` finds it."""
    return {"reads": int(read)} if read > Read.HEADED else {"headed": 1} if read else {}


def read_in(said: dict[str, Any]) -> Read:
    """As the remainder of a document, or the manifest of its pieces, says it."""
    if "reads" in said:
        return _READS.get(str(said["reads"]), Read.NOW)
    return Read.HEADED if "headed" in said else Read.FIRST


_READS = {str(int(one)): one for one in Read}


@dataclass
class ReadingState:
    """What a document says of itself is set before the first item is read (`native_fhir`)."""

    document: Document
    mapping: Mapping
    known: Known
    parts: frozenset[Path] = frozenset()  # items that are components, whatever their concept is of
    apart: set[Path] = field(default_factory=set)  # results that are none, for the group denies what is in it
    sections: frozenset[Path] = frozenset()  # containers that are sections, whatever stands in them
    results: frozenset[Path] = frozenset()  # and that are none
    ours: bool = False  # made from resources
    read: Read = Read.NOW
    members: list[Resource] = field(default_factory=list)
    homes: dict[Path, Home] = field(default_factory=dict)
    anchors: set[str] = field(default_factory=set)  # taken already: the second of that name goes by its path
    names: dict[Path, list[str]] = field(default_factory=dict)  # of the children of an item
    keys: dict[Path, str] = field(default_factory=dict)  # what the ids of an item and of its children go by

    zone: str = ""
    key: str = ""  # what ids are derived from
    template: Template = field(init=False)
    title: Code | None = None  # of the document
    dated: bool = False  # it says when it was
    status: str = "final"
    subject: Home | None = None
    named: Named = Named(frozenset(), ())
    studies: Studies = field(default_factory=Studies)
    encounter: Home | None = None
    targets: frozenset[Path] = frozenset()  # items that others refer to
    observers: Resource = field(default_factory=dict)  # performer and device of every Observation

    @property
    def nearer(self) -> bool:
        """Whether results are of whom and of when they say. What was made from resources says of itself what it is."""
        return self.read >= Read.NEARER and not self.ours

    def _key_of(self, at: Path) -> str:
        """What the id of a thing without UID goes by: it stays where a sibling is inserted or removed."""
        return f"{self.keys.get(at[:-1], self.key)}/{self._named(at)}"

    def _named(self, at: Path) -> str:
        """Concept, and how many siblings of that concept stand before."""
        names = self.names.get(at[:-1])
        if names is None:
            names = self.names[at[:-1]] = names_of(self.document.root.at(at[:-1]).children)
        return names[at[-1]]

    def _anchored(self, item: ContentItem, at: Path, outer: str) -> str:
        """The key of what stands at and below the item. Anchors keep ids when something is inserted before:
        Observation UID, tracking UID, irradiation event UID."""
        anchor = anchor_of(item)
        if anchor is None or anchor in self.anchors:
            anchor = f"{outer}/{self._named(at)}"
        else:
            self.anchors.add(anchor)
            anchor = f"{self.key}|{anchor}"
        self.keys[at] = anchor
        return anchor

    def _effective(self, item: ContentItem) -> str | None:
        return times.moment(text_of(item.rest, OBSERVATION_DATETIME), self.zone) if item.rest else None

    def _code(self, concept: Code | None) -> Home:
        return coded_of(concept, self.mapping)
