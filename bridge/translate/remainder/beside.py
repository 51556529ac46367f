"""Words that are items beside a code or limits (TID 1210, 1211, 312), in a document of ours: guarded, so that they go
where the code or a limit was edited in DICOM and they were not. `POSITIV` is no word for *Negative*."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bridge.model.group import Json, Resource
from bridge.translate.basis.codeable import codes_in
from bridge.translate.basis.digests import GUARD, digest
from bridge.translate.basis.node import Home
from bridge.translate.remainder.extension import attach, attached
from bridge.translate.remainder.json_patch import canonical


class _Words(NamedTuple):
    place: str
    home: Home  # CodeableConcept or referenceRange
    about: Json  # the component that it belongs to: places count, and one before may be gone

    @property
    def guard(self) -> str:
        return _digest([self.home["text"], self.about])


def guards_of(native: Resource) -> dict[str, str]:
    """Of the words, and of what they stand beside, by place; of a resource as it is read natively."""
    return {one.place: one.guard + _beside(one.home) for one in _words(native)}


def without_stale(native: Resource, guards: dict[str, str]) -> list[str]:
    """Takes words away whose code or limits are others now, in place; tells where. The document still has the item: it
    is kept as a remainder, until that code or limit is edited in FHIR."""
    found = []
    for one in _words(native):
        guard = guards.get(one.place, "")
        if guard.startswith(one.guard) and guard != one.guard + _beside(one.home):
            attach(one.home, "words", {"said": one.home.pop("text"), "beside": _beside(one.home)})
            if display := _display(one.home):  # as where there is no such item
                one.home["text"] = display
            found.append(one.place.replace("/", "."))
    return found


def stale_words(home: Home) -> str | None:
    """What the item says that `without_stale` has kept."""
    remainder = attached(home, "words") if "extension" in home else {}
    return str(remainder["said"]) if remainder.get("beside") == _beside(home) and "said" in remainder else None


def _words(native: Resource) -> Iterator[_Words]:
    if native["resourceType"] not in ("Observation", "DiagnosticReport"):
        return
    yield from _words_in(native, "", None)
    for index, part in enumerate(native.get("component", ())):
        yield from _words_in(part, f"component/{index}/", part.get("code", {}).get("coding"))


def _words_in(home: Home, path: str, about: Json) -> Iterator[_Words]:
    value = home.get("valueCodeableConcept", home.get("dataAbsentReason", {}))  # the code of one item
    concepts = [("code", home.get("code", {})), ("valueCodeableConcept", value)]
    concepts += [(f"conclusionCode/{index}", one) for index, one in enumerate(home.get("conclusionCode", ()))]
    for element, concept in concepts:
        text = concept.get("text", "")
        if "coding" in concept and text and (text != _display(concept) or len(text) > 64):  # longer: TID 1210
            yield _Words(f"{path}{element}", concept, None if element == "code" else about)
    for index, one in enumerate(home.get("referenceRange", ())):
        if "text" in one and one.keys() & {"low", "high"}:
            yield _Words(f"{path}referenceRange/{index}", one, about)


def _beside(home: Home) -> str:
    """Of the code, whatever it is called, or of the limits."""
    return _digest(codes_in(home) or [home.get("low"), home.get("high")])


def _digest(value: Json) -> str:
    return digest(repr(canonical(value)), GUARD)


def _display(concept: Home) -> str:
    return next((str(one.get("display", "")) for one in concept.get("coding", ())), "")
