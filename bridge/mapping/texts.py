"""Text and UIDs of DICOM <-> string, uri and Identifier of FHIR. All but `uid_in` raise ValueError on what they cannot
hold."""

from __future__ import annotations

import re

from bridge.model.group import Json
from bridge.model.names import DICOM_UID_SYSTEM

_NO_VALUE, _BLANK = re.compile(r"[\x00-\x1f\x7f\\]"), re.compile(r"\s")
_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
_NO_STRING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def fhir_string(text: str) -> str:
    """A form feed, which ST, LT and UT may hold (PS3.5 6.1.3) and a string may not, begins a line instead of a page."""
    return _string(text.strip("\f").replace("\f", "\n"))


def _string(text: str) -> str:
    if not text.strip() or _NO_STRING.search(text) or len(text) > 1_000_000:
        raise ValueError("not a FHIR string")
    return text


def dicom_text(value: str) -> str:
    return _string(value).replace("\t", " ")  # dciodvfy refuses a tab in UT


def one_value(text: str, length: int) -> str:
    """LO and SH: so many characters, no backslash, no control character (PS3.5 6.2). What is cut has so many bytes at
    most, for dciodvfy counts those, unless that took most of it away: of a text in kanji, two thirds."""
    found = _NO_VALUE.sub(" ", text)
    if len(found) > length:
        found = found[:length]
        fewer = in_bytes(found, length)
        found = fewer if len(fewer) >= length * 3 / 4 else found
    return found.strip()


def in_bytes(text: str, length: int) -> str:
    """Whole characters in so many bytes of UTF-8 at most."""
    return text.encode("utf-8", "replace")[:length].decode("utf-8", "ignore")


def uid_to_fhir(text: str) -> str:
    if not _UID.fullmatch(text) or len(text) > 64:
        raise ValueError("not a UID")
    return f"urn:oid:{text}"


def token_to_fhir(text: str) -> dict[str, Json]:
    """`system|value`, as FHIR searches it (R4 search.html#token); without a bar it is the value alone."""
    system, bar, value = text.partition("|")
    if not bar:
        return {"value": fhir_string(text)}
    if not value.strip() or _BLANK.search(system):
        raise ValueError("not an identifier")
    return {"system": system, "value": fhir_string(value)} if system else {"value": fhir_string(value)}


def token_to_dicom(identifier: dict[str, Json]) -> str:
    system, value = identifier.get("system", ""), identifier.get("value", "")
    if not value.strip() or "|" in system or _BLANK.search(system):
        raise ValueError("an identifier without value, or with a system that is no URI")
    return dicom_text(f"{system}|{value}" if system or "|" in value else value)


def uid_to_dicom(value: str) -> str:
    if not value.startswith("urn:oid:"):
        raise ValueError("not a UID")
    uid_to_fhir(value[8:])
    return value[8:]


def uid_identifier(uid: str) -> list[dict[str, Json]]:
    return [{"system": DICOM_UID_SYSTEM, "value": uid_to_fhir(uid)}]


def uid_of(identifiers: list[dict[str, Json]]) -> str:
    return uid_to_dicom(
        next((one.get("value", "") for one in identifiers if one.get("system") == DICOM_UID_SYSTEM), "")
    )


def uid_in(identifiers: list[dict[str, Json]]) -> str | None:
    """None where they hold no UID, whatever their systems say."""
    try:
        return uid_of(identifiers)
    except ValueError:
        return None
