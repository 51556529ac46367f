"""How a document writes what has no place in FHIR and is the same all over it: said once, not on every item."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from bridge.model.content import Code, Coded, Container, ContentItem, Num
from bridge.terminology.editions import version_to_fhir
from bridge.translate.node import Node

Habits = dict[str, Any]
"""`continuity`: of containers; `floating`: numbers say Floating Point Value too; `versions`: of coding schemes."""

CONTINUITY = "SEPARATE"  # where a document has no habit


def habits_of(root: ContentItem) -> Habits:
    """What most items of the document do; what most do not is no habit."""
    items = list(_all(root))
    found: Habits = {}
    continuities = Counter(one.value.continuity for one in items if isinstance(one.value, Container))
    if continuities and (most := continuities.most_common(1)[0][0]) != CONTINUITY:
        found["continuity"] = most
    numbers = [one.value for one in items if isinstance(one.value, Num) and len(one.value.values) == 1]
    if sum(2 if one.floating == _floating(one) is not None else 0 for one in numbers) > len(numbers):
        found["floating"] = True
    versions: dict[str, Counter[str | None]] = {}
    for item in items:
        for code in _codes(item):
            if version_to_fhir(code.scheme, code.version) is None:  # else its coding says it
                versions.setdefault(code.scheme, Counter())[code.version] += 1
    usual = {scheme: version for scheme, many in versions.items() if (version := many.most_common(1)[0][0]) is not None}
    if usual:
        found["versions"] = usual
    return found


def accustomed(node: Node, habits: Habits) -> None:
    """Gives the items of a native translation the habits of their document, in place."""
    if habits:
        _accustom(node, habits)


def _accustom(node: Node, habits: Habits) -> None:
    versions = habits.get("versions", {})
    node.concept = _versioned(node.concept, versions)
    match node.value:
        case Container():
            node.value = Container(habits.get("continuity", CONTINUITY))
        case Coded(code):
            node.value = Coded(_versioned(code, versions))
        case Num(values, unit, qualifier, floating):
            number = Num(values, _versioned(unit, versions), _versioned(qualifier, versions), floating)
            usual = _floating(number) if habits.get("floating") and floating is None else floating
            node.value = Num(values, number.unit, number.qualifier, usual)
    for child in node.children:
        _accustom(child, habits)


def _versioned(code: Code | None, versions: dict[str, str]) -> Code | None:
    version = versions.get(code.scheme) if code is not None else None
    return code._replace(version=version) if code is not None and code.version is None is not version else code


def _floating(number: Num) -> str | None:
    """Floating Point Value of a Numeric Value that is exact as it stands."""
    try:
        value = float(number.values[0]) if len(number.values) == 1 else math.nan
    except ValueError:
        return None
    return repr(value) if math.isfinite(value) else None


def _codes(item: ContentItem) -> Iterator[Code]:
    said: tuple[Code | None, ...] = (item.concept,)
    match item.value:
        case Coded(code):
            said = (item.concept, code)
        case Num(_, unit, qualifier):
            said = (item.concept, unit, qualifier)
    yield from (code for code in said if code is not None)


def _all(item: ContentItem) -> Iterator[ContentItem]:
    yield item
    for child in item.children:
        yield from _all(child)
