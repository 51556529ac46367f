"""What is odd about the header of a document: what a FHIR client does not see of it, or sees otherwise than it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bridge.mapping.lens import LENSES
from bridge.model.dataset import items, text_of
from bridge.model.document import Document
from bridge.model.tags import IDENTITY_REMOVED, PATIENT_ID, TIMEZONE_OFFSET
from bridge.translate.basis.ids import Known
from bridge.translate.basis.times import zone_of
from bridge.translate.header.header import content_time, status_of
from bridge.translate.header.identity import identifiers_of, is_pseudonym, is_unknown

_QUALITY_CONTROL, _SPECIES, _SPECIES_CODE = 0x00100200, 0x00102201, 0x00102202
_HUMAN = ("human", "homo sapiens", "337915000", "L-85B00")
_READ: dict[int, tuple[Callable[[str], object], str]] = {
    0x00100030: (LENSES["date"].to_fhir, "Patient's Birth Date (0010,0030)"),
    0x00100040: (LENSES["sex"].to_fhir, "Patient's Sex (0010,0040)"),
}


def oddities_of_header(document: Document, known: Known) -> Iterator[str]:
    header = document.header
    if zone_of(header, "") == "":
        what = "no" if text_of(header, TIMEZONE_OFFSET) is None else "an unreadable"
        yield f"{what} Timezone Offset From UTC (0008,0201): times without zone are taken as the store's"
    if text_of(header, PATIENT_ID, document.charset) is None:
        yield "no Patient ID (0010,0020): the report has no subject"
    elif is_pseudonym(header, known):
        yield f"Patient Identity Removed (0012,0062) is YES: its Patient ID is taken for one of {known.issuer}"
    elif text_of(header, IDENTITY_REMOVED) == "YES":
        yield "Patient Identity Removed (0012,0062) is YES: a pseudonym, and a FHIR client sees any Patient"
    elif known.issuer is None and is_unknown(identifiers_of(header, document.charset, known)[0]["system"]):
        yield "Patient ID without issuer: two people with one ID would be taken for one; configure `issuer`"
    for tag, (read, name) in _READ.items():
        if (text := text_of(header, tag)) is not None and not _can(read, text):
            yield f"{name} that cannot be read: a FHIR client sees none"
    if text_of(header, _QUALITY_CONTROL) == "YES":
        yield "Quality Control Subject (0010,0200) is YES: a phantom, and a FHIR client sees a Patient"
    if _is_animal(document):
        yield "Patient Species (0010,2201) is said: an animal it may be, and a FHIR client sees a Patient"
    if not document.root.children:
        yield "no content items: a report that says nothing; if it should, fetch the file again"
    if content_time(header, "+00:00") is None:
        yield "no readable Content Date and Time (0008,0023): nobody knows when, where no item says it"
    if status_of(header) == "unknown":
        yield "Completion Flag (0040,A491) is neither COMPLETE nor PARTIAL: the status is unknown"


def _is_animal(document: Document) -> bool:
    said = (text_of(document.header, _SPECIES, document.charset) or "").casefold()
    codes = [text_of(one, 0x00080100) or "" for one in items(document.header, _SPECIES_CODE)]
    return any(one not in _HUMAN for one in (said, *codes) if one)


def _can(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True
