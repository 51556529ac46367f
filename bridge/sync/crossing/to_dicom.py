"""One group of resources -> the instance that says the same, in the PACS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge.codecs import fhir
from bridge.codecs.dicom import reader
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link, extended
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.model.sr import write_document
from bridge.stores.store import STUDY
from bridge.sync.basis.begun import STORING, WRITING
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.hands import document_of
from bridge.sync.basis.held import Held, Waiting
from bridge.sync.basis.route import Route
from bridge.sync.crossing.outdated import is_outdated, says_otherwise
from bridge.sync.decision.content import VOID, dataset_digest, resources_digest
from bridge.sync.decision.decide import Act, Decision, decide
from bridge.sync.decision.filter import carries_group, carries_patient
from bridge.sync.decision.news import GONE, RETRACTED, STRANGE, UNKNOWN, News, news
from bridge.sync.documents.instances import read_instance, remove_superseded, store_instance
from bridge.sync.documents.resources import Present
from bridge.sync.lost.lost_answer import stored_after_all
from bridge.sync.patients.awaited import check_subject
from bridge.sync.patients.demographics import propagate
from bridge.sync.patients.merge import Merges
from bridge.sync.void.withdraw import reject_instances, remove_instances, unfinished
from bridge.translate.basis.ids import Version
from bridge.translate.header.chain import superseded_by, version_of
from bridge.translate.header.header import born_uid
from bridge.translate.header.refiled import as_named_in, identity_in
from bridge.translate.rejection import voided
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir

_WAITS = ("registered", "cancelled")  # no result yet, or never


class ToDicom:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping) -> None:
        self.route, self.ledger, self.mapping = route, ledger, mapping
        self.merges = Merges(route, ledger, mapping)

    def settle(self, present: Present) -> str:
        """Brings the PACS in step with the group; returns the act. Raises Held where a person has to decide."""
        group = present.group
        root = present.root
        link = self.ledger.links.of(self.route.name, root)
        if link is None and (self.ledger.links.begun(self.route.name, root) or "").startswith(WRITING):
            raise Waiting("the instance that it is written from is not yet in step")
        if link is not None and link.root != root:
            link = None  # it left a report: a document of its own
        link = stored_after_all(self.route, self.ledger, root, _born(group), link)
        if link is None and group.root.get("status", "") in _WAITS:
            return "skipped"
        if link is not None:
            link = unfinished(self.route, self.ledger, link) or link
        state, head = present.state, self._head(link)
        if not self._is_carried(group, link) and (link is None or state != RETRACTED):
            return "skipped"
        if link is not None and link.fhir_digest == UNKNOWN and head is not None and self._says(present, link, head):
            named = {one.sop_instance for one in superseded_by(head)}
            taken_in = [one for one in self._taken_in(present, root, link) if one.head in named]
            chain: list[list[str]] = []
            for one in (version for each in (*taken_in, link) for version in each.chain):
                chain = extended(chain, one)
            there = self._state(link, head)
            if there == RETRACTED and state != RETRACTED:  # rejected before this was known: news for the FHIR side
                there = dataset_digest(head)
                self.ledger.work.owe(self.route.name, self.route.dicom.name, link.instance)
            agreed = replace(
                link,
                fhir_digest=state,
                dicom_digest=there,
                versions=present.versions,
                chain=chain,
                revision=self.mapping.revision,
            )
            self.ledger.links.agree(agreed, list(present.versions), [one.document for one in taken_in])
            return self.merges.follow(present, agreed, head) or "adopted"
        outdated = link is not None and head is not None and state != RETRACTED and is_outdated(link, self.mapping)
        if link is not None:
            self._pacs_first(link, head)
            if outdated and link.born == "dicom" and self.route.direction != "to-dicom":
                self.ledger.work.owe(self.route.name, self.route.dicom.name, link.instance)
                raise Waiting("its instance is translated anew first: the mappings, or the bridge, are newer")
        ours = news(link.fhir_digest if link else None, state)
        decision = decide(ours, News.SAME if link else News.ABSENT, self.route.policy)
        if decision.act is not Act.RETRACT and (done := self.merges.follow(present, link, head)) is not None:
            self.ledger.work.owe(self.route.name, self.route.fhir.name, root)  # it may say something else, too
            return done
        if outdated and decision.act is Act.NOTHING and link is not None and head is not None:
            decision = self._anew(present, link, head)
        if decision.act is Act.NOTHING:
            filed = replace(present, group=self.merges.as_filed(present.group, link, head))
            return propagate(self.route, self.ledger, self.mapping, filed, link, head) or "nothing"
        if self.route.direction == "to-fhir":
            return "skipped"
        if decision.act is Act.RETRACT and link is not None:
            return reject_instances(self.route, self.ledger, link, state, present.edited)
        for resource in group.whole():
            fhir.validate(resource)
        return self._write(present, root, state, link, head)

    def _anew(self, present: Present, link: Link, head: DataSet) -> Decision:
        """Of a document from which nobody has news, and that an earlier translation wrote."""
        if link.born == "fhir" and self.route.direction != "to-fhir":
            if says_otherwise(self.route, self.mapping, present, link, head):
                return decide(News.CHANGED, News.SAME, self.route.policy)
            self.ledger.links.agree(replace(link, revision=self.mapping.revision))
        return Decision(Act.NOTHING)

    def _is_carried(self, group: Group, link: Link | None) -> bool:
        if link is not None and link.born == "dicom":
            return carries_patient(self.route.only, group)
        return carries_group(self.route.only, group)

    def _says(self, present: Present, link: Link, head: DataSet) -> bool:
        """Whether the head is what would be written now, in its place. Void resources say nothing."""
        if present.group.root.get("status") in VOID:
            return False
        for resource in present.group.whole():
            fhir.validate(resource)
        return self.merges.says(present, link, head)

    def gone(self, link: Link) -> str:
        """The root was deleted, asked directly and certain."""
        link = stored_after_all(self.route, self.ledger, link.root, link.born, link) or link
        link = unfinished(self.route, self.ledger, link) or link
        self._pacs_first(link, self._head(link))
        untold = self.ledger.links.untold(link.document, self.route.fhir.name)
        ours = News.GONE if untold else news(link.fhir_digest, GONE)
        act = decide(ours, News.SAME, self.route.policy).act
        if ours is News.SAME or act is Act.NOTHING:
            self.ledger.links.agree(replace(link, fhir_digest=GONE))
            return "nothing"
        if self.route.direction == "to-fhir":
            self.ledger.links.agree(replace(link, fhir_digest=GONE), untold=(self.route.fhir.name, link.root))
            return "nothing"
        if act is Act.REMOVE:
            return remove_instances(self.route, self.ledger, link, GONE)
        return reject_instances(self.route, self.ledger, link, GONE, None)

    def _pacs_first(self, link: Link, head: DataSet | None) -> None:
        """Raises Waiting where the PACS has news too: the instance is looked at first, with what stands here. What was
        begun there is finished first, for what stands here may be half of it."""
        if self.ledger.links.intended(link.document).kind == WRITING:
            raise Waiting("an instance of this document is not yet in step")
        conflict = self.ledger.conflicts.of(link.document)
        if conflict is None and news(link.dicom_digest, self._state(link, head)) is News.SAME:
            return
        instance = conflict.instance if conflict is not None else link.instance
        self.ledger.work.owe(self.route.name, self.route.dicom.name, instance)
        raise Waiting("its instance has news, too")

    def _state(self, link: Link, head: DataSet | None) -> str:
        if voided(self.ledger.rejections.of(self.route.name, link.chain[-1])):
            return RETRACTED
        return dataset_digest(head) if head is not None else GONE

    def _head(self, link: Link | None) -> DataSet | None:
        """The newest instance of the document, as the PACS has it now."""
        return read_instance(self.route, link.instance) if link is not None else None

    def _write(self, present: Present, root: str, state: str, link: Link | None, head: DataSet | None) -> str:
        results = [one for one in present.group.members if one["resourceType"] == "Observation"]
        if results and all(one.get("status") in VOID for one in results):
            raise Held("all its results are entered in error; the report is not: correct one or the other")
        check_subject(self.route, present.group, head)
        if link is None or link.fhir_digest == UNKNOWN:
            self._all_read()
        taken_in = self._taken_in(present, root, link)
        group = self.merges.as_filed(present.group, link, head)
        if link is None:
            self.merges.begin(present.group)
        for one in taken_in:
            self.merges.take_in(one, present.group)
        known = [*([link] if link else []), *taken_in]
        former = tuple(Version(*one.chain[-1]) for one in known)
        before = head if head is not None else next(filter(None, map(self._head, taken_in)), None)
        document = self._translated(group, former, before)
        if link is None and (left := self._version_elsewhere(document, taken_in)) is not None:
            former = (*former, left)  # it left that document, in which its version is a former one: this is a later one
            document = self._translated(group, former, before)
        dataset = write_document(document)
        version = version_of(document)
        if head is not None and identity_in(head) != identity_in(document.header):
            raise Held("the patient is another than that of the version before; a document does not change its patient")
        if voided(self.ledger.rejections.of(self.route.name, version)):
            raise Held(
                "its SR was rejected, and a UID is never used again: store a new version in the PACS, or "
                "edit more than the status here"
            )
        name, act = document_of(self.route, root, link), f"{STORING}:{self.route.dicom.key_of(dataset)}"
        keys = [*present.versions, version.sop_instance]

        def same(there: bytes) -> bool:
            return reader.read(there).dataset == dataset

        filed = store_instance(self.route, self.ledger, name, act, dataset, same)
        removed = remove_superseded(self.route, dataset, [Version(*one) for each in known for one in each.chain])
        agreed = Link(
            document=name,
            route=self.route.name,
            born=_born(present.group),
            root=root,
            versions=present.versions,
            fhir_digest=state,
            instance=filed.key,
            dicom_digest=dataset_digest(dataset),
            chain=extended([one for each in known for one in each.chain], version),
            revision=self.mapping.revision,
            reading=self._reading(document, link),
        )
        self.ledger.links.agree(agreed, keys, [one.document for one in taken_in], removed)
        failpoint("agreed")
        return "adopted" if not filed.fresh else "updated" if link else "created"

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
        return version if version.sop_instance in {one[3] for one in other.chain} else None

    def _all_read(self) -> None:
        """Raises Waiting where an instance could not be read yet: of a ledger that was lost, it may be what is to be
        written, or a version of it. Dead and held ones are for a person to see, and nobody waits for them."""
        if (key := self.ledger.work.unread(self.route.name, self.route.dicom.name, STUDY)) is not None:
            raise Waiting(f"{self.route.dicom.name}: {key} cannot be read yet, and may be its SR", key)

    def _taken_in(self, present: Present, root: str, link: Link | None) -> list[Link]:
        """Documents of members that stood alone before a report claimed them."""
        found: dict[str, Link] = {}
        for key in present.versions:
            other = self.ledger.links.of(self.route.name, key)
            if key != root and key.startswith("Observation/"):
                alone = other if other is not None and other.root == key else None
                other = stored_after_all(self.route, self.ledger, key, "fhir", alone) or other
            if other is None or other.dicom_digest == STRANGE:
                continue
            if other.root == key != root and (link is None or other.document != link.document):
                found[other.document] = other
        return [found[name] for name in sorted(found)]

    def _translated(self, group: Group, former: tuple[Version, ...], before: DataSet | None) -> Document:
        """`before`: a version that names the patient by the identifier that was taken then."""
        known = self.route.known() if before is None else as_named_in(before, self.route.known())
        return checked_to_dicom(group, self.mapping, replace(known, supersedes=former)).result


def _born(group: Group) -> str:
    return "dicom" if born_uid(group.root) else "fhir"
