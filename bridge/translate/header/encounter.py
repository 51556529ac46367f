"""Encounter <-> Admission ID with its issuer (Patient Study Module, PS3.3 C.7.2.2; C.7.2.2.1 of the issuer)."""

from __future__ import annotations

import re

from bridge.model.dataset import Charset, DataSet, Element, items, text_element, text_of
from bridge.model.names import EXTENSION_BASE
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Home
from bridge.translate.header.identity import issuer_elements, issuer_of

ADMISSION_ID, ADMISSION_ISSUER = 0x00380010, 0x00380014
_LOCAL_NAMESPACE = 0x00400031
_LO = re.compile(r"[^\x00-\x1f\x7f\\]{1,64}")
_UNKNOWN = f"{EXTENSION_BASE}/admission-issuer-unknown"


def encounter_elements(encounter: Home, charset: Charset, known: Known) -> list[Element]:
    """By identifier where the reference has one, else by its id in its server; none of what an Admission ID cannot
    hold: cut, it would be another admission."""
    identifier = encounter.get("identifier", {})
    value, system = identifier.get("value"), identifier.get("system")
    if value is None:
        value, system = encounter.get("reference", "").removeprefix("Encounter/"), None
        if value.startswith("#"):
            return []
        issuer: DataSet = (text_element(_LOCAL_NAMESPACE, "UT", known.naming, charset),)
    elif system is None or system == _UNKNOWN:
        issuer = ()
    else:
        issuer = issuer_elements(system, charset)
    if not _LO.fullmatch(value):
        return []
    found = [text_element(ADMISSION_ID, "LO", value, charset)]
    return [*found, Element(ADMISSION_ISSUER, "SQ", (issuer,))] if issuer else found


def encounter_of(header: DataSet, charset: Charset, known: Known) -> Home | None:
    """A reference: literal where the store itself issued the id, logical else."""
    value = text_of(header, ADMISSION_ID, charset)
    if value is None:
        return None
    issuer = next(iter(items(header, ADMISSION_ISSUER)), ())
    if text_of(issuer, _LOCAL_NAMESPACE, charset) == known.naming:
        return {"reference": value if ":" in value else f"Encounter/{value}"}
    return {"identifier": {"system": issuer_of(issuer, charset) or _UNKNOWN, "value": value}}
