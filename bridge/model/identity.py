"""Whom an instance names as its patient (PS3.3 C.7.1.1, table 10-18)."""

from __future__ import annotations

from bridge.model.dataset import DataSet, Element
from bridge.model.tags import ISSUER, PATIENT_ID, QUALIFIERS

IDENTITY = (PATIENT_ID, ISSUER, QUALIFIERS)


def identity_in(header: DataSet) -> list[Element]:
    """Patient ID, and whose it is."""
    return [one for one in header if one.tag in IDENTITY]
