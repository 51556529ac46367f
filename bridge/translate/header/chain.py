"""Which instances a document names: Hierarchical SOP Instance Reference (PS3.3 C.17.2.1), by study and series."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.model.dataset import DataSet, Element, items, text_element, text_of
from bridge.model.document import Document
from bridge.model.tags import (
    PREDECESSORS,
    REFERENCED_SERIES,
    REFERENCED_SOP,
    SERIES_UID,
    SOP_CLASS,
    SOP_CLASS_UID,
    SOP_INSTANCE,
    SOP_INSTANCE_UID,
    STUDY_UID,
)
from bridge.model.version import Version


def version_of(document: Document) -> Version:
    return Version(
        *(text_of(document.header, tag) or "" for tag in (STUDY_UID, SERIES_UID, SOP_CLASS_UID, SOP_INSTANCE_UID))
    )


def referring(tag: int, versions: Iterable[Version]) -> Element:
    """A sequence of that tag, such as Predecessor Documents Sequence."""
    studies: list[DataSet] = []
    for version in versions:
        sop_class = text_element(SOP_CLASS, "UI", version.sop_class)
        instance = (sop_class, text_element(SOP_INSTANCE, "UI", version.sop_instance))
        series = (Element(REFERENCED_SOP, "SQ", (instance,)), text_element(SERIES_UID, "UI", version.series))
        studies.append((Element(REFERENCED_SERIES, "SQ", (series,)), text_element(STUDY_UID, "UI", version.study)))
    return Element(tag, "SQ", tuple(studies))


def superseded_by(header: DataSet) -> tuple[Version, ...]:
    """The documents that a document names as its predecessors (PS3.3 C.17.2.2)."""
    return referred(header, PREDECESSORS)


def referred(header: DataSet, tag: int) -> tuple[Version, ...]:
    """What a sequence of that tag names."""
    return tuple(
        Version(
            text_of(study, STUDY_UID) or "",
            text_of(series, SERIES_UID) or "",
            text_of(instance, SOP_CLASS) or "",
            text_of(instance, SOP_INSTANCE) or "",
        )
        for study in items(header, tag)
        for series in items(study, REFERENCED_SERIES)
        for instance in items(series, REFERENCED_SOP)
    )
