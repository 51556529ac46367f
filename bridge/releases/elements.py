"""Where an element of R4 is in R5, by resource (FHIR R5, the R4 mappings on each resource's page)."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.model.names import COMPOSITION_URL, DICOM_UID_SYSTEM
from bridge.releases.deeper import Anywhere, Contained
from bridge.releases.moves import (
    Coded,
    Codes,
    First,
    FromExtension,
    Gone,
    Grouped,
    Joined,
    Listed,
    Move,
    Renamed,
    Single,
    Spread,
    Within,
    Wrapped,
)
from bridge.releases.values import Alternate, Compared, Sampled

_CODING = ("coding",)
_VALUES: Sequence[Move] = (
    Gone(r5=("valueAttachment", "valueReference")),
    Sampled("valueSampledData"),
    Compared("valueQuantity"),
    Within("valueRatio", (Compared("numerator"), Compared("denominator"))),
)
_RANGE = Within("referenceRange", (Gone(r5=("normalValue",)),))

UNSEEN: dict[str, frozenset[tuple[str, ...]]] = {
    "BodyStructure": frozenset({("includedStructure", "laterality")}),
    "DiagnosticReport": frozenset({("note",)}),
    "Observation": frozenset(
        {
            ("bodyStructure",),
            ("valueAttachment",),
            ("valueReference",),
            ("component", "valueAttachment"),
            ("component", "valueReference"),
            ("referenceRange", "normalValue"),
            ("component", "referenceRange", "normalValue"),
        }
    ),
}
"""What R5 alone says of a result, and an SR does not: it goes there and comes back, and no DICOM reader sees it."""

_OF: dict[str, Sequence[Move]] = {
    "DiagnosticReport": (
        Renamed("imagingStudy", "study"),
        FromExtension("composition", COMPOSITION_URL),
        Codes("status", in_r4={"modified": "amended"}),
        Within("media", (Alternate("link", in_r4=("Media",), in_r5=("DocumentReference",)),)),
        Gone(r5=("note", "supportingInfo")),
    ),
    "Observation": (
        Gone(r5=("bodyStructure", "instantiatesCanonical", "instantiatesReference", "triggeredBy")),
        Alternate("derivedFrom", in_r4=("Media",), in_r5=("GenomicStudy", "ImagingSelection")),
        *_VALUES,
        _RANGE,
        Within("component", (*_VALUES, _RANGE)),
    ),
    "Composition": (
        Listed("identifier"),
        Listed("subject"),
        Within("attester", (Coded("mode", "http://hl7.org/fhir/composition-attestation-mode"),)),
        Within("event", (Joined("code", "detail", "detail"),)),
        Within("section", (Gone(r4=("mode",)),), deep=True),
        Codes(
            "status",
            in_r4={
                "registered": "preliminary",
                "partial": "preliminary",
                "unknown": "preliminary",
                "corrected": "amended",
                "appended": "amended",
                "cancelled": "entered-in-error",
                "deprecated": "entered-in-error",
            },
        ),
        Gone(r4=("confidentiality", "relatesTo"), r5=("name", "note", "relatesTo", "url", "useContext", "version")),
    ),
    "Specimen": (
        Gone(r4=("container",), r5=("combined", "container", "feature", "role")),
        Within("collection", (Wrapped("bodySite", ("concept",)), Gone(r5=("device", "procedure")))),
        Within("processing", (Renamed("procedure", "method"),)),
    ),
    "ImagingStudy": (
        Wrapped("modality", _CODING),
        Joined("procedureCode", "procedureReference", "procedure", one_reference=True),
        Joined("reasonCode", "reasonReference", "reason"),
        Within(
            "series",
            (Wrapped("modality", _CODING), Wrapped("bodySite", ("concept", "coding")), Wrapped("laterality", _CODING)),
        ),
        Gone(r4=("interpreter",), r5=("partOf",)),
    ),
    "Device": (
        Wrapped("definition", ("reference",)),
        Listed("type"),
        Within(
            "deviceName",
            (
                Renamed("name", "value"),
                Codes(
                    "type",
                    in_r5={
                        "udi-label-name": "registered-name",
                        "manufacturer-name": "registered-name",
                        "model-name": "registered-name",
                        "other": "user-friendly-name",
                    },
                    in_r4={"registered-name": "udi-label-name"},
                ),
            ),
        ),
        Renamed("deviceName", "name"),
        Within("version", (Gone(r5=("installDate",)),)),
        Within(
            "property",
            (
                Single("valueQuantity"),
                Single("valueCode"),
                Renamed("valueCode", "valueCodeableConcept"),
                Gone(r5=("valueAttachment", "valueBoolean", "valueInteger", "valueRange", "valueString")),
            ),
        ),
        Gone(
            r4=("distinctIdentifier", "patient", "specialization", "statusReason", "udiCarrier"),
            r5=(
                "availabilityStatus",
                "biologicalSourceEvent",
                "category",
                "conformsTo",
                "cycle",
                "displayName",
                "duration",
                "endpoint",
                "gateway",
                "mode",
                "udiCarrier",
            ),
        ),
    ),
    "DocumentReference": (
        First("masterIdentifier", "identifier", DICOM_UID_SYSTEM),
        Spread(
            "context",
            (
                ("encounter", "context"),
                ("event", "event"),
                ("period", "period"),
                ("facilityType", "facilityType"),
                ("practiceSetting", "practiceSetting"),
            ),
        ),
        Wrapped("event", ("concept",)),
        Within("relatesTo", (Coded("code", "http://hl7.org/fhir/document-relationship-type"),)),
        Within("content", (Renamed("format", "profile"), Wrapped("profile", ("valueCoding",)), Listed("profile"))),
        Gone(r4=("authenticator",), r5=("attester", "basedOn", "bodySite", "modality", "version")),
    ),
    "Practitioner": (
        Wrapped("communication", ("language",)),
        Within("communication", (Gone(r5=("preferred",)),)),
        Gone(r5=("deceasedBoolean", "deceasedDateTime")),
    ),
    "PractitionerRole": (
        Gone(
            r4=("availabilityExceptions", "availableTime", "notAvailable", "telecom"),
            r5=("availability", "characteristic", "communication", "contact"),
        ),
    ),
    "BodyStructure": (
        Grouped("includedStructure", (("location", "structure"), ("locationQualifier", "qualifier")), "structure"),
        Gone(r5=("excludedStructure",)),
    ),
    "Organization": (Gone(r4=("address", "contact", "telecom"), r5=("contact", "description", "qualification")),),
    "Location": (
        Renamed("physicalType", "form"),
        Gone(
            r4=("availabilityExceptions", "hoursOfOperation", "telecom"),
            r5=("characteristic", "contact", "hoursOfOperation", "virtualService"),
        ),
    ),
    "Encounter": (
        Wrapped("class", _CODING),
        Listed("class"),
        Wrapped("serviceType", ("concept",)),
        Listed("serviceType"),
        Codes(
            "status",
            in_r5={"arrived": "in-progress", "triaged": "in-progress", "onleave": "on-hold", "finished": "completed"},
            in_r4={
                "on-hold": "onleave",
                "completed": "finished",
                "discharged": "finished",
                "discontinued": "cancelled",
            },
        ),
        Renamed("period", "actualPeriod"),
        Within("hospitalization", (Gone(r4=("dietPreference", "specialArrangement", "specialCourtesy")),)),
        Renamed("hospitalization", "admission"),
        Within("participant", (Renamed("individual", "actor"),)),
        Within("location", (Renamed("physicalType", "form"),)),
        Gone(
            r4=("classHistory", "diagnosis", "reasonCode", "reasonReference", "statusHistory"),
            r5=(
                "careTeam",
                "diagnosis",
                "dietPreference",
                "plannedEndDate",
                "plannedStartDate",
                "reason",
                "specialArrangement",
                "specialCourtesy",
                "subjectStatus",
                "virtualService",
            ),
        ),
    ),
    "ServiceRequest": (
        Wrapped("code", ("concept",)),
        Joined("locationCode", "locationReference", "location"),
        Joined("reasonCode", "reasonReference", "reason"),
        Wrapped("supportingInfo", ("reference",)),
        Gone(
            r4=("orderDetail", "patientInstruction"),
            r5=("bodyStructure", "focus", "orderDetail", "patientInstruction"),
        ),
    ),
}
_EVERYWHERE: Sequence[Move] = (
    Contained(_OF),
    Anywhere(
        "valueRelatedArtifact",
        Gone(r4=("url",), r5=("classifier", "publicationDate", "publicationStatus", "resourceReference")),
    ),
)
MOVES: dict[str, Sequence[Move]] = {kind: (*_OF.get(kind, ()), *_EVERYWHERE) for kind in (*_OF, "Basic", "Patient")}
