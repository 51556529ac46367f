"""Kinds of change from R4 to R5, each with its way back. A way back need not be exact: `r5.py` keeps what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bridge.model.extensions import extensions_of
from bridge.model.group import Json, absent, repetitions
from bridge.releases.in_place import Home, drop, each, gather, put_in, put_list


class Move(Protocol):
    def forth(self, home: Home) -> None:
        """R4 to R5, in place."""
        ...

    def back(self, home: Home) -> None: ...


@dataclass(frozen=True, slots=True)
class Renamed:
    r4: str
    r5: str

    def forth(self, home: Home) -> None:
        if self.r4 in home:
            put_in(home, self.r4, {self.r5: home[self.r4]})

    def back(self, home: Home) -> None:
        if self.r5 in home:
            put_in(home, self.r5, {self.r4: home[self.r5]})


@dataclass(frozen=True, slots=True)
class Listed:
    """One in R4, a list in R5, of which R4 has the first."""

    name: str

    def forth(self, home: Home) -> None:
        if self.name in home:
            home[self.name] = [home[self.name]]

    def back(self, home: Home) -> None:
        if self.name in home:
            home[self.name] = home[self.name][0]


@dataclass(frozen=True, slots=True)
class Single:
    """A list in R4, of which R5 has the first."""

    name: str

    def forth(self, home: Home) -> None:
        Listed(self.name).back(home)

    def back(self, home: Home) -> None:
        Listed(self.name).forth(home)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What R5 puts into a data type around it: a Coding into a CodeableConcept, that into a CodeableReference."""

    name: str
    path: tuple[str, ...]

    def forth(self, home: Home) -> None:
        each(home, self.name, self._wrap)

    def back(self, home: Home) -> None:
        each(home, self.name, self._unwrap)

    def _wrap(self, value: Json) -> Json:
        for step in reversed(self.path):
            value = {step: [value] if step == "coding" else value}
        return value

    def _unwrap(self, value: Json) -> Json:
        for step in self.path:
            value = value.get(step) if isinstance(value, dict) else None
            value = value[0] if isinstance(value, list) else value
        return value


@dataclass(frozen=True, slots=True)
class Coded:
    """A code in R4, a CodeableConcept in R5."""

    name: str
    system: str

    def forth(self, home: Home) -> None:
        each(home, self.name, lambda code: {"coding": [{"system": self.system, "code": code}]})

    def back(self, home: Home) -> None:
        each(home, self.name, lambda concept: next((one.get("code") for one in concept.get("coding", ())), None))


@dataclass(frozen=True, slots=True)
class Joined:
    """CodeableConcepts and References (or one Reference) in R4, a list of CodeableReferences in R5."""

    concepts: str
    references: str
    r5: str
    one_reference: bool = False

    def forth(self, home: Home) -> None:
        place = next((key for key in home if key in (self.concepts, self.references)), None)
        if place is None:
            return
        references = home.get(self.references, [])
        found = [{"concept": one} for one in home.get(self.concepts, ())]
        found += [{"reference": one} for one in repetitions(references)]
        put_in(home, place, {self.r5: found}, gone=(self.concepts, self.references))

    def back(self, home: Home) -> None:
        if self.r5 not in home:
            return
        found, made = home[self.r5], Home()
        if concepts := [one["concept"] for one in found if "concept" in one]:
            made[self.concepts] = concepts
        if references := [one["reference"] for one in found if "reference" in one]:
            made[self.references] = references[0] if self.one_reference else references
        put_in(home, self.r5, made)


@dataclass(frozen=True, slots=True)
class First:
    """An element of its own in R4, the first of a list of Identifiers in R5, known by its system."""

    r4: str
    r5: str
    system: str

    def forth(self, home: Home) -> None:
        if self.r4 in home:
            put_in(home, self.r4, {self.r5: [home[self.r4], *home.get(self.r5, ())]}, gone=(self.r5,))

    def back(self, home: Home) -> None:
        found = home.get(self.r5, [])
        if found and found[0].get("system") == self.system:
            put_in(home, self.r5, {self.r4: found[0]} | ({self.r5: found[1:]} if found[1:] else {}))


@dataclass(frozen=True, slots=True)
class Spread:
    """A backbone element in R4 whose parts are elements of the resource in R5, under the names given."""

    name: str
    parts: tuple[tuple[str, str], ...]

    def forth(self, home: Home) -> None:
        names = dict(self.parts)
        if self.name in home:
            put_in(home, self.name, {names[key]: one for key, one in home[self.name].items() if key in names})

    def back(self, home: Home) -> None:
        gather(home, self.name, {r5: r4 for r4, r5 in self.parts}, lambda inner: inner)


@dataclass(frozen=True, slots=True)
class Grouped:
    """Elements of the resource in R4 that are parts of the first of a list in R5, under the names given; `required`:
    the part without which R5 has none, and no list, either."""

    name: str
    parts: tuple[tuple[str, str], ...]
    required: str

    def forth(self, home: Home) -> None:
        gather(home, self.name, dict(self.parts), lambda inner: [{self.required: absent()} | inner])
        home.setdefault(self.name, [{self.required: absent()}])

    def back(self, home: Home) -> None:
        names = {r5: r4 for r4, r5 in self.parts}
        if self.name in home:
            said = home[self.name][0].items()
            put_in(home, self.name, {names[key]: one for key, one in said if key in names and one != absent()})


_FIRST = ("resourceType", "id", "meta", "implicitRules", "language", "text", "contained")
"""What FHIR has before the extensions of a resource (R4 domainresource.html)."""


@dataclass(frozen=True, slots=True)
class FromExtension:
    """A reference of R5 that R4 writes as HL7's cross-version extension."""

    name: str
    url: str

    def forth(self, home: Home) -> None:
        found = [one for one in extensions_of(home, self.url) if "valueReference" in one]
        if not found:
            return
        put_list(home, "extension", [one for one in home["extension"] if one not in found])
        home[self.name] = found[0]["valueReference"]

    def back(self, home: Home) -> None:
        if self.name in home:
            extension = {"url": self.url, "valueReference": home.pop(self.name)}
            if "extension" not in home and (place := next((key for key in home if key not in _FIRST), None)):
                put_in(home, place, {"extension": [], place: home[place]})
            home["extension"] = [extension, *home.get("extension", ())]


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes that the other release does not have, and what comes nearest there."""

    name: str
    in_r5: Mapping[str, str] = field(default_factory=dict)
    in_r4: Mapping[str, str] = field(default_factory=dict)

    def forth(self, home: Home) -> None:
        each(home, self.name, lambda code: self.in_r5.get(code, code))

    def back(self, home: Home) -> None:
        each(home, self.name, lambda code: self.in_r4.get(code, code))


@dataclass(frozen=True, slots=True)
class Gone:
    """Elements that R5 has no more, and that R4 did not have yet."""

    r4: tuple[str, ...] = ()
    r5: tuple[str, ...] = ()

    def forth(self, home: Home) -> None:
        drop(home, self.r4)

    def back(self, home: Home) -> None:
        drop(home, self.r5)


@dataclass(frozen=True, slots=True)
class Within:
    """Moves within each element of that name; `deep`: and within those of that name in it."""

    name: str
    moves: Sequence[Move]
    deep: bool = False

    def forth(self, home: Home) -> None:
        for inner in self._homes(home):
            for move in self.moves:
                move.forth(inner)

    def back(self, home: Home) -> None:
        for inner in self._homes(home):
            for move in reversed(self.moves):
                move.back(inner)

    def _homes(self, home: Home) -> Iterator[Home]:
        for one in repetitions(home.get(self.name)):
            if isinstance(one, dict):
                yield one
                if self.deep:
                    yield from self._homes(one)
