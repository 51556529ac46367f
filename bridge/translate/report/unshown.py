"""What resources say where no item has a place for it, and a DICOM reader does not look: words of a narrative, a
presented form, the comment on an image, extensions of FHIR R4 itself that change what a result means."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.model.group import Group, Resource
from bridge.translate.native.subjects import FOCUS_CODE
from bridge.translate.report.contradictions import homes_of
from bridge.translate.report.odd_items import line

_TOLD = ("Observation", "DiagnosticReport", "Composition")
_HL7 = "http://hl7.org/fhir/StructureDefinition/"
_OF_HOME = (f"{_HL7}observation-", f"{_HL7}diagnosticReport-")
_OF_VALUE = (f"{_HL7}iso21090-uncertainty",)
_SEEN = {FOCUS_CODE}
_MORE = {  # FHIR R4 narrative-status: what is `generated` says no more than the elements
    "additional": "a narrative that says more than the elements, which no DICOM reader sees",
    "extensions": "a narrative made of extensions too, which no DICOM reader sees",
}
_FORM = "the report as its author presents it, which no DICOM reader sees"
_COMMENT = "a comment on an image, which no DICOM reader sees"


def unshown(group: Group) -> list[str]:
    """Warnings, each with its first place."""
    found: dict[str, list[str]] = {}
    for what, place in _unshown(group):
        found.setdefault(what, []).append(place)
    return [line(what, places) for what, places in found.items()]


def _unshown(group: Group) -> Iterator[tuple[str, str]]:
    for one in group.spoken():
        kind = one["resourceType"]
        if kind in _TOLD and (what := _MORE.get(one.get("text", {}).get("status"))) is not None:
            yield what, f"{kind}.text"
        if "presentedForm" in one and one.keys() & {"result", "conclusion", "conclusionCode"}:  # else that is warned of
            yield _FORM, f"{kind}.presentedForm"
        if any("comment" in media for media in one.get("media", ())):
            yield _COMMENT, f"{kind}.media"
    for kind, home in homes_of(group):
        yield from _extending(home, _OF_HOME, kind)
        yield from _extending(home.get("valueQuantity", {}), _OF_VALUE, f"{kind}.valueQuantity")


def _extending(home: Resource, urls: tuple[str, ...], place: str) -> Iterator[tuple[str, str]]:
    for extension in home.get("extension", ()):
        url = extension.get("url", "")
        if url.startswith(urls) and url not in _SEEN:
            yield f"the extension {url.removeprefix(_HL7)} says more of it, and no DICOM reader sees that", place
