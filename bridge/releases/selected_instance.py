"""An ImagingSelection of whole instances, or of segments and frames, as the HL7 guide "DICOM SR to FHIR Resource
Mapping" (dicom-sr, R5, STU1) has it of a Measurement Report (PS3.16 TID 1410, 1411) <-> the DocumentReference that R4
has."""

from __future__ import annotations

from bridge.model.group import Json, Resource
from bridge.model.names import DICOM_UID_SYSTEM
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
_STATUS = {"current": "available", "entered-in-error": "entered-in-error"}
_KEPT = ("id", "meta", "implicitRules", "language", "text", "contained", "modifierExtension", "subject")


def is_document(resource: Resource) -> bool:
    """Whether a DocumentReference of R4 is an ImagingSelection for the guide."""
    return resource["resourceType"] == "DocumentReference" and _is_selected(resource.get("type", {}))


def is_instance(resource: Resource) -> bool:
    """Whether an ImagingSelection of R5 is one of these, and no region."""
    instances = resource.get("instance", [])
    regions = any(one.keys() & {"imageRegion2D", "imageRegion3D"} for one in instances)
    kind = resource["resourceType"] == "ImagingSelection" and _is_selected(resource.get("code", {}))
    return kind and len(instances) == 1 and not regions


def selection_of(document: Resource) -> Resource:
    """What it has no place for is left to the difference that is kept."""
    content: Json = next(iter(document.get("content", ())), {})
    instance: Json = {"uid": document.get("masterIdentifier", {}).get("value", "").removeprefix("urn:oid:")}
    if "format" in content:
        instance["sopClass"] = content["format"]
    found: Resource = {"resourceType": "ImagingSelection"} | {key: document[key] for key in _KEPT if key in document}
    found |= {"status": _STATUS.get(document.get("status", ""), "unknown"), "code": document["type"]}
    if "extension" in document:
        found["extension"] = document["extension"]
    return found | {"instance": [instance]}


def document_of(selection: Resource) -> Resource:
    (instance,) = selection["instance"]
    status = next((r4 for r4, r5 in _STATUS.items() if r5 == selection.get("status")), "current")
    content: Json = {"attachment": {"contentType": "application/dicom"}}
    if "sopClass" in instance:
        content["format"] = instance["sopClass"]
    found: Resource = {"resourceType": "DocumentReference"} | {key: selection[key] for key in _KEPT if key in selection}
    if "uid" in instance:
        found["masterIdentifier"] = {"system": DICOM_UID_SYSTEM, "value": f"urn:oid:{instance['uid']}"}
    if "extension" in selection:
        found["extension"] = selection["extension"]
    return found | {"status": status, "type": selection["code"], "content": [content]}


def subsets_of(observation: Resource) -> dict[str, list[str]]:
    """Segments, frames or channels that are meant, by the id of the DocumentReference."""
    found: dict[str, list[str]] = {}
    for reference in observation.get("derivedFrom", ()):
        kind, _, name = reference.get("reference", "").partition("/")
        said = [one["valueString"] for one in reference.get("extension", ()) if one.get("url") == SUBSET]
        if kind == "DocumentReference" and said:
            found[name] = said
    return found


def _is_selected(concept: Json) -> bool:
    codings = concept.get("coding", ())
    return any(one.get("system") == _DCM and one.get("code") in _SELECTED for one in codings)
