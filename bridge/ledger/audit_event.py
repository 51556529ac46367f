"""What was done, by whom, to what, as FHIR R4 AuditEvent. Ids and UIDs alone: no content, no names of patients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bridge.ledger.link import Kind, Link, parts_of
from bridge.terminology.schemes import DCM

AuditEvent = dict[str, Any]
BRIDGE = "fhir-dicom"
_REST = {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"}
_STORED = {"system": DCM, "code": "110104", "display": "DICOM Instances Transferred"}
_DELETED = {"system": DCM, "code": "110105", "display": "DICOM Study Deleted"}
_ACTIVITY = {"system": DCM, "code": "110100", "display": "Application Activity"}
_ACTS: dict[Kind, tuple[dict[str, str], str]] = {  # type and action (PS3.15 A.5.3, FHIR R4 AuditEvent.action)
    "to-dicom": (_STORED, "C"),
    "reject": (_STORED, "C"),
    "remove-instances": (_DELETED, "D"),
    "to-fhir": (_REST, "C"),
    "demographics": (_STORED, "U"),
    "merge": (_STORED, "U"),
    "unmerge": (_STORED, "U"),
    "imaging-study": (_REST, "U"),
    "retract": (_REST, "U"),
    "remove-resources": (_REST, "D"),
}


def written(link: Link, act: str, store: str, keys: Sequence[str], *, known: bool, now: float) -> AuditEvent:
    """An intent about a document that was carried out. `known`: the document was linked before; `now`: seconds since
    the epoch."""
    kind, action = _kind(act)
    action = "U" if known and _name(act) == "to-fhir" else action
    touched = keys
    if _name(act) == "remove-instances" and not keys:  # all of them; of resources the intent says which
        touched = [one.sop_instance for one in link.chain]
    versioned = [f"{key}/_history/{link.versions[key]}" if key in link.versions else key for key in touched]
    return _event(kind, action, BRIDGE, link.route, [*map(_entity, versioned), _named(store)], _name(act), now)


def described(route: str, act: str, store: str, keys: Sequence[str], now: float) -> AuditEvent:
    """An intent that was carried out, and of which the link says no more."""
    return _event(*_kind(act), BRIDGE, route, [*map(_entity, keys), _named(store)], _name(act), now)


def overtaken(route: str, act: str, store: str, keys: Sequence[str], now: float) -> AuditEvent:
    """An intent that was begun, and decided otherwise since: a process was killed, or a server refused."""
    event = _event(*_kind(act), BRIDGE, route, [*map(_entity, keys), _named(store)], _name(act), now)
    return event | {"outcome": "4", "outcomeDesc": "begun; whether it was done is not known"}


def decided(what: str, by: str, route: str | None, about: Sequence[str], now: float) -> AuditEvent:
    """What a person did."""
    return _event(_ACTIVITY, "E", by, route, [_named(one) for one in about], what, now)


def _event(
    kind: dict[str, str], action: str, by: str, route: str | None, entities: list[Any], what: str, now: float
) -> AuditEvent:
    source = {"observer": {"display": BRIDGE}} | ({"site": route} if route is not None else {})
    event = {
        "resourceType": "AuditEvent",
        "type": kind,
        "action": action,
        "recorded": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
        "outcome": "0",
        "purposeOfEvent": [{"text": what}],
        "agent": [{"who": {"display": by}, "requestor": by != BRIDGE}],
        "source": source,
    }
    return event | ({"entity": entities} if entities else {})


def _kind(act: str) -> tuple[dict[str, str], str]:
    return _ACTS[_name(act)]


def _name(act: str) -> Kind:
    return parts_of(act)[0]


def _entity(key: str) -> dict[str, Any]:
    if key[:1].isupper():
        return {"what": {"reference": key}}
    return {"what": {"identifier": {"system": "urn:dicom:uid", "value": f"urn:oid:{key}"}}}


def _named(name: str) -> dict[str, Any]:
    return {"what": {"display": name}}
