"""Who the patient is: (issuer, ID), never a name (PS3.3 table 10-18). An empty Patient ID is nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from bridge.model.dataset import (
    UNICODE,
    Charset,
    DataSet,
    Element,
    charset_of,
    items,
    text_element,
    text_of,
    unreadable,
)
from bridge.model.group import Resource
from bridge.model.names import EXTENSION_BASE
from bridge.model.references import literal
from bridge.model.search import sought_by
from bridge.model.tags import ENTITY_ID, ENTITY_TYPE, IDENTITY_REMOVED, ISSUER, PATIENT_ID, QUALIFIERS
from bridge.translate.basis.ids import Known

OTHER_IDS, LOCAL_ID, TYPE_CODE = 0x00101002, 0x00400031, 0x00400035
_OF_ISSUER = {ISSUER, ENTITY_ID, ENTITY_TYPE}
TYPE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v2-0203"
_ISSUER_BASE = f"{EXTENSION_BASE}/issuer/"
_ENTITY_BASE = f"{EXTENSION_BASE}/issuer-entity/"
"""Of an issuer that is named by a Universal Entity ID alone, of a type that makes no URI: DNS, X500, EUI64, L."""
_UNKNOWN_BASE = f"{EXTENSION_BASE}/issuer-unknown/"
_TEXT_ID = text_element(0x00100022, "CS", "TEXT")
"""Type of Patient ID: one that is read, not scanned."""
_PRIVATE = frozenset({"DL", "PPN", "SS", "TAX"})
"""HL7 table 0203: driver's licence, passport, social security, taxes."""
_SERVER = re.compile(r"https?://[^/]+/(.*/)?")
"""What a reference names before `Patient/`: with a host, for a scheme alone would be one issuer of all."""
_URI = re.compile(r"(urn:[A-Za-z0-9-]+:|https?://)\S+")
_OID = re.compile(r"[0-9]+(\.[0-9]+)+")
_LO = re.compile(r"[^\x00-\x1f\x7f\\]{1,64}")
_ENTITY_TYPE = re.compile(r"[A-Z0-9_ ]{0,16}")
_CS = re.compile(r"[A-Z0-9_ ]{1,16}|-")


class Identity(NamedTuple):
    """How a document names the patient."""

    value: str
    system: str | None  # URI of the issuer
    type_code: str | None = None  # HL7 table 0203, such as MR


def identifiers_of(header: DataSet, charset: Charset, known: Known) -> list[dict[str, Any]]:
    """Patient.identifier of a document, Patient ID first; none where it names nobody."""
    first = _identifier(header, charset, known.issuer, known)
    if first is None:
        return []
    others = (_identifier(other, charset, None, known) for other in items(header, OTHER_IDS))
    return [first, *(other for other in others if other is not None and other != first)]


def _identifier(dataset: DataSet, charset: Charset, issuer: str | None, known: Known) -> dict[str, Any] | None:
    charset = charset_of(dataset, charset)
    value = text_of(dataset, PATIENT_ID, charset)
    if value is None:
        return None
    qualifiers = next(iter(items(dataset, QUALIFIERS)), ())
    entity, kind = text_of(qualifiers, ENTITY_ID, charset), text_of(qualifiers, ENTITY_TYPE)
    if unreadable(tuple(one for one in dataset if one.tag in (ISSUER, QUALIFIERS)), charset) & _OF_ISSUER:
        issuer = None  # somebody is named, and nobody knows whether it is the one that is configured
    system = _uri_of(text_of(dataset, ISSUER, charset), entity, kind) or (system_of(issuer) if issuer else None)
    found: dict[str, Any] = {"system": system or _UNKNOWN_BASE + quote(known.system, safe=""), "value": value}
    code = text_of(qualifiers, TYPE_CODE, charset)
    return ({"type": {"coding": [{"system": TYPE_SYSTEM, "code": code}]}} if code else {}) | found


def is_pseudonym(header: DataSet, known: Known) -> bool:
    """Whether the true identity was removed (PS3.3 C.7.1.1 Patient Identity Removed), and nothing but what is
    configured says whose the Patient ID is: there it may be the number of somebody else."""
    if known.issuer is None or text_of(header, IDENTITY_REMOVED) != "YES":
        return False
    first = _identifier(header, charset_of(header), known.issuer, known)
    return first is not None and first["system"] == system_of(known.issuer)


def system_of(issuer: str) -> str:
    """Identifier.system of IDs of a store: what is configured, where that is a URI already, such as `urn:oid:1.2.3`."""
    return issuer if _URI.fullmatch(issuer) else _ISSUER_BASE + quote(issuer, safe="")


def issuer_of(issuer: DataSet, charset: Charset) -> str | None:
    """URI of an item of the HL7v2 Hierarchic Designator Macro (PS3.3 table 10-17)."""
    local, entity = text_of(issuer, LOCAL_ID, charset), text_of(issuer, ENTITY_ID, charset)
    return _uri_of(local, entity, text_of(issuer, ENTITY_TYPE))


def issuer_elements(system: str, charset: Charset = UNICODE) -> DataSet:
    """Writes the item that `issuer_of` reads."""
    if system.startswith(_ISSUER_BASE):
        return (text_element(LOCAL_ID, "UT", unquote(system.removeprefix(_ISSUER_BASE)), charset),)
    entity, kind = entity_of(system)
    return text_element(ENTITY_ID, "UT", entity, charset), text_element(ENTITY_TYPE, "CS", kind)


def _uri_of(local: str | None, entity: str | None, kind: str | None) -> str | None:
    """By the entity where that is a URI, else by the local name, else by the entity all the same: who is named, by
    whatever, is somebody."""
    if (uri := universal(entity, kind)) is not None:
        return uri
    if local:
        return _ISSUER_BASE + quote(local, safe="")
    return f"{_ENTITY_BASE}{quote(kind or '', safe='')}/{quote(entity, safe='')}" if entity else None


def universal(entity: str | None, kind: str | None) -> str | None:
    """Universal Entity ID (PS3.3 10.14, HL7 table 0301) as URI."""
    if entity is None:
        return None
    if kind == "ISO" and _OID.fullmatch(entity):
        return f"urn:oid:{entity}"
    if kind == "UUID":
        return f"urn:uuid:{entity}"
    return entity if kind == "URI" and not re.search(r"\s", entity) else None


def identity_of(patient: Resource | None, subject: dict[str, Any], known: Known) -> Identity | None:
    """The first identifier of type MR, else the first with a system, else the id that `subject` refers to, issued by
    its server; None where nobody is named. By which one the document names him already, comes before all; where the
    issuer of the archive is a URI, those of that system come first: a number of others would be somebody else there. A
    value that Patient ID cannot hold is no candidate: cut, it would be somebody else."""
    fitting = [each for each in _said(patient, subject) if _fits(each)]
    own = [each for each in fitting if _URI.fullmatch(known.issuer or "") and each.get("system") == known.issuer]
    named = next((each for each in fitting if (each.get("system"), each["value"]) in known.named), None)
    store = _ISSUER_BASE + quote(known.system, safe="")
    if named is None and patient is not None and (store, patient.get("id")) in known.named:
        return Identity(patient["id"], store)  # he has got a number since
    if (one := named or _chosen(own or fitting)) is not None:
        system = one.get("system")
        return Identity(one["value"], None if is_unknown(system) else system, _type_code(one))
    if patient is not None and "id" in patient:
        return Identity(patient["id"], store)
    found = literal(subject.get("reference", ""))
    if found is None or found.type != "Patient" or (found.base and not _SERVER.fullmatch(found.base)):
        return None
    return Identity(found.id, found.base.rstrip("/") or store)


def oddities_of_identity(patient: Resource | None, subject: dict[str, Any]) -> Iterator[str]:
    """What is odd about the identifier that is Patient ID."""
    said = _said(patient, subject)
    if patient is not None and (patient.get("active") is False or any(map(_replaces, patient.get("link", ())))):
        yield "Patient is not active, or replaced by another: its record must no longer be used (FHIR R4 Patient.link)"
    if patient is not None and "id" in patient and not said:
        yield "Patient without identifier: the id that a server gave is Patient ID, and may be somebody else's number"
    chosen = _chosen([one for one in said if _fits(one)])
    if _chosen(said) is not chosen:
        yield "Patient.identifier: one has more characters than Patient ID, or others than it holds: it is passed over"
    if chosen is not None and (chosen.get("use") == "temp" or _ends(chosen)):
        yield "Patient.identifier: the one that is Patient ID is temporary, or its period has an end; none is better"


def _replaces(link: dict[str, Any]) -> bool:
    return link.get("type") == "replaced-by"


def _said(patient: Resource | None, subject: dict[str, Any]) -> list[dict[str, Any]]:
    said = [*(patient or {}).get("identifier", ()), *([subject["identifier"]] if "identifier" in subject else ())]
    if patient is None and (sought := sought_by(subject.get("reference", ""))) and sought[0] == "Patient":
        said.append({"system": sought[1], "value": sought[2]})
    return [one for one in said if one.get("value") and one.get("use") != "old"]


def _fits(identifier: dict[str, Any]) -> bool:
    return _LO.fullmatch(identifier["value"]) is not None


def _chosen(said: list[dict[str, Any]]) -> dict[str, Any] | None:
    """One whose period has an end gives way to one whose has none, whenever that is: a translation has no clock. A
    temporary one gives way to another of its kind. But nothing gives way to what is no business of a PACS."""
    records = [one for one in said if _type_code(one) == "MR"]
    others = [one for one in said if one.get("system") and not (records and _type_code(one) in _PRIVATE)]
    return min([*records, *others], key=_rank, default=None)


def _rank(identifier: dict[str, Any]) -> tuple[bool, bool, bool]:
    return _ends(identifier), _type_code(identifier) != "MR", identifier.get("use") == "temp"


def _ends(identifier: dict[str, Any]) -> bool:
    """FHIR R4 Identifier.period: when it is or was valid for use."""
    return "end" in identifier.get("period", {})


def contained_patient(owner: Resource, subject: dict[str, Any]) -> Resource | None:
    """Whom the owner contains as its subject (FHIR R4 references.html#contained). Without the id, which is that of the
    element and no identity."""
    inner = (one for one in owner.get("contained", ()) if one.get("resourceType") == "Patient")
    found = next((one for one in inner if f"#{one.get('id')}" == subject.get("reference")), None)
    return None if found is None else {key: value for key, value in found.items() if key != "id"}


def is_unknown(system: str | None) -> bool:
    return (system or "").startswith(_UNKNOWN_BASE)


def _type_code(identifier: dict[str, Any]) -> str | None:
    codings = identifier.get("type", {}).get("coding", ())
    return next((one["code"] for one in codings if one.get("system") == TYPE_SYSTEM and "code" in one), None)


def is_of_type(identifier: dict[str, Any], code: str) -> bool:
    """Of that code of HL7 table 0203, among whatever else its type says of itself: display, version, text."""
    codings = identifier.get("type", {}).get("coding", ())
    return any((one.get("system"), one.get("code")) == (TYPE_SYSTEM, code) for one in codings)


def identity_elements(identity: Identity, charset: Charset) -> Iterator[Element]:
    """Patient ID, its issuer and the qualifiers of the issuer."""
    yield text_element(PATIENT_ID, "LO", identity.value, charset)
    system = identity.system or ""
    qualifiers: list[Element] = []
    if system.startswith(_ISSUER_BASE):
        local = unquote(system.removeprefix(_ISSUER_BASE))
        if _LO.fullmatch(local):
            yield text_element(ISSUER, "LO", local, charset)
    elif system:
        entity, kind = entity_of(system)
        qualifiers.append(text_element(ENTITY_ID, "UT", entity, charset))
        qualifiers.append(text_element(ENTITY_TYPE, "CS", kind))
    if identity.type_code and len(identity.type_code) <= 16:
        qualifiers.append(text_element(TYPE_CODE, "CS", identity.type_code))
    if qualifiers:
        yield Element(QUALIFIERS, "SQ", (tuple(qualifiers),))


def other_ids(patient: Resource, identity: Identity, known: Known) -> Element | None:
    """Other Patient IDs Sequence (PS3.3 C.7.1.1): what else the patient is known by, of which a PACS can say all. Not
    what somebody was known by, nor what is no business of a PACS."""
    found: list[DataSet] = []
    for one in patient.get("identifier", ()):
        system, code = one.get("system"), _type_code(one)
        other = Identity(one.get("value") or "", None if is_unknown(system) else system, code)
        if one.get("use") == "old" or code in _PRIVATE or other[:2] == identity[:2]:
            continue
        if code == "MR" != identity.type_code:  # it gave way, for its period ends, and would be Patient ID again
            continue
        if not _LO.fullmatch(other.value) or not _CS.fullmatch(code or "-"):
            continue
        item = tuple(sorted([*identity_elements(other, UNICODE), _TEXT_ID]))
        said = _identifier(item, UNICODE, None, known) or {}
        if (said.get("system"), said.get("value"), _type_code(said)) == (system, other.value, code):
            found.append(item)
    return Element(OTHER_IDS, "SQ", tuple(found)) if found else None


def entity_of(system: str) -> tuple[str, str]:
    """Universal Entity ID and its type, of a URI."""
    if system.startswith(_ENTITY_BASE):
        kind, entity = map(unquote, system.removeprefix(_ENTITY_BASE).partition("/")[::2])
        if entity and _ENTITY_TYPE.fullmatch(kind):
            return entity, kind
    if system.startswith("urn:oid:") and _OID.fullmatch(system[8:]):
        return system[8:], "ISO"
    return (system[9:], "UUID") if system.startswith("urn:uuid:") else (system, "URI")
