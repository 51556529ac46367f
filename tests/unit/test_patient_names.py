"""Which name of a Patient is Patient's Name, and what of it that does not hold."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.mapping.lens import LENSES
from bridge.mapping.load import load
from bridge.model.dataset import UNICODE, text_of
from bridge.model.group import Group
from bridge.translate.basis.ids import Known
from bridge.translate.selfcheck import checked_to_dicom
from tests.samples import measured

NOW: dict[str, Any] = {"family": "Neu", "given": ["A"]}
ENDED: dict[str, Any] = {"family": "Alt", "period": {"end": "2001-01-01"}}


def named(*names: dict[str, Any]) -> tuple[str | None, list[str]]:
    """Patient's Name, and what is warned of it."""
    patient = {"resourceType": "Patient", "id": "p", "name": [*names]}
    made = checked_to_dicom(Group(measured(), (), patient, "Observation/o"), load(), Known())
    warned = [one for one in made.report.warnings if "Patient.name" in one]
    return text_of(made.result.header, 0x00100010, UNICODE), warned


@pytest.mark.parametrize(
    "names",
    [
        [ENDED, NOW],
        [ENDED | {"use": "official"}, NOW],
        [{"use": "old", "family": "Alt"}, ENDED | NOW],
        [{"use": "maiden", "family": "Alt"}, ENDED, NOW],
    ],
)
def test_a_name_whose_period_has_an_end_gives_way(names: list[dict[str, Any]]) -> None:
    """FHIR R4 HumanName.period: when it was in use."""
    assert named(*names) == ("Neu^A", [])


def test_a_name_whose_period_has_an_end_is_better_than_none() -> None:
    assert named(ENDED) == ("Alt", [])


def test_a_name_that_is_cut_is_warned_of() -> None:
    """64 characters of a component group (PS3.5 6.2)."""
    assert named({"family": "M" * 62, "given": ["A"]}) == ("M" * 62 + "^A", [])
    text, warned = named({"family": "M" * 70, "given": ["Anna"]})
    assert text == "M" * 64 and ["it is cut" in one for one in warned] == [True]


def test_a_name_has_no_control_characters() -> None:
    """PS3.5 6.2: PN holds none."""
    assert named({"family": "Mei\ner", "given": ["An\tna"]}) == ("Mei er^An na", [])
    assert LENSES["person-string"].to_dicom("Mei\ner, An\tna") == "Mei er^An na"


@pytest.mark.parametrize("use", ["temp", "anonymous", "nickname"])
def test_a_name_that_is_not_the_real_one_gives_way(use: str) -> None:
    """FHIR R4 HumanName.use: a name is current unless it says that it is temporary or old."""
    assert named({"use": use, "text": "Unknown male 1"}, NOW) == ("Neu^A", [])
    assert named({"use": use, "family": "Noname"}) == ("Noname", [])


def test_a_name_with_delimiters_is_warned_of() -> None:
    text, warned = named({"family": "O^Neil=X", "given": ["A\\B"]})
    assert text == "O Neil X^A B" and ["blanks stand for them" in one for one in warned] == [True]
    assert named({"text": "Yamada^Tarou=山田^太郎"})[1] != []
    assert named(NOW | {"text": "Neu^A"}) == ("Neu^A", [])
