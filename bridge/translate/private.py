"""The remainder on the DICOM side: private elements on content items, and the group that they give back."""

from __future__ import annotations

import json
from typing import Any

from bridge.model.content import ContentItem
from bridge.model.dataset import DataSet, Element, merged
from bridge.model.document import Document
from bridge.model.group import Group, Json, Number, Resource, renamed, same
from bridge.model.names import PRIVATE_CREATOR, PRIVATE_CREATOR_TAG, REMAINDER_TAG
from bridge.model.tags import PATIENT_ID
from bridge.translate.identity import ISSUER, QUALIFIERS
from bridge.translate.native_fhir import FhirImage, Path
from bridge.translate.remainder import digest, json_difference, json_patched, stripped
from bridge.translate.report import Report

Piece = dict[str, Any]
_CREATOR = PRIVATE_CREATOR.encode("ascii") + b" " * (len(PRIVATE_CREATOR) % 2)


def taken_out(document: Document) -> tuple[Document, dict[Path, Piece]]:
    """The document without our private elements, and what they said by the path of their item."""
    pieces: dict[Path, Piece] = {}
    root = _without(document.root, (), pieces)
    return (Document(document.header, root), pieces) if pieces else (document, pieces)


def _without(item: ContentItem, path: Path, pieces: dict[Path, Piece]) -> ContentItem:
    rest = item.rest
    if (tags := _our_block(rest)) is not None:
        data = next(element.value for element in rest if element.tag == tags[1])
        if isinstance(data, bytes) and (piece := _loads(data)) is not None:
            pieces[path] = piece
            rest = merged(rest, (), without=tags)
    children = tuple([_without(child, (*path, index), pieces) for index, child in enumerate(item.children)])
    if rest is item.rest and all(map(lambda new, old: new is old, children, item.children)):
        return item
    return ContentItem(item.relationship, item.concept, item.value, children, rest)


def put_in(document: Document, pieces: dict[Path, Piece]) -> Document:
    def with_pieces(item: ContentItem, path: Path) -> ContentItem:
        children = tuple(with_pieces(child, (*path, index)) for index, child in enumerate(item.children))
        rest = item.rest
        if path in pieces:
            raw = _dumps(pieces[path])
            creator, data = _free_block(rest)
            piece = (Element(creator, "LO", _CREATOR), Element(data, "OB", raw + b" " * (len(raw) % 2)))
            rest = merged(rest, piece)
        return ContentItem(item.relationship, item.concept, item.value, children, rest)

    return Document(document.header, with_pieces(document.root, ())) if pieces else document


def pieces_of(group: Group, homes: dict[Path, Json], image: FhirImage, header: DataSet) -> dict[Path, Piece]:
    """What `image` (the document, read natively) does not say of `group`; empty where it says all."""
    pieces: dict[Path, Piece] = {}
    names = _names(group)
    paired = _paired(names, homes, image)
    renames = renames_of(group, homes, image)
    at = {id(home): path for path, home in paired.items()}
    natives = {_name(resource, 0): resource for resource in image.group.resources()}
    members: list[Piece] = []
    plain = len(natives) == len(names)
    for resource in group.resources():
        name = names[id(resource)]
        if id(resource) in at:
            native = renamed(image.homes[at[id(resource)]], renames)
            _named(native, name)
            entries = list(json_difference(native, stripped(resource)))
            pieces[at[id(resource)]] = {"is": name} | ({"entries": entries} if entries else {})
            members.append({"is": name})
            plain = plain and not entries and name in natives
        elif name in natives and same(renamed(natives[name], renames), stripped(resource)):
            members.append({"native": name})
        else:
            members.append({"json": stripped(resource)})
            plain = False
    if plain:
        return {}
    root = pieces.setdefault((), {})
    root["group"] = {
        "key": group.key,
        "members": members,
        "patient": group.patient.get("id", "") if group.patient else None,
        "subject": _subject(group),
        "identity": _identity(header),
    }
    if (said := _references(group)) is not None:
        root["group"]["references"] = said
    return pieces


def _names(group: Group) -> dict[int, str]:
    return {id(resource): _name(resource, index) for index, resource in enumerate(group.resources())}


def _paired(names: dict[int, str], homes: dict[Path, Json], image: FhirImage) -> dict[Path, Json]:
    """Resources of the group whose item is read as one of that type, by its path."""
    return {
        path: home
        for path, home in homes.items()
        if id(home) in names and image.homes.get(path, {}).get("resourceType") == home["resourceType"]
    }


def renames_of(group: Group, homes: dict[Path, Json], image: FhirImage) -> dict[str, str]:
    """What the resources that are read natively are called in the group."""
    names = _names(group)
    said = names | ({id(target): one for one, target in _spelled(group).items()} if _references(group) else {})
    renames = {_name(image.homes[path], 0): said[id(home)] for path, home in _paired(names, homes, image).items()}
    if image.group.patient is not None and (subject := _subject(group)):
        renames[_name(image.group.patient, 0)] = subject
    return renames


def edits(pieces: dict[Path, Piece]) -> list[str]:
    """Places of a document born in DICOM where FHIR says what its items do not."""
    return [
        ".".join([piece["is"].partition("/")[0], *map(str, entry[0])])
        for piece in pieces.values()
        for entry in piece.get("entries", ())
    ]


def without_versions(pieces: dict[Path, Piece]) -> dict[Path, Piece]:
    """Of a new version: that it is one says itself, by its UID and predecessor, and needs no remainder."""
    left = {
        path: piece
        | {"entries": [one for one in piece.get("entries", ()) if one[0][0] not in ("identifier", "status")]}
        for path, piece in pieces.items()
    }
    return left if any(piece["entries"] for piece in left.values()) else {}


def restored(image: FhirImage, pieces: dict[Path, Piece], header: DataSet, report: Report) -> Group | None:
    """The group that the document was made from, as far as the items still say so; None where the items do not say it,
    or the document belongs to another patient now."""
    manifest = pieces.get((), {}).get("group")
    if manifest is None or manifest.get("identity") != _identity(header):
        return None
    renames = {
        _name(image.homes[path], 0): piece["is"]
        for path, piece in pieces.items()
        if "is" in piece and path in image.homes
    }
    spelled = _spellings(manifest)
    renames = {native: spelled.get(name, name) for native, name in renames.items()}
    patient = image.group.patient
    if patient is not None and manifest["subject"]:
        renames[_name(patient, 0)] = manifest["subject"]
    if patient is not None:
        patient = None if manifest["patient"] is None else {**patient, "id": manifest["patient"]}
    if patient is not None and not patient["id"]:
        del patient["id"]
    found: dict[str, Resource] = {}
    for path, piece in pieces.items():
        if "is" in piece and path in image.homes:
            resource = renamed(image.homes[path], renames)
            _named(resource, piece["is"])
            for dropped in json_patched(resource, piece.get("entries", ())):
                report.warnings.append(f"{resource['resourceType']}.{dropped}: changed in DICOM since; its value wins")
            found[piece["is"]] = resource
            image.homes[path].clear()
            image.homes[path].update(resource)
            found[piece["is"]] = image.homes[path]
    natives = {_name(resource, 0): renamed(resource, renames) for resource in image.group.resources()}
    members = [
        resource
        for member in manifest["members"]
        if (resource := member.get("json") or found.get(member.get("is", "")) or natives.get(member.get("native", "")))
        is not None
    ]
    if not members:
        return None
    whole = [*members, *([patient] if patient is not None else [])]
    said = manifest.get("references")
    references = None if said is None else {one: whole[at] for one, at in said.items() if at < len(whole)}
    return Group(members[0], tuple(members[1:]), patient, manifest["key"], references)


def _name(resource: Resource, index: int) -> str:
    return f"{resource['resourceType']}/{resource.get('id', f'#{index}')}"


def _named(resource: Resource, name: str) -> None:
    identifier = name.partition("/")[2]
    if identifier.startswith("#"):
        resource.pop("id", None)
    else:
        resource["id"] = identifier


def _identity(header: DataSet) -> str:
    """Digest of what names the patient: never restored for another one."""
    return digest(repr([element for element in header if element.tag in (PATIENT_ID, ISSUER, QUALIFIERS)]))


def _references(group: Group) -> dict[str, int] | None:
    """What references mean, by number of the resource (the Patient last), where `Type/id` does not say it."""
    found = _spelled(group)
    plain = Group(group.root, group.members, group.patient, group.key).index()
    subject = _subject(group)
    if all(plain.get(one) is target and (one == subject or "/" in one) for one, target in found.items()):
        return None
    numbers = {id(one): at for at, one in enumerate(group.whole())}
    return {one: numbers[id(target)] for one, target in found.items()}


def _spellings(manifest: Piece) -> dict[str, str]:
    """How the group refers to what its pieces name."""
    members = manifest["members"]
    return {
        members[at]["is"]: one
        for one, at in manifest.get("references", {}).items()
        if at < len(members) and "is" in members[at]
    }


def _spelled(group: Group) -> dict[str, Resource]:
    """Each reference of the group and its target, in one order whatever the order of reading."""
    references = group.references or {}
    return {one: references[one] for one in sorted(references)}


def _subject(group: Group) -> str | None:
    """How the group refers to its Patient, resolved or not."""
    found: str | None = group.root.get("subject", {}).get("reference")
    return found


def _dumps(piece: Piece) -> bytes:
    """Numbers whose text matters are written as `{"#": text}`: this JSON is ours alone."""
    return json.dumps(_boxed(piece), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _loads(raw: bytes) -> Piece | None:
    """None where it is not ours after all, or damaged: then it stays a private element like any other."""
    try:
        found = _unboxed(json.loads(raw.decode("utf-8")))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _is_piece(found) else None


def _is_piece(found: Piece) -> bool:
    group = found.get("group")
    if group is not None and not (
        isinstance(group, dict)
        and isinstance(group.get("key"), str)
        and isinstance(group.get("members"), list)
        and all(isinstance(one, dict) and _is_member(one) for one in group["members"])
        and isinstance(group.get("patient"), str | None)
        and isinstance(group.get("subject"), str | None)
        and isinstance(group.get("references", {}), dict)
        and all(isinstance(at, int) and at >= 0 for at in group.get("references", {}).values())
    ):
        return False
    entries = found.get("entries", [])
    return (
        isinstance(found.get("is", ""), str)
        and isinstance(entries, list)
        and all(isinstance(one, list) and len(one) == 4 and isinstance(one[0], list) for one in entries)
    )


def _is_member(member: Piece) -> bool:
    resource = member.get("json", {"resourceType": ""})
    return isinstance(resource, dict) and isinstance(resource.get("resourceType"), str)


def _our_block(rest: DataSet) -> tuple[int, int] | None:
    """Tags of our creator and our element; a block of another creator is not touched (PS3.5 7.8.1)."""
    tags = {element.tag for element in rest}
    for element in rest:
        if element.tag >> 8 == PRIVATE_CREATOR_TAG >> 8 and element.value == _CREATOR:
            data = REMAINDER_TAG & ~0xFF00 | (element.tag & 0xFF) << 8
            if data in tags:
                return element.tag, data
    return None


def _free_block(rest: DataSet) -> tuple[int, int]:
    taken = {element.tag for element in rest}
    block = next(number for number in range(0x10, 0x100) if PRIVATE_CREATOR_TAG & ~0xFF | number not in taken)
    return PRIVATE_CREATOR_TAG & ~0xFF | block, REMAINDER_TAG & ~0xFF00 | block << 8


def _boxed(value: Json) -> Json:
    if isinstance(value, Number):
        return {"#": str(value)}
    if isinstance(value, dict):
        return {key: _boxed(child) for key, child in value.items()}
    return [_boxed(child) for child in value] if isinstance(value, list) else value


def _unboxed(value: Json) -> Json:
    if isinstance(value, dict):
        return Number(value["#"]) if value.keys() == {"#"} else {key: _unboxed(child) for key, child in value.items()}
    return [_unboxed(child) for child in value] if isinstance(value, list) else value
