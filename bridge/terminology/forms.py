"""What cannot be a code of its scheme: by its form, its last digit, or the tables of PS3.16 that pydicom ships."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from bridge.terminology.loinc import is_loinc
from bridge.terminology.schemes import mdc_to_dicom, mdc_to_fhir
from bridge.terminology.snomed import SLIPS, is_sct, sct_of
from bridge.terminology.units import is_ucum

_OF_DCM = re.compile(r"1[0-3]\d{4}|[A-Z][A-Z0-9]*", re.ASCII)  # PS3.16 table D-1, and the modalities among them
_OF_SRT = re.compile(r"[ACDFGJLMPRST][0-9A-F]?-[0-9A-F]{4,6}", re.ASCII)  # axis of SNOMED RT, and its place there
_IDENTIFIER, _EXPRESSION = re.compile(r"[1-9]\d{5,17}", re.ASCII), re.compile(r"[=<(]*\s*\d{6,18}\D.*", re.ASCII)
_CONCEPTS = ("00", "10")
"""Partitions of SNOMED CT (Release File Specifications, 5.3) that hold concepts, no descriptions or relationships."""
_MDC_SLIPS = frozenset({"2: 33792"})
"""As PS3.16 writes it."""


def flaw(scheme: str, code: str, *, in_dicom: bool) -> str | None:
    """Why it is none, and what to do; None of one that may be."""
    look = _FLAWS.get(scheme)
    return look(code, in_dicom) if look is not None else None


def oddity(scheme: str, code: str) -> str | None:
    """Of what may be a code, and is none that we know: another edition may have it."""
    if scheme == "DCM" and code not in _dcm():
        return f"DCM {code} is not in PS3.16 as this version of the bridge has it"
    if scheme == "SRT":
        today = sct_of(code)
        return f"SRT {code} is retired" + (f": today it is SCT {today}" if today else "")
    return None


def _ln(code: str, in_dicom: bool) -> str | None:
    if is_loinc(code, in_dicom=in_dicom):
        return None
    what = "its check digit is wrong" if re.fullmatch(r"[1-9]\d*-\d", code, re.ASCII) else "no number, hyphen and digit"
    return f"{code!r} is no LOINC code: {what}; look it up on loinc.org"


def _sct(code: str, _: bool) -> str | None:
    page = "look it up on browser.ihtsdotools.org"
    if _OF_SRT.fullmatch(code):
        today = sct_of(code)
        return f"{code!r} is of SNOMED RT (SRT), no SNOMED CT code; {f'write SCT {today}' if today else page}"
    if _EXPRESSION.fullmatch(code):
        return None
    if not _IDENTIFIER.fullmatch(code):
        return f"{code!r} is no SNOMED CT code, which has 6 to 18 digits; {page}"
    if not is_sct(code):
        return f"{code!r} is no SNOMED CT code: its check digit is wrong; {page}"
    if code[-3:-1] not in _CONCEPTS and code not in SLIPS:
        return f"{code!r} is no concept of SNOMED CT, but a description or a relationship; {page}"
    return None


def _srt(code: str, _: bool) -> str | None:
    return None if _OF_SRT.fullmatch(code) else f"{code!r} is no code of SNOMED RT; write the SNOMED CT code, SCT"


def _dcm_code(code: str, _: bool) -> str | None:
    if _OF_DCM.fullmatch(code) or code in _dcm():
        return None
    return f"{code!r} is no code of DICOM's own (DCM); look it up in PS3.16 annex D"


def _mdc(code: str, in_dicom: bool) -> str | None:
    """PS3.16 table 8-1, MDC: `<partition>:<term code>`; in FHIR one number."""
    as_dicom, as_fhir = mdc_to_dicom(code), mdc_to_fhir(code)
    if in_dicom and (as_fhir != code or code in _MDC_SLIPS) or (not in_dicom and as_dicom != code):
        return None
    if (as_dicom if in_dicom else as_fhir) != code:
        side, right = ("an SR", as_dicom) if in_dicom else ("FHIR", as_fhir)
        return f"{code!r} is not how {side} writes an MDC code; write {right}"
    return f"{code!r} is no MDC code; write 2:16770 of an SR, and 147842 of FHIR, as ISO/IEEE 11073-10101 has it"


def _ucum(code: str, _: bool) -> str | None:
    return None if is_ucum(code) else f"{code!r} is no UCUM unit; look it up on ucum.org"


def _radlex(code: str, _: bool) -> str | None:
    if re.fullmatch(r"RP?ID\d+", code, re.ASCII):
        return None
    return f"{code!r} is no RadLex code, such as RID28662; look it up on radlex.org"


_FLAWS: dict[str, Callable[[str, bool], str | None]] = {
    "LN": _ln,
    "SCT": _sct,
    "SRT": _srt,
    "DCM": _dcm_code,
    "MDC": _mdc,
    "UCUM": _ucum,
    "RADLEX": _radlex,
}
"""By designator; of any other scheme nobody here knows what its codes look like."""


@cache
def _dcm() -> frozenset[str]:
    """Imported on first use: shipped rows are proven by tests."""
    from pydicom.sr._concepts_dict import concepts

    return frozenset(code for codes in concepts["DCM"].values() for code in codes)
