"""Constants that are part of the contract with data already written: never change one."""

from __future__ import annotations

from uuid import UUID

NAMESPACE = UUID("6f2f3c1e-5d0b-5a53-9d5e-2f6f0f1f7a10")
"""Namespace of every derived id (UUIDv5) and of every UID that we create (`2.25.` + the same integer)."""

EXTENSION_BASE = "https://fhir-dicom.org/fhir"
REMAINDER_URL = f"{EXTENSION_BASE}/StructureDefinition/remainder"
"""Extension that carries what a FHIR element has no native place for; `valueString` holds JSON."""

PRIVATE_CREATOR = "FHIR-DICOM BRIDGE"
PRIVATE_CREATOR_TAG = 0x00710010
REMAINDER_TAG = 0x00711001
"""Private OB element on a content item: what of a FHIR resource the item has no native place for, as JSON."""

CROSS_VERSION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"
"""HL7's cross-version extensions: R5 elements, written in R4."""
R4_URL = f"{EXTENSION_BASE}/StructureDefinition/r4"
"""On a resource of R5: what only R4 could say, as a guarded difference; `valueString` holds JSON."""
R5_URL = f"{EXTENSION_BASE}/StructureDefinition/r5"
"""On a resource of R4: what only R5 could say."""
SAID_AT_URL = f"{EXTENSION_BASE}/StructureDefinition/said-at"
"""On a Reference or an Attachment: whose relative URL it has; `valueIdentifier` holds that server and the URL."""
COMPARATOR_URL = f"{CROSS_VERSION}Quantity.comparator"
"""On the comparator of a Quantity: one that R4 does not have."""
INTERVAL_UNIT_URL = f"{CROSS_VERSION}SampledData.intervalUnit"
"""On SampledData in R4: the unit of what stands in `period`, where it is not ms; `valueCode`."""
INTERVAL_URL = f"{EXTENSION_BASE}/StructureDefinition/interval"
"""On SampledData in R4: the interval of R5 that is said in another unit than ms; `valueQuantity`."""
COMPOSITION_URL = f"{CROSS_VERSION}DiagnosticReport.composition"
ABSENT_URL = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
DICOM_UID_SYSTEM = "urn:dicom:uid"
"""FHIR R4 ImagingStudy.identifier: the system of DICOM UIDs, whose value is `urn:oid:<UID>`."""
PRIVATE_SCHEME = "99FDB"
"""Coding Scheme Designator of our own concepts, where Part 16 has none: docs/reference/extensions.md."""
