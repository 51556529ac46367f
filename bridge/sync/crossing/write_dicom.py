"""What a group of resources says -> its instance in the PACS, and the link that both sides agree on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from bridge.codecs.dicom import reader
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import RETRACTED, STRANGE, UNKNOWN, Link, act_of, extended, lines_of
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet, text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource, reference_to
from bridge.model.identity import identity_in
from bridge.model.sr import read_document, write_document
from bridge.model.status import WITHDRAWN
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.model.version import Version
from bridge.model.world import World
from bridge.stores.store import STUDY
from bridge.sync.basis.begun import STORING
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.hands import document_of
from bridge.sync.basis.held import ANOTHER_PATIENT, Held, Waiting
from bridge.sync.basis.rejected import is_rejected
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import dataset_digest, resources_digest, says_beside
from bridge.sync.documents.instances import not_it, read_instance, read_version, remove_superseded, store_instance
from bridge.sync.documents.issued import as_sent, fault_in
from bridge.sync.documents.resources import Present
from bridge.sync.lost.lost_answer import stored_after_all
from bridge.sync.patients.awaited import check_subject
from bridge.sync.patients.merge import Merges
from bridge.sync.patients.subject import others_with
from bridge.translate.header.chain import superseded_by, version_of
from bridge.translate.header.header import born_uid
from bridge.translate.header.identity import identity_of
from bridge.translate.header.refiled import as_named_in
from bridge.translate.report.report import Translated
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir


class WriteDicom:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping, merges: Merges) -> None:
        self.route, self.ledger, self.mapping, self.merges = route, ledger, mapping, merges
        self._alone: dict[tuple[str, str], str] = {}  # who has an identifier, and nobody else

    def write(self, present: Present, link: Link | None, head: DataSet | None) -> str:
        """Returns the act. Raises Held where a person decides, Waiting where something else comes first."""
        results = [one for one in present.group.members if one["resourceType"] == "Observation"]
        says = says_beside(present.group.root) and born_of(present.group) == "fhir"
        if results and not says and all(one.get("status") in WITHDRAWN for one in results):
            raise Held("all its results are entered in error or cancelled; the report is not: correct one or the other")
        check_subject(self.route, present.group, head)
        if link is None or link.fhir_digest == UNKNOWN:
            self._all_read()
        taken_in = self.taken_in(present, link)
        group = self.merges.as_filed(present.group, link, head)
        if link is None:
            self.merges.begin(present.group)
            self._check_identifier(group, present.group.patient)
        for one in taken_in:
            self.merges.take_in(one, present.group)
        claimed = self.claimed(taken_in, link, head)
        known = [*([link] if link else []), *(one for one in taken_in if one not in claimed)]
        former = tuple(one.chain[-1] for one in known)
        before = head if head is not None else self._any_of(taken_in)
        translated = self._translated(group, former, before, self._newest(link))
        if link is None and (left := self._version_elsewhere(translated.result, taken_in)) is not None:
            former = (*former, left)  # it left that document, in which its version is a former one: this is a later one
            translated = self._translated(group, former, before, None)
        document = translated.result
        dataset = write_document(document)
        version = version_of(document)
        if head is not None and identity_in(as_sent(self.route, dataset, head)) != identity_in(dataset):
            raise Held(ANOTHER_PATIENT)
        if is_rejected(self.route, self.ledger, version):
            raise Held(
                "its SR was rejected, and a UID is never used again: store a new version in the PACS, or "
                "edit more than the status here"
            )
        name, act = document_of(self.route, present.root, link), act_of(STORING, self.route.dicom.key_of(dataset))
        keys = [*present.versions, version.sop_instance]

        chain = [one for each in (*claimed, *known) for one in each.chain]
        filed = store_instance(self.route, self.ledger, name, act, dataset, partial(fault_in, self.route, dataset))
        removed = remove_superseded(self.route, dataset, chain)
        agreed = Link(
            document=name,
            route=self.route.name,
            born=born_of(present.group),
            root=present.root,
            versions=present.versions,
            fhir_digest=present.state,
            instance=filed.key,
            dicom_digest=dataset_digest(filed.dataset),
            chain=extended(chain, version),
            revision=self.mapping.revision,
            reading=self._reading(read_document(filed.dataset), link),
            warnings=lines_of([*self._coerced(filed.changed), *translated.report.warnings]),
            carried=link.carried if link else "",
        )
        self.ledger.links.agree(agreed, keys, [one.document for one in taken_in], removed)
        failpoint("agreed")
        return "adopted" if not filed.fresh else "updated" if link else "created"

    def as_sent(self, present: Present, link: Link | None) -> None:
        """Raises PermanentError where the PACS has the version that we were about to store, and what it has is not what
        was sent, or is somebody else's: it would keep one more version no better."""
        name = document_of(self.route, present.root, link)
        intent = self.ledger.intents.of(name)
        data = self.ledger.intents.instance_of(name) if self.route.dicom.coerces and intent.kind == STORING else None
        if data is None or present.state == RETRACTED:  # what is void is rejected, whatever it says
            return
        sent, there = reader.read(data).dataset, read_instance(self.route, intent.of)
        if there is None:
            return
        uid = text_of(sent, SOP_INSTANCE_UID) or ""
        if uid == text_of(there, SOP_INSTANCE_UID) and (why := fault_in(self.route, sent, there)) is not None:
            raise not_it(self.route, uid, why)

    def _coerced(self, tags: str) -> Iterator[str]:
        """What to say of an archive that files it in its own way."""
        if tags:
            yield f"{self.route.dicom.name} has changed {tags} when it stored this: that is what both sides agree on"

    def _any_of(self, links: Sequence[Link]) -> DataSet | None:
        """The newest instance of one of the documents, where one is there."""
        return next(filter(None, (read_instance(self.route, one.instance) for one in links)), None)

    def _check_identifier(self, group: Group, patient: Resource | None) -> None:
        """Of a `patient` who is named as in the group, for he may be replaced. Raises Held where several people have
        the identifier, until they have not: the PACS would take them for one."""
        identity = identity_of(group.patient, {}, self.route.known())
        if patient is None or identity is None:
            return
        named, key = (identity.system or "", identity.value), reference_to(patient)
        if self._alone.get(named) == key:
            return
        if others := others_with(self.route, patient, *named):
            raise Held(
                f"{self.route.fhir.name}: {key} and {', '.join(others)} have the same identifier; merge them, or "
                "correct one of them",
                others[0],
            )
        self._alone[named] = key

    def _reading(self, document: Document, link: Link | None) -> str:
        """What `ToFhir` would make of our version of a document that was born in DICOM."""
        if link is None or link.born != "dicom":
            return ""
        known = self.route.known(document.header, link.first)
        return resources_digest(to_fhir(document, self.mapping, known).result.resources())

    def _version_elsewhere(self, document: Document, taken_in: Sequence[Link]) -> Version | None:
        """The same SOP Instance UID, where it is a version of another document: a result that a report has claimed, and
        that stands alone again, says what it said before."""
        version = version_of(document)
        other = self.ledger.links.of(self.route.name, version.sop_instance)
        if other is None or other.document in {one.document for one in taken_in}:
            return None
        return version if version.sop_instance in {one.sop_instance for one in other.chain} else None

    def _all_read(self) -> None:
        """Raises Waiting where an instance could not be read yet: of a ledger that was lost, it may be what is to be
        written, or a version of it. Dead and held ones are for a person to see, and nobody waits for them."""
        if (key := self.ledger.work.unread(self.route.name, self.route.dicom.name, STUDY)) is not None:
            raise Waiting(f"{self.route.dicom.name}: {key} cannot be read yet, and may be its SR", key)

    def taken_in(self, present: Present, link: Link | None) -> list[Link]:
        """Documents of members that stood alone before a report claimed them."""
        root, found = present.root, dict[str, Link]()
        for key in (one for one in present.versions if one != root):
            other = self.ledger.links.of(self.route.name, key)
            if key.startswith("Observation/"):
                alone = other if other is not None and other.root == key else None
                other = stored_after_all(self.route, self.ledger, key, "fhir", alone) or other
            if other is None or other.dicom_digest == STRANGE:
                continue
            if other.root == key and (link is None or other.document != link.document):
                found[other.document] = other
        return [found[name] for name in sorted(found)]

    def claimed(self, alone: Sequence[Link], link: Link | None, head: DataSet | None) -> list[Link]:
        """Of those that stood alone, the ones that a version of this document, which is there, has superseded: nobody
        may have noted that, and another version would amend them twice."""
        if not alone or link is None or head is None:
            return []
        versions = (head, *(read_version(self.route, head, one) for one in link.chain[:-1]))
        named = {one.sop_instance for version in versions for one in superseded_by(version or ())}
        return [one for one in alone if one.head in named]

    def _newest(self, link: Link | None) -> str | None:
        """The instance that may be written again; none where that was rejected: a UID is never used again."""
        if link is None:
            return None
        return "" if is_rejected(self.route, self.ledger, link.chain[-1]) else link.head

    def _translated(
        self, group: Group, former: tuple[Version, ...], before: DataSet | None, head: str | None
    ) -> Translated[Document]:
        """`before`: a version that names the patient by the identifier that was taken then."""
        known = self.route.known() if before is None else as_named_in(before, self.route.known())
        return checked_to_dicom(group, self.mapping, replace(known, supersedes=former, head=head))


def born_of(group: Group) -> World:
    return "dicom" if born_uid(group.root) else "fhir"
