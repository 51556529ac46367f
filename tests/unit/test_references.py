"""What a reference says of its target, read in one place."""

from __future__ import annotations

import pytest

from bridge.model.references import is_id, literal, local


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("Patient/p1", ("", "Patient", "p1")),
        ("Patient/p1/_history/2", ("", "Patient", "p1")),
        ("http://ehr/fhir/Patient/p1", ("http://ehr/fhir/", "Patient", "p1")),
        ("http://ehr/fhir/Patient/p1/_history/2", ("http://ehr/fhir/", "Patient", "p1")),
        ("Patient/p1/_history/Patient/p2", ("", "Patient", "p1")),
    ],
)
def test_a_literal_reference_says_base_type_and_id_of_whatever_version(
    reference: str, said: tuple[str, str, str]
) -> None:
    assert literal(reference) == said
    assert local(reference) == "Patient/p1"


@pytest.mark.parametrize(
    "reference", ["", "#p1", "urn:uuid:0b", "Patient?identifier=a|b", "Patient/", "patient/p1", "Patient/" + "1" * 65]
)
def test_any_other_reference_names_no_type_and_id(reference: str) -> None:
    assert literal(reference) is None
    assert local(reference) is None


@pytest.mark.parametrize(
    ("value", "is_one"), [("a-1.B", True), ("", False), ("a_b", False), ("1" * 65, False), (1, False)]
)
def test_an_id_is_one_to_64_letters_digits_hyphens_and_points(value: object, is_one: bool) -> None:
    assert is_id(value) is is_one
