"""A document whose resources are of another patient than its instances are filed under, because Patients were merged,
or a merge was undone: what that means for it. What we wrote follows; what the PACS wrote is its own to move."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import RETRACTED, VOID, Link
from bridge.ledger.view import instant
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet
from bridge.model.group import Group, Resource, reference_to
from bridge.model.sr import write_document
from bridge.sync.basis.held import Held
from bridge.sync.basis.route import Route
from bridge.sync.documents.instances import read_instance
from bridge.sync.documents.issued import fault_in
from bridge.sync.documents.resources import Present
from bridge.sync.patients.made_of import MadeOf, is_filed_under, made_of, moved_by_pacs, says_the_same, was_known_by
from bridge.sync.patients.merged import Survivor, hold, survivor
from bridge.sync.patients.refile import begun, refile, take_patients
from bridge.sync.patients.steps import Steps
from bridge.translate.header.chain import superseded_by
from bridge.translate.header.refiled import as_named_in
from bridge.translate.to_dicom import to_dicom


class Merges:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping) -> None:
        self.route, self.ledger, self.mapping = route, ledger, mapping

    def follow(self, present: Present, link: Link | None, head: DataSet | None) -> str | None:
        """Files the document under whom it is of now, or agrees on that; returns the act. None where no merge is
        concerned, or it asks for nothing. Raises Held where a person decides."""
        if link is None or head is None or present.group.patient is None:
            return None
        to = survivor(self.route, present.group.patient)
        moved = not is_filed_under(self.route, head, link.born, to.patient)
        changed = present.state not in (link.fhir_digest, RETRACTED)
        unfinished = begun(self.ledger, link)
        if not (moved or changed or unfinished):
            return None
        if moved and link.born == "fhir" and moved_by_pacs(head):
            raise Held(
                f"{self.route.dicom.name} has moved it to another patient than {to.key}, whose it is in "
                f"{self.route.fhir.name}: merge them there too, or move it back"
            )
        was = made_of(self.route, head, link.born, present.group.patient)
        if was is None or survivor(self.route, was.patient).key != to.key:
            if moved:
                self._by_no_merge(link, head, was, to, changed=changed)
            return None
        elsewhere = moved or link.born == "fhir" or was.subject != reference_to(present.group.patient)
        stands = link.dicom_digest not in VOID  # what was void, and is right again, is a new version
        same = changed and stands and elsewhere and says_the_same(self.route, self.mapping, present, head, was)
        agreed = replace(link, fhir_digest=present.state, versions=present.versions) if same else link
        if link.born == "fhir" and (moved or unfinished) and self.route.writes_dicom:
            return self.file(present.group, agreed, head, was, to)
        if not same:
            return None
        self.ledger.links.agree(agreed, list(present.versions))
        return "agreed"

    def file(self, group: Group, link: Link, head: DataSet, was: MadeOf, to: Survivor) -> str:
        """Files all versions under `to`, whom the document is of now; `link` says what both sides agree on then."""
        hold(self.route, tuple(dict.fromkeys((reference_to(was.patient), to.key))))
        take_patients(self.route, self.ledger, was, to)
        when = was.patient.get("meta", {}).get("lastUpdated") or instant(self.ledger.now())
        steps = Steps(self.route, self.ledger, self.mapping, link, head, to, when).all(group)
        return refile(self.route, self.ledger, link, steps, was, to)

    def says(self, present: Present, link: Link, head: DataSet) -> bool:
        """Whether the document is what is made of these resources in its place: of whoever was merged since, too."""
        known = replace(as_named_in(head, self.route.known()), supersedes=superseded_by(head))
        again = to_dicom(present.group, self.mapping, known)
        if fault_in(self.route, write_document(again.result), head) is None:
            return True
        if present.group.patient is None or (was := made_of(self.route, head, link.born)) is None:
            return False
        to = survivor(self.route, present.group.patient)
        if survivor(self.route, was.patient).key != to.key:
            return False
        return says_the_same(self.route, self.mapping, present, head, was)

    def begin(self, group: Group) -> None:
        """Before a new document is written. Raises Held where a person decides whose it is."""
        if group.patient is not None:
            last = survivor(self.route, group.patient)
            if len(last.through) > 1:
                hold(self.route, last.through)

    def take_in(self, link: Link, group: Group) -> None:
        """Files a document that becomes part of another one under the patient of that."""
        head = read_instance(self.route, link.instance)
        if head is None or group.patient is None:
            return
        to = survivor(self.route, group.patient)
        if is_filed_under(self.route, head, link.born, to.patient):
            return
        was = made_of(self.route, head, link.born)
        if was is not None and survivor(self.route, was.patient).key == to.key:
            self.file(group, link, head, was, to)

    def _by_no_merge(self, link: Link, head: DataSet, was: MadeOf | None, to: Survivor, *, changed: bool) -> None:
        """Raises Held where it was made under a survivor, and the merge was undone since; where he has another number
        now, or never had that one; and where the PACS has it of somebody else, who does not change because resources
        do."""
        if link.born == "dicom" and changed:
            raise Held(
                f"{self.route.dicom.name} has it under another Patient ID than {to.key} has, whose it is in "
                f"{self.route.fhir.name}: a document does not change its patient; correct one or the other"
            )
        if link.born == "dicom" or link.dicom_digest in VOID:
            return
        if was is not None and to.key in [one.replaced for one in self.ledger.moves.of(link.document)]:
            raise Held(
                f"{self.route.dicom.name}: its newest version was made under {reference_to(was.patient)}, while that "
                f"one replaced {to.key}: merge them again, or enter it in error and store it anew"
            )
        if was_known_by(self.route, head, to.patient):
            return  # he has the number, or had it: whoever writes a new version compares
        whose = f", and {reference_to(was.patient)} has" if was is not None else ""
        raise Held(
            f"{self.route.dicom.name} has it under a Patient ID that {to.key} does not have{whose}: a document does "
            "not change its patient; enter it in error and store it anew, or correct identifier, subject or merge"
        )

    def as_filed(self, group: Group, link: Link | None, head: DataSet | None) -> Group:
        """The group, with the Patient as a new version has to name him: the survivor, where somebody replaced him; whom
        the PACS still has, where the document was born there."""
        if group.patient is None:
            return group
        patient = self._of_pacs(group.patient, head) if link is not None and link.born == "dicom" and head else None
        patient = patient or _of_survivor(self.route, group.patient)
        if patient is group.patient:
            return group
        return group.with_resources({id(group.patient): patient})

    def _of_pacs(self, patient: Resource, head: DataSet) -> Resource | None:
        if is_filed_under(self.route, head, "dicom", patient):
            return patient
        was = made_of(self.route, head, "dicom")
        if was is None or survivor(self.route, was.patient).key != survivor(self.route, patient).key:
            return None
        return was.patient | {"id": patient["id"]}


def _of_survivor(route: Route, patient: Resource) -> Resource:
    """Named by his own id, with what the survivor says."""
    last = survivor(route, patient)
    return last.patient | {"id": patient["id"]} if len(last.through) > 1 else patient
