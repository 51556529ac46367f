"""One study of the PACS -> its ImagingStudy in the FHIR server. The PACS is its source: what stands there is compared
with what the instances say, and written where that differs."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.codecs import fhir
from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import act_of
from bridge.ledger.moves import Move
from bridge.ledger.studies import StudyLink
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet
from bridge.model.group import Group, Resource, reference_to, renamed, same
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.stores.store import Stored, Write
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.hands import holds
from bridge.sync.basis.held import Absent, Busy
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import as_content
from bridge.sync.decision.filter import carries_patient
from bridge.sync.imaging.void_study import VOID_STUDY
from bridge.sync.patients.followed import followed
from bridge.sync.patients.merged import Survivor
from bridge.sync.patients.pseudonym import is_left_alone
from bridge.sync.patients.subject import patient_in_fhir
from bridge.translate.header.header import patient_of
from bridge.translate.header.imaging_study import OURS, first_of, has_images, imaging_study


class ImagingStudies:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping) -> None:
        self.route, self.ledger, self.mapping = route, ledger, mapping

    def settle(self, study: str) -> str:
        """Brings the ImagingStudy in step with the study; returns the act. Raises Absent where the study is not there
        any more, PermanentError where two patients have it, Held where its patient's identity was removed."""
        if not self.route.imaging_studies:
            return "nothing"  # owed before the route was configured otherwise
        headers = self.route.dicom.study(study)
        link = self.ledger.studies.of(self.route.name, study)
        if not headers:
            if link is None:
                return "nothing"
            raise Absent([study])
        if link is None and not has_images(headers):
            return "nothing"  # documents alone are no imaging study
        if link is None and any(is_left_alone(self.route, one) for one in headers):
            return "skipped"
        if (found := self._said(headers)) is None:
            return "outside"
        items, said, merged = found
        link = StudyLink(self.route.name, study, reference_to(said))
        self._take(link)
        self._not_of_two(link)
        (present,) = self.route.fhir.read([link.resource])
        if present is None and self.route.fhir.find("ImagingStudy", DICOM_UID_SYSTEM, said["identifier"][0]["value"]):
            return "skipped"  # somebody else has made one, and keeps it
        whole = _beside(said, present)
        if present is not None and same(whole, as_content(present.item)):
            self.ledger.studies.agree(link)
            return "nothing"
        fhir.validate(whole)
        move = followed(self.route, self.ledger, link.document, study, merged)
        self._write(link, [*items, _put(link.resource, whole, present)], move)
        if move is None:
            self.ledger.moves.forget(self.route.name, [study])
        return "updated" if present is not None else "created"

    def gone(self, study: str) -> str:
        """Brings the ImagingStudy in step with a study that was deleted, of which the PACS was asked directly; returns
        the act. Nothing is removed, because reports may refer to it."""
        link = self.ledger.studies.of(self.route.name, study)
        if link is None:
            return "nothing"
        self._take(link)
        (present,) = self.route.fhir.read([link.resource])
        act = "nothing"
        if others := self._others(link):
            for route, pacs, other in others:
                self.ledger.work.owe(route, pacs, other)
        elif present is not None and present.item.get("status") != VOID_STUDY and self.route.policy.deleted != "ignore":
            item = as_content(present.item) | {"status": VOID_STUDY}
            self._write(link, [_put(link.resource, item, present)])
            act = "retracted"
        self.ledger.studies.forget(link)
        return act

    def _others(self, link: StudyLink) -> list[tuple[str, str, str]]:
        """Route, PACS and study of other studies that the same ImagingStudy stands for: the study has moved to another
        patient, or another archive of the FHIR store has it, too."""
        archives = [(self.route.name, self.route.dicom.name), *self.route.beside]
        named = ((route, pacs, self.ledger.studies.named(route, link.resource)) for route, pacs in archives)
        found = [(route, pacs, one.study) for route, pacs, links in named for one in links]
        return [one for one in found if one != (self.route.name, self.route.dicom.name, link.study)]

    def _said(self, headers: Sequence[DataSet]) -> tuple[list[Write[Resource]], Resource, Survivor | None] | None:
        """What is to be written for its Patient, and the ImagingStudy that the instances say; None where the patient is
        outside the filter, and no ImagingStudy was made of the study yet, under whatever patient."""
        said = _said_by(self.route, self.mapping, headers)
        first = first_of(headers)
        patient = patient_of(first, self.mapping, self.route.known(first.header))
        group = Group(said, (), patient, "")
        made = self.ledger.studies.named(self.route.name, reference_to(said))
        if not made and not carries_patient(self.route.only, group):
            return None
        if patient is None:
            return [], said, None
        whose = patient_in_fhir(self.route, self.ledger, group)
        reference = renamed({"reference": f"Patient/{patient['id']}"}, whose.renames)
        return whose.items, said | {"subject": reference}, whose.merged

    def _take(self, link: StudyLink) -> None:
        """Raises Busy where another worker is about to write it."""
        if not holds(self.route, self.ledger, [link.resource]):
            raise Busy

    def _not_of_two(self, link: StudyLink) -> None:
        for other in self.ledger.studies.named(self.route.name, link.resource):
            if other.study != link.study and self.route.dicom.study(other.study):
                raise PermanentError(
                    f"{self.route.dicom.name}: one Study Instance UID under two Patient IDs ({link.study}, "
                    f"{other.study}): whose is it? Remove or correct one of them"
                )

    def _write(self, link: StudyLink, items: list[Write[Resource]], move: Move | None = None) -> None:
        store = self.route.fhir.name
        self.ledger.intents.intend(
            self.route.name, link.document, act_of("imaging-study"), store, [link.resource], move=move
        )
        failpoint("intended")
        for outcome in self.route.fhir.write(items):
            outcome.done(f"{self.route.fhir.name}: {link.resource}")
        failpoint("applied")
        self.ledger.studies.agree(link)
        failpoint("agreed")


def _beside(said: Resource, present: Stored[Resource] | None) -> Resource:
    """With what others have added to it, such as notes and the order that it is based on."""
    there = as_content(present.item) if present is not None else {}
    return {key: value for key, value in there.items() if key not in OURS} | said


def _put(key: str, item: Resource, present: Stored[Resource] | None) -> Write[Resource]:
    return Write(key, item, present.version if present is not None else None)


def _said_by(route: Route, mapping: Mapping, headers: Sequence[DataSet]) -> Resource:
    """What its instances say, but whose it is. Raises PermanentError."""
    known = route.known()
    try:
        return imaging_study(headers, None, known.zone, mapping, known)
    except ValueError as error:
        raise PermanentError(f"{route.dicom.name}: Study Instance UID (0020,000D) is no UID") from error
