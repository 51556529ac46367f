"""What a status of FHIR says of a resource."""

from __future__ import annotations

WITHDRAWN = ("entered-in-error", "cancelled")
"""Of a result or report that is void (FHIR R4 ObservationStatus, DiagnosticReportStatus)."""
AMENDED = ("amended", "corrected", "appended")
"""Of one that was final before, with other content."""
