"""The elements that a shape may name, from the R4B models; a test holds the table to them."""

from __future__ import annotations

ELEMENTS: dict[str, frozenset[str]] = {
    "Patient": frozenset(
        (
            "active address birthDate communication contact contained deceasedBoolean deceasedDateTime extension "
            "gender generalPractitioner id identifier implicitRules language link managingOrganization maritalStatus "
            "meta modifierExtension multipleBirthBoolean multipleBirthInteger name photo telecom text "
        ).split()
    ),
    "ImagingStudy": frozenset(
        (
            "basedOn contained description encounter endpoint extension id identifier implicitRules interpreter "
            "language location meta modality modifierExtension note numberOfInstances numberOfSeries procedureCode "
            "procedureReference reasonCode reasonReference referrer series started status subject text "
        ).split()
    ),
    "Device": frozenset(
        (
            "contact contained definition deviceName distinctIdentifier expirationDate extension id identifier "
            "implicitRules language location lotNumber manufactureDate manufacturer meta modelNumber modifierExtension "
            "note owner parent partNumber patient property safety serialNumber specialization status statusReason text "
            "type udiCarrier url version "
        ).split()
    ),
    "DiagnosticReport": frozenset(
        (
            "basedOn category code conclusion conclusionCode contained effectiveDateTime effectivePeriod encounter "
            "extension id identifier imagingStudy implicitRules issued language media meta modifierExtension performer "
            "presentedForm result resultsInterpreter specimen status subject text "
        ).split()
    ),
    "Observation": frozenset(
        (
            "basedOn bodySite category code component contained dataAbsentReason derivedFrom device effectiveDateTime "
            "effectiveInstant effectivePeriod effectiveTiming encounter extension focus hasMember id identifier "
            "implicitRules interpretation issued language meta method modifierExtension note partOf performer "
            "referenceRange specimen status subject text valueBoolean valueCodeableConcept valueDateTime valueInteger "
            "valuePeriod valueQuantity valueRange valueRatio valueSampledData valueString valueTime "
        ).split()
    ),
}
