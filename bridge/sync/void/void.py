"""What a rejection note, or a deletion, in the PACS means for a document. This module decides what follows; `withdraw`
does it."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import GONE, RETRACTED, STRANGE, UNKNOWN, VOID, Link, act_of
from bridge.mapping.mapping import Mapping
from bridge.model.document import Document
from bridge.stores.store import STUDY
from bridge.sync.basis.begun import WRITING
from bridge.sync.basis.held import Absent, Held, Waiting
from bridge.sync.basis.owe import owe_dicom, owe_fhir
from bridge.sync.basis.rejected import is_our_rejection
from bridge.sync.basis.route import Route
from bridge.sync.decision.decide import Act, Side
from bridge.sync.decision.news import News, news
from bridge.sync.documents.agreement import acknowledged, decided, state_since
from bridge.sync.documents.instances import key_of_version
from bridge.sync.documents.resources import present_of
from bridge.sync.lost.forgotten import has_spoken, leave_strange, remembered
from bridge.sync.patients.merge import Merges
from bridge.sync.void.deleted import header_now, left_of
from bridge.sync.void.fitting import claimed, fits
from bridge.sync.void.lost_note import is_missed
from bridge.sync.void.misfiled import write_again
from bridge.sync.void.withdraw import remove_resources, retract_resources
from bridge.translate.header.chain import version_of
from bridge.translate.rejection import INCORRECT_WORKLIST, PATIENT_SAFETY, Rejection, placed, voided


def take_note(route: Route, ledger: Ledger, note: Document, key: str, rejection: Rejection) -> str:
    """Takes in a rejection note; returns the act. The instances that it rejects are looked at again; those that are not
    there yet will be looked at when they come. Raises Held where it names instances that it may not reject."""
    uid = version_of(note).sop_instance
    named = claimed(note, rejection).items()
    said = {one: study for one, study in named if fits(route, ledger, note, rejection, one, study)}
    fresh = ledger.rejections.add(route.name, said, uid, rejection.reason.value, key)
    if fresh:  # what was held, or has failed, may not matter any more
        aside = [key_of_version(route, note.header, one) for one in placed(rejection, note.header)]
        ledger.work.owe_if_put_off(route.name, route.dicom.name, aside)
    for instance in said:
        link = ledger.links.of(route.name, instance)
        if link is not None and link.head == instance:
            owe_dicom(route, ledger, link.instance)
        elif link is not None:  # a former version, for which the newest may be held
            ledger.work.owe_if_put_off(route.name, route.dicom.name, [link.instance])
    for instance in ledger.conflicts.instances(route.name) if fresh else ():
        owe_dicom(route, ledger, instance)
    if strays := [one for one in rejection.instances if one not in said]:
        raise Held(
            f"this rejection note names {', '.join(strays)}, and is of another study, or patient: that is not rejected"
            f"; remove the note from {route.dicom.name}, or store one that says where that is"
        )
    return "noted" if fresh else "nothing"


def take_absence(route: Route, ledger: Ledger, mapping: Mapping, key: str) -> str:
    """Settles an instance that is not there, and of which nothing can be written any more; returns the act. Raises
    Absent where nothing says why it is gone."""
    ledger.intents.abandon(route.name, act_of(WRITING, key))
    link = ledger.links.headed_by(route.name, key)
    if link is None:
        if (root := ledger.conflicts.drop(route.name, key)) is not None:
            owe_fhir(route, ledger, root)
        write_again(route, ledger, key)
        if is_missed(route, ledger, key):
            raise Absent([key])
        return "nothing"
    reasons = ledger.rejections.of(route.name, link.chain[-1])
    if voided(reasons):  # and hidden, as some PACS do
        return void(route, ledger, mapping, link, RETRACTED)
    if news(link.dicom_digest, GONE) is News.SAME and not _is_to_be_told(route, ledger, link):
        return "nothing"
    if reasons:  # its retention has expired: it is not available any more, but still right
        ledger.links.agree(replace(link, dicom_digest=GONE))
        return "nothing"
    raise Absent([key])


def void(route: Route, ledger: Ledger, mapping: Mapping, link: Link, state: str) -> str:
    """Brings FHIR in step with a document that was rejected or deleted in the PACS; returns the act. `state`: RETRACTED
    or GONE, accordingly."""
    if _is_to_be_told(route, ledger, link):
        link = replace(link, dicom_digest=UNKNOWN)
    if news(link.dicom_digest, state) is News.SAME:
        return "nothing"
    if link.dicom_digest == STRANGE:
        return leave_strange(route, ledger, link)
    if link.fhir_digest == UNKNOWN:
        link = remembered(route, Merges(route, ledger, mapping), link, present_of(route, link.root))
    present = {one.key: one for one in route.fhir.read(sorted(link.versions)) if one is not None}
    here = state_since(route, ledger, link, present)
    if state == RETRACTED and here not in VOID and is_our_rejection(route, ledger, link.chain[-1]):
        # of a ledger that was lost, or is of yesterday: FHIR has said it, and what it says since holds
        if has_spoken(route, ledger, link, present):
            return acknowledged(route, ledger, replace(link, fhir_digest=UNKNOWN, dicom_digest=state))
        _no_later_version(route, ledger)
        if link.born == "fhir":  # put back by a person, or from a backup: nothing tells
            link = replace(link, fhir_digest=UNKNOWN)
    decision = decided(route, ledger, link, here, state, link.instance)
    if decision.act is Act.FORGET and len(link.chain) == 1:
        ledger.links.forget(link.document)
        return "forgotten"
    if decision.act in (Act.AGREE, Act.FORGET):  # a former version may be there, which is no document of its own
        ledger.links.agree(replace(link, fhir_digest=here, dicom_digest=state))
        return "agreed"
    if decision.on is Side.DICOM:
        return acknowledged(route, ledger, replace(link, dicom_digest=state))
    if decision.on is None or not route.writes_fhir:  # known, and nothing follows
        untold = (route.dicom.name, link.instance) if decision.on is not None else None
        ledger.links.agree(replace(link, dicom_digest=state), untold=untold)
        return "skipped"
    _check_meant(route, ledger, mapping, link, state)
    if decision.act is Act.REMOVE:
        return remove_resources(route, ledger, link, state)
    return retract_resources(route, ledger, link, present, state)


def _check_meant(route: Route, ledger: Ledger, mapping: Mapping, link: Link, state: str) -> None:
    """Raises Held where it is not clear that the document is wrong: it was rejected for its quality only, or a former
    version stands in the PACS, which a reader there takes for the newest."""
    reasons = ledger.rejections.of(route.name, link.chain[-1])
    if state == RETRACTED and not {PATIENT_SAFETY.value, INCORRECT_WORKLIST.value} & reasons:
        raise Held(
            f"rejected for quality reasons in {route.dicom.name}: enter it in error in {route.fhir.name}, too, store a "
            f"version in {route.dicom.name} that names it, or amend it in {route.fhir.name} and say that FHIR holds"
        )
    header = header_now(route, mapping, link) if len(link.chain) > 1 else ()
    if header and (left := left_of(route, ledger, link, header)) is not None:
        done = "deleted" if state == GONE else "rejected"
        raise Held(
            f"its newest version was {done} in {route.dicom.name}, and {left}, which that superseded, stands there: "
            "delete or reject it too, then `fhir-dicom retry`"
        )


def _no_later_version(route: Route, ledger: Ledger) -> None:
    """Raises Waiting while an instance is owed that no link knows: it may be a version after the one that was
    rejected."""
    if (key := ledger.work.unread(route.name, route.dicom.name, STUDY, due=True)) is not None:
        raise Waiting(f"{route.dicom.name}: {key} is not read yet, and may be a version after what we rejected", key)


def _is_to_be_told(route: Route, ledger: Ledger, link: Link) -> bool:
    """Whether it became void in the PACS while the route wrote to the PACS only, so that FHIR has not been told."""
    return route.writes_fhir and ledger.links.untold(link.document, route.dicom.name)
