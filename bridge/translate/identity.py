"""Who the patient is: (issuer, ID), never a name. An empty Patient ID is nobody."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from bridge.model.dataset import Charset, DataSet, Element, encode_text, text_of
from bridge.model.group import Resource
from bridge.model.names import EXTENSION_BASE
from bridge.translate.ids import Known

PATIENT_ID, ISSUER = 0x00100020, 0x00100021
_ISSUER_BASE = f"{EXTENSION_BASE}/issuer/"


def patient_identifier(header: DataSet, charset: Charset, known: Known) -> dict[str, Any] | None:
    """Patient.identifier of a document; None where it names nobody."""
    value = text_of(header, PATIENT_ID, charset)
    if value is None:
        return None
    issuer = text_of(header, ISSUER, charset) or known.issuer
    found: dict[str, Any] = {"system": _ISSUER_BASE + quote(issuer, safe="")} if issuer else {
        "system": f"{EXTENSION_BASE}/issuer-unknown/{quote(known.system, safe='')}"}
    return found | {"value": value}


def identity_elements(patient: Resource, charset: Charset) -> list[Element]:
    """Patient ID and its issuer: the first identifier of type MR, else the first with a system, else none."""
    identifiers = [one for one in patient.get("identifier", ()) if one.get("value")]
    records = [one for one in identifiers if any(
        coding.get("code") == "MR" for coding in one.get("type", {}).get("coding", ()))]
    chosen = next(iter(records or [one for one in identifiers if one.get("system")]), None)
    if chosen is None:
        return []
    found = [Element(PATIENT_ID, "LO", encode_text(chosen["value"][:64], "LO", charset))]
    system = chosen.get("system", "")
    issuer = unquote(system.removeprefix(_ISSUER_BASE)) if system.startswith(_ISSUER_BASE) else system
    if issuer and "/issuer-unknown/" not in issuer:
        found.append(Element(ISSUER, "LO", encode_text(issuer[:64], "LO", charset)))
    return found
