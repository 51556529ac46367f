"""A code without a display: a reader of the SR sees a number."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.mapping.load import load
from bridge.translate.basis.ids import Known
from bridge.translate.selfcheck import checked_to_dicom
from tests.samples import alone, observation

MAPPING, KNOWN = load(), Known()
SCT, LOINC = "http://snomed.info/sct", "http://loinc.org"
BARE = {"coding": [{"system": SCT, "code": "52499004"}]}
NUMBER = "sees its number; say the display in FHIR, or a name in a row of your mapping (how-to/add-your-codes): "
ANSWER = "sees the number of its code; say the display in FHIR: "


def warned(**more: Any) -> list[str]:
    made = checked_to_dicom(alone(observation(**more)), MAPPING, KNOWN)
    return [one for one in made.report.warnings if NUMBER in one or ANSWER in one]


@pytest.mark.parametrize(
    "element", ["code", "bodySite", "method", "interpretation", "valueCodeableConcept", "component"]
)
def test_a_code_of_which_a_reader_sees_the_number_is_warned_of_by_its_place(element: str) -> None:
    part = {"code": {"text": "part"}, "valueCodeableConcept": BARE}
    said: Any = {"interpretation": [BARE], "component": [part]}.get(element, BARE)
    (line,) = warned(**{element: said})
    place = "valueCodeableConcept" if element == "component" else element
    assert line.endswith(f"{ANSWER if place == 'valueCodeableConcept' else NUMBER}Observation.{place}")


@pytest.mark.parametrize(
    "concept",
    [
        BARE | {"text": "Oncocytic neoplasm"},
        {"coding": [*BARE["coding"], {"system": LOINC, "code": "1", "display": "Neoplasm"}]},
        {"coding": [{"system": "http://example.org/answers", "code": "positive"}]},
    ],
    ids=["a text", "the display of another", "a word"],
)
def test_a_code_with_words_is_not_warned_of(concept: dict[str, Any]) -> None:
    assert warned(valueCodeableConcept=concept) == []


def test_a_row_names_a_code_without_a_display() -> None:
    assert warned(code={"coding": [{"system": LOINC, "code": "8867-4"}]}) == []
