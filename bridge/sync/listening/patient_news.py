"""What a changed Patient makes owed: who replaces whom decides whose documents, and whose studies, are looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256

from bridge.ledger.ledger import Ledger
from bridge.model.group import Resource, references_in
from bridge.stores.store import is_study
from bridge.sync.basis.keys import is_forming
from bridge.sync.basis.owe import owe_dicom
from bridge.sync.basis.route import Route

_IDENTITY = "identity:"


def replacing(resource: Resource) -> list[str]:
    """References to whom a Patient is replaced by (FHIR R4 Patient.link). One that is no FHIR says nothing here, and
    is refused by its name where a document of it is written."""
    links = resource.get("link") if resource["resourceType"] == "Patient" else None
    if not isinstance(links, list):
        return []
    replaced = [one for one in links if isinstance(one, dict) and one.get("type") == "replaced-by"]
    return sorted(set(references_in([one.get("other") for one in replaced])))


def identity(resource: Resource) -> list[str]:
    """What a Patient is known by, as a name of its own: another one, whenever an identifier is another."""
    said = resource.get("identifier", []) if resource["resourceType"] == "Patient" else None
    if not isinstance(said, list):
        return []
    named = sorted(
        f"{one.get('system')}|{one.get('value')}" for one in said if isinstance(one, dict) and one.get("use") != "old"
    )
    return [_IDENTITY + sha256(repr(named).encode()).hexdigest()[:32]]


def owed_by_patients(route: Route, ledger: Ledger, told: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """What changed Patients, each with whom it is replaced by now, and its `identity`, make owed: the resources that
    refer to them, or to whom they replace, and what a merge of theirs has moved. Instances and studies are owed at
    once. Where only demographics change, and no instance follows them, nothing is but what was held or dead: it may
    have been for their sake, or for that of whom they are replaced by."""
    replaced_by = {key: {one for one in said if _is_reference(one)} for key, said in told.items()}
    out, _ = ledger.feeds.neighbours(route.name, route.fhir.name, told)
    _, back = ledger.feeds.neighbours(route.name, route.fhir.name, set(told).union(*replaced_by.values()))
    forming = sorted({one for one, _ in back if is_forming(one)})
    ledger.work.owe_if_put_off(route.name, route.fhir.name, forming)
    merged = {one for one, of in out if _is_reference(of)} | {of for one, of in back if one.startswith("Patient/")}
    merged |= {key for key, said in replaced_by.items() if said}
    moves = ledger.moves.by(route.name, told)
    merged |= {key for one in moves for key in (one.replaced, one.survivor)}
    wanted = set(told) if route.demographics == "propagate" else merged & set(told)
    before = {of for _, of in out}
    renumbered = {key for key, said in told.items() for of in said if not _is_reference(of) and of not in before}
    renumbered = ledger.feeds.known(route.name, route.fhir.name, renumbered)  # of who is new, all is looked at anyway
    for key in told if ledger.work.has_any(route.name, "held") else ():
        ledger.waking.free(route.name, key)  # somebody else's, it may be, who had the same number
    owed = {one for one, of in back if of in renumbered and is_forming(one)}
    return tuple(sorted(owed.union(_owed(route, ledger, wanted) if wanted else ())))


def _is_reference(target: str) -> bool:
    return not target.startswith(_IDENTITY)


def _owed(route: Route, ledger: Ledger, patients: Collection[str]) -> tuple[str, ...]:
    concerned = _replaced(route, ledger, patients)
    _, back = ledger.feeds.neighbours(route.name, route.fhir.name, concerned)
    referring = {source for source, _ in back}
    moves = ledger.moves.by(route.name, concerned)
    places = ledger.moves.places({one.document for one in moves})
    studies = {one.instance for one in moves if is_study(one.instance)}
    for key in (one for one in referring if one.startswith("ImagingStudy/")):
        studies |= {one.study for one in ledger.studies.named(route.name, key)}
    for key in studies | {instance for born, _, instance in places if born == "dicom"}:
        owe_dicom(route, ledger, key)
    forming = {key for key in referring if is_forming(key)}
    return tuple(sorted(forming | {root for born, root, _ in places if born == "fhir"}))


def owe_studies_of_replaced(route: Route, ledger: Ledger, told: Mapping[str, Collection[str]]) -> None:
    """Owes the studies of ImagingStudies that come in, our own too, after their Patient was replaced, or with that."""
    subjects = {key: set(said) for key, said in told.items() if key.startswith("ImagingStudy/") and said}
    if not subjects:
        return
    out, _ = ledger.feeds.neighbours(route.name, route.fhir.name, set().union(*subjects.values()))
    replaced = {one for one, of in out if _is_reference(of)}
    replaced |= {key for key, said in told.items() if key.startswith("Patient/") and any(map(_is_reference, said))}
    for key in (one for one, said in subjects.items() if said & replaced):
        for study in ledger.studies.named(route.name, key):
            owe_dicom(route, ledger, study.study)


def _replaced(route: Route, ledger: Ledger, patients: Collection[str]) -> set[str]:
    """These, and whoever was replaced by them, by however many merges."""
    found, edge = set(patients), set(patients)
    while edge:
        _, back = ledger.feeds.neighbours(route.name, route.fhir.name, edge)
        edge = {source for source, _ in back if source.startswith("Patient/")} - found
        found |= edge
    return found
