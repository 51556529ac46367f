"""What would come out with another meaning is refused, or left to the remainder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.convert.inputs import Readable, read
from bridge.errors import PermanentError
from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Num, Other, Plain, Value
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Number, Resource
from bridge.model.tags import COMPLETION, PRELIMINARY
from bridge.translate.basis.ids import Known
from bridge.translate.native.to_fhir import native_fhir
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES
from tests.samples import alone, observation

MAPPING, KNOWN = load(), Known()
_DETECTED = {"system": "http://snomed.info/sct", "code": "260373001", "display": "Detected"}


def quantity(value: int, **more: Any) -> dict[str, Any]:
    unit = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    return {"value": value, **unit, **more}


def reported(subject: dict[str, Any], result: Resource) -> Group:
    """A report of that subject, and its result."""
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "Report"},
        "subject": subject,
        "result": [{"reference": "Observation/o"}],
    }
    return Group(report, (result,), None, "DiagnosticReport/r")


def edited(group: Group, change: Any) -> Resource:
    """The Observation after somebody changed its content item."""
    document = to_dicom(group, MAPPING, KNOWN).result
    item = change(document.root.children[0])
    after = Document(document.header, replace(document.root, children=(item, *document.root.children[1:])))
    back: Resource = stripped(to_fhir(after, MAPPING, KNOWN).result.root)
    return back


@pytest.mark.parametrize(
    "subject", [{"reference": "urn:uuid:other"}, {"reference": "Group/1"}, {"identifier": {"value": "MR-OTHER"}}]
)
def test_a_result_of_another_subject_is_refused(subject: dict[str, Any]) -> None:
    result = observation(subject=subject, valueQuantity=quantity(5))
    with pytest.raises(PermanentError, match="subject is another"):
        to_dicom(reported({"reference": "Patient/p"}, result), MAPPING, KNOWN)


def test_a_value_that_was_edited_is_the_only_one() -> None:
    def change(item: ContentItem) -> ContentItem:
        return replace(item, value=Plain("TEXT", "< 6 mmol/L"))

    back = edited(alone(observation(valueQuantity=quantity(5, comparator="<"))), change)
    assert [key for key in back if key.startswith("value")] == ["valueString"]


@pytest.mark.parametrize(
    ("value", "edit", "says"),
    [
        ({"valueBoolean": True}, Coded(Code("373067005", "SCT", "No")), {"valueBoolean": False}),
        ({"valueBoolean": False}, Coded(Code("373066001", "SCT", "Yes")), {"valueBoolean": True}),
        ({"valueInteger": 5}, Num(("6",), Code("1", "UCUM", "no units"), None), {"valueInteger": 6}),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_value_that_was_edited_keeps_its_type(
    value: dict[str, Any], edit: Value, says: dict[str, Any], whole: bool
) -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic"}]}
    more: dict[str, Any] = value if whole else {"component": [{"code": code, **value}]}

    def change(item: ContentItem) -> ContentItem:
        if whole:
            return replace(item, value=edit)
        return replace(item, children=tuple(replace(child, value=edit) for child in item.children))

    back = edited(alone(observation(**more)), change)
    home = back if whole else back["component"][0]
    assert {key: found for key, found in home.items() if key.startswith("value")} == says
    assert type(next(iter(says.values()))) is type(home[next(iter(says))])


def test_a_value_that_its_type_cannot_hold_has_another() -> None:
    back = edited(alone(observation(valueBoolean=True)), change_value(Coded(NEGATIVE)))
    assert back["valueCodeableConcept"]["text"] == "Negative"
    assert "valueBoolean" not in back
    halves = Num(("6.5",), Code("1", "UCUM", "no units"), None)
    assert "valueQuantity" in edited(alone(observation(valueInteger=5)), change_value(halves))


POSITIVE = {"system": "http://snomed.info/sct", "code": "10828004", "display": "Positive"}
MILLIMOLE = Code("mmol/L", "UCUM", "mmol/L")
NEGATIVE = Code("260385009", "SCT", "Negative")


def change_value(value: Value) -> Any:
    return lambda item: replace(item, value=value)


def test_words_of_a_code_that_was_edited_are_gone() -> None:
    resource = observation(valueCodeableConcept={"coding": [POSITIVE], "text": "POSITIV"}, method={"text": "PCR"})
    back = edited(alone(resource), change_value(Coded(NEGATIVE)))
    assert back["valueCodeableConcept"]["text"] == "Negative"
    assert back["id"] == "o"  # restored, not translated anew


def test_words_that_were_edited_with_their_code_stay() -> None:
    def change(item: ContentItem) -> ContentItem:
        children = [
            replace(child, value=Plain("TEXT", "NEGATIV")) if child.value == Plain("TEXT", "POSITIV") else child
            for child in item.children
        ]
        return replace(item, value=Coded(NEGATIVE), children=tuple(children))

    back = edited(alone(observation(valueCodeableConcept={"coding": [POSITIVE], "text": "POSITIV"})), change)
    assert back["valueCodeableConcept"]["text"] == "NEGATIV"


def test_words_of_a_limit_that_was_edited_are_gone() -> None:
    def change(item: ContentItem) -> ContentItem:
        children = [
            replace(child, value=Num(("77",), MILLIMOLE, None)) if _is_number(child, "3") else child
            for child in item.children
        ]
        return replace(item, children=tuple(children))

    ranges = [{"low": quantity(3), "high": quantity(4), "text": "3-4"}]
    back = edited(alone(observation(valueQuantity=quantity(5), referenceRange=ranges)), change)
    assert back["id"] == "o"
    assert back["referenceRange"] == [{"low": quantity(77), "high": quantity(4)}]


BARE = {"value": 3, "unit": "mmol/L"}  # without a code: the item says one of our own
NORMAL = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/referencerange-meaning", "code": "normal"}]}


@pytest.mark.parametrize(
    ("said", "edit", "wanted"),
    [
        ({"low": BARE, "high": BARE | {"value": 4}}, None, {"high": BARE | {"value": 4}}),
        ({"low": quantity(3), "high": quantity(4), "type": NORMAL}, None, {"high": quantity(4), "type": NORMAL}),
        ({"low": {"value": 3}, "high": {"value": 4}}, None, {"high": {"value": 4}}),
        ({"low": {"value": 3}, "high": {"value": 4}}, "77", {"low": {"value": 77}, "high": {"value": 4}}),
        (
            {"low": BARE, "high": BARE | {"value": 4}, "type": NORMAL},
            "77",
            {"low": BARE | {"value": 77}, "high": BARE | {"value": 4}, "type": NORMAL},
        ),
        (
            {"low": BARE, "high": BARE | {"value": 4}},
            MILLIMOLE._replace(value="g/L", meaning="g/L"),
            {"low": {**quantity(3), "unit": "g/L", "code": "g/L"}, "high": BARE | {"value": 4}},
        ),
    ],
    ids=["bare", "type", "no unit", "no unit, number", "number", "unit"],
)
def test_who_edits_a_limit_edits_no_more_of_the_range(said: Resource, edit: Any, wanted: Resource) -> None:
    """Not the unit of the other limit, nor what the range is."""

    def changed(item: ContentItem) -> ContentItem:
        assert isinstance(item.value, Num)
        value = replace(item.value, values=(edit,)) if isinstance(edit, str) else replace(item.value, unit=edit)
        return replace(item, value=value)

    def change(item: ContentItem) -> ContentItem:
        children = [
            changed(child) if _is_number(child, "3") else child
            for child in item.children
            if edit is not None or not _is_number(child, "3")
        ]
        return replace(item, children=tuple(children))

    value = quantity(5) if "unit" in said["low"] else {"value": 5}  # of another, limits without unit are words
    back = edited(alone(observation(valueQuantity=value, referenceRange=[said])), change)
    assert back["id"] == "o"
    assert back["referenceRange"] == [wanted]


def test_of_a_range_that_was_removed_nothing_is_left() -> None:
    def change(item: ContentItem) -> ContentItem:
        return replace(item, children=tuple(child for child in item.children if not isinstance(child.value, Num)))

    ranges = [{"low": BARE, "high": BARE | {"value": 4}, "type": NORMAL}]
    back = edited(alone(observation(valueQuantity=quantity(5), referenceRange=ranges)), change)
    assert back["id"] == "o" and "referenceRange" not in back


def _is_number(item: ContentItem, number: str) -> bool:
    return isinstance(item.value, Num) and item.value.values == (number,)


def test_words_that_are_gone_do_not_come_back() -> None:
    """The document keeps them while nobody edits its code; in FHIR they are gone for good."""
    group = alone(observation(valueCodeableConcept={"coding": [POSITIVE], "text": "POSITIV"}))
    document = to_dicom(group, MAPPING, KNOWN).result
    item = replace(document.root.children[0], value=Coded(NEGATIVE))
    after = Document(document.header, replace(document.root, children=(item,)))
    translated = to_fhir(after, MAPPING, KNOWN)
    assert any("valueCodeableConcept.text" in one for one in translated.report.warnings)
    back = translated.result
    assert to_dicom(back, MAPPING, KNOWN).result == after
    back.root["status"] = "amended"
    again = to_fhir(to_dicom(back, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert stripped(again.root) == stripped(back.root)
    back.root["valueCodeableConcept"] = {**back.root["valueCodeableConcept"], "coding": [POSITIVE], "text": "Positive"}
    assert "POSITIV" not in [
        child.value.text
        for child in to_dicom(back, MAPPING, KNOWN).result.root.children[0].children
        if isinstance(child.value, Plain)
    ]


def test_who_wrote_a_note_stays_with_it() -> None:
    notes = [{"authorString": "Dr A", "text": "one"}, {"text": "two"}]

    def change(item: ContentItem) -> ContentItem:
        kept = [child for child in item.children if child.value != Plain("TEXT", "one")]
        return replace(item, children=tuple(kept))

    back = edited(alone(observation(valueQuantity=quantity(5), note=notes)), change)
    assert [one["text"] for one in back["note"]] == ["two"]
    assert "Dr A" not in str(back["note"])


def test_a_therapeutic_range_is_not_written_as_the_normal_one() -> None:
    ranges = [{"low": quantity(1), "high": quantity(2), "type": {"text": "therapeutic"}}]
    document = to_dicom(alone(observation(valueQuantity=quantity(5), referenceRange=ranges)), MAPPING, KNOWN).result
    assert "Normal Range" not in str(document.root.children[0].children)
    assert to_fhir(document, MAPPING, KNOWN).result.root["referenceRange"] == ranges


_MALE, _FEMALE = {"appliesTo": [{"text": "male"}]}, {"appliesTo": [{"text": "female"}]}


@pytest.mark.parametrize(
    ("ranges", "warned"),
    [
        ([{"high": quantity(106), **_MALE}, {"high": quantity(80), **_FEMALE}], True),
        ([{"high": quantity(80), "text": "< 80 (female)", **_FEMALE}], True),
        ([{"high": quantity(80), "age": {"low": {"value": 18}}}], True),
        ([{"low": quantity(1), "type": {"text": "therapeutic"}}], True),
        ([{"high": quantity(4, comparator="<")}], True),
        ([{"high": {"value": 80}, **_FEMALE}], True),
        ([{"high": quantity(4)}], False),
        ([{"text": "premenopausal 1-5; postmenopausal 10-20"}], False),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_ranges_that_no_dicom_reader_sees_are_warned_of(ranges: list[Resource], warned: bool, whole: bool) -> None:
    said = {"valueQuantity": quantity(110), "referenceRange": ranges}
    resource = observation(**(said if whole else {"component": [{"code": {"text": "part"}, **said}]}))
    translated = checked_to_dicom(alone(resource), MAPPING, KNOWN)
    item = translated.result.root.children[0]
    item = item if whole else item.children[0]
    assert bool(item.children) != warned
    warning = (
        "reference ranges that are not simply the normal one: a DICOM reader sees none: Observation.referenceRange"
    )
    assert (warning in translated.report.warnings) == warned


@pytest.mark.parametrize("first", [True, False])
def test_the_normal_range_is_said_beside_others_and_these_stay(first: bool) -> None:  # noqa: FBT001
    """FHIR R4 Observation.referenceRange.appliesTo: without it the normal population is meant. Whoever edits a limit of
    the range that items say edits no other range."""
    normal, other = {"low": quantity(3), "type": NORMAL}, {"low": quantity(2), **_FEMALE}
    group = alone(observation(valueQuantity=quantity(5), referenceRange=[normal, other] if first else [other, normal]))
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    assert "a DICOM reader sees the normal one alone: Observation.referenceRange" in str(translated.report.warnings)

    def change(item: ContentItem) -> ContentItem:
        (limit,) = item.children
        assert _is_number(limit, "3")
        return replace(item, children=(replace(limit, value=Num(("77",), MILLIMOLE, None)),))

    changed = normal | {"low": quantity(77)}
    assert edited(group, change)["referenceRange"] == ([changed, other] if first else [other, changed])
    assert edited(group, lambda item: replace(item, children=()))["referenceRange"] == [other]


def test_of_two_ranges_of_everybody_nobody_knows_the_patients() -> None:
    ranges = [{"low": quantity(3)}, {"low": quantity(2)}]
    found = checked_to_dicom(alone(observation(valueQuantity=quantity(5), referenceRange=ranges)), MAPPING, KNOWN)
    assert not found.result.root.children[0].children


@pytest.mark.parametrize("element", ["interpretation", "method", "bodySite", "category"])
@pytest.mark.parametrize(("length", "warned"), [(64, False), (65, True)])
@pytest.mark.parametrize("coded", [True, False])
def test_words_that_a_code_meaning_cuts_are_warned_of(
    element: str,
    length: int,
    warned: bool,  # noqa: FBT001
    coded: bool,  # noqa: FBT001
) -> None:
    """LO (PS3.5 6.2): what is behind may be `not`. Names and values have items for the whole (TID 1210, 1211)."""
    words = ("Method of a long name, " * 3)[:length]
    concept: Resource = {"coding": [POSITIVE | {"display": words}]} if coded else {"text": words}
    said = concept if element in ("method", "bodySite") else [concept]
    group = alone(observation(valueQuantity=quantity(5), **{element: said}))
    made = checked_to_dicom(group, MAPPING, KNOWN)
    assert any(f"sees it cut, shorten it: Observation.{element}" in one for one in made.report.warnings) is warned
    assert to_fhir(made.result, MAPPING, KNOWN).result.root == group.root


def test_a_preliminary_result_makes_the_document_partial() -> None:
    document = to_dicom(alone(observation(status="preliminary", valueQuantity=quantity(5))), MAPPING, KNOWN).result
    assert b"PARTIAL" in [element.value.strip() for element in document.header if isinstance(element.value, bytes)]


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        ("preliminary", ("PARTIAL", "PRELIMINARY")),
        ("partial", ("PARTIAL", None)),
        ("registered", ("PARTIAL", None)),
        ("final", ("COMPLETE", None)),
        ("amended", ("COMPLETE", None)),
        ("corrected", ("COMPLETE", None)),
    ],
)
def test_a_preliminary_report_is_a_preliminary_document(status: str, flags: tuple[str, str | None]) -> None:
    """PS3.3 C.17.2: Completion Flag and Preliminary Flag."""
    group = reported({"reference": "Patient/p"}, observation(valueQuantity=quantity(5)))
    group.root["status"] = status
    document = checked_to_dicom(group, MAPPING, KNOWN).result
    assert (text_of(document.header, COMPLETION), text_of(document.header, PRELIMINARY)) == flags
    native = native_fhir(taken_out(document)[0], MAPPING, KNOWN).group.root["status"]
    assert native == {"registered": "partial", "amended": "final", "corrected": "final"}.get(status, status)


def test_subjects_in_words_are_compared() -> None:
    result = observation(subject={"display": "Muster, Max"}, valueQuantity=quantity(5))
    with pytest.raises(PermanentError, match="subject is another"):
        to_dicom(reported({"display": "Meier, Eva"}, result), MAPPING, KNOWN)


@pytest.mark.parametrize("place", ["", "referenceRange"])
def test_what_changes_the_meaning_is_refused_wherever_it_stands(place: str) -> None:
    modified: dict[str, Any] = {"modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}]}
    more = {place: [{"text": "normal"} | modified]} if place else modified
    with pytest.raises(PermanentError, match="modifierExtension"):
        to_dicom(alone(observation(valueQuantity=quantity(5), **more)), MAPPING, KNOWN)


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        ("Composition", "section"),
        ("Composition", ""),
        ("Patient", "communication"),
        ("Patient", "contact"),
        ("Patient", ""),
    ],
)
def test_what_changes_the_meaning_of_what_is_read_beside_results_is_refused(resource: str, place: str) -> None:
    modified: dict[str, Any] = {"modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}]}
    one = {"resourceType": resource, "id": "p"} | ({place: [modified]} if place else modified)
    group = reported({"reference": "Patient/p"}, observation(valueQuantity=quantity(5)))
    patient = one if resource == "Patient" else group.patient
    beside = () if resource == "Patient" else (one,)
    with pytest.raises(PermanentError, match=f"{resource}.modifierExtension"):
        to_dicom(Group(group.root, (*group.members, *beside), patient, group.key), MAPPING, KNOWN)


@pytest.mark.parametrize("where", ["Observation", "DiagnosticReport"])
def test_rules_that_must_be_understood_are_refused(where: str) -> None:
    """FHIR R4 resource.html#Resource.implicitRules."""
    group = reported({"reference": "Patient/p"}, observation(valueQuantity=quantity(5)))
    for one in group.resources():
        if one["resourceType"] == where:
            one["implicitRules"] = "http://example.org/rules"
    with pytest.raises(PermanentError, match=f"{where}.implicitRules"):
        to_dicom(group, MAPPING, KNOWN)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"valueQuantity": quantity(5, unit="g/dL", code="g/L")}, "unit is another"),
        ({"valueQuantity": quantity(5, unit="mmHg", code="kPa")}, "unit is another"),
        ({"valueQuantity": quantity(5, unit="mmHg", code="mm[Hg]")}, None),
        ({"referenceRange": [{"high": quantity(16, unit="g/dL", code="g/L")}]}, "unit is another"),
        ({"referenceRange": [{"high": quantity(16, unit="g/dL", code="g/dL")}]}, None),
        ({"valueRange": {"low": quantity(12, unit="g/dL", code="g/L")}}, "unit is another"),
        ({"valueRatio": {"denominator": quantity(1, unit="g", code="mg")}}, "unit is another"),
        ({"component": [{"code": {}, "valueRange": {"low": quantity(1, unit="g", code="mg")}}]}, "unit is another"),
        ({"valueQuantity": quantity(99, unit="°F", code="Cel")}, "unit is another"),
        ({"valueQuantity": quantity(99, unit="BPM", code="{H.B.}/min")}, None),
        ({"valueQuantity": quantity(5, unit="g/dl", code="g/dL")}, None),
        ({"referenceRange": [{"low": quantity(77), "high": quantity(4), "text": "3-4"}]}, "other numbers"),
        ({"referenceRange": [{"low": quantity(3), "high": quantity(4), "text": "3,0 - 4 (adults)"}]}, None),
        ({"valueQuantity": quantity(5, unit="mmHg", code="mm[Hg]")}, None),
        ({"valueCodeableConcept": {"coding": [_DETECTED], "text": "negative"}}, "text is not that of the code"),
        ({"valueCodeableConcept": {"coding": [_DETECTED], "text": "detected"}}, None),
    ],
)
def test_words_that_say_something_else_than_the_code_are_warned_of(value: dict[str, Any], says: str | None) -> None:
    warnings = to_dicom(alone(observation(**value)), MAPPING, KNOWN).report.warnings
    of_words = ("another than its code", "not that of the code", "other numbers")
    assert [one for one in warnings if any(some in one for some in of_words)] == [
        one for one in warnings if says and says in one
    ]
    assert says is None or any(says in one for one in warnings)


def test_words_that_say_something_else_are_warned_of_in_fhir_too() -> None:
    """Without our private elements nobody knows which of the two was edited."""
    concept = {"coding": [POSITIVE], "text": "POSITIV"}
    bare, _ = taken_out(to_dicom(alone(observation(valueCodeableConcept=concept)), MAPPING, KNOWN).result)
    after = replace(bare, root=replace(bare.root, children=(replace(bare.root.children[0], value=Coded(NEGATIVE)),)))
    warnings = to_fhir(after, MAPPING, KNOWN).report.warnings
    assert any("not that of the code" in one for one in warnings)


def minimum(item: ContentItem, value: str = "2") -> ContentItem:
    """With another lower limit, wherever it stands."""
    is_it = item.concept is not None and item.concept.value == "255605001"
    children = tuple(minimum(child, value) for child in item.children)
    return replace(item, value=Num((value,), MILLIMOLE, None) if is_it else item.value, children=children)


@pytest.mark.parametrize("whole", [True, False])
def test_a_limit_that_was_edited_is_the_limit_of_the_range(whole: bool) -> None:
    """The words that we wrote beside it follow; the item keeps them, until FHIR edits the range."""
    value = {"valueRange": {"low": quantity(3), "high": quantity(4)}}
    resource = observation(**(value if whole else {"component": [{"code": {"text": "part"}, **value}]}))
    document = to_dicom(alone(resource), MAPPING, KNOWN).result
    after = Document(document.header, minimum(document.root))
    group = to_fhir(after, MAPPING, KNOWN).result
    root = stripped(group.root)
    home = root if whole else root["component"][0]
    assert home["valueRange"] == {"low": quantity(2), "high": quantity(4)}
    assert root.keys() == resource.keys() and root["id"] == "o"
    assert to_dicom(group, MAPPING, KNOWN).result == after
    edit = group.root if whole else group.root["component"][0]
    edit["valueRange"]["high"]["value"] = 9
    back = to_fhir(checked_to_dicom(group, MAPPING, KNOWN).result, MAPPING, KNOWN).result.root
    home = back if whole else back["component"][0]
    assert stripped(home)["valueRange"] == {"low": quantity(2), "high": quantity(9)}


def test_words_of_a_range_that_were_edited_are_no_range_of_ours() -> None:
    document = to_dicom(alone(observation(valueRange={"low": quantity(3), "high": quantity(4)})), MAPPING, KNOWN).result
    item = replace(minimum(document.root.children[0]), value=Plain("TEXT", "2 to 4"))
    after = Document(document.header, replace(document.root, children=(item, *document.root.children[1:])))
    assert to_fhir(after, MAPPING, KNOWN).result.root["valueString"] == "2 to 4"


def test_a_text_that_says_another_range_than_its_limits_is_warned_of() -> None:
    document = to_dicom(alone(observation(valueRange={"low": quantity(1), "high": quantity(2)})), MAPPING, KNOWN).result
    item = document.root.children[0]
    children = [
        replace(one, value=Num(("77",), MILLIMOLE, None)) if _is_number(one, "1") else one for one in item.children
    ]
    says = [
        any("another range" in one for one in to_fhir(found, MAPPING, KNOWN).report.warnings)
        for found in (
            document,
            Document(document.header, replace(document.root, children=(replace(item, children=tuple(children)),))),
        )
    ]
    assert says == [False, True]


def narrative() -> tuple[Document, ContentItem]:
    """An imaging report whose conclusion is the paragraph of a section (TID 2000), and that section."""
    (one,) = [one for one in read(FIXTURES / "fhir" / "imaging-narrative.json", "dicom") if isinstance(one, Readable)]
    assert isinstance(one.content, Group)
    document = to_dicom(one.content, MAPPING, KNOWN).result
    section = next(one for one in document.root.children if one.concept and one.concept.value == "121076")
    return document, section


def with_section(*paragraphs: ContentItem) -> Group:
    document, section = narrative()
    children = [replace(section, children=paragraphs) if one is section else one for one in document.root.children]
    after = Document(document.header, replace(document.root, children=tuple(children)))
    group = to_fhir(after, MAPPING, KNOWN).result
    assert to_dicom(group, MAPPING, KNOWN).result == after
    return group


def test_a_conclusion_that_was_edited_in_its_section_is_the_conclusion() -> None:
    (paragraph,) = narrative()[1].children
    root = with_section(replace(paragraph, value=Plain("TEXT", "otherwise"))).root
    assert root["conclusion"] == "otherwise"
    assert root["id"] == "chest"  # restored, not translated anew
    assert "result" not in root


def test_a_conclusion_that_was_taken_back_is_gone() -> None:
    assert "Pneumothorax" not in repr([stripped(one) for one in with_section().resources()])


def test_what_somebody_adds_to_a_conclusion_is_seen() -> None:
    (paragraph,) = narrative()[1].children
    comment = ContentItem("HAS PROPERTIES", Code("121106", "DCM", "Comment"), Plain("TEXT", "not sure"), (), ())
    group = with_section(replace(paragraph, children=(comment,)))
    assert "not sure" in repr([stripped(one) for one in group.resources()])


def test_a_number_that_somebody_adds_below_a_result_is_a_result() -> None:
    """And no reference to nothing."""
    (one,) = [one for one in read(FIXTURES / "ecg" / "report.json", "dicom") if isinstance(one, Readable)]
    assert isinstance(one.content, Group)
    document = to_dicom(one.content, MAPPING, KNOWN).result
    added = ContentItem("HAS PROPERTIES", Code("2823-3", "LN", "Potassium"), Num(("6.9",), MILLIMOLE, None), (), ())

    def beside(item: ContentItem) -> ContentItem:
        if item.concept is not None and item.concept.value == "2:16016":
            return replace(item, children=(*item.children, added))
        return replace(item, children=tuple(map(beside, item.children)))

    after = Document(document.header, beside(document.root))
    group = to_fhir(after, MAPPING, KNOWN).result
    rate = next(one for one in group.members if one["id"] == "rate")
    (member,) = rate["hasMember"]
    (found,) = [one for one in group.members if f"Observation/{one['id']}" == member["reference"]]
    assert found["valueQuantity"]["value"] == Number("6.9")
    assert group.root["id"] == "ecg"
    assert to_dicom(group, MAPPING, KNOWN).result == after


def test_an_item_that_nobody_can_show_is_warned_of() -> None:
    """Temporal coordinates with something below them."""
    document = to_dicom(alone(observation(valueQuantity=quantity(5))), MAPPING, KNOWN).result
    odd = ContentItem("INFERRED FROM", Code("1", "99X", "Odd"), Other("TCOORD"), (), ())
    child = replace(odd, children=(replace(odd, value=Plain("TEXT", "below")),))
    (item, *rest) = document.root.children
    after = Document(document.header, replace(document.root, children=(replace(item, children=(child,)), *rest)))
    assert any("does not see" in one for one in to_fhir(after, MAPPING, KNOWN).report.warnings)
    assert not any("does not see" in one for one in to_fhir(document, MAPPING, KNOWN).report.warnings)


@pytest.mark.parametrize(
    ("unit", "odd"),
    [("Gy.cm^2", True), ("mGycm", True), ("Gy.cm2", False), ("{X-Ray sources}", False), ("{ratio}", False)],
)
def test_a_unit_that_ucum_has_not_is_kept_and_warned_of(unit: str, odd: bool) -> None:
    """On both ways. Of TID 10013 is the annotation with a blank."""
    resource = observation(
        valueQuantity={"value": 5, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    )
    there = to_dicom(alone(resource), MAPPING, KNOWN)
    back = to_fhir(there.result, MAPPING, KNOWN)
    assert back.result.root["valueQuantity"]["code"] == unit
    for report in (there.report, back.report):
        assert any("is no UCUM unit" in one for one in report.warnings) == odd


@pytest.mark.parametrize("element", ["valueRange", "referenceRange"])
def test_a_unit_of_a_limit_that_ucum_has_not_is_warned_of(element: str) -> None:
    limits = {"high": quantity(5, unit="mGycm", code="mGycm")}
    resource = observation(**{element: [limits] if element == "referenceRange" else limits})
    warnings = to_dicom(alone(resource), MAPPING, KNOWN).report.warnings
    assert any("is no UCUM unit" in one and one.endswith(f"Observation.{element}") for one in warnings)


_BARE: dict[str, Any] = {"low": {"value": 10}, "high": {"value": 20}}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (_BARE, "10 - 20"),
        (_BARE | {"text": "therapeutic"}, "therapeutic (10 - 20)"),
        (_BARE | {"high": quantity(20)}, "10 - 20 mmol/L"),
    ],
)
def test_limits_without_a_unit_are_not_said_to_have_none(said: dict[str, Any], words: str) -> None:
    group = alone(observation(valueQuantity=quantity(5), referenceRange=[said]))
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    (item,) = translated.result.root.children[0].children
    assert item.value == Plain("TEXT", words)
    warning = "limits without a unit: a DICOM reader sees them as words: Observation.referenceRange"
    assert warning in translated.report.warnings

    def edit(number: ContentItem) -> ContentItem:
        return replace(number, children=(replace(number.children[0], value=Plain("TEXT", "15 - 25")),))

    assert edited(group, edit)["referenceRange"] == [{"text": "15 - 25"}]


def ones(value: int, **more: Any) -> dict[str, Any]:
    """Of the unit `1` (UCUM), which is none."""
    return {"value": value, "system": "http://unitsofmeasure.org", "code": "1", **more}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"valueQuantity": ones(2, comparator="<=", unit="1")}, "<= 2"),
        ({"valueQuantity": ones(4, comparator=">")}, "> 4"),
        ({"valueQuantity": ones(4, comparator=">", unit="titer")}, "> 4 titer"),
        ({"valueRatio": {"numerator": ones(1), "denominator": ones(128)}}, "1 : 128"),
        ({"valueRatio": {"numerator": ones(1), "denominator": {"value": 128, "unit": "1"}}}, "1 : 128"),
        ({"valueRange": {"low": ones(1), "high": ones(5)}}, "1 - 5"),
        ({"valueRange": {"low": ones(1, unit="{score}", code="{score}")}}, ">= 1 {score}"),
    ],
)
def test_the_unit_one_is_no_digit_behind_a_number(value: dict[str, Any], words: str) -> None:
    group = alone(observation(**value))
    assert checked_to_dicom(group, MAPPING, KNOWN).result.root.children[0].value == Plain("TEXT", words)
    back = edited(group, lambda item: replace(item, value=Plain("TEXT", "other words")))
    assert {key: said for key, said in back.items() if key.startswith("value")} == {"valueString": "other words"}


@pytest.mark.parametrize("said", [ones(4), ones(4, unit="1"), {"value": 4, "unit": "1"}, {"value": 4, "code": "1"}])
def test_dicom_calls_the_unit_one_no_units(said: dict[str, Any]) -> None:
    group = alone(observation(valueQuantity=said))
    number = checked_to_dicom(group, MAPPING, KNOWN).result.root.children[0].value
    assert number == Num(("4",), Code("1", "UCUM", "no units"), None)
    back = edited(group, lambda item: replace(item, value=replace(item.value, values=("5",))))
    assert back["valueQuantity"] == {**said, "value": 5}


@pytest.mark.parametrize("limit", [ones(1), {"value": 1}])
def test_a_limit_without_unit_that_was_edited_is_the_limit_of_the_range(limit: dict[str, Any]) -> None:
    resource = observation(valueRange={"low": limit, "high": limit | {"value": 5}})
    document = to_dicom(alone(resource), MAPPING, KNOWN).result

    def change(item: ContentItem) -> ContentItem:
        low, *others = item.children
        assert isinstance(low.value, Num)
        return replace(item, children=(replace(low, value=replace(low.value, values=("2",))), *others))

    after = Document(document.header, replace(document.root, children=(change(document.root.children[0]),)))
    back = to_fhir(after, MAPPING, KNOWN).result
    assert stripped(back.root)["valueRange"] == {"low": limit | {"value": 2}, "high": limit | {"value": 5}}
    assert to_dicom(back, MAPPING, KNOWN).result == after


def test_limits_in_the_unit_of_the_value_are_numbers() -> None:
    limits = {"low": quantity(10), "high": quantity(20)}
    group = alone(observation(valueQuantity=quantity(5), referenceRange=[limits]))
    items = to_dicom(group, MAPPING, KNOWN).result.root.children[0].children
    assert all(isinstance(one.value, Num) for one in items)


def test_a_number_without_a_unit_is_warned_of() -> None:
    translated = checked_to_dicom(alone(observation(valueQuantity={"value": 5})), MAPPING, KNOWN)
    warning = "a number without a unit: a DICOM reader sees `no units`: Observation.valueQuantity"
    assert warning in translated.report.warnings


_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (None, Code("114010", "DCM", "Value unknown")),
        ("masked", Code("114010", "DCM", "Value unknown")),
        ("error", Code("114006", "DCM", "Measurement failure")),
    ],
)
def test_a_unit_alone_is_no_value(reason: str | None, code: Code) -> None:
    why = {} if reason is None else {"_value": {"extension": [{"url": _ABSENT, "valueCode": reason}]}}
    group = alone(observation(valueQuantity={"unit": "mmol/L", **why}))
    assert checked_to_dicom(group, MAPPING, KNOWN).result.root.children[0].value == Coded(code)


@pytest.mark.parametrize("value", [{"valueQuantity": quantity(5)}, {"valueString": "5"}, {"valueBoolean": False}])
def test_a_value_that_is_absent_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(PermanentError, match="obs-6"):
        to_dicom(alone(observation(dataAbsentReason={"text": "masked"}, **value)), MAPPING, KNOWN)


def test_a_value_of_a_component_that_is_absent_is_warned_of() -> None:
    component = {"code": {"text": "c"}, "valueQuantity": quantity(5), "dataAbsentReason": {"text": "masked"}}
    translated = checked_to_dicom(alone(observation(component=[component])), MAPPING, KNOWN)
    assert "a number, and a reason why there is none: Observation.component" in translated.report.warnings
