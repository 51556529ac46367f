"""Whoever edits a report of the PACS in FHIR gives no result to another person than FHIR says: a DICOM reader goes
by the place of an item, and by the nearest Subject Class (PS3.16 TID 1006)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bridge.mapping.load import load
from bridge.model.content import ByReference, Code, Coded, Container, ContentItem, Num, Plain
from bridge.model.dataset import text_element
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.sr import write_document
from bridge.model.status import WITHDRAWN
from bridge.model.tags import OBSERVATION_UID
from bridge.translate.basis.ids import Known
from bridge.translate.report.report import Translated
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.unit.test_told_of_the_patient import (
    ECHO,
    REST,
    STATE,
    STRESS,
    container,
    context,
    document,
    item,
    length,
    read,
)

MAPPING, KNOWN = load(), Known()
SUMMARY, WEIGHT = Code("125008", "DCM", "Fetus Summary"), Code("11727-5", "LN", "Estimated Weight")
FINDINGS, FINDING = Code("121070", "DCM", "Findings"), Code("121071", "DCM", "Finding")
NODULE, MALIGNANT = Code("27925004", "SCT", "Nodule"), Code("363346000", "SCT", "Malignancy")
SUBJECT_CLASS, SUBJECT_ID = Code("121024", "DCM", "Subject Class"), Code("121030", "DCM", "Subject ID")
SUBJECT_NAME = Code("121029", "DCM", "Subject Name")
FETUS, PATIENT = Code("121026", "DCM", "Fetus"), Code("121025", "DCM", "Patient")
OB = "5000-obgyn"
GRAM = Code("g", "UCUM", "gram")


def weight(value: str) -> ContentItem:
    return item(WEIGHT, Num((value,), GRAM, None))


def own(name: str) -> list[ContentItem]:
    return [context(SUBJECT_CLASS, Coded(FETUS)), context(SUBJECT_ID, Plain("TEXT", name))]


def summary(name: str, *results: ContentItem) -> ContentItem:
    return container(SUMMARY, *own(name), *results)


def twins() -> Group:
    """Whose reader gets two groups of one result each, and the length of something of the mother."""
    results = (summary("A", weight("650")), summary("B", weight("480")), container(FINDINGS, length("31")))
    return read(document(*results, like=OB))[0]


def edited(group: Group) -> Translated[Document]:
    """What it becomes: legal, and the very same when it is translated again without a further edit."""
    made = checked_to_dicom(group, MAPPING, KNOWN)
    back = to_fhir(made.result, MAPPING, KNOWN).result
    assert write_document(checked_to_dicom(back, MAPPING, KNOWN).result) == write_document(made.result)
    for before, after in zip(_observations(group), _observations(back), strict=True):
        assert before.get("focus") == after.get("focus")
        assert (before["status"] in WITHDRAWN) == (after["status"] in WITHDRAWN)
    return made


def _observations(group: Group) -> list[Resource]:
    found = [one for one in group.resources() if one["resourceType"] == "Observation"]
    return sorted(found, key=lambda one: str(one["id"]))


def said_without_us(made: Document) -> dict[str, list[str]]:
    """By the number, whom results are about for a reader who knows no private elements."""

    def bare(one: ContentItem) -> ContentItem:
        rest = tuple(element for element in one.rest if not element.tag >> 16 & 1)
        return replace(one, rest=rest, children=tuple(map(bare, one.children)))

    header = tuple(element for element in made.header if not element.tag >> 16 & 1)
    found = _observations(to_fhir(Document(header, bare(made.root)), MAPPING, KNOWN).result)
    numbers = (one for one in found if "valueQuantity" in one)
    return {str(one["valueQuantity"]["value"]): [who["display"] for who in one.get("focus", ())] for one in numbers}


def of(group: Group, text: str, focus: str | None = None) -> Resource:
    found = [one for one in _observations(group) if one["code"].get("text") == text]
    return next(one for one in found if focus is None or one.get("focus") == [{"display": focus}])


def added(group: Group, *, focus: str | None) -> tuple[Group, Resource]:
    """With another length, which nobody refers to yet."""
    new: Resource = {"resourceType": "Observation", "id": "new", "status": "final"}
    new |= {"subject": of(group, "Length")["subject"]}
    new |= {"code": {"coding": [{"system": "http://loinc.org", "code": "11984-2", "display": "Head"}]}}
    new["valueQuantity"] = {"value": 20, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"}
    if focus is not None:
        new["focus"] = [{"display": focus}]
    return replace(group, members=(*group.members, new)), new


def test_results_below_what_is_in_error_stay_about_whom_they_are() -> None:
    group = twins()
    of(group, "Fetus Summary", "Fetus A")["status"] = "entered-in-error"
    made = edited(group)
    assert said_without_us(made.result) == {"650": ["Fetus A"], "480": ["Fetus B"], "31": []}
    assert any("results below it stand" in one for one in made.report.warnings)


@pytest.mark.parametrize(
    ("outer", "inner", "copied", "said"),
    [
        (REST, STRESS, None, STRESS),
        (None, STRESS, None, STRESS),
        (REST, None, None, REST),
        (REST, None, STRESS, REST),  # a copy that is edited in what is in error is no word of what stands below it
    ],
)
def test_results_below_what_is_in_error_stay_in_the_state_that_they_are_of(
    outer: Code | None, inner: Code | None, copied: Code | None, said: Code
) -> None:
    """A number that was measured under stress would be one at rest. Such a report was refused, too: its copies were
    marked and unmarked without end."""
    stressed = container(FINDINGS, *_in_state(inner), length("41"))
    group, _ = read(document(container(FINDINGS, *_in_state(outer), length("61"), stressed), like=ECHO))
    panel = next(one for one in _observations(group) if len(one.get("hasMember", ())) == 1)
    panel["status"] = "entered-in-error"
    if copied is not None:
        panel["component"][0]["valueCodeableConcept"] = {"coding": [{"code": copied.value}]}
    (*_, heading) = edited(group).result.root.children[0].children
    assert [one.value for one in heading.children if one.concept == STATE] == ([Coded(inner)] if inner else [])
    back = to_fhir(edited(group).result, MAPPING, KNOWN).result
    (state,) = next(one for one in _observations(back) if one.get("valueQuantity", {}).get("value") == 41)["component"]
    assert state["valueCodeableConcept"]["coding"][0]["code"] == said.value


def _in_state(state: Code | None) -> list[ContentItem]:
    return [context(STATE, Coded(state), how="HAS ACQ CONTEXT")] if state is not None else []


def test_what_modifies_a_value_in_error_is_not_said_of_what_it_was_made_of() -> None:
    """A mean that is withdrawn leaves the lengths that were measured: none of them is one."""
    mean = item(Code("121401", "DCM", "Derivation"), Coded(Code("373098007", "SCT", "Mean")), how="HAS CONCEPT MOD")
    measured = [replace(length(one), relationship="INFERRED FROM") for one in ("39", "41")]
    group, _ = read(document(container(FINDINGS, length("40", mean, *measured)), like=ECHO))
    (found,) = [one for one in _observations(group) if one.get("valueQuantity", {}).get("value") == 40]
    found["status"] = "entered-in-error"
    (heading,) = edited(group).result.root.children[0].children
    assert isinstance(heading.value, Container)
    assert [type(one.value) for one in heading.children] == [Num, Num]


def test_a_group_in_error_denies_what_stands_in_it_still() -> None:
    absent = item(Code("408729009", "SCT", "Finding context"), Coded(Code("410516002", "SCT", "Known absent")))
    denied = container(FINDINGS, replace(absent, relationship="HAS CONCEPT MOD"), length("40"), length("41"))
    group, _ = read(document(denied, like=ECHO))
    of(group, "Findings")["status"] = "entered-in-error"
    heading = edited(group).result.root.children[0]
    assert [type(one.value) for one in heading.children] == [Coded, Num, Num]


def test_what_is_in_error_with_all_below_it_is_gone() -> None:
    group = twins()
    of(group, "Fetus Summary", "Fetus A")["status"] = of(group, "Estimated Weight", "Fetus A")["status"] = "cancelled"
    assert said_without_us(edited(group).result) == {"480": ["Fetus B"], "31": []}


def test_a_finding_in_error_is_not_said_by_the_heading_that_is_left_of_it() -> None:
    apart = replace(length("12"), rest=(text_element(OBSERVATION_UID, "UI", "2.25.12"),))  # a result of its own
    group, _ = read(document(container(FINDINGS, item(FINDING, Coded(NODULE), apart), item(FINDING, Coded(MALIGNANT)))))
    nodule = next(one for one in _observations(group) if one.keys() >= {"hasMember", "valueCodeableConcept"})
    nodule["status"] = "entered-in-error"
    (left, other) = edited(group).result.root.children[0].children
    assert isinstance(left.value, Container) and [one.value for one in left.children] == [apart.value]
    assert other.value == Coded(MALIGNANT)


@pytest.mark.parametrize(
    ("focus", "becomes"), [("Fetus B", ["Fetus B"]), (None, []), ("Fetus A", ["Fetus A"]), ("Donor", ["Donor"])]
)
def test_what_is_added_below_a_fetus_is_about_whom_it_says(focus: str | None, becomes: list[str]) -> None:
    group, new = added(twins(), focus=focus)
    of(group, "Fetus Summary", "Fetus A")["hasMember"].append({"reference": "Observation/new"})
    made = checked_to_dicom(group, MAPPING, KNOWN) if focus == "Donor" else edited(group)
    if focus == "Donor":  # no Subject Class is his
        assert any("has no Subject Class" in one for one in made.report.warnings)
    else:
        assert said_without_us(made.result)["20"] == becomes


def test_what_is_added_to_the_report_is_about_whom_it_says() -> None:
    group, new = added(twins(), focus="Fetus A")
    group.root["result"].append({"reference": "Observation/new"})
    assert said_without_us(edited(group).result)["20"] == ["Fetus A"]


def to_the_other_fetus(group: Group) -> None:
    moved = of(group, "Fetus Summary", "Fetus A")["hasMember"].pop()
    of(group, "Fetus Summary", "Fetus B")["hasMember"].append(moved)


def to_the_report(group: Group) -> None:
    moved = of(group, "Fetus Summary", "Fetus A")["hasMember"].pop()
    group.root["result"].append(moved)


@pytest.mark.parametrize("move", [to_the_other_fetus, to_the_report])
def test_a_result_that_is_moved_stays_about_whom_it_says(move: Callable[[Group], None]) -> None:
    group = twins()
    move(group)
    assert said_without_us(edited(group).result) == {"650": ["Fetus A"], "480": ["Fetus B"], "31": []}


def test_the_subject_of_one_result_is_edited() -> None:
    group = twins()
    of(group, "Estimated Weight", "Fetus A")["focus"] = [{"display": "Fetus B"}]
    assert said_without_us(edited(group).result) == {"650": ["Fetus B"], "480": ["Fetus B"], "31": []}


def nested(*called: ContentItem) -> Group:
    """A result of fetus B, by items of its own, among those of fetus A."""
    inner = container(FINDINGS, length("31", *own("B"), *called))
    return read(document(summary("A", inner, weight("650")), like=OB))[0]


@pytest.mark.parametrize("called", [[], [context(Code("11951-1", "LN", "Fetus ID"), Plain("TEXT", "B"))]])
@pytest.mark.parametrize("focus", ["Fetus A", "Fetus C"])
def test_an_edited_subject_takes_the_place_of_the_results_own_items(focus: str, called: list[ContentItem]) -> None:
    group = nested(*called)
    of(group, "Length")["focus"] = [{"display": focus}]
    assert said_without_us(edited(group).result) == {"31": [focus], "650": ["Fetus A"]}


@pytest.mark.parametrize("focus", [{"reference": "Patient/baby"}, {"identifier": {"value": "7"}}, {"display": "Baby"}])
def test_a_subject_that_no_item_can_say_takes_none_away(focus: Resource) -> None:
    """Without the items of the container the lengths of its two fetuses would be the mother's."""
    twins_below = summary(
        "A", weight("650"), container(FINDINGS, context(SUBJECT_ID, Plain("TEXT", "B")), length("31"))
    )
    group = read(document(twins_below, like=OB))[0]
    before = said_without_us(checked_to_dicom(group, MAPPING, KNOWN).result)
    of(group, "Fetus Summary")["focus"] = [focus]
    assert said_without_us(edited(group).result) == before == {"650": ["Fetus A"], "31": ["Fetus B"]}


def test_a_subject_of_the_same_name_leaves_its_items() -> None:
    called = [context(SUBJECT_CLASS, Coded(FETUS)), context(SUBJECT_NAME, Plain("TEXT", "B"))]
    group = read(document(summary("A", container(FINDINGS, length("31", *called))), like=OB))[0]
    of(group, "Length")["focus"][0]["reference"] = "Patient/baby"
    made = edited(group).result
    assert said_without_us(made) == {"31": ["Fetus B"]}
    assert [one.value for one in _items(made.root) if SUBJECT_NAME.same(one.concept)] == [Plain("TEXT", "B")]


def test_of_a_subject_and_its_items_that_were_both_edited_the_items_win() -> None:
    group = nested()
    result = of(group, "Length")
    result["focus"] = [{"display": "Fetus C"}]
    next(one for one in result["component"] if one["code"]["text"] == "Subject ID")["valueString"] = "D"
    assert said_without_us(checked_to_dicom(group, MAPPING, KNOWN).result)["31"] == ["Fetus D"]


@pytest.mark.parametrize("name", ["Length", "Fetus Summary"])
def test_who_removes_what_repeats_the_subject_has_left_the_subject(name: str) -> None:
    """Without the components `focus` says it alone, here and below; and never whom those around are about."""
    group = nested()
    result = of(group, name)
    result["component"] = [one for one in result["component"] if not one["code"]["text"].startswith("Subject")]
    if not result["component"]:
        del result["component"]
    assert said_without_us(edited(group).result) == {"31": ["Fetus B"], "650": ["Fetus A"]}


@pytest.mark.parametrize(("then", "becomes"), [(None, []), ("Fetus B", ["Fetus B"])])
def test_a_subject_that_was_edited_is_edited_again(then: str | None, becomes: list[str]) -> None:
    """What we wrote below the result the first time does not stay."""
    group = twins()
    of(group, "Length")["focus"] = [{"display": "Fetus A"}]
    once = to_fhir(edited(group).result, MAPPING, KNOWN).result
    if then is None:
        del of(once, "Length")["focus"]
    else:
        of(once, "Length")["focus"] = [{"display": then}]
    again = edited(once)
    assert said_without_us(again.result)["31"] == becomes
    assert not any("focus" in line for line in again.report.warnings)


def test_a_group_that_becomes_somebody_elses_does_not_take_its_results_along() -> None:
    """FHIR inherits nothing: they say no focus, and are the patient's."""
    group, _ = read(document(container(SUMMARY, weight("650"), context(SUBJECT_ID, Plain("TEXT", ""))), like=OB))
    of(group, "Fetus Summary")["focus"] = [{"display": "Fetus Y"}]
    assert said_without_us(edited(group).result)["650"] == []


@pytest.mark.parametrize(
    "focus",
    [
        {"reference": "Patient/x"},
        {"reference": "Procedure/x"},
        {"reference": "Observation/x"},
        {"identifier": {"system": "urn:x", "value": "1"}},
        {"extension": [{"url": "http://example.org", "valueString": "x"}]},
    ],
)
def test_a_focus_that_no_item_can_say_is_no_end(focus: Resource) -> None:
    group = twins()
    of(group, "Length")["focus"] = [focus]
    edited(group)


def test_who_is_the_patient_by_focus_is_the_patient_among_others() -> None:
    group, new = added(twins(), focus=None)
    new["focus"] = [new["subject"]]
    of(group, "Fetus Summary", "Fetus A")["hasMember"].append({"reference": "Observation/new"})
    assert said_without_us(edited(group).result)["20"] == []


@pytest.mark.parametrize("members", [("a", "b"), ("a", "a"), ("a",)])
def test_results_in_error_in_a_circle_end(members: tuple[str, ...]) -> None:
    group = twins()
    below = [{"reference": f"Observation/{name}"} for name in members]
    plain: Resource = {"resourceType": "Observation", "status": "cancelled", "code": {"text": "x"}, "hasMember": below}
    void = [plain | {"id": one} for one in "ab"]
    about = of(group, "Fetus Summary", "Fetus A")
    about["hasMember"].append({"reference": "Observation/a"})
    group = replace(group, members=(*group.members, *void[: len(set(members))]))
    assert said_without_us(checked_to_dicom(group, MAPPING, KNOWN).result)["650"] == ["Fetus A"]


def test_the_copies_of_a_subject_still_follow_an_edit_of_it() -> None:
    group = twins()
    about = of(group, "Fetus Summary", "Fetus A")
    next(one for one in about["component"] if one["code"]["text"] == "Subject ID")["valueString"] = "C"
    made = checked_to_dicom(group, MAPPING, KNOWN)
    assert said_without_us(made.result) == {"650": ["Fetus C"], "480": ["Fetus B"], "31": []}
    assert sum(1 for one in _items(made.result.root) if SUBJECT_CLASS.same(one.concept)) == 2


def _items(one: ContentItem) -> list[ContentItem]:
    return [one, *(inner for child in one.children for inner in _items(child))]


def test_nothing_is_inferred_from_what_is_in_error() -> None:
    finding = item(FINDING, Coded(NODULE))
    source = ContentItem("INFERRED FROM", None, ByReference((1, 1, 1)), (), ())
    group, _ = read(document(container(FINDINGS, finding, item(FINDING, Coded(MALIGNANT), source))))
    derived = next(one for one in _observations(group) if "derivedFrom" in one)
    for one in _observations(group):
        if one is not derived:
            one["status"] = "entered-in-error"
    made = edited(group)
    assert not [one for one in _items(made.result.root) if isinstance(one.value, ByReference)]
    assert any("derivedFrom names what is in error" in one for one in made.report.warnings)


def test_nothing_is_inferred_from_what_it_stands_in() -> None:
    """PS3.3 A.35.3.3.1.2. What an SR of others says all the same comes back, with a warning."""
    group, _ = read(document(container(FINDINGS, item(FINDING, Coded(NODULE)), length("31")), like=ECHO))
    (outer,) = (one for one in _observations(group) if "hasMember" in one)
    (inner,) = (one for one in _observations(group) if "valueQuantity" in one)
    inner["derivedFrom"] = [{"reference": f"Observation/{outer['id']}"}]
    made = edited(group)
    assert not [one for one in _items(made.result.root) if isinstance(one.value, ByReference)]
    assert any("the panel that the result is in" in one for one in made.report.warnings)
    back = to_fhir(made.result, MAPPING, KNOWN).result
    assert [one["derivedFrom"] for one in _observations(back) if "valueQuantity" in one] == [inner["derivedFrom"]]


def test_a_loop_of_others_is_warned_of() -> None:
    back = ContentItem("INFERRED FROM", None, ByReference((1, 1, 1)), (), ())
    said = to_fhir(document(container(FINDINGS, item(FINDING, Coded(NODULE), back))), MAPPING, KNOWN)
    assert any("an item that it stands in" in one and one.endswith("1.1.1.1") for one in said.report.warnings)
    beside = ContentItem("INFERRED FROM", None, ByReference((1, 1, 2)), (), ())
    legal = item(FINDING, Coded(NODULE), beside), item(FINDING, Coded(NODULE))
    said = to_fhir(document(container(FINDINGS, *legal)), MAPPING, KNOWN)
    assert not any("an item that it stands in" in one for one in said.report.warnings)
