"""One group of resources -> the instance that says the same, in the PACS."""

from __future__ import annotations

from dataclasses import replace

from bridge.codecs import fhir
from bridge.codecs.dicom import reader, structured_report, writer
from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger, Link
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet, Element
from bridge.model.document import Document
from bridge.model.sr import write_document
from bridge.model.tags import PATIENT_ID
from bridge.stores.store import Instance, Write
from bridge.sync.content import dataset_digest, group_digest
from bridge.sync.decide import Act, decide
from bridge.sync.failpoint import failpoint
from bridge.sync.held import Held, Waiting
from bridge.sync.news import news
from bridge.sync.resources import Present
from bridge.sync.route import Route
from bridge.translate.amend import version_of
from bridge.translate.header import born_uid
from bridge.translate.identity import ISSUER, QUALIFIERS
from bridge.translate.ids import Version
from bridge.translate.selfcheck import checked_to_dicom

_WAITS = {"registered": "waits for a result", "cancelled": "cancelled"}


class ToDicom:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping) -> None:
        self.route, self.ledger, self.mapping = route, ledger, mapping

    def settle(self, present: Present) -> str:
        """Brings the PACS in step with the group; returns the act. Raises Held where a person has to decide."""
        group = present.group
        root = f"{group.root['resourceType']}/{group.root['id']}"
        status = group.root.get("status", "")
        link = self.ledger.link_of(self.route.name, root)
        if link is not None and link.root != root:
            link = None  # it left a report: a document of its own
        if link is None and status in _WAITS:
            return "skipped"
        self._settled(link)
        for resource in group.whole():
            fhir.validate(resource)
        digest = group_digest(group)
        ours = news(link.fhir_digest if link else None, digest, retracted=status == "entered-in-error")
        head = self._head(link)
        theirs = news(link.dicom_digest if link else None, dataset_digest(head) if head is not None else None)
        decision = decide(ours, theirs)
        if decision.act is Act.HOLD:
            raise Held(decision.reason)
        if decision.act is Act.NOTHING:
            return "nothing"
        if self.route.direction == "to-fhir":
            return "skipped"
        return self._write(present, root, digest, link, head)

    def _settled(self, link: Link | None) -> None:
        """What was begun on the other side is finished first: what stands here may be half of it."""
        act, _ = (self.ledger.intended(link.document) if link else None) or ("", [])
        if act == "to-fhir":
            raise Waiting("an instance of this document is not yet in step")
        if act == "conflict":
            raise Held("the PACS has a newer version too; decide which one holds, then make them equal")

    def _head(self, link: Link | None) -> DataSet | None:
        """The newest instance of the document, as the PACS has it now."""
        stored = self.route.dicom.read([link.instance])[0] if link is not None else None
        return reader.read(stored.item.data).dataset if stored is not None else None

    def _write(self, present: Present, root: str, digest: str, link: Link | None, head: DataSet | None) -> str:
        taken_in = self._taken_in(present, root, link)
        former = tuple(Version(*one.chain[-1]) for one in [*([link] if link else []), *taken_in])
        document = self._translated(present, former)
        dataset = write_document(document)
        data = writer.write(dataset)
        structured_report.read(data)  # what we write we can read
        version = version_of(document)
        if head is not None and _patient(head) != _patient(document.header):
            raise Held("the patient is another than that of the version before; a document does not change its patient")
        name = link.document if link else f"{self.route.name}|{root}"
        keys = [*present.versions, version.sop_instance]
        target = self.route.dicom.key_of(data)
        (there,) = self.route.dicom.read([target])
        self.ledger.intend(self.route.name, name, "to-dicom", self.route.dicom.name, [version.sop_instance])
        failpoint("intended")
        if there is None:
            (outcome,) = self.route.dicom.write([Write(version.sop_instance, Instance(data))])
            if outcome.error is not None:
                raise outcome.error
        elif reader.read(there.item.data).dataset != dataset:
            raise PermanentError(
                f"{self.route.dicom.name}: SOP Instance {version.sop_instance} is there already, "
                "with other content; it is kept"
            )
        failpoint("applied")
        agreed = Link(
            document=name,
            route=self.route.name,
            born="dicom" if born_uid(present.group.root) else "fhir",
            root=root,
            versions=present.versions,
            fhir_digest=digest,
            instance=target,
            dicom_digest=dataset_digest(dataset),
            chain=[*([] if link is None else link.chain), list(version)],
        )
        self.ledger.agree(agreed, keys, [one.document for one in taken_in])
        failpoint("agreed")
        return "adopted" if there is not None else "updated" if link else "created"

    def _taken_in(self, present: Present, root: str, link: Link | None) -> list[Link]:
        """Documents of members that stood alone before a report claimed them."""
        found: dict[str, Link] = {}
        for key in present.versions:
            other = self.ledger.link_of(self.route.name, key)
            if other is not None and other.root == key != root and (link is None or other.document != link.document):
                found[other.document] = other
        return [found[name] for name in sorted(found)]

    def _translated(self, present: Present, former: tuple[Version, ...]) -> Document:
        return checked_to_dicom(present.group, self.mapping, replace(self.route.known(), supersedes=former)).result


def _patient(header: DataSet) -> list[Element]:
    return [element for element in header if element.tag in (PATIENT_ID, ISSUER, QUALIFIERS)]
