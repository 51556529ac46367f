"""A document made from resources is edited in the PACS, and then in FHIR: neither edit refuses or undoes the other."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.convert.inputs import Readable, read
from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Num, Path, Plain, Value
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES
from tests.samples import measured, observation

MAPPING, KNOWN = load(), Known()
MILLIMOLE = Code("mmol/L", "UCUM", "mmol/L")


def quantity(value: int) -> dict[str, Any]:
    return {"value": value, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}


def reported(*results: Resource) -> Group:
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "11502-2", "display": "Laboratory report"}]},
        "subject": {"reference": "Patient/p"},
        "result": [{"reference": f"Observation/{one['id']}"} for one in results],
    }
    return Group(report, results, None, "DiagnosticReport/r")


def with_item(item: ContentItem, path: Path, change: Callable[[ContentItem], ContentItem | None]) -> ContentItem:
    """The tree with the item at the path changed, or without it."""
    if not path:
        found = change(item)
        assert found is not None
        return found
    index, *rest = path
    children = list(item.children)
    if rest:
        children[index] = with_item(children[index], tuple(rest), change)
    else:
        changed = change(children[index])
        children[index : index + 1] = [changed] if changed is not None else []
    return replace(item, children=tuple(children))


def edited_in_pacs(group: Group, path: Path, change: Callable[[ContentItem], ContentItem | None]) -> Group:
    """What is read after that; the document still comes back as it is."""
    document = checked_to_dicom(group, MAPPING, KNOWN).result
    after = Document(document.header, with_item(document.root, path, change))
    back = to_fhir(after, MAPPING, KNOWN).result
    assert to_dicom(back, MAPPING, KNOWN).result == after
    return copy.deepcopy(back)


def crosses(group: Group) -> Document:
    """What FHIR says is what comes back, and is not refused."""
    document = checked_to_dicom(group, MAPPING, KNOWN).result
    back = to_fhir(document, MAPPING, KNOWN).result
    assert [stripped(one) for one in back.resources()] == [stripped(one) for one in group.resources()]
    return document


def valued(value: Value) -> Callable[[ContentItem], ContentItem]:
    return lambda item: replace(item, value=value)


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        ((1, 0), valued(Num(("2",), MILLIMOLE, None)), "2 mmol/L - 4 mmol/L"),
        ((1, 1), lambda _: None, ">= 3 mmol/L"),
        ((1, 1), valued(Num(("4",), Code("mol/L", "UCUM", "mol/L"), None)), "3 mmol/L - 4 mol/L"),
        ((1,), valued(Plain("TEXT", "three to four")), "three to four"),
    ],
    ids=["number", "removed", "unit", "text"],
)
@pytest.mark.parametrize("edit", ["another", "itself", "without the other"])
def test_a_range_whose_limit_was_edited_says_its_limits(path: Path, change: Any, words: str, edit: str) -> None:
    """Its former words, which the document had kept, were the value once somebody had edited anything in FHIR."""
    range_ = observation(id="range", valueRange={"low": quantity(3), "high": quantity(4)})
    group = edited_in_pacs(reported(measured(), range_), path, change)
    other, one = group.members
    if edit == "another":
        other["valueQuantity"]["value"] = 5
    elif edit == "itself":
        one["note"] = [{"text": "see there"}]
    else:
        group.root["result"].pop(0)
        group = replace(group, members=(one,))
    texts = [one.value.text for one in crosses(group).root.children if isinstance(one.value, Plain)]
    assert texts[0] == words


DATED = observation(id="dated", valueDateTime="2026-05-05", issued="2026-05-06T10:00:00+01:00")


def date_of(document: Document) -> list[str]:
    """Wherever it stands."""
    item = document.root.children[0]
    return [one.value.text for one in (item, *item.children) if isinstance(one.value, Plain)]


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        ((0, 0), valued(Plain("DATE", "20260507")), {"valueDateTime": "2026-05-07", "issued": DATED["issued"]}),
        ((0, 1), valued(Plain("DATETIME", "20260508100000")), {"issued": "2026-05-08T10:00:00+01:00"}),
        ((0, 1), lambda _: None, {"valueDateTime": "2026-05-05"}),
    ],
    ids=["value", "issued", "issued removed"],
)
@pytest.mark.parametrize("edit", [{"valueDateTime": "2026-06-06"}, {"note": [{"text": "see there"}]}])
def test_a_date_in_a_container_is_edited_on_either_side(path: Path, change: Any, said: Any, edit: Any) -> None:
    group = edited_in_pacs(reported(DATED), path, change)
    (one,) = group.members
    assert said.items() <= one.items()
    one |= edit
    (date, *_) = date_of(crosses(group))
    assert date == one["valueDateTime"].replace("-", "")


def sample(name: str) -> Group:
    (one,) = [one for one in read(FIXTURES / name, "dicom") if isinstance(one, Readable)]
    assert isinstance(one.content, Group)
    return one.content


def numbers(item: ContentItem, above: str = "") -> list[tuple[str, str, str]]:
    """Each number, by what it is of and what it stands below."""
    name = item.concept.meaning if item.concept else ""
    found = [(above, name, item.value.values[0])] if isinstance(item.value, Num) else []
    return found + [one for child in item.children for one in numbers(child, name)]


ECG = "ecg/report.json"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (ECG, (4, 0, 0)),  # without it TID 3700 would not be chosen
        (ECG, (0,)),  # the language, which the template wants and no element says
        (ECG, (3,)),
        ("fhir/imaging-measurements.json", (0,)),
        ("fhir/imaging-measurements.json", (2,)),
        ("fhir/imaging-measurements.json", (3,)),
    ],
)
def test_an_edit_after_an_item_of_a_template_was_removed_is_of_its_own_item(name: str, path: Path) -> None:
    """It went into whatever stood at that number: Observer Type was 999 ms."""
    group = edited_in_pacs(sample(name), path, lambda _: None)
    for one in [one for one in group.members if "valueQuantity" in one]:
        edited = copy.deepcopy(group)
        same = next(other for other in edited.members if other.get("id") == one["id"])
        same["valueQuantity"]["value"] = 999
        before, after = numbers(to_dicom(group, MAPPING, KNOWN).result.root), numbers(crosses(edited).root)
        ((_, was, _),) = set(before) - set(after)
        assert [(name, value) for _, name, value in set(after) - set(before)] == [(was, "999")]
        assert len(before) == len(after)


def test_results_that_change_places_are_edited_where_they_are() -> None:
    def swapped(item: ContentItem) -> ContentItem:
        first, second, *others = item.children
        return replace(item, children=(second, first, *others))

    group = edited_in_pacs(sample(ECG), (4, 0), swapped)
    result = group.members[0]
    concept = result["code"]["coding"][0]["display"]
    result["valueQuantity"]["value"] = 999
    assert ("ECG Global Measurements", concept, "999") in numbers(crosses(group).root)


def test_what_a_template_has_around_the_results_is_no_result() -> None:
    """A report whose item was removed named the containers of its template."""
    names = [one["reference"] for one in sample(ECG).root["result"]]
    group = edited_in_pacs(sample(ECG), (4, 0, 1), lambda _: None)
    left = [one["reference"] for one in group.root["result"]]
    assert len(left) == len(names) - 1 and set(left) < set(names)
    assert {f"Observation/{one['id']}" for one in group.members if one["resourceType"] == "Observation"} == set(left)


KIDNEY = {"coding": [{"system": "http://snomed.info/sct", "code": "64033007", "display": "Kidney"}]}
LEFT_KIDNEY = {"coding": [{"system": "http://snomed.info/sct", "code": "18639004", "display": "Left kidney"}]}
LATERALITY, RIGHT = Code("272741003", "SCT", "Laterality"), Code("24028007", "SCT", "Right")


@pytest.mark.parametrize(
    ("site", "left"),
    [
        (KIDNEY | {"text": "Kidney, Left"}, 0),
        (LEFT_KIDNEY | {"text": "Left kidney"}, 0),
        (None, 0),
        (KIDNEY, 1),  # words that are left out are no edit
    ],
)
def test_a_side_that_was_added_in_dicom_goes_with_the_site_that_it_was_of(site: Resource | None, left: int) -> None:
    """The item said both sides, or the former one."""

    def on_the_right(item: ContentItem) -> ContentItem:
        return replace(item, children=(ContentItem("HAS CONCEPT MOD", LATERALITY, Coded(RIGHT), (), ()),))

    group = edited_in_pacs(reported(measured(bodySite=KIDNEY)), (0, 0), on_the_right)
    (one,) = group.members
    assert one["bodySite"]["text"] == "Kidney, Right" and "hasMember" not in one
    kept = {key: said for key, said in one["bodySite"].items() if key == "extension"}
    one.pop("bodySite")
    if site is not None:
        one["bodySite"] = kept | site
    translated = checked_to_dicom(group, MAPPING, KNOWN)
    below = [grandchild for child in translated.result.root.children[0].children for grandchild in child.children]
    assert len(below) == left
    dropped = any("said below the former one" in said for said in translated.report.warnings)
    assert dropped == (site is not None and not left)
    assert len(translated.result.root.children[0].children) == (0 if site is None else 1)


@pytest.mark.parametrize("edited", [0, 1])
def test_a_result_whose_concept_was_edited_in_dicom_can_be_edited_in_fhir(edited: int) -> None:
    """Also where people call the former one otherwise: any edit was refused."""
    potassium = {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}], "text": "Kalium"}
    results = reported(measured(code=potassium), measured(id="other"))
    length = Code("410668003", "SCT", "Length")
    group = edited_in_pacs(results, (0,), lambda item: replace(item, concept=length))
    assert [one["id"] for one in group.members] == ["o", "other"]
    assert group.members[0]["code"]["coding"][0]["code"] == "410668003"
    group.members[edited]["note"] = [{"text": "see there"}]
    assert crosses(group).root.children[0].concept == length


PERIOD = {"start": "2026-03-01T08:15:00+01:00", "end": "2026-03-02T08:15:00+01:00"}
TIMED = {"issued": "2026-03-02T10:00:00+01:00", "effectivePeriod": PERIOD}
PART = {"code": {"coding": [{"system": "http://loinc.org", "code": "2951-2"}]}, "valueQuantity": quantity(140)}
SEEN = ContentItem("HAS PROPERTIES", Code("121106", "DCM", "Comment"), Plain("TEXT", "seen"), (), ())
PHOSPHATE = ContentItem("CONTAINS", Code("2777-1", "LN", "Phosphate"), Num(("1",), MILLIMOLE, None), (), ())
STARTED = ContentItem(
    "HAS PROPERTIES", Code("111526", "DCM", "DateTime Started"), Plain("DATETIME", "20260301"), (), ()
)


def without_effective(resource: Resource) -> Resource:
    return {key: said for key, said in resource.items() if key != "effectiveDateTime"}


@pytest.mark.parametrize(
    ("group", "added"),
    [
        (reported(without_effective(measured(**TIMED))), SEEN),
        (Group(without_effective(measured(**TIMED)), (), None, "Observation/o"), SEEN),
        (reported(without_effective(observation(component=[PART], **TIMED))), PHOSPHATE),
        (reported(measured(issued=TIMED["issued"])), STARTED),
    ],
    ids=["comment", "lone result", "panel", "start alone"],
)
def test_what_is_added_behind_when_it_was_issued_leaves_that(group: Group, added: ContentItem) -> None:
    """It became three components, and the period its start."""
    said = [one for one in group.resources() if one["resourceType"] == "Observation"][-1]
    back = edited_in_pacs(group, (0,), lambda item: replace(item, children=(*item.children, added)))
    found = stripped([one for one in back.resources() if one["resourceType"] == "Observation"][-1])
    times = ("issued", "effectivePeriod", "effectiveDateTime")
    assert {key: found.get(key) for key in times} == {key: said.get(key) for key in times}
    assert found.get("note", found.get("component", [])) != said.get("component", [])
    crosses(back)
