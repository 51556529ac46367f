"""Resources that tests vary."""

from __future__ import annotations

from typing import Any

from bridge.model.group import Resource


def observation(**more: Any) -> Resource:
    """A laboratory result, without a value."""
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-03-02T08:15:00+01:00",
    } | more


def measured(**more: Any) -> Resource:
    """With a number."""
    quantity = {"value": 4, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    return observation(valueQuantity=quantity) | more
