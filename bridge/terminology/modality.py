"""Modality (PS3.3 C.7.3.1.1.1) of the instances of a SOP class, which evidence does not say; PS3.4 table B.5-1."""

from __future__ import annotations

_ROOT = "1.2.840.10008.5.1.4.1.1."
_MODALITIES = {
    "1": "CR",
    "1.1": "DX",
    "1.1.1": "DX",
    "1.2": "MG",
    "1.2.1": "MG",
    "1.3": "IO",
    "2": "CT",
    "2.1": "CT",
    "2.2": "CT",
    "3.1": "US",
    "4": "MR",
    "4.1": "MR",
    "4.2": "MR",
    "4.3": "MR",
    "6.1": "US",
    "6.2": "US",
    "12.1": "XA",
    "12.1.1": "XA",
    "12.2": "RF",
    "12.2.1": "RF",
    "13.1.3": "MG",
    "20": "NM",
    "66": "REG",
    "66.1": "REG",
    "66.3": "REG",
    "66.4": "SEG",
    "67": "RWV",
    "77.1.1": "ES",
    "77.1.2": "GM",
    "77.1.4": "XC",
    "77.1.6": "SM",
    "78.6": "SR",
    "79.1": "SR",
    "88.59": "KO",
    "104.1": "DOC",
    "128": "PT",
    "130": "PT",
    "481.1": "RTIMAGE",
    "481.2": "RTDOSE",
    "481.3": "RTSTRUCT",
    "481.5": "RTPLAN",
}
_PREFIXES = {"88.": "SR", "9.1.": "ECG", "9.": "HD", "11.": "PR"}


def modality_of(sop_class: str) -> str:
    """`OT` where the class does not decide it."""
    if not sop_class.startswith(_ROOT):
        return "OT"
    last = sop_class.removeprefix(_ROOT)
    return _MODALITIES.get(last) or next((_PREFIXES[one] for one in _PREFIXES if last.startswith(one)), "OT")
