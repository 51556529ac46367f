"""One instance -> the resources that say the same, in the FHIR server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge.codecs import fhir
from bridge.codecs.dicom import structured_report
from bridge.codecs.dicom.structured_report import NotStructuredReportError
from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger, Link
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource, renamed
from bridge.model.sr import write_document
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.stores.store import Stored, Write
from bridge.sync.content import as_content, dataset_digest, resources_digest
from bridge.sync.decide import Act, decide
from bridge.sync.failpoint import failpoint
from bridge.sync.held import Held, Waiting
from bridge.sync.news import News, news
from bridge.sync.route import Route
from bridge.translate.amend import version_of
from bridge.translate.header import superseded_by
from bridge.translate.private import taken_out
from bridge.translate.restore import key_of
from bridge.translate.to_fhir import to_fhir

_RETRACTABLE = ("Observation", "DocumentReference")
_DEMOGRAPHICS = ("birthDate", "gender")


class ToFhir:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping) -> None:
        self.route, self.ledger, self.mapping = route, ledger, mapping

    def settle(self, key: str, *, patient: bool) -> str:
        """Brings the FHIR server in step with the instance; returns the act. Raises Held where a person decides, and
        Waiting, while `patient`, where a predecessor may still come."""
        (stored,) = self.route.dicom.read([key])
        if stored is None:
            return "nothing"  # gone already; deletions are found by comparison, not here
        try:
            document = structured_report.read(stored.item.data)
        except NotStructuredReportError:
            return "skipped"
        uid = text_of(document.header, SOP_INSTANCE_UID) or ""
        digest = dataset_digest(write_document(document))
        link = self.ledger.link_of(self.route.name, uid)
        if link is not None and self._begun(link, uid):
            return self._write(document, key, digest, link)
        if link is not None:
            return self._known(link, uid, digest)
        former = self._former(document, patient)
        if former is None and (root := _root_in_fhir(document)) is not None:
            return self._ours(root)
        if self.route.direction == "to-dicom":
            return "skipped"
        return self._write(document, key, digest, former)

    def _begun(self, link: Link, uid: str) -> bool:
        """Whether writing this version was begun and is not agreed, or is held as a conflict."""
        act, keys = self.ledger.intended(link.document) or ("", [])
        return act in ("to-fhir", "conflict") and uid in keys and uid not in {one[3] for one in link.chain}

    def _known(self, link: Link, uid: str, digest: str) -> str:
        head = link.chain[-1][3]
        if uid != head or digest == link.dicom_digest:
            return "nothing"  # a former version, or our own writing
        raise PermanentError(
            f"{self.route.dicom.name}: SOP Instance {uid} has other content than it had; a UID names one "
            "content: store the new one under a new UID, with its predecessor"
        )

    def _former(self, document: Document, patient: bool) -> Link | None:
        """The document that this instance is a new version of."""
        named = [version.sop_instance for version in superseded_by(document.header)]
        links = [link for uid in named if (link := self.ledger.link_of(self.route.name, uid)) is not None]
        if named and not links and patient:
            raise Waiting("its predecessor may be among what is still owed")
        if len({link.document for link in links}) > 1:
            raise Held("it supersedes several documents; joining them is not there yet")
        if links and links[0].chain[-1][3] not in named:
            raise Held("it supersedes a version that is not the newest; store one that names the newest")
        return links[0] if links else None

    def _ours(self, root: str) -> str:
        """Made by a bridge from resources: the resources decide, if they are there."""
        if self.route.fhir.read([root])[0] is None:
            raise Held(
                f"made by a bridge from {root}, which is not in {self.route.fhir.name}; is this its FHIR server?"
            )
        self.ledger.owe(self.route.name, self.route.fhir.name, root)
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
        present = self._present(resources, link)
        decision = decide(self._news(link, present, resources), News.CHANGED if link else News.NEW)
        if link is not None and _subject(present.get(root)) not in (None, resources[0].get("subject")):
            raise Held("the patient is another than that of the version before; a document does not change its patient")
        if link is not None and decision.act is Act.HOLD:
            uids = [version.sop_instance]
            self.ledger.intend(self.route.name, link.document, "conflict", self.route.fhir.name, uids)
        if decision.act in (Act.HOLD, Act.ADOPT):
            raise Held(
                decision.reason or f"{root} is there already, with other content; make them equal, or remove one"
            )
        keys = [f"{one['resourceType']}/{one['id']}" for one in resources]
        items += [Write(key, one, _version_of(present, key)) for key, one in zip(keys, resources, strict=True)]
        left = sorted(key for key in present.keys() - set(keys) if key.partition("/")[0] in _RETRACTABLE)
        items += [Write(key, _retracted(present[key].item), present[key].version) for key in left]
        name = link.document if link else f"{self.route.name}|{version.sop_instance}"
        self.ledger.intend(self.route.name, name, "to-fhir", self.route.fhir.name, [*keys, version.sop_instance])
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
            chain=[*([] if link is None else link.chain), list(version)],
        )
        former = [one.sop_instance for one in superseded_by(document.header)]  # should they come later
        self.ledger.agree(agreed, [*keys, version.sop_instance, *former])
        failpoint("agreed")
        return "updated" if link else "created"

    def _present(self, resources: Sequence[Resource], link: Link | None) -> dict[str, Stored[Resource]]:
        keys = {f"{one['resourceType']}/{one['id']}" for one in resources} | set(link.versions if link else ())
        return {one.key: one for one in self.route.fhir.read(sorted(keys)) if one is not None}

    def _news(self, link: Link | None, present: dict[str, Stored[Resource]], resources: Sequence[Resource]) -> News:
        """What the FHIR side says. Without a link, equal resources at these places are the writing of a former run
        whose ledger is lost; others are somebody else's, or were edited since."""
        keys = [f"{one['resourceType']}/{one['id']}" for one in resources]
        written = [present[key].item for key in keys if key in present]
        if link is not None and len(written) == len(keys) and resources_digest(written) == resources_digest(resources):
            return News.SAME  # our own writing, before a kill
        if link is not None:
            now = [present[key].item for key in link.versions if key in present]
            return news(link.fhir_digest, resources_digest(now) if now else None)
        foreign = [key for key in present if not self.ledger.document_of(self.route.name, key)]
        if not foreign or resources_digest(one.item for one in present.values()) == resources_digest(resources):
            return News.ABSENT
        return News.NEW

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


def _retracted(resource: Resource) -> Resource:
    return as_content(resource) | {"status": "entered-in-error"}
