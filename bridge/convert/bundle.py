"""A group as a transaction Bundle, and back (FHIR R4 http.html#transaction)."""

from __future__ import annotations

from uuid import uuid5

from bridge.model.group import Group, Json, Resource, renamed
from bridge.model.names import DICOM_UID_SYSTEM, NAMESPACE

# A shared Patient is created where it is missing and never rewritten by a document: a conditional create, to which
# the references of a document born in DICOM point by fullUrl. References of others stay as they were written.


def bundle(group: Group) -> Resource:
    """Every resource of the group and its Patient; the document's own by PUT, the Patient by conditional create."""
    entries: list[Json] = []
    renames: dict[str, str] = {}
    if group.patient is not None:
        url = _patient_url(group)
        if born_in_dicom(group) and "id" in group.patient:
            renames[f"Patient/{group.patient['id']}"] = url
        entries.append({"fullUrl": url, "resource": group.patient, "request": _conditional(group.patient)})
    for index, resource in enumerate(group.resources()):
        kind = resource["resourceType"]
        if "id" in resource:
            url, request = _url(resource["id"]), {"method": "PUT", "url": f"{kind}/{resource['id']}"}
        elif index == 0 and group.key.startswith("urn:"):
            url, request = group.key, {"method": "POST", "url": kind}
        else:
            url, request = _url(f"{group.key}#{index}"), {"method": "POST", "url": kind}
        entries.append({"fullUrl": url, "resource": renamed(resource, renames), "request": request})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def as_written(group: Group) -> Group:
    """The group as `to_fhir` made it: references to the Patient's fullUrl are its id again."""
    if group.patient is None or "id" not in group.patient or not born_in_dicom(group):
        return group
    renames = {_url(group.patient["id"]): f"Patient/{group.patient['id']}"}
    root, *members = (renamed(resource, renames) for resource in group.resources())
    return Group(root, tuple(members), group.patient, group.key)


def born_in_dicom(group: Group) -> bool:
    identifiers = group.root.get("identifier", ()) if group.root["resourceType"] == "DiagnosticReport" else ()
    return any(one.get("system") == DICOM_UID_SYSTEM for one in identifiers)


def _url(identifier: str) -> str:
    return f"urn:uuid:{identifier if len(identifier) == 36 else uuid5(NAMESPACE, identifier)}"


def _patient_url(group: Group) -> str:
    said = group.root.get("subject", {}).get("reference", "")
    if said.startswith("urn:"):
        return str(said)
    return _url((group.patient or {}).get("id", group.key))


def _conditional(patient: Resource) -> Json:
    identifier = next((one for one in patient.get("identifier", ()) if one.get("value")), None)
    request = {"method": "POST", "url": "Patient"}
    if identifier is not None:
        token = "|".join(filter(None, (identifier.get("system"), identifier["value"])))
        request["ifNoneExist"] = f"identifier={token}"
    return request
