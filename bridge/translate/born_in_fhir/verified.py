"""Who has verified a document that was made from a report (PS3.3 C.17.2): beside those whom the report names."""

from __future__ import annotations

from bridge.model.group import Json, Resource
from bridge.translate.header.observers import VERIFYING


def without_verifying(report: Resource) -> list[str]:
    """Takes away whom the document has made an interpreter of a report that is read natively; returns the
    references."""
    return [one["reference"] for one in report.pop("resultsInterpreter", ())]


def verified(report: Resource, verifying: list[str]) -> None:
    """Adds those references, in place of whom a version before was verified by. FHIR has no other element for them
    (R4 DiagnosticReport.resultsInterpreter)."""
    if not verifying:
        return
    others = [one for one in report.get("resultsInterpreter", ()) if one.get("id") != VERIFYING]
    report["resultsInterpreter"] = [*others, *map(_by, verifying)]


def _by(reference: str) -> Json:
    return {"id": VERIFYING, "reference": reference}
