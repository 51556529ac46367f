"""One group of resources -> what becomes of its document in the PACS: `write_dicom` writes it."""

from __future__ import annotations

from dataclasses import replace

from bridge.codecs import fhir
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import GONE, RETRACTED, UNKNOWN, Link, extended
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet
from bridge.model.group import Group
from bridge.model.version import Version
from bridge.sync.basis.begun import WRITING
from bridge.sync.basis.held import Waiting
from bridge.sync.basis.owe import owe_dicom, owe_fhir
from bridge.sync.basis.rejected import is_our_rejection, is_rejected
from bridge.sync.basis.route import Route
from bridge.sync.crossing.outdated import is_outdated, says_otherwise
from bridge.sync.crossing.write_dicom import WriteDicom, born_of
from bridge.sync.decision.content import dataset_digest
from bridge.sync.decision.decide import Act, Decision, decide
from bridge.sync.decision.filter import carries_group, carries_patient, has_crossed
from bridge.sync.decision.news import News, news
from bridge.sync.documents.instances import read_instance
from bridge.sync.documents.resources import Present
from bridge.sync.lost.lost_answer import stored_after_all
from bridge.sync.patients.demographics import propagate
from bridge.sync.patients.merge import Merges
from bridge.sync.void.withdraw import reject_instances, remove_instances, unfinished

_WAITS = ("registered", "cancelled")  # no result yet, or never


class ToDicom:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping) -> None:
        self.route, self.ledger, self.mapping = route, ledger, mapping
        self.merges = Merges(route, ledger, mapping)
        self._dicom = WriteDicom(route, ledger, mapping, self.merges)

    def settle(self, present: Present) -> str:
        """Brings the PACS in step with the group; returns the act. Raises Held where a person has to decide."""
        group, state = present.group, present.state
        link = self._link(present)
        if (link is None or link.fhir_digest == RETRACTED) and group.root.get("status", "") in _WAITS:
            return "skipped"
        head = self._head(link)
        if not self._is_carried(group, link) and not self._has_crossed(present, link):
            return "outside" if self.route.writes_dicom else "skipped"
        if link is not None and link.fhir_digest == UNKNOWN and head is not None and self._says(present, link, head):
            return self._adopted(present, link, head)
        outdated = link is not None and head is not None and state != RETRACTED and is_outdated(link, self.mapping)
        if link is not None:
            self._pacs_first(link, head)
            if outdated and link.born == "dicom" and self.route.writes_fhir:
                owe_dicom(self.route, self.ledger, link.instance)
                raise Waiting("its instance is translated anew first: the mappings, or the bridge, are newer")
        ours = news(link.fhir_digest if link else None, state)
        decision = decide(ours, News.SAME if link else News.ABSENT, self.route.policy)
        if decision.act is not Act.RETRACT and (done := self.merges.follow(present, link, head)) is not None:
            owe_fhir(self.route, self.ledger, present.root)  # it may say something else, too
            return done
        if outdated and decision.act is Act.NOTHING and link is not None and head is not None:
            decision = self._anew(present, link, head)
        if decision.act is Act.NOTHING:
            filed = replace(present, group=self.merges.as_filed(present.group, link, head))
            return propagate(self.route, self.ledger, self.mapping, filed, link, head) or "nothing"
        if not self.route.writes_dicom:
            return "skipped"
        if decision.act is Act.RETRACT and link is not None:
            return reject_instances(self.route, self.ledger, link, state, present.edited)
        for resource in group.whole():
            fhir.validate(resource)
        return self._dicom.write(present, link, head)

    def _link(self, present: Present) -> Link | None:
        """Of the document that is the root's own, once what was begun with it is ended."""
        root = present.root
        link = self.ledger.links.of(self.route.name, root)
        if link is None and self.ledger.intents.about(self.route.name, root) == WRITING:
            raise Waiting("the instance that it is written from is not yet in step")
        if link is not None and link.root != root:
            link = None  # it left a report: a document of its own
        self._dicom.as_sent(present, link)
        link = stored_after_all(self.route, self.ledger, root, born_of(present.group), link)
        return unfinished(self.route, self.ledger, link) if link is not None else None

    def _adopted(self, present: Present, link: Link, head: DataSet) -> str:
        """The head is what would be written: of a ledger that was lost, or is of yesterday."""
        taken_in = self._dicom.claimed(self._dicom.taken_in(present, link), link, head)
        chain: tuple[Version, ...] = ()
        for one in (version for each in (*taken_in, link) for version in each.chain):
            chain = extended(chain, one)
        there = self._state(link, head)
        if there == RETRACTED and present.state != RETRACTED:  # rejected before this was known: news for the FHIR side
            there = dataset_digest(head)
            owe_dicom(self.route, self.ledger, link.instance)
        agreed = replace(
            link,
            fhir_digest=present.state,
            dicom_digest=there,
            versions=present.versions,
            chain=chain,
            revision=self.mapping.revision,
        )
        self.ledger.links.agree(agreed, list(present.versions), [one.document for one in taken_in])
        return self.merges.follow(present, agreed, head) or "adopted"

    def _anew(self, present: Present, link: Link, head: DataSet) -> Decision:
        """Of a document from which nobody has news, and that an earlier translation wrote."""
        if link.born == "fhir" and self.route.writes_dicom:
            if says_otherwise(self.route, self.mapping, present, link, head):
                return decide(News.CHANGED, News.SAME, self.route.policy)
            self.ledger.links.agree(replace(link, revision=self.mapping.revision))
        return Decision(Act.NOTHING)

    def _is_carried(self, group: Group, link: Link | None) -> bool:
        if link is not None and link.born == "dicom":
            return carries_patient(self.route.only, group)
        return carries_group(self.route.only, group)

    def _has_crossed(self, present: Present, link: Link | None) -> bool:
        """Or a result of it has, which stood alone before."""
        return has_crossed(link) or (link is None and any(map(has_crossed, self._dicom.taken_in(present, link))))

    def _says(self, present: Present, link: Link, head: DataSet) -> bool:
        """Whether the head is what would be written now, in its place. Void resources say nothing, and nobody but they
        has said it of a head that we have rejected: a version after it says it again."""
        if present.state == RETRACTED or is_our_rejection(self.route, self.ledger, link.chain[-1]):
            return False
        for resource in present.group.whole():
            fhir.validate(resource)
        return self.merges.says(present, link, head)

    def gone(self, link: Link) -> str:
        """Brings the PACS in step with a root that was deleted, asked directly and certain; returns the act."""
        link = stored_after_all(self.route, self.ledger, link.root, link.born, link) or link
        link = unfinished(self.route, self.ledger, link)
        self._pacs_first(link, self._head(link))
        untold = self.ledger.links.untold(link.document, self.route.fhir.name)
        ours = News.GONE if untold else news(link.fhir_digest, GONE)
        act = decide(ours, News.SAME, self.route.policy).act
        if ours is News.SAME or act is Act.NOTHING:
            self.ledger.links.agree(replace(link, fhir_digest=GONE))
            return "nothing"
        if not self.route.writes_dicom:
            self.ledger.links.agree(replace(link, fhir_digest=GONE), untold=(self.route.fhir.name, link.root))
            return "nothing"
        if act is Act.REMOVE:
            return remove_instances(self.route, self.ledger, link, GONE)
        return reject_instances(self.route, self.ledger, link, GONE, None)

    def _pacs_first(self, link: Link, head: DataSet | None) -> None:
        """Raises Waiting where the PACS has news too: the instance is looked at first, with what stands here. What was
        begun there is finished first, for what stands here may be half of it."""
        if self.ledger.intents.of(link.document).kind == WRITING:
            raise Waiting("an instance of this document is not yet in step")
        conflict = self.ledger.conflicts.of(link.document)
        if conflict is None and news(link.dicom_digest, self._state(link, head)) is News.SAME:
            return
        instance = conflict.instance if conflict is not None else link.instance
        owe_dicom(self.route, self.ledger, instance)
        raise Waiting("its instance has news, too")

    def _state(self, link: Link, head: DataSet | None) -> str:
        if is_rejected(self.route, self.ledger, link.chain[-1]):
            return RETRACTED
        return dataset_digest(head) if head is not None else GONE

    def _head(self, link: Link | None) -> DataSet | None:
        """The newest instance of the document, as the PACS has it now."""
        return read_instance(self.route, link.instance) if link is not None else None
