"""A document whose Patient is not in its FHIR store, or not yet. The id that its subject refers to is a name in that
server alone: in the PACS it may be the Patient ID of somebody else."""

from __future__ import annotations

from bridge.model.dataset import UNICODE, DataSet
from bridge.model.group import Group
from bridge.model.identity import identity_in
from bridge.model.references import local
from bridge.sync.basis.held import Held
from bridge.sync.basis.route import Route
from bridge.translate.header.identity import identity_elements, identity_of
from bridge.translate.header.whose import subject_of


def check_subject(route: Route, group: Group, head: DataSet | None) -> None:
    """Raises Held until the Patient is there; not of what stands already, under the name that an earlier bridge gave
    it. An identifier in the reference names somebody, and so does the address of another server."""
    subject = subject_of(group)
    reference = subject.get("reference", "")
    if group.patient is not None or not reference.startswith("Patient/") or local(reference) is None:
        return
    identity = identity_of(None, {"reference": reference}, route.known())
    if identity is None or identity_of(None, subject, route.known()) != identity:
        return
    if head is not None and identity_in(head) == sorted(identity_elements(identity, UNICODE)):
        return
    raise Held(
        f"its subject {reference} is not in {route.fhir.name}, or is a placeholder there: store that Patient, or "
        "correct the reference"
    )
