"""What the items of a document do not say of the group that it was made from: a piece for each item, and the group that
they give back. Pieces are kept as private elements (`private.py`); the one of the root names the whole group."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bridge.model.dataset import DataSet
from bridge.model.group import Group, Json, Number, Resource, leaves, renamed, same
from bridge.model.tags import PATIENT_ID
from bridge.translate.digests import GUARD, digest
from bridge.translate.generic import CONCLUSION
from bridge.translate.header import born_uid
from bridge.translate.identity import ISSUER, QUALIFIERS
from bridge.translate.ids import Known
from bridge.translate.json_patch import json_difference, json_patched
from bridge.translate.native_dicom import made_uid
from bridge.translate.native_fhir import FhirImage
from bridge.translate.private import Path, Piece
from bridge.translate.remainder import stripped
from bridge.translate.report import Report

_Manifest = dict[str, Any]


# -- to DICOM -------------------------------------------------------------------------------------------------------
def pieces_of(
    group: Group, homes: dict[Path, Json], image: FhirImage, header: DataSet, known: Known
) -> dict[Path, Piece]:
    """What `image` (the document, read natively) does not say of `group`; empty where it says all."""
    pieces: dict[Path, Piece] = {}
    names, born = _names(group), born_uid(group.root) is not None
    renames, utc = renames_of(group, homes, image), _utc(group)
    if not born:
        _without_conclusions(image)
    at = {id(home): path for path, home in _paired(names, homes, image).items()}
    natives = {_name(resource, 0): resource for resource in image.group.resources()}
    members: list[Json] = []
    plain = len(natives) == len(names)
    for number, resource in enumerate(group.resources()):
        name = names[id(resource)]
        if id(resource) in at:
            native = _as_made(renamed(image.homes[at[id(resource)]], renames), name, born, known, utc)
            entries = [one for one in json_difference(native, stripped(resource)) if not (born and _drops_copy(one))]
            pieces[at[id(resource)]] = ({"is": number} if number else {}) | ({"entries": entries} if entries else {})
            members.append(name)
            plain = plain and not entries and name in natives
        elif name in natives and same(renamed(natives[name], renames), stripped(resource)):
            members.append({"native": name})
        else:
            members.append({"json": stripped(resource)})
            plain = False
    if plain:
        return {}
    pieces.setdefault((), {})["group"] = _manifest(group, members, header, born=born)
    return pieces


def _manifest(group: Group, members: list[Json], header: DataSet, *, born: bool) -> _Manifest:
    manifest: _Manifest = {"members": members, "identity": _identity(header)}
    if group.key != members[0]:
        manifest["key"] = group.key
    if (subject := _subject(group)) is not None:
        manifest["subject"] = subject
    patient = group.patient.get("id", "") if group.patient else None
    if patient != _id_in(subject):
        manifest["patient"] = patient
    if born:
        manifest["born"] = "dicom"
    if _utc(group) == "Z":
        manifest["utc"] = "Z"
    if (said := _references(group)) is not None:
        manifest["references"] = said
    return manifest


def renames_of(group: Group, homes: dict[Path, Json], image: FhirImage) -> dict[str, str]:
    """How the group refers to what is read natively."""
    names = _names(group)
    said = names | ({id(target): one for one, target in _spelled(group).items()} if _references(group) else {})
    renames = {_name(image.homes[path], 0): said[id(home)] for path, home in _paired(names, homes, image).items()}
    if image.group.patient is not None and (subject := _subject(group)):
        renames[_name(image.group.patient, 0)] = subject
    return renames


def edits(pieces: dict[Path, Piece]) -> list[str]:
    """Places of a document born in DICOM where FHIR says what its items do not."""
    members = pieces[()]["group"]["members"] if pieces else []
    return [
        ".".join([members[piece.get("is", 0)].partition("/")[0], *entry[0].split("/")])
        for piece in pieces.values()
        for entry in piece.get("entries", ())
    ]


def without_versions(pieces: dict[Path, Piece]) -> dict[Path, Piece]:
    """Of a new version: that it is one, and not verified, it says itself: that needs no remainder."""
    left = {
        path: piece | {"entries": [*filter(_of_content, piece.get("entries", ()))]} for path, piece in pieces.items()
    }
    return left if any(piece["entries"] for piece in left.values()) else {}


def _drops_copy(entry: list[Json]) -> bool:
    """An edit of a document born in DICOM need not repeat the words of a code."""
    return len(entry) == 2 and entry[0].rpartition("/")[2] in ("text", "display")


def _of_content(entry: list[Json]) -> bool:
    return entry[0].partition("/")[0] not in ("identifier", "status", "resultsInterpreter")


# -- to FHIR --------------------------------------------------------------------------------------------------------
def restored(
    image: FhirImage,
    pieces: dict[Path, Piece],
    header: DataSet,
    known: Known,
    report: Report,
    added: Sequence[Resource] = (),
) -> Group | None:
    """The group that the document was made from, as far as the items still say so, and what was `added`; None where the
    items do not say it, or the document belongs to another patient now."""
    manifest = pieces.get((), {}).get("group")
    if manifest is None or manifest.get("identity") != _identity(header):
        return None
    members, born = manifest["members"], manifest.get("born") == "dicom"
    if not born:
        _without_conclusions(image)
    named = {
        path: name
        for path, piece in pieces.items()
        if isinstance(name := _at(members, piece.get("is", 0)), str)
        and image.homes.get(path, {}).get("resourceType") == name.partition("/")[0]
    }
    spelled = {members[at]: one for one, at in _places(manifest, str).items()}
    renames = {_name(image.homes[path], 0): spelled.get(name, name) for path, name in named.items()}
    if image.group.patient is not None and manifest.get("subject"):
        renames[_name(image.group.patient, 0)] = manifest["subject"]
    found: dict[str, Resource] = {}
    for path, name in named.items():
        resource = _as_made(renamed(image.homes[path], renames), name, born, known, manifest.get("utc"))
        for dropped in json_patched(resource, pieces[path].get("entries", ())):
            report.warnings.append(f"{resource['resourceType']}.{dropped}: changed in DICOM since; its value wins")
        image.homes[path].clear()
        image.homes[path].update(resource)
        found[name] = image.homes[path]
    natives = {_name(resource, 0): renamed(resource, renames) for resource in image.group.resources()}
    placed = [_member(member, found, natives) for member in members]  # None: its item has been removed
    resources = [*filter(None, placed), *(renamed(one, renames) for one in added)]
    if not resources or placed[0] is None:
        return None
    patient = _patient(image.group.patient, manifest)
    placed.append(patient)
    references = {
        one: target for one, at in _places(manifest, object).items() if (target := _at(placed, at)) is not None
    }
    return Group(
        resources[0],
        tuple(resources[1:]),
        patient,
        key_of(pieces) or "",
        references if "references" in manifest else None,
    )


def _at(members: list[Json], number: int) -> Json:
    return members[number] if 0 <= number < len(members) else None


def added_to(image: FhirImage, pieces: dict[Path, Piece]) -> list[Resource]:
    """Observations of a report whose items have no piece."""
    if not (key_of(pieces) or "").startswith("DiagnosticReport/"):
        return []
    copies = _conclusions(image)
    return [
        home
        for path, home in image.homes.items()
        if home.get("resourceType") == "Observation" and path not in pieces and _name(home, 0) not in copies
    ]


def _conclusions(image: FhirImage) -> set[str]:
    """Observations that say what the report of a group born in FHIR says as its conclusion."""
    return {
        _name(one, 0)
        for one in image.group.members
        if one["resourceType"] == "Observation" and "valueString" in one and _is_conclusion(one)
    }


def _without_conclusions(image: FhirImage) -> None:
    """They are no results of the group."""
    report = image.group.root
    copies = _conclusions(image)
    results = [one for one in report.get("result", ()) if one["reference"] not in copies]
    if results:
        report["result"] = results
    else:
        report.pop("result", None)


def _is_conclusion(observation: Resource) -> bool:
    return any(one.get("code") == CONCLUSION.value for one in observation["code"].get("coding", ()))


def key_of(pieces: dict[Path, Piece]) -> str | None:
    """What identifies the group of the pieces at its source; None where they name none."""
    manifest = pieces.get((), {}).get("group", {"members": []})
    key = manifest.get("key", next(iter(manifest["members"]), None))
    return key if isinstance(key, str) else None


def _member(member: Json, found: dict[str, Resource], natives: dict[str, Resource]) -> Resource | None:
    if isinstance(member, str):
        return found.get(member)
    made: Resource | None = member.get("json") or natives.get(member.get("native", ""))
    return made


def _patient(native: Resource | None, manifest: _Manifest) -> Resource | None:
    identifier = manifest["patient"] if "patient" in manifest else _id_in(manifest.get("subject"))
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


# -- both -----------------------------------------------------------------------------------------------------------
def _as_made(native: Resource, name: str, born: bool, known: Known, utc: str | None) -> Resource:
    """The resource by its own name, with UTC as its group spells it; of a document born in FHIR without what only
    documents of DICOM need: element ids that say the place of an item, and the Observation UID that the bridge has
    made."""
    identifier = name.partition("/")[2]
    if utc == "Z":
        native = _with_z(native)
    if not born:
        native = _without_ids(native)
        uid = made_uid(known, identifier)
        if native.get("identifier") == [{"system": "urn:dicom:uid", "value": f"urn:oid:{uid}"}]:
            del native["identifier"]
    native["id"] = identifier
    if identifier.startswith("#"):
        del native["id"]
    return native


_UTC = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+)(\+00:00|Z)")


def _utc(group: Group) -> str | None:
    """How most times of the group spell UTC."""
    texts = (leaf for one in group.resources() for _, leaf in leaves(one) if isinstance(leaf, str))
    found = Counter(match[2] for one in texts if (match := _UTC.fullmatch(one)))
    return found.most_common(1)[0][0] if found else None


def _with_z(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _with_z(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_z(child) for child in value]
    return _UTC.sub(r"\1Z", value) if isinstance(value, str) and not isinstance(value, Number) else value


def _without_ids(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_ids(child) for key, child in value.items() if key != "id"}
    return [_without_ids(child) for child in value] if isinstance(value, list) else value


def _names(group: Group) -> dict[int, str]:
    return {id(resource): _name(resource, index) for index, resource in enumerate(group.resources())}


def _name(resource: Resource, index: int) -> str:
    return f"{resource['resourceType']}/{resource.get('id', f'#{index}')}"


def _paired(names: dict[int, str], homes: dict[Path, Json], image: FhirImage) -> dict[Path, Json]:
    """Resources of the group whose item is read as one of that type, by its path."""
    return {
        path: home
        for path, home in homes.items()
        if id(home) in names and image.homes.get(path, {}).get("resourceType") == home["resourceType"]
    }


def _identity(header: DataSet) -> str:
    """Digest of what names the patient: never restored for another one."""
    return digest(repr([element for element in header if element.tag in (PATIENT_ID, ISSUER, QUALIFIERS)]), GUARD)


def _references(group: Group) -> dict[str, int] | None:
    """What references mean, by number of the resource (the Patient last), where `Type/id` does not say it."""
    found = _spelled(group)
    plain = Group(group.root, group.members, group.patient, group.key).index()
    subject = _subject(group)
    if all(plain.get(one) is target and (one == subject or "/" in one) for one, target in found.items()):
        return None
    numbers = {id(one): at for at, one in enumerate(group.whole())}
    return {one: numbers[id(target)] for one, target in found.items()}


def _spelled(group: Group) -> dict[str, Resource]:
    """Each reference of the group and its target, in one order whatever the order of reading."""
    references = group.references or {}
    return {one: references[one] for one in sorted(references)}


def _subject(group: Group) -> str | None:
    """How the group refers to its Patient, resolved or not."""
    found: str | None = group.root.get("subject", {}).get("reference")
    return found


def _id_in(subject: str | None) -> str | None:
    """The id that `Patient/id` or `urn:uuid:id` says."""
    return subject.replace("/", ":").rpartition(":")[2] if subject else None
