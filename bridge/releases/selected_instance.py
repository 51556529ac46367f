"""ImagingSelections of whole instances, of segments and of frames, as the HL7 guide "DICOM SR to FHIR Resource Mapping"
(dicom-sr, R5, STU1) has them of a Measurement Report (PS3.16 TID 1410, 1411): copies of what a DocumentReference says,
for its readers, and never read back."""

from __future__ import annotations

from collections.abc import Collection
from uuid import uuid5

from bridge.mapping.texts import uid_in
from bridge.model.group import Group, Json, Resource, renamed
from bridge.model.names import NAMESPACE
from bridge.releases.dicom_sr import COPIED, COPY, says
from bridge.releases.in_place import put_list
from bridge.terminology.schemes import DCM
from bridge.translate.native.selection import subset_of

_SELECTED = {
    "121191",  # Referenced Segment
    "121214",  # Referenced Segmentation Frame
    "121233",  # Source Image for Segmentation
    "121200",  # Illustration of ROI
    "126100",  # Real World Value Map used for measurement
    "130401",  # Visual Explanation
}


def selections_of(group: Group) -> list[Resource]:
    """One for each reference by which an Observation of R4 is derived from such an instance."""
    documents = group.index()
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
    left = group.less(set(map(id, copies)))
    return left.with_resources({id(one): _underived(one) for one in left.resources()})


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
    concept = document.get("type", {})
    if document["resourceType"] != "DocumentReference" or not any(says(concept, DCM, code) for code in _SELECTED):
        return None
    uid = uid_in([document.get("masterIdentifier", {})])
    if uid is None:
        return None
    instance: Json = {"uid": uid}
    if formats := [one["format"] for one in document.get("content", ()) if "format" in one]:
        instance["sopClass"] = formats[0]
    if subset := subset_of(reference):
        instance["subset"] = [*map(str, subset)]
    found: Resource = {"resourceType": "ImagingSelection", "id": _id_of(reference), **COPIED, "status": "available"}
    if "subject" in document:
        found["subject"] = document["subject"]
    made: Resource = renamed(found | {"code": concept, "instance": [instance]}, {})
    return made


def _id_of(reference: Json) -> str:
    """Of one instance with other segments it is another one."""
    said = (reference.get("reference", ""), *map(str, subset_of(reference)), COPY)
    return str(uuid5(NAMESPACE, "|".join(said)))
