"""What rejection notes have said of an instance, as far as a route has read them, and whether these are there still."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger
from bridge.model.version import Version
from bridge.sync.basis.route import Route
from bridge.translate.rejection import voided


def is_rejected(route: Route, ledger: Ledger, version: Version) -> bool:
    """Whether a note that was read says that the content of this version is wrong."""
    return voided(ledger.rejections.of(route.name, version))


def is_rejected_still(route: Route, ledger: Ledger, version: Version, but: str = "") -> bool:
    """Whether a note says so that is there, asked directly. `but`: the SOP Instance UID of one that does not count."""
    notes = ledger.rejections.notes(route.name, [version])
    return any(voided([reason]) and uid != but and _is_there(route, ledger, uid) for uid, reason in notes)


def _is_there(route: Route, ledger: Ledger, note: str) -> bool:
    """Where it was read last, or elsewhere: under another patient it may be."""
    key = ledger.rejections.key_of(route.name, note)
    return (key is not None and route.dicom.absent([key])[0] is None) or note_elsewhere(route, note) is not None


def note_elsewhere(route: Route, note: str) -> str | None:
    """What its store names a note by now, whatever it named it by before; None where it is not there."""
    keys = list(route.dicom.named(note))
    absences = route.dicom.absent(keys)
    return next((key for key, absence in zip(keys, absences, strict=True) if absence is None), None)
