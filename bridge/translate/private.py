"""The remainder on the DICOM side: private elements on content items, and the group that they give back."""

from __future__ import annotations

import json
from typing import Any

from bridge.model.content import ContentItem
from bridge.model.dataset import Element, find, merged
from bridge.model.document import Document
from bridge.model.group import Group, Json, Number, Resource, renamed, same
from bridge.model.names import PRIVATE_CREATOR, PRIVATE_CREATOR_TAG, REMAINDER_TAG
from bridge.translate.native_fhir import FhirImage, Path
from bridge.translate.remainder import json_difference, json_patched, stripped
from bridge.translate.report import Report

Piece = dict[str, Any]
_CREATOR = PRIVATE_CREATOR.encode("ascii") + b" " * (len(PRIVATE_CREATOR) % 2)


def taken_out(document: Document) -> tuple[Document, dict[Path, Piece]]:
    """The document without our private elements, and what they said by the path of their item."""
    pieces: dict[Path, Piece] = {}
    root = _without(document.root, (), pieces)
    return (Document(document.header, root), pieces) if pieces else (document, pieces)


def _without(item: ContentItem, path: Path, pieces: dict[Path, Piece]) -> ContentItem:
    rest, creator, data = item.rest, find(item.rest, PRIVATE_CREATOR_TAG), find(item.rest, REMAINDER_TAG)
    if creator is not None and creator.value == _CREATOR and data is not None and isinstance(data.value, bytes):
        pieces[path] = _loads(data.value)
        rest = merged(rest, (), without=(PRIVATE_CREATOR_TAG, REMAINDER_TAG))
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
            rest = merged(
                rest,
                (
                    Element(PRIVATE_CREATOR_TAG, "LO", _CREATOR),
                    Element(REMAINDER_TAG, "OB", raw + b" " * (len(raw) % 2)),
                ),
            )
        return ContentItem(item.relationship, item.concept, item.value, children, rest)

    return Document(document.header, with_pieces(document.root, ())) if pieces else document


def pieces_of(group: Group, homes: dict[Path, Json], image: FhirImage) -> dict[Path, Piece]:
    """What `image` (the document, read natively) does not say of `group`; empty where it says all."""
    pieces: dict[Path, Piece] = {}
    names = {id(resource): _name(resource, index) for index, resource in enumerate(group.resources())}
    paired = {
        path: home
        for path, home in homes.items()
        if id(home) in names and image.homes.get(path, {}).get("resourceType") == home["resourceType"]
    }
    renames = {_name(image.homes[path], 0): names[id(home)] for path, home in paired.items()}
    if image.group.patient is not None and (subject := _subject(group)):
        renames[_name(image.group.patient, 0)] = subject
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
        elif name in natives and same(natives[name], stripped(resource)):
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
    }
    return pieces


def restored(image: FhirImage, pieces: dict[Path, Piece], report: Report) -> Group:
    """The group that the document was made from, as far as the items still say so."""
    manifest = pieces.get((), {}).get("group")
    if manifest is None:
        return image.group
    renames = {
        _name(image.homes[path], 0): piece["is"]
        for path, piece in pieces.items()
        if "is" in piece and path in image.homes
    }
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
    natives = {_name(resource, 0): resource for resource in image.group.resources()}
    members = [
        resource
        for member in manifest["members"]
        if (resource := member.get("json") or found.get(member.get("is", "")) or natives.get(member.get("native", "")))
        is not None
    ]
    if not members:
        return image.group
    return Group(members[0], tuple(members[1:]), patient, manifest["key"])


def _name(resource: Resource, index: int) -> str:
    return f"{resource['resourceType']}/{resource.get('id', f'#{index}')}"


def _named(resource: Resource, name: str) -> None:
    identifier = name.partition("/")[2]
    if identifier.startswith("#"):
        resource.pop("id", None)
    else:
        resource["id"] = identifier


def _subject(group: Group) -> str | None:
    """How the group refers to its Patient, resolved or not."""
    found: str | None = group.root.get("subject", {}).get("reference")
    return found


def _dumps(piece: Piece) -> bytes:
    """Numbers whose text matters are written as `{"#": text}`: this JSON is ours alone."""
    return json.dumps(_boxed(piece), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _loads(raw: bytes) -> Piece:
    return dict(_unboxed(json.loads(raw.decode("utf-8"))))


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
