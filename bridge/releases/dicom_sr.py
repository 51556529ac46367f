"""What the HL7 guide "DICOM SR to FHIR Resource Mapping" (dicom-sr, R5, STU1) asks of the Observations of a Measurement
Report (PS3.16 TID 1500) beside what every Observation of ours has: copies for its readers, known by their element id
and never read back. A server may have dropped that: what a copy of ours says tells it, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.model.group import Group, Json, Resource, reference_to, renamed
from bridge.model.names import DICOM_UID_SYSTEM, EXTENSION_BASE
from bridge.releases.in_place import put_list
from bridge.terminology.schemes import DCM
from bridge.translate.basis.element_ids import marks
from bridge.translate.basis.times import INSTANT
from bridge.translate.header.identity import TYPE_SYSTEM
from bridge.translate.native.asserted import Members, denials_in, is_denied
from bridge.translate.native.copies import copied
from bridge.translate.remainder.extension import is_from_dicom

_TITLES = {"126000", "126001", "126002", "126003"}  # PS3.16 CID 7021
_PROCEDURE_STUDY = "121018"
GROUP, FINDING, CATEGORY, _STUDY_UID = "125007", "121071", "276214006", "110180"
COPY = "dicom-sr"
COPIES = marks(COPY)
COPIED = {"extension": [{"url": f"{EXTENSION_BASE}/StructureDefinition/copy", "valueCode": COPY}]}
"""Of a primitive, whose element id HAPI drops, and of a whole resource."""
_UID_TYPE = {
    "coding": [
        {"system": "http://hl7.org/fhir/uv/dicom-sr/CodeSystem/dicom-identifier-type", "code": "observation-uid"}
    ]
}


@dataclass(frozen=True, slots=True)
class Guide:
    """What every Observation of the report refers to."""

    study: str | None
    study_uid: str | None
    accession: Json
    device: str | None
    denials: Members


def guide_of(group: Group) -> Guide | None:
    """None where the report is no Measurement Report. The group is one of R4."""
    if not any(one.get("code") in _TITLES for one in _codings(group.root.get("code", {}))):
        return None
    study = next((one for one in group.members if one["resourceType"] == "ImagingStudy"), {})
    device = next((one for one in group.members if one["resourceType"] == "Device"), {})
    identifiers = study.get("identifier", [])
    uids = [one.get("value") for one in identifiers if one.get("system") == DICOM_UID_SYSTEM]
    accessions = [one for one in identifiers if any(c.get("code") == "ACSN" for c in _codings(one.get("type", {})))]
    return Guide(
        _name(study), next(iter(uids), None), next(iter(accessions), None), _name(device), denials_in(group.members)
    )


def added(resource: Resource, guide: Guide) -> Resource:
    """A copy with what the guide asks for."""
    observation: Resource = renamed(resource, {})
    if observation["resourceType"] == "Observation":
        _add(observation, guide)
    return observation


def _add(observation: Resource, guide: Guide) -> None:
    if not _is_of_another_study(observation, guide):
        _add_study(observation, guide)
    for identifier in observation.get("identifier", ()):
        if identifier.get("system") == DICOM_UID_SYSTEM and "type" not in identifier:
            identifier["type"] = {"id": COPY} | _UID_TYPE
    if any(one.get("code") == GROUP for one in _codings(observation.get("code", {}))):
        _add_to_group(observation, guide.denials)


def _is_of_another_study(observation: Resource, guide: Guide) -> bool:
    """Measured in a study that the procedure context names (PS3.16 TID 1005): neither this order nor this device."""
    said = _parts(observation).get(_PROCEDURE_STUDY, {}).get("valueString")
    return said is not None and said != guide.study_uid


def _add_study(observation: Resource, guide: Guide) -> None:
    if guide.study is not None and guide.study_uid is not None:
        concept = {"coding": [{"system": DCM, "code": _STUDY_UID, "display": "Study Instance UID"}]}
        identifier = {"type": concept, "system": DICOM_UID_SYSTEM, "value": guide.study_uid}
        study = {"id": COPY, "reference": guide.study, "identifier": identifier}
        observation["partOf"] = [*observation.get("partOf", ()), study]
    if guide.accession is not None:
        order = {"id": COPY, "type": "ServiceRequest", "identifier": renamed(guide.accession, {})}
        observation["basedOn"] = [*observation.get("basedOn", ()), order]
    if guide.device is not None and "device" not in observation:
        observation["device"] = {"id": COPY, "reference": guide.device}
    when = observation.get("effectiveDateTime", "")
    if "issued" not in observation and isinstance(when, str) and INSTANT.fullmatch(when):
        observation["issued"], observation["_issued"] = when, renamed(COPIED, {})


def _add_to_group(observation: Resource, denials: Members) -> None:
    """The finding is the value of the group, its category the code; of several findings none is, and none that the
    group denies, or its words may: a narrative it has as continuous text alone."""
    said = _parts(observation)
    finding = said.get(FINDING, {}).get("valueCodeableConcept")
    findings = [one for one in observation.get("component", ()) if says(one.get("code", {}), DCM, FINDING)]
    if (
        len(findings) == 1
        and finding is not None
        and not is_denied(observation, denials)
        and "text" not in observation
        and not any(key.startswith("value") for key in observation)
    ):
        observation["valueCodeableConcept"] = {"id": COPY} | copied(finding)
        observation.pop("dataAbsentReason", None)
    kind = said.get(CATEGORY, {}).get("valueCodeableConcept")
    if kind is not None:
        group = {"id": COPY} | copied(observation["code"])
        observation["category"] = [*observation.get("category", ()), group]
        observation["code"] = {"id": COPY} | copied(kind)


def is_ours(group: Group) -> bool:
    """Whether the report was born in DICOM: only then copies are ours, whatever says the same elsewhere."""
    return is_from_dicom(group.root)


def marked(resource: Resource) -> Resource:
    """One of ours, with the element ids of its copies, by what they say. A device says nothing of its own."""
    observation: Resource = renamed(resource, {})
    if observation["resourceType"] == "Observation":
        for said in _copies(observation):
            said["id"] = COPY
    return observation


def _copies(observation: Resource) -> Iterator[Json]:
    for part in observation.get("partOf", ()):
        if says(part.get("identifier", {}).get("type", {}), DCM, _STUDY_UID):
            yield part
    for order in observation.get("basedOn", ()):
        if "reference" not in order and says(order.get("identifier", {}).get("type", {}), TYPE_SYSTEM, "ACSN"):
            yield order
    for identifier in observation.get("identifier", ()):
        kind = identifier.get("type", {})
        if identifier.get("system") == DICOM_UID_SYSTEM and kind.get("coding") == _UID_TYPE["coding"]:
            yield kind
    groups = [one for one in observation.get("category", ()) if says(one, DCM, GROUP)]
    if groups:
        yield from (*groups, observation["code"])
    finding = _parts(observation).get(FINDING, {}).get("valueCodeableConcept")
    value = observation.get("valueCodeableConcept")
    is_group = groups or says(observation["code"], DCM, GROUP)
    if value is not None and finding is not None and is_group and copied(value) == copied(finding):
        yield value


def says(concept: Json, system: str, code: str) -> bool:
    return any((one.get("system"), one["code"]) == (system, code) for one in _codings(concept))


def without(resource: Resource) -> Resource:
    """A copy without what `added` has added."""
    observation: Resource = renamed(resource, {})
    if observation["resourceType"] == "Observation":
        _remove(observation)
    return observation


def _remove(observation: Resource) -> None:
    """The code that was replaced is in the category."""
    for group in observation.get("category", ()):
        if group.get("id") == COPY and observation.get("code", {}).get("id") == COPY:
            observation["code"] = copied(group)
    for name in ("partOf", "basedOn", "category"):
        if name in observation:
            put_list(observation, name, [one for one in observation[name] if one.get("id") != COPY])
    for name in ("device", "valueCodeableConcept"):
        if observation.get(name, {}).get("id") == COPY:
            del observation[name]
    if observation.get("_issued") in (COPIED, {"id": COPY}):  # the latter an earlier version wrote
        del observation["issued"], observation["_issued"]
    for identifier in observation.get("identifier", ()):
        if identifier.get("type", {}).get("id") == COPY:
            del identifier["type"]


def _parts(observation: Resource) -> dict[str, Json]:
    return {one["code"]: part for part in observation.get("component", ()) for one in _codings(part["code"])}


def _codings(concept: Json) -> list[Json]:
    return [one for one in concept.get("coding", ()) if "code" in one]


def _name(resource: Resource) -> str | None:
    return reference_to(resource) if "id" in resource else None
