"""One instance -> which document it is of, and what becomes of that: `write_fhir` writes it."""

from __future__ import annotations

from dataclasses import replace

from bridge.codecs.dicom import reader
from bridge.codecs.dicom.structured_report import NotStructuredReportError
from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import GONE, OUTDATED, RETRACTED, STRANGE, UNDONE, UNKNOWN, Link, act_of
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.sr import write_document
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.sync.basis.begun import STORING, is_begun, is_version_begun
from bridge.sync.basis.hands import take
from bridge.sync.basis.held import Held, Waiting
from bridge.sync.basis.rejected import is_rejected
from bridge.sync.basis.route import Route
from bridge.sync.crossing.arrival import Arrival, begins
from bridge.sync.crossing.former import copied_of, former_of, is_there
from bridge.sync.crossing.moved import alone, corrected, only_moved, take_place
from bridge.sync.crossing.outdated import is_outdated
from bridge.sync.crossing.write_fhir import WriteFhir
from bridge.sync.decision.content import dataset_digest
from bridge.sync.decision.filter import carries_document
from bridge.sync.decision.news import News, news
from bridge.sync.documents.issued import document_in, fault_in
from bridge.sync.lost.lost_answer import no_second_head
from bridge.sync.lost.rebuild import rebuild
from bridge.sync.lost.unheard import link_unheard
from bridge.sync.patients.as_written import is_ours
from bridge.sync.patients.followed import is_undone
from bridge.sync.void.misfiled import forget_copies, forget_copy
from bridge.sync.void.void import take_absence, take_note, void
from bridge.sync.void.withdraw import unfinished
from bridge.translate.born_in_fhir.restore import key_of
from bridge.translate.header.chain import superseded_by, version_of
from bridge.translate.rejection import rejection_of
from bridge.translate.remainder.private import taken_out


class ToFhir:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping) -> None:
        self.route, self.ledger, self.mapping = route, ledger, mapping
        self._fhir = WriteFhir(route, ledger, mapping)

    def settle(self, key: str) -> str:
        """Brings the FHIR server in step with the instance; returns the act. Raises Held where a person decides,
        Waiting where a predecessor comes first, Busy where the document is in other hands, and Absent."""
        (stored,) = self.route.dicom.read([key])
        if stored is None:
            link_unheard(self.route, self.ledger, self.mapping, key)
            act = take_absence(self.route, self.ledger, self.mapping, key)
            self.ledger.feeds.forget(self.route.name, self.route.dicom.name, key)
            return act
        try:
            document = document_in(self.route, stored.item.data)
        except NotStructuredReportError:
            return "skipped"
        uid = text_of(document.header, SOP_INSTANCE_UID) or ""
        if (rejection := rejection_of(document)) is not None:
            return take_note(self.route, self.ledger, document, key, rejection)
        take(self.route, self.ledger, [uid, *(one.sop_instance for one in superseded_by(document.header))])
        digest = dataset_digest(write_document(document))
        link = self.ledger.links.of(self.route.name, uid)
        if link is not None:
            return self._of_known(document, key, digest, unfinished(self.route, self.ledger, link))
        return self._of_new(document, key, digest)

    def _of_known(self, document: Document, key: str, digest: str, link: Link) -> str:
        """What becomes of a version that the link names already."""
        uid = version_of(document).sop_instance
        unsure = link.head == uid and link.dicom_digest in (GONE, UNKNOWN, STRANGE)
        if unsure or is_version_begun(self.ledger, link, uid):
            return self._fhir.write(Arrival(document, key, digest, link, moved=self._is_elsewhere(link, document)))
        if link.head == uid and link.dicom_digest == digest and is_undone(self.route, self.ledger, link):
            undone = replace(link, dicom_digest=UNDONE)
            return self._fhir.write(Arrival(document, key, digest, undone, moved=True))
        if link.head == uid and link.dicom_digest == digest and self._is_outdated(link, key):
            outdated = replace(link, dicom_digest=OUTDATED)
            return self._fhir.write(Arrival(document, key, digest, outdated))
        return self._known(link, document, digest) or self._moved(document, key, digest, link)

    def _of_new(self, document: Document, key: str, digest: str) -> str:
        """What becomes of an instance that no link names: of nothing that is known, a version of a document that is, or
        of a bridge whose ledger was another."""
        uid = version_of(document).sop_instance
        act = act_of(STORING, key)
        sent = self.ledger.intents.instance_about(self.route.name, uid, act) if self.route.dicom.coerces else None
        if sent is not None and fault_in(self.route, reader.read(sent).dataset, write_document(document)) is not None:
            raise Waiting("it was about to be stored from resources, which say whether this is it", uid)
        root = _root_in_fhir(document)
        if root is not None:
            forget_copy(self.route, self.ledger, key)
        former = former_of(self.route, self.ledger, self.mapping, document, root)
        if (
            root is not None
            and (former is None or former.born == "fhir" or former.dicom_digest == STRANGE)
            and is_ours(self.route, self.mapping, document)
        ):
            take(self.route, self.ledger, [root])
            return self._ours(document, key, digest, root)
        if not self.route.writes_fhir:
            return "skipped"
        copied = None
        if former is None and root is not None:
            copied = copied_of(self.route, self.ledger, document, key, root)
        if copied is not None and not is_there(self.route, copied):
            former, copied = copied, None  # the archive has moved it
        arrival = Arrival(document, key, digest, former, copied=copied)
        if not self._is_carried(document, former) and begins(arrival, self.route, self.ledger):
            return "outside"
        return self._fhir.write(arrival)

    def _is_carried(self, document: Document, link: Link | None) -> bool:
        return (link is not None and link.born == "fhir") or carries_document(self.route.only, document)

    def _is_elsewhere(self, link: Link, document: Document) -> bool:
        """Whether what was deleted a moment ago, as far as anybody knew, was moved to another patient."""
        if link.dicom_digest != GONE or link.born != "dicom":
            return False
        return only_moved(self.route, self.mapping, link, document)

    def _is_outdated(self, link: Link, key: str) -> bool:
        """Or writing it anew was begun, by whatever mapping, and is not agreed."""
        if is_begun(self.ledger, link.document, key):
            return True
        return link.born == "dicom" and self.route.writes_fhir and is_outdated(link, self.mapping)

    def _known(self, link: Link, document: Document, digest: str) -> str | None:
        """None of the newest version with other content than it had."""
        version = version_of(document)
        rejected = is_rejected(self.route, self.ledger, version)
        if version.sop_instance != link.head:
            if not rejected:
                no_second_head(self.route, self.ledger, self.mapping, link, document)
            return "nothing"  # a former version, or one that is looked at with its resources
        if rejected:
            return void(self.route, self.ledger, self.mapping, link, RETRACTED)
        if news(link.dicom_digest, digest) is News.SAME:  # our own writing, or it is there again
            self.ledger.conflicts.drop(self.route.name, link.instance)
            forget_copies(self.ledger, link)
            return "nothing"
        return None

    def _moved(self, document: Document, key: str, digest: str, link: Link) -> str:
        known = corrected(self.route, self.ledger, self.mapping, link, document)
        if known is None:
            raise PermanentError(
                f"{self.route.dicom.name}: SOP Instance {link.head} has other content than it had; a UID names one "
                "content: store the new one under a new UID, with its predecessor"
            )
        alone(self.route, link, key)
        if link.born == "fhir":
            return take_place(self.route, self.ledger, link, key, digest)
        return self._fhir.write(Arrival(document, key, digest, known, moved=True))

    def _ours(self, document: Document, key: str, digest: str, root: str) -> str:
        """Written by a bridge, whose ledger is lost or older: the resources decide, if they are there."""
        if self.route.fhir.read([root])[0] is None:
            if is_rejected(self.route, self.ledger, version_of(document)):
                return "nothing"
            raise Held(
                f"made by a bridge from {root}, which is not in {self.route.fhir.name}; is this its FHIR server?"
            )
        rebuild(self.route, self.ledger, document, key, digest, root)
        return "nothing"


def _root_in_fhir(document: Document) -> str | None:
    """`Type/id` of the root resource that a document of ours was made from."""
    _, pieces = taken_out(document)
    return key_of(pieces)
