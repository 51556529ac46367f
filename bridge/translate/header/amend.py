"""An edited document of foreign equipment becomes a new instance that names its predecessor (PS3.3 C.17.2.2)."""

from __future__ import annotations

import re
from dataclasses import replace

from bridge.model.content import ContentItem
from bridge.model.dataset import DataSet, Element, items, merged, text_element, text_of
from bridge.model.document import Document
from bridge.model.tags import (
    CONTENT_DATE,
    CONTENT_TIME,
    INSTANCE_NUMBER,
    OBSERVATION_DATETIME,
    OF_ORIGINAL,
    PARTICIPANTS,
    PREDECESSORS,
    SERIES_NUMBER,
    SERIES_UID,
    SIGNATURES,
    SOP_INSTANCE_UID,
    STUDY_UID,
    VERIFICATION,
    VERIFYING_OBSERVERS,
)
from bridge.model.version import Version
from bridge.translate.basis import times
from bridge.translate.basis.digests import document_digest
from bridge.translate.basis.ids import Known, new_uid
from bridge.translate.header.chain import referring
from bridge.translate.header.header import NO_DATE

_PARTICIPATION = 0x0040A080  # SOURCE, ENT or ATTEST
_OURS = "9001"  # number of the series that amendments go into


def amended(
    document: Document, former: tuple[Version, ...], known: Known, observed: str | None, beyond: str | None = None
) -> Document:
    """`document` as a new version: own UID, a series of ours in the same study, not verified, not signed.

    `former` ends with the one that it replaces; the instant of the edit, if known, becomes Content Date and Time, and
    when it all was `observed` is the Observation DateTime of the root (PS3.3 C.17.3.4, for successor reports); a
    Content Date that nobody can read stays, for the instant of the edit would be taken for that time. `beyond` is the
    digest of what FHIR says that the items do not. The same edit gives the same UID."""
    digest = document_digest(document) + (beyond or "")
    study = text_of(document.header, STUDY_UID) or ""
    key = known.document or former[0].sop_instance
    found = [
        text_element(SOP_INSTANCE_UID, "UI", new_uid(known.system, key, *(one.sop_instance for one in former), digest)),
        text_element(SERIES_UID, "UI", amendments(known, study)),
        text_element(SERIES_NUMBER, "IS", _OURS),
        text_element(INSTANCE_NUMBER, "IS", str(len(former) + 1)),
        text_element(VERIFICATION, "CS", "UNVERIFIED"),
        referring(PREDECESSORS, former[-1:]),
        *(moment := _moment(document.header, known, observed)),
    ]
    header = merged(
        _without_attestors(document.header), found, without=(VERIFYING_OBSERVERS, *SIGNATURES, *OF_ORIGINAL)
    )
    return Document(header, _observed(document, known, observed) if moment else document.root)


def _without_attestors(header: DataSet) -> DataSet:
    """Less who has attested what the document said before (PS3.3 C.17.2, Participant Sequence)."""
    said = items(header, PARTICIPANTS)
    left = tuple(one for one in said if text_of(one, _PARTICIPATION) != "ATTEST")
    if left == said:
        return header
    return merged(header, [Element(PARTICIPANTS, "SQ", left)] if left else (), without=() if left else (PARTICIPANTS,))


def _observed(document: Document, known: Known, observed: str | None) -> ContentItem:
    """The root, with the time that its items have had of the header."""
    root, zone = document.root, times.zone_of(document.header, known.zone)
    if text_of(root.rest, OBSERVATION_DATETIME):
        return root
    return replace(root, rest=merged(root.rest, times.observation_datetime(observed, zone)))


def amendments(known: Known, study: str) -> str:
    """Series Instance UID of our versions in a study."""
    return new_uid(known.system, "amendments", study)


def _moment(header: DataSet, known: Known, observed: str | None) -> list[Element]:
    if observed is None and text_of(header, CONTENT_DATE) != NO_DATE:
        return []
    zone = times.zone_of(header, known.zone)
    try:
        dt = times.to_dicom(times.in_zone(known.edited, zone), zone) if known.edited else ""
    except ValueError:  # not an instant: the dates stay
        return []
    if not re.fullmatch(r"\d{14}(\.\d+)?", dt):
        return []
    return [text_element(CONTENT_DATE, "DA", dt[:8]), text_element(CONTENT_TIME, "TM", dt[8:])]
