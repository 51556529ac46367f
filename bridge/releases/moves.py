"""Kinds of change from R4 to R5, each with its way back. A way back need not be exact: `r5.py` keeps what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bridge.model.group import Json

Home = dict[str, Json]


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
            home[self.r5] = home.pop(self.r4)

    def back(self, home: Home) -> None:
        if self.r5 in home:
            home[self.r4] = home.pop(self.r5)


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
        _each(home, self.name, self._wrap)

    def back(self, home: Home) -> None:
        _each(home, self.name, self._unwrap)

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
        _each(home, self.name, lambda code: {"coding": [{"system": self.system, "code": code}]})

    def back(self, home: Home) -> None:
        _each(home, self.name, lambda concept: next((one.get("code") for one in concept.get("coding", ())), None))


@dataclass(frozen=True, slots=True)
class Joined:
    """CodeableConcepts and References (or one Reference) in R4, a list of CodeableReferences in R5."""

    concepts: str
    references: str
    r5: str
    one_reference: bool = False

    def forth(self, home: Home) -> None:
        references = home.pop(self.references, [])
        found = [{"concept": one} for one in home.pop(self.concepts, ())]
        found += [{"reference": one} for one in (references if isinstance(references, list) else [references])]
        if found:
            home[self.r5] = found

    def back(self, home: Home) -> None:
        found = home.pop(self.r5, ())
        if concepts := [one["concept"] for one in found if "concept" in one]:
            home[self.concepts] = concepts
        if references := [one["reference"] for one in found if "reference" in one]:
            home[self.references] = references[0] if self.one_reference else references


@dataclass(frozen=True, slots=True)
class First:
    """An element of its own in R4, the first of a list of Identifiers in R5, known by its system."""

    r4: str
    r5: str
    system: str

    def forth(self, home: Home) -> None:
        if self.r4 in home:
            home[self.r5] = [home.pop(self.r4), *home.get(self.r5, ())]

    def back(self, home: Home) -> None:
        found = home.get(self.r5, [])
        if found and found[0].get("system") == self.system:
            home[self.r4] = found[0]
            put_list(home, self.r5, found[1:])


@dataclass(frozen=True, slots=True)
class Spread:
    """A backbone element in R4 whose parts are elements of the resource in R5, under the names given."""

    name: str
    parts: tuple[tuple[str, str], ...]

    def forth(self, home: Home) -> None:
        inner = home.pop(self.name, {})
        home |= {r5: inner[r4] for r4, r5 in self.parts if r4 in inner}

    def back(self, home: Home) -> None:
        if inner := {r4: home.pop(r5) for r4, r5 in self.parts if r5 in home}:
            home[self.name] = inner


@dataclass(frozen=True, slots=True)
class FromExtension:
    """A reference of R5 that R4 writes as HL7's cross-version extension."""

    name: str
    url: str

    def forth(self, home: Home) -> None:
        found = [one for one in home.get("extension", ()) if one["url"] == self.url and "valueReference" in one]
        if not found:
            return
        put_list(home, "extension", [one for one in home["extension"] if one not in found])
        home[self.name] = found[0]["valueReference"]

    def back(self, home: Home) -> None:
        if self.name in home:
            extension = {"url": self.url, "valueReference": home.pop(self.name)}
            home["extension"] = [extension, *home.get("extension", ())]


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes that the other release does not have, and what comes nearest there."""

    name: str
    in_r5: Mapping[str, str] = field(default_factory=dict)
    in_r4: Mapping[str, str] = field(default_factory=dict)

    def forth(self, home: Home) -> None:
        _each(home, self.name, lambda code: self.in_r5.get(code, code))

    def back(self, home: Home) -> None:
        _each(home, self.name, lambda code: self.in_r4.get(code, code))


@dataclass(frozen=True, slots=True)
class Gone:
    """Elements that R5 has no more, and that R4 did not have yet."""

    r4: tuple[str, ...] = ()
    r5: tuple[str, ...] = ()

    def forth(self, home: Home) -> None:
        _drop(home, self.r4)

    def back(self, home: Home) -> None:
        _drop(home, self.r5)


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
        value = home.get(self.name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield one
                if self.deep:
                    yield from self._homes(one)


def _each(home: Home, name: str, change: Callable[[Json], Json]) -> None:
    if name not in home:
        return
    value = home[name]
    if isinstance(value, list):
        put_list(home, name, [made for one in value if (made := change(one)) is not None])
    else:
        made = change(value)
        if made is None:
            del home[name]
        else:
            home[name] = made


def put_list(home: Home, name: str, found: list[Json]) -> None:
    """FHIR has no empty lists."""
    if found:
        home[name] = found
    else:
        del home[name]


def _drop(home: Home, names: Sequence[str]) -> None:
    for name in names:
        home.pop(name, None)
        home.pop(f"_{name}", None)
