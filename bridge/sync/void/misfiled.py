"""What we wrote, and the archive has filed under another patient and new UIDs, where it was no merge: whoever cleans
that copy away has not said that the result is wrong."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import GONE, UNKNOWN, VOID, Link
from bridge.sync.basis.owe import owe_fhir
from bridge.sync.basis.rejected import is_rejected
from bridge.sync.basis.route import Route


def note_copy(ledger: Ledger, link: Link, copy: str) -> None:
    """Remembers that the instance is a copy of that document; what is gone may be this. `copy`: its key."""
    ledger.links.agree(link, [copy, _marked(copy)])


def write_again(route: Route, ledger: Ledger, copy: str) -> None:
    """Has a document written again whose misfiled copy is gone, where it is gone as well. What FHIR says of it now
    holds: whoever means that it is wrong enters it in error there, or rejects it."""
    link = ledger.links.of(route.name, _marked(copy))
    if link is None or {link.fhir_digest, link.dicom_digest} & {*VOID} or is_rejected(route, ledger, link.chain[-1]):
        return
    if None in route.dicom.absent([link.instance]):
        return
    ledger.links.agree(replace(link, fhir_digest=UNKNOWN, dicom_digest=GONE))
    owe_fhir(route, ledger, link.root)


def _marked(copy: str) -> str:
    """A key that the feed never brings."""
    return f"copy {copy}"
