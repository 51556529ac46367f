"""One instance -> which document it is of, and what becomes of that: `write_fhir` writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge.codecs.dicom import structured_report
from bridge.codecs.dicom.structured_report import NotStructuredReportError
from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import GONE, OUTDATED, RETRACTED, STRANGE, UNDONE, UNKNOWN, VOID, Link
from bridge.ledger.work_item import ASIDE
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet, text_of
from bridge.model.document import Document
from bridge.model.sr import write_document
from bridge.model.tags import PATIENT_ID, SOP_CLASS_UID, SOP_INSTANCE_UID
from bridge.model.version import Version
from bridge.sync.basis.begun import WRITING, is_begun
from bridge.sync.basis.hands import take
from bridge.sync.basis.held import Held, Waiting
from bridge.sync.basis.owe import owe_dicom
from bridge.sync.basis.rejected import is_rejected
from bridge.sync.basis.route import Route
from bridge.sync.crossing.arrival import Arrival
from bridge.sync.crossing.moved import alone, corrected, only_moved, take_place
from bridge.sync.crossing.outdated import is_outdated
from bridge.sync.crossing.write_fhir import WriteFhir
from bridge.sync.decision.content import dataset_digest
from bridge.sync.decision.filter import carries_document
from bridge.sync.decision.news import News, news
from bridge.sync.documents.instances import key_of_version, read_instance
from bridge.sync.documents.replace import REPLACING
from bridge.sync.documents.resources import present_of
from bridge.sync.lost.lost_answer import no_second_head
from bridge.sync.lost.rebuild import rebuild, rebuild_reported
from bridge.sync.lost.unheard import link_unheard
from bridge.sync.patients.as_written import is_ours
from bridge.sync.patients.followed import is_undone
from bridge.sync.patients.refile import MERGE, UNMERGE
from bridge.sync.void.deleted import header_now, there_after_all
from bridge.sync.void.misfiled import forget_copies, forget_copy, note_copy
from bridge.sync.void.void import take_absence, take_note, void
from bridge.sync.void.withdraw import unfinished
from bridge.terminology.structured_reports import is_structured_report
from bridge.translate.born_in_fhir.restore import key_of, made_for
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
            document = structured_report.read(stored.item.data)
        except NotStructuredReportError:
            return "skipped"
        uid = text_of(document.header, SOP_INSTANCE_UID) or ""
        if (rejection := rejection_of(document)) is not None:
            return take_note(self.route, self.ledger, document, key, rejection)
        take(self.route, self.ledger, [uid, *(one.sop_instance for one in superseded_by(document.header))])
        digest = dataset_digest(write_document(document))
        link = self.ledger.links.of(self.route.name, uid)
        if link is not None:
            link = unfinished(self.route, self.ledger, link) or link
            if self._begun(link, uid) or (link.head == uid and link.dicom_digest in (GONE, UNKNOWN, STRANGE)):
                return self._fhir.write(Arrival(document, key, digest, link, moved=self._is_elsewhere(link, document)))
            if link.head == uid and link.dicom_digest == digest and is_undone(self.route, self.ledger, link):
                undone = replace(link, dicom_digest=UNDONE)
                return self._fhir.write(Arrival(document, key, digest, undone, moved=True))
            if link.head == uid and link.dicom_digest == digest and self._is_outdated(link, key):
                outdated = replace(link, dicom_digest=OUTDATED)
                return self._fhir.write(Arrival(document, key, digest, outdated))
            return self._known(link, document, digest) or self._moved(document, key, digest, link)
        root = _root_in_fhir(document)
        if root is not None:
            forget_copy(self.route, self.ledger, key)
        former = self._former(document, root)
        if (
            root is not None
            and (former is None or former.born == "fhir" or former.dicom_digest == STRANGE)
            and is_ours(self.route, self.mapping, document)
        ):
            take(self.route, self.ledger, [root])
            return self._ours(document, key, digest, root)
        if self.route.direction == "to-dicom":
            return "skipped"
        if not self._is_carried(document, former):
            return "outside"
        copied = self._copied(document, key, root) if former is None and root is not None else None
        if copied is not None and not self._is_there(copied):
            return self._fhir.write(Arrival(document, key, digest, copied))  # the archive has moved it
        return self._fhir.write(Arrival(document, key, digest, former, copied=copied))

    def _copied(self, document: Document, key: str, root: str) -> Link | None:
        """The document that this is a copy of, under other UIDs: one that we wrote for this FHIR server, and that it
        does not name as its predecessor. One of another Patient ID is a document of theirs; where what it is a copy of
        is not there any more, the archive has moved that, and it raises Held."""
        take(self.route, self.ledger, [root])
        link = self.ledger.links.of(self.route.name, root)
        if link is None or link.root != root or link.born != "fhir" or self._is_void(link):
            return None
        if made_for(taken_out(document)[1]) != self.route.system:
            return None
        present = present_of(self.route, root)
        patient = present.group.patient if present is not None else None
        values = {one.get("value") for one in (patient or {}).get("identifier", ())}
        if text_of(document.header, PATIENT_ID) in values:
            return link
        if self._is_there(link):
            return None
        note_copy(self.ledger, link, key)
        raise Held(
            f"a copy of what was written from {root}, under another Patient ID: if {self.route.dicom.name} has merged "
            f"these patients, merge them in {self.route.fhir.name}, too; else remove the copy, and it is written again"
        )

    def _is_void(self, link: Link) -> bool:
        return bool({link.fhir_digest, link.dicom_digest} & {*VOID, UNKNOWN, STRANGE})

    def _is_carried(self, document: Document, link: Link | None) -> bool:
        return (link is not None and link.born == "fhir") or carries_document(self.route.only, document)

    def gone(self, link: Link) -> str:
        """Brings the FHIR server in step with a head instance that was deleted, asked directly and certain; returns the
        act."""
        begun = self.ledger.intents.of(link.document).kind
        link = unfinished(self.route, self.ledger, link) or link
        awaited = self.ledger.work.awaited(self.route.name, link.instance)
        if awaited:  # it is there under another patient
            self.ledger.waking.wake(self.route.name, link.instance)
            return "nothing"
        if begun in (REPLACING, MERGE, UNMERGE):  # it was missing between the one and the other
            owe_dicom(self.route, self.ledger, link.instance)
            return "nothing"
        header = header_now(self.route, self.mapping, link)
        if header and (key := there_after_all(self.route, link, header)) is not None:
            self.ledger.links.agree(replace(link, instance=key))
            return "nothing"
        if link.dicom_digest not in VOID and self._is_found_elsewhere(link):
            return "nothing"
        return void(self.route, self.ledger, self.mapping, link, GONE)

    def _is_found_elsewhere(self, link: Link) -> bool:
        """Whether the very instance is there, as it was, in another place. Raises Waiting or Held where it is another
        one there: it is not gone."""
        for key in self.route.dicom.named(link.head):
            there = self._document_at(key) if key != link.instance else None
            if there is None:
                continue
            if dataset_digest(there) == link.dicom_digest:
                self.ledger.links.agree(replace(link, instance=key))
                return True
            store = self.route.dicom.name
            settled = self.ledger.feeds.is_settled(self.route.name, store, key)
            if settled or self.ledger.work.is_put_aside(self.route.name, store, key):
                raise Held(
                    f"{self.route.dicom.name} has moved it, to another study it may be, and it is not what it was: "
                    "move it back, or store it under a new UID, with its predecessor"
                )
            owe_dicom(self.route, self.ledger, key)
            raise Waiting("it is there in another place, which is looked at first", key)
        self._check_copies(link)
        return False

    def _check_copies(self, link: Link) -> None:
        """Raises Held where a copy of what is gone is there, and Waiting until all that may be one was looked at."""
        another = self.ledger.work.another_of(self.route.name, self.route.dicom.name, link.document)
        if another is None:
            return
        key, state = another
        if state not in ASIDE:
            raise Waiting("another instance of it is looked at first", key)
        raise Held(
            "it is gone, and a copy of it is there under another Patient ID: if the patients were merged, merge them "
            f"in {self.route.fhir.name}, too; else remove the copy, then `fhir-dicom retry`, and it is written again"
        )

    def _document_at(self, key: str) -> DataSet | None:
        """None of what is no document."""
        try:
            found = read_instance(self.route, key)
        except PermanentError:
            return None
        sop_class = text_of(found, SOP_CLASS_UID) if found is not None else None
        return found if is_structured_report(sop_class or "") else None

    def _is_elsewhere(self, link: Link, document: Document) -> bool:
        """Whether what was deleted a moment ago, as far as anybody knew, was moved to another patient."""
        if link.dicom_digest != GONE or link.born != "dicom":
            return False
        return only_moved(self.route, self.mapping, link, document)

    def _is_outdated(self, link: Link, key: str) -> bool:
        """Or writing it anew was begun, by whatever mapping, and is not agreed."""
        if is_begun(self.ledger, link.document, key):
            return True
        return link.born == "dicom" and self.route.direction != "to-dicom" and is_outdated(link, self.mapping)

    def _begun(self, link: Link, uid: str) -> bool:
        """Whether writing this version was begun and is not agreed."""
        intent = self.ledger.intents.of(link.document)
        return intent.kind == WRITING and uid in intent.keys and uid not in {one.sop_instance for one in link.chain}

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

    def _former(self, document: Document, root: str | None) -> Link | None:
        """The document that this instance is a new version of. A predecessor that is not in the PACS is waited for by
        nobody, and one that is rejected and never crossed has nothing to amend."""
        named = superseded_by(document.header)
        links = [link for one in named if (link := self.ledger.links.of(self.route.name, one.sop_instance)) is not None]
        if root is not None and any(one.root != root for one in links) and is_ours(self.route, self.mapping, document):
            links = [one for one in links if one.root == root]  # the others are of results that it claimed
            if not links:
                return None
        if len({link.document for link in links}) > 1:
            raise Held("it supersedes several documents; joining them is not there yet")
        if links and not self._names_newest(links[0], named) and self._is_there(links[0]):
            for one in named:
                if self._begun(links[0], one.sop_instance):
                    key = key_of_version(self.route, document.header, one)
                    raise Waiting("its predecessor comes first, which was begun", key)
            raise Held(
                f"it supersedes a version that is not the newest; store one that names {links[0].head}, which is"
            )
        if not links and self.route.direction != "to-dicom":
            for one in named:
                void = is_rejected(self.route, self.ledger, one)
                key = key_of_version(self.route, document.header, one)
                if void or self.ledger.feeds.is_settled(self.route.name, self.route.dicom.name, key):
                    continue  # nothing will come of it: the route does not carry it, or a person dropped it
                if self.route.dicom.absent([key]) == [None]:  # there, if readable or not
                    raise Waiting("its predecessor comes first, which is still owed, held or dead", key)
            return rebuild_reported(self.route, self.ledger, document)
        return links[0] if links else None

    def _names_newest(self, link: Link, named: Sequence[Version]) -> bool:
        """Of those that stand: what was rejected is amended by nobody."""
        uids = {one.sop_instance for one in named}
        at = max((at for at, one in enumerate(link.chain) if one.sop_instance in uids), default=-1)
        later = link.chain[at + 1 :]
        return at >= 0 and all(is_rejected(self.route, self.ledger, one) for one in later)

    def _is_there(self, link: Link) -> bool:
        """Whether the newest version is; else the one before is amended again."""
        return self.route.dicom.read([link.instance])[0] is not None

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
