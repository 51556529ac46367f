"""What somebody has said in the PACS in a document that resources became, and these do not say."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.model.group import Resource
from bridge.translate.report.outcomes import NO_ELEMENT, UNSAID
from bridge.translate.report.report import Report

_HEADER = {  # what FHIR says of a document of others
    "AccessionNumber": "Accession Number",
    "IssuerOfAccessionNumberSequence": "Issuer of Accession Number Sequence",
    "AdmissionID": "Admission ID",
    "ProcedureCodeSequence": "Procedure Code Sequence",
    "StudyDescription": "Study Description",
}
_OF_REPORTS = {"VerifyingObserverSequence": "Verifying Observer Sequence"}  # which are interpreters of one


def unseen(report: Report, root: Resource) -> Iterator[str]:
    """Warnings. What the resources were made into says them, and is nothing that was added."""
    added = [one.path for one in report.details if one.outcome == "carried" and one.reason not in (UNSAID, NO_ELEMENT)]
    if added:
        yield f"items {', '.join(added)} were added in DICOM: a FHIR client does not see them"
    if edited := [one.path for one in report.details if one.reason == NO_ELEMENT]:
        yield f"items {', '.join(edited)} were edited in DICOM: a FHIR client does not see that"
    changed = {one.path.partition(".")[0] for one in report.header if one.outcome == "carried"}
    said = _HEADER if root["resourceType"] == "DiagnosticReport" else _HEADER | _OF_REPORTS
    if names := [name for keyword, name in said.items() if keyword in changed]:
        yield f"{', '.join(names)} changed in DICOM: a FHIR client does not see it"
