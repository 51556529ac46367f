"""The group that a document of ours was made from, out of the pieces on its items (`pieces.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridge.model.content import Path
from bridge.model.dataset import DataSet
from bridge.model.document import Document
from bridge.model.group import Group, Json, Resource, references_in, renamed
from bridge.translate.basis.ids import FILES, Known
from bridge.translate.born_in_fhir.as_made import id_in, identity_digest, name_of
from bridge.translate.born_in_fhir.restored_resource import Restoring, patch
from bridge.translate.born_in_fhir.results import copies_in, is_around, is_placeholder, with_added, with_results
from bridge.translate.born_in_fhir.sections import enter, follow, sections_at
from bridge.translate.header.device_observer import called
from bridge.translate.header.header import named_at
from bridge.translate.header.verifiers import taken_verifiers, verified
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.remainder.moved import moved
from bridge.translate.remainder.private import Piece, manifest_of, members_of
from bridge.translate.report.report import Report

_Manifest = dict[str, Any]


def restored(
    image: FhirImage,
    pieces: dict[Path, Piece],
    document: Document,
    known: Known,
    report: Report,
    added: Sequence[Resource] = (),
) -> Group | None:
    """The group that the document was made from, as far as the items still say so, and what was `added`; None where the
    items do not say it, or the document belongs to another patient now."""
    manifest = manifest_of(pieces)
    if not manifest or manifest.get("identity") != identity_digest(document.header):
        return None
    members, born = manifest["members"], "born" in manifest
    verifiers = [] if born else taken_verifiers(image.group.root)
    named = {
        path: name
        for path, piece in pieces.items()
        if "part" not in piece
        and isinstance(name := _at(members, piece.get("is", 0)), str)
        and image.homes.get(path, {}).get("resourceType") == name.partition("/")[0]
    }
    if not born:
        with_results(image, named)
    spelled = {members[at]: one for one, at in _places(manifest, str).items()}
    renames = {name_of(image.homes[path], 0): spelled.get(name, name) for path, name in named.items()}
    if image.group.patient is not None and manifest.get("subject"):
        renames[name_of(image.group.patient, 0)] = manifest["subject"]
    elif image.group.patient is not None and (there := named_at(document, known)) is not None:
        renames[name_of(image.group.patient, 0)] = f"Patient/{there}"  # named by the identifier alone, or not at all
    found: dict[str, Resource] = {}
    restoring = Restoring(document, known, manifest, report)
    for path, name in named.items():
        resource, dropped = restoring.resource(renamed(image.homes[path], renames), name, pieces[path], path)
        if not path and added:
            with_added(resource, image.homes[path], [name_of(one, 0) for one in added])
        if _contains_results(resource) and (added or _names_others(dropped)):
            return None
        image.homes[path].clear()
        image.homes[path].update(resource)
        found[name] = image.homes[path]
    verified(image.group.root, verifiers)
    natives = {name_of(resource, 0): renamed(resource, renames) for resource in image.group.resources()}
    placed = [_member(one, found, natives, report) for one in members]  # None: its item has been removed
    sections = sections_at(placed, pieces) if added else {}
    follow(placed, manifest.get("sections", []), pieces, image)
    if sections:
        new = set(map(id, added))
        names = {path: name_of(renamed(one, renames), 0) for path, one in image.homes.items() if "resourceType" in one}
        enter(sections, {path: names[path] for path, one in image.homes.items() if id(one) in new}, names)
    put_in = [renamed(one, renames) for one in added]
    resources = [*filter(None, placed), *put_in]
    if not resources or placed[0] is None:
        return None
    named_now = _named(resources, natives)
    resources += named_now
    if not born:
        _call_devices(resources, natives)
    patient = _patient(image.group.patient, manifest)
    placed.append(patient)
    references = {
        one: target for one, at in _places(manifest, object).items() if (target := _at(placed, at)) is not None
    } | {name_of(one, 0): one for one in (*put_in, *named_now)}
    return Group(
        resources[0],
        tuple(resources[1:]),
        patient,
        key_of(pieces) or "",
        references if "references" in manifest else None,
    )


def _named(resources: list[Resource], natives: dict[str, Resource]) -> list[Resource]:
    """What the items name now, and nothing in the group did before: persons, and results below a result. A reference to
    nothing would stand for them."""
    found: dict[str, Resource] = {}
    waiting = list(resources)
    here = {name_of(one, 0) for one in resources}
    while waiting:
        for reference in references_in(waiting.pop()):
            if reference.startswith(_ADDED) and reference in natives and reference not in here:
                found[reference] = natives[reference]
                here.add(reference)
                waiting.append(natives[reference])
    return list(found.values())


_ADDED = ("Practitioner/", "PractitionerRole/", "Observation/", "DocumentReference/", "Basic/")


def _call_devices(resources: list[Resource], natives: dict[str, Resource]) -> None:
    """Results, in place, that a device has observed since: no reference of a document that was made from resources
    leads to a Device, so that nobody who gathers it would find that."""
    here = {name_of(one, 0) for one in resources}
    for one in resources:
        reference = one.get("device", {}).get("reference")
        if reference in natives and reference not in here:
            one["device"] = called(natives[reference])


def _at(members: list[Json], number: int) -> Json:
    return members[number] if 0 <= number < len(members) else None


def added_to(image: FhirImage, pieces: dict[Path, Piece]) -> list[Resource]:
    """Observations of a report whose items have no piece; but what a document says that has no content is no result."""
    root = next(iter(members_of(pieces)), None)
    if not isinstance(root, str) or not root.startswith("DiagnosticReport/"):
        return []
    copies = copies_in(image)
    is_empty = not any(image.homes.get(path, {}).get("resourceType") == "Observation" for path in pieces)
    return [
        home
        for path, home in image.homes.items()
        if home.get("resourceType") == "Observation"
        and path not in pieces
        and name_of(home, 0) not in copies
        and not is_around(home)
        and not (is_empty and is_placeholder(home))
    ]


def read_now(image: FhirImage, pieces: dict[Path, Piece], now: FhirImage) -> None:
    """Results that no piece knows, in place, as they are read by the rows in force: those that the document was made by
    may have been wrong."""
    for path, home in image.homes.items():
        if home.get("resourceType") == "Observation" and path not in pieces and path in now.homes:
            home.clear()
            home.update(now.homes[path])


def _member(member: Json, found: dict[str, Resource], natives: dict[str, Resource], report: Report) -> Resource | None:
    if isinstance(member, str):
        return found.get(member)
    if "json" in member:
        whole: Resource = renamed(member["json"], {})  # the remainder goes onto a copy
        return whole
    native = natives.get(member.get("native", ""))
    if native is not None:
        entries = member.get("entries", ())
        patch(native, moved(native, entries).entries(entries), report)
    return native


def _contains_results(resource: Resource) -> bool:
    """Which have no piece: an item that was edited looks like one that was added. And where the items name others, one
    that was removed would still be there, and those that were not a second time."""
    return any(one.get("resourceType") == "Observation" for one in resource.get("contained", ()))


def _names_others(dropped: list[str]) -> bool:
    return any(one.partition(".")[0] in ("result", "hasMember") for one in dropped)


def _patient(native: Resource | None, manifest: _Manifest) -> Resource | None:
    identifier = manifest["patient"] if "patient" in manifest else id_in(manifest.get("subject"))
    if native is None or identifier is None:
        return None
    patient = {**native, "id": identifier}
    if not identifier:
        del patient["id"]
    return patient


def _places(manifest: _Manifest, kind: type) -> dict[str, int]:
    """References to members of that kind, by number."""
    members = manifest["members"]
    return {
        one: at
        for one, at in manifest.get("references", {}).items()
        if kind is object or (at < len(members) and isinstance(members[at], kind))
    }


def first_version(pieces: dict[Path, Piece], header: DataSet) -> str | None:
    """SOP Instance UID of the document born in DICOM that this one is a version of: its ids go by that, unless it is
    another patient's now."""
    manifest = manifest_of(pieces)
    alone: str | None = pieces.get((), {}).get("version")
    if alone or "born" not in manifest:
        return alone or None
    return manifest["born"] if manifest.get("identity") == identity_digest(header) else None


def source_of(pieces: dict[Path, Piece], uid: str | None) -> str | None:
    """What ids go by in a document that was born in FHIR, whoever has given a version another UID since; `uid` where an
    earlier bridge wrote it. None of any other document."""
    manifest = manifest_of(pieces)
    if not manifest or "born" in manifest:
        return None
    return key_of(pieces) if manifest.get("ids") == 1 else uid


def made_for(pieces: dict[Path, Piece]) -> str | None:
    """The system that a document of ours was made for; None where it is none of ours."""
    return pieces.get((), {}).get("system", FILES) if pieces else None


def names_in(pieces: dict[Path, Piece]) -> set[str]:
    """`Type/id` of the resources that the pieces name as their source did; others go by names that are derived."""
    members = members_of(pieces)
    whole = [one["json"] for one in members if isinstance(one, dict) and "json" in one]
    return {one for one in members if isinstance(one, str)} | {name_of(one, 0) for one in whole}


def key_of(pieces: dict[Path, Piece]) -> str | None:
    """What identifies the group of the pieces at its source; None where they name none."""
    key = manifest_of(pieces).get("key", next(iter(members_of(pieces)), None))
    return key if isinstance(key, str) else None
