"""When an edition of a resource was made."""

from __future__ import annotations

import pytest

from bridge.model.edition import edition, time_of


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("1@2026-11-28T09:10:43.123+00:00", True),
        ("1@2026-11-28T09:10:43Z", True),
        ("1@2026-11-28T09:10:43", False),  # of no zone
        ("1@2026-11-28T09:10:60Z", False),  # a leap second
        ("1@yesterday", False),
        ("1@", False),
        ("1", False),
        ("", False),
    ],
)
def test_a_time_that_is_none_is_not_known(text: str, known: bool) -> None:
    assert (time_of(text) is not None) == known


def test_an_edition_says_its_time() -> None:
    made = time_of(
        edition({"resourceType": "X", "meta": {"versionId": "3", "lastUpdated": "2026-11-28T10:00:00+01:00"}})
    )
    assert made is not None and made.isoformat() == "2026-11-28T10:00:00+01:00"
