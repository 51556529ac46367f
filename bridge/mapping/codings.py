"""Code <-> Coding and CodeableConcept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from bridge.mapping.texts import fhir_string, in_bytes, one_value
from bridge.model.codes import is_urn
from bridge.model.content import Code
from bridge.model.group import Json, absent
from bridge.model.names import EXTENSION_BASE, PRIVATE_SCHEME
from bridge.terminology.editions import version_to_dicom, version_to_fhir
from bridge.terminology.schemes import canonical, designator_of, mdc_to_dicom, mdc_to_fhir, private_designator, uri_of
from bridge.terminology.snomed import name_of, sct_of

_NO_SYSTEM = private_designator("")
"""Coding Scheme Designator of a code without system: an empty one is refused (PS3.3 table 8.8-1)."""


def coding(code: Code) -> dict[str, Json]:
    """One Coding."""
    return dict(_coding(code.value, code.scheme, code.meaning, code.version))


@lru_cache(maxsize=16384)
def _coding(value: str, scheme: str, meaning: str, version: str | None) -> tuple[tuple[str, str], ...]:
    value = mdc_to_fhir(value) if scheme == "MDC" else value
    if not value.strip() or re.search(r"\s\s|^\s|\s$", value):
        raise ValueError("not a FHIR code")
    found = [("system", uri_of(scheme, EXTENSION_BASE))] if scheme not in ("", _NO_SYSTEM) else []
    if (release := version_to_fhir(scheme, version)) is not None:
        found.append(("version", release))
    found.append(("code", value))
    if meaning:
        found.append(("display", fhir_string(meaning)))
    return tuple(found)


def code_of(one: dict[str, Json]) -> Code:
    """A Coding as code. A system without designator gets a private one.

    Raises ValueError where there is no code, or no room for it."""
    value = one.get("code")
    if value is None:
        raise ValueError("no code")
    return code_in(one.get("system"), value, one.get("display") or value, one.get("version"))


@lru_cache(maxsize=16384)
def code_in(system: str | None, value: str, meaning: str, version: str | None = None) -> Code:
    scheme = (designator_of(system, EXTENSION_BASE) or private_designator(system)) if system else _NO_SYSTEM
    if scheme == _NO_SYSTEM and is_urn(value):
        scheme = ""
    if scheme == "MDC":
        value = mdc_to_dicom(value)
    if "\\" in value or "\\" in scheme or len(scheme) > 16:
        raise ValueError("no DICOM code")
    return Code(value, scheme, code_meaning(meaning), version_to_dicom(scheme, version))


def code_meaning(text: str) -> str:
    """LO, never empty."""
    return one_value(text, 64) or "-"


def meanings_of(text: str) -> set[str]:
    """What `code_meaning` is, and what it was in earlier versions, which cut all to 64 bytes."""
    return {code_meaning(text), code_meaning(in_bytes(text, 64))} if len(text) > 64 else {code_meaning(text)}


class Spelled(NamedTuple):
    """What of a CodeableConcept says a code; and a key to what was found for the like before."""

    codings: tuple[tuple[str | None, str | None, str | None, str | None], ...]  # system, code, display, version
    text: str | None


def spelled(concept: dict[str, Json]) -> Spelled:
    codings = concept.get("coding", ())
    return Spelled(
        tuple([(one.get("system"), one.get("code"), one.get("display"), one.get("version")) for one in codings]),
        concept.get("text"),
    )


def fresh(concept: dict[str, Json]) -> dict[str, Json]:
    """A copy that whoever gets it may change."""
    if "coding" in concept:
        return concept | {"coding": [one.copy() for one in concept["coding"]]}
    return concept.copy()


def concept_to_fhir(code: Code | None) -> dict[str, Json]:
    return absent() if code is None else fresh(_concept_to_fhir(code))


@lru_cache(maxsize=4096)
def _concept_to_fhir(code: Code) -> dict[str, Json]:
    if (code.value, code.scheme) == _IN_WORDS and code.meaning:
        return {"text": fhir_string(code.meaning)}
    codings = [coding(code), *map(coding, code.equivalents)]
    sct = sct_of(code.value) if code.scheme == "SRT" else None
    if sct is not None:  # the retired code first, as written; what it is today beside it
        codings.insert(1, coding(Code(sct, "SCT", name_of(sct) or code.meaning)))
    return {"coding": codings, "text": codings[0]["display"]} if code.meaning else {"coding": codings}


def concept_to_dicom(value: dict[str, Json]) -> Code | None:
    return spelled_to_dicom(spelled(value))


@lru_cache(maxsize=4096)
def spelled_to_dicom(value: Spelled) -> Code | None:
    """The first code, the others as its equivalents; else the text."""
    codes = [code for _, code in codes_of(value)]
    if codes:
        return called(with_equivalents(codes[0], codes), value)
    said = value.text or next(_displays(value), None)
    return Code(*_IN_WORDS, code_meaning(said)) if said else None


def called(code: Code, value: Spelled) -> Code:
    """By the first display of another coding, where its own has none and no text is there: a reader would see a bare
    number."""
    said = [*_displays(value)]
    is_bare = code.meaning not in (value.text, *said) and code.meaning in [bare for _, bare, _, _ in value.codings]
    return code._replace(meaning=code_meaning(said[0])) if said and is_bare else code


def _displays(value: Spelled) -> Iterator[str]:
    return (display for _, _, display, _ in value.codings if display)


_IN_WORDS = ("TEXT", PRIVATE_SCHEME)
"""Code and designator of a concept that FHIR has in words only: its meaning says it."""


def codes_of(value: Spelled) -> list[tuple[tuple[str, str], Code]]:
    """The codings that a code can hold, in order: as FHIR says them, canonical system and code; and as DICOM does.
    Those without system last: nobody knows what they mean."""
    found = []
    for system, code, display, version in value.codings:
        if code is None:
            continue
        try:
            held = code_in(system, code, display or value.text or code, version)
        except ValueError:  # one that is too long
            continue
        found.append(((canonical(system or "", EXTENSION_BASE), code), held))
    return sorted(found, key=lambda one: not one[0][0])


def with_equivalents(code: Code, codes: Iterable[Code]) -> Code:
    """`code` with the others, less those that its scheme itself gives: the SCT code of a SNOMED-RT style code."""
    sct = sct_of(code.value) if code.scheme == "SRT" else None
    others = tuple(
        one for one in codes if not one.same(code) and not (one.scheme == "SCT" and one.value == sct is not None)
    )
    return code._replace(equivalents=others) if others else code
