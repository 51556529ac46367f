"""A resource that was read natively, as the group that it was made from had it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from bridge.model.dataset import DataSet
from bridge.model.group import Group, Json, Number, Resource, with_element
from bridge.model.identity import identity_in
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.translate.basis.digests import GUARD, digest
from bridge.translate.basis.ids import Known
from bridge.translate.header import whose
from bridge.translate.native.items import made_uid
from bridge.translate.native.specimens import without_specimen
from bridge.translate.native.subjects import without_subject

_UTC = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+)(\+00:00|Z)")


def as_made(
    native: Resource,
    name: str,
    born: bool,
    known: Known,
    utc: str | None,
    *,
    states_subject: bool = False,
    of_specimen: Collection[str] = (),
) -> Resource:
    """The resource by its own name, with UTC as its group spells it; of a document born in FHIR without what only
    documents of DICOM need: element ids that say the place of an item, the Observation UID that the bridge has made,
    and components that repeat the focus, unless the resource itself `states_subject` so, or `of_specimen` what the one
    that it refers to says."""
    identifier = name.partition("/")[2]
    if utc == "Z":
        native = _with_z(native)
    if not born:
        native = _without_ids(native)
        native = _without_uid(native, made_uid(known, identifier))
        native = native if states_subject else without_subject(native)
        native = without_specimen(native, of_specimen)
    native["id"] = identifier
    if identifier.startswith("#"):
        del native["id"]
    return native


def utc_of(group: Group) -> str | None:
    """How most times of the group spell UTC; of as many, `Z`, in whatever order they stand."""
    said: list[str] = []
    for one in group.resources():
        _collect_utc(one.values(), said)
    found = Counter(match[2] for text in said if (match := _UTC.fullmatch(text)))
    return max(found, key=lambda spelling: (found[spelling], spelling)) if found else None


def _collect_utc(values: Iterable[Json], found: list[str]) -> None:
    for child in values:
        if isinstance(child, str):
            if child.endswith(_ENDS):
                found.append(child)
        elif isinstance(child, dict):
            _collect_utc(child.values(), found)
        elif isinstance(child, list):
            _collect_utc(child, found)


_ENDS = ("Z", "+00:00")


def _with_z(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _with_z(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_z(child) for child in value]
    return _UTC.sub(r"\1Z", value) if isinstance(value, str) and not isinstance(value, Number) else value


def _without_uid(native: Resource, made: str) -> Resource:
    """Less the SOP Instance UID of the report, and the Observation UID that was made for an Observation."""
    said = {"system": DICOM_UID_SYSTEM, "value": f"urn:oid:{made}"}
    if native["resourceType"] == "DiagnosticReport":
        kept = [one for one in native.get("identifier", ()) if one.get("system") != DICOM_UID_SYSTEM]
    else:
        kept = [one for one in native.get("identifier", ()) if one != said]
    return with_element(native, "identifier", kept)


def _without_ids(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_ids(child) for key, child in value.items() if key != "id"}
    return [_without_ids(child) for child in value] if isinstance(value, list) else value


def name_of(resource: Resource, index: int) -> str:
    return f"{resource['resourceType']}/{resource.get('id', f'#{index}')}"


def identity_digest(header: DataSet) -> str:
    """Digest of what names the patient: never restored for another one."""
    return digest(repr(identity_in(header)), GUARD)


def subject_reference(group: Group) -> str | None:
    """How the group refers to its Patient, resolved or not."""
    found: str | None = whose.subject_of(group).get("reference")
    return found


def id_in(subject: str | None) -> str | None:
    """The id that `Patient/id` or `urn:uuid:id` says."""
    return subject.replace("/", ":").rpartition(":")[2] if subject else None
