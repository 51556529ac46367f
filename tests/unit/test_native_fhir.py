"""What a FHIR client reads of single items: the generic rule, case by case."""

from __future__ import annotations

from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from bridge.codecs import fhir
from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import Code, Container, ContentItem, Num, Plain, Value
from bridge.model.dataset import Element, encode_text, merged, text_element, text_of
from bridge.model.document import Document
from bridge.model.names import REMAINDER_URL
from bridge.model.tags import COMPLETION, MAPPING_RESOURCE, PRELIMINARY, TEMPLATE, TEMPLATE_ID
from bridge.translate.basis.ids import Known
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from fixtures.make_dicom import code, item, number
from fixtures.templates.document import DCM, observer
from fixtures.templates.items import coded, container, person, properties, text
from tests.corpus import FIXTURES
from tests.samples import ecg_report

HEART_RATE = ("8867-4", "LN", "Heart rate")
PER_MINUTE = ("/min", "UCUM", "/min")


def document(*children: Dataset, **header: str) -> Document:
    """The sample with other items, and other attributes of the header by keyword."""
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.ContentSequence = list(children)
    for keyword, value in header.items():
        setattr(dataset, keyword, value)
    return read(dataset)


def read(dataset: Dataset) -> Document:
    out = pydicom.filebase.DicomBytesIO()
    dataset.save_as(out)
    return structured_report.read(bytes(out.getvalue()))


def observations(*children: Dataset) -> list[dict[str, Any]]:
    made = document(*children)
    group = to_fhir(made, load(), Known()).result
    assert to_dicom(group, load(), Known()).result == made
    return [one for one in group.members if one["resourceType"] == "Observation"]


def empty(qualifier: str | None) -> Dataset:
    found = item("CONTAINS", "NUM", HEART_RATE, MeasuredValueSequence=[])
    if qualifier is not None:
        found.NumericValueQualifierCodeSequence = code(qualifier, "DCM", "qualifier")
    return found


@pytest.mark.parametrize(
    ("qualifier", "reason"),
    [
        ("114000", "not-a-number"),
        ("114004", "error"),
        ("114005", "error"),
        ("114006", "error"),
        ("114007", "not-performed"),
        ("114010", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_empty_number_says_why(qualifier: str | None, reason: str) -> None:
    (one,) = observations(empty(qualifier))
    assert one["dataAbsentReason"]["coding"][0]["code"] == reason
    assert not any(key.startswith("value") for key in one)


@pytest.mark.parametrize("numbers", [["300"], ["300", "310"]])
def test_what_qualifies_a_number_is_its_interpretation(numbers: list[str]) -> None:
    """PS3.3 C.18.1: the qualifier may stand beside a number. It stays when that is edited."""
    doubtful = number(HEART_RATE, numbers[0], PER_MINUTE)
    doubtful.MeasuredValueSequence[0].NumericValue = numbers
    doubtful.NumericValueQualifierCodeSequence = code("114009", "DCM", "Value out of range")
    made = document(doubtful)
    translated = to_fhir(made, load(), Known())
    (one,) = [one for one in translated.result.members if one["resourceType"] == "Observation"]
    assert [said["text"] for said in one["interpretation"]] == ["Value out of range"]
    assert [item.outcome for item in translated.report.details] == ["mapped"] * 2
    for part in (one, *one.get("component", ())):
        if "valueQuantity" in part:
            part["valueQuantity"]["value"] = 290
    (item,) = to_dicom(translated.result, load(), Known()).result.root.children
    assert isinstance(item.value, Num)
    assert item.value.values == ("290",) * len(numbers)
    assert item.value.qualifier == Code("114009", "DCM", "Value out of range")
    assert not item.children


def test_a_qualifier_of_another_group_is_warned_of() -> None:
    odd = number(HEART_RATE, "300", PER_MINUTE)
    odd.NumericValueQualifierCodeSequence = code("1", "99LOCAL", "doubtful")
    assert any("Qualifier" in one for one in to_fhir(document(odd), load(), Known()).report.warnings)


def test_a_limit_that_is_qualified_is_no_reference_range() -> None:
    """A Quantity alone would not say it."""
    limit = number(("385524004", "SCT", "Normal Range Lower Limit"), "50", PER_MINUTE)
    limit.RelationshipType = "HAS PROPERTIES"
    limit.NumericValueQualifierCodeSequence = code("114009", "DCM", "Value out of range")
    rate = number(HEART_RATE, "72", PER_MINUTE)
    rate.ContentSequence = [limit]
    (one,) = observations(rate)
    assert "referenceRange" not in one
    assert [said["text"] for said in one["component"][0]["interpretation"]] == ["Value out of range"]


def several_values() -> Dataset:
    several = number(HEART_RATE, "60", PER_MINUTE)
    several.MeasuredValueSequence[0].NumericValue = [60, 72, 65]
    return several


def test_several_values_are_components_in_order() -> None:
    (one,) = observations(several_values())
    assert [str(part["valueQuantity"]["value"]) for part in one["component"]] == ["60.0", "72.0", "65.0"]
    assert "valueQuantity" not in one
    assert "dataAbsentReason" not in one, "they are known"


@pytest.mark.parametrize("which", ["one of them", "a single one"])
def test_several_values_are_edited(which: str) -> None:
    group = to_fhir(document(several_values()), load(), Known()).result
    (found,) = [one for one in group.members if one["resourceType"] == "Observation"]
    if which == "one of them":
        found["component"][1]["valueQuantity"] = found["component"][1]["valueQuantity"] | {"value": 80}
    else:
        found["valueQuantity"] = found.pop("component")[0]["valueQuantity"] | {"value": 80}
    (item_,) = to_dicom(group, load(), Known()).result.root.children
    assert isinstance(item_.value, Num)
    assert item_.value.values == (("60.0", "80", "65.0") if which == "one of them" else ("80",))


def test_a_value_that_no_quantity_holds_among_several_is_an_error() -> None:
    several = several_values()
    several.MeasuredValueSequence[0].NumericValue = [60, "1e99"]
    (one,) = observations(several)
    assert "component" not in one
    assert one["dataAbsentReason"]["coding"][0]["code"] == "error"


@pytest.mark.parametrize("concept", ["8480-6", "8462-4", "8478-0"])
def test_a_pressure_in_a_vessel_is_no_vital_sign(concept: str) -> None:
    """What PS3.16 TID 3504 measures with a catheter, be it in the pulmonary artery."""
    (one,) = observations(number((concept, "LN", "Intravascular pressure"), "20", ("mm[Hg]", "UCUM", "mm[Hg]")))
    assert [coding["code"] for category in one["category"] for coding in category["coding"]] == ["exam"]


def test_a_fetus_is_not_its_mother() -> None:
    subject = item(
        "HAS OBS CONTEXT",
        "CODE",
        ("121024", "DCM", "Subject Class"),
        ConceptCodeSequence=code("121026", "DCM", "Fetus"),
    )
    found = observations(
        item(
            "CONTAINS",
            "CONTAINER",
            ("125002", "DCM", "Fetal Biometry"),
            ContinuityOfContent="SEPARATE",
            ContentSequence=[subject, number(HEART_RATE, "140", PER_MINUTE)],
        ),
        number(HEART_RATE, "72", PER_MINUTE),
    )
    assert [one.get("focus") for one in found] == [[{"display": "Fetus"}], None]


def test_the_report_has_a_copy_of_its_conclusion_and_headings_are_sections() -> None:
    inner = item("CONTAINS", "CONTAINER", ("121070", "DCM", "Findings"), ContinuityOfContent="SEPARATE")
    inner.ContentSequence = [number(HEART_RATE, "72", PER_MINUTE)]
    image = item("CONTAINS", "CONTAINER", ("121064", "DCM", "Procedure"), ContinuityOfContent="SEPARATE")
    image.ContentSequence = [inner]
    made = document(image, item("CONTAINS", "TEXT", ("121077", "DCM", "Conclusion"), TextValue="a < b"))
    group = to_fhir(made, load(), Known()).result
    assert group.root["conclusion"] == "a < b"
    (composition,) = [one for one in group.members if one["resourceType"] == "Composition"]
    assert [section.get("title") for section in composition["section"]] == ["Procedure", None]


def test_an_observation_says_who_when_and_of_what_kind() -> None:
    (one,) = observations(number(HEART_RATE, "72", PER_MINUTE))
    assert one["status"] == "final"
    assert one["category"][0]["coding"][0]["code"] == "vital-signs"
    assert one["subject"]["reference"].startswith("Patient/")
    assert one["effectiveDateTime"] == "2026-03-02T08:15:00+01:00"
    assert one["valueQuantity"] == {"value": 72, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"}


def test_a_retired_code_has_today_s_beside_it() -> None:
    site = item(
        "CONTAINS", "CODE", ("G-C0E3", "SRT", "Finding Site"), ConceptCodeSequence=code("T-A0100", "SRT", "Brain")
    )
    (one,) = observations(site)
    assert [coding["system"] for coding in one["valueCodeableConcept"]["coding"]] == [
        "http://snomed.info/srt",
        "http://snomed.info/sct",
    ]


def test_a_unit_without_a_number_says_that_the_number_is_absent() -> None:
    bare = number(HEART_RATE, "1", PER_MINUTE)
    del bare.MeasuredValueSequence[0].NumericValue
    (one,) = observations(bare)
    assert one["valueQuantity"]["code"] == "/min"
    assert "value" not in one["valueQuantity"] and "_value" in one["valueQuantity"]
    assert "dataAbsentReason" not in one


def test_the_procedure_reported_is_an_event_of_the_composition() -> None:
    procedure = item(
        "HAS CONCEPT MOD",
        "CODE",
        ("121058", "DCM", "Procedure reported"),
        ConceptCodeSequence=code("363680008", "SCT", "Radiography"),
    )
    made = document(procedure, number(HEART_RATE, "72", PER_MINUTE))
    translated = to_fhir(made, load(), Known())
    (composition,) = [one for one in translated.result.members if one["resourceType"] == "Composition"]
    assert composition["event"][0]["code"][0]["coding"][0]["code"] == "363680008"
    assert (translated.report.items.mapped, translated.report.items.total) == (3, 3)


def test_an_image_with_descriptors_is_referred_to() -> None:
    image = item("CONTAINS", "IMAGE", ("121112", "DCM", "Source of Measurement"))
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
    image.ReferencedSOPSequence = [reference]
    image.ContentSequence = [
        item("HAS ACQ CONTEXT", "CODE", ("121139", "DCM", "Modality"), ConceptCodeSequence=code("CT", "DCM", "CT"))
    ]
    made = document(image, number(HEART_RATE, "72", PER_MINUTE))
    group = to_fhir(made, load(), Known()).result
    assert to_dicom(group, load(), Known()).result == made
    (found,) = [one for one in group.members if one["resourceType"] == "DocumentReference"]
    assert found["masterIdentifier"]["value"] == "urn:oid:1.2.3"


def said_of(*children: Dataset) -> tuple[list[dict[str, Any]], list[str]]:
    """The resources, and the items of the report that are carried."""
    made = document(*children)
    translated = to_fhir(made, load(), Known())
    assert to_dicom(translated.result, load(), Known()).result == made
    carried = [one.path for one in translated.report.details if one.outcome == "carried"]
    return list(translated.result.members), carried


def test_a_person_who_took_part_keeps_organization_and_roles() -> None:
    """TID 1020, as the dose reports of several manufacturers have it within an event."""
    parts = [
        coded(DCM.PersonRoleInProcedure, DCM.IrradiationAdministering),
        text(DCM.PersonID, "4711"),
        text(DCM.PersonIDIssuer, "Klinik"),
        text(DCM.OrganizationName, "Radiologie"),
        coded(DCM.PersonRoleInOrganization, DCM.Technologist),
    ]
    event = container(
        DCM.CTAcquisition,
        number(("113830", "DCM", "Mean CTDIvol"), "8", ("mGy", "UCUM", "mGy")),
        person(DCM.PersonName, "Muster^Eva", *map(properties, parts)),
    )
    members, carried = said_of(event)
    assert carried == []
    (place,) = [one for one in members if one["resourceType"] == "PractitionerRole"]
    (who,) = [one for one in members if one["resourceType"] == "Practitioner"]
    (result,) = [one for one in members if one["resourceType"] == "Observation"]
    assert place["organization"]["display"] == "Radiologie"
    assert place["code"][0]["coding"][0]["code"] == "121083"
    assert place["practitioner"]["reference"] == f"Practitioner/{who['id']}"
    assert (who["identifier"][0]["value"], who["identifier"][0]["assigner"]["display"]) == ("4711", "Klinik")
    assert result["performer"][0]["reference"] == f"PractitionerRole/{place['id']}"
    assert "qualification" not in who  # the concept of an item is none


def took_part(name: str, *below: Dataset) -> Dataset:
    role = coded(DCM.PersonRoleInProcedure, DCM.IrradiationAdministering)
    return person(DCM.PersonName, name, *map(properties, [role, *below]))


def test_a_person_without_a_name_is_somebody() -> None:
    members, carried = said_of(took_part(""), number(HEART_RATE, "72", PER_MINUTE))
    assert carried == []
    (who,) = [one for one in members if one["resourceType"] == "Practitioner"]
    assert who["name"][0]["extension"][0]["valueCode"] == "unknown"


def test_what_is_empty_or_several_is_not_carried() -> None:
    """A number of several values within an event, one without anything, a code without any."""
    event = item(
        "CONTAINS", "CONTAINER", ("113706", "DCM", "Irradiation Event X-Ray Data"), ContinuityOfContent="SEPARATE"
    )
    several = number(("113793", "DCM", "Pulse Width"), "1", ("ms", "UCUM", "ms"))
    several.MeasuredValueSequence[0].NumericValue = [0, 8, 8]
    region = item("CONTAINS", "CODE", ("123014", "DCM", "Target Region"), ConceptCodeSequence=[])
    event.ContentSequence = [empty(None), several, region, item("CONTAINS", "CODE", ("123014", "DCM", "Target Region"))]
    members, carried = said_of(event)
    assert carried == []
    whole, width = [one for one in members if one["resourceType"] == "Observation"]
    assert [str(one["valueQuantity"]["value"]) for one in width["component"]] == ["0.0", "8.0", "8.0"]
    assert whole["component"][0]["dataAbsentReason"]["coding"][0]["code"] == "unknown"


def test_a_remainder_beyond_a_fhir_string_is_base64() -> None:
    """FHIR R4 datatypes.html#string: at most 1 MB."""
    made = document(number(HEART_RATE, "72", PER_MINUTE))
    blob = Element(0x00091001, "OB", bytes(range(256)) * 6000)
    header = merged(made.header, [Element(0x00090010, "LO", encode_text("SOMEBODY", "LO", ())), blob])
    long = Document(header, made.root)
    group = to_fhir(long, load(), Known()).result
    (extension,) = [one for one in group.root["extension"] if one["url"] == REMAINDER_URL]
    assert "valueString" not in extension
    fhir.validate(group.root)
    assert to_dicom(group, load(), Known()).result == long


def test_who_performed_one_result_performed_no_other() -> None:
    """The observer of the document is everybody's, and a person within a result that result's alone."""
    first, second = number(HEART_RATE, "72", PER_MINUTE), number(("8480-6", "LN", "Systolic"), "120", PER_MINUTE)
    first.ContentSequence = [took_part("Own^O")]
    one, other = observations(*observer("Author^A"), first, second)
    assert [len(found["performer"]) for found in (one, other)] == [2, 1]


def test_a_name_that_is_no_performer_is_edited_as_a_name() -> None:
    made = document(container(DCM.Findings, person(DCM.SubjectName, "Doe^Jane"), number(HEART_RATE, "72", PER_MINUTE)))
    group = to_fhir(made, load(), Known()).result
    (found,) = [one for one in group.members if one["resourceType"] == "Observation"]
    found["component"][0]["valueString"] = "Smith, Ann"
    name = to_dicom(group, load(), Known()).result.root.children[0].children[0]
    assert (name.value, name.relationship) == (Plain("PNAME", "Smith^Ann"), "CONTAINS")


@pytest.mark.parametrize("name", ["^^^^^x", "=="])
def test_a_name_without_any_part_is_carried(name: str) -> None:
    observations(took_part(name), number(HEART_RATE, "72", PER_MINUTE))
    observations(person(DCM.SubjectName, name), number(HEART_RATE, "72", PER_MINUTE))


def test_an_issuer_belongs_to_the_id_before_it() -> None:
    parts = [text(DCM.PersonID, "1"), text(DCM.PersonID, "2"), text(DCM.PersonIDIssuer, "of two")]
    measured = number(HEART_RATE, "72", PER_MINUTE)
    measured.ContentSequence = [took_part("Muster^Eva", *parts)]
    members, _ = said_of(measured)
    (who,) = [one for one in members if one["resourceType"] == "Practitioner"]
    assert [(one["value"], "assigner" in one) for one in who["identifier"]] == [("1", False)]


def test_ids_stay_apart_however_codes_are_spelled() -> None:
    found = observations(number(("B C", "99A", "one"), "1", PER_MINUTE), number(("C", "99A B", "two"), "2", PER_MINUTE))
    assert len({one["id"] for one in found}) == 2


def test_a_leap_second_is_a_time() -> None:
    """PS3.5 6.2, TM; FHIR R4 datatypes.html#dateTime."""
    made = document(number(HEART_RATE, "72", PER_MINUTE), ContentDate="20261231", ContentTime="235960")
    group = to_fhir(made, load(), Known()).result
    assert to_dicom(group, load(), Known()).result == made
    (composition,) = [one for one in group.members if one["resourceType"] == "Composition"]
    assert group.root["effectiveDateTime"] == composition["date"] == "2026-12-31T23:59:60+01:00"
    for one in group.resources():
        fhir.validate(one)


def test_a_content_date_that_is_none_is_warned_of() -> None:
    made = document(number(HEART_RATE, "72", PER_MINUTE), ContentTime="2560")
    translated = to_fhir(made, load(), Known())
    (composition,) = [one for one in translated.result.members if one["resourceType"] == "Composition"]
    assert "date" not in composition
    assert composition["_date"]["extension"][0]["valueCode"] == "unknown"
    fhir.validate(composition)
    assert to_dicom(translated.result, load(), Known()).result == made
    assert any("no readable Content Date" in one for one in translated.report.warnings)


@pytest.mark.parametrize(
    ("completion", "preliminary", "predecessor", "status"),
    [
        ("COMPLETE", "PRELIMINARY", None, "preliminary"),
        ("PARTIAL", "PRELIMINARY", None, "preliminary"),
        ("COMPLETE", "PRELIMINARY", "1.2.3", "preliminary"),  # never was final, so that nothing amends it
        ("COMPLETE", "FINAL", None, "final"),
        ("COMPLETE", "FINAL", "1.2.3", "amended"),
        ("PARTIAL", "FINAL", None, "partial"),
        ("COMPLETE", None, None, "final"),
        ("COMPLETE", None, "1.2.3", "amended"),
    ],
)
def test_a_preliminary_document_is_not_final(
    completion: str, preliminary: str | None, predecessor: str | None, status: str
) -> None:
    """PS3.3 C.17.2: Preliminary Flag; HL7 dicom-sr: DiagnosticReport.status."""
    flags = {"CompletionFlag": completion} | ({"PreliminaryFlag": preliminary} if preliminary else {})
    made = read(ecg_report("1.2.3.4", predecessor=predecessor, **flags))
    group = to_fhir(made, load(), Known()).result
    assert to_dicom(group, load(), Known()).result == made
    results = {one["status"] for one in group.members if one["resourceType"] in ("Observation", "Composition")}
    assert (group.root["status"], results) == (status, {"preliminary" if status == "partial" else status})


def test_a_preliminary_report_becomes_final() -> None:
    """Law 3: the edit of the status is one of the flag."""
    made = read(ecg_report("1.2.3.4", CompletionFlag="COMPLETE", PreliminaryFlag="PRELIMINARY"))
    group = to_fhir(made, load(), Known()).result
    for one in group.resources():
        if one.get("status") == "preliminary":
            one["status"] = "final"
    edited = to_dicom(group, load(), Known()).result
    assert (text_of(edited.header, COMPLETION), text_of(edited.header, PRELIMINARY)) == ("COMPLETE", None)


def test_a_code_without_scheme_has_no_system() -> None:
    """And comes back without one: `observations` looks."""
    said = item("CONTAINS", "CODE", ("K", "", "Kalium"), ConceptCodeSequence=code("L", "", "low"))
    (one,) = observations(said)
    for element in ("code", "valueCodeableConcept"):
        assert "system" not in one[element]["coding"][0]


@pytest.mark.parametrize(
    ("said", "read_as"),
    [("PAGE ONE\r\n\fPAGE TWO", "PAGE ONE\r\n\nPAGE TWO"), ("ONE\fTWO", "ONE\nTWO"), ("Malignant.\f", "Malignant.")],
)
def test_a_text_of_pages_is_read(said: str, read_as: str) -> None:
    """A form feed is legal in UT (PS3.5 6.1.3) and in no string of FHIR: who reads that would read nothing at all."""
    made = document(container(DCM.Findings, text(DCM.Conclusion, said), number(HEART_RATE, "72", PER_MINUTE)))
    group = to_fhir(made, load(), Known()).result
    assert to_dicom(group, load(), Known()).result == made
    (found,) = [one for one in group.members if one["resourceType"] == "Observation"]
    assert found["component"][0]["valueString"] == group.root["conclusion"] == read_as
    found["component"][0]["valueString"] = "Benign."
    assert Plain("TEXT", "Benign.") in values_of(to_dicom(group, load(), Known()).result.root)


@pytest.mark.parametrize("said", ["\f", "\f\f \f"])
def test_a_text_of_empty_pages_is_none(said: str) -> None:
    (found,) = observations(container(DCM.Findings, text(DCM.Finding, said), number(HEART_RATE, "72", PER_MINUTE)))
    assert "dataAbsentReason" in found["component"][0]


def values_of(item: ContentItem) -> list[Value]:
    return [item.value, *(value for child in item.children for value in values_of(child))]


def test_a_template_of_another_mapping_resource_is_none_of_part_16() -> None:
    """PS3.3 C.18.8: a Template Identifier is unique within its Mapping Resource."""
    for resource, template in (("DCMR", "5200"), ("99ACME", None)):
        items = ((text_element(MAPPING_RESOURCE, "CS", resource), text_element(TEMPLATE_ID, "CS", "5200")),)
        root = ContentItem(None, None, Container("SEPARATE"), (), (Element(TEMPLATE, "SQ", items),))
        assert Document((), root).template == template
