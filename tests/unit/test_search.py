"""FHIR search by identifier."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.search import identifier_query, meets, sought_by

_texts = st.text(min_size=1) | st.text(r"a|\,$&%+ ", min_size=1)


@given(st.none() | _texts, _texts)
def test_a_query_asks_for_what_it_was_made_of(system: str | None, value: str) -> None:
    sought = sought_by(f"Patient?{identifier_query(system, value)}")
    assert sought == ("Patient", system, value)
    assert sought in meets({"resourceType": "Patient", "identifier": [{"system": system, "value": value}]})


@pytest.mark.parametrize("reference", ["", "Patient/p", "Patient?name=x", "Patient?identifier=", "#p", "?identifier=x"])
def test_any_other_reference_asks_for_nobody(reference: str) -> None:
    assert sought_by(reference) is None


@pytest.mark.parametrize("said", [None, "x", ["x"], [{}], [{"value": 5}], {"system": "urn:x"}])
def test_what_is_no_identifier_meets_nobody(said: object) -> None:
    assert [*meets({"resourceType": "Patient", "identifier": said})] == []
