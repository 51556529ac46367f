"""The steps by which all versions of a document of ours, and the notes by which we rejected some of them, are filed
under one patient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bridge.codecs.dicom import reader
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet, merged, text_of
from bridge.model.group import Group
from bridge.model.identity import identity_in
from bridge.model.sr import read_document
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.model.version import Version
from bridge.stores.store import Instance, Stored
from bridge.sync.basis.held import UNDER_TWO, Held, Waiting
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import dataset_digest
from bridge.sync.documents.instances import key_of_version
from bridge.sync.documents.own import is_own
from bridge.sync.patients.made_of import made_of
from bridge.sync.patients.merged import Survivor, survivor
from bridge.translate.header.refiled import beside, filed_under, identity_as, is_refiled, without_patient
from bridge.translate.rejection import note_series, note_uid, voided


class Step(NamedTuple):
    """Files one instance."""

    uid: str
    data: DataSet  # as it is to be
    left: list[str]  # keys of the places from which it is to be removed


class _Places(NamedTuple):
    """Where one instance is."""

    there: DataSet | None  # under the patient under whom it is to be
    others: dict[str, DataSet]  # under others, by key


class Steps:
    """The steps for one document, whose newest version is `head`. `when`: the FHIR instant of the merge."""

    def __init__(
        self, route: Route, ledger: Ledger, mapping: Mapping, link: Link, head: DataSet, to: Survivor, when: str
    ) -> None:
        self.route, self.ledger, self.mapping, self.link = route, ledger, mapping, link
        self.head, self.to, self.when = head, to, when
        self.identity = identity_as(to.patient, route.known())
        nobodys = merged(head, (), without=[one.tag for one in identity_in(head)])
        self.under = merged(nobodys, self.identity)
        self.moves = {one.instance: one for one in ledger.moves.of(link.document)}

    def all(self, group: Group) -> list[Step]:
        """All steps, that of the newest version last. Raises Held where an instance is not ours to move."""
        chain = list(self.link.chain)
        self._study_is_ours(group, chain)
        final: dict[str, DataSet] = {}
        found = {one.sop_instance: self._version(one, final) for one in chain}
        last = found.pop(self.link.head)
        notes = [self._note(chain, note, rejected, final) for note, rejected in self._notes(chain).items()]
        return [step for step in (*found.values(), *notes, last) if step is not None]

    def _places(self, version: Version) -> _Places:
        move = self.moves.get(version.sop_instance)
        target = key_of_version(self.route, self.under, version)
        keys = [target, key_of_version(self.route, self.head, version), *((move.before, move.after) if move else ())]
        found = {one.key: reader.read(one.item.data).dataset for one in self._read(dict.fromkeys(keys))}
        there = found.get(target)
        if there is not None and identity_in(there) == self.identity:
            del found[target]
        else:
            there = None
        return _Places(there, found)

    def _read(self, keys: Iterable[str]) -> list[Stored[Instance]]:
        return [one for one in self.route.dicom.read(list(keys)) if one is not None]

    def _version(self, version: Version, final: dict[str, DataSet]) -> Step | None:
        """None where the version is nowhere, because superseded versions are removed or hidden; or where it is already
        in its place."""
        places = self._places(version)
        uid = version.sop_instance
        for other in places.others.values():
            self._is_ours(uid, other)
        data = places.there
        for other in places.others.values():
            data = data or filed_under(other, self.to.patient, self.mapping, self.route.known(), self.when)
            self._same(data, other)
            self._as_it_was(uid, data)
        if data is not None:
            final[uid] = data
        return self._step(uid, data, places)

    def _step(self, uid: str, data: DataSet | None, places: _Places) -> Step | None:
        if data is None or not places.others:
            return None
        target = self.route.dicom.key_of(data)
        return Step(uid, data, [key for key in places.others if key != target])

    def _is_ours(self, uid: str, dataset: DataSet) -> None:
        if not is_own(read_document(dataset), self.route, self.mapping):
            raise Held(
                f"{self.route.dicom.name}: SOP Instance {uid} of this document was written or changed by others, and "
                "is theirs to move: merge the patients there too"
            )
        was = made_of(self.route, dataset, "fhir")
        if was is None or survivor(self.route, was.patient).key != self.to.key:
            raise Held(
                f"{self.route.dicom.name}: SOP Instance {uid} was made of another patient than {self.to.key}, whose "
                "the document is now: no merge says why"
            )

    def _same(self, data: DataSet, other: DataSet) -> None:
        if without_patient(data) != without_patient(other):
            raise Waiting(UNDER_TWO)

    def _as_it_was(self, uid: str, data: DataSet) -> None:
        """Raises Held where what comes back is not what the undo list says it was."""
        move = self.moves.get(uid)
        if move is not None and not is_refiled(data) and move.digest != dataset_digest(data):
            raise Held(f"{self.route.dicom.name}: SOP Instance {uid} is not what it was when it was moved")

    def _notes(self, chain: list[Version]) -> dict[str, list[str]]:
        """The notes by which we rejected versions, each with the versions that it rejects. Raises Held where others
        have rejected one."""
        found = self.ledger.rejections.notes(self.route.name, sorted(chain))
        voiding = {note: rejected for (note, reason), rejected in found.items() if voided([reason])}
        for (note, reason), rejected in found.items():
            if note in voiding and note != note_uid(rejected, reason, self.route.known()):
                raise Held(
                    f"{self.route.dicom.name}: a version of this document was rejected by others, whose note {note} is "
                    "theirs to move: merge the patients there too"
                )
        return voiding

    def _note(self, chain: list[Version], note: str, rejected: list[str], final: dict[str, DataSet]) -> Step | None:
        study = next(one.study for one in chain if one.sop_instance in rejected)
        version = Version(study, note_series(study, self.route.known()), "", note)
        said = next((final[one] for one in rejected if one in final), None)
        places = self._places(version)
        if said is None or not places.others:
            return None
        return self._step(note, beside(next(iter(places.others.values())), said), places)

    def _study_is_ours(self, group: Group, chain: list[Version]) -> None:
        """Raises Held where the document is in a study with instances of others, such as images: the PACS moves a study
        as a whole."""
        if not any(one["resourceType"] == "ImagingStudy" for one in group.members):
            return
        own = {one.sop_instance for one in chain} | self._notes(chain).keys()
        for header in self.route.dicom.study(self.route.dicom.study_of(self.head)):
            uid = text_of(header, SOP_INSTANCE_UID) or ""
            link = None if uid in own else self.ledger.links.of(self.route.name, uid)
            if uid not in own and (link is None or link.born != "fhir"):
                raise Held(
                    f"{self.route.dicom.name}: it stands in a study with instances of others, and a study is of one "
                    "patient: merge the patients there too"
                )
