"""Which of several versions stands, in whatever order they are said."""

from __future__ import annotations

from itertools import permutations

import pytest

from bridge.convert.versions import Version, newest

ONE, TWO = (Version(number, f"2026-03-02T0{number}:00:00Z") for number in "12")
GONE = Version(None, "2026-03-02T03:00:00Z", is_deletion=True)


@pytest.mark.parametrize(
    ("versions", "stands"),
    [
        ([ONE], ONE),
        ([Version(None, None)], Version(None, None)),
        ([ONE, TWO], TWO),
        ([ONE, TWO, GONE], GONE),
        ([ONE, GONE, GONE], GONE),
        ([GONE, GONE._replace(updated=None)], GONE),
        ([ONE, GONE, GONE._replace(updated=None)], GONE),
        ([Version("5", "2026-03-02T04:00:00Z"), GONE], Version("5", "2026-03-02T04:00:00Z")),
        ([ONE, Version("2", "2026-03-02T01:00:00.001Z")], Version("2", "2026-03-02T01:00:00.001Z")),
        ([ONE, Version("2", "2026-03-02T02:30:00+01:00")], Version("2", "2026-03-02T02:30:00+01:00")),
        ([ONE, Version("2", "2026-03-02T02:00:00+01:00")], None),
        ([ONE, Version("2", "2026-03-02T02:00:00")], None),
        ([ONE, Version("2", None)], None),
        ([ONE, Version("1", TWO.updated)], None),
        ([ONE, Version(None, TWO.updated)], None),
        ([TWO, GONE._replace(updated=None)], None),
        ([TWO, GONE._replace(updated=TWO.updated)], None),
        ([ONE._replace(updated=None), TWO, GONE], None),
    ],
)
def test_the_newest_stands_where_all_say_it(versions: list[Version], stands: Version | None) -> None:
    for order in permutations(versions):
        place = newest(order)
        assert (None if place is None else order[place]) == stands
