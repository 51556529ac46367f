"""ECG Report (TID 3700) of a report born in FHIR: all that the template demands, or no template."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.codecs.dicom import structured_report
from bridge.convert.inputs import Readable, read
from bridge.mapping.load import load
from bridge.model.content import Code, ContentItem, Num
from bridge.model.document import Document
from bridge.model.group import Group, Number, same
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()


def group() -> Group:
    (found,) = [one.content for one in read(FIXTURES / "ecg" / "report.json", "dicom") if isinstance(one, Readable)]
    assert isinstance(found, Group)
    return copy.deepcopy(found)


def written(one: Group) -> Document:
    return taken_out(checked_to_dicom(one, MAPPING, KNOWN).result)[0]


def named(item: ContentItem) -> str:
    return item.concept.value if item.concept else ""


def observation(one: Group, name: str) -> Any:
    return next(each for each in one.members if each.get("id") == name)


def test_the_measurements_stand_where_the_template_wants_them() -> None:
    document = written(group())
    assert document.template == "3700"
    assert [named(one) for one in document.root.children] == [
        "121049", "121005", "121008", "55111-9", "122144", "8884-9", "121077", "399651003",
    ]  # fmt: skip
    (recorded,), (measured,) = document.root.children[3].children, document.root.children[4].children
    assert named(recorded) == "122146"
    assert named(measured) == "122158"
    said = [(named(one), one.value.values, _unit(one.value)) for one in measured.children if isinstance(one.value, Num)]
    assert said[:3] == [
        ("2:16016", ("68",), "{H.B.}/min"), ("2:15872", ("164",), "ms"), ("2:16156", ("92",), "ms"),
    ]  # fmt: skip
    assert len(said) == 7


def _unit(number: Num) -> str:
    return number.unit.value if number.unit else ""


def test_it_comes_back_with_its_own_units() -> None:
    before = group()
    back = to_fhir(checked_to_dicom(before, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert all(map(same, before.resources(), back.resources()))
    assert observation(back, "rate")["valueQuantity"]["code"] == "{beats}/min"


def test_a_measurement_edited_in_the_pacs_is_edited_in_its_observation() -> None:
    document = checked_to_dicom(group(), MAPPING, KNOWN).result
    root = _with_qt(document.root)
    back = to_fhir(replace(document, root=root), MAPPING, KNOWN).result
    assert observation(back, "qt")["valueQuantity"]["value"] == 440
    assert back.root["id"] == "ecg"


def _with_qt(item: ContentItem) -> ContentItem:
    if item.concept is not None and item.concept.value == "2:16160":
        return replace(item, value=Num(("440",), Code("ms", "UCUM", "ms"), None))
    return replace(item, children=tuple(map(_with_qt, item.children)))


def without_rr(one: Group) -> None:
    one.root["result"] = [each for each in one.root["result"] if each["reference"] != "Observation/rr"]


def heart_rate_of_anything(one: Group) -> None:
    code = {"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}
    observation(one, "rate")["code"] = {"coding": [code]}


def another_unit(one: Group) -> None:
    observation(one, "pr")["valueQuantity"] |= {"value": Number("0.164"), "unit": "s", "code": "s"}


def a_comparator(one: Group) -> None:
    observation(one, "qt")["valueQuantity"]["comparator"] = "<"


def absent(one: Group) -> None:
    del observation(one, "qrs")["valueQuantity"]
    observation(one, "qrs")["dataAbsentReason"] = {"text": "not measured"}


def twice(one: Group) -> None:
    observation(one, "qt")["code"] = observation(one, "pr")["code"]


def no_time(one: Group) -> None:
    for resource in one.resources():
        for name in ("effectiveDateTime", "issued"):
            resource.pop(name, None)


def in_error(one: Group) -> None:
    observation(one, "rate")["status"] = "entered-in-error"


def another_title(one: Group) -> None:
    one.root["code"] = {"coding": [{"system": "http://loinc.org", "code": "34534-8", "display": "12 lead EKG panel"}]}


@pytest.mark.parametrize(
    "change",
    [
        without_rr,
        heart_rate_of_anything,
        another_unit,
        a_comparator,
        absent,
        twice,
        no_time,
        in_error,
        another_title,
    ],
)
def test_a_report_that_lacks_a_mandatory_row_claims_no_template(change: Callable[[Group], None]) -> None:
    one = group()
    change(one)
    assert written(one).template is None


FROM_THE_PACS = structured_report.read((FIXTURES / "dicom" / "3700-ecg.dcm").read_bytes())


def rate_of(one: Group) -> Any:
    return next(each for each in one.members if "147088" in str(each.get("code")))


@pytest.mark.parametrize("is_in_error", [True, False])
def test_an_edit_that_takes_a_mandatory_row_away_takes_the_claim(is_in_error: bool) -> None:
    one = copy.deepcopy(to_fhir(FROM_THE_PACS, MAPPING, KNOWN).result)
    if is_in_error:
        rate_of(one)["status"] = "entered-in-error"
    else:
        rate_of(one)["valueQuantity"]["value"] = Number("70")
    made = checked_to_dicom(one, MAPPING, KNOWN)
    assert made.result.template == (None if is_in_error else "3700")
    assert any("claims no template" in said for said in made.report.warnings) is is_in_error
    back = checked_to_dicom(to_fhir(made.result, MAPPING, KNOWN).result, MAPPING, KNOWN)
    assert back.result == made.result
