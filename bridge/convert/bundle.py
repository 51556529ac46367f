"""A group as a transaction Bundle, and back (FHIR R4 http.html#transaction)."""

from __future__ import annotations

import re
from uuid import uuid5

from bridge.model.group import Group, Json, Resource, renamed
from bridge.model.names import NAMESPACE
from bridge.model.references import unversioned
from bridge.model.search import identifier_query

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_URLS = ("urn:", "http://", "https://")

# An entry's fullUrl is what the references of the group call it, else they would point to nothing.
# A shared Patient is created where it is missing and never rewritten by a document: a conditional create, and the
# references to it go by its fullUrl, for on another server `Patient/p1` may be somebody else. Where they say none, that
# is ours alone, so that `as_written` knows which references were rewritten.


def bundle(group: Group) -> Resource:
    """Every resource of the group and its Patient; the document's own by PUT, the Patient by conditional create."""
    entries: list[Json] = []
    renames: dict[str, str] = {}
    called = _called(group)
    if group.patient is not None:
        subject = group.root.get("subject", {}).get("reference", "")
        url = subject if subject.startswith("urn:") else called.get(id(group.patient), "")
        url = url or _patient_url(group.patient, group.key)
        if "id" in group.patient:
            renames[f"Patient/{group.patient['id']}"] = url
        entries.append({"fullUrl": url, "resource": group.patient, "request": _conditional(group.patient)})
    for index, resource in enumerate(group.resources()):
        kind = resource["resourceType"]
        if "id" in resource:
            url = called.get(id(resource)) or _url(kind, resource["id"])
            request = {"method": "PUT", "url": f"{kind}/{resource['id']}"}
        else:
            url = called.get(id(resource)) or _derived(f"{group.key}#{index}")
            request = {"method": "POST", "url": kind}
        entries.append({"fullUrl": url, "resource": renamed(resource, renames), "request": request})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def as_written(group: Group) -> Group:
    """The group as `to_fhir` made it: references to the Patient's fullUrl are its id again."""
    if group.patient is None or "id" not in group.patient:
        return group
    name = f"Patient/{group.patient['id']}"
    renames = {_patient_url(group.patient, group.key): name}
    copies = {id(resource): renamed(resource, renames) for resource in group.resources()}
    return group.with_resources(copies, renames)


def _patient_url(patient: Resource, key: str) -> str:
    return _derived(f"Patient/{patient['id']}" if "id" in patient else f"{key}#patient")


def _called(group: Group) -> dict[int, str]:
    """The URL that references have for a resource, whichever version they say; for a root without id its key, too. One
    that is called `Type/id` alone is found by that."""
    found = {id(group.root): group.key} if "id" not in group.root and group.key.startswith(_URLS) else {}
    for reference, target in (group.references or {}).items():
        if reference.startswith(_URLS):
            found.setdefault(id(target), unversioned(reference))
    return found


def _url(kind: str, identifier: str) -> str:
    """A UUID says itself, as servers write it; any other id is unique only within its type."""
    return f"urn:uuid:{identifier}" if _UUID.fullmatch(identifier) else _derived(f"{kind}/{identifier}")


def _derived(name: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE, name)}"


def _conditional(patient: Resource) -> Json:
    identifier = next((one for one in patient.get("identifier", ()) if one.get("value")), None)
    request = {"method": "POST", "url": "Patient"}
    if identifier is not None:
        request["ifNoneExist"] = identifier_query(identifier.get("system"), identifier["value"])
    return request
