"""Nobody at a workstation of the PACS is told of the patient what FHIR does not say of him; nor is what FHIR says of
another filed under him."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.errors import PermanentError
from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Plain
from bridge.model.dataset import text_of
from bridge.model.group import Group, Resource
from bridge.model.names import COMPOSITION_URL
from bridge.model.tags import OBSERVATION_DATETIME
from bridge.translate.basis.ids import Known
from bridge.translate.gather import Entry, gather
from bridge.translate.native.asserted import is_qualified
from bridge.translate.native.specimens import SPECIMEN_TYPE
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.samples import alone, composed, measured, observation

MAPPING, KNOWN = load(), Known()
SCT = "http://snomed.info/sct"
DATA_ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
VALUE_UNKNOWN = Code("114010", "DCM", "Value unknown")
NOT_ATTEMPTED = Code("114007", "DCM", "Measurement not attempted")
_CULTURE = {"system": "http://loinc.org", "code": "6463-4", "display": "Bacteria identified in Specimen by Culture"}
CULTURE = {"coding": [_CULTURE]}
HIS, HERS = {"reference": "Patient/p"}, {"reference": "Patient/q"}
SUMMARY = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "status": "final",
    "code": {"text": "Report"},
    "subject": HIS,
    "result": [{"reference": "Observation/o"}],
}
STUDY = {"resourceType": "ImagingStudy", "id": "s", "status": "available"}
COMPOSED = composed(author=[{"display": "Weber"}])
COMPOSITION = {"url": COMPOSITION_URL, "valueReference": {"reference": "Composition/c"}}


def group(*members: Resource, **more: Any) -> Group:
    members = (measured(), *members)
    index = {f"{one['resourceType']}/{one['id']}": one for one in members}
    return Group(SUMMARY | more, members, None, "DiagnosticReport/r", index)


@pytest.mark.parametrize("member", [STUDY, COMPOSED], ids=lambda one: str(one["resourceType"]))
def test_what_is_of_another_patient_is_refused(member: Resource) -> None:
    """A study of somebody else would have two patients in the PACS."""
    named = {"imagingStudy": [{"reference": "ImagingStudy/s"}]} if member is STUDY else {"extension": [COMPOSITION]}
    said = group(member | {"subject": HERS}, **named)
    with pytest.raises(PermanentError, match=f"{member['resourceType']}.subject is another than that of the report"):
        checked_to_dicom(said, MAPPING, KNOWN)
    same = [{"reference": one} for one in ("Patient/p/_history/2", "http://ehr.example/fhir/Patient/p")]
    for subject in (HIS, *same, {"display": "Somebody"}, {"identifier": {"value": "what the report does not say"}}):
        own = group(member | {"subject": subject}, **named)
        assert checked_to_dicom(own, MAPPING, KNOWN).result


def test_a_study_whose_meaning_something_changes_is_refused() -> None:
    study = STUDY | {"subject": HIS, "modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}]}
    with pytest.raises(PermanentError, match="ImagingStudy.modifierExtension"):
        checked_to_dicom(group(study, imagingStudy=[{"reference": "ImagingStudy/s"}]), MAPPING, KNOWN)


def item(resource: Resource) -> tuple[ContentItem, list[str]]:
    made = checked_to_dicom(alone(resource), MAPPING, KNOWN)
    assert to_fhir(made.result, MAPPING, KNOWN).result.root == resource
    return made.result.root.children[0], made.report.warnings


CSF = {"display": "Cerebrospinal fluid"}
GLUCOSE = {"coding": [{"system": "http://example.org/lab", "code": "GLU", "display": "Glucose"}]}
INSIDE = {"resourceType": "Specimen", "id": "s", "type": {"coding": [{"system": SCT, "code": "258450006", **CSF}]}}
DENIED = {"modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}]}


@pytest.mark.parametrize(
    "said",
    [{"specimen": CSF}, {"contained": [INSIDE], "specimen": {"reference": "#s"}}],
    ids=["by the reference", "in the result"],
)
def test_in_what_it_was_measured_stands_below_the_value(said: Resource) -> None:
    found, warnings = item(measured(code=GLUCOSE, **said))
    assert (SPECIMEN_TYPE, Plain("TEXT", CSF["display"])) in [(one.concept, one.value) for one in found.children]
    assert not any("specimen" in line for line in warnings)


@pytest.mark.parametrize(
    ("said", "warned"),
    [
        ({"code": GLUCOSE, "specimen": {"reference": "Specimen/s"}}, True),
        ({"code": GLUCOSE, "contained": [INSIDE | DENIED], "specimen": {"reference": "#s"}}, True),
        ({"specimen": {"reference": "Specimen/s"}}, False),  # the LOINC code says it
    ],
)
def test_a_specimen_of_which_nothing_is_said_is_warned_of(said: Resource, warned: bool) -> None:  # noqa: FBT001
    found, warnings = item(measured(**said))
    assert any("Observation.specimen" in line for line in warnings) is warned
    assert not any(SPECIMEN_TYPE.same(one.concept) for one in found.children)


@pytest.mark.parametrize(
    ("specimen", "words"),
    [
        ({}, "CSF"),
        ({"subject": HIS}, "CSF"),
        ({"subject": HERS}, None),
        ({"status": "entered-in-error"}, None),
        (DENIED, None),
    ],
    ids=["no subject", "his", "hers", "void", "denied"],
)
def test_a_specimen_of_the_bundle_says_in_what_it_was_measured(specimen: Resource, words: str | None) -> None:
    """Two cultures of one code, of different specimens, are not alike."""
    there = {"resourceType": "Specimen", "id": "s", "type": {"text": "CSF"}} | specimen
    result = measured(code=CULTURE, specimen={"reference": "Specimen/s"})
    entries = [Entry(one, f"{one['resourceType']}/{one['id']}") for one in (result, there)]
    made = checked_to_dicom(gather(entries).groups[0], MAPPING, KNOWN)
    children = made.result.root.children[0].children
    assert [one.value for one in children if SPECIMEN_TYPE.same(one.concept)] == (
        [Plain("TEXT", words)] if words else []
    )
    assert any("Observation.specimen" in line for line in made.report.warnings) is (words is None)


def with_type(item: ContentItem, words: str | None) -> ContentItem:
    """As somebody in the PACS has edited it."""
    found = [one for one in item.children if words is not None or not SPECIMEN_TYPE.same(one.concept)]
    children = tuple(with_type(one, words) for one in found)
    is_type = SPECIMEN_TYPE.same(item.concept)
    return replace(item, children=children, value=Plain("TEXT", words or "") if is_type else item.value)


@pytest.mark.parametrize("is_inside", [True, False])
@pytest.mark.parametrize("words", ["Urine", None, CSF["display"]])
def test_a_specimen_that_is_edited_in_the_pacs_is_not_the_one_before(is_inside: bool, words: str | None) -> None:
    there = INSIDE | {"subject": HIS}
    said = (
        {"contained": [there], "specimen": {"reference": "#s"}}
        if is_inside
        else {"specimen": {"reference": "Specimen/s"}}
    )
    entries = [measured(code=GLUCOSE, **said), *([] if is_inside else [there])]
    group = gather([Entry(one, f"{one['resourceType']}/{one['id']}") for one in entries]).groups[0]
    made = checked_to_dicom(group, MAPPING, KNOWN).result
    edited = replace(made, root=with_type(made.root, words))
    back = to_fhir(edited, MAPPING, KNOWN)
    root = back.result.root
    if words == CSF["display"]:
        assert (root, back.report.warnings) == (group.root, [])
        return
    assert root.get("specimen") == ({"display": words} if words else None)
    assert not root.keys() & {"component", "contained"} and not back.result.members
    assert any("Observation.specimen: edited in DICOM since" in one for one in back.report.warnings)
    assert checked_to_dicom(back.result, MAPPING, KNOWN).result == edited


@pytest.mark.parametrize(
    ("said", "warned"), [({"code": GLUCOSE}, True), ({"code": GLUCOSE, "specimen": CSF}, False), ({}, False)]
)
def test_a_specimen_that_the_report_alone_names_is_warned_of(said: Resource, warned: bool) -> None:  # noqa: FBT001
    one = Group(SUMMARY | {"specimen": [CSF]}, (measured(**said),), None, "DiagnosticReport/r")
    warnings = checked_to_dicom(one, MAPPING, KNOWN).report.warnings
    assert any("DiagnosticReport.specimen" in line for line in warnings) is warned


def test_a_code_of_any_specimen_says_none() -> None:
    """LOINC's System `XXX`."""
    _, warnings = item(measured(code=CULTURE, specimen={"reference": "Specimen/s"}))
    assert any("Observation.specimen" in line for line in warnings)


@pytest.mark.parametrize("element", ["valueString", "valueDateTime", "valueTime", "valueInteger", "valueBoolean"])
@pytest.mark.parametrize(("reason", "code"), [("unknown", VALUE_UNKNOWN), ("not-performed", NOT_ATTEMPTED)])
def test_a_primitive_that_is_absent_is_no_heading(element: str, reason: str, code: Code) -> None:
    absent = {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": reason}]}
    found, _ = item(observation(**{f"_{element}": absent}))
    assert found.value == Coded(code)


def test_a_unit_without_its_number_is_no_measured_value() -> None:
    """PS3.3 C.18.1: Numeric Value is type 1; DCMTK reads nothing of a document without it."""
    absent = {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "not-performed"}]}
    quantity = {"_value": absent} | {key: one for key, one in measured()["valueQuantity"].items() if key != "value"}
    found, _ = item(observation(valueQuantity=quantity))
    assert found.value == Coded(NOT_ATTEMPTED)


@pytest.mark.parametrize(("text", "warned"), [("rechte Lunge", True), ("Poumon droit", True), ("linke Lunge", True)])
@pytest.mark.parametrize("display", ["Lung structure", "Left lung structure"])
def test_a_side_of_the_text_alone_is_warned_of(text: str, warned: bool, display: str) -> None:  # noqa: FBT001
    coding = {"system": SCT, "code": "1", "display": display}
    _, warnings = item(measured(bodySite={"coding": [coding], "text": text}))
    is_said = text.startswith("linke") and display.startswith("Left")
    assert any("says a side that the code does not" in one for one in warnings) is (warned and not is_said)


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("Both lungs", "Left and right lungs"),
        ("Bilateral breasts", "Right and left breast"),
        ("beide Nieren", "Both kidneys"),
        ("Left lung", "Both lungs"),
        ("linked to aorta", "Vessel"),
    ],
)
def test_both_are_left_and_right(text: str, display: str) -> None:
    _, warnings = item(measured(bodySite={"coding": [{"system": SCT, "code": "1", "display": display}], "text": text}))
    assert not any("says a side that the code does not" in one for one in warnings)


def test_what_denies_a_finding_modifies_it() -> None:
    """TID 1350 row 1, so that readers of the SR, and we, know it for a modifier."""
    presence = {"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "121052"}]}
    absent = {"coding": [{"system": SCT, "code": "272519000", "display": "Absent"}]}
    pneumonia = {"coding": [{"system": SCT, "code": "233604007", "display": "Pneumonia"}]}
    component = {"code": presence, "valueCodeableConcept": absent}
    found, _ = item(observation(valueCodeableConcept=pneumonia, component=[component]))
    (modifier,) = [one for one in found.children if isinstance(one.value, Coded)]
    assert modifier.relationship == "HAS CONCEPT MOD" and is_qualified(found)


def test_a_code_that_its_own_text_denies_is_warned_of() -> None:
    code = {"coding": [{"system": SCT, "code": "254837009", "display": "Malignant neoplasm of breast"}]}
    _, warnings = item(observation(code=code | {"text": "Family history of breast cancer"}, valueBoolean=True))
    assert any("the text is not that of the code" in line and "Observation.code" in line for line in warnings)


@pytest.mark.parametrize("said", [{"active": False}, {"link": [{"type": "replaced-by", "other": HERS}]}])
def test_a_patient_who_is_nobody_any_more_is_warned_of(said: Resource) -> None:
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:oid:2.999", "value": "1"}], **said}
    root = measured()
    made = checked_to_dicom(Group(root, (), patient, "Observation/o", {"Patient/p": patient}), MAPPING, KNOWN)
    assert any("not active, or replaced by another" in line for line in made.report.warnings)


def test_another_number_of_one_system_is_another_patients() -> None:
    """Whom the report names by a reference, and the study by a number."""
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:oid:2.999", "value": "1"}]}
    for value, refused in (("1", False), ("2", True)):
        study = STUDY | {"subject": {"identifier": {"system": "urn:oid:2.999", "value": value}}}
        said = group(study, imagingStudy=[{"reference": "ImagingStudy/s"}])
        said = replace(said, patient=patient, references={**(said.references or {}), "Patient/p": patient})
        if refused:
            with pytest.raises(PermanentError, match="ImagingStudy.subject is another"):
                checked_to_dicom(said, MAPPING, KNOWN)
        else:
            assert checked_to_dicom(said, MAPPING, KNOWN).result


@pytest.mark.parametrize("deep", [False, True])
def test_a_section_about_somebody_else_is_warned_of(deep: bool) -> None:  # noqa: FBT001
    """FHIR R4 Composition.section.focus: a mother's history in the report of her child."""
    about: Resource = {"title": "History", "focus": HERS}
    about["text"] = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">HIV positive</div>'}
    composed = COMPOSED | {"subject": HIS, "section": [{"title": "All", "section": [about]} if deep else about]}
    made = checked_to_dicom(group(composed, extension=[COMPOSITION]), MAPPING, KNOWN)
    assert any("a section is about somebody else" in line for line in made.report.warnings)


@pytest.mark.parametrize(
    ("timing", "dt", "seen"),
    [
        ({"event": ["2026-03-02T08:15:00+01:00"]}, "20260302081500", None),
        ({"event": ["2026-03-01T23:00:00+01:00", "2026-03-02T00:30:00+05:00"]}, "20260302003000", "one moment"),
        ({"event": [None], "_event": [{"extension": [{"url": "urn:x", "valueString": "x"}]}]}, None, "none"),
        ({"repeat": {"boundsPeriod": {"start": "2026-03-01", "end": "2026-03-05"}}}, "20260301", "one moment"),
        ({"repeat": {"boundsPeriod": {"end": "2026-03-05"}}}, "20260305", "one moment"),
        ({"code": {"text": "twice a day"}}, None, "none"),
    ],
)
def test_a_timing_says_when_it_was_observed(timing: Resource, dt: str | None, seen: str | None) -> None:
    """As a period does (FHIR R4 Timing.repeat.boundsPeriod); a reader would take Content Date for it, which is when it
    was issued."""
    result = measured(effectiveTiming=timing, issued="2026-03-09T10:00:00+01:00")
    del result["effectiveDateTime"]
    found, warnings = item(result)
    assert text_of(found.rest, OBSERVATION_DATETIME) == dt
    assert any(f"a DICOM reader sees {seen}" in one and "effectiveTiming" in one for one in warnings) is (
        seen is not None
    )
