"""One instance -> the resources that say the same, in the FHIR server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bridge.codecs import fhir
from bridge.codecs.dicom import structured_report
from bridge.codecs.dicom.structured_report import NotStructuredReportError
from bridge.errors import PermanentError
from bridge.ledger.conflicts import Conflict
from bridge.ledger.ledger import Ledger
from bridge.ledger.links import Link
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource, renamed
from bridge.model.sr import write_document
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.stores.store import Stored, Write
from bridge.sync.content import VOID, dataset_digest, resources_digest
from bridge.sync.decide import Act, Decision, Side, decide
from bridge.sync.failpoint import failpoint
from bridge.sync.held import Absent, Held, Waiting
from bridge.sync.news import GONE, RETRACTED, UNKNOWN, News, news
from bridge.sync.rebuild import is_own, rebuild
from bridge.sync.route import Route
from bridge.sync.withdraw import as_version, remove_resources, retract_resources, retracted, unfinished
from bridge.translate.chain import superseded_by, version_of
from bridge.translate.ids import Version
from bridge.translate.private import taken_out
from bridge.translate.rejection import (
    INCORRECT_WORKLIST,
    PATIENT_SAFETY,
    Rejection,
    rejection_of,
    voided,
)
from bridge.translate.restore import key_of
from bridge.translate.to_fhir import to_fhir

_RETRACTABLE = ("Observation", "DocumentReference")
_DEMOGRAPHICS = ("birthDate", "gender")


class ToFhir:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping) -> None:
        self.route, self.ledger, self.mapping = route, ledger, mapping

    def settle(self, key: str) -> str:
        """Brings the FHIR server in step with the instance; returns the act. Raises Held where a person decides,
        Waiting where a predecessor comes first, and Absent."""
        (stored,) = self.route.dicom.read([key])
        if stored is None:
            act = self._absent(key)
            self.ledger.feeds.forget(self.route.name, self.route.dicom.name, key)
            return act
        try:
            document = structured_report.read(stored.item.data)
        except NotStructuredReportError:
            return "skipped"
        uid = text_of(document.header, SOP_INSTANCE_UID) or ""
        if (rejection := rejection_of(document)) is not None:
            return self._note(rejection, uid)
        digest = dataset_digest(write_document(document))
        link = self.ledger.links.of(self.route.name, uid)
        if link is not None:
            link = unfinished(self.route, self.ledger, link) or link
            if self._begun(link, uid) or (link.head == uid and link.dicom_digest in (GONE, UNKNOWN)):
                return self._write(document, key, digest, link)
            return self._known(link, uid, digest)
        former, root = self._former(document), _root_in_fhir(document)
        if (
            root is not None
            and (former is None or former.born == "fhir")
            and is_own(document, self.route, self.mapping)
        ):
            return self._ours(document, key, digest, root)
        if self.route.direction == "to-dicom":
            return "skipped"
        return self._write(document, key, digest, former)

    def gone(self, link: Link) -> str:
        """The head instance was deleted, asked directly and certain."""
        return self._void(unfinished(self.route, self.ledger, link) or link, GONE)

    def _absent(self, key: str) -> str:
        link = self.ledger.links.headed_by(self.route.name, key)
        if link is None:
            if (root := self.ledger.conflicts.drop(self.route.name, key)) is not None:
                self.ledger.work.owe(self.route.name, self.route.fhir.name, root)
            return "nothing"
        reasons = self.ledger.rejections.of(self.route.name, link.head)
        if voided(reasons):  # and hidden, as some PACS do
            return self._void(link, RETRACTED)
        if news(link.dicom_digest, GONE) is News.SAME:
            return "nothing"
        if reasons:  # its retention has expired: no longer available, and as right as it was
            self.ledger.links.agree(replace(link, dicom_digest=GONE), list(link.versions))
            return "nothing"
        raise Absent([key])

    def _note(self, rejection: Rejection, uid: str) -> str:
        """What it rejects is looked at again; what is not there yet will be looked at when it comes."""
        fresh = self.ledger.rejections.add(self.route.name, rejection.instances, uid, rejection.reason.value)
        for instance in rejection.instances:
            link = self.ledger.links.of(self.route.name, instance)
            if link is not None and link.head == instance:
                self.ledger.work.owe(self.route.name, self.route.dicom.name, link.instance)
        for instance in self.ledger.conflicts.instances(self.route.name) if fresh else ():
            self.ledger.work.owe(self.route.name, self.route.dicom.name, instance)
        return "noted" if fresh else "nothing"

    def _begun(self, link: Link, uid: str) -> bool:
        """Whether writing this version was begun and is not agreed."""
        act, keys = self.ledger.links.intended(link.document) or ("", [])
        return act == "to-fhir" and uid in keys and uid not in {one[3] for one in link.chain}

    def _known(self, link: Link, uid: str, digest: str) -> str:
        if uid != link.head:
            return "nothing"  # a former version
        if voided(self.ledger.rejections.of(self.route.name, uid)):
            return self._void(link, RETRACTED)
        if news(link.dicom_digest, digest) is News.SAME:
            return "nothing"  # our own writing
        raise PermanentError(
            f"{self.route.dicom.name}: SOP Instance {uid} has other content than it had; a UID names one "
            "content: store the new one under a new UID, with its predecessor"
        )

    def _void(self, link: Link, state: str) -> str:
        """The document was rejected or deleted in the PACS."""
        if news(link.dicom_digest, state) is News.SAME:
            return "nothing"
        present = self._stored(link.versions)
        here = _state(link.root, link.versions, present)
        decision = self._decided(link, here, state, link.instance)
        if decision.act is Act.FORGET:
            self.ledger.links.forget(link.document)
            return "forgotten"
        if decision.act is Act.AGREE:
            self.ledger.links.agree(replace(link, fhir_digest=here, dicom_digest=state), list(link.versions))
            return "agreed"
        if decision.on is Side.DICOM:
            return self._acknowledged(replace(link, dicom_digest=state))
        if decision.on is None or self.route.direction == "to-dicom":  # known, and nothing follows
            self.ledger.links.agree(replace(link, dicom_digest=state), list(link.versions))
            return "skipped"
        reasons = self.ledger.rejections.of(self.route.name, link.head)
        if state == RETRACTED and not {PATIENT_SAFETY.value, INCORRECT_WORKLIST.value} & reasons:
            raise Held(f"rejected for quality reasons in {self.route.dicom.name}: retract it here too, or amend it")
        if decision.act is Act.REMOVE:
            return remove_resources(self.route, self.ledger, link, state)
        return retract_resources(self.route, self.ledger, link, present, state)

    def _acknowledged(self, link: Link) -> str:
        """The PACS has had its say, and FHIR holds: what FHIR has to say is looked at against that."""
        self.ledger.work.owe(self.route.name, self.route.fhir.name, link.root)
        self.ledger.links.agree(link, [link.head])
        failpoint("agreed")
        return "overruled"

    def _decided(self, link: Link, here: str, there: str, instance: str) -> Decision:
        """By the table, the route's policy, and what a person said of exactly these two states. Raises Held on a
        conflict, which is kept."""
        conflict = Conflict(link.document, self.route.name, link.root, self.route.dicom.name, instance, here, there)
        verdict = self.ledger.conflicts.verdict(conflict)
        policy = self.route.policy._replace(conflicts=verdict) if verdict else self.route.policy
        decision = decide(news(link.fhir_digest, here), news(link.dicom_digest, there), policy)
        if decision.act is Act.CONFLICT:
            self.ledger.conflicts.keep(conflict)
            raise Held(f"both sides have news; decide by `fhir-dicom conflicts {conflict.name} --holds fhir|dicom`")
        return decision

    def _former(self, document: Document) -> Link | None:
        """The document that this instance is a new version of. A predecessor that is not in the PACS is waited for by
        nobody, and one that is rejected and never crossed has nothing to amend."""
        named = superseded_by(document.header)
        links = [link for one in named if (link := self.ledger.links.of(self.route.name, one.sop_instance)) is not None]
        if len({link.document for link in links}) > 1:
            raise Held("it supersedes several documents; joining them is not there yet")
        if links and links[0].head not in {one.sop_instance for one in named}:
            raise Held("it supersedes a version that is not the newest; store one that names the newest")
        if not links and self.route.direction != "to-dicom":
            for one in named:
                void = voided(self.ledger.rejections.of(self.route.name, one.sop_instance))
                if not void and as_version(self.route, document.header, one) is not None:
                    raise Waiting("its predecessor comes first, which is still owed, held or dead")
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

    def _write(self, document: Document, instance: str, digest: str, link: Link | None) -> str:
        version = version_of(document)
        first = link.chain[0][3] if link else version.sop_instance
        group = to_fhir(document, self.mapping, replace(self.route.known(document.header), document=first)).result
        resources = list(group.resources())
        for resource in group.whole():
            fhir.validate(resource)
        root = f"{group.root['resourceType']}/{group.root['id']}"
        items, renames = self._patient(group)
        resources = [renamed(one, renames) for one in resources]
        present = self._stored([*(f"{one['resourceType']}/{one['id']}" for one in resources), *_versions(link)])
        if link is not None and _subject(present.get(root)) not in (None, resources[0].get("subject")):
            raise Held("the patient is another than that of the version before; a document does not change its patient")
        rejected = voided(self.ledger.rejections.of(self.route.name, version.sop_instance))
        if link is not None:
            newer = replace(link, instance=instance, chain=_with(link, version))
            if rejected:
                return self._void(newer, RETRACTED)
            if link.fhir_digest == UNKNOWN and version.sop_instance != link.head:
                return self._acknowledged(replace(newer, dicom_digest=digest))
            here = self._here(link, present, resources)
            if self._decided(link, here, digest, instance).on is not Side.FHIR:
                return self._acknowledged(replace(newer, dicom_digest=digest))
        elif (done := self._unlinked(document, root, present, resources, rejected, instance, digest)) is not None:
            return done
        keys = [f"{one['resourceType']}/{one['id']}" for one in resources]
        items += [Write(key, one, _version_of(present, key)) for key, one in zip(keys, resources, strict=True)]
        left = sorted(key for key in present.keys() - set(keys) if key.partition("/")[0] in _RETRACTABLE)
        items += [Write(key, retracted(present[key].item), present[key].version) for key in left]
        name = link.document if link else f"{self.route.name}|{version.sop_instance}"
        self.ledger.links.intend(self.route.name, name, "to-fhir", self.route.fhir.name, [*keys, version.sop_instance])
        failpoint("intended")
        written: dict[str, Stored[Resource]] = {}
        for outcome, item in zip(self.route.fhir.write(items), items, strict=True):
            if outcome.error is not None or outcome.stored is None:
                raise outcome.error or PermanentError(f"{self.route.fhir.name}: {item.key} was not answered")
            written[item.key] = outcome.stored
        failpoint("applied")
        agreed = Link(
            document=name,
            route=self.route.name,
            born=link.born if link else "dicom",
            root=root,
            versions={one: written[one].version for one in keys},
            fhir_digest=resources_digest(written[one].item for one in keys),
            instance=instance,
            dicom_digest=digest,
            chain=_with(link, version),
        )
        former = [one.sop_instance for one in superseded_by(document.header)]  # should they come later
        self.ledger.links.agree(agreed, [*keys, version.sop_instance, *former])
        failpoint("agreed")
        return "updated" if link else "created"

    def _stored(self, keys: Iterable[str]) -> dict[str, Stored[Resource]]:
        return {one.key: one for one in self.route.fhir.read(sorted(set(keys))) if one is not None}

    def _here(self, link: Link, present: dict[str, Stored[Resource]], resources: Sequence[Resource]) -> str:
        """State of the FHIR side; our own writing, before a kill, is as if it had not changed."""
        keys = [f"{one['resourceType']}/{one['id']}" for one in resources]
        written = [present[key].item for key in keys if key in present]
        if len(written) == len(keys) and resources_digest(written) == resources_digest(resources):
            return link.fhir_digest
        return _state(link.root, link.versions, present)

    def _unlinked(
        self,
        document: Document,
        root: str,
        present: dict[str, Stored[Resource]],
        made: Sequence[Resource],
        rejected: bool,
        instance: str,
        digest: str,
    ) -> str | None:
        """None where it is to be created: nothing stands at its place, or the same, of a run whose ledger is lost."""
        if not present or resources_digest(one.item for one in present.values()) == resources_digest(made):
            return "skipped" if rejected else None
        if rejected and _state(root, list(present), present) == RETRACTED:
            return "skipped"
        if root not in present:
            raise Held(f"{', '.join(sorted(present))} are there already, of somebody else")
        return self._unagreed(document, root, present, instance, digest)

    def _unagreed(
        self, document: Document, root: str, present: dict[str, Stored[Resource]], instance: str, digest: str
    ) -> str:
        """Other content at the very place that is derived from it: of a later version, where the ledger was lost, or a
        conflict. The resources are looked at when all versions are known."""
        version = version_of(document)
        name = f"{self.route.name}|{version.sop_instance}"
        versions = {key: one.version for key, one in present.items()}
        link = Link(name, self.route.name, "dicom", root, versions, UNKNOWN, instance, UNKNOWN, [list(version)])
        self.ledger.work.owe(self.route.name, self.route.fhir.name, root)
        self.ledger.links.agree(link, [*versions, version.sop_instance])
        return "nothing"

    def _patient(self, group: Group) -> tuple[list[Write[Resource]], dict[str, str]]:
        """The one Patient with that identifier, else a conditional create; never a rewrite."""
        if group.patient is None:
            return [], {}
        name = f"Patient/{group.patient['id']}"
        identifier = group.patient["identifier"][0]
        found = self.route.fhir.find("Patient", identifier["system"], identifier["value"])
        if len(found) > 1:
            raise PermanentError(
                f"{self.route.fhir.name}: {', '.join(one.key for one in found)} have the same identifier; merge them"
            )
        if not found:
            unless = (identifier["system"], identifier["value"])
            return [Write(name, group.patient, unless=unless)], {name: f"urn:uuid:{group.patient['id']}"}
        differ = [one for one in _DEMOGRAPHICS if _differ(group.patient.get(one), found[0].item.get(one))]
        if differ:
            raise PermanentError(
                f"the patient of the document and {found[0].key} have one identifier and differ in "
                f"{' and '.join(differ)}: two people? Give the issuer of Patient IDs, or correct one of them"
            )
        return [], {name: found[0].key}


def _with(link: Link | None, version: Version) -> list[list[str]]:
    chain = link.chain if link is not None else []
    return chain if list(version) in chain else [*chain, list(version)]


def _versions(link: Link | None) -> Iterable[str]:
    return link.versions if link is not None else ()


def _state(root: str, keys: Iterable[str], present: dict[str, Stored[Resource]]) -> str:
    """Of the FHIR side: as in `group_state`."""
    if root not in present:
        return GONE
    if present[root].item.get("status") in VOID:
        return RETRACTED
    return resources_digest(present[key].item for key in keys if key in present)


def _root_in_fhir(document: Document) -> str | None:
    """`Type/id` of the root resource that a document of ours was made from."""
    _, pieces = taken_out(document)
    return key_of(pieces)


def _subject(stored: Stored[Resource] | None) -> object:
    return stored.item.get("subject") if stored else None


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


def _version_of(present: dict[str, Stored[Resource]], key: str) -> str | None:
    return present[key].version if key in present else None
