"""What the items of a document do not say of the group that it was made from: a piece for each item. Pieces are kept as
private elements (`private.py`); the one of the root names the whole group."""

from __future__ import annotations

from typing import Any

from bridge.model.content import ContentItem, Path
from bridge.model.dataset import DataSet, text_of
from bridge.model.document import Document
from bridge.model.group import Group, Json, Resource, renamed
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.translate.basis.digests import digest
from bridge.translate.basis.ids import Known
from bridge.translate.born_in_fhir import rendered
from bridge.translate.born_in_fhir.alike import alike
from bridge.translate.born_in_fhir.as_made import as_made, id_in, identity_digest, name_of, subject_reference, utc_of
from bridge.translate.born_in_fhir.followed_ranges import ranges_in
from bridge.translate.born_in_fhir.referring import Said, in_whole, said_in, without_observers
from bridge.translate.born_in_fhir.results import with_results
from bridge.translate.born_in_fhir.sections import pieces_of_sections
from bridge.translate.header.header import UNFINISHED, born_uid
from bridge.translate.header.verifiers import taken_verifiers
from bridge.translate.native.dose_summary import is_summary
from bridge.translate.native.specimens import repeated_of_specimen
from bridge.translate.native.subjects import states_subject
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.remainder.beside import guards_of
from bridge.translate.remainder.extension import attached, stripped
from bridge.translate.remainder.json_patch import canonical, guard
from bridge.translate.remainder.lone_range import differences
from bridge.translate.remainder.private import Piece, manifest_of, members_of

_Manifest = dict[str, Any]


def pieces_of(
    group: Group,
    homes: dict[Path, Json],
    image: FhirImage,
    document: Document,
    known: Known,
    repeated: list[str] | None = None,
) -> dict[Path, Piece]:
    """What `image` (the `document`, read natively) does not say of `group`; empty where it says all. Into `repeated`
    goes where words are missing that the code of an item repeats."""
    pieces: dict[Path, Piece] = {}
    names, born = _names(group), born_uid(group.root) is not None
    renames = renames_of(group, homes, image)
    if not born:
        with_results(image, _paired(names, homes, image))
        taken_verifiers(image.group.root)
    natives = {name_of(resource, 0): resource for resource in image.group.resources()}
    if born and len(natives) == len(names) and _are_native(group, names, natives, renames):
        return {}
    utc = utc_of(group)
    at = {id(home): path for path, home in _paired(names, homes, image).items()}
    taken = {id(image.homes[path]) for path in at.values()}  # what was the second of a concept is the first now
    free = {name: one for name, one in natives.items() if id(one) not in taken}
    items = {id(image.homes[one]): id(home) for one, home in homes.items() if one in image.homes}
    unedited = attached(group.root, "document").get("copies", ()) if born else ()
    members: list[Json] = []
    sections: dict[Path, Piece] = {}
    plain, renumbered = len(natives) == len(names), False
    for number, resource in enumerate(group.resources()):
        name = names[id(resource)]
        if (path := at.get(id(resource))) is not None:
            native = image.homes[path]
            renumbered = renumbered or (born and name != name_of(native, 0))
            entries: list[list[Json]] = []
            if not (born and utc != "Z" and name == name_of(native, 0) and alike(native, resource, renames)):
                own, of_specimen = states_subject(resource), {} if born else repeated_of_specimen(native, resource)
                native = native if born else without_observers(native, resource.get("performer"))
                native = as_made(
                    renamed(native, renames), name, born, known, utc, states_subject=own, of_specimen=of_specimen
                )
                entries, dropped = _differences(native, resource, born=born)
                if repeated is not None:
                    repeated += dropped
            if number == 0 and guard(resource.get("conclusion")) in unedited:
                entries = [one for one in entries if one[0] != "conclusion"]
            piece: Piece = ({"is": number} if number else {}) | ({"entries": entries} if entries else {})
            if not born:
                piece |= _guards(resource, native, entries, document.root, path)
                if told := repeated_of_specimen(image.homes[path], resource):
                    piece["specimen"] = {name: guard(words) for name, words in told.items()}
                piece |= _referring(said_in(resource, image.homes[path], entries, items, renames))
            pieces[path] = piece
            members.append(name)
            plain = plain and not entries and name in natives and not renumbered
        elif name in free and (
            alike(free[name], resource, renames) or guard(resource) in unedited or (born and is_summary(resource))
        ):
            members.append({"native": name})
        elif born and name in free:
            native = as_made(renamed(free[name], renames), name, born, known, utc)
            members.append({"native": name, "entries": differences(native, stripped(resource), born=born)})
            plain = False
        else:
            if resource["resourceType"] == "Composition" and not born:
                sections |= pieces_of_sections(resource, number, homes, image)
            members.append({"json": stripped(resource)})
            plain = False
    if plain:
        return {}
    pieces |= sections
    pieces[()] = pieces.get((), {}) | known.label()
    pieces[()]["group"] = _manifest(group, members, document.header, known, utc, born=born)
    if sections:
        pieces[()]["group"]["sections"] = [one["section"] for one in sections.values()]
    if renumbered:  # of results alike, some are gone, moved or new: each keeps the id that it has
        pieces[()]["group"]["named"] = True
    return pieces


def _differences(native: Resource, resource: Resource, *, born: bool) -> tuple[list[list[Json]], list[str]]:
    """What the items do not say of the resource; and where, of a document born in DICOM, only words are missing that
    the code of an item repeats."""
    said = differences(native, stripped(resource), born=born)
    if not born:
        return in_whole(native, resource, said), []
    dropped = [one for one in said if _drops_copy(one, said)]
    places = [f"{resource['resourceType']}.{one[0].replace('/', '.')}" for one in dropped]
    return [one for one in said if one not in dropped], places


def _guards(resource: Resource, native: Resource, entries: list[list[Json]], root: ContentItem, path: Path) -> Piece:
    """What goes, or follows, where somebody edits the item of a document born in FHIR."""
    found: Piece = {
        "subject": states_subject(resource),
        "words": guards_of(native),
        "ranges": ranges_in(native),
        "rendered": rendered.guards_of(native, entries, root, path),
    }
    return {name: said for name, said in found.items() if said}


def _referring(said: Said) -> Piece:
    return {"referring": {name: [list(one) for one in pairs] for name, pairs in said.items()}} if said else {}


def _are_native(group: Group, names: dict[int, str], natives: dict[str, Resource], renames: dict[str, str]) -> bool:
    """Whether nobody has edited anything, as of most reports."""
    return all(alike(natives.get(names[id(one)]), one, renames) for one in group.resources())


def _manifest(
    group: Group, members: list[Json], header: DataSet, known: Known, utc: str | None, *, born: bool
) -> _Manifest:
    manifest: _Manifest = {"members": members, "identity": identity_digest(header)}
    if group.key != members[0]:
        manifest["key"] = group.key
    if (subject := subject_reference(group)) is not None:
        manifest["subject"] = subject
    patient = group.patient.get("id", "") if group.patient else None
    if patient != id_in(subject):
        manifest["patient"] = patient
    if born:
        manifest["born"] = known.document or born_uid(group.root)
    elif known.document == group.key:
        manifest["ids"] = 1  # what is read natively goes by that in all versions; earlier, by the UID
    if utc == "Z":
        manifest["utc"] = "Z"
    if not born and group.root.get("status") in UNFINISHED:
        manifest["unfinished"] = text_of(header, SOP_INSTANCE_UID)
    if (said := _references(group)) is not None:
        manifest["references"] = said
    return manifest


def renames_of(group: Group, homes: dict[Path, Json], image: FhirImage) -> dict[str, str]:
    """How the group refers to what is read natively."""
    names = _names(group)
    said = names | ({id(target): one for one, target in _spelled(group).items()} if _references(group) else {})
    renames = {name_of(image.homes[path], 0): said[id(home)] for path, home in _paired(names, homes, image).items()}
    if image.group.patient is not None and (subject := subject_reference(group)):
        renames[name_of(image.group.patient, 0)] = subject
    return renames


def edits(pieces: dict[Path, Piece]) -> list[str]:
    """Places of a document born in DICOM where FHIR says what its items do not."""
    members = members_of(pieces)
    said = [(members[one.get("is", 0)], one["entries"]) for one in pieces.values() if "entries" in one]
    said += [(one["native"], one["entries"]) for one in members if isinstance(one, dict) and "entries" in one]
    places = [".".join([name.partition("/")[0], *entry[0].split("/")]) for name, entries in said for entry in entries]
    return places + [one["json"]["resourceType"] for one in members if isinstance(one, dict) and "json" in one]


def copies_of(group: Group, pieces: dict[Path, Piece]) -> list[str]:
    """Digests of what repeats the words of items for readers of FHIR, less what the pieces say: it was edited. The
    others follow the items."""
    edited = [one for one in members_of(pieces) if isinstance(one, dict) and one.keys() != {"native"}]
    carried = [one["json"] for one in edited if "json" in one]
    changed = {one["native"] for one in edited if "native" in one}
    said = [one[0] for one in pieces.get((), {}).get("entries", ())]
    copies = [group.root["conclusion"]] if "conclusion" in group.root and "conclusion" not in said else []
    repeating = [one for one in group.members if one["resourceType"] == "Composition" or is_summary(one)]
    repeating = [one for one in repeating if name_of(one, 0) not in changed]
    copies += [one for one in repeating if stripped(one) not in carried] if carried else repeating
    return [guard(one) for one in copies]


def beyond(pieces: dict[Path, Piece]) -> str | None:
    """Digest of what FHIR says that the items do not; None where they say all."""
    found = [(path, canonical(entries)) for path, piece in sorted(pieces.items()) if (entries := piece.get("entries"))]
    whole = [canonical(one) for one in members_of(pieces) if isinstance(one, dict) and one.keys() != {"native"}]
    named = members_of(pieces) if manifest_of(pieces).get("named") else None
    return digest(repr((found, whole, named) if named else (found, whole))) if found or whole or named else None


def _drops_copy(entry: list[Json], said: list[list[Json]]) -> bool:
    """A document born in DICOM need not repeat the words of a code that it still has."""
    concept, _, element = entry[0].rpartition("/")
    if len(entry) != 2 or element not in ("text", "display"):
        return False
    beside = (one for one in said if one[0].startswith(f"{concept}/") and one is not entry)
    return all(len(one) == 2 and one[0].rpartition("/")[2] in ("text", "display") for one in beside)


def _names(group: Group) -> dict[int, str]:
    return {id(resource): name_of(resource, index) for index, resource in enumerate(group.resources())}


def _paired(names: dict[int, str], homes: dict[Path, Json], image: FhirImage) -> dict[Path, Json]:
    """Resources of the group whose item is read as one of that type, by its path."""
    return {
        path: home
        for path, home in homes.items()
        if id(home) in names and image.homes.get(path, {}).get("resourceType") == home["resourceType"]
    }


def _references(group: Group) -> dict[str, int] | None:
    """What references mean, by number of the resource (the Patient last), where `Type/id` does not say it."""
    found = _spelled(group)
    plain = Group(group.root, group.members, group.patient, group.key).index()
    subject = subject_reference(group)
    if all(plain.get(one) is target and (one == subject or "/" in one) for one, target in found.items()):
        return None
    numbers = {id(one): at for at, one in enumerate(group.whole())}
    return {one: numbers[id(target)] for one, target in found.items()}


def _spelled(group: Group) -> dict[str, Resource]:
    """Each reference of the group and its target, in one order whatever the order of reading."""
    references = group.references or {}
    return {one: references[one] for one in sorted(references)}
