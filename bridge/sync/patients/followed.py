"""Resources from the PACS that belong to a survivor, because the Patient whose ID the PACS has was replaced. When the
replacement is undone, they belong to the patient that the PACS names again."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.ledger.moves import Move
from bridge.sync.basis.route import Route
from bridge.sync.patients.merged import Survivor, survivor


def followed(route: Route, ledger: Ledger, document: str, instance: str, merged: Survivor | None) -> Move | None:
    """The entry in the undo list for a document, or study, that belongs to a survivor; None where nobody was merged."""
    if merged is None:
        return None
    return Move(
        route=route.name,
        instance=instance,
        document=document,
        replaced=merged.through[0],
        survivor=merged.key,
        before=merged.through[0],
        after=merged.key,
        digest=None,
        moved=ledger.now(),
    )


def is_undone(route: Route, ledger: Ledger, link: Link) -> bool:
    """Whether its resources belong to a survivor whose replacement of its patient has been undone. The newest version
    in the undo list says which survivor; versions after it belong to the same one."""
    if link.born != "dicom":
        return False
    moves = {one.instance: one for one in ledger.moves.of(link.document)}
    moved = [one.sop_instance for one in link.chain if one.sop_instance in moves]
    return bool(moved) and _is_undone(route, moves[moved[-1]])


def _is_undone(route: Route, move: Move) -> bool:
    (stored,) = route.fhir.read([move.replaced])
    return stored is not None and survivor(route, stored.item).key != move.survivor
