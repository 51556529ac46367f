"""Whose Patient IDs are: a name, or a URI that is their `Identifier.system` in the FHIR server (decision 0028). What
only looks like that URI would be a name, and name nobody there: it is refused, for an issuer is chosen once."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+")  # FHIR R4 2.24.0.1, oid
_SCHEME = re.compile(r"(urn:(?:oid|uuid):|(?:oid|uuid):|urn:|https?:)(.*)", re.IGNORECASE | re.DOTALL)
_NO_LO = re.compile(r"[\x00-\x1f\x7f\\]")  # PS3.5 6.2
_LONGEST = 64  # characters of LO, which Issuer of Patient ID (0010,0021) is


def _issuer(value: str) -> str:
    if not value.strip():
        raise ValueError("empty; say whose the Patient IDs are, or leave the key out")
    if value != value.strip():
        raise ValueError("a blank at its beginning or end, and nobody else writes that one; take it out")
    if _NO_LO.search(value):
        raise ValueError("a control character or backslash, which Issuer of Patient ID cannot hold; take it out")
    if _OID.fullmatch(value):
        raise ValueError(f"an OID that is no URI; write `urn:oid:{value}`")
    found = _SCHEME.fullmatch(value)
    return _uri(found[1], found[2]) if found else _name(value)


def _uri(scheme: str, rest: str) -> str:
    """As FHIR compares systems: to the letter."""
    meant = scheme.lower() if scheme.lower().startswith(("urn:", "http")) else f"urn:{scheme.lower()}"
    if scheme != meant:
        raise ValueError(f"nearly a URI, and so another issuer; write `{meant}{rest}`")
    if re.search(r"\s", rest):
        raise ValueError("a URI with a blank; take it out")
    if meant == "urn:oid:" and not _OID.fullmatch(rest):
        raise ValueError("what follows `urn:oid:` is no OID; write `urn:oid:1.2.3`")
    return scheme + rest


def _name(value: str) -> str:
    if len(value) > _LONGEST:
        raise ValueError(f"longer than the {_LONGEST} characters of Issuer of Patient ID; shorten it, or write a URI")
    return value


Issuer = Annotated[str, AfterValidator(_issuer)]
