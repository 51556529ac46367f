"""Words of the sections of a Composition that a document was made from: items say them, the Composition is kept whole.
A piece on the container of a section says which one it is, and guards its words."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.model.content import ContentItem, Path
from bridge.model.group import Json, Resource
from bridge.translate.basis.digests import GUARD, digest
from bridge.translate.native.own_words import element_of, of_section
from bridge.translate.native.sections import say
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.remainder.json_patch import element_at
from bridge.translate.remainder.private import Piece

_Words = dict[str, str]


def words_in(image: FhirImage) -> dict[Path, _Words]:
    """What the items in a container say of its section, by the path of that."""
    found: dict[Path, _Words] = {}
    for path, home in image.homes.items():
        if home.get("resourceType") != "Observation" or "valueString" not in home:
            continue
        if (element := element_of(home)) is not None:
            found.setdefault(path[:-1], {})[element] = home["valueString"]
    return found


def pieces_of_sections(
    composition: Resource, number: int, homes: dict[Path, Json], image: FhirImage
) -> dict[Path, Piece]:
    """Pieces on the containers of the sections of a Composition, which is number `number` among the members."""
    at, words = {id(home): path for path, home in homes.items()}, words_in(image)
    return {
        at[id(section)]: {"section": [number, place], "said": _guards(words.get(at[id(section)], {}))}
        for place, section in _sections(composition, "")
        if id(section) in at
    }


def _sections(home: Json, place: str) -> Iterator[tuple[str, Json]]:
    """All of them, each before those within it."""
    for index, section in enumerate(home.get("section", ())):
        here = f"{place}/section/{index}" if place else f"section/{index}"
        yield here, section
        yield from _sections(section, here)


def _guards(words: _Words) -> _Words:
    return {element: digest(said, GUARD) for element, said in words.items()}


def sections_in(pieces: dict[Path, Piece]) -> frozenset[Path]:
    return frozenset(path for path, piece in pieces.items() if "section" in piece)


def may_hold_more(pieces: dict[Path, Piece], root: ContentItem) -> bool:
    """Whether a section, or the document beside them, has a fact that no resource of it became: it was added."""
    sections = sections_in(pieces)
    return any(
        (*path, index) not in pieces and of_section(child.concept) is None and child.relationship == "CONTAINS"
        for path in (sections and (*sections, ()))
        for index, child in enumerate(root.at(path).children)
    )


def sections_at(placed: list[Resource | None], pieces: dict[Path, Piece]) -> dict[Path, Json]:
    """The Composition, and its sections, by the containers that they became; none where there is no Composition."""
    said = {path: piece["section"] for path, piece in pieces.items() if "section" in piece}
    compositions = (placed[number] for number, _ in said.values() if number < len(placed))
    composition = next(compositions, None)
    if composition is None:
        return {}
    return {(): composition} | {path: element_at(composition, place) for path, (_, place) in said.items()}


def enter(sections: dict[Path, Json], added: dict[Path, str], names: dict[Path, str]) -> None:
    """Makes what was `added` in a section an entry there, in place, in front of what stands behind it; what was added
    beside them, an entry of an unnamed section. `names`: of the resources of all items."""
    for path, name in sorted(added.items()):
        home = sections.get(path[:-1])
        if home is None:
            continue
        if path[:-1]:
            entries = home.setdefault("entry", [])
            behind = (names[one] for one in sorted(names) if one[:-1] == path[:-1] and one > path and one not in added)
            following = [index for other in behind for index in _entries_of(entries, other)]
            entries.insert(min(following, default=len(entries)), {"reference": name})
        else:
            there = home.setdefault("section", [])
            before = [id(section) for one, section in sections.items() if len(one) == 1 and one < path]
            after = [index for index, section in enumerate(there) if id(section) in before]
            there.insert(max(after, default=-1) + 1, {"entry": [{"reference": name}]})
            sections[path] = there[max(after, default=-1) + 1]


def _entries_of(entries: list[Json], name: str) -> list[int]:
    return [index for index, one in enumerate(entries) if one.get("reference") == name]


def follow(placed: list[Resource | None], made: list[list[Json]], pieces: dict[Path, Piece], image: FhirImage) -> None:
    """Lets the members say what the items do now, in place. `made`: the sections that had a container."""
    found = {tuple(piece["section"]): path for path, piece in pieces.items() if "section" in piece}
    words = words_in(image)
    for number, place in reversed(made):  # a section is removed behind those within it
        home = placed[number] if number < len(placed) else None
        if home is None:
            continue
        path = found.get((number, place))
        if path is None:
            _remove(home, place)
            continue
        said, now = pieces[path]["said"], words.get(path, {})
        for element in _changed(said, now):
            say(element_at(home, place), element, now.get(element))


def _changed(said: _Words, now: _Words) -> list[str]:
    guards = _guards(now)
    return [one for one in sorted(said.keys() | guards.keys()) if said.get(one) != guards.get(one)]


def _remove(home: Json, place: str) -> None:
    above, _, index = place.rpartition("/")
    owner = element_at(home, above.rpartition("/")[0])
    del owner["section"][int(index)]
    if not owner["section"]:
        del owner["section"]
