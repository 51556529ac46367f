"""Whether an instance that a rejection note names is in the study that the note says, and of its patient (IHE RAD TF
Imaging Object Change Management; PS3.3 C.17.6.2: the evidence says the study of each). If not, it is not rejected."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.model.dataset import DataSet
from bridge.model.document import Document
from bridge.model.version import Version
from bridge.sync.basis.route import Route
from bridge.sync.documents.instances import key_of_version, read_instance
from bridge.sync.patients.made_of import is_one_patient
from bridge.translate.header.chain import version_of
from bridge.translate.rejection import Rejection, placed


def claimed(note: Document, rejection: Rejection) -> dict[str, str]:
    """By SOP Instance UID, the study that the note says: its own, unless its evidence says another."""
    own = version_of(note).study
    return dict.fromkeys(rejection.instances, own) | {
        one.sop_instance: one.study for one in placed(rejection, note.header)
    }


def fits(route: Route, ledger: Ledger, note: Document, rejection: Rejection, uid: str, study: str) -> bool:
    """Whether the note may reject the instance. `study`: the one that the note says. An instance that is neither known
    nor there fits: it may come later, and its study is compared then."""
    link = ledger.links.of(route.name, uid)
    known = [one for one in link.chain if one.sop_instance == uid] if link is not None else []
    if known and known[0].study != study:
        return False
    if study == version_of(note).study:
        return True  # a study is of one patient, whom the PACS may have corrected, or merged, since
    places = [one for one in placed(rejection, note.header) if one.sop_instance == uid]
    there = _there(route, note, link if known else None, places)
    return there is None or is_one_patient(route, there, note.header)


def _there(route: Route, note: Document, link: Link | None, places: list[Version]) -> DataSet | None:
    keys = [link.instance] if link is not None else [key_of_version(route, note.header, one) for one in places]
    return next((found for key in keys if (found := read_instance(route, key)) is not None), None)
