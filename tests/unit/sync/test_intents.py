"""Acts of intents, as they stand in ledgers of earlier versions."""

from __future__ import annotations

from typing import get_args

import pytest

from bridge.ledger.audit_event import described
from bridge.ledger.link import Intent, Kind, act_of, parts_of


@pytest.mark.parametrize(
    ("kind", "of", "act"),
    [
        ("to-fhir", "1.2/3.4/5:6", "to-fhir:1.2/3.4/5:6"),
        ("remove-resources", "gone", "remove-resources:gone"),
        ("demographics", "", "demographics"),
    ],
)
def test_acts_stay_as_they_are_in_the_ledger(kind: Kind, of: str, act: str) -> None:
    assert act_of(kind, of) == act
    assert parts_of(act) == (kind, of)
    assert (Intent(act).kind, Intent(act).of) == (kind, of)


def test_an_empty_intent_is_of_no_kind() -> None:
    assert Intent().kind is None


@pytest.mark.parametrize("kind", get_args(Kind))
def test_each_kind_has_an_audit_event(kind: Kind) -> None:
    assert described("route", act_of(kind, "state"), "store", [], 0)["purposeOfEvent"] == [{"text": kind}]
