"""What is void on one side becomes void on the other: marked, or removed where the policy says so. Then both agree."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from bridge.ledger.feeds import News
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import GONE, RETRACTED, Link, act_of
from bridge.ledger.rejections import Note
from bridge.ledger.view import instant
from bridge.model.coercion import OTHERWISE, named_as
from bridge.model.dataset import DataSet
from bridge.model.document import Document
from bridge.model.group import Resource
from bridge.model.sr import read_document, write_document
from bridge.stores.store import Stored, Write
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.keys import kind_of
from bridge.sync.basis.rejected import is_rejected_still
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import as_content
from bridge.sync.documents.instances import read_instance, read_version, remove_versions, store_instance
from bridge.sync.documents.issued import fault_in
from bridge.sync.documents.replace import REPLACING, replace_head
from bridge.sync.documents.resources import of_others
from bridge.sync.imaging.void_study import void_with
from bridge.sync.listening.studies import owe_study
from bridge.sync.patients.refile import MERGE, UNMERGE, finish
from bridge.sync.void.fitting import claimed
from bridge.translate.header.chain import version_of
from bridge.translate.rejection import PATIENT_SAFETY, rejection_note, rejection_of

RETRACTABLE = ("DiagnosticReport", "Observation", "Composition", "DocumentReference")
"""Types whose status can be entered-in-error, and whose resources belong to one document."""
_WRITTEN = "written"
"""In place of the version of what we have stored ourselves; no store tells such a version."""


def unfinished(route: Route, ledger: Ledger, link: Link) -> Link:
    """Finishes a withdrawal or replacement that was begun, as it was decided then, before anything else is done: its
    effect would be taken for news of somebody. Has the root looked at again, and returns the link as it is then."""
    intent = ledger.intents.of(link.document)
    kind, state = intent.kind, intent.of
    if kind == REPLACING:
        replace_head(route, ledger, link)
        return ledger.links.of(route.name, link.root) or link
    if kind in (MERGE, UNMERGE):
        finish(route, ledger, link)
        return ledger.links.of(route.name, link.root) or link
    if kind not in ("reject", "remove-instances", "retract", "remove-resources"):
        return link
    ledger.work.owe_unless_in_hand(route.name, route.fhir.name, link.root)
    if kind == "reject":
        reject_instances(route, ledger, link, state, instant(ledger.now()))
    elif kind == "remove-instances":
        remove_instances(route, ledger, link, state)
    elif kind == "remove-resources" and _as_intended(route, link):
        remove_resources(route, ledger, link, state)
    else:  # one transaction, which was done or was not; or somebody has edited since: it is decided again
        ledger.intents.drop(link.document)
    return ledger.links.of(route.name, link.root) or link


def _as_intended(route: Route, link: Link) -> bool:
    present = [one for one in route.fhir.read(sorted(link.versions)) if one is not None]
    return all(one.version == link.versions[one.key] for one in present)


def reject_instances(route: Route, ledger: Ledger, link: Link, state: str, when: str | None) -> str:
    """Stores a rejection note for each study, which rejects every version there: a PACS that hid only the newest would
    show the one before. `state`: that of the FHIR side. `when`: the FHIR instant of its news, if it has one."""
    chain = list(link.chain)
    head = read_instance(route, link.instance)
    if route.policy.superseded == "delete" and head is not None:  # some are not there any more
        chain = [one for one in chain if one == chain[-1] or read_version(route, head, one) is not None]
    left = [one for one in chain if not is_rejected_still(route, ledger, one)]
    for _, versions in groupby(sorted(left), key=lambda one: one.study):
        if head is None:
            break  # nothing is there that could be rejected
        rejected = list(versions)
        header = read_version(route, head, rejected[-1]) or head
        known = route.known(header)
        note = rejection_note(rejected, header, PATIENT_SAFETY, when or instant(ledger.now()), known)
        _store_note(route, ledger, link, note, state)
    agreed = replace(link, fhir_digest=state, dicom_digest=RETRACTED if head is not None else GONE)
    ledger.links.agree(agreed)
    failpoint("agreed")
    return "retracted"


def _store_note(route: Route, ledger: Ledger, link: Link, note: Document, state: str) -> None:
    rejection = rejection_of(note)
    assert rejection is not None
    sent = write_document(note)

    def fault(there: DataSet) -> str | None:
        """It may be an older one, of another time; whose it is, is looked at as in any instance."""
        if rejection_of(read_document(there)) != rejection:
            return OTHERWISE
        return fault_in(route, sent, named_as(there, sent)) if route.dicom.coerces else None

    begun, before = ledger.intents.of(link.document)
    act = act_of("reject", state)
    left = before if begun == act else ()
    filed = store_instance(route, ledger, link.document, act, sent, fault, left)
    uid = version_of(note).sop_instance
    ledger.rejections.add(route.name, claimed(note, rejection), uid, rejection.reason.value, filed.key)
    # recorded as seen: were it lost before the feed tells of it, nobody would notice
    ledger.feeds.take_created(route.name, route.dicom.name, [News(filed.key, _WRITTEN)])


def reject_again(route: Route, ledger: Ledger, link: Link, note: Note) -> bool:
    """Stores a note again that is gone. False where it was not ours: ours would have the same UID again."""
    head = read_instance(route, link.instance)
    versions = sorted(one for one in link.chain if one.sop_instance in note.instances)  # as they were rejected
    if head is None or note.reason != PATIENT_SAFETY.value or len({one.study for one in versions}) != 1:
        return False
    header = read_version(route, head, versions[-1]) or head
    again = rejection_note(versions, header, PATIENT_SAFETY, instant(ledger.now()), route.known(header))
    if version_of(again).sop_instance != note.uid:
        return False
    _store_note(route, ledger, link, again, link.fhir_digest)
    ledger.links.agree(link)
    return True


def remove_instances(route: Route, ledger: Ledger, link: Link, state: str) -> str:
    """Removes all versions, the newest last, because the keys of the others follow from its header."""
    head = read_instance(route, link.instance)
    ledger.intents.intend(route.name, link.document, act_of("remove-instances", state), route.dicom.name, [])
    failpoint("intended")
    if head is not None:
        remove_versions(route, head, link.chain)
        owe_study(route, ledger, head)
    failpoint("applied")
    ledger.links.agree(replace(link, fhir_digest=state, dicom_digest=GONE))
    failpoint("agreed")
    return "removed"


def retract_resources(
    route: Route, ledger: Ledger, link: Link, present: dict[str, Stored[Resource]], state: str
) -> str:
    """Enters in error the resources that belong to this document alone, in one transaction. `state`: that of the
    PACS."""
    own = [key for key in _own(route, ledger, link) if key in present]
    standing = [key for key in own if present[key].item.get("status") != "entered-in-error"]
    items = [Write(key, retracted(present[key].item), present[key].version) for key in standing]
    items += void_with(route, ledger, link)
    ledger.intents.intend(
        route.name, link.document, act_of("retract", state), route.fhir.name, [one.key for one in items]
    )
    failpoint("intended")
    versions = {key: present[key].version for key in link.versions if key in present}
    versions |= {key: version for key, version in _retracted(route, items).items() if key in own}
    failpoint("applied")
    agreed = replace(link, versions=versions, fhir_digest=RETRACTED, dicom_digest=state)
    ledger.links.agree(agreed)
    failpoint("agreed")
    return "retracted"


def _retracted(route: Route, items: list[Write[Resource]]) -> dict[str, str]:
    """Writes them; the version that each has now."""
    outcomes = route.fhir.write(items) if items else ()
    stored = [outcome.done(f"{route.fhir.name}: a retraction") for outcome in outcomes]
    return {one.key: one.version for one in stored}


def retracted(resource: Resource) -> Resource:
    return as_content(resource) | {"status": "entered-in-error"}


def remove_resources(route: Route, ledger: Ledger, link: Link, state: str) -> str:
    """Removes the resources that belong to this document alone, each before those that it refers to; so the root, which
    makes them a document, goes first."""
    own = _own(route, ledger, link)
    studies = void_with(route, ledger, link)  # entered in error, not removed: resources of others may refer to them
    ledger.intents.intend(route.name, link.document, act_of("remove-resources", state), route.fhir.name, own)
    failpoint("intended")
    for error in route.fhir.remove(own):
        if error is not None:
            raise error
    _retracted(route, studies)
    failpoint("applied")
    ledger.links.agree(replace(link, fhir_digest=GONE, dicom_digest=state))
    failpoint("agreed")
    return "removed"


def _own(route: Route, ledger: Ledger, link: Link) -> list[str]:
    """Keys of what belongs to this document alone. A result that another document, which is not void, has, too, stays
    as it is."""
    kinds = [key for key in link.versions if kind_of(key) in RETRACTABLE]
    shared = of_others(route, ledger, link.versions.keys() | {link.root}, kinds)
    return [key for key in kinds if key not in shared]
