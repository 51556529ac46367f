"""What we wrote, and the archive has filed under another patient and new UIDs, where it was no merge: whoever cleans
that copy away has not said that the result is wrong."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import GONE, UNKNOWN, VOID, Link
from bridge.sync.basis.owe import owe_fhir
from bridge.sync.basis.rejected import is_rejected
from bridge.sync.basis.route import Route

_MARK = "copy "


def note_copy(ledger: Ledger, link: Link, copy: str) -> None:
    """Remembers that the instance is a copy of that document; what is gone may be this. `copy`: its key. Nothing is
    woken: two copies would wake each other for ever."""
    ledger.names.give(link, [copy, _marked(copy)])


def forget_copy(route: Route, ledger: Ledger, copy: str) -> None:
    """The instance is looked at, and was a misfiled copy: it may be a version of the document by now, or stand beside
    it."""
    if (link := ledger.links.of(route.name, _marked(copy))) is not None:
        ledger.names.take(link, [_marked(copy)])


def forget_copies(ledger: Ledger, link: Link) -> None:
    """The document itself is there again, or will be: who deletes it from now on, with its copies, means it."""
    if marks := ledger.names.of(link, _MARK):
        ledger.names.take(link, marks)


def write_again(route: Route, ledger: Ledger, copy: str) -> None:
    """Has a document written again whose misfiled copy is gone, where it is gone as well. What FHIR says of it now
    holds: whoever means that it is wrong enters it in error there, or rejects it."""
    link = ledger.links.of(route.name, _marked(copy))
    if link is None:
        return
    if _is_misfiled(route, ledger, link):
        ledger.links.agree(replace(link, fhir_digest=UNKNOWN, dicom_digest=GONE))
        owe_fhir(route, ledger, link.root)
    forget_copies(ledger, link)  # last: until then it may be killed, and do it again


def _is_misfiled(route: Route, ledger: Ledger, link: Link) -> bool:
    """Whether it is gone, and nobody has said that it is void."""
    if {link.fhir_digest, link.dicom_digest} & {*VOID} or is_rejected(route, ledger, link.chain[-1]):
        return False
    return None not in route.dicom.absent([link.instance])


def _marked(copy: str) -> str:
    """A key that the feed never brings."""
    return f"{_MARK}{copy}"
