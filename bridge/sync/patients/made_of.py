"""For which Patient of the FHIR server a document in the PACS was made, and under whom it is filed there. Patients may
have been merged since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from bridge.mapping.mapping import Mapping
from bridge.model.coercion import is_kept
from bridge.model.dataset import DataSet, charset_of, merged, text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource, reference_to, renamed
from bridge.model.identity import identity_in
from bridge.model.references import local
from bridge.model.sr import read_document, write_document
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.model.world import World
from bridge.sync.basis.held import Held
from bridge.sync.basis.route import Route
from bridge.sync.documents.resources import Present
from bridge.sync.listening.patient_news import replacing
from bridge.sync.patients.merged import survivor
from bridge.translate.basis.ids import Known
from bridge.translate.born_in_fhir.as_made import identity_digest
from bridge.translate.header.chain import superseded_by
from bridge.translate.header.identity import identifiers_of
from bridge.translate.header.refiled import as_named_in, identity_as, is_refiled, origin_of
from bridge.translate.header.whose import subject_of
from bridge.translate.remainder.private import taken_out
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir


class MadeOf(NamedTuple):
    subject: str  # `Patient/id` that its resources referred to
    patient: Resource  # whose identity it had; another one where that one was replaced already


def made_of(route: Route, head: DataSet, born: World, patient: Resource | None = None) -> MadeOf | None:
    """For whom the document was made, by what it says itself, even if it was filed under another patient since; None
    where nobody fits. `patient`: whose it is now, who as a rule is the same."""
    origin = origin_of(head)
    manifest = _manifest(origin)
    subject = local(manifest.get("subject") or "")
    identity = manifest.get("identity", identity_digest(origin))
    same = [patient] if patient is not None and subject == reference_to(patient) else []
    for candidates in (same, _named(route, subject) if subject else (), _identified(route, origin)):
        if (found := _only(candidates, identity, route.known())) is not None:
            return MadeOf(subject or reference_to(found), found)
    himself = [one for one in (same or _named(route, subject) if subject else ()) if reference_to(one) == subject]
    if (found := _only(himself, identity, as_named_in(origin, route.known()))) is not None:
        return MadeOf(reference_to(found), found)
    if born == "dicom" and identity == identity_digest(origin):  # who it names is who it was made of, in its own words
        has_it = _identified(route, origin)
        if len({survivor(route, one).key for one in has_it}) == 1:
            return MadeOf(subject or reference_to(has_it[0]), has_it[0])
    return None


def _only(candidates: Iterable[Resource], identity: str, known: Known) -> Resource | None:
    """The only one among the candidates whose identity in documents has that digest."""
    found = [one for one in candidates if identity_digest(tuple(identity_as(one, known))) == identity]
    return found[0] if len({reference_to(one) for one in found}) == 1 else None


def is_filed_under(route: Route, head: DataSet, born: World, patient: Resource) -> bool:
    """Whether the document has the Patient ID of this patient. One that we have written has it exactly as we would
    write it now, or as we wrote it if it was made for him."""
    if identity_in(head) == identity_as(patient, route.known()):
        return True
    if born == "dicom":
        return any(_has(patient, one) for one in _identifier(route, head))
    if is_refiled(head) or local(_manifest(head).get("subject") or "") != reference_to(patient):
        return False
    return identity_in(head) == identity_as(patient, as_named_in(head, route.known()))


def was_known_by(route: Route, head: DataSet, patient: Resource) -> bool:
    """Whether its Patient ID is, or was, an identifier of this patient (FHIR R4 Identifier.use: old)."""
    said = as_named_in(head, route.known()).named
    return any((one.get("system"), one.get("value")) in said for one in patient.get("identifier", ()))


def is_one_patient(route: Route, one: DataSet, other: DataSet) -> bool:
    """Whether two instances name the same patient, or two who were merged since. If one names no issuer, the IDs alone
    are compared."""
    whole = all(len(identity_in(each)) > 1 for each in (one, other))
    said = [
        [(each["system"] if whole else "", each["value"]) for each in _identifier(route, of)] for of in (one, other)
    ]
    if said[0] == said[1]:
        return True
    last = [{survivor(route, found).key for found in _identified(route, each)} for each in (one, other)]
    return len(last[0]) == 1 and last[0] == last[1]


def moved_by_pacs(head: DataSet) -> bool:
    """Whether it says that it was made for another patient than its header names, and it was not us who moved it."""
    said = _manifest(head).get("identity")
    return said is not None and not is_refiled(head) and said != identity_digest(head)


def says_the_same(route: Route, mapping: Mapping, present: Present, head: DataSet, was: MadeOf | None) -> bool:
    """Whether the resources say what the document does, but for the patient, and what the archive says of its study."""
    return is_kept(write_document(written_again(route, mapping, present, head, was)), origin_of(head))


def written_again(route: Route, mapping: Mapping, present: Present, head: DataSet, was: MadeOf | None) -> Document:
    """The document that the resources would become in its place, for the patient that it was made for, or for nobody
    where that is None."""
    origin = origin_of(head)
    uid = text_of(origin, SOP_INSTANCE_UID)
    known = replace(as_named_in(origin, route.known()), supersedes=superseded_by(origin), head=uid)
    group = _at_times_of_document(route, mapping, present.group, origin, was)
    group = as_of(group, was) if was is not None else group
    return to_dicom(group, mapping, known).result


def _at_times_of_document(route: Route, mapping: Mapping, group: Group, origin: DataSet, was: MadeOf | None) -> Group:
    """A resource without a time of its own has that at which it was stored; here the one that the document was made
    with, because to point it to another patient does not make it newer."""
    if not any(map(_stored_at, group.resources())):
        return group
    nobodys = merged(origin, (), without=[one.tag for one in identity_in(origin)])
    known = as_named_in(origin, route.known())
    document = read_document(merged(nobodys, identity_as(was.patient, known) if was is not None else ()))
    return _at_times_of(group, to_fhir(document, mapping, route.known(document.header)).result)


def _at_times_of(group: Group, before: Group) -> Group:
    times = {reference_to(one): said for one in before.resources() if (said := _stored_at(one)) is not None}
    made = {
        id(one): one | {"meta": one["meta"] | {"lastUpdated": times[reference_to(one)]}}
        for one in group.resources()
        if _stored_at(one) is not None and reference_to(one) in times
    }
    return group.with_resources(made)


def _stored_at(resource: Resource) -> str | None:
    found: str | None = resource.get("meta", {}).get("lastUpdated") if "id" in resource else None
    return found


def as_of(group: Group, was: MadeOf) -> Group:
    """The group as it would be if its subject were the patient that the document was made for."""
    said = subject_of(group).get("reference", "")
    renames = {said: was.subject}
    patient = was.patient | {"id": was.subject.partition("/")[2]}
    index = group.index()
    made = {id(one): renamed(one, renames) for one in group.resources()}
    references = {renames.get(name, name): made.get(id(one), patient) for name, one in index.items()}
    return Group(
        made[id(group.root)],
        tuple(made[id(one)] for one in group.members),
        patient,
        group.key,
        references if group.references is not None else None,
    )


def _named(route: Route, key: str) -> Iterator[Resource]:
    """The Patient with that key, and then the one who replaced him, for the version may be of after that."""
    (stored,) = route.fhir.read([key])
    if stored is None:
        return
    yield stored.item
    try:
        last = survivor(route, stored.item)
    except Held:
        return  # whoever asks whose it is now gets the reason
    yield last.patient


def _identified(route: Route, header: DataSet) -> list[Resource]:
    """The Patients who have its Patient ID as an identifier that is not old; those who were replaced come first."""
    found = [
        one.item
        for said in _identifier(route, header)
        for one in route.fhir.find("Patient", said["system"], said["value"])
        if _has(one.item, said)
    ]
    return sorted(found, key=lambda one: (not replacing(one), one["id"]))


def _identifier(route: Route, header: DataSet) -> list[Resource]:
    return identifiers_of(header, charset_of(header), route.known(header))[:1]


def _has(patient: Resource, identifier: Resource) -> bool:
    wanted = (identifier["system"], identifier["value"])
    said = [one for one in patient.get("identifier", ()) if one.get("use") != "old"]
    return wanted in [(one.get("system"), one.get("value")) for one in said]


def _manifest(dataset: DataSet) -> Resource:
    """What a document of ours says of the group that it was made from."""
    _, pieces = taken_out(read_document(dataset))
    found: Resource = pieces.get((), {}).get("group", {})
    return found
