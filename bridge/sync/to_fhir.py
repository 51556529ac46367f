"""One instance -> the resources that say the same, in the FHIR server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bridge.codecs import fhir
from bridge.codecs.dicom import structured_report
from bridge.codecs.dicom.structured_report import NotStructuredReportError
from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link, extended
from bridge.ledger.moves import Move
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Resource, reference_to, renamed
from bridge.model.sr import write_document
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.stores.store import Stored, Write
from bridge.sync.agreement import acknowledged, decided, state_of
from bridge.sync.content import dataset_digest, resources_digest
from bridge.sync.decide import Side
from bridge.sync.failpoint import failpoint
from bridge.sync.feed import take_created
from bridge.sync.filter import carries_document, carries_patient
from bridge.sync.followed import UNDONE, followed, is_undone
from bridge.sync.hands import document_of, holds, take
from bridge.sync.held import Held, Waiting
from bridge.sync.instances import key_of_version
from bridge.sync.lost_answer import no_second_head
from bridge.sync.moved import alone, of_another_patient, take_place
from bridge.sync.news import GONE, RETRACTED, UNKNOWN, News, news
from bridge.sync.rebuild import is_own, rebuild
from bridge.sync.refile import MERGE, UNMERGE
from bridge.sync.replace import REPLACING
from bridge.sync.route import Route
from bridge.sync.studies_of_document import referred, set_apart
from bridge.sync.subject import is_same_person, subject, subject_of
from bridge.sync.void import take_absence, take_note, void
from bridge.sync.withdraw import retracted, unfinished
from bridge.translate.chain import superseded_by, version_of
from bridge.translate.ids import Version
from bridge.translate.private import taken_out
from bridge.translate.rejection import rejection_of, voided
from bridge.translate.restore import key_of
from bridge.translate.to_fhir import to_fhir

_RETRACTABLE = ("Observation", "DocumentReference")


class ToFhir:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping) -> None:
        self.route, self.ledger, self.mapping = route, ledger, mapping

    def settle(self, key: str) -> str:
        """Brings the FHIR server in step with the instance; returns the act. Raises Held where a person decides,
        Waiting where a predecessor comes first, Busy where the document is in other hands, and Absent."""
        (stored,) = self.route.dicom.read([key])
        if stored is None:
            act = take_absence(self.route, self.ledger, key)
            self.ledger.feeds.forget(self.route.name, self.route.dicom.name, key)
            return act
        try:
            document = structured_report.read(stored.item.data)
        except NotStructuredReportError:
            return "skipped"
        uid = text_of(document.header, SOP_INSTANCE_UID) or ""
        if (rejection := rejection_of(document)) is not None:
            return take_note(self.route, self.ledger, rejection, uid)
        take(self.route, self.ledger, [uid, *(one.sop_instance for one in superseded_by(document.header))])
        digest = dataset_digest(write_document(document))
        link = self.ledger.links.of(self.route.name, uid)
        if link is not None:
            link = unfinished(self.route, self.ledger, link) or link
            if self._begun(link, uid) or (link.head == uid and link.dicom_digest in (GONE, UNKNOWN)):
                return self._write(document, key, digest, link)
            if link.head == uid and link.dicom_digest == digest and is_undone(self.route, self.ledger, link):
                return self._write(document, key, digest, replace(link, dicom_digest=UNDONE), moved=True)
            return self._known(link, document, digest) or self._moved(document, key, digest, link)
        former, root = self._former(document), _root_in_fhir(document)
        if (
            root is not None
            and (former is None or former.born == "fhir")
            and is_own(document, self.route, self.mapping)
        ):
            take(self.route, self.ledger, [root])
            return self._ours(document, key, digest, root)
        if self.route.direction == "to-dicom" or not self._is_carried(document, former):
            return "skipped"
        return self._write(document, key, digest, former)

    def _is_carried(self, document: Document, link: Link | None) -> bool:
        return (link is not None and link.born == "fhir") or carries_document(self.route.only, document)

    def gone(self, link: Link) -> str:
        """The head instance was deleted, asked directly and certain."""
        act, _ = self.ledger.links.intended(link.document) or ("", [])
        link = unfinished(self.route, self.ledger, link) or link
        awaited = self.ledger.work.awaited(self.route.name, link.instance)
        if awaited:  # it is there under another patient
            self.ledger.links.wake(self.route.name, link.instance)
            return "nothing"
        if act.partition(":")[0] in (REPLACING, MERGE, UNMERGE):  # it was missing between the one and the other
            self.ledger.work.owe(self.route.name, self.route.dicom.name, link.instance)
            return "nothing"
        return void(self.route, self.ledger, link, GONE)

    def _begun(self, link: Link, uid: str) -> bool:
        """Whether writing this version was begun and is not agreed."""
        act, keys = self.ledger.links.intended(link.document) or ("", [])
        return act == "to-fhir" and uid in keys and uid not in {one[3] for one in link.chain}

    def _known(self, link: Link, document: Document, digest: str) -> str | None:
        """None of the newest version with other content than it had."""
        uid = version_of(document).sop_instance
        if uid != link.head:
            no_second_head(self.route, self.ledger, self.mapping, link, document)
            return "nothing"  # a former version, or one that is looked at with its resources
        if voided(self.ledger.rejections.of(self.route.name, uid)):
            return void(self.route, self.ledger, link, RETRACTED)
        if news(link.dicom_digest, digest) is News.SAME:  # our own writing, or it is there again
            self.ledger.conflicts.drop(self.route.name, link.instance)
            return "nothing"
        return None

    def _moved(self, document: Document, key: str, digest: str, link: Link) -> str:
        known = of_another_patient(self.route, self.ledger, self.mapping, link, document)
        if known is None:
            raise PermanentError(
                f"{self.route.dicom.name}: SOP Instance {link.head} has other content than it had; a UID names one "
                "content: store the new one under a new UID, with its predecessor"
            )
        alone(self.route, link, key)
        if link.born == "fhir":
            return take_place(self.route, self.ledger, link, key, digest)
        return self._write(document, key, digest, known, moved=True)

    def _former(self, document: Document) -> Link | None:
        """The document that this instance is a new version of. A predecessor that is not in the PACS is waited for by
        nobody, and one that is rejected and never crossed has nothing to amend."""
        named = superseded_by(document.header)
        links = [link for one in named if (link := self.ledger.links.of(self.route.name, one.sop_instance)) is not None]
        if len({link.document for link in links}) > 1:
            raise Held("it supersedes several documents; joining them is not there yet")
        if links and links[0].head not in {one.sop_instance for one in named}:
            for one in named:
                if self._begun(links[0], one.sop_instance):
                    key = key_of_version(self.route, document.header, one)
                    raise Waiting("its predecessor comes first, which was begun", key)
            raise Held("it supersedes a version that is not the newest; store one that names the newest")
        if not links and self.route.direction != "to-dicom":
            for one in named:
                void = voided(self.ledger.rejections.of(self.route.name, one.sop_instance))
                key = key_of_version(self.route, document.header, one)
                if void or self.ledger.feeds.is_settled(self.route.name, self.route.dicom.name, key):
                    continue  # nothing will come of it: the route does not carry it, or a person dropped it
                if self.route.dicom.absent([key]) == [None]:  # there, if readable or not
                    raise Waiting("its predecessor comes first, which is still owed, held or dead", key)
        return links[0] if links else None

    def _ours(self, document: Document, key: str, digest: str, root: str) -> str:
        """Written by a bridge, whose ledger is lost or older: the resources decide, if they are there."""
        if self.route.fhir.read([root])[0] is None:
            if voided(self.ledger.rejections.of(self.route.name, version_of(document).sop_instance)):
                return "nothing"
            raise Held(
                f"made by a bridge from {root}, which is not in {self.route.fhir.name}; is this its FHIR server?"
            )
        rebuild(self.route, self.ledger, document, key, digest, root)
        return "nothing"

    def _write(self, document: Document, instance: str, digest: str, link: Link | None, *, moved: bool = False) -> str:
        version = version_of(document)
        first = link.chain[0][3] if link else version.sop_instance
        known = replace(self.route.known(document.header), document=first)
        group = to_fhir(document, self.mapping, known).result
        if not carries_patient(self.route.only, group):
            return "skipped"
        resources, views = set_apart(self.route, list(group.resources()), known)
        for resource in (*resources, *([group.patient] if group.patient is not None else ())):
            fhir.validate(resource)
        root = reference_to(group.root)
        take(self.route, self.ledger, [root])
        whose = subject(self.route, self.ledger, group, corrected=moved and self.route.demographics == "from-dicom")
        items, renames = list(whose.items), whose.renames
        mine = holds(self.route, self.ledger, views)
        there = self._stored([*map(reference_to, resources), *_versions(link), *views])
        present = {key: one for key, one in there.items() if key not in views}
        named, studies = referred(self.route, views, there, mine=mine)
        resources = [renamed(one, renames | named) for one in resources]
        items += [Write(one.key, renamed(one.item, renames)) for one in studies]
        before, now = subject_of(present.get(root)), resources[0].get("subject")
        others = before not in (None, now)
        if link is not None and others and not moved and not is_same_person(self.route, before, now):
            raise Held("the patient is another than that of the version before; a document does not change its patient")
        rejected = voided(self.ledger.rejections.of(self.route.name, version.sop_instance))
        if link is not None:
            newer = replace(link, instance=instance, chain=extended(link.chain, version))
            if rejected:
                return void(self.route, self.ledger, newer, RETRACTED)
            if link.fhir_digest == UNKNOWN and version.sop_instance != link.head:
                return acknowledged(self.route, self.ledger, replace(newer, dicom_digest=digest))
            here = self._here(link, present, resources)
            if decided(self.route, self.ledger, link, here, digest, instance).on is not Side.FHIR:
                return acknowledged(self.route, self.ledger, replace(newer, dicom_digest=digest))
        elif present and resources_digest(one.item for one in present.values()) != resources_digest(resources):
            if rejected and state_of(root, list(present), present) == RETRACTED:
                return "skipped"
            return self._occupied(version, root, present, instance)
        elif rejected:
            return "skipped"
        keys = [reference_to(one) for one in resources]
        items += [Write(key, one, _version_of(present, key)) for key, one in zip(keys, resources, strict=True)]
        left = sorted(key for key in present.keys() - set(keys) if key.partition("/")[0] in _RETRACTABLE)
        items += [Write(key, retracted(present[key].item), present[key].version) for key in left]
        name = document_of(self.route, version.sop_instance, link)
        move = followed(self.route, self.ledger, name, version.sop_instance, whose.merged)
        written = self._put(name, items, [*keys, *(one.key for one in studies), version.sop_instance], move)
        agreed = Link(
            document=name,
            route=self.route.name,
            born=link.born if link else "dicom",
            root=root,
            versions={one: written[one].version for one in keys},
            fhir_digest=resources_digest(written[one].item for one in keys),
            instance=instance,
            dicom_digest=digest,
            chain=extended(link.chain if link else (), version),
        )
        former = [one.sop_instance for one in superseded_by(document.header)]  # should they come later
        self.ledger.links.agree(agreed, [*keys, version.sop_instance, *former])
        if link is None and not present and whose.merged is None:
            take_created(self.route, self.ledger, [written[one.key] for one in items])
        if whose.merged is None:
            self.ledger.moves.forget(self.route.name, [one[3] for one in agreed.chain])
        failpoint("agreed")
        return "updated" if link else "created"

    def _put(
        self, name: str, items: Sequence[Write[Resource]], keys: Sequence[str], move: Move | None
    ) -> dict[str, Stored[Resource]]:
        """In one transaction, after saying so in the ledger; by the keys that were asked for."""
        self.ledger.links.intend(self.route.name, name, "to-fhir", self.route.fhir.name, keys, move=move)
        failpoint("intended")
        written: dict[str, Stored[Resource]] = {}
        for outcome, item in zip(self.route.fhir.write(items), items, strict=True):
            if outcome.error is not None or outcome.stored is None:
                raise outcome.error or PermanentError(f"{self.route.fhir.name}: {item.key} was not answered")
            written[item.key] = outcome.stored
        failpoint("applied")
        return written

    def _stored(self, keys: Iterable[str]) -> dict[str, Stored[Resource]]:
        return {one.key: one for one in self.route.fhir.read(sorted(set(keys))) if one is not None}

    def _here(self, link: Link, present: dict[str, Stored[Resource]], resources: Sequence[Resource]) -> str:
        """State of the FHIR side; our own writing, before a kill, is as if it had not changed."""
        keys = [reference_to(one) for one in resources]
        written = [present[key].item for key in keys if key in present]
        if len(written) == len(keys) and resources_digest(written) == resources_digest(resources):
            return link.fhir_digest
        return state_of(link.root, link.versions, present)

    def _occupied(self, version: Version, root: str, present: dict[str, Stored[Resource]], instance: str) -> str:
        """Other content at the very place that is derived from it: of a later version, where the ledger was lost, or a
        conflict. The resources are looked at when all versions are known."""
        if root not in present:
            raise Held(f"{', '.join(sorted(present))} are there already, of somebody else")
        name = document_of(self.route, version.sop_instance, None)
        versions = {key: one.version for key, one in present.items()}
        link = Link(name, self.route.name, "dicom", root, versions, UNKNOWN, instance, UNKNOWN, [list(version)])
        self.ledger.work.owe(self.route.name, self.route.fhir.name, root)
        self.ledger.links.agree(link, [*versions, version.sop_instance])
        return "nothing"


def _versions(link: Link | None) -> Iterable[str]:
    return link.versions if link is not None else ()


def _root_in_fhir(document: Document) -> str | None:
    """`Type/id` of the root resource that a document of ours was made from."""
    _, pieces = taken_out(document)
    return key_of(pieces)


def _version_of(present: dict[str, Stored[Resource]], key: str) -> str | None:
    return present[key].version if key in present else None
