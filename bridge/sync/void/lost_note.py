"""A rejection note that is gone, while what it rejected is there, as if it were right (IHE RAD TF Imaging Object Change
Management). One of ours is written again; of one of others, a person says what its withdrawal means."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import RETRACTED, Link
from bridge.ledger.rejections import Note
from bridge.sync.basis.hands import take
from bridge.sync.basis.held import Held
from bridge.sync.basis.rejected import is_rejected_still, note_elsewhere
from bridge.sync.basis.route import Route
from bridge.sync.documents.instances import key_of_version, read_instance
from bridge.sync.void.withdraw import reject_again
from bridge.translate.rejection import voided

MOST = 3
"""How often a note is written again before a person has to see that the PACS keeps them."""


def is_missed(route: Route, ledger: Ledger, key: str) -> bool:
    """Whether a note had that key, without which something now looks right that is not."""
    note = ledger.rejections.note_at(route.name, key)
    return note is not None and bool(_standing(route, ledger, note))


def settle_lost_note(route: Route, ledger: Ledger, key: str) -> str | None:
    """Settles a note that is gone, of which the PACS was asked directly; returns the act, None where nothing follows.
    Raises Held where the note was not ours."""
    note = ledger.rejections.note_at(route.name, key)
    if note is None:
        return None
    take(route, ledger, note.instances)
    if (elsewhere := note_elsewhere(route, note.uid)) is not None:
        ledger.rejections.refile(route.name, note.uid, elsewhere)  # where it may be lost, too
        return None
    standing = _standing(route, ledger, note)
    if standing and note.rewritten >= MOST:
        ledger.rejections.count(route.name, note, 0)
        raise Held(
            f"{route.dicom.name} has lost this rejection note of ours {note.rewritten + 1} times, and what it rejects "
            "is there as if it were right: have it keep Key Object Selections, then `fhir-dicom retry`"
        )
    for link, instance in standing:
        if not route.writes_dicom or not reject_again(route, ledger, link, note):
            raise Held(
                f"this rejection note is gone from {route.dicom.name}, and {instance}, which it rejected, is there; "
                f"{link.root} in {route.fhir.name} is void: store the note again; or, where that was right, correct it "
                f"in {route.fhir.name}, or store a version in {route.dicom.name} that names it, then `fhir-dicom retry`"
            )
    if standing:
        ledger.rejections.count(route.name, note, note.rewritten + 1)
    return "retracted" if standing else None


def _standing(route: Route, ledger: Ledger, note: Note) -> list[tuple[Link, str]]:
    """Void documents that have an instance there, the newest or a former one, which only this note has rejected; each
    with the newest such instance."""
    if not voided([note.reason]):
        return []
    found = (ledger.links.of(route.name, one) for one in sorted(note.instances))
    links = {one.document: one for one in found if one is not None and one.dicom_digest == RETRACTED}
    standing = ((link, _left(route, ledger, link, note)) for link in links.values())
    return [(link, instance) for link, instance in standing if instance is not None]


def _left(route: Route, ledger: Ledger, link: Link, note: Note) -> str | None:
    head = read_instance(route, link.instance)
    if head is None:
        return None  # the keys of the former ones follow from its header
    for one in reversed(link.chain):
        if one.sop_instance in note.instances and not is_rejected_still(route, ledger, one, but=note.uid):
            key = link.instance if one.sop_instance == link.head else key_of_version(route, head, one)
            if route.dicom.absent([key])[0] is None:
                return one.sop_instance
    return None
