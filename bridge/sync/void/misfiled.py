"""Documents of ours that the archive has filed anew, under another patient and with new UIDs, without a merge. Whoever
removes such a copy does not say by it that the result is wrong."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import GONE, UNKNOWN, VOID, Link
from bridge.sync.basis.owe import owe_fhir
from bridge.sync.basis.rejected import is_rejected
from bridge.sync.basis.route import Route

_MARK = "copy "


def note_copy(ledger: Ledger, link: Link, copy: str) -> None:
    """Remembers that the instance with the key `copy` is a copy of that document, so that it is known when it goes.
    Nothing is woken: two copies would wake each other for ever."""
    ledger.names.give(link, [copy, _marked(copy)])


def forget_copy(route: Route, ledger: Ledger, copy: str) -> None:
    """Forgets that the instance is a misfiled copy, when it is looked at anew: it may be a version of the document by
    now, or a document beside it."""
    if (link := ledger.links.of(route.name, _marked(copy))) is not None:
        ledger.names.take(link, [_marked(copy)])


def forget_copies(ledger: Ledger, link: Link) -> None:
    """Forgets all copies of a document that is there again, or will be: whoever deletes it from now on, together with
    its copies, means it."""
    if marks := ledger.names.of(link, _MARK):
        ledger.names.take(link, marks)


def write_again(route: Route, ledger: Ledger, copy: str) -> None:
    """Has a document written again that is gone, and whose misfiled copy is gone now, too. What FHIR says of it holds:
    whoever means that it is wrong enters it in error there, or rejects it."""
    link = ledger.links.of(route.name, _marked(copy))
    if link is None:
        return
    if _is_misfiled(route, ledger, link):
        ledger.links.agree(replace(link, fhir_digest=UNKNOWN, dicom_digest=GONE))
        owe_fhir(route, ledger, link.root)
    forget_copies(ledger, link)  # last, so that all of it is done again after a kill


def _is_misfiled(route: Route, ledger: Ledger, link: Link) -> bool:
    """Whether it is gone, and nobody has said that it is void."""
    if {link.fhir_digest, link.dicom_digest} & {*VOID} or is_rejected(route, ledger, link.chain[-1]):
        return False
    return None not in route.dicom.absent([link.instance])


def _marked(copy: str) -> str:
    """The name in the ledger of a misfiled copy: a key that no feed ever brings."""
    return f"{_MARK}{copy}"
