"""Whose Patient IDs are: a name, or a URI that is their `Identifier.system` in the FHIR server (decision 0028)."""

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
    return value


Issuer = Annotated[str, AfterValidator(_issuer)]


def likely_meant(issuer: str) -> str | None:
    """What is odd of one that may be meant, for an archive may write it so, and that an issuer is chosen once: systems
    are compared to the letter, and what is nearly that URI names nobody in FHIR."""
    if _OID.fullmatch(issuer):
        return f"is a name, and no URI: where FHIR says `urn:oid:{issuer}`, it is another issuer"
    if (found := _SCHEME.fullmatch(issuer)) is None:
        return f"has more than the {_LONGEST} characters of Issuer of Patient ID" if len(issuer) > _LONGEST else None
    scheme, rest = found[1], found[2]
    meant = scheme.lower() if scheme.lower().startswith(("urn:", "http")) else f"urn:{scheme.lower()}"
    if scheme != meant:
        return f"is nearly a URI: where FHIR says `{meant}{rest}`, it is another issuer"
    is_odd = re.search(r"\s", rest) or (meant == "urn:oid:" and not _OID.fullmatch(rest))
    return "is no URI, though it begins like one" if is_odd else None
