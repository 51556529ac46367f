"""What stands on both sides after a trial, read from the servers themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pydicom
import requests

from bridge.codecs import json

_NO_CACHE = {"Cache-Control": "no-cache", "Accept": "application/fhir+json"}
_VOID = ("entered-in-error", "cancelled")


def resources(base: str, kind: str) -> list[dict[str, Any]]:
    found, url = [], f"{base}/{kind}?_count=500"
    while url:
        bundle = json.loads(requests.get(url, headers=_NO_CACHE, timeout=120).content)
        found += [entry["resource"] for entry in bundle.get("entry", [])]
        url = next((one["url"] for one in bundle["link"] if one["relation"] == "next"), "")
    return found


def instances(base: str) -> list[pydicom.Dataset]:
    names = requests.get(f"{base}/instances", timeout=120).json()
    files = (requests.get(f"{base}/instances/{name}/file", timeout=60).content for name in names)
    return [pydicom.dcmread(BytesIO(data)) for data in files]


def fhir_says(base: str) -> list[str]:
    """The marks of all results that stand."""
    found = (one for one in resources(base, "Observation") if one["status"] not in _VOID)
    return sorted(str(one["valueString"]) for one in found if str(one.get("valueString", "")).startswith("mark "))


def orphans(base: str) -> list[str]:
    """Results born in DICOM that stand and belong to no report that does."""
    reports = [one for one in resources(base, "DiagnosticReport") if one["status"] not in _VOID]
    held = {reference["reference"] for report in reports for reference in report.get("result", ())}
    pending = [one for one in resources(base, "Observation") if one["status"] not in _VOID]
    held |= {reference["reference"] for one in pending for reference in one.get("hasMember", ())}
    derived = [one for one in pending if not one["id"].startswith("observation-")]
    return sorted(one["id"] for one in derived if f"Observation/{one['id']}" not in held)


def dicom_says(found: list[pydicom.Dataset]) -> list[str]:
    """The marks of all heads that are not rejected."""
    rejected = {
        uid
        for one in found
        if one.Modality == "KO"
        for uid in referenced(one.CurrentRequestedProcedureEvidenceSequence)
    }
    superseded = set(predecessors(found))
    heads = (one for one in found if one.Modality != "KO" and one.SOPInstanceUID not in rejected | superseded)
    return sorted(mark for one in heads for mark in _marks(one))


def predecessors(found: list[pydicom.Dataset]) -> Counter[str]:
    """How often each instance is named as one."""
    return Counter(uid for one in found for uid in referenced(one.get("PredecessorDocumentsSequence", ())))


def referenced(studies: Any) -> Iterator[str]:
    """SOP Instance UIDs of a Predecessor Documents, or an Evidence Sequence (PS3.3 C.17.2.3)."""
    for study in studies:
        for series in study.ReferencedSeriesSequence:
            for one in series.ReferencedSOPSequence:
                yield str(one.ReferencedSOPInstanceUID)


def _marks(item: pydicom.Dataset) -> Iterator[str]:
    if str(item.get("TextValue", "")).startswith("mark "):
        yield str(item.TextValue)
    for child in item.get("ContentSequence", ()):
        yield from _marks(child)
