"""ImagingSelections of whole instances, of segments and of frames, as the HL7 guide "DICOM SR to FHIR Resource Mapping"
(dicom-sr, R5, STU1) has them of a Measurement Report (PS3.16 TID 1410, 1411): copies of what a DocumentReference says,
for its readers, and never read back."""

from __future__ import annotations

import re
from collections.abc import Collection
from uuid import uuid5

from bridge.model.group import Group, Json, Resource, reference_to, renamed
from bridge.model.names import NAMESPACE
from bridge.releases.dicom_sr import COPIED, COPY
from bridge.releases.moves import put_list
from bridge.translate.native.selection import SUBSET

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_SELECTED = {
    "121191",  # Referenced Segment
    "121214",  # Referenced Segmentation Frame
    "121233",  # Source Image for Segmentation
    "121200",  # Illustration of ROI
    "126100",  # Real World Value Map used for measurement
    "130401",  # Visual Explanation
}
_UID = re.compile(r"urn:oid:([0-2](?:\.(?:0|[1-9]\d*))+)")


def selections_of(group: Group) -> list[Resource]:
    """One for each reference by which an Observation of R4 is derived from such an instance."""
    documents = {reference_to(one): one for one in group.members if "id" in one}
    found: dict[str, Resource] = {}
    for observation in group.members:
        for reference in _derived(observation):
            document = documents.get(reference.get("reference", ""))
            selection = None if document is None else _selection(document, reference)
            if selection is not None:
                found.setdefault(selection["id"], selection)
    return [*found.values()]


def derive(observation: Resource, selections: Collection[str]) -> None:
    """From the copies, too, in place: after what it is derived from itself. `selections`: their ids."""
    names = [_id_of(reference) for reference in _derived(observation)]
    copies = [{"id": COPY, "reference": f"ImagingSelection/{name}"} for name in names if name in selections]
    if copies:
        observation["derivedFrom"] = [*observation["derivedFrom"], *copies]


def copies_in(group: Group) -> list[Resource]:
    """Of a group of R5, by their ids, which nothing else has."""
    names = {_id_of(reference) for one in group.members for reference in _derived(one)}
    return [one for one in group.members if one["resourceType"] == "ImagingSelection" and one.get("id") in names]


def are_edited(copies: Collection[Resource], group: Group) -> bool:
    """Whether one says something else than the group does now, which is one of R4, or some are there and some not."""
    made = {one["id"]: one for one in selections_of(group)}
    if not copies:
        return False
    said = {one["id"]: one for one in copies}
    same = said.keys() == made.keys()
    return not same or any(said[name].get(one) != made[name][one] for name in made for one in _SAID)


_SAID = ("status", "code", "instance")


def without(group: Group, copies: Collection[Resource]) -> Group:
    """The group, which is one of R5, as far as it says something of its own."""
    gone = set(map(id, copies))
    plain = {id(one): _underived(one) for one in group.whole() if id(one) not in gone}
    kept = (one for one in group.members if id(one) not in gone)
    references = group.references
    if references is not None:
        references = {name: one for name, one in references.items() if id(one) not in gone}
    return Group(group.root, tuple(kept), group.patient, group.key, references).with_resources(plain)


def _underived(resource: Resource) -> Resource:
    """Without the copies of what it is derived from itself; any other reference is somebody's word."""
    said = _derived(resource)
    names = {f"ImagingSelection/{_id_of(reference)}" for reference in said}
    left = [one for one in said if one.get("reference") not in names]
    if len(left) == len(said):
        return resource
    made = {**resource}
    put_list(made, "derivedFrom", left)
    return made


def _derived(resource: Resource) -> list[Json]:
    found: list[Json] = resource.get("derivedFrom", []) if resource["resourceType"] == "Observation" else []
    return found


def _selection(document: Resource, reference: Json) -> Resource | None:
    """None of one that the guide has no selection for, or that no UID names."""
    uid = _UID.fullmatch(document.get("masterIdentifier", {}).get("value") or "")
    if document["resourceType"] != "DocumentReference" or uid is None or not _is_selected(document.get("type", {})):
        return None
    instance: Json = {"uid": uid[1]}
    if formats := [one["format"] for one in document.get("content", ()) if "format" in one]:
        instance["sopClass"] = formats[0]
    if subset := [one["valueString"] for one in reference.get("extension", ()) if one.get("url") == SUBSET]:
        instance["subset"] = subset
    found: Resource = {"resourceType": "ImagingSelection", "id": _id_of(reference), **COPIED, "status": "available"}
    if "subject" in document:
        found["subject"] = document["subject"]
    made: Resource = renamed(found | {"code": document["type"], "instance": [instance]}, {})
    return made


def _id_of(reference: Json) -> str:
    """Of one instance with other segments it is another one."""
    subset = [one.get("valueString", "") for one in reference.get("extension", ()) if one.get("url") == SUBSET]
    return str(uuid5(NAMESPACE, f"{'|'.join((reference.get('reference', ''), *subset))}|{COPY}"))


def _is_selected(concept: Json) -> bool:
    codings = concept.get("coding", ())
    return any(one.get("system") == _DCM and one.get("code") in _SELECTED for one in codings)
