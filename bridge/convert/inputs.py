"""A file -> documents and groups; what is not for us is said, what cannot be read is rejected by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bridge.codecs import fhir, json
from bridge.codecs.dicom import structured_report
from bridge.codecs.dicom.reader import is_dicom
from bridge.codecs.dicom.structured_report import NotStructuredReportError
from bridge.convert.bundle import as_written
from bridge.convert.entries import entries_of
from bridge.convert.files import name_of
from bridge.convert.formats import HEAD, NDJSON, is_lines, looks_json, other_format, other_object
from bridge.errors import DamagedRemainderError, InvalidDicomError, InvalidFhirError
from bridge.model.document import Document
from bridge.model.group import Group, Json, Resource, reference_to
from bridge.model.references import is_id
from bridge.model.release import Release
from bridge.model.status import WITHDRAWN
from bridge.model.world import World
from bridge.releases.r5 import in_r4
from bridge.translate.gather import Gathered, gather
from bridge.translate.rejection import rejection_of

Target = World
NO_DOCUMENT = "no document of its own"
NOTE = "a rejection note: it says what is void, and nothing of the patient"
DOUBTFUL = (
    "a result whose report or panel is withdrawn, and is in no other: a DICOM reader takes it for valid; if it is not, "
    "enter it in error, too"
)
OTHERWISE: dict[Target, str] = {
    "fhir": "JSON: nothing to convert to fhir",
    "dicom": "DICOM: nothing to convert to dicom",
}
_REPORT = "a report of `convert`"
_NOWHERE: Mapping[int, str] = MappingProxyType({})
_NOT_YET = {
    "registered": "registered: waits for a result",
    "cancelled": "cancelled",
    "entered-in-error": "entered in error",
}


@dataclass(frozen=True, slots=True)
class Skipped:
    source: str
    reason: str
    count: int = 1
    resources: Sequence[str] = ()  # `Type/id` of each of the document


@dataclass(frozen=True, slots=True)
class Rejected:
    source: str
    error: str  # what, with where before it
    resources: Sequence[str] = ()
    fault: str = ""  # what, where more than the source is before it

    @property
    def reason(self) -> str:
        """The same for all that are rejected for it."""
        return self.fault or self.error.removeprefix(self.source).removeprefix(": ")


@dataclass(frozen=True, slots=True)
class Readable:
    source: str
    content: Document | Group
    warnings: Sequence[str] = ()
    resources: Sequence[str] = ()


Input = Readable | Skipped | Rejected


def read(file: Path, target: Target, release: Release = "R4") -> Iterator[Input]:
    """What one file holds for that target; an NDJSON file is part of an export (export.py). What its head shows
    to be nothing for us is not read: an image may be larger than the memory."""
    source = name_of(file)
    try:
        with file.open("rb") as opened:
            data = opened.read(HEAD)
            if (reason := _not_for(target, file, data)) is not None:
                yield Skipped(source, reason)
                return
            if (target == "dicom" or is_dicom(data)) and other_format(data) is None:
                opened.seek(0)
                data = opened.read()
    except OSError as error:
        yield Rejected(source, f"{source}: cannot be read: {error.strerror}")
        return
    yield from read_bytes(source, data, target, release)


def target_of(file: Path) -> Target:
    """What one file can become."""
    with file.open("rb") as opened:
        return "dicom" if looks_json(file, opened.read(HEAD)) else "fhir"


def _not_for(target: Target, file: Path, head: bytes) -> str | None:
    """Why that file is nothing for that target, as far as its head tells."""
    is_json = looks_json(file, head)
    if is_json != (target == "dicom") and (is_json or is_dicom(head)):
        return OTHERWISE[target]
    return other_object(head) if target == "fhir" and len(head) == HEAD and is_dicom(head) else None


def read_bytes(source: str, data: bytes, target: Target, release: Release = "R4") -> Iterator[Input]:
    """What the content of one file holds for that target; `source` is what errors call it."""
    if (other := other_format(data)) is not None:
        yield Rejected(source, f"{source}: {other}")
        return
    try:
        if target == "fhir":
            yield _document(source, data)
        else:
            yield from _groups(source, json.loads(data), release)
    except (InvalidDicomError, InvalidFhirError) as error:
        what = NDJSON if target == "dicom" and is_lines(data) else error
        yield Rejected(source, f"{source}: {what}")


def _document(source: str, data: bytes) -> Input:
    try:
        document = structured_report.read(data)
    except NotStructuredReportError as error:
        return Skipped(source, str(error))
    return Readable(source, document) if rejection_of(document) is None else Skipped(source, NOTE)


def _groups(source: str, value: Json, release: Release) -> Iterator[Input]:
    if isinstance(value, dict) and value.keys() == {"documents", "totals"}:
        yield Skipped(source, _REPORT)
        return
    found = entries_of(source, value)
    gathered = gather(found.standing)
    urls, places = {id(one.resource): one.url for one in found.standing}, dict(_places(value, "Bundle"))
    for group in gathered.groups:
        yield input_of(called(source, group, urls[id(group.root)]), group, release, doubts(group, gathered), places)
    left = found.left + Counter(f"{one['resourceType']}: {NO_DOCUMENT}" for one in gathered.others)
    for reason, count in sorted(left.items()):
        yield Skipped(source, reason, count)
    for path, bundle in found.inner:
        place = f"{source}#{path}"
        try:
            yield from _groups(place, bundle, release)
        except InvalidFhirError as error:
            yield Rejected(place, f"{place}: {error}")


def _places(value: Json, path: str) -> Iterator[tuple[int, str]]:
    """The FHIRPath of each resource of a Bundle, by its `id()`; nothing of any other resource."""
    entries = value.get("entry") if isinstance(value, dict) and value.get("resourceType") == "Bundle" else None
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and (resource := entry.get("resource")) is not None:
            place = f"{path}.entry[{index}]"
            yield id(resource), place
            yield from _places(resource, f"{place}.resource")


def called(source: str, group: Group, place: str) -> str:
    """What reports call a document of that source: by its name, or by where its root stands if it has none."""
    return place if place.startswith(source) and group.key.startswith("urn:") else f"{source}#{group.key}"


def doubts(group: Group, gathered: Gathered) -> list[str]:
    """What is odd about a document by what stands around it."""
    is_doubtful = any(id(one) in gathered.doubtful for one in group.resources())
    return [DOUBTFUL] if is_doubtful and group.root.get("status") not in WITHDRAWN else []


def input_of(
    name: str, group: Group, release: Release, warnings: Sequence[str] = (), places: Mapping[int, str] = _NOWHERE
) -> Input:
    """Rejected whole where one of its resources is invalid: a report without one of its results would mislead.
    `places`: where each resource stands, by its `id()`, unless it stands alone."""
    resources, where = names_in(name, group, places), ""
    try:
        for resource in group.whole():
            if (place := places.get(id(resource))) is not None:
                where = f"{named(resource) or resource['resourceType']} ({place}): "
            fhir.validate(resource, release)
        where = ""
        group, changed = in_r4(group) if release == "R5" else (group, [])
    except (InvalidFhirError, DamagedRemainderError) as error:
        return Rejected(name, f"{name}: {where}{error}", resources, str(error))
    if (status := _NOT_YET.get(group.root.get("status", ""))) is not None:
        return Skipped(name, status, resources=resources)
    return Readable(name, as_written(group), [*warnings, *changed], resources)


def names_in(name: str, group: Group, places: Mapping[int, str]) -> list[str]:
    """What reports call the resources of a document: by their place, where they have no name, or by its own."""
    return [named(one) or places.get(id(one), name) for one in group.whole()]


def named(resource: Resource) -> str | None:
    """`Type/id`; None where it has no id that is one."""
    return reference_to(resource) if is_id(resource.get("id")) else None
