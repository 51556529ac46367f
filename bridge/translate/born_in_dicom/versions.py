"""Pieces of a new version of a document born in DICOM, of what somebody edited in FHIR: what becoming a version changes
by itself (its UID, its status, who verified it) is no edit."""

from __future__ import annotations

from bridge.model.content import Path
from bridge.model.group import Group, Json
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.translate.basis.ids import Known
from bridge.translate.born_in_fhir.as_made import name_of
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.remainder.private import Piece, members_of

_OF_VERSION = frozenset({"identifier", "status", "resultsInterpreter"})


def version_alone(first: str, known: Known) -> dict[Path, Piece]:
    """Of a version whose items say all of it: which document it is a version of, for its ids go by that."""
    return {(): {"version": first} | known.label()}


def still_named(group: Group, edited: dict[Path, Piece], image: FhirImage) -> Group:
    """The group without the unedited members that a new version does not name: who verified the one before."""
    natives = {name_of(resource, 0) for resource in image.group.resources()}
    gone = {
        id(resource)
        for resource, member in zip(group.resources(), members_of(edited), strict=False)
        if isinstance(member, dict) and member.keys() == {"native"} and member["native"] not in natives
    }
    return group.less(gone)


def _name_in(member: Json) -> str:
    if not isinstance(member, dict):
        return ""
    return name_of(member["json"], 0) if "json" in member else str(member["native"])


def of_version(pieces: dict[Path, Piece], edited: dict[Path, Piece], former: str, uid: str) -> dict[Path, Piece]:
    """The pieces of a new version: that it is one, and not verified, its items say, so that only what was `edited` is
    left."""
    if not pieces:
        return {}
    left: dict[Path, Piece] = {}
    for path, piece in pieces.items():
        said = {_top(entry) for entry in edited.get(path, {}).get("entries", ())}
        entries = [
            _under(entry, former, uid)
            for entry in piece.get("entries", ())
            if _top(entry) not in _OF_VERSION or _top(entry) in said
        ]
        left[path] = piece | {"entries": entries}
        if not entries:
            del left[path]["entries"]
    unedited = [one for one in members_of(edited) if isinstance(one, dict) and one.keys() == {"native"}]
    named = {_name_in(one) for one in members_of(edited) if isinstance(one, dict) and _identifies(one)}
    members = [
        {"native": name} if {"native": name} in unedited else now if name in named else _unidentified(now)
        for now in members_of(pieces)
        for name in [_name_in(now)]
    ]
    left[()] = left[()] | {"group": left[()]["group"] | {"members": members}}
    return left


def _identifies(member: Json) -> bool:
    """Whether what is a member without an item, as a Composition is, has an identifier that somebody has edited."""
    return any(_top(entry) == "identifier" for entry in member.get("entries", ()))


def _unidentified(member: Json) -> Json:
    if not isinstance(member, dict) or not _identifies(member):
        return member
    return member | {"entries": [entry for entry in member["entries"] if _top(entry) != "identifier"]}


def _top(entry: list[Json]) -> str:
    return str(entry[0].partition("/")[0])


def _under(entry: list[Json], former: str, uid: str) -> list[Json]:
    """The entry with the UID of the new version: nothing else of its identifiers is touched."""
    if _top(entry) != "identifier" or len(entry) < 3 or not isinstance(entry[2], list):
        return entry
    own = {"system": DICOM_UID_SYSTEM, "value": f"urn:oid:{former}"}
    renewed = [one | {"value": f"urn:oid:{uid}"} if own.items() <= one.items() else one for one in entry[2]]
    return [*entry[:2], renewed]
