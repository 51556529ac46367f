"""The summary of a radiation dose report (HL7 guide "Radiation Dose Summary for Diagnostic Procedures", R4): an extra
Observation that repeats what the report totals. A copy for readers of FHIR, never read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bridge.model.content import Code, Coded, ContentItem, Path
from bridge.model.group import Resource, renamed
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.terminology.schemes import DCM
from bridge.translate.basis.node import Home
from bridge.translate.header.header import result_status
from bridge.translate.native.copies import copied
from bridge.translate.native.sites import says_where

TEMPLATES = frozenset({"10001", "10011"})
SUMMARY = "dose-summary"
"""Element id of the identifier of a summary."""
_UID_TYPE = {
    "system": "http://hl7.org/fhir/uv/radiation-dose-summary/CodeSystem/dicom-identifier-type",
    "code": "sop-instance-uid",
}
_CODE = {
    "system": "http://loinc.org",
    "code": "73569-6",
    "display": "Radiation exposure and protection information [Description] Document Diagnostic imaging",
}
_PROCEDURE = {"coding": [{"system": DCM, "code": "121058", "display": "Procedure reported"}]}
_ACCUMULATED = Code("113702", "DCM", "Accumulated X-Ray Dose Data")  # TID 10002, once for each plane
_SCOPE = Code("113705", "DCM", "Scope of Accumulation")
_PARTS = (("113015", "DCM"), ("113852", "DCM"))  # Series, Irradiation Event (CID 10000)
_TOTALS = tuple(  # PS3.16 TID 10002, 10004, 10005, 10007 and 10012
    Code(code, "DCM", "")
    for code in (
        "113722",  # Dose Area Product Total
        "113725",  # Dose (RP) Total
        "113730",  # Total Fluoro Time
        "111637",  # Accumulated Average Glandular Dose
        "113813",  # CT Dose Length Product Total
    )
)


def dose_summary(
    root: ContentItem, homes: Mapping[Path, Home], report: Resource, identifier: str, procedures: list[Home]
) -> Resource | None:
    """Makes the summary; None where the report totals nothing, or a part of the study alone. A total of each of two
    planes is none of the whole and left out, also where the other plane says none, or no number; as is that of one
    breast (TID 10005): a summary says no side."""
    if any(_is_of_a_part(child) for child in root.children):
        return None
    found: dict[Code, list[Home]] = {}
    planes = [(index,) for index, child in enumerate(root.children) if _ACCUMULATED.same(child.concept)]
    for path, total, where in _totals(root, ()):
        home, is_part = homes.get(path, {}), where or (len(planes) > 1 and path[:1] in planes)
        found.setdefault(total, []).append({} if is_part or "valueQuantity" not in home else home)
    parts = [{"code": _PROCEDURE, "valueCodeableConcept": copied(one)} for one in procedures[:1]]
    totals = [
        {name: renamed(homes_of[0][name], {}) for name in ("code", "valueQuantity")}
        for total in _TOTALS
        if len(homes_of := found.get(total, [])) == 1 and homes_of[0]
    ]
    if not totals:
        return None
    kind = {"coding": [_UID_TYPE | {"display": "SOP Instance UID"}]}
    uid = {"id": SUMMARY, "type": kind, "system": DICOM_UID_SYSTEM, "value": report["identifier"][-1]["value"]}
    studies = {"partOf": report["imagingStudy"], "focus": report["imagingStudy"]} if "imagingStudy" in report else {}
    shared = ("subject", "encounter", "effectiveDateTime")
    return (
        {"resourceType": "Observation", "id": identifier, "identifier": [uid]}
        | {"status": result_status(report["status"]), "code": {"coding": [_CODE]}}
        | {name: report[name] for name in shared if name in report}
        | studies
        | {"component": [*parts, *totals]}
    )


def _is_of_a_part(item: ContentItem) -> bool:
    """Scope of Accumulation (TID 10001, 10011): of a series or an event, the summary would speak for the study."""
    code = item.value.code if isinstance(item.value, Coded) else None
    return _SCOPE.same(item.concept) and code is not None and code[:2] in _PARTS


def is_summary(resource: Resource) -> bool:
    """By the element id, or where a server has dropped that, as an Observation that is identified by a document."""
    if resource["resourceType"] != "Observation" or "identifier" not in resource:
        return False
    return any(
        one.get("id") == SUMMARY or _UID_TYPE.items() <= coding.items()
        for one in resource["identifier"]
        for coding in one.get("type", {}).get("coding", [{}])
    )


def _totals(item: ContentItem, path: Path, around: bool = False) -> Iterator[tuple[Path, Code, bool]]:
    """Each total, and whether it is of a side or part, said with it or around."""
    where = around or any(says_where(child) for child in item.children)
    for total in _TOTALS:
        if total.same(item.concept):
            yield path, total, where
    for index, child in enumerate(item.children):
        yield from _totals(child, (*path, index), where)
