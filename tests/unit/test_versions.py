"""Which of several versions stands, in whatever order they are said."""

from __future__ import annotations

from itertools import permutations

import pytest

from bridge.convert.versions import ResourceVersion, newest

ONE, TWO = (ResourceVersion(number, f"2026-03-02T0{number}:00:00Z") for number in "12")
GONE = ResourceVersion(None, "2026-03-02T03:00:00Z", is_deletion=True)


@pytest.mark.parametrize(
    ("versions", "stands"),
    [
        ([ONE], ONE),
        ([ResourceVersion(None, None)], ResourceVersion(None, None)),
        ([ONE, TWO], TWO),
        ([ONE, TWO, GONE], GONE),
        ([ONE, GONE, GONE], GONE),
        ([GONE, GONE._replace(updated=None)], GONE),
        ([ONE, GONE, GONE._replace(updated=None)], GONE),
        ([ResourceVersion("5", "2026-03-02T04:00:00Z"), GONE], ResourceVersion("5", "2026-03-02T04:00:00Z")),
        ([ONE, ResourceVersion("2", "2026-03-02T01:00:00.001Z")], ResourceVersion("2", "2026-03-02T01:00:00.001Z")),
        ([ONE, ResourceVersion("2", "2026-03-02T02:30:00+01:00")], ResourceVersion("2", "2026-03-02T02:30:00+01:00")),
        ([ONE, ResourceVersion("2", "2026-03-02T02:00:00+01:00")], None),
        ([ONE, ResourceVersion("2", "2026-03-02T02:00:00")], None),
        ([ONE, ResourceVersion("2", None)], None),
        ([ONE, ResourceVersion("1", TWO.updated)], None),
        ([ONE, ResourceVersion(None, TWO.updated)], None),
        ([TWO, GONE._replace(updated=None)], None),
        ([TWO, GONE._replace(updated=TWO.updated)], None),
        ([ONE._replace(updated=None), TWO, GONE], None),
    ],
)
def test_the_newest_stands_where_all_say_it(versions: list[ResourceVersion], stands: ResourceVersion | None) -> None:
    for order in permutations(versions):
        place = newest(order)
        assert (None if place is None else order[place]) == stands
