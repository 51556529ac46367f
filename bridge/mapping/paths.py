"""The elements that a shape may name, with their types, from the R4B models; a test holds the table to them."""

from __future__ import annotations

from collections.abc import Sequence


def _typed(words: str) -> dict[str, str]:
    return dict(word.split(":") for word in words.split())


ELEMENTS: dict[str, dict[str, str]] = {  # resource, or type -> element -> its type, `*` where it repeats
    "Patient": _typed(
        "active:boolean address:Address* birthDate:date communication:PatientCommunication* contact:PatientContact* "
        "contained:Resource* deceasedBoolean:boolean deceasedDateTime:dateTime extension:Extension* gender:code "
        "generalPractitioner:Reference* id:id identifier:Identifier* implicitRules:uri language:code "
        "link:PatientLink* managingOrganization:Reference maritalStatus:CodeableConcept meta:Meta "
        "modifierExtension:Extension* multipleBirthBoolean:boolean multipleBirthInteger:integer name:HumanName* "
        "photo:Attachment* telecom:ContactPoint* text:Narrative"
    ),
    "ImagingStudy": _typed(
        "basedOn:Reference* contained:Resource* description:string encounter:Reference endpoint:Reference* "
        "extension:Extension* id:id identifier:Identifier* implicitRules:uri interpreter:Reference* language:code "
        "location:Reference meta:Meta modality:Coding* modifierExtension:Extension* note:Annotation* "
        "numberOfInstances:unsignedInt numberOfSeries:unsignedInt procedureCode:CodeableConcept* "
        "procedureReference:Reference reasonCode:CodeableConcept* reasonReference:Reference* referrer:Reference "
        "series:ImagingStudySeries* started:dateTime status:code subject:Reference text:Narrative"
    ),
    "Device": _typed(
        "contact:ContactPoint* contained:Resource* definition:Reference deviceName:DeviceDeviceName* "
        "distinctIdentifier:string expirationDate:dateTime extension:Extension* id:id identifier:Identifier* "
        "implicitRules:uri language:code location:Reference lotNumber:string manufactureDate:dateTime "
        "manufacturer:string meta:Meta modelNumber:string modifierExtension:Extension* note:Annotation* "
        "owner:Reference parent:Reference partNumber:string patient:Reference property:DeviceProperty* "
        "safety:CodeableConcept* serialNumber:string specialization:DeviceSpecialization* status:code "
        "statusReason:CodeableConcept* text:Narrative type:CodeableConcept udiCarrier:DeviceUdiCarrier* url:uri "
        "version:DeviceVersion*"
    ),
    "DiagnosticReport": _typed(
        "basedOn:Reference* category:CodeableConcept* code:CodeableConcept conclusion:string "
        "conclusionCode:CodeableConcept* contained:Resource* effectiveDateTime:dateTime effectivePeriod:Period "
        "encounter:Reference extension:Extension* id:id identifier:Identifier* imagingStudy:Reference* "
        "implicitRules:uri issued:instant language:code media:DiagnosticReportMedia* meta:Meta "
        "modifierExtension:Extension* performer:Reference* presentedForm:Attachment* result:Reference* "
        "resultsInterpreter:Reference* specimen:Reference* status:code subject:Reference text:Narrative"
    ),
    "Observation": _typed(
        "basedOn:Reference* bodySite:CodeableConcept category:CodeableConcept* code:CodeableConcept "
        "component:ObservationComponent* contained:Resource* dataAbsentReason:CodeableConcept derivedFrom:Reference* "
        "device:Reference effectiveDateTime:dateTime effectiveInstant:instant effectivePeriod:Period "
        "effectiveTiming:Timing encounter:Reference extension:Extension* focus:Reference* hasMember:Reference* id:id "
        "identifier:Identifier* implicitRules:uri interpretation:CodeableConcept* issued:instant language:code "
        "meta:Meta method:CodeableConcept modifierExtension:Extension* note:Annotation* partOf:Reference* "
        "performer:Reference* referenceRange:ObservationReferenceRange* specimen:Reference status:code "
        "subject:Reference text:Narrative valueBoolean:boolean valueCodeableConcept:CodeableConcept "
        "valueDateTime:dateTime valueInteger:integer valuePeriod:Period valueQuantity:Quantity valueRange:Range "
        "valueRatio:Ratio valueSampledData:SampledData valueString:string valueTime:time"
    ),
    "CodeableConcept": _typed("coding:Coding* text:string"),
    "Range": _typed("high:Quantity low:Quantity"),
    "Period": _typed("end:dateTime start:dateTime"),
    "Annotation": _typed("authorReference:Reference authorString:string text:markdown time:dateTime"),
    "ObservationReferenceRange": _typed(
        "age:Range appliesTo:CodeableConcept* high:Quantity low:Quantity modifierExtension:Extension* text:string "
        "type:CodeableConcept"
    ),
}
LISTS = frozenset({"category", "identifier", "interpretation", "referenceRange", "note", "conclusionCode"})
"""Elements that repeat, and hold an item each time."""
BELOW = frozenset({("conclusionCode", "text")})
"""Words that are an item below that of the concept, for the list has several."""
WORDS = BELOW | {("code", "text"), ("valueCodeableConcept", "text")}
"""What a person calls a concept, where that is not the Code Meaning."""

FOLDS = {  # resource -> elements that a child item may be; whatever else there is, translation writes otherwise, or not
    resource: tuple(tuple(path.split(".")) for path in paths.split())
    for resource, paths in {
        "Observation": "bodySite category code.text effectivePeriod.end effectivePeriod.start identifier "
        "interpretation issued method note.text referenceRange.high referenceRange.low referenceRange.text "
        "referenceRange.type valueCodeableConcept.text valueRange.high valueRange.low",
        "DiagnosticReport": "category code.text conclusionCode conclusionCode.text identifier issued",
    }.items()
}


def type_of(resource: str, path: Sequence[str]) -> str | None:
    """The type of an element, or of an element within it; None where there is none."""
    found: str | None = resource
    for step in path:
        found = ELEMENTS.get((found or "").removesuffix("*"), {}).get(step)
    return found
