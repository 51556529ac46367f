"""What is void on one side becomes void on the other: marked, or removed where the policy says so. Then both agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from bridge.codecs.dicom import structured_report, writer
from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger
from bridge.ledger.links import Link
from bridge.model.dataset import DataSet, Element, encode_text, merged, text_of
from bridge.model.group import Resource
from bridge.model.sr import write_document
from bridge.model.tags import SERIES_UID, SOP_INSTANCE_UID, STUDY_UID
from bridge.stores.store import Instance, Stored, Write
from bridge.sync.content import as_content
from bridge.sync.failpoint import failpoint
from bridge.sync.news import GONE, RETRACTED
from bridge.sync.route import Route
from bridge.translate.ids import Version
from bridge.translate.rejection import PATIENT_SAFETY, rejection_note, rejection_of

RETRACTABLE = ("DiagnosticReport", "Observation", "Composition", "DocumentReference")
"""Whose status can be entered-in-error, and which belong to one document."""


def reject_instances(route: Route, ledger: Ledger, link: Link, head: DataSet, state: str, when: str) -> str:
    """A rejection note for each study, of every version: a PACS that hides the newest would show the one before.

    `state` is that of the FHIR side, `when` the FHIR instant of its news."""
    left = [Version(*one) for one in link.chain if not ledger.rejections.of(route.name, one[3])]
    if route.policy.superseded == "delete":
        left = left[-1:]
    for _, versions in groupby(sorted(left), key=lambda one: one.study):
        note = write_document(rejection_note(list(versions), head, PATIENT_SAFETY, when, route.known(head)))
        _write_note(route, ledger, link, note)
    agreed = replace(link, fhir_digest=state, dicom_digest=RETRACTED)
    ledger.links.agree(agreed, list(link.versions))
    failpoint("agreed")
    return "retracted"


def _write_note(route: Route, ledger: Ledger, link: Link, note: DataSet) -> None:
    data = writer.write(note)
    document = structured_report.read(data)  # what we write we can read
    rejection = rejection_of(document)
    assert rejection is not None
    uid = text_of(note, SOP_INSTANCE_UID) or ""
    (there,) = route.dicom.read([route.dicom.key_of(note)])
    ledger.links.intend(route.name, link.document, "to-dicom", route.dicom.name, [uid])
    failpoint("intended")
    if there is None:
        (outcome,) = route.dicom.write([Write(uid, Instance(data))])
        if outcome.error is not None:
            raise outcome.error
    elif rejection_of(structured_report.read(there.item.data)) != rejection:
        raise PermanentError(f"{route.dicom.name}: SOP Instance {uid} is there already, with other content; it is kept")
    failpoint("applied")
    ledger.rejections.add(route.name, rejection.instances, uid, rejection.reason.value)


def remove_instances(route: Route, ledger: Ledger, link: Link, head: DataSet, state: str) -> str:
    """The newest version last: as long as it is there, the rest is tried again."""
    ledger.links.intend(route.name, link.document, "to-dicom", route.dicom.name, [])
    failpoint("intended")
    _remove(route.dicom.remove([route.dicom.key_of(_as_version(head, one)) for one in link.chain]))
    failpoint("applied")
    ledger.links.agree(replace(link, fhir_digest=state, dicom_digest=GONE), list(link.versions))
    failpoint("agreed")
    return "removed"


def remove_superseded(route: Route, head: DataSet, former: Sequence[Version]) -> None:
    """Instances that the head names as its predecessors."""
    _remove(route.dicom.remove([route.dicom.key_of(_as_version(head, one)) for one in former]))


def _as_version(head: DataSet, version: Sequence[str]) -> DataSet:
    """What names another version in its store: no version changes the patient."""
    study, series, _, instance = version
    tags = ((STUDY_UID, study), (SERIES_UID, series), (SOP_INSTANCE_UID, instance))
    return merged(head, [Element(tag, "UI", encode_text(uid, "UI", ())) for tag, uid in tags])


def retract_resources(
    route: Route, ledger: Ledger, link: Link, present: dict[str, Stored[Resource]], state: str
) -> str:
    """entered-in-error on what belongs to this document alone, in one transaction. `state` is that of the PACS."""
    kinds = [key for key in link.versions if key in present and key.partition("/")[0] in RETRACTABLE]
    standing = [key for key in kinds if present[key].item.get("status") != "entered-in-error"]
    items = [Write(key, retracted(present[key].item), present[key].version) for key in standing]
    ledger.links.intend(route.name, link.document, "to-fhir", route.fhir.name, standing)
    failpoint("intended")
    versions = {key: present[key].version for key in link.versions if key in present}
    for outcome in route.fhir.write(items) if items else ():
        if outcome.error is not None or outcome.stored is None:
            raise outcome.error or PermanentError(f"{route.fhir.name}: a retraction was not answered")
        versions[outcome.stored.key] = outcome.stored.version
    failpoint("applied")
    agreed = replace(link, versions=versions, fhir_digest=RETRACTED, dicom_digest=state)
    ledger.links.agree(agreed, list(versions))
    failpoint("agreed")
    return "retracted"


def retracted(resource: Resource) -> Resource:
    return as_content(resource) | {"status": "entered-in-error"}


def remove_resources(route: Route, ledger: Ledger, link: Link, state: str) -> str:
    """Those that refer before those that are referred to; the root, by which the document is there, comes first."""
    ledger.links.intend(route.name, link.document, "remove", route.fhir.name, [])
    failpoint("intended")
    _remove(route.fhir.remove([key for key in link.versions if key.partition("/")[0] in RETRACTABLE]))
    failpoint("applied")
    ledger.links.agree(replace(link, fhir_digest=GONE, dicom_digest=state), list(link.versions))
    failpoint("agreed")
    return "removed"


def _remove(errors: Sequence[Exception | None]) -> None:
    for error in errors:
        if error is not None:
            raise error
