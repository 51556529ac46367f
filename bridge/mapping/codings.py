"""Code <-> Coding and CodeableConcept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from bridge.mapping.texts import fhir_string
from bridge.model.content import Code
from bridge.model.group import Json, absent
from bridge.model.names import EXTENSION_BASE, PRIVATE_SCHEME
from bridge.terminology.editions import version_to_dicom, version_to_fhir
from bridge.terminology.schemes import canonical, designator_of, mdc_to_dicom, mdc_to_fhir, private_designator, uri_of
from bridge.terminology.snomed import sct_of


def coding(code: Code) -> dict[str, Json]:
    """One Coding."""
    return dict(_coding(code.value, code.scheme, code.meaning, code.version))


@lru_cache(maxsize=16384)
def _coding(value: str, scheme: str, meaning: str, version: str | None) -> tuple[tuple[str, str], ...]:
    value = mdc_to_fhir(value) if scheme == "MDC" else value
    if not value.strip() or re.search(r"\s\s|^\s|\s$", value):
        raise ValueError("not a FHIR code")
    found = [("system", uri_of(scheme, EXTENSION_BASE))] if scheme else []
    if (release := version_to_fhir(scheme, version)) is not None:
        found.append(("version", release))
    found.append(("code", value))
    if meaning:
        found.append(("display", fhir_string(meaning)))
    return tuple(found)


def code_of(one: dict[str, Json], text: str | None = None) -> Code:
    """A Coding as code, `text` its meaning where it has no display. A system without designator gets a private one.

    Raises ValueError where there is no code, or no room for it."""
    value = one.get("code")
    if value is None:
        raise ValueError("no code")
    return code_in(one.get("system"), value, one.get("display") or text or value, one.get("version"))


@lru_cache(maxsize=16384)
def code_in(system: str | None, value: str, meaning: str, version: str | None = None) -> Code:
    scheme = (designator_of(system, EXTENSION_BASE) or private_designator(system)) if system else ""
    if scheme == "MDC":
        value = mdc_to_dicom(value)
    if "\\" in value or "\\" in scheme or len(scheme) > 16:
        raise ValueError("no DICOM code")
    return Code(value, scheme, code_meaning(meaning), version_to_dicom(scheme, version))


def code_meaning(text: str) -> str:
    """LO: 64 characters, no backslash, no control character (PS3.5 6.2). What is cut has 64 bytes at most: dciodvfy
    counts those."""
    found = re.sub(r"[\x00-\x1f\\]", " ", text)
    if len(found) > 64:
        found = found.encode("utf-8", "replace")[:64].decode("utf-8", "ignore")
    return found.strip() or "-"


def concept_to_fhir(code: Code | None) -> dict[str, Json]:
    if code is None:
        return absent()
    if (code.value, code.scheme) == _IN_WORDS and code.meaning:
        return {"text": fhir_string(code.meaning)}
    codings = [coding(code), *map(coding, code.equivalents)]
    sct = sct_of(code.value) if code.scheme == "SRT" else None
    if sct is not None:  # the retired code first, as written; what it is today beside it
        codings.insert(1, coding(Code(sct, "SCT", code.meaning)))
    return {"coding": codings, "text": codings[0]["display"]} if code.meaning else {"coding": codings}


def concept_to_dicom(value: dict[str, Json]) -> Code | None:
    """The first code, the others as its equivalents; else the text."""
    codes = [code for _, code in codes_of(value)]
    if codes:
        return with_equivalents(codes[0], codes)
    codings = value.get("coding", ())
    said = value.get("text") or next((one["display"] for one in codings if one.get("display")), None)
    return Code(*_IN_WORDS, code_meaning(said)) if said else None


_IN_WORDS = ("TEXT", PRIVATE_SCHEME)
"""Code and designator of a concept that FHIR has in words only: its meaning says it."""


def codes_of(value: dict[str, Json]) -> list[tuple[tuple[str, str], Code]]:
    """The codings that a code can hold, in order: as FHIR says them, canonical system and code; and as DICOM does."""
    found = []
    for one in value.get("coding", ()):
        try:
            code = code_of(one, value.get("text"))
            found.append(((canonical(one.get("system", ""), EXTENSION_BASE), one["code"]), code))
        except ValueError:  # no code, or one that is too long
            continue
    return found


def with_equivalents(code: Code, codes: Iterable[Code]) -> Code:
    """`code` with the others, less those that its scheme itself gives: the SCT code of a SNOMED-RT style code."""
    sct = sct_of(code.value) if code.scheme == "SRT" else None
    others = tuple(
        one for one in codes if not one.same(code) and not (one.scheme == "SCT" and one.value == sct is not None)
    )
    return code._replace(equivalents=others) if others else code
