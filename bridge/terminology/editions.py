"""Coding Scheme Version (PS3.3 8.2) <-> Coding.version, where both name the same thing: a release of LOINC, and one of
the international edition of SNOMED CT, which FHIR names by URI (hl7.org/fhir/R4/snomedct.html)."""

from __future__ import annotations

import re

_INTERNATIONAL = "http://snomed.info/sct/900000000000207008/version/"
_RELEASE = {"LN": re.compile(r"[12]\.\d{1,3}[a-z]?"), "SCT": re.compile(r"(19|20)\d{6}")}


def version_to_fhir(scheme: str, version: str | None) -> str | None:
    if version is None or scheme not in _RELEASE or not _RELEASE[scheme].fullmatch(version):
        return None
    return _INTERNATIONAL + version if scheme == "SCT" else version


def version_to_dicom(scheme: str, version: str | None) -> str | None:
    """The inverse of `version_to_fhir`; None for what that never gives."""
    release = (version or "").removeprefix(_INTERNATIONAL if scheme == "SCT" else "")
    return release if version is not None and version_to_fhir(scheme, release) == version else None
