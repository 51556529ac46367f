"""What rejection notes have said of an instance, as far as a route has read them, and whether these are there still."""

from __future__ import annotations

from bridge.codecs.dicom import structured_report
from bridge.ledger.ledger import Ledger
from bridge.model.version import Version
from bridge.sync.basis.route import Route
from bridge.translate.rejection import note_uid, rejection_of, voided


def is_rejected(route: Route, ledger: Ledger, version: Version) -> bool:
    """Whether a note that was read says that the content of this version is wrong."""
    return voided(ledger.rejections.of(route.name, version))


def is_rejected_still(route: Route, ledger: Ledger, version: Version, but: str = "") -> bool:
    """Whether a note says so that is there, asked directly. `but`: the SOP Instance UID of one that does not count."""
    notes = ledger.rejections.notes(route.name, [version])
    return any(voided([reason]) and uid != but and _is_there(route, ledger, uid) for uid, reason in notes)


def is_our_rejection(route: Route, ledger: Ledger, version: Version) -> bool:
    """Whether nobody but FHIR has said that the content of this version is wrong: each note that says so is ours, by
    its UID, which follows from what it rejects. What FHIR says now holds against it, whoever remembers the note."""
    notes = [uid for uid, reason in ledger.rejections.notes(route.name, [version]) if voided([reason])]
    return bool(notes) and all(_is_ours(route, ledger, uid) for uid in notes)


def _is_ours(route: Route, ledger: Ledger, note: str) -> bool:
    """Of a note that is there: the order of what it rejects is in the note alone."""
    keys = (ledger.rejections.key_of(route.name, note), note_elsewhere(route, note))
    (there,) = route.dicom.read([next((key for key in keys if key is not None), note)])
    rejection = rejection_of(structured_report.read(there.item.data)) if there is not None else None
    return rejection is not None and note == note_uid(rejection.instances, rejection.reason.value, route.known())


def _is_there(route: Route, ledger: Ledger, note: str) -> bool:
    """Where it was read last, or elsewhere: under another patient it may be."""
    key = ledger.rejections.key_of(route.name, note)
    return (key is not None and route.dicom.absent([key])[0] is None) or note_elsewhere(route, note) is not None


def note_elsewhere(route: Route, note: str) -> str | None:
    """What its store names a note by now, whatever it named it by before; None where it is not there."""
    keys = list(route.dicom.named(note))
    absences = route.dicom.absent(keys)
    return next((key for key, absence in zip(keys, absences, strict=True) if absence is None), None)
